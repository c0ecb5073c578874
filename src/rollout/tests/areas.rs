use super::scene::*;
use crate::plan::Strategy;
use crate::rollout::event::Command;
use crate::rollout::in_force;
use crate::rollout::offer::Offer;
use crate::rollout::policy::{Guard, OnDeadline};
use crate::rollout::state::{Held, Phase};
use crate::rollout::verdict::Says;

/// Three areas at once, then all of everything.
fn three() -> Offer {
    areas(&[&[("NZ", 1000), ("AU", 1000), ("elsewhere", 1000)], &[("NZ", 5000), ("AU", 5000), ("elsewhere", 5000)]])
}

/// The canary's weights by area, as the edge gives it.
fn weights(story: &Story) -> Vec<(String, u16)> {
    let rollout = in_force(&story.state).rollout.unwrap();
    let Strategy::Geographic(waves) = &rollout.strategy else { panic!("areas are asked for") };
    waves.iter().map(|wave| (wave.name.clone(), wave.weight(rollout.canary).bp())).collect()
}

fn weights_are(story: &Story, wanted: &[(&str, u16)]) {
    let wanted: Vec<(String, u16)> = wanted.iter().map(|(name, bp)| ((*name).to_owned(), *bp)).collect();
    assert_eq!(weights(story), wanted);
}

/// A bad area among good ones, until something is decided.
fn until_decided(story: &mut Story, bad: &str, seen: u64) -> Vec<String> {
    for _ in 0..200 {
        for area in ["NZ", "AU", "elsewhere"] {
            if !story.state.run.as_ref().unwrap().areas_back.iter().any(|back| back == area) {
                story.with_in(area, seen, if area == bad { 600 } else { 20 }, 20);
            }
        }
        let decided = shown(&story.after(SECOND));
        if !decided.is_empty() {
            return decided;
        }
    }
    panic!("nothing was decided");
}

#[test]
fn one_bad_area_goes_back_alone_and_the_others_go_on() {
    // However the visitors are spread, and in small portions, so that the first test to see it decides.
    for seen in [20, 200, 5000] {
        let mut story = Story::of(&three());
        assert_eq!(until_decided(&mut story, "NZ", seen), ["RollBack evidence harm_in_area 1→1"], "{seen} at a time");
        assert_eq!(story.phase(), Phase::Ramping);
        weights_are(&story, &[("NZ", 0), ("AU", 1000), ("elsewhere", 1000)]);
        let odds = in_force(&story.state).rollout.unwrap().strata[0].odds.clone();
        assert!(odds.iter().all(|odds| odds.canary == 0), "where everybody gets stable nobody is drawn");
        // What is known of it no longer speaks against the others.
        for _ in 0..30 {
            story.with_in("AU", 2000, 20, 20);
            story.with_in("elsewhere", 2000, 20, 20);
            let decided = story.after(SECOND);
            assert!(decided.is_empty(), "{decided:?}");
        }
        assert_eq!(shown(&story.after(HOUR)), ["Advance evidence not_harmful 1→2"]);
        weights_are(&story, &[("NZ", 0), ("AU", 5000), ("elsewhere", 5000)]);
        story.replays();
    }
}

#[test]
fn an_area_that_went_back_holds_the_end_of_the_ladder_for_a_person() {
    let mut story = Story::of(&three());
    until_decided(&mut story, "NZ", 1000);
    let mut decided = Vec::new();
    for _ in 0..60 {
        story.with_in("AU", 2000, 20, 20);
        story.with_in("elsewhere", 2000, 20, 20);
        decided.extend(shown(&story.after(5 * MINUTE)));
    }
    assert_eq!(decided, ["Advance evidence not_harmful 1→2", "Hold policy area_back 2→2"]);
    assert_eq!(story.phase(), Phase::Held(Held::AreaBack));
    assert_eq!(story.ask(Command::Resume).unwrap_err().code, "area_back");
    story.ask(Command::Promote).unwrap();
    assert_eq!(story.state.stable, "v2");
    story.replays();
}

#[test]
fn harm_everywhere_takes_everything_back() {
    let mut story = Story::of(&three());
    for area in ["NZ", "AU", "elsewhere"] {
        story.with_in(area, 10_000, 600, 20);
    }
    let decided = story.after(SECOND);
    assert_eq!(shown(&decided), ["RollBack evidence harm 1→1"]);
    assert!(story.state.is_quarantined("v2") && in_force(&story.state).rollout.is_none());

    // Too little in each for it to go back alone, and enough in all.
    let mut story = Story::of(&three());
    while story.state.is_running() {
        for area in ["NZ", "AU", "elsewhere"] {
            story.with_in(area, 200, 300, 100);
        }
        for one in shown(&story.after(SECOND)) {
            assert_eq!(one, "RollBack evidence harm 1→1");
        }
    }
    story.replays();
}

