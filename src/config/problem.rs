//! A problem of a config file, for its owner: where, what was found, why it can not be, how to mend it.
//!
//! Problems are data (`--json`) as well as text; a code is stable and says the kind, the words may become better. Only the
//! checker makes problems, and it makes all of them at once: nothing here is ever shown to a visitor.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There is no valid config with it.
    Error,
    /// The config is valid, but probably not what was meant.
    Warning,
}

/// One thing that is wrong with a config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The kind.
    pub code: Code,
    /// Fixed by the kind.
    pub severity: Severity,
    /// `sites.shop.rollout.steps[2].weight`; empty for the whole file.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// What stands there, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What is wrong with it and what is allowed; begins in the middle of a sentence, after what was found.
    pub why: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// All paths it is about, each with the versions that have it, where the sentence names but some.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for Problem {
    /// One line that begins with the position, so that a file name and a colon can stand in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ", self.line, self.column)?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        if let Some(found) = &self.found {
            write!(f, "`{found}` ")?;
        }
        f.write_str(&self.why)?;
        match &self.fix {
            Some(fix) => write!(f, " — {fix}"),
            None => Ok(()),
        }
    }
}

/// Declares [`Code`]: name, text, severity and a sentence for the reference, each once.
macro_rules! codes {
    ($($name:ident $text:literal $severity:ident $doc:literal)*) => {
        /// The kind of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $doc] $name,)*
        }

        impl Code {
            /// Every kind, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable text of the kind.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),* }
            }

            /// What it means, for the reference.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $doc),* }
            }
        }
    };
}

codes! {
    TooLarge "too-large" Error "The file is larger than 1 MiB."
    Encoding "encoding" Error "The file is not plain UTF-8: another encoding, a byte order mark, broken bytes."
    NotJson "not-json" Error "The text is not JSON."
    Comment "comment" Error "JSON has no comments."
    TrailingComma "trailing-comma" Error "JSON has no comma after the last item."
    TooDeep "too-deep" Error "Objects and lists are nested too deeply."
    DuplicateKey "duplicate-key" Error "A key stands twice in one object."
    UnknownKey "unknown-key" Error "A key that means nothing here."
    MissingKey "missing-key" Error "A key that must be there is not."
    WrongType "wrong-type" Error "Text where a number belongs, a list where an object belongs, and so on."
    BadValue "bad-value" Error "A value of the right type that is not written as it must be."
    UnknownValue "unknown-value" Error "A word that is not one of those allowed."
    OutOfRange "out-of-range" Error "A number, duration or count below the least or above the most."
    ConflictingKeys "conflicting-keys" Error "Keys that exclude each other."
    Default "default" Error "Not exactly one site answers for the hosts that no site names."
    UnreachableSite "unreachable-site" Error "A site that answers for no host."
    DuplicateHost "duplicate-host" Error "A host stands twice."
    HostOverlap "host-overlap" Warning "A wildcard of one site covers a host of another; the narrower has it."
    AdminHost "admin-host" Error "The admin host is a host of a site."
    UnknownVersion "unknown-version" Error "The name of a version that the site does not have."
    SameVersion "same-version" Error "The canary is the stable version."
    SameOrigin "same-origin" Warning "Two versions of a site are served from the same place."
    Loop "loop" Error "A version's origin is a host that this Worker answers itself."
    PlainHttp "plain-http" Warning "Files travel unencrypted between the edge and an origin."
    NoEffect "no-effect" Warning "A setting that changes nothing here."
    WrongStep "wrong-step" Error "A step of another strategy."
    FallingStep "falling-step" Error "A step that takes the canary away from somebody who had it at the step before."
    StepBeyond "step-beyond" Error "`step` is more than there are steps."
    NeededGuard "needed-guard" Error "The guard `missing` is taken out, or not required."
    FewNetworks "few-networks" Warning "Harm may come from so few networks that it is easily forged."
    ShortDeadline "short-deadline" Error "The deadline passes before the holds of the steps do."
    Unheard "unheard" Warning "Guards are to decide, and pages do not report."
    UnknownCountry "unknown-country" Error "Not a country of ISO 3166-1."
    UnknownRegion "unknown-region" Error "Not a region of ISO 3166-2."
    UnknownPlaceCode "unknown-place-code" Warning "`XX` or `T1`: accepted, and means `unknown`."
    DuplicateArea "duplicate-area" Error "An area stands twice."
    AreaOverlap "area-overlap" Warning "Two areas of different weight share visitors; says which wins."
    TooMuch "too-much" Error "Weights of a split add up to more than 100 %."
    TooLittle "too-little" Error "Weights of a split that names the stable version add up to less than 100 %."
    NoCanary "no-canary" Error "A rule serves the canary, and no rollout runs."
    DuplicateRule "duplicate-rule" Error "Two rules of a site have one name."
    UnreachableRule "unreachable-rule" Warning "An earlier rule takes everyone this rule is for."
    NeverTrue "never-true" Warning "A condition that holds for nobody."
    CookieClash "cookie-clash" Error "A cookie name that is one of Halftone's own."
    LocalOnly "local-only" Warning "A setting that is right on a local machine only, or can not work there."
    PrefixClash "prefix-clash" Error "A build has files under the reserved prefix."
    MissingFolder "missing-folder" Error "A build's folder is not there."
    EmptyFolder "empty-folder" Error "A build's folder holds no files."
    NoIndex "no-index" Warning "A build has no `/index.html`."
    Unlisted "unlisted" Warning "The files of a version are not known, so it can not be compared with the others."
    SharedName "shared-name" Warning "Two builds have different content under one name."
    SharedHashedName "shared-hashed-name" Warning "Two builds have different content under a name that the config calls content-hashed."
    ServiceWorker "service-worker" Warning "A build brings a service worker, which can outlive a rollback."
    More "more" Error "There are more problems than are shown."
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
