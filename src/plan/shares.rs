//! What a plan gives to whom, and what changes for whom from one plan to the next: for people, before it is done.
//!
//! A *class* of visitors is everyone the plan treats alike: those a rule catches, those of an area the plan names, all
//! others. For each class there is one split; who moves is counted slot by slot where the salt stays the same, and
//! follows from the shares where it does not, because slots under two salts are independent.

use std::borrow::Cow;

use serde::Serialize;

use super::condition::Asked;
use super::{Condition, Geo, Place, Plan, Site, Strategy};
use crate::slot::{Ownership, SLOTS, VersionIndex};

/// One class of visitors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Class {
    /// Who, in words.
    pub who: String,
    /// Version ids with their shares in percent; versions without a share are left out.
    pub shares: Vec<(String, f64)>,
    /// How many of the class get another version than under the plan before, in percent; `None` without a plan before.
    pub moves: Option<f64>,
    /// Whether `moves` was counted slot by slot (else it is what is expected under a fresh salt).
    pub exact: bool,
}

/// All classes of a site, the most special first.
#[must_use]
pub fn classes(site: &Site, before: Option<&Site>) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (at, rule) in site.rules.iter().enumerate() {
        let split = Split { owners: Cow::Borrowed(&rule.owners), salt: &rule.salt };
        let old = before.and_then(|old| old.rules.iter().find(|other| other.name == rule.name));
        let old = before.map(|old_site| {
            (
                old_site,
                old.map_or_else(
                    || split_of(old_site, &Geo::default()),
                    |rule| Split { owners: Cow::Borrowed(&rule.owners), salt: &rule.salt },
                ),
            )
        });
        let covered = site.rules.iter().take(at).any(|earlier| earlier.when == rule.when);
        let who = format!("rule {}{}", rule.name, if covered { " (never reached)" } else { "" });
        classes.push(class(site, who, &split, old));
    }
    for country in named_countries(site) {
        let geo = Geo { country: &country, ..Geo::default() };
        classes.push(class(
            site,
            format!("visitors from {country}"),
            &split_of(site, &geo),
            before.map(|old| (old, split_of(old, &geo))),
        ));
    }
    if let Some(Strategy::Geographic(waves)) = site.rollout.as_ref().map(|rollout| &rollout.strategy) {
        for wave in waves {
            let geo = sample(&wave.place);
            let geo = Geo { country: &geo.0, region: &geo.1, city: "", colo: &geo.2 };
            classes.push(class(
                site,
                format!("area {}", wave.name),
                &split_of(site, &geo),
                before.map(|old| (old, split_of(old, &geo))),
            ));
        }
    }
    let other = Geo { country: "AQ", ..Geo::default() };
    let who = match site.rollout.as_ref().map(|rollout| &rollout.strategy) {
        Some(Strategy::Sequential(enrolment)) => format!("the first {} to arrive", enrolment.first),
        _ if classes.is_empty() => "everyone".to_owned(),
        _ => "everyone else".to_owned(),
    };
    classes.push(class(site, who, &split_of(site, &other), before.map(|old| (old, split_of(old, &other)))));
    classes
}

/// The shares in percent that plain visitors from a country get, by version id; `None` where the order of arrival decides.
#[must_use]
pub fn expected(site: &Site, country: &str) -> Option<Vec<(String, f64)>> {
    let sequential = site.rollout.as_ref().is_some_and(|rollout| matches!(rollout.strategy, Strategy::Sequential(_)));
    let geo = Geo { country, ..Geo::default() };
    (!sequential).then(|| class(site, String::new(), &split_of(site, &geo), None).shares)
}

/// A split with the salt its slots are drawn under.
struct Split<'a> {
    owners: Cow<'a, Ownership>,
    salt: &'a str,
}

/// The split that decides for a plain visitor (home page, desktop, no query or cookie) at a place.
fn split_of<'a>(site: &'a Site, geo: &Geo<'_>) -> Split<'a> {
    let plain = Plain(*geo);
    if let Some(rule) = site.rules.iter().find(|rule| rule.when.holds(&plain)) {
        return Split { owners: Cow::Borrowed(&rule.owners), salt: &rule.salt };
    }
    let drawn = site.rollout.as_ref().and_then(|rollout| {
        let owners = match &rollout.strategy {
            Strategy::Random(owners) => owners,
            Strategy::Sequential(enrolment) => &enrolment.of,
            Strategy::Geographic(waves) => &crate::strategy::geographic::wave(waves, geo)?.owners,
        };
        Some(Split { owners: Cow::Borrowed(owners), salt: &rollout.salt })
    });
    drawn.unwrap_or(Split { owners: Cow::Owned(Ownership::all(site.stable)), salt: "" })
}

fn class(site: &Site, who: String, split: &Split<'_>, before: Option<(&Site, Split<'_>)>) -> Class {
    let id = |site: &Site, version: VersionIndex| site.version(version).map(|version| version.id.clone()).unwrap_or_default();
    let percent = |bp: u16| f64::from(bp) / 100.0;
    let shares = split.owners.owners().map(|version| (id(site, version), percent(split.owners.share(version).bp()))).collect();
    let Some((old_site, old)) = before else { return Class { who, shares, moves: None, exact: true } };
    // Versions are compared by id, because their numbers may differ between two plans.
    let renumbered = old.owners.renamed(|version| site.find(&id(old_site, version)).unwrap_or(VersionIndex(u8::MAX)));
    let one_owner = |owners: &Ownership| owners.owners().count() == 1;
    let exact = old.salt == split.salt || one_owner(&renumbered) || one_owner(&split.owners);
    let moves = if exact {
        percent(renumbered.moved(&split.owners).bp())
    } else {
        let kept: f64 = split
            .owners
            .owners()
            .map(|version| f64::from(split.owners.share(version).bp()) * f64::from(renumbered.share(version).bp()))
            .sum();
        100.0 * (1.0 - kept / (f64::from(SLOTS) * f64::from(SLOTS)))
    };
    Class { who, shares, moves: Some(moves), exact }
}

