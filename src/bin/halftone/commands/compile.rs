//! `halftone compile`: config and builds to `plan.halftone` for the edge, `plan.json` for people, `fallback.json` for the
//! entry, `offers.json` for the Controllers, `lock.json` for the next deploy.

use std::collections::BTreeMap;
use std::path::PathBuf;

use halftone::plan::{Live, Origin, Plan, Site, Version};
use halftone::rollout::offer::{Deployed, NOTHING, Offer};
use serde_json::json;

use super::in_force::{InForce, Over};
use super::load::{load_valid, plan};
use super::{ConfigFile, Failure};

#[derive(clap::Args)]
pub struct Compile {
    #[command(flatten)]
    file: ConfigFile,
    /// Folder to write plan.halftone, plan.json, fallback.json, offers.json and lock.json to.
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
    /// The plan that is live: splits are derived from it, so that as few visitors as possible move.
    #[arg(long, value_name = "PLAN")]
    previous: Option<PathBuf>,
    /// What is in force, as `make deploy` asked it: splits are derived from it, and the build serves it until a Controller says otherwise.
    #[arg(long, value_name = "FILE", conflicts_with = "previous")]
    in_force: Option<PathBuf>,
    /// Nothing runs yet: where something does all the same, it stays in force.
    #[arg(long, conflicts_with = "in_force")]
    first: bool,
    /// Print what was made as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Compile) -> Result<(), Failure> {
    let (config, builds) = load_valid(&command.file)?;
    let live = command.in_force.as_deref().map(in_force).transpose()?.unwrap_or_default();
    let Over { mut plan, offers } = if live.is_empty() {
        let previous = command.previous.as_deref().map(super::plan::read).transpose()?;
        let revision = previous.as_ref().map_or(1, |plan| plan.revision + 1);
        let plan = plan(&config, &builds, previous.as_ref(), revision)?;
        let offers = halftone::plan::compile::offers(&config, &plan).map_err(|error| error.to_string())?;
        Over { plan, offers }
    } else {
        Over::compile(&config, &builds, &live)?
    };
    for one in &live {
        // What it lacks of what is in force was dropped on purpose; then its own config is the best it can serve.
        if let Err(why) = Live::read(&one.live).and_then(|live| plan.adopt(live)) {
            println!("site {}: the build does not embed what is in force: {why}", one.site);
        }
    }
    let revision = plan.revision;
    std::fs::create_dir_all(&command.out).map_err(|error| format!("{} can not be made: {error}", command.out.display()))?;
    let path = |name: &str| command.out.join(name);
    let made = ["plan.halftone", "plan.json", "fallback.json", "offers.json", "lock.json"].map(path);
    let readable = serde_json::to_string_pretty(&plan).map_err(|error| error.to_string())?;
    let lock: BTreeMap<&str, String> = offers.iter().map(|offer| (offer.site.name.as_str(), offer.digest())).collect();
    let lock = serde_json::to_string_pretty(&lock).map_err(|error| error.to_string())?;
    let parent = |offer: &Offer| {
        let known = live.iter().find(|one| one.site == offer.site.name).map(|one| one.newest().to_owned());
        known.or_else(|| command.first.then(|| NOTHING.to_owned()))
    };
    let offers: Vec<Deployed> = offers.iter().map(|offer| Deployed { offer: offer.clone(), parent: parent(offer) }).collect();
    let offers = serde_json::to_string(&offers).map_err(|error| error.to_string())?;
    for (path, text) in made.iter().zip([plan.write(), readable, fallback(&plan).to_string(), offers, lock + "\n"]) {
        write(path, &text)?;
    }
    if command.json {
        let sites: Vec<_> = plan.sites.iter().map(|site| json!({ "site": site.name, "files": site.files.len() })).collect();
        let made: Vec<_> = made.iter().map(|path| path.display().to_string()).collect();
        println!("{}", json!({ "revision": plan.revision, "sites": sites, "made": made }));
        return Ok(());
    }
    let files: usize = plan.sites.iter().map(|site| site.files.len()).sum();
    let sites = plan.sites.len();
    println!(
        "plan: revision {revision}, {sites} site{}, {files} known files → {}",
        if sites == 1 { "" } else { "s" },
        command.out.display()
    );
    Ok(())
}

fn in_force(path: &std::path::Path) -> Result<Vec<InForce>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} can not be read: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}

/// Writes only what changed, so that what is built from it stays untouched otherwise.
fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    if std::fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| Failure::Other(format!("{} can not be written: {error}", path.display())))
}

/// What the entry serves from when the Wasm can not decide: for every site its stable origin, then the others.
fn fallback(plan: &Plan) -> serde_json::Value {
    json!({
        "default": plan.default_site,
        "sites": plan.sites.iter().map(site).collect::<Vec<_>>(),
    })
}

fn site(site: &Site) -> serde_json::Value {
    let stable = site.version(site.stable);
    let others = site.versions.iter().filter(|version| Some(*version) != stable);
    json!({
        "hosts": site.hosts,
        "cookie": site.cookie,
        "stable": stable.map(|version| version.id.as_str()),
        "origins": stable.into_iter().chain(others).map(origin).collect::<Vec<_>>(),
    })
}

fn origin(version: &Version) -> serde_json::Value {
    use halftone::plan::Forward;
    let (kind, binding, base, forward) = match &version.origin {
        Origin::Assets(folder) => ("a", "", format!("https://assets.local{folder}"), String::new()),
        Origin::Url(origin, base) => {
            let letter = |part, letter: &'static str| if version.forward.contains(&part) { letter } else { "" };
            (
                "u",
                "",
                format!("{origin}{base}"),
                format!("{}{}", letter(Forward::Cookie, "c"), letter(Forward::Authorization, "a")),
            )
        }
        Origin::Zone(base) => ("z", "", base.clone(), "ca".to_owned()),
        Origin::R2(binding, prefix) => ("r", binding.as_str(), prefix.clone(), String::new()),
        Origin::Service(binding, base) => ("s", binding.as_str(), base.clone(), "ca".to_owned()),
    };
    json!({ "version": version.id, "kind": kind, "binding": binding, "base": base, "forward": forward })
}
