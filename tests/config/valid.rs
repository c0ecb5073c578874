//! A file with everything in it becomes the model it describes.

use halftone::config::model::{Area, Condition, Ladder, Visitors};
use halftone::plan::{Bots, Fact, Forward, NotFound, SameSite, WithoutConsent};
use halftone::rollout::policy::{Decide, OnDeadline, OnNewVersion};

use crate::{checked, lines};

const FULL: &str = r#"{
  "$schema": "./halftone.schema.json",
  "prefix": "/_gray",
  "admin": { "host": "Localhost" },
  "geo_headers": { "country": "CF-IPCountry", "colo": "X-Colo" },
  "sites": {
    "shop": {
      "hosts": ["localhost"],
      "default": true,
      "versions": {
        "v1": "assets:v1",
        "v2": { "origin": "https://abc.pages.example/base", "forward": ["cookie", "authorization"], "timeout": "800ms", "not_found": "spa", "files": "dist/v2" }
      },
      "stable": "v1",
      "rollout": {
        "id": "spring", "canary": "v2", "strategy": "geographic", "visitors": "new", "step": 2,
        "steps": [{ "areas": { "NZ": "10%" }, "hold": "1h" }, { "areas": { "elsewhere": "0.25%", "unknown": "0%" }, "least_visitors": 500, "approval": true }],
        "decide": "roll_back", "guards": { "poor_inp": false, "goal.signup": { "margin": "2%" } }, "false_rollback": "0.5%",
        "false_promotion": "2%", "least_networks": 12, "deadline": "3d", "on_deadline": "roll_back", "on_new_version": "queue"
      },
      "rules": [
        { "name": "staff", "when": { "cookie": { "staff": "*" } }, "serve": "canary" },
        { "name": "nz", "when": { "country": "NZ", "device": "mobile" }, "split": { "v1": "50%", "v2": "50%" } }
      ],
      "bots": "stable",
      "consent": "cookie:consent=yes*", "without_consent": "cookieless",
      "cookie": { "name": "build", "max_age": "30d", "same_site": "strict" },
      "cache": { "hashed": ["/assets/**"] },
      "response_header": false
    }
  }
}"#;

#[test]
fn a_full_file_becomes_the_model_it_describes() {
    let checked = checked(FULL);
    // The admin host is the site's own here; everything else is right.
    assert_eq!(checked.problems.len(), 1, "{}", lines(&checked));
    let text = FULL.replace("\"hosts\": [\"localhost\"]", "\"hosts\": [\"127.0.0.1\"]");
    let checked = crate::checked(&text);
    let config = checked.config.clone().unwrap_or_else(|| panic!("{}", lines(&checked)));
    assert_eq!(config.prefix, "/_gray");
    assert_eq!(config.admin_host.as_deref(), Some("localhost"));
    assert_eq!(config.geo_headers[&Fact::Country], "cf-ipcountry");
    assert_eq!(config.geo_headers[&Fact::Colo], "x-colo");
    let site = &config.sites[config.default_site];
    assert_eq!((site.name.as_str(), site.stable.0, site.response_header), ("shop", 0, false));
    assert_eq!((site.bots, site.without_consent), (Bots::Stable, WithoutConsent::Cookieless));
    assert_eq!((site.cookie.name.as_str(), site.cookie.max_age_s, site.cookie.same_site), ("build", 2_592_000, SameSite::Strict));
    let (name, glob) = site.consent.as_ref().unwrap();
    assert_eq!((name.as_str(), glob.as_str()), ("consent", "yes*"));
    assert_eq!(site.hashed.as_ref().unwrap()[0].as_str(), "/assets/**");
    let v2 = &site.versions[1];
    assert_eq!((v2.id.as_str(), v2.timeout_ms, v2.not_found, v2.files.as_deref()), ("v2", 800, NotFound::Spa, Some("dist/v2")));
    assert_eq!(v2.forward, [Forward::Cookie, Forward::Authorization]);
    let rollout = site.rollout.as_ref().unwrap();
    assert_eq!((rollout.id.as_str(), rollout.canary.0, rollout.step, rollout.visitors), ("spring", 1, 2, Visitors::New));
    let gates = rollout.rungs.iter().map(|gate| (gate.hold_s, gate.least_visitors, gate.approval));
    assert_eq!(gates.collect::<Vec<_>>(), [(3600, 100, false), (600, 500, true)]);
    let policy = &rollout.policy;
    assert_eq!((policy.decide, policy.on_deadline), (Decide::RollBack, OnDeadline::RollBack));
    assert_eq!((policy.on_new_version, policy.deadline_s, policy.least_networks), (OnNewVersion::Queue, 259_200, 12));
    assert_eq!((policy.false_rollback_bp, policy.false_promotion_bp), (50, 200));
    let names: Vec<&str> = policy.guards.iter().map(|guard| guard.name.as_str()).collect();
    assert_eq!(names, ["missing", "errors", "origin_failure", "poor_lcp", "poor_cls", "goal.signup"]);
    assert_eq!(policy.guards[5].margin_bp, 200);
    let Ladder::Geographic(steps) = &rollout.ladder else { panic!("not geographic") };
    assert_eq!(steps[0], [(Area::Country("NZ".to_owned()), "1000".parse::<u16>().unwrap().try_into().unwrap())]);
    assert_eq!(
        steps[1].iter().map(|(area, weight)| format!("{area} {weight}")).collect::<Vec<_>>(),
        ["elsewhere 0.25%", "unknown 0%"]
    );
    assert_eq!(site.rules.len(), 2);
    assert_eq!(site.rules[0].split, [(rollout.canary, halftone::slot::Weight::ALL)]);
    assert!(matches!(&site.rules[1].when, Condition::All(parts) if parts.len() == 2));
}
