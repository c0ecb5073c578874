//! The log of a site, and going through it again.
//!
//! Every event that changed something is an entry, with what was decided and a number that stands for the state after it.
//! From nothing and these events alone the same state has to come out, on any machine: that is what a replay shows.

use serde::{Deserialize, Serialize};

use super::event::{Decision, Event};
use super::state::State;
use super::step::{begin, step};
use crate::slot::Murmur3;

/// The rules by which events are decided. Another number decides otherwise: what it decided comes out the same only there.
pub const RULES: u32 = 4;

/// One event that changed something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// [`RULES`] when it was decided; 1 where it is not said.
    #[serde(default = "first_rules")]
    pub rules: u32,
    /// When, ms.
    pub at_ms: u64,
    /// What happened.
    pub event: Event,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// [`digest`] of the state after it.
    pub state: String,
}

fn first_rules() -> u32 {
    1
}

/// Where a replay came to something else than the log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The entry, from 1.
    pub entry: usize,
    /// What differs, in words.
    pub what: String,
}

/// A number that stands for a whole state.
#[must_use]
pub fn digest(state: &State) -> String {
    let text = serde_json::to_string(state).unwrap_or_default();
    let halves = [10, 11].map(|seed| Murmur3::hash(seed, text.as_bytes()));
    format!("{:08x}{:08x}", halves[0], halves[1])
}

/// The first thing in which decisions differ, in words.
fn difference(then: &[Decision], now: &[Decision]) -> Option<String> {
    if then == now {
        return None;
    }
    let shown = |decisions: &[Decision]| {
        let words = decisions.iter().map(|one| format!("{:?} ({}, revision {})", one.kind, one.code, one.revision));
        format!("[{}]", words.collect::<Vec<_>>().join(", "))
    };
    if shown(then) != shown(now) {
        return Some(format!("decided was {}, and now it is {}", shown(then), shown(now)));
    }
    let readings = |decisions: &[Decision]| -> Vec<String> {
        let verdicts = decisions.iter().flat_map(|one| &one.verdicts);
        verdicts.map(|one| format!("{} {}: harm {:?}, safe {:?}", one.guard, one.place, one.harm, one.safe)).collect()
    };
    let (then, now) = (readings(then), readings(now));
    let differing = then.iter().zip(&now).find(|(then, now)| then != now);
    Some(differing.map_or_else(
        || "the decisions have other words or other steps".to_owned(),
        |(then, now)| format!("the evidence was `{then}`, and now it is `{now}`"),
    ))
}

/// Goes through a log again. Gives the state it ends in, or the first difference.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Option<State>, Difference> {
    let mut state: Option<State> = None;
    for (at, entry) in entries.into_iter().enumerate() {
        let differs = |what: String| {
            let other = if entry.rules == RULES {
                String::new()
            } else {
                format!(
                    " (it was decided by rules {}, and this program has {RULES}: replay it with the program of that build)",
                    entry.rules
                )
            };
            Difference { entry: at + 1, what: what + &other }
        };
        if state.is_none() {
            let Event::Offered { offer, .. } = &entry.event else {
                return Err(differs("a log begins with a config, and this one does not".to_owned()));
            };
            state = Some(begin(offer));
        }
        let Some(state) = state.as_mut() else { continue };
        let outcome = step(state, &entry.event, entry.at_ms)
            .map_err(|refusal| differs(format!("what was done there is refused now: {}", refusal.message)))?;
        if let Some(what) = difference(&entry.decisions, &outcome.decisions) {
            return Err(differs(what));
        }
        let after = digest(state);
        if after != entry.state {
            return Err(differs(format!(
                "the decisions are the same, but the state after them is not ({after}, was {})",
                entry.state
            )));
        }
    }
    Ok(state)
}
