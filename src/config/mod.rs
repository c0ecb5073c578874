//! `halftone.json`: from text to a valid [`model::Config`], or to every problem at once.
//!
//! ```text
//! bytes ─text─▶ str ─tree─▶ nodes with places ─shape─▶ right keys, types, spellings ─read─▶ names resolved, laws kept
//! ```
//!
//! `shape` describes every object once; structural checking, the JSON schema (`schema`) and the tables of
//! docs/config.md (`reference`) are all made from it. `read` and its parts turn the tree into the model and check what a
//! shape can not say. Nothing here runs at the edge or sees a request; no bytes whatever make it panic.

mod builds;
pub mod model;
mod problem;
pub(crate) mod territory;

pub use builds::{Build, Builds, FileFacts, ServiceWorker, Sign, Source};
pub use problem::{Code, Problem, Severity};

/// What came of a config file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// There if no problem is an error.
    pub config: Option<model::Config>,
    /// Errors and warnings in the order of the file.
    pub problems: Vec<Problem>,
}
