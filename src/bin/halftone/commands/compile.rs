//! `halftone compile`: config and builds to `plan.halftone` for the edge, `plan.json` for people, `fallback.json` for the entry.

use std::path::PathBuf;

use halftone::plan::{Origin, Plan, Site, Version};
use serde_json::json;

use super::load::{load_valid, plan};
use super::{ConfigFile, Failure};

#[derive(clap::Args)]
pub struct Compile {
    #[command(flatten)]
    file: ConfigFile,
    /// Folder to write plan.halftone, plan.json and fallback.json to.
    #[arg(long, value_name = "DIR", default_value = "build")]
    out: PathBuf,
    /// The plan that is live: splits are derived from it, so that as few visitors as possible move.
    #[arg(long, value_name = "PLAN")]
    previous: Option<PathBuf>,
}

pub fn run(command: &Compile) -> Result<(), Failure> {
    let (config, builds) = load_valid(&command.file)?;
    let previous = command.previous.as_deref().map(super::plan::read).transpose()?;
    let revision = previous.as_ref().map_or(1, |plan| plan.revision + 1);
    let plan = plan(&config, &builds, previous.as_ref(), revision)?;
    std::fs::create_dir_all(&command.out).map_err(|error| format!("{} can not be made: {error}", command.out.display()))?;
    write(&command.out.join("plan.halftone"), &plan.write())?;
    let readable = serde_json::to_string_pretty(&plan).map_err(|error| error.to_string())?;
    write(&command.out.join("plan.json"), &readable)?;
    write(&command.out.join("fallback.json"), &fallback(&plan).to_string())?;
    let files: usize = plan.sites.iter().map(|site| site.files.len()).sum();
    let sites = plan.sites.len();
    println!(
        "plan: revision {revision}, {sites} site{}, {files} known files → {}",
        if sites == 1 { "" } else { "s" },
        command.out.display()
    );
    Ok(())
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
