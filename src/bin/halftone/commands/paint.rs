//! Colours in what people read. They are there where a terminal reads it and `NO_COLOR` is not set; anywhere else `anstream`
//! takes them out, so a pipe or a file gets plain text. JSON is printed without this.

use anstyle::{AnsiColor, Style};
use halftone::config::Severity;

pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const STRONG: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();

/// The colour of a problem.
pub const fn of(severity: Severity) -> Style {
    match severity {
        Severity::Error => BAD,
        Severity::Warning => WARNING,
    }
}

/// The colour of a phase, a verdict or a decision: good news, bad news, or somebody has to look.
pub fn style_of(word: &str) -> Style {
    match word {
        "safe" | "promoted" | "promote" => GOOD,
        "harm" | "rolled back" | "roll back" | "refuse" | "off" => BAD,
        "paused" | "pause" | "held" | "hold" | "aborted" | "abort" => WARNING,
        _ => Style::new(),
    }
}

/// A text in a colour.
pub fn painted(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// A text whose first word, which says where, is in a colour.
fn headed(text: &str, style: Style) -> String {
    let (place, rest) = text.find(' ').map_or((text, ""), |at| text.split_at(at));
    format!("{}{rest}", painted(place, style))
}

/// Prints a line whose first word is in a colour.
pub fn line(text: &str, style: Style) {
    anstream::println!("{}", headed(text, style));
}

/// The same to standard error.
pub fn error_line(text: &str, style: Style) {
    anstream::eprintln!("{}", headed(text, style));
}
