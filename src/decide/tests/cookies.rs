use super::scene::*;
use crate::decide::Request;
use crate::plan::{Geo, SameSite, Site, Strategy, Wave};
use crate::visitor::{Keys, cookie};
use proptest::prelude::*;

#[test]
fn the_cookie_is_renewed_after_half_its_life_and_not_before() {
    let site = Site { max_age_s: 1000, ..ramp(10_000) };
    let mut edge = edge(site);
    let first = carried(&mut edge, &page("https://shop.example/"));
    let cookies = pair(&first.personal.set_cookie);
    let mut set_after = |seconds: u64| {
        let request = Request { cookies: &cookies, now_ms: NOW_MS + seconds * 1000, ..page("https://shop.example/") };
        carried(&mut edge, &request).personal.set_cookie
    };
    assert_eq!(set_after(0), "");
    assert_eq!(set_after(500), "");
    let renewed = set_after(501);
    assert!(renewed.ends_with("; Path=/; Max-Age=1000; HttpOnly; SameSite=Lax; Secure"), "{renewed}");
    let (before, after) = (visitor(&first.personal.set_cookie), visitor(&renewed));
    assert_eq!(after, cookie_of_the_same(&before, NOW_MS / 1000 + 501));
}

fn cookie_of_the_same<'a>(visitor: &crate::visitor::Visitor<'a>, written_s: u64) -> crate::visitor::Visitor<'a> {
    crate::visitor::Visitor { written_s, ..visitor.clone() }
}

#[test]
fn a_cookie_signed_with_an_older_key_is_signed_anew_and_one_without_a_key_is_a_new_visitor() {
    let cookies = pair(&carried(&mut edge(ramp(10_000)), &page("https://shop.example/")).personal.set_cookie);
    let before = visitor(&cookies);
    let with = |secret: &str| edge_with(plan(vec![ramp(10_000)]), Some(Keys::read(secret).unwrap()));
    let request = Request { cookies: &cookies, ..page("https://shop.example/") };

    let rotated = carried_for(&mut with(&format!("{OTHER_KEY},{KEY}")), &request, 1);
    let value = pair(&rotated.personal.set_cookie);
    let newest = Keys::read(OTHER_KEY).unwrap();
    let read = cookie::read_value(value.split_once('=').unwrap().1, "shop", &newest).unwrap();
    assert_eq!(read.visitor.id, before.id);

    let unknown = carried_for(&mut with(OTHER_KEY), &request, 1);
    let value = pair(&unknown.personal.set_cookie);
    let read = cookie::read_value(value.split_once('=').unwrap().1, "shop", &newest).unwrap();
    assert_ne!(read.visitor.id, before.id);
}

#[test]
fn the_cookie_is_host_bound_on_https_and_plain_on_http() {
    for (url, same_site, name, end) in [
        ("https://shop.example/", SameSite::Lax, "__Host-halftone=", "; HttpOnly; SameSite=Lax; Secure"),
        ("https://shop.example/", SameSite::Strict, "__Host-halftone=", "; HttpOnly; SameSite=Strict; Secure"),
        ("https://shop.example/", SameSite::None, "__Host-halftone=", "; HttpOnly; SameSite=None; Secure"),
        ("http://127.0.0.1:8787/", SameSite::Lax, "halftone=", "; HttpOnly; SameSite=Lax"),
        ("http://127.0.0.1:8787/", SameSite::None, "halftone=", "; HttpOnly; SameSite=Lax"),
    ] {
        let set = carried(&mut edge(Site { same_site, ..ramp(1) }), &page(url)).personal.set_cookie;
        assert!(set.starts_with(name) && set.ends_with(end), "{set}");
        assert!(set.contains("; Path=/; Max-Age=15552000;") && !set.contains("Domain"), "{set}");
    }
}

#[test]
fn a_cookie_of_http_says_nothing_on_https() {
    let mut edge = edge(ramp(10_000));
    let cookies = pair(&carried(&mut edge, &page("http://shop.example/")).personal.set_cookie);
    let carry = carried_for(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/") }, 1);
    assert_ne!(visitor(&carry.personal.set_cookie).id, visitor(&cookies).id);
}

#[test]
fn what_is_served_changes_the_cookie_and_nothing_else_does() {
    let mut site = ramp(10_000);
    site.rules = vec![rule("old", crate::plan::Condition::Path(vec![glob("/old/**")]), V1)];
    let mut edge = edge(site);
    let first = carried(&mut edge, &page("https://shop.example/"));
    let cookies = pair(&first.personal.set_cookie);
    let by_rule = carried(&mut edge, &Request { cookies: &cookies, ..page("https://shop.example/old/page") });
    assert_eq!(
        visitor(&by_rule.personal.set_cookie),
        crate::visitor::Visitor { served: "v1".into(), ..visitor(&first.personal.set_cookie) }
    );
}

#[test]
fn a_visitor_from_a_place_with_long_names_is_known_again() {
    let known = Wave { place: crate::plan::Place::Known, owners: split(10_000), name: String::new() };
    let mut edge = edge(Site { rollout: rollout(Strategy::Geographic(vec![known])).into(), ..site() });
    // Believed geo headers can hold anything: at most 48 bytes of each name are kept, 144 once escaped.
    let long = "ō".repeat(24);
    let geo = Geo { country: &long, region: &long, city: &long, colo: &long };
    let cookies = pair(&carried(&mut edge, &Request { geo, ..page("https://shop.example/") }).personal.set_cookie);
    let next = carried_for(&mut edge, &Request { geo, cookies: &cookies, ..page("https://shop.example/") }, 1);
    assert_eq!(next.personal.set_cookie, "", "the visitor is taken for a new one");
}

proptest! {
    #[test]
    fn whatever_a_cookie_header_holds_a_navigation_is_served(cookies in "\\PC{0,80}", number in any::<u32>()) {
        let request = Request { cookies: &cookies, ..page("https://shop.example/") };
        let carry = carried_for(&mut edge(ramp(10_000)), &request, u64::from(number));
        prop_assert_eq!(shown(&carry), ("v2", "canary"));
        prop_assert!(!carry.personal.set_cookie.is_empty());
    }

    #[test]
    fn a_cookie_that_is_set_is_a_header_value_and_is_read_again(
        city in "\\PC{0,60}", country in "[A-Z]{2}", region in "[A-Z0-9]{0,3}", colo in "[A-Z]{3}", id in "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    ) {
        let mut site = site();
        site.versions[1].id = id;
        site.rollout = Some(rollout(Strategy::Geographic(vec![Wave { place: crate::plan::Place::Known, owners: split(10_000), name: String::new() }])));
        let mut edge = edge(site);
        let geo = Geo { country: &country, region: &region, city: &city, colo: &colo };
        let set = carried(&mut edge, &Request { geo, ..page("https://shop.example/") }).personal.set_cookie;
        prop_assert!(set.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", set);
        let cookies = pair(&set);
        let next = carried_for(&mut edge, &Request { geo, cookies: &cookies, ..page("https://shop.example/") }, 1);
        prop_assert_eq!(next.personal.set_cookie, "");
    }
}
