use super::scene::*;
use crate::decide::Request;
use crate::plan::{Bots, Site};

fn crawl(url: &str) -> Request<'_> {
    Request { dest: "", user_agent: CRAWLER, ..page(url) }
}

#[test]
fn where_bots_get_stable_a_listed_bot_gets_stable_and_no_cookie() {
    let mut edge = edge(Site { bots: Bots::Stable, ..ramp(10_000) });
    let carry = carried(&mut edge, &crawl("https://shop.example/"));
    assert_eq!((shown(&carry), carry.personal.set_cookie.as_str()), (("v1", "bot"), ""));
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/"))), ("v2", "canary"));
}

#[test]
fn where_bots_are_split_uncounted_a_listed_bot_gets_a_slot_and_no_cookie_and_is_tallied_apart() {
    let mut edge = edge(Site { bots: Bots::SplitUncounted, ..ramp(5_000) });
    let mut canary = 0;
    for network in 0..100 {
        let address = format!("10.0.{network}.1");
        let carry = carried(&mut edge, &Request { address: &address, dest: "document", ..crawl("https://shop.example/") });
        assert_eq!((carry.personal.set_cookie.as_str(), carry.personal.telling.token.as_str()), ("", ""));
        assert!(
            carry.personal.telling.note.starts_with(&format!("count bot|-|{}|", shown(&carry).0)),
            "{}",
            carry.personal.telling.note
        );
        let again = carried(&mut edge, &Request { address: &address, ..crawl("https://shop.example/other") });
        assert_eq!(shown(&again), shown(&carry));
        let file = carried(&mut edge, &Request { address: &address, accept: "*/*", ..crawl("https://shop.example/main.js") });
        assert_eq!(shown(&file), (shown(&carry).0, "page"));
        canary += u32::from(shown(&carry).0 == "v2");
    }
    // Five times sqrt(100) / 2 around the half.
    assert!((25..=75).contains(&canary), "{canary} of 100 networks got the canary");
}

#[test]
fn where_bots_are_split_a_listed_bot_is_drawn_counted_and_given_a_cookie_as_people_are() {
    let site = || Site { bots: Bots::Split, ..ramp(5_000) };
    let bot = Request { dest: "document", ..crawl("https://shop.example/") };
    let person = Request { user_agent: BROWSER, ..bot };
    let mut met = std::collections::BTreeSet::new();
    for number in 0..20 {
        let carry = carried_for(&mut edge(site()), &bot, number);
        assert_eq!(carry, carried_for(&mut edge(site()), &person, number));
        assert!(
            !carry.personal.set_cookie.is_empty()
                && !carry.personal.telling.token.is_empty()
                && !carry.personal.telling.note.is_empty()
        );
        met.insert(shown(&carry).1.to_owned());
    }
    assert_eq!(met.into_iter().collect::<Vec<_>>(), ["canary", "stable"]);
    // Without a cookie its files are of no page, as everybody's.
    let file = carried(&mut edge(site()), &Request { dest: "", accept: "*/*", ..crawl("https://shop.example/main.js") });
    assert_eq!(shown(&file), ("v1", "stable"));
}

#[test]
fn whoever_brings_our_cookie_back_is_no_bot() {
    let mut edge = edge(Site { bots: Bots::Stable, ..ramp(10_000) });
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let carry = carried(&mut edge, &Request { cookies: &cookies, ..crawl("https://shop.example/") });
    assert_eq!(shown(&carry), ("v2", "canary"));
}
