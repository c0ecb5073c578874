//! What the entry may remember: an instruction that stands says the same for every request it is remembered for.

use super::scene::*;
use crate::decide::{Carry, Request};
use crate::plan::{Geo, Site, WithoutConsent};

const FILES: &[(&str, u64, bool)] =
    &[("/index.html", 3, true), ("/both-9c8d7e6f.js", 3, false), ("/old-4f3a2b1c.js", 1, false), ("/clash.css", 3, true)];
const ADDRESSES: [&str; 5] = [
    "https://shop.example/both-9c8d7e6f.js",
    "https://shop.example/old-4f3a2b1c.js",
    "https://shop.example/clash.css?v=2",
    "https://shop.example/none.png",
    "http://shop.example/both-9c8d7e6f.js",
];

fn sites() -> Vec<Site> {
    let asks = Site { consent: None, without_consent: WithoutConsent::Cookieless, ..ramp(5_000) };
    vec![listed(ramp(5_000), FILES), ramp(5_000), site(), asks, Site { rollout: newcomers(5_000), ..site() }]
}

/// Requests for a file that differ in everything but its address, cookies and method, a while later.
fn others<'a>(request: &Request<'a>) -> Vec<Request<'a>> {
    let elsewhere = Geo { country: "NZ", region: "AUK", city: "Auckland", colo: "AKL" };
    let part = |dest| Request { dest, now_ms: NOW_MS + 90 * DAY_MS, ..*request };
    vec![
        part("image"),
        Request { user_agent: CRAWLER, ..part("style") },
        Request { address: "198.51.100.9", privacy_control: "1", ..part("font") },
        Request { referer: "https://shop.example/other", geo: elsewhere, ..part("script") },
    ]
}

#[test]
fn who_asks_counts_by_the_version_of_their_page_alone() {
    let mut standing = 0;
    for site in sites() {
        let mut edge = edge(site);
        for url in ADDRESSES {
            let front = &url[..=url.rfind('/').unwrap()];
            let mut known: Vec<Option<Carry>> = vec![None, None];
            for number in 0..40 {
                let cookies = pair(&carried_for(&mut edge, &page(front), number).set_cookie);
                let request = Request { cookies: &cookies, ..script(url) };
                // The first file that a new visitor asks for is a proof that they keep their cookie.
                carried(&mut edge, &request);
                let carry = carried(&mut edge, &request);
                let version = carry.stands.expect("a part of a visitor's page stands");
                standing += 1;
                for other in others(&request) {
                    assert_eq!(carried(&mut edge, &other), carry, "{url} for {other:?}");
                }
                let same = known[usize::from(version.0)].get_or_insert_with(|| carry.clone());
                assert_eq!(*same, carry, "{url} for another visitor of {version:?}");
            }
            assert!(known.iter().all(Option::is_some) || edge.plan.sites[0].rollout.is_none(), "both versions were asked for");
        }
    }
    assert_eq!(standing, 5 * 5 * 40);
}

#[test]
fn what_may_change_or_has_to_be_said_does_not_stand() {
    let mut edge = edge(listed(ramp(5_000), FILES));
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).set_cookie);
    let url = ADDRESSES[0];
    let known = Request { cookies: &cookies, ..script(url) };
    let first = carried(&mut edge, &known);
    assert!(!first.telling.note.is_empty() && first.stands.is_none(), "the proof of a kept cookie is told");
    assert!(carried(&mut edge, &known).stands.is_some());
    let token = crate::preview::mint(&keys(), "shop", "shop.example", "v2", NOW_MS / 1000 + 3600);
    let previewed = format!("{cookies}; __Host-halftone-preview={token}");
    let forged = cookies.replace(":v", ":w");
    for request in [
        Request { cookies: "", ..known },
        Request { cookies: &forged, ..known },
        Request { cookies: &previewed, ..known },
        Request { method: "HEAD", ..known },
        Request { method: "POST", ..known },
        Request { if_none_match: "\"v1~a\"", ..known },
        Request { failed: "v2", ..known },
        page(url),
        Request { cookies: &cookies, ..page(url) },
    ] {
        assert_eq!(carried(&mut edge, &request).stands, None, "{request:?}");
    }
}
