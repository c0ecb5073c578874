//! `halftone simulate --ramp`: whole rollouts of the config's steps and guards in a made-up world, and how they end.

use std::collections::BTreeMap;
use std::time::Instant;

use halftone::rollout::offer::Offer;
use halftone::simulation::{End, Ramp, SCENARIOS, Scenario, Wanted, World, digest, ramp};
use indicatif::{ProgressBar, ProgressStyle};

use super::{ConfigFile, Failure};

/// Runs `ramps` rollouts of each scenario and prints the table.
pub fn run(file: &ConfigFile, ramps: u64, seed: u64, json: bool) -> Result<(), Failure> {
    let offer = offer(file)?;
    let total = ramps * SCENARIOS.len() as u64;
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} rollouts, {eta} left") {
        bar.set_style(style);
    }
    #[expect(clippy::disallowed_methods, reason = "how long it took is said and decides nothing")]
    let began = Instant::now();
    let mut rows = Vec::new();
    for (at, scenario) in SCENARIOS.iter().enumerate() {
        let (offer, world) = (scenario.offer(&offer), (scenario.world)());
        rows.push((scenario, all(&offer, &world, ramps, seed.wrapping_add((at as u64) << 40), &bar)?));
    }
    bar.finish_and_clear();
    let tried = offer.rollout.as_ref().map(digest).unwrap_or_default();
    if json {
        let rows: Vec<_> = rows.iter().map(|(scenario, ramps)| as_json(scenario, ramps)).collect();
        println!("{}", serde_json::json!({ "ramps": ramps, "seed": seed, "digest": tried, "scenarios": rows }));
        return Ok(());
    }
    println!("{ramps} rollouts of each kind, seed {seed}, steps and guards `{tried}`.\n");
    println!("{HEAD}\n|{}", "---|".repeat(HEAD.matches(" |").count()));
    for (scenario, ramps) in &rows {
        println!("{}", line(scenario.name, ramps));
    }
    eprintln!("{total} rollouts in {:.1} s on {} cores", began.elapsed().as_secs_f64(), threads());
    Ok(())
}

/// The columns. A share has its 95 % interval behind it, and so has a median.
const HEAD: &str =
    "| canary | promoted, % | rolled back, % | by | page views until then | at best | harmed visitors | at best | hours |";

/// The config's rollout, with all its steps.
fn offer(file: &ConfigFile) -> Result<Offer, Failure> {
    let (config, builds) = super::load::load_valid(file)?;
    let plan = super::load::plan(&config, &builds, None, 1)?;
    let offers = halftone::plan::compile::offers(&config, &plan).map_err(|error| error.to_string())?;
    let offer = offers.into_iter().nth(config.default_site).filter(|offer| offer.rollout.is_some());
    Ok(offer.ok_or_else(|| "the default site has no rollout to simulate; add one to the config".to_owned())?)
}

fn threads() -> u64 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u64)
}

fn all(offer: &Offer, world: &World, ramps: u64, seed: u64, bar: &ProgressBar) -> Result<Vec<Ramp>, Failure> {
    let threads = threads();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let own = (worker..ramps).step_by(threads as usize);
                    own.map(|at| {
                        bar.inc(1);
                        ramp(offer, world, seed.wrapping_add(at))
                    })
                    .collect::<Vec<Ramp>>()
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a part of the rollouts was lost".to_owned())?);
        }
        Ok(all)
    })
}

/// How many ended so, and a 95 % interval for the share (Wilson), percent.
fn share(ramps: &[Ramp], end: End) -> (f64, f64, f64) {
    let (all, hits) = (number(ramps.len()).max(1.0), number(ramps.iter().filter(|ramp| ramp.end == end).count()));
    let (z, p) = (1.96_f64, hits / all);
    let middle = (p + z * z / (2.0 * all)) / (1.0 + z * z / all);
    let half = z / (1.0 + z * z / all) * (p * (1.0 - p) / all + z * z / (4.0 * all * all)).sqrt();
    (p * 100.0, (middle - half).max(0.0) * 100.0, (middle + half).min(1.0) * 100.0)
}

