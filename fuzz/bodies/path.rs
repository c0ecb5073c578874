//! Addresses and paths: nothing that passes leaves the prefix it is joined to.

use halftone::route::{Address, SafePath, looks_like_a_page, percent_decoded, push_encoded, reserved};

/// One address, which is also taken as a path.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&text);
    if let Some(address) = Address::parse(&text) {
        assert!(address.authority.contains(address.host) && text.contains(address.authority));
        assert!(!address.authority.contains(['/', '?', '#']));
        assert!(address.path == "/" || text.contains(address.path));
        assert!(!address.path.contains(['?', '#']) && text.contains(address.query));
        check(address.path);
    }
}

fn check(path: &str) {
    let _ = reserved(path, "/_halftone");
    let Some(safe) = SafePath::new(path) else { return };
    assert!(path.starts_with('/') && safe.encoded == path);
    let _ = looks_like_a_page(&safe.decoded);

    let mut deeper = safe.decoded.to_string();
    for _ in 0..4 {
        assert_stays(&deeper);
        deeper = percent_decoded(&deeper);
    }

    let mut url = String::from("https://assets.local/v1");
    push_encoded(&safe.decoded, &mut url);
    let joined = Address::parse(&url).unwrap();
    assert_eq!((joined.host, joined.query), ("assets.local", ""));
    assert_eq!(percent_decoded(joined.path), format!("/v1{}", safe.decoded));
}

fn assert_stays(path: &str) {
    assert!(!path.split(['/', '\\']).any(|segment| segment == ".." || segment == "."), "{path}");
    assert!(!path.contains("//") && !path.contains('\0'), "{path}");
}
