//! The body of `POST reports`: what browsers say of a page by themselves, without any script of ours.
//!
//! The Reporting API sends an array of `{type, url, age, body, user_agent}`, older browsers one object
//! `{"csp-report": {…}}` for a policy's `report-uri`. Of all that only a kind and a short label are kept: never an address, a
//! sample of a script or a user agent. Reports are shown, and no guard needs them, so what is no report is dropped quietly.

use super::wire::tree::{self, Tree};
use super::wire::{Drop, Fault, MOST_BYTES};

/// The most reports in one body.
pub const MOST_REPORTS: usize = 100;

/// The most characters of a reason.
pub const MOST_REASON_CHARS: usize = 60;

/// What a browser reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The page's process ended.
    Crash,
    /// The page uses what will go away.
    Deprecation,
    /// The browser did not do what the page asked, for the visitor's sake.
    Intervention,
    /// Something the content security policy does not allow.
    Csp,
    /// Something the permissions policy does not allow.
    PermissionsPolicy,
    /// Something the cross-origin embedder policy does not allow.
    Coep,
    /// Something the cross-origin opener policy cuts off.
    Coop,
    /// A file that is not what the page said it would be.
    Integrity,
    /// Any other type.
    Other,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Crash,
        Self::Deprecation,
        Self::Intervention,
        Self::Csp,
        Self::PermissionsPolicy,
        Self::Coep,
        Self::Coop,
        Self::Integrity,
        Self::Other,
    ];

    /// The word in counts and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Deprecation => "deprecation",
            Self::Intervention => "intervention",
            Self::Csp => "csp",
            Self::PermissionsPolicy => "permissions_policy",
            Self::Coep => "coep",
            Self::Coop => "coop",
            Self::Integrity => "integrity",
            Self::Other => "other",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "crash" => Self::Crash,
            "deprecation" => Self::Deprecation,
            "intervention" => Self::Intervention,
            "csp-violation" => Self::Csp,
            "permissions-policy-violation" | "potential-permissions-policy-violation" | "feature-policy-violation" => {
                Self::PermissionsPolicy
            }
            "coep" => Self::Coep,
            "coop" => Self::Coop,
            "integrity-violation" => Self::Integrity,
            _ => Self::Other,
        }
    }
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of what.
    pub kind: Kind,
    /// Which of that kind: at most [`MOST_REASON_CHARS`] of `[A-Za-z0-9 _.-]`, empty if it does not say. A crash's reason
    /// (`oom`, `unresponsive`), the id of what is deprecated or was intervened on, the directive or feature of a policy,
    /// what was blocked (coep, coop, integrity), the type of any other report.
    pub reason: String,
}

/// What a report may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Type,
    Body,
    Legacy,
    Reason,
    Id,
    Directive,
    OldDirective,
    Feature,
    OldFeature,
    Destination,
}

impl tree::Key for Key {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "type" => Self::Type,
            "body" => Self::Body,
            "csp-report" => Self::Legacy,
            "reason" => Self::Reason,
            "id" => Self::Id,
            "effectiveDirective" | "effective-directive" => Self::Directive,
            "violatedDirective" | "violated-directive" => Self::OldDirective,
            "policyId" => Self::Feature,
            "featureId" => Self::OldFeature,
            "destination" => Self::Destination,
            _ => return None,
        })
    }
}

/// Reads a body of either form, at most [`MOST_REPORTS`] reports; an entry that is no report is [`Drop::BadJson`].
pub fn parse(body: &[u8]) -> Result<Vec<Result<Report, Drop>>, Fault> {
    tree::read(body, MOST_BYTES, |tree| {
        let entries = tree::entries(tree, MOST_REPORTS)?;
        Ok(entries.iter().map(|entry| report(entry).ok_or(Drop::BadJson)).collect())
    })?
}

fn report(entry: &Tree<'_, Key>) -> Option<Report> {
    let legacy = entry.get(Key::Legacy);
    if matches!(legacy, Tree::Object(_)) {
        return Some(Report { kind: Kind::Csp, reason: reason(Kind::Csp, "", legacy) });
    }
    let name = entry.get(Key::Type).text()?;
    let kind = Kind::of(name);
    Some(Report { kind, reason: reason(kind, name, entry.get(Key::Body)) })
}

fn reason(kind: Kind, name: &str, body: &Tree<'_, Key>) -> String {
    let first_of = |keys: &[Key]| keys.iter().find_map(|key| body.get(*key).text()).unwrap_or_default();
    label(match kind {
        Kind::Crash => first_of(&[Key::Reason]),
        Kind::Deprecation | Kind::Intervention => first_of(&[Key::Id]),
        // Old browsers put the directive's whole text there; its name is the first word.
        Kind::Csp => first_of(&[Key::Directive, Key::OldDirective]).split_ascii_whitespace().next().unwrap_or_default(),
        Kind::PermissionsPolicy => first_of(&[Key::Feature, Key::OldFeature]),
        Kind::Coep | Kind::Coop => first_of(&[Key::Type]),
        Kind::Integrity => first_of(&[Key::Destination]),
        Kind::Other => name,
    })
}

