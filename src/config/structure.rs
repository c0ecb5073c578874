//! Compares a tree with its shape: unknown, missing and doubled keys, wrong types, wrong spellings, all at once.
//!
//! What passes here is what the JSON schema accepts, doubled keys aside (a schema can not see them). Readers come after,
//! take what passed, and stay silent about what did not.

use super::problem::Code;
use super::quantity;
use super::report::{self, Report, Words, found, why};
use super::shape::{Field, Map, Object, Shape, Spelling, Word};
use super::spelling;
use super::tree::{Member, Node, Value};

/// Reports everything about `node` that `shape` does not allow.
pub fn check(node: &Node<'_>, shape: &Shape, report: &mut Report<'_>) {
    match (shape, &node.value) {
        (Shape::Text(spelling), Value::Text(text)) => check_text(text, spelling, node, report),
        (Shape::Word(words), Value::Text(text)) => check_word(text, words, node, report),
        (Shape::Flag, Value::Flag(_)) => {}
        (Shape::Whole { least, most }, Value::Number(_)) => check_whole(node, *least, *most, report),
        (Shape::List { of, least, most }, Value::List(items)) => {
            check_count(node, items.len(), *least, *most, report);
            for item in items {
                check(item, of, report);
            }
        }
        (Shape::OneOrMore { of, most }, Value::List(items)) => {
            check_count(node, items.len(), 1, *most, report);
            for item in items {
                check(item, of, report);
            }
        }
        (Shape::OneOrMore { of, .. }, _) => check(node, of, report),
        (Shape::Object(object), Value::Object(members)) => check_object(node, members, object, report),
        (Shape::Map(map), Value::Object(members)) => check_map(node, members, map, report),
        (Shape::Either(shapes), _) => match chosen(node, shapes) {
            Some(shape) => check(node, shape, report),
            None => wrong_type(node, shape, report),
        },
        _ => wrong_type(node, shape, report),
    }
}

/// Of several shapes, the one a value is meant to have: by JSON type, and objects by the mark they have.
fn chosen<'s>(node: &Node<'_>, shapes: &'s [Shape]) -> Option<&'s Shape> {
    let mut of_this_type = shapes.iter().filter(|shape| {
        matches!(
            (shape, &node.value),
            (Shape::Text(_) | Shape::Word(_), Value::Text(_))
                | (Shape::Flag, Value::Flag(_))
                | (Shape::List { .. }, Value::List(_))
                | (Shape::Object(_) | Shape::Map(_), Value::Object(_))
        )
    });
    let marked = |shape: &&Shape| match shape {
        Shape::Object(object) => object.mark.is_none_or(|mark| node.get(mark).is_some()),
        _ => true,
    };
    of_this_type.find(marked)
}

fn check_text(text: &str, spelling: &Spelling, node: &Node<'_>, report: &mut Report<'_>) {
    if let Some(refusal) = spelling.refusal(text) {
        report.add(refusal.code, node, found(node.shown(), refusal.why).maybe_fix(refusal.fix));
    }
}

fn check_word(text: &str, words: &[Word], node: &Node<'_>, report: &mut Report<'_>) {
    if words.iter().any(|word| word.text == text) {
        return;
    }
    let known = words.iter().map(|word| word.text);
    let all = report::listed(known.clone(), "or", 8);
    let fix = match report::nearest(text, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write {all}"),
    };
    report.add(Code::UnknownValue, node, found(node.shown(), format!("is not {all}")).fix(fix));
}

fn check_whole(node: &Node<'_>, least: u64, most: u64, report: &mut Report<'_>) {
    match node.whole() {
        Some(number) if (least..=most).contains(&number) => {}
        Some(_) => {
            let words = found(node.shown(), format!("is not from {least} to {most}"));
            report.add(Code::OutOfRange, node, words);
        }
        None => {
            let words = found(node.shown(), format!("is not a whole number from {least} to {most}"));
            report.add(Code::BadValue, node, words);
        }
    }
}

fn check_count(node: &Node<'_>, count: usize, least: usize, most: usize, report: &mut Report<'_>) {
    if count < least {
        let words = found(node.shown(), format!("is empty, and at least {least} is needed"));
        report.add(Code::OutOfRange, node, words.fix("add one"));
    }
    if count > most {
        report.add(Code::OutOfRange, node, why(format!("{count} are too many: at most {most} are allowed")));
    }
}

