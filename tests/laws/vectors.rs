//! Assignment as data, for any language: tests/vectors/assignment.json was made by another implementation, from the
//! written rules alone. What is in there never changes; a new format gets a new file.

use halftone::plan::{Rollout, Strategy};
use halftone::slot::{Ownership, Slot, VersionIndex, Weight};
use halftone::visitor::cookie::{Arm, read_value, write};
use halftone::visitor::{Kept, Keys, Ticket, Visitor, cookieless};
use serde_json::Value;

fn file() -> Value {
    serde_json::from_str(include_str!("../vectors/assignment.json")).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty(), "no {name}");
    list
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {value}"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn keys() -> Keys {
    Keys::read(text(&file(), "keys")).unwrap()
}

fn runs(value: &Value) -> Ownership {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn slots_are_as_written() {
    for case in list(&file(), "slots") {
        let slot = Slot::of(text(case, "salt"), text(case, "key").as_bytes());
        assert_eq!(u64::from(slot.number()), number(&case["slot"]), "{case}");
    }
}

#[test]
fn owners_of_slots_are_as_written() {
    for case in list(&file(), "splits") {
        let owners = runs(&case["runs"]);
        assert_eq!(serde_json::to_value(&owners).unwrap(), case["runs"]);
        for pair in list(case, "owners") {
            let slot = Slot::new(u16::try_from(number(&pair[0])).unwrap()).unwrap();
            assert_eq!(u64::from(owners.owner(slot).0), number(&pair[1]), "slot {} of {}", pair[0], case["runs"]);
        }
    }
}

#[test]
fn new_splits_are_derived_as_written() {
    for case in list(&file(), "rebalanced") {
        let share = |pair: &Value| {
            let weight = Weight::from_bp(u16::try_from(number(&pair[1])).unwrap()).unwrap();
            (VersionIndex(u8::try_from(number(&pair[0])).unwrap()), weight)
        };
        let shares: Vec<_> = list(case, "shares").iter().map(share).collect();
        let next = runs(&case["from"]).rebalanced(&shares).unwrap();
        assert_eq!(serde_json::to_value(next).unwrap(), case["to"], "{case}");
    }
}

#[test]
fn versions_of_visitors_are_as_written() {
    for case in list(&file(), "assignments") {
        let slot = Slot::of(text(case, "salt"), text(case, "key").as_bytes());
        assert_eq!(u64::from(runs(&case["runs"]).owner(slot).0), number(&case["version"]), "{case}");
    }
}

#[test]
fn numbers_of_rollouts_are_as_written() {
    for case in list(&file(), "rollout_tags") {
        let strategy = Strategy::Random(Ownership::all(VersionIndex(0)));
        let rollout = Rollout {
            salt: text(case, "salt").to_owned(),
            canary: VersionIndex(0),
            newcomers_only: false,
            strategy,
            step: 1,
            strata: Vec::new(),
        };
        assert_eq!(u64::from(rollout.tag()), number(&case["tag"]), "{case}");
    }
}

fn visitor(value: &Value) -> Visitor<'_> {
    let kept = &value["kept"];
    let place = |at: usize| kept["place"][at].as_str().unwrap_or_default().into();
    let ticket = kept.get("ticket").map(|ticket| {
        let place = number(&ticket["number"]);
        match ticket.get("issued_s") {
            Some(issued_s) => Ticket::Provisional { number: place, issued_s: number(issued_s) },
            None => Ticket::Confirmed { number: place },
        }
    });
    let arm = kept.get("arm").map(|arm| match arm.as_str() {
        Some("canary") => Arm::Canary,
        Some("stable") => Arm::Stable,
        Some("resident") => Arm::Resident,
        _ => panic!("{arm} is no arm"),
    });
    Visitor {
        id: text(value, "id").into(),
        first_seen_s: number(&value["first_seen_s"]),
        written_s: number(&value["written_s"]),
        served: text(value, "served").into(),
        rollout: u32::try_from(number(&value["rollout"])).unwrap(),
        kept: Kept {
            placed: kept.get("place").is_some(),
            country: place(0),
            region: place(1),
            city: place(2),
            colo: place(3),
            arm,
            ticket,
            draw: None,
        },
    }
}

#[test]
fn cookies_are_written_and_read_as_written() {
    for case in list(&file(), "cookies") {
        let (site, value, visitor) = (text(case, "site"), text(case, "value"), visitor(&case["visitor"]));
        assert_eq!(write(&visitor, site, &keys()), value);
        assert_eq!(read_value(value, site, &keys()).unwrap().visitor, visitor);
    }
}

#[test]
fn cookies_that_do_not_count_are_refused() {
    for case in list(&file(), "refused_cookies") {
        assert_eq!(read_value(text(case, "value"), text(case, "site"), &keys()), None, "{}", text(case, "because"));
    }
}

#[test]
fn preview_tokens_are_as_written() {
    for case in list(&file(), "previews") {
        let (site, host, version, expiry_s) =
            (text(case, "site"), text(case, "host"), text(case, "version"), number(&case["expiry_s"]));
        let token = halftone::preview::mint(&keys(), site, host, version, expiry_s);
        assert_eq!(token, text(case, "token"));
        assert_eq!(halftone::preview::open(&token, &keys(), site, host, expiry_s - 1), Ok(version));
    }
}

#[test]
fn cookieless_keys_are_as_written() {
    for case in list(&file(), "cookieless") {
        let key =
            cookieless::key(&keys(), text(case, "site"), number(&case["day"]), text(case, "address"), text(case, "user_agent"));
        assert_eq!(key, text(case, "key"), "{case}");
    }
}
