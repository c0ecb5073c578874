use super::scene::*;
use crate::rollout::event::{Command, Decision};
use crate::rollout::in_force;
use crate::rollout::offer::Offer;
use crate::rollout::policy::{Guard, Optimise};
use crate::rollout::state::Phase;
use crate::slot::Weight;

fn optimising() -> Offer {
    let mut offer = offer();
    let policy = &mut offer.rollout.as_mut().unwrap().policy;
    policy.guards.extend(Guard::usual("goal.signup"));
    policy.deadline_s = 90 * 86_400;
    policy.optimise = Some(Optimise { goal: "signup".to_owned(), every_s: 86_400 });
    offer
}

/// On the step on which it shows that it is safe, or in a period.
fn ramped() -> Story {
    let mut story = Story::of(&optimising());
    while story.state.run.as_ref().unwrap().period.is_none() {
        story.healthy(4000);
        story.after(11 * MINUTE);
    }
    story
}

fn weight(story: &Story) -> Weight {
    let run = story.state.run.as_ref().unwrap();
    let ladder = story.state.offer.rollout.as_ref().unwrap();
    run.rung(ladder).unwrap().weight(ladder.canary).unwrap()
}

/// A period passes, in which so many of a thousand new visitors of canary and of stable meet the goal.
fn period(story: &mut Story, canary: u64, stable: u64) -> Vec<Decision> {
    let ladder = story.state.offer.rollout.clone().unwrap();
    let run = story.state.run.clone().unwrap();
    let stratum = run.rung(&ladder).unwrap().strata[0].clone();
    let place = stratum.name.clone();
    story.with_in(&place, 4000, 0, 0);
    let at = run.policy.guards.iter().position(|guard| guard.name == "goal.signup").unwrap();
    let counted = story.tally.strata.iter_mut().find(|counted| counted.place == place).unwrap();
    counted.canary.outcomes[at].votes += counted.canary.outcomes[at].trials * canary / 1000;
    counted.stable.outcomes[at].votes += counted.stable.outcomes[at].trials * stable / 1000;
    story.after(DAY)
}

#[test]
fn once_it_is_safe_a_goal_decides_and_the_first_period_moves_nobody() {
    let story = ramped();
    let last = story.log.iter().rev().flat_map(|entry| &entry.decisions).find(|decision| decision.code == "optimise").unwrap();
    assert_eq!((last.step, weight(&story).to_string().as_str(), story.phase()), ((4, 6), "50%", Phase::Ramping));
    let (ladder, site) = (story.state.offer.rollout.clone().unwrap(), in_force(&story.state));
    let rollout = site.rollout.unwrap();
    assert_eq!(rollout.strategy, ladder.rungs[3].strategy, "the split is that of the step before");
    // Who was drawn before is in no draw now, whatever they got: only who is new counts.
    assert_eq!((rollout.step, rollout.strata[0].odds.len()), (6, 1));
    assert!(rollout.strata[0].name.starts_with("period-"));
    let vitals = crate::rollout::estimates::Vitals::default();
    let status = crate::rollout::status::of(&story.state, &story.tally, &vitals, story.now_ms);
    let shown = |pointer: &str| status.pointer(pointer).unwrap().clone();
    let seen = [shown("/rollout/step"), shown("/rollout/steps/5/weights/"), shown("/optimise/weight")];
    assert_eq!(serde_json::json!(seen), serde_json::json!([6, "50%", "50%"]));
    story.replays();
}

#[test]
fn the_better_version_gets_more_with_as_few_moves_as_can_be_and_is_promoted_in_the_end() {
    let mut story = ramped();
    let mut weights = vec![weight(&story)];
    while story.phase() == Phase::Ramping {
        let before = in_force(&story.state).rollout.unwrap();
        let decided = period(&mut story, 55, 50);
        let Some(after) = in_force(&story.state).rollout else {
            assert_eq!(shown(&decided)[0].split(' ').take(3).collect::<Vec<_>>(), ["Promote", "evidence", "best"]);
            break;
        };
        weights.push(weight(&story));
        let (crate::plan::Strategy::Random(before), crate::plan::Strategy::Random(after)) = (before.strategy, after.strategy)
        else {
            panic!("not random")
        };
        let [.., was, is] = weights.as_slice() else { panic!("no weights") };
        assert_eq!(before.moved(&after).bp(), was.bp().abs_diff(is.bp()));
        assert!(weights.len() < 60, "{weights:?}");
    }
    assert_eq!((story.phase(), story.state.stable.as_str()), (Phase::Promoted, "v2"));
    assert!(weights.len() > 2, "it takes more than a day: {weights:?}");
    story.replays();
}

#[test]
fn the_worse_version_gets_less_again_and_never_less_than_one_percent() {
    let mut story = ramped();
    for _ in 0..20 {
        period(&mut story, 48, 52);
    }
    let bp = weight(&story).bp();
    assert!((100..1000).contains(&bp), "{bp}");
    assert_eq!(story.phase(), Phase::Ramping, "less, but no harm");
    story.replays();
}

#[test]
fn what_is_not_safe_gets_no_more_and_what_is_harmful_goes_back_in_a_period_too() {
    let mut story = ramped();
    let place = in_force(&story.state).rollout.unwrap().strata[0].name.clone();
    story.with_in(&place, 4000, 900, 20);
    let decided = story.after(MINUTE);
    assert_eq!(shown(&decided), ["RollBack evidence harm 6→6"]);
    story.replays();
}

#[test]
fn a_file_that_changes_elsewhere_leaves_the_period_and_one_without_the_goal_ends_it() {
    let mut story = ramped();
    period(&mut story, 60, 50);
    let (step, before) = (story.at_step(), weight(&story));
    let mut elsewhere = optimising();
    elsewhere.site.hosts.push("shop.example".to_owned());
    story.offer(&elsewhere);
    assert_eq!((story.at_step(), weight(&story)), (step, before));
    let mut plain = elsewhere.clone();
    plain.rollout.as_mut().unwrap().policy.optimise = None;
    assert_eq!(shown(&story.offer(&plain)), [format!("Start deploy moved_by_file {step}→4")]);
    assert_eq!(weight(&story).to_string(), "50%");
    story.replays();
}

#[test]
fn people_promote_and_advance_is_refused_in_a_period() {
    let mut story = ramped();
    assert_eq!(story.ask(Command::Advance).unwrap_err().code, "last_step");
    story.ask(Command::Promote).unwrap();
    assert_eq!((story.phase(), story.state.stable.as_str()), (Phase::Promoted, "v2"));
    story.replays();
}
