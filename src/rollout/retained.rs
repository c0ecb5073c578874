//! Which versions a deploy may not drop: pages of theirs may still be open somewhere.

use serde::Deserialize;

/// A revision, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Given {
    /// Its number.
    pub revision: u64,
    /// Since when, ms.
    pub at_ms: u64,
    /// The ids of the versions that somebody got.
    pub gives: Vec<String>,
}

/// A version that is still needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Its id.
    pub version: String,
    /// The last revision that gave it to somebody.
    pub revision: u64,
    /// Until when it was given, ms; `None` while it is.
    pub until_ms: Option<u64>,
}

/// What is in force, and what was within the retention; the revisions newest first.
#[must_use]
pub fn retained(revisions: &[Given], now_ms: u64, retention_ms: u64) -> Vec<Retained> {
    let mut needed: Vec<Retained> = Vec::new();
    let mut until_ms = None;
    for given in revisions {
        if until_ms.is_some_and(|until: u64| until.saturating_add(retention_ms) < now_ms) {
            break;
        }
        for version in &given.gives {
            if !needed.iter().any(|known| known.version == *version) {
                needed.push(Retained { version: version.clone(), revision: given.revision, until_ms });
            }
        }
        until_ms = Some(given.at_ms);
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(revision: u64, at_ms: u64, gives: &[&str]) -> Given {
        Given { revision, at_ms, gives: gives.iter().map(|id| (*id).to_owned()).collect() }
    }

    #[test]
    fn what_was_given_within_the_retention_is_needed_and_what_was_given_before_is_not() {
        let revisions =
            [given(4, 9000, &["v3", "v4"]), given(3, 8000, &["v3"]), given(2, 5000, &["v2", "v3"]), given(1, 1000, &["v1"])];
        let needed = |now, retention| -> Vec<String> {
            retained(&revisions, now, retention)
                .into_iter()
                .map(|one| format!("{} {} {:?}", one.version, one.revision, one.until_ms))
                .collect()
        };
        assert_eq!(needed(10_000, 500), ["v3 4 None", "v4 4 None"]);
        assert_eq!(needed(10_000, 2000), ["v3 4 None", "v4 4 None", "v2 2 Some(8000)"]);
        assert_eq!(needed(10_000, 5000).last().unwrap(), "v1 1 Some(5000)");
        assert_eq!(needed(99_000_000, 1), ["v3 4 None", "v4 4 None"], "what is in force is needed however old it is");
    }
}
