//! `halftone plan`: what a config would do, before it is done.

use std::path::PathBuf;

use halftone::plan::shares::{Class, classes, warnings};
use halftone::plan::{Plan, Site, Strategy};

use super::load::{load_valid, plan};
use super::{ConfigFile, Failure};

#[derive(clap::Args)]
pub struct PlanCommand {
    #[command(flatten)]
    file: ConfigFile,
    /// The plan that is live (build/plan.halftone of the last deploy): shows who would move.
    #[arg(long, value_name = "PLAN")]
    previous: Option<PathBuf>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &PlanCommand) -> Result<(), Failure> {
    let (config, builds) = load_valid(&command.file)?;
    let previous = command.previous.as_deref().map(read).transpose()?;
    let plan = plan(&config, &builds, previous.as_ref(), previous.as_ref().map_or(1, |plan| plan.revision + 1))?;
    let before = |site: &Site| previous.as_ref().and_then(|plan| plan.sites.iter().find(|old| old.name == site.name));
    let warnings = warnings(&plan, previous.as_ref());
    if command.json {
        let sites: Vec<_> = plan
            .sites
            .iter()
            .map(|site| serde_json::json!({ "site": site.name, "classes": classes(site, before(site)) }))
            .collect();
        println!("{}", serde_json::json!({ "revision": plan.revision, "sites": sites, "warnings": warnings }));
        return Ok(());
    }
    for site in &plan.sites {
        println!("{}", heading(site));
        table(site, &classes(site, before(site)));
    }
    for warning in warnings {
        println!("warning: {warning}");
    }
    if previous.is_none() {
        println!("With --previous build/plan.halftone (kept from the last deploy) this also shows who would move.");
    }
    Ok(())
}

/// Reads a plan file.
pub fn read(path: &std::path::Path) -> Result<Plan, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} can not be read: {error}", path.display()))?;
    Plan::read(&text).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}

fn heading(site: &Site) -> String {
    let id = |index| site.version(index).map_or("?", |version| version.id.as_str());
    let rollout = match &site.rollout {
        None => "no rollout in force".to_owned(),
        Some(rollout) => {
            let strategy = match &rollout.strategy {
                Strategy::Random(_) => "random".to_owned(),
                Strategy::Sequential(enrolment) => format!("sequential, first {}", enrolment.first),
                Strategy::Geographic(waves) => format!("geographic, {} areas", waves.len()),
            };
            format!(
                "canary {}, {strategy}{}",
                id(rollout.canary),
                if rollout.newcomers_only { ", new visitors only" } else { "" }
            )
        }
    };
    format!("site {}: stable {}, {rollout}", site.name, id(site.stable))
}

fn table(site: &Site, classes: &[Class]) {
    let ids: Vec<&str> = site.versions.iter().map(|version| version.id.as_str()).collect();
    let width = classes.iter().map(|class| class.who.chars().count()).max().unwrap_or(0);
    let columns: Vec<usize> = ids.iter().map(|id| id.len().max(7)).collect();
    let has_moves = classes.iter().any(|class| class.moves.is_some());
    print!("  {:width$}", "");
    for (id, column) in ids.iter().zip(&columns) {
        print!("  {id:>column$}");
    }
    println!("{}", if has_moves { "  moves" } else { "" });
    for class in classes {
        print!("  {:width$}", class.who);
        for (id, column) in ids.iter().zip(&columns) {
            let share = class.shares.iter().find(|share| share.0 == *id).map_or("-".to_owned(), |share| format!("{}%", share.1));
            print!("  {share:>column$}");
        }
        match class.moves {
            Some(share) => println!("  {}{share:.2}%", if class.exact { "" } else { "about " }),
            None => println!(),
        }
    }
}
