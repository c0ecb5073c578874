//! What pages report back: the `feedback` options of a site.

use super::quantity;
use super::report::Report;
use super::site::{seconds, word};
use super::tree::Node;
use crate::plan::Feedback;
use crate::slot::Weight;

/// A row kept for less than a day could be gone before a rollout's numbers are looked at.
const RETENTION: (&str, &str) = ("1d", "400d");

const DAY_S: u32 = 86_400;

/// What a site without the options does.
pub fn usual() -> Feedback {
    Feedback {
        on: true,
        inject: true,
        reports: true,
        reload: false,
        sample: Weight::ALL,
        shards: 4,
        budget: 0,
        retention_days: 30,
        jurisdiction: String::new(),
    }
}

/// Reads the options.
pub fn read(node: Option<&Node<'_>>, report: &mut Report<'_>) -> Option<Feedback> {
    let Some(node) = node else { return Some(usual()) };
    let usual = usual();
    let flag = |key: &str| match node.get(key) {
        None => Some(true),
        Some(flag) => flag.flag(),
    };
    let whole = |key: &str, otherwise: u64| match node.get(key) {
        None => Some(otherwise),
        Some(number) => number.whole(),
    };
    let reload = word(node.get("on_recall"), false, |text| match text {
        "event" => Some(false),
        "reload" => Some(true),
        _ => None,
    });
    let sample = word(node.get("sample"), Weight::ALL, quantity::weight);
    let retention = seconds(node.get("retention"), u32::from(usual.retention_days) * DAY_S, RETENTION, report);
    let jurisdiction = word(node.get("jurisdiction"), String::new(), |text| Some(text.to_owned()));
    Some(Feedback {
        on: flag("enabled")?,
        inject: flag("inject")?,
        reports: flag("browser_reports")?,
        reload: reload?,
        sample: sample?,
        shards: u8::try_from(whole("shards", u64::from(usual.shards))?).ok()?,
        budget: whole("daily_budget", 0)?,
        retention_days: u16::try_from(retention?.div_ceil(DAY_S)).ok()?,
        jurisdiction: jurisdiction?,
    })
}
