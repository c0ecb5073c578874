//! How often each test errs, when it is looked at all the time while the split and the base rate change; and that it does find what
//! it is there to find. The e-values' proofs are in docs/evidence.md: this would find a slip between a formula and its code.

use halftone::evidence::ratio::{Events, Ratio};
use halftone::evidence::{Odds, Trials, absolute, alive, interval, margin, pace, quantile, restarts, sample_ratio};

use crate::random::Random;

const RUNS: u32 = 1000;
const ALPHA: f64 = 0.05;

/// The ramp: the canary's weight in basis points, and stable's rate of bad trials there.
const RAMP: [(u16, f64); 4] = [(500, 0.1), (1000, 0.05), (2500, 0.2), (5000, 0.1)];
/// Trials in a step, and between two looks.
const STEP: u32 = 600;
const LOOK: u32 = 50;

fn odds(canary: u16) -> Odds {
    Odds { canary, stable: 10_000 - canary }
}

fn share(odds: Odds) -> f64 {
    f64::from(odds.canary) / 10_000.0
}

/// How many of many runs ever see the threshold; each is a ramp in which the base rate changes with the hour as well. `canary` is the
/// canary's rate where stable's is that; a run ends when `log_e` of its strata, in the order of the steps, reaches the threshold.
fn ever(seed: u64, canary: fn(f64) -> f64, log_e: impl Fn(&[Trials]) -> f64) -> u32 {
    let mut random = Random(seed);
    let threshold = -libm::log(ALPHA);
    let run = |random: &mut Random| {
        let mut strata: Vec<Trials> = Vec::new();
        for (weight, rate) in RAMP {
            strata.push(Trials { odds: odds(weight), ..Trials::default() });
            for trial in 0..STEP {
                // By day and by night.
                let stable = if trial / 150 % 2 == 0 { rate } else { rate / 2.0 };
                let is_canary = random.is(share(odds(weight)));
                let is_bad = random.is(if is_canary { canary(stable) } else { stable });
                let stratum = strata.last_mut().unwrap();
                *match (is_canary, is_bad) {
                    (true, true) => &mut stratum.canary_bad,
                    (true, false) => &mut stratum.canary_ok,
                    (false, true) => &mut stratum.stable_bad,
                    (false, false) => &mut stratum.stable_ok,
                } += 1;
                if (trial + 1) % LOOK == 0 && log_e(&strata) >= threshold {
                    return true;
                }
            }
        }
        false
    };
    (0..RUNS).map(|_| u32::from(run(&mut random))).sum()
}

/// Not more often than `ALPHA`, but for three standard deviations of luck.
#[track_caller]
fn is_kept(errors: u32) {
    let (mean, runs) = (ALPHA * f64::from(RUNS), f64::from(RUNS));
    let most = mean + 3.0 * (runs * ALPHA * (1.0 - ALPHA)).sqrt();
    assert!(f64::from(errors) <= most, "{errors} of {RUNS} runs err, more than {most:.0}");
}

/// In at least so many per cent of runs.
#[track_caller]
fn is_found(found: u32, percent: u32) {
    assert!(100 * found >= percent * RUNS, "found in {found} of {RUNS} runs, less than {percent} %");
}

fn events(trials: &Trials) -> Events {
    Events { canary: trials.canary_bad, stable: trials.stable_bad, odds: trials.odds }
}

fn of_events(ratio: &Ratio) -> impl Fn(&[Trials]) -> f64 {
    move |strata| ratio.log_e(strata.iter().map(events))
}

/// The strata, each with what was known of stable when it began.
fn with_before(strata: &[Trials], before: fn(&[Trials]) -> f64) -> impl Iterator<Item = Trials> + Clone {
    strata.iter().enumerate().map(move |(at, stratum)| Trials { before: before(&strata[..at]), ..*stratum })
}

fn bad(strata: &[Trials]) -> u64 {
    strata.iter().map(|stratum| stratum.stable_bad).sum()
}

fn ok(strata: &[Trials]) -> u64 {
    strata.iter().map(|stratum| stratum.stable_ok).sum()
}

fn of_alive(strata: &[Trials]) -> f64 {
    alive::log_e(0.05, with_before(strata, |earlier| alive::before(ok(earlier), ok(earlier) + bad(earlier))))
}

fn rate_before(earlier: &[Trials]) -> f64 {
    margin::before(bad(earlier), bad(earlier) + ok(earlier))
}

fn of_margin(a: f64) -> impl Fn(&[Trials]) -> f64 {
    move |strata| margin::log_e(a, with_before(strata, rate_before))
}

