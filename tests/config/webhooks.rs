//! What reaches beyond the site: who is told of decisions, and where a live config may bring versions from.

use halftone::rollout::announce::{Format, Hook};
use halftone::rollout::event::Kind;

use crate::{checked, said, shop};

fn hooks(hooks: &str) -> String {
    shop(&format!(r#""webhooks": [{hooks}]"#))
}

#[test]
fn a_webhook_says_where_what_and_in_which_form() {
    let text = hooks(
        r#"{ "url": "https://hooks.example/a?b=c", "events": ["roll_back", "hold"], "format": "slack", "secret": "HOOK_A" },
           { "url": "secret:HOOK_SLACK" }, { "url": "http://127.0.0.1:9000/" }"#,
    );
    let all = checked(&text).config.unwrap().sites.remove(0).webhooks;
    let first = Hook {
        url: "https://hooks.example/a?b=c".to_owned(),
        events: vec![Kind::RollBack, Kind::Hold],
        format: Format::Slack,
        secret: "HOOK_A".to_owned(),
    };
    assert_eq!(all[0], first);
    let usual = Hook { url: "secret:HOOK_SLACK".to_owned(), events: Vec::new(), format: Format::Json, secret: String::new() };
    assert_eq!(all[1], usual);
    assert_eq!(checked(&shop("")).config.unwrap().sites.remove(0).webhooks, []);
}

#[test]
fn a_webhook_over_plain_http_or_with_a_password_or_a_bare_secret_is_refused() {
    for bad in [
        r#"{ "url": "http://hooks.example/" }"#,
        r#"{ "url": "https://ann:pw@hooks.example/" }"#,
        r#"{ "url": "ftp://hooks.example/" }"#,
        r#"{ "url": "secret:HALFTONE_KEYS" }"#,
        r#"{ "url": "https://hooks.example/", "secret": "HALFTONE_KEYS" }"#,
        r#"{ "url": "https://hooks.example/", "secret": "a b c" }"#,
        r#"{ "url": "https://hooks.example/", "events": ["mark"] }"#,
        r#"{ "url": "https://hooks.example/", "events": [] }"#,
        r#"{ "format": "json" }"#,
    ] {
        assert!(checked(&hooks(bad)).config.is_none(), "{bad}");
    }
    assert!(said(&hooks(r#"{ "url": "http://hooks.example/" }"#)).contains("write `https://hooks.example/`"));
}

#[test]
fn allowed_origins_are_whole_addresses_with_stars() {
    let allowed = |text: &str| shop(&format!(r#""allow_origins": [{text}]"#));
    let good = allowed(r#""https://*.pages.example/", "r2:BUILDS/shop/*/", "r2:BUILDS/""#);
    assert_eq!(checked(&good).config.unwrap().sites.remove(0).allow_origins.len(), 3);
    for bad in
        ["https://*.pages.example", "http://a.example/", "assets:*/", "https:///", "r2:builds/", "https://a@b.example/", "zone"]
    {
        assert!(checked(&allowed(&format!("\"{bad}\""))).config.is_none(), "{bad}");
    }
    assert!(said(&allowed(r#""https://*.pages.example""#)).contains("write `https://*.pages.example/`"));
}
