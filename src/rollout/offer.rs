//! What a file or a published config offers: the site, and the rollout it wants with all its steps.
//!
//! The plan at the edge knows one step. The Controller moves along the whole ladder, and every rung of it was derived from
//! the one before when the config was compiled; what the Controller does is to choose.

use serde::{Deserialize, Serialize};

use super::announce::Hook;
use super::policy::Policy;
use super::state::Area;
use crate::glob::{Glob, Segments};
use crate::plan::{Live, Origin, Rollout, Site, Strategy, Stratum};
use crate::slot::{Ownership, VersionIndex, Weight};

/// What a config wants of one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The site without its rollout and its files; [`Site::stable`] is what the config calls stable.
    pub site: Site,
    /// The rollout, if it wants one.
    pub rollout: Option<Ladder>,
    /// Who is told of decisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// Patterns of origins from which a config published later may bring versions of its own; see [`Offer::fits`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<Glob>,
}

/// An offer as a build embeds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployed {
    /// What it wants.
    #[serde(flatten)]
    pub offer: Offer,
    /// The digest of the config that came last when the build was made, if that was asked; or [`NOTHING`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// No digest: what the first deploy of all was made over.
pub const NOTHING: &str = "nothing";

/// A rollout with all its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// Names the rollout.
    pub id: String,
    /// The salt of its first attempt.
    pub salt: String,
    /// The version under trial.
    pub canary: VersionIndex,
    /// Whether only visitors who arrive during the rollout are drawn.
    pub newcomers_only: bool,
    /// The rungs, at least one.
    pub rungs: Vec<Rung>,
    /// The step the config names: where it begins; 0 waits for a person.
    pub from: u16,
    /// What moves it.
    pub policy: Policy,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Who gets the canary.
    pub strategy: Strategy,
    /// With which odds; see [`Rollout::strata`].
    pub strata: Vec<Stratum>,
    /// The least time on it, seconds.
    pub hold_s: u32,
    /// The least number of visitors drawn on it.
    pub least_visitors: u64,
    /// Whether a person has to agree before the next.
    pub approval: bool,
    /// Whether the config has no such step: one to stop at on the way to a step that is too far yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub between: bool,
}

/// One bit for each in the index of files.
pub(super) const MOST_VERSIONS: usize = 63;

impl Offer {
    /// A number that stands for everything in it but the number of its revision.
    #[must_use]
    pub fn digest(&self) -> String {
        let site = Site { revision: 0, ..self.site.clone() };
        let text = serde_json::to_string(&Self { site, ..self.clone() }).unwrap_or_default();
        let halves = [8, 9].map(|seed| crate::slot::Murmur3::hash(seed, text.as_bytes()));
        format!("{:08x}{:08x}", halves[0], halves[1])
    }

    /// The same site among the versions that were deployed since, without its rollout. The error is for a person.
    pub fn carried(&self, deployed: &Self) -> Result<Self, String> {
        let mut places = Vec::with_capacity(self.site.versions.len());
        for version in &self.site.versions {
            let Some(at) = deployed.site.versions.iter().position(|theirs| theirs == version) else {
                let words = "is not deployed any more, or with another origin: deploy it again (`make deploy`), then restore";
                return Err(format!("its version {} {words}", version.id));
            };
            places.push(VersionIndex(u8::try_from(at).unwrap_or(u8::MAX)));
        }
        let place = |version: VersionIndex| places.get(usize::from(version.0)).copied().unwrap_or(version);
        let mut site = self.site.clone();
        site.versions.clone_from(&deployed.site.versions);
        site.stable = place(site.stable);
        site.rules.iter_mut().for_each(|rule| rule.owners = rule.owners.renamed(place));
        let carried = Self { site, rollout: None, ..self.clone() };
        carried.fits(deployed).map(|()| carried)
    }

    /// The same with another stable version, which nothing but the canary is tried against; `None` if it does not list it.
    #[must_use]
    pub fn onto(&self, stable: &str) -> Option<Self> {
        let (was, stable) = (self.site.stable, self.site.find(stable)?);
        let mut offer = self.clone();
        offer.site.stable = stable;
        offer.rollout = offer.rollout.filter(|ladder| ladder.canary != stable);
        for rung in offer.rollout.iter_mut().flat_map(|ladder| &mut ladder.rungs) {
            rung.strategy.own(|owners| owners.renamed(|owner| if owner == was { stable } else { owner }));
        }
        Some(offer)
    }

