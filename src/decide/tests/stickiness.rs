use super::scene::*;
use crate::decide::Request;
use crate::plan::{Condition, Countries, Geo, Place, Rollout, Site, Wave};
use crate::visitor::cookie::Arm;
use proptest::prelude::*;

fn countries(codes: &str) -> Place {
    Place::Countries(Countries::try_from(codes.to_owned()).unwrap())
}

fn wave(place: Place, bp: u16) -> Wave {
    Wave { place, owners: split(bp), name: String::new() }
}

/// Everyone in New Zealand has the canary, nobody elsewhere.
fn new_zealand_first() -> Site {
    Site { rollout: geographic(vec![wave(countries("NZ"), 10_000), wave(Place::Known, 0)]), ..site() }
}

fn from<'a>(country: &'a str, url: &'a str) -> Request<'a> {
    Request { geo: Geo { country, ..Geo::default() }, ..page(url) }
}

proptest! {
    #[test]
    fn same_visitor_and_plan_give_the_same_version_on_every_method_and_in_every_isolate(
        number in any::<u64>(),
        bp in 0_u16..=10_000,
        country in "[A-Z]{2}",
        by_area in any::<bool>(),
    ) {
        let number = number >> 2;
        let site = if by_area { Site { rollout: geographic(vec![wave(Place::Known, bp)]), ..site() } } else { ramp(bp) };
        let (mut one, mut two) = (edge(site.clone()), edge(site));
        let first = carried_for(&mut one, &from(&country, "https://shop.example/"), number);
        let cookies = pair(&first.personal.set_cookie);
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            for edge in [&mut one, &mut two] {
                let request = Request { method, cookies: &cookies, ..from("FR", "https://shop.example/any/page") };
                let carry = carried_for(edge, &request, number + 1);
                prop_assert_eq!(shown(&carry), shown(&first), "{}", method);
                prop_assert_eq!(&carry.personal.set_cookie, "");
            }
        }
    }

    #[test]
    fn raising_a_weight_never_moves_a_visitor_out_of_the_canary(number in any::<u64>(), low in 0_u16..=10_000, high in 0_u16..=10_000) {
        let (low, high) = (low.min(high), low.max(high));
        let first = carried_for(&mut edge(ramp(low)), &page("https://shop.example/"), number >> 2);
        let cookies = pair(&first.personal.set_cookie);
        let next = carried(&mut edge(ramp(high)), &Request { cookies: &cookies, ..page("https://shop.example/") });
        prop_assert!(shown(&first).0 == "v1" || shown(&next).0 == "v2");
    }

    #[test]
    fn the_cookie_of_a_visitor_is_written_once(number in any::<u64>(), bp in 0_u16..=10_000, minutes in 0_u64..100_000) {
        let mut edge = edge(ramp(bp));
        let first = carried_for(&mut edge, &page("https://shop.example/"), number >> 2);
        let cookies = pair(&first.personal.set_cookie);
        let next = carried(&mut edge, &Request { cookies: &cookies, now_ms: NOW_MS + minutes * 60_000, ..page("https://shop.example/b") });
        prop_assert_eq!(shown(&next), shown(&first));
        prop_assert_eq!(next.personal.set_cookie, "");
    }
}

#[test]
fn a_visitor_who_travels_keeps_the_country_of_the_first_draw() {
    let mut edge = edge(new_zealand_first());
    let first = carried(&mut edge, &from("NZ", "https://shop.example/"));
    assert_eq!(shown(&first), ("v2", "canary"));
    assert_eq!(visitor(&first.personal.set_cookie).kept.country, "NZ");
    let cookies = pair(&first.personal.set_cookie);
    for country in ["DE", "", "XX"] {
        let next = carried(&mut edge, &Request { cookies: &cookies, ..from(country, "https://shop.example/") });
        assert_eq!(shown(&next), ("v2", "canary"), "{country}");
        assert_eq!(next.personal.set_cookie, "", "{country}");
    }
}

#[test]
fn a_country_that_was_not_known_at_the_first_draw_stays_unknown() {
    let mut edge = edge(new_zealand_first());
    let first = carried(&mut edge, &from("", "https://shop.example/"));
    assert_eq!(shown(&first), ("v1", "stable"));
    let cookies = pair(&first.personal.set_cookie);
    let next = carried(&mut edge, &Request { cookies: &cookies, ..from("NZ", "https://shop.example/") });
    assert_eq!(shown(&next), ("v1", "stable"));
}

#[test]
fn rules_see_the_kept_country_too_while_a_rollout_runs() {
    let mut site = ramp(0);
    site.rules = vec![rule("nz", Condition::Place(vec![countries("NZ")]), V2)];
    let mut edge = edge(site);
    let first = carried(&mut edge, &from("NZ", "https://shop.example/"));
    let cookies = pair(&first.personal.set_cookie);
    let next = carried(&mut edge, &Request { cookies: &cookies, ..from("DE", "https://shop.example/") });
    assert_eq!(shown(&next), ("v2", "rule"));
}

