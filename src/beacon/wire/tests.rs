use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const TOKEN: &str = "1~lx2k~AAAAAAAAAAAAAAAAAAAAAA~1z~dc1~v2~~3~5k~1e~DE:sig-_.";

/// The one beacon of an object without its token.
fn one(mut object: Value) -> Result<Event, Drop> {
    object["t"] = json!(TOKEN);
    let mut beacons = parse(object.to_string().as_bytes()).unwrap();
    assert_eq!(beacons.len(), 1);
    beacons.remove(0).map(|beacon| {
        assert_eq!(beacon.token, TOKEN);
        beacon.event
    })
}

fn written(beacon: &Beacon) -> Value {
    let mut object = match &beacon.event {
        Event::Alive { at_ms } => json!({ "e": "alive", "at": at_ms }),
        Event::Hidden => json!({ "e": "hidden" }),
        Event::Activated => json!({ "e": "activated" }),
        Event::Worker => json!({ "e": "worker" }),
        Event::Error { kind, at_ms, message, source } => {
            json!({ "e": "error", "kind": kind.as_str(), "at": at_ms, "message": message, "source": source })
        }
        Event::Vital { metric, value, id } => json!({ "e": "vital", "name": metric.as_str(), "value": value, "id": id }),
        Event::Late { fcp, lcp } => {
            let names: Vec<_> = [(*fcp, "FCP"), (*lcp, "LCP")].iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            json!({ "e": "late", "names": names })
        }
        Event::Soft => json!({ "e": "soft" }),
        Event::Goal { name } => json!({ "e": "goal", "name": name }),
        Event::Ask => json!({ "e": "ask" }),
        Event::Untested => json!({ "e": "untested" }),
    };
    object["t"] = json!(beacon.token);
    object
}

#[test]
fn beacons_as_the_page_sends_them_are_read() {
    let body = br#"[{"t":"a.b_c-d~e:1","e":"alive","at":1234.56},{"t":"x","e":"hidden"},{"t":"x","e":"activated"},
        {"t":"x","e":"worker"},{"t":"x","e":"error","kind":"rejection","at":0,"message":"a\u0000b\nc \u00e9 \ud83d\ude00","source":"/a.js"},
        {"t":"x","e":"error","kind":"style","at":4294967295},{"t":"x","e":"vital","name":"CLS","value":0.125,"id":"v5-17-123"},
        {"t":"x","e":"late","names":["FCP","LCP"]},{"t":"x","e":"soft"},{"t":"x","e":"goal","name":"sign-up_2"},{"t":"x","e":"ask"}]"#;
    let beacon = |token: &str, event| Ok(Beacon { token: token.to_owned(), event });
    let text = str::to_owned;
    assert_eq!(
        parse(body).unwrap(),
        [
            beacon("a.b_c-d~e:1", Event::Alive { at_ms: 1234 }),
            beacon("x", Event::Hidden),
            beacon("x", Event::Activated),
            beacon("x", Event::Worker),
            beacon(
                "x",
                Event::Error { kind: ErrorKind::Rejection, at_ms: 0, message: text("a b c é 😀"), source: text("/a.js") }
            ),
            beacon("x", Event::Error { kind: ErrorKind::Style, at_ms: u32::MAX, message: text(""), source: text("") }),
            beacon("x", Event::Vital { metric: Metric::Cls, value: 0.125, id: text("v5-17-123") }),
            beacon("x", Event::Late { fcp: true, lcp: true }),
            beacon("x", Event::Soft),
            beacon("x", Event::Goal { name: text("sign-up_2") }),
            beacon("x", Event::Ask),
        ]
    );
}

#[test]
fn one_beacon_needs_no_array_and_unknown_fields_are_ignored() {
    let body = br#" {"x":{"t":[1,{"e":null}]},"t":"a","\u0065":"soft","y":true} "#;
    assert_eq!(parse(body).unwrap(), [Ok(Beacon { token: "a".to_owned(), event: Event::Soft })]);
    assert_eq!(parse(b"[]").unwrap(), []);
}