    /// Whether a config published later may bring a version from an origin; the error says why not.
    pub(super) fn allows(&self, origin: &Origin) -> Result<(), String> {
        let address = match origin {
            Origin::Url(origin, base) => format!("{origin}{base}/"),
            Origin::R2(binding, prefix) => format!("r2:{binding}/{prefix}"),
            Origin::Assets(_) | Origin::Zone(_) | Origin::Service(..) => {
                return Err(
                    "only `https:` and `r2:` origins can come without a deploy; deploy it first (`make deploy`)".to_owned()
                );
            }
        };
        // What could be taken for an end of the address, or leave it, is no part of it.
        let is_plain = !address.contains("..") && !address.contains(['?', '#', '\\', '@', '%']);
        if is_plain && self.allow_origins.iter().any(|glob| glob.matches(&address, Segments::Slash)) {
            return Ok(());
        }
        let allowed = self.allow_origins.iter().map(Glob::as_str).collect::<Vec<_>>().join(", ");
        let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed };
        Err(format!(
            "`{address}` is not among the origins that the deployed config allows (`allow_origins`: {allowed}); deploy it first \
             (`make deploy`)"
        ))
    }

    /// The id of a version of the site.
    #[must_use]
    pub fn id_of(&self, version: VersionIndex) -> &str {
        self.site.version(version).map_or("", |version| &version.id)
    }

    /// The id of the canary.
    #[must_use]
    pub fn canary(&self) -> Option<&str> {
        self.rollout.as_ref().map(|ladder| self.id_of(ladder.canary))
    }
}

impl Ladder {
    /// A step by its number, from 1.
    #[must_use]
    pub fn rung(&self, step: u16) -> Option<&Rung> {
        self.rungs.get(usize::from(step).checked_sub(1)?)
    }

    /// The last step's number.
    #[must_use]
    pub fn last(&self) -> u16 {
        u16::try_from(self.rungs.len()).unwrap_or(u16::MAX)
    }

    /// The areas that can go back by themselves: all that the steps give the canary, unless there is only one. An area's part is
    /// what the steps plan for it, added up.
    #[must_use]
    pub fn areas(&self) -> Vec<Area> {
        let mut areas: Vec<Area> = Vec::new();
        for rung in &self.rungs {
            let Strategy::Geographic(waves) = &rung.strategy else { continue };
            for wave in waves.iter().filter(|wave| wave.weight(self.canary).bp() > 0) {
                let part = u32::from(wave.weight(self.canary).bp());
                match areas.iter_mut().find(|area| area.name == wave.name) {
                    Some(area) => area.part += part,
                    None => areas.push(Area { name: wave.name.clone(), part }),
                }
            }
        }
        if areas.len() > 1 { areas } else { Vec::new() }
    }

    /// The salt of an attempt, from 1: every attempt draws anew.
    #[must_use]
    pub fn salt_of(&self, attempt: u32) -> String {
        if attempt <= 1 { self.salt.clone() } else { format!("{}/{attempt}", self.salt) }
    }

    /// The rollout as the edge serves it at a step of an attempt; areas in `back` get `stable`.
    #[must_use]
    pub fn at(&self, step: u16, attempt: u32, stable: VersionIndex, back: &[String]) -> Option<Rollout> {
        Some(self.given(self.rung(step)?, step, attempt, stable, back))
    }

    /// The same on any rung.
    #[must_use]
    pub fn given(&self, rung: &Rung, step: u16, attempt: u32, stable: VersionIndex, back: &[String]) -> Rollout {
        let (mut strategy, mut strata) = (rung.strategy.clone(), rung.strata.clone());
        if let Strategy::Geographic(waves) = &mut strategy {
            for (wave, stratum) in waves.iter_mut().zip(&mut strata) {
                if back.contains(&wave.name) {
                    wave.owners = Ownership::all(stable);
                    stratum.odds.iter_mut().for_each(|odds| odds.canary = 0);
                }
            }
        }
        Rollout { salt: self.salt_of(attempt), canary: self.canary, newcomers_only: self.newcomers_only, strategy, step, strata }
    }

    /// The number that stands for an attempt in cookies, tokens and tallies.
    #[must_use]
    pub fn tag(&self, attempt: u32) -> u32 {
        Rollout::tag_of(&self.salt_of(attempt))
    }
}

impl Rung {
    /// The canary's share of all visitors, where that is one number.
    #[must_use]
    pub fn weight(&self, canary: VersionIndex) -> Option<Weight> {
        match &self.strategy {
            Strategy::Random(owners) => Some(owners.share(canary)),
            Strategy::Sequential(_) | Strategy::Geographic(_) => None,
        }
    }

    /// Whether there is still a draw: after a step that gives everybody the canary, no evidence can come.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.strata.iter().flat_map(|stratum| &stratum.odds).any(|odds| odds.is_draw())
    }

    /// The names of the areas in which somebody gets the canary; empty where all are drawn together.
    pub fn open(&self) -> impl Iterator<Item = &str> {
        let given = |stratum: &&Stratum| !stratum.name.is_empty() && stratum.odds.iter().any(|odds| odds.canary > 0);
        self.strata.iter().filter(given).map(|stratum| stratum.name.as_str())
    }
}

/// The site as it is in force, ready to be sent.
#[must_use]
pub fn live(site: &Site) -> String {
    Live::of(site).write()
}
