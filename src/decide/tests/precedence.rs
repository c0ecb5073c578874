use super::scene::*;
use crate::decide::Request;
use crate::plan::Condition;
use crate::preview;

/// v1 is stable, v2 the canary, v3 for staff, v4 for nobody but by preview.
fn shop(rules: bool, canary_bp: Option<u16>) -> crate::plan::Site {
    let mut site = site();
    site.versions = ["v1", "v2", "v3", "v4"].map(version).to_vec();
    site.rollout = canary_bp.and_then(random);
    if rules {
        site.rules = vec![rule("staff", has_cookie("staff"), V3)];
    }
    site
}

#[test]
fn a_preview_goes_before_a_rule_a_rule_before_the_rollout_and_the_rollout_before_stable() {
    let token = preview::mint(&keys(), "shop", "shop.example", "v4", NOW_MS / 1000 + 60);
    let preview_cookie = format!("__Host-halftone-preview={token}");
    for (preview, rules, canary, version, why) in [
        (true, true, Some(10_000), "v4", "preview"),
        (true, true, None, "v4", "preview"),
        (true, false, Some(10_000), "v4", "preview"),
        (true, false, None, "v4", "preview"),
        (false, true, Some(10_000), "v3", "rule"),
        (false, true, None, "v3", "rule"),
        (false, false, Some(10_000), "v2", "canary"),
        (false, false, Some(0), "v1", "stable"),
        (false, false, None, "v1", "stable"),
    ] {
        let cookies = format!("staff=1; {}", if preview { &preview_cookie } else { "" });
        let mut edge = edge(shop(rules, canary));
        let carry = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") });
        assert_eq!(shown(&carry), (version, why), "preview {preview}, rules {rules}, canary {canary:?}");
    }
}

#[test]
fn the_first_rule_that_holds_decides() {
    let mut site = shop(false, Some(10_000));
    site.rules = vec![
        rule("never", Condition::Any(Vec::new()), V1),
        rule("docs", Condition::Path(vec![glob("/docs/**")]), V3),
        rule("all", Condition::All(Vec::new()), V1),
    ];
    let mut edge = edge(site);
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/docs/a"))), ("v3", "rule"));
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/"))), ("v1", "rule"));
}

#[test]
fn conditions_see_the_request_as_it_was_sent() {
    let holds = |when: Condition, request: &Request<'_>| {
        let mut site = shop(false, None);
        site.rules = vec![rule("this", when, V3)];
        shown(&carried(&mut edge(site), request)).0 == "v3"
    };
    let at = |url| page(url);
    let on = |globs: &[&str]| globs.iter().map(|text| glob(text)).collect::<Vec<_>>();
    assert!(holds(Condition::Path(on(&["/café"])), &at("https://shop.example/caf%C3%A9")));
    assert!(holds(Condition::Host(on(&["*.example"])), &at("https://shop.example:8443/")));
    assert!(!holds(Condition::Host(on(&["*.example"])), &at("https://example/")));
    assert!(holds(Condition::Query("b".to_owned(), on(&["x y"])), &at("https://shop.example/?a=1&b=x+y")));
    assert!(!holds(Condition::Query("b".to_owned(), on(&["*"])), &at("https://shop.example/?a=b")));
    assert!(holds(
        Condition::Header("x-plan".to_owned(), on(&["gold*"])),
        &Request { headers: "golden", ..at("https://shop.example/") }
    ));
    assert!(!holds(Condition::Header("x-plan".to_owned(), on(&["*"])), &at("https://shop.example/")));
    assert!(holds(
        Condition::Language(vec!["de".to_owned()]),
        &Request { headers: "de-AT,en;q=0.5", ..at("https://shop.example/") }
    ));
    assert!(holds(Condition::Bot(true), &Request { user_agent: CRAWLER, ..script_free("https://shop.example/") }));
    assert!(holds(Condition::Not(Box::new(Condition::Bot(true))), &at("https://shop.example/")));
}

/// A crawler's request: no fetch metadata at all.
fn script_free(url: &str) -> Request<'_> {
    Request { dest: "", accept: "text/html", ..page(url) }
}

#[test]
fn without_keys_nothing_is_split_and_no_cookie_is_set() {
    let mut edge = edge_with(plan(vec![shop(true, Some(10_000))]), None);
    let carry = carried(&mut edge, &Request { cookies: "staff=1", ..page("https://shop.example/") });
    assert_eq!(shown(&carry), ("v1", "off"));
    assert_eq!(carry.personal.set_cookie, "");
}

#[test]
fn without_random_bytes_a_new_visitor_gets_stable_and_no_cookie() {
    let mut edge = edge(ramp(10_000));
    let crate::decide::Instruction::Carry(carry) = edge.decide(&page("https://shop.example/"), || None) else {
        panic!("not carried")
    };
    assert_eq!(shown(&carry), ("v1", "off"));
    assert_eq!(carry.personal.set_cookie, "");
}
