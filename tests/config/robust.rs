//! No bytes whatever make the checker panic, and what it says is consistent.

use halftone::config::{Builds, Checked, Severity, check};
use proptest::prelude::*;

use crate::{checked, shop};

/// A valid file to damage.
fn valid() -> String {
    let keys = r#""hosts": ["shop.example", "*.shop.example"],
      "rollout": { "id": "spring", "canary": "v2", "strategy": "geographic", "steps": [{ "areas": { "NZ": "10%", "US-CA": "5%", "EU": "1%", "colo:AKL": "100%", "unknown": "0%" }, "hold": "1h", "least_visitors": 10, "approval": true }], "visitors": "new",
        "decide": "auto", "guards": { "errors": { "margin": "20%", "weight": 2, "required": true, "limit": "1%" }, "poor_inp": false, "goal.signup": true }, "false_rollback": "1%", "false_promotion": "5%", "least_networks": 10, "deadline": "14d", "on_deadline": "hold", "on_new_version": "queue", "start": "2026-12-01T09:00Z", "windows": [{ "days": ["mon"], "from": "09:00", "until": "16:00", "zone": "+13:00" }], "freezes": [{ "from": "2026-12-20T00:00Z", "until": "2027-01-04T00:00Z", "why": "holidays" }] },
      "rules": [{ "name": "staff", "when": { "any": [{ "cookie": { "staff": "*" } }, { "not": { "path": ["/a/**"] } }], "eu": true }, "split": { "canary": "50%" } }],
      "bots": "split", "consent": "cookie:consent=yes*", "without_consent": "cookieless", "cookie": { "max_age": "30d" }, "cache": { "hashed": ["/assets/**"] }"#;
    shop(keys)
}

fn is_consistent(checked: &Checked) -> Result<(), TestCaseError> {
    let errors = checked.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    prop_assert_eq!(checked.config.is_some(), errors == 0, "{:?}", checked.problems);
    for problem in &checked.problems {
        prop_assert!(problem.line >= 1 && problem.column >= 1);
        prop_assert!(!problem.to_string().contains('\n'), "{}", problem);
        prop_assert!(!problem.why.is_empty());
    }
    Ok(())
}

#[test]
fn the_file_that_is_damaged_below_is_valid() {
    assert!(checked(&valid()).config.is_some(), "{:?}", checked(&valid()).problems);
}

#[test]
fn a_file_as_large_as_allowed_is_checked() {
    // Whatever grows with the square of something would be felt here.
    let fill = |open: &str, item: &dyn Fn(usize) -> String, close: &str| {
        let mut text = open.to_owned();
        let mut at = 0;
        while text.len() + close.len() + 100 < 1 << 20 {
            if at > 0 {
                text.push(',');
            }
            text.push_str(&item(at));
            at += 1;
        }
        text + close
    };
    let code = |at: usize| {
        String::from_utf8([at / 676 % 26, at / 26 % 26, at % 26].iter().map(|letter| b'A' + *letter as u8).collect()).unwrap()
    };
    let head = r#"{ "sites": { "s": { "versions": { "v1": "assets:v1", "v2": "assets:v2" }, "stable": "v1", "#;
    let texts = [
        fill(
            &format!("{head}\"rules\": ["),
            &|at| {
                format!(
                    r#"{{"name":"r{at}","when":{{"any":[{{"path":"/{at}"}},{{"all":[{{"bot":true}},{{"path":"/x{at}"}}]}}]}},"serve":"v2"}}"#
                )
            },
            "] } } }",
        ),
        fill(
            &format!("{head}\"rules\": [{{ \"name\": \"r\", \"serve\": \"v2\", \"when\": {{ \"all\": ["),
            &|at| format!(r#"{{"any":[{{"path":"/{at}"}},{{"not":{{"bot":true}}}}]}}"#),
            "] } }] } } }",
        ),
        fill(
            &format!("{head}\"rollout\": {{ \"canary\": \"v2\", \"strategy\": \"geographic\", \"steps\": [{{ \"areas\": {{"),
            &|at| format!("\"colo:{}\":\"5%\"", code(at)),
            "} }] } } } }",
        ),
        fill(&format!("{head}\"hosts\": ["), &|at| format!("\"*.h{at}.x\""), "] } } }"),
        fill(
            "{ \"sites\": {",
            &|at| format!(r#""s{at}":{{"hosts":["h{at}.x"],"versions":{{"v1":"https://h{at}.x"}},"stable":"v1"}}"#),
            "} }",
        ),
        fill("{ \"sites\": {", &|at| format!("\"{at}\":1"), "} }"),
        fill("[", &|at| at.to_string(), "]"),
    ];
    for text in texts {
        let checked = check(text.as_bytes(), &Builds::unknown());
        assert!(checked.problems.len() <= 201);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        is_consistent(&check(&bytes, &Builds::unknown()))?;
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"\\\\ntrue0-9.eE/*\u{e9}\u{1f389} -]{0,80}") {
        is_consistent(&checked(&text))?;
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..2_000, len in 0_usize..40, patch in prop_oneof!["[ -~]{0,6}", "\\PC{0,4}", Just("null".to_owned()), Just("\"".to_owned())]) {
        let mut text: Vec<char> = valid().chars().collect();
        let at = at.min(text.len());
        let end = (at + len).min(text.len());
        text.splice(at..end, patch.chars());
        is_consistent(&checked(&text.into_iter().collect::<String>()))?;
    }

    #[test]
    fn no_damaged_byte_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = valid().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        is_consistent(&check(&bytes, &Builds::unknown()))?;
    }

    #[test]
    fn no_exchanged_value_makes_it_panic(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        // Two pieces between quotes change places: everything stays JSON.
        let text = valid();
        let mut pieces: Vec<&str> = text.split('"').collect();
        let odd = pieces.len() / 2;
        pieces.swap(from.index(odd) * 2 + 1, to.index(odd) * 2 + 1);
        is_consistent(&checked(&pieces.join("\"")))?;
    }
}
