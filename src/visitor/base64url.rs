//! Base64 with the URL alphabet and no padding (RFC 4648 section 5): ids, signatures, packed lists.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of these bytes: four characters for three bytes, no padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    encode_into(bytes, &mut text);
    text
}

/// Appends the text of these bytes.
pub fn encode_into(bytes: &[u8], text: &mut String) {
    for chunk in bytes.chunks(3) {
        let mut word = 0_u32;
        for (at, &byte) in chunk.iter().enumerate() {
            word |= u32::from(byte) << (16 - 8 * at);
        }
        for at in 0..=chunk.len() {
            let index = word >> (18 - 6 * at) & 63;
            text.push(ALPHABET.get(index as usize).copied().map_or('A', char::from));
        }
    }
}

/// The bytes of such a text; `None` for other characters, an impossible length, or bits that no byte holds.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0_u32;
        for (at, &character) in chunk.iter().enumerate() {
            word |= u32::from(value(character)?) << (18 - 6 * at);
        }
        let count = match chunk.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        if word & (0x00ff_ffff >> (8 * count)) != 0 {
            return None;
        }
        bytes.extend(word.to_be_bytes().iter().skip(1).take(count));
    }
    Some(bytes)
}

fn value(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_public_vectors_hold() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        for bad in ["Z", "Zg==", "Zh", "Zm9", "Zm+v", "Zé"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
