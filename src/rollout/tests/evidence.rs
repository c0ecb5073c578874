use super::scene::*;
use crate::rollout::in_force;
use crate::rollout::policy::{Decide, OnDeadline};
use crate::rollout::state::{Held, Phase};
use crate::slot::Weight;

#[test]
fn a_healthy_canary_climbs_the_ladder_and_is_promoted_with_nobody_touching_it() {
    let mut story = Story::begin();
    let mut decided = Vec::new();
    for _ in 0..60 {
        if story.at_step() < 5 && story.state.is_running() {
            story.healthy(2000);
        }
        decided.extend(shown(&story.after(5 * MINUTE)));
    }
    assert_eq!(
        decided,
        [
            "Advance evidence not_harmful 1→2",
            "Advance evidence not_harmful 2→3",
            "Advance evidence not_harmful 3→4",
            "Advance evidence safe 4→5",
            "Promote evidence safe 5→5",
        ]
    );
    assert_eq!((story.phase(), story.state.stable.as_str()), (Phase::Promoted, "v2"));
    assert_eq!(in_force(&story.state).rollout, None);
    story.replays();
}

#[test]
fn a_canary_whose_pages_stay_white_goes_back_and_into_quarantine_before_its_least_time_is_over() {
    let mut story = Story::begin();
    story.with(10_000, 900, 20);
    let decided = story.after(40 * SECOND);
    assert_eq!(shown(&decided), ["RollBack evidence harm 1→1"]);
    assert_eq!(decided[0].reason, "missing is worse than its margin");
    assert!(decided[0].verdicts[0].harm.is_reached());
    let site = in_force(&story.state);
    assert_eq!((site.rollout, site.stable, site.quarantined.len()), (None, crate::decide::tests::scene::V1, 1));
    story.replays();
}

#[test]
fn no_data_is_neither_good_nor_bad() {
    let mut story = Story::begin();
    for _ in 0..5 {
        assert!(story.after(5 * MINUTE).is_empty());
    }
    assert_eq!((story.phase(), story.at_step()), (Phase::Ramping, 1));
}

#[test]
fn a_silent_intake_holds_and_what_held_it_is_gone_when_pages_report_again() {
    let mut story = Story::begin();
    story.healthy(10_000);
    story.after(MINUTE);
    story.now_ms += 11 * MINUTE;
    assert_eq!(shown(&story.look()), ["Hold policy silent 1→1"]);
    assert_eq!(story.phase(), Phase::Held(Held::Silent));
    story.now_ms += HOUR;
    assert!(story.look().is_empty(), "it is said once");
    assert_eq!(shown(&story.after(MINUTE)), ["Resume policy silent 1→1"]);
    assert_eq!(shown(&story.after(MINUTE)), ["Advance evidence not_harmful 1→2"]);
}

#[test]
fn everything_silent_is_never_safe() {
    let mut story = Story::of(&ladder(&[5000]));
    for _ in 0..100 {
        story.with(1000, 1000, 1000);
        assert!(story.after(10 * MINUTE).is_empty());
    }
    assert_eq!(story.phase(), Phase::Ramping);
}

#[test]
fn harm_that_few_networks_report_is_held_and_not_believed_until_more_do() {
    let mut story = Story::begin();
    story.with(10_000, 900, 20);
    story.tally.networks = vec![3; 6];
    assert_eq!(shown(&story.after(40 * SECOND)), ["Hold evidence few_networks 1→1"]);
    assert!(story.after(40 * SECOND).is_empty());
    story.tally.networks = vec![10; 6];
    assert_eq!(shown(&story.after(40 * SECOND)), ["RollBack evidence harm 1→1"]);
}

#[test]
fn harm_amid_more_votes_than_networks_may_have_is_held() {
    let mut story = Story::begin();
    story.with(10_000, 900, 20);
    story.tally.refused = vec![1_000_000; 6];
    assert_eq!(shown(&story.after(40 * SECOND)), ["Hold evidence inflow 1→1"]);
}

