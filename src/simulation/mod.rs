//! Visitors that nobody is: a [`population`] through the decision of the edge, and whole rollouts of a made-up site, through the
//! real rules of the intake and the real control.
//!
//! A [`World`] says who comes and what goes wrong, [`SCENARIOS`] are worlds worth trying; [`ramp()`] runs one rollout in one from
//! the deploy to its end, and beside it the best that anybody could do. The rules are not copied: visitors are drawn by
//! [`crate::beacon::draw`] from the compiled ladder, their pages are rows that [`crate::beacon::fold`] counts, their votes pass the
//! ledger's [`crate::beacon::ledger::takes`], and [`crate::rollout::step`] decides; only looks of which it is certain that they would
//! decide nothing are not made, and a test makes them all the same. The same seed gives the same ramp. Native only.

mod best;
mod ledger;
pub mod population;
mod ramp;
mod random;
mod scenarios;
mod shapes;
mod visitors;
mod world;

pub use ramp::{End, Ramp, ramp};
pub use scenarios::{SCENARIOS, Scenario, Wanted, digest};
pub use world::{Fault, World};
