//! `halftone simulate`: a synthetic population through the very code that runs at the edge.

use std::collections::BTreeMap;

use halftone::decide::{Edge, Instruction, Request};
use halftone::plan::{Geo, Plan};
use halftone::visitor::{Keys, base64url};
use indicatif::{ProgressBar, ProgressStyle};

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
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

/// Visitors by country, version and why.
type Counts = BTreeMap<(String, String, &'static str), u64>;

pub fn run(command: &Simulate) -> Result<(), Failure> {
    let (config, builds) = load_valid(&command.file)?;
    let plan = plan(&config, &builds, None, 1)?;
    if command.countries.is_empty() {
        return Err(Failure::Other("--countries: name at least one, like NZ,DE".to_owned()));
    }
    let bar = ProgressBar::new(command.visitors);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} visitors, {eta} left") {
        bar.set_style(style);
    }
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let counts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let (plan, bar) = (plan.clone(), bar.clone());
                scope.spawn(move || population(command, plan, worker, threads, &bar))
            })
            .collect();
        let mut all = Counts::new();
        for worker in workers {
            let counts = worker.join().map_err(|_| "a part of the population was lost".to_owned())??;
            for (key, count) in counts {
                *all.entry(key).or_insert(0) += count;
            }
        }
        Ok::<_, String>(all)
    })?;
    bar.finish_and_clear();
    report(command, &plan, &counts);
    Ok(())
}

/// Every `threads`-th visitor, beginning with the `worker`-th.
fn population(command: &Simulate, plan: Plan, worker: u64, threads: u64, bar: &ProgressBar) -> Result<Counts, String> {
    let keys = Keys::read(&base64url::encode(&[7; 32]))?;
    let mut edge = Edge::new(plan, Some(keys));
    let url = format!("https://{}/", command.host);
    let mut counts = Counts::new();
    let mut handed_out = 0;
    for visitor in (worker..command.visitors).step_by(threads as usize) {
        let country = command
            .countries
            .get((mixed(command.seed, visitor, 0) % command.countries.len() as u64) as usize)
            .map_or("", String::as_str);
        let id = [mixed(command.seed, visitor, 1).to_le_bytes(), mixed(command.seed, visitor, 2).to_le_bytes()];
        let request = Request {
            method: "GET",
            url: &url,
            dest: "document",
            accept: "text/html",
            user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            geo: Geo { country, ..Geo::default() },
            now_ms: 1_790_000_000_000,
            ..Request::default()
        };
        // Arrival numbers: what the ticket office would lease to this part of the population.
        if visitor % 1024 == worker {
            let block = (0..4096).map(|n| (handed_out + n) * threads + worker).collect();
            edge.lease.granted(tag(&edge.plan), block, request.now_ms / 1000);
            handed_out += 1024 / threads + 1;
        }
        let instruction = edge.decide(&request, || Some(joined(id)));
        let (version, why) = match instruction {
            Instruction::Carry(carry) => {
                carry.attempts.first().map_or((String::new(), ""), |first| (first.version.clone(), first.why))
            }
            Instruction::Answer(answer) => (format!("(answer {})", answer.status), ""),
        };
        *counts.entry((country.to_owned(), version, why)).or_insert(0) += 1;
        if visitor % 8192 == worker {
            bar.inc(8192);
        }
    }
    Ok(counts)
}

fn tag(plan: &Plan) -> u32 {
    plan.sites.get(plan.default_site).and_then(|site| site.rollout.as_ref()).map_or(0, halftone::plan::Rollout::tag)
}

fn joined(halves: [[u8; 8]; 2]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(halves.as_flattened()) {
        *to = *from;
    }
    bytes
}

/// A well-mixed number for (seed, visitor, use): `SplitMix64`'s finaliser.
fn mixed(seed: u64, visitor: u64, purpose: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ visitor.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(purpose << 56);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn report(command: &Simulate, plan: &Plan, counts: &Counts) {
    let mut by_country: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut overall: BTreeMap<&str, u64> = BTreeMap::new();
    for ((country, version, _), count) in counts {
        *by_country.entry(country).or_default().entry(version).or_insert(0) += count;
        *overall.entry(version).or_insert(0) += count;
    }
    if command.json {
        let whys: Vec<_> =
            counts.iter().map(|((country, version, why), count)| serde_json::json!({ "country": country, "version": version, "why": why, "visitors": count })).collect();
        println!("{}", serde_json::json!({ "visitors": command.visitors, "seed": command.seed, "counts": whys }));
        return;
    }
    println!("{} visitors, seed {}", command.visitors, command.seed);
    for (country, versions) in &by_country {
        line(country, versions, expected(plan, country).as_ref());
    }
    line("all", &overall, None);
}

/// The shares a country's visitors should get, by version id.
fn expected(plan: &Plan, country: &str) -> Option<BTreeMap<String, f64>> {
    let site = plan.sites.get(plan.default_site)?;
    halftone::plan::shares::expected(site, country).map(|shares| shares.into_iter().collect())
}

/// Shares, and how far each is from what it should be in standard deviations.
#[expect(clippy::cast_precision_loss, reason = "counts of visitors stay far below 2^52")]
fn line(who: &str, versions: &BTreeMap<&str, u64>, expected: Option<&BTreeMap<String, f64>>) {
    let total: u64 = versions.values().sum();
    print!("  {who:8} {total:>9}");
    for (version, &count) in versions {
        let share = count as f64 / total as f64;
        print!("   {version} {:.3}%", 100.0 * share);
        if let Some(p) = expected.map(|shares| shares.get(*version).copied().unwrap_or(0.0) / 100.0) {
            let deviation = (p * (1.0 - p) / total as f64).sqrt();
            if deviation > 0.0 {
                print!(" (asked {:.2}%, {:+.1} σ)", 100.0 * p, (share - p) / deviation);
            } else {
                print!(" (asked {:.0}%)", 100.0 * p);
            }
        }
    }
    println!();
}
