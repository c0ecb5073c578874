//! What holds for any counts: numbers and not infinities, what adds up, what mirrors, and which way each event moves a verdict.

use halftone::evidence::choose::{Known, best};
use halftone::evidence::ratio::{Events, Ratio};
use halftone::evidence::{Odds, Trials, alive, interval, margin, pace, quantile, restarts, sample_ratio};
use proptest::prelude::*;

/// Counts of every size up to 10¹², none and one among them.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(1_000_000_000_000), 0..100_u64, 0..100_000_u64, 0..1_000_000_000_000_u64]
}

fn odds() -> impl Strategy<Value = Odds> {
    (0..=10_000_u16, 0..=10_000_u16).prop_map(|(canary, stable)| Odds { canary, stable })
}

fn before() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), Just(0.002), 0.0..1.0]
}

/// Counts that a single trial can move by more than a rounding.
fn small_count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), 0..100_u64, 0..100_000_u64, 0..250_000_u64]
}

fn trials() -> impl Strategy<Value = Trials> {
    trials_of(count)
}

fn trials_of<C: Strategy<Value = u64>>(count: fn() -> C) -> impl Strategy<Value = Trials> {
    ((count(), count()), (count(), count()), odds(), before()).prop_map(|(canary, stable, odds, before)| Trials {
        canary_bad: canary.0,
        canary_ok: canary.1,
        stable_bad: stable.0,
        stable_ok: stable.1,
        odds,
        before,
    })
}

fn events(trials: &Trials) -> Events {
    Events { canary: trials.canary_bad, stable: trials.stable_bad, odds: trials.odds }
}

fn ratios() -> [Ratio; 4] {
    [Ratio::harm(0.1), Ratio::safe(0.5), Ratio::goal_harm(0.05), Ratio::goal_safe(0.1)]
}

/// Each test on trials and on events, by itself.
fn all(strata: &[Trials]) -> Vec<f64> {
    let ratios = ratios().map(|ratio| ratio.log_e(strata.iter().map(events)));
    let on_trials = [alive::log_e(0.05, strata.iter().copied()), margin::log_e(0.005, strata.iter().copied())];
    ratios.into_iter().chain(on_trials).collect()
}

/// As alike as sums of so many terms of this size can be.
fn are_alike(a: f64, b: f64, strata: &[Trials]) -> bool {
    let size = |stratum: &Trials| stratum.canary_bad + stratum.canary_ok + stratum.stable_bad + stratum.stable_ok;
    let terms: u64 = strata.iter().map(size).sum();
    (a - b).abs() <= 1e-9 + 1e-13 * terms as f64
}

