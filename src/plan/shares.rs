//! What a plan gives to whom, and what changes for whom from one plan to the next: for people, before it is done.
//!
//! A *class* of visitors is everyone the plan treats alike: those a rule catches, those of an area the plan names, the
//! first to arrive, all others. For each class there is one split; a class that the plan before did not treat alike is told
//! by the places its people are at. Who moves is counted slot by slot where the salt stays the same, and follows from the
//! shares where it does not, because slots under two salts are independent.

mod people;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::condition::Asked;
use super::{Enrolment, Geo, Place, Plan, Rollout, Site, Strategy};
use crate::slot::{Ownership, SLOTS, VersionIndex};
use people::{Decider, Spot, decider};

/// One class of visitors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Who, in words.
    pub who: String,
    /// Version ids with their shares in percent; versions without a share are left out.
    pub shares: Vec<(String, f64)>,
    /// Whether the shares are those of visitors who come for the first time, and all others keep what they have.
    pub newcomers_only: bool,
    /// How many of the class who were here before get another version than under the plan before, in percent; `None`
    /// without a plan before.
    pub moves: Option<f64>,
    /// Whether `moves` was counted (else it is what is expected under a fresh salt).
    pub exact: bool,
}

/// All classes of a site, the most special first.
#[must_use]
pub fn classes(site: &Site, before: Option<&Site>) -> Vec<Class> {
    let both: Vec<&Site> = std::iter::once(site).chain(before).collect();
    let mut table = Table { site, before, spots: people::spots(&both), classes: Vec::new() };
    table.add_rules();
    table.add_countries();
    table.add_areas();
    table.add_others();
    table.classes
}

/// The shares in percent that plain visitors from a country get on a host, by version id; `None` where the order of
/// arrival decides.
#[must_use]
pub fn expected(site: &Site, host: &str, country: &str) -> Option<Vec<(String, f64)>> {
    let plain = Plain { geo: Geo { country, ..Geo::default() }, host };
    let decider = match site.rules.iter().position(|rule| rule.when.holds(&plain)) {
        Some(at) => Decider::Rule(at),
        None => match site.rollout.as_ref().map(|rollout| &rollout.strategy) {
            None => Decider::Nothing,
            Some(Strategy::Sequential(_)) => return None,
            Some(Strategy::Random(_)) => Decider::Rollout,
            Some(Strategy::Geographic(waves)) => {
                crate::strategy::geographic::wave(waves, &plain.geo).map_or(Decider::Nothing, |(at, _)| Decider::Wave(at))
            }
        },
    };
    let split = splits(site, decider).pop()?;
    Some(shares(site, &split.owners))
}

/// A split with the salt its slots are drawn under.
#[derive(Clone)]
struct Split<'a> {
    owners: Cow<'a, Ownership>,
    salt: &'a str,
    /// Whose it is, if not all people's for whom its decider decides.
    who: Option<String>,
}

impl<'a> Split<'a> {
    fn new(owners: &'a Ownership, salt: &'a str) -> Self {
        Self { owners: Cow::Borrowed(owners), salt, who: None }
    }

    fn stable(site: &Site) -> Self {
        Self { owners: Cow::Owned(Ownership::all(site.stable)), salt: "", who: None }
    }
}

/// How people are split for whom this decides: one split, or under the sequential strategy that of the enrolled and then
/// that of the others.
fn splits(site: &Site, decider: Decider) -> Vec<Split<'_>> {
    let rollout = site.rollout.as_ref();
    let one = match (decider, rollout.map(|rollout| &rollout.strategy)) {
        (Decider::Rule(at), _) => site.rules.get(at).map(|rule| Split::new(&rule.owners, &rule.salt)),
        (Decider::Wave(at), Some(Strategy::Geographic(waves))) => {
            waves.get(at).zip(rollout).map(|(wave, rollout)| Split::new(&wave.owners, &rollout.salt))
        }
        (Decider::Rollout, Some(Strategy::Random(owners))) => rollout.map(|rollout| Split::new(owners, &rollout.salt)),
        (Decider::Rollout, Some(Strategy::Sequential(enrolment))) => {
            let salt = rollout.map_or("", |rollout| rollout.salt.as_str());
            let who = Some(format!("the first {} to arrive", enrolment.first));
            return vec![Split { who, ..Split::new(&enrolment.of, salt) }, Split::stable(site)];
        }
        _ => None,
    };
    vec![one.unwrap_or_else(|| Split::stable(site))]
}

