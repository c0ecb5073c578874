//! What moves a rollout: its guards, what they may cost, and what happens when time is up.
//!
//! Made from the config, fixed for a rollout when it starts. Shares are basis points and times are seconds, as everywhere;
//! they become floats only inside [`crate::evidence`].

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;

/// What decides about one rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What evidence may do by itself.
    pub decide: Decide,
    /// The rules on evidence, in the order in which they are shown.
    pub guards: Vec<Guard>,
    /// Probability of rolling back a build that is no worse, over the whole rollout, basis points.
    pub false_rollback_bp: u16,
    /// Probability of promoting a build that is worse than a required guard's limit, basis points.
    pub false_promotion_bp: u16,
    /// The canary's bad events come from so many networks, at least, before they can be harm.
    pub least_networks: u64,
    /// A rollout is to be over after so long.
    pub deadline_s: u32,
    /// What happens then.
    pub on_deadline: OnDeadline,
    /// What happens to a rollout when the file brings another canary.
    pub on_new_version: OnNewVersion,
    /// How many page views a step may harm; without it the ladder alone says how far a step goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// What says, once every required guard is safe, how many visitors each version gets; without it the canary is promoted then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimise: Option<Optimise>,
    /// When it may go forward.
    #[serde(default, skip_serializing_if = "Calendar::is_empty")]
    pub calendar: Calendar,
}

/// What a step may cost: evidence says how far it can go for that, see [`crate::evidence::pace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Page views that may be harmed in a step.
    pub harmed: u64,
    /// Page views that a step is expected to have.
    pub views: u64,
}

/// See [`super::optimise`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Optimise {
    /// The goal's name.
    pub goal: String,
    /// A period lasts so long at least, seconds.
    pub every_s: u32,
}

/// What evidence may do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decide {
    /// Forward and back.
    #[default]
    Auto,
    /// Back only; people take it forward.
    RollBack,
    /// Neither: it stands where people put it, and the verdicts are shown.
    Never,
}

/// What happens when the deadline has passed without a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadline {
    /// It waits for a person.
    #[default]
    Hold,
    /// It is promoted, by policy and not by evidence.
    Promote,
    /// It is rolled back, by policy and not by evidence.
    RollBack,
}

/// What happens to a running rollout when another canary is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnNewVersion {
    /// The running one is aborted and the new one starts.
    #[default]
    Replace,
    /// The new one starts when the running one is over.
    Queue,
    /// The new one is refused.
    Refuse,
}

/// One rule on evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// `missing`, `errors`, ..., or `goal.<name>`; the name of its counter.
    pub name: String,
    /// How much worse does not matter, basis points of the rate.
    pub margin_bp: u16,
    /// Its share of the probability of a false rollback, beside the others' shares.
    pub weight: u16,
    /// Whether there is no promotion without its saying safe.
    pub required: bool,
    /// What worse is excluded by safe: of `missing` the share of live pages that may be lost; of the others the difference in
    /// points. Basis points.
    pub limit_bp: u16,
    /// Where nobody has stable beside it, a share of bad trials above this is harm. Basis points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute_bp: Option<u16>,
}

/// The guards of a rollout whose config says nothing of them, with their margins, limits and whether they are required.
///
/// Interaction and layout matter less often than loading and errors, and a quarter worse is what a person may notice.
pub const USUAL: [(&str, u16, u16, bool); 8] = [
    ("missing", 1000, 500, true),
    ("errors", 1000, 50, true),
    ("origin_failure", 1000, 50, true),
    ("poor_lcp", 2500, 500, true),
    ("poor_inp", 2500, 500, true),
    ("poor_cls", 2500, 500, true),
    ("slow_fcp", 2500, 500, false),
    ("slow_ttfb", 2500, 500, false),
];

/// What a goal's guard begins with.
pub const GOAL: &str = "goal.";

impl Guard {
    /// A guard as it is unless the config says otherwise; `None` if there is none of this name.
    #[must_use]
    pub fn usual(name: &str) -> Option<Self> {
        let (margin_bp, limit_bp, required) = match USUAL.iter().find(|usual| usual.0 == name) {
            Some(&(_, margin, limit, required)) => (margin, limit, required),
            None if name.len() > GOAL.len() && name.starts_with(GOAL) => (500, 1000, false),
            None => return None,
        };
        Some(Self { name: name.to_owned(), margin_bp, weight: 1, required, limit_bp, absolute_bp: None })
    }

    /// Whether fewer events are the worse: a goal.
    #[must_use]
    pub fn is_goal(&self) -> bool {
        self.name.starts_with(GOAL)
    }
}

impl Optimise {
    /// The guard that counts the goal.
    #[must_use]
    pub fn counter(&self) -> String {
        format!("{GOAL}{}", self.goal)
    }
}

impl Policy {
    /// What decides where the config says nothing.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            decide: Decide::Auto,
            guards: USUAL.iter().filter(|usual| usual.3).filter_map(|usual| Guard::usual(usual.0)).collect(),
            false_rollback_bp: 100,
            false_promotion_bp: 500,
            least_networks: crate::beacon::ledger::LEAST_NETWORKS,
            deadline_s: 14 * 86_400,
            on_deadline: OnDeadline::Hold,
            on_new_version: OnNewVersion::Replace,
            pace: None,
            optimise: None,
            calendar: Calendar::default(),
        }
    }
}
