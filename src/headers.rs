//! Header edits as data: what is cached where, which validators are ours, how the cookie is set.
//!
//! Assigned pages are private, because a shared cache would hand one visitor's draw to everybody. Only paths whose name
//! carries the hash of their content are public. Entity tags of everything else carry the version, so that a page of
//! one version is never "not modified" against another's.

use std::borrow::Cow;

use crate::decide::push_number;
use crate::plan::{SameSite, Site};
use crate::visitor::CookieName;

/// `Cache-Control` for what differs from visitor to visitor: kept by the browser alone, and asked for again each time.
pub const PRIVATE: &str = "private, no-cache";

/// `Cache-Control` for previewed pages.
pub const PREVIEW: &str = "private, no-store";

/// `Cache-Control` for content-hashed files.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Between version and tag in our entity tags; it can not be part of a version's id. Twice where the page was told to
/// report: a copy that was not told is another text.
pub const ETAG_MARK: char = '~';

/// Which copies of a page may be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// As the build has it.
    Plain,
    /// Told to report.
    Told,
}

/// The part of an `If-None-Match` header that speaks of this version's files, with the mark taken off again: the tags
/// to ask the origin about. `*` stays for plain files. Empty if nothing is left.
#[must_use]
pub fn validators_for(version: &str, copy: Copy, if_none_match: &str) -> String {
    if if_none_match.trim() == "*" {
        return if copy == Copy::Plain { "*".to_owned() } else { String::new() };
    }
    let mut kept = String::new();
    for tag in if_none_match.split(',').map(str::trim).take(64) {
        let (weak, opaque) = tag.strip_prefix("W/").map_or(("", tag), |rest| ("W/", rest));
        let inner = opaque.strip_prefix('"').and_then(|rest| rest.strip_prefix(version));
        let marked = inner.and_then(|rest| rest.strip_prefix(ETAG_MARK)).and_then(|rest| match copy {
            Copy::Plain => (!rest.starts_with(ETAG_MARK)).then_some(rest),
            Copy::Told => rest.strip_prefix(ETAG_MARK),
        });
        if let Some(rest) = marked.filter(|rest| rest.ends_with('"')) {
            if !kept.is_empty() {
                kept.push_str(", ");
            }
            kept.push_str(weak);
            kept.push('"');
            kept.push_str(rest);
        }
    }
    kept
}

/// Whether a path names its content: a configured glob matches, or the file name carries something that looks like a
/// hash, at least eight characters of hex or base62 that mix letters and digits or cases.
#[must_use]
pub fn is_hashed(site: &Site, path: &str) -> bool {
    match &site.hashed {
        Some(globs) => globs.iter().any(|glob| glob.matches(path, crate::glob::Segments::Slash)),
        None => looks_hashed(path),
    }
}

fn looks_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    if matches!(extension, "html" | "htm") {
        return false;
    }
    // `app.1f2e3d4c.js`, `app-1f2e3d4c.js`, `app.1f2e3d4c.min.js`; the first piece is the name itself.
    let dotted = stem.split('.');
    let pieces = dotted.enumerate().flat_map(|(at, piece)| piece.split(['-', '_']).enumerate().map(move |(n, p)| (at + n, p)));
    if pieces.filter(|(at, _)| *at > 0).any(|(_, piece)| is_hash(piece)) {
        return true;
    }
    // Hashes of the base64url alphabet may hold `-` and `_` themselves: the eight characters before the extension.
    let tail = stem.as_bytes().last_chunk::<9>();
    tail.is_some_and(|[mark, hash @ ..]| {
        let alphabet = hash.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        b"-.".contains(mark) && alphabet && hash.iter().any(|byte| b"-_".contains(byte)) && mixes(hash)
    }) || (name.len() > 20 && is_hash(stem))
}

fn is_hash(piece: &str) -> bool {
    piece.len() >= 8 && piece.bytes().all(|byte| byte.is_ascii_alphanumeric()) && mixes(piece.as_bytes())
}

