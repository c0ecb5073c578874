//! Whether wrangler's file gives the Worker what the config needs: bindings, the assets folder, no cache in front, no origin
//! that is this Worker itself.
//!
//! Read as data (`wrangler.toml`, `wrangler.json`, `wrangler.jsonc`) and compared with a valid config; what wrangler itself
//! checks is left to wrangler. The findings stand beside the problems of the config, because a config is only as good as the
//! deployment it runs in.

mod loops;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use super::model::{Config, Ladder};
use crate::plan::Origin;

/// One thing in wrangler's file that does not fit the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where in the file: `assets.run_worker_first`.
    pub path: String,
    /// What is wrong.
    pub why: String,
    /// What to write.
    pub fix: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} — {}", self.path, self.why, self.fix)
    }
}

const TOML: &str = "wrangler.toml";

/// The names wrangler looks for, in its order.
pub const NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", TOML];

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Toml,
    Json,
}

/// A file of wrangler that could be read.
pub struct Deployment {
    form: Form,
    top: Map<String, Value>,
}

/// The file's own settings, or those of one of its environments.
#[derive(Clone, Copy)]
struct Level<'a> {
    /// What stands in front of a path: empty, or `env.staging.`.
    prefix: &'a str,
    own: &'a Map<String, Value>,
    top: &'a Map<String, Value>,
}

impl<'a> Level<'a> {
    /// A setting that an environment takes from the top unless it says otherwise.
    fn inherited(&self, key: &str) -> Option<&'a Value> {
        self.own.get(key).or_else(|| self.top.get(key))
    }

    /// The names the Worker goes by.
    fn name(&self) -> Option<String> {
        let text = |table: &Map<String, Value>| table.get("name").and_then(Value::as_str).map(str::to_owned);
        match self.prefix.strip_prefix("env.") {
            Some(env) => text(self.own).or_else(|| Some(format!("{}-{}", text(self.top)?, env.trim_end_matches('.')))),
            None => text(self.own),
        }
    }

    fn finding(&self, path: &str, why: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { path: format!("{}{path}", self.prefix), why: why.into(), fix: fix.into() }
    }
}

