//! What the evidence says of each guard: harm, safe, or undecided.
//!
//! Harm and safe are each an e-value against a threshold, both as natural logarithms. The probability of a false rollback is
//! divided among the guards by weight, and where areas can go back by themselves, half of each guard's part is theirs, each
//! area's as large as its share of what the steps plan. All
//! required guards must be safe for a promotion, so that probability is not divided. Nothing is `Safe` before `missing` is:
//! a build that is silent has no errors.

use serde::{Deserialize, Serialize};

use super::policy::{Guard, Policy};
use super::state::{Area, Run, events};
use super::tally::{Stratum, Tally};
use crate::evidence::absolute;
use crate::evidence::alive;
use crate::evidence::margin;
use crate::evidence::ratio::{Events, Ratio};
use crate::evidence::{Trials, restarts, sample_ratio};

/// What the evidence says of one guard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The guard.
    pub guard: String,
    /// The area it is about, empty for all.
    pub place: String,
    /// What it says.
    pub says: Says,
    /// How far from harm.
    pub harm: Reading,
    /// How far from safe; not there for an area.
    pub safe: Option<Reading>,
    /// How far from harm where nobody has stable beside it, by the guard's absolute limit if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<Reading>,
    /// Whether there is no promotion without it.
    pub required: bool,
}

/// An e-value and how large it has to be, natural logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// ln E; 0 without data.
    pub log_e: f64,
    /// ln of the threshold.
    pub threshold: f64,
}

impl Reading {
    /// Whether the threshold is reached.
    #[must_use]
    pub fn is_reached(self) -> bool {
        self.log_e >= self.threshold
    }
}

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// The canary is worse than its margin.
    Harm,
    /// The canary is not worse than its limit, now.
    Safe,
    /// Neither is shown.
    Undecided,
}

/// Basis points as a share.
pub(super) fn share(bp: u16) -> f64 {
    f64::from(bp) / 10_000.0
}

/// How a test of harm is set up: once for all areas and starts.
struct Harm<'a> {
    run: &'a Run,
    tally: &'a Tally,
    at: usize,
    ratio: Ratio,
}

impl Harm<'_> {
    /// The evidence from all starts on, in the places that count.
    fn log_e(&self, counts: impl Fn(&str) -> bool) -> f64 {
        let strata = || self.tally.strata.iter().filter(|stratum| counts(&stratum.place));
        let all = strata().map(|stratum| {
            let of = |arm: &super::tally::Arm| events(arm.outcome(self.at));
            (stratum, Events { canary: of(&stratum.canary), stable: of(&stratum.stable), odds: stratum.odds })
        });
        let before = |stratum: &Stratum, start: usize| {
            self.run.starts.get(start).map_or((0, 0), |start| start.bad(stratum.key(), self.at))
        };
        restarts::harm(&self.ratio, self.run.starts.len(), all, before)
    }
}

/// A guard's part of the probability of a false rollback, beside the others' weights.
pub(super) fn part(policy: &Policy, guard: &Guard, weights: u32) -> f64 {
    share(policy.false_rollback_bp) * f64::from(guard.weight) / f64::from(weights.max(1))
}

pub(super) fn weights(policy: &Policy) -> u32 {
    policy.guards.iter().map(|guard| u32::from(guard.weight)).sum()
}

/// What is bet against "the canary is not worse than the guard's margin".
pub(super) fn harm_ratio(guard: &Guard) -> Ratio {
    let margin = share(guard.margin_bp);
    if guard.is_goal() { Ratio::goal_harm(margin) } else { Ratio::harm(margin) }
}

