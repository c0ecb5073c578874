//! The body of `POST in`: from bytes to beacons, each read by itself.
//!
//! What is wrong with the whole body is a *fault*, told to whoever sent it; what is wrong with one beacon is a *drop*,
//! counted by its reason, and the others go on. Neither ever repeats what was sent. Whether a token is ours, and what a
//! beacon counts for, is not known here. Texts leave without control characters and with a bounded length, names and ids
//! with the characters of a word, so that a note of one line can hold them.

pub use refusal::{Drop, Fault};
use tree::Tree;

use super::token;

mod refusal;
pub(crate) mod tree;

/// The largest body that is read: 50 beacons with a token and two texts of 200 characters each are about that.
pub const MOST_BYTES: usize = 64 * 1024;

/// The most beacons in one body.
pub const MOST_BEACONS: usize = 50;

/// The most characters of an error's message and of its source.
pub const MOST_TEXT_CHARS: usize = 200;

/// The most characters of a goal's name and of a vital's id.
pub const MOST_NAME_CHARS: usize = 40;

/// What one page says once.
#[derive(Clone, Debug, PartialEq)]
pub struct Beacon {
    /// What it may speak for: the characters of a token, at most [`token::LONGEST`] of them, and nothing more is known.
    pub token: String,
    /// What happened.
    pub event: Event,
}

/// What happened in a page. Times are ms since navigation began, or since activation.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// First contentful paint was seen.
    Alive {
        /// When.
        at_ms: u32,
    },
    /// The page was opened in the background.
    Hidden,
    /// A page fetched or rendered ahead is looked at.
    Activated,
    /// The page came out of a service worker.
    Worker,
    /// Something broke.
    Error {
        /// What.
        kind: ErrorKind,
        /// When.
        at_ms: u32,
        /// In whose words it did, at most [`MOST_TEXT_CHARS`], no control characters; empty if it does not say.
        message: String,
        /// Path of the file, as `message`.
        source: String,
    },
    /// How fast or how steady it is.
    Vital {
        /// What was measured.
        metric: Metric,
        /// Milliseconds, or CLS without a unit; finite and not negative.
        value: f64,
        /// The page's word for this measurement: of several values with one id the last counts.
        id: String,
    },
    /// Visible all along, and no paint by its target.
    Late {
        /// No first contentful paint.
        fcp: bool,
        /// No largest contentful paint.
        lcp: bool,
    },
    /// A soft navigation.
    Soft,
    /// A goal was met.
    Goal {
        /// `[a-z0-9][a-z0-9_-]{0,39}`.
        name: String,
    },
    /// Only asks whether the version was rolled back.
    Ask,
    /// The browser can not read its token, so the token is `-`.
    Untested,
}

/// What broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// An uncaught error.
    Error,
    /// A rejection nobody handled.
    Rejection,
    /// A script that did not load.
    Script,
    /// A stylesheet that did not load.
    Style,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Error, Self::Rejection, Self::Script, Self::Style];

    /// The word on the wire and in counts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Rejection => "rejection",
            Self::Script => "script",
            Self::Style => "style",
        }
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Largest contentful paint.
    Lcp,
    /// Interaction to next paint.
    Inp,
    /// Cumulative layout shift.
    Cls,
    /// First contentful paint.
    Fcp,
    /// Time to first byte.
    Ttfb,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 5] = [Self::Lcp, Self::Inp, Self::Cls, Self::Fcp, Self::Ttfb];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lcp => "LCP",
            Self::Inp => "INP",
            Self::Cls => "CLS",
            Self::Fcp => "FCP",
            Self::Ttfb => "TTFB",
        }
    }
}

/// What a beacon's object may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Token,
    Event,
    At,
    Kind,
    Message,
    Source,
    Name,
    Names,
    Value,
    Id,
}

impl tree::Key for Key {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "t" => Self::Token,
            "e" => Self::Event,
            "at" => Self::At,
            "kind" => Self::Kind,
            "message" => Self::Message,
            "source" => Self::Source,
            "name" => Self::Name,
            "names" => Self::Names,
            "value" => Self::Value,
            "id" => Self::Id,
            _ => return None,
        })
    }
}

