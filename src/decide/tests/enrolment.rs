use super::scene::*;
use crate::decide::{Office, Request};
use crate::plan::{Bots, Site};
use crate::visitor::Ticket;

const NOW_S: u64 = NOW_MS / 1000;

fn first_so_many(first: u64) -> Site {
    Site { rollout: sequential(first, 10_000), ..site() }
}

/// An edge that holds these numbers.
fn leased(site: Site, numbers: Vec<u64>) -> Lent {
    let mut edge = edge(site);
    let tag = edge.plan.sites[0].rollout.as_ref().unwrap().tag();
    edge.lease.granted(tag, numbers, NOW_S);
    edge
}

#[test]
fn an_isolate_without_numbers_serves_stable_and_asks_for_some_once() {
    let mut edge = edge(first_so_many(100));
    let tag = edge.plan.sites[0].rollout.as_ref().unwrap().tag();
    let carry = carried(&mut edge, &page("https://shop.example/"));
    assert_eq!(shown(&carry), ("v1", "stable"));
    assert_eq!(
        carry.personal.office,
        Some(Office::Lease { name: "shop shop/rollout/spring".to_owned(), rollout: tag, first: 100 })
    );
    let next = carried_for(&mut edge, &page("https://shop.example/"), 1);
    assert_eq!((shown(&next), &next.personal.office), (("v1", "stable"), &None));
}

#[test]
fn arrivals_get_numbers_in_their_order_and_the_canary_with_them() {
    let mut edge = leased(first_so_many(100), vec![4, 5]);
    for (number, expected) in [(0, Some(4)), (1, Some(5)), (2, None)] {
        let carry = carried_for(&mut edge, &page("https://shop.example/"), number);
        let ticket = visitor(&carry.personal.set_cookie).kept.ticket;
        assert_eq!(ticket, expected.map(|number| Ticket::Provisional { number, issued_s: NOW_S }));
        assert_eq!(shown(&carry).0, if expected.is_some() { "v2" } else { "v1" });
    }
}

#[test]
fn a_number_at_or_above_the_limit_is_not_enrolled() {
    let mut edge = leased(first_so_many(5), vec![4, 5]);
    assert_eq!(shown(&carried_for(&mut edge, &page("https://shop.example/"), 0)), ("v2", "canary"));
    assert_eq!(shown(&carried_for(&mut edge, &page("https://shop.example/"), 1)), ("v1", "stable"));
}

#[test]
fn of_the_enrolled_only_the_share_that_was_asked_for_gets_the_canary() {
    let mut canary = 0;
    let mut edge = leased(Site { rollout: sequential(1000, 2_500), ..site() }, (0..1000).collect());
    for number in 0..1000 {
        canary += u32::from(shown(&carried_for(&mut edge, &page("https://shop.example/"), number)).0 == "v2");
    }
    // 250, give or take five times sqrt(1000 * 0.25 * 0.75) = 13.7.
    assert!((182..=318).contains(&canary), "{canary} of 1000");
}

#[test]
fn a_cookie_that_comes_back_asks_the_office_to_confirm() {
    let mut edge = leased(first_so_many(100), vec![4]);
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let back = carried(&mut edge, &Request { cookies: &cookies, now_ms: NOW_MS + 60_000, ..page("https://shop.example/") });
    assert_eq!(
        back.personal.office,
        Some(Office::Confirm { name: "shop shop/rollout/spring".to_owned(), number: 4, issued_s: NOW_S })
    );
    assert_eq!((shown(&back), back.personal.set_cookie.as_str()), (("v2", "canary"), ""));
    assert_eq!(visitor(&back.personal.set_cookie_confirmed).kept.ticket, Some(Ticket::Confirmed { number: 4 }));

    let cookies = pair(&back.personal.set_cookie_confirmed);
    let later = carried(&mut edge, &Request { cookies: &cookies, now_ms: NOW_MS + DAY_MS, ..page("https://shop.example/") });
    assert_eq!((shown(&later), &later.personal.office, later.personal.set_cookie.as_str()), (("v2", "canary"), &None, ""));
}

#[test]
fn a_number_whose_cookie_comes_back_after_ten_minutes_is_void() {
    let mut edge = leased(first_so_many(100), vec![4]);
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let late = carried(&mut edge, &Request { cookies: &cookies, now_ms: NOW_MS + 600_000, ..page("https://shop.example/") });
    assert_eq!(shown(&late), ("v1", "stable"));
    assert_eq!(visitor(&late.personal.set_cookie).kept.ticket, None);
    assert!(matches!(late.personal.office, Some(Office::Lease { .. })), "{:?}", late.personal.office);
}

#[test]
fn a_newcomers_number_is_void_after_ten_minutes_like_everybodys() {
    let newcomers_only = |rollout| crate::plan::Rollout { newcomers_only: true, ..rollout };
    let site = Site { rollout: sequential(1, 10_000).map(newcomers_only), ..site() };
    let mut edge = leased(site, vec![0]);
    let first = carried(&mut edge, &page("https://shop.example/"));
    assert_eq!(shown(&first), ("v2", "canary"));
    let cookies = pair(&first.personal.set_cookie);
    // By now number 0 may be somebody else's, and with this visitor there would be two in the canary.
    let late = Request { cookies: &cookies, now_ms: NOW_MS + DAY_MS, ..page("https://shop.example/") };
    assert_eq!(shown(&carried(&mut edge, &late)).0, "v1");
}

#[test]
fn whoever_keeps_no_cookie_is_never_enrolled() {
    let asking = Site {
        consent: Some(("consent".to_owned(), glob("yes"))),
        without_consent: crate::plan::WithoutConsent::Cookieless,
        bots: Bots::SplitUncounted,
        ..first_so_many(100)
    };
    let mut edge = leased(asking, vec![0, 1, 2]);
    for request in [
        page("https://shop.example/"),
        Request { cookies: "consent=yes", user_agent: CRAWLER, ..page("https://shop.example/") },
        Request { cookies: "consent=yes", ..script("https://shop.example/main.js") },
    ] {
        let carry = carried(&mut edge, &request);
        assert_eq!((shown(&carry).0, &carry.personal.office), ("v1", &None));
    }
    let enrolled = carried(&mut edge, &Request { cookies: "consent=yes", ..page("https://shop.example/") });
    assert_eq!(visitor(&enrolled.personal.set_cookie).kept.ticket, Some(Ticket::Provisional { number: 0, issued_s: NOW_S }));
}

#[test]
fn a_rules_visitor_takes_no_number() {
    let mut site = first_so_many(100);
    site.rules = vec![rule("staff", has_cookie("staff"), V2)];
    let mut edge = leased(site, vec![0]);
    let carry = carried(&mut edge, &Request { cookies: "staff=1", ..page("https://shop.example/") });
    assert_eq!((shown(&carry), visitor(&carry.personal.set_cookie).kept.ticket), (("v2", "rule"), None));
    assert_eq!(shown(&carried_for(&mut edge, &page("https://shop.example/"), 1)), ("v2", "canary"));
}

#[test]
fn raising_the_limit_enrols_those_who_were_too_late_before() {
    let mut edge = leased(first_so_many(5), vec![7]);
    let first = carried(&mut edge, &page("https://shop.example/"));
    assert_eq!(shown(&first), ("v1", "stable"));
    let cookies = pair(&first.personal.set_cookie);
    edge.replace_plan(plan(vec![first_so_many(10)]));
    let next = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!(shown(&next), ("v2", "canary"));
}