#[test]
fn harm_is_seldom_found_at_the_margin_and_soon_beyond_it() {
    let harm = Ratio::harm(0.1);
    is_kept(ever(1, |stable| 1.1 * stable, of_events(&harm)));
    is_found(ever(2, |stable| 2.5 * stable, of_events(&harm)), 90);
}

#[test]
fn harm_is_seldom_found_however_many_starts_are_looked_at() {
    let harm = Ratio::harm(0.1);
    // Every step is a start.
    let log_e = |strata: &[Trials]| {
        let all = strata.iter().map(events).enumerate();
        restarts::harm(&harm, strata.len(), all, |stratum, start| {
            if stratum < start { (strata[stratum].canary_bad, strata[stratum].stable_bad) } else { (0, 0) }
        })
    };
    is_kept(ever(3, |stable| 1.1 * stable, log_e));
    is_found(ever(4, |stable| 2.5 * stable, log_e), 90);
}

#[test]
fn a_ratio_is_seldom_called_safe_at_its_limit() {
    let safe = Ratio::safe(0.5);
    is_kept(ever(5, |stable| 1.5 * stable, of_events(&safe)));
    is_found(ever(6, |stable| 0.5 * stable, of_events(&safe)), 90);
}

#[test]
fn goals_are_judged_mirrored() {
    let (harm, safe) = (Ratio::goal_harm(0.05), Ratio::goal_safe(0.5));
    is_kept(ever(7, |stable| 0.95 * stable, of_events(&harm)));
    is_found(ever(8, |stable| 0.2 * stable, of_events(&harm)), 90);
    is_kept(ever(9, |stable| 0.5 * stable, of_events(&safe)));
    is_found(ever(10, |stable| 1.5 * stable, of_events(&safe)), 90);
}

#[test]
fn alive_is_seldom_called_kept_when_one_in_twenty_is_lost() {
    is_kept(ever(11, |stable| 1.0 - 0.95 * (1.0 - stable), of_alive));
    is_found(ever(12, |stable| 0.7 * stable, of_alive), 70);
}

#[test]
fn a_difference_is_seldom_called_small_at_its_limit() {
    is_kept(ever(13, |stable| stable + 0.05, of_margin(0.05)));
    is_found(ever(14, |stable| stable, of_margin(0.2)), 90);
}

#[test]
fn the_largest_harm_that_is_not_excluded_is_seldom_below_the_truth() {
    // Looked at when a step ends: that is when the next one is made.
    let misses = |strata: &[Trials]| {
        let last = strata.last().unwrap();
        let seen = last.canary_bad + last.canary_ok + last.stable_bad + last.stable_ok;
        let is_end = seen == u64::from(STEP);
        if is_end && pace::upper(ALPHA, &with_before(strata, rate_before)) < 0.03 { f64::INFINITY } else { 0.0 }
    };
    is_kept(ever(15, |stable| stable + 0.03, misses));
}

/// One arm alone, at its limit by day and below it by night; and a share that is above.
#[test]
fn an_absolute_limit_is_seldom_passed_by_what_keeps_it_and_soon_by_what_does_not() {
    for (seed, limit, day, is_kept_by_it) in [(25, 0.02, 0.02, true), (26, 0.3, 0.3, true), (27, 0.02, 0.06, false)] {
        let mut random = Random(seed);
        let mut passed = 0;
        for _ in 0..RUNS {
            let (mut bad, mut ok) = (0, 0);
            let is_passed = (0..2000_u32).any(|trial| {
                let share = if trial / 500 % 2 == 0 { day } else { day * 0.9 };
                *(if random.is(share) { &mut bad } else { &mut ok }) += 1;
                trial % 50 == 49 && absolute::log_e(limit, bad, ok) >= -libm::log(ALPHA)
            });
            passed += u32::from(is_passed);
        }
        if is_kept_by_it { is_kept(passed) } else { is_found(passed, 99) }
    }
}

/// The difference of two arms in a step, from the first trial on and at all times at once: by bets while little is known, and
/// asymptotically later.
#[test]
fn an_interval_of_a_difference_holds_it_at_all_times_at_once() {
    let misses = |strata: &[Trials]| {
        let now = strata.len() - 1;
        let stratum = Trials { before: rate_before(&strata[..now]), ..strata[now] };
        // Four steps, each with a quarter of the probability.
        let (_, low, high) = interval::shares(&std::iter::once(stratum), ALPHA / 4.0, 1000.0).unwrap();
        if low > 0.03 || high < 0.03 { f64::INFINITY } else { 0.0 }
    };
    is_kept(ever(28, |stable| stable + 0.03, misses));
}

