//! Rules: names, splits, conditions, and rules that nobody gets to.

use halftone::config::Code;
use halftone::config::model::Condition;
use halftone::plan::Geo;
use halftone::plan::compile::compile;
use halftone::plan::condition::Asked;
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{checked, rollout, rules, said, when};

/// Rules r0, r1, … with these conditions.
fn chain(conditions: &[&str]) -> String {
    let rule = |(at, condition): (usize, &&str)| format!(r#"{{ "name": "r{at}", "when": {condition}, "serve": "v2" }}"#);
    rules(&conditions.iter().enumerate().map(rule).collect::<Vec<_>>().join(",\n"))
}

fn split(split: &str) -> String {
    rules(&format!(r#"{{ "name": "r", "when": {{}}, "split": {{ {split} }} }}"#))
}

#[test]
fn a_rule_serves_or_splits() {
    assert_snapshot!(said(&rules(r#"{ "name": "r", "when": {} }"#)), @r#"2:11 sites.shop.rules[0]: a rule needs `serve` or `split` — add "serve": "canary""#);
    assert_snapshot!(said(&rules(r#"{ "name": "r", "when": {}, "serve": "v2", "split": { "v2": "5%" } }"#)), @"2:53 sites.shop.rules[0].split: stands beside `serve`, and a rule has one of the two — take one of them out");
}

#[test]
fn rule_names_are_unique() {
    let twice = r#"{ "name": "r", "when": { "country": "NZ" }, "serve": "v2" }, { "name": "r", "when": { "country": "AU" }, "serve": "v1" }"#;
    assert_snapshot!(said(&rules(twice)), @"2:82 sites.shop.rules[1].name: `r` is the name of an earlier rule too (line 2, column 21); a rule's split is drawn by its name — give each rule a name of its own");
}

#[test]
fn splits_name_versions_and_add_up() {
    assert_snapshot!(said(&split(r#""v1": "60%", "v2": "50%""#)), @"2:47 sites.shop.rules[0].split: the shares add up to 110%, which is more than 100% — take 10% away");
    assert_snapshot!(said(&split(r#""v1": "33.33%", "v2": "50%""#)), @"2:47 sites.shop.rules[0].split: the shares add up to 83.33%, and the stable version has its own: 16.67% is nobody's — make them add up to 100%, or leave the stable version out: it then gets the rest");
    assert_snapshot!(said(&split(r#""v3": "50%", "stabel": "1%""#)), @r#"
    2:49 sites.shop.rules[0].split.v3: `v3` is not a version of this site — the versions are `v1` and `v2`
    2:62 sites.shop.rules[0].split.stabel: `stabel` is not a version of this site — did you mean `stable`?
    "#);
    assert_snapshot!(said(&split(r#""v1": "50%", "stable": "50%""#)), @"2:62 sites.shop.rules[0].split.stable: `stable` is the same version as `v1` — give each version one share");
    let config = checked(&split(r#""v2": "12.5%""#)).config.unwrap();
    let shares: Vec<String> =
        config.sites[0].rules[0].split.iter().map(|(version, weight)| format!("{}:{weight}", version.0)).collect();
    assert_eq!(shares, ["0:87.5%", "1:12.5%"]);
}

#[test]
fn the_canary_can_be_served_while_there_is_one() {
    let canary = r#"{ "name": "r", "when": {}, "serve": "canary" }"#;
    assert_snapshot!(said(&rules(canary)), @"2:47 sites.shop.rules[0].serve: `canary` names the version under trial, and this site has no rollout — write a version's id, or add a rollout");
    let with_rollout = rollout(&format!(r#""canary": "v2" }}, "rules": [{canary}], "cookie": {{ "#));
    assert_eq!(checked(&with_rollout).config.unwrap().sites[0].rules[0].split[0].0.0, 1);
    assert_snapshot!(said(&rules(&canary.replace("canary", "v22"))), @"2:47 sites.shop.rules[0].serve: `v22` is not a version of this site — did you mean `v2`?");
}

#[test]
fn conditions_are_read_whole() {
    let all = when(
        r#"{ "country": ["NZ", "EU"], "eu": false, "city": "Paris", "path": ["/a/**", "*"], "host": "*.shop.example", "query": { "show": "b*", "x": ["1", "2"] },
             "header": { "X-Beta": "1" }, "cookie": { "staff": "*" }, "language": ["de", "pt-BR"], "device": "mobile", "bot": false,
             "not": { "region": "US-CA" }, "any": [{ "continent": "OC" }, { "colo": "AKL" }], "all": [{}] }"#,
    );
    let config = checked(&all).config.unwrap();
    let Condition::All(parts) = &config.sites[0].rules[0].when else { panic!("one part") };
    assert_eq!(parts.len(), 15);
    assert!(parts.contains(&Condition::Header("x-beta".to_owned(), vec![halftone::glob::Glob::new("1").unwrap()])));
    assert_eq!(checked(&when("{}")).config.unwrap().sites[0].rules[0].when, Condition::Always);
}

#[test]
fn patterns_are_explained() {
    assert_snapshot!(said(&when(r#"{ "path": "checkout/*" }"#)), @"2:44 sites.shop.rules[0].when.path: `checkout/*` does not begin with `/` or `*`, so no path matches it — write `/checkout/*`, or `**/checkout/*` for any folder");
    assert_snapshot!(said(&when(r#"{ "path": "https://shop.example/a" }"#)), @r#"2:44 sites.shop.rules[0].when.path: `https://shop.example/a` is not a path pattern: begins with `/` or `*`; `*` stands for anything within a segment, `**` across segments, `?` for one character — write it like "/checkout/**""#);
    assert_snapshot!(said(&when(r#"{ "host": "https://shop.example" }"#)), @"2:44 sites.shop.rules[0].when.host: `https://shop.example` has a scheme (`https://`), a hostname has none — write `shop.example`");
    assert_snapshot!(said(&when(r#"{ "query": { "a": "" } }"#)), @r#"2:52 sites.shop.rules[0].when.query.a: `""` is empty, and matches nothing — write `*` for anything"#);
    assert_snapshot!(said(&when(r#"{ "query": { "": "x" } }"#)), @r#"2:47 sites.shop.rules[0].when.query[""]: `""` is empty, and matches nothing — write `*` for anything"#);
    assert_snapshot!(said(&when(r#"{ "header": { "X Beta:": "1" } }"#)), @r#"2:48 sites.shop.rules[0].when.header["X Beta:"]: `X Beta:` has a character that no such name has — write `X-Beta`"#);
    assert_snapshot!(said(&when(&format!(r#"{{ "cookie": {{ "a": "{}" }} }}"#, "x".repeat(257)))), @"2:53 sites.shop.rules[0].when.cookie.a: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 257 characters, a pattern has at most 256");
    assert_snapshot!(said(&when(&format!(r#"{{ "cookie": {{ "a": "{}" }} }}"#, "é".repeat(200)))), @"2:53 sites.shop.rules[0].when.cookie.a: `éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…` can not be used: a pattern has at most 256 bytes, this one has 400");
}

#[test]
fn rules_do_not_read_our_own_cookie() {
    assert_snapshot!(said(&when(r#"{ "cookie": { "halftone": "*v2*" } }"#)), @"2:48 sites.shop.rules[0].when.cookie.halftone: `halftone` is Halftone's own cookie here (`halftone`), whose value is signed and changes — use another cookie; to let people choose a version, set one in the page or use preview links");
    assert_snapshot!(said(&when(r#"{ "any": [{ "cookie": { "__Host-halftone-preview": "*" } }] }"#)), @"2:58 sites.shop.rules[0].when.any[0].cookie.__Host-halftone-preview: `__Host-halftone-preview` is Halftone's own cookie here (`halftone`), whose value is signed and changes — use another cookie; to let people choose a version, set one in the page or use preview links");
    assert!(said(&when(r#"{ "cookie": { "halftone2": "*" } }"#)).is_empty());
}

#[test]
fn conditions_nest_at_most_eight_deep() {
    let nested = |levels: usize| when(&format!("{}{{ \"bot\": true }}{}", "{ \"not\": ".repeat(levels), " }".repeat(levels)));
    assert!(checked(&nested(7)).config.is_some());
    assert_snapshot!(said(&nested(8)), @"2:106 sites.shop.rules[0].when.not.not.not.not.not.not.not.not: conditions are nested more than 8 deep — several rules with the same split can say the same");
}

#[test]
fn rules_that_nobody_gets_to_are_found() {
    assert_snapshot!(said(&chain(&["{}", r#"{ "country": "NZ" }"#])), @"3:25 warning: sites.shop.rules[1].when: nobody gets to this rule: the earlier rule `r0` is for everyone — put it before `r0`, or take it out");
    assert_snapshot!(said(&chain(&[r#"{ "country": "NZ" }"#, r#"{ "country": "NZ" }"#])), @"3:25 warning: sites.shop.rules[1].when: nobody gets to this rule: the earlier rule `r0` has the same condition — put it before `r0`, or take it out");
    assert_snapshot!(said(&chain(&[r#"{ "country": ["NZ", "AU"] }"#, r#"{ "country": "AU", "device": "mobile" }"#])), @"3:25 warning: sites.shop.rules[1].when: nobody gets to this rule: the earlier rule `r0` is for all of them already — put it before `r0`, or take it out");
    assert_snapshot!(said(&chain(&[r#"{ "continent": "OC" }"#, r#"{ "region": "NZ-AUK" }"#])), @"3:25 warning: sites.shop.rules[1].when: nobody gets to this rule: the earlier rule `r0` is for all of them already — put it before `r0`, or take it out");
    assert_snapshot!(said(&chain(&[r#"{ "any": [{ "path": "/a/**" }, { "bot": true }] }"#, r#"{ "bot": true, "path": "/b" }"#])), @"3:25 warning: sites.shop.rules[1].when: nobody gets to this rule: the earlier rule `r0` is for all of them already — put it before `r0`, or take it out");
    assert_snapshot!(said(&chain(&[r#"{ "any": [{ "bot": true }, { "bot": false }] }"#, r#"{ "path": "/b" }"#])), @"3:25 warning: sites.shop.rules[1].when: nobody gets to this rule: the earlier rule `r0` is for everyone — put it before `r0`, or take it out");
}

#[test]
fn rules_that_somebody_may_get_to_are_left_alone() {
    for conditions in [
        [r#"{ "country": "NZ" }"#, r#"{ "country": ["NZ", "AU"] }"#],
        [r#"{ "country": "NZ", "device": "mobile" }"#, r#"{ "country": "NZ" }"#],
        [r#"{ "path": "/a/*" }"#, r#"{ "path": "/a/**" }"#],
        [r#"{ "colo": "AKL" }"#, r#"{ "country": "NZ" }"#],
        [r#"{ "not": { "country": "NZ" } }"#, r#"{ "not": { "country": "AU" } }"#],
        [r#"{ "query": { "a": "1" } }"#, r#"{ "query": { "b": "1" } }"#],
        [r#"{ "eu": true }"#, r#"{ "continent": "EU" }"#],
        [r#"{ "cookie": { "a": "*" } }"#, r#"{ "header": { "a": "1" } }"#],
    ] {
        assert_eq!(said(&chain(&conditions)), "", "{conditions:?}");
    }
}

#[test]
fn conditions_that_never_hold_are_found() {
    let never = [
        r#"{ "country": "NZ", "region": "US-CA" }"#,
        r#"{ "country": "NZ", "eu": true }"#,
        r#"{ "country": "FR", "eu": false }"#,
        r#"{ "country": "unknown", "continent": "EU" }"#,
        r#"{ "all": [{ "bot": true }, { "bot": false }] }"#,
        r#"{ "bot": true, "not": { "bot": true } }"#,
        r#"{ "device": "mobile", "not": { "device": ["mobile", "tablet"] } }"#,
        r#"{ "not": {} }"#,
    ];
    assert_snapshot!(said(&when(never[0])), @"2:34 warning: sites.shop.rules[0].when: this condition holds for nobody: two of its parts exclude each other — all keys of a condition must hold; for either of two, use `any`");
    for condition in never {
        assert!(said(&when(condition)).contains("holds for nobody"), "{condition}");
    }
    for condition in [
        r#"{ "country": "NZ", "colo": "SYD" }"#,
        r#"{ "country": "NZ", "region": "NZ-AUK" }"#,
        r#"{ "eu": true, "continent": "EU" }"#,
        r#"{ "query": { "a": "1", "b": "2" } }"#,
    ] {
        assert_eq!(said(&when(condition)), "", "{condition}");
    }
}

/// A request of a small world.
#[derive(Debug)]
struct Request {
    country: &'static str,
    region: &'static str,
    colo: &'static str,
    path: &'static str,
    query: &'static str,
    agent: &'static str,
    bot: bool,
}

impl Asked for Request {
    fn geo(&self) -> Geo<'_> {
        Geo { country: self.country, region: self.region, city: "", colo: self.colo }
    }
    fn path(&self) -> &str {
        self.path
    }
    fn host(&self) -> &'static str {
        "shop.example"
    }
    fn query(&self) -> &str {
        self.query
    }
    fn header(&self, name: &str) -> Option<&str> {
        (name == "user-agent").then_some(self.agent)
    }
    fn cookies(&self) -> &'static str {
        ""
    }
    fn is_bot(&self) -> bool {
        self.bot
    }
}

/// Every request of the small world.
fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for (country, region) in [("NZ", ""), ("NZ", "AUK"), ("AU", ""), ("FR", ""), ("GB", ""), ("US", "CA"), ("XX", "")] {
        for colo in ["AKL", "SYD"] {
            for (path, query) in [("/", ""), ("/a/b", "show=1"), ("/a/b", "show=2")] {
                for (agent, bot) in [("iPhone Mobile", false), ("iPad", false), ("", true)] {
                    all.push(Request { country, region, colo, path, query, agent, bot });
                }
            }
        }
    }
    all
}

/// Conditions of the small world, as the file writes them.
fn conditions() -> impl Strategy<Value = String> {
    let keys = [
        r#""country": "NZ""#,
        r#""country": ["NZ", "AU"]"#,
        r#""country": ["FR", "unknown"]"#,
        r#""country": "EU""#,
        r#""country": "continent:EU""#,
        r#""region": "NZ-AUK""#,
        r#""region": ["NZ-AUK", "US-CA"]"#,
        r#""continent": "OC""#,
        r#""eu": true"#,
        r#""eu": false"#,
        r#""colo": "AKL""#,
        r#""path": "/a/**""#,
        r#""path": ["/", "/a/*"]"#,
        r#""query": { "show": "1" }"#,
        r#""query": { "show": "*" }"#,
        r#""device": "mobile""#,
        r#""device": ["tablet", "desktop"]"#,
        r#""bot": true"#,
        r#""bot": false"#,
    ];
    let flat = proptest::sample::subsequence(keys.to_vec(), 0..=2).prop_map(|keys| {
        let mut seen = std::collections::BTreeSet::new();
        let keys: Vec<&str> = keys.into_iter().filter(|key| seen.insert(key.split(':').next().unwrap())).collect();
        format!("{{ {} }}", keys.join(", "))
    });
    flat.prop_recursive(2, 8, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 1..3).prop_map(|parts| parts.join(", "));
        prop_oneof![
            list.clone().prop_map(|parts| format!(r#"{{ "any": [{parts}] }}"#)),
            list.prop_map(|parts| format!(r#"{{ "all": [{parts}] }}"#)),
            inner.clone().prop_map(|part| format!(r#"{{ "not": {part} }}"#)),
            (inner.clone(), inner).prop_map(|(a, b)| format!(r#"{{ "not": {a}, "any": [{b}] }}"#)),
        ]
    })
}

proptest! {
    #[test]
    fn a_rule_that_is_said_to_be_out_of_reach_is_out_of_reach(first in conditions(), second in conditions()) {
        let checked = checked(&chain(&[&first, &second]));
        let plan = compile(checked.config.as_ref().unwrap(), &Vec::new(), None, 1).unwrap();
        let rules = &plan.sites[0].rules;
        let said = |code, at: usize| checked.problems.iter().any(|problem| problem.code == code && problem.path == format!("sites.shop.rules[{at}].when"));
        for request in requests() {
            let holds = [rules[0].when.holds(&request), rules[1].when.holds(&request)];
            prop_assert!(!(said(Code::NeverTrue, 0) && holds[0]), "{} holds for {:?}", first, request);
            prop_assert!(!(said(Code::NeverTrue, 1) && holds[1]), "{} holds for {:?}", second, request);
            prop_assert!(!(said(Code::UnreachableRule, 1) && holds[1] && !holds[0]), "{} after {} gets {:?}", second, first, request);
        }
    }
}
