//! From a valid config, the builds' file lists and the plan before it to the plan the edge serves from.
//!
//! Splits are derived, never drawn up from nothing: a ladder is climbed rung by rung from "all stable", a rule's split is
//! derived from the split the same rule had in the plan before, so that as few slots as possible change hands.

use std::collections::BTreeMap;

use super::files::Collision;
use super::{Condition, Countries, Enrolment, FileIndex, Place, Plan, Rollout, Rule, Site, Strategy, Stratum, Version, Wave};
use crate::config::model::{self, Area, Config, Ladder, Visitors};
use crate::config::territory;
use crate::rollout::offer::{Ladder as Rungs, Offer, Rung};
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
        sites.push(compile_site(site, listed, before, revision)?);
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

/// The sites in force as a plan to derive another from: each as the edge serves it, with its config. Rules have the shares that the
/// config gave them, whatever is in quarantine. `None` if none is in force.
pub fn in_force(config: &Config, listings: &Listings, live: &[(Site, &Offer)]) -> Result<Option<Plan>, Uncompilable> {
    if live.is_empty() {
        return Ok(None);
    }
    let of = |(serving, offer): &(Site, &Offer)| Site {
        rules: offer.site.rules.clone(),
        versions: offer.site.versions.clone(),
        ..serving.clone()
    };
    let sites = live.iter().map(of).collect();
    Ok(Some(Plan { sites, default_site: 0, ..compile(config, listings, None, 1)? }))
}

fn compile_site(
    site: &model::Site,
    listed: &[Option<BTreeMap<String, u64>>],
    before: Option<&Site>,
    revision: u64,
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
        revision,
        hosts: site.hosts.clone(),
        versions: versions.collect(),
        stable: site.stable,
        rollout: site
            .rollout
            .as_ref()
            .filter(|rollout| rollout.step > 0)
            .map(|rollout| compile_rollout(site, rollout, rollout.step))
            .transpose()?,
        is_off: false,
        quarantined: Vec::new(),
        rules,
        bots: site.bots,
        consent: site.consent.clone(),
        without_consent: site.without_consent,
        cookie: site.cookie.name.clone(),
        max_age_s: site.cookie.max_age_s,
        same_site: site.cookie.same_site,
        hashed: site.hashed.clone(),
        response_header: site.response_header,
        feedback: site.feedback.clone(),
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

/// What each site's config offers to its Controller: the site, and all steps of the rollout it wants.
pub fn offers(config: &Config, plan: &Plan) -> Result<Vec<Offer>, Uncompilable> {
    let with_plan = config.sites.iter().zip(&plan.sites);
    with_plan.map(|(site, compiled)| offer(site, compiled)).collect()
}

fn offer(site: &model::Site, compiled: &Site) -> Result<Offer, Uncompilable> {
    let ladder = |rollout: &model::Rollout| {
        let rungs = rollout.rungs.iter().enumerate().map(|(at, rung)| {
            let Rollout { strategy, strata, .. } = compile_rollout(site, rollout, at + 1)?;
            let model::Gate { hold_s, least_visitors, approval, between } = *rung;
            Ok(Rung { strategy, strata, hold_s, least_visitors, approval, between })
        });
        Ok(Rungs {
            id: rollout.id.clone(),
            salt: salt(site, rollout),
            canary: rollout.canary,
            newcomers_only: rollout.visitors == Visitors::New,
            rungs: rungs.collect::<Result<_, _>>()?,
            from: u16::try_from(rollout.step).unwrap_or(u16::MAX),
            policy: rollout.policy.clone(),
        })
    };
    let rollout = site.rollout.as_ref().map(ladder).transpose()?;
    Ok(Offer {
        site: Site { rollout: None, files: FileIndex::default(), ..compiled.clone() },
        rollout,
        hooks: site.webhooks.clone(),
        allow_origins: site.allow_origins.clone(),
    })
}

fn salt(site: &model::Site, rollout: &model::Rollout) -> String {
    format!("{}/rollout/{}", site.name, rollout.id)
}

fn compile_rollout(site: &model::Site, rollout: &model::Rollout, step: usize) -> Result<Rollout, Uncompilable> {
    let (stable, canary) = (site.stable, rollout.canary);
    // The split at each step up to the one in force, each derived from the one before.
    let climb = |weights: &mut dyn Iterator<Item = Weight>| {
        let mut steps: Vec<Ownership> = Vec::new();
        for weight in weights {
            let before = steps.last().cloned().unwrap_or_else(|| Ownership::all(stable));
            steps.push(with_canary(&before, stable, canary, weight)?);
        }
        Ok(steps)
    };
    let last = |steps: &[Ownership]| steps.last().cloned().unwrap_or_else(|| Ownership::all(stable));
    let stratum = |name: &str, steps: &[Ownership]| Stratum::new(name, steps, canary, stable);
    let mut strata = Vec::new();
    let strategy = match &rollout.ladder {
        Ladder::Random(rungs) => {
            let steps = climb(&mut rungs.iter().take(step).copied())?;
            strata.push(stratum("", &steps));
            Strategy::Random(last(&steps))
        }
        Ladder::Sequential(rungs) => {
            let first = rungs.iter().take(step).next_back().map_or(0, |rung| rung.first);
            let steps = climb(&mut rungs.iter().take(step).map(|rung| rung.of))?;
            strata.push(stratum("", &steps));
            Strategy::Sequential(Enrolment { first, of: last(&steps) })
        }
        Ladder::Geographic(rungs) => {
            let mut areas: Vec<&Area> = rungs.iter().take(step).flatten().map(|opened| &opened.0).collect();
            // `Area` orders from the most to the least specific, so the first wave that holds a place decides.
            areas.sort();
            areas.dedup();
            let mut waves = Vec::with_capacity(areas.len());
            for area in areas {
                // A step that does not name the area leaves it as it was: nobody's before its first.
                let mut weight = Weight::ZERO;
                let steps = climb(&mut rungs.iter().take(step).map(|rung| {
                    weight = rung.iter().find(|opened| opened.0 == *area).map_or(weight, |opened| opened.1);
                    weight
                }))?;
                let name = area.to_string();
                strata.push(stratum(&name, &steps));
                waves.push(Wave { place: place(area), owners: last(&steps), name });
            }
            Strategy::Geographic(waves)
        }
    };
    Ok(Rollout {
        salt: salt(site, rollout),
        canary,
        newcomers_only: rollout.visitors == Visitors::New,
        strategy,
        step: u16::try_from(step).unwrap_or(u16::MAX),
        strata,
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