/// Whether these characters mix as hashes do and words do not: hex digits with letters, all three classes, digits among
/// capitals more than once, or case that changes back and forth.
fn mixes(bytes: &[u8]) -> bool {
    let count = |class: fn(&u8) -> bool| bytes.iter().filter(|byte| class(byte)).count();
    let (digits, upper, lower) = (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let turns = |class: fn(&u8) -> bool| bytes.iter().zip(bytes.iter().skip(1)).filter(|(a, b)| class(a) != class(b)).count();
    let hex = bytes.iter().all(u8::is_ascii_hexdigit) && (upper == 0 || lower == 0) && digits > 0 && upper + lower > 0;
    let capitals = lower == 0 && upper > 0 && turns(u8::is_ascii_digit) >= 2;
    let cases = digits == 0 && upper >= 2 && turns(u8::is_ascii_uppercase) >= 4;
    hex || capitals || cases || (digits > 0 && upper > 0 && lower > 0)
}

/// `Vary` for private answers: the cookie decides, and so does every header a rule reads.
#[must_use]
pub fn vary<'a>(extra: impl Iterator<Item = &'a str>) -> Cow<'static, str> {
    let mut text = Cow::Borrowed("Cookie");
    for name in extra.filter(|name| !name.eq_ignore_ascii_case("cookie")) {
        text.to_mut().push_str(", ");
        text.to_mut().push_str(name);
    }
    text
}

/// Name of the visitor cookie: `__Host-` keeps other hosts of the domain from setting it, and needs https.
#[must_use]
pub fn cookie_name<'a>(site: &'a Site, secure: bool, suffix: &'a str) -> CookieName<'a> {
    CookieName([if secure { "__Host-" } else { "" }, &site.cookie, suffix])
}

/// How long a cookie is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// So many seconds; 0 takes it away.
    Seconds(u32),
    /// Until the browser is closed.
    Session,
}

/// A `Set-Cookie` value.
#[must_use]
pub fn set_cookie(site: &Site, secure: bool, name: CookieName<'_>, value: &str, life: Life) -> String {
    let mut text = String::with_capacity(name.0.map(str::len).iter().sum::<usize>() + value.len() + 80);
    for part in name.0 {
        text.push_str(part);
    }
    text.push('=');
    text.push_str(value);
    text.push_str("; Path=/");
    if let Life::Seconds(seconds) = life {
        text.push_str("; Max-Age=");
        push_number(u64::from(seconds), &mut text);
    }
    text.push_str("; HttpOnly; SameSite=");
    text.push_str(match site.same_site {
        SameSite::Strict => "Strict",
        // Browsers refuse `None` without `Secure`.
        SameSite::None if secure => "None",
        SameSite::Lax | SameSite::None => "Lax",
    });
    if secure {
        text.push_str("; Secure");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_carry_their_content_are_told_from_names_that_do_not() {
        for path in [
            "/assets/main-4f3a2b1c.js",
            "/assets/main.4f3a2b1c9d.css",
            "/assets/index-BX8xJ2kQ.js",
            "/a/chunk-DiWrgTdA.mjs",
            "/a/main-AAJ6FWLK5.js",
            "/static/app.1f2e3d4c.min.js",
            "/a/logo-B7PI925R.svg",
            "/_astro/page.Bx-3_kQz.js",
            "/d41d8cd98f00b204e9800998ecf8427e.png",
        ] {
            assert!(looks_hashed(path), "{path}");
        }
        for path in [
            "/",
            "/index.html",
            "/main.js",
            "/jquery-3.7.1.min.js",
            "/report-20261123.pdf",
            "/swagger-ui-bundle.js",
            "/favicon-32x32.png",
            "/fonts/Roboto-BoldItalic.woff2",
            "/a/README-CHANGELOG.txt",
            "/4f3a2b1c.html",
            "/photo-deadbeef.jpg",
            "/a-LICENSES.txt",
        ] {
            assert!(!looks_hashed(path), "{path}");
        }
    }

    #[test]
    fn only_this_versions_validators_reach_its_origin() {
        let plain = |sent| validators_for("v1", Copy::Plain, sent);
        assert_eq!(plain(r#""v1~abc", W/"v2~def", W/"v1~ghi", "jkl""#), r#""abc", W/"ghi""#);
        assert_eq!(plain(r#""v10~abc""#), "");
        assert_eq!(plain(" * "), "*");
        assert_eq!(plain(""), "");
    }

    #[test]
    fn a_copy_that_was_told_to_report_is_not_one_that_was_not() {
        let sent = r#""v1~abc", "v1~~def""#;
        assert_eq!(validators_for("v1", Copy::Plain, sent), r#""abc""#);
        assert_eq!(validators_for("v1", Copy::Told, sent), r#""def""#);
        assert_eq!(validators_for("v1", Copy::Told, "*"), "");
    }

    proptest! {
        #[test]
        fn no_validator_breaks_the_reader(header in "\\PC{0,80}") {
            let _ = validators_for("v1", Copy::Plain, &header);
            let _ = validators_for("v1", Copy::Told, &header);
        }

        #[test]
        fn no_path_breaks_the_look_at_its_name(path in "/\\PC{0,40}") {
            let _ = looks_hashed(&path);
        }
    }
}
