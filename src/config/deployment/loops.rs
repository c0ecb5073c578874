//! Origins that are this Worker itself, as far as wrangler's file shows: then each request would ask for the next.
//!
//! The config's own hosts are checked with the config. Here are the doors that only the deployment knows: routes, the
//! workers.dev name, bindings to itself, the port of a local run.

use serde_json::Value;

use super::{Finding, Level};
use crate::config::hosts::is_local;
use crate::config::model::Config;
use crate::config::origin::host_of;
use crate::plan::Origin;

/// The port of `wrangler dev` and `make dev` unless something else is said.
const USUAL_PORT: u64 = 8787;

/// A route of the Worker.
struct Route<'a> {
    /// Host and path with `*`, without a scheme.
    pattern: &'a str,
    is_custom_domain: bool,
}

/// Says which origins of the config are this Worker.
pub(super) fn check(level: &Level<'_>, config: &Config, findings: &mut Vec<Finding>) {
    let routes = routes(level);
    let name = level.name();
    let mut said: Vec<&Origin> = Vec::new();
    for version in config.sites.iter().flat_map(|site| &site.versions) {
        if said.contains(&&version.origin) {
            continue;
        }
        said.push(&version.origin);
        findings.extend(match &version.origin {
            Origin::Service(binding, _) => service(level, binding, name.as_deref()),
            Origin::Url(origin, base) => url(level, (origin, base), name.as_deref(), &routes),
            Origin::Zone(_) => zone(level, &version.id, &routes),
            Origin::Assets(_) | Origin::R2(..) => None,
        });
    }
}

fn routes<'a>(level: &Level<'a>) -> Vec<Route<'a>> {
    let all = level.inherited("routes").and_then(Value::as_array).into_iter().flatten().chain(level.inherited("route"));
    all.filter_map(|route| {
        let pattern = route.as_str().or_else(|| route.get("pattern")?.as_str())?;
        let pattern = pattern.split_once("://").map_or(pattern, |parts| parts.1);
        Some(Route { pattern, is_custom_domain: route.get("custom_domain").and_then(Value::as_bool) == Some(true) })
    })
    .collect()
}

fn service(level: &Level<'_>, binding: &str, name: Option<&str>) -> Option<Finding> {
    let entries = level.own.get("services").and_then(Value::as_array)?;
    let entry = entries.iter().find(|entry| entry.get("binding").and_then(Value::as_str) == Some(binding))?;
    let service = entry.get("service").and_then(Value::as_str)?;
    (Some(service) == name).then(|| {
        let why = format!("the origin `service:{binding}` of the config loops: `{service}` is this Worker itself");
        level.finding("services", why, "name the Worker that holds the build")
    })
}

fn url(level: &Level<'_>, (origin, base): (&str, &str), name: Option<&str>, routes: &[Route<'_>]) -> Option<Finding> {
    let (host, has_port) = host_of(origin);
    if is_local(host) {
        let port = level.top.get("dev").and_then(|dev| dev.get("port")).and_then(Value::as_u64).unwrap_or(USUAL_PORT);
        let same = has_port && origin.ends_with(&format!(":{port}"));
        return same.then(|| {
            let why =
                format!("the origin `{origin}{base}` of the config loops: this port is the Worker's own when it runs locally");
            level.finding("dev.port", why, "serve the build from another port")
        });
    }
    if has_port {
        return None;
    }
    if let Some(route) = routes.iter().find(|route| route.takes(host, base)) {
        let why = format!("the origin `{origin}{base}` of the config loops: the route `{}` is this Worker's", route.pattern);
        let fix = "write `zone` for the server behind the route, or the address the build host gave this build";
        return Some(level.finding("routes", why, fix));
    }
    let own =
        name.filter(|_| level.inherited("workers_dev").and_then(Value::as_bool) != Some(false) && is_own_dev_name(host, name));
    own.map(|name| {
        let why = format!("the origin `{origin}{base}` of the config loops: it is the workers.dev name of this Worker, `{name}`");
        level.finding("name", why, "write the address the build host gave this build")
    })
}

/// `NAME.ACCOUNT.workers.dev`, or that of a preview, `SOMETHING-NAME.ACCOUNT.workers.dev`.
fn is_own_dev_name(host: &str, name: Option<&str>) -> bool {
    let Some((label, account)) = host.strip_suffix(".workers.dev").and_then(|rest| rest.split_once('.')) else { return false };
    let is_ours = name.is_some_and(|name| label == name || label.strip_suffix(name).is_some_and(|rest| rest.ends_with('-')));
    is_ours && !account.contains('.')
}

/// Only a route has a server behind it: a custom domain and a workers.dev name are the Worker's alone.
fn zone(level: &Level<'_>, version: &str, routes: &[Route<'_>]) -> Option<Finding> {
    let fix = "add a route with the `zone_name` of a domain that has a server, or give the version another origin";
    let why = match routes {
        [] => "no route is there, and behind a workers.dev name there is nothing but the Worker",
        routes if routes.iter().all(|route| route.is_custom_domain) => {
            "all routes are custom domains, behind which there is nothing but the Worker"
        }
        _ => return None,
    };
    Some(level.finding("routes", format!("the origin `zone` of version `{version}` loops: {why}"), fix))
}

impl Route<'_> {
    /// Whether requests for files of this host and base path come to the route.
    fn takes(&self, host: &str, base: &str) -> bool {
        let (route_host, route_path) = self.pattern.find('/').map_or((self.pattern, ""), |at| self.pattern.split_at(at));
        let route_host = route_host.to_ascii_lowercase();
        let is_host = match route_host.strip_prefix('*') {
            Some(rest) => host.ends_with(rest),
            None => route_host == host,
        };
        // Files are asked for below the base path: the route takes all of them, or some.
        let asked = format!("{base}/");
        let path = route_path.trim_end_matches('*');
        let is_path = self.is_custom_domain || path.is_empty() || asked.starts_with(path) || path.starts_with(&asked);
        is_host && is_path
    }
}
