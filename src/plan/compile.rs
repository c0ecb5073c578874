//! From a valid config, the builds' file lists and the plan before it to the plan the edge serves from.
//!
//! Splits are derived, never drawn up from nothing: a ladder is climbed rung by rung from "all stable", a rule's split is
//! derived from the split the same rule had in the plan before, so that as few slots as possible change hands.

use std::collections::BTreeMap;

use super::files::Collision;
use super::{Condition, Countries, Enrolment, FileIndex, Place, Plan, Rollout, Rule, Site, Strategy, Version, Wave};
use crate::config::model::{self, Area, Config, Ladder, Visitors};
use crate::config::territory;
use crate::slot::{Ownership, VersionIndex, Weight};

/// File lists by site and version, in the order of the config: path within the build to content hash.
pub type Listings = Vec<Vec<Option<BTreeMap<String, u64>>>>;

/// Why a valid config could not become a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncompilable(pub &'static str);

impl std::fmt::Display for Uncompilable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// Makes the plan.
pub fn compile(config: &Config, listings: &Listings, previous: Option<&Plan>, revision: u64) -> Result<Plan, Uncompilable> {
    let mut sites = Vec::with_capacity(config.sites.len());
    for (at, site) in config.sites.iter().enumerate() {
        let before = previous.and_then(|plan| plan.sites.iter().find(|other| other.name == site.name));
        let listed = listings.get(at).map(Vec::as_slice).unwrap_or_default();
        sites.push(compile_site(site, listed, before)?);
    }
    Ok(Plan {
        format: super::FORMAT,
        revision,
        prefix: config.prefix.clone(),
        admin_host: config.admin_host.clone(),
        geo_headers: config.geo_headers.iter().map(|(fact, header)| (*fact, header.clone())).collect(),
        sites,
        default_site: config.default_site,
    })
}

fn compile_site(
    site: &model::Site,
    listed: &[Option<BTreeMap<String, u64>>],
    before: Option<&Site>,
) -> Result<Site, Uncompilable> {
    let is_listed = |at: usize| listed.get(at).is_some_and(Option::is_some);
    let versions = site.versions.iter().enumerate().map(|(at, version)| Version {
        id: version.id.clone(),
        origin: version.origin.clone(),
        forward: version.forward.clone(),
        timeout_ms: version.timeout_ms,
        not_found: version.not_found,
        listed: is_listed(at),
    });
    let rules = site.rules.iter().map(|rule| compile_rule(site, rule, before)).collect::<Result<_, _>>()?;
    Ok(Site {
        name: site.name.clone(),
        hosts: site.hosts.clone(),
        versions: versions.collect(),
        stable: site.stable,
        rollout: site
            .rollout
            .as_ref()
            .filter(|rollout| rollout.step > 0)
            .map(|rollout| compile_rollout(site, rollout))
            .transpose()?,
        rules,
        bots: site.bots,
        consent: site.consent.clone(),
        without_consent: site.without_consent,
        cookie: site.cookie.name.clone(),
        max_age_s: site.cookie.max_age_s,
        same_site: site.cookie.same_site,
        hashed: site.hashed.clone(),
        response_header: site.response_header,
        files: index(listed).map_err(|Collision| Uncompilable("two paths could not be told apart in the file index"))?,
    })
}

fn index(listed: &[Option<BTreeMap<String, u64>>]) -> Result<FileIndex, Collision> {
    let mut paths: BTreeMap<&str, (u64, u64, bool)> = BTreeMap::new();
    for (at, files) in listed.iter().enumerate() {
        for (path, &content) in files.iter().flatten() {
            let entry = paths.entry(path).or_insert((0, content, false));
            entry.0 |= 1 << at;
            entry.2 |= entry.1 != content;
        }
    }
    FileIndex::build(paths.iter().map(|(path, entry)| (*path, entry.0, entry.2)))
}

const SHARES: Uncompilable = Uncompilable("shares do not add up to 100 %");

/// The split with a canary at this weight, derived from the one before.
fn with_canary(
    before: &Ownership,
    stable: VersionIndex,
    canary: VersionIndex,
    weight: Weight,
) -> Result<Ownership, Uncompilable> {
    let rest = Weight::from_bp(Weight::ALL.bp() - weight.bp()).ok_or(SHARES)?;
    before.rebalanced(&[(stable, rest), (canary, weight)]).ok_or(SHARES)
}

