//! Rollouts: canary, steps, and steps that would take the canary away again.

use halftone::config::model::{Ladder, Visitors};
use insta::assert_snapshot;

use crate::{checked, rollout, said, shop};

#[test]
fn the_canary_is_another_version() {
    assert_snapshot!(said(&rollout(r#""canary": "v1""#)), @"2:24 sites.shop.rollout.canary: `v1` is the stable version already: there is nothing to try — name another version, or take the rollout out");
    assert_snapshot!(said(&rollout(r#""canary": "v3""#)), @"2:24 sites.shop.rollout.canary: `v3` is not a version of this site — the versions are `v1` and `v2`");
}

#[test]
fn what_is_left_out_has_a_usual_value() {
    let config = checked(&rollout(r#""canary": "v2""#)).config.unwrap();
    let rollout = config.sites[0].rollout.clone().unwrap();
    assert_eq!((rollout.id.as_str(), rollout.step, rollout.visitors), ("v2", 1, Visitors::Everyone));
    let Ladder::Random(weights) = rollout.ladder else { panic!("not random") };
    assert_eq!(weights.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1%", "5%", "25%", "50%", "100%"]);
    assert!(rollout.rungs.iter().all(|gate| (gate.hold_s, gate.least_visitors, gate.approval) == (600, 100, false)));
}

#[test]
fn a_step_says_what_it_asks_before_it_is_left() {
    let gates = |keys: &str| -> Vec<(u32, u64, bool)> {
        let rollout = checked(&rollout(keys)).config.unwrap().sites[0].rollout.clone().unwrap();
        rollout.rungs.iter().map(|gate| (gate.hold_s, gate.least_visitors, gate.approval)).collect()
    };
    let steps = r#""canary": "v2", "steps": ["1%", { "weight": "5%", "hold": "1h", "least_visitors": 1000 }, { "weight": "50%", "approval": true, "least_visitors": 0 }]"#;
    assert_eq!(gates(steps), [(600, 100, false), (3600, 1000, false), (600, 0, true)]);
    let first =
        r#""canary": "v2", "strategy": "sequential", "steps": [{ "first": 50, "least_visitors": 50, "approval": false }]"#;
    assert_eq!(gates(first), [(600, 50, false)]);
    let areas = r#""canary": "v2", "strategy": "geographic", "steps": [{ "areas": { "NZ": "5%" }, "least_visitors": 1000000000, "approval": true }]"#;
    assert_eq!(gates(areas), [(600, 1_000_000_000, true)]);
}

#[test]
fn what_a_step_asks_is_explained() {
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [{ "weight": "5%", "least_visitors": -1, "approval": "true", "hold": "366d" }]"#)), @r#"
    2:76 sites.shop.rollout.steps[0].least_visitors: `-1` is not a whole number from 0 to 1000000000
    2:92 sites.shop.rollout.steps[0].approval: `true` is text, and here belongs `true` or `false` — write true without quotes
    2:108 sites.shop.rollout.steps[0].hold: `366d` is not from "0s" to "365d"
    "#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [{ "weight": "5%", "least_visitors": 1000000001, "approval": 1 }]"#)), @"
    2:76 sites.shop.rollout.steps[0].least_visitors: `1000000001` is not from 0 to 1000000000
    2:100 sites.shop.rollout.steps[0].approval: `1` is a number, and here belongs `true` or `false`
    ");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [{ "weight": "5%", "least_visitor": 10, "aproval": true }]"#)), @"
    2:58 sites.shop.rollout.steps[0].least_visitor: `least_visitor` is not a key of a step with `weight` — did you mean `least_visitors`?
    2:79 sites.shop.rollout.steps[0].aproval: `aproval` is not a key of a step with `weight` — did you mean `approval`?
    ");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "least_visitors": 10"#)), @"2:30 sites.shop.rollout.least_visitors: `least_visitors` is not a key of a rollout — it belongs in a step with `weight`");
}

#[test]
fn a_step_beyond_the_last_is_refused() {
    assert_snapshot!(said(&rollout(r#""canary": "v2", "step": 6"#)), @"2:38 sites.shop.rollout.step: `6` is beyond the last step: there are 5 steps — write a number from 0 to 5");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": ["5%"], "step": 2"#)), @"2:55 sites.shop.rollout.step: `2` is beyond the last step: there is 1 step — write a number from 0 to 1");
    assert!(said(&rollout(r#""canary": "v2", "step": 0"#)).is_empty());
    assert!(said(&rollout(r#""canary": "v2", "step": 5"#)).is_empty());
}

#[test]
fn steps_belong_to_the_strategy() {
    assert_snapshot!(said(&rollout(r#""canary": "v2", "strategy": "sequential", "steps": ["5%", { "first": 10 }]"#)), @r#"2:66 sites.shop.rollout.steps[0]: `5%` is a step of the random strategy, and this rollout is sequential — write it like { "first": 1000, "of": "100%" }, or set "strategy": "random""#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [{ "areas": { "NZ": "5%" } }]"#)), @r#"2:40 sites.shop.rollout.steps[0]: `{…}` is a step of the geographic strategy, and this rollout is random — write it like "5%" or { "weight": "5%", "hold": "1h" }, or set "strategy": "geographic""#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "strategy": "geographic", "steps": [{ "weight": "5%" }]"#)), @r#"2:66 sites.shop.rollout.steps[0]: `{…}` is a step of the random strategy, and this rollout is geographic — write it like { "areas": { "NZ": "10%", "elsewhere": "1%" } }, or set "strategy": "random""#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "strategy": "sequential""#)), @r#"2:12 sites.shop.rollout: the sequential strategy needs `steps` — add "steps": [{ "first": 100 }, { "first": 1000 }]"#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "strategy": "geographic""#)), @r#"2:12 sites.shop.rollout: the geographic strategy needs `steps` — add "steps": [{ "areas": { "NZ": "10%" } }, { "areas": { "elsewhere": "10%" } }]"#);
}

#[test]
fn falling_weights_are_found() {
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": ["5%", "1%", "25%", { "weight": "24.99%" }]"#)), @r#"
    2:46 sites.shop.rollout.steps[1]: `1%` is less than the 5% of step 1: visitors would lose the canary — write at least "5%"; to take the canary back, lower `step`
    2:71 sites.shop.rollout.steps[3].weight: `24.99%` is less than the 25% of step 3: visitors would lose the canary — write at least "25%"; to take the canary back, lower `step`
    "#);
    assert!(said(&rollout(r#""canary": "v2", "steps": ["5%", "5%", "100%"]"#)).is_empty());
}

#[test]
fn falling_enrolments_are_found() {
    let steps = r#""canary": "v2", "strategy": "sequential", "steps": [{ "first": 100 }, { "first": 50 }, { "first": 1000, "of": "50%" }]"#;
    assert_snapshot!(said(&rollout(steps)), @r#"
    2:95 sites.shop.rollout.steps[1].first: `50` is less than the 100 of step 1: enrolled visitors would lose the canary — write at least 100
    2:124 sites.shop.rollout.steps[2].of: `50%` is less than the 100% of step 2: enrolled visitors would lose the canary — write "of": "100%" or more
    "#);
}

#[test]
fn the_wrong_piece_does_not_hide_other_problems() {
    assert_snapshot!(said(&shop(r#""rollout": { "canary": "v3", "steps": ["5", "4%", "3%"], "step": 7 }, "bots": "none""#)), @r#"
    2:24 sites.shop.rollout.canary: `v3` is not a version of this site — the versions are `v1` and `v2`
    2:40 sites.shop.rollout.steps[0]: `5` has no percent sign — write "5%"
    2:51 sites.shop.rollout.steps[2]: `3%` is less than the 4% of step 2: visitors would lose the canary — write at least "4%"; to take the canary back, lower `step`
    2:66 sites.shop.rollout.step: `7` is beyond the last step: there are 3 steps — write a number from 0 to 3
    2:79 sites.shop.bots: `none` is not `stable`, `split` or `split-uncounted` — write `stable`, `split` or `split-uncounted`
    "#);
}
