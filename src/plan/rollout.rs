//! The part of a site's plan that is about its rollout: who is drawn, by which strategy, and with which odds.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::slot::{Odds, Ownership, VersionIndex, Weight};

/// A rollout at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// The salt of its slots; kept facts in cookies belong to it.
    pub salt: String,
    /// The version under trial.
    pub canary: VersionIndex,
    /// Whether only visitors who arrive during the rollout are drawn.
    pub newcomers_only: bool,
    /// How visitors are chosen.
    pub strategy: Strategy,
    /// Which step is in force, from 1.
    pub step: u16,
    /// What is drawn apart: one stratum for each wave of the geographic strategy, one for all with the others.
    pub strata: Vec<Stratum>,
}

/// Visitors among whom one draw decides: the odds at the step in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// The area as the config names it; empty where all are drawn together.
    pub name: String,
    /// First the odds of a visitor who was never drawn, then at `j` those of one who was last drawn, as stable, at step
    /// `j`: only slots that were stable's then can be theirs.
    pub odds: Vec<Odds>,
}

impl Stratum {
    /// The stratum of a split, given the split at each step up to the one in force, which is the last.
    #[must_use]
    pub fn new(name: &str, steps: &[Ownership], canary: VersionIndex, stable: VersionIndex) -> Self {
        let Some((now, before)) = steps.split_last() else { return Self { name: name.to_owned(), odds: Vec::new() } };
        let first = now.odds(canary, stable, None);
        let later = before.iter().map(|then| now.odds(canary, stable, Some((then, stable))));
        Self { name: name.to_owned(), odds: std::iter::once(first).chain(later).collect() }
    }
}

/// How a rollout chooses visitors, at the step in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// By slot alone.
    Random(Ownership),
    /// By order of arrival.
    Sequential(Enrolment),
    /// By area, then by slot within it.
    Geographic(Vec<Wave>),
}

/// The sequential strategy's step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// At most so many visitors hold a ticket.
    pub first: u64,
    /// Who of the enrolled gets which version.
    pub of: Ownership,
}

/// One area of the geographic strategy with the split in force there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wave {
    /// Where; the first wave of a plan that holds the visitor's place decides.
    pub place: Place,
    /// Who gets which version there.
    pub owners: Ownership,
    /// The area as the config names it, for people.
    pub name: String,
}

impl Strategy {
    /// The versions that own slots in it, as often as they do.
    pub fn owners(&self) -> impl Iterator<Item = VersionIndex> {
        let (one, many): (Option<&Ownership>, &[Wave]) = match self {
            Self::Random(owners) => (Some(owners), &[]),
            Self::Sequential(enrolment) => (Some(&enrolment.of), &[]),
            Self::Geographic(waves) => (None, waves),
        };
        one.into_iter().chain(many.iter().map(|wave| &wave.owners)).flat_map(Ownership::owners)
    }

    /// Changes every split in it.
    pub(crate) fn own(&mut self, change: impl Fn(&Ownership) -> Ownership) {
        match self {
            Self::Random(owners) => *owners = change(owners),
            Self::Sequential(enrolment) => enrolment.of = change(&enrolment.of),
            Self::Geographic(waves) => waves.iter_mut().for_each(|wave| wave.owners = change(&wave.owners)),
        }
    }
}

impl Rollout {
    /// A number that stands for this rollout in cookies: the hash of its salt, never 0.
    #[must_use]
    pub fn tag(&self) -> u32 {
        Self::tag_of(&self.salt)
    }

    /// The number of the rollout with this salt.
    #[must_use]
    pub fn tag_of(salt: &str) -> u32 {
        crate::slot::Murmur3::hash(1, salt.as_bytes()).max(1)
    }
}

impl Wave {
    /// The canary's share in this wave.
    #[must_use]
    pub fn weight(&self, canary: VersionIndex) -> Weight {
        self.owners.share(canary)
    }
}
