//! The counts of a site, for people and machines: JSON and the text format of Prometheus.
//!
//! A count's key is `<class>|<arm>|<version>|<step>|<place>|<canary's slots>|<stable's slots>|<counter>`; a counter with a `#`
//! is one bin of a histogram. Pure: keys and numbers in, text out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::histogram::{Histogram, bounds};
use crate::evidence::quantile;

/// A key taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    /// `drawn`, `apart`, `bot`, ...
    pub class: &'a str,
    /// `canary`, `stable`, or empty outside of draws.
    pub arm: &'static str,
    /// Id of the version.
    pub version: &'a str,
    /// The step of the draw.
    pub step: &'a str,
    /// The area or rule, or empty.
    pub place: &'a str,
    /// The odds: canary's slots, stable's slots.
    pub odds: (u16, u16),
    /// What is counted.
    pub counter: &'a str,
}

impl<'a> Key<'a> {
    /// Reads a key; `None` for anything else.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('|');
        let mut next = || parts.next();
        let class = next()?;
        let arm = match next()? {
            "c" => "canary",
            "s" => "stable",
            "-" => "",
            _ => return None,
        };
        let (version, step, place) = (next()?, next()?, next()?);
        let odds = (next()?.parse().ok()?, next()?.parse().ok()?);
        let counter = next()?;
        let place = if place == "-" { "" } else { place };
        parts.next().is_none().then_some(Self { class, arm, version, step, place, odds, counter })
    }
}

/// All counts of a site: rollout, key, number; and how many beacons were dropped, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies<'a> {
    counts: Vec<(&'a str, Key<'a>, u64)>,
    drops: BTreeMap<&'a str, u64>,
    networks: Vec<(&'a str, &'a str, u64, u64)>,
}

impl<'a> Tallies<'a> {
    /// Reads the rows: lines `count <rollout> <key> <n>`, `drop <reason> <n>` and
    /// `networks <rollout> <guard> <networks with votes> <networks with canary votes>`.
    #[must_use]
    pub fn read(rows: &'a str) -> Self {
        let mut tallies = Self::default();
        for line in rows.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["count", rollout, key, n] => {
                    if let (Some(key), Ok(n)) = (Key::parse(key), n.parse()) {
                        tallies.counts.push((rollout, key, n));
                    }
                }
                ["drop", reason, n] => *tallies.drops.entry(reason).or_insert(0) += n.parse().unwrap_or(0),
                ["networks", rollout, guard, all, canary] => {
                    let number = |text: &str| text.parse().unwrap_or(0);
                    tallies.networks.push((rollout, guard, number(all), number(canary)));
                }
                _ => {}
            }
        }
        tallies.counts.sort();
        tallies
    }

    /// `GET api/v1/tallies`: one object a cell, its counters and the quantiles of its vitals.
    #[must_use]
    pub fn json(&self, site: &str, now_ms: u64) -> String {
        let mut cells: BTreeMap<_, Cell<'_>> = BTreeMap::new();
        for (rollout, key, n) in &self.counts {
            let cell = cells.entry((*rollout, key.class, key.arm, key.version, key.step, key.place, key.odds)).or_default();
            match key.counter.split_once('#') {
                None => *cell.counts.entry(key.counter).or_insert(0) += n,
                Some((vital, bin)) => {
                    if let Ok(bin) = bin.parse() {
                        cell.vitals.entry(vital).or_default().add_to(bin, *n);
                    }
                }
            }
        }
        let cells: Vec<_> = cells
            .iter()
            .map(|((rollout, class, arm, version, step, place, odds), cell)| {
                let vitals: BTreeMap<_, _> = cell.vitals.iter().map(|(name, values)| (*name, vital(class, values))).collect();
                serde_json::json!({
                    "rollout": rollout, "class": class, "arm": arm, "version": version, "step": step.parse::<u32>().unwrap_or(0),
                    "place": place, "odds": { "canary": odds.0, "stable": odds.1 }, "counts": cell.counts, "vitals": vitals,
                })
            })
            .collect();
        let networks: Vec<_> = self
            .networks
            .iter()
            .map(|(rollout, guard, all, canary)| {
                serde_json::json!({ "rollout": rollout, "guard": guard, "networks": all, "canary_networks": canary })
            })
            .collect();
        let whole = serde_json::json!({
            "site": site, "now_ms": now_ms, "cells": cells, "networks": networks, "drops": self.drops,
        });
        format!("{whole}\n")
    }

    /// `GET metrics`: the text format 0.0.4 of Prometheus, for one site.
    pub fn prometheus(&self, site: &str, text: &mut Metrics) {
        for (rollout, key, n) in &self.counts {
            let labels = [
                ("site", site),
                ("rollout", rollout),
                ("class", key.class),
                ("arm", key.arm),
                ("version", key.version),
                ("step", key.step),
                ("place", key.place),
            ];
            if let Some((vital, bin)) = key.counter.split_once('#') {
                let high = bin.parse().ok().and_then(bounds).map_or(0, |(_, high)| high);
                text.observe(vital, &labels, high, *n);
            } else {
                let (name, guard) = key.counter.split_once('.').unwrap_or((key.counter, ""));
                let odds = format!("{}/{}", key.odds.0, key.odds.1);
                let more = [("odds", odds.as_str()), ("guard", guard)];
                text.count(name, labels.iter().chain(more.iter().filter(|(_, value)| !value.is_empty())), *n);
            }
        }
        for (reason, n) in &self.drops {
            text.count("beacons_dropped", [("site", site), ("reason", *reason)].iter(), *n);
        }
    }
}