/// A median and its 95 % interval: between values of ranks that are each at most 1.96 standard deviations of a coin from the middle.
/// Nothing without values.
fn median(mut values: Vec<u64>) -> Option<(u64, u64, u64)> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    let half = (0.98 * number(values.len()).sqrt()).ceil();
    #[expect(clippy::cast_sign_loss, reason = "not below 0")]
    let rank = |off: f64| values.get(((number(values.len()) / 2.0 + off).max(0.0) as usize).min(last)).copied();
    Some((rank(0.0)?, rank(-half)?, rank(half)?))
}

fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Of rollouts that ended as most did.
fn ended(ramps: &[Ramp]) -> Vec<&Ramp> {
    let count = |end| ramps.iter().filter(|ramp| ramp.end == end).count();
    let most = [End::Undecided, End::Promoted, End::RolledBack].into_iter().max_by_key(|end| count(*end));
    ramps.iter().filter(|ramp| Some(ramp.end) == most).collect()
}

/// How often each guard took it back, the most frequent first.
fn by_guard(ramps: &[Ramp]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for guard in ramps.iter().filter_map(|ramp| ramp.guard.as_deref()) {
        *counts.entry(guard).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counts
}

fn line(name: &str, ramps: &[Ramp]) -> String {
    let shown = |end| {
        let (share, low, high) = share(ramps, end);
        format!("{share:.2} ({low:.2}–{high:.2})")
    };
    let ended = ended(ramps);
    let spread = |of: fn(&Ramp) -> Option<u64>| {
        let shown = median(ended.iter().filter_map(|ramp| of(ramp)).collect());
        shown.map_or_else(
            || "–".to_owned(),
            |(at, low, high)| format!("{} ({}–{})", thousands(at), thousands(low), thousands(high)),
        )
    };
    let is_faulty = ended.iter().any(|ramp| ramp.harmed > 0);
    let guards = by_guard(ramps);
    let back: usize = guards.iter().map(|guard| guard.1).sum();
    let guards = guards.iter().take(3).map(|(guard, n)| format!("`{guard}` {:.0}", number(*n) / number(back.max(1)) * 100.0));
    let guards: Vec<String> = guards.collect();
    let seconds = median(ended.iter().map(|ramp| ramp.seconds).collect()).map_or(0, |median| median.0);
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {}.{} |",
        shown(End::Promoted),
        shown(End::RolledBack),
        if guards.is_empty() { "–".to_owned() } else { guards.join(", ") },
        spread(|ramp| Some(ramp.views)),
        spread(|ramp| ramp.best_views),
        if is_faulty { spread(|ramp| Some(ramp.harmed)) } else { "–".to_owned() },
        if is_faulty { spread(|ramp| ramp.best_harmed) } else { "–".to_owned() },
        seconds / 3600,
        seconds % 3600 / 360,
    )
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn as_json(scenario: &Scenario, ramps: &[Ramp]) -> serde_json::Value {
    let of = |end| {
        let (share, low, high) = share(ramps, end);
        serde_json::json!({ "percent": share, "low": low, "high": high })
    };
    let ended = ended(ramps);
    let of_values = |of: fn(&Ramp) -> Option<u64>| {
        let shown = median(ended.iter().filter_map(|ramp| of(ramp)).collect());
        shown.map(|(at, low, high)| serde_json::json!({ "median": at, "low": low, "high": high }))
    };
    let wanted = match scenario.wanted {
        Wanted::Promoted => "promoted",
        Wanted::RolledBack => "rolled_back",
        Wanted::NotPromoted => "not_promoted",
    };
    serde_json::json!({
        "canary": scenario.name, "wanted": wanted,
        "promoted": of(End::Promoted), "rolled_back": of(End::RolledBack), "undecided": of(End::Undecided),
        "by": by_guard(ramps).into_iter().collect::<BTreeMap<_, _>>(),
        "views": of_values(|ramp| Some(ramp.views)), "best_views": of_values(|ramp| ramp.best_views),
        "harmed": of_values(|ramp| Some(ramp.harmed)), "best_harmed": of_values(|ramp| ramp.best_harmed),
        "seconds": of_values(|ramp| Some(ramp.seconds)),
    })
}
