//! Where a site stands: what is stable, which rollout runs, on which step, since when, and what it has come from.
//!
//! All of it is plain data and written as JSON: it is the row the Controller keeps, the thing a revision restores, and what a
//! replay compares.

use serde::{Deserialize, Serialize};

use super::calendar::{Bar, Freeze};
use super::offer::{Ladder, Offer, Rung};
use super::policy::Policy;
use super::tally::{Outcome, Tally, order};
use crate::slot::Odds;

/// The format of a state as it is written. What format 1 has not is as if it were empty.
pub const FORMAT: u32 = 2;

/// A site under control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// [`FORMAT`].
    pub format: u32,
    /// The revision in force.
    pub revision: u64,
    /// The config in force.
    pub offer: Offer,
    /// A config that waits until the running rollout is over.
    pub queued: Option<Box<Offer>>,
    /// The id of the version trusted now.
    pub stable: String,
    /// Where the rollout is.
    pub phase: Phase,
    /// The attempt that runs, or the last one.
    pub run: Option<Run>,
    /// Rollouts that are over.
    pub over: Vec<Over>,
    /// Versions that nobody gets until a person clears them.
    pub quarantine: Vec<Quarantine>,
    /// Switched off: everybody gets stable and nothing is written.
    pub is_off: bool,
    /// A person has said that nothing goes forward until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Freeze>,
}

/// Where a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// There is none.
    Idle,
    /// It draws nobody yet.
    Scheduled,
    /// It moves by evidence.
    Ramping,
    /// It stands, and for this reason.
    Held(Held),
    /// A person has stopped it where it is.
    Paused,
    /// Its canary is the stable version.
    Promoted,
    /// Its canary was found harmful, or a person said so.
    RolledBack,
    /// It ended without a verdict.
    Aborted,
}

impl Phase {
    /// As people are told of it: its name alone.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Scheduled => "scheduled",
            Self::Ramping => "ramping",
            Self::Held(_) => "held",
            Self::Paused => "paused",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
            Self::Aborted => "aborted",
        }
    }
}

/// Why a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The arms are not of the sizes that were drawn.
    SampleRatio,
    /// It looks harmful, but all of it comes from few networks.
    FewNetworks,
    /// It looks harmful, amid more votes than their networks may have.
    Inflow,
    /// Nothing is heard from pages.
    Silent,
    /// Time is up.
    Deadline,
    /// An area has gone back; promoting would bring it the canary again.
    AreaBack,
}

impl Held {
    /// Whether only a person can end it; otherwise it ends with its cause.
    #[must_use]
    pub fn needs_a_person(self) -> bool {
        matches!(self, Self::SampleRatio | Self::Deadline | Self::AreaBack)
    }
}

/// One attempt of a rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The rollout's id.
    pub id: String,
    /// Its canary's id.
    pub canary: String,
    /// From 1; every attempt draws anew.
    pub attempt: u32,
    /// What moves it, as it was when it started.
    pub policy: Policy,
    /// When it started, ms.
    pub started_ms: u64,
    /// The step it is on, from 1; 0 while it is scheduled.
    pub step: u16,
    /// Since when, ms.
    pub since_ms: u64,
    /// Evidence of harm is counted from each of these on.
    pub starts: Vec<Start>,
    /// What stable was like before each step.
    pub before: Vec<Before>,
    /// Areas that can go back by themselves, as they were when it started: their parts of the error probability are spent.
    #[serde(default)]
    pub areas: Vec<Area>,
    /// Areas that have gone back.
    pub areas_back: Vec<String>,
    /// A person agreed to leave the step.
    pub is_approved: bool,
    /// A person has looked at the sample ratio and goes on.
    pub is_ratio_accepted: bool,
    /// Every required guard was safe on the last step with a draw.
    pub is_shown_safe: bool,
    /// The period it is in, behind the ladder's steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Box<Period>>,
    /// A person has given it more time: the deadline counts from here, ms.
    pub deadline_from_ms: u64,
}

/// A time in which a goal says how many visitors each version gets, see [`super::optimise`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// The step of the first one.
    pub first: u16,
    /// Who gets what.
    pub rung: Rung,
}

/// An area that can go back by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Its name.
    pub name: String,
    /// Its part of the probability of a false rollback, beside the others' parts: its share of what the steps plan.
    pub part: u32,
}

/// Where evidence of harm begins to be counted anew: bad events of both arms so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// When, ms.
    pub at_ms: u64,
    /// By stratum, as [`Tally::strata`] is sorted: what is taken off what is counted later.
    pub counts: Vec<Counted>,
}

/// The bad events of a stratum at a time, canary and stable for each guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// See [`super::tally::Stratum::key`].
    pub key: (u16, String, Odds),
    /// Canary and stable, for each guard.
    pub bad: Vec<(u64, u64)>,
}

