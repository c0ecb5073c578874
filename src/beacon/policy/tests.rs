use super::*;
use proptest::prelude::*;

const PAGE: &str = "https://shop.example";

fn told(headers: &[&str], origin: &str) -> String {
    let verdict = judge(headers.iter().copied(), origin, "/_halftone");
    let script = match verdict.script {
        Script::Blocked => "blocked".to_owned(),
        Script::Allowed { nonce: None } => "script".to_owned(),
        Script::Allowed { nonce: Some(nonce) } => format!("nonce={nonce}"),
    };
    let words = [(verdict.inline, " inline"), (verdict.connect, " connect"), (verdict.reports, " reports")];
    words.iter().filter(|(is, _)| *is).fold(script, |line, (_, word)| line + word)
}

#[test]
fn policies_of_real_sites() {
    for (policy, expected) in [
        ("", "script inline connect reports"),
        (
            "frame-ancestors 'none'; upgrade-insecure-requests; require-trusted-types-for 'script'",
            "script inline connect reports",
        ),
        ("default-src 'self'", "script connect reports"),
        ("default-src 'none'", "blocked reports"),
        ("default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'self'", "script connect reports"),
        ("default-src 'none'; script-src 'self'", "script reports"),
        (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' https://www.googletagmanager.com",
            "script inline connect reports",
        ),
        ("default-src https: data: 'unsafe-inline' 'unsafe-eval'", "script inline connect reports"),
        ("default-src 'self' https:; script-src https://cdn.example 'sha256-abc='; connect-src *", "blocked connect reports"),
        // Strict policies as web.dev recommends them.
        (
            "script-src 'nonce-r4nd0m+/==' 'strict-dynamic'; object-src 'none'; base-uri 'none'",
            "nonce=r4nd0m+/== inline connect reports",
        ),
        (
            "script-src 'nonce-r4nd0m' 'strict-dynamic' https: 'unsafe-inline'; base-uri 'none'",
            "nonce=r4nd0m inline connect reports",
        ),
        ("script-src 'sha256-abc=' 'strict-dynamic' https: 'unsafe-inline' 'self'", "blocked connect reports"),
        // As code-hosting and encyclopaedia sites have them.
        (
            "default-src 'none'; base-uri 'self'; connect-src 'self' uploads.shop.example wss://alive.shop.example; \
          script-src assets.shop.example",
            "blocked connect reports",
        ),
        (
            "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob: upload.example https://*.example meta.example",
            "script inline connect reports",
        ),
        ("DEFAULT-SRC 'SELF'; Script-Src 'Nonce-AbC' 'Unsafe-Inline'", "nonce=AbC inline connect reports"),
        ("script-src 'self' 'nonce-abc'; connect-src https://api.example", "nonce=abc inline reports"),
        ("script-src 'self' 'wasm-unsafe-eval' 'report-sample' 'inline-speculation-rules'", "script connect reports"),
    ] {
        assert_eq!(told(&[policy], PAGE), expected, "{policy}");
    }
}

#[test]
fn the_closest_directive_counts_and_of_two_the_first() {
    for (policy, expected) in [
        ("script-src-elem 'none'; script-src 'self' 'unsafe-inline'; default-src *", "blocked connect reports"),
        ("script-src 'none'; script-src-elem 'self'; default-src 'none'", "script reports"),
        ("script-src 'self'; default-src 'none'; connect-src 'self'", "script connect reports"),
        ("script-src; default-src *", "blocked connect reports"),
        ("connect-src; default-src * 'unsafe-inline'", "script inline reports"),
        ("script-src 'self'; script-src 'none'", "script connect reports"),
        ("script-src 'none'; script-src 'self'", "blocked connect reports"),
        ("script-src-attr 'none'; style-src 'none'; worker-src 'none'", "script inline connect reports"),
        (";; ;script-src\t'self'\n;", "script connect reports"),
        ("script-src 'none' 'self'", "script connect reports"),
        ("script-src self", "blocked connect reports"),
        ("script-src \u{e9}; default-src 'self'", "script connect reports"),
    ] {
        assert_eq!(told(&[policy], PAGE), expected, "{policy}");
    }
}

