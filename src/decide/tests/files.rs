use super::scene::*;
use crate::decide::{Carry, Edge, Kind, Request};
use crate::plan::{Forward, NotFound, Origin, Site};

/// v1 and v2 with known files, v2 the canary for everybody.
fn shop(files: &[(&str, u64, bool)]) -> Site {
    listed(ramp(10_000), files)
}

const FILES: &[(&str, u64, bool)] = &[
    ("/index.html", 3, true),
    ("/about.html", 3, true),
    ("/docs/index.html", 3, true),
    ("/404.html", 3, true),
    ("/main.js", 3, true),
    ("/old-4f3a2b1c.js", 1, false),
    ("/new-5e6f7a8b.js", 2, false),
    ("/both-9c8d7e6f.js", 3, false),
    ("/clash-1a2b3c4d.js", 3, true),
];

/// What a visitor on v2 (or v1, with the split at 0) gets for a file of their page.
fn fetched(site: Site, served: &str, url: &str) -> Carry {
    let mut edge = edge(site);
    let mut cookies = String::new();
    for number in 0..200 {
        let carry = carried_for(&mut edge, &page("https://shop.example/"), number);
        if shown(&carry).0 == served {
            cookies = pair(&carry.personal.set_cookie);
        }
    }
    assert!(!cookies.is_empty(), "nobody gets {served}");
    carried(&mut edge, &Request { cookies: &cookies, ..script(url) })
}

fn target(carry: &Carry, at: usize) -> &str {
    &carry.attempts[at].target
}

#[test]
fn a_file_that_only_another_version_has_is_served_from_there() {
    for (served, file, expected, why) in [
        ("v2", "/old-4f3a2b1c.js", "v1", "skew"),
        ("v1", "/new-5e6f7a8b.js", "v2", "skew"),
        ("v2", "/new-5e6f7a8b.js", "v2", "page"),
        ("v1", "/both-9c8d7e6f.js", "v1", "page"),
    ] {
        let carry = fetched(listed(ramp(5_000), FILES), served, &format!("https://shop.example{file}"));
        assert_eq!(shown(&carry), (expected, why), "{file} for {served}");
        assert_eq!(target(&carry, 0), format!("https://assets.local/{expected}{file}"));
    }
}

#[test]
fn a_navigation_never_takes_another_versions_page() {
    let site = shop(&[("/index.html", 3, true), ("/only-in-v1.html", 1, false), ("/404.html", 2, false)]);
    let carry = carried(&mut edge(site), &page("https://shop.example/only-in-v1"));
    assert_eq!(tried(&carry), [("v2", "canary")]);
    assert_eq!((target(&carry, 0), carry.attempts[0].status), ("https://assets.local/v2/404.html", 404));
}

#[test]
fn a_file_of_unknown_whereabouts_is_tried_in_a_few_versions_stable_first() {
    let mut site = ramp(10_000);
    site.versions = ["v1", "v2", "v3", "v4", "v5", "v6"].map(version).to_vec();
    let carry = fetched(site, "v2", "https://shop.example/main.js");
    assert_eq!(tried(&carry), [("v2", "page"), ("v1", "skew"), ("v3", "skew"), ("v4", "skew")]);
}

#[test]
fn a_page_of_unknown_whereabouts_is_tried_in_its_own_version_alone() {
    assert_eq!(tried(&carried(&mut edge(ramp(10_000)), &page("https://shop.example/a"))), [("v2", "canary")]);
}

#[test]
fn what_changes_something_is_sent_to_one_version_once() {
    let mut edge = edge(listed(ramp(10_000), FILES));
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = Request { method, cookies: &cookies, dest: "empty", ..page("https://shop.example/api/cart?x=1") };
        let carry = carried(&mut edge, &request);
        assert_eq!(tried(&carry), [("v2", "page")], "{method}");
        assert_eq!((carry.cache_control, carry.guarded), ("", false), "{method}");
    }
}

#[test]
fn a_path_without_a_file_gets_the_404_page_of_its_own_version() {
    let carry = carried(&mut edge(shop(FILES)), &page("https://shop.example/nope"));
    assert_eq!(tried(&carry), [("v2", "canary")]);
    assert_eq!((target(&carry, 0), carry.attempts[0].status), ("https://assets.local/v2/404.html", 404));

    let without_one = shop(&[("/index.html", 3, true)]);
    let carry = carried(&mut edge(without_one), &page("https://shop.example/nope"));
    assert_eq!((target(&carry, 0), carry.attempts[0].status), ("https://assets.local/v2/nope", 0));

    let file = fetched(shop(FILES), "v2", "https://shop.example/nope.js");
    assert_eq!((target(&file, 0), file.attempts[0].status), ("https://assets.local/v2/404.html", 404));
}

#[test]
fn a_single_page_application_answers_navigations_with_its_index_and_missing_files_not() {
    let mut site = shop(FILES);
    site.versions[1].not_found = NotFound::Spa;
    let carry = carried(&mut edge(site.clone()), &page("https://shop.example/app/route"));
    assert_eq!((target(&carry, 0), carry.attempts[0].status), ("https://assets.local/v2/index.html", 0));
    let file = fetched(site, "v2", "https://shop.example/nope.js");
    assert_eq!(file.attempts[0].status, 404);
}

