//! What differs between two configs, and what a config would change if it came into force now. Nothing is done here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::describe::describe;
use super::event::{Decision, Event, Kind};
use super::offer::Offer;
use super::state::{Standing, State};
use super::{in_force, step};
use crate::plan::shares::{Class, classes};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Where: `rollout.steps.2.hold_s`.
    pub path: String,
    /// What it was; `null` if there was nothing.
    pub from: Value,
    /// What it is; `null` if there is nothing.
    pub to: Value,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The revision in force that it was compared with.
    pub revision: u64,
    /// What differs in the config.
    pub changes: Vec<Change>,
    /// What would be decided.
    pub decisions: Vec<Decision>,
    /// Who would get what, and who would move.
    pub classes: Vec<Class>,
}

/// What differs between what two revisions can be restored to.
#[must_use]
pub fn changes(from: &Standing, to: &Standing) -> Vec<Change> {
    compare(&describe(&from.offer, &from.stable), &describe(&to.offer, &to.stable))
}

/// What a config would change if it were published now.
#[must_use]
pub fn preview(state: &State, offer: &Offer, now_ms: u64) -> Preview {
    let from = &state.offer;
    let described = |offer: &Offer| describe(offer, offer.id_of(offer.site.stable));
    let mut next = state.clone();
    let event = Event::Offered { offer: Box::new(offer.clone()), by: String::new(), why: String::new(), parent: None };
    let mut decisions = step(&mut next, &event, now_ms).map(|outcome| outcome.decisions).unwrap_or_default();
    decisions.retain(|decision| decision.kind != Kind::Mark);
    Preview {
        revision: state.revision,
        changes: compare(&described(from), &described(offer)),
        decisions,
        classes: classes(&in_force(&next), Some(&in_force(state))),
    }
}

fn compare(from: &Value, to: &Value) -> Vec<Change> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(String::new(), from, &mut old);
    flatten(String::new(), to, &mut new);
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort();
    paths.dedup();
    let of = |all: &BTreeMap<String, Value>, path: &str| all.get(path).cloned().unwrap_or(Value::Null);
    let each = paths.into_iter().map(|path| Change { path: path.clone(), from: of(&old, path), to: of(&new, path) });
    each.filter(|change| change.from != change.to).collect()
}

/// Values by path. A list is one value.
fn flatten(path: String, value: &Value, all: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(path, member, all);
            }
        }
        value => {
            all.insert(path, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::tests::scene::{Story, offer};

    #[test]
    fn the_same_config_changes_nothing_and_moves_nobody() {
        let story = Story::begin();
        let preview = preview(&story.state, &offer(), story.now_ms);
        assert_eq!((preview.changes, preview.decisions), (Vec::new(), Vec::new()));
        assert!(preview.classes.iter().all(|class| class.moves == Some(0.0)));
    }

    #[test]
    fn what_would_change_is_named_by_its_place_and_who_would_move_is_counted() {
        let story = Story::begin();
        let mut next = offer();
        let ladder = next.rollout.as_mut().unwrap();
        ladder.from = 3;
        ladder.rungs[1].hold_s = 60;
        next.site.hosts.push("shop.example".to_owned());
        let preview = preview(&story.state, &next, story.now_ms);
        let shown: Vec<String> = preview.changes.iter().map(|one| format!("{}: {} → {}", one.path, one.from, one.to)).collect();
        let hosts = serde_json::json!(offer().site.hosts);
        let more = serde_json::json!(next.site.hosts);
        assert_eq!(
            shown,
            [format!("hosts: {hosts} → {more}"), "rollout.from: 1 → 3".to_owned(), "rollout.steps.2.hold_s: 600 → 60".to_owned()]
        );
        assert_eq!(preview.decisions[0].step, (1, 3));
        let everyone = preview.classes.last().unwrap();
        assert_eq!(everyone.moves, Some(24.0), "{everyone:?}");
        assert_eq!(story.at_step(), 1, "nothing was done");
    }
}
