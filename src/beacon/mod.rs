//! What pages send back, and what is counted of it.
//!
//! Pure: tokens, wire formats, outcomes and counts as values. Nothing here reads a clock, a socket or a table; the objects
//! that keep the rows and the entry that reads the bodies are in `edge`.

pub mod draw;
pub mod fold;
pub mod histogram;
pub mod intake;
pub mod ledger;
pub mod policy;
pub mod reports;
pub mod row;
pub mod tallies;
pub mod token;
pub mod wire;
