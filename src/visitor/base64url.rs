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
    for three in bytes.chunks(3) {
        text.extend(four(three).iter().take(three.len() + 1).map(|&character| char::from(character)));
    }
}

/// Whether `text` is the text of these bytes, found in a time that does not tell where they differ.
#[must_use]
pub fn is_text_of(bytes: &[u8], text: &str) -> bool {
    let is_as_long = text.len() == (4 * bytes.len()).div_ceil(3);
    let differing = bytes.chunks(3).zip(text.as_bytes().chunks(4)).fold(0, |sum, (three, theirs)| {
        // The last of them are as many as are there.
        four(three).iter().zip(theirs).fold(sum, |sum, (a, b)| sum | (a ^ b))
    });
    is_as_long && differing == 0
}

/// The characters of up to three bytes; one more of them counts than there are bytes.
fn four(three: &[u8]) -> [u8; 4] {
    let word = three.iter().zip([16, 8, 0]).fold(0, |word, (&byte, shift)| word | u32::from(byte) << shift);
    [18, 12, 6, 0].map(|shift| ALPHABET.get((word >> shift & 63) as usize).copied().unwrap_or(b'A'))
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

        #[test]
        fn a_text_is_of_the_bytes_it_was_made_of_alone(bytes in proptest::collection::vec(any::<u8>(), 0..20), at: usize, with in "[ -~]") {
            let text = encode(&bytes);
            prop_assert!(is_text_of(&bytes, &text));
            prop_assert!(!is_text_of(&bytes, &(text.clone() + "A")));
            if !text.is_empty() {
                prop_assert!(!is_text_of(&bytes, &text[1..]));
                let mut changed = text.clone();
                changed.replace_range(at % text.len()..=at % text.len(), &with);
                prop_assert_eq!(is_text_of(&bytes, &changed), changed == text);
            }
        }
    }
}
