//! Halftone: gray release for static sites at the CDN edge.
//!
//! One Worker stands in front of several immutable builds of a site, gives every visitor one of them and keeps them on
//! it. This crate is the whole decision; what touches the platform is [`edge`](crate) (wasm32 only) and `entry.mjs`.
//!
//! # Data flow
//!
//! ```text
//! halftone.json ──config──▶ Config ──plan::compile──▶ Plan (JSON, embedded at deploy, replaceable while running)
//! request facts ──route──▶ visitor ──▶ assign(plan) ──▶ instruction (data) ──▶ entry.mjs carries it out
//! ```
//!
//! # Glossary
//!
//! *site*, *version* (one immutable build), *origin* (where its files are served from), *stable* and *canary*, *visitor*
//! and *slot* (a fixed place 0..9999 under one salt), *weight* (basis points), *strategy*, *rule*, *rollout*, *step*,
//! *plan* (what the edge serves from), *revision* (one recorded change).
//!
//! # Laws kept here
//!
//! Same visitor, same plan and same kept facts give the same version. Raising a weight never moves a visitor out of the
//! canary. Precedence is preview, rule, rollout, stable. Only a document navigation draws. Whatever breaks on our side,
//! the visitor gets the stable site; nothing here panics on request data.

#[cfg(not(target_arch = "wasm32"))]
pub mod api;
pub mod assign;
pub mod beacon;
#[cfg(any(feature = "checker", not(target_arch = "wasm32")))]
pub mod config;
#[cfg(not(target_arch = "wasm32"))]
pub mod cost;
pub mod decide;
pub mod evidence;
#[cfg(any(feature = "control", not(target_arch = "wasm32")))]
pub mod flags;
pub mod glob;
pub mod headers;
pub mod plan;
pub mod preview;
pub mod rollout;
pub mod route;
pub mod scan;
#[cfg(not(target_arch = "wasm32"))]
pub mod simulation;
pub mod slot;
pub mod strategy;
pub mod visitor;

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the platform's memory is shared with JavaScript here and nowhere else")]
#[cfg_attr(
    not(feature = "checker"),
    expect(clippy::cast_sign_loss, reason = "JavaScript's numbers are floats; times are whole and positive")
)]
#[cfg_attr(
    feature = "control",
    expect(clippy::cast_precision_loss, reason = "numbers and counts are whole, positive and below 2^53")
)]
mod edge;