impl Deployment {
    /// Reads the file, by which of [`NAMES`] it has as TOML or as JSON with comments. The error is what the parser says, with the place.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        if name == TOML {
            let top = toml::from_str(text).map_err(|error| error.to_string())?;
            return Ok(Self { form: Form::Toml, top });
        }
        let read = jsonc_parser::parse_to_serde_value::<Value>(text, &jsonc_parser::ParseOptions::default());
        match read.map_err(|error| error.to_string())? {
            Value::Object(top) => Ok(Self { form: Form::Json, top }),
            _ => Err("it is not a JSON object".to_owned()),
        }
    }

    /// The folder of the static-assets binding, relative to the file.
    #[must_use]
    pub fn assets_folder(&self) -> Option<PathBuf> {
        self.top.get("assets")?.get("directory")?.as_str().map(PathBuf::from)
    }

    /// Everything that does not fit.
    #[must_use]
    pub fn check(&self, config: &Config) -> Vec<Finding> {
        let environments = self.top.get("env").and_then(Value::as_object);
        let environments: Vec<(String, &Map<String, Value>)> = environments
            .into_iter()
            .flatten()
            .filter_map(|(name, table)| Some((format!("env.{name}."), table.as_object()?)))
            .collect();
        let mut findings = Vec::new();
        let top = Level { prefix: "", own: &self.top, top: &self.top };
        let levels = std::iter::once(top).chain(environments.iter().map(|(prefix, own)| Level { prefix, own, top: &self.top }));
        for level in levels {
            check_cache(&level, &mut findings);
            self.check_bindings(&level, config, &mut findings);
            loops::check(&level, config, &mut findings);
            // An environment that says nothing about assets has those of the top.
            let has_assets = level.prefix.is_empty() || level.own.contains_key("assets");
            if has_assets && origins(config).any(|origin| matches!(origin, Origin::Assets(_))) {
                self.check_assets(&level, &mut findings);
            }
        }
        findings
    }

    /// What the config's origins, strategies and feedback are bound to. Environments inherit no bindings.
    fn check_bindings(&self, level: &Level<'_>, config: &Config, findings: &mut Vec<Finding>) {
        let mut known: Vec<&str> = Vec::new();
        for origin in origins(config) {
            let (list, key, binding) = match origin {
                Origin::R2(binding, _) => ("r2_buckets", "bucket_name", binding),
                Origin::Service(binding, _) => ("services", "service", binding),
                _ => continue,
            };
            if !known.contains(&binding.as_str()) && !binds(level.own.get(list), "binding", binding) {
                let why = format!("an origin of the config uses the binding `{binding}`, which is not there");
                findings.push(level.finding(list, why, self.entry(level, list, &[("binding", binding), (key, "…")])));
            }
            known.push(binding);
        }
        let rollouts = || config.sites.iter().filter_map(|site| Some((site, site.rollout.as_ref()?)));
        let wanted = [
            (
                rollouts().any(|(_, rollout)| matches!(rollout.ladder, Ladder::Sequential(_))),
                ("TICKETS", "Tickets"),
                "the sequential strategy needs the binding `TICKETS`, which is not there; nobody would be enrolled",
            ),
            (
                rollouts().next().is_some(),
                ("CONTROLLER", "Controller"),
                "a rollout needs the binding `CONTROLLER`, which is not there; it would stay as it was deployed, and no command would reach it",
            ),
            (
                rollouts().any(|(site, _)| site.feedback.on),
                ("INTAKE", "Intake"),
                "what pages report needs the binding `INTAKE`, which is not there; nothing would be counted, and no guard could decide",
            ),
        ];
        let objects = level.own.get("durable_objects").and_then(|table| table.get("bindings"));
        for (is_needed, (name, class), why) in wanted {
            if is_needed && !binds(objects, "name", name) {
                let entry = self.entry(level, "durable_objects.bindings", &[("name", name), ("class_name", class)]);
                findings.push(level.finding("durable_objects", why, format!("{entry}, and its migration")));
            }
        }
    }

    /// "add ... to the list", as the file writes it.
    fn entry(&self, level: &Level<'_>, list: &str, keys: &[(&str, &str)]) -> String {
        let keys: Vec<(&str, String)> = keys.iter().map(|(key, value)| (*key, format!("\"{value}\""))).collect();
        match self.form {
            Form::Toml => {
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("add [[{}{list}]] with {}", level.prefix, keys.join(" and "))
            }
            Form::Json => {
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
                format!("add {{ {} }} to the list `{}{list}`", keys.join(", "), level.prefix)
            }
        }
    }

    fn check_assets(&self, level: &Level<'_>, findings: &mut Vec<Finding>) {
        let wanted: [(&str, Value, &str); 4] = [
            ("binding", Value::from("ASSETS"), "versions with `assets:` are read through this binding"),
            ("run_worker_first", Value::from(true), "otherwise files are served before the Worker can choose a version"),
            (
                "html_handling",
                Value::from("none"),
                "otherwise redirects show the version's folder; Halftone resolves page names itself",
            ),
            ("not_found_handling", Value::from("none"), "Halftone answers with the version's own 404 page"),
        ];
        let assets = level.own.get("assets");
        for (key, value, why) in wanted {
            // "none" is also what wrangler takes where nothing is said about missing files.
            let have = assets.and_then(|table| table.get(key));
            if have != Some(&value) && !(key == "not_found_handling" && have.is_none()) {
                let fix = match self.form {
                    Form::Toml => format!("write {key} = {value} under [{}assets]", level.prefix),
                    Form::Json => format!("write \"{key}\": {value} in `{}assets`", level.prefix),
                };
                findings.push(level.finding(&format!("assets.{key}"), why, fix));
            }
        }
    }
}

fn origins(config: &Config) -> impl Iterator<Item = &Origin> {
    config.sites.iter().flat_map(|site| &site.versions).map(|version| &version.origin)
}

/// A cache in front of the Worker would hand one visitor's draw to everybody, at whichever of its entrances.
fn check_cache(level: &Level<'_>, findings: &mut Vec<Finding>) {
    let entrypoints = level.own.get("exports").and_then(Value::as_object).into_iter().flatten();
    let entrypoints = entrypoints.map(|(name, entrypoint)| (format!("exports.{name}.cache"), entrypoint.get("cache")));
    let whole =
        [("cache", level.own.get("cache")), ("previews.cache", level.own.get("previews").and_then(|own| own.get("cache")))];
    for (path, cache) in whole.map(|(path, cache)| (path.to_owned(), cache)).into_iter().chain(entrypoints) {
        if cache.and_then(|cache| cache.get("enabled")).and_then(Value::as_bool) == Some(true) {
            let why = "a cache in front of the Worker gives one visitor's version to everybody";
            findings.push(level.finding(&format!("{path}.enabled"), why, "set it to false, or take the cache out"));
        }
    }
}

fn binds(list: Option<&Value>, key: &str, name: &str) -> bool {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries.into_iter().any(|entry| entry.get(key).and_then(Value::as_str) == Some(name))
}

#[cfg(test)]
mod tests;