fn compile_rollout(site: &model::Site, rollout: &model::Rollout) -> Result<Rollout, Uncompilable> {
    let (stable, canary) = (site.stable, rollout.canary);
    let climb = |weights: &mut dyn Iterator<Item = Weight>| {
        let mut owners = Ownership::all(stable);
        for weight in weights {
            owners = with_canary(&owners, stable, canary, weight)?;
        }
        Ok(owners)
    };
    let strategy = match &rollout.ladder {
        Ladder::Random(rungs) => Strategy::Random(climb(&mut rungs.iter().take(rollout.step).copied())?),
        Ladder::Sequential(rungs) => {
            let last = rungs.iter().take(rollout.step).next_back();
            let of = climb(&mut rungs.iter().take(rollout.step).map(|rung| rung.of))?;
            Strategy::Sequential(Enrolment { first: last.map_or(0, |rung| rung.first), of })
        }
        Ladder::Geographic(rungs) => {
            let mut areas: Vec<&Area> = rungs.iter().take(rollout.step).flatten().map(|opened| &opened.0).collect();
            // `Area` orders from the most to the least specific, so the first wave that holds a place decides.
            areas.sort();
            areas.dedup();
            let mut waves = Vec::with_capacity(areas.len());
            for area in areas {
                let weights = rungs.iter().take(rollout.step).flatten().filter(|opened| opened.0 == *area);
                waves.push(Wave {
                    place: place(area),
                    owners: climb(&mut weights.map(|opened| opened.1))?,
                    name: area.to_string(),
                });
            }
            Strategy::Geographic(waves)
        }
    };
    Ok(Rollout {
        salt: format!("{}/rollout/{}", site.name, rollout.id),
        canary,
        newcomers_only: rollout.visitors == Visitors::New,
        strategy,
    })
}

fn compile_rule(site: &model::Site, rule: &model::Rule, before: Option<&Site>) -> Result<Rule, Uncompilable> {
    let first = || Ownership::first(&rule.split).ok_or(SHARES);
    let owners = match before.and_then(|site| Some((site, site.rules.iter().find(|other| other.name == rule.name)?))) {
        Some((old_site, old)) => renumbered(&old.owners, old_site, site).rebalanced(&rule.split).ok_or(SHARES)?,
        None => first()?,
    };
    Ok(Rule { name: rule.name.clone(), salt: format!("{}/rule/{}", site.name, rule.name), when: condition(&rule.when), owners })
}

/// A split of an earlier plan in this config's version numbers; versions that are gone get a number nobody has.
fn renumbered(owners: &Ownership, old: &Site, new: &model::Site) -> Ownership {
    owners.renamed(|index| {
        let id = old.version(index).map(|version| version.id.as_str());
        let at = new.versions.iter().position(|version| Some(version.id.as_str()) == id);
        VersionIndex(at.map_or(u8::MAX, |at| at as u8))
    })
}

fn condition(when: &model::Condition) -> Condition {
    use model::Condition as When;
    let lower = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect();
    match when {
        When::Always => Condition::All(Vec::new()),
        When::All(parts) => Condition::All(parts.iter().map(condition).collect()),
        When::Any(parts) => Condition::Any(parts.iter().map(condition).collect()),
        When::Not(part) => Condition::Not(Box::new(condition(part))),
        When::Area(areas) => Condition::Place(areas.iter().map(place).collect()),
        When::City(names) => Condition::City(lower(names)),
        When::Path(globs) => Condition::Path(globs.clone()),
        When::Host(globs) => Condition::Host(globs.clone()),
        When::Query(name, globs) => Condition::Query(name.clone(), globs.clone()),
        When::Header(name, globs) => Condition::Header(name.clone(), globs.clone()),
        When::Cookie(name, globs) => Condition::Cookie(name.clone(), globs.clone()),
        When::Language(ranges) => Condition::Language(lower(ranges)),
        When::Device(classes) => Condition::Device(classes.clone()),
        When::Bot(wanted) => Condition::Bot(*wanted),
    }
}

fn place(area: &Area) -> Place {
    let set = |codes: &mut dyn Iterator<Item = String>| {
        let mut countries = Countries::default();
        for code in codes {
            countries.insert(&code);
        }
        Place::Countries(countries)
    };
    match area {
        Area::Colo(colo) => Place::Colo(colo.clone()),
        Area::Region(country, region) => Place::Region(country.clone(), region.clone()),
        Area::Country(country) => set(&mut std::iter::once(country.clone())),
        Area::EuropeanUnion => set(&mut territory::eu_members().map(|country| country.code.to_owned())),
        Area::Continent(code) => set(&mut territory::continent_members(code).map(|country| country.code.to_owned())),
        Area::Elsewhere => Place::Known,
        Area::Unknown => Place::Unknown,
    }
}

#[cfg(test)]
mod tests;
