use super::scene::*;
use crate::rollout::event::Command;
use crate::rollout::in_force;
use crate::rollout::offer::Offer;
use crate::rollout::policy::OnNewVersion;
use crate::rollout::state::Phase;
use crate::slot::VersionIndex;

/// The next build of the site: v3, with v1 and v2 still there.
fn next() -> Offer {
    let mut next = offer();
    next.site.versions.push(crate::decide::tests::scene::version("v3"));
    let ladder = next.rollout.as_mut().unwrap();
    for rung in &mut ladder.rungs {
        rung.strategy.own(|owners| owners.renamed(|owner| VersionIndex(owner.0 * 2)));
    }
    (ladder.id, ladder.salt, ladder.canary) = ("summer".to_owned(), "shop/rollout/summer".to_owned(), VersionIndex(2));
    next
}

fn with(policy: OnNewVersion) -> Story {
    let mut offer = offer();
    offer.rollout.as_mut().unwrap().policy.on_new_version = policy;
    Story::of(&offer)
}

#[test]
fn the_same_config_again_changes_nothing() {
    let mut story = Story::begin();
    assert!(story.offer(&offer()).is_empty());
    let mut renumbered = offer();
    renumbered.site.revision = 99;
    assert!(story.offer(&renumbered).is_empty(), "a deploy that only counts on brings nothing");
}

#[test]
fn a_new_version_in_mid_ramp_replaces_waits_or_is_refused_as_the_running_rollout_says() {
    let mut story = with(OnNewVersion::Replace);
    assert_eq!(shown(&story.offer(&next())), ["Start deploy rollout 1→1"]);
    assert_eq!((story.state.run.as_ref().unwrap().canary.as_str(), story.state.over[0].phase), ("v3", Phase::Aborted));
    assert!(!story.state.is_quarantined("v2"));
    story.replays();

    let mut story = with(OnNewVersion::Refuse);
    assert_eq!(shown(&story.offer(&next())), ["Refuse deploy rollout_running 1→1"]);
    assert_eq!(story.state.run.as_ref().unwrap().canary, "v2");

    let mut story = with(OnNewVersion::Queue);
    assert_eq!(shown(&story.offer(&next())), ["Queue deploy rollout_running 1→1"]);
    let decided = story.ask(Command::RollBack).unwrap();
    assert_eq!(shown(&decided), ["RollBack ann asked 1→1", "Start policy rollout 1→1"]);
    assert_eq!(story.state.run.as_ref().unwrap().canary, "v3");
    story.replays();
}

#[test]
fn a_file_that_changes_elsewhere_lets_the_rollout_go_on_where_it_is() {
    let mut story = Story::begin();
    story.ask(Command::Advance).unwrap();
    let mut elsewhere = offer();
    elsewhere.site.hosts.push("shop.example".to_owned());
    assert_eq!(shown(&story.offer(&elsewhere)), ["Start deploy config 2→2"]);
    assert_eq!(in_force(&story.state).rollout.unwrap().step, 2);
}

#[test]
fn a_file_that_names_another_step_moves_the_rollout_there() {
    let mut story = Story::begin();
    let at = |step| {
        let mut offer = offer();
        offer.rollout.as_mut().unwrap().from = step;
        offer
    };
    assert_eq!(shown(&story.offer(&at(3))), ["Start deploy moved_by_file 1→3"]);
    assert_eq!(shown(&story.offer(&at(0))), ["Start deploy moved_by_file 3→0"]);
    assert_eq!((story.phase(), in_force(&story.state).rollout), (Phase::Scheduled, None));
    story.offer(&at(4));
    assert_eq!((story.phase(), story.at_step()), (Phase::Ramping, 4));
    story.replays();
}

/// Visitors of the old stable version would be compared with those of the new one, under slots and counts of both.
#[test]
fn a_file_that_names_another_stable_version_begins_the_rollout_anew_with_draws_and_counts_of_its_own() {
    let mut story = Story::begin();
    story.ask(Command::Advance).unwrap();
    story.healthy(1000);
    let tag = |story: &Story| in_force(&story.state).rollout.unwrap().tag();
    let mut tags = vec![tag(&story)];
    for (stable, at) in [("v3", 2), ("v1", 0), ("v3", 2)] {
        let mut moved = next();
        let ladder = moved.rollout.as_mut().unwrap();
        for rung in &mut ladder.rungs {
            rung.strategy.own(|owners| owners.renamed(|owner| VersionIndex(if owner.0 == 2 { 1 } else { at })));
        }
        let first = offer().rollout.unwrap();
        (ladder.id, ladder.salt, ladder.canary) = (first.id, first.salt, VersionIndex(1));
        moved.site.stable = VersionIndex(at);
        assert_eq!(shown(&story.offer(&moved)), [format!("Start deploy new_stable {}→1", if tags.len() == 1 { 2 } else { 1 })]);
        let run = story.state.run.as_ref().unwrap();
        assert_eq!((story.phase(), run.canary.as_str(), story.state.stable.as_str()), (Phase::Ramping, "v2", stable));
        assert!(run.before.is_empty() && run.starts.len() == 1);
        assert!(!tags.contains(&tag(&story)), "visitors are drawn anew, and counted apart");
        tags.push(tag(&story));
        assert!(story.offer(&moved).is_empty(), "the same again changes nothing");
    }
    story.replays();
}

