//! (plan, visitor, request facts) to version and why: the one place where precedence stands.
//!
//! Preview > rule > rollout > stable. Previews are opened before ([`crate::preview`]); the rest is decided here from
//! values alone: the same visitor, plan and kept facts give the same version in every isolate. No floats, no
//! allocation, no clock.

use crate::plan::condition::Asked;
use crate::plan::{Rollout, Site, Strategy};
use crate::slot::{Slot, VersionIndex};
use crate::strategy::{geographic, random, sequential};
use crate::visitor::cookie::Arm;

/// Why a visitor gets a version, as the `halftone` header says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A signed preview link.
    Preview,
    /// A rule's split.
    Rule,
    /// The rollout drew the canary.
    Canary,
    /// The rollout drew stable, or nothing else applies.
    Stable,
    /// A listed bot, where bots get stable.
    Bot,
    /// No consent, where that means stable.
    Consent,
    /// Only newcomers are drawn, and this visitor was here before.
    Resident,
    /// The version their page came from (subresources).
    Page,
    /// Another version has the file (subresources).
    Skew,
    /// The canary failed, stable answered.
    Fallback,
    /// Nothing is split: no keys, or switched off.
    Off,
}

impl Why {
    /// The word in the header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Rule => "rule",
            Self::Canary => "canary",
            Self::Stable => "stable",
            Self::Bot => "bot",
            Self::Consent => "consent",
            Self::Resident => "resident",
            Self::Page => "page",
            Self::Skew => "skew",
            Self::Fallback => "fallback",
            Self::Off => "off",
        }
    }
}

/// A version and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Which version.
    pub version: VersionIndex,
    /// Why this one.
    pub why: Why,
    /// Which split it came out of.
    pub by: By,
}

impl Assignment {
    /// A version that nothing drew.
    #[must_use]
    pub fn undrawn(version: VersionIndex, why: Why) -> Self {
        Self { version, why, by: By::Nothing }
    }
}

/// The split a version came out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// None: it was fixed, or nothing is split.
    Nothing,
    /// That of the site's rule with this index.
    Rule(usize),
    /// That of the rollout's stratum with this index.
    Stratum(usize),
}

/// What the assignment needs to know of a visitor, kept facts first.
pub trait Subject {
    /// The key of their slots.
    fn key(&self) -> &str;
    /// The arm fixed at arrival, where only newcomers are drawn.
    fn arm(&self) -> Option<Arm>;
    /// The version their last page came from.
    fn served(&self) -> Option<VersionIndex>;
    /// Their place in the order of arrival; asked only when the rollout decides and is sequential.
    fn ticket(&mut self) -> Option<u64>;
}

/// The version of a visitor.
pub fn assign(site: &Site, asked: &impl Asked, subject: &mut impl Subject) -> Assignment {
    if let Some((at, rule)) = site.rules.iter().enumerate().find(|(_, rule)| rule.when.holds(asked)) {
        let version = rule.owners.owner(Slot::of(&rule.salt, subject.key().as_bytes()));
        return Assignment { version, why: Why::Rule, by: By::Rule(at) };
    }
    match &site.rollout {
        Some(rollout) => by_rollout(site, rollout, asked, subject),
        None => Assignment::undrawn(site.stable, Why::Stable),
    }
}

fn by_rollout(site: &Site, rollout: &Rollout, asked: &impl Asked, subject: &mut impl Subject) -> Assignment {
    // The arm was drawn at arrival, in the stratum of the place that is kept with it.
    let stratum = || match &rollout.strategy {
        Strategy::Geographic(waves) => geographic::wave(waves, &asked.geo()).map(|(at, _)| at),
        _ => Some(0),
    };
    let by = |at: Option<usize>| at.map_or(By::Nothing, By::Stratum);
    match subject.arm() {
        Some(Arm::Canary) if rollout.newcomers_only => {
            return Assignment { version: rollout.canary, why: Why::Canary, by: by(stratum()) };
        }
        Some(Arm::Stable) if rollout.newcomers_only => {
            return Assignment { version: site.stable, why: Why::Stable, by: by(stratum()) };
        }
        Some(Arm::Resident) if rollout.newcomers_only => {
            let theirs = subject.served().filter(|&version| version != rollout.canary);
            return Assignment::undrawn(theirs.unwrap_or(site.stable), Why::Resident);
        }
        _ => {}
    }
    let drawn = match &rollout.strategy {
        Strategy::Random(owners) => Some((0, random::version(owners, &rollout.salt, subject.key()))),
        Strategy::Geographic(waves) => geographic::version(waves, &asked.geo(), &rollout.salt, subject.key()),
        Strategy::Sequential(enrolment) => {
            let ticket = subject.ticket();
            sequential::version(enrolment, ticket, &rollout.salt, subject.key()).map(|version| (0, version))
        }
    };
    let version = drawn.map_or(site.stable, |(_, version)| version);
    let why = if version == rollout.canary { Why::Canary } else { Why::Stable };
    Assignment { version, why, by: by(drawn.map(|(at, _)| at)) }
}
