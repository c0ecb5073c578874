//! `halftone simulate`: a synthetic population through the very code that runs at the edge.

use std::collections::BTreeMap;

use halftone::plan::{Plan, shares};
use halftone::simulation::population::{Counted, Population};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::load::{load_valid, plan};
use super::{ConfigFile, Failure};

#[derive(clap::Args)]
pub struct Simulate {
    #[command(flatten)]
    file: ConfigFile,
    /// How many new visitors arrive.
    #[arg(long, default_value_t = 1_000_000)]
    visitors: u64,
    /// The seed of the population; the same seed gives the same visitors.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Countries they come from, evenly: `NZ,DE,US`.
    #[arg(long, value_delimiter = ',', default_value = "US,IN,DE,BR,JP,GB,FR,NZ")]
    countries: Vec<String>,
    /// Host they ask for.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Instead, run whole rollouts of the config's steps and guards, healthy and not, and show how they end.
    #[arg(long)]
    ramp: bool,
    /// How many rollouts of each kind.
    #[arg(long, default_value_t = 1000)]
    ramps: u64,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Simulate) -> Result<(), Failure> {
    if command.ramp {
        return super::ramps::run(&command.file, command.ramps, command.seed, command.json);
    }
    let (config, builds) = load_valid(&command.file)?;
    let plan = plan(&config, &builds, None, 1)?;
    if command.countries.is_empty() {
        return Err(Failure::Other("--countries: name at least one, like NZ,DE".to_owned()));
    }
    let host = command.host.to_ascii_lowercase();
    let bar = ProgressBar::new(command.visitors);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} visitors, {eta} left") {
        bar.set_style(style);
    }
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let crowd = Population { visitors: command.visitors, seed: command.seed, countries: &command.countries, host: &host };
    let counted = crowd.come(&plan, threads, |more| bar.inc(more))?;
    bar.finish_and_clear();
    let rows = rows(&plan, &host, &counted);
    if command.json {
        println!("{}", as_json(command, &counted, &rows));
        return Ok(());
    }
    println!("{} visitors, seed {}", command.visitors, command.seed);
    for row in &rows {
        println!("{}", row.line());
    }
    if let Some(first) = arrivals(&plan, &host) {
        println!("  the first {first} to arrive are enrolled: {} were", counted.enrolled);
    }
    Ok(())
}

/// Visitors of one country, or all of them.
struct Row {
    /// `None` for all.
    country: Option<String>,
    total: u64,
    versions: Vec<Got>,
}

/// How many got a version, and how many should have.
struct Got {
    version: String,
    visitors: u64,
    /// In percent; `None` where the order of arrival decides.
    asked: Option<f64>,
    /// How many standard deviations it is off; `None` if it can not be off, or nothing is asked.
    sigma: Option<f64>,
}

/// The expected number of visitors who get a version, and the variance of it.
#[derive(Clone, Copy, Default)]
struct Moments {
    mean: f64,
    variance: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of visitors stay far below 2^52")]
fn rows(plan: &Plan, host: &str, counted: &Counted) -> Vec<Row> {
    let mut by_country: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut overall: BTreeMap<&str, u64> = BTreeMap::new();
    for ((country, version, _), count) in &counted.by {
        *by_country.entry(country).or_default().entry(version).or_insert(0) += count;
        *overall.entry(version).or_insert(0) += count;
    }
    // What all should get is the sum of what each country should: none if one of them is not known.
    let mut asked_of_all: Option<BTreeMap<String, Moments>> = Some(BTreeMap::new());
    let mut rows = Vec::new();
    for (country, versions) in by_country {
        let total: u64 = versions.values().sum();
        let asked = plan.site_of(host).and_then(|site| shares::expected(site, host, country)).map(|shares| {
            let moments = |share: f64| {
                let (n, p) = (total as f64, share / 100.0);
                Moments { mean: n * p, variance: n * p * (1.0 - p) }
            };
            shares.into_iter().map(|(version, share)| (version, moments(share))).collect::<BTreeMap<_, _>>()
        });
        match (&mut asked_of_all, &asked) {
            (Some(all), Some(asked)) => {
                for (version, more) in asked {
                    let sum = all.entry(version.clone()).or_default();
                    *sum = Moments { mean: sum.mean + more.mean, variance: sum.variance + more.variance };
                }
            }
            (all, _) => *all = None,
        }
        rows.push(row(Some(country.to_owned()), &versions, asked.as_ref()));
    }
    rows.push(row(None, &overall, asked_of_all.as_ref()));
    rows
}

#[expect(clippy::cast_precision_loss, reason = "counts of visitors stay far below 2^52")]
fn row(country: Option<String>, versions: &BTreeMap<&str, u64>, asked: Option<&BTreeMap<String, Moments>>) -> Row {
    let total: u64 = versions.values().sum();
    let got = |(version, &visitors): (&&str, &u64)| {
        let moments = asked.map(|asked| asked.get(*version).copied().unwrap_or_default());
        let sigma = moments.filter(|moments| moments.variance > 0.0);
        Got {
            version: (*version).to_owned(),
            visitors,
            asked: moments.map(|moments| 100.0 * moments.mean / total as f64),
            sigma: sigma.map(|moments| (visitors as f64 - moments.mean) / moments.variance.sqrt()),
        }
    };
    Row { country, total, versions: versions.iter().map(got).collect() }
}

impl Row {
    #[expect(clippy::cast_precision_loss, reason = "counts of visitors stay far below 2^52")]
    fn share(&self, got: &Got) -> f64 {
        100.0 * got.visitors as f64 / self.total as f64
    }

    /// Shares, and how far each is from what it should be in standard deviations.
    fn line(&self) -> String {
        let mut line = format!("  {:8} {:>9}", self.country.as_deref().unwrap_or("all"), self.total);
        for got in &self.versions {
            line.push_str(&format!("   {} {:.3}%", got.version, self.share(got)));
            line.push_str(&match (got.asked, got.sigma) {
                (Some(asked), Some(sigma)) => format!(" (asked {asked:.2}%, {sigma:+.1} σ)"),
                (Some(asked), None) => format!(" (asked {asked:.0}%)"),
                (None, _) => String::new(),
            });
        }
        line
    }

    fn json(&self) -> serde_json::Value {
        let versions = self.versions.iter().map(|got| {
            json!({ "version": got.version, "visitors": got.visitors, "percent": self.share(got), "asked": got.asked, "sigma": got.sigma })
        });
        json!({ "country": self.country, "visitors": self.total, "versions": versions.collect::<Vec<_>>() })
    }
}

fn as_json(command: &Simulate, counted: &Counted, rows: &[Row]) -> serde_json::Value {
    let counts = counted
        .by
        .iter()
        .map(|((country, version, why), count)| json!({ "country": country, "version": version, "why": why, "visitors": count }));
    json!({
        "visitors": command.visitors,
        "seed": command.seed,
        "host": command.host,
        "counts": counts.collect::<Vec<_>>(),
        "shares": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "enrolled": counted.enrolled,
    })
}

/// How many the order of arrival enrols, where that decides.
fn arrivals(plan: &Plan, host: &str) -> Option<u64> {
    match &plan.site_of(host)?.rollout.as_ref()?.strategy {
        halftone::plan::Strategy::Sequential(enrolment) => Some(enrolment.first),
        _ => None,
    }
}