proptest! {
    #[test]
    fn every_count_gives_a_number(strata in prop::collection::vec(trials(), 0..5)) {
        for log_e in all(&strata) {
            prop_assert!(log_e.is_finite(), "{:?}", all(&strata));
        }
        let harm = Ratio::harm(0.0);
        let halves = |stratum: usize, _: usize| (strata[stratum].canary_bad / 2, strata[stratum].stable_bad / 2);
        for starts in [0, 1, 2, 64, 65] {
            prop_assert!(restarts::harm(&harm, starts, strata.iter().map(events).enumerate(), halves).is_finite());
        }
        for stratum in &strata {
            let log_bf = sample_ratio::two(stratum.odds, stratum.canary_ok, stratum.stable_ok);
            prop_assert!(log_bf.is_finite() && (0.0..=1.0).contains(&sample_ratio::p_of(log_bf)));
        }
        // A share before a step of what there is none of, or all, is what the callers make of it.
        let known = strata.iter().map(|stratum| Trials { before: margin::before(stratum.stable_bad, stratum.stable_bad + stratum.stable_ok), ..*stratum });
        let upper = pace::upper(0.05, &known);
        prop_assert!((-1.0..=1.0).contains(&upper), "{upper}");
    }

    #[test]
    fn rates_and_quantiles_of_every_count_are_in_order(bad in count(), more in count(), bins in prop::collection::vec(count(), 0..12)) {
        let (low, high) = interval::rate(bad, bad + more, 0.05, 1000.0);
        prop_assert!((0.0..=1.0).contains(&low) && (low..=1.0).contains(&high), "{low} {high}");
        let bins = || (0..).zip(bins.iter().copied());
        let estimate = quantile::estimate(0.75, bins());
        let bounds = quantile::bounds(0.75, 0.05, bins());
        prop_assert_eq!(estimate.is_some(), bounds.is_some());
        if let (Some(estimate), Some((first, last))) = (estimate, bounds) {
            prop_assert!(first.is_none_or(|first| first <= estimate) && last.is_none_or(|last| estimate <= last));
        }
        let same = quantile::compare(0.75, 1000.0, bins(), bins());
        prop_assert!((same - 1.0).abs() < 1e-12, "{same}");
    }

    #[test]
    fn probabilities_of_being_best_add_up_to_one(counts in prop::collection::vec((count(), count()), 1..4)) {
        let known: Vec<Known> = counts.iter().map(|(met, not)| Known { met: *met as f64, not: *not as f64 }).collect();
        let best = best(&known);
        prop_assert!(best.iter().all(|share| (0.0..=1.0).contains(share)), "{best:?}");
        prop_assert!((best.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{best:?}");
    }

    #[test]
    fn one_stratum_in_parts_is_that_stratum(whole in trials(), part in 0..=100_u64) {
        let of = |count: u64| (u128::from(count) * u128::from(part) / 100) as u64;
        let one = Trials { canary_bad: of(whole.canary_bad), canary_ok: of(whole.canary_ok), stable_bad: of(whole.stable_bad), stable_ok: of(whole.stable_ok), ..whole };
        let other = Trials {
            canary_bad: whole.canary_bad - one.canary_bad,
            canary_ok: whole.canary_ok - one.canary_ok,
            stable_bad: whole.stable_bad - one.stable_bad,
            stable_ok: whole.stable_ok - one.stable_ok,
            ..whole
        };
        for (a, b) in all(&[whole]).into_iter().zip(all(&[one, other])) {
            prop_assert!(are_alike(a, b, &[whole]), "{a} {b}");
        }
    }

    #[test]
    fn the_order_of_strata_is_nothing(mut strata in prop::collection::vec(trials(), 0..6)) {
        let forwards = all(&strata);
        strata.reverse();
        for (a, b) in forwards.into_iter().zip(all(&strata)) {
            prop_assert!(are_alike(a, b, &strata), "{a} {b}");
        }
    }

    #[test]
    fn strata_in_which_nobody_was_drawn_say_nothing(strata in prop::collection::vec(trials(), 0..4), idle in trials(), at_all in any::<bool>()) {
        let idle = Trials { odds: if at_all { Odds { canary: 10_000, stable: 0 } } else { Odds { canary: 0, stable: 7 } }, ..idle };
        let with: Vec<Trials> = strata.iter().copied().chain([idle]).collect();
        prop_assert_eq!(all(&strata), all(&with));
    }

    #[test]
    fn the_sample_ratio_knows_no_sides(odds in odds(), canary in count(), stable in count()) {
        let mirrored = Odds { canary: odds.stable, stable: odds.canary };
        let (one, other) = (sample_ratio::two(odds, canary, stable), sample_ratio::two(mirrored, stable, canary));
        prop_assert!((one - other).abs() <= 1e-9 * one.abs().max(1.0), "{one} {other}");
    }

    #[test]
    fn each_event_moves_a_ratio_its_way(events in (0..100_000_u64, 0..100_000_u64), canary in 1..10_000_u16) {
        let odds = Odds { canary, stable: 10_000 - canary };
        let now = Events { canary: events.0, stable: events.1, odds };
        let (of_canary, of_stable) = (Events { canary: now.canary + 1, ..now }, Events { stable: now.stable + 1, ..now });
        for (ratio, rises_with_canary) in ratios().into_iter().zip([true, false, false, true]) {
            let [before, canary, stable] = [now, of_canary, of_stable].map(|events| ratio.log_e(std::iter::once(events)));
            let slack = 1e-9 * (1.0 + before.abs());
            if rises_with_canary {
                prop_assert!(canary >= before - slack && stable <= before + slack, "{before} {canary} {stable}");
            } else {
                prop_assert!(canary <= before + slack && stable >= before - slack, "{before} {canary} {stable}");
            }
        }
    }

    #[test]
    fn each_trial_moves_a_bet_its_way(trials in trials_of(small_count), canary in 1..10_000_u16) {
        let now = Trials { odds: Odds { canary, stable: 10_000 - canary }, ..trials };
        let kept = |trials: Trials| alive::log_e(0.05, std::iter::once(trials));
        let small = |trials: Trials| margin::log_e(0.005, std::iter::once(trials));
        let slack = 1e-7;
        let (kept_now, small_now) = (kept(now), small(now));
        let canary_ok = Trials { canary_ok: now.canary_ok + 1, ..now };
        let stable_bad = Trials { stable_bad: now.stable_bad + 1, ..now };
        let canary_bad = Trials { canary_bad: now.canary_bad + 1, ..now };
        prop_assert!(kept(canary_ok) >= kept_now - slack && kept(stable_bad) >= kept_now - slack);
        prop_assert!(kept(canary_bad) <= kept_now + slack);
        prop_assert!(small(canary_ok) >= small_now - slack && small(stable_bad) >= small_now - slack);
    }

    /// One start is an even mean of the evidence and of 1, and starts before which nothing happened are no evidence lost.
    #[test]
    fn starts_are_weighed_as_written(canary in 0..1000_u64, stable in 0..1000_u64, weight in 1..10_000_u16) {
        let harm = Ratio::harm(0.1);
        let events = Events { canary, stable, odds: Odds { canary: weight, stable: 10_000 - weight } };
        let log_e = harm.log_e(std::iter::once(events));
        let one = restarts::harm(&harm, 1, std::iter::once(((), events)), |(), _| (0, 0));
        let mean = libm::log(libm::exp(log_e.min(600.0)).midpoint(1.0));
        if log_e < 600.0 {
            prop_assert!((one - mean).abs() < 1e-9 * mean.abs().max(1.0), "{one} {mean}");
        }
        let three = restarts::harm(&harm, 3, std::iter::once(((), events)), |(), _| (0, 0));
        let mean = libm::log((1.0 + 3.0 * libm::exp(log_e.min(600.0))) / 4.0);
        if log_e < 600.0 {
            prop_assert!((three - mean).abs() < 1e-9 * mean.abs().max(1.0), "{three} {mean}");
        }
    }
}
