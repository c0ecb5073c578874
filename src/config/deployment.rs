//! Whether `wrangler.toml` gives the Worker what the config needs: bindings, the assets folder, no cache in front.
//!
//! Read as data and compared with a valid config; what wrangler itself checks is left to wrangler. The findings stand
//! beside the problems of the config, because a config is only as good as the deployment it runs in.

use std::path::PathBuf;

use serde::Serialize;
use toml::{Table, Value};

use super::model::{Config, Ladder};
use crate::plan::Origin;

/// One thing in `wrangler.toml` that does not fit the config.
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

/// A `wrangler.toml` that could be read.
pub struct Deployment(Table);

impl Deployment {
    /// Reads the file. The error is what the TOML parser says, with the place.
    pub fn read(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: toml::de::Error| error.to_string())
    }

    /// The folder of the static-assets binding, relative to the file.
    #[must_use]
    pub fn assets_folder(&self) -> Option<PathBuf> {
        self.0.get("assets")?.get("directory")?.as_str().map(PathBuf::from)
    }

    /// Everything that does not fit.
    #[must_use]
    pub fn check(&self, config: &Config) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_cache(&mut findings);
        let origins = || config.sites.iter().flat_map(|site| &site.versions).map(|version| &version.origin);
        if origins().any(|origin| matches!(origin, Origin::Assets(_))) {
            self.check_assets(&mut findings);
        }
        for origin in origins() {
            let (list, key, binding) = match origin {
                Origin::R2(binding, _) => ("r2_buckets", "bucket_name", binding),
                Origin::Service(binding, _) => ("services", "service", binding),
                _ => continue,
            };
            if !self.binds(list, "binding", binding) && !findings.iter().any(|known| known.why.contains(&format!("`{binding}`")))
            {
                findings.push(Finding {
                    path: list.to_owned(),
                    why: format!("an origin of the config uses the binding `{binding}`, which is not there"),
                    fix: format!("add [[{list}]] with binding = \"{binding}\" and {key} = \"…\""),
                });
            }
        }
        let sequential = config
            .sites
            .iter()
            .filter_map(|site| site.rollout.as_ref())
            .any(|rollout| matches!(rollout.ladder, Ladder::Sequential(_)));
        let offices = self.0.get("durable_objects");
        if sequential && !offices.is_some_and(|table| binds(table.get("bindings"), "name", "TICKETS")) {
            findings.push(Finding {
                path: "durable_objects".to_owned(),
                why: "the sequential strategy needs the binding `TICKETS`, which is not there; nobody would be enrolled"
                    .to_owned(),
                fix: "add [[durable_objects.bindings]] with name = \"TICKETS\" and class_name = \"Tickets\", and its migration"
                    .to_owned(),
            });
        }
        findings
    }

    /// A cache in front of the Worker would hand one visitor's draw to everybody.
    fn check_cache(&self, findings: &mut Vec<Finding>) {
        let enabled = self.0.get("cache").and_then(|cache| cache.get("enabled")).and_then(Value::as_bool);
        if enabled == Some(true) {
            findings.push(Finding {
                path: "cache.enabled".to_owned(),
                why: "a cache in front of the Worker gives one visitor's version to everybody".to_owned(),
                fix: "set enabled = false, or take the table out".to_owned(),
            });
        }
    }

    fn check_assets(&self, findings: &mut Vec<Finding>) {
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
        let assets = self.0.get("assets");
        for (key, value, why) in wanted {
            // "none" is also what wrangler takes where nothing is said about missing files.
            let have = assets.and_then(|table| table.get(key));
            if have != Some(&value) && !(key == "not_found_handling" && have.is_none()) {
                findings.push(Finding {
                    path: format!("assets.{key}"),
                    why: why.to_owned(),
                    fix: format!("write {key} = {value} under [assets]"),
                });
            }
        }
    }

    fn binds(&self, list: &str, key: &str, name: &str) -> bool {
        binds(self.0.get(list), key, name)
    }
}

fn binds(list: Option<&Value>, key: &str, name: &str) -> bool {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries.into_iter().any(|entry| entry.get(key).and_then(Value::as_str) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Builds, check};

    fn findings(toml: &str, version: &str) -> Vec<String> {
        let text = format!(r#"{{"sites":{{"s":{{"versions":{{"v1":"{version}"}},"stable":"v1"}}}}}}"#);
        let config = check(text.as_bytes(), &Builds::unknown()).config.unwrap();
        Deployment::read(toml).unwrap().check(&config).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_cache_in_front_is_said() {
        insta::assert_snapshot!(
            findings("[cache]\nenabled = true\n", "https://a.example").join("\n"),
            @"cache.enabled: a cache in front of the Worker gives one visitor's version to everybody — set enabled = false, or take the table out"
        );
        assert!(findings("[cache]\nenabled = false\n", "https://a.example").is_empty());
    }

    #[test]
    fn missing_bindings_are_said() {
        insta::assert_snapshot!(
            findings("", "r2:BUILDS/v1").join("\n"),
            @"r2_buckets: an origin of the config uses the binding `BUILDS`, which is not there — add [[r2_buckets]] with binding = \"BUILDS\" and bucket_name = \"…\""
        );
        assert!(findings("[[r2_buckets]]\nbinding = \"BUILDS\"\n", "r2:BUILDS/v1").is_empty());
        assert_eq!(findings("", "service:BLOG").len(), 1);
    }

    #[test]
    fn assets_that_would_be_served_before_the_worker_are_said() {
        let said = findings("[assets]\nbinding = \"ASSETS\"\nhtml_handling = \"none\"\n", "assets:v1");
        insta::assert_snapshot!(
            said.join("\n"),
            @"assets.run_worker_first: otherwise files are served before the Worker can choose a version — write run_worker_first = true under [assets]"
        );
    }
}
