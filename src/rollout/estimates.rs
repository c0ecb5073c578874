//! What is shown beside a verdict and decides nothing: rates, their difference and third quartiles, each with an interval that
//! holds at all times at once.
//!
//! All of it is of the step in force alone, because rates change between steps. A difference is estimated stratum by stratum
//! with the odds of each, since who is drawn anew and who is new are not alike; and quartiles are compared within a stratum.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::offer::Ladder;
use super::policy::Guard;
use super::state::Run;
use super::tally::{Arm, Outcome, Stratum, Tally};
use super::verdict::trials_of;
use crate::beacon::fold::VITALS;
use crate::beacon::histogram::{Histogram, bounds};
use crate::beacon::tallies::{self, ALPHA, Key, P75, bins};
use crate::evidence::{interval, margin, number, quantile};
use crate::slot::Odds;

/// Intervals are shortest about so many trials.
const T_OPT: f64 = 1000.0;

/// Vitals of the visitors drawn at one step: place and odds, arm, and the vital's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals(BTreeMap<(String, Odds), [BTreeMap<String, Histogram>; 2]>);

impl Vitals {
    /// Adds up the keys of histograms, see [`crate::beacon::tallies`].
    #[must_use]
    pub fn read<'a>(step: u16, counts: impl Iterator<Item = (Key<'a>, u64)>) -> Self {
        let mut all = Self::default();
        for (key, n) in counts {
            let odds = Odds { canary: key.odds.0, stable: key.odds.1 };
            let Some((vital, bin)) = key.counter.split_once('#') else { continue };
            if key.class != "drawn" || !odds.is_draw() || key.step.parse() != Ok(step) {
                continue;
            }
            let [canary, stable] = all.0.entry((key.place.to_owned(), odds)).or_default();
            let arm = if key.arm == "canary" { canary } else { stable };
            if let Ok(bin) = bin.parse() {
                arm.entry(vital.to_owned()).or_default().add_to(bin, n);
            }
        }
        all
    }

    fn of(&self, arm: usize, vital: &str) -> Histogram {
        let mut all = Histogram::default();
        self.0.values().filter_map(|arms| arms.get(arm)?.get(vital)).for_each(|values| all.merge(values));
        all
    }

    /// The p-value of "both versions have the same third quartile", valid at all times: the least of all strata that the step can
    /// have, times their number.
    fn same(&self, vital: &str, strata: usize) -> f64 {
        let compared = self.0.values().filter_map(|[canary, stable]| {
            let (canary, stable) = (canary.get(vital)?, stable.get(vital)?);
            Some(quantile::compare(P75, T_OPT, bins(canary), bins(stable)))
        });
        (compared.fold(1.0, f64::min) * number(strata.max(1))).min(1.0)
    }
}

/// What is shown of every guard.
#[must_use]
pub fn of(run: &Run, ladder: &Ladder, tally: &Tally, vitals: &Vitals) -> Vec<Value> {
    let strata = run
        .rung(ladder)
        .map_or(1, |rung| rung.strata.iter().flat_map(|stratum| &stratum.odds).filter(|odds| odds.is_draw()).count());
    let guards = run.policy.guards.iter().enumerate();
    guards.map(|(at, guard)| of_guard(run, tally, vitals, (at, guard), strata)).collect()
}

/// The third quartile of every vital that somebody reported, of both arms.
#[must_use]
pub fn quartiles(vitals: &Vitals) -> Vec<Value> {
    let each = VITALS.iter().map(|&vital| (vital, [0, 1].map(|arm| third_quartile(&vitals.of(arm, vital), vital))));
    let known = each.filter(|(_, arms)| arms.iter().any(|arm| !arm.is_null()));
    known.map(|(vital, [canary, stable])| json!({ "vital": vital, "canary": canary, "stable": stable })).collect()
}

fn of_guard(run: &Run, tally: &Tally, vitals: &Vitals, (at, guard): (usize, &Guard), strata: usize) -> Value {
    let here = || tally.strata.iter().filter(|stratum| stratum.step == run.step);
    let arm = |arm: fn(&Stratum) -> &Arm| {
        let add = |sum: Outcome, stratum: &Stratum| {
            let one = arm(stratum).outcome(at);
            Outcome { trials: sum.trials + one.trials, bad: sum.bad + one.bad, votes: sum.votes + one.votes }
        };
        let all = tally.strata.iter().fold(Outcome::default(), add);
        let rate = rate(here().fold(Outcome::default(), add));
        json!({ "trials": all.trials, "bad": all.bad, "votes": all.votes, "rate": rate })
    };
    let trials = here().map(|stratum| trials_of(run, stratum, at, margin::before));
    let difference = interval::shares(&trials, ALPHA, T_OPT);
    let mut shown = json!({
        "guard": guard.name, "step": run.step,
        "canary": arm(|stratum| &stratum.canary), "stable": arm(|stratum| &stratum.stable),
        "difference": difference.map(|(at, low, high)| json!({ "at": at, "low": low, "high": high })),
    });
    let vital = guard.name.split_once('_').map(|parts| parts.1).filter(|vital| VITALS.contains(vital));
    if let (Some(vital), Some(object)) = (vital, shown.as_object_mut()) {
        let p75 = json!({
            "vital": vital, "unit": if vital == "cls" { "" } else { "ms" },
            "canary": third_quartile(&vitals.of(0, vital), vital), "stable": third_quartile(&vitals.of(1, vital), vital),
            "same_p": vitals.same(vital, strata),
        });
        object.insert("p75".to_owned(), p75);
    }
    let alone = tally.uncontrolled.iter().fold((0, 0), |sum, stratum| {
        let one = stratum.canary.outcome(at);
        (sum.0 + one.trials, sum.1 + one.bad)
    });
    if let (true, Some(object)) = (alone.0 > 0, shown.as_object_mut()) {
        let outcome = Outcome { trials: alone.0, bad: alone.1, votes: 0 };
        object.insert("uncontrolled".to_owned(), json!({ "trials": alone.0, "bad": alone.1, "rate": rate(outcome) }));
    }
    shown
}

/// A share of bad trials with its interval; nothing without trials.
fn rate(outcome: Outcome) -> Value {
    if outcome.trials == 0 {
        return Value::Null;
    }
    let (low, high) = interval::rate(outcome.bad, outcome.trials, ALPHA, T_OPT);
    let at = crate::evidence::part(outcome.bad, outcome.trials);
    json!({ "at": at, "low": low, "high": high, "trials": outcome.trials, "bad": outcome.bad })
}

/// A third quartile with its interval, in ms or, of CLS, as it is; an end that nothing bounds yet is `null`.
fn third_quartile(values: &Histogram, vital: &str) -> Value {
    let scale = if vital == "cls" { 10_000.0 } else { 1.0 };
    let edges = |bin: u32| u16::try_from(bin).ok().and_then(bounds);
    #[expect(clippy::cast_precision_loss, reason = "edges of bins, for people to look at")]
    let shown = |value: u64| value as f64 / scale;
    let Some(at) = quantile::estimate(P75, bins(values)).and_then(edges) else { return Value::Null };
    let (low, high) = tallies::third_quartile(values);
    json!({
        "at": shown(at.0.midpoint(at.1)), "n": values.total(),
        "low": low.map(shown), "high": high.map(shown),
    })
}
