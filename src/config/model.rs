//! The valid config: what `halftone.json` says once every problem is out of the way.
//!
//! Nothing in here can be wrong any more: names resolve, weights fit, areas exist. [`super::check`] is the only maker;
//! [`crate::plan::compile`] is the main reader. How it is written in the file is the business of `shape` and `read`.

use std::collections::BTreeMap;

use crate::glob::Glob;
use crate::plan::{Bots, Fact, Feedback, Forward, NotFound, Origin, SameSite, WithoutConsent};
use crate::rollout::announce::Hook;
use crate::rollout::policy::Policy;
use crate::slot::{VersionIndex, Weight};

/// A whole valid config.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Reserved path prefix without a trailing slash, `/_halftone` unless the file says otherwise.
    pub prefix: String,
    /// Hostname of the admin surface; it serves no site.
    pub admin_host: Option<String>,
    /// Believed geo headers: which fact is read from which (lower-case) request header.
    pub geo_headers: BTreeMap<Fact, String>,
    /// At least one site.
    pub sites: Vec<Site>,
    /// Index in `sites` of the one that answers for hosts no site names.
    pub default_site: usize,
}

/// One site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Name in the file.
    pub name: String,
    /// Lower-case host patterns without port: `shop.example`, `*.shop.example`.
    pub hosts: Vec<String>,
    /// At least one, in the order of the file; `VersionIndex` counts in this list.
    pub versions: Vec<Version>,
    /// The version trusted now.
    pub stable: VersionIndex,
    /// The process that brings a canary in, if one runs.
    pub rollout: Option<Rollout>,
    /// First match wins.
    pub rules: Vec<Rule>,
    /// What listed bots get.
    pub bots: Bots,
    /// Cookie that says "yes", as name and glob on its value; `None` when no consent is asked.
    pub consent: Option<(String, Glob)>,
    /// What visitors without consent get.
    pub without_consent: WithoutConsent,
    /// The visitor cookie.
    pub cookie: Cookie,
    /// Which paths are content-hashed: `None` finds out by the look of the name.
    pub hashed: Option<Vec<Glob>>,
    /// Whether answers carry the `halftone` header.
    pub response_header: bool,
    /// What pages report back.
    pub feedback: Feedback,
    /// Who is told of decisions.
    pub webhooks: Vec<Hook>,
    /// Patterns of origins from which a live config may bring further versions.
    pub allow_origins: Vec<Glob>,
}

/// One immutable build.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, not `stable` or `canary`.
    pub id: String,
    /// Where its files are served from.
    pub origin: Origin,
    /// What else of the visitor's request a `url` origin may see.
    pub forward: Vec<Forward>,
    /// How long a canary may take to send headers, `100..=30_000`; 3,000 unless the file says otherwise.
    pub timeout_ms: u32,
    /// What a path without a file gets.
    pub not_found: NotFound,
    /// A local folder with the same files (`"files": "dist"`), read when the plan is made: with it the edge knows what
    /// a `url`, `r2` or `service` origin holds without asking. An `assets` origin needs none.
    pub files: Option<String>,
}

/// The visitor cookie's options.
#[derive(Clone, Debug, PartialEq)]
pub struct Cookie {
    /// Base name; on https the cookie is called `__Host-` and this.
    pub name: String,
    /// `3600..=34_560_000` (400 days, the longest browsers keep).
    pub max_age_s: u32,
    /// `Lax` unless the file says otherwise.
    pub same_site: SameSite,
}

/// A rollout, the step it begins at, and what moves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Names the rollout; its salt comes from it. The canary's id unless the file says otherwise.
    pub id: String,
    /// The version under trial; never the stable one.
    pub canary: VersionIndex,
    /// Who may be drawn.
    pub visitors: Visitors,
    /// The rungs, all of one strategy.
    pub ladder: Ladder,
    /// How many rungs are in force when it begins, `0..=ladder length`; 0 draws nobody.
    pub step: usize,
    /// What is asked before each rung is left, one per rung.
    pub rungs: Vec<Gate>,
    /// What moves it.
    pub policy: Policy,
}

/// What is asked before a rung is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Least time on it, seconds.
    pub hold_s: u32,
    /// Least number of visitors drawn on it.
    pub least_visitors: u64,
    /// Whether a person has to agree.
    pub approval: bool,
    /// Whether the file has no such step: a rung on the way to one.
    pub between: bool,
}

/// Who may be drawn into the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitors {
    /// Everyone.
    Everyone,
    /// Only visitors who arrive during the rollout; those already here keep their version.
    New,
}

/// The rungs of a rollout, by strategy.
#[derive(Clone, Debug, PartialEq)]
pub enum Ladder {
    /// Rising canary weights.
    Random(Vec<Weight>),
    /// The first so many arrivals are enrolled; this share of them, by hash, gets the canary.
    Sequential(Vec<Enrolment>),
    /// Each rung opens areas or raises their weight; an area keeps the weight of the last rung that names it.
    Geographic(Vec<Vec<(Area, Weight)>>),
}

impl Ladder {
    /// How many rungs.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Random(rungs) => rungs.len(),
            Self::Sequential(rungs) => rungs.len(),
            Self::Geographic(rungs) => rungs.len(),
        }
    }

    /// Whether there is no rung at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One rung of the sequential strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// At most so many visitors are enrolled, `1..=10_000_000`.
    pub first: u64,
    /// The share of the enrolled that gets the canary.
    pub of: Weight,
}

/// A part of the world as the file names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// `colo:AKL`, a data centre of the network.
    Colo(String),
    /// `US-CA`: country and ISO 3166-2 subdivision.
    Region(String, String),
    /// `NZ`.
    Country(String),
    /// `EU`: the 27 countries.
    EuropeanUnion,
    /// `continent:OC`.
    Continent(String),
    /// `elsewhere`: every known country that no other area of the ladder takes.
    Elsewhere,
    /// `unknown`: no country is known (`XX`, `T1`, none).
    Unknown,
}

impl std::fmt::Display for Area {
    /// Prints as files write it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Colo(code) => write!(f, "colo:{code}"),
            Self::Region(country, region) => write!(f, "{country}-{region}"),
            Self::Country(code) => f.write_str(code),
            Self::EuropeanUnion => f.write_str("EU"),
            Self::Continent(code) => write!(f, "continent:{code}"),
            Self::Elsewhere => f.write_str("elsewhere"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A rule: who it is for, and what they get.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique in its site.
    pub name: String,
    /// Who it is for.
    pub when: Condition,
    /// Shares that add up to 100 %.
    pub split: Vec<(VersionIndex, Weight)>,
}

/// Who a rule is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Everyone (`{}`).
    Always,
    /// Every part holds.
    All(Vec<Condition>),
    /// At least one part holds.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
    /// The visitor is in one of these areas (never `Elsewhere`).
    Area(Vec<Area>),
    /// City names, compared without case.
    City(Vec<String>),
    /// Path globs.
    Path(Vec<Glob>),
    /// Host globs.
    Host(Vec<Glob>),
    /// A query parameter with this name whose value matches.
    Query(String, Vec<Glob>),
    /// A request header (lower-case name) whose value matches.
    Header(String, Vec<Glob>),
    /// A cookie whose value matches.
    Cookie(String, Vec<Glob>),
    /// Language ranges (`de`, `pt-BR`), compared with the visitor's most preferred language.
    Language(Vec<String>),
    /// Device classes.
    Device(Vec<crate::plan::Device>),
    /// Listed bots, or everyone else.
    Bot(bool),
}
