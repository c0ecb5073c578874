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
    assert_eq!((shown(&carry), carry.set_cookie.as_str()), (("v1", "bot"), ""));
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/"))), ("v2", "canary"));
}

#[test]
fn where_bots_are_split_a_listed_bot_gets_a_slot_and_no_cookie() {
    for bots in [Bots::Split, Bots::SplitUncounted] {
        let mut edge = edge(Site { bots, ..ramp(5_000) });
        let mut canary = 0;
        for network in 0..100 {
            let address = format!("10.0.{network}.1");
            let carry = carried(&mut edge, &Request { address: &address, ..crawl("https://shop.example/") });
            assert_eq!(carry.set_cookie, "");
            let again = carried(&mut edge, &Request { address: &address, ..crawl("https://shop.example/other") });
            assert_eq!(shown(&again), shown(&carry));
            let file = carried(&mut edge, &Request { address: &address, accept: "*/*", ..crawl("https://shop.example/main.js") });
            assert_eq!(shown(&file), (shown(&carry).0, "page"));
            canary += u32::from(shown(&carry).0 == "v2");
        }
        // Five times sqrt(100) / 2 around the half.
        assert!((25..=75).contains(&canary), "{canary} of 100 networks got the canary");
    }
}

#[test]
fn whoever_brings_our_cookie_back_is_no_bot() {
    let mut edge = edge(Site { bots: Bots::Stable, ..ramp(10_000) });
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).set_cookie);
    let carry = carried(&mut edge, &Request { cookies: &cookies, ..crawl("https://shop.example/") });
    assert_eq!(shown(&carry), ("v2", "canary"));
}
