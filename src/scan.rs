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
    let place = place_of(text.as_bytes(), at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// Where `at` is first: eight bytes at a time, since lines of a request are some dozens to some hundreds long.
fn place_of(text: &[u8], at: u8) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let (eights, rest) = text.as_chunks::<8>();
    for (n, eight) in eights.iter().enumerate() {
        // The lowest byte that is nothing is found exactly; only above it a borrow can mislead.
        let differing = u64::from_le_bytes(*eight) ^ (ONES * u64::from(at));
        let found = differing.wrapping_sub(ONES) & !differing & (ONES << 7);
        if found != 0 {
            return Some(8 * n + found.trailing_zeros() as usize / 8);
        }
    }
    let before = text.len() - rest.len();
    rest.iter().position(|&byte| byte == at).map(|place| before + place)
}

/// Whether `part`, which is not empty, is somewhere in `text`.
#[must_use]
pub fn holds(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some((&first, rest)) = part.split_first() else { return true };
    let mut left = text;
    while let Some(behind) = place_of(left, first).and_then(|at| left.get(at + 1..)) {
        if behind.starts_with(rest) {
            return true;
        }
        left = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_and_cuts_are_those_of_the_standard_library(text in "[ab:;<é\u{1}]{0,40}") {
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
