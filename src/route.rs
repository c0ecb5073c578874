//! From a request's address to what is wanted: our own surface, or a path of a site; and path safety.
//!
//! Addresses arrive as the platform's URL parser leaves them (dot segments and `%2e` already folded, backslashes
//! turned). What it leaves alone, double encoding and encoded separators, is refused here, so that no path ever leaves
//! a version's prefix.

use std::borrow::Cow;

use crate::scan::{cut, holds, pieces};

/// A request address taken apart; all parts borrow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Whether the scheme is https.
    pub secure: bool,
    /// Host and port as they stand, lower case.
    pub authority: &'a str,
    /// Hostname without port; IPv6 in brackets.
    pub host: &'a str,
    /// Path as it stands, beginning with a slash, percent-encoded.
    pub path: &'a str,
    /// Query without the question mark; empty if there is none.
    pub query: &'a str,
}

impl<'a> Address<'a> {
    /// Takes an absolute http(s) URL apart; `None` for anything else.
    #[must_use]
    pub fn parse(url: &'a str) -> Option<Self> {
        let (secure, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let rest = cut(rest, b'#').map_or(rest, |(before, _)| before);
        let (authority, tail) = rest.split_at(rest.bytes().position(|byte| byte == b'/' || byte == b'?').unwrap_or(rest.len()));
        let authority = pieces(authority, b'@').last().unwrap_or(authority);
        let (path, query) = cut(tail, b'?').unwrap_or((tail, ""));
        let path = if path.is_empty() { "/" } else { path };
        Some(Self { secure, authority, host: hostname(authority), path, query })
    }
}

/// The host of `host:port`, brackets of IPv6 kept.
fn hostname(authority: &str) -> &str {
    if let Some((inner, _)) = cut(authority, b']') {
        return authority.get(..=inner.len()).unwrap_or(authority);
    }
    cut(authority, b':').map_or(authority, |(host, _)| host)
}

/// What a path under the reserved prefix asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// `GET health`.
    Health,
    /// `GET page.js`: the page script.
    PageScript,
    /// `POST in`: beacons.
    In,
    /// `POST reports`: the browser's own reports.
    Reports,
    /// `POST ofrep/v1/evaluate/flags[/KEY]`: what an `OpenFeature` SDK asks; [`flag_asked`] looks closer.
    Flags,
    /// The admin surface, on its own hostname.
    Admin,
    /// Nothing that is there.
    Unknown,
}

impl Reserved {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::PageScript => "page.js",
            Self::In => "in",
            Self::Reports => "reports",
            Self::Flags => "flags",
            Self::Admin => "admin",
            Self::Unknown => "unknown",
        }
    }
}

/// The part of our own surface a path names, if it is under `prefix`.
#[must_use]
pub fn reserved(path: &str, prefix: &str) -> Option<Reserved> {
    let rest = path.strip_prefix(prefix)?;
    match rest {
        "/health" => Some(Reserved::Health),
        "/page.js" => Some(Reserved::PageScript),
        "/in" => Some(Reserved::In),
        "/reports" => Some(Reserved::Reports),
        _ if rest.starts_with("/ofrep/") => Some(Reserved::Flags),
        _ if rest.is_empty() || rest.starts_with('/') => Some(Reserved::Unknown),
        _ => None,
    }
}

/// The flag that a path under the reserved prefix asks for, percent-decoded; empty for all, `None` where it asks for none.
#[must_use]
pub fn flag_asked(path: &str, prefix: &str) -> Option<String> {
    let rest = path.strip_prefix(prefix)?.strip_prefix("/ofrep/v1/evaluate/flags")?;
    (rest.is_empty() || rest.starts_with('/')).then(|| percent_decoded(rest.trim_start_matches('/')))
}

/// Whether a path on the admin hostname is more than the word that this is the admin hostname.
#[must_use]
pub fn is_admin(path: &str) -> bool {
    matches!(path, "/" | "/metrics") || path.starts_with("/api/") || path.starts_with("/dashboard/")
}

/// A path that can be joined to a version's prefix without leaving it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafePath<'a> {
    /// As the visitor sent it, percent-encoded.
    pub encoded: &'a str,
    /// Percent-decoded once: what a file would be called.
    pub decoded: Cow<'a, str>,
}

impl<'a> SafePath<'a> {
    /// Checks a path. Refused: `..` or `.` as a segment after any number of decodings, a backslash or a control
    /// character after decoding (an instruction is lines of text), an empty segment in the middle, and text that is not UTF-8
    /// once decoded.
    #[must_use]
    pub fn new(encoded: &'a str) -> Option<Self> {
        if !encoded.starts_with('/') {
            return None;
        }
        if cut(encoded, b'%').is_none() {
            return is_tame(encoded).then_some(Self { encoded, decoded: Cow::Borrowed(encoded) });
        }
        let decoded = percent_decoded_strictly(encoded)?;
        // Each decoding takes at least two bytes away, so this ends; five rounds are more than any server undoes.
        let mut deeper = decoded.clone();
        for _ in 0..5 {
            if !is_tame(&deeper) {
                return None;
            }
            let next = percent_decoded(&deeper);
            if next == deeper {
                break;
            }
            deeper = next;
        }
        Some(Self { encoded, decoded: Cow::Owned(decoded) })
    }
}

