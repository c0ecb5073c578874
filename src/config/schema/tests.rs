//! The schema and the checker are two readings of one shape: they must accept and refuse the same.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::objects;
use crate::config::report::Report;
use crate::config::structure;
use crate::config::text;

/// A validator of one definition of the schema.
fn validator(definition: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(&render()).unwrap();
    schema["$ref"] = json!(format!("#/$defs/{definition}"));
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Whether the checker finds nothing wrong with the structure of a value.
fn is_well_formed(value: &Value, object: &'static Object) -> bool {
    let text = value.to_string();
    let mut report = Report::new(&text);
    let tree = text::parse(&text, &mut report).unwrap_or_else(|| panic!("{text}"));
    structure::check(&tree, &Shape::Object(object), &mut report);
    report.finish().is_empty()
}

/// Values of all types to put where they belong and where they do not.
fn samples() -> Vec<Value> {
    let deep = json!({ "all": [{ "any": [{ "not": {} }] }] });
    let texts = [
        "",
        "x",
        "v1",
        "5%",
        "100.01%",
        "10m",
        "500ms",
        "3s",
        "0s",
        "/a",
        "/a/**",
        "a/**",
        "*",
        "NZ",
        "nz",
        "EU",
        "T1",
        "US-CA",
        "continent:OC",
        "colo:AKL",
        "AKL",
        "elsewhere",
        "unknown",
        "shop.example",
        "*.shop.example",
        "assets:v1",
        "https://x.example/a",
        "zone",
        "r2:B/x",
        "cookie:a=b",
        "auto",
        "stable",
        "canary",
        "random",
        "geographic",
        "lax",
        "none",
        "mobile",
        "de-AT",
        "true",
        "\u{e9}\u{1f389}",
        "a\u{7f}b",
    ];
    let mut samples: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    samples.extend(texts.iter().map(|text| json!([text])));
    samples.extend([
        json!("x".repeat(41)),
        json!("x".repeat(65)),
        json!("x".repeat(300)),
        json!("x".repeat(2000)),
        json!("é".repeat(64)),
    ]);
    samples.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(2.0),
        json!(100),
        json!(101),
    ]);
    samples.extend([json!(10_000_000), json!(10_000_001), json!(1e3), json!(1e300)]);
    samples.extend([json!([]), json!([[]]), json!([1, 2]), json!(["cookie", "authorization", "cookie"]), json!(vec!["NZ"; 501])]);
    samples.extend([
        json!({}),
        json!({ "x": 1 }),
        json!({ "v1": "assets:v1" }),
        json!({ "weight": "5%" }),
        json!({ "first": 3 }),
        deep,
    ]);
    samples.extend([
        json!({ "weight": "5%", "first": 3 }),
        json!([{ "hold": "1h" }]),
        json!([{ "areas": { "NZ": "5%" } }, "5%"]),
        json!({ "a": ["b", ""] }),
    ]);
    samples
}

/// A valid value of a shape; of several, the one that `choose` picks.
fn example(shape: &Shape, choose: &mut dyn FnMut(usize) -> usize) -> Value {
    match shape {
        Shape::Text(spelling) => json!(spelling.example),
        Shape::Word(words) => json!(words[choose(words.len())].text),
        Shape::Flag => json!(choose(2) == 0),
        Shape::Whole { least, most } => json!([*least, *most][choose(2)]),
        Shape::List { of, .. } => json!([example(of, choose)]),
        Shape::OneOrMore { of, .. } => {
            let one = example(of, choose);
            if choose(2) == 0 { one } else { json!([one]) }
        }
        Shape::Object(object) => {
            let is_there = |field: &Field, chosen: bool| {
                field.required || object.one_of.first() == Some(&field.key) || (chosen && !object.one_of.contains(&field.key))
            };
            // A condition has conditions inside; those are left out here, and come as samples.
            let is_flat = |field: &Field| !matches!(field.key, "all" | "any" | "not");
            let fields = object.fields.iter().filter(|field| is_flat(field) && is_there(field, choose(2) == 0));
            let fields: Vec<&Field> = fields.collect();
            fields.into_iter().map(|field| (field.key.to_owned(), example(&field.shape, choose))).collect()
        }
        Shape::Map(map) => json!({ map.keys.example: example(&map.values, choose) }),
        Shape::Either(shapes) => example(&shapes[choose(shapes.len())], choose),
    }
}

