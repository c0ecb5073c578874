//! The files made from the format's description are current, and what the documents show is valid.
//!
//! `HALFTONE_UPDATE=1 cargo test --test config` writes them anew.

use std::path::Path;

use halftone::config::{reference, schema};
use halftone::rollout::policy::{Guard, USUAL};

use crate::{checked, lines};

const BEGIN: &str = "<!-- made by `HALFTONE_UPDATE=1 cargo test --test config`: do not edit below -->\n";
const END: &str = "<!-- end of the made part -->\n";

fn compare(file: &str, made: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let made = made(&there);
    if std::env::var_os("HALFTONE_UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    } else {
        assert!(there == made, "{file} is not current: run `HALFTONE_UPDATE=1 cargo test --test config`");
    }
}

#[test]
fn the_committed_schema_is_current() {
    compare("halftone.schema.json", |_| schema());
}

#[test]
fn the_reference_is_current() {
    compare("docs/config.md", |there| {
        let (before, rest) = there.split_once(BEGIN).expect("docs/config.md has lost its first marker");
        let (_, after) = rest.split_once(END).expect("docs/config.md has lost its second marker");
        format!("{before}{BEGIN}\n{}\n{END}{after}", reference())
    });
}

/// The JSON blocks of a document that are whole configs.
fn examples() -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md")).unwrap();
    let blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).filter(|block| block.contains("\"sites\"")).collect()
}

#[test]
fn the_examples_of_the_reference_are_valid() {
    let examples = examples();
    assert!(examples.len() >= 2);
    let smallest = examples.first().unwrap();
    assert!(smallest.lines().count() < 15, "the smallest useful file has grown");
    assert_eq!(lines(&checked(smallest)), "");
    for example in &examples {
        assert!(checked(example).config.is_some(), "{example}\n{}", lines(&checked(example)));
    }
}

#[test]
fn the_table_of_guards_says_what_is_usual() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md")).unwrap();
    let percent = |bp: u16| halftone::slot::Weight::from_bp(bp).unwrap().to_string();
    for (name, margin, limit, required) in USUAL.into_iter().chain([("goal.NAME", 500, 1000, false)]) {
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("| `{name}` |"))).collect();
        let cells: Vec<&str> = rows.iter().flat_map(|row| row.split(" | ")).collect();
        assert_eq!(cells.len(), 5, "{rows:?}");
        assert_eq!(cells[2], percent(margin), "{name}");
        let limit = percent(limit).trim_end_matches('%').to_owned();
        assert_eq!(cells[3].split([' ', '%']).next(), Some(limit.as_str()), "{name}");
        let asked = if required { ["yes |", "always |"] } else { ["when asked |"; 2] };
        assert!(asked.contains(&cells[4]), "{name}");
        let usual = Guard::usual(&name.replace("NAME", "signup")).unwrap();
        assert_eq!((usual.margin_bp, usual.required), (margin, required));
    }
}

#[test]
fn the_demos_config_is_valid() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("halftone.json")).unwrap();
    assert_eq!(lines(&checked(&text)), "");
}
