//! `halftone takeover`: what `make deploy` asks before it uploads. Whether the file was made from what is in force, and whether it
//! keeps every version that somebody may still have open; and what is in force, for the build to embed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use halftone::rollout::{Given, retained};
use serde_json::Value;

use super::admin::Admin;
use super::in_force::{InForce, Over, print};
use super::load::load_valid;
use super::{ConfigFile, Failure};

const DAY_MS: u64 = 86_400_000;

#[derive(clap::Args)]
pub struct Takeover {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    admin: Admin,
    /// Where to write what is in force.
    #[arg(long, value_name = "FILE", default_value = "build/in-force.json")]
    out: PathBuf,
    /// The digests of the configs that the last deploy from this repository brought; written by `make deploy`.
    #[arg(long, value_name = "FILE", default_value = "halftone.lock.json")]
    lock: PathBuf,
    /// The revision this config takes into account, if the lock does not say so: it has to be the one in force.
    #[arg(long, value_name = "REVISION")]
    parent: Option<u64>,
    /// How long a version is kept after nobody gets it any more, days.
    #[arg(long, default_value_t = 7, value_name = "DAYS")]
    retain_days: u64,
    /// A version that may be dropped all the same.
    #[arg(long, value_name = "VERSION")]
    drop: Vec<String>,
}

pub fn run(command: &Takeover) -> Result<(), Failure> {
    let (config, builds) = load_valid(&command.file)?;
    let mut live = Vec::new();
    for site in &config.sites {
        let admin = command.admin.of(&site.name);
        match InForce::ask(&admin) {
            Ok(one) => live.push(one),
            Err(Failure::Refused { code, .. }) if code == "unknown_site" => {
                println!("site {}: new, nothing is in force", site.name);
            }
            Err(other) => return Err(other),
        }
    }
    let over = Over::compile(&config, &builds, &live)?;
    let lock = lock(&command.lock)?;
    for one in &live {
        keeps(command, one, &over)?;
        is_made_from(command, one, &over, lock.get(&one.site).map(String::as_str))?;
    }
    let text = serde_json::to_string(&live).map_err(|error| error.to_string())?;
    if let Some(folder) = command.out.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{} can not be made: {error}", folder.display()))?;
    }
    std::fs::write(&command.out, text)
        .map_err(|error| Failure::Other(format!("{} can not be written: {error}", command.out.display())))
}

fn lock(path: &std::path::Path) -> Result<BTreeMap<String, String>, Failure> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(BTreeMap::new()) };
    serde_json::from_str(&text).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}

/// A page that is open loads its files from the build it came from.
fn keeps(command: &Takeover, live: &InForce, over: &Over) -> Result<(), Failure> {
    let new = over.of(&live.site)?;
    let admin = command.admin.of(&live.site);
    let now_ms = super::now_s() * 1000;
    let mut lost = Vec::new();
    for version in &live.gives {
        lost.push((version.clone(), "is given to visitors, or will be by what waits".to_owned()));
    }
    for one in retained(&revisions(&admin, now_ms, command.retain_days * DAY_MS)?, now_ms, command.retain_days * DAY_MS) {
        if live.gives.contains(&one.version) {
            continue;
        }
        let ago = now_ms.saturating_sub(one.until_ms.unwrap_or(now_ms)) / 1000;
        lost.push((one.version, format!("was given until {} ago (revision {})", super::status::ago(ago * 1000), one.revision)));
    }
    lost.retain(|(version, _)| new.site.find(version).is_none() && !command.drop.contains(version));
    if lost.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = lost.iter().map(|(version, why)| format!("`{version}` {why}")).collect();
    let all: Vec<String> = lost.iter().map(|(version, _)| format!("--drop {version}")).collect();
    Err(Failure::Other(format!(
        "site {}: this config drops versions whose pages may be open: {}. Keep them in `versions` for {} days after nobody gets them, \
         or drop them all the same: make deploy DEPLOY_FLAGS=\"{}\"",
        live.site,
        words.join("; "),
        command.retain_days,
        all.join(" ")
    )))
}

/// The revisions that matter, newest first.
fn revisions(admin: &Admin, now_ms: u64, retention_ms: u64) -> Result<Vec<Given>, Failure> {
    let mut all: Vec<Given> = Vec::new();
    loop {
        let before = all.last().map(|one| one.revision.to_string());
        let query: Vec<(&str, &str)> = before.iter().map(|before| ("before", before.as_str())).collect();
        let answer: Value = serde_json::from_str(&admin.get_with("/api/v1/revisions", &query)?)
            .map_err(|error| format!("the revisions can not be read: {error}"))?;
        let page: Vec<Given> = serde_json::from_value(answer.get("revisions").cloned().unwrap_or_default())
            .map_err(|error| format!("the revisions can not be read: {error}"))?;
        let is_old = page.last().is_none_or(|oldest| oldest.at_ms + retention_ms < now_ms);
        all.extend(page);
        if is_old || all.last().is_some_and(|oldest| oldest.revision <= 1) {
            return Ok(all);
        }
    }
}

/// A file that was not made from what is in force would undo what was published since.
fn is_made_from(command: &Takeover, live: &InForce, over: &Over, lock: Option<&str>) -> Result<(), Failure> {
    let offer = over.of(&live.site)?;
    let (site, revision) = (&live.site, live.revision);
    let changes = live.changes(offer);
    if changes.is_empty() {
        println!("site {site}: the config says what is in force (revision {revision})");
        return Ok(());
    }
    println!("site {site}: this deploy changes revision {revision}:");
    print(&changes);
    if lock == Some(live.newest()) || command.parent == Some(revision) {
        return Ok(());
    }
    let why = match (command.parent, lock) {
        (Some(parent), _) => format!("revision {parent} was given as its parent, and {revision} is in force"),
        (None, Some(_)) if live.queued_config.is_some() => {
            "a config waits that is not the one that was deployed from here last, and this one would take its place".to_owned()
        }
        (None, Some(_)) => "the config in force is not the one that was deployed from here last".to_owned(),
        (None, None) => format!("{} does not say what was deployed from here last", command.lock.display()),
    };
    Err(Failure::Other(format!(
        "site {site}: {why}; nothing was deployed. Look at the difference above, bring what you want to keep into the config, then say \
         what it takes into account: make deploy PARENT={revision}"
    )))
}
