//! The number of `digest.rs`, as WebAssembly: tests/e2e/evidence.test.mjs builds this for wasm32 and asks for it.
#![allow(unsafe_code, reason = "a name that JavaScript can call is an unsafe attribute")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "as in the test that this is made of"
)]

mod digest;
#[allow(dead_code, reason = "the tests beside it ask for more")]
mod random;

/// The number.
#[unsafe(no_mangle)]
pub extern "C" fn evidence_digest() -> u64 {
    digest::digest()
}
