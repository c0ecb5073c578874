//! The plan: the compiled, read-only snapshot that the edge serves from.
//!
//! It is made from a valid config (and what the builds hold) by `compile`, travels as one line of text with a format
//! number, is embedded at deploy and can be replaced while an isolate runs. Reading checks everything the hot path relies on, so
//! that no look-up there can miss; a plan that can not be read whole is refused and the isolate keeps the last one.

use serde::{Deserialize, Serialize};

use crate::glob::Glob;
use crate::slot::{Ownership, VersionIndex, Weight};

#[cfg(any(feature = "checker", not(target_arch = "wasm32")))]
pub mod compile;
pub mod condition;
mod files;
mod hosts;
mod live;
mod place;
mod rollout;
pub mod shares;

pub use condition::{Condition, Device};
pub use files::{FileIndex, Found};
pub use hosts::{host_matches, site_at};
pub use live::Live;
pub use place::{Countries, Fact, Geo, Place};
pub use rollout::{Enrolment, Rollout, Strategy, Stratum, Wave};

/// The format this code writes and reads.
pub const FORMAT: u32 = 3;

/// What a plan's text begins with, before the format number.
const HEAD: &str = "halftone-plan/";

/// Everything the edge needs to serve all sites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`FORMAT`]; another number is not read.
    pub format: u32,
    /// The deployed file's own number; a site's live one is [`Site::revision`].
    pub revision: u64,
    /// Reserved path prefix, no trailing slash.
    pub prefix: String,
    /// Hostname of the admin surface.
    pub admin_host: Option<String>,
    /// Which geo fact is believed from which lower-case request header.
    pub geo_headers: Vec<(Fact, String)>,
    /// Never empty.
    pub sites: Vec<Site>,
    /// Index of the site for hosts that no site names.
    pub default_site: usize,
}

/// One site as the edge serves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Name in the config.
    pub name: String,
    /// The revision in force, as answers say it.
    pub revision: u64,
    /// Lower-case host patterns; `*.` in front stands for any one or more labels.
    pub hosts: Vec<String>,
    /// Never empty; [`VersionIndex`] counts here.
    pub versions: Vec<Version>,
    /// The version trusted now.
    pub stable: VersionIndex,
    /// The rollout in force.
    pub rollout: Option<Rollout>,
    /// Switched off: everybody gets stable, and nothing is written.
    pub is_off: bool,
    /// Versions in quarantine: nothing gives them, and previews of them do not open.
    pub quarantined: Vec<VersionIndex>,
    /// First match wins.
    pub rules: Vec<Rule>,
    /// What listed bots get.
    pub bots: Bots,
    /// The cookie that says yes, when consent is asked.
    pub consent: Option<(String, Glob)>,
    /// What visitors without consent get.
    pub without_consent: WithoutConsent,
    /// Cookie base name (`__Host-` comes in front on https).
    pub cookie: String,
    /// Cookie life, seconds.
    pub max_age_s: u32,
    /// Cookie `SameSite`.
    pub same_site: SameSite,
    /// Content-hashed paths, `None`: by the look of the name.
    pub hashed: Option<Vec<Glob>>,
    /// Whether answers carry the `halftone` header.
    pub response_header: bool,
    /// What pages report back.
    pub feedback: Feedback,
    /// Which files the versions with known file lists have.
    pub files: FileIndex,
}

/// What pages report back, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is one option of the config")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// Whether pages report at all.
    pub on: bool,
    /// Whether the page script is put into pages; otherwise the site has it already.
    pub inject: bool,
    /// Whether browsers are asked for reports of their own (crashes, interventions).
    pub reports: bool,
    /// Whether a page of a version that was rolled back loads itself again.
    pub reload: bool,
    /// The share of visitors whose pages report, by a hash of their own.
    pub sample: Weight,
    /// How many objects share the work; fixed while a rollout runs.
    pub shards: u8,
    /// How many beacons a day are taken; 0 for no limit.
    pub budget: u64,
    /// How long rows of a rollout are kept after its last page, days.
    pub retention_days: u16,
    /// Where the platform keeps the objects, as it names jurisdictions (`eu`), or empty.
    pub jurisdiction: String,
}

impl Feedback {
    /// The jurisdiction as a word, `-` for none.
    #[must_use]
    pub fn place(&self) -> &str {
        if self.jurisdiction.is_empty() { "-" } else { &self.jurisdiction }
    }
}

/// One immutable build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
    pub id: String,
    /// Where its files are.
    pub origin: Origin,
    /// What else a `url` origin may see.
    pub forward: Vec<Forward>,
    /// How long a canary may take to send headers.
    pub timeout_ms: u32,
    /// What a path without a file gets.
    pub not_found: NotFound,
    /// Whether [`Site::files`] lists this version's files.
    pub listed: bool,
}

/// Where a version's files are served from. Paths begin with a slash and do not end with one; `""` is the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A folder of the static-assets binding.
    Assets(String),
    /// An http(s) URL: origin (`https://host:port`) and base path.
    Url(String, String),
    /// The server already behind this hostname, under a base path.
    Zone(String),
    /// An R2 bucket binding and a key prefix (no leading slash; ends with one unless empty).
    R2(String, String),
    /// A service binding and a base path.
    Service(String, String),
}

/// A part of the visitor's request that a `url` origin sees only if the config says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forward {
    /// `Cookie`, less our own.
    Cookie,
    /// `Authorization`.
    Authorization,
}