#[test]
fn another_canary_under_the_same_id_is_drawn_anew_and_counted_apart() {
    let mut story = Story::begin();
    let before = in_force(&story.state).rollout.unwrap().tag();
    let mut next = next();
    let (ladder, first) = (next.rollout.as_mut().unwrap(), offer().rollout.unwrap());
    (ladder.id, ladder.salt) = (first.id, first.salt);
    assert_eq!(shown(&story.offer(&next)), ["Start deploy rollout 1→1"]);
    assert_ne!(in_force(&story.state).rollout.unwrap().tag(), before);
    story.replays();
}

#[test]
fn a_promotion_outlives_the_file_that_asked_for_it() {
    let mut story = Story::begin();
    story.ask(Command::Promote).unwrap();
    let mut elsewhere = offer();
    elsewhere.site.hosts.push("shop.example".to_owned());
    assert_eq!(shown(&story.offer(&elsewhere)), ["Start deploy rollout_is_over 1→1"]);
    let site = in_force(&story.state);
    assert_eq!((site.stable, site.rollout), (crate::decide::tests::scene::V2, None));
}

#[test]
fn a_file_without_a_rollout_ends_it_and_says_what_is_stable() {
    let mut story = Story::begin();
    let over = Offer { rollout: None, ..offer() };
    story.offer(&over);
    assert_eq!((story.phase(), story.state.over[0].phase), (Phase::Idle, Phase::Aborted));
    story.replays();
}

#[test]
fn a_scheduled_rollout_draws_nobody_until_a_person_says_so() {
    let mut scheduled = offer();
    scheduled.rollout.as_mut().unwrap().from = 0;
    let mut story = Story::of(&scheduled);
    assert_eq!((story.phase(), in_force(&story.state).rollout), (Phase::Scheduled, None));
    assert!(story.after(30 * DAY).is_empty());
    story.ask(Command::Resume).unwrap();
    assert_eq!(in_force(&story.state).rollout.unwrap().step, 1);
}

#[test]
fn what_waited_while_a_rollout_was_promoted_does_not_undo_the_promotion() {
    let mut story = with(OnNewVersion::Queue);
    let next = next();
    story.offer(&next);
    assert_eq!(shown(&story.ask(Command::Promote).unwrap()), ["Promote ann asked 1→1", "Start policy rollout 1→1"]);
    let site = in_force(&story.state);
    assert_eq!((story.state.stable.as_str(), site.stable), ("v2", VersionIndex(1)));
    // The new canary is tried against the version that was promoted.
    let owners: Vec<VersionIndex> = site.rollout.unwrap().strategy.owners().collect();
    assert_eq!(owners, [VersionIndex(1), VersionIndex(2)]);
    assert_eq!(story.state.offer.fits(&next), Ok(()), "and its odds are those of its splits");
    story.ask(Command::RollBack).unwrap();
    assert_eq!(in_force(&story.state).stable, VersionIndex(1));
    story.replays();

    // Who names another stable version than the file before means it.
    let mut story = with(OnNewVersion::Queue);
    let mut means_it = next.clone();
    means_it.site = Offer { rollout: None, ..next.onto("v2").unwrap() }.site;
    means_it.rollout = None;
    story.offer(&means_it);
    story.ask(Command::Promote).unwrap();
    assert_eq!(story.state.stable, "v2");

    let mut story = with(OnNewVersion::Queue);
    let mut without = next;
    without.site.versions[1] = crate::decide::tests::scene::version("v9");
    story.offer(&without);
    assert_eq!(shown(&story.ask(Command::Promote).unwrap()), ["Promote ann asked 1→1", "Refuse policy no_stable 1→1"]);
    assert_eq!(story.state.stable, "v2");
    story.replays();
}

#[test]
fn no_file_makes_a_version_in_quarantine_stable() {
    let mut story = Story::begin();
    story.ask(Command::RollBack).unwrap();
    // v2 was rolled back, and this file trusts it and tries v3 against it.
    let bad = next().onto("v2").unwrap();
    assert_eq!(bad.id_of(bad.site.stable), "v2");
    assert_eq!(shown(&story.offer(&bad)), ["Refuse deploy quarantined 1→1"]);
    assert!(!in_force(&story.state).gives(VersionIndex(1)));
    story.replays();
}

#[test]
fn what_is_refused_ends_no_running_rollout() {
    let mut story = Story::begin();
    story.ask(Command::RollBack).unwrap();
    story.offer(&next());
    assert_eq!(story.state.run.as_ref().unwrap().canary, "v3");
    let mut back = next();
    let ladder = back.rollout.as_mut().unwrap();
    (ladder.id, ladder.canary) = ("again".to_owned(), VersionIndex(1));
    assert_eq!(shown(&story.offer(&back)), ["Refuse deploy quarantined 1→1"]);
    assert_eq!((story.phase(), story.state.run.as_ref().unwrap().canary.as_str()), (Phase::Ramping, "v3"));
    story.replays();
}

#[test]
fn a_file_that_goes_back_and_forth_needs_new_evidence() {
    let at = |step| {
        let mut offer = offer();
        offer.rollout.as_mut().unwrap().from = step;
        offer
    };
    let mut story = Story::of(&at(4));
    let mut decided = Vec::new();
    for _ in 0..20 {
        if story.at_step() == 4 {
            story.healthy(4000);
        }
        decided.extend(shown(&story.after(5 * MINUTE)));
        if story.at_step() == 5 {
            break;
        }
    }
    assert_eq!(decided, ["Advance evidence safe 4→5"]);
    story.offer(&at(2));
    story.offer(&at(5));
    assert_eq!(story.at_step(), 5);
    for _ in 0..10 {
        assert!(story.after(HOUR).is_empty(), "what was shown before it went back counts no more");
    }
    story.replays();
}
