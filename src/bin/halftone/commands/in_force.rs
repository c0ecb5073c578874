//! What a running Worker has in force, and this config compiled over it.

use halftone::config::{Builds, model::Config};
use halftone::plan::compile::{in_force, offers};
use halftone::plan::shares::{Class, classes};
use halftone::plan::{Live, Plan, Site};
use halftone::rollout::offer::Offer;
use halftone::rollout::state::Standing;
use halftone::rollout::{Change, changes};
use serde::{Deserialize, Serialize};

use super::Failure;
use super::admin::Admin;
use super::load::{listings, plan};
use super::paint::{BAD, GOOD, WARNING, painted};

/// One site as it is in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InForce {
    /// Its name.
    pub site: String,
    /// The revision.
    pub revision: u64,
    /// A number that stands for its config.
    pub config: String,
    /// And for the one that waits.
    pub queued_config: Option<String>,
    /// The config.
    pub offer: Offer,
    /// The site as the edge reads it.
    pub live: String,
    /// Versions that somebody gets, or will get by what waits.
    pub gives: Vec<String>,
}

impl InForce {
    /// Asks the Worker.
    pub fn ask(admin: &Admin) -> Result<Self, Failure> {
        let answer = admin.get("/api/v1/config")?;
        serde_json::from_str(&answer).map_err(|error| Failure::Other(format!("what is in force can not be read: {error}")))
    }

    /// The digest of the config that came last: the one that waits, or the one in force.
    pub fn newest(&self) -> &str {
        self.queued_config.as_deref().unwrap_or(&self.config)
    }

    /// The site as the edge serves it.
    pub fn serving(&self) -> Result<Site, Failure> {
        let live = Live::read(&self.live).map_err(|error| format!("what is in force can not be read: {error}"))?;
        Ok(live.into_site())
    }

    /// What another config has that this one has not, and the other way round.
    pub fn changes(&self, offer: &Offer) -> Vec<Change> {
        let standing = |offer: &Offer| Standing { offer: offer.clone(), stable: offer.id_of(offer.site.stable).to_owned() };
        changes(&standing(&self.offer), &standing(offer))
    }
}

/// A config compiled over what is in force: splits are derived from it, so that as few visitors as possible move.
pub struct Over {
    /// The plan of the file.
    pub plan: Plan,
    /// What it offers, site by site.
    pub offers: Vec<Offer>,
}

impl Over {
    pub fn compile(config: &Config, builds: &Builds, live: &[InForce]) -> Result<Self, Failure> {
        let previous = previous(config, builds, live)?;
        let revision = live.iter().map(|one| one.revision + 1).max().unwrap_or(1);
        let plan = plan(config, builds, previous.as_ref(), revision)?;
        let offers = offers(config, &plan).map_err(|error| error.to_string())?;
        Ok(Self { plan, offers })
    }

    /// What it offers one site.
    pub fn of(&self, site: &str) -> Result<&Offer, Failure> {
        self.offers.iter().find(|offer| offer.site.name == site).ok_or_else(|| {
            let names: Vec<&str> = self.offers.iter().map(|offer| offer.site.name.as_str()).collect();
            Failure::Other(format!("the config has no site `{site}`; its sites are {}", names.join(", ")))
        })
    }

    /// Who would get what, and who would move.
    pub fn classes(&self, live: &InForce) -> Result<Vec<Class>, Failure> {
        let Some(site) = self.plan.sites.iter().find(|site| site.name == live.site) else { return Ok(Vec::new()) };
        Ok(classes(site, Some(&live.serving()?)))
    }
}

/// The sites in force as a plan to derive another from.
fn previous(config: &Config, builds: &Builds, live: &[InForce]) -> Result<Option<Plan>, Failure> {
    let serving = live.iter().map(|one| Ok((one.serving()?, &one.offer))).collect::<Result<Vec<_>, Failure>>()?;
    in_force(config, &listings(config, builds), &serving).map_err(|error| Failure::Other(error.to_string()))
}

/// Prints what differs.
pub fn print(changes: &[Change]) {
    for Change { path, from, to } in changes {
        match (from.is_null(), to.is_null()) {
            (true, _) => anstream::println!("  {} {path}: {to}", painted("+", GOOD)),
            (_, true) => anstream::println!("  {} {path}: {from}", painted("-", BAD)),
            _ => anstream::println!("  {} {path}: {from} → {to}", painted("~", WARNING)),
        }
    }
}
