//! Whether a look at the evidence would decide nothing, found out in a part of the time that the look takes.
//!
//! Only simulations ask: they look some hundred times at each of thousands of rollouts, and nearly all looks decide nothing. A yes is
//! certain, because all that a look could do is excluded by bounds that are never too low; a no says only that it has to be
//! looked at. What decides is [`super::step()`] alone.

use super::offer::{Ladder, Rung};
use super::policy::Guard;
use super::state::{Phase, Run, Start, State, events};
use super::tally::{Arm, Stratum, Tally, order};
use super::tick::{DAY_MS, SECOND_MS, SILENCE_MS};
use super::verdict::{RATIO_ALARM_LN, SAFE_RATIO, harm_ratio, part, safe, weights};
use crate::evidence::ratio::{Events, Ratio};
use crate::evidence::restarts::Below;
use crate::evidence::sample_ratio;
use crate::slot::Odds;

/// What is worth remembering from one look to the next of the same rollout.
pub struct Quiet {
    /// By whether it is a goal, and the margin.
    harms: Vec<((bool, u16), Below)>,
    safe_ratio: Ratio,
    /// The guard that was not safe the last time.
    not_safe: usize,
    /// Bayes factors of the strata, for visitors drawn and for those who came back.
    factors: [Vec<Factor>; 2],
}

/// ln of a stratum's Bayes factor, behind what it was made from.
#[derive(Clone, Copy, Default)]
struct Factor {
    of: (Odds, u64, u64),
    log_bf: f64,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { harms: Vec::new(), safe_ratio: Ratio::safe(SAFE_RATIO), not_safe: 0, factors: [Vec::new(), Vec::new()] }
    }
}

impl Quiet {
    /// Whether a look would decide nothing, for certain.
    pub fn is_quiet(&mut self, state: &State, tally: &Tally, now_ms: u64) -> bool {
        let (Some(run), Some(ladder)) = (&state.run, &state.offer.rollout) else { return false };
        let Some(rung) = ladder.rung(run.step) else { return false };
        // What is rare is looked at.
        let is_plain = state.phase == Phase::Ramping
            && !state.is_off
            && run.areas.is_empty()
            && run.policy.pace.is_none()
            && run.policy.optimise.is_none()
            && run.policy.guards.iter().all(|guard| guard.absolute_bp.is_none());
        let is_marked = run.before.last().is_some_and(|before| before.step >= run.step)
            && run.starts.last().is_some_and(|start| now_ms < start.at_ms + DAY_MS);
        let is_heard = now_ms.saturating_sub(tally.newest_ms.max(run.since_ms)) <= SILENCE_MS;
        let is_in_time = now_ms < run.deadline_from_ms + u64::from(run.policy.deadline_s) * SECOND_MS;
        is_plain
            && is_marked
            && is_heard
            && is_in_time
            && self.waits(run, ladder, rung, tally, now_ms)
            && self.is_split_right(tally)
            && self.is_harmless(run, tally)
    }

    /// Whether it waits for something, for certain.
    fn waits(&mut self, run: &Run, ladder: &Ladder, rung: &Rung, tally: &Tally, now_ms: u64) -> bool {
        let is_short = now_ms < run.since_ms + u64::from(rung.hold_s) * SECOND_MS;
        if is_short || (rung.draws() && tally.drawn_at(run.step) < rung.least_visitors) {
            return true;
        }
        if !rung.draws() || ladder.rung(run.step + 1).is_some_and(Rung::draws) {
            return false;
        }
        let guards = &run.policy.guards;
        let first = guards.get(self.not_safe).map(|guard| (self.not_safe, guard));
        let ratio = &self.safe_ratio;
        let is_not_safe = |(at, guard): &(usize, &Guard)| guard.required && !safe(run, tally, guard, *at, ratio).is_reached();
        let found = first.into_iter().chain(guards.iter().enumerate()).find(is_not_safe);
        self.not_safe = found.map_or(0, |(at, _)| at);
        found.is_some()
    }

    /// Whether no harm is shown, for certain.
    fn is_harmless(&mut self, run: &Run, tally: &Tally) -> bool {
        let weights = weights(&run.policy);
        let before: Vec<Vec<&[(u64, u64)]>> = run.starts.iter().map(|start| counted(start, &tally.strata)).collect();
        run.policy.guards.iter().enumerate().all(|(at, guard)| {
            let kind = (guard.is_goal(), guard.margin_bp);
            let known = self.harms.iter().position(|(of, _)| *of == kind).unwrap_or_else(|| {
                self.harms.push((kind, Below::new(harm_ratio(guard))));
                self.harms.len() - 1
            });
            let Some((_, harm)) = self.harms.get_mut(known) else { return false };
            let of = |arm: &Arm| events(arm.outcome(at));
            let strata = tally.strata.iter();
            let strata =
                strata.map(|stratum| Events { canary: of(&stratum.canary), stable: of(&stratum.stable), odds: stratum.odds });
            let bad = |start: usize, stratum: usize| {
                let counted = before.get(start).and_then(|of| of.get(stratum)?.get(at).copied());
                counted.unwrap_or_default()
            };
            harm.is_below(-libm::log(part(&run.policy, guard, weights)), run.starts.len(), strata, bad)
        })
    }

    /// Whether the arms have the sizes that were drawn.
    fn is_split_right(&mut self, tally: &Tally) -> bool {
        let counts: [fn(&Arm) -> u64; 2] = [|arm| arm.draws, |arm| arm.proven];
        self.factors.iter_mut().zip(counts).all(|(factors, count)| {
            factors.resize(tally.strata.len(), Factor::default());
            let factors = factors.iter_mut().zip(&tally.strata).map(|(factor, stratum)| {
                let of = (stratum.odds, count(&stratum.canary), count(&stratum.stable));
                if factor.of != of {
                    *factor = Factor { of, log_bf: sample_ratio::two(of.0, of.1, of.2) };
                }
                factor.log_bf
            });
            factors.sum::<f64>() < RATIO_ALARM_LN
        })
    }
}

/// What had been counted of each stratum at a start: canary and stable of each guard.
fn counted<'a>(start: &'a Start, strata: &[Stratum]) -> Vec<&'a [(u64, u64)]> {
    let mut counts = start.counts.iter().peekable();
    let of = |stratum: &Stratum| loop {
        let Some(next) = counts.peek() else { return [].as_slice() };
        match order((next.key.0, &next.key.1, next.key.2), stratum.key()) {
            std::cmp::Ordering::Less => _ = counts.next(),
            std::cmp::Ordering::Equal => return next.bad.as_slice(),
            std::cmp::Ordering::Greater => return [].as_slice(),
        }
    };
    strata.iter().map(of).collect()
}