#[test]
fn redirects_to_clean_addresses_keep_the_query_and_the_draw() {
    for (path, location) in [
        ("/index.html", "/"),
        ("/about.html?a=1&b=%20", "/about?a=1&b=%20"),
        ("/about/?a", "/about?a"),
        ("/docs?a=1", "/docs/?a=1"),
        ("/docs/index.html", "/docs/"),
    ] {
        let url = format!("https://shop.example{path}");
        let answer = answered(&mut edge(shop(FILES)), &page(&url));
        assert_eq!((answer.status, header(&answer, "location")), (307, Some(location)), "{path}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{path}");
        assert_eq!(visitor(header(&answer, "set-cookie").unwrap()).served, "v2", "{path}");
    }
}

#[test]
fn a_redirect_never_leaves_the_site() {
    let site = shop(&[("/index.html", 3, true), ("/evil.example.html", 3, true), ("/évil?x#y.html", 3, true)]);
    let answer = answered(&mut edge(site), &page("https://shop.example/%C3%A9vil%3Fx%23y.html?q"));
    assert_eq!(header(&answer, "location"), Some("/%C3%A9vil%3Fx%23y?q"));
}

#[test]
fn only_content_hashed_files_that_nobody_contests_are_public() {
    let public = "public, max-age=31536000, immutable";
    for (file, expected) in [
        ("/both-9c8d7e6f.js", public),
        ("/old-4f3a2b1c.js", public),
        ("/clash-1a2b3c4d.js", "private, no-cache"),
        ("/main.js", "private, no-cache"),
        ("/about", "private, no-cache"),
    ] {
        let carry = fetched(shop(FILES), "v2", &format!("https://shop.example{file}"));
        assert_eq!(carry.cache_control, expected, "{file}");
        assert_eq!(carry.vary.is_empty(), expected == public, "{file}");
    }
    // Opened by itself in a tab, the same file comes with a cookie and is private.
    let carry = carried(&mut edge(shop(FILES)), &page("https://shop.example/both-9c8d7e6f.js"));
    assert_eq!((carry.cache_control, &*carry.vary), ("private, no-cache", "Cookie"));
}

#[test]
fn the_config_can_say_which_paths_are_content_hashed() {
    let mut site = shop(FILES);
    site.hashed = Some(vec![glob("/main.*")]);
    assert!(!fetched(site.clone(), "v2", "https://shop.example/both-9c8d7e6f.js").cache_control.starts_with("public"));
    site.hashed = Some(vec![glob("/both*")]);
    assert!(fetched(site, "v2", "https://shop.example/both-9c8d7e6f.js").cache_control.starts_with("public"));
}

#[test]
fn validators_of_another_version_do_not_reach_an_origin() {
    let mut edge = edge(shop(FILES));
    let asked = |edge: &mut Edge, request: Request<'_>| carried(edge, &request).attempts[0].if_none_match.clone();
    let tags = r#""v2~new", "v1~old", "v2~~told", "v1~~other""#;
    // A page that is to report is only confirmed by a copy that was told to.
    assert_eq!(asked(&mut edge, Request { if_none_match: tags, ..page("https://shop.example/") }), r#""told""#);
    let plain = r#""v2~new", "v1~old""#;
    assert_eq!(asked(&mut edge, Request { if_none_match: plain, ..page("https://shop.example/") }), "");
    assert_eq!(asked(&mut edge, Request { if_none_match: tags, ..script("https://shop.example/main.js") }), r#""old""#);
    // A public file is the same for all, and its tag is the origin's.
    let public = Request { if_none_match: r#""tag""#, ..script("https://shop.example/both-9c8d7e6f.js") };
    assert_eq!(asked(&mut edge, public), r#""tag""#);
}

#[test]
fn every_kind_of_origin_gets_its_own_address() {
    let base = "https://builds.example:8443/base";
    let through = |origin: Origin, forward: Vec<Forward>| {
        let mut site = ramp(10_000);
        site.versions[1].origin = origin;
        site.versions[1].forward = forward;
        let carry = carried(&mut edge(site), &page("https://shop.example:444/caf%C3%A9?q=1"));
        let attempt = carry.attempts[0].clone();
        (attempt.kind, attempt.binding, attempt.target, attempt.location_from, attempt.location_to, attempt.forward)
    };
    let text = str::to_owned;
    assert_eq!(
        through(Origin::Assets(text("/v 2")), vec![]),
        (Kind::Assets, text(""), text("https://assets.local/v%202/caf%C3%A9"), text("/v%202"), text(""), "")
    );
    for (forward, seen) in [
        (vec![], ""),
        (vec![Forward::Cookie], "c"),
        (vec![Forward::Authorization], "a"),
        (vec![Forward::Authorization, Forward::Cookie], "ca"),
    ] {
        assert_eq!(
            through(Origin::Url(text("https://builds.example:8443"), text("/base")), forward),
            (Kind::Url, text(""), format!("{base}/caf%C3%A9?q=1"), text(base), text("https://shop.example:444"), seen)
        );
    }
    assert_eq!(
        through(Origin::Zone(text("/new")), vec![]),
        (
            Kind::Zone,
            text(""),
            text("https://shop.example:444/new/caf%C3%A9?q=1"),
            text("https://shop.example:444/new"),
            text("https://shop.example:444"),
            "ca"
        )
    );
    assert_eq!(
        through(Origin::Service(text("NEW"), text("")), vec![]),
        (
            Kind::Service,
            text("NEW"),
            text("https://shop.example:444/caf%C3%A9?q=1"),
            text("https://shop.example:444"),
            text("https://shop.example:444"),
            "ca"
        )
    );
    assert_eq!(
        through(Origin::R2(text("BUILDS"), text("v2/")), vec![]),
        (Kind::R2, text("BUILDS"), text("v2/café"), text("v2/"), text(""), "p")
    );
}
