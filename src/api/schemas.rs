//! Schemas of what goes over the admin surface. What comes of Rust types is held against them by tests.

use serde_json::{Value, json};

fn text() -> Value {
    json!({ "type": "string" })
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object all of whose members are there.
#[expect(clippy::needless_pass_by_value, reason = "members are written where they are handed over")]
fn object(members: Value) -> Value {
    let names: Vec<String> = members.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    json!({ "type": "object", "properties": members, "required": names })
}

/// What a request brings: only these members, and of them only the named ones have to be there.
fn request(members: &Value, required: &[&str]) -> Value {
    let mut schema = json!({ "type": "object", "properties": members, "additionalProperties": false });
    if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn why() -> Value {
    json!({ "type": "string", "maxLength": 500, "description": "Why, for the record." })
}

fn offer() -> Value {
    json!({ "type": "object", "description": "A config of one site, as `halftone publish` compiles it.",
        "required": ["site", "rollout"], "properties": { "site": { "type": "object" }, "rollout": { "type": ["object", "null"] } } })
}

/// All of them, by name.
pub fn schemas() -> Value {
    let revision = json!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 });
    let version = json!({ "type": "string", "minLength": 1, "maxLength": 64 });
    let mut all = uploads(&version, &revision);
    let more = json!({
        "Error": object(json!({ "error": object(json!({
            "code": { "type": "string", "description": "Stable, for machines." },
            "message": { "type": "string", "description": "For people; may be reworded." } })) })),
        "Wish": request(&json!({ "why": why() }), &[]),
        "Forward": request(&json!({ "why": why(), "override": {
            "type": "boolean", "description": "Whether it goes forward despite a freeze or a window; then `why` is needed." } }), &[]),
        "Freeze": request(&json!({ "why": why(), "until_ms": revision }), &["until_ms"]),
        "Clear": request(&json!({ "why": why(), "version": version }), &["version"]),
        "Restore": request(&json!({ "why": why(), "revision": revision }), &["revision"]),
        "Foresee": request(&json!({ "offer": offer() }), &["offer"]),
        "Imagine": request(&imagine(), &["url"]),
        "Imagined": object(json!({ "site": text(), "version": text(), "why": { "type": "string", "description": "As the header `halftone` says it." },
            "rule": { "type": ["string", "null"] }, "area": { "type": ["string", "null"] },
            "shares": { "type": "array", "items": { "type": "array", "minItems": 2, "maxItems": 2 },
                "description": "Versions with their shares, in percent, among all visitors like this one." },
            "first": { "type": ["integer", "null"], "description": "How many are drawn by order of arrival; this one is taken to be none of them." },
            "status": whole(), "location": text(), "revision": whole() })),
        "Show": request(&json!({ "version": version, "url": { "type": "string", "minLength": 1, "maxLength": 2000 },
            "minutes": { "type": "integer", "minimum": 1, "maximum": 1440 }, "why": why() }), &["version", "url"]),
        "Link": object(json!({ "site": text(), "version": text(), "url": text(), "until_ms": whole() })),
        "Source": object(json!({ "site": text(), "revision": whole(), "text": text(),
            "sources": list(&object(json!({ "revision": whole(), "at_ms": whole() }))) })),
        "Publish": request(&json!({ "offer": offer(), "why": why(),
            "source": { "type": "string", "maxLength": 1_048_576, "description": "The text it was compiled from, for people who edit it later." },
            "parent": { "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64, "description": "The revision it was made from: if another one is in force, nothing is done." },
            "parent_config": { "type": "string", "maxLength": 100, "description": "The number of the config it was made over: the one that waits or, if none does, the one in force, as `config` says them. If another one waits by then, nothing is done." } }),
            &["offer", "parent"]),
        "Reading": object(json!({
            "log_e": { "type": "number", "description": "Natural logarithm of the e-value." },
            "threshold": { "type": "number", "description": "How large that has to be." } })),
        "Verdict": object(json!({
            "guard": text(), "place": { "type": "string", "description": "The area it is about, empty for all." },
            "says": { "enum": ["harm", "safe", "undecided"] },
            "harm": of("Reading"), "safe": { "oneOf": [of("Reading"), { "type": "null" }] }, "required": { "type": "boolean" } })),
        "Decision": object(json!({
            "kind": { "enum": ["start", "refuse", "queue", "advance", "hold", "resume", "pause", "approve", "promote", "roll_back",
                "abort", "clear", "off", "on", "freeze", "unfreeze", "restore", "mark"] },
            "by": { "type": "string", "description": "`evidence`, `policy`, `deploy`, or a person's name." },
            "code": text(), "reason": text(),
            "step": { "type": "array", "items": whole(), "minItems": 2, "maxItems": 2, "description": "Before and after." },
            "revision": whole(), "verdicts": list(&of("Verdict")),
            "ratio": { "oneOf": [of("Reading"), { "type": "null" }] } })),
        "Decisions": object(json!({ "site": text(), "decisions": list(&of("Decision")) })),
        "LogEntry": object(json!({ "seq": whole(), "entry": object(json!({
            "rules": whole(), "at_ms": whole(), "event": { "type": "object" }, "decisions": list(&of("Decision")), "state": text() })) })),
        "Revisions": object(json!({ "site": text(), "revisions": list(&object(json!({
            "revision": whole(), "at_ms": whole(), "gives": list(&text()), "decisions": list(&of("Decision")) }))) })),
        "Config": object(json!({ "site": text(), "revision": whole(), "config": text(), "queued_config": { "type": ["string", "null"] },
            "offer": offer(), "live": text(), "gives": list(&text()) })),
        "Change": object(json!({ "path": text(), "from": {}, "to": {} })),
        "Difference": object(json!({ "site": text(), "from": whole(), "to": whole(), "changes": list(&of("Change")) })),
        "Preview": object(json!({ "site": text(), "revision": whole(), "changes": list(&of("Change")),
            "decisions": list(&of("Decision")),
            "classes": list(&object(json!({
                "who": text(), "shares": { "type": "array", "items": { "type": "array", "minItems": 2, "maxItems": 2 } },
                "moves": { "type": ["number", "null"], "description": "Percent of the class that would get another version." },
                "exact": { "type": "boolean" } }))) })),
        "Status": status(),
        "Point": point(),
        "Series": object(json!({ "site": text(), "points": list(&of("Point")), "now": of("Point") })),
        "Tallies": object(json!({ "site": text(), "now_ms": whole(), "cells": list(&cell()),
            "networks": list(&object(json!({ "rollout": text(), "guard": text(), "networks": whole(), "canary_networks": whole() }))),
            "drops": { "type": "object", "description": "Beacons dropped ever, by reason.", "additionalProperties": whole() } })),
        "Glance": object(json!({
            "who": object(json!({ "name": text(), "role": { "enum": ["viewer", "operator"] }, "by": { "enum": ["token", "session", "access"] } })), "sites": list(&text()), "status": { "type": "object" },
            "story": list(&json!({ "type": "object" })) })),
        "Forgotten": object(json!({ "site": text(), "visitor": text(), "rows": whole() })),
    });
    if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
        all.extend(more.iter().map(|(name, schema)| (name.clone(), schema.clone())));
    }
    all
}

