//! A split is what was asked for, and what is asked for later moves nobody more than it has to.

use crate::chi_square::{IDS, visitor_id};
use halftone::slot::{Ownership, Slot, VersionIndex, Weight};

fn shares(bps: &[u16]) -> Vec<(VersionIndex, Weight)> {
    bps.iter().enumerate().map(|(at, &bp)| (VersionIndex(at as u8), Weight::from_bp(bp).unwrap())).collect()
}

/// How many of the ids each version gets, and how far that is from the weights in standard deviations of a binomial.
fn assert_within_five_sigma(owners: &Ownership, bps: &[u16]) {
    let mut counts = vec![0_u32; bps.len()];
    for number in 0..IDS {
        let slot = Slot::of("shop/rollout/spring", visitor_id(number).as_bytes());
        counts[usize::from(owners.owner(slot).0)] += 1;
    }
    for (&count, &bp) in counts.iter().zip(bps) {
        let (n, p) = (IDS as f64, f64::from(bp) / 10_000.0);
        let sigma = (n * p * (1.0 - p)).sqrt();
        let away = (f64::from(count) - n * p).abs();
        assert!(away <= 5.0 * sigma, "{count} of {IDS} at {bp} bp is {:.1} sigma away", away / sigma);
    }
}

#[test]
fn a_split_three_ways_gives_the_shares_that_were_asked_for() {
    let first = [5_000, 3_333, 1_667];
    let owners = Ownership::first(&shares(&first)).unwrap();
    assert_within_five_sigma(&owners, &first);
    // After three more splits slots lie scattered, and the shares are still what was asked for.
    let mut owners = owners;
    for bps in [[2_000, 7_000, 1_000], [4_000, 1, 5_999], [25, 6_000, 3_975]] {
        owners = owners.rebalanced(&shares(&bps)).unwrap();
    }
    assert_within_five_sigma(&owners, &[25, 6_000, 3_975]);
}

#[test]
fn of_a_million_visitors_a_raised_weight_moves_the_difference_and_none_back() {
    let ladder = [100, 500, 2_500, 5_000, 10_000];
    let mut before = Ownership::all(VersionIndex(0));
    for (at, bp) in ladder.into_iter().enumerate() {
        let after = before.rebalanced(&shares(&[10_000 - bp, bp])).unwrap();
        let earlier = if at == 0 { 0 } else { ladder[at - 1] };
        let (mut into, mut out) = (0_u32, 0_u32);
        for number in 0..IDS / 4 {
            let slot = Slot::of("shop/rollout/spring", visitor_id(number).as_bytes());
            match (before.owner(slot).0, after.owner(slot).0) {
                (0, 1) => into += 1,
                (1, 0) => out += 1,
                _ => {}
            }
        }
        let (n, p) = ((IDS / 4) as f64, f64::from(bp - earlier) / 10_000.0);
        assert_eq!(out, 0, "somebody left the canary at {bp} bp");
        assert!((f64::from(into) - n * p).abs() <= 5.0 * (n * p * (1.0 - p)).sqrt(), "{into} came in from {earlier} to {bp} bp");
        before = after;
    }
}
