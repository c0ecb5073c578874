//! `halftone plan`: what a config would do, before it is done.

use std::path::PathBuf;

use halftone::config::model::Config;
use halftone::cost::{self, Assumed};
use halftone::plan::shares::{Class, classes, warnings};
use halftone::plan::{Plan, Site, Strategy};

use super::load::{load_with_remarks, plan};
use super::{ConfigFile, Failure, paint};

#[derive(clap::Args)]
pub struct PlanCommand {
    #[command(flatten)]
    file: ConfigFile,
    /// The plan that is live (build/plan.halftone of the last deploy): shows who would move.
    #[arg(long, value_name = "PLAN")]
    previous: Option<PathBuf>,
    /// Estimate what a million page views cost instead.
    #[arg(long)]
    cost: bool,
    /// For the estimate: how many requests of one page view reach the Worker.
    #[arg(long, value_name = "N", default_value_t = 8, requires = "cost", value_parser = clap::value_parser!(u64).range(1..=1000))]
    requests: u64,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &PlanCommand) -> Result<(), Failure> {
    let (config, builds, remarks) = load_with_remarks(&command.file)?;
    if command.cost {
        estimate(&config, Assumed { requests: command.requests }, command.json);
        return Ok(());
    }
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
        let (problems, deployment) = (remarks.problems, remarks.findings);
        let all = serde_json::json!({ "revision": plan.revision, "sites": sites, "warnings": warnings, "problems": problems, "deployment": deployment });
        println!("{all}");
        return Ok(());
    }
    for site in &plan.sites {
        anstream::println!("{}", paint::painted(&heading(site), paint::STRONG));
        table(site, &classes(site, before(site)));
    }
    for warning in warnings {
        paint::line(&format!("warning: {warning}"), paint::WARNING);
    }
    remarks.print(&command.file);
    if previous.is_none() {
        println!("With --previous build/plan.halftone (kept from the last deploy) this also shows who would move.");
    }
    Ok(())
}

/// What the sites of a config cost, roughly.
fn estimate(config: &Config, assumed: Assumed, json: bool) {
    if !json {
        print!("{}", cost::render(config, assumed));
        return;
    }
    let parts = |parts: &[cost::Part]| -> Vec<_> {
        parts.iter().map(|part| serde_json::json!({ "what": part.what, "micro_usd": part.micros })).collect()
    };
    let sites: Vec<_> = config
        .sites
        .iter()
        .map(|site| {
            let estimate = cost::estimate(site, assumed);
            serde_json::json!({
                "site": site.name, "per_million_views": parts(&estimate.serving),
                "per_million_views_of_a_rollout": parts(&estimate.rollout), "per_month_of_a_rollout": parts(&estimate.monthly),
            })
        })
        .collect();
    let whole = serde_json::json!({ "prices_of": cost::PRICES_OF, "requests_per_view": assumed.requests, "sites": sites });
    println!("{whole}");
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

/// Who gets what, as a table.
pub fn table(site: &Site, classes: &[Class]) {
    let ids: Vec<&str> = site.versions.iter().map(|version| version.id.as_str()).collect();
    let who = |class: &Class| format!("{}{}", class.who, if class.newcomers_only { " (new visitors)" } else { "" });
    let width = classes.iter().map(|class| who(class).chars().count()).max().unwrap_or(0);
    let columns: Vec<usize> = ids.iter().map(|id| id.len().max(7)).collect();
    let has_moves = classes.iter().any(|class| class.moves.is_some());
    let mut head = format!("  {:width$}", "");
    for (id, column) in ids.iter().zip(&columns) {
        head.push_str(&format!("  {id:>column$}"));
    }
    anstream::println!("{}", paint::painted(&format!("{head}{}", if has_moves { "  moves" } else { "" }), paint::FAINT));
    for class in classes {
        let mut row = format!("  {:width$}", who(class));
        for (id, column) in ids.iter().zip(&columns) {
            let share = class.shares.iter().find(|share| share.0 == *id).map_or("-".to_owned(), |share| format!("{}%", share.1));
            row.push_str(&format!("  {share:>column$}"));
        }
        if let Some(share) = class.moves {
            let moves = format!("{}{share:.2}%", if class.exact { "" } else { "about " });
            row.push_str(&format!("  {}", if share > 0.0 { paint::painted(&moves, paint::STRONG) } else { moves }));
        }
        anstream::println!("{row}");
    }
    if classes.iter().any(|class| class.newcomers_only) {
        let moves = if has_moves { "; `moves` are those of them who lose it" } else { "" };
        println!("  Only visitors who come for the first time are drawn: whoever was here before keeps their version{moves}.");
    }
}
