//! JSON as it comes: any well-formed text gives a tree, and whether it is what was asked for is seen afterwards.
//!
//! A struct with typed fields would throw a whole body away for one wrong field of one entry. Keys are an enum, so that
//! what nobody asks for is read, counts towards `serde_json`'s recursion limit (128), and is not kept. A key that is there
//! twice counts as it is last, as in JavaScript. Half a surrogate pair, which a page leaves when it cuts a text, becomes U+FFFD.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Fault;

/// A JSON value. `K` are the keys that are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree<'a, K> {
    /// `null`; also what is not there.
    Null,
    /// `true` or `false`: nothing here asks for one.
    Bool,
    /// A number, as JavaScript has it.
    Number(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Self>),
    /// An object's entries of interest, as they stand.
    Object(Vec<(K, Self)>),
}

impl<K: Copy + PartialEq> Tree<'_, K> {
    /// What an object says under a key; null if it is none or says nothing.
    pub(crate) fn get(&self, key: K) -> &Self {
        let Self::Object(entries) = self else { return &Self::Null };
        entries.iter().rev().find(|(name, _)| *name == key).map_or(&Self::Null, |(_, value)| value)
    }

    /// The text, of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// The keys a tree keeps.
pub(crate) trait Key: Copy + PartialEq {
    /// The key of that name, if it is asked for.
    fn of(name: &str) -> Option<Self>;
}

/// Reads a body of at most so many bytes and gives what is made of its tree.
pub(crate) fn read<T, K: Key>(body: &[u8], most: usize, then: impl FnOnce(Tree<'_, K>) -> T) -> Result<T, Fault> {
    if body.len() > most {
        return Err(Fault::TooLarge { most });
    }
    let text = std::str::from_utf8(body).map_err(|error| Fault::NotUtf8 { at: error.valid_up_to() })?;
    let text = mended(text);
    serde_json::from_str(&text).map(then).map_err(|error| fault(&error))
}

/// The entries of a body: one object, or an array of at most `most`.
pub(crate) fn entries<K>(tree: Tree<'_, K>, most: usize) -> Result<Vec<Tree<'_, K>>, Fault> {
    match tree {
        Tree::Object(_) => Ok(vec![tree]),
        Tree::List(list) if list.len() > most => Err(Fault::TooMany { found: list.len(), most }),
        Tree::List(list) => Ok(list),
        _ => Err(Fault::NeitherObjectNorArray),
    }
}

/// What `serde_json` says is its own words and a place; it can not complain of a value, since a tree takes every one.
fn fault(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let reason = said.split_once(" at line ").map_or(said.as_str(), |(reason, _)| reason);
    if reason == "recursion limit exceeded" {
        return Fault::TooDeep { line, column };
    }
    let reason = if error.is_data() { "not JSON" } else { reason };
    Fault::NotJson { reason: reason.to_owned(), line, column }
}

/// The same text with `\ufffd` for every escape that is half a surrogate pair, byte for byte in the same places.
fn mended(text: &str) -> Cow<'_, str> {
    let mut mended = Vec::new();
    let mut at = 0;
    // A backslash begins an escape wherever it stands in a string, and stands nowhere else.
    while let Some(next) = text.as_bytes().get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += next;
        let unit = escaped(text, at);
        let follows = escaped(text, at + 6);
        at += match (unit, follows) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push(at);
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
    }
    if mended.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut from = 0;
    for at in mended {
        whole.push_str(text.get(from..at).unwrap_or_default());
        whole.push_str("\\ufffd");
        from = at + 6;
    }
    whole.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(whole)
}

/// The UTF-16 unit that an escape at this place stands for.
fn escaped(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

impl<'de, K: Key> Deserialize<'de> for Tree<'de, K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<K>(PhantomData<K>);

impl<'de, K: Key> Visitor<'de> for Reader<K> {
    type Value = Tree<'de, K>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Tree::Bool)
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers have the same precision")]
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Tree::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers have the same precision")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Tree::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = from.next_element()? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Named(key)) = from.next_key::<Named<K>>()? {
            let value = from.next_value()?;
            if let Some(key) = key {
                entries.push((key, value));
            }
        }
        Ok(Tree::Object(entries))
    }
}

/// A key, looked up without being copied.
struct Named<K>(Option<K>);

impl<'de, K: Key> Deserialize<'de> for Named<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(NameReader(PhantomData)).map(Self)
    }
}

struct NameReader<K>(PhantomData<K>);

impl<K: Key> Visitor<'_> for NameReader<K> {
    type Value = Option<K>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(K::of(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_a_whole_one_is_kept() {
        for (text, expected) in [
            (r"plain", r"plain"),
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"\ud83d", r"\ufffd"),
            (r"\ude00", r"\ufffd"),
            (r"\ud83dx\ude00", r"\ufffdx\ufffd"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"\\ud83d", r"\\ud83d"),
            (r"\\\uD83D", r"\\\ufffd"),
            (r"\u00e9\ud8", r"\u00e9\ud8"),
            (r"\n\ude0z\", r"\n\ude0z\"),
            (r"\ud83dé", r"\ufffdé"),
            (r"\é\u+123", r"\é\u+123"),
        ] {
            assert_eq!(mended(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn mending_changes_no_length_and_nothing_else(text in "(\\\\|u|d8|dc|00|é|x|\"){0,24}") {
            let mended = mended(&text);
            prop_assert_eq!(mended.len(), text.len());
            prop_assert!(text.contains("\\ud") || mended == text.as_str());
        }

        #[test]
        fn what_is_json_stays_json_and_says_the_same(value in ".{0,20}") {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(mended(&text), text.as_str());
        }
    }
}
