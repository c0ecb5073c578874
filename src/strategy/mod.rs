//! The three ways to choose visitors for the canary: `random` by slot, `sequential` by order of arrival, `geographic`
//! by area and then by slot.
//!
//! Each answers one question from values alone: which version does this visitor get at the step in force? None of them
//! knows rules, previews or cookies; what must not change under a visitor arrives as kept facts.

pub mod geographic;
pub mod random;
pub mod sequential;
