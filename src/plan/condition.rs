//! Conditions of rules, compiled: names are sets, header names are lower case, nothing needs a table at run time.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, Serialize};

use super::place::{Geo, Place};
use crate::glob::{Glob, Segments};
use crate::scan::holds;

/// A device class, told from the user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// Phones.
    Mobile,
    /// Tablets.
    Tablet,
    /// Everything else.
    Desktop,
}

/// Who a rule is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Every part holds; without parts, everyone.
    All(#[serde(deserialize_with = "nested")] Vec<Condition>),
    /// At least one part holds.
    Any(#[serde(deserialize_with = "nested")] Vec<Condition>),
    /// The part does not hold.
    Not(#[serde(deserialize_with = "nested")] Box<Condition>),
    /// The visitor is in one of these places.
    Place(Vec<Place>),
    /// Lower-case city names.
    City(Vec<String>),
    /// The path matches one of these.
    Path(Vec<Glob>),
    /// The hostname matches one of these.
    Host(Vec<Glob>),
    /// The query has this name with a value that matches.
    Query(String, Vec<Glob>),
    /// The request has this lower-case header with a value that matches.
    Header(String, Vec<Glob>),
    /// The request has this cookie with a value that matches.
    Cookie(String, Vec<Glob>),
    /// Lower-case language ranges.
    Language(Vec<String>),
    /// Device classes.
    Device(Vec<Device>),
    /// Whether the user agent is a listed bot.
    Bot(bool),
}

/// The most levels of conditions in conditions that are read. The checker allows eight in a file, each of which can
/// become two; a plan from elsewhere must not be able to use up the stack.
const DEEPEST: u8 = 64;

thread_local! {
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// Reads what a condition holds, one level further down.
fn nested<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    let depth = DEPTH.get();
    if depth >= DEEPEST {
        return Err(serde::de::Error::custom("conditions are nested too deeply"));
    }
    DEPTH.set(depth + 1);
    let read = T::deserialize(from);
    DEPTH.set(depth);
    read
}

/// What a condition may ask about a request. Each answer is looked up only when asked for.
pub trait Asked {
    /// Where the visitor is (kept facts first).
    fn geo(&self) -> Geo<'_>;
    /// Path, beginning with a slash, without query.
    fn path(&self) -> &str;
    /// Hostname, lower case, no port.
    fn host(&self) -> &str;
    /// Query without the question mark.
    fn query(&self) -> &str;
    /// A request header by lower-case name; only those the plan names are there.
    fn header(&self, name: &str) -> Option<&str>;
    /// The whole `Cookie` header.
    fn cookies(&self) -> &str;
    /// Whether the user agent is a listed bot.
    fn is_bot(&self) -> bool;
}

impl Condition {
    /// Whether the condition holds for a request.
    pub fn holds(&self, asked: &impl Asked) -> bool {
        let any = |globs: &[Glob], text: &str, segments| globs.iter().any(|glob| glob.matches(text, segments));
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(asked)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(asked)),
            Self::Not(part) => !part.holds(asked),
            Self::Place(places) => places.iter().any(|place| place.holds(&asked.geo())),
            Self::City(cities) => {
                let city = asked.geo().city;
                !city.is_empty() && cities.iter().any(|name| same_ignoring_case(name, city))
            }
            Self::Path(globs) => any(globs, asked.path(), Segments::Slash),
            Self::Host(globs) => any(globs, asked.host(), Segments::None),
            Self::Query(name, globs) => query_values(asked.query(), name).any(|value| any(globs, &value, Segments::None)),
            Self::Header(name, globs) => asked.header(name).is_some_and(|value| any(globs, value, Segments::None)),
            Self::Cookie(name, globs) => {
                crate::visitor::cookie_values(asked.cookies(), name.as_str()).any(|value| any(globs, value, Segments::None))
            }
            Self::Language(ranges) => {
                let preferred = preferred_language(asked.header("accept-language").unwrap_or_default());
                ranges.iter().any(|range| in_range(range, preferred))
            }
            Self::Device(classes) => {
                let device = device_of(asked.header("user-agent").unwrap_or_default());
                classes.contains(&device)
            }
            Self::Bot(wanted) => asked.is_bot() == *wanted,
        }
    }

    /// Calls `note` with the lower-case name of every request header the condition reads, and what else it reads.
    pub fn needs(&self, note: &mut impl FnMut(Need<'_>)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.needs(note)),
            Self::Not(part) => part.needs(note),
            Self::Place(_) | Self::City(_) => note(Need::Geo),
            Self::Header(name, _) => note(Need::Header(name)),
            Self::Language(_) => note(Need::Header("accept-language")),
            Self::Device(_) | Self::Bot(_) => note(Need::Header("user-agent")),
            Self::Cookie(..) => note(Need::Cookies),
            Self::Path(_) | Self::Host(_) | Self::Query(..) => {}
        }
    }
}