#[test]
fn one_bad_beacon_does_not_take_the_others_with_it() {
    let body =
        br#"[{"t":"x","e":"soft"},7,null,"x",[],{},{"t":"x"},{"t":"x","e":"soft2"},{"t":"x","e":"goal"},{"t":"x","e":"ask"}]"#;
    let reasons: Vec<_> = parse(body).unwrap().into_iter().map(|beacon| beacon.err().map(Drop::as_str)).collect();
    let (json, token) = (Some("bad_json"), Some("bad_token"));
    assert_eq!(reasons, [None, json, json, json, json, token, Some("bad_field"), Some("unknown_event"), Some("bad_field"), None]);
}

#[test]
fn a_key_that_is_there_twice_counts_as_it_is_last() {
    let body = br#"{"t":"x","e":"ask","t":"y","e":"soft"}"#;
    assert_eq!(parse(body).unwrap(), [Ok(Beacon { token: "y".to_owned(), event: Event::Soft })]);
}

#[test]
fn faults_say_what_is_wrong_and_where_and_never_what_was_sent() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(127), "]".repeat(127));
    let many = format!("[{}]", vec!["{}"; 51].join(","));
    let large = " ".repeat(MOST_BYTES + 1);
    let told = |body: &[u8]| {
        let fault = parse(body).unwrap_err();
        format!("{} {} {}: {}", fault.status(), fault.code(), fault.reason().as_str(), fault.message())
    };
    let lines = [
        told(b""),
        told(b"secret"),
        told(b"{\"t\":\"secret\",\n \"e\":secret}"),
        told(b"[{\"t\":\"x\"}"),
        told(b"{\"t\":\"x\"} secret"),
        told(b"{secret:1}"),
        told(b"{\"t\":\"\\q\"}"),
        told(b"{\"at\":1e999}"),
        told(b"{\"t\":\"a\nb\"}"),
        told(b"{\"t\":\"\xff\"}"),
        told(b"7"),
        told(b"\"secret\""),
        told(b"null"),
        told(deep.as_bytes()),
        told(many.as_bytes()),
        told(large.as_bytes()),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    400 bad_json bad_json: the body is not JSON: EOF while parsing a value, line 1, column 0
    400 bad_json bad_json: the body is not JSON: expected value, line 1, column 1
    400 bad_json bad_json: the body is not JSON: expected value, line 2, column 6
    400 bad_json bad_json: the body is not JSON: EOF while parsing a list, line 1, column 10
    400 bad_json bad_json: the body is not JSON: trailing characters, line 1, column 11
    400 bad_json bad_json: the body is not JSON: key must be a string, line 1, column 2
    400 bad_json bad_json: the body is not JSON: invalid escape, line 1, column 8
    400 bad_json bad_json: the body is not JSON: number out of range, line 1, column 11
    400 bad_json bad_json: the body is not JSON: control character (\u0000-\u001F) found while parsing a string, line 2, column 0
    400 bad_utf8 bad_json: the body is not UTF-8 at byte 6: send JSON encoded as UTF-8
    400 bad_shape bad_json: the body is JSON, but neither an object nor an array of objects
    400 bad_shape bad_json: the body is JSON, but neither an object nor an array of objects
    400 bad_shape bad_json: the body is JSON, but neither an object nor an array of objects
    400 too_deep bad_json: the body is nested more than 127 levels deep at line 1, column 132: leave out what is not needed
    413 too_many too_many: the array has 51 entries and at most 50 are taken: send the others in another request
    413 too_large too_large: the body is larger than 65536 bytes: send less in one request
    ");
}

#[test]
fn the_limits_are_the_last_that_is_taken() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(126), "]".repeat(126));
    assert_eq!(parse(deep.as_bytes()).unwrap(), [Err(Drop::BadToken)]);
    let many = format!("[{}]", vec!["{}"; 50].join(","));
    assert_eq!(parse(many.as_bytes()).unwrap().len(), 50);
    let large = format!("{{}}{}", " ".repeat(MOST_BYTES - 2));
    assert_eq!(parse(large.as_bytes()).unwrap().len(), 1);
}

