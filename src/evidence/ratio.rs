//! The ratio of two rates, by their events alone: is the canary's rate of bad events above, or below, a multiple of stable's?
//!
//! Given a bad event in a stratum drawn with ρ, it is the canary's with probability `p(δ) = ρδ / (ρδ + 1 − ρ)`, where δ is the
//! ratio of the two rates: whatever the hour of day, and without denominators. Against the boundary `b` and for alternatives
//! `δ_i` with weights `w_i` the e-value is `Σ w_i Π (p(δ_i)/p(b))^canary · ((1 − p(δ_i))/(1 − p(b)))^stable` over the strata.
//! One factor's expectation is linear in the true probability, 1 at the boundary, and below 1 on the hypothesis' side; so the
//! product is a supermartingale for any ρ that is fixed before the event. (Lindon and Malek, *Anytime-valid inference for
//! multinomial count data*, 2022, for a split that never changes; the changing split is ours.)

use super::{Odds, float, log_sum_exp, number, rho};

/// Bad events of one stratum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Of the canary.
    pub canary: u64,
    /// Of stable.
    pub stable: u64,
    /// The odds of the draw.
    pub odds: Odds,
}

/// Alternatives beside the one at "no difference".
const GRID: usize = 60;

/// A logarithm for each alternative.
pub(super) type Bets = [f64; GRID + 1];

/// A hypothesis about the ratio, and what is bet on instead.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// The ratio at the boundary of the hypothesis.
    boundary: f64,
    /// The alternatives and the logarithms of their weights; the last is a ratio of 1, if there is a bet on it.
    alternatives: [Alternative; GRID + 1],
}

#[derive(Clone, Copy, Debug)]
struct Alternative {
    /// ln δ/b.
    log_ratio: f64,
    /// δ.
    delta: f64,
    /// ln w.
    log_weight: f64,
}

impl Alternative {
    const NONE: Self = Self { log_ratio: 0.0, delta: 1.0, log_weight: f64::NEG_INFINITY };
}

impl Ratio {
    /// Against "the canary's rate is at most `1 + margin` of stable's": large when the canary is worse than that.
    #[must_use]
    pub fn harm(margin: f64) -> Self {
        Self::away(1.0 + margin, 1.0)
    }

    /// Against "the canary's rate is at least `1 + margin` of stable's": large when the canary is better than that.
    #[must_use]
    pub fn safe(margin: f64) -> Self {
        Self::back(1.0 + margin, -1.0)
    }

    /// Of a goal, where fewer is worse: against "the canary's rate is at least `1 − margin` of stable's".
    #[must_use]
    pub fn goal_harm(margin: f64) -> Self {
        Self::away(1.0 - margin, -1.0)
    }

    /// Of a goal: against "the canary's rate is at most `1 − margin` of stable's".
    #[must_use]
    pub fn goal_safe(margin: f64) -> Self {
        Self::back(1.0 - margin, 1.0)
    }

    /// Bets on ratios away from no difference, `b · e^±x`: 30 cells on (0, 1.5], where most harm is, and 30 on (1.5, ln 200];
    /// half of the weight is half-normal with τ = 0.7, half is uniform.
    fn away(boundary: f64, sign: f64) -> Self {
        const HALF: usize = GRID / 2;
        const NEAR: f64 = 1.5;
        const TAU: f64 = 0.7;
        let far = libm::log(200.0);
        let cell = |at: usize| -> (f64, f64) {
            let (from, to) = if at < HALF { (0.0, NEAR) } else { (NEAR, far) };
            let width = (to - from) / number(HALF);
            (from + (number(at % HALF) + 0.5) * width, width)
        };
        let bell = |at: usize| -> f64 {
            let (x, width) = cell(at);
            width * libm::exp(-x * x / (2.0 * TAU * TAU))
        };
        let bells: f64 = (0..GRID).map(bell).sum();
        let alternatives = std::array::from_fn(|at| {
            if at == GRID {
                return Alternative::NONE;
            }
            let (x, width) = cell(at);
            let weight = 0.5 * bell(at) / bells + 0.5 * width / far;
            Alternative::at(boundary, sign * x, libm::log(weight))
        });
        Self { boundary, alternatives }
    }

    /// Bets on ratios from the boundary towards no difference and beyond, `b · e^±x`: half of the weight is on no difference
    /// itself, half is half-normal with τ = 0.7 over 60 cells on (0, 3].
    fn back(boundary: f64, sign: f64) -> Self {
        const TAU: f64 = 0.7;
        let x = |at: usize| (number(at) + 0.5) * 3.0 / number(GRID);
        let bell = |at: usize| libm::exp(-x(at) * x(at) / (2.0 * TAU * TAU));
        let bells: f64 = (0..GRID).map(bell).sum();
        let alternatives = std::array::from_fn(|at| {
            if at == GRID {
                return Alternative { log_ratio: -libm::log(boundary), delta: 1.0, log_weight: libm::log(0.5) };
            }
            Alternative::at(boundary, sign * x(at), libm::log(0.5 * bell(at) / bells))
        });
        Self { boundary, alternatives }
    }

    /// ln E of the events of all strata; 0 without any.
    pub fn log_e(&self, strata: impl Iterator<Item = Events>) -> f64 {
        let mut bets = self.begin();
        for events in strata {
            if let Some(gains) = self.gains(events.odds).filter(|_| events.canary > 0 || events.stable > 0) {
                self.add(&mut bets, &gains, events.canary, events.stable);
            }
        }
        Self::value(&bets)
    }

    /// Bets before any event.
    pub(super) fn begin(&self) -> Bets {
        self.alternatives.map(|alternative| alternative.log_weight)
    }

