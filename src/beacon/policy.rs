//! What a page's Content-Security-Policy lets us do: load the page script, run the early stub inline, send beacons.
//!
//! Content Security Policy Level 3, as far as a parser-inserted `<script src async>` on the page's own origin, an inline
//! script without a hash, and a fetch to the same origin go. Where the specification and browsers differ, or a policy is
//! not well formed, the answer is the stricter one: a script that is not injected costs a page its evidence, one that is
//! blocked looks like a page that broke. Not looked at, since they do not matter: Trusted Types and upgrades of insecure
//! requests. Not seen: policies inside the page's HTML. `Content-Security-Policy-Report-Only` must not be passed in.

use std::collections::BTreeSet;

use source::{Source, Target};

use crate::route::Address;

mod source;

/// How many different nonces are tried: a page has one.
const MOST_NONCES: usize = 8;

/// What we may do in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The page script as an element of the page.
    pub script: Script,
    /// The early stub as an inline script, with the same nonce; never without the page script.
    pub inline: bool,
    /// `fetch` and `sendBeacon` to `in`.
    pub connect: bool,
    /// The browser's reports: no directive governs them, but a sandboxed page is of no origin and ours would not be its own.
    pub reports: bool,
}

/// Whether the page script may be injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// It would not run.
    Blocked,
    /// It runs.
    Allowed {
        /// The nonce both elements must carry; characters of base64 only.
        nonce: Option<String>,
    },
}

/// What all policies together allow. `headers` are the values of `Content-Security-Policy`, each with any number of
/// policies; `page_origin` is `https://shop.example`, with a port where it has one; `prefix` that of our own surface.
#[must_use]
pub fn judge<'a>(headers: impl IntoIterator<Item = &'a str>, page_origin: &str, prefix: &str) -> Verdict {
    let policies: Vec<Policy<'_>> = headers.into_iter().flat_map(|header| header.split(',')).map(Policy::parse).collect();
    let (script_path, in_path) = (format!("{prefix}/page.js"), format!("{prefix}/in"));
    let Some(page) = Address::parse(page_origin) else {
        return Verdict { script: Script::Blocked, inline: false, connect: false, reports: false };
    };
    let (script, beacon) = (Target { page, path: &script_path }, Target { page, path: &in_path });
    let has_origin = policies.iter().all(|policy| policy.sandbox_has("allow-same-origin"));
    let connect = has_origin && policies.iter().all(|policy| policy.allows_connect(&beacon));
    let runs = policies.iter().all(|policy| policy.sandbox_has("allow-scripts"));
    // Without a nonce first: of two that allow the same the first is kept.
    let mut best = (false, false, None);
    for nonce in std::iter::once(None).chain(nonces(&policies).into_iter().map(Some)) {
        let allowed = runs && policies.iter().all(|policy| policy.allows_script(&script, nonce));
        let inline = allowed && policies.iter().all(|policy| policy.allows_inline(nonce));
        if (allowed, inline) > (best.0, best.1) {
            best = (allowed, inline, nonce);
        }
    }
    let (allowed, inline, nonce) = best;
    let script = if allowed { Script::Allowed { nonce: nonce.map(str::to_owned) } } else { Script::Blocked };
    Verdict { script, inline, connect, reports: has_origin }
}

/// The nonces that scripts may carry, in their order, none twice.
fn nonces<'a>(policies: &[Policy<'a>]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let sources = policies.iter().filter_map(|policy| policy.scripts.as_ref()).flatten();
    let nonces = sources.filter_map(|source| if let Source::Nonce(nonce) = source { Some(*nonce) } else { None });
    nonces.filter(|nonce| seen.insert(*nonce)).take(MOST_NONCES).collect()
}

/// One policy: what it restricts of what we need.
struct Policy<'a> {
    /// Where script elements may come from; `None` if it does not say.
    scripts: Option<Vec<Source<'a>>>,
    /// What may be connected to; `None` if it does not say.
    connections: Option<Vec<Source<'a>>>,
    /// What a sandbox lets through; `None` without one.
    sandbox: Option<Vec<&'a str>>,
}

impl<'a> Policy<'a> {
    /// Of directives with the same name the first counts, and a name that is not there falls back to the next wider one.
    fn parse(text: &'a str) -> Self {
        let mut directives: Vec<(&str, &str)> = Vec::new();
        for directive in text.split(';').map(str::trim_ascii).filter(|directive| directive.is_ascii()) {
            let (name, value) = directive.split_once(|one: char| one.is_ascii_whitespace()).unwrap_or((directive, ""));
            if !directives.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                directives.push((name, value));
            }
        }
        let first_of = |names: &[&str]| {
            let find = |name: &&str| directives.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            names.iter().find_map(find).map(|(_, value)| value.split_ascii_whitespace())
        };
        let sources = |names: &[&str]| first_of(names).map(|words| words.map(Source::parse).collect());
        Self {
            scripts: sources(&["script-src-elem", "script-src", "default-src"]),
            connections: sources(&["connect-src", "default-src"]),
            sandbox: first_of(&["sandbox"]).map(Iterator::collect),
        }
    }

    fn sandbox_has(&self, flag: &str) -> bool {
        self.sandbox.as_ref().is_none_or(|flags| flags.iter().any(|known| known.eq_ignore_ascii_case(flag)))
    }

    fn allows_connect(&self, to: &Target<'_>) -> bool {
        self.connections.as_ref().is_none_or(|sources| sources.iter().any(|source| source.matches(to)))
    }

    /// With `strict-dynamic` an element that the parser inserts needs a nonce (or a hash), wherever it comes from.
    fn allows_script(&self, from: &Target<'_>, nonce: Option<&str>) -> bool {
        let Some(sources) = &self.scripts else { return true };
        let is_named = nonce.is_some_and(|nonce| sources.contains(&Source::Nonce(nonce)));
        is_named || (!sources.contains(&Source::StrictDynamic) && sources.iter().any(|source| source.matches(from)))
    }

    /// `unsafe-inline` is void beside a nonce, a hash or `strict-dynamic`.
    fn allows_inline(&self, nonce: Option<&str>) -> bool {
        let Some(sources) = &self.scripts else { return true };
        let is_named = nonce.is_some_and(|nonce| sources.contains(&Source::Nonce(nonce)));
        let is_void = |source: &Source<'_>| matches!(source, Source::Nonce(_) | Source::Named | Source::StrictDynamic);
        is_named || (sources.contains(&Source::UnsafeInline) && !sources.iter().any(is_void))
    }
}

#[cfg(test)]
mod tests;
