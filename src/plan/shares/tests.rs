use super::*;
use crate::config::{Builds, check};
use crate::plan::compile::compile;

/// A site of the versions v1 (stable) and v2 with this rollout and these rules.
fn site(rollout: &str, rules: &str) -> Site {
    let versions = r#"{"v1":"https://a.example","v2":"https://b.example"}"#;
    let text = format!(r#"{{"sites":{{"s":{{"versions":{versions},"stable":"v1"{rollout}{rules}}}}}}}"#);
    let checked = check(text.as_bytes(), &Builds::unknown());
    let config = checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems));
    compile(&config, &Vec::new(), None, 1).unwrap().sites.remove(0)
}

fn random(weight: &str, id: &str) -> Site {
    site(&format!(r#","rollout":{{"id":"{id}","canary":"v2","steps":["{weight}"]}}"#), "")
}

fn areas(areas: &str, rules: &str) -> Site {
    site(&format!(r#","rollout":{{"id":"a","canary":"v2","strategy":"geographic","steps":[{{"areas":{areas}}}]}}"#), rules)
}

fn first(first: u64, of: &str, id: &str) -> Site {
    let step = format!(r#"{{"first":{first},"of":"{of}"}}"#);
    site(&format!(r#","rollout":{{"id":"{id}","canary":"v2","strategy":"sequential","steps":[{step}]}}"#), "")
}

fn newcomers(weight: &str, id: &str) -> Site {
    site(&format!(r#","rollout":{{"id":"{id}","canary":"v2","visitors":"new","steps":["{weight}"]}}"#), "")
}

/// Who, the canary's share, and who moves, one class a line.
fn lines(site: &Site, before: Option<&Site>) -> String {
    let line = |class: &Class| {
        let canary = class.shares.iter().find(|share| share.0 == "v2").map_or(0.0, |share| share.1);
        let about = if class.exact { "" } else { "about " };
        let moves = class.moves.map_or(String::new(), |moves| format!(", {about}{moves}% move"));
        format!("{}{}: {canary}%{moves}", class.who, if class.newcomers_only { " (newcomers)" } else { "" })
    };
    classes(site, before).iter().map(line).collect::<Vec<_>>().join("\n")
}

const NZ_ALL: &str = r#","rules":[{"name":"nz","when":{"country":"NZ"},"serve":"v2"}]"#;

#[test]
fn who_moves_is_counted_slot_by_slot_within_a_rollout() {
    insta::assert_snapshot!(lines(&random("25%", "a"), Some(&random("5%", "a"))), @"everyone: 25%, 20% move");
    insta::assert_snapshot!(lines(&random("5%", "a"), Some(&random("25%", "a"))), @"everyone: 5%, 20% move");
}

#[test]
fn under_a_fresh_salt_who_moves_follows_from_the_shares() {
    insta::assert_snapshot!(lines(&random("50%", "b"), Some(&random("50%", "a"))), @"everyone: 50%, about 50% move");
}

#[test]
fn an_area_shows_its_own_share_beside_narrower_areas_and_rules() {
    insta::assert_snapshot!(lines(&areas(r#"{"EU":"10%","AT":"50%","elsewhere":"1%"}"#, ""), None), @r"
    area AT: 50%
    area EU: 10%
    area elsewhere: 1%
    everyone else: 0%
    ");
    let rule = r#","rules":[{"name":"at","when":{"country":"AT"},"serve":"v2"}]"#;
    insta::assert_snapshot!(lines(&areas(r#"{"EU":"10%","DE-BY":"2%","DE":"3%","colo:AKL":"4%","unknown":"5%"}"#, rule), None), @r"
    rule at: 100%
    visitors from AT: 100%
    area colo:AKL: 4%
    area DE-BY: 2%
    area DE: 3%
    area EU: 10%
    area unknown: 5%
    everyone else: 0%
    ");
}

#[test]
fn elsewhere_and_everyone_else_are_none_of_the_named_continents() {
    insta::assert_snapshot!(lines(&areas(r#"{"continent:AN":"50%","elsewhere":"1%"}"#, ""), None), @r"
    area continent:AN: 50%
    area elsewhere: 1%
    everyone else: 0%
    ");
    insta::assert_snapshot!(lines(&areas(r#"{"continent:AN":"50%"}"#, ""), None), @r"
    area continent:AN: 50%
    everyone else: 0%
    ");
}

#[test]
fn an_area_that_rules_take_whole_is_never_reached_and_nobody_else_is_not_a_class() {
    let all = r#","rules":[{"name":"nz","when":{"country":"NZ"},"serve":"v2"},{"name":"all","when":{"not":{"country":"FR"}},"serve":"v1"},{"name":"again","when":{"country":"NZ"},"serve":"v1"}]"#;
    insta::assert_snapshot!(lines(&areas(r#"{"NZ":"50%","FR":"2%"}"#, all), None), @r"
    rule nz: 100%
    rule all: 0%
    rule again (never reached): 0%
    visitors from FR: 2%
    visitors from NZ: 100%
    area FR: 2%
    area NZ (never reached): 50%
    ");
}

#[test]
fn rules_that_ask_for_more_than_a_place_do_not_take_everyone_there() {
    let rules = r#","rules":[{"name":"front","when":{"path":"/"},"serve":"v2"},{"name":"desks","when":{"device":"desktop"},"serve":"v2"}]"#;
    let site = site(r#","rollout":{"canary":"v2","steps":["5%"]}"#, rules);
    insta::assert_snapshot!(lines(&site, None), @r"
    rule front: 100%
    rule desks: 100%
    everyone else: 5%
    ");
}

#[test]
fn a_class_that_was_treated_in_two_ways_before_is_told_by_its_places() {
    let old = areas(r#"{"NZ":"10%","AT":"100%"}"#, "");
    insta::assert_snapshot!(lines(&areas(r#"{"NZ":"30%","EU":"100%"}"#, ""), Some(&old)), @r"
    area NZ: 30%, 20% move
    area EU: AT: 100%, 0% move
    area EU: BE, BG, CY and 23 more: 100%, 100% move
    everyone else: 0%, 0% move
    ");
    insta::assert_snapshot!(lines(&site(r#","rollout":{"id":"a","canary":"v2","steps":["10%"]}"#, NZ_ALL), Some(&old)), @r"
    rule nz: 100%, 90% move
    visitors from NZ: 100%, 90% move
    everyone else: AD, AE, AF and 246 more: 10%, 10% move
    everyone else: AT: 10%, 90% move
    ");
}

#[test]
fn a_longer_order_of_arrival_enrols_the_next_to_arrive() {
    insta::assert_snapshot!(lines(&first(5000, "100%", "a"), Some(&first(1000, "100%", "a"))), @r"
    the first 1000 to arrive: 100%, 0% move
    the next 4000 to arrive: 100%, 100% move
    everyone else: 0%, 0% move
    ");
    insta::assert_snapshot!(lines(&first(1000, "50%", "a"), Some(&first(5000, "20%", "a"))), @r"
    the first 1000 to arrive: 50%, 30% move
    the last 4000 of the 5000 enrolled: 0%, 20% move
    everyone else: 0%, 0% move
    ");
    insta::assert_snapshot!(lines(&first(1000, "50%", "b"), Some(&random("10%", "a"))), @r"
    the first 1000 to arrive: 50%, about 50% move
    everyone else: 0%, 10% move
    ");
}

#[test]
fn after_an_order_of_arrival_the_enrolled_and_the_others_are_two_classes() {
    insta::assert_snapshot!(lines(&random("10%", "b"), Some(&first(1000, "100%", "a"))), @r"
    everyone, the first 1000 to arrive before: 10%, 90% move
    everyone: 10%, 10% move
    ");
}

#[test]
fn where_only_newcomers_are_drawn_nobody_moves_who_is_here_but_off_a_lost_version() {
    insta::assert_snapshot!(lines(&newcomers("25%", "a"), None), @"everyone (newcomers): 25%");
    insta::assert_snapshot!(lines(&newcomers("25%", "a"), Some(&newcomers("5%", "a"))), @"everyone (newcomers): 25%, 0% move");
    // Who had this canary in another rollout gets stable.
    insta::assert_snapshot!(lines(&newcomers("25%", "b"), Some(&random("5%", "a"))), @"everyone (newcomers): 25%, 5% move");
}

#[test]
fn a_site_that_was_off_gave_everybody_stable() {
    let off = Site { is_off: true, ..random("50%", "a") };
    insta::assert_snapshot!(lines(&random("50%", "a"), Some(&off)), @"everyone: 50%, 50% move");
}

#[test]
fn a_version_that_is_gone_and_another_canary_under_one_id_are_warned_of() {
    let plan = |site: Site| Plan {
        format: crate::plan::FORMAT,
        revision: 1,
        prefix: "/_halftone".to_owned(),
        admin_host: None,
        geo_headers: Vec::new(),
        sites: vec![site],
        default_site: 0,
    };
    let old = plan(random("5%", "a"));
    assert!(warnings(&old, None).is_empty());
    assert!(warnings(&old, Some(&old)).is_empty());
    let mut new = old.clone();
    new.sites[0].versions[1].id = "v3".to_owned();
    insta::assert_snapshot!(
        warnings(&new, Some(&old)).join("\n"),
        @"site `s`: version `v2` is gone; pages that are open on it lose their files — keep it listed until nobody has it open"
    );
    let mut new = old.clone();
    if let Some(rollout) = &mut new.sites[0].rollout {
        rollout.canary = VersionIndex(0);
    }
    insta::assert_snapshot!(
        warnings(&new, Some(&old)).join("\n"),
        @"site `s`: another canary under the same rollout id — give the rollout a new `id`"
    );
}

#[test]
fn what_is_expected_of_a_country_depends_on_the_host() {
    let rules = r#","rules":[{"name":"beta","when":{"host":"beta.shop.example"},"serve":"v2"}]"#;
    let site = site(r#","rollout":{"canary":"v2","steps":["5%"]}"#, rules);
    let canary = |host| expected(&site, host, "NZ").unwrap().into_iter().find(|share| share.0 == "v2").map(|share| share.1);
    assert_eq!((canary("beta.shop.example"), canary("shop.example")), (Some(100.0), Some(5.0)));
    assert_eq!(expected(&first(10, "50%", "a"), "", "NZ"), None, "the order of arrival decides");
}
