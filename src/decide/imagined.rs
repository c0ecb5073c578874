//! What a visitor would get who is only imagined: the decision about a page, asked by a person instead of a browser.
//!
//! It is the decision itself, made by the same code, so that it can not say otherwise than a page would be served. Nothing of
//! it is kept, counted or noted: no cookie leaves here, and the numbers of the ticket office stay where they are.

use std::cell::RefCell;

use serde::Serialize;

use super::{Instruction, Needs, Question, Request, Seen, TOLD, believed_geo, navigate};
use crate::assign::{By, Subject, assign};
use crate::headers;
use crate::plan::shares::shares;
use crate::plan::{Plan, Rollout, Strategy};
use crate::route::{Address, SafePath};
use crate::slot::{Ownership, VersionIndex};
use crate::strategy::sequential::Lease;
use crate::visitor::Keys;
use crate::visitor::bots::Bots;
use crate::visitor::cookie::{self, Arm};

/// What a visitor gets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imagined {
    /// Id of a version; of one of those they may get, if that is drawn.
    pub version: String,
    /// Why, as the `halftone` header says it.
    pub why: &'static str,
    /// The rule that decides, if one does.
    pub rule: Option<String>,
    /// The area that decides, if one does.
    pub area: Option<String>,
    /// Versions with their shares, in percent, among all who are like this one; one alone if nothing is drawn.
    pub shares: Vec<(String, f64)>,
    /// Whether only the first who arrive are drawn, of whom this one is taken to be none.
    pub first: Option<u64>,
    /// The status the page would have, where it is known here.
    pub status: u16,
    /// Where it is redirected to, or empty.
    pub location: String,
    /// The revision in force.
    pub revision: u64,
}

/// A newcomer, for whom only the split matters.
struct Newcomer;

impl Subject for Newcomer {
    fn key(&self) -> &'static str {
        ""
    }
    fn arm(&self) -> Option<Arm> {
        None
    }
    fn served(&self) -> Option<VersionIndex> {
        None
    }
    fn ticket(&mut self) -> Option<u64> {
        None
    }
}

/// What `site`, by its name, gives to who asks for this page; `None` for an address that is none.
#[must_use]
pub fn imagined(plan: &Plan, keys: &Keys, bots: &Bots, site: &str, request: &Request<'_>) -> Option<Imagined> {
    let address = Address::parse(request.url)?;
    let path = SafePath::new(address.path)?;
    let site = plan.sites.iter().find(|known| known.name == site)?;
    let (needs, told) = (Needs::of(plan), RefCell::new([0; TOLD]));
    let geo = believed_geo(plan, &needs, request);
    let seen = Seen { request, address, path, site, needs: &needs, bots, told: &told, geo };
    let keys = Some(keys).filter(|_| !site.is_off);
    // Whoever this is: the shares say what others would draw.
    let instruction = navigate::instruct(&seen, keys, &mut Lease::default(), || Some([7; 16]));
    let (version, why, status, location) = match instruction {
        Instruction::Carry(carry) => {
            let attempt = carry.attempts.first()?;
            (attempt.version.clone(), attempt.why, if attempt.status == 0 { 200 } else { attempt.status }, String::new())
        }
        Instruction::Answer(answer) => {
            let location = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
            (String::new(), "", answer.status, location.map(|(_, to)| to.clone()).unwrap_or_default())
        }
        Instruction::Own(_) | Instruction::Known(..) | Instruction::More => return None,
    };
    let alone = |version: &str| vec![(version.to_owned(), 100.0)];
    let mut found = Imagined {
        shares: alone(&version),
        version,
        why,
        rule: None,
        area: None,
        first: None,
        status,
        location,
        revision: site.revision,
    };
    if !matches!(why, "rule" | "canary" | "stable") {
        return Some(found);
    }
    let name = headers::cookie_name(site, seen.address.secure, "");
    let is_known = keys.is_some_and(|keys| cookie::read(request.cookies, name, &site.name, keys).is_some());
    let by = assign(site, &Question::of(&seen, seen.geo), &mut Newcomer).by;
    let owners = match by {
        By::Rule(at) => {
            let rule = site.rules.get(at)?;
            found.rule = Some(rule.name.clone());
            Some(&rule.owners)
        }
        _ => site.rollout.as_ref().and_then(|rollout| by_rollout(rollout, by, &mut found)),
    };
    // Who brings a cookie of ours is somebody: for them it is decided.
    if let (Some(owners), false) = (owners, is_known) {
        found.shares = shares(site, owners);
    }
    Some(found)
}

fn by_rollout<'a>(rollout: &'a Rollout, by: By, found: &mut Imagined) -> Option<&'a Ownership> {
    match (&rollout.strategy, by) {
        (Strategy::Random(owners), _) => Some(owners),
        (Strategy::Geographic(waves), By::Stratum(at)) => {
            let wave = waves.get(at)?;
            found.area = Some(wave.name.clone());
            Some(&wave.owners)
        }
        (Strategy::Sequential(enrolment), _) => {
            found.first = Some(enrolment.first);
            None
        }
        (Strategy::Geographic(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::scene::{CRAWLER, V2, edge, page, ramp, rule};
    use crate::plan::{Bots, Condition, Countries, Geo, Place, Site};

    fn ask(site: Site, request: &Request<'_>) -> Imagined {
        let edge = edge(site);
        imagined(&edge.plan, edge.keys.as_ref().unwrap(), &edge.bots, "shop", request).unwrap()
    }

    fn home() -> Request<'static> {
        page("https://shop.example/")
    }

    #[test]
    fn a_newcomer_draws_by_the_split_in_force() {
        let found = ask(ramp(1000), &home());
        assert_eq!(found.shares, [("v1".to_owned(), 90.0), ("v2".to_owned(), 10.0)]);
        assert!(matches!(found.why, "canary" | "stable"), "{found:?}");
        let other = ask(ramp(1000), &Request { cookies: "theme=dark", ..home() });
        assert_eq!(other.shares, found.shares, "a cookie that is not ours says nothing of who they are");
    }

    #[test]
    fn a_rule_of_their_country_is_named_and_gives_what_it_says() {
        let mut site = ramp(1000);
        let mut countries = Countries::default();
        countries.insert("NZ");
        site.rules.push(rule("new-zealand-first", Condition::Place(vec![Place::Countries(countries)]), V2));
        let of = |country| ask(site.clone(), &Request { geo: Geo { country, ..Geo::default() }, ..home() });
        let found = of("NZ");
        assert_eq!((found.version.as_str(), found.why, found.rule.as_deref()), ("v2", "rule", Some("new-zealand-first")));
        assert_eq!(of("AU").rule, None);
    }

    #[test]
    fn a_bot_gets_stable_and_nothing_is_drawn_for_it() {
        let found = ask(Site { bots: Bots::Stable, ..ramp(5000) }, &Request { user_agent: CRAWLER, ..home() });
        assert_eq!((found.why, found.shares), ("bot", vec![("v1".to_owned(), 100.0)]));
    }

    #[test]
    fn a_site_that_is_off_draws_nobody() {
        let found = ask(Site { is_off: true, ..ramp(5000) }, &home());
        assert_eq!((found.why, found.shares), ("off", vec![("v1".to_owned(), 100.0)]));
    }
}
