//! The JSON schema (draft 2020-12) of `halftone.json`, made from its shape.
//!
//! It accepts what `structure` accepts, so an editor underlines what the checker would refuse. What depends on several
//! values at once, and keys that stand twice, are beyond a schema and left to the checker.

use serde_json::{Map as Json, Value, json};

use super::objects;
use super::shape::{Field, Map, Object, Shape, Spelling, Word};
use super::spelling;

/// The schema as `halftone.schema.json` holds it.
#[must_use]
pub fn render() -> String {
    let mut definitions = Json::new();
    for object in objects::ALL {
        definitions.insert(object.name.to_owned(), of_object(object));
    }
    for spelling in spelling::ALL {
        definitions.insert(spelling.name.to_owned(), of_spelling(spelling));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "halftone.json",
        "description": "Gray release of static sites: which builds a site has, and who gets which.",
        "$ref": format!("#/$defs/{}", objects::CONFIG.name),
        "$defs": definitions,
    });
    // A tree of text keys can always be written.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn of_object(object: &Object) -> Value {
    let properties: Json<String, Value> = object.fields.iter().map(|field| (field.key.to_owned(), of_field(field))).collect();
    let required: Vec<&str> = object.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let mut schema = json!({
        "type": "object",
        "description": object.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some(schema) = schema.as_object_mut() {
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if !object.one_of.is_empty() {
            let each: Vec<Value> = object.one_of.iter().map(|key| json!({ "required": [key] })).collect();
            schema.insert("oneOf".to_owned(), json!(each));
        }
    }
    schema
}

fn of_field(field: &Field) -> Value {
    let mut schema = of_shape(&field.shape);
    let meaning = meanings(&field.shape);
    let Some(object) = schema.as_object_mut() else { return schema };
    let mut description = field.doc.to_owned();
    if !meaning.is_empty() {
        description.push_str("\n\n");
        description.push_str(&meaning);
    }
    match field.default.map(|text| (text, serde_json::from_str::<Value>(text))) {
        Some((_, Ok(value))) => {
            object.insert("default".to_owned(), value);
        }
        Some((text, Err(_))) => {
            description.push_str("\n\nWhen left out: ");
            description.push_str(text.trim_start_matches('(').trim_end_matches(')'));
            description.push('.');
        }
        None => {}
    }
    if let Ok(example) = serde_json::from_str::<Value>(field.example) {
        object.insert("examples".to_owned(), json!([example]));
    }
    object.insert("description".to_owned(), json!(description));
    schema
}

/// The words a value may be and what they mean, one a line.
fn meanings(shape: &Shape) -> String {
    match shape {
        Shape::Word(words) => {
            let lines: Vec<String> = words.iter().map(|word| format!("`{}`: {}", word.text, word.doc)).collect();
            lines.join("\n")
        }
        Shape::List { of, .. } | Shape::OneOrMore { of, .. } => meanings(of),
        Shape::Either(shapes) => shapes.iter().map(meanings).collect::<Vec<_>>().concat(),
        _ => String::new(),
    }
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text(spelling) => reference(spelling.name),
        Shape::Word(words) => of_words(words),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::List { of, least, most } => list(of, *least, *most),
        Shape::OneOrMore { of, most } => json!({ "anyOf": [of_shape(of), list(of, 1, *most)] }),
        Shape::Object(object) => reference(object.name),
        Shape::Map(map) => of_map(map),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(of_shape).collect::<Vec<_>>() }),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn of_words(words: &[Word]) -> Value {
    json!({ "type": "string", "enum": words.iter().map(|word| word.text).collect::<Vec<_>>() })
}

fn list(of: &Shape, least: usize, most: usize) -> Value {
    json!({ "type": "array", "items": of_shape(of), "minItems": least, "maxItems": most })
}

fn of_map(map: &Map) -> Value {
    json!({
        "type": "object",
        "propertyNames": reference(map.keys.name),
        "additionalProperties": of_shape(&map.values),
        "minProperties": map.least,
        "maxProperties": map.most,
    })
}

fn of_spelling(spelling: &Spelling) -> Value {
    let noun = spelling.noun.trim_start_matches("a ").trim_start_matches("an ");
    let mut schema = json!({
        "type": "string",
        "maxLength": spelling.longest,
        "pattern": spelling.pattern,
        "description": format!("{}: {}.", capitalised(noun), spelling.rule),
        "examples": [spelling.example],
    });
    if let (Some(schema), false) = (schema.as_object_mut(), spelling.except.is_empty()) {
        schema.insert("not".to_owned(), json!({ "enum": spelling.except }));
    }
    schema
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests;
