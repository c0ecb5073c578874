//! Which of several good versions is best for a goal, and what share of visitors each should get.
//!
//! Thompson sampling: a version gets visitors with the probability that it is the best, as far as is known. With `s` goals met in `n`
//! trials what is known of its rate is the Beta distribution with parameters 1 + s and 1 + n − s, and the probability is an integral,
//! worked out here on fixed points, so that the same counts give the same split anywhere. Only among versions whose guards are
//! safe: a bandit learns of rare harm slowly, and learns it from visitors.
//!
//! In the log odds of the rate a Beta density is smooth and single-peaked for any counts. All versions' densities are added up from
//! below on common panels, each a fifth of a standard deviation wide or less, by three-point Gauss collocation: it gives at each point both
//! the density and the distribution function so far. A split is made once a period; nothing here is called per request.

use super::float;
use crate::slot::{SLOTS, Weight};

/// Goals met, of trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Goals {
    /// Trials in which it was met.
    pub met: u64,
    /// All trials.
    pub trials: u64,
}

/// What is known of a version's rate, as if in one stratum: so many trials met the goal and so many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// Met, 0 or more.
    pub met: f64,
    /// Not met, 0 or more.
    pub not: f64,
}

/// What is known of each version from strata between which rates and splits differ: `strata` holds the goals of each version in
/// one stratum, in the same order.
///
/// A version's rate is the mean of its rates in the strata, weighted by the trials of all versions there, the same for all; so nobody
/// looks better for having been drawn more on a good day. As many trials count as give such a mean its variance, which is never
/// more than there were. Strata in which a version was not tried compare nothing and are left out.
#[must_use]
pub fn pool(strata: &[Vec<Goals>]) -> Vec<Known> {
    let versions = strata.iter().map(Vec::len).min().unwrap_or(0);
    let tried = || strata.iter().filter(|stratum| stratum.iter().take(versions).all(|goals| goals.trials > 0));
    let of_all = |stratum: &Vec<Goals>| -> f64 { stratum.iter().take(versions).map(|goals| float(goals.trials)).sum() };
    let all: f64 = tried().map(of_all).sum();
    let known = |version: usize| {
        let (mut rate, mut variance) = (0.0, 0.0);
        for stratum in tried() {
            let share = of_all(stratum) / all;
            let goals = stratum.get(version).copied().unwrap_or_default();
            rate += share * float(goals.met.min(goals.trials)) / float(goals.trials);
            variance += share * share / float(goals.trials);
        }
        if variance <= 0.0 {
            return Known::default();
        }
        Known { met: rate / variance, not: (1.0 - rate).max(0.0) / variance }
    };
    (0..versions).map(known).collect()
}

/// The probability that `b` has the higher rate.
#[must_use]
pub fn better(a: Known, b: Known) -> f64 {
    best(&[a, b]).last().copied().unwrap_or_default()
}

/// Of each version the probability that it has the highest rate; together 1. Right to 10⁻⁹; costs the square of how many there are.
#[must_use]
pub fn best(versions: &[Known]) -> Vec<f64> {
    let bells: Vec<Bell> = versions.iter().copied().map(Bell::of).collect();
    let mut points: Vec<f64> = bells.iter().flat_map(Bell::points).collect();
    points.sort_by(f64::total_cmp);
    let mut won = vec![0.0; bells.len()];
    let mut below = vec![0.0; bells.len()];
    let mut densities = vec![[0.0; 3]; bells.len()];
    let mut others = vec![0.0; bells.len()];
    for (from, to) in points.iter().zip(points.iter().skip(1)) {
        let width = to - from;
        if width <= 0.0 {
            continue;
        }
        for (density, bell) in densities.iter_mut().zip(&bells) {
            *density = NODES.map(|node| bell.density(from + width * node));
        }
        for (at, (upto, weight)) in UPTO.iter().zip(WEIGHTS).enumerate() {
            let so_far = |version: (&f64, &[f64; 3])| (version.0 + width * dot(upto, version.1)).max(0.0);
            // Of each version the product of all others' distribution functions: those before it, then those after.
            let mut product = 1.0;
            for (other, version) in others.iter_mut().zip(below.iter().zip(&densities)) {
                *other = product;
                product *= so_far(version);
            }
            product = 1.0;
            for (other, version) in others.iter_mut().zip(below.iter().zip(&densities)).rev() {
                *other *= product;
                product *= so_far(version);
            }
            for ((won, other), density) in won.iter_mut().zip(&others).zip(&densities) {
                *won += width * weight * other * density.get(at).copied().unwrap_or_default();
            }
        }
        for (below, density) in below.iter_mut().zip(&densities) {
            *below += width * dot(&WEIGHTS, density);
        }
    }
    let all: f64 = won.iter().sum();
    won.iter().map(|won| won / all).collect()
}

