//! Which version has which file: a compact index, so that "who has `/assets/app-1f2e3d4c.js`?" is a look-up, not a try.
//!
//! Paths are kept as 64-bit hashes under a seed the compiler chose so that no two of the site's paths collide; a path
//! that no build has is mistaken for one with probability files / 2^64. Eleven bytes a file in the plan.

use serde::{Deserialize, Serialize};

use crate::slot::{Murmur3, VersionIndex};

/// Versions a site can have: one bit each, the top bit says "same name, different content".
pub const MOST_VERSIONS: usize = 63;

const CONTESTED: u64 = 1 << 63;

/// Who has which file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct FileIndex {
    seed: u32,
    /// Sorted by hash.
    entries: Vec<(u64, u64)>,
}

/// What the index says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found(u64);

impl Found {
    /// No version has it.
    pub const NOWHERE: Self = Self(0);

    /// Whether this version has the file.
    #[must_use]
    pub fn in_version(self, version: VersionIndex) -> bool {
        usize::from(version.0) < MOST_VERSIONS && self.0 >> version.0 & 1 == 1
    }

    /// The first version that has it, of those offered.
    #[must_use]
    pub fn first_of(self, mut versions: impl Iterator<Item = VersionIndex>) -> Option<VersionIndex> {
        versions.find(|&version| self.in_version(version))
    }

    /// Whether two versions have different content under this name.
    #[must_use]
    pub fn is_contested(self) -> bool {
        self.0 & CONTESTED != 0
    }
}

/// A path's entry could not be made unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision;

impl FileIndex {
    /// An index of `(path, who has it, whether contents differ)`; paths begin with a slash and are percent-decoded.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator is gone through once for every seed, so it is cloned")]
    pub fn build<'a>(files: impl Iterator<Item = (&'a str, u64, bool)> + Clone) -> Result<Self, Collision> {
        (0..16).find_map(|seed| Self::build_seeded(seed, files.clone())).ok_or(Collision)
    }

    fn build_seeded<'a>(seed: u32, files: impl Iterator<Item = (&'a str, u64, bool)>) -> Option<Self> {
        let mut entries: Vec<(u64, u64)> = files
            .map(|(path, versions, contested)| (hash(seed, path), versions | if contested { CONTESTED } else { 0 }))
            .collect();
        entries.sort_unstable();
        let unique = entries.iter().zip(entries.iter().skip(1)).all(|(a, b)| a.0 != b.0);
        unique.then_some(Self { seed, entries })
    }

    /// What is known of a percent-decoded path.
    #[must_use]
    pub fn find(&self, path: &str) -> Found {
        let wanted = hash(self.seed, path);
        let at = self.entries.binary_search_by_key(&wanted, |entry| entry.0);
        Found(at.ok().and_then(|at| self.entries.get(at)).map_or(0, |entry| entry.1))
    }

    /// How many paths are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn hash(seed: u32, path: &str) -> u64 {
    let low = Murmur3::hash(seed, path.as_bytes());
    let high = Murmur3::hash(seed ^ 0x9e37_79b9, path.as_bytes());
    u64::from(high) << 32 | u64::from(low)
}

/// As it is stored: entries that must stand in order.
#[derive(Deserialize)]
struct Stored {
    seed: u32,
    entries: Vec<(u64, u64)>,
}

impl TryFrom<Stored> for FileIndex {
    type Error = &'static str;
    fn try_from(Stored { seed, entries }: Stored) -> Result<Self, Self::Error> {
        let rising = entries.iter().zip(entries.iter().skip(1)).all(|(a, b)| a.0 < b.0);
        if rising { Ok(Self { seed, entries }) } else { Err("the file index is out of order") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_answers_who_has_a_file_and_survives_storage() {
        let files = [("/index.html", 3, true), ("/a-1.js", 1, false), ("/b-2.js", 2, false)];
        let index = FileIndex::build(files.iter().copied()).unwrap();
        let text = serde_json::to_string(&index).unwrap();
        let read: FileIndex = serde_json::from_str(&text).unwrap();
        assert_eq!(read, index);
        assert!(read.find("/index.html").is_contested());
        assert!(read.find("/a-1.js").in_version(VersionIndex(0)) && !read.find("/a-1.js").in_version(VersionIndex(1)));
        assert_eq!(read.find("/b-2.js").first_of([0, 1].map(VersionIndex).into_iter()), Some(VersionIndex(1)));
        assert_eq!(read.find("/c.js"), Found::NOWHERE);
        assert!(serde_json::from_str::<FileIndex>(r#"{"seed":0,"entries":[[2,1],[1,1]]}"#).is_err());
    }
}
