//! The laws of the decision, each a sentence: facts in, instruction out, over plans built in code.

mod bots;
mod consent;
mod cookies;
mod enrolment;
mod files;
mod navigation;
mod precedence;
mod previews;
pub mod scene;
mod service_workers;
mod standing;
mod stickiness;
mod surface;
mod whole;
