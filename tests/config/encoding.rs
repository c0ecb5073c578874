//! Bytes that are not a config at all.

use halftone::config::{Builds, check};
use insta::assert_snapshot;

use crate::{lines, said};

fn said_of(bytes: &[u8]) -> String {
    let checked = check(bytes, &Builds::unknown());
    assert!(checked.config.is_none());
    lines(&checked)
}

#[test]
fn an_empty_file_is_told_where_to_begin() {
    assert_snapshot!(said(""), @r#"1:1 the file is empty — write at least { "sites": { … } }; docs/config.md has the smallest useful file"#);
    assert_eq!(said(""), said(" \n\t "));
}

#[test]
fn other_encodings_are_named() {
    let utf16: Vec<u8> = "{ \"sites\": {} }".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_snapshot!(said_of(&utf16), @"1:1 the file is UTF-16, not UTF-8 — save the file as UTF-8 without a byte order mark");
    assert_eq!(said_of(&[&[0xff, 0xfe], utf16.as_slice()].concat()), said_of(&utf16));
    let big_endian: Vec<u8> = "{ }".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(said_of(&big_endian), said_of(&utf16));
    assert_snapshot!(said_of(&[0xff, 0xfe, 0, 0, b'{', 0, 0, 0]), @"1:1 the file is UTF-32, not UTF-8 — save the file as UTF-8 without a byte order mark");
    assert_snapshot!(said_of(b"{ \"sites\":\n  { \"caf\xe9\": 1 } }"), @"2:9 `0xE9` is a byte that UTF-8 does not have here — save the file as UTF-8 without a byte order mark");
}

#[test]
fn a_byte_order_mark_is_reported_and_the_rest_is_read() {
    assert_snapshot!(said("\u{feff}{ \"sits\": {} }"), @r#"
    1:1 the file begins with a byte order mark, which JSON does not have — save the file as UTF-8 without a byte order mark
    1:1 the config needs `sites` — add "sites": { "shop": { … } }
    1:3 sits: `sits` is not a key of the config — did you mean `sites`?
    "#);
}

#[test]
fn a_file_of_ten_megabytes_is_not_read() {
    assert_snapshot!(said_of(&vec![b' '; 10 << 20]), @"1:1 the file has 10485760 bytes, a config has at most 1048576 — check that this is the file you mean");
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    assert_snapshot!(said(&"[".repeat(500_000)), @"1:65 objects and lists are nested more than 64 deep — check that this is the file you mean");
    assert_snapshot!(said(&format!("{}{}", "{ \"a\": ".repeat(65), "}".repeat(65))), @"1:449 objects and lists are nested more than 64 deep — check that this is the file you mean");
    let deep_but_allowed = said(&format!("{}1{}", "[".repeat(64), "]".repeat(64)));
    assert_snapshot!(deep_but_allowed, @"1:1 `[…]` is a list, and here belongs the config — write it without [ ]");
}

#[test]
fn brackets_inside_of_text_are_not_nesting() {
    let text = format!("{{ \"sites\": \"{}\\\"{}\" }}", "[".repeat(100), "{".repeat(100));
    assert!(said(&text).contains("is text, and here belongs the sites"), "{}", said(&text));
}

#[test]
fn malformed_json_is_said_in_words() {
    let cases = [
        "{ \"sites\": { }",
        "{ \"a\": [1, 2 }",
        "{ \"a\": 1 \"b\": 2 }",
        "{ 'a': 1 }",
        "{ a: 1 }",
        "{ \"a\" 1 }",
        "{ \"a\": }",
        "{ \"a\": 01 }",
        "{ \"a\": +1 }",
        "{ \"a\": .5 }",
        "{ \"a\": 0x10 }",
        "{ \"a\": NaN }",
        "{ \"a\": undefined }",
        "{ \"a\": \"x",
        "{ \"a\": \"\\x41\" }",
        "{ \"a\": \"\\u12\" }",
        "{ \"a\": \"\\ud83d\" }",
        "{ \"a\": \"tab\there\" }",
        "{ \"a\":\u{a0}1 }",
        "{ \"a\": 1 } { }",
        "{ \"a\": 1, , }",
        "}",
        "{ \"a\": /* open",
        "{ \"a\": -",
    ];
    let all: Vec<String> = cases.iter().map(|case| format!("{case}\n    {}", said(case))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    { "sites": { }
        1:1 this object is not closed — add `}` where it ends
    { "a": [1, 2 }
        1:14 `}` does not belong here; a value, key or bracket before it is missing or too much
    { "a": 1 "b": 2 }
        1:9 a comma is missing here — put `,` between the items
    { 'a': 1 }
        1:3 `'` does not quote text in JSON — write `"`
    { a: 1 }
        1:3 `a` is a key without quotes — write "a"
    { "a" 1 }
        1:7 a colon is missing after the key before this
    { "a": }
        1:8 `}` does not belong here; a value, key or bracket before it is missing or too much
    { "a": 01 }
        1:9 a number has a zero in front, which JSON does not allow — take the zero out
    { "a": +1 }
        1:8 `+1` is not a number as JSON writes it
    { "a": .5 }
        1:8 `.5` is not a number as JSON writes it
    { "a": 0x10 }
        1:8 `0x10` is not a number as JSON writes it
    { "a": NaN }
        1:8 `NaN` is not JSON — text and keys stand in double quotes
    { "a": undefined }
        1:8 `undefined` is not JSON — text and keys stand in double quotes
    { "a": "x
        1:8 this text is not closed; a `"` is missing
    { "a": "\x41" }
        1:9 this escape is not one of \" \\ \/ \b \f \n \r \t \uXXXX
    { "a": "\u12" }
        1:9 \u needs four hexadecimal digits after it
    { "a": "\ud83d" }
        1:9 this \u escape is half of a character; both halves must stand together
    { "a": "tab	here" }
        1:11 a line break, tab or other control character stands in a text; write it as \n, \t or \u00XX
    { "a": 1 }
        1:7 a character that JSON does not have outside of text (a no-break space, perhaps)
    { "a": 1 } { }
        1:12 `{` stands after the end of the config — a file holds one object; take the rest out
    { "a": 1, , }
        1:11 `,` does not belong here; a key in quotes does
    }
        1:1 `}` does not belong here; a value, key or bracket before it is missing or too much
    { "a": /* open
        1:8 this comment is not closed, and JSON has none — take it out
    { "a": -
        1:9 the file ends in the middle of a value
    "#);
}

#[test]
fn comments_and_trailing_commas_are_reported_and_the_rest_is_read() {
    assert_snapshot!(said("{ // the shop\n  \"sits\": {} }"), @r#"
    1:1 the config needs `sites` — add "sites": { "shop": { … } }
    1:3 `// the shop` is a comment, and JSON has none — take it out
    2:3 sits: `sits` is not a key of the config — did you mean `sites`?
    "#);
    assert_snapshot!(said("{ \"sits\": {}, }"), @r#"
    1:1 the config needs `sites` — add "sites": { "shop": { … } }
    1:3 sits: `sits` is not a key of the config — did you mean `sites`?
    1:13 `,` stands after the last item, which JSON does not allow — take it out
    "#);
}

#[test]
fn columns_count_characters_and_lines_count_line_feeds() {
    assert_snapshot!(said("{ \"sites\": { \"a\": {\r\n \"é🎉\": 1 } } }"), @r#"
    1:19 sites.a: a site needs `versions` — add "versions": { "v1": "assets:v1" }
    1:19 sites.a: a site needs `stable` — add "stable": "v1"
    2:2 sites.a["é🎉"]: `é🎉` is not a key of a site — the keys here are `hosts`, `default`, `versions`, `stable`, `rollout`, `rules`, `bots`, `consent`, `without_consent`, `cookie`, `cache`, `feedback`, `response_header`, `webhooks` and `allow_origins`
    "#);
}
