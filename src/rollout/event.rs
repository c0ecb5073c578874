//! What can happen to a rollout, and what comes of it.

use serde::{Deserialize, Serialize};

use super::offer::Offer;
use super::state::{Held, Standing};
use super::tally::Tally;
use super::verdict::{Reading, Verdict};

/// What happens to a site under control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A config is offered: by a deploy, or published by a person.
    Offered {
        /// What it wants.
        offer: Box<Offer>,
        /// Who brings it: `deploy`, or a person's name.
        by: String,
        /// Why, in their words.
        why: String,
        /// The digest of the config it was made over, if it says so: it is only taken while that one waits or, if none does, is in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
    },
    /// Time has passed, and this has been counted.
    Counted {
        /// All that was counted so far.
        tally: Tally,
    },
    /// A person asks for something.
    Asked {
        /// Who.
        by: String,
        /// Why, in their words.
        why: String,
        /// What.
        command: Command,
        /// They mean it though it is frozen or no window is open.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        overrides: bool,
    },
}

/// What a person can ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Makes the canary the stable version, whatever the evidence says.
    Promote,
    /// Goes one step further now.
    Advance,
    /// Stops where it is.
    Pause,
    /// Goes on.
    Resume,
    /// Gives everybody stable, and nobody the canary until it is cleared.
    RollBack,
    /// Ends the rollout without a verdict: everybody gets stable, the canary is not in quarantine.
    Abort,
    /// Agrees that the step is left.
    Approve,
    /// Starts the rollout that was aborted or rolled back again, with fresh draws.
    Retry,
    /// Takes a version out of quarantine.
    Clear {
        /// Its id.
        version: String,
    },
    /// Gives everybody stable and writes nothing, without ending the rollout.
    Off,
    /// Undoes [`Command::Off`].
    On,
    /// Lets nothing go forward for a time.
    Freeze {
        /// Until then, ms.
        until_ms: u64,
    },
    /// Undoes [`Command::Freeze`].
    Unfreeze,
    /// Goes back to what an earlier revision had.
    Restore {
        /// The revision's number.
        revision: u64,
        /// What it had.
        standing: Box<Standing>,
    },
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub kind: Kind,
    /// Who: `evidence`, `policy`, `deploy`, or a person's name.
    pub by: String,
    /// Why: one word for machines.
    pub code: String,
    /// Why, in words.
    pub reason: String,
    /// The step before and after.
    pub step: (u16, u16),
    /// The revision after it.
    pub revision: u64,
    /// What the evidence said, where it was asked.
    pub verdicts: Vec<Verdict>,
    /// The sample ratio, where it was asked.
    pub ratio: Option<Reading>,
}

/// The kinds of decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A config came into force; a rollout may have begun.
    Start,
    /// A config was not taken.
    Refuse,
    /// A config waits.
    Queue,
    /// The next step.
    Advance,
    /// It stands until its cause is gone.
    Hold,
    /// What held it is gone.
    Resume,
    /// A person has stopped it.
    Pause,
    /// A person agreed.
    Approve,
    /// The canary is stable now.
    Promote,
    /// The canary is withdrawn, everywhere or in one area.
    RollBack,
    /// It ended without a verdict.
    Abort,
    /// A version is out of quarantine.
    Clear,
    /// Switched off.
    Off,
    /// Switched on.
    On,
    /// Nothing goes forward for a time.
    Freeze,
    /// It may go forward again.
    Unfreeze,
    /// An earlier revision's site is in force again.
    Restore,
    /// Nothing anybody sees: evidence of harm is counted anew from here on, beside what was counted before.
    Mark,
}

/// What has to be done about a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The site in force has changed: the edge has to know.
    Publish,
    /// People may want to know.
    Announce,
}

/// What a step of the control came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What was decided, in order; empty if nothing has changed.
    pub decisions: Vec<Decision>,
    /// What has to be done.
    pub effects: Vec<Effect>,
    /// Every revision it came to, and what that can be restored to.
    pub standings: Vec<(u64, Standing)>,
}

/// Why a person's wish is not done. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// One word for machines.
    pub code: &'static str,
    /// For the person: what is so, and what can be done.
    pub message: String,
}

/// What a rollout waits for before it goes further.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Waiting {
    /// The least time on the step.
    Hold {
        /// Until then, ms.
        until_ms: u64,
    },
    /// The least number of visitors on the step.
    Visitors {
        /// Drawn so far.
        drawn: u64,
        /// Needed.
        least: u64,
    },
    /// Its start.
    Start {
        /// Until then, ms.
        until_ms: u64,
    },
    /// The end of a freeze.
    Freeze {
        /// Until then, ms.
        until_ms: u64,
        /// Why it is frozen.
        why: String,
    },
    /// A window in which it may go forward.
    Window {
        /// Until it opens, ms.
        until_ms: u64,
    },
    /// A person who agrees.
    Approval,
    /// Guards that are not safe yet.
    Safe {
        /// Which.
        guards: Vec<String>,
    },
    /// What is known of the harm: not even the next rung harms as little as its config allows.
    Pace {
        /// The weight that is allowed by now.
        allowed: String,
    },
    /// A person, who alone takes it forward.
    Person,
    /// What holds it.
    Held {
        /// Why.
        why: Held,
    },
}

impl From<super::calendar::Bar> for Waiting {
    fn from(bar: super::calendar::Bar) -> Self {
        use super::calendar::Bar;
        match bar {
            Bar::Start(until_ms) => Self::Start { until_ms },
            Bar::Freeze(until_ms, why) => Self::Freeze { until_ms, why },
            Bar::Window(until_ms) => Self::Window { until_ms },
        }
    }
}
