//! Globs for paths, hosts and values: `*` is any run of characters within a segment, `**` any run at all, `?` one.
//!
//! Matching is iterative and takes time proportional to pattern times text at worst, so a hostile path can not make it
//! slow. In values (cookies, headers, queries) there are no segments, and `*` runs over everything.

use serde::{Deserialize, Serialize};

/// A pattern as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

/// What `*` stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segments {
    /// `/`, as in paths.
    Slash,
    /// Nothing: `*` and `**` mean the same.
    None,
}

/// The longest pattern, in bytes.
pub const LONGEST: usize = 256;

impl Glob {
    /// A glob of this text; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("a pattern has at most {LONGEST} bytes, this one has {}", text.len()));
        }
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err("a pattern can not hold control characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str, segments: Segments) -> bool {
        matches(self.0.as_bytes(), text.as_bytes(), segments)
    }
}

/// A place to come back to: the pattern after a star, and the text it would next swallow one byte of.
#[derive(Clone, Copy)]
struct Retry {
    pattern: usize,
    text: usize,
}

fn matches(pattern: &[u8], text: &[u8], segments: Segments) -> bool {
    let (mut p, mut t) = (0, 0);
    // A `*` can give up only to the last `**` before it, so two places to come back to are enough.
    let (mut star, mut double): (Option<Retry>, Option<Retry>) = (None, None);
    loop {
        let byte = text.get(t).copied();
        match pattern.get(p) {
            Some(b'*') => {
                let crosses = pattern.get(p + 1) == Some(&b'*');
                p += if crosses { 2 } else { 1 };
                let here = Retry { pattern: p, text: t };
                if crosses || segments == Segments::None {
                    double = Some(here);
                    star = None;
                } else {
                    star = Some(here);
                }
                continue;
            }
            Some(b'?') if byte.is_some_and(|b| !stops(b, segments)) => {
                p += 1;
                t += 1;
                continue;
            }
            Some(&literal) if literal != b'?' && byte == Some(literal) => {
                p += 1;
                t += 1;
                continue;
            }
            None if byte.is_none() => return true,
            _ => {}
        }
        if let Some(retry) = star.as_mut().filter(|retry| text.get(retry.text).is_some_and(|&b| !stops(b, segments))) {
            retry.text += 1;
            (p, t) = (retry.pattern, retry.text);
        } else if let Some(retry) = double.as_mut().filter(|retry| retry.text < text.len()) {
            retry.text += 1;
            (p, t) = (retry.pattern, retry.text);
            star = None;
        } else {
            return false;
        }
    }
}

fn stops(byte: u8, segments: Segments) -> bool {
    segments == Segments::Slash && byte == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(pattern: &str, text: &str) -> bool {
        Glob::new(pattern).unwrap().matches(text, Segments::Slash)
    }

    #[test]
    fn a_star_stays_in_its_segment_and_two_cross() {
        assert!(path("/shop/*", "/shop/a"));
        assert!(!path("/shop/*", "/shop/a/b"));
        assert!(path("/shop/**", "/shop/a/b"));
        assert!(path("/**/b", "/shop/a/b"));
        assert!(path("/**/*.js", "/shop/a/b.js"));
        assert!(!path("/**/*.js", "/shop/a/b.css"));
        assert!(path("/?", "/a"));
        assert!(!path("/?", "//"));
        assert!(path("*", "abc"));
        assert!(!path("/shop", "/shop/"));
    }

    #[test]
    fn in_values_a_star_runs_over_everything() {
        assert!(Glob::new("a*d").unwrap().matches("a/b/c/d", Segments::None));
        assert!(Glob::new("*").unwrap().matches("", Segments::None));
    }

    /// The obvious, exponential way.
    fn slow(pattern: &[u8], text: &[u8], segments: Segments) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', rest @ ..] => (0..=text.len()).any(|n| slow(rest, &text[n..], segments)),
            [b'*', rest @ ..] => {
                let reach = text.iter().position(|&b| stops(b, segments)).unwrap_or(text.len());
                (0..=reach).any(|n| slow(rest, &text[n..], segments))
            }
            [b'?', rest @ ..] => text.split_first().is_some_and(|(&b, t)| !stops(b, segments) && slow(rest, t, segments)),
            [literal, rest @ ..] => text.split_first().is_some_and(|(b, t)| b == literal && slow(rest, t, segments)),
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_the_obvious_way(pattern in "[ab/*?]{1,8}", text in "[ab/]{0,9}") {
            for segments in [Segments::Slash, Segments::None] {
                let fast = Glob::new(&pattern).unwrap().matches(&text, segments);
                prop_assert_eq!(fast, slow(pattern.as_bytes(), text.as_bytes(), segments), "{} on {}", pattern, text);
            }
        }
    }
}
