use super::scene::*;
use crate::decide::Request;
use crate::plan::{Condition, Site, WithoutConsent};

/// A shop that asks for consent, with the canary at so many basis points.
fn asking(bp: u16, without_consent: WithoutConsent) -> Site {
    Site { consent: Some(("consent".to_owned(), glob("yes*"))), without_consent, ..ramp(bp) }
}

#[test]
fn without_consent_no_cookie_is_set_and_stable_is_served() {
    let mut edge = edge(asking(10_000, WithoutConsent::Stable));
    for (cookies, privacy_control) in
        [("", ""), ("consent=no", ""), ("consent=yes", "1"), ("Consent=yes", ""), ("xconsent=yes", "")]
    {
        let carry = carried(&mut edge, &Request { cookies, privacy_control, ..page("https://shop.example/") });
        assert_eq!(shown(&carry), ("v1", "consent"), "{cookies} {privacy_control}");
        assert_eq!(carry.personal.set_cookie, "", "{cookies} {privacy_control}");
    }
}

#[test]
fn with_consent_a_visitor_is_drawn_like_everybody() {
    let mut edge = edge(asking(10_000, WithoutConsent::Stable));
    for cookies in ["consent=yes", "a=b; consent=yes-all", "consent=no; consent=yes", "consent=\"yes\""] {
        let carry = carried(&mut edge, &Request { cookies, privacy_control: "0", ..page("https://shop.example/") });
        assert_eq!(shown(&carry), ("v2", "canary"), "{cookies}");
        assert!(!carry.personal.set_cookie.is_empty(), "{cookies}");
    }
}

#[test]
fn consent_withdrawn_takes_our_cookie_away() {
    let mut edge = edge(asking(10_000, WithoutConsent::Stable));
    let first = carried(&mut edge, &Request { cookies: "consent=yes", ..page("https://shop.example/") });
    let ours = pair(&first.personal.set_cookie);
    for (consent, privacy_control) in [("consent=no", ""), ("consent=yes", "1")] {
        let cookies = format!("{consent}; {ours}");
        let carry = carried(&mut edge, &Request { cookies: &cookies, privacy_control, ..page("https://shop.example/") });
        assert_eq!(shown(&carry), ("v1", "consent"));
        assert_eq!(carry.personal.set_cookie, "__Host-halftone=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
    }
}

#[test]
fn a_cookieless_slot_holds_for_one_day_and_one_network() {
    let mut edge = edge(asking(5_000, WithoutConsent::Cookieless));
    let mut version_of = |address: &str, now_ms: u64| {
        let carry = carried(&mut edge, &Request { address, now_ms, ..page("https://shop.example/") });
        assert_eq!(carry.personal.set_cookie, "");
        shown(&carry).0.to_owned()
    };
    let (mut moved_by_day, mut moved_by_network) = (0, 0);
    for network in 0..200 {
        let [here, neighbour, far] = [format!("10.0.{network}.1"), format!("10.0.{network}.250"), format!("10.1.{network}.1")];
        let first = version_of(&here, NOW_MS);
        assert_eq!(version_of(&here, NOW_MS + 3_600_000), first);
        assert_eq!(version_of(&neighbour, NOW_MS), first);
        moved_by_day += u32::from(version_of(&here, NOW_MS + DAY_MS) != first);
        moved_by_network += u32::from(version_of(&far, NOW_MS) != first);
    }
    // Half of 200 move, give or take five times sqrt(200) / 2 = 7.1.
    assert!((65..=135).contains(&moved_by_day), "{moved_by_day} of 200 moved overnight");
    assert!((65..=135).contains(&moved_by_network), "{moved_by_network} of 200 networks differ");
}

#[test]
fn a_page_and_its_files_have_the_same_cookieless_version() {
    let mut edge = edge(asking(5_000, WithoutConsent::Cookieless));
    for network in 0..50 {
        let address = format!("10.0.{network}.1");
        let first = carried(&mut edge, &Request { address: &address, ..page("https://shop.example/") });
        let file = carried(&mut edge, &Request { address: &address, ..script("https://shop.example/main.js") });
        assert_eq!(shown(&file), (shown(&first).0, "page"));
    }
}

#[test]
fn without_a_cookie_a_file_belongs_to_the_page_its_referer_names() {
    let mut site = asking(0, WithoutConsent::Cookieless);
    site.rules = vec![
        rule("docs", Condition::Path(vec![glob("/docs/**")]), V2),
        rule("show", Condition::Query("show".to_owned(), vec![glob("v2")]), V2),
    ];
    let mut edge = edge(site);
    for (referer, expected) in [
        ("https://shop.example/docs/a", "v2"),
        ("https://shop.example/?show=v2", "v2"),
        ("https://shop.example/d%6Fcs/a", "v2"),
        ("https://shop.example/", "v1"),
        ("", "v1"),
        ("https://blog.example/docs/a", "v1"),
        ("https://shop.example:8443/docs/a", "v1"),
        ("https://shop.example/..%2fdocs/a", "v1"),
        ("about:client", "v1"),
    ] {
        let carry = carried(&mut edge, &Request { referer, ..script("https://shop.example/main.js") });
        assert_eq!(shown(&carry), (expected, "page"), "{referer}");
    }
}

#[test]
fn without_consent_a_file_comes_from_stable_where_that_means_stable() {
    let carry = carried(&mut edge(asking(10_000, WithoutConsent::Stable)), &script("https://shop.example/main.js"));
    assert_eq!((shown(&carry), carry.personal.set_cookie.as_str()), (("v1", "stable"), ""));
}

#[test]
fn a_cookieless_canary_that_failed_is_answered_from_stable() {
    let mut edge = edge(asking(10_000, WithoutConsent::Cookieless));
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/"))), ("v2", "canary"));
    let carry = carried(&mut edge, &Request { failed: "v2", ..page("https://shop.example/") });
    assert_eq!(shown(&carry), ("v1", "fallback"));
}

#[test]
fn only_plans_with_cookieless_visitors_ask_for_all_facts() {
    assert!(edge(asking(1, WithoutConsent::Cookieless)).needs.cookieless);
    assert!(!edge(asking(1, WithoutConsent::Stable)).needs.cookieless);
    assert!(!edge(ramp(1)).needs.cookieless);
}
