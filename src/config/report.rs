//! Collects problems while a file is checked, and turns places in its text into lines and columns.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::problem::{Code, Problem};
use super::tree::{Node, Place};

/// How many problems are kept; a file with more of them is not a config with mistakes but something else.
const MOST: usize = 200;

/// The longest piece of the file that a problem shows, in characters.
const LONGEST_FOUND: usize = 80;

/// What is said about a place besides its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub found: Option<String>,
    pub why: String,
    pub fix: Option<String>,
    /// All paths it is about, with their versions.
    pub paths: BTreeMap<String, Vec<String>>,
}

/// Words about something that is not there, or about a place as a whole.
pub fn why(why: impl Into<String>) -> Words {
    Words { why: why.into(), ..Words::default() }
}

/// Words about something that was found.
pub fn found(found: impl Into<String>, why: impl Into<String>) -> Words {
    Words { found: Some(found.into()), why: why.into(), ..Words::default() }
}

impl Words {
    /// Adds what to do.
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// Adds all paths it is about.
    pub fn paths(self, paths: BTreeMap<String, Vec<String>>) -> Self {
        Self { paths, ..self }
    }

    /// Adds what to do, if that is known.
    pub fn maybe_fix(self, fix: Option<String>) -> Self {
        Self { fix, ..self }
    }
}

/// The problems of one text.
pub struct Report<'t> {
    text: &'t str,
    /// Byte offset of the first character of each line.
    lines: Vec<usize>,
    problems: Vec<Problem>,
    unsaid: usize,
}

impl<'t> Report<'t> {
    pub fn new(text: &'t str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(after_breaks).collect(), problems: Vec::new(), unsaid: 0 }
    }

    /// Line and column of a byte offset, both from 1; the column in characters.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// Byte offset of a line and a column in bytes, both from 1.
    pub fn offset(&self, line: usize, byte_column: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).map_or(0, |start| start + byte_column.saturating_sub(1))
    }

    /// A problem at a byte offset.
    pub fn add_at(&mut self, code: Code, offset: usize, place: &Place, words: Words) {
        if self.problems.len() >= MOST {
            self.unsaid += 1;
            return;
        }
        let (line, column) = self.position(offset);
        let Words { found, why, fix, paths } = words;
        let found = found.map(|text| shortened(&text));
        let problem = Problem { code, severity: code.severity(), path: place.to_string(), line, column, found, why, fix, paths };
        // Two checks may come to one conclusion by different ways.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// A problem of a value.
    pub fn add(&mut self, code: Code, node: &Node<'_>, words: Words) {
        self.add_at(code, node.start, &node.place, words);
    }

    /// Whether there is an error so far.
    pub fn has_errors(&self) -> bool {
        self.unsaid > 0 || self.problems.iter().any(|problem| problem.severity == super::Severity::Error)
    }

    /// All of them in the order of the file.
    pub fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column, problem.code));
        if self.unsaid > 0 {
            let why = format!("{} more problems are not shown", self.unsaid);
            let (line, column) = self.position(self.text.len());
            self.problems.push(Problem {
                code: Code::More,
                severity: Code::More.severity(),
                path: String::new(),
                line,
                column,
                found: None,
                why,
                fix: Some("mend these first".to_owned()),
                paths: BTreeMap::new(),
            });
        }
        self.problems
    }
}

/// One line of at most [`LONGEST_FOUND`] characters, control characters escaped.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST_FOUND {
            short.push('…');
            break;
        }
        if character.is_control() {
            // Writing to a string does not fail.
            let _ = write!(short, "{}", character.escape_default());
        } else {
            short.push(character);
        }
    }
    short
}

/// ``` `a`, `b` or `c` ```, at most `most` of them.
pub fn listed(words: impl Iterator<Item = impl AsRef<str>>, last: &str, most: usize) -> String {
    let all: Vec<String> = words.map(|word| format!("`{}`", shortened(word.as_ref()))).collect();
    let shown = all.get(..most.min(all.len())).unwrap_or_default();
    if all.len() > most {
        return format!("{} {last} {} more", shown.join(", "), all.len() - most);
    }
    match shown {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., end] => format!("{} {last} {end}", start.join(", ")),
    }
}

/// The candidate that somebody who wrote `word` most probably meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 128 {
        return None;
    }
    let lower = word.to_lowercase();
    let scored = candidates.map(|candidate| {
        let theirs = candidate.to_lowercase();
        let score = if theirs == lower {
            1.0
        } else if word.len() > 1 && (theirs.starts_with(&lower) || lower.starts_with(&theirs)) {
            0.9
        } else {
            strsim::jaro_winkler(&lower, &theirs).max(strsim::normalized_damerau_levenshtein(&lower, &theirs))
        };
        (score, candidate)
    });
    let best = scored.fold(None, |best: Option<(f64, &str)>, one| match best {
        Some(known) if known.0 >= one.0 => Some(known),
        _ => Some(one),
    });
    best.filter(|(score, _)| *score >= 0.8).map(|(_, candidate)| candidate)
}

/// "did you mean `x`?", or the words to choose from.
pub fn did_you_mean<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone, what: &str) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{what} {}", listed(candidates, "and", 16)),
    }
}
