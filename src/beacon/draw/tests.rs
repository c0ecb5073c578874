use super::*;
use crate::assign::Why;
use crate::decide::tests::scene;
use crate::plan::{Strategy, Stratum};
use crate::slot::{Ownership, Weight};

/// The splits of a ladder of two versions, each derived from the one before.
fn ladder(steps: &[u16]) -> Vec<Ownership> {
    let mut splits: Vec<Ownership> = Vec::new();
    for &bp in steps {
        let before = splits.last().cloned().unwrap_or_else(|| Ownership::all(scene::V1));
        let weight = |bp| Weight::from_bp(bp).unwrap();
        splits.push(before.rebalanced(&[(scene::V1, weight(10_000 - bp)), (scene::V2, weight(bp))]).unwrap());
    }
    splits
}

fn rollout(steps: &[u16]) -> Rollout {
    let splits = ladder(steps);
    Rollout {
        step: u16::try_from(steps.len()).unwrap(),
        strata: vec![Stratum::new("", &splits, scene::V2, scene::V1)],
        ..scene::rollout(Strategy::Random(splits.last().unwrap().clone()))
    }
}

fn gets(version: VersionIndex) -> Assignment {
    Assignment { version, why: Why::Stable, by: By::Stratum(0) }
}

fn odds(canary: u16, stable: u16) -> Odds {
    Odds { canary, stable }
}

fn drawn(steps: &[u16], version: VersionIndex, last: Option<Draw>) -> Option<Draw> {
    draw(&scene::site(), &rollout(steps), &gets(version), last, false)
}

#[test]
fn a_first_draw_has_the_odds_of_the_weight() {
    let first = drawn(&[100, 500], scene::V2, None).unwrap();
    assert_eq!((first.step, first.odds, first.arm), (2, odds(500, 9500), Arm::Canary));
}

#[test]
fn who_was_stable_is_drawn_anew_among_the_slots_that_were_stables() {
    let at_1 = drawn(&[100], scene::V1, None);
    let at_2 = drawn(&[100, 500], scene::V1, at_1).unwrap();
    assert_eq!((at_2.step, at_2.odds, at_2.arm), (2, odds(400, 9500), Arm::Stable));
    let at_4 = drawn(&[100, 500, 2500, 5000], scene::V2, Some(at_2)).unwrap();
    assert_eq!((at_4.step, at_4.odds, at_4.arm), (4, odds(4500, 5000), Arm::Canary));
}

#[test]
fn who_was_canary_is_never_drawn_again() {
    let at_1 = drawn(&[100], scene::V2, None);
    assert_eq!(drawn(&[100, 500, 5000], scene::V2, at_1), at_1);
}

#[test]
fn a_step_that_changes_nothing_draws_nobody_twice() {
    let at_1 = drawn(&[500], scene::V1, None);
    assert_eq!(drawn(&[500, 500], scene::V1, at_1), at_1);
}

#[test]
fn where_the_canary_alone_is_left_it_comes_out_with_nothing_beside_it() {
    let whole = drawn(&[10_000], scene::V2, None).unwrap();
    assert_eq!((whole.odds, whole.arm, whole.odds.is_draw()), (odds(10_000, 0), Arm::Canary, false));
    assert_eq!(drawn(&[0], scene::V1, None), None);
    let at_1 = drawn(&[500], scene::V1, None);
    let late = drawn(&[500, 10_000], scene::V2, at_1).unwrap();
    assert_eq!((late.step, late.odds), (2, odds(9500, 0)), "stable then, canary now: nothing else was possible");
}

#[test]
fn after_a_step_back_a_former_canary_speaks_for_nothing() {
    let at_2 = drawn(&[100, 5000], scene::V2, None);
    assert_eq!(drawn(&[100, 5000, 100], scene::V1, at_2), None);
    let stable_at_2 = drawn(&[100, 5000], scene::V1, None);
    assert_eq!(drawn(&[100, 5000, 100], scene::V1, stable_at_2), stable_at_2);
}

#[test]
fn a_fixed_arm_keeps_the_odds_of_its_arrival() {
    let at_1 = drawn(&[100], scene::V1, None);
    let now = draw(&scene::site(), &rollout(&[100, 5000]), &gets(scene::V1), at_1, true);
    assert_eq!(now, at_1);
}

#[test]
fn a_draw_in_one_split_says_nothing_in_another() {
    let at_1 = drawn(&[100], scene::V1, None);
    let mut site = scene::site();
    site.rules.push(scene::rule("half", crate::plan::Condition::All(Vec::new()), scene::V2));
    site.rules[0].owners = scene::split(5000);
    let by_rule = |last| {
        let assignment = Assignment { version: scene::V2, why: Why::Rule, by: By::Rule(0) };
        draw(&site, &rollout(&[100]), &assignment, last, false)
    };
    assert_eq!(by_rule(at_1), None);
    let first = by_rule(None).unwrap();
    assert_eq!(first.odds, odds(5000, 5000));
    assert_eq!(by_rule(Some(first)), Some(first));
}

/// Replays visitors through a ladder: among all draws with the same odds, the share of canaries is what the odds say.
#[test]
fn the_odds_of_every_draw_hold_over_all_slots() {
    use std::collections::BTreeMap;
    let steps = [100, 500, 2500, 5000];
    let splits = ladder(&steps);
    let mut counts: BTreeMap<(u16, Odds), (u32, u32)> = BTreeMap::new();
    for seen in 1_usize..16 {
        for number in 0..crate::slot::SLOTS {
            let slot = crate::slot::Slot::new(number).unwrap();
            let mut last = None;
            // Visitors come at the steps that are set in `seen`, and at no other.
            for step in (0..4).filter(|step| seen >> step & 1 == 1) {
                let version = splits[step].owner(slot);
                let now = drawn_at(&splits, step, version, last);
                if let Some(now) = now.filter(|now| last != Some(*now)) {
                    let entry = counts.entry((now.step, now.odds)).or_default();
                    entry.0 += u32::from(now.arm == Arm::Canary);
                    entry.1 += 1;
                }
                last = now.or(last);
            }
        }
    }
    assert_eq!(counts.len(), 10, "one stratum for each pair of steps");
    for ((step, odds), (canary, all)) in counts {
        let share = u64::from(canary) * u64::from(odds.canary + odds.stable);
        assert_eq!(share, u64::from(all) * u64::from(odds.canary), "step {step}, {odds:?}: {canary} of {all}");
    }
}

fn drawn_at(splits: &[Ownership], step: usize, version: VersionIndex, last: Option<Draw>) -> Option<Draw> {
    let rollout = Rollout {
        step: u16::try_from(step + 1).unwrap(),
        strata: vec![Stratum::new("", &splits[..=step], scene::V2, scene::V1)],
        ..scene::rollout(Strategy::Random(splits[step].clone()))
    };
    draw(&scene::site(), &rollout, &gets(version), last, false)
}