#[test]
fn every_policy_of_every_header_must_allow_it() {
    for (policies, expected) in [
        (&["script-src 'self'", "script-src 'none'"][..], "blocked connect reports"),
        (&["script-src 'self', script-src 'none'"], "blocked connect reports"),
        (&["default-src 'self'", "script-src 'unsafe-inline' 'self'"], "script connect reports"),
        (&["connect-src 'self'", "connect-src 'none'"], "script inline reports"),
        (&["script-src 'nonce-a' 'strict-dynamic'", "script-src 'nonce-a'"], "nonce=a inline connect reports"),
        (&["script-src 'nonce-a'", "script-src 'nonce-b'"], "blocked connect reports"),
        (&["script-src 'nonce-a' 'nonce-b'", "script-src 'nonce-b' 'nonce-c'"], "nonce=b inline connect reports"),
        (&["script-src 'nonce-a'", "script-src 'self'"], "nonce=a connect reports"),
        (&["script-src 'nonce-a'", "script-src 'self' 'unsafe-inline'"], "nonce=a inline connect reports"),
        (&["script-src 'self' 'nonce-a'", "script-src 'self'"], "script connect reports"),
        (&["", ",", "img-src 'none'"], "script inline connect reports"),
    ] {
        assert_eq!(told(policies, PAGE), expected, "{policies:?}");
    }
}

#[test]
fn unsafe_inline_is_void_beside_what_names_scripts() {
    for (sources, expected) in [
        ("'self' 'unsafe-inline'", "script inline connect reports"),
        ("'self' 'unsafe-inline' 'sha384-x'", "script connect reports"),
        ("'self' 'unsafe-inline' 'sha999-x'", "script inline connect reports"),
        ("'self' 'unsafe-inline' 'nonce-'", "script connect reports"),
        ("'self' 'unsafe-inline' 'nonce-a\"><script>'", "script connect reports"),
        ("'self' 'unsafe-inline' 'nonce-a'", "nonce=a inline connect reports"),
        ("'unsafe-inline'", "blocked connect reports"),
        ("'unsafe-inline' 'strict-dynamic' 'self' * https:", "blocked connect reports"),
        ("'self' unsafe-inline", "script connect reports"),
    ] {
        assert_eq!(told(&[&format!("script-src {sources}")], PAGE), expected, "{sources}");
    }
}

#[test]
fn a_nonce_is_base64_or_not_copied() {
    for good in ["a", "abc123+/", "abc-_", "YWJj=", "YWI=="] {
        assert!(told(&[&format!("script-src 'nonce-{good}'")], PAGE).starts_with(&format!("nonce={good} ")), "{good}");
    }
    for bad in ["", "=", "===", "a===", "a=b", "a\"b", "a<b", "a&b", "a'b", "{nonce}", "a.b", "a~b"] {
        assert_eq!(told(&[&format!("script-src 'nonce-{bad}'")], PAGE), "blocked connect reports", "{bad}");
    }
}

#[test]
fn a_sandbox_lets_through_what_it_names() {
    for (policies, expected) in [
        (&["sandbox"][..], "blocked"),
        (&["sandbox allow-scripts"], "script inline"),
        (&["sandbox allow-same-origin"], "blocked connect reports"),
        (&["sandbox Allow-Scripts allow-forms ALLOW-SAME-ORIGIN"], "script inline connect reports"),
        (&["sandbox allow-scripts", "sandbox allow-same-origin"], "blocked"),
        (&["sandbox allow-scripts; script-src 'nonce-a'"], "nonce=a inline"),
    ] {
        assert_eq!(told(policies, PAGE), expected, "{policies:?}");
    }
}

/// Whether the script may come from a source, for a page of an origin.
fn lets(source: &str, origin: &str) -> bool {
    told(&[&format!("script-src {source}")], origin).starts_with("script")
}

#[test]
fn sources_match_as_specified() {
    for (origin, good, bad) in [
        (
            PAGE,
            &[
                "*",
                "'self'",
                "https:",
                "http:",
                "HTTPS:",
                "shop.example",
                "SHOP.example",
                "*.example",
                "https://shop.example",
                "http://shop.example",
                "shop.example:443",
                "shop.example:*",
                "https://shop.example:443",
                "https://*:443",
                "https://*",
                "shop.example/",
                "shop.example/_halftone/",
                "shop.example/_halftone/page.js",
                "shop.example/%5fhalftone/page%2Ejs",
            ][..],
            &[
                "data:",
                "ws:",
                "wss:",
                "https",
                "https://",
                "example",
                "*.shop.example",
                "*.hop.example",
                "*shop.example",
                "shop.*",
                "*.*",
                "p.example",
                "shop.example.",
                "www.shop.example",
                "shop.example:80",
                "http://shop.example:80",
                "shop.example:8443",
                "shop.example:",
                "shop.example:x",
                "shop.example:99999",
                "ftp://shop.example",
                "1://shop.example",
                "shop.example/_halftone",
                "shop.example/page.js",
                "shop.example/_halftone/page.js/",
                "shop.example/_Halftone/page.js",
                "shop.example//_halftone/page.js",
                "shop.example/_halftone/page.js?x",
                "shop.example/_halftone/page.js#x",
                "//shop.example",
                "'none'",
                "'self",
                "self'",
                "'",
                "''",
            ][..],
        ),
        (
            "https://shop.example:8443",
            &["shop.example:8443", "shop.example:*", "https://*.example:8443", "'self'", "https:"],
            &["shop.example", "https://shop.example", "shop.example:443", "*.example"],
        ),
        (
            "http://shop.example",
            &["http:", "shop.example", "http://shop.example:80", "shop.example:80", "*"],
            &["https:", "https://shop.example", "shop.example:443", "wss:"],
        ),
        (
            "http://127.0.0.1:8787",
            &["127.0.0.1:8787", "127.0.0.1:*", "'self'", "http:"],
            &["127.0.0.1", "*.0.0.1:8787x", "localhost:8787"],
        ),
        ("http://10.0.0.1", &["'self'", "*", "http://*"], &["10.0.0.1", "http://10.0.0.1", "*.0.0.1"]),
        ("http://[::1]:8787", &["'self'", "*:8787"], &["[::1]:8787", "*:80", "*.1"]),
    ] {
        for source in good {
            assert!(lets(source, origin), "{source} for {origin}");
        }
        for source in bad {
            assert!(!lets(source, origin), "{source} for {origin}");
        }
    }
}