#[test]
fn where_only_one_area_is_open_its_harm_is_everybodys() {
    let mut story = Story::of(&areas(&[&[("NZ", 1000)], &[("NZ", 5000), ("AU", 5000)]]));
    story.with_in("NZ", 10_000, 600, 20);
    assert_eq!(shown(&story.after(SECOND)), ["RollBack evidence harm 1→1"]);
    assert!(story.state.is_quarantined("v2"));

    // And of two the last one as well.
    let mut story = Story::of(&areas(&[&[("NZ", 5000), ("AU", 5000)], &[("NZ", 10_000), ("AU", 10_000)]]));
    story.with_in("NZ", 10_000, 600, 20);
    story.with_in("AU", 10_000, 20, 20);
    assert_eq!(shown(&story.after(SECOND)), ["RollBack evidence harm_in_area 1→1"]);
    story.with_in("AU", 40_000, 600, 20);
    assert_eq!(shown(&story.after(SECOND)), ["RollBack evidence harm 1→1"]);
    assert_eq!(story.phase(), Phase::RolledBack);
    story.replays();
}

#[test]
fn two_bad_areas_go_back_in_one_look_each_with_its_revision() {
    let mut offer = three();
    offer.rollout.as_mut().unwrap().policy.guards.truncate(1);
    let mut story = Story::of(&offer);
    story.with_in("NZ", 10_000, 600, 20);
    story.with_in("AU", 10_000, 600, 20);
    story.with_in("elsewhere", 100_000, 20, 20);
    let before = story.state.revision;
    let decided = story.after(SECOND);
    assert_eq!(shown(&decided), ["RollBack evidence harm_in_area 1→1", "RollBack evidence harm_in_area 1→1"]);
    assert_eq!(decided.iter().map(|one| one.revision).collect::<Vec<_>>(), [before + 1, before + 2]);
    assert!(decided.iter().all(|one| one.ratio.is_some() && !one.verdicts.is_empty()));
    weights_are(&story, &[("NZ", 0), ("AU", 0), ("elsewhere", 1000)]);
    story.replays();
}

#[test]
fn an_area_whose_harm_is_in_doubt_is_held_and_said_and_time_is_up_for_it_too() {
    let mut offer = three();
    offer.rollout.as_mut().unwrap().policy.on_deadline = OnDeadline::RollBack;
    let mut story = Story::of(&offer);
    story.with_in("NZ", 10_000, 600, 20);
    for area in ["AU", "elsewhere"] {
        story.with_in(area, 10_000, 20, 20);
    }
    // Many networks elsewhere say nothing of three in this area.
    let guards = story.state.run.as_ref().unwrap().policy.guards.clone();
    story.tally.heard("NZ", "missing", 3, &guards);
    let decided = story.after(SECOND);
    assert_eq!(shown(&decided), ["Hold evidence few_networks 1→1"]);
    assert_eq!(
        decided[0].reason,
        "missing looks worse than its margin in NZ, but all of it comes from 3 networks, and 10 are asked for"
    );
    assert!(story.after(MINUTE).is_empty(), "it is said once");
    let verdict = decided[0].verdicts.iter().find(|one| one.place == "NZ" && one.guard == "missing").unwrap();
    assert_eq!(verdict.says, Says::Harm);
    let mut later = story;
    assert_eq!(shown(&later.after(14 * DAY)), ["RollBack policy deadline 1→1"]);
    let guards = later.state.run.as_ref().unwrap().policy.guards.clone();
    later.tally.heard("NZ", "missing", 10, &guards);
    later.replays();
}

#[test]
fn more_refused_votes_than_taken_ones_in_an_area_hold_it() {
    let mut story = Story::of(&three());
    story.with_in("NZ", 10_000, 600, 20);
    for area in ["AU", "elsewhere"] {
        story.with_in(area, 10_000, 20, 20);
    }
    let place = story.tally.places.iter_mut().find(|one| one.place == "NZ").unwrap();
    place.refused = vec![1_000_000; place.refused.len()];
    assert_eq!(shown(&story.after(SECOND)), ["Hold evidence inflow 1→1"]);
}

#[test]
fn an_area_has_a_part_of_the_error_as_large_as_its_share_of_the_plan() {
    let mut offer = areas(&[&[("NZ", 1000), ("AU", 500)], &[("NZ", 5000), ("AU", 2500)]]);
    offer.rollout.as_mut().unwrap().policy.guards = vec![Guard::usual("missing").unwrap()];
    let mut story = Story::of(&offer);
    story.with_in("NZ", 1000, 20, 20);
    let sight = crate::rollout::look(&story.state, &story.tally, story.now_ms).unwrap();
    let alphas: Vec<(String, f64)> = sight.verdicts.iter().map(|one| (one.place.clone(), (-one.harm.threshold).exp())).collect();
    for ((place, alpha), (wanted, part)) in alphas.iter().zip([("", 0.005), ("NZ", 0.005 * 2.0 / 3.0), ("AU", 0.005 / 3.0)]) {
        assert!(place == wanted && (alpha - part).abs() < 1e-12, "{place}: {alpha} is not {part}");
    }
    assert_eq!(alphas.len(), 3);
}

