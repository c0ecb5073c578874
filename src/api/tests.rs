use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::rollout::tests::scene::{Story, offer};

fn whole() -> Value {
    serde_json::from_str(&document()).unwrap()
}

/// Whether a value is what a schema of the document says, and every member it has is named there.
fn fits(name: &str, value: &Value) {
    let mut schema = whole();
    schema.as_object_mut().unwrap().insert("$ref".to_owned(), json!(format!("#/components/schemas/{name}")));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    let known = whole();
    let known = known.pointer(&format!("/components/schemas/{name}/properties")).unwrap().as_object().unwrap().clone();
    let unknown: Vec<&String> = value.as_object().unwrap().keys().filter(|key| !known.contains_key(*key)).collect();
    assert!(unknown.is_empty(), "{name} does not name {unknown:?}");
}

#[test]
fn the_committed_document_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, document(), "make it again: target/release/halftone openapi > docs/openapi.json");
}

#[test]
fn every_route_has_an_id_of_its_own_and_every_error_it_names_is_known() {
    let ids: BTreeSet<&str> = ROUTES.iter().map(|route| route.id).collect();
    assert_eq!(ids.len(), ROUTES.len());
    let codes: BTreeSet<&str> = FAULTS.iter().map(|fault| fault.code).collect();
    assert_eq!(codes.len(), FAULTS.len());
    for route in ROUTES {
        assert!(route.errors.iter().all(|code| codes.contains(code)), "{}", route.id);
    }
}

#[test]
fn every_code_is_in_the_docs_with_what_it_means() {
    let docs = include_str!("../../docs/api.md");
    for Fault { code, status, doc } in FAULTS {
        assert!(docs.contains(&format!("| `{code}` | {status} | {doc} |")), "docs/api.md lacks `{code}`");
    }
}

#[test]
fn every_code_a_refusal_can_have_is_in_the_table() {
    let known: BTreeSet<&str> = FAULTS.iter().map(|fault| fault.code).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rollout");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let source: String = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut found = 0;
    for (at, _) in source.match_indices("refusal(\"").chain(source.match_indices("Refusal { code: \"")) {
        let code = source[at..].split('"').nth(1).unwrap();
        assert!(known.contains(code), "{code} is not in the table of errors");
        found += 1;
    }
    assert!(found > 5);
}

#[test]
fn what_the_types_are_written_as_is_what_the_document_says() {
    let mut story = Story::of(&offer());
    story.visitors(
        crate::rollout::tests::scene::Seen { drawn: 500, missing: 0, errors: 0 },
        crate::rollout::tests::scene::Seen { drawn: 500, missing: 0, errors: 0 },
    );
    story.after(700_000);
    for decision in story.log.iter().flat_map(|entry| &entry.decisions) {
        fits("Decision", &serde_json::to_value(decision).unwrap());
    }
    let mut status =
        crate::rollout::status::of(&story.state, &story.tally, &crate::rollout::estimates::Vitals::default(), story.now_ms);
    let more = json!({ "live": null, "looked_ms": null, "webhooks": [] });
    status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fits("Status", &status);
    let mut point = crate::rollout::series::point(
        &story.state,
        &story.tally,
        &crate::rollout::estimates::Vitals::default(),
        &crate::rollout::series::Seen::default(),
        story.now_ms,
    );
    point.as_object_mut().unwrap().insert("intake".to_owned(), json!({ "beacons": 1, "drops": { "bad_token": 2 } }));
    fits("Point", &point);
    let mut preview = serde_json::to_value(crate::rollout::preview(&story.state, &offer(), story.now_ms)).unwrap();
    preview.as_object_mut().unwrap().insert("site".to_owned(), json!("shop"));
    fits("Preview", &preview);
    let entry = story.log.last().unwrap();
    fits("LogEntry", &json!({ "seq": 1, "entry": entry }));
}