#[test]
fn tokens_are_words_of_at_most_four_hundred_characters() {
    let token = |token: Value| parse(json!({ "t": token, "e": "soft" }).to_string().as_bytes()).unwrap().remove(0).err();
    for good in ["a", "A-Z_a.z~0:9", &"x".repeat(400)] {
        assert_eq!(token(json!(good)), None, "{good}");
    }
    for bad in ["", "a b", "a\n", "é", "a\"", "a/b", "a|b", &"x".repeat(401)] {
        assert_eq!(token(json!(bad)), Some(Drop::BadToken), "{bad}");
    }
    for bad in [json!(null), json!(1), json!(true), json!(["x"]), json!({ "t": "x" })] {
        assert_eq!(token(bad.clone()), Some(Drop::BadToken), "{bad}");
    }
}

#[test]
fn a_field_of_another_type_or_out_of_range_is_a_bad_field() {
    let good = [
        json!({ "e": "alive", "at": 1 }),
        json!({ "e": "error", "kind": "script", "at": 1, "message": "m", "source": "s" }),
        json!({ "e": "vital", "name": "LCP", "value": 1, "id": "x" }),
        json!({ "e": "late", "names": ["LCP"] }),
        json!({ "e": "goal", "name": "x" }),
    ];
    let others =
        [json!(null), json!(true), json!("7"), json!(-1), json!(7), json!([7]), json!(["x"]), json!([]), json!({ "a": 1 })];
    for good in good {
        assert!(one(good.clone()).is_ok(), "{good}");
        for field in good.as_object().unwrap().keys() {
            for other in &others {
                // What these fields may be besides.
                let fits = match field.as_str() {
                    "at" | "value" => *other == json!(7),
                    "message" | "source" => other.is_null() || other.is_string(),
                    "id" => other.is_string(),
                    "name" => good["e"] == "goal" && other.is_string(),
                    _ => false,
                };
                let mut changed = good.clone();
                changed[field] = other.clone();
                let expected = if field == "e" && other.is_string() { Drop::UnknownEvent } else { Drop::BadField };
                assert_eq!(one(changed.clone()).err(), (!fits).then_some(expected), "{changed}");
            }
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(field);
            let optional = field == "message" || field == "source";
            assert_eq!(one(without.clone()).err(), (!optional).then_some(Drop::BadField), "{without}");
        }
    }
    for bad in [
        json!({ "e": "alive", "at": 4_294_967_296_u64 }),
        json!({ "e": "alive", "at": -0.5 }),
        json!({ "e": "alive", "at": 1e300 }),
        json!({ "e": "alive", "at": i64::MIN }),
        json!({ "e": "error", "kind": "Error", "at": 1 }),
        json!({ "e": "vital", "name": "lcp", "value": 1, "id": "x" }),
        json!({ "e": "vital", "name": "LCP", "value": -1e-9, "id": "x" }),
        json!({ "e": "vital", "name": "LCP", "value": 1, "id": "" }),
        json!({ "e": "vital", "name": "LCP", "value": 1, "id": "a b" }),
        json!({ "e": "vital", "name": "LCP", "value": 1, "id": "x".repeat(41) }),
        json!({ "e": "late", "names": ["FCP", "CLS"] }),
        json!({ "e": "late", "names": ["FCP", 1] }),
        json!({ "e": "goal", "name": "" }),
        json!({ "e": "goal", "name": "-x" }),
        json!({ "e": "goal", "name": "_x" }),
        json!({ "e": "goal", "name": "Sign" }),
        json!({ "e": "goal", "name": "a b" }),
        json!({ "e": "goal", "name": "é" }),
        json!({ "e": "goal", "name": "x".repeat(41) }),
    ] {
        assert_eq!(one(bad.clone()), Err(Drop::BadField), "{bad}");
    }
    assert_eq!(one(json!({ "e": "alive", "at": 4_294_967_295.0 })), Ok(Event::Alive { at_ms: u32::MAX }));
    assert!(one(json!({ "e": "vital", "name": "LCP", "value": 1e300, "id": "x".repeat(40) })).is_ok());
    assert!(one(json!({ "e": "goal", "name": "x".repeat(40) })).is_ok());
}