/// What has to do with builds that were uploaded, and with sessions.
fn uploads(version: &Value, made_s: &Value) -> Value {
    json!({
        "Builds": object(json!({ "site": text(), "tag": text(), "builds": list(&object(json!({ "version": text(), "uploaded_ms": whole(),
            "files": whole(), "bytes": whole(), "by": text(), "in_use": { "type": "boolean" } }))) })),
        "UploadedManifest": object(json!({ "site": text(), "manifest": { "type": "object" } })),
        "Hashes": request(&json!({ "hashes": { "type": "array", "maxItems": 40,
            "items": { "type": "string", "pattern": "^[0-9a-f]{64}$" } } }), &["hashes"]),
        "Missing": object(json!({ "site": text(), "missing": list(&text()) })),
        "Blob": object(json!({ "site": text(), "sha256": text() })),
        "Manifest": request(&json!({ "format": { "type": "string", "maxLength": 32 }, "site": { "type": "string", "maxLength": 64 },
            "version": version, "made_s": made_s, "files": { "type": "object", "description": "By path: hash, bytes, type." },
            "service_workers": { "type": "object" }, "tagged": { "type": "object" } }), &["format", "site", "version", "files"]),
        "Registered": object(json!({ "site": text(), "version": text(), "is_new": { "type": "boolean" } })),
        "Drop": request(&json!({ "version": version }), &["version"]),
        "Dropped": object(json!({ "site": text(), "version": text(), "blobs": whole() })),
        "Session": object(json!({ "name": text(), "role": { "enum": ["viewer", "operator"] } })),
    })
}

fn imagine() -> Value {
    let of = |most: u32, what: &str| json!({ "type": "string", "maxLength": most, "description": what });
    json!({
        "url": { "type": "string", "minLength": 1, "maxLength": 2000, "description": "The whole address of a page." },
        "country": of(2, "ISO 3166-1, two letters."), "region": of(3, "ISO 3166-2 without the country."),
        "city": of(100, "As the platform names it."), "colo": of(3, "Data centre."),
        "user_agent": of(1000, "A usual browser's unless given."), "cookies": of(4000, "As the header `Cookie` has them."),
        "headers": of(4000, "Further headers, `name: value` each in a line."),
    })
}

fn numbers(n: usize, what: &str) -> Value {
    let each = json!({ "type": ["number", "null"] });
    json!({ "type": ["array", "null"], "items": each, "minItems": n, "maxItems": n, "description": what })
}

