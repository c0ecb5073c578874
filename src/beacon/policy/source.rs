//! One source of a directive's list, and whether an address on the page's own origin matches it.
//!
//! The matching of Content Security Policy Level 3, section 6.7.2, less what a same-origin address can not meet:
//! redirects, web sockets, other hosts. Of addresses in numbers only 127.0.0.1 matches, as specified.

use crate::route::{Address, percent_decoded};

/// A path on the page's origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// The page's origin.
    pub page: Address<'a>,
    /// Percent-encoded, beginning with a slash.
    pub path: &'a str,
}

/// One source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// `*`.
    Any,
    /// `'self'`.
    Itself,
    /// `'unsafe-inline'`.
    UnsafeInline,
    /// `'strict-dynamic'`.
    StrictDynamic,
    /// `'nonce-…'`, well formed.
    Nonce(&'a str),
    /// A hash, or a nonce that is not well formed: it lets nothing of ours in and makes `unsafe-inline` void.
    Named,
    /// `https:`, without the colon.
    Scheme(&'a str),
    /// `https://*.shop.example:443/path`.
    Host {
        /// Without the colon; `None` for that of the page.
        scheme: Option<&'a str>,
        /// A name, `*`, or `*.` and a name.
        host: &'a str,
        /// Digits or `*`.
        port: Option<&'a str>,
        /// Empty, or beginning with a slash.
        path: &'a str,
    },
    /// Any other keyword, `'none'`, and what is not a source.
    Nothing,
}

impl<'a> Source<'a> {
    /// Reads a word of the list.
    pub(super) fn parse(word: &'a str) -> Self {
        if word == "*" {
            return Self::Any;
        }
        if let Some(quoted) = word.strip_prefix('\'') {
            return quoted.strip_suffix('\'').map_or(Self::Nothing, Self::keyword);
        }
        if let Some(scheme) = word.strip_suffix(':').filter(|scheme| is_scheme(scheme)) {
            return Self::Scheme(scheme);
        }
        Self::host(word).unwrap_or(Self::Nothing)
    }

    fn keyword(word: &'a str) -> Self {
        let begins_with = |start: &str| word.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
        if word.eq_ignore_ascii_case("self") {
            Self::Itself
        } else if word.eq_ignore_ascii_case("unsafe-inline") {
            Self::UnsafeInline
        } else if word.eq_ignore_ascii_case("strict-dynamic") {
            Self::StrictDynamic
        } else if begins_with("nonce-") {
            word.get("nonce-".len()..).filter(|value| is_base64(value)).map_or(Self::Named, Self::Nonce)
        } else if ["sha256-", "sha384-", "sha512-"].into_iter().any(begins_with) {
            Self::Named
        } else {
            Self::Nothing
        }
    }

    fn host(word: &'a str) -> Option<Self> {
        let (scheme, rest) = match word.split_once("://") {
            Some((scheme, rest)) => (Some(scheme).filter(|scheme| is_scheme(scheme)).map(Some)?, rest),
            None => (None, word),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let name = if host == "*" { "a" } else { host.strip_prefix("*.").unwrap_or(host) };
        let is_host =
            name.split('.').all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        let is_port = port.is_none_or(|port| port == "*" || (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())));
        let is_path = !path.contains(['?', '#']);
        (is_host && is_port && is_path).then_some(Self::Host { scheme, host, port, path })
    }

    /// Whether an address on the page's origin matches. That origin is the policy's own, which `'self'` means.
    pub(super) fn matches(&self, target: &Target<'_>) -> bool {
        match *self {
            Self::Any | Self::Itself => true,
            Self::Scheme(scheme) => scheme_matches(scheme, target.page.secure),
            Self::Host { scheme, host, port, path } => {
                scheme.is_none_or(|scheme| scheme_matches(scheme, target.page.secure))
                    && host_matches(host, target.page.host)
                    && port_matches(port, &target.page)
                    && path_matches(path, target.path)
            }
            Self::UnsafeInline | Self::StrictDynamic | Self::Nonce(_) | Self::Named | Self::Nothing => false,
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// One character at least, two `=` at most, those at the end; plain or for URLs.
fn is_base64(text: &str) -> bool {
    let unpadded = text.strip_suffix('=').map_or(text, |text| text.strip_suffix('=').unwrap_or(text));
    !unpadded.is_empty() && unpadded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

/// `http:` is also `https:`. That `ws:` is also `http:` is specified, and not what browsers do.
fn scheme_matches(scheme: &str, secure: bool) -> bool {
    scheme.eq_ignore_ascii_case("http") || (secure && scheme.eq_ignore_ascii_case("https"))
}

fn host_matches(pattern: &str, host: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let is_number = !host.contains(|one: char| !one.is_ascii_digit() && one != '.') || host.starts_with('[');
    if is_number && host != "127.0.0.1" {
        return false;
    }
    match pattern.strip_prefix('*') {
        // The dot stays, so that the name itself does not match.
        Some(ending) => {
            let start = host.len().checked_sub(ending.len());
            start
                .filter(|start| *start > 0)
                .and_then(|start| host.get(start..))
                .is_some_and(|end| end.eq_ignore_ascii_case(ending))
        }
        None => pattern.eq_ignore_ascii_case(host),
    }
}

fn port_matches(pattern: Option<&str>, page: &Address<'_>) -> bool {
    let default = if page.secure { 443 } else { 80 };
    let said = page.authority.get(page.host.len()..).and_then(|rest| rest.strip_prefix(':')).filter(|port| !port.is_empty());
    let port = said.map_or(Some(default), |port| port.parse().ok());
    match pattern {
        Some("*") => true,
        Some(pattern) => port.is_some() && pattern.parse::<u16>().ok() == port,
        None => port == Some(default),
    }
}

/// A path that ends with a slash is a folder, any other a file.
fn path_matches(pattern: &str, path: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let mut paths = path.split('/');
    let is_folder = pattern.ends_with('/');
    let pieces = pattern.strip_suffix('/').unwrap_or(pattern).split('/');
    for piece in pieces {
        if paths.next().is_none_or(|part| percent_decoded(part) != percent_decoded(piece)) {
            return false;
        }
    }
    // A folder has something inside, a file nothing.
    paths.next().is_some() == is_folder
}
