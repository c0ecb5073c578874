//! What a verdict costs at least: the rate at which the best possible bet grows.
//!
//! Of a bad event in a stratum with ρ, the canary's share is p(δ) when the true ratio is δ, and at most p(b) under the
//! hypothesis. No bet against it gains more per event than the Kullback–Leibler divergence of the two, and none needs fewer
//! visitors on average than ln(1/α) over the gain per visitor.

/// Nats per visitor drawn with `rho`, where stable's share of bad outcomes is `rate`, the canary's `ratio` times that, and the
/// hypothesis is a ratio of `boundary` or less. 0 where there is nothing to gain.
#[must_use]
pub fn gain(rate: f64, ratio: f64, boundary: f64, rho: f64) -> f64 {
    let share = |ratio: f64| rho * ratio / (rho * ratio + 1.0 - rho);
    let (truly, at_most) = (share(ratio), share(boundary));
    if truly <= at_most {
        return 0.0;
    }
    let events = rate * (1.0 - rho + rho * ratio);
    events * (term(truly, at_most) + term(1.0 - truly, 1.0 - at_most))
}

/// How many visitors, one page view each, the best possible bet takes until the mean of its logarithm is `nats`; infinite where there
/// is nothing to gain.
#[must_use]
pub fn views(nats: f64, rate: f64, ratio: f64, boundary: f64, rho: f64) -> f64 {
    nats / gain(rate, ratio, boundary, rho)
}

/// Nats per trial drawn with `rho` that the best possible bet gains against "the canary keeps at most `1 − f` of stable's live share",
/// if the share `missing` is missing in both arms.
#[must_use]
pub fn kept(f: f64, missing: f64, rho: f64) -> f64 {
    let alive = 1.0 - missing;
    least(1.0, |stable| rho * divergence(alive, (1.0 - f) * stable) + (1.0 - rho) * divergence(alive, stable))
}

/// The same against "the canary's bad share is above stable's by `a` or more", if `bad` is the share of both.
#[must_use]
pub fn within(a: f64, bad: f64, rho: f64) -> f64 {
    least(1.0 - a, |stable| rho * divergence(bad, stable + a) + (1.0 - rho) * divergence(bad, stable))
}

/// The same against "the canary's bad share is above stable's by `a` or more, and `boundary` times it or more": either way out is safe.
#[must_use]
pub fn within_either(a: f64, boundary: f64, bad: f64, rho: f64) -> f64 {
    // The pairs of shares that the hypothesis allows lie above two lines, and the nearest of them on the upper one.
    let line = |stable: f64| (stable + a).max(stable * boundary);
    let most = (1.0 - a).min(1.0 / boundary);
    least(most, |stable| rho * divergence(bad, line(stable)) + (1.0 - rho) * divergence(bad, stable))
}

