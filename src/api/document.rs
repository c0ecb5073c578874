//! The `OpenAPI` 3.1 document of the table.

use serde_json::{Map, Value, json};

use super::schemas::schemas;
use super::{Answer, Body, FAULTS, Parameter, ROUTES, Role, Route};

/// Errors that every route can answer.
const ALWAYS: &[&str] = &["no_token", "not_allowed", "bad_parameter", "bad_method", "too_many", "unavailable"];
/// And those with a body.
const WITH_BODY: &[&str] = &["bad_json", "bad_body", "too_large", "cross_site"];

/// The document, as text.
#[must_use]
pub fn document() -> String {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let entry = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(route.method.to_owned(), operation(route));
        }
    }
    let codes: Vec<String> =
        FAULTS.iter().map(|fault| format!("| `{}` | {} | {} |", fault.code, fault.status, fault.doc)).collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Halftone",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "The admin surface of a Halftone Worker, on its own hostname. Errors carry a stable code:\n\n| code | status | meaning |\n|---|---|---|\n{}",
                codes.join("\n")
            ),
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "A token that `halftone token` made." } },
            "schemas": schemas(),
        },
    });
    format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default())
}

fn operation(route: &Route) -> Value {
    let role = match route.role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
    };
    let mut responses = Map::new();
    if route.answer == Answer::Nothing {
        responses.insert("204".to_owned(), json!({ "description": "Done." }));
    } else {
        responses.insert("200".to_owned(), json!({ "description": "Done.", "content": answer(route.answer) }));
    }
    // A body that nobody asks for is read no further than any other.
    let with_body: &[&str] = match (route.body, route.method) {
        (Body::None, "get") => &[],
        (Body::None, _) => &["too_large", "cross_site"],
        _ => WITH_BODY,
    };
    let codes = || ALWAYS.iter().chain(with_body).chain(route.errors).copied();
    for fault in FAULTS {
        let status = fault.status.to_string();
        if responses.contains_key(&status) || !codes().any(|code| code == fault.code) {
            continue;
        }
        let same = FAULTS.iter().filter(|other| other.status == fault.status && codes().any(|code| code == other.code));
        let words: Vec<String> = same.map(|fault| format!("`{}`: {}", fault.code, fault.doc)).collect();
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
        responses.insert(status, json!({ "description": words.join(" "), "content": content }));
    }
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.doc,
        "x-halftone-role": role,
        "parameters": route.query.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses,
    });
    let body = match route.body {
        Body::None => None,
        Body::Json(schema) => {
            const WITH_BODY: [&str; 10] =
                ["Publish", "Foresee", "Imagine", "Show", "Clear", "Restore", "Freeze", "Hashes", "Manifest", "Drop"];
            let required = WITH_BODY.contains(&schema);
            let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
            Some(json!({ "required": required, "content": { "application/json": { "schema": schema } } }))
        }
        Body::Bytes => {
            let schema = json!({ "type": "string", "format": "binary" });
            Some(json!({ "required": true, "content": { "application/octet-stream": { "schema": schema } } }))
        }
        Body::Visitor => {
            let schema = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{22}$" });
            Some(json!({ "required": true, "content": { "text/plain": { "schema": schema } } }))
        }
    };
    if let (Some(body), Some(object)) = (body, operation.as_object_mut()) {
        object.insert("requestBody".to_owned(), body);
    }
    operation
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = if parameter.whole {
        json!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 })
    } else if parameter.pattern.is_empty() {
        json!({ "type": "string" })
    } else {
        json!({ "type": "string", "pattern": parameter.pattern })
    };
    json!({ "name": parameter.name, "in": "query", "required": parameter.required, "description": parameter.doc, "schema": schema })
}

fn answer(answer: Answer) -> Value {
    match answer {
        Answer::Json(schema) => json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } }),
        Answer::Lines(schema) => json!({ "application/jsonl": { "schema": {
            "type": "string", "description": format!("A JSON object in each line, as the schema {schema} describes it.") } } }),
        Answer::Nothing => json!({}),
        Answer::Metrics => json!({ "text/plain": { "schema": { "type": "string" } } }),
        Answer::Document => json!({ "application/json": { "schema": { "type": "object" } } }),
    }
}
