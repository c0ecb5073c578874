//! `halftone diff`: what a config would change of what is in force, and who would move; or what two revisions differ in.

use halftone::rollout::Change;
use serde_json::{Value, json};

use super::admin::Admin;
use super::in_force::{InForce, Over, print};
use super::load::load_valid;
use super::plan::table;
use super::{ConfigFile, Failure};

#[derive(clap::Args)]
pub struct Diff {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    admin: Admin,
    /// Compare this revision instead of the config.
    #[arg(long, value_name = "REVISION")]
    from: Option<u64>,
    /// With another one; with what is in force unless given.
    #[arg(long, value_name = "REVISION", requires = "from")]
    to: Option<u64>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Diff) -> Result<(), Failure> {
    if let Some(from) = command.from {
        return revisions(command, from);
    }
    let (config, builds) = load_valid(&command.file)?;
    let live = InForce::ask(&command.admin)?;
    let over = Over::compile(&config, &builds, std::slice::from_ref(&live))?;
    let (changes, classes) = (live.changes(over.of(&live.site)?), over.classes(&live)?);
    if command.json {
        println!("{}", json!({ "site": live.site, "revision": live.revision, "changes": changes, "classes": classes }));
        return Ok(());
    }
    println!("site {}: {} against revision {}, which is in force", live.site, command.file.path.display(), live.revision);
    said(&changes);
    if let Some(site) = over.plan.sites.iter().find(|site| site.name == live.site) {
        println!("who would get what, if the rollout began where the config says:");
        table(site, &classes);
    }
    Ok(())
}

fn revisions(command: &Diff, from: u64) -> Result<(), Failure> {
    let from = from.to_string();
    let to = command.to.map(|to| to.to_string());
    let mut query = vec![("from", from.as_str())];
    query.extend(to.as_deref().map(|to| ("to", to)));
    let answer = command.admin.get_with("/api/v1/diff", &query)?;
    if command.json {
        println!("{}", answer.trim_end());
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&answer).map_err(|error| format!("the answer can not be read: {error}"))?;
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
    println!("from revision {} to {}:", number("from"), number("to"));
    let of = |change: &Value, name: &str| change.get(name).cloned().unwrap_or(Value::Null);
    let changes = answer.get("changes").and_then(Value::as_array).into_iter().flatten().map(|change| Change {
        path: of(change, "path").as_str().unwrap_or_default().to_owned(),
        from: of(change, "from"),
        to: of(change, "to"),
    });
    said(&changes.collect::<Vec<_>>());
    Ok(())
}

fn said(changes: &[Change]) {
    if changes.is_empty() {
        println!("  the configs say the same");
    }
    print(changes);
}