/// The classes of a site while they are found.
struct Table<'a> {
    site: &'a Site,
    before: Option<&'a Site>,
    spots: Vec<Spot>,
    classes: Vec<Class>,
}

impl<'a> Table<'a> {
    /// The places where this decides now.
    fn where_decides(&self, which: impl Fn(Decider) -> bool) -> Vec<Spot> {
        self.spots.iter().filter(|spot| which(decider(self.site, &spot.geo()))).cloned().collect()
    }

    fn add_rules(&mut self) {
        let site = self.site;
        for (at, rule) in site.rules.iter().enumerate() {
            let split = Split::new(&rule.owners, &rule.salt);
            let there = self.where_decides(|decider| decider == Decider::Rule(at));
            let is_met = || self.spots.iter().any(|spot| people::by_place(&rule.when, &spot.geo()) == Some(true));
            let is_covered = || site.rules.iter().take(at).any(|earlier| earlier.when == rule.when);
            let is_reached = !there.is_empty() || !is_met() && !is_covered();
            let who = format!("rule {}{}", rule.name, if is_reached { "" } else { " (never reached)" });
            let namesake = self.before.and_then(|old| old.rules.iter().position(|other| other.name == rule.name));
            match (there.is_empty(), namesake) {
                (false, _) => self.add_at(&who, &split, &there, false),
                (true, Some(at)) => self.add(who, &split, Some(Decider::Rule(at)), false),
                // People who meet it are at any place; most are where nothing else is special.
                (true, None) => {
                    let other = self.others().into_iter().next();
                    let old = self.before.zip(other).map(|(old, spot)| decider(old, &spot.geo()));
                    self.add(who, &split, old.or(Some(Decider::Nothing)), false);
                }
            }
        }
    }

    /// The countries the rules name one by one (sets of more than eight are areas, not names).
    fn add_countries(&mut self) {
        let mut places: Vec<&Place> = Vec::new();
        self.site.rules.iter().for_each(|rule| people::named(&rule.when, &mut places));
        let sets = places.into_iter().filter_map(|place| match place {
            Place::Countries(set) => Some(set.iter().collect::<Vec<_>>()).filter(|codes| codes.len() <= 8),
            _ => None,
        });
        let mut named: Vec<String> = sets.flatten().collect();
        named.sort();
        named.dedup();
        for country in named {
            let geo = Geo { country: &country, ..Geo::default() };
            let decider_now = decider(self.site, &geo);
            let old = self.before.map(|old| decider(old, &geo));
            for split in splits(self.site, decider_now) {
                let whom = split.who.as_ref().map_or(String::new(), |who| format!(", {who}"));
                self.add(format!("visitors from {country}{whom}"), &split, old, !matches!(decider_now, Decider::Rule(_)));
            }
        }
    }

    fn add_areas(&mut self) {
        let Some(Rollout { strategy: Strategy::Geographic(waves), salt, .. }) = self.site.rollout.as_ref() else { return };
        for (at, wave) in waves.iter().enumerate() {
            let split = Split::new(&wave.owners, salt);
            let there = self.where_decides(|decider| decider == Decider::Wave(at));
            let who = format!("area {}", wave.name);
            if there.is_empty() {
                // Narrower areas or rules take everybody there is.
                self.classes.push(Class {
                    who: format!("{who} (never reached)"),
                    shares: shares(self.site, &split.owners),
                    newcomers_only: self.draws_newcomers(),
                    moves: None,
                    exact: true,
                });
            } else {
                self.add_at(&who, &split, &there, true);
            }
        }
    }