#[test]
fn bad_pages_whose_votes_were_refused_are_no_harm() {
    let mut story = Story::begin();
    story.with(10_000, 20, 20);
    for outcome in &mut story.tally.strata[0].canary.outcomes {
        outcome.bad += 900;
    }
    assert!(story.after(40 * SECOND).is_empty());
    for outcome in &mut story.tally.strata[0].canary.outcomes {
        outcome.votes += 900;
    }
    assert_eq!(shown(&story.after(40 * SECOND)), ["RollBack evidence harm 1→1"]);
}

#[test]
fn arms_of_the_wrong_sizes_hold_until_a_person_has_looked() {
    let mut story = Story::of(&ladder(&[5000]));
    story.visitors(Seen { drawn: 4000, ..Seen::default() }, Seen { drawn: 5000, ..Seen::default() });
    assert_eq!(shown(&story.after(MINUTE)), ["Hold policy sample_ratio 1→1"]);
    assert!(story.after(HOUR).is_empty());
    story.ask(crate::rollout::event::Command::Resume).unwrap();
    assert!(story.after(HOUR).is_empty());
    assert_eq!(story.phase(), Phase::Ramping, "what was looked at is not said again");
}

/// A build that keeps its visitors from coming back would leave only those in the test whom it did no harm.
#[test]
fn an_arm_whose_visitors_do_not_come_back_holds_though_the_draws_are_even() {
    let mut story = Story::of(&ladder(&[5000]));
    story.healthy(9000);
    let canary = &mut story.tally.strata[0].canary;
    assert_eq!((canary.draws, canary.proven), (4500, 4500));
    canary.proven -= 900;
    assert_eq!(shown(&story.after(MINUTE)), ["Hold policy sample_ratio 1→1"]);
}

#[test]
fn harm_goes_back_from_a_pause_and_from_a_hold_too() {
    let mut story = Story::begin();
    story.ask(crate::rollout::event::Command::Pause).unwrap();
    story.with(10_000, 900, 20);
    assert_eq!(shown(&story.after(MINUTE)), ["RollBack evidence harm 1→1"]);
}

#[test]
fn where_people_take_it_forward_evidence_only_takes_it_back() {
    let mut offer = offer();
    offer.rollout.as_mut().unwrap().policy.decide = Decide::RollBack;
    let mut story = Story::of(&offer);
    story.healthy(10_000);
    assert!(story.after(HOUR).is_empty());
    story.with(10_000, 900, 20);
    assert_eq!(shown(&story.after(MINUTE)), ["RollBack evidence harm 1→1"]);
}

#[test]
fn where_evidence_decides_nothing_it_is_shown_and_nothing_moves() {
    let mut offer = offer();
    offer.rollout.as_mut().unwrap().policy.decide = Decide::Never;
    let mut story = Story::of(&offer);
    story.with(10_000, 900, 20);
    assert!(story.after(HOUR).is_empty());
    assert_eq!((story.phase(), story.at_step()), (Phase::Ramping, 1));
}

#[test]
fn when_time_is_up_the_policy_decides_and_the_record_says_so() {
    for (policy, wanted, phase) in [
        (OnDeadline::Hold, "Hold policy deadline 1→1", Phase::Held(Held::Deadline)),
        (OnDeadline::Promote, "Promote policy deadline 1→1", Phase::Promoted),
        (OnDeadline::RollBack, "RollBack policy deadline 1→1", Phase::RolledBack),
    ] {
        let mut offer = offer();
        offer.rollout.as_mut().unwrap().policy.on_deadline = policy;
        let mut story = Story::of(&offer);
        assert!(story.after(14 * DAY - SECOND).is_empty());
        assert_eq!(shown(&story.after(SECOND)), [wanted]);
        assert_eq!(story.phase(), phase);
        story.replays();
    }
}

#[test]
fn a_step_that_asks_for_a_person_waits_for_one() {
    let mut offer = offer();
    offer.rollout.as_mut().unwrap().rungs[0].approval = true;
    let mut story = Story::of(&offer);
    story.healthy(10_000);
    assert!(story.after(HOUR).is_empty());
    story.ask(crate::rollout::event::Command::Approve).unwrap();
    assert_eq!(shown(&story.after(MINUTE)), ["Advance evidence not_harmful 1→2"]);
}