    /// What an event of stable's gains on each alternative in a stratum, `ln (1 − p)/(1 − p_b)`; the canary's gains `ln δ/b` on top
    /// of it. `None` where nobody was drawn. The costly part, the same for all starts.
    pub(super) fn gains(&self, odds: Odds) -> Option<Bets> {
        let rho = rho(odds)?;
        let at_boundary = libm::log1p(rho * (self.boundary - 1.0));
        Some(self.alternatives.map(|alternative| at_boundary - libm::log1p(rho * (alternative.delta - 1.0))))
    }

    /// Adds so many events of a stratum.
    pub(super) fn add(&self, bets: &mut Bets, gains: &Bets, canary: u64, stable: u64) {
        if canary == 0 && stable == 0 {
            return;
        }
        let (canary, all) = (float(canary), float(canary) + float(stable));
        for ((log, alternative), gain) in bets.iter_mut().zip(&self.alternatives).zip(gains) {
            *log += canary * alternative.log_ratio + all * gain;
        }
    }

    /// ln E.
    pub(super) fn value(bets: &Bets) -> f64 {
        log_sum_exp(bets.iter().copied())
    }
}

impl Alternative {
    fn at(boundary: f64, log_ratio: f64, log_weight: f64) -> Self {
        Self { log_ratio, delta: boundary * libm::exp(log_ratio), log_weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::odds;

    fn events(stable: u64, canary: u64, rho_bp: u16) -> Events {
        Events { canary, stable, odds: odds(rho_bp) }
    }

    #[track_caller]
    fn is(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 6e-7, "{found:.6} is not {wanted:.6}");
    }

    #[test]
    fn harm_is_what_was_computed_elsewhere() {
        let none = Ratio::harm(0.0);
        let tenth = Ratio::harm(0.1);
        is(none.log_e([events(99, 1, 100), events(95, 5, 500)].into_iter()), -1.253_391);
        is(none.log_e([events(99, 3, 100), events(95, 12, 500)].into_iter()), 3.077_854);
        is(tenth.log_e([events(99, 3, 100), events(95, 12, 500)].into_iter()), 2.386_444);
        let three = [events(99, 3, 100), events(95, 12, 500), events(75, 50, 2500)];
        is(none.log_e(three.into_iter()), 9.185_651);
        is(tenth.log_e(three.into_iter()), 6.815_533);
        is(none.log_e([events(0, 6, 100)].into_iter()), 21.946_533);
    }

    #[test]
    fn safe_is_what_was_computed_elsewhere() {
        let safe = Ratio::safe(0.5);
        is(safe.log_e([events(60, 40, 5000)].into_iter()), 6.581_778);
        is(safe.log_e([events(50, 50, 5000)].into_iter()), 1.725_904);
    }

    #[test]
    fn without_events_and_without_a_draw_nothing_is_said() {
        for ratio in [Ratio::harm(0.1), Ratio::safe(0.5), Ratio::goal_harm(0.05), Ratio::goal_safe(0.1)] {
            assert!(ratio.log_e(std::iter::empty()).abs() < 1e-12);
            assert!(ratio.log_e([events(0, 0, 500)].into_iter()).abs() < 1e-12);
            assert!(ratio.log_e([events(50, 70, 0), events(50, 70, 10_000)].into_iter()).abs() < 1e-12);
        }
    }

    #[test]
    fn counts_without_bound_give_numbers() {
        const MOST: u64 = 1_000_000_000_000;
        for ratio in [Ratio::harm(0.0), Ratio::safe(0.5), Ratio::goal_harm(0.05), Ratio::goal_safe(0.1)] {
            for (canary, stable) in [(MOST, 0), (0, MOST), (MOST, MOST)] {
                for bp in [1, 5000, 9999] {
                    let log_e = ratio.log_e([events(stable, canary, bp)].into_iter());
                    assert!(log_e.is_finite(), "{canary} {stable} {bp}: {log_e}");
                }
            }
        }
    }

    #[test]
    fn strata_with_the_same_odds_are_one() {
        let harm = Ratio::harm(0.1);
        let whole = harm.log_e([events(30, 9, 2000)].into_iter());
        let parts = harm.log_e([events(10, 2, 2000), events(20, 7, 2000)].into_iter());
        assert!((whole - parts).abs() < 1e-9);
    }

    /// The expectation of one event's factor, summed over its two outcomes, is at most 1 on the hypothesis' side.
    #[test]
    fn no_bet_gains_on_average_under_its_hypothesis() {
        let cases: [(Ratio, &[f64]); 4] = [
            (Ratio::harm(0.1), &[0.2, 0.7, 1.0, 1.05, 1.1]),
            (Ratio::safe(0.5), &[1.5, 1.6, 2.0, 9.0]),
            (Ratio::goal_harm(0.05), &[0.95, 1.0, 1.3, 4.0]),
            (Ratio::goal_safe(0.1), &[0.1, 0.5, 0.9]),
        ];
        for (ratio, deltas) in cases {
            for bp in [1, 100, 500, 2500, 5000, 9000, 9999] {
                let rho = rho(odds(bp)).unwrap();
                for delta in deltas {
                    let q = rho * delta / (rho * delta + 1.0 - rho);
                    let e = |canary, stable| libm::exp(ratio.log_e([events(stable, canary, bp)].into_iter()));
                    let mean = q * e(1, 0) + (1.0 - q) * e(0, 1);
                    assert!(mean <= 1.0 + 1e-9, "ρ {rho} δ {delta}: {mean}");
                }
            }
        }
    }
}
