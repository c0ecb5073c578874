//! The tables of docs/config.md, made from the shape of the file and the kinds of problems.

use std::fmt::Write;

use super::objects;
use super::problem::{Code, Severity};
use super::shape::{Field, Object, Shape, Word};
use super::spelling;

/// The generated part of docs/config.md, Markdown.
#[must_use]
pub fn render() -> String {
    let mut text = String::new();
    for object in objects::ALL {
        render_object(object, &mut text);
    }
    text.push_str("### Spellings\n\n| Kind of text | How it is written | Example |\n|---|---|---|\n");
    for spelling in spelling::ALL.iter().filter(|spelling| spelling.name != spelling::ANYTHING.name) {
        // Writing to a string does not fail, here and below.
        let _ = writeln!(text, "| {} | {} | `{}` |", named(spelling.name), cell(spelling.rule), cell(spelling.example));
    }
    text.push_str("\n### Problems\n\n`halftone check` says all of them at once; `--json` gives these codes.\n\n| Code | | Meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let severity = if code.severity() == Severity::Error { "error" } else { "warning" };
        let _ = writeln!(text, "| `{}` | {severity} | {} |", code.as_str(), cell(code.meaning()));
    }
    text
}

fn render_object(object: &Object, text: &mut String) {
    let _ = writeln!(text, "### {}\n\n{}\n", named(object.name), object.doc);
    if !object.one_of.is_empty() {
        let _ = writeln!(text, "Exactly one of {} must be there.\n", super::report::listed(object.one_of.iter(), "and", 8));
    }
    text.push_str("| Key | Value | When left out | |\n|---|---|---|---|\n");
    for field in object.fields {
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", field.key, value(&field.shape), default(field), meaning(field));
    }
    text.push('\n');
}

/// A heading that its anchor can be told from: `random-step` as `Random step`.
fn named(name: &str) -> String {
    let spaced = name.replace(['-', '_'], " ");
    let mut characters = spaced.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn anchor(object: &Object) -> String {
    format!("[{}](#{})", named(object.name).to_lowercase(), object.name.replace('_', "-"))
}

fn value(shape: &Shape) -> String {
    match shape {
        Shape::Text(spelling) if spelling.name == spelling::ANYTHING.name => "text".to_owned(),
        Shape::Text(spelling) => format!("[{}](#spellings)", named(spelling.name).to_lowercase()),
        Shape::Word(words) => words.iter().map(|word| format!("`\"{}\"`", word.text)).collect::<Vec<_>>().join(", "),
        Shape::Flag => "`true`, `false`".to_owned(),
        Shape::Whole { least, most } => format!("number, {least} to {most}"),
        Shape::List { of, .. } => format!("list of: {}", value(of)),
        Shape::OneOrMore { of, .. } => format!("{}; or a list", value(of)),
        Shape::Object(object) => anchor(object),
        Shape::Map(map) => format!("{{ {}: {} }}", named(map.keys.name).to_lowercase(), value(&map.values)),
        Shape::Either(shapes) => shapes.iter().map(value).collect::<Vec<_>>().join(", "),
    }
}

fn default(field: &Field) -> String {
    match field.default {
        None => "**required**".to_owned(),
        Some(words) if words.starts_with('(') => cell(words.trim_start_matches('(').trim_end_matches(')')),
        Some(value) => format!("`{}`", cell(value)),
    }
}

fn meaning(field: &Field) -> String {
    let mut text = cell(field.doc);
    for Word { text: word, doc } in words(&field.shape) {
        let _ = write!(text, "<br>`{word}`: {}", cell(doc));
    }
    text
}

fn words(shape: &Shape) -> &'static [Word] {
    match shape {
        Shape::Word(words) => words,
        Shape::List { of, .. } | Shape::OneOrMore { of, .. } => words(of),
        Shape::Either(shapes) => shapes.iter().map(words).find(|words| !words.is_empty()).unwrap_or_default(),
        _ => &[],
    }
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
