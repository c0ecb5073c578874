//! How long an assignment takes, and that it allocates nothing.

use halftone::slot::Slot;

fn main() {
    divan::main();
}

/// The slot of a visitor under a salt.
#[divan::bench]
fn slot() -> u16 {
    Slot::of(divan::black_box("demo/rollout/v2"), divan::black_box(b"AAAAAAAAAAAAAAAAAAAAAA")).number()
}
