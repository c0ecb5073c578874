//! From bytes to a tree: size, encoding and nesting are guarded before the JSON parser sees anything.
//!
//! JSON only: no comments, no trailing commas. Those two are reported and then read over, so that the rest of the file
//! is checked in the same run. After the tolerant parser a strict one has the last word on what JSON is.

use jsonc_parser::errors::{ParseError, ParseErrorKind as Kind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::problem::Code;
use super::report::{Report, Words, found, why};
use super::tree::{Node, Place};

/// The largest file: 63 versions and a thousand rules with long conditions need about a third of it.
pub const MOST_BYTES: usize = 1 << 20;

/// The deepest nesting. The deepest useful file has about 30 levels; the parser's own stack has room for hundreds.
pub const MOST_LEVELS: usize = 64;

const FROM_UTF8: &str = "save the file as UTF-8 without a byte order mark";

/// The text of a file, and what is wrong with its encoding; without text nothing more can be checked.
pub fn decode(bytes: &[u8]) -> (Option<&str>, Option<(Code, usize, Words)>) {
    if bytes.len() > MOST_BYTES {
        let words = why(format!("the file has {} bytes, a config has at most {MOST_BYTES}", bytes.len()));
        return (None, Some((Code::TooLarge, 0, words.fix("check that this is the file you mean"))));
    }
    let encoding = |what: &str| (None, Some((Code::Encoding, 0, why(format!("the file is {what}, not UTF-8")).fix(FROM_UTF8))));
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return encoding("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] | [1..=0x7f, 0, ..] => return encoding("UTF-16"),
        _ => {}
    }
    let text = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let marked = text.len() < bytes.len();
    match std::str::from_utf8(text) {
        Ok(text) if marked => {
            let words = why("the file begins with a byte order mark, which JSON does not have").fix(FROM_UTF8);
            (Some(text), Some((Code::Encoding, 0, words)))
        }
        Ok(text) => (Some(text), None),
        Err(error) => {
            let at = error.valid_up_to();
            let byte = text.get(at).copied().unwrap_or_default();
            let words = found(format!("0x{byte:02X}"), "is a byte that UTF-8 does not have here").fix(FROM_UTF8);
            (None, Some((Code::Encoding, at, words)))
        }
    }
}

/// The tree of a text; `None` if it can not be read, and then the report says why.
pub fn parse<'t>(text: &'t str, report: &mut Report<'t>) -> Option<Node<'t>> {
    let top = Place::top();
    if let Some(at) = too_deep(text) {
        report.add_at(Code::TooDeep, at, &top, too_deep_words());
        return None;
    }
    let parsed = match parse_to_ast(text, &CollectOptions::default(), &options(false)) {
        Ok(parsed) => {
            // The tolerant parser lets a few things pass that JSON does not have (tabs in text, odd white space).
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
                && parsed.value.is_some()
            {
                let at = report.offset(error.line(), error.column());
                report.add_at(Code::NotJson, at, &top, why(strict_words(&error)));
                return None;
            }
            parsed
        }
        Err(error) => {
            let (code, words) = words_for(&error, text);
            report.add_at(code, error.range().start, &top, words);
            if code == Code::NotJson {
                return None;
            }
            let again = parse_to_ast(text, &CollectOptions::default(), &options(true));
            match again {
                Ok(parsed) => parsed,
                Err(error) => {
                    let (code, words) = words_for(&error, text);
                    report.add_at(code, error.range().start, &top, words);
                    return None;
                }
            }
        }
    };
    let Some(value) = parsed.value else {
        let words =
            why("the file is empty").fix("write at least { \"sites\": { … } }; docs/config.md has the smallest useful file");
        report.add_at(Code::NotJson, 0, &top, words);
        return None;
    };
    let tree = Node::build(value, Place::top(), MOST_LEVELS + 1);
    if tree.is_none() {
        report.add_at(Code::TooDeep, 0, &top, too_deep_words());
    }
    tree
}

fn options(tolerant: bool) -> ParseOptions {
    ParseOptions {
        allow_comments: tolerant,
        allow_trailing_commas: tolerant,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Where brackets outside of text first nest deeper than allowed.
fn too_deep(text: &str) -> Option<usize> {
    let (mut level, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                level += 1;
                if level > MOST_LEVELS {
                    return Some(at);
                }
            }
            b'}' | b']' if !in_text => level = level.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn too_deep_words() -> Words {
    why(format!("objects and lists are nested more than {MOST_LEVELS} deep")).fix("check that this is the file you mean")
}

fn strict_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text {
        text if text.starts_with("control character") => {
            "a line break, tab or other control character stands in a text; write it as \\n, \\t or \\u00XX".to_owned()
        }
        "expected value" => "a character that JSON does not have outside of text (a no-break space, perhaps)".to_owned(),
        text => format!("this is not JSON: {text}"),
    }
}

/// Our words for what the parser says.
fn words_for(error: &ParseError, text: &str) -> (Code, Words) {
    let range = error.range();
    let here = text.get(range.start..range.end).unwrap_or_default();
    // Comments to the end of their line, words and numbers as far as they go.
    let token = || {
        let line = text.get(range.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let word = line.split(|c: char| c.is_whitespace() || ",:]}[{\"".contains(c)).next().unwrap_or_default();
        let all = if here.starts_with("//") {
            here
        } else if word.len() > here.len() {
            word
        } else {
            here
        };
        all.lines().next().unwrap_or_default().to_owned()
    };
    let at_end = text.get(range.start..).is_none_or(|rest| rest.trim().is_empty());
    let not_json = |words: Words| (Code::NotJson, words);
    match error.kind() {
        Kind::CommentsNotAllowed => (Code::Comment, found(token(), "is a comment, and JSON has none").fix("take it out")),
        Kind::TrailingCommasNotAllowed => {
            (Code::TrailingComma, found(",", "stands after the last item, which JSON does not allow").fix("take it out"))
        }
        Kind::NestingDepthExceeded => (Code::TooDeep, too_deep_words()),
        Kind::ExpectedComma if follows_zero(text, range.start) => {
            not_json(why("a number has a zero in front, which JSON does not allow").fix("take the zero out"))
        }
        Kind::ExpectedComma => not_json(why("a comma is missing here").fix("put `,` between the items")),
        Kind::UnterminatedObject => not_json(why("this object is not closed").fix("add `}` where it ends")),
        Kind::UnterminatedArray => not_json(why("this list is not closed").fix("add `]` where it ends")),
        Kind::UnterminatedCommentBlock => not_json(why("this comment is not closed, and JSON has none").fix("take it out")),
        Kind::SingleQuotedStringsNotAllowed => not_json(found("'", "does not quote text in JSON").fix("write `\"`")),
        Kind::ExpectedStringObjectProperty => {
            not_json(found(token(), "is a key without quotes").fix(format!("write \"{}\"", token())))
        }
        Kind::ExpectedColonAfterObjectKey => not_json(why("a colon is missing after the key before this")),
        Kind::ExpectedObjectValue => not_json(why("a key has no value")),
        Kind::MultipleRootJsonValues => {
            not_json(found(token(), "stands after the end of the config").fix("a file holds one object; take the rest out"))
        }
        Kind::String(kind) => not_json(why(string_words(kind))),
        Kind::UnexpectedTokenInObject if here.len() == 1 && ",:[]{}".contains(here) => {
            not_json(found(token(), "does not belong here; a key in quotes does"))
        }
        Kind::UnexpectedWord | Kind::UnexpectedToken | Kind::UnexpectedTokenInObject if !at_end => {
            not_json(found(token(), "is not JSON").fix("text and keys stand in double quotes"))
        }
        Kind::UnexpectedCloseBrace | Kind::UnexpectedCloseBracket | Kind::UnexpectedColon | Kind::UnexpectedComma => {
            not_json(found(token(), "does not belong here; a value, key or bracket before it is missing or too much"))
        }
        _ if at_end => not_json(why("the file ends in the middle of a value")),
        _ => not_json(found(token(), "is not a number as JSON writes it")),
    }
}

/// Whether a zero ends here that more digits follow: the parser takes `01` for two numbers.
fn follows_zero(text: &str, at: usize) -> bool {
    let before = text.get(..at).is_some_and(|before| {
        before.ends_with('0') && !before.trim_end_matches('0').ends_with(|c: char| c.is_ascii_digit() || c == '.')
    });
    before && text.get(at..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
}

fn string_words(kind: &jsonc_parser::ParseStringErrorKind) -> &'static str {
    use jsonc_parser::ParseStringErrorKind as Bad;
    match kind {
        Bad::UnterminatedStringLiteral => "this text is not closed; a `\"` is missing",
        Bad::ExpectedFourHexDigits | Bad::ExpectedTwoHexDigits => "\\u needs four hexadecimal digits after it",
        Bad::InvalidUnicodeEscapeSequence(_) => "this \\u escape is half of a character; both halves must stand together",
        _ => "this escape is not one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
    }
}
