//! What is known of the builds: which files each holds, and what is in them that matters to a rollout.
//!
//! A list of files belongs to the local place it was read from ([`Source`]), so several versions can share one and kinds
//! of sources can be added. Reading the disk is the business of `scan`; this is only what it found.

use std::collections::BTreeMap;

use crate::config::model::Version;
use crate::plan::Origin;

/// Where the list of a build's files is read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A folder of the static-assets binding: `assets:v1`.
    Assets(String),
    /// A folder relative to the config file: `"files": "dist/v1"`.
    Folder(String),
    /// The copy of an uploaded build's manifest: `r2:BUILDS/@SITE/VERSION` is `SITE/VERSION`.
    Uploaded(String),
}

impl Source {
    /// Where a version's files can be listed, if anywhere.
    #[must_use]
    pub fn of(version: &Version) -> Option<Self> {
        Self::new(&version.origin, version.files.as_deref())
    }

    /// Where the files of an origin can be listed, given its `files` folder.
    pub(super) fn new(origin: &Origin, files: Option<&str>) -> Option<Self> {
        match (origin, files) {
            (Origin::Assets(folder), _) => Some(Self::Assets(folder.trim_start_matches('/').to_owned())),
            (Origin::Zone(_), _) => None,
            (_, Some(folder)) => Some(Self::Folder(folder.to_owned())),
            (Origin::R2(_, prefix), None) => {
                prefix.strip_prefix('@').map(|name| Self::Uploaded(name.trim_end_matches('/').to_owned()))
            }
            (_, None) => None,
        }
    }
}

/// One file of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// The first 64 bits of the SHA-256 of its content.
    pub hash: u64,
    /// Its size.
    pub bytes: u64,
}

/// A sign of a service worker in a build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceWorker {
    /// The file the sign was found in: `/sw.js`, or `/index.html` that registers one.
    pub path: String,
    /// What was found there.
    pub sign: Sign,
}

/// What says that there is a service worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The file is a worker that answers requests from a cache it filled beforehand (Workbox and the like).
    Precaches,
    /// The file is a worker that listens to `install` or `fetch`.
    Listens,
    /// The file registers a worker.
    Registers,
}

/// What a build holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// By path, beginning with a slash, not percent-encoded.
    pub files: BTreeMap<String, FileFacts>,
    /// In order of their paths.
    pub service_workers: Vec<ServiceWorker>,
}

/// What is known of all builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builds {
    found: BTreeMap<Source, Build>,
    /// Looked for in vain, with the names of the folders that are there instead.
    missing: BTreeMap<Source, Vec<String>>,
    looked: bool,
}

impl Builds {
    /// Nothing is known, and so nothing is said about builds.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// Whether builds were looked for: then what is not known can not be known.
    #[must_use]
    pub fn were_looked_for(&self) -> bool {
        self.looked
    }

    /// Nothing was found yet of what is looked for.
    #[must_use]
    pub fn looked_for() -> Self {
        Self { looked: true, ..Self::default() }
    }

    /// Notes what a source holds.
    pub fn insert(&mut self, source: Source, build: Build) {
        self.looked = true;
        self.found.insert(source, build);
    }

    /// Notes that a source is not there, and which folders are (written as the config would).
    pub fn insert_missing(&mut self, source: Source, instead: Vec<String>) {
        self.looked = true;
        self.missing.insert(source, instead);
    }

    /// What a source holds, if that is known.
    #[must_use]
    pub fn get(&self, source: &Source) -> Option<&Build> {
        self.found.get(source)
    }

    /// What a version's build holds, if that is known.
    #[must_use]
    pub fn of(&self, version: &Version) -> Option<&Build> {
        self.get(&Source::of(version)?)
    }

    /// For a source that was looked for in vain: the folders that are there.
    #[must_use]
    pub fn missing(&self, source: &Source) -> Option<&[String]> {
        self.missing.get(source).map(Vec::as_slice)
    }
}
