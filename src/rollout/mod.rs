//! Control of a rollout, pure: state and event in, state and decisions out.
//!
//! ```text
//! config ─offer─▶ ┐                     ┌─▶ site in force ─▶ edge
//! people ─ask───▶ ├─ step(state, event) ┤
//! ledger ─tally─▶ ┘      │              └─▶ log of events and decisions ─▶ replay
//!                     verdict (evidence)
//! ```
//!
//! ```text
//!  idle ─▶ scheduled ─▶ ramping ⇄ held(reason)      promoted ◀─ evidence or a person
//!                          ⇅                        rolled back ◀─ harm or a person (then quarantine)
//!                        paused                     aborted ◀─ a person, or another canary
//! ```
//!
//! Nothing here knows a clock, a database or a network: a month of rollout runs in a test in a millisecond. Integers only,
//! but for e-values, which [`crate::evidence`] makes the same everywhere.

pub mod announce;
mod asked;
pub mod calendar;
mod describe;
mod diff;
pub mod estimates;
pub mod event;
pub mod fits;
mod harm;
pub mod log;
pub mod offer;
mod offered;
pub mod optimise;
pub mod pace;
pub mod policy;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod quiet;
mod retained;
pub mod series;
mod site;
pub mod state;
pub mod status;
mod step;
pub mod tally;
mod tick;
pub mod verdict;

pub use diff::{Change, Preview, changes, preview};
pub use retained::{Given, Retained, retained};
pub use site::{given, in_force};
pub use step::{begin, step};
pub use tick::{SILENCE_MS, Sight, look};

#[cfg(test)]
pub(crate) mod tests;