/// What stable was like in the steps before one, for each guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The step.
    pub step: u16,
    /// Stable's trials before it.
    pub stable: Vec<Outcome>,
}

/// A rollout that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// Its id.
    pub id: String,
    /// Its canary's id.
    pub canary: String,
    /// Attempts made.
    pub attempts: u32,
    /// How it ended.
    pub phase: Phase,
}

/// A version that nobody gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Its id.
    pub version: String,
    /// Since when, ms.
    pub since_ms: u64,
    /// Why, in words.
    pub why: String,
}

/// What a revision can be restored to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The config.
    pub offer: Offer,
    /// The stable version's id.
    pub stable: String,
}

impl State {
    /// Reads a state as it was written. The error is for a person: another format than these is not guessed at.
    pub fn read(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let unread = |error: serde_json::Error| format!("it is cut off or garbled: {error}");
        let Head { format } = serde_json::from_str(text).map_err(unread)?;
        if !(1..=FORMAT).contains(&format) {
            return Err(format!("it is of format {format}, and this build reads 1 to {FORMAT}: deploy the build that wrote it"));
        }
        Ok(Self { format: FORMAT, ..serde_json::from_str(text).map_err(unread)? })
    }

    /// Whether a rollout is under way, moving or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Scheduled | Phase::Ramping | Phase::Held(_) | Phase::Paused)
    }

    /// Whether the canary is being given to somebody.
    #[must_use]
    pub fn is_drawing(&self) -> bool {
        matches!(self.phase, Phase::Ramping | Phase::Held(_) | Phase::Paused)
    }

    /// The config that came last: the one that waits, or the one in force. Who brings another has to have seen it.
    #[must_use]
    pub fn newest(&self) -> &Offer {
        self.queued.as_deref().unwrap_or(&self.offer)
    }

    /// Whether the rollout has yet to begin and does so by itself, when it may.
    #[must_use]
    pub fn is_waiting_to_begin(&self) -> bool {
        self.phase == Phase::Scheduled && !self.is_off && self.offer.rollout.as_ref().is_some_and(|ladder| ladder.from > 0)
    }

    /// What bars the way forward now.
    #[must_use]
    pub fn bar(&self, now_ms: u64) -> Option<Bar> {
        self.run.as_ref()?.policy.calendar.bar(self.freeze.as_ref(), now_ms)
    }

    /// When the evidence has to be looked at next though nothing is reported: as often as ever while a rollout draws (`Some(0)`), or
    /// when it may begin; never if there is nothing to decide.
    #[must_use]
    pub fn wakes_ms(&self, now_ms: u64) -> Option<u64> {
        if self.is_drawing() {
            return Some(0);
        }
        self.is_waiting_to_begin().then(|| self.bar(now_ms).map_or(0, |bar| bar.until_ms()))
    }

    /// Whether a version is in quarantine.
    #[must_use]
    pub fn is_quarantined(&self, version: &str) -> bool {
        self.quarantine.iter().any(|one| one.version == version)
    }

    /// What this revision can be restored to later.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing { offer: self.offer.clone(), stable: self.stable.clone() }
    }
}

impl Run {
    /// The rung it stands on: its period's, or its step's of the ladder.
    #[must_use]
    pub fn rung<'a>(&'a self, ladder: &'a Ladder) -> Option<&'a Rung> {
        self.period.as_ref().map_or_else(|| ladder.rung(self.step), |period| Some(&period.rung))
    }
}

impl Start {
    /// Now.
    #[must_use]
    pub fn new(at_ms: u64, tally: &Tally, guards: &[super::policy::Guard]) -> Self {
        let counts = tally.strata.iter().map(|stratum| {
            let bad = (0..guards.len()).map(|at| (events(stratum.canary.outcome(at)), events(stratum.stable.outcome(at))));
            Counted { key: (stratum.step, stratum.place.clone(), stratum.odds), bad: bad.collect() }
        });
        Self { at_ms, counts: counts.collect() }
    }

    /// What had been counted of a stratum and guard: canary, stable.
    #[must_use]
    pub fn bad(&self, key: (u16, &str, Odds), guard: usize) -> (u64, u64) {
        let at = self.counts.binary_search_by(|counted| order((counted.key.0, &counted.key.1, counted.key.2), key));
        at.ok().and_then(|at| self.counts.get(at)?.bad.get(guard).copied()).unwrap_or_default()
    }
}

/// The events by which harm is judged: votes, of which no network has more than its share. For missing pages only trials vote.
#[must_use]
pub fn events(outcome: Outcome) -> u64 {
    outcome.votes
}
