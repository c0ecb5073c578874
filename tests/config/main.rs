//! The config checker as site owners meet it: a file goes in, a valid config or every problem at once comes out. Each kind
//! of problem is pinned here as the line a person reads; structural tests that need the shape are beside it in `src/config`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can not go on has failed"
)]

mod areas;
mod builds;
mod calendars;
mod documents;
mod encoding;
mod policies;
mod robust;
mod rollouts;
mod rules;
mod sites;
mod structure;
mod valid;
mod versions;
mod webhooks;

use halftone::config::{Builds, Checked, check};

/// Checks a text without knowing the builds.
fn checked(text: &str) -> Checked {
    check(text.as_bytes(), &Builds::unknown())
}

/// What is said about a text, one line each.
fn said(text: &str) -> String {
    lines(&checked(text))
}

fn lines(checked: &Checked) -> String {
    checked.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A file with one site that has versions v1 and v2 and stable v1, and these keys more.
fn shop(keys: &str) -> String {
    let comma = if keys.is_empty() { "" } else { ",\n" };
    format!(
        r#"{{ "sites": {{ "shop": {{ "versions": {{ "v1": "assets:v1", "v2": "assets:v2" }}, "stable": "v1"{comma}{keys} }} }} }}"#
    )
}

/// A shop with this rollout.
fn rollout(keys: &str) -> String {
    shop(&format!(r#""rollout": {{ {keys} }}"#))
}

/// A shop with these rules.
fn rules(rules: &str) -> String {
    shop(&format!(r#""rules": [{rules}]"#))
}

/// A shop with one rule that has this condition.
fn when(condition: &str) -> String {
    rules(&format!(r#"{{ "name": "r", "when": {condition}, "serve": "v2" }}"#))
}
