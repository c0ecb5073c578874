//! Versions and their origins.

use halftone::plan::Origin;
use insta::assert_snapshot;

use crate::{checked, said};

fn with(version: &str) -> String {
    format!(
        r#"{{ "sites": {{ "shop": {{ "hosts": ["shop.example", "*.shop.example"], "versions": {{ "v1": "assets:v1", "v2": {version} }}, "stable": "v1" }} }} }}"#
    )
}

fn origin(text: &str) -> Origin {
    let checked = checked(&with(&format!("{text:?}")));
    let config = checked.config.unwrap_or_else(|| panic!("{text}: {:?}", checked.problems));
    config.sites[0].versions[1].origin.clone()
}

#[test]
fn the_five_kinds_of_origin_are_read() {
    let s = str::to_owned;
    assert_eq!(origin("assets:v2"), Origin::Assets(s("/v2")));
    assert_eq!(origin("assets:site/v2"), Origin::Assets(s("/site/v2")));
    assert_eq!(origin("https://abc.pages.example"), Origin::Url(s("https://abc.pages.example"), s("")));
    assert_eq!(origin("https://ABC.pages.example:443/base/"), Origin::Url(s("https://abc.pages.example"), s("/base")));
    assert_eq!(origin("http://127.0.0.1:9000/a/b"), Origin::Url(s("http://127.0.0.1:9000"), s("/a/b")));
    assert_eq!(origin("https://[::1]:8443"), Origin::Url(s("https://[::1]:8443"), s("")));
    assert_eq!(origin("zone"), Origin::Zone(s("")));
    assert_eq!(origin("zone:/v2/"), Origin::Zone(s("/v2")));
    assert_eq!(origin("r2:BUILDS"), Origin::R2(s("BUILDS"), s("")));
    assert_eq!(origin("r2:BUILDS/shop/v2"), Origin::R2(s("BUILDS"), s("shop/v2/")));
    assert_eq!(origin("service:SITE_2"), Origin::Service(s("SITE_2"), s("")));
    assert_eq!(origin("service:SITE/v2/"), Origin::Service(s("SITE"), s("/v2")));
}

