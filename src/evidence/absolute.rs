//! Whether the canary's bad share is above a fixed one: all that can be asked where nobody has stable beside it.
//!
//! Against "of the canary's trials at most the share `a` is bad, whatever came before" a bet on the share p > a multiplies by p/a on a
//! bad trial and by (1 − p)/(1 − a) on another. Its mean, q·p/a + (1 − q)(1 − p)/(1 − a) at a true share q, is linear in q, 1 at q = a and
//! falls with q: fair or worse under the hypothesis. The bets are spread over shares whose odds are eˣ times those of `a`, with the
//! weights that [`super::ratio`] gives to ratios.

use super::{float, log_sum_exp, number};

/// How many shares are bet on.
const GRID: usize = 60;
/// The farthest: two hundred times the odds.
const FAR: f64 = 200.0;
/// How wide the near half of the weight is.
const TAU: f64 = 0.7;

/// ln E against "a share of at most `limit` is bad", after so many trials; 0 without any, and where there is no limit that could be
/// passed.
#[must_use]
pub fn log_e(limit: f64, bad: u64, ok: u64) -> f64 {
    if !(limit > 0.0 && limit < 1.0) || (bad == 0 && ok == 0) {
        return 0.0;
    }
    let (bad, ok) = (float(bad), float(ok));
    let width = libm::log(FAR) / number(GRID);
    let x = |at: usize| (number(at) + 0.5) * width;
    let bell = |at: usize| libm::exp(-x(at) * x(at) / (2.0 * TAU * TAU));
    let bells: f64 = (0..GRID).map(bell).sum();
    let terms = (0..GRID).map(|at| {
        // With the odds of `limit` times eˣ, (1 − p)/(1 − a) is 1/(1 + a(eˣ − 1)), and p/a is that times eˣ.
        let kept = -libm::log1p(limit * libm::expm1(x(at)));
        let weight = 0.5 * bell(at) / bells + 0.5 / number(GRID);
        libm::log(weight) + bad * (x(at) + kept) + ok * kept
    });
    log_sum_exp(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bet_gains_on_average_while_the_share_is_at_most_the_limit() {
        for limit in [0.0001, 0.02, 0.3, 0.9999] {
            for part in [0.0, 0.5, 0.9, 1.0] {
                let q = limit * part;
                let mean = q * libm::exp(log_e(limit, 1, 0)) + (1.0 - q) * libm::exp(log_e(limit, 0, 1));
                assert!(mean <= 1.0 + 1e-9, "limit {limit} share {q}: {mean}");
                assert!(part < 1.0 || mean > 1.0 - 1e-9, "it is fair at the limit: {mean}");
            }
        }
    }

    #[test]
    fn each_bad_trial_speaks_against_the_limit_and_each_other_for_it() {
        for limit in [0.001, 0.02, 0.5] {
            let mut before = log_e(limit, 0, 500);
            for bad in 1..60 {
                let now = log_e(limit, bad, 500);
                assert!(now > before, "{limit} {bad}");
                assert!(log_e(limit, bad, 501) < now, "{limit} {bad}");
                before = now;
            }
        }
    }

    #[test]
    fn a_share_above_the_limit_is_shown_and_one_below_never() {
        // ln 2400 is what one of six guards has, when half of its part is for this.
        let threshold = libm::log(2400.0);
        assert!(log_e(0.02, 30, 470) > threshold, "{}", log_e(0.02, 30, 470));
        assert!(log_e(0.02, 1_000_000, 99_000_000) < 0.0);
    }

    #[test]
    fn counts_without_bound_give_numbers_and_no_limit_says_nothing() {
        const MOST: u64 = 1_000_000_000_000;
        for (bad, ok) in [(MOST, 0), (0, MOST), (MOST, MOST)] {
            assert!(log_e(0.0001, bad, ok).is_finite() && log_e(0.9999, bad, ok).is_finite(), "{bad} {ok}");
        }
        for limit in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(log_e(limit, 10, 10).abs() < 1e-15);
        }
        assert!(log_e(0.02, 0, 0).abs() < 1e-15);
    }
}