/// One moment of a site's course; what is counted is there while a rollout runs.
fn point() -> Value {
    let (estimate, reading) = (
        || numbers(3, "Estimate, and the ends of its interval."),
        || numbers(2, "ln of the e-value, and how large that has to be."),
    );
    let mut schema = object(json!({
        "at_ms": whole(), "revision": whole(), "phase": text(), "stable": text(),
        "split": { "type": "object", "description": "Area (one without a name where all are drawn together) to version to percent.",
            "additionalProperties": { "type": "object", "additionalProperties": { "type": "number" } } },
        "intake": object(json!({ "beacons": { "type": "integer", "minimum": 0, "description": "Taken since midnight, UTC." },
            "drops": { "type": "object", "description": "Beacons dropped ever, by reason.", "additionalProperties": whole() } })),
    }));
    let arm = object(json!({ "draws": whole(), "pages": whole(), "missing": whole() }));
    let more = json!({
        "canary": text(), "attempt": whole(), "step": whole(), "arms": object(json!({ "canary": arm, "stable": arm })),
        "places": list(&object(json!({ "place": text(), "canary": whole(), "stable": whole() }))),
        "ratio": reading(),
        "guards": list(&object(json!({ "guard": text(), "says": { "enum": ["harm", "safe", "undecided"] }, "canary": estimate(),
            "stable": estimate(), "harm": reading(), "safe": reading() }))),
        "vitals": list(&object(json!({ "vital": text(), "canary": estimate(), "stable": estimate() }))),
    });
    with(&mut schema, &more);
    schema
}

/// Counts of visitors who are alike.
fn cell() -> Value {
    let number = || json!({ "type": ["integer", "null"] });
    let end = |what: &str| json!({ "type": ["integer", "null"], "description": format!("{what} the third quartile is with 95 %, whenever it is looked at; `null` while nothing bounds it, and outside of draws.") });
    let vital = object(json!({
        "n": whole(), "p50": number(), "p75": number(), "p75_low": end("Above what"), "p75_high": end("Below what"), "p95": number() }));
    object(json!({
        "rollout": text(), "class": { "type": "string", "description": "`drawn` counts as evidence, the others are shown." },
        "arm": { "enum": ["canary", "stable", ""] }, "version": text(), "step": whole(), "place": text(),
        "odds": object(json!({ "canary": whole(), "stable": whole() })),
        "counts": { "type": "object", "additionalProperties": whole() },
        "vitals": { "type": "object", "description": "By name: of ttfb, fcp, lcp, inp in ms, of cls in ten-thousandths.", "additionalProperties": vital } }))
}

/// Members that are not always there.
fn with(schema: &mut Value, more: &Value) {
    if let (Some(known), Some(more)) = (schema.pointer_mut("/properties").and_then(Value::as_object_mut), more.as_object()) {
        known.extend(more.iter().map(|(name, schema)| (name.clone(), schema.clone())));
    }
}

/// What is there at any time; while a rollout runs there is more.
fn status() -> Value {
    let mut schema = object(json!({
        "site": text(), "revision": whole(), "stable": text(),
        "phase": { "enum": ["idle", "scheduled", "ramping", "held", "paused", "promoted", "rolled_back", "aborted"] },
        "held": { "type": ["string", "null"] },
        "off": { "type": "boolean" },
        "freeze": { "oneOf": [object(json!({ "from_ms": whole(), "until_ms": whole(), "why": text() })), { "type": "null" }] },
        "now_ms": whole(), "rollout": { "type": ["object", "null"] },
        "quarantine": list(&object(json!({ "version": text(), "since_ms": whole(), "why": text() }))),
        "queued": { "type": ["string", "null"] },
        "gives": { "type": "array", "items": text(), "description": "Versions that somebody gets, or will get by what waits." },
        "config": { "type": "string", "description": "A number that stands for the config in force." },
        "queued_config": { "type": ["string", "null"] },
        "live": { "type": ["string", "null"], "description": "The site in force as the edge reads it." },
        "looked_ms": { "type": ["integer", "null"], "description": "When the evidence was looked at last." },
        "webhooks": list(&object(json!({ "host": text(), "waiting": whole(), "delivered": whole(), "dropped": whole(), "error": text() }))),
    }));
    let more = json!({
        "verdicts": list(&of("Verdict")), "counts": list(&json!({ "type": "object" })),
        "sample_ratio": { "oneOf": [of("Reading"), { "type": "null" }] }, "waiting": list(&json!({ "type": "object" })),
        "newest_ms": whole(), "uncontrolled": list(&json!({ "type": "object" })), "pace": { "type": "object" }, "optimise": { "type": "object" },
    });
    with(&mut schema, &more);
    schema
}
