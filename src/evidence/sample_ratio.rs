//! Is the split what it should be? A broken split makes every other number meaningless.
//!
//! Counts against the odds of their draws, by a Bayes factor with a Dirichlet prior around the odds: an e-value, so it may be
//! looked at after every visitor. (Lindon and Malek, 2022; the test that Optimizely's `ssrm` makes.)

use super::{Odds, dirichlet, float, rho};

/// How sure the prior is that the odds are nearly right: as if so many visitors had been seen.
const CONCENTRATION: f64 = 100.0;

/// ln of the Bayes factor of counts against the shares they should have (above 0, together 1), for a prior of this concentration.
pub fn log_bf(concentration: f64, parts: impl Iterator<Item = (f64, u64)> + Clone) -> f64 {
    dirichlet::log_e(concentration, parts.map(|(share, count)| (share, float(count))))
}

/// The same for canary and stable, drawn with these odds; 0 where it was no draw.
#[must_use]
pub fn two(odds: Odds, canary: u64, stable: u64) -> f64 {
    let Some(rho) = rho(odds) else { return 0.0 };
    log_bf(CONCENTRATION, [(rho, canary), (1.0 - rho, stable)].into_iter())
}

/// The p-value of a Bayes factor, valid at any time.
#[must_use]
pub fn p_of(log_bf: f64) -> f64 {
    libm::exp(-log_bf).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::odds;

    #[track_caller]
    fn is(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 6e-7 * wanted.abs().max(1.0), "{found:.6} is not {wanted:.6}");
    }

    #[test]
    fn the_sample_ratio_is_what_others_compute() {
        is(two(odds(5000), 40, 60), 0.658_892);
        is(p_of(two(odds(5000), 40, 60)), 0.517_424);
        is(two(odds(1000), 30, 90), 6.105_900);
        is(p_of(two(odds(1000), 30, 90)), 0.002_229_67);
        let sure = log_bf(10_000.0, [(0.5, 4500), (0.5, 5500)].into_iter());
        is(sure, 24.665_093);
        assert!((p_of(sure) * 1e11 - 1.94).abs() < 0.005, "{}", p_of(sure));
        is(two(odds(0), 10, 10), 0.0);
    }

    /// Of three versions, one visitor at a time, with a uniform prior: the marginal likelihood is the Bayes factor times ⅓ each.
    #[test]
    fn any_number_of_versions_is_what_others_compute() {
        let mut counts = [0; 3];
        let wanted = [-1.098_612_3, -2.484_906_6, -3.401_197_4, -4.499_809_7];
        for ((version, wanted), seen) in [0, 1, 0, 1].into_iter().zip(wanted).zip(1_u32..) {
            counts[version] += 1;
            let log_bf = log_bf(3.0, counts.into_iter().map(|count| (1.0 / 3.0, count)));
            is(log_bf - f64::from(seen) * libm::log(3.0), wanted);
        }
        counts[2] += 1;
        is(log_bf(3.0, counts.into_iter().map(|count| (1.0 / 3.0, count))) - 5.0 * libm::log(3.0), -6.445_719_8);
    }

    #[test]
    fn a_split_that_is_a_little_off_is_found_at_any_size() {
        for n in [10_000_u64, 1_000_000, 1_000_000_000_000] {
            let off = two(odds(5000), n + n / 10, n - n / 10);
            let wanted = 0.005_008_36 * 2.0 * float(n);
            assert!(off.is_finite() && (off / wanted - 1.0).abs() < 0.1, "{n}: {off} is not about {wanted}");
        }
    }

    #[test]
    fn arms_of_the_right_size_are_never_an_alarm() {
        for n in [0_u64, 10, 1000, 1_000_000, 1_000_000_000_000] {
            assert!(two(odds(5000), n, n) <= 1e-9, "{n}");
        }
    }
}
