//! Intervals to show beside an estimate: they hold at all times at once, so nobody is misled by looking early or often.
//!
//! Of one step only, since rates change between steps; beside each other they decide nothing. The interval of a rate holds every
//! share `p` against which the beta-binomial bet has not made 1/α: were `p` the truth, it would make that with probability α at
//! most, ever. (Howard, Ramdas, `McAuliffe` and Sekhon, *Time-uniform, nonparametric, nonasymptotic confidence sequences*, 2021; the
//! package `confseq` computes the same.) The interval of a difference is asymptotic: right once there are many visitors.
//! (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, *Time-uniform central limit theory and asymptotic confidence sequences*, 2024.)

use super::{Odds, Trials, dirichlet, float, pace, rho};

/// The lowest and the highest share of bad trials that `bad` of `n` do not exclude, shortest about `t_opt` trials. (0, 1) without
/// trials.
#[must_use]
pub fn rate(bad: u64, n: u64, alpha: f64, t_opt: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (all, hits) = (float(n), float(bad.min(n)));
    let (concentration, threshold) = (dirichlet::concentration(t_opt), -libm::log(alpha));
    let is_excluded = |p: f64| {
        let parts = [(p, hits), (1.0 - p, all - hits)];
        dirichlet::log_e(concentration, parts.into_iter()) >= threshold
    };
    let seen = hits / all;
    let low = if hits > 0.0 { end(0.0, seen, is_excluded) } else { 0.0 };
    let high = if hits < all { end(1.0, seen, is_excluded) } else { 1.0 };
    (low, high)
}

/// Where a share begins to be excluded on the way from `inside`, which is not, to `outside`. The share returned is at most one step of
/// floats too far out, and `outside` itself if nothing on the way is excluded.
fn end(outside: f64, inside: f64, is_excluded: impl Fn(f64) -> bool) -> f64 {
    let (mut out, mut into) = (outside, inside);
    // The shortest steps, about the smallest shares that counts can have, are reached after some hundred halvings.
    for _ in 0..160 {
        let middle = out.midpoint(into);
        if middle <= out.min(into) || middle >= out.max(into) {
            break;
        }
        if is_excluded(middle) {
            out = middle;
        } else {
            into = middle;
        }
    }
    out
}

/// Half the width of the interval of a difference of means after `n` pairs whose differences have the standard deviation `sd`; `r` says
/// about how many it is shortest. Infinite without any.
#[must_use]
pub fn difference(n: f64, sd: f64, alpha: f64, r: f64) -> f64 {
    if n <= 0.0 {
        return f64::INFINITY;
    }
    let spread = n * r * r;
    sd * (2.0 * (spread + 1.0) / n / spread * (0.5 * libm::log1p(spread) - libm::log(alpha))).sqrt()
}

/// In each arm so many trials are bad and so many are not, before normal distributions are trusted.
const MANY: u64 = 30;

/// The difference of the canary's and stable's shares of bad trials within a step, and its interval: at, low, high; `None` without
/// trials. `t_opt` says about how many trials it is shortest.
///
/// Asymptotic once both arms have seen thirty of each kind; before that, where rare events and small splits would make it far too short,
/// what the bets of [`super::margin`] do not exclude from above and, with the arms in each other's place, from below.
pub fn shares(strata: &(impl Iterator<Item = Trials> + Clone), alpha: f64, t_opt: f64) -> Option<(f64, f64, f64)> {
    let drawn = strata.clone().filter(|trials| trials.odds.is_draw());
    let all = drawn.fold([0; 4], |[canary_bad, canary_ok, stable_bad, stable_ok], of| {
        [canary_bad + of.canary_bad, canary_ok + of.canary_ok, stable_bad + of.stable_bad, stable_ok + of.stable_ok]
    });
    let (at, low, high) = asymptotic(strata.clone(), alpha / 2.0, t_opt)?;
    if all.iter().all(|count: &u64| *count >= MANY) {
        return Some((at, low, high));
    }
    // Half of the probability is for the time before, and half of that for each end.
    let mirrored = strata.clone().map(|of| Trials {
        canary_bad: of.stable_bad,
        canary_ok: of.stable_ok,
        stable_bad: of.canary_bad,
        stable_ok: of.canary_ok,
        odds: Odds { canary: of.odds.stable, stable: of.odds.canary },
        before: of.before,
    });
    let (high, low) = (pace::upper(alpha / 4.0, strata), -pace::upper(alpha / 4.0, &mirrored));
    // Of rates that change, ends that exclude each other are possible, once in a long while.
    Some((at.max(low).min(high), low, high))
}

/// Each trial of each stratum is worth the Z of [`super::margin`], whose mean is the difference there, so that strata with other odds and
/// other rates add up.
fn asymptotic(strata: impl Iterator<Item = Trials>, alpha: f64, t_opt: f64) -> Option<(f64, f64, f64)> {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for trials in strata {
        let Some(rho) = rho(trials.odds) else { continue };
        let b = trials.before;
        for (count, z) in [
            (trials.canary_bad, (1.0 - b) / rho),
            (trials.canary_ok, -b / rho),
            (trials.stable_bad, -(1.0 - b) / (1.0 - rho)),
            (trials.stable_ok, b / (1.0 - rho)),
        ] {
            n += float(count);
            sum += float(count) * z;
            squares += float(count) * z * z;
        }
    }
    if n <= 0.0 {
        return None;
    }
    let mean = sum / n;
    let sd = (squares / n - mean * mean).max(0.0).sqrt();
    let half = difference(n, sd, alpha, spread(t_opt));
    Some((mean.clamp(-1.0, 1.0), (mean - half).clamp(-1.0, 1.0), (mean + half).clamp(-1.0, 1.0)))
}

