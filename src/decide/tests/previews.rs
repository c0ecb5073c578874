use super::scene::*;
use crate::decide::{Edge, Request};
use crate::preview::{LONGEST_S, mint};

const HOUR_S: u64 = 3600;

fn token(version: &str, host: &str, expiry_s: u64) -> String {
    mint(&keys(), "shop", host, version, expiry_s)
}

fn good() -> String {
    token("v2", "shop.example", NOW_MS / 1000 + HOUR_S)
}

fn follow(edge: &mut Edge, token: &str) -> (u16, Option<String>, Option<String>) {
    let url = format!("https://shop.example/a/b?x=1&halftone-preview={token}&y=%20");
    let answer = answered(edge, &page(&url));
    (answer.status, header(&answer, "location").map(str::to_owned), header(&answer, "set-cookie").map(str::to_owned))
}

#[test]
fn a_preview_link_answers_303_to_the_clean_address_and_sets_a_session_cookie() {
    let (status, location, cookie) = follow(&mut edge(ramp(0)), &good());
    assert_eq!((status, location.as_deref()), (303, Some("/a/b?x=1&y=%20")));
    assert_eq!(cookie.unwrap(), format!("__Host-halftone-preview={}; Path=/; HttpOnly; SameSite=Lax; Secure", good()));

    let url = format!("https://shop.example/?halftone-preview={}", good());
    let answer = answered(&mut edge(ramp(0)), &page(&url));
    assert_eq!(header(&answer, "location"), Some("/"));
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
}

#[test]
fn a_preview_shows_its_version_at_no_weight_at_all_and_sets_no_visitor_cookie() {
    for site in [ramp(0), site()] {
        let mut edge = edge(site);
        let cookies = pair(&follow(&mut edge, &good()).2.unwrap());
        let carry = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/a/b") });
        assert_eq!(shown(&carry), ("v2", "preview"));
        assert_eq!((carry.personal.set_cookie.as_str(), carry.cache_control), ("", "private, no-store"));
        assert!(carry.preview && !carry.guarded);
        let file = carried(&mut edge, &Request { cookies: &cookies, ..script("https://shop.example/main-4f3a2b1c.js") });
        assert_eq!((shown(&file), file.cache_control), (("v2", "preview"), "private, no-store"));
    }
}

#[test]
fn a_preview_leaves_the_visitor_cookie_alone() {
    let mut edge = edge(ramp(10_000));
    let ours = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let v1 = token("v1", "shop.example", NOW_MS / 1000 + HOUR_S);
    let cookies = format!("{ours}; __Host-halftone-preview={v1}");
    let previewed = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!((shown(&previewed), previewed.personal.set_cookie.as_str()), (("v1", "preview"), ""));
    let after = carried(&mut edge, &Request { cookies: &ours, ..page("https://shop.example/") });
    assert_eq!((shown(&after), after.personal.set_cookie.as_str()), (("v2", "canary"), ""));
}

#[test]
fn a_link_that_is_over_changed_or_for_something_else_is_refused() {
    let now_s = NOW_MS / 1000;
    let mut changed = good();
    changed.replace_range(..2, "v1");
    let other_key = mint(&crate::visitor::Keys::read(OTHER_KEY).unwrap(), "shop", "shop.example", "v2", now_s + HOUR_S);
    for (what, token, words) in [
        ("expired", token("v2", "shop.example", now_s), "has expired"),
        ("another host", token("v2", "blog.example", now_s + HOUR_S), "is not valid here"),
        ("another site", mint(&keys(), "blog", "shop.example", "v2", now_s + HOUR_S), "is not valid here"),
        ("another version", changed, "is not valid here"),
        ("a version that is not there", token("v9", "shop.example", now_s + HOUR_S), "is not valid here"),
        ("longer than a day", token("v2", "shop.example", now_s + LONGEST_S + 1), "is not valid here"),
        ("another key", other_key, "is not valid here"),
        ("nothing", String::new(), "is not valid here"),
    ] {
        let url = format!("https://shop.example/?halftone-preview={token}");
        let answer = answered(&mut edge(ramp(10_000)), &page(&url));
        assert_eq!(answer.status, 403, "{what}");
        assert!(answer.body.contains(words), "{what}: {}", answer.body);
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{what}");
        assert_eq!(header(&answer, "set-cookie"), None, "{what}");
    }
}

#[test]
fn a_preview_cookie_ends_with_its_time_and_the_visitor_is_drawn_again() {
    let mut edge = edge(ramp(0));
    let cookies = format!("__Host-halftone-preview={}", good());
    let later = Request { cookies: &cookies, now_ms: NOW_MS + HOUR_S * 1000, ..page("https://shop.example/") };
    assert_eq!(shown(&carried(&mut edge, &later)), ("v1", "stable"));
}

#[test]
fn off_ends_a_preview() {
    let (status, location, cookie) = follow(&mut edge(ramp(0)), "off");
    assert_eq!((status, location.as_deref()), (303, Some("/a/b?x=1&y=%20")));
    assert_eq!(cookie.as_deref(), Some("__Host-halftone-preview=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"));
}

#[test]
fn a_parameter_that_only_looks_like_a_preview_is_the_sites() {
    let mut edge = edge(ramp(0));
    for query in ["xhalftone-preview=1", "halftone-preview-x=1", "a=halftone-preview", "halftone-preview"] {
        let url = format!("https://shop.example/?{query}");
        assert_eq!(shown(&carried(&mut edge, &page(&url))).0, "v1", "{query}");
    }
}

#[test]
fn previews_work_without_consent_and_for_bots() {
    let mut site = ramp(0);
    site.consent = Some(("consent".to_owned(), glob("yes")));
    let cookies = format!("__Host-halftone-preview={}", good());
    let carry = carried(
        &mut edge(site),
        &Request { cookies: &cookies, user_agent: CRAWLER, privacy_control: "1", ..page("https://shop.example/") },
    );
    assert_eq!((shown(&carry), carry.personal.set_cookie.as_str()), (("v2", "preview"), ""));
}
