//! Signed preview links: a person sees one version of one host until a stated time, at any weight, even 0 %.
//!
//! `?halftone-preview=<version>~<expiry>~<signature>` on any page; the first hit moves the token into a session cookie
//! and answers with the clean address. The signature covers site, host, version and expiry. A link lives at most 24 h.

use crate::route::Address;
use crate::visitor::base64url;
use crate::visitor::cookie::{from_base36, push_base36};
use crate::visitor::keys::{Keys, Purpose};

/// The query parameter that carries a token; the value `off` ends a preview.
pub const PARAMETER: &str = "halftone-preview";

/// Added to the visitor cookie's name for the preview cookie's.
pub const COOKIE_SUFFIX: &str = "-preview";

/// The longest life of a link, seconds.
pub const LONGEST_S: u64 = 24 * 3600;

/// Why a token does not open a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not one of ours, changed, or for another host.
    Invalid,
    /// Its time is over.
    Expired,
}

/// A token for `version` of `site` on `host` (lower case, no port) until `expiry_s`.
#[must_use]
pub fn mint(keys: &Keys, site: &str, host: &str, version: &str, expiry_s: u64) -> String {
    let mut expiry = String::new();
    push_base36(expiry_s, &mut expiry);
    let signature = keys.sign(Purpose::Preview, &[site.as_bytes(), host.as_bytes(), version.as_bytes(), expiry.as_bytes()]);
    format!("{version}~{expiry}~{}", base64url::encode(&signature))
}

/// The address that shows `version` of `site` on the host of `url` until `expiry_s`; `None` if that is no address.
#[must_use]
pub fn link(keys: &Keys, site: &str, url: &str, version: &str, expiry_s: u64) -> Option<String> {
    let address = Address::parse(url)?;
    let token = mint(keys, site, address.host, version, expiry_s);
    let joint = if address.query.is_empty() { "?" } else { "&" };
    let base = if url.ends_with(address.authority) { format!("{url}/") } else { url.to_owned() };
    Some(format!("{base}{joint}{PARAMETER}={token}"))
}

/// The version id a token opens.
pub fn open<'a>(token: &'a str, keys: &Keys, site: &str, host: &str, now_s: u64) -> Result<&'a str, Refused> {
    let mut parts = token.rsplitn(3, '~');
    let (Some(signature), Some(expiry), Some(version)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Refused::Invalid);
    };
    let signed: [&[u8]; 4] = [site.as_bytes(), host.as_bytes(), version.as_bytes(), expiry.as_bytes()];
    keys.verify(Purpose::Preview, &signed, signature).ok_or(Refused::Invalid)?;
    let expiry_s = from_base36(expiry).ok_or(Refused::Invalid)?;
    if expiry_s > now_s.saturating_add(LONGEST_S) {
        return Err(Refused::Invalid);
    }
    if expiry_s <= now_s { Err(Refused::Expired) } else { Ok(version) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
    }

    #[test]
    fn a_link_opens_its_version_on_its_host_until_its_time() {
        let token = mint(&keys(), "shop", "shop.example", "v2.0-rc~1", 1_000);
        let open = |host, now| open(&token, &keys(), "shop", host, now);
        assert_eq!(open("shop.example", 999), Ok("v2.0-rc~1"));
        assert_eq!(open("shop.example", 1_000), Err(Refused::Expired));
        assert_eq!(open("blog.example", 999), Err(Refused::Invalid));
    }

    #[test]
    fn a_link_keeps_the_address_it_is_for() {
        let link = |url| link(&keys(), "shop", url, "v2", 1_000);
        for (url, start) in [
            ("https://shop.example", "https://shop.example/?halftone-preview=v2~"),
            ("http://shop.example:8787/a", "http://shop.example:8787/a?halftone-preview=v2~"),
            ("https://shop.example/a?b=c", "https://shop.example/a?b=c&halftone-preview=v2~"),
        ] {
            let link = link(url).unwrap();
            assert!(link.starts_with(start), "{link}");
            let token = link.split_once("halftone-preview=").unwrap().1;
            assert_eq!(open(token, &keys(), "shop", "shop.example", 0), Ok("v2"));
        }
        assert_eq!(link("shop.example"), None);
    }

    #[test]
    fn a_link_signed_for_longer_than_a_day_does_not_open() {
        let token = mint(&keys(), "shop", "shop.example", "v2", 1_000 + LONGEST_S);
        assert_eq!(open(&token, &keys(), "shop", "shop.example", 999), Err(Refused::Invalid));
        assert_eq!(open(&token, &keys(), "shop", "shop.example", 1_000), Ok("v2"));
    }

    #[test]
    fn garbled_tokens_are_refused() {
        for token in ["", "~", "~~", "v2", "v2~zz~AAAAAAAAAAAAAAAAAAAAAA", "é~1~"] {
            assert_eq!(open(token, &keys(), "shop", "shop.example", 0), Err(Refused::Invalid), "{token}");
        }
    }
}
