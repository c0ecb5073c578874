//! Sites among each other: hosts, the default, the admin host, cookies and consent.

use halftone::config::Severity;
use insta::assert_snapshot;

use crate::{checked, said, shop};

/// Sites by name, each with these keys.
fn sites(sites: &[(&str, &str)]) -> String {
    let site =
        |(name, keys): &(&str, &str)| format!(r#""{name}": {{ "versions": {{ "v1": "assets:{name}" }}, "stable": "v1"{keys} }}"#);
    format!("{{ \"sites\": {{\n{}\n}} }}", sites.iter().map(site).collect::<Vec<_>>().join(",\n"))
}

#[test]
fn exactly_one_site_is_the_default() {
    let (a, b) = (r#", "hosts": ["a.example"]"#, r#", "hosts": ["b.example"]"#);
    let default = |keys: &str, is: bool| format!(r#"{keys}, "default": {is}"#);
    assert_eq!(checked(&sites(&[("a", a)])).config.unwrap().default_site, 0);
    assert_eq!(checked(&sites(&[("a", a), ("b", "")])).config.unwrap().default_site, 1);
    assert_eq!(checked(&sites(&[("a", a), ("b", &default(b, true))])).config.unwrap().default_site, 1);
    assert_snapshot!(said(&sites(&[("a", a), ("b", b)])), @r#"1:12 sites: no site answers for hosts that none of them names — add "default": true to one of them"#);
    assert_snapshot!(said(&sites(&[("a", ""), ("b", "")])), @"1:12 sites: `a` and `b` name no hosts, and only one site can answer for every other host — give all but one of them hosts");
    assert_snapshot!(said(&sites(&[("a", &default(a, true)), ("b", &default(b, true))])), @"3:93 sites.b.default: site `a` is the default already — only one site can be: take `default` out of the others");
    assert_snapshot!(said(&sites(&[("a", &default(a, true)), ("b", "")])), @"3:6 sites.b: site `b` names no hosts and is not the default: it answers for nothing — give it hosts");
    assert_snapshot!(said(&sites(&[("a", &default("", false))])), @"2:69 sites.a.default: `false` can not be: no other site answers for hosts that none names — leave `default` out here, or set it for another site");
}

#[test]
fn hosts_are_explained() {
    let cases = [
        "https://shop.example/",
        "http://[::1]:80",
        "shop.example:8787",
        "shop.example/de",
        "shop.example.",
        ".shop.example",
        "*",
        "www.*.example",
        "größe.example",
        "shop example",
        " shop.example",
        "::1",
        "-shop.example",
        "",
    ];
    let all: Vec<String> = cases.iter().map(|host| said(&shop(&format!(r#""hosts": ["{host}"]"#)))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:11 sites.shop.hosts[0]: `https://shop.example/` has a scheme (`https://`), a hostname has none — write `shop.example`
    2:11 sites.shop.hosts[0]: `http://[::1]:80` has a scheme (`http://`), a hostname has none — write `[::1]`
    2:11 sites.shop.hosts[0]: `shop.example:8787` has a port (`8787`); hosts are compared without ports — write `shop.example`
    2:11 sites.shop.hosts[0]: `shop.example/de` has a path (`/de`), a hostname has none — write `shop.example`; paths belong in rules
    2:11 sites.shop.hosts[0]: `shop.example.` ends with a dot — write `shop.example`
    2:11 sites.shop.hosts[0]: `.shop.example` begins with a dot — write `*.shop.example` for all names below `shop.example`
    2:11 sites.shop.hosts[0]: `*` is every host — leave `hosts` out: the site then answers for every host that no other site names
    2:11 sites.shop.hosts[0]: `www.*.example` has a `*` elsewhere than in front — write `*.shop.example` for all names below `shop.example`
    2:11 sites.shop.hosts[0]: `größe.example` has letters outside of ASCII — write it as browsers send it, in Punycode: `xn--…`
    2:11 sites.shop.hosts[0]: `shop example` is not a hostname: names of letters, digits and `-` with dots between, `*.` in front for all names below; no scheme, port or path — write it like "shop.example"
    2:11 sites.shop.hosts[0]: ` shop.example` has white space around it — write `shop.example`
    2:11 sites.shop.hosts[0]: `::1` is an IPv6 address without brackets — write `[::1]`
    2:11 sites.shop.hosts[0]: `-shop.example` is not a hostname: names of letters, digits and `-` with dots between, `*.` in front for all names below; no scheme, port or path — write it like "shop.example"
    2:11 sites.shop.hosts[0]: `""` is not a hostname: names of letters, digits and `-` with dots between, `*.` in front for all names below; no scheme, port or path — write it like "shop.example"
    "#);
    assert!(
        said(&shop(
            r#""hosts": ["Shop.Example", "*.shop.example", "127.0.0.1", "[::1]", "xn--gre-6ka8i.example", "a_b.example"]"#
        ))
        .is_empty()
    );
}

#[test]
fn hosts_are_kept_in_lower_case() {
    assert_eq!(checked(&shop(r#""hosts": ["Shop.Example"]"#)).config.unwrap().sites[0].hosts, ["shop.example"]);
}

#[test]
fn a_host_belongs_to_one_site() {
    let both = sites(&[("a", r#", "hosts": ["x.example", "X.example"]"#), ("b", r#", "hosts": ["x.example"], "default": true"#)]);
    assert_snapshot!(said(&both), @r#"
    2:81 sites.a.hosts[1]: `x.example` stands twice (line 2, column 68) — take one out
    3:68 sites.b.hosts[0]: `x.example` is already a host of site `a` (line 2, column 68) — a host belongs to one site: take it out of one of them
    "#);
}

#[test]
fn overlaps_say_that_the_narrower_name_wins_whatever_the_order() {
    let (wide, narrow) = (r#", "hosts": ["*.x.example"]"#, r#", "hosts": ["a.x.example"], "default": true"#);
    let said_of = said(&sites(&[("wide", wide), ("narrow", narrow)]));
    assert_snapshot!(said_of, @"3:78 warning: sites.narrow.hosts[0]: `a.x.example` is also covered by `*.x.example` of site `wide`; it is narrower, so `narrow` has it");
    assert_eq!(said(&sites(&[("narrow", narrow), ("wide", wide)])), said_of.replace("3:78", "2:78"));
    let file = sites(&[("wide", wide), ("narrow", narrow)]);
    assert!(checked(&file).problems.iter().all(|problem| problem.severity == Severity::Warning));
}

#[test]
fn the_admin_host_serves_no_site() {
    let file = |admin: &str| {
        format!(
            r#"{{ "admin": {{ "host": "{admin}" }}, "sites": {{ "a": {{ "hosts": ["x.example", "*.y.example"], "versions": {{ "v1": "assets:v1" }}, "stable": "v1" }} }} }}"#
        )
    };
    assert!(said(&file("admin.example")).is_empty());
    assert_snapshot!(said(&file("X.example")), @"1:22 admin.host: `x.example` is also a host of site `a`: scripts of its builds could use the admin surface — give the admin surface a hostname of its own");
    assert_snapshot!(said(&file("admin.y.example")), @"1:22 admin.host: `admin.y.example` is also a host of site `a` (by `*.y.example`): scripts of its builds could use the admin surface — give the admin surface a hostname of its own");
    assert_snapshot!(said(&file("*.example")), @"1:22 admin.host: `*.example` is a wildcard, and one hostname is needed — write it in full, like `admin.shop.example`");
}

#[test]
fn prefixes_are_explained() {
    let file = |prefix: &str| {
        format!(r#"{{ "prefix": "{prefix}", "sites": {{ "a": {{ "versions": {{ "v1": "assets:v1" }}, "stable": "v1" }} }} }}"#)
    };
    let all: Vec<String> = ["/", "gray", "/gray/", "/a/../b", "/a b", ""].iter().map(|prefix| said(&file(prefix))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    1:13 prefix: `/` would reserve every path — write a path of its own, like `/_halftone`
    1:13 prefix: `gray` does not begin with `/` — write `/gray`
    1:13 prefix: `/gray/` ends with `/` — write `/gray`
    1:13 prefix: `/a/../b` is not a path prefix: begins with `/`, does not end with it, and has only letters, digits, `.`, `_` and `-` in between, no `.` or `..` segment — write it like "/_halftone"
    1:13 prefix: `/a b` is not a path prefix: begins with `/`, does not end with it, and has only letters, digits, `.`, `_` and `-` in between, no `.` or `..` segment — write it like "/_halftone"
    1:13 prefix: `""` is not a path prefix: begins with `/`, does not end with it, and has only letters, digits, `.`, `_` and `-` in between, no `.` or `..` segment — write it like "/_halftone"
    "#);
    assert!(said(&file("/.well-known/gray")).is_empty());
}

#[test]
fn geo_headers_are_believed_on_public_hosts_only_with_a_warning() {
    let file = |host: &str| {
        format!(
            r#"{{ "geo_headers": {{ "country": "CF-IPCountry" }}, "sites": {{ "a": {{ "hosts": ["{host}"], "versions": {{ "v1": "assets:v1" }}, "stable": "v1" }} }} }}"#
        )
    };
    assert!(said(&file("127.0.0.1")).is_empty());
    assert_snapshot!(said(&file("shop.example")), @"1:18 warning: geo_headers: these headers are believed on `shop.example` too: any visitor can send them and choose a country — take `geo_headers` out, unless a proxy in front sets them itself on every request");
    assert_snapshot!(said(&file("127.0.0.1").replace("CF-IPCountry", "CF IPCountry:")), @"1:31 geo_headers.country: `CF IPCountry:` has a character that no such name has — write `CF-IPCountry`");
}

#[test]
fn cookies_must_not_clash() {
    assert_snapshot!(said(&shop(r#""consent": "cookie:__Host-halftone=*""#)), @"2:12 sites.shop.consent: `__Host-halftone` is Halftone's own cookie here (`halftone`), which is set only after consent — name the cookie that your consent banner sets");
    assert_snapshot!(said(&shop(r#""cookie": { "name": "build" }, "consent": "cookie:build-preview=1""#)), @"2:43 sites.shop.consent: `build-preview` is Halftone's own cookie here (`build`), which is set only after consent — name the cookie that your consent banner sets");
    assert!(said(&shop(r#""cookie": { "name": "build" }, "consent": "cookie:halftone=1""#)).is_empty());
    assert_snapshot!(said(&shop(r#""cookie": { "name": "__Host-build" }"#)), @"2:21 sites.shop.cookie.name: `__Host-build` has a prefix that browsers treat specially; `__Host-` is put in front on https by itself — write `build`");
    assert_snapshot!(said(&shop(r#""cookie": { "name": "my cookie" }"#)), @r#"2:21 sites.shop.cookie.name: `my cookie` is not a name for our cookie: letters, digits, `_` and `-`, at most 40 — write it like "halftone""#);
}

#[test]
fn consent_is_explained() {
    let all: Vec<String> = ["consent=yes", "cookie:consent", "cookie:con sent=1", "yes", "cookie:consent="]
        .iter()
        .map(|text| said(&shop(&format!(r#""consent": "{text}""#))))
        .collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:12 sites.shop.consent: `consent=yes` does not begin with `cookie:` — write `cookie:consent=yes`
    2:12 sites.shop.consent: `cookie:consent` names a cookie, but not the value that says yes — write `cookie:consent=yes`, or `cookie:consent=*` for any value
    2:12 sites.shop.consent: `cookie:con sent=1` is not a consent cookie: `cookie:NAME=PATTERN` — write it like "cookie:consent=yes*"
    2:12 sites.shop.consent: `yes` is not a consent cookie: `cookie:NAME=PATTERN` — write it like "cookie:consent=yes*"
    2:12 sites.shop.consent: `cookie:consent=` is not a consent cookie: `cookie:NAME=PATTERN` — write it like "cookie:consent=yes*"
    "#);
    assert_snapshot!(said(&shop(r#""without_consent": "cookieless""#)), @r#"2:20 warning: sites.shop.without_consent: no consent is asked here, so nobody is without — add "consent": "cookie:NAME=VALUE", or take this out"#);
}

#[test]
fn a_cookie_for_iframes_needs_https() {
    assert_snapshot!(said(&shop(r#""hosts": ["localhost"], "cookie": { "same_site": "none" }"#)), @"2:50 warning: sites.shop.cookie.same_site: `none` needs https, which `localhost` hardly has; over plain http the cookie is sent as `lax`");
    assert!(said(&shop(r#""hosts": ["shop.example"], "cookie": { "same_site": "none" }"#)).is_empty());
}

#[test]
fn too_many_versions_are_counted() {
    let versions: Vec<String> = (0..64).map(|at| format!(r#""v{at}": "assets:v{at}""#)).collect();
    let file = format!(r#"{{ "sites": {{ "shop": {{ "versions": {{ {} }}, "stable": "v0" }} }} }}"#, versions.join(", "));
    assert_snapshot!(said(&file), @"1:36 sites.shop.versions: 64 are too many: at most 63 are allowed");
}
