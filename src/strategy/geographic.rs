//! `geographic`: the area a visitor was in at their first draw decides the split, their slot the version.
//!
//! The plan lists areas from the most to the least specific, so the first that holds the place is the one. A visitor in
//! no listed area keeps stable. One salt for all areas: a person's slot is theirs wherever the split stands.

use crate::plan::{Geo, Wave};
use crate::slot::{Slot, VersionIndex};

/// The wave a place falls into, and which of the list it is.
#[must_use]
pub fn wave<'a>(waves: &'a [Wave], geo: &Geo<'_>) -> Option<(usize, &'a Wave)> {
    waves.iter().enumerate().find(|(_, wave)| wave.place.holds(geo))
}

/// The wave, by number, and the version of the visitor with this key at this place; `None` where no wave has come.
#[must_use]
pub fn version(waves: &[Wave], geo: &Geo<'_>, salt: &str, key: &str) -> Option<(usize, VersionIndex)> {
    wave(waves, geo).map(|(at, wave)| (at, wave.owners.owner(Slot::of(salt, key.as_bytes()))))
}
