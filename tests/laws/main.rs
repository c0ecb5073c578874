//! The laws that are statistics, and the formats that are frozen.
//!
//! Seeds are fixed, so every run sees the same numbers: a failure here is a change, never bad luck.
#![expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

mod chi_square;
mod independence;
mod plan_text;
mod shares;
mod uniformity;
mod vectors;
