//! From a version and a path to an attempt: the upstream address, and how redirects come back from it.

use super::Seen;
use super::instruction::{Attempt, Kind};
use crate::assign::Why;
use crate::headers;
use crate::plan::{Forward, NotFound, Origin, Version};
use crate::route::push_encoded;

/// The host of the static-assets binding; it is never looked up.
const ASSETS: &str = "https://assets.local";

/// What of a version is wanted.
pub enum Wanted<'a> {
    /// The path as the visitor sent it: the origin resolves it.
    AsSent,
    /// A file by its decoded path within the build, answered with a status (0 for the origin's).
    File(&'a str, u16),
}

/// One try at a version.
pub fn attempt(seen: &Seen<'_>, version: &Version, why: Why, wanted: &Wanted<'_>, public: bool) -> Attempt {
    let mut target = String::with_capacity(96);
    let (kind, binding, location_from, location_to) = address(seen, version, &mut target);
    match (wanted, kind) {
        // Keys of a bucket are names, not addresses.
        (Wanted::File(file, _), Kind::R2) => target.push_str(file.trim_start_matches('/')),
        (Wanted::AsSent, Kind::R2) => target.push_str(seen.path.decoded.trim_start_matches('/')),
        (Wanted::File(file, _), _) => push_encoded(file, &mut target),
        (Wanted::AsSent, _) => target.push_str(seen.path.encoded),
    }
    if !matches!(kind, Kind::R2 | Kind::Assets) && !seen.address.query.is_empty() {
        target.push('?');
        target.push_str(seen.address.query);
    }
    let status = if let Wanted::File(_, status) = wanted { *status } else { 0 };
    let if_none_match = match seen.request.if_none_match {
        "" => String::new(),
        sent if public => sent.to_owned(),
        sent => headers::validators_for(&version.id, headers::Copy::Plain, sent),
    };
    Attempt {
        kind,
        binding,
        target,
        location_from,
        location_to,
        version: version.id.clone(),
        why: why.as_str(),
        status,
        if_none_match,
        forward: forward(seen, version, kind, wanted),
    }
}

/// Writes the address up to the path; gives kind, binding, and the `Location` prefix that is ours to map back.
fn address(seen: &Seen<'_>, version: &Version, target: &mut String) -> (Kind, String, String, String) {
    let scheme = if seen.address.secure { "https://" } else { "http://" };
    match &version.origin {
        Origin::Assets(folder) => {
            target.push_str(ASSETS);
            push_encoded(folder, target);
            let mut from = String::new();
            push_encoded(folder, &mut from);
            (Kind::Assets, String::new(), from, String::new())
        }
        Origin::Url(origin, base) => {
            target.push_str(origin);
            target.push_str(base);
            (Kind::Url, String::new(), target.clone(), site_of(seen))
        }
        Origin::Zone(base) => {
            for part in [scheme, seen.address.authority, base] {
                target.push_str(part);
            }
            (Kind::Zone, String::new(), target.clone(), site_of(seen))
        }
        Origin::Service(binding, base) => {
            for part in [scheme, seen.address.authority, base] {
                target.push_str(part);
            }
            (Kind::Service, binding.clone(), target.clone(), site_of(seen))
        }
        Origin::R2(binding, prefix) => {
            target.push_str(prefix);
            (Kind::R2, binding.clone(), target.clone(), String::new())
        }
    }
}

/// Where the site's own addresses begin.
fn site_of(seen: &Seen<'_>) -> String {
    let mut text = String::with_capacity(8 + seen.address.authority.len());
    text.push_str(if seen.address.secure { "https://" } else { "http://" });
    text.push_str(seen.address.authority);
    text
}

/// The site's own server and bound services see what the visitor sent (less our cookies); another server sees cookies
/// and authorization only if the config forwards them; files see neither. To a bucket it is said instead what the target is:
/// a listed file, or a page, and what answers for one that is not there.
fn forward(seen: &Seen<'_>, version: &Version, kind: Kind, wanted: &Wanted<'_>) -> &'static str {
    match kind {
        Kind::R2 if matches!(wanted, Wanted::File(..)) => "l",
        Kind::R2 if seen.is_navigation() => match version.not_found {
            NotFound::Spa => "s",
            NotFound::Page => "p",
        },
        Kind::Zone | Kind::Service => "ca",
        Kind::Assets | Kind::R2 | Kind::Leaves => "",
        Kind::Url => {
            let has = |part| version.forward.contains(&part);
            match (has(Forward::Cookie), has(Forward::Authorization)) {
                (true, true) => "ca",
                (true, false) => "c",
                (false, true) => "a",
                (false, false) => "",
            }
        }
    }
}