#[test]
fn the_schema_and_the_checker_agree_on_every_key_of_every_object() {
    let (mut accepted, mut refused) = (0, 0);
    for object in objects::ALL {
        let validator = validator(object.name);
        let mut agree = |value: &Value| {
            let ours = is_well_formed(value, object);
            assert_eq!(ours, validator.is_valid(value), "{}: {value}", object.name);
            if ours {
                accepted += 1;
            } else {
                refused += 1;
            }
            ours
        };
        let whole = example(&Shape::Object(object), &mut |_| 0);
        assert!(agree(&whole), "{whole}");
        for field in object.fields {
            for sample in samples() {
                let mut with = whole.clone();
                with[field.key] = sample;
                agree(&with);
            }
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(field.key);
            assert_eq!(agree(&without), !field.required && object.one_of.first() != Some(&field.key), "{without}");
        }
        let mut unknown = whole.clone();
        unknown["zebra"] = json!(1);
        assert!(!agree(&unknown));
        for sample in samples() {
            agree(&sample);
        }
    }
    assert!(accepted > 300 && refused > 3_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn every_example_and_default_in_the_schema_is_valid() {
    let schema: Value = serde_json::from_str(&render()).unwrap();
    for object in objects::ALL {
        let validator = validator(object.name);
        for field in object.fields {
            let property = &schema["$defs"][object.name]["properties"][field.key];
            let shown = property["examples"].as_array().into_iter().flatten().chain(property.get("default"));
            for value in shown {
                let mut whole = example(&Shape::Object(object), &mut |_| 0);
                if object.one_of.contains(&field.key) {
                    object.one_of.iter().for_each(|key| drop(whole.as_object_mut().unwrap().remove(*key)));
                }
                whole[field.key] = value.clone();
                assert!(validator.is_valid(&whole), "{}.{}: {value}", object.name, field.key);
            }
        }
    }
    for spelling in spelling::ALL {
        assert!(spelling.fits(spelling.example), "{}", spelling.name);
    }
}

#[test]
fn every_object_and_spelling_the_schema_refers_to_is_defined() {
    let text = render();
    let schema: Value = serde_json::from_str(&text).unwrap();
    for reference in text.split("#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(schema["$defs"].get(reference).is_some(), "{reference}");
    }
}

/// Text that fits a spelling, text that nearly does, and any text.
fn texts(spelling: &'static Spelling) -> impl Strategy<Value = String> {
    let bare = spelling.pattern.trim_start_matches('^').trim_end_matches('$');
    let fitting = proptest::string::string_regex(bare).unwrap();
    let damaged = (
        proptest::string::string_regex(bare).unwrap(),
        any::<prop::sample::Index>(),
        "\\PC|[a-z/:.*=%#?\\\\\\x00-\\x20-]",
        0_usize..3,
    );
    let damaged = damaged.prop_map(|(text, at, patch, cut)| {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len() + 1);
        let end = (at + cut).min(characters.len());
        characters.splice(at..end, patch.chars());
        characters.into_iter().collect()
    });
    prop_oneof![3 => fitting, 5 => damaged, 1 => "\\PC{0,12}", 1 => "[ -~]{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_pattern_of_every_spelling_accepts_what_the_checker_accepts(cases in spelling::ALL.iter().map(|spelling| proptest::collection::vec(texts(spelling), 8)).collect::<Vec<_>>()) {
        thread_local!(static VALIDATORS: Vec<Validator> = spelling::ALL.iter().map(|spelling| validator(spelling.name)).collect());
        VALIDATORS.with(|validators| {
            for ((spelling, validator), texts) in spelling::ALL.iter().zip(validators).zip(&cases) {
                for text in texts {
                    prop_assert_eq!(spelling.fits(text), validator.is_valid(&json!(text)), "{}: {:?}", spelling.name, text);
                    prop_assert_eq!(spelling.refusal(text).is_none(), spelling.fits(text));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_schema_accepts_what_the_checker_accepts_of_whole_files(
        choices in proptest::collection::vec(any::<prop::sample::Index>(), 400),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
    ) {
        thread_local!(static WHOLE: (Validator, Vec<Value>) = (validator("config"), samples()));
        let mut tape = choices.iter().cycle();
        let mut file = example(&Shape::Object(&objects::CONFIG), &mut |count| tape.next().unwrap().index(count));
        WHOLE.with(|(validator, samples)| {
            prop_assert!(is_well_formed(&file, &objects::CONFIG), "{}", file);
            prop_assert!(validator.is_valid(&file), "{}", file);
            for (at, what) in &damage {
                let mut places = Vec::new();
                pointers(&file, String::new(), &mut places);
                let place = &places[at.index(places.len())];
                *file.pointer_mut(place).unwrap() = samples[what.index(samples.len())].clone();
            }
            prop_assert_eq!(is_well_formed(&file, &objects::CONFIG), validator.is_valid(&file), "{}", file);
            Ok(())
        })?;
    }
}

/// The JSON pointers of a value and everything in it.
fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, inner)| {
            pointers(inner, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| pointers(inner, format!("{at}/{index}"), all)),
        _ => {}
    }
    all.push(at);
}