/// The countries a plan's rules name one by one (sets of more than eight are areas, not names).
fn named_countries(site: &Site) -> Vec<String> {
    let mut named = Vec::new();
    for rule in &site.rules {
        collect(&rule.when, &mut named);
    }
    named.sort();
    named.dedup();
    named
}

fn collect(when: &Condition, named: &mut Vec<String>) {
    match when {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, named)),
        Condition::Not(part) => collect(part, named),
        Condition::Place(places) => {
            for place in places {
                if let Place::Countries(set) = place {
                    let codes: Vec<String> = set.iter().collect();
                    if codes.len() <= 8 {
                        named.extend(codes);
                    }
                }
            }
        }
        _ => {}
    }
}

/// A place inside an area: country, region, data centre.
fn sample(place: &Place) -> (String, String, String) {
    let text = str::to_owned;
    match place {
        Place::Colo(colo) => (text("AQ"), String::new(), colo.clone()),
        Place::Region(country, region) => (country.clone(), region.clone(), String::new()),
        Place::Countries(set) => (set.iter().next().unwrap_or_default(), String::new(), String::new()),
        Place::Known => (text("AQ"), String::new(), String::new()),
        Place::Unknown => (String::new(), String::new(), String::new()),
    }
}

/// A visitor with nothing special about them but their place.
struct Plain<'a>(Geo<'a>);

impl Asked for Plain<'_> {
    fn geo(&self) -> Geo<'_> {
        self.0
    }
    fn path(&self) -> &'static str {
        "/"
    }
    fn host(&self) -> &'static str {
        ""
    }
    fn query(&self) -> &'static str {
        ""
    }
    fn header(&self, _name: &str) -> Option<&str> {
        None
    }
    fn cookies(&self) -> &'static str {
        ""
    }
    fn is_bot(&self) -> bool {
        false
    }
}

/// What people should know before a plan goes live.
#[must_use]
pub fn warnings(plan: &Plan, before: Option<&Plan>) -> Vec<String> {
    let mut warnings = Vec::new();
    for site in &plan.sites {
        let Some(old) = before.and_then(|plan| plan.sites.iter().find(|old| old.name == site.name)) else { continue };
        for version in &old.versions {
            if site.find(&version.id).is_none() {
                warnings.push(format!(
                    "site `{}`: version `{}` is gone; pages that are open on it lose their files — keep it listed until nobody has it open",
                    site.name, version.id
                ));
            }
        }
        if let (Some(now), Some(then)) = (&site.rollout, &old.rollout)
            && now.salt == then.salt
            && now.canary != then.canary
        {
            warnings
                .push(format!("site `{}`: another canary under the same rollout id — give the rollout a new `id`", site.name));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::Weight;

    fn plan(weight: u16, id: &str) -> Site {
        let text = format!(
            r#"{{"name":"s","hosts":[],"versions":[{v},{w}],"stable":0,"rollout":{{"salt":"{id}","canary":1,"newcomers_only":false,
            "strategy":{{"random":[[{},0],[10000,1]]}}}},"rules":[{{"name":"nz","salt":"r","when":{{"place":[{{"countries":"NZ"}}]}},"owners":[[10000,1]]}}],
            "bots":"split","consent":null,"without_consent":"stable","cookie":"halftone","max_age_s":1,"same_site":"lax","hashed":null,
            "response_header":true,"files":{{"seed":0,"entries":[]}}}}"#,
            SLOTS - weight,
            v = r#"{"id":"v1","origin":{"assets":"/v1"},"forward":[],"timeout_ms":1,"not_found":"page","listed":false}"#,
            w = r#"{"id":"v2","origin":{"assets":"/v2"},"forward":[],"timeout_ms":1,"not_found":"page","listed":false}"#,
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn who_moves_is_counted_slot_by_slot_within_a_rollout() {
        let (old, new) = (plan(500, "a"), plan(2500, "a"));
        let classes = classes(&new, Some(&old));
        let other = classes.last().unwrap();
        assert_eq!(other.who, "everyone else");
        assert_eq!(other.shares, [("v1".to_owned(), 75.0), ("v2".to_owned(), 25.0)]);
        assert_eq!((other.moves, other.exact), (Some(20.0), true));
        assert_eq!(classes[1].who, "visitors from NZ");
        assert_eq!((classes[1].shares.as_slice(), classes[1].moves), (&[("v2".to_owned(), 100.0)][..], Some(0.0)));
    }

    #[test]
    fn under_a_fresh_salt_who_moves_follows_from_the_shares() {
        let (old, new) = (plan(5000, "a"), plan(5000, "b"));
        let classes = classes(&new, Some(&old));
        let other = classes.last().unwrap();
        assert_eq!((other.moves, other.exact), (Some(50.0), false));
        assert_eq!(Weight::from_bp(5000).unwrap().to_string(), "50%");
    }
}
