//! A slot for visitors who keep no cookie: the same for one day and one network, and nothing is stored.
//!
//! The key is a keyed hash of the day, the client's network (IPv4 /24, IPv6 /48) and the user agent. It can not be
//! turned back into an address, and tomorrow it is another. Such visitors are served, never tested.

use super::base64url;
use super::keys::{Keys, Purpose};

/// The slot key of a visitor without a cookie. `address` may be anything; what is no address is a network of its own.
#[must_use]
pub fn key(keys: &Keys, site: &str, day: u64, address: &str, user_agent: &str) -> String {
    let signature = keys
        .sign(Purpose::Cookieless, &[site.as_bytes(), &day.to_be_bytes(), network(address).as_bytes(), user_agent.as_bytes()]);
    base64url::encode(&signature)
}

/// The network of an address as text: the first three bytes of IPv4, the first three groups of IPv6.
#[must_use]
pub fn network(address: &str) -> String {
    use std::net::IpAddr;
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
        Err(_) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
    }

    #[test]
    fn networks_are_cut_at_24_and_48_bits() {
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3::4"), "2001:db8:1::/48");
        assert_eq!(network("nonsense"), "none");
    }

    #[test]
    fn a_cookieless_key_holds_for_one_day_and_one_network() {
        let of = |day, address| key(&keys(), "shop", day, address, "agent");
        assert_eq!(of(1, "203.0.113.1"), of(1, "203.0.113.200"));
        assert_ne!(of(1, "203.0.113.1"), of(2, "203.0.113.1"));
        assert_ne!(of(1, "203.0.113.1"), of(1, "203.0.114.1"));
    }
}
