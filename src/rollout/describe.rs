//! A config as people read it: ids instead of numbers, shares instead of slots. For comparing, never for reading back.

use serde_json::{Map, Value, json};

use super::offer::{Offer, Rung};
use crate::plan::{Origin, Site, Strategy};
use crate::slot::Ownership;

/// The config of one site, and the version that is stable.
#[must_use]
pub fn describe(offer: &Offer, stable: &str) -> Value {
    let site = &offer.site;
    let versions: Map<String, Value> = site
        .versions
        .iter()
        .map(|version| {
            let options = json!({
                "origin": origin(&version.origin), "forward": version.forward, "timeout_ms": version.timeout_ms,
                "not_found": version.not_found,
            });
            (version.id.clone(), options)
        })
        .collect();
    let rules: Map<String, Value> = site
        .rules
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let what = json!({ "place": at + 1, "when": rule.when, "serve": shares(site, &rule.owners) });
            (rule.name.clone(), what)
        })
        .collect();
    let rollout = offer.rollout.as_ref().map(|ladder| {
        let steps: Map<String, Value> =
            ladder.rungs.iter().enumerate().map(|(at, rung)| ((at + 1).to_string(), step(site, rung))).collect();
        json!({
            "id": ladder.id, "canary": offer.id_of(ladder.canary), "newcomers_only": ladder.newcomers_only, "from": ladder.from,
            "steps": steps, "policy": ladder.policy,
        })
    });
    json!({
        "stable": stable, "hosts": site.hosts, "versions": versions, "rules": rules, "rollout": rollout,
        "bots": site.bots, "consent": site.consent, "without_consent": site.without_consent,
        "cookie": { "name": site.cookie, "max_age_s": site.max_age_s, "same_site": site.same_site },
        "hashed": site.hashed, "response_header": site.response_header, "feedback": site.feedback,
        "webhooks": offer.hooks, "allow_origins": offer.allow_origins,
    })
}

fn shares(site: &Site, owners: &Ownership) -> Value {
    let each = owners
        .owners()
        .filter_map(|version| Some((site.version(version)?.id.clone(), Value::from(owners.share(version).to_string()))));
    Value::Object(each.collect())
}

fn step(site: &Site, rung: &Rung) -> Value {
    let gives = match &rung.strategy {
        Strategy::Random(owners) => shares(site, owners),
        Strategy::Sequential(enrolment) => json!({ "first": enrolment.first, "of": shares(site, &enrolment.of) }),
        Strategy::Geographic(waves) => {
            Value::Object(waves.iter().map(|wave| (wave.name.clone(), shares(site, &wave.owners))).collect())
        }
    };
    json!({ "gives": gives, "hold_s": rung.hold_s, "least_visitors": rung.least_visitors, "approval": rung.approval })
}

/// An origin as a config writes it.
fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Assets(folder) => format!("assets:{}", folder.trim_start_matches('/')),
        Origin::Url(origin, base) => format!("{origin}{base}"),
        Origin::Zone(base) if base.is_empty() => "zone".to_owned(),
        Origin::Zone(base) => format!("zone:{base}"),
        Origin::R2(binding, prefix) if prefix.is_empty() => format!("r2:{binding}"),
        Origin::R2(binding, prefix) => format!("r2:{binding}/{}", prefix.trim_end_matches('/')),
        Origin::Service(binding, base) => format!("service:{binding}{base}"),
    }
}
