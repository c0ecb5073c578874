//! Looking for bytes in short texts, on the path of every request.
//!
//! The standard library's searches prepare for long texts; a request's facts are a dozen short ones, and compiled for size that
//! preparation is most of the work. Here each byte is looked at once. Only ASCII is looked for, so what is cut off is text again.

/// The pieces of a text between one ASCII byte, like `str::split`.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    rest: Option<&'a str>,
    at: u8,
}

/// The pieces of `text` between `at`, which is ASCII; at least one, `""` of an empty text.
#[must_use]
pub fn pieces(text: &str, at: u8) -> Pieces<'_> {
    debug_assert!(at.is_ascii());
    Pieces { rest: Some(text), at }
}

impl<'a> Pieces<'a> {
    /// Everything that has not been given yet, in one piece; `""` after the last.
    #[must_use]
    pub fn rest(self) -> &'a str {
        self.rest.unwrap_or_default()
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let Some((piece, rest)) = cut(text, self.at) else {
            self.rest = None;
            return Some(text);
        };
        self.rest = Some(rest);
        Some(piece)
    }
}

/// What is before and behind the first `at`, which is ASCII, like `str::split_once`.
#[must_use]
pub fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// Whether `part`, which is not empty, is somewhere in `text`.
#[must_use]
pub fn holds(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some((first, rest)) = part.split_first() else { return true };
    text.iter().enumerate().any(|(at, byte)| byte == first && text.get(at + 1..).is_some_and(|after| after.starts_with(rest)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_and_cuts_are_those_of_the_standard_library(text in "[ab;é]{0,24}") {
            prop_assert_eq!(pieces(&text, b';').collect::<Vec<_>>(), text.split(';').collect::<Vec<_>>());
            prop_assert_eq!(cut(&text, b';'), text.split_once(';'));
            let mut some = pieces(&text, b';');
            let first = some.next();
            prop_assert_eq!((first, some.rest()), text.split_once(';').map_or((Some(text.as_str()), ""), |(a, b)| (Some(a), b)));
        }

        #[test]
        fn a_part_is_found_wherever_it_is(text in "[abé]{0,12}", part in "[abé]{0,3}") {
            prop_assert_eq!(holds(&text, &part), text.contains(&part));
        }
    }
}