/// The weight of the next trials may be chosen from all that was seen, against the test.
#[test]
fn a_split_that_follows_the_evidence_makes_no_difference() {
    let harm = Ratio::harm(0.1);
    let mut random = Random(16);
    let mut errors = 0;
    for _ in 0..RUNS {
        let mut strata = [100, 2000, 5000].map(|weight| Events { odds: odds(weight), ..Events::default() });
        let mut log_e = 0.0;
        for _ in 0..150 {
            // Small splits while it is behind, where one event of the canary moves the most.
            let stratum = &mut strata[if log_e < -0.5 {
                0
            } else if log_e < 0.5 {
                1
            } else {
                2
            }];
            let rho = share(stratum.odds);
            if random.is(1.1 * rho / (1.1 * rho + 1.0 - rho)) {
                stratum.canary += 1;
            } else {
                stratum.stable += 1;
            }
            log_e = harm.log_e(strata.into_iter());
            if log_e >= -libm::log(ALPHA) {
                errors += 1;
                break;
            }
        }
    }
    is_kept(errors);
}

#[test]
fn a_right_split_is_seldom_alarming_and_a_wrong_one_soon() {
    for (seed, off, is_right) in [(17, 0.0, true), (18, 0.12, false)] {
        let mut random = Random(seed);
        let mut alarms = 0;
        for _ in 0..RUNS {
            let mut counts = RAMP.map(|(weight, _)| (odds(weight), 0, 0));
            let alarm = (0..1600).any(|visitor| {
                let (odds, canary, stable) = &mut counts[visitor / 400];
                *(if random.is(share(*odds) + off) { canary } else { stable }) += 1;
                let log_bf = || counts.iter().map(|(odds, canary, stable)| sample_ratio::two(*odds, *canary, *stable)).sum();
                visitor % 20 == 19 && sample_ratio::p_of(log_bf()) < ALPHA
            });
            alarms += u32::from(alarm);
        }
        if is_right { is_kept(alarms) } else { is_found(alarms, 99) }
    }
}

#[test]
fn an_interval_holds_the_rate_at_all_times_at_once() {
    for (seed, rate) in [(19, 0.02), (20, 0.5), (21, 0.9)] {
        let mut random = Random(seed);
        let mut misses = 0;
        for _ in 0..RUNS {
            let mut bad = 0;
            let miss = (1..=500_u64).any(|n| {
                bad += u64::from(random.is(rate));
                let (low, high) = if n % 20 == 0 { interval::rate(bad, n, ALPHA, 100.0) } else { (0.0, 1.0) };
                rate < low || rate > high
            });
            misses += u32::from(miss);
        }
        is_kept(misses);
    }
}

/// Forty bins, each with as much as any other: the .75-quantile is the thirtieth, number 29, up to which there are exactly .75.
const BINS: u64 = 40;
const RIGHT: u32 = 29;

fn bins(counts: &[u64]) -> impl Iterator<Item = (u32, u64)> + Clone {
    (0..).zip(counts.iter().copied())
}

#[test]
fn bounds_hold_the_quantile_at_all_times_at_once_though_values_tie() {
    let mut random = Random(22);
    let (mut misses, mut narrow) = (0, 0);
    for _ in 0..RUNS {
        let mut counts = [0; BINS as usize];
        let miss = (1..=400).any(|n| {
            counts[random.below(BINS) as usize] += 1;
            if n % 20 != 0 {
                return false;
            }
            let (first, last) = quantile::bounds(0.75, ALPHA, bins(&counts)).unwrap();
            first.is_some_and(|first| first > RIGHT) || last.is_some_and(|last| last < RIGHT)
        });
        misses += u32::from(miss);
        narrow += u32::from(matches!(quantile::bounds(0.75, ALPHA, bins(&counts)), Some((Some(20..), Some(..38)))));
    }
    is_kept(misses);
    is_found(narrow, 80);
}

#[test]
fn two_that_share_a_quantile_seldom_differ_and_two_that_do_not_soon() {
    for (seed, off, is_same) in [(23, 0, true), (24, 5, false)] {
        let mut random = Random(seed);
        let mut differ = 0;
        for _ in 0..RUNS {
            let (mut a, mut b) = ([0; BINS as usize + 5], [0; BINS as usize + 5]);
            let found = (1..=600).any(|n| {
                a[random.below(BINS) as usize] += 1;
                b[random.below(BINS) as usize + off] += 1;
                n % 60 == 0 && quantile::compare(0.75, 200.0, bins(&a), bins(&b)) < ALPHA
            });
            differ += u32::from(found);
        }
        if is_same { is_kept(differ) } else { is_found(differ, 60) }
    }
}
