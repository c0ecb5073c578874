//! Whether live pages are kept: the `Safe` of missing pages.
//!
//! The hypothesis is that the canary keeps at most `1 − f` of stable's share of live pages. A unit gains on a canary page that
//! is alive and on a stable page that is missing, and loses on the others, weighted so that under the hypothesis nothing is
//! gained on average whatever the shares are: with g, stable's live share in the steps before, canary alive gains
//! `(1−g)/ρ + fg`, canary missing `−g/ρ + fg`, stable alive `−(1−f)(1−g)/(1−ρ) + fg`, stable missing `(1−f)g/(1−ρ) + fg`. Pages
//! that never report because something blocks the script are missing in both arms alike and teach nothing; if everything is
//! silent, nothing is gained, where a ratio of missing pages would call a dead intake safe after 137 page views.

use super::{Trials, bet, float};

/// ln E against "at most `1 − f` of stable's live share is kept". [`Trials::before`] is [`before`]; bad is missing.
pub fn log_e(f: f64, strata: impl Iterator<Item = Trials>) -> f64 {
    bet(strata, |trials, rho| {
        let g = trials.before;
        let kept = f * g;
        let canary_missing = -g / rho + kept;
        let canary_alive = (1.0 - g) / rho + kept;
        let stable_missing = (1.0 - f) * g / (1.0 - rho) + kept;
        let stable_alive = -(1.0 - f) * (1.0 - g) / (1.0 - rho) + kept;
        [canary_missing, canary_alive, stable_missing, stable_alive]
    })
}

/// Stable's live share before a step; a half where nothing is known.
#[must_use]
pub fn before(alive: u64, trials: u64) -> f64 {
    if trials == 0 { 0.5 } else { (float(alive) / float(trials)).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::odds;

    fn trials(canary: (u64, u64), stable: (u64, u64), bp: u16, before: f64) -> Trials {
        let ((canary_ok, canary_bad), (stable_ok, stable_bad)) = (canary, stable);
        Trials { canary_bad, canary_ok, stable_bad, stable_ok, odds: odds(bp), before }
    }

    #[track_caller]
    fn is(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 6e-7, "{found:.6} is not {wanted:.6}");
    }

    #[test]
    fn alive_kept_is_what_was_computed_elsewhere() {
        let later = trials((2250, 250), (2250, 250), 5000, 0.9);
        is(log_e(0.05, [later].into_iter()), 11.822_798);
        is(log_e(0.05, [trials((45, 5), (855, 95), 500, 0.5), later].into_iter()), 11.696_397);
        is(log_e(0.05, [trials((0, 2500), (0, 2500), 5000, 0.5)].into_iter()), -1.494_562);
        is(log_e(0.05, std::iter::empty()), 0.0);
    }

    #[test]
    fn what_was_known_before_is_a_share() {
        assert_eq!(
            [before(0, 0), before(0, 10), before(9, 10), before(10, 10)].map(f64::to_bits),
            [0.5, 0.0, 0.9, 1.0].map(f64::to_bits)
        );
    }

    /// One trial's expected factor at every stake, at the boundary and beyond it, is at most 1.
    #[test]
    fn no_bet_gains_on_average_under_its_hypothesis() {
        let f = 0.05;
        for bp in [1, 100, 500, 5000, 9500] {
            for g in [0.0, 0.3, 0.5, 0.9, 1.0] {
                for stable in [0.0, 0.2, 0.7, 1.0] {
                    for kept in [0.0, 0.5, 1.0 - f] {
                        let rho = f64::from(bp) / 10_000.0;
                        let canary = stable * kept;
                        let one = |canary, stable| libm::exp(log_e(f, [trials(canary, stable, bp, g)].into_iter()));
                        let mean = rho * (canary * one((1, 0), (0, 0)) + (1.0 - canary) * one((0, 1), (0, 0)))
                            + (1.0 - rho) * (stable * one((0, 0), (1, 0)) + (1.0 - stable) * one((0, 0), (0, 1)));
                        assert!(mean <= 1.0 + 1e-9, "ρ {rho} g {g} stable {stable} canary {canary}: {mean}");
                    }
                }
            }
        }
    }

    #[test]
    fn counts_without_bound_give_numbers() {
        const MOST: u64 = 1_000_000_000_000;
        for bp in [1, 5000, 9999] {
            for g in [0.0, 0.5, 1.0] {
                let log_e = log_e(0.05, [trials((MOST, 0), (0, MOST), bp, g), trials((0, MOST), (MOST, 0), bp, g)].into_iter());
                assert!(log_e.is_finite(), "{bp} {g}: {log_e}");
            }
        }
    }
}
