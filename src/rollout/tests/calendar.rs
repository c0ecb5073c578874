use super::scene::*;
use crate::rollout::calendar::{Freeze, Window};
use crate::rollout::event::{Command, Waiting};
use crate::rollout::in_force;
use crate::rollout::offer::Offer;
use crate::rollout::policy::OnDeadline;
use crate::rollout::state::Phase;

/// When a story begins: 2027-01-15 08:00 UTC, a Friday.
const BEGIN: u64 = 1_800_000_000_000;

fn with(change: impl FnOnce(&mut crate::rollout::policy::Policy)) -> Offer {
    let mut offer = offer();
    change(&mut offer.rollout.as_mut().unwrap().policy);
    offer
}

fn waiting(story: &Story) -> Vec<Waiting> {
    crate::rollout::look(&story.state, &story.tally, story.now_ms).unwrap().waiting
}

#[test]
fn a_rollout_with_a_start_begins_then_and_by_itself() {
    let mut story = Story::of(&with(|policy| policy.calendar.start_ms = BEGIN + DAY));
    assert_eq!((story.phase(), in_force(&story.state).rollout), (Phase::Scheduled, None));
    assert_eq!(waiting(&story), [Waiting::Start { until_ms: BEGIN + DAY }]);
    assert_eq!(story.state.wakes_ms(story.now_ms), Some(BEGIN + DAY));
    assert!(story.after(DAY - 1).is_empty());
    assert_eq!(shown(&story.after(1)), ["Start policy scheduled 0→1"]);
    assert_eq!((story.phase(), story.at_step()), (Phase::Ramping, 1));
    story.healthy(1000);
    assert!(story.after(9 * MINUTE).is_empty(), "its least time counts from there");
    assert_eq!(shown(&story.after(MINUTE)), ["Advance evidence not_harmful 1→2"]);
    story.replays();
}

#[test]
fn a_person_may_begin_it_before_its_start() {
    let mut story = Story::of(&with(|policy| policy.calendar.start_ms = BEGIN + DAY));
    assert_eq!(shown(&story.ask(Command::Resume).unwrap()), ["Start ann asked 0→1"]);
    story.replays();
}

#[test]
fn outside_of_its_windows_it_stands_and_goes_back_all_the_same() {
    let window = Window { days: 0b001_1111, from_min: 8 * 60, until_min: 9 * 60, offset_min: 0 };
    let mut story = Story::of(&with(|policy| policy.calendar.windows = vec![window]));
    story.healthy(10_000);
    assert_eq!(shown(&story.after(10 * MINUTE)), ["Advance evidence not_harmful 1→2"]);
    story.healthy(10_000);
    assert!(story.after(HOUR).is_empty());
    // It is Friday after nine.
    let monday = BEGIN + 3 * DAY;
    assert_eq!(waiting(&story), [Waiting::Window { until_ms: monday }]);
    let barred = story.ask(Command::Advance).unwrap_err();
    assert_eq!(barred.code, "barred");
    assert_eq!(story.insist(Command::Advance, "").unwrap_err().code, "no_reason");
    let mut insisted = story;
    assert_eq!(shown(&insisted.insist(Command::Advance, "we watch it").unwrap()), ["Advance ann override 2→3"]);
    insisted.with(10_000, 900, 20);
    assert_eq!(shown(&insisted.after(SECOND)), ["RollBack evidence harm 3→3"]);
    insisted.replays();
}

#[test]
fn a_freeze_stops_what_goes_forward_and_nothing_else() {
    let mut story = Story::begin();
    let until_ms = BEGIN + 7 * DAY;
    assert_eq!(shown(&story.ask(Command::Freeze { until_ms }).unwrap()), ["Freeze ann asked 1→1"]);
    assert_eq!(story.ask(Command::Freeze { until_ms: BEGIN }).unwrap_err().code, "past");
    story.healthy(10_000);
    assert!(story.after(DAY).is_empty());
    assert!(matches!(waiting(&story).as_slice(), [Waiting::Freeze { until_ms: until, .. }] if *until == until_ms));
    for command in [Command::Advance, Command::Promote] {
        assert_eq!(story.ask(command).unwrap_err().code, "barred");
    }
    for command in [Command::Pause, Command::Resume, Command::Approve] {
        story.ask(command).unwrap();
    }
    // What comes meanwhile does not begin.
    let mut another = offer();
    another.rollout.as_mut().unwrap().id = "summer".to_owned();
    story.offer(&another);
    story.tally = crate::rollout::tally::Tally::default();
    assert_eq!(story.phase(), Phase::Scheduled);
    assert_eq!(story.state.wakes_ms(story.now_ms), Some(until_ms));
    story.ask(Command::Unfreeze).unwrap();
    assert_eq!(story.ask(Command::Unfreeze).unwrap_err().code, "no_change");
    assert_eq!(shown(&story.after(SECOND)), ["Start policy scheduled 0→1"]);
    story.ask(Command::Freeze { until_ms }).unwrap();
    story.ask(Command::RollBack).unwrap();
    story.replays();
}

#[test]
fn a_freeze_of_the_config_outlasts_a_deadline_that_would_promote_and_none_that_takes_back() {
    let frozen = |on_deadline| {
        with(|policy| {
            policy.on_deadline = on_deadline;
            let freeze = Freeze { from_ms: BEGIN + DAY, until_ms: BEGIN + 20 * DAY, why: "holidays".to_owned() };
            policy.calendar.freezes = vec![freeze];
        })
    };
    let mut story = Story::of(&frozen(OnDeadline::Promote));
    assert!(story.after(14 * DAY).is_empty());
    assert_eq!(shown(&story.after(6 * DAY)), ["Promote policy deadline 1→1"]);
    story.replays();
    let mut story = Story::of(&frozen(OnDeadline::RollBack));
    assert_eq!(shown(&story.after(14 * DAY)), ["RollBack policy deadline 1→1"]);
    assert_eq!(story.ask(Command::Unfreeze).unwrap_err().code, "no_change");
}

#[test]
fn a_file_can_put_off_a_start_and_bring_it_forward() {
    let at = |start_ms| with(|policy| policy.calendar.start_ms = start_ms);
    let mut story = Story::of(&at(BEGIN + DAY));
    assert_eq!(shown(&story.offer(&at(BEGIN + 2 * DAY))), ["Start deploy config 0→0"]);
    assert!(story.after(DAY + HOUR).is_empty());
    story.offer(&at(BEGIN));
    assert_eq!(shown(&story.after(SECOND)), ["Start policy scheduled 0→1"]);
    story.replays();
}