/// What is shown of one cell.
#[derive(Default)]
struct Cell<'a> {
    counts: BTreeMap<&'a str, u64>,
    vitals: BTreeMap<&'a str, Histogram>,
}

fn vital(class: &str, values: &Histogram) -> serde_json::Value {
    let at = |share| values.quantile(share).map(|(low, high)| low.midpoint(high));
    // Only draws have one value a visitor: of any page's no interval holds.
    let (low, high) = if class == "drawn" { third_quartile(values) } else { (None, None) };
    serde_json::json!({
        "n": values.total(), "p50": at((1, 2)), "p75": at((3, 4)), "p75_low": low, "p75_high": high, "p95": at((19, 20)),
    })
}

/// An interval misses once in twenty rollouts, whenever it is looked at.
pub(crate) const ALPHA: f64 = 0.05;
/// The quantile of vitals that has one.
pub(crate) const P75: f64 = 0.75;

/// Values by rising bins, as [`quantile`] takes them.
pub(crate) fn bins(values: &Histogram) -> impl Iterator<Item = (u32, u64)> + Clone {
    values.counts().iter().map(|(bin, count)| (u32::from(*bin), *count))
}

/// Between which values the third quartile is, at all times at once; `None` for an end that nothing bounds yet.
pub(crate) fn third_quartile(values: &Histogram) -> (Option<u64>, Option<u64>) {
    let edges = |bin: u32| u16::try_from(bin).ok().and_then(bounds);
    let (first, last) = quantile::bounds(P75, ALPHA, bins(values)).unwrap_or_default();
    (first.and_then(edges).map(|bin| bin.0), last.and_then(edges).map(|bin| bin.1))
}

/// Families of samples as Prometheus reads them: each family's lines together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    counters: BTreeMap<String, BTreeMap<String, u64>>,
    histograms: BTreeMap<String, BTreeMap<String, BTreeMap<u64, u64>>>,
}

/// Upper bounds of the buckets that are shown, in the vital's unit.
const TIMES_MS: [u64; 12] = [50, 100, 200, 400, 800, 1200, 1800, 2500, 4000, 6000, 10_000, 20_000];
const SHIFTS_E4: [u64; 8] = [10, 50, 100, 250, 500, 1000, 2500, 10_000];

#[expect(clippy::cast_precision_loss, reason = "sums and edges for people to look at")]
impl Metrics {
    fn count<'a>(&mut self, name: &str, labels: impl Iterator<Item = &'a (&'a str, &'a str)>, n: u64) {
        let family = self.counters.entry(format!("halftone_{name}_total")).or_default();
        *family.entry(rendered(labels)).or_insert(0) += n;
    }

    fn observe(&mut self, vital: &str, labels: &[(&str, &str)], high: u64, n: u64) {
        let family = self.histograms.entry(vital.to_owned()).or_default();
        *family.entry(rendered(labels.iter())).or_default().entry(high).or_insert(0) += n;
    }

    /// The whole text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, samples) in &self.counters {
            let what = name.trim_start_matches("halftone_").trim_end_matches("_total").replace('_', " ");
            let _ = writeln!(text, "# HELP {name} Count of {what}.\n# TYPE {name} counter");
            for (labels, n) in samples {
                let _ = writeln!(text, "{name}{{{labels}}} {n}");
            }
        }
        for (vital, series) in &self.histograms {
            let is_shift = vital == "cls";
            let (unit, scale, edges) =
                if is_shift { ("ratio", 10_000.0, &SHIFTS_E4[..]) } else { ("seconds", 1000.0, &TIMES_MS[..]) };
            let name = format!("halftone_{vital}_{unit}");
            let _ = writeln!(text, "# HELP {name} {} of pages.\n# TYPE {name} histogram", vital.to_uppercase());
            for (labels, values) in series {
                let total: u64 = values.values().sum();
                for edge in edges {
                    let below: u64 = values.range(..=edge).map(|(_, n)| n).sum();
                    let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{}\"}} {below}", *edge as f64 / scale);
                }
                let sum: f64 = values.iter().map(|(high, n)| *high as f64 / scale * *n as f64).sum();
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {total}");
                let _ = writeln!(text, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {total}");
            }
        }
        text
    }
}

fn rendered<'a>(labels: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        if !text.is_empty() {
            text.push(',');
        }
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{name}=\"{value}\"");
    }
    text
}

#[cfg(test)]
mod tests;