/// The least share of a version, in basis points: who gets nobody is never heard of again.
const LEAST: u16 = 100;

/// The split for the next period: of each version the probability that it is best, but 1 % at least; together all slots.
#[must_use]
pub fn split(versions: &[Known]) -> Vec<Weight> {
    slots(&best(versions))
}

/// Shares that add up to 1 as slots, each 1 % at least.
#[expect(clippy::cast_sign_loss, reason = "shares are 0 or more")]
fn slots(best: &[f64]) -> Vec<Weight> {
    let least = LEAST.min(SLOTS / u16::try_from(best.len().max(1)).unwrap_or(SLOTS));
    // Those that are raised to the least take it from the others, which may bring another one below it.
    let mut is_raised = vec![false; best.len()];
    let (mut rest, mut shares) = (SLOTS, 1.0);
    for _ in 0..best.len() {
        let free = || best.iter().zip(&is_raised).filter(|version| !version.1);
        shares = free().map(|version| version.0).sum();
        rest = SLOTS - is_raised.iter().filter(|raised| **raised).map(|_| least).sum::<u16>();
        let is_low: Vec<bool> = best
            .iter()
            .zip(&is_raised)
            .map(|(share, raised)| *raised || f64::from(rest) * share / shares < f64::from(least))
            .collect();
        if is_low == is_raised || is_low.iter().all(|low| *low) {
            break;
        }
        is_raised = is_low;
    }
    let exact = |(share, raised): (&f64, &bool)| if *raised { f64::from(least) } else { f64::from(rest) * share / shares };
    let exact: Vec<f64> = best.iter().zip(&is_raised).map(exact).collect();
    let mut slots: Vec<u16> = exact.iter().map(|exact| *exact as u16).collect();
    let mut order: Vec<usize> = (0..slots.len()).collect();
    let part = |at: &usize| exact.get(*at).map_or(0.0, |exact| exact - exact.floor());
    order.sort_by(|a, b| part(b).total_cmp(&part(a)).then(a.cmp(b)));
    let missing = SLOTS.saturating_sub(slots.iter().sum());
    for at in order.into_iter().cycle().take(usize::from(missing)) {
        if let Some(slots) = slots.get_mut(at) {
            *slots += 1;
        }
    }
    slots.into_iter().filter_map(Weight::from_bp).collect()
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// √15.
const ROOT: f64 = 3.872_983_346_207_417;
/// Where in a panel the three points are.
const NODES: [f64; 3] = [0.5 - ROOT / 10.0, 0.5, 0.5 + ROOT / 10.0];
/// What the values there weigh in the integral over the whole panel.
const WEIGHTS: [f64; 3] = [5.0 / 18.0, 4.0 / 9.0, 5.0 / 18.0];
/// And in the integral from its begin up to each point.
const UPTO: [[f64; 3]; 3] = [
    [5.0 / 36.0, 2.0 / 9.0 - ROOT / 15.0, 5.0 / 36.0 - ROOT / 30.0],
    [5.0 / 36.0 + ROOT / 24.0, 2.0 / 9.0, 5.0 / 36.0 - ROOT / 24.0],
    [5.0 / 36.0 + ROOT / 30.0, 2.0 / 9.0 + ROOT / 15.0, 5.0 / 36.0],
];

/// The Beta density of a rate in its log odds, but for a factor: about 1 in height times standard deviation.
struct Bell {
    /// 1 + met.
    a: f64,
    /// 1 + met + 1 + not.
    both: f64,
    /// Its peak, in log odds, and there as a rate.
    peak: f64,
    rate: f64,
    /// Its standard deviation if it were normal.
    deviation: f64,
}

impl Bell {
    fn of(known: Known) -> Self {
        let (a, b) = (1.0 + known.met, 1.0 + known.not);
        let both = a + b;
        Self { a, both, peak: libm::log(a / b), rate: a / both, deviation: (both / a / b).sqrt() }
    }

    /// ln of how much lower it is `off` its peak.
    fn drop(&self, off: f64) -> f64 {
        self.a * off - self.both * libm::log1p(self.rate * libm::expm1(off))
    }

    fn density(&self, log_odds: f64) -> f64 {
        libm::exp(self.drop(log_odds - self.peak)) / self.deviation
    }

    /// The bounds of its panels: from where on to where it is above e⁻³⁶ of its peak.
    fn points(&self) -> impl Iterator<Item = f64> {
        const PANELS: f64 = 5.0;
        let width = self.deviation / PANELS;
        let end = |sign: f64| {
            let off = |panels: u32| sign * f64::from(panels) * width;
            (1..10_000).step_by(8).find(|panels| self.drop(off(*panels)) < -36.0).unwrap_or(10_000)
        };
        let (before, after) = (end(-1.0), end(1.0));
        let peak = self.peak;
        (0..=before + after).map(move |panel| peak + (f64::from(panel) - f64::from(before)) * width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(met: u64, trials: u64) -> Known {
        Known { met: float(met), not: float(trials - met) }
    }

    #[track_caller]
    fn is(found: f64, wanted: f64, within: f64) {
        assert!((found - wanted).abs() < within, "{found} is not {wanted}");
    }

    #[test]
    fn which_of_two_is_better_is_what_was_computed_elsewhere() {
        is(better(known(100, 1000), known(120, 1000)), 0.923_183, 6e-7);
        is(better(known(5, 50), known(9, 50)), 0.868_415, 6e-7);
    }

    /// Against the exact sum for whole numbers, in high precision.
    #[test]
    fn very_different_versions_are_compared_to_nine_digits() {
        for (a, b, wanted) in [
            ((100, 1000), (120, 1000), 0.923_183_438_973_6),
            ((5, 50), (9, 50), 0.868_415_343_883_6),
            ((0, 0), (0, 0), 0.5),
            ((0, 0), (3, 3), 0.8),
            ((0, 1000), (1, 1000), 0.750_124_937_531_2),
            ((0, 10), (500, 100_000), 0.053_746_368_617_7),
            ((50_000, 100_000), (50_100, 100_000), 0.672_638_796_726_9),
            ((3, 5), (40, 40), 0.998_766_574_159_7),
            ((0, 100_000), (0, 3), 0.999_960_001_999_9),
        ] {
            is(better(known(a.0, a.1), known(b.0, b.1)), wanted, 1e-9);
            is(better(known(b.0, b.1), known(a.0, a.1)), 1.0 - wanted, 1e-9);
        }
    }

    #[test]
    fn the_best_of_several_is_what_integrals_in_high_precision_say() {
        let three = best(&[known(5, 50), known(9, 50), known(30, 200)]);
        for (found, wanted) in three.into_iter().zip([0.083_368_750_451, 0.688_398_530_960, 0.228_232_718_588]) {
            is(found, wanted, 1e-9);
        }
        let four = best(&[known(0, 0), known(3, 10), known(1, 4), known(20, 70)]);
        for (found, wanted) in four.into_iter().zip([0.563_716_038_624, 0.170_747_140_851, 0.201_231_560_195, 0.064_305_260_330])
        {
            is(found, wanted, 1e-9);
        }
    }

    #[test]
    fn counts_without_bound_give_probabilities() {
        const MOST: u64 = 1_000_000_000_000;
        // A difference of √2 standard deviations.
        is(better(known(MOST / 2, MOST), known(MOST / 2 + 1_000_000, MOST)), 0.921_350_4, 1e-6);
        for counts in [(0, 0), (0, MOST), (MOST, MOST), (1, MOST), (1, 1), (MOST / 3, MOST)] {
            let three = best(&[known(counts.0, counts.1), known(3, 10), known(MOST / 2, MOST)]);
            assert!(three.iter().all(|share| (0.0..=1.0).contains(share)), "{counts:?}: {three:?}");
            is(three.iter().sum(), 1.0, 1e-12);
            is(better(known(counts.0, counts.1), known(counts.0, counts.1)), 0.5, 1e-9);
        }
    }

    #[test]
    fn versions_of_which_the_same_is_known_share_evenly_in_any_order() {
        for versions in 1..9 {
            let shares = best(&vec![known(7, 30); versions]);
            assert!(shares.iter().all(|share| (share - 1.0 / crate::evidence::number(versions)).abs() < 1e-9), "{shares:?}");
        }
        let (one, two) = ([known(1, 9), known(30, 90), known(4, 9)], [known(4, 9), known(1, 9), known(30, 90)]);
        let (one, two) = (best(&one), best(&two));
        is(one[0], two[1], 1e-12);
        is(one[1], two[2], 1e-12);
        is(one[2], two[0], 1e-12);
        assert!(best(&[]).is_empty() && split(&[]).is_empty());
    }

    #[test]
    fn a_split_is_all_slots_and_leaves_everybody_one_percent() {
        let bp = |versions: &[Known]| -> Vec<u16> { split(versions).into_iter().map(Weight::bp).collect() };
        assert_eq!(bp(&[known(5, 50)]), [10_000]);
        assert_eq!(bp(&[known(5, 50), known(5, 50)]), [5000, 5000]);
        assert_eq!(bp(&[known(5, 50), known(5, 50), known(5, 50)]), [3334, 3333, 3333]);
        assert_eq!(bp(&[known(0, 1000), known(500, 1000)]), [100, 9900]);
        assert_eq!(bp(&[known(100, 1000), known(120, 1000)]), [768, 9232]);
        assert_eq!(bp(&[known(0, 1000), known(0, 1000), known(100, 1000), known(120, 1000)]), [100, 100, 753, 9047]);
    }

    #[test]
    fn any_shares_become_all_slots() {
        for versions in [1_u64, 2, 7, 20, 99, 100, 101, 250] {
            let all = float(versions * (versions + 1) * (2 * versions + 1)) / 6.0;
            let shares: Vec<f64> = (1..=versions).map(|version| float(version * version) / all).collect();
            let split: Vec<u16> = slots(&shares).into_iter().map(Weight::bp).collect();
            assert!(split.is_sorted(), "{versions}: {split:?}");
            assert_eq!(split.iter().map(|bp| u32::from(*bp)).sum::<u32>(), 10_000, "{versions}");
            assert!(split.iter().all(|bp| u64::from(*bp) >= 100.min(10_000 / versions)), "{versions}: {split:?}");
        }
    }

    #[test]
    fn a_good_day_with_a_large_split_is_no_merit() {
        let goals = |met, trials| Goals { met, trials };
        // Both met 10 % on Monday and 5 % on Tuesday; the second was drawn more on Monday.
        let strata = [vec![goals(100, 1000), goals(900, 9000)], vec![goals(450, 9000), goals(50, 1000)]];
        let pooled = pool(&strata);
        let rate = |known: &Known| known.met / (known.met + known.not);
        is(rate(&pooled[0]), rate(&pooled[1]), 1e-12);
        is(better(pooled[0], pooled[1]), 0.5, 1e-3);
        assert!(pooled.iter().all(|known| known.met + known.not < 10_000.0), "{pooled:?}");
    }

    #[test]
    fn one_stratum_is_taken_as_it_is_and_untried_ones_not_at_all() {
        let goals = |met, trials| Goals { met, trials };
        let one = vec![goals(3, 10), goals(5, 40)];
        for strata in [vec![one.clone()], vec![one, vec![goals(5, 5), goals(0, 0)]]] {
            let pooled = pool(&strata);
            is(pooled[0].met, 3.0, 1e-12);
            is(pooled[0].not, 7.0, 1e-12);
            is(pooled[1].met, 5.0, 1e-12);
            is(pooled[1].not, 35.0, 1e-12);
        }
        assert_eq!(pool(&[vec![goals(5, 5), goals(0, 0)]]), [Known::default(); 2]);
        assert!(pool(&[]).is_empty());
    }
}
