//! Keys and values that the format does not have.

use insta::assert_snapshot;

use crate::{rollout, said, shop, when};

#[test]
fn unknown_keys_are_told_from_typing_errors() {
    assert_snapshot!(said(&shop(r#""stabel": "v1""#)), @"2:1 sites.shop.stabel: `stabel` is not a key of a site — take it out: `stable` is there already");
    assert_snapshot!(said(r#"{ "sties": {}, "zebra": 1 }"#), @r#"
    1:1 the config needs `sites` — add "sites": { "shop": { … } }
    1:3 sties: `sties` is not a key of the config — did you mean `sites`?
    1:16 zebra: `zebra` is not a key of the config — the keys here are `$schema`, `prefix`, `admin`, `geo_headers` and `sites`
    "#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [{ "percent": "5%" }]"#)), @"2:40 sites.shop.rollout.steps[0]: `{…}` is an object, and here belongs a weight or an object with `weight`, `first` or `areas` — did you mean `weight` by `percent`?");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "Strategy": "random""#)), @"2:30 sites.shop.rollout.Strategy: `Strategy` is not a key of a rollout — did you mean `strategy`?");
    assert_snapshot!(said(&when(r#"{ "coutnry": "NZ" }"#)), @"2:36 sites.shop.rules[0].when.coutnry: `coutnry` is not a key of a condition — did you mean `country`?");
}

#[test]
fn missing_keys_are_shown_with_an_example() {
    assert_snapshot!(said("{}"), @r#"1:1 the config needs `sites` — add "sites": { "shop": { … } }"#);
    assert_snapshot!(said(r#"{ "sites": { "shop": {} } }"#), @r#"
    1:22 sites.shop: a site needs `versions` — add "versions": { "v1": "assets:v1" }
    1:22 sites.shop: a site needs `stable` — add "stable": "v1"
    "#);
    assert_snapshot!(said(&shop(r#""rollout": {}, "rules": [{}], "cookie": {}, "cache": {}"#)), @r#"
    2:12 sites.shop.rollout: a rollout needs `canary` — add "canary": "v2"
    2:26 sites.shop.rules[0]: a rule needs `name` — add "name": "staff"
    2:26 sites.shop.rules[0]: a rule needs `when` — add "when": { "country": "NZ" }
    2:26 sites.shop.rules[0]: a rule needs `serve` or `split` — add "serve": "canary"
    "#);
}

#[test]
fn keys_that_stand_twice_are_found_at_any_level() {
    assert_snapshot!(said(&shop("\"bots\": \"split\",\n\"bots\": \"stable\"")), @"3:1 sites.shop.bots: this key stands twice, first at line 2, column 1 — take one of them out");
    assert_snapshot!(said(r#"{ "sites": { "shop": { "versions": { "v1": "assets:a", "v1": "assets:b" }, "stable": "v1" } } }"#), @"1:56 sites.shop.versions.v1: this key stands twice, first at line 1, column 38 — take one of them out");
    assert_snapshot!(said(&when(r#"{ "country": "NZ", "country": "AU" }"#)), @"2:53 sites.shop.rules[0].when.country: this key stands twice, first at line 2, column 36 — take one of them out");
}

#[test]
fn values_of_the_wrong_type_are_shown_as_they_should_be() {
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [5, 0.05, 200, { "weight": 25, "hold": 600 }]"#)), @r#"
    2:40 sites.shop.rollout.steps[0]: `5` is a number, and here belongs a weight or an object with `weight`, `first` or `areas` — write "5%"
    2:43 sites.shop.rollout.steps[1]: `0.05` is a number, and here belongs a weight or an object with `weight`, `first` or `areas` — write "5%" for 0.05 of all visitors, or "0.05%" for 0.05 percent
    2:49 sites.shop.rollout.steps[2]: `200` is a number, and here belongs a weight or an object with `weight`, `first` or `areas` — write a weight from "0%" to "100%"
    2:66 sites.shop.rollout.steps[3].weight: `25` is a number, and here belongs a weight — write "25%"
    2:78 sites.shop.rollout.steps[3].hold: `600` is a number, and here belongs a duration — write "600s"
    "#);
    assert_snapshot!(said(&rollout(r#""canary": ["v2"], "step": "2", "steps": "5%", "visitors": null"#)), @r#"
    2:24 sites.shop.rollout.canary: `[…]` is a list, and here belongs a name — write it without [ ]
    2:40 sites.shop.rollout.step: `2` is text, and here belongs a whole number from 0 to 24 — write 2 without quotes
    2:54 sites.shop.rollout.steps: `5%` is text, and here belongs a list, each item a weight or an object with `weight`, `first` or `areas` — write ["5%"]
    2:72 sites.shop.rollout.visitors: `null` is null, and here belongs `everyone` or `new` — leave the key out
    "#);
    assert_snapshot!(said(&shop(r#""hosts": "shop.example", "default": "true", "response_header": 1, "rules": {}"#)), @r#"
    2:10 sites.shop.hosts: `shop.example` is text, and here belongs a list, each item a hostname — write ["shop.example"]
    2:37 sites.shop.default: `true` is text, and here belongs `true` or `false` — write true without quotes
    2:64 sites.shop.response_header: `1` is a number, and here belongs `true` or `false`
    2:76 sites.shop.rules: `{}` is an object, and here belongs a list, each item a rule — put it in [ ]
    "#);
    assert_snapshot!(said(&shop(r#""cookie": "halftone", "cache": { "hashed": true }, "bots": false, "consent": {}"#)), @r#"
    2:11 sites.shop.cookie: `halftone` is text, and here belongs the cookie's options — write { "name": "build" }
    2:44 sites.shop.cache.hashed: `true` is a boolean, and here belongs `auto` or a list, each item a path pattern
    2:60 sites.shop.bots: `false` is a boolean, and here belongs `stable`, `split` or `split-uncounted`
    2:78 sites.shop.consent: `{}` is an object, and here belongs a consent cookie — write it like "cookie:consent=yes*"
    "#);
    assert_snapshot!(said(r#"{ "sites": [], "admin": "localhost", "prefix": 1, "geo_headers": "CF-IPCountry" }"#), @r#"
    1:12 sites: `[]` is a list, and here belongs the sites by name — write { "name": … }, each entry under its name
    1:25 admin: `localhost` is text, and here belongs the admin surface — write { "host": "halftone.example.workers.dev" }
    1:48 prefix: `1` is a number, and here belongs a path prefix
    1:66 geo_headers: `CF-IPCountry` is text, and here belongs the believed geo headers — write { "country": "CF-IPCountry" }
    "#);
    assert_snapshot!(said(r#"{ "sites": { "shop": { "versions": { "v1": 1, "v2": {}, "v3": { "origin": "assets:v3", "timeout": 3000 } }, "stable": "v1" } } }"#), @r#"
    1:44 sites.shop.versions.v1: `1` is a number, and here belongs an origin or a version — write { "origin": "https://abc.pages.example/base" }
    1:53 sites.shop.versions.v2: a version needs `origin` — add "origin": "https://abc.pages.example/base"
    1:99 sites.shop.versions.v3.timeout: `3000` is a number, and here belongs a timeout — write "3000ms"
    "#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": [{ "hold": "1h" }, []]"#)), @r#"
    2:40 sites.shop.rollout.steps[0]: `{…}` is an object, and here belongs a weight or an object with `weight`, `first` or `areas` — it needs `weight`, `first` or `areas`
    2:58 sites.shop.rollout.steps[1]: `[]` is a list, and here belongs a weight or an object with `weight`, `first` or `areas` — write it like "5%"
    "#);
    assert_snapshot!(said("[]"), @r#"1:1 `[]` is a list, and here belongs the config — write { "sites": { "shop": { … } } }"#);
    assert_snapshot!(said("12"), @r#"1:1 `12` is a number, and here belongs the config — write { "sites": { "shop": { … } } }"#);
}

#[test]
fn words_are_compared_with_those_allowed() {
    assert_snapshot!(said(&shop(r#""bots": "spilt", "without_consent": "canary", "cookie": { "same_site": "Lax" }, "cache": { "hashed": "always" }"#)), @r#"
    2:9 sites.shop.bots: `spilt` is not `stable`, `split` or `split-uncounted` — did you mean `split`?
    2:37 sites.shop.without_consent: `canary` is not `stable` or `cookieless` — write `stable` or `cookieless`
    2:37 warning: sites.shop.without_consent: no consent is asked here, so nobody is without — add "consent": "cookie:NAME=VALUE", or take this out
    2:72 sites.shop.cookie.same_site: `Lax` is not `lax`, `strict` or `none` — did you mean `lax`?
    2:102 sites.shop.cache.hashed: `always` is not `auto` — write `auto`
    "#);
    assert_snapshot!(said(&rollout(r#""canary": "v2", "strategy": "geo", "visitors": "old""#)), @r#"
    2:42 sites.shop.rollout.strategy: `geo` is not `random`, `sequential` or `geographic` — did you mean `geographic`?
    2:61 sites.shop.rollout.visitors: `old` is not `everyone` or `new` — write `everyone` or `new`
    "#);
    assert_snapshot!(said(&when(r#"{ "device": ["phone", "Mobile"], "continent": "Oceania" }"#)), @r#"
    2:47 sites.shop.rules[0].when.device[0]: `phone` is not `mobile`, `tablet` or `desktop` — write `mobile`, `tablet` or `desktop`
    2:56 sites.shop.rules[0].when.device[1]: `Mobile` is not `mobile`, `tablet` or `desktop` — did you mean `mobile`?
    2:80 sites.shop.rules[0].when.continent: `Oceania` is not `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA` — did you mean `OC`?
    "#);
}

#[test]
fn weights_are_explained() {
    let cases = ["5", "120%", "100.01%", "-5%", "0.125%", "5 %", "5,5%", "05%", "1e1%", "five", "", "%"];
    let all: Vec<String> =
        cases.iter().map(|weight| said(&rollout(&format!(r#""canary": "v2", "steps": ["{weight}"]"#)))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:40 sites.shop.rollout.steps[0]: `5` has no percent sign — write "5%"
    2:40 sites.shop.rollout.steps[0]: `120%` is more than 100% — write a weight from "0%" to "100%"
    2:40 sites.shop.rollout.steps[0]: `100.01%` is more than 100% — write a weight from "0%" to "100%"
    2:40 sites.shop.rollout.steps[0]: `-5%` is less than 0% — write a weight from "0%" to "100%"
    2:40 sites.shop.rollout.steps[0]: `0.125%` has more than two decimals; a slot is 0.01% of the visitors — write "0.13%"
    2:40 sites.shop.rollout.steps[0]: `5 %` is not written as a weight — write "5%"
    2:40 sites.shop.rollout.steps[0]: `5,5%` is not written as a weight — write "5.5%"
    2:40 sites.shop.rollout.steps[0]: `05%` is not written as a weight — write "5%"
    2:40 sites.shop.rollout.steps[0]: `1e1%` is not a weight: from "0%" to "100%", with at most two decimals — write it like "5%"
    2:40 sites.shop.rollout.steps[0]: `five` is not a weight: from "0%" to "100%", with at most two decimals — write it like "5%"
    2:40 sites.shop.rollout.steps[0]: `""` is not a weight: from "0%" to "100%", with at most two decimals — write it like "5%"
    2:40 sites.shop.rollout.steps[0]: `%` is not a weight: from "0%" to "100%", with at most two decimals — write it like "5%"
    "#);
}

#[test]
fn durations_are_explained() {
    let cases = ["10", "10 min", "1.5h", "500ms", "2w", "366d", "soon", "", "1H"];
    let step = |hold: &str| rollout(&format!(r#""canary": "v2", "steps": [{{ "weight": "5%", "hold": "{hold}" }}]"#));
    let all: Vec<String> = cases.iter().map(|hold| said(&step(hold))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:66 sites.shop.rollout.steps[0].hold: `10` has no unit — write "10s"
    2:66 sites.shop.rollout.steps[0].hold: `10 min` is not written as a duration — write "10m"
    2:66 sites.shop.rollout.steps[0].hold: `1.5h` is not a duration: a whole number and `s`, `m`, `h` or `d` — write it like "10m"
    2:66 sites.shop.rollout.steps[0].hold: `500ms` is in milliseconds, and whole seconds are counted here — write it in `s`, `m`, `h` or `d`
    2:66 sites.shop.rollout.steps[0].hold: `2w` is in weeks — write "14d"
    2:66 sites.shop.rollout.steps[0].hold: `366d` is not from "0s" to "365d"
    2:66 sites.shop.rollout.steps[0].hold: `soon` is not a duration: a whole number and `s`, `m`, `h` or `d` — write it like "10m"
    2:66 sites.shop.rollout.steps[0].hold: `""` is not a duration: a whole number and `s`, `m`, `h` or `d` — write it like "10m"
    2:66 sites.shop.rollout.steps[0].hold: `1H` is not written as a duration — write "1h"
    "#);
    let version = |timeout: &str| {
        format!(
            r#"{{ "sites": {{ "shop": {{ "versions": {{ "v1": {{ "origin": "assets:v1", "timeout": "{timeout}" }} }}, "stable": "v1" }} }} }}"#
        )
    };
    let all: Vec<String> = ["3", "50ms", "31s", "1m", "3 seconds"].iter().map(|timeout| said(&version(timeout))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    1:80 sites.shop.versions.v1.timeout: `3` has no unit — write "3s"
    1:80 sites.shop.versions.v1.timeout: `50ms` is not from "100ms" to "30s"
    1:80 sites.shop.versions.v1.timeout: `31s` is not from "100ms" to "30s"
    1:80 sites.shop.versions.v1.timeout: `1m` is too long: visitors would be waiting — write at most "30s"
    1:80 sites.shop.versions.v1.timeout: `3 seconds` is not written as a duration — write "3s"
    "#);
    let cookie = |age: &str| shop(&format!(r#""cookie": {{ "max_age": "{age}" }}"#));
    let all: Vec<String> = ["59m", "401d", "1y"].iter().map(|age| said(&cookie(age))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:24 sites.shop.cookie.max_age: `59m` is not from "1h" to "400d"
    2:24 sites.shop.cookie.max_age: `401d` is not from "1h" to "400d"
    2:24 sites.shop.cookie.max_age: `1y` is not a duration: a whole number and `s`, `m`, `h` or `d` — write it like "10m"
    "#);
}

#[test]
fn numbers_have_ranges() {
    assert_snapshot!(said(&rollout(r#""canary": "v2", "step": -1"#)), @"2:38 sites.shop.rollout.step: `-1` is not a whole number from 0 to 24");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "step": 1.5"#)), @"2:38 sites.shop.rollout.step: `1.5` is not a whole number from 0 to 24");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "strategy": "sequential", "steps": [{ "first": 0 }, { "first": 1e9 }]"#)), @r#"
    2:77 sites.shop.rollout.steps[0].first: `0` is not from 1 to 10000000
    2:93 sites.shop.rollout.steps[1].first: `1e9` is not from 1 to 10000000
    "#);
    assert!(
        said(&rollout(r#""canary": "v2", "strategy": "sequential", "steps": [{ "first": 1e3 }, { "first": 2000.0 }]"#))
            .is_empty()
    );
}

#[test]
fn lists_and_objects_that_must_hold_something_may_not_be_empty() {
    assert_snapshot!(said(r#"{ "sites": {} }"#), @"1:12 sites: `{}` is empty, and at least 1 is needed — add one");
    assert_snapshot!(said(&rollout(r#""canary": "v2", "steps": []"#)), @"2:39 sites.shop.rollout.steps: `[]` is empty, and at least 1 is needed — add one");
    assert_snapshot!(said(&when(r#"{ "country": [], "query": {}, "any": [] }"#)), @r#"
    2:47 sites.shop.rules[0].when.country: `[]` is empty, and at least 1 is needed — add one
    2:60 sites.shop.rules[0].when.query: `{}` is empty, and at least 1 is needed — add one
    2:71 sites.shop.rules[0].when.any: `[]` is empty, and at least 1 is needed — add one
    "#);
}

#[test]
fn names_are_explained() {
    let site =
        |name: &str| format!(r#"{{ "sites": {{ "{name}": {{ "versions": {{ "v1": "assets:v1" }}, "stable": "v1" }} }} }}"#);
    let long = "x".repeat(65);
    let all: Vec<String> = ["", "my shop", "-x", "ünï", &long].iter().map(|name| said(&site(name))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    1:14 sites[""]: `""` is empty — write a name, like `v1`
    1:14 sites["my shop"]: `my shop` is not a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit — write `my-shop`
    1:14 sites.-x: `-x` is not a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit — write `x`
    1:14 sites["ünï"]: `ünï` is not a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit — write `n`
    1:14 sites.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 65 characters, a name has at most 64
    "#);
}

#[test]
fn so_many_problems_that_nobody_reads_them_are_counted() {
    let all = said(&shop(&(0..300).map(|at| format!("\"k{at}\": 1")).collect::<Vec<_>>().join(",\n")));
    assert_eq!(all.lines().count(), 201);
    assert_snapshot!(all.lines().last().unwrap(), @"301:16 100 more problems are not shown — mend these first");
}
