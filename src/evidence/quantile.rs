//! Quantiles of vitals, from counts in ordered bins: where one is, what is not excluded, and whether two versions share it.
//!
//! If q is the p-quantile, values below it are p of all or fewer, and values up to it p or more; so with values that tie it broken by a
//! coin of the right weight, exactly p of all fall below, and the beta-binomial bet against p is fair. Whatever the coin showed, the
//! bet has made at least its least over all counts it can have shown: what is excluded by that is excluded at every time at once,
//! with ties and bins as well as without. Bets on two versions multiply. (Howard and Ramdas, *Sequential estimation of quantiles with
//! applications to A/B testing and best-arm identification*, 2022; the package `confseq` computes the same of single values.)
//!
//! Bins come in rising order, each once, with how many values they hold. One value per trial, or the trials are not independent.

use super::{dirichlet, float, sample_ratio};

/// The number of values about which [`bounds`] are closest.
const VALUES: f64 = 1000.0;

/// The bin of the p-quantile: the first up to which there are `p` of all values or more. `None` without values.
pub fn estimate(p: f64, bins: impl Iterator<Item = (u32, u64)> + Clone) -> Option<u32> {
    let all = total(bins.clone());
    let mut upto = 0.0;
    bins.filter(|bin| bin.1 > 0)
        .find(|bin| {
            upto += float(bin.1);
            upto >= p * all
        })
        .map(|bin| bin.0)
}

/// The first and the last bin that can hold the p-quantile, at all times at once but for a probability of `alpha`; `None` for an end
/// where values beyond all that were seen are not excluded, and at all without values.
pub fn bounds(p: f64, alpha: f64, bins: impl Iterator<Item = (u32, u64)> + Clone) -> Option<(Option<u32>, Option<u32>)> {
    let bet = Bet::new(p, VALUES, total(bins.clone()))?;
    let threshold = -libm::log(alpha);
    let (mut first, mut last) = (None, None);
    let mut below = 0.0;
    for (bin, count) in bins.filter(|bin| bin.1 > 0) {
        let upto = below + float(count);
        if bet.least(below, upto) < threshold {
            first = first.or(Some(bin));
            last = Some(bin);
        }
        below = upto;
    }
    let is_open = |below: f64| bet.log_e(below) < threshold;
    Some((first.filter(|_| !is_open(0.0)), last.filter(|_| !is_open(bet.all))))
}

/// The p-value, valid at all times at once, of "both have the same p-quantile"; 1 while one has no values. `t_opt` is the number of
/// values of each about which it is smallest.
pub fn compare(
    p: f64,
    t_opt: f64,
    a: impl Iterator<Item = (u32, u64)> + Clone,
    b: impl Iterator<Item = (u32, u64)> + Clone,
) -> f64 {
    let bets = Bet::new(p, t_opt, total(a.clone())).zip(Bet::new(p, t_opt, total(b.clone())));
    let Some((bet_a, bet_b)) = bets else { return 1.0 };
    let (mut a, mut b) = (a.peekable(), b.peekable());
    let (mut below_a, mut below_b) = (0.0, 0.0);
    // Between two bins nothing is smaller than in one of them, which allows the same counts and more.
    let mut least = f64::INFINITY;
    while let Some(bin) = a.peek().into_iter().chain(b.peek()).map(|bin| bin.0).min() {
        let upto_a = below_a + a.next_if(|next| next.0 == bin).map_or(0.0, |next| float(next.1));
        let upto_b = below_b + b.next_if(|next| next.0 == bin).map_or(0.0, |next| float(next.1));
        least = least.min(bet_a.least(below_a, upto_a) + bet_b.least(below_b, upto_b));
        (below_a, below_b) = (upto_a, upto_b);
    }
    sample_ratio::p_of(least)
}

fn total(bins: impl Iterator<Item = (u32, u64)>) -> f64 {
    bins.map(|bin| float(bin.1)).sum()
}

/// A bet against "a share of `p` falls below", of one version.
struct Bet {
    p: f64,
    concentration: f64,
    /// How many values there are.
    all: f64,
    /// How many of them below would make the least of the bet.
    worst: f64,
}

impl Bet {
    fn new(p: f64, t_opt: f64, all: f64) -> Option<Self> {
        if all <= 0.0 || p <= 0.0 || p >= 1.0 {
            return None;
        }
        let mut bet = Self { p, concentration: dirichlet::concentration(t_opt), all, worst: 0.0 };
        // The logarithm is convex in how many fall below. The interval shrinks by a third at a time.
        let (mut low, mut high) = (0.0, all);
        for _ in 0..100 {
            let third = (high - low) / 3.0;
            if bet.log_e(low + third) <= bet.log_e(high - third) {
                high -= third;
            } else {
                low += third;
            }
        }
        bet.worst = low.midpoint(high);
        Some(bet)
    }

    fn log_e(&self, below: f64) -> f64 {
        let parts = [(self.p, below), (1.0 - self.p, (self.all - below).max(0.0))];
        dirichlet::log_e(self.concentration, parts.into_iter())
    }

