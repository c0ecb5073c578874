use super::*;
use crate::config::{Builds, check};

fn config(site: &str) -> Config {
    let text = format!(r#"{{"sites":{{"s":{{"stable":"v1",{site}}}}}}}"#);
    let checked = check(text.as_bytes(), &Builds::unknown());
    checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems))
}

fn said(name: &str, text: &str, site: &str) -> String {
    let findings = Deployment::read(name, text).unwrap().check(&config(site));
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
}

/// What is said about a `wrangler.toml` for a config of one version with this origin.
fn findings(toml: &str, origin: &str) -> String {
    said("wrangler.toml", toml, &format!(r#""versions":{{"v1":"{origin}"}}"#))
}

/// The same for a rollout under a strategy, `feedback` being on or off.
fn of_rollout(toml: &str, strategy: &str, feedback: bool) -> String {
    let versions = r#""versions":{"v1":"https://a.example","v2":"https://b.example"}"#;
    let steps = if strategy == "sequential" { r#"[{"first":10}]"# } else { r#"["5%"]"# };
    let rollout = format!(r#"{{"canary":"v2","strategy":"{strategy}","steps":{steps}}}"#);
    said("wrangler.toml", toml, &format!(r#"{versions},"feedback":{{"enabled":{feedback}}},"rollout":{rollout}"#))
}

const CACHE: &str =
    "a cache in front of the Worker gives one visitor's version to everybody — set it to false, or take the cache out";

#[test]
fn a_cache_in_front_is_said_at_whichever_entrance() {
    let caches = [
        ("[cache]\nenabled = true\n", "cache.enabled"),
        ("[env.staging.cache]\nenabled = true\n", "env.staging.cache.enabled"),
        ("[exports.Admin]\ntype = \"worker\"\ncache = { enabled = true }\n", "exports.Admin.cache.enabled"),
        (
            "[env.staging.exports.default]\ntype = \"worker\"\ncache = { enabled = true }\n",
            "env.staging.exports.default.cache.enabled",
        ),
        ("[previews.cache]\nenabled = true\n", "previews.cache.enabled"),
        ("[env.staging.previews.cache]\nenabled = true\n", "env.staging.previews.cache.enabled"),
    ];
    for (toml, path) in caches {
        assert_eq!(findings(toml, "https://a.example"), format!("{path}: {CACHE}"));
        assert_eq!(findings(&toml.replace("true", "false"), "https://a.example"), "", "{path}");
    }
}

#[test]
fn a_file_in_json_is_read_with_its_comments() {
    let json = "{\n  // in front\n  \"cache\": { \"enabled\": true },\n}";
    let versions = r#""versions":{"v1":"r2:BUILDS/v1"}"#;
    for name in ["wrangler.json", "wrangler.jsonc"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(said(name, json, versions), @r#"
            cache.enabled: a cache in front of the Worker gives one visitor's version to everybody — set it to false, or take the cache out
            r2_buckets: an origin of the config uses the binding `BUILDS`, which is not there — add { "binding": "BUILDS", "bucket_name": "…" } to the list `r2_buckets`
            "#);
        }
    }
    assert!(Deployment::read("wrangler.json", "{").is_err());
    assert!(Deployment::read("wrangler.json", "[]").is_err());
    assert!(Deployment::read("wrangler.toml", "{").is_err());
}

#[test]
fn missing_bindings_are_said() {
    insta::assert_snapshot!(
        findings("", "r2:BUILDS/v1"),
        @r#"r2_buckets: an origin of the config uses the binding `BUILDS`, which is not there — add [[r2_buckets]] with binding = "BUILDS" and bucket_name = "…""#
    );
    assert_eq!(findings("[[r2_buckets]]\nbinding = \"BUILDS\"\n", "r2:BUILDS/v1"), "");
    insta::assert_snapshot!(
        findings("", "service:BLOG"),
        @r#"services: an origin of the config uses the binding `BLOG`, which is not there — add [[services]] with binding = "BLOG" and service = "…""#
    );
}

#[test]
fn an_environment_inherits_no_bindings() {
    insta::assert_snapshot!(
        findings("[[r2_buckets]]\nbinding = \"BUILDS\"\n[env.staging]\n", "r2:BUILDS/v1"),
        @r#"env.staging.r2_buckets: an origin of the config uses the binding `BUILDS`, which is not there — add [[env.staging.r2_buckets]] with binding = "BUILDS" and bucket_name = "…""#
    );
}

#[test]
fn objects_that_a_rollout_needs_are_said() {
    insta::assert_snapshot!(of_rollout("", "random", true), @r#"
    durable_objects: a rollout needs the binding `CONTROLLER`, which is not there; it would stay as it was deployed, and no command would reach it — add [[durable_objects.bindings]] with name = "CONTROLLER" and class_name = "Controller", and its migration
    durable_objects: what pages report needs the binding `INTAKE`, which is not there; nothing would be counted, and no guard could decide — add [[durable_objects.bindings]] with name = "INTAKE" and class_name = "Intake", and its migration
    "#);
    insta::assert_snapshot!(of_rollout("", "sequential", false), @r#"
    durable_objects: the sequential strategy needs the binding `TICKETS`, which is not there; nobody would be enrolled — add [[durable_objects.bindings]] with name = "TICKETS" and class_name = "Tickets", and its migration
    durable_objects: a rollout needs the binding `CONTROLLER`, which is not there; it would stay as it was deployed, and no command would reach it — add [[durable_objects.bindings]] with name = "CONTROLLER" and class_name = "Controller", and its migration
    "#);
    let bound: String =
        ["TICKETS", "CONTROLLER", "INTAKE"].map(|name| format!("[[durable_objects.bindings]]\nname = \"{name}\"\n")).concat();
    assert_eq!(of_rollout(&bound, "sequential", true), "");
    assert_eq!(findings("", "https://a.example"), "", "without a rollout none is needed");
}

#[test]
fn assets_that_would_be_served_before_the_worker_are_said() {
    insta::assert_snapshot!(
        findings("[assets]\nbinding = \"ASSETS\"\nhtml_handling = \"none\"\n", "assets:v1"),
        @"assets.run_worker_first: otherwise files are served before the Worker can choose a version — write run_worker_first = true under [assets]"
    );
}

#[test]
fn a_service_that_is_this_worker_loops() {
    let toml = "name = \"gray\"\n[[services]]\nbinding = \"SELF\"\nservice = \"gray\"\n";
    insta::assert_snapshot!(findings(toml, "service:SELF/v1"), @"services: the origin `service:SELF` of the config loops: `gray` is this Worker itself — name the Worker that holds the build");
    assert_eq!(findings(&toml.replace("service = \"gray\"", "service = \"blog\""), "service:SELF/v1"), "");
    let staging = "name = \"gray\"\n[[services]]\nbinding = \"BLOG\"\nservice = \"blog\"\n[[env.staging.services]]\nbinding = \"BLOG\"\nservice = \"gray-staging\"\n";
    insta::assert_snapshot!(findings(staging, "service:BLOG"), @"env.staging.services: the origin `service:BLOG` of the config loops: `gray-staging` is this Worker itself — name the Worker that holds the build");
}

#[test]
fn a_url_under_a_route_of_this_worker_loops() {
    let toml = "routes = [\"shop.example/*\", { pattern = \"www.example\", custom_domain = true }, { pattern = \"*.beta.example/app/*\", zone_name = \"beta.example\" }]\n";
    insta::assert_snapshot!(findings(toml, "https://shop.example/v1"), @"routes: the origin `https://shop.example/v1` of the config loops: the route `shop.example/*` is this Worker's — write `zone` for the server behind the route, or the address the build host gave this build");
    for looping in ["https://www.example/v1", "https://a.beta.example/app", "https://a.beta.example"] {
        assert!(findings(toml, looping).starts_with("routes: "), "{looping}");
    }
    for fine in
        ["https://builds.shop.example", "https://beta.example/app", "https://a.beta.example/files", "https://shop.example:8443"]
    {
        assert_eq!(findings(toml, fine), "", "{fine}");
    }
    assert!(findings("route = \"https://shop.example/*\"\n", "https://shop.example").starts_with("routes: "));
}

#[test]
fn the_workers_dev_name_of_this_worker_loops() {
    let toml = "name = \"gray\"\n";
    insta::assert_snapshot!(findings(toml, "https://gray.account.workers.dev"), @"name: the origin `https://gray.account.workers.dev` of the config loops: it is the workers.dev name of this Worker, `gray` — write the address the build host gave this build");
    assert!(findings(toml, "https://1a2b3c4d-gray.account.workers.dev/v1").starts_with("name: "));
    for fine in ["https://blog.account.workers.dev", "https://stingray.account.workers.dev", "https://gray.example"] {
        assert_eq!(findings(toml, fine), "", "{fine}");
    }
    assert_eq!(findings("name = \"gray\"\nworkers_dev = false\n", "https://gray.account.workers.dev"), "");
}

#[test]
fn a_zone_without_a_server_behind_it_loops() {
    insta::assert_snapshot!(findings("workers_dev = true\n", "zone"), @"routes: the origin `zone` of version `v1` loops: no route is there, and behind a workers.dev name there is nothing but the Worker — add a route with the `zone_name` of a domain that has a server, or give the version another origin");
    insta::assert_snapshot!(findings("routes = [{ pattern = \"www.example\", custom_domain = true }]\n", "zone:/v1"), @"routes: the origin `zone` of version `v1` loops: all routes are custom domains, behind which there is nothing but the Worker — add a route with the `zone_name` of a domain that has a server, or give the version another origin");
    assert_eq!(findings("route = { pattern = \"www.example/*\", zone_name = \"www.example\" }\n", "zone"), "");
}

#[test]
fn the_port_of_a_local_run_loops() {
    insta::assert_snapshot!(findings("", "http://127.0.0.1:8787"), @"dev.port: the origin `http://127.0.0.1:8787` of the config loops: this port is the Worker's own when it runs locally — serve the build from another port");
    assert_eq!(findings("", "http://localhost:9000"), "");
    assert!(findings("[dev]\nport = 9000\n", "http://localhost:9000/v1").starts_with("dev.port: "));
}