#[test]
fn a_new_rollout_fixes_the_facts_anew() {
    let first = carried(&mut edge(new_zealand_first()), &from("DE", "https://shop.example/"));
    assert_eq!(shown(&first), ("v1", "stable"));
    let cookies = pair(&first.personal.set_cookie);
    let mut site = new_zealand_first();
    site.rollout = site.rollout.map(|rollout| Rollout { salt: "shop/rollout/summer".to_owned(), ..rollout });
    let next = carried(&mut edge(site), &Request { cookies: &cookies, ..from("NZ", "https://shop.example/") });
    assert_eq!(shown(&next), ("v2", "canary"));
    let (before, after) = (visitor(&first.personal.set_cookie), visitor(&next.personal.set_cookie));
    assert_eq!(after.kept.country, "NZ");
    assert_ne!(before.rollout, after.rollout);
    assert_eq!((before.id, before.first_seen_s), (after.id, after.first_seen_s));
}

#[test]
fn where_only_newcomers_are_drawn_those_already_here_keep_their_version() {
    let before = carried(&mut edge(site()), &page("https://shop.example/"));
    let cookies = pair(&before.personal.set_cookie);
    let mut edge = edge(Site { rollout: newcomers(10_000), ..site() });
    let carry = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!(shown(&carry), ("v1", "resident"));
    assert_eq!(visitor(&carry.personal.set_cookie).kept.arm, Some(Arm::Resident));
    let cookies = pair(&carry.personal.set_cookie);
    let carry = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!((shown(&carry), carry.personal.set_cookie.as_str()), (("v1", "resident"), ""));

    let newcomer = carried_for(&mut edge, &page("https://shop.example/"), 7);
    assert_eq!(shown(&newcomer), ("v2", "canary"));
}

#[test]
fn a_resident_keeps_a_third_version_and_leaves_a_version_that_is_gone() {
    let three = || Site { versions: ["v1", "v2", "v0"].map(version).to_vec(), ..site() };
    let old = Site { stable: V3, ..three() };
    let cookies = pair(&carried(&mut edge(old), &page("https://shop.example/")).personal.set_cookie);
    let kept = carried(
        &mut edge(Site { rollout: newcomers(10_000), ..three() }),
        &Request { cookies: &cookies, ..page("https://shop.example/") },
    );
    assert_eq!(shown(&kept), ("v0", "resident"));
    let gone = carried(
        &mut edge(Site { rollout: newcomers(10_000), ..site() }),
        &Request { cookies: &cookies, ..page("https://shop.example/") },
    );
    assert_eq!(shown(&gone), ("v1", "resident"));
}

#[test]
fn a_newcomer_stays_in_the_arm_of_their_arrival_whatever_the_weight_becomes() {
    for (at_arrival, later, version) in [(10_000, 0, "v2"), (0, 10_000, "v1")] {
        let first = carried(&mut edge(Site { rollout: newcomers(at_arrival), ..site() }), &page("https://shop.example/"));
        assert_eq!(shown(&first).0, version);
        let cookies = pair(&first.personal.set_cookie);
        let next = carried(
            &mut edge(Site { rollout: newcomers(later), ..site() }),
            &Request { cookies: &cookies, ..page("https://shop.example/") },
        );
        assert_eq!(shown(&next).0, version, "{at_arrival} then {later}");
    }
}

#[test]
fn a_newcomer_whom_a_rule_met_first_has_the_arm_of_their_first_draw() {
    let with = |bp| {
        let rules = vec![rule("old", Condition::Path(vec![glob("/old/**")]), V1)];
        edge(Site { rollout: newcomers(bp), rules, ..site() })
    };
    let by_rule = carried(&mut with(0), &page("https://shop.example/old/page"));
    assert_eq!((shown(&by_rule), visitor(&by_rule.personal.set_cookie).kept.arm), (("v1", "rule"), None));
    let cookies = pair(&by_rule.personal.set_cookie);
    let drawn = carried(&mut with(0), &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!((shown(&drawn), visitor(&drawn.personal.set_cookie).kept.arm), (("v1", "stable"), Some(Arm::Stable)));
    let cookies = pair(&drawn.personal.set_cookie);
    let later = carried(&mut with(10_000), &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!(shown(&later), ("v1", "stable"));
}

#[test]
fn a_newcomer_whom_a_canary_failed_still_has_the_canarys_arm() {
    let mut edge = edge(Site { rollout: newcomers(10_000), ..site() });
    let carry = carried(&mut edge, &Request { failed: "v2", ..page("https://shop.example/") });
    let fallen = visitor(&carry.personal.set_cookie);
    assert_eq!((&*fallen.served, fallen.kept.arm), ("v1", Some(Arm::Canary)));
}

#[test]
fn a_rollout_that_ends_takes_everybody_to_stable_at_the_next_navigation() {
    let first = carried(&mut edge(ramp(10_000)), &page("https://shop.example/"));
    let cookies = pair(&first.personal.set_cookie);
    let next = carried(&mut edge(site()), &Request { cookies: &cookies, ..page("https://shop.example/") });
    assert_eq!(shown(&next), ("v1", "stable"));
    assert_eq!(visitor(&next.personal.set_cookie).served, "v1");
}
