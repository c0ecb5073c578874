//! The world: countries, regions, and areas of different weight that share visitors.

use halftone::config::{Code, Severity};
use halftone::plan::compile::compile;
use halftone::plan::{Geo, Rollout, Strategy as Chosen};
use halftone::strategy::geographic;
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{checked, rollout, said, when};

fn steps(steps: &str) -> String {
    rollout(&format!(r#""canary": "v2", "strategy": "geographic", "steps": [{steps}]"#))
}

fn areas(areas: &str) -> String {
    steps(&format!(r#"{{ "areas": {{ {areas} }} }}"#))
}

#[test]
fn the_full_example_of_areas_is_valid() {
    let all = areas(
        r#""NZ": "10%", "US-CA": "5%", "EU": "1%", "continent:OC": "10%", "colo:AKL": "100%", "elsewhere": "1%", "unknown": "0%""#,
    );
    assert!(checked(&all).config.is_some(), "{}", said(&all));
}

#[test]
fn codes_that_the_world_does_not_have_are_refused() {
    let cases = ["UK", "QQ", "OC", "US-ZZZ", "US-CAL", "UK-ENG", "QQ-A", "continent:EE"];
    let all: Vec<String> = cases.iter().map(|code| said(&areas(&format!(r#""{code}": "5%""#)))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:79 sites.shop.rollout.steps[0].areas.UK: `UK` is not a country of ISO 3166-1 — did you mean `GB`?
    2:79 sites.shop.rollout.steps[0].areas.QQ: `QQ` is not a country of ISO 3166-1
    2:79 sites.shop.rollout.steps[0].areas.OC: `OC` is not a country of ISO 3166-1 — did you mean `continent:OC`?
    2:79 sites.shop.rollout.steps[0].areas.US-ZZZ: `US-ZZZ` is not a region of United States (US) in ISO 3166-2
    2:79 sites.shop.rollout.steps[0].areas.US-CAL: `US-CAL` is not a region of United States (US) in ISO 3166-2 — did you mean `US-AL`?
    2:79 sites.shop.rollout.steps[0].areas.UK-ENG: `UK-ENG` begins with `UK`, which is not a country of ISO 3166-1 — did you mean `GB-ENG`?
    2:79 sites.shop.rollout.steps[0].areas.QQ-A: `QQ-A` begins with `QQ`, which is not a country of ISO 3166-1
    2:79 sites.shop.rollout.steps[0].areas.continent:EE: `continent:EE` is not a continent — the continents are `continent:AF`, `continent:AN`, `continent:AS`, `continent:EU`, `continent:NA`, `continent:OC` and `continent:SA`
    "#);
}

#[test]
fn codes_that_are_written_otherwise_are_understood() {
    let cases = [
        "nz",
        "us-ca",
        "US_CA",
        "eu",
        "New Zealand",
        "europe",
        "oc",
        "AKL",
        "colo:akl",
        "continent:oc",
        "*",
        "rest",
        "Atlantis",
        "",
    ];
    let all: Vec<String> = cases.iter().map(|code| said(&areas(&format!(r#""{code}": "5%""#)))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:79 sites.shop.rollout.steps[0].areas.nz: `nz` is not written as a code — did you mean `NZ`?
    2:79 sites.shop.rollout.steps[0].areas.us-ca: `us-ca` is not written as a code — did you mean `US-CA`?
    2:79 sites.shop.rollout.steps[0].areas.US_CA: `US_CA` is not written as a code — did you mean `US-CA`?
    2:79 sites.shop.rollout.steps[0].areas.eu: `eu` is not written as a code — did you mean `EU`?
    2:79 sites.shop.rollout.steps[0].areas["New Zealand"]: `New Zealand` is not written as a code — did you mean `NZ`?
    2:79 sites.shop.rollout.steps[0].areas.europe: `europe` is not written as a code — did you mean `continent:EU`?
    2:79 sites.shop.rollout.steps[0].areas.oc: `oc` is not written as a code — did you mean `continent:OC`?
    2:79 sites.shop.rollout.steps[0].areas.AKL: `AKL` is not written as a code — did you mean `colo:AKL`?
    2:79 sites.shop.rollout.steps[0].areas.colo:akl: `colo:akl` is not written as a code — did you mean `colo:AKL`?
    2:79 sites.shop.rollout.steps[0].areas.continent:oc: `continent:oc` is not written as a code — did you mean `continent:OC`?
    2:79 sites.shop.rollout.steps[0].areas["*"]: `*` is not written as a code — did you mean `elsewhere`?
    2:79 sites.shop.rollout.steps[0].areas.rest: `rest` is not written as a code — did you mean `elsewhere`?
    2:79 sites.shop.rollout.steps[0].areas.Atlantis: `Atlantis` is not an area: a country `NZ`, a region `US-CA`, `EU`, `continent:OC`, a data centre `colo:AKL`, `elsewhere` or `unknown` — write it like "NZ"
    2:79 sites.shop.rollout.steps[0].areas[""]: `""` is not an area: a country `NZ`, a region `US-CA`, `EU`, `continent:OC`, a data centre `colo:AKL`, `elsewhere` or `unknown` — write it like "NZ"
    "#);
    let cases = [
        r#""country": "nz""#,
        r#""country": "Germany""#,
        r#""country": "US-CA""#,
        r#""region": "ca""#,
        r#""colo": "colo:AKL""#,
        r#""country": "elsewhere""#,
        r#""language": "de_AT.UTF-8""#,
    ];
    let all: Vec<String> = cases.iter().map(|case| said(&when(&format!("{{ {case} }}")))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:47 sites.shop.rules[0].when.country: `nz` is not written as a code — did you mean `NZ`?
    2:47 sites.shop.rules[0].when.country: `Germany` is not written as a code — did you mean `DE`?
    2:47 sites.shop.rules[0].when.country: `US-CA` is a region, not a country — ask for it with the key `region`
    2:46 sites.shop.rules[0].when.region: `ca` is not a region: a country and its subdivision of ISO 3166-2, like `US-CA` — write it like "US-CA"
    2:44 sites.shop.rules[0].when.colo: `colo:AKL` is not written as a code — did you mean `AKL`?
    2:47 sites.shop.rules[0].when.country: `elsewhere` is not a country: two capital letters of ISO 3166-1 (`NZ`), `EU`, `continent:OC` or `unknown` — write it like "NZ"
    2:48 sites.shop.rules[0].when.language: `de_AT.UTF-8` is a locale, not a language tag — write `de-AT`
    "#);
}

#[test]
fn regions_are_known_by_name() {
    let cases = ["US-California", "us_new york", "NZ auckland", "UK-England", "Fiji-Rotuma", "US-Atlantis", "Q-California"];
    let all: Vec<String> = cases.iter().map(|code| said(&areas(&format!(r#""{code}": "5%""#)))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:79 sites.shop.rollout.steps[0].areas.US-California: `US-California` is not written as a code — did you mean `US-CA`?
    2:79 sites.shop.rollout.steps[0].areas["us_new york"]: `us_new york` is not written as a code — did you mean `US-NY`?
    2:79 sites.shop.rollout.steps[0].areas["NZ auckland"]: `NZ auckland` is not written as a code — did you mean `NZ-AUK`?
    2:79 sites.shop.rollout.steps[0].areas.UK-England: `UK-England` is not written as a code — did you mean `GB-ENG`?
    2:79 sites.shop.rollout.steps[0].areas.Fiji-Rotuma: `Fiji-Rotuma` is not written as a code — did you mean `FJ-R`?
    2:79 sites.shop.rollout.steps[0].areas.US-Atlantis: `US-Atlantis` is not an area: a country `NZ`, a region `US-CA`, `EU`, `continent:OC`, a data centre `colo:AKL`, `elsewhere` or `unknown` — write it like "NZ"
    2:79 sites.shop.rollout.steps[0].areas.Q-California: `Q-California` is not an area: a country `NZ`, a region `US-CA`, `EU`, `continent:OC`, a data centre `colo:AKL`, `elsewhere` or `unknown` — write it like "NZ"
    "#);
    let cases = [r#""region": "US-California""#, r#""country": "US-California""#, r#""country": "South Africa""#];
    let all: Vec<String> = cases.iter().map(|case| said(&when(&format!("{{ {case} }}")))).collect();
    assert_snapshot!(all.join("\n"), @r#"
    2:46 sites.shop.rules[0].when.region: `US-California` is not written as a code — did you mean `US-CA`?
    2:47 sites.shop.rules[0].when.country: `US-California` is a region, not a country — ask for it with the key `region`
    2:47 sites.shop.rules[0].when.country: `South Africa` is not written as a code — did you mean `ZA`?
    "#);
}

#[test]
fn codes_for_no_country_mean_unknown() {
    let both = when(r#"{ "country": ["XX", "T1", "unknown"] }"#);
    assert_snapshot!(said(&both), @r#"
    2:48 warning: sites.shop.rules[0].when.country[0]: `XX` stands for no known country, and is read as `unknown` — write `unknown`
    2:54 warning: sites.shop.rules[0].when.country[1]: `T1` stands for Tor, which hides the country, and is read as `unknown` — write `unknown`
    "#);
    assert!(checked(&both).config.is_some());
    assert_snapshot!(said(&areas(r#""XX": "5%", "unknown": "5%""#)), @r#"
    2:79 warning: sites.shop.rollout.steps[0].areas.XX: `XX` stands for no known country, and is read as `unknown` — write `unknown`
    2:91 sites.shop.rollout.steps[0].areas.unknown: `unknown` is the same area as `XX` — take one of them out
    "#);
}

#[test]
fn an_area_never_falls() {
    assert_snapshot!(said(&steps(r#"{ "areas": { "NZ": "10%" } }, { "areas": { "NZ": "5%" } }"#)), @r#"2:115 sites.shop.rollout.steps[1].areas.NZ: `5%` is less than the 10% of the step before: visitors would lose the canary — write at least "10%""#);
    assert!(
        said(&steps(r#"{ "areas": { "NZ": "10%" } }, { "areas": { "AU": "5%" } }, { "areas": { "NZ": "20%" } }"#)).is_empty()
    );
}

#[test]
fn a_narrower_area_must_not_lower_a_wider_one() {
    assert_snapshot!(said(&steps(r#"{ "areas": { "continent:OC": "10%" } }, { "areas": { "NZ": "5%" } }"#)), @r#"
    2:79 warning: sites.shop.rollout.steps[0].areas.continent:OC: also holds `NZ`; the more specific wins, so visitors there get its weight
    2:125 sites.shop.rollout.steps[1].areas.NZ: `5%` is less than the 10% that visitors in `NZ` had by `continent:OC` at the step before: they would lose the canary — write at least "10%"
    "#);
    assert_snapshot!(said(&steps(r#"{ "areas": { "elsewhere": "10%" } }, { "areas": { "EU": "5%", "US-CA": "1%" } }"#)), @r#"
    2:122 sites.shop.rollout.steps[1].areas.EU: `5%` is less than the 10% that visitors in `AT` had by `elsewhere` at the step before: they would lose the canary — write at least "10%"
    2:137 sites.shop.rollout.steps[1].areas.US-CA: `1%` is less than the 10% that visitors in `US-CA` had by `elsewhere` at the step before: they would lose the canary — write at least "10%"
    "#);
    assert_snapshot!(said(&steps(r#"{ "areas": { "NZ": "10%" } }, { "areas": { "colo:AKL": "5%" } }"#)), @r#"
    2:109 warning: sites.shop.rollout.steps[1].areas.colo:AKL: a data centre serves visitors of other areas too, and is the most specific: the weight of `colo:AKL` counts for them
    2:121 sites.shop.rollout.steps[1].areas.colo:AKL: `5%` is less than the 10% that visitors in `NZ` had at the step before: they would lose the canary — write at least "10%"
    "#);
    let rises = said(&steps(
        r#"{ "areas": { "NZ": "10%" } }, { "areas": { "continent:OC": "5%" } }, { "areas": { "NZ-AUK": "10%", "elsewhere": "1%" } }"#,
    ));
    assert!(!rises.contains("lose the canary"), "{rises}");
}

#[test]
fn unknown_is_apart_from_elsewhere() {
    assert!(said(&steps(r#"{ "areas": { "elsewhere": "10%" } }, { "areas": { "unknown": "5%" } }"#)).is_empty());
}

#[test]
fn overlaps_say_which_area_wins() {
    let all = areas(r#""NZ": "10%", "AU": "5%", "continent:OC": "5%", "EU": "1%", "FR": "1%", "colo:AKL": "100%""#);
    assert_snapshot!(said(&all), @r#"
    2:104 warning: sites.shop.rollout.steps[0].areas.continent:OC: also holds `NZ`; the more specific wins, so visitors there get its weight
    2:150 warning: sites.shop.rollout.steps[0].areas.colo:AKL: a data centre serves visitors of other areas too, and is the most specific: the weight of `colo:AKL` counts for them
    "#);
    assert!(checked(&all).problems.iter().all(|problem| problem.severity == Severity::Warning));
}

/// The rollout of a ladder as the edge has it after each step.
fn plans(text: &str, steps: usize) -> Vec<Rollout> {
    let plan = |step: usize| {
        let text = text.replace("\"canary\"", &format!("\"step\": {step}, \"canary\""));
        let plan = compile(&checked(&text).config.unwrap(), &Vec::new(), None, 1).unwrap();
        plan.sites[0].rollout.clone().unwrap()
    };
    (1..=steps).map(plan).collect()
}

/// The canary's weight for one visitor's geography, in basis points.
fn weight(rollout: &Rollout, geo: &Geo<'_>) -> u16 {
    let Chosen::Geographic(waves) = &rollout.strategy else { panic!("not geographic") };
    geographic::wave(waves, geo).map_or(0, |(_, wave)| wave.weight(rollout.canary).bp())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_ladder_is_refused_exactly_if_some_visitor_would_lose_the_canary(
        ladder in proptest::collection::vec(proptest::collection::btree_map(0_usize..10, 0_usize..4, 1..4), 1..4),
    ) {
        let areas = ["NZ", "AU", "NZ-AUK", "EU", "FR", "continent:OC", "continent:EU", "colo:AKL", "elsewhere", "unknown"];
        let percents = [0, 5, 10, 20];
        let written: Vec<String> = ladder
            .iter()
            .map(|step| {
                let entries = step.iter().map(|(area, weight)| format!(r#""{}": "{}%""#, areas[*area], percents[*weight]));
                format!(r#"{{ "areas": {{ {} }} }}"#, entries.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let text = steps(&written.join(", "));
        let checked = checked(&text);
        let refused = checked.problems.iter().any(|problem| problem.code == Code::FallingStep);
        prop_assert_eq!(refused, checked.config.is_none());
        // The edge's own arithmetic, on the same ladder step by step: what is in force for everybody.
        let geos = ["NZ", "AU", "FR", "AT", "GB", "US", "FJ", "XX", ""].iter().flat_map(|country| {
            let regions = if *country == "NZ" { vec!["", "AUK", "WGN"] } else { vec![""] };
            regions.into_iter().flat_map(move |region| ["", "AKL", "SYD"].map(|colo| Geo { country, region, city: "", colo }))
        });
        let in_force = |upto: usize, geo: &Geo<'_>| {
            let mut named = std::collections::BTreeMap::new();
            ladder.iter().take(upto).for_each(|step| named.extend(step.iter().map(|(area, weight)| (*area, percents[*weight] * 100))));
            // From the most to the least specific.
            [7, 2, 0, 1, 4, 3, 5, 6, 8, 9].into_iter().find(|area| named.contains_key(area) && holds(areas[*area], geo)).map_or(0, |area| named[&area])
        };
        let plans = if refused { Vec::new() } else { plans(&text, ladder.len()) };
        let mut falls = false;
        for geo in geos {
            let expected: Vec<u16> = (1..=ladder.len()).map(|step| in_force(step, &geo)).collect();
            falls |= expected.windows(2).any(|pair| pair[1] < pair[0]);
            if !refused {
                let served: Vec<u16> = plans.iter().map(|rollout| weight(rollout, &geo)).collect();
                prop_assert_eq!(&served, &expected, "{:?} {}", geo, text);
            }
        }
        // An area may be named lower where narrower ones already decide for everybody in it; that is refused all the same.
        let renamed = (1..ladder.len()).any(|at| ladder[at].iter().any(|(area, weight)| {
            let before = ladder.iter().take(at).rev().find_map(|step| step.get(area));
            before.is_some_and(|before| weight < before)
        }));
        prop_assert_eq!(refused, falls || renamed, "{}", text);
    }
}

fn holds(area: &str, geo: &Geo<'_>) -> bool {
    match area {
        "NZ-AUK" => geo.country == "NZ" && geo.region == "AUK",
        "EU" => matches!(geo.country, "FR" | "AT"),
        "continent:OC" => matches!(geo.country, "NZ" | "AU" | "FJ"),
        "continent:EU" => matches!(geo.country, "FR" | "AT" | "GB"),
        "colo:AKL" => geo.colo == "AKL",
        "elsewhere" => !matches!(geo.country, "XX" | ""),
        "unknown" => matches!(geo.country, "XX" | ""),
        country => geo.country == country,
    }
}