    /// Places where no rule and no area decides.
    fn others(&self) -> Vec<Spot> {
        self.where_decides(|decider| matches!(decider, Decider::Rollout | Decider::Nothing))
    }

    fn add_others(&mut self) {
        let others = self.others();
        if others.is_empty() {
            return;
        }
        let site = self.site;
        let who = if self.classes.is_empty() { "everyone" } else { "everyone else" };
        match site.rollout.as_ref().filter(|_| !site.is_off) {
            Some(rollout) => match &rollout.strategy {
                Strategy::Random(owners) => self.add_at(who, &Split::new(owners, &rollout.salt), &others, true),
                Strategy::Sequential(enrolment) => self.add_arrivals(rollout, enrolment, &others),
                Strategy::Geographic(_) => self.add_at(who, &Split::stable(site), &others, true),
            },
            None => self.add_at(who, &Split::stable(site), &others, true),
        }
    }

    /// The first to arrive, those who come to them, and all others.
    fn add_arrivals(&mut self, rollout: &'a Rollout, enrolment: &'a Enrolment, others: &[Spot]) {
        let now = enrolment.first;
        let stable = Split::stable(self.site);
        let split = Split::new(&enrolment.of, &rollout.salt);
        let enrolled_before =
            self.before.filter(|old| !old.is_off).and_then(|old| old.rollout.as_ref()).and_then(|old| match &old.strategy {
                Strategy::Sequential(enrolment) if old.salt == rollout.salt => {
                    Some((enrolment.first, Split::new(&enrolment.of, &old.salt)))
                }
                _ => None,
            });
        let who = |first: u64| format!("the first {first} to arrive");
        let (Some((then, old)), Some(old_site)) = (enrolled_before, self.before) else {
            self.add_at(&who(now), &split, others, true);
            return self.add_at("everyone else", &stable, others, true);
        };
        let not_enrolled = Split::stable(old_site);
        if now.min(then) > 0 {
            self.push(who(now.min(then)), &split, Some((old_site, &old)), true);
        }
        if now > then {
            self.push(format!("the next {} to arrive", now - then), &split, Some((old_site, &not_enrolled)), true);
        }
        if now < then {
            self.push(format!("the last {} of the {then} enrolled", then - now), &stable, Some((old_site, &old)), true);
        }
        self.push("everyone else".to_owned(), &stable, Some((old_site, &not_enrolled)), true);
    }

    /// A class at these places: one row for each part of the plan before that decided for some of them.
    fn add_at(&mut self, who: &str, split: &Split<'_>, spots: &[Spot], by_rollout: bool) {
        let Some(old) = self.before else { return self.add(who.to_owned(), split, None, by_rollout) };
        let mut groups: Vec<(Decider, Vec<&Spot>)> = Vec::new();
        for spot in spots {
            let then = decider(old, &spot.geo());
            match groups.iter_mut().find(|group| group.0 == then) {
                Some(group) => group.1.push(spot),
                None => groups.push((then, vec![spot])),
            }
        }
        let is_one = groups.len() == 1;
        for (then, spots) in groups {
            let who = if is_one { who.to_owned() } else { format!("{who}: {}", listed(&spots)) };
            self.add(who, split, Some(then), by_rollout);
        }
    }

    /// A class for whom this decided before; two where that was the order of arrival.
    fn add(&mut self, who: String, split: &Split<'_>, then: Option<Decider>, by_rollout: bool) {
        let (Some(old_site), Some(then)) = (self.before, then) else { return self.push(who, split, None, by_rollout) };
        for old in splits(old_site, then) {
            let who = match &old.who {
                Some(enrolled) => format!("{who}, {enrolled} before"),
                None => who.clone(),
            };
            self.push(who, split, Some((old_site, &old)), by_rollout);
        }
    }

