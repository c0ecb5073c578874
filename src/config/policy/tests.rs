use super::*;
use crate::config::objects;
use crate::config::spelling;

/// What a description says of a guard: the value before its name.
fn said<'a>(text: &'a str, name: &str) -> &'a str {
    let family = match name.split_once('_') {
        Some(("poor", _)) => "`poor_…`".to_owned(),
        Some(("slow", _)) => "`slow_…`".to_owned(),
        _ if name.starts_with(GOAL) => "goals".to_owned(),
        _ => format!("`{name}`"),
    };
    let before = text.split(&family).next().unwrap();
    assert_ne!(before, text, "{family} is not there");
    before.split([' ', '(']).rfind(|word| word.ends_with('%')).unwrap()
}

#[test]
fn the_description_says_the_usual_margins_and_limits() {
    let field = |key: &str| {
        let guard = objects::ALL.iter().find(|object| object.name == "guard").unwrap();
        guard.fields.iter().find(|field| field.key == key).unwrap().default.unwrap()
    };
    for name in USUAL.iter().map(|usual| usual.0).chain(["goal.signup"]) {
        let guard = Guard::usual(name).unwrap();
        assert_eq!(quantity::basis_points(said(field("margin"), name)), Some(guard.margin_bp), "{name}");
        assert_eq!(quantity::basis_points(said(field("limit"), name)), Some(guard.limit_bp), "{name}");
    }
}

#[test]
fn every_key_that_is_left_out_has_the_value_its_description_says() {
    let usual = Policy::usual();
    let rollout = objects::ALL.iter().find(|object| object.name == "rollout").unwrap();
    let said = |key: &str| rollout.fields.iter().find(|field| field.key == key).unwrap().default.unwrap();
    let json = |value: &str| serde_json::from_str::<serde_json::Value>(value).unwrap();
    assert_eq!(json(said("decide")), serde_json::to_value(usual.decide).unwrap());
    assert_eq!(json(said("on_deadline")), serde_json::to_value(usual.on_deadline).unwrap());
    assert_eq!(json(said("on_new_version")), serde_json::to_value(usual.on_new_version).unwrap());
    assert_eq!(json(said("least_networks")), usual.least_networks);
    assert_eq!(quantity::basis_points(json(said("false_rollback")).as_str().unwrap()), Some(usual.false_rollback_bp));
    assert_eq!(quantity::basis_points(json(said("false_promotion")).as_str().unwrap()), Some(usual.false_promotion_bp));
    assert_eq!(quantity::milliseconds(json(said("deadline")).as_str().unwrap()), Some(u64::from(usual.deadline_s) * 1_000));
}

#[test]
fn the_guards_there_are_without_a_word_are_named_in_the_description() {
    let rollout = objects::ALL.iter().find(|object| object.name == "rollout").unwrap();
    let doc = rollout.fields.iter().find(|field| field.key == "guards").unwrap().doc;
    let usual: Vec<String> = Policy::usual().guards.into_iter().map(|guard| guard.name).collect();
    assert!(doc.contains(&format!("{} guard;", report::listed(usual.iter(), "and", 16))), "{usual:?}");
}

#[test]
fn every_guard_has_a_name_that_can_be_written() {
    for name in USUAL.iter().map(|usual| usual.0).chain(["goal.a", "goal.sign-up_2", "goal.2"]) {
        assert!(spelling::GUARD.fits(name) && Guard::usual(name).is_some(), "{name}");
        assert!(name.starts_with(GOAL) || spelling::GUARD.rule.contains(&format!("`{name}`")), "{name}");
    }
    let long = format!("goal.{}", "x".repeat(41));
    for name in ["", "goal", "goal.", "goal.Sign", "goal.-a", "goal.a.b", "Missing", "reports", &long] {
        assert!(!spelling::GUARD.fits(name), "{name}");
    }
}