/// Something a plan reads from a request beyond what every request is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// The platform's geography.
    Geo,
    /// Other cookies than ours.
    Cookies,
    /// A header by lower-case name.
    Header(&'a str),
}

fn same_ignoring_case(lower: &str, text: &str) -> bool {
    lower.chars().eq(text.chars().flat_map(char::to_lowercase))
}

/// The values of a query parameter, percent-decoded, `+` read as a space.
fn query_values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name || decoded(key) == name).then(|| decoded(value))
    })
}

fn decoded(text: &str) -> String {
    crate::route::percent_decoded(&text.replace('+', " "))
}

/// The language with the highest `q` in an `Accept-Language` header; of equals, the first.
fn preferred_language(header: &str) -> &str {
    let mut best = ("", 0_u32);
    for part in header.split(',').take(32) {
        let (range, rest) = part.split_once(';').unwrap_or((part, ""));
        let quality = rest.trim().strip_prefix("q=").map_or(1000, thousandths);
        if quality > best.1 {
            best = (range.trim(), quality);
        }
    }
    best.0
}

/// `0.8` as 800; what can not be read counts as nothing.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let whole: u32 = whole.parse().unwrap_or(0);
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit.saturating_sub(b'0').min(9)));
    (whole.min(1) * 1000 + fraction).min(1000)
}

/// Basic filtering of RFC 4647: `de` takes `de` and `de-AT`, not `den`.
fn in_range(lower_range: &str, language: &str) -> bool {
    let head = language.get(..lower_range.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(lower_range))
        && matches!(language.as_bytes().get(lower_range.len()), None | Some(b'-'))
}

/// The device class a user agent names. Tablets that say they are desktops (recent iPads) count as desktops.
fn device_of(user_agent: &str) -> Device {
    let says = |word: &str| holds(user_agent, word);
    if says("iPad") || says("Tablet") || (says("Android") && !says("Mobile")) {
        Device::Tablet
    } else if says("Mobi") || says("iPhone") || says("iPod") {
        Device::Mobile
    } else {
        Device::Desktop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_has_the_highest_weight_and_is_first_among_equals() {
        assert_eq!(preferred_language("de-AT,de;q=0.9,en;q=0.8"), "de-AT");
        assert_eq!(preferred_language("en;q=0.8, fr"), "fr");
        assert_eq!(preferred_language("en;q=0, fr;q=0.001"), "fr");
        assert_eq!(preferred_language(";;q=,,"), "");
        assert_eq!(preferred_language(""), "");
    }

    #[test]
    fn language_ranges_stop_at_a_hyphen() {
        assert!(in_range("de", "de-AT") && in_range("de", "DE") && in_range("pt-br", "pt-BR"));
        assert!(!in_range("de", "den") && !in_range("pt-br", "pt") && !in_range("de", "é"));
    }

    #[test]
    fn device_classes_are_told_from_the_user_agent() {
        let class = |agent| device_of(agent);
        assert_eq!(class("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"), Device::Mobile);
        assert_eq!(class("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140 Mobile Safari/537.36"), Device::Mobile);
        assert_eq!(class("Mozilla/5.0 (Linux; Android 14; SM-X700) Chrome/140 Safari/537.36"), Device::Tablet);
        assert_eq!(class("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140"), Device::Desktop);
        assert_eq!(class(""), Device::Desktop);
    }

    #[test]
    fn query_values_are_decoded() {
        let values = |query, name| query_values(query, name).collect::<Vec<_>>();
        assert_eq!(values("a=1&show=v%32&show=x+y&b", "show"), ["v2", "x y"]);
        assert_eq!(values("a=1&b", "b"), [""]);
        assert!(values("", "show").is_empty());
    }

    #[test]
    fn conditions_nested_without_end_are_refused_and_reasonable_ones_are_read() {
        let nested = |levels: usize| format!("{}{{\"bot\":true}}{}", "{\"not\":".repeat(levels), "}".repeat(levels));
        assert!(serde_json::from_str::<Condition>(&nested(20)).is_ok());
        let error = serde_json::from_str::<Condition>(&nested(65)).unwrap_err();
        assert!(error.to_string().contains("nested too deeply"), "{error}");
        assert!(serde_json::from_str::<Condition>(&nested(20)).is_ok(), "a refusal leaves nothing behind");
    }
}
