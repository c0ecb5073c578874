//! Weights and durations as text: `"0.25%"` to basis points, `"10m"` to milliseconds, and what to say otherwise.

use super::problem::Code;
use super::shape::Refusal;
use crate::slot::{SLOTS, Weight};

/// Basis points of `"5%"`, `"0.25%"`; `None` if it is not written so or more than 100 %.
pub fn basis_points(text: &str) -> Option<u16> {
    let number = text.strip_suffix('%')?;
    let (whole, decimals) = match number.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (number, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || whole.len() > 3 || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let decimals = match decimals {
        None => 0,
        Some(decimals) if digits(decimals) && decimals.len() <= 2 => format!("{decimals:0<2}").parse::<u16>().ok()?,
        Some(_) => return None,
    };
    let bp = whole.parse::<u16>().ok()?.checked_mul(100)?.checked_add(decimals)?;
    (bp <= SLOTS).then_some(bp)
}

/// A weight as files write it.
pub fn weight(text: &str) -> Option<Weight> {
    Weight::from_bp(basis_points(text)?)
}

/// Milliseconds of `"500ms"`, `"3s"`, `"10m"`, `"2h"`, `"180d"`: at most nine digits and a unit.
pub fn milliseconds(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let leading_zero = number.len() > 1 && number.starts_with('0');
    if number.is_empty() || number.len() > 9 || leading_zero {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Seconds as a file would say them, in the largest unit that fits exactly.
pub fn spoken(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    match units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit)) {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

/// What a percentage is a share of, as problems speak of it.
struct Whole {
    /// `a weight`.
    noun: &'static str,
    /// Why it has no third decimal.
    finest: &'static str,
    /// What one is: `all visitors`.
    all: &'static str,
}

const VISITORS: Whole = Whole { noun: "a weight", finest: "a slot is 0.01% of the visitors", all: "all visitors" };
const OTHERS: Whole = Whole { noun: "a share", finest: "0.01% is the finest", all: "the whole" };

pub fn explain_weight(text: &str) -> Option<Refusal> {
    VISITORS.explain(text)
}

pub fn explain_share(text: &str) -> Option<Refusal> {
    OTHERS.explain(text)
}

/// What a bare number probably meant: `5` and `5.5` percent as they stand, `0.05` perhaps a share of one.
pub fn weight_for_number(number: &str) -> Option<String> {
    VISITORS.for_number(number)
}

/// The same of a share.
pub fn share_for_number(number: &str) -> Option<String> {
    OTHERS.for_number(number)
}

impl Whole {
    fn explain(&self, text: &str) -> Option<Refusal> {
        let Self { noun, finest, .. } = self;
        let range = format!("write {noun} from \"0%\" to \"100%\"");
        let tidy: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == ',' { '.' } else { c }).collect();
        let number = tidy.strip_suffix('%').unwrap_or(&tidy);
        let bare = number.trim_start_matches('0');
        let number = if bare.is_empty() || bare.starts_with('.') { number } else { bare };
        if number.starts_with('-') {
            return Some(Refusal::new("is less than 0%").fix(range));
        }
        if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') || !number.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let plain = number.trim_start_matches('0').trim_start_matches('.');
        let value: f64 = number.parse().ok()?;
        if value > 100.0 {
            return Some(Refusal { code: Code::OutOfRange, ..Refusal::new("is more than 100%").fix(range) });
        }
        let percent = format!("{number}%");
        if basis_points(&percent).is_some() {
            let what = if text.contains('%') { format!("is not written as {noun}") } else { "has no percent sign".to_owned() };
            return Some(Refusal::new(what).fix(format!("write \"{percent}\"")));
        }
        let decimals = number.split_once('.').map_or("", |parts| parts.1);
        if decimals.len() > 2 {
            let near = Weight::from_bp(rounded_bp(value)).map(|weight| format!("write \"{weight}\""));
            let fix = near
                .filter(|_| rounded_bp(value) > 0 && !plain.is_empty())
                .unwrap_or_else(|| "write at most two decimals".to_owned());
            return Some(Refusal::new(format!("has more than two decimals; {finest}")).fix(fix));
        }
        None
    }

    fn for_number(&self, number: &str) -> Option<String> {
        let Self { noun, all, .. } = self;
        let value: f64 = number.parse().ok()?;
        if !(0.0..=100.0).contains(&value) {
            return Some(format!("write {noun} from \"0%\" to \"100%\""));
        }
        let percent = Weight::from_bp(rounded_bp(value))?;
        if value > 0.0 && value < 1.0 {
            let share = Weight::from_bp(rounded_bp(value * 100.0))?;
            return Some(format!("write \"{share}\" for {value} of {all}, or \"{percent}\" for {value} percent"));
        }
        Some(format!("write \"{percent}\""))
    }
}

/// Percent, `0..=100`, as the nearest basis points.
fn rounded_bp(percent: f64) -> u16 {
    #[expect(clippy::cast_sign_loss, reason = "callers have checked that it is within 0..=100; the cast saturates anyway")]
    let bp = (percent * 100.0).round() as u16;
    bp
}

pub fn explain_duration(text: &str) -> Option<Refusal> {
    if text.ends_with("ms") && milliseconds(text).is_some() {
        return Some(
            Refusal::new("is in milliseconds, and whole seconds are counted here").fix("write it in `s`, `m`, `h` or `d`"),
        );
    }
    explain(text, "s", &["s", "m", "h", "d"])
}

pub fn explain_timeout(text: &str) -> Option<Refusal> {
    if milliseconds(text).is_some() {
        let refusal = Refusal::new("is too long: visitors would be waiting").fix("write at most \"30s\"");
        return Some(Refusal { code: Code::OutOfRange, ..refusal });
    }
    explain(text, unit_of_bare_timeout(text), &["ms", "s"])
}

/// Below a hundred nobody means milliseconds.
pub fn unit_of_bare_timeout(number: &str) -> &'static str {
    if number.trim().len() <= 2 { "s" } else { "ms" }
}

fn explain(text: &str, bare: &str, units: &[&str]) -> Option<Refusal> {
    let tidy: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    if !tidy.is_empty() && tidy.len() <= 9 && tidy.bytes().all(|b| b.is_ascii_digit()) {
        let number = tidy.trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        return Some(Refusal::new("has no unit").fix(format!("write \"{number}{bare}\"")));
    }
    let at = tidy.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = tidy.split_at(at);
    let short = match unit {
        "sec" | "secs" | "second" | "seconds" | "s" => "s",
        "min" | "mins" | "minute" | "minutes" | "m" => "m",
        "hr" | "hrs" | "hour" | "hours" | "h" => "h",
        "day" | "days" | "d" => "d",
        "w" | "week" | "weeks" => {
            let days = number.parse::<u64>().ok()?.checked_mul(7)?;
            return Some(Refusal::new("is in weeks").fix(format!("write \"{days}d\"")));
        }
        "msec" | "millis" | "milliseconds" | "ms" => "ms",
        _ => return None,
    };
    let fixed = format!("{number}{short}");
    let works = milliseconds(&fixed).is_some() && units.contains(&short);
    works.then(|| Refusal::new("is not written as a duration").fix(format!("write \"{fixed}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_whole_basis_points() {
        for (text, bp) in
            [("0%", 0), ("0.01%", 1), ("0.25%", 25), ("5%", 500), ("33.3%", 3330), ("100%", 10_000), ("100.00%", 10_000)]
        {
            assert_eq!(basis_points(text), Some(bp), "{text}");
        }
        for text in ["", "%", "5", "05%", "100.01%", "120%", "0.125%", "-1%", "5 %", "1e1%", ".5%", "5.%", "999%", "٥%"] {
            assert_eq!(basis_points(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_weight_prints_reads_back() {
        for bp in 0..=SLOTS {
            let weight = Weight::from_bp(bp).unwrap();
            assert_eq!(super::weight(&weight.to_string()), Some(weight));
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(milliseconds("500ms"), Some(500));
        assert_eq!(milliseconds("10m"), Some(600_000));
        assert_eq!(milliseconds("180d"), Some(15_552_000_000));
        for text in ["", "10", "m", "1.5h", "010m", "10 m", "-1s", "1234567890s", "10M"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_duration_speaks_reads_back() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m"), (90, "90s"), (5_400, "90m"), (7_200, "2h"), (1_209_600, "14d")]
        {
            assert_eq!(spoken(seconds), text);
            assert_eq!(milliseconds(text), Some(seconds * 1_000));
        }
    }
}
