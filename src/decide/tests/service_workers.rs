//! Scripts of service workers: assigned afresh, and taken out where the visitor's version has none.

use super::scene::*;
use crate::decide::{Carry, Kind, Request};
use crate::plan::{Condition, Site};

/// The request for a worker's script, by a visitor who brings this cookie.
fn worker(cookies: &str) -> Request<'_> {
    Request { dest: "serviceworker", cookies, ..page("https://shop.example/sw.js") }
}

/// The cookie of a visitor whose last page came from the canary.
fn on_canary() -> String {
    pair(&carried(&mut edge(ramp(10_000)), &page("https://shop.example/")).personal.set_cookie)
}

/// A shop of which only v2 has a service worker, and a file of its own.
fn listed_shop(bp: u16) -> Lent {
    edge(listed(ramp(bp), &[("/index.html", 3, true), ("/sw.js", 2, false)]))
}

fn kinds(carry: &Carry) -> Vec<Kind> {
    carry.attempts.iter().map(|attempt| attempt.kind).collect()
}

#[test]
fn a_visitor_of_the_version_with_a_worker_gets_its_script() {
    let cookie = on_canary();
    let carry = carried(&mut listed_shop(10_000), &worker(&cookie));
    assert_eq!(tried(&carry), [("v2", "canary")]);
    assert_eq!(kinds(&carry), [Kind::Assets]);
    assert_eq!(carry.personal.set_cookie, "", "nothing changed");
    assert_eq!(carry.cache_control, "private, no-cache");
}

#[test]
fn after_a_rollback_the_script_of_the_version_that_was_is_one_that_leaves() {
    let cookie = on_canary();
    let carry = carried(&mut listed_shop(0), &worker(&cookie));
    assert_eq!(tried(&carry), [("v1", "stable")]);
    assert_eq!(kinds(&carry), [Kind::Leaves]);
    assert!(carry.attempts[0].target.contains("registration.unregister()"));
    assert!(!carry.attempts[0].target.contains('\n'), "the text of an instruction is made of lines");
    assert_eq!(visitor(&carry.personal.set_cookie).served, "v1", "what else the page asks for is of the version it moves to");
}

#[test]
fn a_version_with_a_worker_of_the_same_name_gives_its_own_and_its_files() {
    let cookie = on_canary();
    let mut edge = edge(listed(ramp(0), &[("/index.html", 3, true), ("/sw.js", 3, true)]));
    let carry = carried(&mut edge, &worker(&cookie));
    assert_eq!((tried(&carry), kinds(&carry)), (vec![("v1", "stable")], vec![Kind::Assets]));
    let cookie = pair(&carry.personal.set_cookie);
    let precached = Request { dest: "empty", cookies: &cookie, ..page("https://shop.example/") };
    assert_eq!(shown(&carried(&mut edge, &precached)), ("v1", "page"));
}

#[test]
fn an_origin_without_a_file_list_is_asked_first_and_no_other_version_is() {
    let cookie = on_canary();
    let carry = carried(&mut edge(ramp(0)), &worker(&cookie));
    assert_eq!(tried(&carry), [("v1", "stable"), ("v1", "stable")]);
    assert_eq!(kinds(&carry), [Kind::Assets, Kind::Leaves]);
}

#[test]
fn the_script_is_never_public_whatever_its_name() {
    let cookie = on_canary();
    let mut edge = edge(listed(ramp(10_000), &[("/index.html", 3, true), ("/sw-4f3a2b1c.js", 2, false)]));
    let request = Request { url: "https://shop.example/sw-4f3a2b1c.js", ..worker(&cookie) };
    let carry = carried(&mut edge, &request);
    assert_eq!(carry.cache_control, "private, no-cache");
    assert_eq!(carry.vary, "Cookie");
}

#[test]
fn without_a_cookie_nothing_is_drawn_and_the_script_is_stables() {
    for cookies in ["", "halftone=1:forged"] {
        let carry = carried(&mut listed_shop(10_000), &worker(cookies));
        assert_eq!((tried(&carry), kinds(&carry)), (vec![("v1", "stable")], vec![Kind::Leaves]));
        assert_eq!(carry.personal.set_cookie, "");
    }
}

#[test]
fn a_worker_never_enrols_a_visitor() {
    let cookie = on_canary();
    let mut edge = edge(Site { rollout: sequential(100, 10_000), ..site() });
    let tag = edge.plan.sites[0].rollout.as_ref().unwrap().tag();
    edge.lease.granted(tag, vec![1, 2, 3], NOW_MS / 1000);
    let carry = carried(&mut edge, &worker(&cookie));
    assert_eq!(shown(&carry), ("v1", "stable"));
    assert_eq!(carry.personal.office, None);
}

#[test]
fn a_rule_by_page_is_asked_of_the_page_that_registers() {
    let cookie = on_canary();
    let docs = rule("docs", Condition::Path(vec![glob("/docs/**")]), V2);
    let mut edge = edge(Site { rules: vec![docs], ..ramp(0) });
    let request = Request { referer: "https://shop.example/docs/intro", ..worker(&cookie) };
    assert_eq!(shown(&carried(&mut edge, &request)), ("v2", "rule"));
    assert_eq!(shown(&carried(&mut edge, &worker(&cookie))), ("v1", "stable"));
}
