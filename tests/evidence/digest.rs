//! One number of the bits of everything that `evidence` computes from a fixed row of inputs.
//!
//! A decision is replayed on other machines than it was made on. Where the number changes, so may a decision that was recorded: a
//! last bit differs somewhere, and `vectors.rs` says whether more does. This file and `random.rs` know the library alone: `wasm.rs`
//! is made of them, and tests/e2e/evidence.test.mjs asks it for the same number in WebAssembly.

use halftone::evidence::choose::{Goals, best, pool, split};
use halftone::evidence::ratio::{Events, Ratio};
use halftone::evidence::{Odds, Trials, absolute, alive, cost, interval, margin, pace, quantile, restarts, sample_ratio};
use halftone::slot::Weight;

use crate::random::Random;

/// FNV-1a over words of 64 bits.
struct Digest(u64);

impl Digest {
    fn word(&mut self, word: u64) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn float(&mut self, float: f64) {
        // Zero has two signs, and no decision knows which.
        self.word((float + 0.0).to_bits());
    }
}

fn count(random: &mut Random) -> u64 {
    let size = [10, 1000, 1_000_000, 1_000_000_000_000][random.below(4) as usize];
    random.below(size)
}

fn trials(random: &mut Random) -> Trials {
    let canary = 1 + random.below(9999) as u16;
    Trials {
        canary_bad: count(random),
        canary_ok: count(random),
        stable_bad: count(random),
        stable_ok: count(random),
        odds: Odds { canary, stable: 1 + random.below(9999) as u16 },
        before: margin::before(random.below(100), 100),
    }
}

/// The number. Some four thousand values go into it.
pub fn digest() -> u64 {
    let mut random = Random(2026);
    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    let ratios =
        [0.0, 0.05, 0.1, 0.25].map(|m| [Ratio::harm(m), Ratio::goal_harm(m), Ratio::safe(m + 0.1), Ratio::goal_safe(m + 0.1)]);
    for round in 0..160_u16 {
        let strata: Vec<Trials> = (0..=random.below(4)).map(|_| trials(&mut random)).collect();
        let events = || strata.iter().map(|of| Events { canary: of.canary_bad, stable: of.stable_bad, odds: of.odds });
        for ratio in ratios.iter().flatten() {
            digest.float(ratio.log_e(events()));
        }
        let before = |stratum: usize, start: usize| {
            strata.get(stratum).map_or((0, 0), |of| (of.canary_bad / 9 * start as u64, of.stable_bad / 9 * start as u64))
        };
        for harm in ratios.iter().filter_map(|of| of.first()) {
            digest.float(restarts::harm(harm, 1 + usize::from(round % 8), events().enumerate(), before));
        }
        digest.float(alive::log_e(0.05, strata.iter().copied()));
        digest.float(margin::log_e(0.005, strata.iter().copied()));
        let upper = pace::upper(0.05, &strata.iter().copied());
        digest.float(upper);
        let [at, step] = [round, 10 * round].map(|bp| Weight::from_bp(bp).unwrap_or_default());
        digest.word(u64::from(pace::next(at, step, 100, count(&mut random), upper).bp()));
        if let Some((at, low, high)) = interval::shares(&strata.iter().copied(), 0.05, 1000.0) {
            digest.float(at);
            digest.float(low);
            digest.float(high);
        }
        for of in &strata {
            digest.float(absolute::log_e(of.before, of.canary_bad, of.canary_ok));
            digest.float(sample_ratio::two(of.odds, of.canary_ok, of.stable_ok));
            digest.float(sample_ratio::p_of(sample_ratio::two(of.odds, of.canary_ok / 1_000_000, of.stable_ok / 1_000_000)));
            let (low, high) = interval::rate(of.canary_bad, of.canary_bad + of.canary_ok, 0.05, 1000.0);
            digest.float(low);
            digest.float(high);
        }
        let share = f64::from(round + 1) / 200.0;
        digest.float(interval::difference(f64::from(round), share, 0.05, 0.04));
        digest.float(cost::gain(share, 1.0 + 5.0 * share, 1.1, share));
        digest.float(cost::kept(0.05, share, 0.3) + cost::within(0.01, share, 0.3));
        let bins: Vec<(u32, u64)> = (0..12).map(|bin| (bin, count(&mut random))).collect();
        let others: Vec<(u32, u64)> = (0..12).map(|bin| (bin, count(&mut random))).collect();
        digest.float(quantile::compare(share, 1000.0, bins.iter().copied(), others.iter().copied()));
        let small = |bins: &[(u32, u64)]| -> Vec<(u32, u64)> { bins.iter().map(|(bin, values)| (*bin, values % 100)).collect() };
        let (small, smaller) = (small(&bins), small(&others));
        digest.float(quantile::compare(share, 100.0, small.iter().copied(), smaller.iter().copied()));
        let end = |end: Option<u32>| end.map_or(0, |bin| u64::from(bin) + 1);
        digest.word(end(quantile::estimate(share, bins.iter().copied())));
        let (first, last) = quantile::bounds(share, 0.05, small.iter().copied()).unwrap_or_default();
        digest.word(end(first));
        digest.word(end(last));
        let goals = |of: &Trials| {
            vec![Goals { met: of.canary_bad, trials: of.canary_ok }, Goals { met: of.stable_bad, trials: of.stable_ok }]
        };
        let known = pool(&strata.iter().map(goals).collect::<Vec<_>>());
        for share in best(&known) {
            digest.float(share);
        }
        for weight in split(&known) {
            digest.word(u64::from(weight.bp()));
        }
    }
    digest.0
}

#[test]
fn not_a_bit_of_the_evidence_has_changed() {
    assert_eq!(format!("{:016x}", digest()), "baf02cdad77b3b8a");
}
