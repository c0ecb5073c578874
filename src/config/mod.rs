//! `halftone.json`: from text to a valid [`model::Config`], or to every problem at once.
//!
//! ```text
//! bytes ─text─▶ tree ─structure─▶ right keys, types, spellings ─read─▶ names resolved, laws kept ─▶ Config
//!                        ▲ shape: the one description ─▶ schema (JSON), reference (docs/config.md)
//! ```
//!
//! `shape`, `objects` and `spelling` describe the file; `structure` compares a tree with them. `read` goes on with `site`,
//! `version`, `rollout`, `ladder`, `policy`, `rules` and `condition`, each checking what a shape can not say; `contents` looks
//! into the builds. Nothing here runs at the edge or sees a request; no bytes whatever make it panic.

mod area;
mod builds;
mod calendar;
mod condition;
mod contents;
#[cfg(not(target_arch = "wasm32"))]
pub mod deployment;
pub(crate) mod feedback;
mod hosts;
mod ladder;
mod logic;
pub mod manifest;
pub mod model;
mod objects;
mod optimise;
mod origin;
mod pace;
mod policy;
mod problem;
mod quantity;
mod read;
mod reference;
mod report;
mod rollout;
mod rules;
mod scan;
mod schema;
mod shape;
mod site;
mod spelling;
mod structure;
#[cfg(not(target_arch = "wasm32"))]
pub mod tag;
pub(crate) mod territory;
mod text;
mod tree;
mod version;
mod webhooks;

pub use builds::{Build, Builds, FileFacts, ServiceWorker, Sign, Source};
pub use problem::{Code, Problem, Severity};
pub use reference::render as reference;
pub use schema::render as schema;

/// What came of a config file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// There if, and only if, no problem is an error.
    pub config: Option<model::Config>,
    /// Errors and warnings in the order of the file.
    pub problems: Vec<Problem>,
}

/// Checks the text of a config file against the format, itself, and what is known of the builds.
#[must_use]
pub fn check(bytes: &[u8], builds: &Builds) -> Checked {
    let (text, encoding) = text::decode(bytes);
    let start = String::from_utf8_lossy(bytes.get(..text::MOST_BYTES.min(bytes.len())).unwrap_or_default());
    let mut report = report::Report::new(text.unwrap_or(&start));
    if let Some((code, offset, words)) = encoding {
        report.add_at(code, offset, &tree::Place::top(), words);
    }
    let tree = text.and_then(|text| text::parse(text, &mut report));
    let config = tree.and_then(|tree| {
        structure::check(&tree, &shape::Shape::Object(&objects::CONFIG), &mut report);
        read::config(&tree, builds, &mut report)
    });
    let config = config.filter(|_| !report.has_errors());
    Checked { config, problems: report.finish() }
}

/// Where the file lists of the builds are, as far as the file can be read: what to [`Builds::scan`] before [`check`].
#[must_use]
pub fn sources(bytes: &[u8]) -> Vec<Source> {
    let Some(text) = text::decode(bytes).0 else { return Vec::new() };
    let Some(tree) = text::parse(text, &mut report::Report::new(text)) else { return Vec::new() };
    let sites = tree.get("sites").map(tree::Node::members).unwrap_or_default();
    let mut sources: Vec<Source> = sites
        .iter()
        .flat_map(|site| version::sources(site.node.get("versions")).map(|(_, source, _)| source).collect::<Vec<_>>())
        .collect();
    sources.sort();
    sources.dedup();
    sources
}
