//! Whatever a `Cookie` header can hold, and whatever could be under one of our signatures.

use halftone::visitor::cookie::{from_base36, push_base36, read, read_value, write};
use halftone::visitor::keys::{Keys, Purpose, Verified};
use halftone::visitor::{base64url, cookie_values};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// The first line is a cookie's name, the rest a header; the whole is also signed and read as a visitor.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let keys = Keys::read(KEY).unwrap();

    let (name, header) = text.split_once('\n').unwrap_or(("halftone", &text));
    for value in cookie_values(header, name) {
        assert!(header.contains(value) && !value.contains(';'));
    }
    assert_eq!(read(header, name, "shop", &keys), None, "nobody can sign for us");
    assert_eq!(read_value(&text, "shop", &keys), None, "nobody can sign for us");

    if let Some(number) = from_base36(&text) {
        let mut written = String::new();
        push_base36(number, &mut written);
        assert_eq!(from_base36(&written), Some(number));
    }

    // As if we had signed it: what is read so is written and read again as the same.
    let signature = base64url::encode(&keys.sign(Purpose::Visitor, &[b"shop", text.as_bytes()]));
    if let Some(signed) = read_value(&format!("{text}:{signature}"), "shop", &keys) {
        assert_eq!(signed.signed, Verified::Current);
        let written = write(&signed.visitor, "shop", &keys);
        if written.len() <= text.len() + signature.len() + 1 {
            assert_eq!(read_value(&written, "shop", &keys).map(|read| read.visitor), Some(signed.visitor));
        }
    }
}
