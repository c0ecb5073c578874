use super::scene::*;
use crate::rollout::event::Waiting;
use crate::rollout::look;
use crate::rollout::offer::Offer;
use crate::rollout::policy::Pace;
use crate::rollout::state::Phase;

/// Steps of 1 % and 50 %, rungs in between, and a budget of so many harmed page views of a hundred thousand.
fn paced(harmed: u64) -> Offer {
    let mut offer = ladder(&[100, 500, 1000, 2500, 5000, 10_000]);
    let ladder = offer.rollout.as_mut().unwrap();
    for at in [1, 2, 3] {
        ladder.rungs[at].between = true;
    }
    ladder.policy.pace = Some(Pace { harmed, views: 100_000 });
    offer
}

#[test]
fn a_step_goes_as_far_as_what_is_known_of_the_harm_allows() {
    let mut story = Story::of(&paced(1000));
    story.healthy(6000);
    let decided = story.after(HOUR);
    let sight = look(&story.state, &story.tally, story.now_ms).unwrap();
    assert_eq!(decided.len(), 1, "{:?}", shown(&decided));
    let step = decided[0].step.1;
    assert!((2..5).contains(&step), "not all the way at once: {step}");
    let reach = sight.reach.unwrap();
    assert!(reach.upper > 0.0 && reach.upper < 1.0 && reach.allowed.bp() < 5000, "{reach:?}");
    story.healthy(200_000);
    assert_eq!(
        shown(&story.after(HOUR)),
        [format!("Advance evidence not_harmful {step}→5")],
        "rungs that are allowed are passed over"
    );
    story.replays();
}

#[test]
fn where_not_even_the_next_rung_is_allowed_it_waits_until_more_is_known() {
    let mut story = Story::of(&paced(100));
    story.healthy(500);
    assert!(story.after(HOUR).is_empty());
    let sight = look(&story.state, &story.tally, story.now_ms).unwrap();
    assert!(matches!(sight.waiting.as_slice(), [Waiting::Pace { .. }]), "{:?}", sight.waiting);
    story.healthy(300_000);
    assert_eq!(story.after(HOUR).len(), 1);
    story.replays();
}

#[test]
fn a_canary_of_which_nothing_speaks_well_never_gets_further_than_the_budget() {
    let mut story = Story::of(&paced(100));
    for _ in 0..50 {
        // One in twenty more is missing: worse than nothing, and not yet harm.
        story.with(200, 100, 95);
        story.after(HOUR);
    }
    assert!(story.at_step() <= 2, "step {}", story.at_step());
}

#[test]
fn with_a_pace_the_canary_is_promoted_in_the_end_and_every_guard_was_safe_before() {
    let mut story = Story::of(&paced(500));
    let mut decided = Vec::new();
    for _ in 0..200 {
        if story.at_step() < 6 && story.state.is_running() {
            story.healthy(4000);
        }
        decided.extend(shown(&story.after(10 * MINUTE)));
    }
    assert_eq!(story.phase(), Phase::Promoted, "{decided:?}");
    assert!(decided.iter().any(|line| line.contains("safe") && line.ends_with("→6")), "{decided:?}");
    story.replays();
}
