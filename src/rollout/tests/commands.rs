use super::scene::*;
use crate::rollout::event::Command;
use crate::rollout::in_force;
use crate::rollout::state::Phase;

fn refused(story: &mut Story, command: Command) -> &'static str {
    story.ask(command).unwrap_err().code
}

#[test]
fn a_person_pauses_and_resumes() {
    let mut story = Story::begin();
    story.ask(Command::Pause).unwrap();
    story.healthy(10_000);
    assert!(story.after(HOUR).is_empty());
    assert_eq!(refused(&mut story, Command::Pause), "not_now");
    story.ask(Command::Resume).unwrap();
    assert_eq!(shown(&story.after(MINUTE)), ["Advance evidence not_harmful 1→2"]);
    story.replays();
}

#[test]
fn a_rolled_back_build_stays_out_until_it_is_cleared() {
    let mut story = Story::begin();
    story.ask(Command::RollBack).unwrap();
    assert_eq!(refused(&mut story, Command::Retry), "quarantined");
    // The same file again, or another rollout of the same build, does not bring it back.
    assert!(story.offer(&offer()).is_empty());
    let mut another = offer();
    another.rollout.as_mut().unwrap().id = "summer".to_owned();
    assert_eq!(shown(&story.offer(&another)), ["Refuse deploy quarantined 1→0"]);
    assert_eq!(in_force(&story.state).rollout, None);
    assert_eq!(shown(&story.offer(&another)), ["Refuse deploy quarantined 0→0"], "each try has its answer");
    story.ask(Command::Clear { version: "v2".to_owned() }).unwrap();
    assert_eq!(refused(&mut story, Command::Clear { version: "v2".to_owned() }), "not_quarantined");
    assert_eq!(shown(&story.offer(&another)), ["Start deploy rollout 0→1"], "the very same file");
    story.replays();
}

#[test]
fn what_was_refused_because_of_the_quarantine_begins_by_a_retry_once_it_is_cleared() {
    let mut story = Story::begin();
    story.ask(Command::RollBack).unwrap();
    let mut another = offer();
    another.rollout.as_mut().unwrap().id = "summer".to_owned();
    story.offer(&another);
    assert_eq!(refused(&mut story, Command::Retry), "quarantined");
    story.ask(Command::Clear { version: "v2".to_owned() }).unwrap();
    assert_eq!(shown(&story.ask(Command::Retry).unwrap()), ["Start ann retry 0→1"]);
    let run = story.state.run.as_ref().unwrap();
    assert_eq!((run.id.as_str(), run.attempt), ("summer", 1));
    story.replays();
}

#[test]
fn an_attempt_has_the_number_after_those_of_its_own_rollout() {
    let mut story = Story::begin();
    story.ask(Command::Abort).unwrap();
    let spring = story.state.clone();
    story.ask(Command::Retry).unwrap();
    // Another one in between, which was never retried.
    let mut another = offer();
    another.rollout.as_mut().unwrap().id = "summer".to_owned();
    story.offer(&another);
    story.ask(Command::Abort).unwrap();
    assert_eq!(shown(&story.offer(&offer())), ["Start deploy rollout_is_over 1→0"]);
    story.ask(Command::Retry).unwrap();
    assert_eq!(story.state.run.as_ref().unwrap().attempt, 3);
    assert_ne!(story.state.run, spring.run);
    story.replays();
}

#[test]
fn every_revision_of_an_event_has_what_it_can_be_restored_to() {
    let mut story = Story::begin();
    let mut queues = offer();
    queues.rollout.as_mut().unwrap().policy.on_new_version = crate::rollout::policy::OnNewVersion::Queue;
    story.offer(&queues);
    let mut next = offer();
    next.site.versions.push(crate::decide::tests::scene::version("v3"));
    let ladder = next.rollout.as_mut().unwrap();
    (ladder.id, ladder.canary) = ("summer".to_owned(), crate::slot::VersionIndex(2));
    story.offer(&next);
    let event = crate::rollout::event::Event::Asked {
        by: "ann".to_owned(),
        why: String::new(),
        command: Command::RollBack,
        overrides: false,
    };
    let outcome = crate::rollout::step(&mut story.state, &event, story.now_ms).unwrap();
    let revisions: Vec<u64> = outcome.standings.iter().map(|(revision, _)| *revision).collect();
    let decided: Vec<u64> = outcome.decisions.iter().map(|one| one.revision).collect();
    assert_eq!((revisions.len(), &revisions), (2, &decided));
    assert_eq!(outcome.standings[0].1.offer, queues);
    assert_eq!(outcome.standings[1].1.offer, next);
}

#[test]
fn a_retry_draws_anew() {
    let mut story = Story::begin();
    let first = in_force(&story.state).rollout.unwrap();
    story.ask(Command::Abort).unwrap();
    assert_eq!(in_force(&story.state).rollout, None);
    story.ask(Command::Retry).unwrap();
    let again = in_force(&story.state).rollout.unwrap();
    assert_eq!((again.step, story.state.run.as_ref().unwrap().attempt), (1, 2));
    assert_ne!(first.tag(), again.tag());
    story.replays();
}

#[test]
fn off_is_stable_for_everybody_and_the_rollout_goes_on_where_it_was() {
    let mut story = Story::begin();
    story.ask(Command::Advance).unwrap();
    story.ask(Command::Off).unwrap();
    let off = in_force(&story.state);
    assert!(off.is_off && off.rollout.is_none() && !off.feedback.on);
    story.with(10_000, 900, 20);
    assert!(story.after(HOUR).is_empty());
    assert_eq!(refused(&mut story, Command::Off), "no_change");
    story.ask(Command::On).unwrap();
    assert_eq!(in_force(&story.state).rollout.unwrap().step, 2);
}

#[test]
fn a_promotion_can_be_undone_by_a_rollback() {
    let mut story = Story::begin();
    story.ask(Command::Promote).unwrap();
    assert_eq!(story.state.stable, "v2");
    story.ask(Command::RollBack).unwrap();
    assert_eq!((story.state.stable.as_str(), story.phase()), ("v1", Phase::RolledBack));
    assert!(story.state.is_quarantined("v2"));
    story.replays();
}

#[test]
fn an_earlier_revision_comes_back_without_its_rollout() {
    let mut story = Story::begin();
    let (revision, standing) = (story.state.revision, Box::new(story.state.standing()));
    story.ask(Command::Promote).unwrap();
    let after = story.state.revision;
    story.ask(Command::Restore { revision, standing }).unwrap();
    assert_eq!((story.state.stable.as_str(), story.phase()), ("v1", Phase::Idle));
    assert!(story.state.revision > after, "revisions only grow");
    story.replays();
}

#[test]
fn what_is_over_can_not_be_moved() {
    for end in [Command::Promote, Command::Abort] {
        let mut story = Story::begin();
        story.ask(end).unwrap();
        for command in [Command::Promote, Command::Advance, Command::Pause, Command::Abort, Command::Approve, Command::Resume] {
            assert_eq!(refused(&mut story, command), "not_now");
        }
    }
}

#[test]
fn the_last_step_is_left_by_promotion_only() {
    let mut story = Story::begin();
    for _ in 1..5 {
        story.ask(Command::Advance).unwrap();
    }
    assert_eq!(refused(&mut story, Command::Advance), "last_step");
}
