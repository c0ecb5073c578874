//! When a rollout may go forward, as its config says it.

use super::problem::Code;
use super::report::{Report, found};
use super::shape::Refusal;
use super::spelling::{CLOCK, TIMESTAMP, ZONE};
use super::tree::Node;
use crate::rollout::calendar::{Calendar, Freeze, Window};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 0b111_1111;

/// Reads the calendar of a rollout. `None` if something in it can not be read.
pub fn read(rollout: &Node<'_>, report: &mut Report<'_>) -> Option<Calendar> {
    let start_ms = rollout.get("start").map_or(Some(0), |node| instant(node, report));
    let list = |key| rollout.get(key).map(Node::items).unwrap_or_default();
    let windows: Vec<Option<Window>> = list("windows").iter().map(window).collect();
    let freezes: Vec<Option<Freeze>> = list("freezes").iter().map(|node| freeze(node, report)).collect();
    Some(Calendar {
        start_ms: start_ms?,
        windows: windows.into_iter().collect::<Option<_>>()?,
        freezes: freezes.into_iter().collect::<Option<_>>()?,
    })
}

/// A time in ms; reports a day that there is not.
fn instant(node: &Node<'_>, report: &mut Report<'_>) -> Option<u64> {
    let text = node.text().filter(|text| TIMESTAMP.fits(text))?;
    let at = text.parse::<jiff::Timestamp>().ok().and_then(|at| u64::try_from(at.as_millisecond()).ok());
    if at.is_none() {
        report.add(Code::BadValue, node, found(node.shown(), "is a day that there is not"));
    }
    at
}

fn window(node: &Node<'_>) -> Option<Window> {
    let clock = |key| node.get(key)?.text().filter(|text| CLOCK.fits(text)).and_then(minutes);
    let days = match node.get("days") {
        None => Some(EVERY_DAY),
        Some(days) => days.items().iter().try_fold(0, |all, day| {
            let at = DAYS.iter().position(|name| Some(*name) == day.text())?;
            Some(all | 1_u8 << at)
        }),
    };
    let offset = match node.get("zone") {
        None => Some(0),
        Some(zone) => zone.text().filter(|text| ZONE.fits(text)).and_then(offset),
    };
    Some(Window { days: days?, from_min: clock("from")?, until_min: clock("until")?, offset_min: offset? })
}

fn freeze(node: &Node<'_>, report: &mut Report<'_>) -> Option<Freeze> {
    let mut at = |key| node.get(key).and_then(|node| instant(node, report));
    let (from_ms, until_ms) = (at("from")?, at("until")?);
    if let (true, Some(until)) = (until_ms <= from_ms, node.get("until")) {
        let words = found(until.shown(), "is not after `from`: it would freeze nothing");
        report.add(Code::BadValue, until, words.fix("write a later time, or take the freeze out"));
        return None;
    }
    let why = node.get("why").map_or(Some(""), Node::text)?;
    Some(Freeze { from_ms, until_ms, why: if why.is_empty() { "the config says so".to_owned() } else { why.to_owned() } })
}

/// Minutes of `09:30`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<u16>().ok()? * 60 + minutes.parse::<u16>().ok()?)
}

/// Minutes of `UTC`, `+13:00`, `-03:30`.
fn offset(text: &str) -> Option<i16> {
    let ahead = |text| i16::try_from(minutes(text)?).ok();
    match text.split_at_checked(1)? {
        ("+", clock) => ahead(clock),
        ("-", clock) => ahead(clock).map(|minutes| -minutes),
        _ => Some(0),
    }
}

/// Whether text is `hh:mm`.
pub fn is_clock(text: &str) -> bool {
    let [a, b, b':', c, d] = text.as_bytes() else { return false };
    let digits = [a, b, c, d].iter().all(|digit| digit.is_ascii_digit());
    digits && (*a < b'2' || (*a == b'2' && *b < b'4')) && *c < b'6'
}

/// Whether text is `UTC` or an offset from it.
pub fn is_zone(text: &str) -> bool {
    text == "UTC" || text.strip_prefix(['+', '-']).is_some_and(is_clock)
}

/// Whether text is a date, a time to the minute or second, and `Z` or an offset.
pub fn is_timestamp(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else { return false };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date.as_bytes() else { return false };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2].iter().all(|digit| digit.is_ascii_digit());
    let two = |tens: u8, ones: u8| u32::from(tens.wrapping_sub(b'0')) * 10 + u32::from(ones.wrapping_sub(b'0'));
    let (month, day) = (two(*m1, *m2), two(*d1, *d2));
    let at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(at);
    let has_time = match time.split_at_checked(5) {
        Some((clock, "")) => is_clock(clock),
        Some((clock, seconds)) => is_clock(clock) && seconds.strip_prefix(':').is_some_and(is_seconds),
        None => false,
    };
    digits
        && *y1 == b'2'
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && has_time
        && (zone == "Z" || (zone != "UTC" && is_zone(zone)))
}

fn is_seconds(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'5', b'0'..=b'9'])
}

/// What is wrong with text that is no time.
pub fn explain(text: &str) -> Option<Refusal> {
    let tidy = text.trim().replacen(' ', "T", 1);
    let with_zone = format!("{}Z", if tidy.contains('T') { tidy.clone() } else { format!("{tidy}T00:00") });
    if is_timestamp(&tidy) {
        return Some(Refusal::new("has a space where a `T` belongs").fix(format!("write \"{tidy}\"")));
    }
    if is_timestamp(&with_zone) {
        let words = "does not say from which clock: add `Z` for UTC, or an offset like `+13:00`";
        return Some(Refusal::new(words).fix(format!("write \"{with_zone}\"")));
    }
    None
}
