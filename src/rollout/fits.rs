//! Whether an offer is one that the checker could have made, for what was deployed.
//!
//! A published config comes compiled, over the network, from whoever has a token: nothing in it is believed. Odds are what error
//! probabilities rest on, so they are derived from the splits again; splits may only grow; and whatever the checker keeps
//! within a range has to be in it.

use super::offer::{Ladder, MOST_VERSIONS, Offer, Rung};
use super::policy::{Guard, Policy};
use crate::plan::{Site, Strategy, Stratum, Wave};
use crate::slot::{Ownership, VersionIndex};

/// Steps of a rollout, at most: strata grow as their square.
pub const MOST_STEPS: usize = 24;
/// With those between them, at which a pace may stop.
const MOST_RUNGS: usize = 1000;
/// Guards of a rollout, at most.
pub const MOST_GUARDS: usize = 32;
/// Bounds of what a policy says; see the config's own, which a test holds to these.
pub const FALSE_ROLLBACK_BP: (u16, u16) = (1, 2000);
/// See [`FALSE_ROLLBACK_BP`].
pub const FALSE_PROMOTION_BP: (u16, u16) = (1, 5000);
/// See [`FALSE_ROLLBACK_BP`].
pub const LIMIT_BP: (u16, u16) = (1, 9999);
/// See [`FALSE_ROLLBACK_BP`].
pub const WEIGHT: (u16, u16) = (1, 100);
/// See [`FALSE_ROLLBACK_BP`].
pub const NETWORKS: (u64, u64) = (1, 1000);
/// See [`FALSE_ROLLBACK_BP`].
pub const DEADLINE_S: (u32, u32) = (3600, YEAR_S);
/// See [`FALSE_ROLLBACK_BP`].
pub const EVERY_S: (u32, u32) = (600, 30 * 86_400);
const YEAR_S: u32 = 365 * 86_400;
const ALL_BP: u16 = 10_000;

impl Offer {
    /// Whether it is one for what was deployed: the same site, with versions that were deployed as they were and further ones only
    /// from origins that the deployed config allows, and a rollout that the checker could have made. The error is for a person.
    pub fn fits(&self, deployed: &Self) -> Result<(), String> {
        if self.site.name != deployed.site.name {
            return Err(format!("this is a config of `{}`, and the site is `{}`", self.site.name, deployed.site.name));
        }
        for version in &self.site.versions {
            let id = &version.id;
            match deployed.site.find(id).and_then(|at| deployed.site.version(at)) {
                Some(known) if known == version => {}
                Some(_) => {
                    return Err(format!(
                        "version `{id}` was deployed with another origin or other options: a version is one build and stays what it \
                         is; give the new one an id of its own, or deploy it (`make deploy`)"
                    ));
                }
                None => deployed.allows(&version.origin).map_err(|why| format!("version `{id}` was not deployed, and {why}"))?,
            }
        }
        let ids = self.site.versions.iter().map(|version| &version.id).collect::<std::collections::BTreeSet<_>>();
        if ids.len() < self.site.versions.len() || self.site.versions.len() > MOST_VERSIONS {
            return Err(format!("it names a version twice, or more than {MOST_VERSIONS}"));
        }
        let (place, theirs) = (deployed.site.feedback.place(), self.site.feedback.place());
        if place != theirs {
            return Err(format!(
                "its objects are in the jurisdiction `{theirs}`, and deployed is `{place}`: another jurisdiction means other \
                 objects, which begin anew; deploy it (`make deploy`)"
            ));
        }
        self.site.check()?;
        if self.site.rollout.is_some() || self.site.is_off || !self.site.quarantined.is_empty() {
            return Err(made("the site stands still in it, and its rollout is beside it"));
        }
        self.rollout.as_ref().map_or(Ok(()), |ladder| ladder.check(&self.site).map_err(|why| made(&why)))
    }
}

/// What a person is told: it was not the command line that made this.
fn made(why: &str) -> String {
    format!("it is not one that `halftone publish` makes: {why}")
}

impl Ladder {
    fn check(&self, site: &Site) -> Result<(), String> {
        if usize::from(self.canary.0) >= site.versions.len() || self.canary == site.stable {
            return Err("the canary of its rollout is another version than stable, one of the site's".to_owned());
        }
        if self.id.is_empty() || self.salt != format!("{}/rollout/{}", site.name, self.id) {
            return Err("the salt of its rollout is not made of the names of site and rollout".to_owned());
        }
        // Between two steps a pace may stop at others.
        let steps = self.rungs.iter().filter(|rung| !rung.between).count();
        if self.rungs.is_empty() || steps > MOST_STEPS || self.rungs.len() > MOST_RUNGS {
            return Err(format!("its rollout has {steps} steps, and 1 to {MOST_STEPS} are allowed"));
        }
        if self.from > self.last() {
            return Err(format!("its rollout begins at step {}, and there are {}", self.from, self.last()));
        }
        for (at, rung) in self.rungs.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| self.rungs.get(before));
            let climbed = self.rungs.get(..=at).unwrap_or_default();
            rung.check(before, climbed, self.canary, site.stable).map_err(|why| format!("step {} {why}", at + 1))?;
        }
        let is_random = self.rungs.iter().all(|rung| matches!(rung.strategy, Strategy::Random(_)));
        if self.policy.optimise.is_some() && !is_random {
            return Err("it optimises a goal, and its strategy is not the random one".to_owned());
        }
        self.policy.check()
    }
}