#[test]
fn texts_are_cut_at_a_character() {
    let long = "é".repeat(199) + "😀😀";
    let event = one(json!({ "e": "error", "kind": "error", "at": 1, "message": long, "source": "\u{7f}\u{85}x".repeat(100) }));
    let Ok(Event::Error { message, source, .. }) = event else { panic!("{event:?}") };
    assert_eq!(message, "é".repeat(199) + "😀");
    assert_eq!(source, "  x".repeat(66) + "  ");
}

#[test]
fn a_text_the_page_cut_in_the_middle_of_a_pair_costs_no_beacon() {
    let body = br#"{"t":"x","e":"error","kind":"error","at":1,"message":"cut \ud83d"}"#;
    let beacons = parse(body).unwrap();
    assert!(matches!(&beacons[..], [Ok(Beacon { event: Event::Error { message, .. }, .. })] if message == "cut \u{fffd}"));
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let words: Vec<_> = Drop::ALL.into_iter().map(Drop::as_str).collect();
    assert_eq!(
        words.join(" "),
        "too_large bad_json bad_token expired duplicate rate_limited bot opted_out unknown_version unknown_event bad_field \
         budget foreign no_page too_many"
    );
}

fn event() -> impl Strategy<Value = Event> {
    let plain = |one: char| if one.is_control() { 'x' } else { one };
    let text = move || prop::collection::vec(any::<char>().prop_map(plain), 0..=MOST_TEXT_CHARS).prop_map(String::from_iter);
    prop_oneof![
        any::<u32>().prop_map(|at_ms| Event::Alive { at_ms }),
        prop::sample::select(vec![Event::Hidden, Event::Activated, Event::Worker, Event::Soft, Event::Ask]),
        (prop::sample::select(ErrorKind::ALL.to_vec()), any::<u32>(), text(), text())
            .prop_map(|(kind, at_ms, message, source)| { Event::Error { kind, at_ms, message, source } }),
        // Sixteenths: `serde_json` reads long fractions to the last bit but one.
        (prop::sample::select(Metric::ALL.to_vec()), any::<u32>(), "[A-Za-z0-9._~:-]{1,40}")
            .prop_map(|(metric, value, id)| Event::Vital { metric, value: f64::from(value) / 16.0, id }),
        prop::sample::select(vec![(true, false), (false, true), (true, true)]).prop_map(|(fcp, lcp)| Event::Late { fcp, lcp }),
        "[a-z0-9][a-z0-9_-]{0,39}".prop_map(|name| Event::Goal { name }),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = "t|e|at|kind|message|source|name|names|value|id|x";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|is| json!(is)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}|alive|error|vital|late|goal|ask|LCP|FCP|script".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(3, 12, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((keys, inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_break_the_parser(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
    }

    #[test]
    fn no_text_breaks_the_parser(body in "([\\[\\]{},:\"\\\\0-9eE.+-]|\"t\":|\"e\":|\\\\u|d83d|null|\\PC){0,40}") {
        if let Err(fault) = parse(body.as_bytes()) {
            prop_assert!(!fault.message().contains('\n') && [400, 413].contains(&fault.status()));
        }
    }

    #[test]
    fn every_entry_of_any_json_is_a_beacon_or_a_drop(list in prop::collection::vec(any_json(), 0..60)) {
        let read = parse(json!(list).to_string().as_bytes());
        if list.len() > MOST_BEACONS {
            prop_assert_eq!(read, Err(Fault::TooMany { found: list.len(), most: MOST_BEACONS }));
        } else {
            prop_assert_eq!(read.unwrap().len(), list.len());
        }
    }

    #[test]
    fn what_is_written_is_read(beacons in prop::collection::vec(("[A-Za-z0-9._~:-]{1,60}", event()), 0..8)) {
        let beacons: Vec<_> = beacons.into_iter().map(|(token, event)| Beacon { token, event }).collect();
        let body = json!(beacons.iter().map(written).collect::<Vec<_>>()).to_string();
        prop_assert_eq!(parse(body.as_bytes()).unwrap(), beacons.into_iter().map(Ok).collect::<Vec<_>>());
    }
}
