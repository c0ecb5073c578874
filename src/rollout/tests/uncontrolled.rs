use super::scene::*;
use crate::beacon::tallies::Key;
use crate::rollout::estimates::Vitals;
use crate::rollout::event::Command;
use crate::rollout::policy::Guard;
use crate::rollout::status;
use crate::rollout::tally::{Arm, Outcome, Stratum, Tally};
use crate::slot::Odds;

/// Everybody has the canary, and missing pages have an absolute limit of 2 %.
fn alone(absolute_bp: Option<u16>) -> Story {
    let mut offer = ladder(&[5000, 10_000]);
    offer.rollout.as_mut().unwrap().policy.guards[0].absolute_bp = absolute_bp;
    let mut story = Story::of(&offer);
    story.healthy(10_000);
    story.ask(Command::Advance).unwrap();
    story
}

/// So many first pages of visitors who could have the canary only, and how many of them are missing.
fn comes(story: &mut Story, trials: u64, bad: u64) {
    let guards = story.state.run.as_ref().unwrap().policy.guards.len();
    let mut outcomes = vec![Outcome { trials, bad: 0, votes: 0 }; guards];
    outcomes[0] = Outcome { trials, bad, votes: bad };
    let canary = Arm { draws: trials, proven: trials, outcomes };
    let odds = Odds { canary: 10_000, stable: 0 };
    story.tally.uncontrolled = vec![Stratum { step: 2, odds, canary, ..Stratum::default() }];
}

#[test]
fn where_nobody_has_stable_beside_it_only_an_absolute_limit_takes_it_back() {
    for (absolute_bp, wanted) in [(None, vec![]), (Some(200), vec!["RollBack evidence harm 2→2"])] {
        let mut story = alone(absolute_bp);
        comes(&mut story, 500, 100);
        let decided = story.after(MINUTE);
        assert_eq!(shown(&decided), wanted);
        if let Some(decision) = decided.first() {
            assert_eq!(decision.reason, "missing is above its absolute limit where nobody has stable beside it");
            assert!(decision.verdicts[0].absolute.unwrap().is_reached() && !decision.verdicts[0].harm.is_reached());
        }
        story.replays();
    }
}

#[test]
fn a_share_below_the_limit_is_no_harm_and_one_network_can_not_make_it_one() {
    let mut story = alone(Some(200));
    comes(&mut story, 10_000, 190);
    assert!(story.after(MINUTE).iter().all(|one| one.code != "harm"));
    // A thousand bad pages of one network, of whose votes ten were taken.
    comes(&mut story, 11_000, 1190);
    story.tally.uncontrolled[0].canary.outcomes[0].votes = 200;
    assert!(story.after(MINUTE).iter().all(|one| one.code != "harm"));
}

#[test]
fn a_guard_with_two_questions_has_half_of_its_part_for_each() {
    let thresholds = |absolute_bp| {
        let mut story = alone(absolute_bp);
        comes(&mut story, 10, 0);
        let sight = crate::rollout::look(&story.state, &story.tally, story.now_ms).unwrap();
        let verdict = &sight.verdicts[0];
        (verdict.harm.threshold, verdict.absolute.map(|reading| reading.threshold))
    };
    let ((one, none), (half, other)) = (thresholds(None), thresholds(Some(200)));
    assert_eq!(none, None);
    let two = std::f64::consts::LN_2;
    assert!((half - one - two).abs() < 1e-12 && (other.unwrap() - half).abs() < 1e-12, "{one} {half} {other:?}");
}

#[test]
fn what_nobody_was_compared_with_is_read_apart_from_what_was() {
    let guards = [Guard::usual("missing").unwrap()];
    let rows =
        [("drawn|c|v2|2|-|10000|0|trials", 7), ("drawn|c|v2|2|-|500|9500|trials", 3), ("drawn|s|v1|2|-|0|10000|trials", 9)];
    let tally = Tally::read(rows.iter().map(|(key, n)| (Key::parse(key).unwrap(), *n)), &guards);
    assert_eq!((tally.strata.len(), tally.uncontrolled.len()), (1, 1));
    assert_eq!((tally.strata[0].canary.outcome(0).trials, tally.uncontrolled[0].canary.outcome(0).trials), (3, 7));
    assert_eq!(tally.drawn_at(2), 0, "none of them was drawn against stable");
}

#[test]
fn the_status_says_what_is_uncontrolled_and_gives_intervals_of_the_step_in_force() {
    let mut story = Story::of(&ladder(&[5000, 10_000]));
    story.with(10_000, 120, 20);
    let histogram = |arm: &str, from: u32| {
        (0..100).map(move |at| (format!("drawn|{arm}|v|1|-|5000|5000|lcp#{}", from + at), 40)).collect::<Vec<_>>()
    };
    let rows: Vec<(String, u64)> = histogram("c", 300).into_iter().chain(histogram("s", 250)).collect();
    let vitals = Vitals::read(1, rows.iter().map(|(key, n)| (Key::parse(key).unwrap(), *n)));
    comes(&mut story, 40, 1);
    let status = status::of(&story.state, &story.tally, &vitals, story.now_ms);
    assert_eq!(status["uncontrolled"][0]["draws"], 40);
    assert_eq!(status["rollout"]["steps"][1]["draws"], false);
    let missing = &status["counts"][0];
    assert_eq!((&missing["guard"], &missing["step"]), (&"missing".into(), &1.into()));
    let ordered = |value: &serde_json::Value, within: f64| {
        let [low, at, high] =
            ["low", "at", "high"].map(|name| value[name].as_f64().unwrap_or_else(|| panic!("{name} of {value}")));
        assert!(low < at && at < high && (at - within).abs() < 0.02 * within.max(1.0), "{value}");
    };
    ordered(&missing["canary"]["rate"], 0.12);
    ordered(&missing["stable"]["rate"], 0.02);
    ordered(&missing["difference"], 0.1);
    assert!(missing["difference"]["low"].as_f64().unwrap() > 0.05, "{missing}");
    assert_eq!(missing["uncontrolled"]["trials"], 40);
    let lcp = status["counts"].as_array().unwrap().iter().find(|one| one["guard"] == "poor_lcp").unwrap();
    let p75 = |arm: &str| lcp["p75"][arm]["at"].as_f64().unwrap();
    ordered(&lcp["p75"]["canary"], p75("canary"));
    assert!(p75("canary") > 1.5 * p75("stable"), "{lcp}");
    assert!(lcp["p75"]["same_p"].as_f64().unwrap() < 0.001, "{lcp}");
    assert_eq!((&lcp["p75"]["vital"], &lcp["p75"]["unit"]), (&"lcp".into(), &"ms".into()));
    assert_eq!(missing.get("p75"), None);
}