/// The r of [`difference`] that makes it shortest about `t_opt` pairs, at an error probability of 5 %.
fn spread(t_opt: f64) -> f64 {
    let nats = 2.0 * libm::log(20.0);
    ((nats + libm::log(nats) + 1.0) / t_opt).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 6e-7, "{found:.6} is not {wanted:.6}");
    }

    #[test]
    fn the_interval_of_a_rate_is_that_of_the_public_package() {
        for ((bad, n, t_opt), (low, high)) in [
            ((700, 1000, 100.0), (0.651_629_8, 0.745_949_5)),
            ((15, 50, 50.0), (0.129_557_0, 0.511_896_4)),
            ((0, 1, 50.0), (0.0, 1.0)),
            ((0, 0, 50.0), (0.0, 1.0)),
        ] {
            let found = rate(bad, n, 0.05, t_opt);
            is(found.0, low);
            is(found.1, high);
        }
    }

    #[test]
    fn the_interval_of_a_difference_is_what_was_computed_elsewhere() {
        is(difference(500.0, 1.0, 0.05, 0.039_840), 0.172_403);
        is(difference(5000.0, 1.0, 0.05, 0.039_840), 0.042_924);
        is(difference(50_000.0, 1.0, 0.05, 0.039_840), 0.014_497);
        is(difference(50_000.0, 3.0, 0.05, 0.039_840), 3.0 * difference(50_000.0, 1.0, 0.05, 0.039_840));
        assert!(difference(0.0, 1.0, 0.05, 0.04).is_infinite());
    }

    #[test]
    fn a_difference_of_shares_is_that_of_the_rates_and_strata_add_up() {
        let odds = crate::evidence::odds;
        let one = Trials { canary_bad: 100, canary_ok: 900, stable_bad: 180, stable_ok: 8820, odds: odds(1000), before: 0.02 };
        let (at, low, high) = shares(&[one].into_iter(), 0.05, 1000.0).unwrap();
        assert!((at - 0.08).abs() < 1e-12 && low < at && at < high && low > 0.0, "{low} {at} {high}");
        // The same rates in both arms, others at another split: pooled they would differ by four points.
        let weekend = Trials { canary_bad: 20, canary_ok: 180, stable_bad: 180, stable_ok: 1620, odds: odds(1000), before: 0.1 };
        let monday = Trials { canary_bad: 50, canary_ok: 950, stable_bad: 50, stable_ok: 950, odds: odds(5000), before: 0.1 };
        let (at, low, high) = shares(&[weekend, monday].into_iter(), 0.05, 1000.0).unwrap();
        assert!(at.abs() < 1e-12 && low < 0.0 && 0.0 < high, "{low} {at} {high}");
        assert_eq!(shares(&std::iter::empty(), 0.05, 1000.0), None);
        assert!((spread(5533.0) - 0.039_840).abs() < 1e-5);
    }

    #[test]
    fn what_is_good_and_what_is_bad_mirror_each_other() {
        for (bad, n) in [(0, 10), (3, 10), (70, 1000), (1, 1_000_000)] {
            let (low, high) = rate(bad, n, 0.05, 100.0);
            let mirrored = rate(n - bad, n, 0.05, 100.0);
            assert!((low - (1.0 - mirrored.1)).abs() < 1e-12 && (high - (1.0 - mirrored.0)).abs() < 1e-12, "{bad} of {n}");
        }
    }

    #[test]
    fn an_interval_holds_what_was_seen_and_is_shorter_the_more_was_seen() {
        const MOST: u64 = 1_000_000_000_000;
        let mut before = 1.1;
        for n in [10, 1000, 100_000, 10_000_000, MOST] {
            let (low, high) = rate(n / 10, n, 0.05, 1000.0);
            assert!(low < 0.1 && 0.1 < high && high - low < before, "{n}: {low} {high}");
            before = high - low;
        }
        for bad in [0, 1, 3, MOST - 1, MOST] {
            let (low, high) = rate(bad, MOST, 0.05, 1000.0);
            let seen = float(bad) / float(MOST);
            assert!((0.0..=seen).contains(&low) && (seen..=1.0).contains(&high) && high - low < 1e-9, "{bad}: {low} {high}");
        }
    }

    #[test]
    fn surer_is_wider_and_an_alpha_of_nothing_excludes_nothing() {
        let widths = [0.5, 0.05, 0.001].map(|alpha| {
            let (low, high) = rate(30, 100, alpha, 100.0);
            high - low
        });
        assert!(widths.is_sorted(), "{widths:?}");
        let (low, high) = rate(30, 100, 0.0, 100.0);
        is(low, 0.0);
        is(high, 1.0);
    }
}