#[test]
fn a_ladder_without_a_draw_is_never_promoted_by_evidence() {
    let mut story = Story::of(&ladder(&[10_000]));
    for _ in 0..100 {
        assert!(story.after(HOUR).is_empty());
    }
    assert_eq!(story.phase(), Phase::Ramping);
    story.ask(crate::rollout::event::Command::Promote).unwrap();
    assert_eq!(story.phase(), Phase::Promoted);
}

/// Base rates that fall while the split grows look like harm to who pools the steps, and are none.
#[test]
fn a_ramp_during_which_everything_changes_is_not_read_as_harm() {
    let mut story = Story::of(&ladder(&[100, 5000]));
    story.with(200_000, 100, 100);
    assert_eq!(shown(&story.after(HOUR)), ["Advance evidence not_harmful 1→2"]);
    for _ in 0..20 {
        story.with(10_000, 50, 50);
        let decided = story.after(MINUTE);
        assert!(decided.iter().all(|one| one.code != "harm"), "{decided:?}");
    }
}

#[test]
fn nobody_new_gets_the_canary_of_the_site_in_force_after_a_rollback() {
    let mut story = Story::begin();
    story.with(10_000, 900, 20);
    story.after(MINUTE);
    let site = in_force(&story.state);
    assert!(!site.gives(crate::decide::tests::scene::V2));
    assert!(site.rules.iter().all(|rule| rule.owners.share(crate::decide::tests::scene::V2) == Weight::ZERO));
}

#[test]
fn marks_end_when_there_is_no_room_for_more_of_them() {
    let mut offer = offer();
    let policy = &mut offer.rollout.as_mut().unwrap().policy;
    (policy.decide, policy.deadline_s) = (Decide::RollBack, 365 * 86_400);
    let mut story = Story::of(&offer);
    story.healthy(1000);
    for _ in 0..70 {
        story.after(DAY);
    }
    assert_eq!(story.state.run.as_ref().unwrap().starts.len(), crate::evidence::restarts::MOST);
    let entries = story.log.len();
    for _ in 0..100 {
        story.after(MINUTE);
    }
    assert_eq!(story.log.len(), entries, "what changes nothing is not kept");
    story.replays();
}

#[test]
fn harm_in_doubt_waits_no_longer_than_the_deadline_and_is_never_promoted_by_it() {
    for (policy, wanted) in [
        (OnDeadline::RollBack, "RollBack policy deadline 1→1"),
        (OnDeadline::Promote, "Hold policy deadline 1→1"),
        (OnDeadline::Hold, "Hold policy deadline 1→1"),
    ] {
        let mut offer = offer();
        offer.rollout.as_mut().unwrap().policy.on_deadline = policy;
        let mut story = Story::of(&offer);
        story.with(10_000, 900, 20);
        story.tally.networks = vec![3; 6];
        assert_eq!(shown(&story.after(MINUTE)), ["Hold evidence few_networks 1→1"]);
        assert_eq!(shown(&story.after(14 * DAY)), [wanted]);
        story.replays();
    }
}

#[test]
fn a_goal_that_few_networks_meet_with_stable_takes_nothing_back() {
    let mut offer = offer();
    let guard = crate::rollout::policy::Guard::usual("goal.order").unwrap();
    offer.rollout.as_mut().unwrap().policy.guards.push(guard);
    let mut story = Story::of(&offer);
    story.ask(crate::rollout::event::Command::Advance).unwrap();
    story.healthy(100_000);
    let stable = &mut story.tally.strata[0].stable.outcomes[6];
    (stable.bad, stable.votes) = (20_000, 20_000);
    story.tally.networks = vec![50, 50, 50, 50, 50, 50, 9];
    assert_eq!(shown(&story.after(MINUTE)), ["Hold evidence few_networks 2→2"]);
    story.tally.networks[6] = 10;
    assert_eq!(shown(&story.after(MINUTE)), ["RollBack evidence harm 2→2"]);
}
