//! What moves a rollout: who decides, guards, shares of error, networks and deadlines.

use halftone::config::Severity;
use halftone::rollout::policy::{Decide, Guard, OnDeadline, OnNewVersion, Policy};
use insta::assert_snapshot;

use crate::{checked, lines, rollout, said, shop};

/// A rollout with these keys.
fn with(keys: &str) -> String {
    rollout(&format!("\"canary\": \"v2\", {keys}"))
}

fn policy(keys: &str) -> Policy {
    let checked = checked(&with(keys));
    let config = checked.config.clone().unwrap_or_else(|| panic!("{}", lines(&checked)));
    config.sites[0].rollout.clone().unwrap().policy
}

fn guards(guards: &str) -> String {
    with(&format!("\"guards\": {guards}"))
}

/// The guards one a line: name, margin, weight, whether it is required, limit.
fn shown(guards: &[Guard]) -> String {
    let line = |guard: &Guard| {
        let required = if guard.required { "required" } else { "shown" };
        format!("{} {} {} {required} {}", guard.name, guard.margin_bp, guard.weight, guard.limit_bp)
    };
    guards.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn guarded(guards: &str) -> String {
    shown(&policy(&format!("\"guards\": {guards}")).guards)
}

#[test]
fn what_is_left_out_is_as_usual() {
    assert_eq!(policy(r#""step": 1"#), Policy::usual());
    assert_eq!(policy(r#""guards": {}"#), Policy::usual());
    assert_eq!(policy(r#""guards": { "missing": true, "errors": {}, "poor_cls": {} }"#), Policy::usual());
}

#[test]
fn a_policy_says_everything_it_can() {
    let all = policy(
        r#""decide": "roll_back", "guards": { "missing": { "margin": "20%", "weight": 3, "required": true, "limit": "2.5%" } },
        "false_rollback": "0.01%", "false_promotion": "50%", "least_networks": 1000, "deadline": "365d",
        "on_deadline": "promote", "on_new_version": "queue""#,
    );
    assert_eq!((all.decide, all.on_deadline, all.on_new_version), (Decide::RollBack, OnDeadline::Promote, OnNewVersion::Queue));
    assert_eq!((all.false_rollback_bp, all.false_promotion_bp, all.least_networks), (1, 5000, 1000));
    assert_eq!(all.deadline_s, 365 * 86_400);
    let missing =
        Guard { name: "missing".to_owned(), margin_bp: 2000, weight: 3, required: true, limit_bp: 250, absolute_bp: None };
    assert_eq!(all.guards[0], missing);
    assert_eq!(all.guards[1..], Policy::usual().guards[1..]);
    let other = policy(
        r#""decide": "never", "false_rollback": "20%", "false_promotion": "0.01%", "deadline": "1h", "on_deadline": "roll_back", "on_new_version": "refuse""#,
    );
    assert_eq!(
        (other.decide, other.on_deadline, other.on_new_version),
        (Decide::Never, OnDeadline::RollBack, OnNewVersion::Refuse)
    );
    assert_eq!((other.false_rollback_bp, other.false_promotion_bp, other.deadline_s), (2000, 1, 3600));
    let plain = policy(r#""decide": "auto", "on_deadline": "hold", "on_new_version": "replace""#);
    assert_eq!(plain, Policy::usual());
}

#[test]
fn guards_stand_in_the_usual_order_and_goals_after_them_in_the_order_of_the_file() {
    assert_snapshot!(guarded(r#"{ "goal.signup": { "required": true }, "slow_ttfb": true, "goal.buy": {}, "errors": { "limit": "1%" }, "slow_fcp": { "weight": 2 } }"#), @"
    missing 1000 1 required 500
    errors 1000 1 required 100
    origin_failure 1000 1 required 50
    poor_lcp 2500 1 required 500
    poor_inp 2500 1 required 500
    poor_cls 2500 1 required 500
    slow_fcp 2500 2 shown 500
    slow_ttfb 2500 1 shown 500
    goal.signup 500 1 required 1000
    goal.buy 500 1 shown 1000
    ");
}

#[test]
fn a_guard_can_be_taken_out() {
    assert_snapshot!(guarded(r#"{ "poor_lcp": false, "errors": false, "poor_inp": { "required": false } }"#), @"
    missing 1000 1 required 500
    origin_failure 1000 1 required 50
    poor_inp 2500 1 shown 500
    poor_cls 2500 1 required 500
    ");
    let without = r#"{ "errors": false, "origin_failure": false, "poor_lcp": false, "poor_inp": false, "poor_cls": false }"#;
    assert_snapshot!(guarded(without), @"missing 1000 1 required 500");
}

#[test]
fn missing_can_not_be_taken_out() {
    assert_snapshot!(said(&guards(r#"{ "missing": false }"#)), @"2:53 sites.shop.rollout.guards.missing: `false` takes out the guard that all others lean on: a page that never shows up has no errors and is not slow, so a silent build would look better than any — leave it out; a wider `margin` or `limit` is allowed");
    assert_snapshot!(said(&guards(r#"{ "missing": { "required": false, "margin": "30%" } }"#)), @"2:67 sites.shop.rollout.guards.missing.required: `false` lets evidence promote without the guard that all others lean on: a page that never shows up has no errors and is not slow, so a silent build would look better than any — leave it out; a wider `margin` or `limit` is allowed");
    assert!(said(&guards(r#"{ "missing": { "required": true, "margin": "30%" } }"#)).is_empty());
}

#[test]
fn a_guard_that_is_not_there_can_not_be_taken_out() {
    let text = guards(r#"{ "slow_fcp": false, "goal.signup": false }"#);
    assert_snapshot!(said(&text), @r#"
    2:42 warning: sites.shop.rollout.guards.slow_fcp: `slow_fcp` is no guard unless it is named, so there is nothing to take out — leave it out, or write `true`
    2:61 warning: sites.shop.rollout.guards["goal.signup"]: `goal.signup` is no guard unless it is named, so there is nothing to take out — leave it out, or write `true`
    "#);
    assert!(checked(&text).problems.iter().all(|problem| problem.severity == Severity::Warning));
    assert_eq!(checked(&text).config.unwrap().sites[0].rollout.as_ref().unwrap().policy, Policy::usual());
}

#[test]
fn names_of_guards_are_explained() {
    let names = [
        "eror",
        "LCP",
        "slow_lcp",
        "goals.signup",
        "goal:sign up",
        "goal.",
        "goal.Ünï",
        "signup",
        "crash reports",
        "missing.",
        "ü",
        "",
    ];
    let all: Vec<String> = names.iter().map(|name| said(&guards(&format!("{{ \"{name}\": true }}")))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:42 sites.shop.rollout.guards.eror: `eror` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — did you mean `errors`?
    2:42 sites.shop.rollout.guards.LCP: `LCP` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — did you mean `poor_lcp`?
    2:42 sites.shop.rollout.guards.slow_lcp: `slow_lcp` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — did you mean `slow_fcp`?
    2:42 sites.shop.rollout.guards["goals.signup"]: `goals.signup` is not the name of a goal's guard: `goal.`, and a name of small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40 — write `goal.signup`
    2:42 sites.shop.rollout.guards["goal:sign up"]: `goal:sign up` is not the name of a goal's guard: `goal.`, and a name of small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40 — write `goal.sign-up`
    2:42 sites.shop.rollout.guards["goal."]: `goal.` is not the name of a goal's guard: `goal.`, and a name of small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40 — write it like `goal.signup`
    2:42 sites.shop.rollout.guards["goal.Ünï"]: `goal.Ünï` is not the name of a goal's guard: `goal.`, and a name of small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40 — write it like `goal.signup`
    2:42 sites.shop.rollout.guards.signup: `signup` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — if it is a goal that pages report, write `goal.signup`
    2:42 sites.shop.rollout.guards["crash reports"]: `crash reports` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — if it is a goal that pages report, write `goal.crash-reports`
    2:42 sites.shop.rollout.guards["missing."]: `missing.` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — did you mean `missing`?
    2:42 sites.shop.rollout.guards["ü"]: `ü` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME`
    2:42 sites.shop.rollout.guards[""]: `""` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME`
    "#);
    let long = said(&guards(&format!("{{ \"goal.{}\": true }}", "x".repeat(41))));
    assert_snapshot!(long, @r#"2:42 sites.shop.rollout.guards["goal.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]: `goal.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 46 characters, a guard's name has at most 45"#);
    assert!(said(&guards(&format!("{{ \"goal.{}\": true }}", "x".repeat(40)))).is_empty());
}

#[test]
fn options_of_guards_are_explained() {
    assert_snapshot!(said(&guards(r#"{ "errors": 5, "poor_lcp": "25%", "poor_inp": null, "poor_cls": "false", "slow_fcp": [] }"#)), @r#"
    2:52 sites.shop.rollout.guards.errors: `5` is a number, and here belongs `true`, `false` or the options of a guard — write { "margin": "10%" }
    2:67 sites.shop.rollout.guards.poor_lcp: `25%` is text, and here belongs `true`, `false` or the options of a guard — write { "margin": "10%" }
    2:86 sites.shop.rollout.guards.poor_inp: `null` is null, and here belongs `true`, `false` or the options of a guard — leave the key out
    2:104 sites.shop.rollout.guards.poor_cls: `false` is text, and here belongs `true`, `false` or the options of a guard — write false without quotes
    2:125 sites.shop.rollout.guards.slow_fcp: `[]` is a list, and here belongs `true`, `false` or the options of a guard — write { "margin": "10%" }
    "#);
    assert_snapshot!(said(&guards(r#"{ "errors": { "margins": "10%" }, "poor_lcp": { "threshold": "10%" }, "poor_inp": { "tolerance": "10%" } }"#)), @"
    2:54 sites.shop.rollout.guards.errors.margins: `margins` is not a key of the options of a guard — did you mean `margin`?
    2:88 sites.shop.rollout.guards.poor_lcp.threshold: `threshold` is not a key of the options of a guard — the keys here are `margin`, `limit`, `absolute`, `required` and `weight`
    2:124 sites.shop.rollout.guards.poor_inp.tolerance: `tolerance` is not a key of the options of a guard — did you mean `margin`?
    ");
    assert_snapshot!(said(&guards(r#"{ "errors": { "margin": 10, "weight": 0, "required": "true", "limit": "0.001%" } }"#)), @r#"
    2:64 sites.shop.rollout.guards.errors.margin: `10` is a number, and here belongs a share — write "10%"
    2:78 sites.shop.rollout.guards.errors.weight: `0` is not from 1 to 100
    2:93 sites.shop.rollout.guards.errors.required: `true` is text, and here belongs `true` or `false` — write true without quotes
    2:110 sites.shop.rollout.guards.errors.limit: `0.001%` has more than two decimals; 0.01% is the finest — write at most two decimals
    "#);
    assert_snapshot!(said(&guards(r#"{ "errors": { "margin": "101%", "weight": 101, "required": 1, "limit": "0%" }, "poor_lcp": { "limit": "100%", "weight": 1.5 } }"#)), @r#"
    2:64 sites.shop.rollout.guards.errors.margin: `101%` is more than 100% — write a share from "0%" to "100%"
    2:82 sites.shop.rollout.guards.errors.weight: `101` is not from 1 to 100
    2:99 sites.shop.rollout.guards.errors.required: `1` is a number, and here belongs `true` or `false`
    2:111 sites.shop.rollout.guards.errors.limit: `0%` is not from "0.01%" to "99.99%"
    2:142 sites.shop.rollout.guards.poor_lcp.limit: `100%` is not from "0.01%" to "99.99%"
    2:160 sites.shop.rollout.guards.poor_lcp.weight: `1.5` is not a whole number from 1 to 100
    "#);
    assert!(said(&guards(r#"{ "errors": { "margin": "0%", "weight": 100, "limit": "0.01%" }, "poor_lcp": { "margin": "100%", "limit": "99.99%" } }"#)).is_empty());
    assert_snapshot!(said(&with(r#""guards": ["errors"]"#)), @r#"2:40 sites.shop.rollout.guards: `[…]` is a list, and here belongs guards by name — write { "name": … }, each entry under its name"#);
    assert_snapshot!(said(&with(r#""guards": false"#)), @"2:40 sites.shop.rollout.guards: `false` is a boolean, and here belongs guards by name");
}

#[test]
fn a_goals_margin_is_below_its_limit() {
    assert_snapshot!(said(&guards(r#"{ "goal.a": { "margin": "100%" }, "goal.b": { "margin": "10%" }, "goal.c": { "limit": "4%" } }"#)), @r#"
    2:64 sites.shop.rollout.guards["goal.a"].margin: `100%` is not from "0%" to "99.99%"
    2:96 sites.shop.rollout.guards["goal.b"].margin: a margin of 10% is not less than the limit of 10%: a build in between would be neither harmful nor safe, for ever — write a "limit" above "10%", or a smaller "margin"
    2:126 sites.shop.rollout.guards["goal.c"].limit: a margin of 5% is not less than the limit of 4%: a build in between would be neither harmful nor safe, for ever — write a "limit" above "5%", or a smaller "margin"
    "#);
    assert_snapshot!(said(&guards(r#"{ "goal.a": { "margin": "30%", "limit": "20%" } }"#)), @r#"2:64 sites.shop.rollout.guards["goal.a"].margin: a margin of 30% is not less than the limit of 20%: a build in between would be neither harmful nor safe, for ever — write a "limit" above "30%", or a smaller "margin""#);
    assert!(said(&guards(r#"{ "goal.a": { "margin": "9.99%" }, "goal.b": { "margin": "99.98%", "limit": "99.99%" }, "goal.c": { "limit": "5.01%" } }"#)).is_empty());
}

#[test]
fn there_are_at_most_so_many_guards() {
    let goals = |count: usize| {
        let goals: Vec<String> = (0..count).map(|at| format!("\"goal.g{at}\": true")).collect();
        guards(&format!("{{ {} }}", goals.join(", ")))
    };
    assert_eq!(checked(&goals(26)).config.unwrap().sites[0].rollout.as_ref().unwrap().policy.guards.len(), 32);
    assert_snapshot!(said(&goals(27)), @"2:40 sites.shop.rollout.guards: 33 guards are too many: at most 32 are allowed, usual ones included — take some out: each makes the others slower to see harm");
    assert_snapshot!(said(&goals(33)), @"2:40 sites.shop.rollout.guards: 33 are too many: at most 32 are allowed");
}

#[test]
fn words_and_numbers_of_a_policy_are_explained() {
    assert_snapshot!(said(&with(r#""decide": "rollback", "on_deadline": "wait", "on_new_version": "Replace""#)), @"
    2:40 sites.shop.rollout.decide: `rollback` is not `auto`, `roll_back` or `never` — did you mean `roll_back`?
    2:67 sites.shop.rollout.on_deadline: `wait` is not `hold`, `promote` or `roll_back` — write `hold`, `promote` or `roll_back`
    2:93 sites.shop.rollout.on_new_version: `Replace` is not `replace`, `queue` or `refuse` — did you mean `replace`?
    ");
    assert_snapshot!(said(&with(r#""false_rollback": "0%", "false_promotion": "50.01%""#)), @r#"
    2:48 sites.shop.rollout.false_rollback: `0%` is not from "0.01%" to "20%"
    2:73 sites.shop.rollout.false_promotion: `50.01%` is not from "0.01%" to "50%"
    "#);
    assert_snapshot!(said(&with(r#""false_rollback": 0.01, "false_promotion": "5""#)), @r#"
    2:48 sites.shop.rollout.false_rollback: `0.01` is a number, and here belongs a share — write "1%" for 0.01 of the whole, or "0.01%" for 0.01 percent
    2:73 sites.shop.rollout.false_promotion: `5` has no percent sign — write "5%"
    "#);
    assert_snapshot!(said(&with(r#""false_rollback": "20.01%", "false_promotion": "0.00%""#)), @r#"
    2:48 sites.shop.rollout.false_rollback: `20.01%` is not from "0.01%" to "20%"
    2:77 sites.shop.rollout.false_promotion: `0.00%` is not from "0.01%" to "50%"
    "#);
    assert_snapshot!(said(&with(r#""least_networks": 0, "deadline": "59m""#)), @r#"
    2:48 sites.shop.rollout.least_networks: `0` is not from 1 to 1000
    2:63 sites.shop.rollout.deadline: `59m` is not from "1h" to "365d"
    "#);
    assert_snapshot!(said(&with(r#""least_networks": 1001, "deadline": "366d""#)), @r#"
    2:48 sites.shop.rollout.least_networks: `1001` is not from 1 to 1000
    2:66 sites.shop.rollout.deadline: `366d` is not from "1h" to "365d"
    "#);
    assert_snapshot!(said(&with(r#""least_networks": "10", "deadline": 14"#)), @r#"
    2:48 sites.shop.rollout.least_networks: `10` is text, and here belongs a whole number from 1 to 1000 — write 10 without quotes
    2:66 sites.shop.rollout.deadline: `14` is a number, and here belongs a duration — write "14s"
    "#);
    assert_snapshot!(said(&with(r#""timeout": "1d", "mode": "auto", "metrics": {}, "margin": "10%""#)), @"
    2:30 sites.shop.rollout.timeout: `timeout` is not a key of a rollout — did you mean `deadline`?
    2:47 sites.shop.rollout.mode: `mode` is not a key of a rollout — did you mean `decide`?
    2:63 sites.shop.rollout.metrics: `metrics` is not a key of a rollout — did you mean `guards`?
    2:78 sites.shop.rollout.margin: `margin` is not a key of a rollout — it belongs in the options of a guard
    ");
}

#[test]
fn few_networks_are_warned_of() {
    assert_snapshot!(said(&with(r#""least_networks": 1"#)), @"2:48 warning: sites.shop.rollout.least_networks: `1` is less than 10: one network that lies is enough to roll back a good build — write 10 or more; only where all visitors come from few networks, as in an intranet, less is right");
    assert_snapshot!(said(&with(r#""least_networks": 9"#)), @"2:48 warning: sites.shop.rollout.least_networks: `9` is less than 10: 9 networks that lie are enough to roll back a good build — write 10 or more; only where all visitors come from few networks, as in an intranet, less is right");
    assert_eq!(policy(r#""least_networks": 1"#).least_networks, 1);
    assert!(said(&with(r#""least_networks": 10"#)).is_empty());
}

#[test]
fn the_deadline_is_after_the_holds() {
    let steps =
        r#""steps": [{ "weight": "5%", "hold": "2d" }, { "weight": "50%", "hold": "23h" }, { "weight": "100%", "hold": "1h" }]"#;
    assert_snapshot!(said(&with(&format!(r#"{steps}, "deadline": "3d""#))), @r#"2:159 sites.shop.rollout.deadline: the deadline is 3d, and the holds of the steps are 3d together: the rollout could never end by itself — write "deadline": "4d" or more, or shorter holds"#);
    assert!(said(&with(&format!(r#"{steps}, "deadline": "73h""#))).is_empty());
    // Where it begins later, the steps before hold nothing.
    assert!(said(&with(&format!(r#"{steps}, "deadline": "25h", "step": 2"#))).is_empty());
    assert_snapshot!(said(&with(&format!(r#"{steps}, "deadline": "24h", "step": 2"#))), @r#"2:159 sites.shop.rollout.deadline: the deadline is 1d, and the holds of the steps are 1d together: the rollout could never end by itself — write "deadline": "2d" or more, or shorter holds"#);
    assert_snapshot!(said(&with(&format!(r#"{steps}, "deadline": "2d", "step": 0"#))), @r#"2:159 sites.shop.rollout.deadline: the deadline is 2d, and the holds of the steps are 3d together: the rollout could never end by itself — write "deadline": "4d" or more, or shorter holds"#);
    let slow = r#""steps": [{ "weight": "5%", "hold": "7d" }, { "weight": "50%", "hold": "6d" }, { "weight": "100%", "hold": "90000s" }]"#;
    assert_snapshot!(said(&with(slow)), @r#"2:12 sites.shop.rollout: the usual deadline is 14d, and the holds of the steps are 337h together: the rollout could never end by itself — write "deadline": "15d" or more, or shorter holds"#);
    let slower = r#""steps": [{ "weight": "5%", "hold": "300d" }, { "weight": "50%", "hold": "65d" }], "deadline": "365d""#;
    assert_snapshot!(said(&with(slower)), @r#"2:125 sites.shop.rollout.deadline: the deadline is 365d, and the holds of the steps are 365d together: the rollout could never end by itself — write shorter holds: a deadline is at most "365d""#);
    // Where people take it forward, no hold is in their way.
    for decide in ["roll_back", "never"] {
        assert!(said(&with(&format!(r#"{slow}, "decide": "{decide}""#))).is_empty());
    }
}

#[test]
fn guards_that_never_hear_anything_are_warned_of() {
    let deaf = |rollout: &str| shop(&format!(r#""rollout": {{ "canary": "v2"{rollout} }}, "feedback": {{ "enabled": false }}"#));
    assert_snapshot!(said(&deaf("")), @r#"2:57 warning: sites.shop.feedback.enabled: `false` leaves the guards of the rollout without a word: nothing is ever shown to be harmful or safe, so evidence never rolls back and never promotes, and people have to — take it out, or write "decide": "never" in the rollout to say that people decide"#);
    assert_snapshot!(said(&deaf(r#", "decide": "roll_back""#)), @r#"2:80 warning: sites.shop.feedback.enabled: `false` leaves the guards of the rollout without a word: nothing is ever shown to be harmful or safe, so evidence never rolls back and never promotes, and people have to — take it out, or write "decide": "never" in the rollout to say that people decide"#);
    assert!(said(&deaf(r#", "decide": "never""#)).is_empty());
    assert!(checked(&deaf("")).config.is_some());
    assert!(said(&shop(r#""feedback": { "enabled": false }"#)).is_empty());
}

#[test]
fn the_wrong_guard_does_not_hide_other_problems() {
    assert_snapshot!(said(&with(r#""guards": { "erorrs": true, "missing": false, "goal.a": { "margin": "50%" } }, "decide": "manual", "least_networks": 2, "deadline": "1m""#)), @r#"
    2:42 sites.shop.rollout.guards.erorrs: `erorrs` is not a guard: they are `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb` or `goal.NAME` — did you mean `errors`?
    2:69 sites.shop.rollout.guards.missing: `false` takes out the guard that all others lean on: a page that never shows up has no errors and is not slow, so a silent build would look better than any — leave it out; a wider `margin` or `limit` is allowed
    2:98 sites.shop.rollout.guards["goal.a"].margin: a margin of 50% is not less than the limit of 10%: a build in between would be neither harmful nor safe, for ever — write a "limit" above "50%", or a smaller "margin"
    2:119 sites.shop.rollout.decide: `manual` is not `auto`, `roll_back` or `never` — write `auto`, `roll_back` or `never`
    2:147 warning: sites.shop.rollout.least_networks: `2` is less than 10: 2 networks that lie are enough to roll back a good build — write 10 or more; only where all visitors come from few networks, as in an intranet, less is right
    2:162 sites.shop.rollout.deadline: `1m` is not from "1h" to "365d"
    "#);
}

#[test]
fn a_guard_may_have_an_absolute_limit_and_a_goal_may_not() {
    let with_one = policy(r#""guards": { "errors": { "absolute": "2%" } }"#).guards;
    assert_eq!(with_one.iter().map(|guard| guard.absolute_bp).collect::<Vec<_>>(), [None, Some(200), None, None, None, None]);
    assert!(said(&guards(r#"{ "errors": { "absolute": "0%" } }"#)).contains("is not from \"0.01%\" to \"99.99%\""));
    let goal = said(&guards(r#"{ "goal.signup": { "absolute": "2%" } }"#));
    assert!(goal.contains("says nothing of a goal"), "{goal}");
}

#[test]
fn a_pace_says_how_many_page_views_a_step_may_harm() {
    let pace = policy(r#""pace": { "harmed": 200, "views": 100000 }"#).pace.unwrap();
    assert_eq!((pace.harmed, pace.views), (200, 100_000));
    let checked = checked(&with(r#""pace": { "harmed": 200, "views": 100000 }, "step": 2"#));
    let rollout = checked.config.unwrap().sites.remove(0).rollout.unwrap();
    assert!(rollout.rungs.len() > 10 && rollout.rungs.iter().filter(|gate| !gate.between).count() == 5);
    assert_eq!(rollout.rungs.iter().take(rollout.step).filter(|gate| !gate.between).count(), 2, "it begins at the file's step");
}

#[test]
fn a_goal_that_is_optimised_has_a_guard_and_a_period() {
    let policy = policy(r#""optimise": { "goal": "signup" }"#);
    let optimise = policy.optimise.unwrap();
    assert_eq!((optimise.goal.as_str(), optimise.every_s), ("signup", 86_400));
    assert_eq!(policy.guards.last().map(|guard| guard.name.as_str()), Some("goal.signup"));
    let own = self::policy(r#""guards": { "goal.signup": { "margin": "2%" } }, "optimise": { "goal": "signup", "every": "6h" }"#);
    assert_eq!(own.guards.iter().filter(|guard| guard.is_goal()).map(|guard| guard.margin_bp).collect::<Vec<_>>(), [200]);
}

#[test]
fn a_goal_that_can_not_be_optimised_is_a_problem() {
    let optimise = |more: &str| said(&with(&format!(r#""optimise": {{ "goal": "signup"{more} }}"#)));
    assert_eq!(optimise(""), "");
    insta::assert_snapshot!(optimise(r#", "every": "1m""#), @r#"2:71 sites.shop.rollout.optimise.every: `1m` is not from "10m" to "30d""#);
    insta::assert_snapshot!(said(&with(r#""optimise": { "goal": "Sign up" }"#)), @r#"2:52 sites.shop.rollout.optimise.goal: `Sign up` is not a goal's name: small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40 — write it like "signup""#);
    insta::assert_snapshot!(said(&with(r#""decide": "roll_back", "optimise": { "goal": "signup" }"#)), @r#"2:65 warning: sites.shop.rollout.optimise: `roll_back` lets people alone take the rollout forward, and what is optimised goes forward by itself — take it out, or write "decide": "auto""#);
    insta::assert_snapshot!(
        said(&with(r#""strategy": "geographic", "steps": [{ "areas": { "NZ": "10%" } }], "optimise": { "goal": "signup" }"#)),
        @"2:109 sites.shop.rollout.optimise: is for the random strategy alone: only there one split is everybody's — take it out, or the `strategy`"
    );
}

#[test]
fn a_pace_that_can_not_be_kept_is_a_problem() {
    let least = said(&with(r#""pace": { "harmed": 2, "views": 100000 }"#));
    assert!(least.contains("write at least 10"), "{least}");
    let areas =
        r#""strategy": "geographic", "steps": [{ "areas": { "NZ": "10%" } }], "pace": { "harmed": 200, "views": 100000 }"#;
    assert!(said(&with(areas)).contains("random strategy alone"), "{}", said(&with(areas)));
    assert!(said(&with(r#""pace": { "harmed": 200 }"#)).contains("views"));
}