#[test]
fn origins_are_explained() {
    let cases = [
        "v2",
        "",
        "assets:",
        "assets:/v2",
        "assets:../v2",
        "assets:v2/../v1",
        "assets:a//b",
        "ftp://x.example",
        "htps://x.example",
        "asets:v2",
        "x.example",
        "https:x.example",
        "https://",
        "https://user:pass@x.example/",
        "https://x.example/?a=1",
        "https://x.example/#top",
        "https://x.example:99999",
        "https://x_.-.example",
        "https://bücher.example",
        "https://x.example/a b",
        "https://x.example/bücher",
        "https://x.example/a/../b",
        "https://x.example/%2e%2e/b",
        "zone:v2",
        "zonen",
        "r2:builds/v2",
        "r2:",
        "service:my-site",
        "service:SITE?x",
        " assets:v2",
        "r2:BUILDS//v2",
    ];
    let all: Vec<String> = cases.iter().map(|case| said(&with(&format!("{case:?}")))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    1:108 sites.shop.versions.v2: `v2` does not say what kind of origin it is — write `assets:v2` for the folder of that name
    1:108 sites.shop.versions.v2: `""` is not an origin: `assets:FOLDER`, `https://host/base`, `zone`, `zone:/base`, `r2:BINDING/prefix` or `service:BINDING/base` — write it like "assets:v1"
    1:108 sites.shop.versions.v2: `assets:` names no folder — write the folder of the build, like `assets:v1`
    1:108 sites.shop.versions.v2: `assets:/v2` has a slash at its beginning or end; a folder is relative to the assets folder — write `assets:v2`
    1:108 sites.shop.versions.v2: `assets:../v2` has a `.` or `..` in it, and would leave its folder — write the path without them
    1:108 sites.shop.versions.v2: `assets:v2/../v1` has a `.` or `..` in it, and would leave its folder — write the path without them
    1:108 sites.shop.versions.v2: `assets:a//b` has two slashes in a row — write one `/` between the names of the folder
    1:108 sites.shop.versions.v2: `ftp://x.example` has the scheme `ftp`, and only http and https can be fetched — write `https://x.example`
    1:108 sites.shop.versions.v2: `htps://x.example` has the scheme `htps`, and only http and https can be fetched — write `https://x.example`
    1:108 sites.shop.versions.v2: `asets:v2` has `asets:` in front, which is no kind of origin — did you mean `assets:v2`?
    1:108 sites.shop.versions.v2: `x.example` does not say what kind of origin it is — write `https://x.example` for a host, `assets:x.example` for a folder
    1:108 sites.shop.versions.v2: `https:x.example` is not a whole address — write `https://x.example`
    1:108 sites.shop.versions.v2: `https://` is not an origin: `assets:FOLDER`, `https://host/base`, `zone`, `zone:/base`, `r2:BINDING/prefix` or `service:BINDING/base` — write it like "assets:v1"
    1:108 sites.shop.versions.v2: `https://user:pass@x.example/` has a user name or password in it, which would lie open in the plan — write `https://x.example/`; a service binding or signed request is the place for secrets
    1:108 sites.shop.versions.v2: `https://x.example/?a=1` has a query or fragment, and only the visitor's query goes to the origin — write `https://x.example/`
    1:108 sites.shop.versions.v2: `https://x.example/#top` has a query or fragment, and only the visitor's query goes to the origin — write `https://x.example/`
    1:108 sites.shop.versions.v2: `https://x.example:99999` has the port `99999`, and ports go from 1 to 65535
    1:108 sites.shop.versions.v2: `https://x_.-.example` has the host `x_.-.example`, which is not a hostname
    1:108 sites.shop.versions.v2: `https://bücher.example` has the host `bücher.example`, which is not a hostname — write it as browsers send it, in Punycode: `xn--…`
    1:108 sites.shop.versions.v2: `https://x.example/a b` has a space, which addresses do not have — write `https://x.example/a%20b`
    1:108 sites.shop.versions.v2: `https://x.example/bücher` has `ü`, which addresses do not have — percent-encode the path: `/b%C3%BCcher`
    1:108 sites.shop.versions.v2: `https://x.example/a/../b` has a `.` or `..` in it, and would leave its base path — write the path without them
    1:108 sites.shop.versions.v2: `https://x.example/%2e%2e/b` has a `.` or `..` in it, and would leave its base path — write the path without them
    1:108 sites.shop.versions.v2: `zone:v2` has no base path that begins with `/` — write `zone:/v2`, or `zone` alone
    1:108 sites.shop.versions.v2: `zonen` is no kind of origin — did you mean `zone`?
    1:108 sites.shop.versions.v2: `r2:builds/v2` has no name of a binding as wrangler.toml writes it: capital letters, digits and `_` — write `r2:BUILDS/v2`, if the binding is called so
    1:108 sites.shop.versions.v2: `r2:` has no name of a binding as wrangler.toml writes it: capital letters, digits and `_`
    1:108 sites.shop.versions.v2: `service:my-site` has no name of a binding as wrangler.toml writes it: capital letters, digits and `_` — write `service:MY_SITE`, if the binding is called so
    1:108 sites.shop.versions.v2: `service:SITE?x` has no name of a binding as wrangler.toml writes it: capital letters, digits and `_`
    1:108 sites.shop.versions.v2: ` assets:v2` has white space around it — write `assets:v2`
    1:108 sites.shop.versions.v2: `r2:BUILDS//v2` has two slashes in a row — write one `/` between the names of the key prefix
    "#);
}

#[test]
fn origins_that_loop_are_found() {
    assert_snapshot!(said(&with(r#""https://shop.example/v2""#)), @"1:108 sites.shop.versions.v2: `https://shop.example/v2` loops: this Worker answers for `shop.example` itself, as a host of site `shop` — write `zone` for the server behind the site's own hostname, or the address the build host gave this build");
    assert_snapshot!(said(&with(r#""https://V2.shop.example""#)), @"1:108 sites.shop.versions.v2: `https://V2.shop.example` loops: this Worker answers for `v2.shop.example` itself, as a host of site `shop` (by `*.shop.example`) — write `zone` for the server behind the site's own hostname, or the address the build host gave this build");
    let admin = with(r#""https://admin.example""#).replacen('{', r#"{ "admin": { "host": "admin.example" }, "#, 1);
    assert_snapshot!(said(&admin), @"1:147 sites.shop.versions.v2: `https://admin.example` loops: `admin.example` is the admin host of this Worker — write the address the build host gave this build");
}

#[test]
fn another_port_of_this_machine_is_another_server() {
    let local = |host: &str| with(&format!(r#""{host}""#)).replace("shop.example", "localhost");
    assert!(said(&local("http://localhost:9000")).is_empty());
    assert_snapshot!(said(&local("http://localhost")), @"1:102 sites.shop.versions.v2: `http://localhost` loops: this Worker answers for `localhost` itself, as a host of site `shop` — write `zone` for the server behind the site's own hostname, or the address the build host gave this build");
}

#[test]
fn plain_http_is_for_this_machine() {
    assert_snapshot!(said(&with(r#""http://builds.example/v2""#)), @"1:108 warning: sites.shop.versions.v2: `http://builds.example/v2` is fetched over plain http: whoever is in between can change the files — write `https://builds.example/v2` if the host has it");
    assert!(said(&with(r#""http://127.0.0.1:9000""#)).is_empty());
}

#[test]
fn two_versions_in_one_place_are_one_build() {
    assert_snapshot!(said(&with(r#"{ "origin": "assets:v1", "not_found": "spa" }"#)), @"1:120 warning: sites.shop.versions.v2.origin: `assets:v1` is the origin of `v1` too: the two versions are one build — give each build a place of its own");
}

#[test]
fn options_that_do_nothing_for_an_origin_are_said() {
    assert_snapshot!(said(&with(r#"{ "origin": "assets:v2", "forward": ["cookie"] }"#)), @"1:144 warning: sites.shop.versions.v2.forward: files are read from storage, which gets no headers — take `forward` out");
    assert_snapshot!(said(&with(r#"{ "origin": "service:SITE", "forward": ["cookie", "authorization"] }"#)), @"1:147 warning: sites.shop.versions.v2.forward: the site's own server and bound services see cookies and authorization anyway — take `forward` out");
    assert_snapshot!(said(&with(r#"{ "origin": "https://x.example", "forward": ["cookies"] }"#)), @"1:153 sites.shop.versions.v2.forward[0]: `cookies` is not `cookie` or `authorization` — did you mean `cookie`?");
}

#[test]
fn an_application_whose_files_are_not_known_gets_no_fallback_and_that_is_said() {
    let version = |origin: &str| with(&format!(r#"{{ "origin": "{origin}", "not_found": "spa" }}"#));
    assert_snapshot!(said(&version("https://x.example")), @r#"1:154 warning: sites.shop.versions.v2.not_found: `spa` does nothing here: the files of this version are not known, so what the origin answers is passed on — add `"files": "FOLDER"`, a copy of the build beside the config, or let the origin answer with its `/index.html`"#);
    assert_snapshot!(said(&version("service:SITE")), @r#"1:149 warning: sites.shop.versions.v2.not_found: `spa` does nothing here: the files of this version are not known, so what the origin answers is passed on — add `"files": "FOLDER"`, a copy of the build beside the config, or let the origin answer with its `/index.html`"#);
    assert_snapshot!(said(&version("r2:BUILDS/v2")), @r#"1:149 warning: sites.shop.versions.v2.not_found: `spa` does nothing here: the files of this version are not known, so what the origin answers is passed on — add `"files": "FOLDER"`, a copy of the build beside the config"#);
    assert_snapshot!(said(&version("zone")), @r#"1:141 warning: sites.shop.versions.v2.not_found: `spa` does nothing here: the files of this version are not known, so what the origin answers is passed on — let the site's own server answer with its `/index.html`, and take this out"#);
    assert_eq!(said(&version("assets:v2")), "");
    assert_eq!(said(&with(r#"{ "origin": "https://x.example", "not_found": "page" }"#)), "");
    assert_eq!(said(&with(r#"{ "origin": "https://x.example", "not_found": "spa", "files": "dist/v2" }"#)), "");
}

#[test]
fn the_sites_own_server_is_not_behind_the_hosts_of_this_machine() {
    assert_eq!(said(&with("\"zone\"")), "");
    assert_snapshot!(said(&with("\"zone:/v2\"").replace("\"shop.example\"", "\"127.0.0.1\"")), @"1:105 warning: sites.shop.versions.v2: `zone:/v2` loops on `127.0.0.1`: behind the hosts of this machine there is no other server — open the site under its real hostname, or use another origin in local runs");
}

#[test]
fn file_lists_belong_to_origins_that_can_not_be_listed() {
    assert_snapshot!(said(&with(r#"{ "origin": "assets:v2", "files": "dist/v2" }"#)), @"1:142 sites.shop.versions.v2.files: an `assets` origin is a local folder itself, and its files are known — take `files` out");
    assert_snapshot!(said(&with(r#"{ "origin": "zone:/v2", "files": "dist/v2" }"#)), @"1:141 sites.shop.versions.v2.files: what the site's own server has is not a folder of files, so a list of them would be wrong — take `files` out");
    assert_snapshot!(said(&with(r#"{ "origin": "r2:BUILDS/v2", "files": "/dist/v2" }"#)), @"1:145 sites.shop.versions.v2.files: `/dist/v2` is absolute, and would be wrong on every other machine — write it relative to the config file, like `dist/v2`");
    assert_snapshot!(said(&with(r#"{ "origin": "r2:BUILDS/v2", "files": "dist\\v2" }"#)), @r#"1:145 sites.shop.versions.v2.files: `dist\v2` has a backslash — write `dist/v2`"#);
    let file = checked(&with(r#"{ "origin": "r2:BUILDS/v2", "files": "dist/v2/" }"#));
    assert_eq!(file.config.unwrap().sites[0].versions[1].files.as_deref(), Some("dist/v2"));
}

#[test]
fn reserved_version_ids_are_refused() {
    let file =
        |id: &str| format!(r#"{{ "sites": {{ "shop": {{ "versions": {{ "{id}": "assets:v1" }}, "stable": "{id}" }} }} }}"#);
    assert_snapshot!(said(&file("stable")), @"1:38 sites.shop.versions.stable: `stable` is not free to be a version id: it has a meaning of its own — choose another name");
    assert_snapshot!(said(&file("v 1")), @r#"
    1:38 sites.shop.versions["v 1"]: `v 1` is not a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit — write `v-1`
    1:70 sites.shop.stable: `v 1` is not a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit — write `v-1`
    "#);
    assert_snapshot!(said(&file(&"v".repeat(65))), @r#"
    1:38 sites.shop.versions.vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv: `vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv` has 65 characters, a version id has at most 64
    1:132 sites.shop.stable: `vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv` has 65 characters, a name has at most 64
    "#);
    assert!(said(&file("2026-11-23_a.1")).is_empty());
}

#[test]
fn unknown_versions_are_told_from_typing_errors() {
    let file = |stable: &str| with("\"assets:v2\"").replace("\"stable\": \"v1\"", &format!("\"stable\": \"{stable}\""));
    assert_snapshot!(said(&file("V1")), @"1:133 sites.shop.stable: `V1` is not a version of this site — did you mean `v1`?");
    assert_snapshot!(said(&file("production")), @"1:133 sites.shop.stable: `production` is not a version of this site — the versions are `v1` and `v2`");
    assert_snapshot!(said(&file("stable")), @"1:133 sites.shop.stable: `stable` is not a version of this site — the versions are `v1` and `v2`");
}
