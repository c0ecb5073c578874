//! What `halftone.json` looks like: the one description of every object, key and spelling.
//!
//! Three things are made from it: structural checking (`structure`), the JSON schema (`schema`) and the tables of
//! docs/config.md (`reference`). So a key can not be accepted by one and unknown to another. What depends on several
//! values at once (does this version exist, do weights rise) is not here but in the readers.

use super::problem::Code;

/// An object with known keys.
pub struct Object {
    /// Name in the schema and anchor in the reference: `site`.
    pub name: &'static str,
    /// As a sentence speaks of it: `a site`.
    pub noun: &'static str,
    /// What it is for; a sentence or two.
    pub doc: &'static str,
    pub fields: &'static [Field],
    /// If not empty, exactly one of these keys must be there.
    pub one_of: &'static [&'static str],
    /// Among several kinds of object, the key that only this kind has.
    pub mark: Option<&'static str>,
}

/// A key of an object.
pub struct Field {
    pub key: &'static str,
    pub shape: Shape,
    pub required: bool,
    /// What it does; sentences.
    pub doc: &'static str,
    /// What it is when it is left out: JSON, or words in parentheses.
    pub default: Option<&'static str>,
    /// JSON that would be a sensible value.
    pub example: &'static str,
}

/// What a value looks like.
pub enum Shape {
    /// Text of a certain spelling.
    Text(&'static Spelling),
    /// One of a few words.
    Word(&'static [Word]),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole { least: u64, most: u64 },
    /// A list.
    List { of: &'static Shape, least: usize, most: usize },
    /// One, or a list of at least one.
    OneOrMore { of: &'static Shape, most: usize },
    /// An object with known keys.
    Object(&'static Object),
    /// An object whose keys are names.
    Map(&'static Map),
    /// Several kinds of value, told apart by their JSON type, and objects by their mark.
    Either(&'static [Shape]),
}

/// An object whose keys are names.
pub struct Map {
    /// As a sentence speaks of it: `the sites`.
    pub noun: &'static str,
    pub keys: &'static Spelling,
    pub values: Shape,
    pub least: usize,
    pub most: usize,
}

/// A word with a meaning.
pub struct Word {
    pub text: &'static str,
    pub doc: &'static str,
}

/// How a piece of text must be written.
pub struct Spelling {
    /// Name in the schema and anchor in the reference: `weight`.
    pub name: &'static str,
    /// As a sentence speaks of it: `a weight`.
    pub noun: &'static str,
    /// What is allowed, as the rest of the sentence "… is": `"0%" to "100%" with at most two decimals`.
    pub rule: &'static str,
    /// Regular expression for the schema. [`Spelling::fits`] accepts exactly the same; a test holds them together.
    pub pattern: &'static str,
    /// Words the pattern would accept, but that mean something else.
    pub except: &'static [&'static str],
    /// Most characters.
    pub longest: usize,
    /// Whether text that is not too long and no exception matches the pattern.
    pub matches: fn(&str) -> bool,
    /// What is wrong with a text that does not fit, where more can be said than the rule.
    pub explain: fn(&str) -> Option<Refusal>,
    /// Something that fits.
    pub example: &'static str,
}

/// Why a text does not fit its spelling.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub why: String,
    pub fix: Option<String>,
}

impl Refusal {
    pub fn new(why: impl Into<String>) -> Self {
        Self { code: Code::BadValue, why: why.into(), fix: None }
    }

    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

impl Spelling {
    /// Whether a text is spelled as it must be.
    pub fn fits(&self, text: &str) -> bool {
        text.chars().count() <= self.longest && !self.except.contains(&text) && (self.matches)(text)
    }

    /// Why a text is not, if it is not.
    pub fn refusal(&self, text: &str) -> Option<Refusal> {
        if self.fits(text) {
            return None;
        }
        if self.except.contains(&text) {
            return Some(
                Refusal::new(format!("is not free to be {}: it has a meaning of its own", self.noun)).fix("choose another name"),
            );
        }
        let count = text.chars().count();
        if count > self.longest {
            return Some(Refusal {
                code: Code::OutOfRange,
                why: format!("has {count} characters, {} has at most {}", self.noun, self.longest),
                fix: None,
            });
        }
        Some((self.explain)(text).unwrap_or_else(|| {
            let refusal = Refusal::new(format!("is not {}: {}", self.noun, self.rule));
            refusal.fix(format!("write it like \"{}\"", self.example))
        }))
    }
}

impl Shape {
    /// The key that tells an object of this shape from others.
    pub fn mark(&self) -> Option<&'static str> {
        match self {
            Self::Object(object) => object.mark,
            _ => None,
        }
    }

    /// As a sentence speaks of it.
    pub fn noun(&self) -> String {
        match self {
            Self::Text(spelling) => spelling.noun.to_owned(),
            Self::Word(words) => super::report::listed(words.iter().map(|word| word.text), "or", 8),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::List { of, .. } => format!("a list, each item {}", of.noun()),
            Self::OneOrMore { of, .. } => format!("{}, or a list of such", of.noun()),
            Self::Object(object) => object.noun.to_owned(),
            Self::Map(map) => map.noun.to_owned(),
            Self::Either(shapes) => {
                let marks: Vec<&str> = shapes.iter().filter_map(Self::mark).collect();
                let nouns = shapes.iter().filter(|shape| shape.mark().is_none()).flat_map(|shape| match shape {
                    Self::Flag => vec!["`true`".to_owned(), "`false`".to_owned()],
                    shape => vec![shape.noun()],
                });
                let mut nouns: Vec<String> = nouns.collect();
                if !marks.is_empty() {
                    nouns.push(format!("an object with {}", super::report::listed(marks.iter(), "or", 8)));
                }
                match nouns.as_slice() {
                    [start @ .., last] if !start.is_empty() => format!("{} or {last}", start.join(", ")),
                    nouns => nouns.concat(),
                }
            }
        }
    }
}