/// What the evidence says of every guard, first of all areas together that have not gone back, then of each that can go back by
/// itself. `open` are those in which somebody gets the canary.
///
/// Harm in all areas together is harm that is left without the area in which it is largest: what rests on one area alone is for
/// that area's own test. That asks for more than the test of all does, so it errs less often.
#[must_use]
pub fn judge(run: &Run, tally: &Tally, open: &[&str]) -> Vec<Verdict> {
    let policy = &run.policy;
    let weights = weights(policy);
    let parts: u32 = run.areas.iter().map(|area| area.part).sum();
    let is_back = |place: &str| run.areas_back.iter().any(|back| back == place);
    let mut verdicts = Vec::with_capacity(policy.guards.len() * (1 + run.areas.len()));
    let mut by_area = Vec::new();
    // Grids of guards that follow each other are often the same, and cost more than a stratum does.
    let (mut made, safe_ratio) = (None, Ratio::safe(SAFE_RATIO));
    let mut is_alive = false;
    for (at, guard) in policy.guards.iter().enumerate() {
        let alpha = part(policy, guard, weights);
        let kind = (guard.is_goal(), guard.margin_bp);
        let ratio = made.filter(|(of, _)| *of == kind).map_or_else(|| harm_ratio(guard), |(_, ratio)| ratio);
        made = Some((kind, ratio));
        let absolute = absolute(run, tally, guard, at, alpha / 2.0);
        // Each half is for one question.
        let alpha = if absolute.is_some() { alpha / 2.0 } else { alpha };
        let harm = Harm { run, tally, at, ratio };
        let left = run.areas.iter().filter(|area| !is_back(&area.name));
        let areas: Vec<(&Area, f64)> = left.map(|area| (area, harm.log_e(|place| place == area.name))).collect();
        // An area can go back alone where others stay.
        let is_apart = |area: &Area| open.len() > 1 && open.contains(&area.name.as_str());
        let leading = areas.iter().filter(|(area, _)| is_apart(area)).max_by(|one, other| one.1.total_cmp(&other.1));
        let mut log_e = harm.log_e(|place| !is_back(place));
        if let Some((leading, _)) = leading {
            log_e = log_e.min(harm.log_e(|place| !is_back(place) && place != leading.name));
        }
        let pooled = if run.areas.is_empty() { alpha } else { alpha / 2.0 };
        let whole = Reading { log_e, threshold: -libm::log(pooled) };
        let mut safe = safe(run, tally, guard, at, &safe_ratio);
        is_alive |= guard.name == "missing" && safe.is_reached();
        if !is_alive {
            // What is silent is not safe, however little is heard of it.
            safe.log_e = safe.log_e.min(0.0);
        }
        let is_harm = whole.is_reached() || absolute.is_some_and(Reading::is_reached);
        let says = match (is_harm, safe.is_reached()) {
            (true, _) => Says::Harm,
            (false, true) => Says::Safe,
            (false, false) => Says::Undecided,
        };
        let (guard_name, required) = (guard.name.clone(), guard.required);
        verdicts.push(Verdict {
            guard: guard_name,
            place: String::new(),
            says,
            harm: whole,
            safe: Some(safe),
            absolute,
            required,
        });
        by_area.extend(areas.iter().map(|&(area, log_e)| {
            let part = f64::from(area.part) / f64::from(parts.max(1));
            let harm = Reading { log_e, threshold: -libm::log(alpha / 2.0 * part) };
            let says = if harm.is_reached() && is_apart(area) { Says::Harm } else { Says::Undecided };
            Verdict {
                guard: guard.name.clone(),
                place: area.name.clone(),
                says,
                harm,
                safe: None,
                absolute: None,
                required: false,
            }
        }));
    }
    verdicts.append(&mut by_area);
    verdicts
}

/// How far a guard is from its absolute limit where the canary is alone: first pages of its visitors, of which no more are bad than
/// there were votes taken, so that one network can not make them so.
fn absolute(run: &Run, tally: &Tally, guard: &Guard, at: usize, alpha: f64) -> Option<Reading> {
    let limit = share(guard.absolute_bp?);
    let strata = tally.uncontrolled.iter().filter(|stratum| !run.areas_back.contains(&stratum.place));
    let (bad, ok) = strata.fold((0, 0), |(bad, ok), stratum| {
        let seen = stratum.canary.outcome(at);
        let taken = seen.bad.min(seen.votes).min(seen.trials);
        (bad + taken, ok + seen.trials - taken)
    });
    Some(Reading { log_e: absolute::log_e(limit, bad, ok), threshold: -libm::log(alpha) })
}

