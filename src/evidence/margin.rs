//! Whether a difference is below so many points: the `Safe` of rare events and of vitals.
//!
//! The hypothesis is that the canary's share of bad trials is above stable's by `a` or more. With b, stable's bad share in the
//! steps before, a trial estimates the difference by `Z`: canary bad `(1−b)/ρ`, canary ok `−b/ρ`, stable bad `−(1−b)/(1−ρ)`,
//! stable ok `b/(1−ρ)`; its mean is the difference whatever b is, and b only makes it vary less. A unit staked gains `a − Z`.
//! Where events are rare a ratio takes for ever: a site without errors would stay undecided, and this takes 1,900 views.

use super::{Trials, bet, float};

/// ln E against "the canary's bad share is above stable's by `a` or more". [`Trials::before`] is [`before`].
pub fn log_e(a: f64, strata: impl Iterator<Item = Trials>) -> f64 {
    bet(strata, |trials, rho| {
        let b = trials.before;
        let canary_bad = a - (1.0 - b) / rho;
        let canary_ok = a + b / rho;
        let stable_bad = a + (1.0 - b) / (1.0 - rho);
        let stable_ok = a - b / (1.0 - rho);
        [canary_bad, canary_ok, stable_bad, stable_ok]
    })
}

/// Stable's bad share before a step: not below .002, and .02 where nothing is known.
#[must_use]
pub fn before(bad: u64, trials: u64) -> f64 {
    if trials == 0 { 0.02 } else { (float(bad) / float(trials)).clamp(0.002, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::odds;

    fn trials(canary: (u64, u64), stable: (u64, u64), bp: u16, before: f64) -> Trials {
        let ((canary_bad, canary_ok), (stable_bad, stable_ok)) = (canary, stable);
        Trials { canary_bad, canary_ok, stable_bad, stable_ok, odds: odds(bp), before }
    }

    #[track_caller]
    fn is(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 6e-7, "{found:.6} is not {wanted:.6}");
    }

    #[test]
    fn an_absolute_margin_is_what_was_computed_elsewhere() {
        is(log_e(0.005, [trials((60, 5940), (60, 5940), 5000, 0.01)].into_iter()), 1.939_226);
        is(log_e(0.005, [trials((0, 1500), (0, 1500), 5000, 0.002)].into_iter()), 5.796_450);
        is(log_e(0.005, std::iter::empty()), 0.0);
    }

    /// One trial's expected factor, at the boundary and beyond it, is at most 1.
    #[test]
    fn no_bet_gains_on_average_under_its_hypothesis() {
        for a in [0.005, 0.05] {
            for bp in [1, 100, 500, 5000, 9500] {
                for b in [0.002, 0.02, 0.3, 1.0] {
                    for stable in [0.0, 0.01, 0.3, 0.9] {
                        for worse in [a, a + 0.05] {
                            let (rho, canary): (f64, f64) = (f64::from(bp) / 10_000.0, stable + worse);
                            let one = |canary, stable| libm::exp(log_e(a, [trials(canary, stable, bp, b)].into_iter()));
                            let mean = rho * (canary * one((1, 0), (0, 0)) + (1.0 - canary) * one((0, 1), (0, 0)))
                                + (1.0 - rho) * (stable * one((0, 0), (1, 0)) + (1.0 - stable) * one((0, 0), (0, 1)));
                            assert!(mean <= 1.0 + 1e-9, "a {a} ρ {rho} b {b} stable {stable}: {mean}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn counts_without_bound_give_numbers() {
        const MOST: u64 = 1_000_000_000_000;
        for bp in [1, 5000, 9999] {
            let log_e = log_e(0.005, [trials((MOST, 0), (0, MOST), bp, 0.02), trials((0, MOST), (MOST, 0), bp, 1.0)].into_iter());
            assert!(log_e.is_finite(), "{bp}: {log_e}");
        }
    }
}