#[test]
fn a_promotion_by_policy_does_not_bring_the_canary_to_an_area_that_went_back() {
    let mut offer = three();
    offer.rollout.as_mut().unwrap().policy.on_deadline = OnDeadline::Promote;
    let mut story = Story::of(&offer);
    until_decided(&mut story, "NZ", 1000);
    assert_eq!(shown(&story.after(14 * DAY)), ["Hold policy deadline 1→1"]);
    assert_eq!(in_force(&story.state).stable, crate::decide::tests::scene::V1);
}

/// Numbers from a seed, as shares of one.
struct Random(u64);

impl Random {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn below_one(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of so many, each with this chance.
    fn of(&mut self, n: u64, chance: f64) -> u64 {
        (0..n).map(|_| u64::from(self.below_one() < chance)).sum()
    }
}

/// Runs rollouts over three areas of unlike size, looked at all the time. `ratio` is how many times stable's rate the canary's is in
/// the area of this number. Counts rollouts in which an area from `good` on, or everything, went back.
fn false_rollbacks(seed: u64, runs: u32, good: usize, ratio: fn(usize) -> f64) -> (u32, u32) {
    const NAMES: [&str; 3] = ["NZ", "AU", "elsewhere"];
    let mut offer =
        areas(&[&[("NZ", 2000), ("AU", 1000), ("elsewhere", 500)], &[("NZ", 5000), ("AU", 5000), ("elsewhere", 2500)]]);
    let policy = &mut offer.rollout.as_mut().unwrap().policy;
    policy.guards = vec![Guard { margin_bp: 0, ..Guard::usual("missing").unwrap() }];
    policy.false_rollback_bp = 2000;
    let mut random = Random(seed);
    let (mut errors, mut found) = (0, 0);
    for _ in 0..runs {
        let mut story = Story::of(&offer);
        story.is_watched = false;
        let mut wrong = false;
        for look in 0..60 {
            if look == 30 && story.state.is_running() {
                story.ask(Command::Advance).unwrap();
            }
            for (at, name) in NAMES.iter().enumerate() {
                if story.state.run.as_ref().unwrap().areas_back.iter().any(|back| back == name) {
                    continue;
                }
                let share = f64::from(story.odds(name).canary) / 10_000.0;
                let drawn = [120, 60, 40][at];
                let canary = random.of(drawn, share);
                // By day and by night.
                let rate = if look / 10 % 2 == 0 { 0.2 } else { 0.1 };
                let missing = |random: &mut Random, n, rate| Seen { drawn: n, missing: random.of(n, rate), errors: 0 };
                let (bad, ok) = (missing(&mut random, canary, rate * ratio(at)), missing(&mut random, drawn - canary, rate));
                story.visitors_in(name, bad, ok);
            }
            story.after(SECOND);
            let back = &story.state.run.as_ref().unwrap().areas_back;
            wrong |= back.iter().any(|back| NAMES[good..].contains(&back.as_str()));
            if !story.state.is_running() {
                // As long as a bad area has the canary, taking everything back is right.
                wrong |= NAMES[..good].iter().all(|bad| back.iter().any(|back| back == bad));
                break;
            }
        }
        errors += u32::from(wrong);
        found += u32::from(NAMES[..good].iter().all(|bad| story.state.run.as_ref().unwrap().areas_back.iter().any(|b| b == bad)));
    }
    (errors, found)
}

/// Not more often than one in five, but for three standard deviations of luck.
fn is_kept(errors: u32, runs: u32) {
    let (mean, runs) = (0.2 * f64::from(runs), f64::from(runs));
    assert!(f64::from(errors) <= mean + 3.0 * (runs * 0.2 * 0.8).sqrt(), "{errors} of {runs} go back for nothing");
}

#[test]
fn areas_and_all_of_them_together_go_back_for_nothing_no_more_often_than_is_said() {
    let (errors, _) = false_rollbacks(1, 300, 0, |_| 1.0);
    is_kept(errors, 300);
    // An area that is bad goes back, and what it showed is not held against the others.
    let (errors, found) = false_rollbacks(2, 300, 1, |area| if area == 0 { 2.5 } else { 1.0 });
    is_kept(errors, 300);
    assert!(found >= 270, "the bad area went back alone in {found} of 300");
}

#[test]
fn a_file_does_not_give_areas_a_new_part_of_the_error() {
    let mut story = Story::of(&areas(&[&[("NZ", 1000), ("AU", 1000)]]));
    let more = areas(&[&[("NZ", 1000), ("AU", 1000), ("JP", 1000)]]);
    story.offer(&more);
    assert_eq!(story.state.run.as_ref().unwrap().areas.len(), 2);
}