#[test]
fn the_path_of_beacons_is_not_that_of_the_script() {
    assert_eq!(told(&["default-src shop.example/_halftone/page.js"], PAGE), "script reports");
    assert_eq!(told(&["default-src shop.example/_halftone/in"], PAGE), "blocked connect reports");
    assert_eq!(told(&["connect-src shop.example/_halftone/ 'strict-dynamic' 'nonce-a'"], PAGE), "script inline connect reports");
    assert_eq!(told(&["connect-src 'strict-dynamic' 'nonce-a'"], PAGE), "script inline reports");
}

#[test]
fn a_page_of_no_web_origin_gets_nothing() {
    for origin in ["", "null", "file://", "shop.example"] {
        assert_eq!(told(&[], origin), "blocked", "{origin}");
    }
}

#[test]
fn no_number_of_nonces_makes_the_judgement_long() {
    let many: Vec<_> = (0..1000).map(|number| format!("'nonce-{number}'")).collect();
    assert_eq!(told(&[&format!("script-src {}", many.join(" "))], PAGE), "nonce=0 inline connect reports");
    let late = format!("script-src {}", many[MOST_NONCES..].join(" "));
    assert_eq!(told(&[&format!("script-src {}", many.join(" ")), &late], PAGE), "blocked connect reports");
}

fn policy() -> impl Strategy<Value = String> {
    let word = "'self'|\\*|https:|'unsafe-inline'|'strict-dynamic'|'nonce-[ab]'|'sha256-x'|'none'|shop\\.example(:443|:80)?/?";
    let name = "script-src-elem|script-src|default-src|connect-src|sandbox|img-src";
    let directive = (name, prop::collection::vec(word, 0..4)).prop_map(|(name, words)| format!("{name} {}", words.join(" ")));
    prop::collection::vec(directive, 0..4).prop_map(|directives| directives.join("; "))
}

proptest! {
    #[test]
    fn no_text_breaks_the_judgement(
        policy in "(;|,|:|/|\\*|'|'nonce-|=|%2|script-src|default-src| |\\.|\\PC){0,40}", origin in "(https?://)?(\\PC|:|\\[|\\]|[0-9.]){0,20}",
    ) {
        told(&[&policy], &origin);
        told(&[&format!("script-src {policy}")], PAGE);
    }

    #[test]
    fn one_more_policy_never_allows_more(policies in prop::collection::vec(policy(), 1..4)) {
        let all: Vec<_> = policies.iter().map(String::as_str).collect();
        let judged = |policies: &[&str]| judge(policies.iter().copied(), PAGE, "/_halftone");
        let (some, every) = (judged(&all[1..]), judged(&all));
        prop_assert!(every.script == Script::Blocked || some.script != Script::Blocked);
        prop_assert!(every.inline <= some.inline && every.connect <= some.connect && every.reports <= some.reports);
        prop_assert!(!every.inline || every.script != Script::Blocked);
    }

    #[test]
    fn headers_and_commas_and_their_order_are_the_same(policies in prop::collection::vec(policy(), 0..4)) {
        let all: Vec<_> = policies.iter().map(String::as_str).collect();
        prop_assert_eq!(told(&all, PAGE), told(&[&policies.join(", ")], PAGE));
        let backwards: Vec<_> = all.iter().rev().copied().collect();
        let kinds = |line: String| line.replace("nonce=b", "nonce=a");
        prop_assert_eq!(kinds(told(&all, PAGE)), kinds(told(&backwards, PAGE)));
    }
}
