//! Who there is to tell apart before a plan goes live: places, and which part of a plan decides for the people there.
//!
//! A place stands for all people who are there and have nothing else about them that a rule asks for. Every country is
//! one, and so is each region and data centre that a plan names, and being nowhere known.

use crate::plan::{Condition, Geo, Place, Site, Strategy};
use crate::strategy::geographic;

/// The countries there are. The Worker explains proposals too and has no more of them than their codes.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A place people can be at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    country: String,
    region: String,
    colo: String,
}

impl Spot {
    fn country(code: &str) -> Self {
        Self { country: code.to_owned(), region: String::new(), colo: String::new() }
    }

    pub fn geo(&self) -> Geo<'_> {
        Geo { country: &self.country, region: &self.region, city: "", colo: &self.colo }
    }

    /// As the config names it.
    pub fn name(&self) -> String {
        match (self.colo.as_str(), self.region.as_str(), self.country.as_str()) {
            ("", "", "") => "unknown".to_owned(),
            ("", "", country) => country.to_owned(),
            ("", region, country) => format!("{country}-{region}"),
            (colo, ..) => format!("colo:{colo}"),
        }
    }
}

/// What decides for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decider {
    /// The site's rule with this index.
    Rule(usize),
    /// The geographic strategy's wave with this index.
    Wave(usize),
    /// The rollout, whatever the place.
    Rollout,
    /// Nothing: they get stable.
    Nothing,
}

/// What decides at a place for people with nothing special about them.
pub(super) fn decider(site: &Site, geo: &Geo<'_>) -> Decider {
    if site.is_off {
        return Decider::Nothing;
    }
    if let Some(at) = site.rules.iter().position(|rule| by_place(&rule.when, geo) == Some(true)) {
        return Decider::Rule(at);
    }
    match site.rollout.as_ref().map(|rollout| &rollout.strategy) {
        Some(Strategy::Geographic(waves)) => geographic::wave(waves, geo).map_or(Decider::Nothing, |(at, _)| Decider::Wave(at)),
        Some(_) => Decider::Rollout,
        None => Decider::Nothing,
    }
}

/// Whether a condition holds at a place; `None` if it takes more than the place to say so.
pub(super) fn by_place(when: &Condition, geo: &Geo<'_>) -> Option<bool> {
    let one_is = |parts: &[Condition], wanted: bool| {
        let mut all_known = true;
        for part in parts {
            match by_place(part, geo) {
                Some(held) if held == wanted => return Some(true),
                Some(_) => {}
                None => all_known = false,
            }
        }
        all_known.then_some(false)
    };
    match when {
        Condition::All(parts) => one_is(parts, false).map(|fails| !fails),
        Condition::Any(parts) => one_is(parts, true),
        Condition::Not(part) => by_place(part, geo).map(|held| !held),
        Condition::Place(places) => Some(places.iter().any(|place| place.holds(geo))),
        _ => None,
    }
}

/// Every place the plans tell apart, by name of the country, then those they name more narrowly.
pub(super) fn spots(sites: &[&Site]) -> Vec<Spot> {
    let mut places: Vec<&Place> = Vec::new();
    for site in sites {
        site.rules.iter().for_each(|rule| named(&rule.when, &mut places));
        if let Some(Strategy::Geographic(waves)) = site.rollout.as_ref().map(|rollout| &rollout.strategy) {
            places.extend(waves.iter().map(|wave| &wave.place));
        }
    }
    let mut spots: Vec<Spot> = COUNTRIES.split(' ').map(Spot::country).collect();
    for place in &places {
        if let Place::Countries(set) = place {
            spots.extend(set.iter().map(|code| Spot::country(&code)));
        }
    }
    spots.sort();
    spots.dedup();
    // People of a data centre come from anywhere: from a country that nothing names, if there is one.
    let is_named = |spot: &Spot| places.iter().any(|place| matches!(place, Place::Countries(set) if set.contains(&spot.country)));
    let anywhere = spots.iter().find(|spot| !is_named(spot)).map_or(String::new(), |spot| spot.country.clone());
    spots.push(Spot::country(""));
    let mut narrow: Vec<Spot> = Vec::new();
    for place in places {
        match place {
            Place::Region(country, region) => narrow.push(Spot { region: region.clone(), ..Spot::country(country) }),
            Place::Colo(colo) => narrow.push(Spot { colo: colo.clone(), ..Spot::country(&anywhere) }),
            _ => {}
        }
    }
    narrow.sort();
    narrow.dedup();
    spots.extend(narrow);
    spots
}

/// The places a condition asks for.
pub(super) fn named<'a>(when: &'a Condition, places: &mut Vec<&'a Place>) {
    match when {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| named(part, places)),
        Condition::Not(part) => named(part, places),
        Condition::Place(some) => places.extend(some),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_countries_are_those_the_checker_knows() {
        let known: Vec<&str> = crate::config::territory::countries().map(|country| country.code).collect();
        assert_eq!(super::COUNTRIES.split(' ').collect::<Vec<_>>(), known);
    }
}