/// The least value of a convex function on (0, most).
fn least(most: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..100 {
        let third = (high - low) / 3.0;
        if of(low + third) <= of(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    of(low.midpoint(high))
}

/// Kullback and Leibler's, of a coin that shows `truly` from one that shows `at_most`.
fn divergence(truly: f64, at_most: f64) -> f64 {
    term(truly, at_most) + term(1.0 - truly, 1.0 - at_most)
}

fn term(truly: f64, at_most: f64) -> f64 {
    if truly <= 0.0 { 0.0 } else { truly * libm::log(truly / at_most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fivefold_rate_at_half_gains_a_quarter_of_a_nat_per_event() {
        let per_event = gain(0.01, 5.0, 1.0, 0.5) / (0.01 * 3.0);
        assert!((per_event - 0.242_585_971).abs() < 1e-8, "{per_event}");
    }

    /// The table of docs/evidence.md: until the best possible e-value is e⁵, which is 148. To 800, eight guards at 1 %, it is 1.34 times.
    #[test]
    fn the_table_of_costs_is_right_to_its_last_digit() {
        let rows: [((f64, f64), [f64; 5]); 4] = [
            ((0.002, 5.0), [63_000.0, 14_000.0, 7500.0, 4000.0, 3400.0]),
            ((0.01, 2.0), [131_000.0, 28_000.0, 15_000.0, 7400.0, 5900.0]),
            ((0.01, 5.0), [13_000.0, 2700.0, 1500.0, 800.0, 690.0]),
            ((0.05, 2.0), [26_000.0, 5500.0, 3000.0, 1500.0, 1200.0]),
        ];
        for ((rate, ratio), wanted) in rows {
            for (rho, wanted) in [0.01, 0.05, 0.1, 0.25, 0.5].into_iter().zip(wanted) {
                let found = views(5.0, rate, ratio, 1.0, rho);
                let digit = if wanted >= 10_000.0 {
                    1000.0
                } else if wanted >= 1000.0 {
                    100.0
                } else {
                    10.0
                };
                let rounded = (found / digit).round() * digit;
                assert!((rounded - wanted).abs() < 1e-6, "{rate} ×{ratio} at {rho}: {found}");
            }
        }
        assert!((views(libm::log(800.0), 0.01, 2.0, 1.0, 0.5) / views(5.0, 0.01, 2.0, 1.0, 0.5) - 1.34).abs() < 0.005);
        assert!(views(5.0, 0.01, 1.0, 1.0, 0.5).is_infinite() && views(5.0, 0.0, 5.0, 1.0, 0.5).is_infinite());
    }

    #[test]
    fn nothing_is_gained_on_the_hypothesis_side_or_where_nobody_is_drawn() {
        for (ratio, rho) in [(1.1, 0.5), (0.5, 0.5), (5.0, 0.0), (5.0, 1.0)] {
            assert!(gain(0.01, ratio, 1.1, rho).abs() < 1e-15, "{ratio} {rho}");
        }
    }

    /// At an even split and a small limit the best is what two normal means allow: a²/(8·b(1 − b)).
    #[test]
    fn what_is_safe_is_shown_no_sooner_than_the_best_bet_can() {
        let within = within(0.005, 0.1, 0.5);
        assert!((within / (0.005 * 0.005 / (8.0 * 0.1 * 0.9)) - 1.0).abs() < 0.02, "{within}");
        let ours = crate::evidence::Trials {
            canary_bad: 1000,
            canary_ok: 9000,
            stable_bad: 1000,
            stable_ok: 9000,
            odds: crate::evidence::odds(5000),
            before: 0.1,
        };
        assert!(crate::evidence::margin::log_e(0.005, std::iter::once(ours)) < within * 20_000.0);
        let kept = kept(0.05, 0.1, 0.5);
        let alive = crate::evidence::Trials { before: 0.9, ..ours };
        assert!(kept > 0.0 && crate::evidence::alive::log_e(0.05, std::iter::once(alive)) < kept * 20_000.0);
        assert!(super::kept(0.05, 0.1, 0.05) < kept, "an even split is the best");
    }

    #[test]
    fn either_way_to_safe_is_no_slower_than_the_better_of_the_two() {
        for (bad, is_by_ratio) in [(0.0001, false), (0.04, true), (0.2, true)] {
            for rho in [0.01, 0.25, 0.5] {
                let (either, points) = (within_either(0.005, 1.5, bad, rho), within(0.005, bad, rho));
                assert!(either >= points - 1e-12, "{bad} {rho}: {either} {points}");
                assert_eq!(either > 1.5 * points, is_by_ratio, "{bad} {rho}: {either} {points}");
                // With denominators more can be known than from bad events alone.
                let ratio = gain(bad, 1.0, 1.0 / 1.5, 1.0 - rho);
                assert!(either >= ratio - 1e-12, "{bad} {rho}: {either} {ratio}");
            }
        }
    }

    #[test]
    fn it_gains_more_the_worse_it_is_and_the_evener_the_split() {
        let gains = [(2.0, 0.01), (2.0, 0.25), (5.0, 0.25), (5.0, 0.5)].map(|(ratio, rho)| gain(0.01, ratio, 1.1, rho));
        assert!(gains.is_sorted(), "{gains:?}");
    }
}