    fn draws_newcomers(&self) -> bool {
        self.site.rollout.as_ref().is_some_and(|rollout| rollout.newcomers_only)
    }

    fn push(&mut self, who: String, split: &Split<'_>, before: Option<(&Site, &Split<'_>)>, by_rollout: bool) {
        let newcomers_only = by_rollout && self.draws_newcomers();
        let (moves, exact) = match before {
            None => (None, true),
            Some((old_site, old)) => {
                let (moves, exact) = moves(self.site, split, old_site, old, newcomers_only);
                (Some(moves), exact)
            }
        };
        self.classes.push(Class { who, shares: shares(self.site, &split.owners), newcomers_only, moves, exact });
    }
}

/// The first few of some places, and how many more there are.
fn listed(spots: &[&Spot]) -> String {
    const MOST: usize = 3;
    let names: Vec<String> = spots.iter().take(MOST).map(|spot| spot.name()).collect();
    let more = spots.len().saturating_sub(MOST);
    format!("{}{}", names.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
}

fn percent(bp: u16) -> f64 {
    f64::from(bp) / 100.0
}

fn id(site: &Site, version: VersionIndex) -> &str {
    site.version(version).map_or("", |version| version.id.as_str())
}

/// Versions by id, with their shares in percent.
pub(crate) fn shares(site: &Site, owners: &Ownership) -> Vec<(String, f64)> {
    owners.owners().map(|version| (id(site, version).to_owned(), percent(owners.share(version).bp()))).collect()
}

/// How many of those who were split one way get another version now, in percent, and whether that is counted.
fn moves(site: &Site, split: &Split<'_>, old_site: &Site, old: &Split<'_>, newcomers_only: bool) -> (f64, bool) {
    // Versions are compared by id, because their numbers may differ between two plans.
    let gone = VersionIndex(u8::MAX);
    let renumbered = old.owners.renamed(|version| site.find(id(old_site, version)).unwrap_or(gone));
    if let Some(rollout) = site.rollout.as_ref().filter(|_| newcomers_only) {
        match old_site.rollout.as_ref().filter(|then| then.salt == rollout.salt) {
            // Whoever was here when this rollout began keeps their version, but for the canary and for what is gone.
            None => {
                let share = |version| renumbered.share(version).bp();
                return (percent(share(rollout.canary) + share(gone)), true);
            }
            // Arms are fixed at arrival; an order of arrival is not, and is compared slot by slot like the rest.
            Some(then) if then.newcomers_only && !matches!(rollout.strategy, Strategy::Sequential(_)) => {
                let same = |a, b| id(site, a) == id(old_site, b);
                if same(site.stable, old_site.stable) && same(rollout.canary, then.canary) {
                    return (0.0, true);
                }
            }
            Some(_) => {}
        }
    }
    let one_owner = |owners: &Ownership| owners.owners().count() == 1;
    if old.salt == split.salt || one_owner(&renumbered) || one_owner(&split.owners) {
        return (percent(renumbered.moved(&split.owners).bp()), true);
    }
    let kept: f64 = split
        .owners
        .owners()
        .map(|version| f64::from(split.owners.share(version).bp()) * f64::from(renumbered.share(version).bp()))
        .sum();
    (100.0 * (1.0 - kept / (f64::from(SLOTS) * f64::from(SLOTS))), false)
}

/// A visitor with nothing special about them but place and host.
struct Plain<'a> {
    geo: Geo<'a>,
    host: &'a str,
}

impl Asked for Plain<'_> {
    fn geo(&self) -> Geo<'_> {
        self.geo
    }
    fn path(&self) -> &'static str {
        "/"
    }
    fn host(&self) -> &str {
        self.host
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
mod tests;