/// A text as a label: every other character is an underscore, and what is too long is cut.
fn label(text: &str) -> String {
    let is_kept = |one: char| one.is_ascii_alphanumeric() || " _.-".contains(one);
    text.chars().take(MOST_REASON_CHARS).map(|one| if is_kept(one) { one } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn told(body: &str) -> Vec<String> {
        let line = |report: Result<Report, Drop>| match report {
            Ok(report) => format!("{} {}", report.kind.as_str(), report.reason),
            Err(reason) => format!("dropped {}", reason.as_str()),
        };
        parse(body.as_bytes()).unwrap().into_iter().map(line).collect()
    }

    #[test]
    fn reports_of_every_kind_are_read_as_browsers_send_them() {
        let body = r#"[
          {"age":27,"body":{"reason":"oom"},"type":"crash","url":"https://shop.example/","user_agent":"Mozilla/5.0"},
          {"age":1,"body":{},"type":"crash","url":"https://shop.example/"},
          {"type":"deprecation","age":32,"url":"https://shop.example/","body":{"id":"UnloadHandler","columnNumber":5,
            "lineNumber":6,"message":"Unload event listeners are deprecated","sourceFile":"https://shop.example/a.js"}},
          {"type":"intervention","body":{"id":"NavigatorVibrate","message":"Blocked call to navigator.vibrate"}},
          {"type":"csp-violation","body":{"blockedURL":"inline","disposition":"enforce","effectiveDirective":"script-src-elem",
            "sample":"secret","statusCode":200}},
          {"type":"permissions-policy-violation","body":{"policyId":"geolocation","disposition":"enforce"}},
          {"type":"potential-permissions-policy-violation","body":{"featureId":"camera"}},
          {"type":"coep","body":{"type":"corp","blockedURL":"https://other.example/","destination":"image"}},
          {"type":"coop","body":{"disposition":"enforce","effectivePolicy":"same-origin","type":"navigation-to-response"}},
          {"type":"integrity-violation","body":{"blockedURL":"https://shop.example/a.js","destination":"script"}},
          {"type":"network-error","body":{"elapsed_time":143,"phase":"dns","type":"dns.name_not_resolved"}}
        ]"#;
        assert_eq!(
            told(body),
            [
                "crash oom",
                "crash ",
                "deprecation UnloadHandler",
                "intervention NavigatorVibrate",
                "csp script-src-elem",
                "permissions_policy geolocation",
                "permissions_policy camera",
                "coep corp",
                "coop navigation-to-response",
                "integrity script",
                "other network-error",
            ]
        );
    }

    #[test]
    fn the_legacy_single_object_is_a_policy_report() {
        let modern = r#"{"csp-report":{"document-uri":"https://shop.example/","violated-directive":"script-src 'self'",
            "effective-directive":"script-src-elem","original-policy":"script-src 'self'","blocked-uri":"inline"}}"#;
        assert_eq!(told(modern), ["csp script-src-elem"]);
        let old = r#"{"csp-report":{"violated-directive":"img-src https://secret.example/","blocked-uri":"x"}}"#;
        assert_eq!(told(old), ["csp img-src"]);
        assert_eq!(told(r#"{"csp-report":{}}"#), ["csp "]);
    }

    #[test]
    fn what_is_no_report_is_dropped_and_the_others_stay() {
        let body =
            r#"[7,null,"x",[],{},{"type":null},{"type":["crash"]},{"csp-report":"x"},{"type":"crash","body":{"reason":"oom"}}]"#;
        let mut expected = vec!["dropped bad_json"; 8];
        expected.push("crash oom");
        assert_eq!(told(body), expected);
        assert_eq!(told("[]"), Vec::<String>::new());
    }

    #[test]
    fn a_body_or_field_of_another_type_says_no_reason() {
        for body in [json!(null), json!("oom"), json!(["oom"]), json!({ "reason": 7 }), json!({ "reason": { "a": "oom" } })] {
            assert_eq!(told(&json!({ "type": "crash", "body": body }).to_string()), ["crash "]);
        }
    }

    #[test]
    fn a_reason_is_a_short_label() {
        let reason = |text: &str| told(&json!({ "type": "deprecation", "body": { "id": text } }).to_string()).remove(0);
        assert_eq!(reason("a B-9_z.x"), "deprecation a B-9_z.x");
        assert_eq!(reason("a\nb\"<é>"), "deprecation a_b____");
        assert_eq!(reason(&"x".repeat(61)), format!("deprecation {}", "x".repeat(60)));
    }

    #[test]
    fn faults_are_those_of_beacons() {
        let many = format!("[{}]", vec!["{}"; MOST_REPORTS + 1].join(","));
        assert_eq!(parse(many.as_bytes()), Err(Fault::TooMany { found: 101, most: 100 }));
        assert_eq!(parse(&many.as_bytes()[..1]).unwrap_err().code(), "bad_json");
        assert_eq!(parse(b"7").unwrap_err().code(), "bad_shape");
        assert_eq!(parse(b"\xff").unwrap_err().code(), "bad_utf8");
        assert_eq!(parse("[".repeat(200).as_bytes()).unwrap_err().code(), "too_deep");
        assert_eq!(parse(&vec![b' '; MOST_BYTES + 1]).unwrap_err().code(), "too_large");
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_parser(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }

        #[test]
        fn every_reason_is_a_label_and_what_is_written_is_read(
            kind in prop::sample::select(vec!["crash", "deprecation", "csp-violation", "coep", "coop", "x", "integrity-violation"]),
            texts in prop::collection::vec("\\PC{0,70}", 4),
        ) {
            let body = json!([{ "type": kind, "body": {
                "reason": texts[0], "id": texts[1], "effectiveDirective": texts[2], "type": texts[3], "destination": texts[0],
            } }]);
            let reports = parse(body.to_string().as_bytes()).unwrap();
            let report = reports[0].clone().unwrap();
            prop_assert_eq!(report.kind, Kind::of(kind));
            prop_assert!(report.reason.len() <= MOST_REASON_CHARS);
            prop_assert!(report.reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _.-".contains(&byte)));
            if kind == "deprecation" {
                prop_assert_eq!(report.reason, label(&texts[1]));
            }
        }
    }
}