    /// The least that the bet can have made, if between `below` and `upto` values fall below.
    fn least(&self, below: f64, upto: f64) -> f64 {
        self.log_e(self.worst.max(below).min(upto))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(values: std::ops::RangeInclusive<u32>) -> impl Iterator<Item = (u32, u64)> + Clone {
        values.map(|value| (value, 1))
    }

    #[test]
    fn two_versions_are_compared_as_the_public_package_does() {
        for (p, off, wanted) in [(0.5, 70, 0.814_704), (0.5, 100, 0.005_494_70), (0.75, 50, 1.0)] {
            let found = compare(p, 100.0, each(1..=1000), each(1 + off..=1000 + off));
            assert!((found - wanted).abs() < 6e-7, "{p} {off}: {found}");
            let mirrored = compare(p, 100.0, each(1 + off..=1000 + off), each(1..=1000));
            assert!((found - mirrored).abs() < 1e-12, "{p} {off}: {found} {mirrored}");
        }
    }

    #[test]
    fn the_estimate_is_the_bin_of_the_sorted_value() {
        assert_eq!(estimate(0.75, each(1..=1000)), Some(750));
        assert_eq!(estimate(0.75, [(4, 3), (9, 1)].into_iter()), Some(4));
        assert_eq!(estimate(0.75, [(4, 2), (6, 0), (9, 1)].into_iter()), Some(9));
        assert_eq!(estimate(1.0, [(4, 2), (9, 1), (12, 0)].into_iter()), Some(9));
        assert_eq!(estimate(0.0, [(1, 0), (4, 2), (9, 1)].into_iter()), Some(4));
        assert_eq!(estimate(0.75, std::iter::empty()), None);
        assert_eq!(estimate(0.75, [(4, 0)].into_iter()), None);
    }

    /// Without ties the counts that are not excluded are those of which the interval of a rate holds `p`.
    #[test]
    fn bounds_are_the_counts_that_do_not_exclude_the_share() {
        for (p, n) in [(0.5, 300), (0.75, 1000), (0.75, 60), (0.95, 400)] {
            let holds = |below: &u32| {
                let (low, high) = crate::evidence::interval::rate(u64::from(*below), u64::from(n), 0.05, VALUES);
                low <= p && p <= high
            };
            let counts: Vec<u32> = (0..=n).filter(holds).collect();
            let (least, most) = (counts[0], counts[counts.len() - 1]);
            // With `least` of n below, the quantile can be the value in that place; with `most`, the one after.
            let wanted = ((least > 0).then_some(least), (most < n).then_some(most + 1));
            assert_eq!(bounds(p, 0.05, each(1..=n)), Some(wanted), "{p} {n}");
        }
    }

    #[test]
    fn bounds_are_open_until_enough_was_seen_and_hold_the_estimate() {
        assert_eq!(bounds(0.75, 0.05, each(1..=5)), Some((None, None)));
        assert_eq!(bounds(0.75, 0.05, std::iter::empty()), None);
        let (first, last) = bounds(0.75, 0.05, [(3, 1000), (7, 4000), (8, 900)].into_iter()).unwrap();
        assert_eq!((first, last), (Some(7), Some(7)));
        let (first, last) = bounds(0.95, 0.05, [(3, 10), (7, 2), (8, 1)].into_iter()).unwrap();
        assert_eq!((first, last), (Some(3), None), "the 0.95 quantile of thirteen values may lie above all");
    }

    #[test]
    fn coarser_bins_never_exclude_more() {
        let coarse = |off: u32, width: u32| {
            (0..2000 / width).map(move |bin| {
                let inside = (bin * width..(bin + 1) * width).filter(|value| (1 + off..=1000 + off).contains(value)).count();
                (bin, inside as u64)
            })
        };
        for off in [70, 100, 150] {
            let values = [1, 5, 20, 100].map(|width| compare(0.5, 100.0, coarse(0, width), coarse(off, width)));
            assert!(values.is_sorted(), "{off}: {values:?}");
        }
    }

    #[test]
    fn counts_without_bound_give_numbers() {
        const MOST: u64 = 1_000_000_000_000;
        let one = [(1, MOST), (2, MOST / 3)];
        let other = [(1, MOST), (2, MOST / 3 + 200)];
        let same = compare(0.75, 1000.0, one.into_iter(), other.into_iter());
        assert!((same - 1.0).abs() < 1e-12, "{same}");
        let apart = compare(0.5, 1000.0, one.into_iter(), [(2, MOST)].into_iter());
        assert!((0.0..1e-9).contains(&apart), "{apart}");
        for p in [0.001, 0.5, 0.999] {
            let found = bounds(p, 1e-9, [(1, MOST), (5, 1), (9, MOST)].into_iter()).unwrap();
            assert!(found.0.is_some() && found.1.is_some(), "{p}: {found:?}");
        }
        assert!((compare(0.5, 1000.0, one.into_iter(), std::iter::empty()) - 1.0).abs() < 1e-15);
    }
}
