//! `random`: a visitor gets the version that owns their slot under the rollout's salt.

use crate::slot::{Ownership, Slot, VersionIndex};

/// The version of the visitor with this key.
#[must_use]
pub fn version(owners: &Ownership, salt: &str, key: &str) -> VersionIndex {
    owners.owner(Slot::of(salt, key.as_bytes()))
}
