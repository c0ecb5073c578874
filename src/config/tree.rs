//! The file as a tree of values that know where they stand: their path for people, their offset for lines and columns.
//!
//! The JSON parser's own tree is turned into this one, so that nothing else depends on the parser, and paths are made
//! only when a problem needs one (a value keeps a link to its parent's place, not text).

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;

/// The way from the top of the file to a value.
#[derive(Debug)]
pub struct Place {
    parent: Option<Rc<Place>>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Top,
    Key(String),
    Item(usize),
}

/// The longest key that is written out in a path.
const LONGEST_KEY: usize = 80;

impl Place {
    /// The whole file.
    pub fn top() -> Rc<Self> {
        Rc::new(Self { parent: None, step: Step::Top })
    }

    /// The place of a key's value.
    pub fn key(self: &Rc<Self>, key: &str) -> Rc<Self> {
        let mut short: String = key.chars().take(LONGEST_KEY).collect();
        if short.len() < key.len() {
            short.push('…');
        }
        Rc::new(Self { parent: Some(Rc::clone(self)), step: Step::Key(short) })
    }

    fn item(self: &Rc<Self>, at: usize) -> Rc<Self> {
        Rc::new(Self { parent: Some(Rc::clone(self)), step: Step::Item(at) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.parent {
            parent.fmt(f)?;
        }
        match &self.step {
            Step::Top => Ok(()),
            Step::Item(at) => write!(f, "[{at}]"),
            Step::Key(key) => {
                let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-$:".contains(c));
                let first = self.parent.as_ref().is_none_or(|parent| matches!(parent.step, Step::Top));
                match (plain, first) {
                    (true, true) => f.write_str(key),
                    (true, false) => write!(f, ".{key}"),
                    (false, _) => write!(f, "[{key:?}]"),
                }
            }
        }
    }
}

/// A value of the file.
#[derive(Debug)]
pub struct Node<'t> {
    pub place: Rc<Place>,
    /// Byte offset of its first character.
    pub start: usize,
    pub value: Value<'t>,
}

/// What a value is.
#[derive(Debug)]
pub enum Value<'t> {
    Null,
    Flag(bool),
    /// As it is written.
    Number(&'t str),
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    /// In the order of the file; keys that stand twice are there twice.
    Object(Vec<Member<'t>>),
}

/// A key and its value.
#[derive(Debug)]
pub struct Member<'t> {
    pub key: Cow<'t, str>,
    /// Byte offset of the key's opening quote.
    pub key_start: usize,
    pub node: Node<'t>,
}

impl<'t> Node<'t> {
    /// The tree of a parsed file. `None` if it is nested deeper than `most` levels.
    pub fn build(value: ast::Value<'t>, place: Rc<Place>, most: usize) -> Option<Self> {
        let start = value.range().start;
        let below = most.checked_sub(1)?;
        let value = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(flag) => Value::Flag(flag.value),
            ast::Value::NumberLit(number) => Value::Number(number.value),
            ast::Value::StringLit(text) => Value::Text(text.value),
            ast::Value::Array(list) => {
                let items = list.elements.into_iter().enumerate().map(|(at, item)| Self::build(item, place.item(at), below));
                Value::List(items.collect::<Option<_>>()?)
            }
            ast::Value::Object(object) => {
                let members = object.properties.into_iter().map(|property| {
                    let key_start = property.name.range().start;
                    let key = match property.name {
                        ast::ObjectPropName::String(text) => text.value,
                        ast::ObjectPropName::Word(word) => Cow::Borrowed(word.value),
                    };
                    let node = Self::build(property.value, place.key(&key), below)?;
                    Some(Member { key, key_start, node })
                });
                Value::Object(members.collect::<Option<_>>()?)
            }
        };
        Some(Self { place, start, value })
    }

    /// The value of a key, if this is an object that has it; of a key that stands twice, the first.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// The members, if this is an object.
    pub fn members(&self) -> &[Member<'t>] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The members without repetitions of a key.
    pub fn unique_members(&self) -> impl Iterator<Item = &Member<'t>> {
        let mut seen = std::collections::BTreeSet::new();
        self.members().iter().filter(move |member| seen.insert(member.key.as_ref()))
    }

    /// The items, if this is a list.
    pub fn items(&self) -> &[Node<'t>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The items of a list, or the value itself.
    pub fn one_or_more(&self) -> &[Node<'t>] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The text, if this is text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The flag, if this is one.
    pub fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// The number, if this is a whole one that is not negative.
    pub fn whole(&self) -> Option<u64> {
        match self.value {
            Value::Number(number) => whole(number),
            _ => None,
        }
    }

    /// The value as a problem shows it: text without its quotes, numbers and flags as written, the rest by its kind.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => (*number).to_owned(),
            Value::Text(text) if text.is_empty() => "\"\"".to_owned(),
            Value::Text(text) => text.clone().into_owned(),
            Value::List(items) if items.is_empty() => "[]".to_owned(),
            Value::List(_) => "[…]".to_owned(),
            Value::Object(members) if members.is_empty() => "{}".to_owned(),
            Value::Object(_) => "{…}".to_owned(),
        }
    }

    /// What kind of value this is, with its article.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Flag(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// A JSON number as a whole one: `2`, `2.0` and `2e0` are the same number, to JSON and to its schemas.
fn whole(number: &str) -> Option<u64> {
    if let Ok(whole) = number.parse::<u64>() {
        return Some(whole);
    }
    let value: f64 = number.parse().ok()?;
    // Below 2^53 a float holds every whole number exactly; nothing in the file may be that large.
    let fits = value.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&value);
    #[expect(clippy::cast_sign_loss, reason = "checked to be within 0..2^53 the line above")]
    fits.then_some(value as u64)
}