/// What a path without a file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotFound {
    /// The nearest `404.html` of the same version, with status 404.
    Page,
    /// A navigation gets `/index.html` with status 200 (single-page applications).
    Spa,
}

/// What listed bots get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bots {
    /// Always the stable version.
    Stable,
    /// A slot like everybody, and counted.
    Split,
    /// A slot like everybody, tallied apart.
    SplitUncounted,
}

/// What visitors get while consent is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithoutConsent {
    /// The stable version.
    Stable,
    /// A slot from a daily hash; nothing is stored.
    Cookieless,
}

/// The cookie's `SameSite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Same-site requests and top-level navigations.
    Lax,
    /// Same-site requests only.
    Strict,
    /// Everywhere, iframes included; then iframes draw too.
    None,
}

/// A rule with its own split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique in its site.
    pub name: String,
    /// The salt of its slots.
    pub salt: String,
    /// Who it is for.
    pub when: Condition,
    /// What they get.
    pub owners: Ownership,
}

impl Plan {
    /// Reads and checks a plan as [`Plan::write`] writes it.
    ///
    /// The error says what is wrong in words for the log; the caller keeps serving from the plan it had.
    pub fn read(text: &str) -> Result<Self, String> {
        let Some((format, body)) = text.trim_end().strip_prefix(HEAD).and_then(|rest| rest.split_once(' ')) else {
            return Err(format!("plan: it does not begin with `{HEAD}`"));
        };
        if format.parse() != Ok(FORMAT) {
            return Err(format!("plan: format {format} can not be read here, only {FORMAT}"));
        }
        let bytes = crate::visitor::base64url::decode(body).ok_or("plan: not base64url")?;
        let (plan, rest) = postcard::take_from_bytes::<Self>(&bytes).map_err(|_| "plan: cut off or garbled")?;
        if plan.format != FORMAT || !rest.is_empty() {
            return Err("plan: more or other than a plan".to_owned());
        }
        plan.checked()
    }

    /// The plan as it is embedded, stored and sent: one line of text, `halftone-plan/3 ` and base64url of its bytes.
    #[must_use]
    pub fn write(&self) -> String {
        // Every part of a plan has a length, so writing to memory does not fail.
        let bytes = postcard::to_allocvec(self).unwrap_or_default();
        format!("{HEAD}{FORMAT} {}", crate::visitor::base64url::encode(&bytes))
    }

    /// The index of the site that answers for a host (lower case, no port).
    #[must_use]
    pub fn site_at(&self, host: &str) -> usize {
        site_at(self.sites.iter().map(|site| site.hosts.as_slice()), host).unwrap_or(self.default_site)
    }

    /// The site that answers for a host (lower case, no port).
    #[must_use]
    pub fn site_of(&self, host: &str) -> Option<&Site> {
        self.sites.get(self.site_at(host))
    }

    fn checked(self) -> Result<Self, String> {
        if self.sites.get(self.default_site).is_none() {
            return Err(format!("plan: default_site {} of {} sites", self.default_site, self.sites.len()));
        }
        for site in &self.sites {
            site.check()?;
        }
        Ok(self)
    }
}

impl Site {
    /// Whether every version it names is one of its own.
    pub(crate) fn check(&self) -> Result<(), String> {
        let count = self.versions.len();
        let known = |version: VersionIndex| usize::from(version.0) < count;
        let owned = |owners: &Ownership| owners.owners().all(known);
        let rollout_is_sound =
            self.rollout.as_ref().is_none_or(|rollout| known(rollout.canary) && rollout.strategy.owners().all(known));
        if known(self.stable) && rollout_is_sound && self.rules.iter().all(|rule| owned(&rule.owners)) {
            return Ok(());
        }
        Err(format!("plan: site `{}` names a version that is not among its {count}", self.name))
    }

    /// The version at an index, if it is one of this site's. [`Plan::read`] has checked the indexes inside a plan.
    #[must_use]
    pub fn version(&self, index: VersionIndex) -> Option<&Version> {
        self.versions.get(usize::from(index.0))
    }

    /// Whether anybody new or known can still get this version: by stable, the rollout or a rule.
    #[must_use]
    pub fn gives(&self, version: VersionIndex) -> bool {
        version == self.stable
            || self.rules.iter().any(|rule| rule.owners.owners().any(|owner| owner == version))
            || self.rollout.as_ref().is_some_and(|rollout| rollout.strategy.owners().any(|owner| owner == version))
    }

    /// The version with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<VersionIndex> {
        self.versions.iter().position(|version| version.id == id).map(|at| VersionIndex(at as u8))
    }

    /// The version with this id, unless it is in quarantine.
    #[must_use]
    pub fn find_free(&self, id: &str) -> Option<VersionIndex> {
        self.find(id).filter(|version| !self.quarantined.contains(version))
    }

    /// Whether a cookie of this header says yes to being counted, or none is asked for.
    #[must_use]
    pub fn consented(&self, cookies: &str) -> bool {
        self.consent.as_ref().is_none_or(|(name, glob)| {
            crate::visitor::cookie_values(cookies, name.as_str()).any(|value| glob.matches(value, crate::glob::Segments::None))
        })
    }

    /// Whether rules or the rollout read geography.
    #[must_use]
    pub fn needs_geo(&self) -> bool {
        let by_area = self.rollout.as_ref().is_some_and(|rollout| matches!(rollout.strategy, Strategy::Geographic(_)));
        by_area
            || self.rules.iter().any(|rule| {
                let mut geo = false;
                rule.when.needs(&mut |need| geo |= need == condition::Need::Geo);
                geo
            })
    }
}
