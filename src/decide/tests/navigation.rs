use super::scene::*;
use crate::decide::Request;
use crate::plan::SameSite;

/// Whether a request draws: it is carried as a navigation, and a stranger gets a cookie with it. Never one without the other.
fn draws(request: &Request<'_>, same_site: SameSite) -> bool {
    let mut edge = edge(crate::plan::Site { same_site, ..ramp(10_000) });
    let carry = carried(&mut edge, request);
    assert_eq!(carry.navigation, !carry.personal.set_cookie.is_empty(), "{request:?}");
    assert_eq!(shown(&carry), if carry.navigation { ("v2", "canary") } else { ("v1", "stable") }, "{request:?}");
    carry.navigation
}

#[test]
fn only_a_document_navigation_draws() {
    let html = "text/html,application/xhtml+xml;q=0.9";
    for (dest, method, accept, url, expected) in [
        ("document", "GET", html, "/", true),
        ("document", "HEAD", html, "/", true),
        ("document", "POST", html, "/", true),
        ("document", "GET", "", "/", true),
        ("iframe", "GET", html, "/", false),
        ("frame", "GET", html, "/", false),
        ("embed", "GET", html, "/", false),
        ("object", "GET", html, "/", false),
        ("script", "GET", "*/*", "/a.js", false),
        ("style", "GET", "text/css", "/a.css", false),
        ("image", "GET", "image/*", "/a.png", false),
        ("font", "GET", "*/*", "/a.woff2", false),
        ("manifest", "GET", "*/*", "/m.json", false),
        ("worker", "GET", "*/*", "/w.js", false),
        ("serviceworker", "GET", "*/*", "/sw.js", false),
        ("empty", "GET", html, "/", false),
        ("empty", "POST", "*/*", "/api", false),
        ("unheard-of", "GET", html, "/", false),
        ("", "GET", html, "/", true),
        ("", "HEAD", html, "/", true),
        ("", "POST", html, "/", false),
        ("", "OPTIONS", html, "/", false),
        ("", "GET", "*/*", "/", false),
        ("", "GET", "", "/", false),
        ("", "GET", "image/avif,image/webp,*/*", "/a.png", false),
    ] {
        let url = format!("https://shop.example{url}");
        let request = Request { method, dest, accept, ..page(&url) };
        assert_eq!(draws(&request, SameSite::Lax), expected, "dest `{dest}` {method} accept `{accept}` {url}");
    }
}

#[test]
fn a_frame_draws_only_where_the_cookie_goes_into_frames() {
    for dest in ["iframe", "frame"] {
        let request = Request { dest, ..page("https://shop.example/") };
        assert!(!draws(&request, SameSite::Strict));
        assert!(!draws(&request, SameSite::Lax));
        assert!(draws(&request, SameSite::None));
    }
}

#[test]
fn a_speculative_fetch_of_a_page_draws_and_of_a_file_does_not() {
    for (dest, purpose, path, expected) in [
        ("empty", "prefetch", "/", true),
        ("empty", "prefetch", "/about", true),
        ("empty", "prefetch", "/about.html", true),
        ("empty", "prefetch", "/app.js", false),
        ("empty", "prefetch;anonymous-client-ip", "/", true),
        ("document", "prefetch;prerender", "/", true),
        ("script", "prefetch", "/app.js", false),
        ("empty", "", "/", false),
    ] {
        let url = format!("https://shop.example{path}");
        assert_eq!(
            draws(&Request { dest, purpose, ..page(&url) }, SameSite::Lax),
            expected,
            "dest `{dest}` purpose `{purpose}` {path}"
        );
    }
    let posted = Request { dest: "empty", purpose: "prefetch", method: "POST", ..page("https://shop.example/") };
    assert!(!draws(&posted, SameSite::Lax));
}

#[test]
fn the_navigation_after_a_prefetch_shows_what_was_fetched_ahead() {
    for number in 0..50 {
        let mut edge = edge(ramp(5_000));
        let ahead = Request { dest: "empty", purpose: "prefetch", ..page("https://shop.example/about") };
        let ahead = carried_for(&mut edge, &ahead, number);
        let cookies = pair(&ahead.personal.set_cookie);
        let later = carried_for(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/about") }, number + 1000);
        assert_eq!(shown(&later), shown(&ahead));
        assert_eq!(later.personal.set_cookie, "");
    }
}

#[test]
fn a_subresource_comes_from_the_version_its_page_came_from() {
    for number in 0..50 {
        let mut edge = edge(ramp(5_000));
        let first = carried_for(&mut edge, &page("https://shop.example/"), number);
        let cookies = pair(&first.personal.set_cookie);
        let carry =
            carried_for(&mut edge, &Request { cookies: &cookies, ..script("https://shop.example/main.js") }, number + 1000);
        assert_eq!(shown(&carry), (shown(&first).0, "page"));
        assert_eq!(carry.personal.set_cookie, "");
    }
}

#[test]
fn a_subresource_of_an_old_page_does_not_follow_a_changed_split() {
    let first = carried(&mut edge(ramp(0)), &page("https://shop.example/"));
    let cookies = pair(&first.personal.set_cookie);
    let carry = carried(&mut edge(ramp(10_000)), &Request { cookies: &cookies, ..script("https://shop.example/main.js") });
    assert_eq!(shown(&carry), ("v1", "page"));
}

#[test]
fn only_a_canary_navigation_that_reads_is_guarded() {
    for (method, bp, expected) in [("GET", 10_000, true), ("HEAD", 10_000, true), ("POST", 10_000, false), ("GET", 0, false)] {
        let carry = carried(&mut edge(ramp(bp)), &Request { method, ..page("https://shop.example/") });
        assert_eq!(carry.guarded, expected, "{method} at {bp}");
        assert_eq!(carry.timeout_ms, 3000);
    }
    assert!(!carried(&mut edge(ramp(10_000)), &script("https://shop.example/main.js")).guarded);
}

#[test]
fn a_canary_that_failed_is_answered_from_stable_and_the_cookie_says_stable() {
    let mut edge = edge(ramp(10_000));
    let first = carried(&mut edge, &page("https://shop.example/"));
    assert_eq!(shown(&first), ("v2", "canary"));
    let again = carried(&mut edge, &Request { failed: "v2", ..page("https://shop.example/") });
    assert_eq!(shown(&again), ("v1", "fallback"));
    assert!(!again.guarded);
    assert_eq!(visitor(&again.personal.set_cookie).served, "v1");

    // For a visitor who was here before, and whose page's files then come from stable too.
    let cookies = pair(&first.personal.set_cookie);
    let again = carried(&mut edge, &Request { cookies: &cookies, failed: "v2", ..page("https://shop.example/") });
    assert_eq!(shown(&again), ("v1", "fallback"));
    assert_eq!(visitor(&again.personal.set_cookie).served, "v1");
    let cookies = pair(&again.personal.set_cookie);
    let file = carried(&mut edge, &Request { cookies: &cookies, ..script("https://shop.example/main.js") });
    assert_eq!(shown(&file), ("v1", "page"));
    // And the next navigation tries the canary again: failing once is no draw.
    let next = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!(shown(&next), ("v2", "canary"));
}