fn check_object(node: &Node<'_>, members: &[Member<'_>], object: &Object, report: &mut Report<'_>) {
    check_doubles(members, report);
    for member in members {
        match object.fields.iter().find(|field| field.key == member.key) {
            Some(field) => check(&member.node, &field.shape, report),
            None => unknown_key(member, node, object, report),
        }
    }
    for field in object.fields.iter().filter(|field| field.required && node.get(field.key).is_none()) {
        report.add(Code::MissingKey, node, missing(field, object));
    }
    let there: Vec<&Member<'_>> = node.unique_members().filter(|member| object.one_of.contains(&member.key.as_ref())).collect();
    match there.as_slice() {
        [] if !object.one_of.is_empty() => {
            let keys = report::listed(object.one_of.iter(), "or", 8);
            let example = object.fields.iter().find(|field| object.one_of.first() == Some(&field.key));
            let fix = example.map(|field| format!("add \"{}\": {}", field.key, field.example));
            report.add(Code::MissingKey, node, why(format!("{} needs {keys}", object.noun)).maybe_fix(fix));
        }
        [first, rest @ ..] => {
            for second in rest {
                let words = why(format!("stands beside `{}`, and {} has one of the two", first.key, object.noun));
                report.add_at(Code::ConflictingKeys, second.key_start, &second.node.place, words.fix("take one of them out"));
            }
        }
        [] => {}
    }
}

fn missing(field: &Field, object: &Object) -> Words {
    why(format!("{} needs `{}`", object.noun, field.key)).fix(format!("add \"{}\": {}", field.key, field.example))
}

fn check_doubles(members: &[Member<'_>], report: &mut Report<'_>) {
    let mut seen = std::collections::BTreeMap::new();
    for member in members {
        let Some(&first) = seen.get(member.key.as_ref()) else {
            seen.insert(member.key.as_ref(), member.key_start);
            continue;
        };
        let (line, column) = report.position(first);
        let words = why(format!("this key stands twice, first at line {line}, column {column}")).fix("take one of them out");
        report.add_at(Code::DuplicateKey, member.key_start, &member.node.place, words);
    }
}

/// Keys that people write who come from elsewhere, and what they are here.
const SYNONYMS: &[(&str, &str)] = &[
    ("production", "stable"),
    ("baseline", "stable"),
    ("control", "stable"),
    ("variants", "versions"),
    ("builds", "versions"),
    ("domains", "hosts"),
    ("hostnames", "hosts"),
    ("percent", "weight"),
    ("percentage", "weight"),
    ("share", "weight"),
    ("duration", "hold"),
    ("pause", "hold"),
    ("users", "visitors"),
    ("conditions", "when"),
    ("if", "when"),
    ("match", "when"),
    ("version", "serve"),
    ("url", "origin"),
    ("weights", "split"),
    ("and", "all"),
    ("or", "any"),
    ("user_agent", "device"),
    ("lang", "language"),
    ("regions", "areas"),
    ("count", "first"),
    ("metrics", "guards"),
    ("checks", "guards"),
    ("mode", "decide"),
    ("tolerance", "margin"),
    ("timeout", "deadline"),
];

fn unknown_key(member: &Member<'_>, parent: &Node<'_>, object: &Object, report: &mut Report<'_>) {
    let free: Vec<&str> = object.fields.iter().map(|field| field.key).filter(|key| parent.get(key).is_none()).collect();
    let all = object.fields.iter().map(|field| field.key);
    let synonym = SYNONYMS.iter().find(|(theirs, ours)| *theirs == member.key && free.contains(ours)).map(|pair| pair.1);
    let near = || report::nearest(&member.key, all.clone());
    let inside = object.fields.iter().find_map(|field| holder(&member.key, &field.shape));
    let fix = match (synonym, inside, report::nearest(&member.key, free.iter().copied())) {
        (Some(near), ..) | (None, None, Some(near)) => format!("did you mean `{near}`?"),
        (None, Some(inside), _) => format!("it belongs in {}", inside.noun),
        _ if near().is_some() => format!("take it out: `{}` is there already", near().unwrap_or_default()),
        _ => format!("the keys here are {}", report::listed(all, "and", 20)),
    };
    let words = found(member.key.as_ref(), format!("is not a key of {}", object.noun)).fix(fix);
    report.add_at(Code::UnknownKey, member.key_start, &member.node.place, words);
}

/// The object right below a shape that has such a key.
fn holder(key: &str, shape: &Shape) -> Option<&'static Object> {
    match shape {
        Shape::Object(object) => object.fields.iter().any(|field| field.key == key).then_some(*object),
        Shape::List { of, .. } | Shape::OneOrMore { of, .. } => holder(key, of),
        Shape::Map(map) => holder(key, &map.values),
        Shape::Either(shapes) => shapes.iter().find_map(|shape| holder(key, shape)),
        _ => None,
    }
}