impl Rung {
    fn check(&self, before: Option<&Self>, climbed: &[Self], canary: VersionIndex, stable: VersionIndex) -> Result<(), String> {
        if self.hold_s > YEAR_S {
            return Err("is held for more than a year".to_owned());
        }
        if !self.strategy.owners().all(|owner| owner == canary || owner == stable) {
            return Err("gives visitors to a third version".to_owned());
        }
        if let (Some(Strategy::Sequential(before)), Strategy::Sequential(now)) =
            (before.map(|rung| &rung.strategy), &self.strategy)
            && now.first < before.first
        {
            return Err("enrols fewer visitors than the step before".to_owned());
        }
        let names: Vec<&str> = waves(&self.strategy).iter().map(|wave| wave.name.as_str()).collect();
        if names.iter().enumerate().any(|(at, name)| name.is_empty() || names.iter().take(at).any(|other| other == name)) {
            return Err("names an area twice, or one without a name".to_owned());
        }
        if let Some(before) = before {
            if std::mem::discriminant(&before.strategy) != std::mem::discriminant(&self.strategy) {
                return Err("is of another strategy than the step before".to_owned());
            }
            for wave in waves(&before.strategy) {
                if !waves(&self.strategy).iter().any(|now| now.name == wave.name && now.place == wave.place) {
                    return Err(format!("leaves out {}, which the step before opened", wave.name));
                }
            }
        }
        let mut strata = Vec::new();
        for name in if names.is_empty() { vec![""] } else { names } {
            let splits: Vec<Ownership> = climbed.iter().map(|rung| split(&rung.strategy, name, stable)).collect();
            if let [.., before, now] = splits.as_slice()
                && now.odds(canary, stable, Some((before, canary))).canary != before.share(canary).bp()
            {
                let there = if name.is_empty() { String::new() } else { format!(" in {name}") };
                return Err(format!("takes the canary from visitors who had it on the step before{there}"));
            }
            strata.push(Stratum::new(name, &splits, canary, stable));
        }
        // What the evidence is weighed by.
        if strata == self.strata { Ok(()) } else { Err("has other odds than its splits".to_owned()) }
    }
}

fn waves(strategy: &Strategy) -> &[Wave] {
    if let Strategy::Geographic(waves) = strategy { waves } else { &[] }
}

/// The split of a step, in an area if it has areas: all stable's before the area's first.
fn split(strategy: &Strategy, name: &str, stable: VersionIndex) -> Ownership {
    match strategy {
        Strategy::Random(owners) => owners.clone(),
        Strategy::Sequential(enrolment) => enrolment.of.clone(),
        Strategy::Geographic(waves) => {
            waves.iter().find(|wave| wave.name == name).map_or_else(|| Ownership::all(stable), |wave| wave.owners.clone())
        }
    }
}

impl Policy {
    fn check(&self) -> Result<(), String> {
        fn within<T: PartialOrd + Copy + std::fmt::Display>(what: &str, found: T, (least, most): (T, T)) -> Result<(), String> {
            if found >= least && found <= most {
                return Ok(());
            }
            Err(format!("{what} is {found}, and {least} to {most} is allowed"))
        }
        within("`false_rollback_bp`", self.false_rollback_bp, FALSE_ROLLBACK_BP)?;
        within("`false_promotion_bp`", self.false_promotion_bp, FALSE_PROMOTION_BP)?;
        within("`least_networks`", self.least_networks, NETWORKS)?;
        within("`deadline_s`", self.deadline_s, DEADLINE_S)?;
        within("the number of guards", self.guards.len(), (1, MOST_GUARDS))?;
        for (at, guard) in self.guards.iter().enumerate() {
            let name = &guard.name;
            if Guard::usual(name).is_none() || self.guards.iter().take(at).any(|other| other.name == *name) {
                return Err(format!("`{name}` is no guard, or is there twice"));
            }
            let most = if guard.is_goal() { guard.limit_bp.saturating_sub(1) } else { ALL_BP };
            within(&format!("the margin of `{name}` in basis points"), guard.margin_bp, (0, most))?;
            within(&format!("the limit of `{name}` in basis points"), guard.limit_bp, LIMIT_BP)?;
            within(&format!("the absolute share of `{name}`"), guard.absolute_bp.unwrap_or(LIMIT_BP.0), LIMIT_BP)?;
            within(&format!("the weight of `{name}`"), guard.weight, WEIGHT)?;
        }
        if let Some(optimise) = &self.optimise {
            within("`every_s`", optimise.every_s, EVERY_S)?;
            if !self.guards.iter().any(|guard| guard.name == optimise.counter()) {
                return Err(format!("no guard counts the goal `{}` that it optimises", optimise.goal));
            }
        }
        // The guard that all others lean on: silence flatters.
        if self.guards.iter().any(|guard| guard.name == "missing" && guard.required) {
            return Ok(());
        }
        Err("the guard `missing` is not required, and nothing is safe before it is".to_owned())
    }
}
