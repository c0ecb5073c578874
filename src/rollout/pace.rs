//! How far the next step goes: to the ladder's, or to a rung on the way to it, by what is known of the harm.
//!
//! Of the canary's page views at most a share U is harmed, as far as can be known by now: the largest U of all guards that count bad
//! pages, each at its part of the probability of a false promotion, so that all of them hold together. Then a weight of
//! B/(N·U) harms at most B of N page views on average ([`crate::evidence::pace`]). Rungs that are allowed are passed over; where
//! not even the next one is, the rollout waits.

use super::offer::Ladder;
use super::policy::{Guard, Pace};
use super::state::Run;
use super::tally::Tally;
use super::verdict::{share, trials_of};
use crate::evidence::{margin, number, pace};
use crate::slot::Weight;

/// How far a rollout may go from its step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The step that may be next; its own if none may.
    pub step: u16,
    /// The weight that evidence allows, the next of the config's steps at most.
    pub allowed: Weight,
    /// The largest share of the canary's page views that may be harmed and is not excluded.
    pub upper: f64,
}

/// How far a rollout may go, if its config says what a step may harm.
#[must_use]
pub fn reach(run: &Run, ladder: &Ladder, tally: &Tally) -> Option<Reach> {
    let Pace { harmed, views } = run.policy.pace?;
    let now = ladder.rung(run.step)?.weight(ladder.canary)?;
    let behind = || (run.step + 1..=ladder.last()).filter_map(|step| Some((step, ladder.rung(step)?)));
    let (next, rung) = behind().find(|(_, rung)| !rung.between)?;
    let upper = upper(run, tally);
    let allowed = pace::next(now, rung.weight(ladder.canary)?, harmed, views, upper);
    let fits =
        |step: &u16| ladder.rung(*step).and_then(|rung| rung.weight(ladder.canary)).is_some_and(|weight| weight <= allowed);
    let step = (run.step + 1..=next).rev().find(fits).unwrap_or(run.step);
    Some(Reach { step, allowed, upper })
}

fn upper(run: &Run, tally: &Tally) -> f64 {
    let counts = |guard: &&Guard| !guard.is_goal();
    let guards = run.policy.guards.iter().filter(counts).count();
    let alpha = share(run.policy.false_promotion_bp) / number(guards.max(1));
    let of = |(at, _): (usize, &Guard)| {
        let strata = tally.strata.iter().map(|stratum| trials_of(run, stratum, at, margin::before));
        pace::upper(alpha, &strata)
    };
    let all = run.policy.guards.iter().enumerate().filter(|(_, guard)| counts(guard)).map(of);
    all.fold(f64::NEG_INFINITY, f64::max).clamp(-1.0, 1.0)
}