fn check_map(node: &Node<'_>, members: &[Member<'_>], map: &Map, report: &mut Report<'_>) {
    check_doubles(members, report);
    check_count(node, members.len(), map.least, map.most, report);
    for member in members {
        if let Some(refusal) = map.keys.refusal(&member.key) {
            let shown = if member.key.is_empty() { "\"\"" } else { member.key.as_ref() };
            let words = found(shown, refusal.why).maybe_fix(refusal.fix);
            report.add_at(refusal.code, member.key_start, &member.node.place, words);
        }
        check(&member.node, &map.values, report);
    }
}

fn wrong_type(node: &Node<'_>, shape: &Shape, report: &mut Report<'_>) {
    let words = found(node.shown(), format!("is {}, and here belongs {}", node.kind(), shape.noun()));
    report.add(Code::WrongType, node, words.maybe_fix(mended(node, shape)));
}

/// What somebody who wrote a value of this type probably wanted to write.
fn mended(node: &Node<'_>, shape: &Shape) -> Option<String> {
    match (shape, &node.value) {
        (_, Value::Null) => Some("leave the key out".to_owned()),
        (Shape::Text(spelling), Value::Number(number)) if std::ptr::eq(*spelling, &raw const spelling::WEIGHT) => {
            quantity::weight_for_number(number)
        }
        (Shape::Text(spelling), Value::Number(number)) if std::ptr::eq(*spelling, &raw const spelling::SHARE) => {
            quantity::share_for_number(number)
        }
        (Shape::Text(spelling), Value::Number(number)) => {
            let unit =
                if std::ptr::eq(*spelling, &raw const spelling::TIMEOUT) { quantity::unit_of_bare_timeout(number) } else { "s" };
            let timed =
                Some(format!("{number}{unit}")).filter(|text| quantity::milliseconds(text).is_some() && spelling.fits(text));
            timed
                .or_else(|| Some((*number).to_owned()).filter(|text| spelling.fits(text)))
                .map(|text| format!("write \"{text}\""))
        }
        (Shape::Flag, Value::Text(text)) if text == "true" || text == "false" => Some(format!("write {text} without quotes")),
        (Shape::Whole { .. }, Value::Text(text)) if text.parse::<u64>().is_ok() => Some(format!("write {text} without quotes")),
        (Shape::List { of, .. }, Value::Text(text)) if fits_text(of, text) => Some(format!("write [{:?}]", text.as_ref())),
        (Shape::List { of: Shape::Object(_) | Shape::Either(_), .. }, Value::Object(_)) => Some("put it in [ ]".to_owned()),
        (Shape::Text(_) | Shape::Word(_) | Shape::Flag | Shape::Whole { .. } | Shape::Object(_), Value::List(items))
            if items.len() == 1 =>
        {
            Some("write it without [ ]".to_owned())
        }
        (Shape::Either(shapes), _) => {
            if matches!(node.value, Value::Object(_)) {
                let marks: Vec<&str> = shapes.iter().filter_map(Shape::mark).collect();
                let meant = node.members().iter().find_map(|member| {
                    let synonym =
                        SYNONYMS.iter().find(|(theirs, ours)| *theirs == member.key && marks.contains(ours)).map(|pair| pair.1);
                    Some((member, synonym.or_else(|| report::nearest(&member.key, marks.iter().copied()))?))
                });
                if let Some((member, mark)) = meant {
                    return Some(format!("did you mean `{mark}` by `{}`?", member.key));
                }
                return (!marks.is_empty()).then(|| format!("it needs {}", report::listed(marks.iter(), "or", 8)));
            }
            shapes.iter().find_map(|shape| mended(node, shape))
        }
        (Shape::OneOrMore { of, .. }, _) => mended(node, of),
        (Shape::Object(object), _) => {
            let example = object.fields.iter().find(|field| field.required).or_else(|| object.fields.first())?;
            Some(format!("write {{ \"{}\": {} }}", example.key, example.example))
        }
        (Shape::Map(_), Value::List(_)) => Some("write { \"name\": … }, each entry under its name".to_owned()),
        (Shape::Text(spelling), _) => Some(format!("write it like \"{}\"", spelling.example)),
        _ => None,
    }
}

fn fits_text(shape: &Shape, text: &str) -> bool {
    match shape {
        Shape::Text(spelling) => spelling.fits(text),
        Shape::Word(words) => words.iter().any(|word| word.text == text),
        Shape::Either(shapes) => shapes.iter().any(|shape| fits_text(shape, text)),
        _ => false,
    }
}
