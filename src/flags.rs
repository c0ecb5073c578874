//! What an `OpenFeature` SDK in a page is told: the `OpenFeature` Remote Evaluation Protocol over what was decided for the page.
//!
//! Nothing is drawn here. The version is that of the visitor's page, so a flag can not say otherwise than the page that
//! asks; what the context says of the visitor is not read. Answers are the protocol's: value, variant, reason, or an
//! error code.

use serde_json::{Value, json};

use crate::plan::Site;

/// Id of the version of the visitor's page.
pub const VERSION: &str = "halftone.version";

/// Whether that is the version under trial.
pub const CANARY: &str = "halftone.canary";

/// The answer to an evaluation: status and body.
///
/// `key` is the flag that is asked for, empty for all of them; `version` and `why` are what was decided for the page.
#[must_use]
pub fn answer(site: &Site, version: &str, why: &str, key: &str, body: &str) -> (u16, Value) {
    let key = Some(key).filter(|key| !key.is_empty());
    if let Err((code, details)) = check(body) {
        let mut fault = json!({ "errorCode": code, "errorDetails": details });
        if let (Some(key), Some(fault)) = (key, fault.as_object_mut()) {
            fault.insert("key".to_owned(), key.into());
        }
        return (400, fault);
    }
    let flags = evaluated(site, version, why);
    let Some(key) = key else { return (200, json!({ "flags": flags })) };
    if let Some(flag) = flags.into_iter().find(|flag| flag.get("key").and_then(Value::as_str) == Some(key)) {
        return (200, flag);
    }
    let details = format!("there is no flag `{key}` here; the flags are {VERSION} and {CANARY}");
    (404, json!({ "key": key, "errorCode": "FLAG_NOT_FOUND", "errorDetails": details }))
}

/// The answer where nothing of the protocol is.
#[must_use]
pub fn no_question() -> (u16, Value) {
    let details = "flags are at ofrep/v1/evaluate/flags, one of them at ofrep/v1/evaluate/flags/KEY";
    (404, json!({ "errorCode": "GENERAL", "errorDetails": details }))
}

fn check(body: &str) -> Result<(), (&'static str, &'static str)> {
    let parsed: Value = match body.trim() {
        "" => return Ok(()),
        text => serde_json::from_str(text).map_err(|_| ("PARSE_ERROR", "the body is not JSON"))?,
    };
    let Value::Object(parsed) = parsed else { return Err(("PARSE_ERROR", "the body is not an object with a `context`")) };
    match parsed.get("context") {
        None | Some(Value::Null | Value::Object(_)) => Ok(()),
        Some(_) => Err(("INVALID_CONTEXT", "`context` is not an object")),
    }
}

fn evaluated(site: &Site, version: &str, why: &str) -> Vec<Value> {
    let canary = site.rollout.as_ref().and_then(|rollout| site.version(rollout.canary));
    let stable = site.version(site.stable);
    let is = |other: Option<&crate::plan::Version>| other.is_some_and(|other| other.id == version);
    let reason = match why {
        "preview" => "TARGETING_MATCH",
        "off" => "DISABLED",
        _ if canary.is_none() && site.rules.is_empty() => "STATIC",
        // Known by the page they were given; who brings nothing gets what everybody would.
        "page" if canary.is_some() && (is(canary) || is(stable)) => "SPLIT",
        "page" => "TARGETING_MATCH",
        _ => "DEFAULT",
    };
    let metadata = json!({ "site": site.name, "revision": site.revision });
    let flag = |key: &str, value: Value, variant: &str| json!({ "key": key, "value": value, "variant": variant, "reason": reason, "metadata": metadata });
    let on = is(canary);
    vec![flag(VERSION, version.into(), version), flag(CANARY, on.into(), if on { "canary" } else { "stable" })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::scene::ramp;

    #[test]
    fn a_page_is_told_the_version_it_is() {
        let site = ramp(1000);
        let (status, all) = answer(&site, "v2", "page", "", "{\"context\":{\"targetingKey\":\"x\"}}");
        assert_eq!(status, 200);
        let expected = json!({ "flags": [
            { "key": VERSION, "value": "v2", "variant": "v2", "reason": "SPLIT", "metadata": { "site": site.name, "revision": site.revision } },
            { "key": CANARY, "value": true, "variant": "canary", "reason": "SPLIT", "metadata": { "site": site.name, "revision": site.revision } },
        ] });
        assert_eq!(all, expected);
        assert_eq!(answer(&site, "v1", "page", CANARY, "").1["value"], json!(false));
        assert_eq!(answer(&site, "v1", "stable", VERSION, "{}").1["reason"], json!("DEFAULT"));
        assert_eq!(answer(&site, "v2", "preview", VERSION, "{}").1["reason"], json!("TARGETING_MATCH"));
        assert_eq!(answer(&site, "v1", "off", VERSION, "{}").1["reason"], json!("DISABLED"));
        let alone = Site { rollout: None, rules: Vec::new(), ..site };
        assert_eq!(answer(&alone, "v1", "page", VERSION, "{}").1["reason"], json!("STATIC"));
    }

    #[test]
    fn what_can_not_be_answered_has_the_codes_of_the_protocol() {
        let site = ramp(1000);
        let code = |key: &str, body: &str| {
            let (status, answer) = answer(&site, "v1", "page", key, body);
            (status, answer["errorCode"].as_str().unwrap().to_owned(), answer.get("key").is_some())
        };
        assert_eq!(code("other", "{}"), (404, "FLAG_NOT_FOUND".to_owned(), true));
        assert_eq!(code(VERSION, "{"), (400, "PARSE_ERROR".to_owned(), true));
        assert_eq!(code("", "[]"), (400, "PARSE_ERROR".to_owned(), false));
        assert_eq!(code("", "{\"context\":1}"), (400, "INVALID_CONTEXT".to_owned(), false));
    }
}