fn is_tame(path: &str) -> bool {
    !path.bytes().any(|byte| byte == b'\\' || byte < b' ')
        && !holds(path, "//")
        && (!holds(path, "/.") || !path.split('/').any(|segment| segment == "." || segment == ".."))
}

/// Percent-decodes; what is no escape stays as it is, bytes that are no UTF-8 become U+FFFD.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    if cut(text, b'%').is_none() {
        return text.to_owned();
    }
    String::from_utf8_lossy(&decoded_bytes(text)).into_owned()
}

/// Percent-decodes; `None` if the result is not UTF-8.
fn percent_decoded_strictly(text: &str) -> Option<String> {
    String::from_utf8(decoded_bytes(text)).ok()
}

fn decoded_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                after
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                after
            }
            [] => return bytes,
        };
    }
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).unwrap_or(0) as u8
}

/// Appends a decoded path as a URL path: everything but unreserved characters, sub-delimiters, `:`, `@` and `/` is escaped.
pub fn push_encoded(path: &str, url: &mut String) {
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            for nibble in [byte >> 4, byte & 15] {
                url.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
}

/// Whether a path looks like a page rather than a file: no extension on its last segment, or an HTML one.
#[must_use]
pub fn looks_like_a_page(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    match last.rsplit_once('.') {
        None => true,
        Some((_, extension)) => matches!(extension, "html" | "htm"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_taken_apart() {
        let address = Address::parse("https://shop.example:8443/a/b?x=1&y#z").unwrap();
        assert!(address.secure);
        assert_eq!((address.authority, address.host), ("shop.example:8443", "shop.example"));
        assert_eq!((address.path, address.query), ("/a/b", "x=1&y"));
        let address = Address::parse("http://[::1]:8787?x").unwrap();
        assert_eq!((address.host, address.path, address.query), ("[::1]", "/", "x"));
        assert_eq!(Address::parse("http://user:pw@host/").unwrap().host, "host");
        assert_eq!(Address::parse("ftp://host/"), None);
    }

    #[test]
    fn the_reserved_prefix_ends_at_a_segment() {
        assert_eq!(reserved("/_halftone/health", "/_halftone"), Some(Reserved::Health));
        assert_eq!(reserved("/_halftone", "/_halftone"), Some(Reserved::Unknown));
        assert_eq!(reserved("/_halftone/x", "/_halftone"), Some(Reserved::Unknown));
        assert_eq!(reserved("/_halftonehealth", "/_halftone"), None);
        let flags = |rest: &str| flag_asked(&format!("/_/ofrep/v1/evaluate/flags{rest}"), "/_");
        assert_eq!(reserved("/_/ofrep/v1", "/_"), Some(Reserved::Flags));
        assert_eq!(flags(""), Some(String::new()));
        assert_eq!(flags("/halftone%2Eversion"), Some("halftone.version".to_owned()));
        assert_eq!(flags("s"), None);
    }

    #[test]
    fn paths_that_would_leave_a_prefix_are_refused() {
        for path in [
            "/..",
            "/../v1",
            "/a/%2e%2e/b",
            "/a/..%2fb",
            "/a/%2e%2e%2fb",
            "/a/%252e%252e/b",
            "/a/%25252e%25252e/b",
            "/a\\b",
            "/a/%5c..",
            "/a/..%5cb",
            "/a//b",
            "//host",
            "/a/%2f/b",
            "/a%00b",
            "/a%0ab",
            "/a%250ab",
            "/a%1fb",
            "/./a",
            "/%ff",
            "a",
        ] {
            assert_eq!(SafePath::new(path), None, "{path}");
        }
        for path in ["/", "/a/b.html", "/a..b/...", "/.well-known/x", "/100%", "/caf%C3%A9", "/a%20b", "/a%2Fb"] {
            assert!(SafePath::new(path).is_some(), "{path}");
        }
        assert_eq!(SafePath::new("/caf%C3%A9").unwrap().decoded, "/café");
    }

    #[test]
    fn pages_are_told_from_files_by_their_name() {
        assert!(["/", "/about", "/docs/", "/a.b/c", "/x.html"].iter().all(|path| looks_like_a_page(path)));
        assert!(["/x.js", "/a/b.css", "/favicon.ico"].iter().all(|path| !looks_like_a_page(path)));
    }

    proptest! {
        #[test]
        fn no_safe_path_leaves_its_prefix(path in "(/|\\.|%2e|%2f|%252e|%5c|\\\\|a|%){0,12}") {
            let path = format!("/{path}");
            if let Some(safe) = SafePath::new(&path) {
                let mut text = safe.decoded.into_owned();
                for _ in 0..4 {
                    prop_assert!(!text.split(['/', '\\']).any(|segment| segment == ".."), "{}", path);
                    text = percent_decoded(&text);
                }
            }
        }

        #[test]
        fn encoding_a_decoded_path_gives_it_back(path in "/\\PC{0,20}") {
            let mut url = String::new();
            push_encoded(&path, &mut url);
            prop_assert_eq!(percent_decoded(&url), path);
        }

        #[test]
        fn no_address_breaks_the_parser(url in "(https?://)?\\PC{0,60}") {
            let _ = Address::parse(&url);
        }
    }
}
