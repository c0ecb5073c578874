//! What the entry may remember: an instruction that stands says the same for every request it is remembered for.

use super::scene::*;
use crate::decide::{Carry, Instruction, Personal, Request};
use crate::plan::{Feedback, Geo, Site, WithoutConsent};

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
            let mut known: Vec<Carry> = Vec::new();
            for number in 0..40 {
                let cookies = pair(&carried_for(&mut edge, &page(front), number).personal.set_cookie);
                let request = Request { cookies: &cookies, ..script(url) };
                // The first file that a new visitor asks for is a proof that they keep their cookie.
                carried(&mut edge, &request);
                let carry = carried(&mut edge, &request);
                assert!(carry.stands.is_some(), "a part of a visitor's page stands");
                assert_eq!(carry.personal, Personal::default());
                standing += 1;
                for other in others(&request) {
                    assert_eq!(carried(&mut edge, &other), carry, "{url} for {other:?}");
                }
                match known.iter().find(|known| known.stands == carry.stands) {
                    Some(same) => assert_eq!(*same, carry, "{url} for another visitor"),
                    None => known.push(carry),
                }
            }
            let versions = if edge.plan.sites[0].rollout.is_some() { 2 } else { 1 };
            assert_eq!(known.len(), versions, "all versions were asked for");
        }
    }
    assert_eq!(standing, 5 * 5 * 40);
}

#[test]
fn what_may_change_or_has_to_be_said_does_not_stand() {
    let mut edge = edge(listed(ramp(5_000), FILES));
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let url = ADDRESSES[0];
    let known = Request { cookies: &cookies, ..script(url) };
    let first = carried(&mut edge, &known);
    assert!(!first.personal.telling.note.is_empty() && first.stands.is_none(), "the proof of a kept cookie is told");
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
    ] {
        assert_eq!(carried(&mut edge, &request).stands, None, "{request:?}");
    }
    for request in [
        Request { method: "HEAD", ..page(url) },
        Request { if_none_match: "\"v1~a\"", ..page(url) },
        Request { failed: "v2", ..page(url) },
        Request { dest: "", ..page(url) },
        Request { dest: "empty", purpose: "prefetch", ..page(ADDRESSES[0]) },
        Request { cookies: &previewed, ..page(url) },
    ] {
        assert_eq!(carried(&mut edge, &request).stands, None, "{request:?}");
    }
}

/// Visitors of pages who differ in all that a decision looks at.
fn visitors<'a>(url: &'a str, cookies: &'a str) -> Vec<Request<'a>> {
    let new_zealand = Geo { country: "NZ", region: "AUK", city: "Auckland", colo: "AKL" };
    let known = Request { cookies, ..page(url) };
    vec![
        page(url),
        Request { geo: new_zealand, ..page(url) },
        Request { privacy_control: "1", ..page(url) },
        Request { address: "198.51.100.9", purpose: "prefetch", ..page(url) },
        Request { cookies: "agreed=yes", ..page(url) },
        known,
        Request { is_brief: true, ..known },
        Request { now_ms: NOW_MS + 100 * DAY_MS, geo: new_zealand, ..known },
    ]
}

#[test]
fn of_a_page_all_is_the_same_under_one_number_but_what_is_personal() {
    let quiet = |site: Site| Site { feedback: Feedback { on: false, ..site.feedback.clone() }, ..site };
    let first_hundred = Site { rollout: sequential(100, 5_000), ..site() };
    let rules = Site { rules: vec![rule("friends", has_cookie("agreed"), V2)], ..ramp(5_000) };
    let more = [quiet(ramp(5_000)), quiet(listed(ramp(5_000), FILES)), first_hundred, rules];
    let (mut remembered, mut numbers) = (0, std::collections::HashSet::new());
    for site in sites().into_iter().chain(more) {
        for url in
            ["https://shop.example/", "https://shop.example/about?a=b", "http://shop.example/", "https://shop.example/none.html"]
        {
            let mut known: Vec<Carry> = Vec::new();
            for number in 0..12 {
                let cookies = match decided(&mut edge(site.clone()), &page(url), number) {
                    Instruction::Carry(carry) if !carry.personal.set_cookie.is_empty() => pair(&carry.personal.set_cookie),
                    _ => String::new(),
                };
                for request in visitors(url, &cookies) {
                    let Instruction::Carry(carry) = decided(&mut edge(site.clone()), &request, number) else { continue };
                    let Some(stands) = carry.stands else { continue };
                    numbers.insert(format!("{stands:?}"));
                    let personal = carry.personal.clone();
                    let shared = Carry { personal: Personal::default(), ..carry };
                    match known.iter().find(|known| known.stands == Some(stands)) {
                        Some(same) => assert_eq!(*same, shared, "{url} for {request:?}"),
                        None => known.push(shared),
                    }
                    let among = format!(" 9999 {}", stands.number());
                    let again = decided(&mut edge(site.clone()), &Request { known: &among, ..request }, number);
                    assert_eq!(again, Instruction::Known(stands, personal), "{url} for {request:?}");
                    remembered += 1;
                }
            }
        }
    }
    assert!(remembered > 1_000 && numbers.len() >= 5, "{remembered} pages under {} numbers", numbers.len());
}