/// How far a guard is from safe: of two ways to show it the better one, each at half the probability.
pub(super) fn safe(run: &Run, tally: &Tally, guard: &Guard, at: usize, ratio: &Ratio) -> Reading {
    let alpha = share(run.policy.false_promotion_bp);
    let limit = share(guard.limit_bp);
    let strata = || tally.strata.iter().filter(|stratum| !run.areas_back.contains(&stratum.place));
    let trials = |before: fn(u64, u64) -> f64| strata().map(move |stratum| trials_of(run, stratum, at, before));
    if guard.name == "missing" {
        let kept = |bad: u64, trials: u64| alive::before(trials.saturating_sub(bad), trials);
        return Reading { log_e: alive::log_e(limit, trials(kept)), threshold: -libm::log(alpha) };
    }
    if guard.is_goal() {
        let log_e = Ratio::goal_safe(limit).log_e(strata().map(|stratum| bad_trials(stratum, at)));
        return Reading { log_e, threshold: -libm::log(alpha) };
    }
    let by_points = margin::log_e(limit, trials(margin::before));
    if by_either(&guard.name) {
        let by_ratio = ratio.log_e(strata().map(|stratum| bad_trials(stratum, at)));
        return Reading { log_e: by_points.max(by_ratio), threshold: -libm::log(alpha / 2.0) };
    }
    Reading { log_e: by_points, threshold: -libm::log(alpha) }
}

/// Whether a guard counts rare events, which may be shown safe in either of two ways: by points, or by [`SAFE_RATIO`].
pub(crate) fn by_either(guard: &str) -> bool {
    matches!(guard, "errors" | "origin_failure")
}

/// Of rare events, half as many again is what safe excludes where the difference in points does not.
pub(crate) const SAFE_RATIO: f64 = 0.5;

fn bad_trials(stratum: &Stratum, at: usize) -> Events {
    Events { canary: stratum.canary.outcome(at).bad, stable: stratum.stable.outcome(at).bad, odds: stratum.odds }
}

pub(super) fn trials_of(run: &Run, stratum: &Stratum, at: usize, before: fn(u64, u64) -> f64) -> Trials {
    let known = run.before.iter().rev().find(|before| before.step <= stratum.step).and_then(|before| before.stable.get(at));
    let known = known.copied().unwrap_or_default();
    let (canary, stable) = (stratum.canary.outcome(at), stratum.stable.outcome(at));
    Trials {
        canary_bad: canary.bad,
        canary_ok: canary.trials.saturating_sub(canary.bad),
        stable_bad: stable.bad,
        stable_ok: stable.trials.saturating_sub(stable.bad),
        odds: stratum.odds,
        before: before(known.bad, known.trials),
    }
}

/// The sample ratio: ln of the Bayes factors against the odds of the draws, for visitors drawn and for those who came back,
/// whichever is larger, and the ln of the threshold.
#[must_use]
pub fn sample_ratio(tally: &Tally) -> Reading {
    let of = |count: fn(&super::tally::Arm) -> u64| -> f64 {
        let strata = tally.strata.iter();
        strata.map(|stratum| sample_ratio::two(stratum.odds, count(&stratum.canary), count(&stratum.stable))).sum()
    };
    let log_e = of(|arm| arm.draws).max(of(|arm| arm.proven));
    Reading { log_e, threshold: RATIO_ALARM_LN }
}

/// ln 2000: an alarm at p below .001, divided between the two counts that are watched.
pub(super) const RATIO_ALARM_LN: f64 = 7.600_902_459_542_082;
