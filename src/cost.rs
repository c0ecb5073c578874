//! What a million page views cost on the network, roughly: public list prices times what Halftone asks for.
//!
//! An estimate for a decision, not a bill: prices change, allowances that come with a plan are not taken off, and what a page
//! loads differs from site to site. So every price, every assumption and their date are said beside the sum. Whole numbers
//! alone: millionths of a US dollar.

use crate::config::model::{Config, Site};
use crate::plan::Origin;

/// When the prices were looked up.
pub const PRICES_OF: &str = "2026-11";

/// Millionths of a dollar for a million of each.
const REQUEST: u64 = 300_000;
const CPU_MS: u64 = 20_000;
const R2_READ: u64 = 360_000;
const OBJECT_REQUEST: u64 = 150_000;
const ROW_WRITTEN: u64 = 1_000_000;
const GB_S: u64 = 12_500_000;

/// What stands behind the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// Requests that reach the Worker for one page view; what a browser has in its cache does not.
    pub requests: u64,
}

/// Halves of a millisecond of CPU for one request: a tenth was measured, other files' answers and starts are on top.
const CPU_HALF_MS: u64 = 1;

/// Beacons of one counted page view: one early, one when it is left.
const BEACONS: u64 = 2;

/// Rows written for one counted page view: page and draw with their indexes, two beacons, and taking the page away.
const ROWS: u64 = 8;

/// Gigabyte-seconds of one object that is awake all month: an eighth of a gigabyte for 30 days.
const OBJECT_MONTH_GB_S: u64 = 30 * 86_400 / 8;

/// One part of the costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What for.
    pub what: String,
    /// Millionths of a dollar for a million page views, or a month of what does not depend on them.
    pub micros: u64,
}

/// The costs of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Always.
    pub serving: Vec<Part>,
    /// While a rollout draws, besides.
    pub rollout: Vec<Part>,
    /// A month of a rollout, however many views.
    pub monthly: Vec<Part>,
}

/// The sum of some parts.
#[must_use]
pub fn total(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.micros).sum()
}

/// What a site of a config costs.
#[must_use]
pub fn estimate(site: &Site, assumed: Assumed) -> Estimate {
    let part = |what: &str, micros| Part { what: what.to_owned(), micros };
    let requests = assumed.requests;
    let mut serving = vec![
        part(&format!("{requests} requests a view"), requests * REQUEST),
        part("their CPU, half a millisecond each", requests * CPU_HALF_MS * CPU_MS / 2),
    ];
    let stable = site.versions.get(usize::from(site.stable.0));
    if let Some(Origin::R2(_, prefix)) = stable.map(|version| &version.origin) {
        // An uploaded build is read at once; of a prefix it is asked first what is there.
        let reads = if prefix.starts_with('@') { requests } else { 2 * requests };
        serving.push(part(&format!("{reads} reads of the bucket"), reads * R2_READ));
    }
    let feedback = &site.feedback;
    let (mut rollout, mut monthly) = (Vec::new(), Vec::new());
    if feedback.on {
        let sampled = |micros: u64| micros * u64::from(feedback.sample.bp()) / 10_000;
        rollout = vec![
            part("2 beacons a view", sampled(BEACONS * REQUEST)),
            part("3 calls of objects", sampled((BEACONS + 1) * OBJECT_REQUEST)),
            part("8 rows written", sampled(ROWS * ROW_WRITTEN)),
        ];
        let objects = u64::from(feedback.shards) + 1;
        monthly = vec![part(&format!("{objects} objects awake all month"), objects * OBJECT_MONTH_GB_S * GB_S / 1_000_000)];
    }
    Estimate { serving, rollout, monthly }
}

/// Dollars and cents, rounded up, so that nothing looks free.
#[must_use]
pub fn dollars(micros: u64) -> String {
    let cents = micros.div_ceil(10_000);
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// The estimates of a config as people read them.
#[must_use]
pub fn render(config: &Config, assumed: Assumed) -> String {
    let mut text = String::new();
    for site in &config.sites {
        let Estimate { serving, rollout, monthly } = estimate(site, assumed);
        text.push_str(&format!("site {}: a million page views cost about {}", site.name, dollars(total(&serving))));
        if rollout.is_empty() {
            text.push('\n');
        } else {
            let more = [total(&rollout), total(&monthly)].map(dollars);
            text.push_str(&format!("; while a rollout draws, {} more, and {} a month\n", more[0], more[1]));
        }
        for (when, parts) in [("always", &serving), ("rollout", &rollout), ("a month", &monthly)] {
            for part in parts {
                text.push_str(&format!("  {when:<8} {:>9}  {}\n", dollars(part.micros), part.what));
            }
        }
    }
    text.push_str(&format!(
        "List prices of {PRICES_OF} (US dollars a million): requests 0.30, CPU ms 0.02, R2 reads 0.36, calls of objects 0.15, rows\n\
         written 1.00, GB-seconds of objects 12.50. The paid plan's 5 a month and what it includes (10 million requests, 30 million\n\
         CPU ms, 1 million calls, 400,000 GB-s, 50 million rows) are not taken off, nor is what an origin elsewhere costs.\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Builds, check};

    fn site(origin: &str, more: &str) -> Site {
        let text = format!(r#"{{"sites":{{"shop":{{"versions":{{"v1":"{origin}"}},"stable":"v1"{more}}}}}}}"#);
        check(text.as_bytes(), &Builds::unknown()).config.unwrap().sites.remove(0)
    }

    #[test]
    fn a_million_views_are_summed_from_what_is_asked_for() {
        let assumed = Assumed { requests: 10 };
        let plain = estimate(&site("assets:v1", ""), assumed);
        assert_eq!(total(&plain.serving), 3_100_000);
        assert_eq!(total(&plain.rollout), 600_000 + 450_000 + 8_000_000);
        assert_eq!(total(&estimate(&site("r2:BUILDS/@shop/a", ""), assumed).serving), 3_100_000 + 3_600_000);
        assert_eq!(total(&estimate(&site("r2:BUILDS/a", ""), assumed).serving), 3_100_000 + 7_200_000);
        let tenth = estimate(&site("assets:v1", r#","feedback":{"sample":"10%","shards":1}"#), assumed);
        assert_eq!(total(&tenth.rollout), 905_000);
        assert_eq!(total(&tenth.monthly), 2 * 4_050_000);
        let silent = estimate(&site("assets:v1", r#","feedback":{"enabled":false}"#), assumed);
        assert_eq!((total(&silent.rollout), total(&silent.monthly)), (0, 0));
    }

    #[test]
    fn sums_are_rounded_up_to_cents() {
        assert_eq!([0, 1, 10_000, 1_239_999].map(dollars), ["$0.00", "$0.01", "$0.01", "$1.24"]);
    }
}
