//! The evidence as a whole: how often it errs, values that others computed, and that its bits never change.
//!
//! Seeds are fixed, so every run sees the same numbers: a failure here is a change, never bad luck.
#![expect(clippy::cast_precision_loss, reason = "counts that are drawn here stay far below 2^52")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

mod digest;
mod facts;
mod levels;
mod random;
mod vectors;
