//! Request headers that are taken apart, patterns they are compared with, and the look of names that carry a hash.

use halftone::glob::{Glob, Segments};
use halftone::headers::{Copy, is_hashed, validators_for};
use halftone::plan::condition::Asked;
use halftone::plan::{Condition, Device, Geo, Plan, Site};

thread_local! {
    /// Sites that say which paths are content-hashed, and sites that do not.
    static SITES: Vec<Site> = Plan::read(include_str!("../../tests/vectors/plan-3.txt")).unwrap().sites;
}

/// The first line is a pattern, the rest a header's value, a query, a path, whatever it is asked to be.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, value) = text.split_once('\n').unwrap_or(("*", &text));

    for (copy, mark) in [(Copy::Plain, "\"v1~"), (Copy::Told, "\"v1~~")] {
        let kept = validators_for("v1", copy, value);
        for tag in kept.split(", ").filter(|tag| !tag.is_empty() && *tag != "*") {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            assert!(opaque.starts_with('"') && opaque.ends_with('"'), "{kept}");
            assert!(value.contains(&opaque.replacen('"', mark, 1)), "{kept}");
        }
    }

    SITES.with(|sites| {
        for site in sites {
            let hashed = is_hashed(site, value);
            assert!(!hashed || site.hashed.is_some() || value.rsplit('.').next() != Some("html"), "{value}");
        }
    });

    let Ok(glob) = Glob::new(pattern) else { return };
    if !pattern.contains(['*', '?']) {
        assert_eq!(glob.matches(value, Segments::Slash), pattern == value);
    }
    // Without segments a star takes more, never less.
    assert!(!glob.matches(value, Segments::Slash) || glob.matches(value, Segments::None));

    let globs = vec![glob];
    for when in [
        Condition::Path(globs.clone()),
        Condition::Host(globs.clone()),
        Condition::Query(pattern.to_owned(), globs.clone()),
        Condition::Header("x".to_owned(), globs.clone()),
        Condition::Cookie(pattern.to_owned(), globs),
        Condition::Language(vec![pattern.to_lowercase()]),
        Condition::City(vec![pattern.to_lowercase()]),
        Condition::Device(vec![Device::Tablet]),
    ] {
        let holds = when.holds(&Everything(value));
        assert_eq!(Condition::Not(Box::new(when)).holds(&Everything(value)), !holds);
    }
}

/// A request that answers every question with the same text.
struct Everything<'a>(&'a str);

impl Asked for Everything<'_> {
    fn geo(&self) -> Geo<'_> {
        Geo { country: self.0, region: self.0, city: self.0, colo: self.0 }
    }
    fn path(&self) -> &str {
        self.0
    }
    fn host(&self) -> &str {
        self.0
    }
    fn query(&self) -> &str {
        self.0
    }
    fn header(&self, _: &str) -> Option<&str> {
        Some(self.0)
    }
    fn cookies(&self) -> &str {
        self.0
    }
    fn is_bot(&self) -> bool {
        false
    }
}
