//! Who a visitor is: the signed cookie and what it keeps, consent, the cookieless slot, bots.
//!
//! Nothing here chooses a version. Cookie text comes from the network, so every parser takes any bytes and answers
//! "not there" for what it can not read.

pub mod base64url;
pub mod bots;
pub mod cookie;
pub mod cookieless;
pub mod keys;

pub use cookie::{Kept, Ticket, Visitor};
pub use keys::Keys;

use crate::scan::pieces;

/// The values of every cookie called `name` in a `Cookie` header, in order.
///
/// Names match whole and by case, as browsers send them; a value in double quotes is given without them.
pub fn cookie_values<'a>(header: &'a str, name: impl Into<CookieName<'a>>) -> impl Iterator<Item = &'a str> + 'a {
    let name = name.into();
    pieces(header, b';').filter_map(move |pair| {
        let behind = name.behind(trimmed_start(pair))?;
        let value = trimmed_end(trimmed_start(trimmed_start(behind).strip_prefix('=')?));
        Some(value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value))
    })
}

/// The name of a cookie in up to three parts, which nobody has to put together to look for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CookieName<'a>(pub [&'a str; 3]);

impl CookieName<'_> {
    /// What stands behind the name in a text that begins with it.
    fn behind(self, text: &str) -> Option<&str> {
        self.0.iter().try_fold(text, |rest, part| rest.strip_prefix(part))
    }
}

impl<'a> From<&'a str> for CookieName<'a> {
    fn from(name: &'a str) -> Self {
        Self([name, "", ""])
    }
}

impl std::fmt::Display for CookieName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| f.write_str(part))
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trimmed_start(text: &str) -> &str {
    let blanks = text.bytes().take_while(|&byte| is_blank(byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn trimmed_end(text: &str) -> &str {
    let blanks = text.bytes().rev().take_while(|&byte| is_blank(byte)).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'a>(header: &'a str, name: &'a str) -> Vec<&'a str> {
        cookie_values(header, name).collect()
    }

    #[test]
    fn the_parts_of_a_name_are_one_name() {
        let name = CookieName(["__Host-", "halftone", "-preview"]);
        let found = |header| cookie_values(header, name).collect::<Vec<_>>();
        assert_eq!(found("__Host-halftone-preview=1;\t__Host-halftone-preview =  2 ; __Host-halftone=3"), ["1", "2"]);
        assert_eq!(name.to_string(), "__Host-halftone-preview");
        assert_eq!(values("a =b=c; a; a  b=2; a\u{a0}=3", "a"), ["b=c"]);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        assert_eq!(values("xhalftone=1; halftone=2; halftonex=3; halftone=4", "halftone"), ["2", "4"]);
        assert_eq!(values("a=\"b\"; c=d=e;f", "c"), ["d=e"]);
        assert_eq!(values("a=\"b\"", "a"), ["b"]);
        assert!(values("Halftone=1;;;=; =2", "halftone").is_empty());
        assert!(values("", "halftone").is_empty());
    }
}