/// Reads a body: one object, or an array of at most [`MOST_BEACONS`], whatever its content type says.
pub fn parse(body: &[u8]) -> Result<Vec<Result<Beacon, Drop>>, Fault> {
    tree::read(body, MOST_BYTES, |tree| {
        let entries = tree::entries(tree, MOST_BEACONS)?;
        Ok(entries.iter().map(beacon).collect())
    })?
}

fn beacon(entry: &Tree<'_, Key>) -> Result<Beacon, Drop> {
    if !matches!(entry, Tree::Object(_)) {
        return Err(Drop::BadJson);
    }
    let token = entry.get(Key::Token).text().filter(|token| is_token(token)).ok_or(Drop::BadToken)?;
    let name = entry.get(Key::Event).text().ok_or(Drop::BadField)?;
    Ok(Beacon { token: token.to_owned(), event: event(name, entry)? })
}

fn event(name: &str, entry: &Tree<'_, Key>) -> Result<Event, Drop> {
    let fields = match name {
        "alive" => alive(entry),
        "hidden" => Some(Event::Hidden),
        "activated" => Some(Event::Activated),
        "worker" => Some(Event::Worker),
        "error" => error(entry),
        "vital" => vital(entry),
        "late" => late(entry),
        "soft" => Some(Event::Soft),
        "goal" => goal(entry),
        "ask" => Some(Event::Ask),
        "untested" => Some(Event::Untested),
        _ => return Err(Drop::UnknownEvent),
    };
    fields.ok_or(Drop::BadField)
}

fn alive(entry: &Tree<'_, Key>) -> Option<Event> {
    Some(Event::Alive { at_ms: whole_ms(entry.get(Key::At))? })
}

fn error(entry: &Tree<'_, Key>) -> Option<Event> {
    let kind = entry.get(Key::Kind).text()?;
    Some(Event::Error {
        kind: ErrorKind::ALL.into_iter().find(|known| known.as_str() == kind)?,
        at_ms: whole_ms(entry.get(Key::At))?,
        message: short_text(entry.get(Key::Message))?,
        source: short_text(entry.get(Key::Source))?,
    })
}

fn vital(entry: &Tree<'_, Key>) -> Option<Event> {
    let (name, id) = (entry.get(Key::Name).text()?, entry.get(Key::Id).text()?);
    let Tree::Number(value) = *entry.get(Key::Value) else { return None };
    let metric = Metric::ALL.into_iter().find(|known| known.as_str() == name)?;
    let is_id = (1..=MOST_NAME_CHARS).contains(&id.len()) && id.bytes().all(is_word);
    (is_id && value.is_finite() && value >= 0.0).then(|| Event::Vital { metric, value, id: id.to_owned() })
}

fn late(entry: &Tree<'_, Key>) -> Option<Event> {
    let Tree::List(names) = entry.get(Key::Names) else { return None };
    let (mut fcp, mut lcp) = (false, false);
    for name in names {
        match name.text()? {
            "FCP" => fcp = true,
            "LCP" => lcp = true,
            _ => return None,
        }
    }
    (fcp || lcp).then_some(Event::Late { fcp, lcp })
}

fn goal(entry: &Tree<'_, Key>) -> Option<Event> {
    let name = entry.get(Key::Name).text()?;
    let is_name = (1..=MOST_NAME_CHARS).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
    is_name.then(|| Event::Goal { name: name.to_owned() })
}

fn is_token(text: &str) -> bool {
    (1..=token::LONGEST).contains(&text.len()) && text.bytes().all(is_word)
}

/// The characters of tokens, and of ids.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-~:".contains(&byte)
}

/// Milliseconds, which browsers give in fractions; what is below a whole one is left out.
#[expect(clippy::cast_sign_loss, reason = "negative times are no times")]
fn whole_ms(value: &Tree<'_, Key>) -> Option<u32> {
    let Tree::Number(ms) = *value else { return None };
    (0.0..=f64::from(u32::MAX)).contains(&ms).then_some(ms as u32)
}

/// A text cut to [`MOST_TEXT_CHARS`], empty for none.
fn short_text(value: &Tree<'_, Key>) -> Option<String> {
    let text = match value {
        Tree::Null => "",
        Tree::Text(text) => text,
        _ => return None,
    };
    Some(text.chars().take(MOST_TEXT_CHARS).map(|one| if one.is_control() { ' ' } else { one }).collect())
}

#[cfg(test)]
mod tests;
