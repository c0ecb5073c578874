//! Why a body, or one beacon of it, is not used: what the sender is told, and the words it is counted under.
//!
//! Codes and words are stable: metrics and answers carry them. A message says what and where, never a value that was sent.

/// Why a whole body is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// More bytes than are read.
    TooLarge {
        /// Bytes that are read.
        most: usize,
    },
    /// Not UTF-8.
    NotUtf8 {
        /// The first byte that is not, from 0.
        at: usize,
    },
    /// Not JSON.
    NotJson {
        /// What the parser missed, in its own words.
        reason: String,
        /// Line, from 1.
        line: usize,
        /// Byte of the line, from 1; 0 at its very beginning.
        column: usize,
    },
    /// More levels than are read.
    TooDeep {
        /// Line, from 1.
        line: usize,
        /// Byte of the line, from 1.
        column: usize,
    },
    /// JSON, but a number, a text or the like.
    NeitherObjectNorArray,
    /// A longer array than is read.
    TooMany {
        /// Entries in the array.
        found: usize,
        /// Entries that are read.
        most: usize,
    },
}

impl Fault {
    /// A stable word for it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotUtf8 { .. } => "bad_utf8",
            Self::NotJson { .. } => "bad_json",
            Self::TooDeep { .. } => "too_deep",
            Self::NeitherObjectNorArray => "bad_shape",
            Self::TooMany { .. } => "too_many",
        }
    }

    /// The status to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => 413,
            _ => 400,
        }
    }

    /// What is wrong, where, and what would be right, for whoever sent it.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::TooLarge { most } => format!("the body is larger than {most} bytes: send less in one request"),
            Self::NotUtf8 { at } => format!("the body is not UTF-8 at byte {at}: send JSON encoded as UTF-8"),
            Self::NotJson { reason, line, column } => format!("the body is not JSON: {reason}, line {line}, column {column}"),
            Self::TooDeep { line, column } => {
                format!(
                    "the body is nested more than 127 levels deep at line {line}, column {column}: leave out what is not needed"
                )
            }
            Self::NeitherObjectNorArray => "the body is JSON, but neither an object nor an array of objects".to_owned(),
            Self::TooMany { found, most } => {
                format!("the array has {found} entries and at most {most} are taken: send the others in another request")
            }
        }
    }

    /// What it is counted as, since nothing of the body is used.
    #[must_use]
    pub fn reason(&self) -> Drop {
        match self {
            Self::TooLarge { .. } => Drop::TooLarge,
            Self::TooMany { .. } => Drop::TooMany,
            _ => Drop::BadJson,
        }
    }
}

/// Why a beacon, or a whole body, is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drop {
    /// The body is larger than is read.
    TooLarge,
    /// The body is not JSON of the right shape, or the entry is no object.
    BadJson,
    /// There is no token, or nobody here has signed it.
    BadToken,
    /// The token is older than a page may be.
    Expired,
    /// It was said before.
    Duplicate,
    /// Too many from there at once.
    RateLimited,
    /// A listed bot.
    Bot,
    /// No consent, or a global privacy control.
    OptedOut,
    /// A version that is in no rollout any more.
    UnknownVersion,
    /// An event this release does not know.
    UnknownEvent,
    /// A field is missing, of another type, or out of range.
    BadField,
    /// The day's budget is used up.
    Budget,
    /// The token belongs to another visitor.
    Foreign,
    /// The page was never announced.
    NoPage,
    /// The body has more entries than are read.
    TooMany,
}

impl Drop {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::TooLarge,
        Self::BadJson,
        Self::BadToken,
        Self::Expired,
        Self::Duplicate,
        Self::RateLimited,
        Self::Bot,
        Self::OptedOut,
        Self::UnknownVersion,
        Self::UnknownEvent,
        Self::BadField,
        Self::Budget,
        Self::Foreign,
        Self::NoPage,
        Self::TooMany,
    ];

    /// The word in counts and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::BadJson => "bad_json",
            Self::BadToken => "bad_token",
            Self::Expired => "expired",
            Self::Duplicate => "duplicate",
            Self::RateLimited => "rate_limited",
            Self::Bot => "bot",
            Self::OptedOut => "opted_out",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownEvent => "unknown_event",
            Self::BadField => "bad_field",
            Self::Budget => "budget",
            Self::Foreign => "foreign",
            Self::NoPage => "no_page",
            Self::TooMany => "too_many",
        }
    }
}
