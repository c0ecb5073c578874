//! What an isolate keeps between requests: plan, keys and lease. A cache; a new isolate starts without it.

use std::cell::RefCell;

use crate::decide::Edge;
use crate::plan::Plan;
use crate::visitor::Keys;

thread_local! {
    static EDGE: RefCell<Option<Edge>> = const { RefCell::new(None) };
}

/// Takes a plan and keys into use.
pub fn load(plan: Plan, keys: Option<Keys>) {
    EDGE.with_borrow_mut(|state| {
        *state = Some(match state.take() {
            Some(mut edge) => {
                edge.replace_plan(plan);
                edge.keys = keys;
                edge
            }
            None => Edge::new(plan, keys),
        });
    });
}

/// Does something with the state, if there is one.
pub fn with(act: impl FnOnce(&mut Edge)) {
    EDGE.with_borrow_mut(|state| {
        if let Some(edge) = state.as_mut() {
            act(edge);
        }
    });
}
