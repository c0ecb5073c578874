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

use crate::scan::{cut, pieces};

/// The values of every cookie called `name` in a `Cookie` header, in order.
///
/// Names match whole and by case, as browsers send them; a value in double quotes is given without them.
pub fn cookie_values<'a>(header: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
    pieces(header, b';').filter_map(move |pair| {
        let (key, value) = cut(pair, b'=')?;
        (key.trim_matches([' ', '\t']) == name).then(|| {
            let value = value.trim_matches([' ', '\t']);
            value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'a>(header: &'a str, name: &'a str) -> Vec<&'a str> {
        cookie_values(header, name).collect()
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
