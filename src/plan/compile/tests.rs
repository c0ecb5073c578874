use super::*;
use crate::config::model::{Condition as When, Cookie, Gate};
use crate::plan::{Bots, NotFound, Origin, SameSite, WithoutConsent};
use crate::slot::{SLOTS, Slot};
use crate::strategy::geographic::wave;

const V1: VersionIndex = VersionIndex(0);
const V2: VersionIndex = VersionIndex(1);

fn weight(bp: u16) -> Weight {
    Weight::from_bp(bp).unwrap()
}

fn site(versions: &[&str]) -> model::Site {
    model::Site {
        name: "shop".to_owned(),
        hosts: vec!["shop.example".to_owned()],
        versions: versions
            .iter()
            .map(|id| model::Version {
                id: (*id).to_owned(),
                origin: Origin::Assets(format!("/{id}")),
                forward: Vec::new(),
                timeout_ms: 3000,
                not_found: NotFound::Page,
                files: None,
            })
            .collect(),
        stable: V1,
        rollout: None,
        rules: Vec::new(),
        bots: Bots::SplitUncounted,
        consent: None,
        without_consent: WithoutConsent::Stable,
        cookie: Cookie { name: "halftone".to_owned(), max_age_s: 15_552_000, same_site: SameSite::Lax },
        hashed: None,
        response_header: true,
        feedback: crate::config::feedback::usual(),
        webhooks: Vec::new(),
        allow_origins: Vec::new(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the field of a site it fills is an option")]
fn rollout(ladder: Ladder, step: usize) -> Option<model::Rollout> {
    let rungs = vec![Gate { hold_s: 600, least_visitors: 100, approval: false, between: false }; ladder.len()];
    let (id, policy) = ("spring".to_owned(), crate::rollout::policy::Policy::usual());
    Some(model::Rollout { id, canary: V2, visitors: Visitors::Everyone, ladder, step, rungs, policy })
}

fn random(weights: &[u16], step: usize) -> model::Site {
    let ladder = Ladder::Random(weights.iter().map(|&bp| weight(bp)).collect());
    model::Site { rollout: rollout(ladder, step), ..site(&["v1", "v2"]) }
}

fn rule(name: &str, shares: &[(u8, u16)]) -> model::Rule {
    let split = shares.iter().map(|&(version, bp)| (VersionIndex(version), weight(bp))).collect();
    model::Rule { name: name.to_owned(), when: When::Always, split }
}

fn config(sites: Vec<model::Site>) -> Config {
    Config { prefix: "/_halftone".to_owned(), admin_host: None, geo_headers: BTreeMap::new(), sites, default_site: 0 }
}

/// The plan of one site whose builds' files are not known.
fn compiled(site: model::Site, previous: Option<&Plan>) -> Plan {
    compile(&config(vec![site]), &Vec::new(), previous, 1).unwrap()
}

fn strategy(plan: &Plan) -> &Strategy {
    &plan.sites[0].rollout.as_ref().unwrap().strategy
}

fn random_owners(plan: &Plan) -> &Ownership {
    let Strategy::Random(owners) = strategy(plan) else { panic!("not random: {:?}", strategy(plan)) };
    owners
}

fn every_slot() -> impl Iterator<Item = Slot> {
    (0..SLOTS).filter_map(Slot::new)
}

#[test]
fn no_step_in_force_is_no_rollout() {
    assert_eq!(compiled(random(&[100, 500], 0), None).sites[0].rollout, None);
    assert_eq!(compiled(site(&["v1"]), None).sites[0].rollout, None);
}

#[test]
fn each_step_gives_the_canary_its_weight_and_keeps_whom_it_had() {
    let ladder = [100, 500, 2_500, 5_000, 10_000];
    let mut before = Ownership::all(V1);
    for (at, &bp) in ladder.iter().enumerate() {
        let plan = compiled(random(&ladder, at + 1), None);
        let owners = random_owners(&plan);
        assert_eq!(owners.share(V2).bp(), bp);
        assert!(every_slot().all(|slot| before.owner(slot) == V1 || owners.owner(slot) == V2), "step {}", at + 1);
        before = owners.clone();
    }
}

#[test]
fn a_step_derives_the_same_owners_with_and_without_the_plan_before_it() {
    let before = compiled(random(&[100, 500, 2_500], 2), None);
    assert_eq!(compiled(random(&[100, 500, 2_500], 3), Some(&before)), compiled(random(&[100, 500, 2_500], 3), None));
}

#[test]
fn the_sequential_step_in_force_says_how_many_and_which_share() {
    let rung = |first, bp| model::Enrolment { first, of: weight(bp) };
    let ladder = || Ladder::Sequential(vec![rung(100, 1_000), rung(1_000, 1_000), rung(5_000, 5_000)]);
    for (step, first, bp) in [(1, 100, 1_000), (2, 1_000, 1_000), (3, 5_000, 5_000)] {
        let plan = compiled(model::Site { rollout: rollout(ladder(), step), ..site(&["v1", "v2"]) }, None);
        let Strategy::Sequential(enrolment) = strategy(&plan) else { panic!("not sequential") };
        assert_eq!((enrolment.first, enrolment.of.share(V2).bp()), (first, bp), "step {step}");
    }
}

fn geographic(rungs: Vec<Vec<(Area, u16)>>, step: usize) -> Plan {
    let rungs = rungs.into_iter().map(|rung| rung.into_iter().map(|(area, bp)| (area, weight(bp))).collect()).collect();
    compiled(model::Site { rollout: rollout(Ladder::Geographic(rungs), step), ..site(&["v1", "v2"]) }, None)
}

fn country(code: &str) -> Area {
    Area::Country(code.to_owned())
}

#[test]
fn the_most_specific_area_that_holds_a_visitor_decides() {
    let areas = vec![
        (Area::Unknown, 1),
        (Area::Elsewhere, 2),
        (Area::Continent("OC".to_owned()), 3),
        (Area::EuropeanUnion, 4),
        (country("NZ"), 5),
        (Area::Region("NZ".to_owned(), "AUK".to_owned()), 6),
        (Area::Colo("AKL".to_owned()), 7),
    ];
    let plan = geographic(vec![areas], 1);
    let Strategy::Geographic(waves) = strategy(&plan) else { panic!("not geographic") };
    for (country, region, colo, expected) in [
        ("NZ", "AUK", "AKL", "colo:AKL"),
        ("", "", "AKL", "colo:AKL"),
        ("NZ", "AUK", "SYD", "NZ-AUK"),
        ("NZ", "WGN", "SYD", "NZ"),
        ("AU", "AUK", "SYD", "continent:OC"),
        ("FR", "", "", "EU"),
        ("US", "CA", "SFO", "elsewhere"),
        ("XX", "", "", "unknown"),
        ("T1", "", "", "unknown"),
        ("", "", "", "unknown"),
    ] {
        let geo = crate::plan::Geo { country, region, city: "", colo };
        let found = wave(waves, &geo).unwrap();
        assert_eq!(found.1.name, expected, "{country}-{region} {colo}");
        let bp = ["unknown", "elsewhere", "continent:OC", "EU", "NZ", "NZ-AUK", "colo:AKL"]
            .iter()
            .position(|name| *name == expected)
            .unwrap();
        assert_eq!(usize::from(found.1.weight(V2).bp()), bp + 1, "{expected}");
    }
}

#[test]
fn an_area_keeps_the_weight_of_the_last_step_that_names_it() {
    let rungs =
        || vec![vec![(country("NZ"), 1_000)], vec![(country("AU"), 500)], vec![(country("NZ"), 10_000), (Area::Elsewhere, 100)]];
    for (step, expected) in [
        (1, vec![("NZ", 1_000)]),
        (2, vec![("AU", 500), ("NZ", 1_000)]),
        (3, vec![("AU", 500), ("NZ", 10_000), ("elsewhere", 100)]),
    ] {
        let plan = geographic(rungs(), step);
        let Strategy::Geographic(waves) = strategy(&plan) else { panic!("not geographic") };
        let waves: Vec<(&str, u16)> = waves.iter().map(|wave| (wave.name.as_str(), wave.weight(V2).bp())).collect();
        assert_eq!(waves, expected, "step {step}");
    }
}

#[test]
fn outside_every_area_nobody_is_drawn() {
    let plan = geographic(vec![vec![(country("NZ"), 10_000)]], 1);
    let Strategy::Geographic(waves) = strategy(&plan) else { panic!("not geographic") };
    assert!(wave(waves, &crate::plan::Geo { country: "AU", ..Default::default() }).is_none());
}

#[test]
fn a_rules_new_split_moves_the_fewest_slots_from_the_plan_before() {
    let with = |versions: &[&str], shares: &[(u8, u16)]| model::Site { rules: vec![rule("staff", shares)], ..site(versions) };
    let mut plan = compiled(with(&["v1", "v2", "v3"], &[(0, 3_334), (1, 3_333), (2, 3_333)]), None);
    for (versions, shares, by_id) in [
        (vec!["v1", "v2", "v3"], vec![(0, 5_000), (1, 2_000), (2, 3_000)], vec![("v1", 5_000), ("v2", 2_000), ("v3", 3_000)]),
        // v3 stands elsewhere in the list, a new one comes in, v2 leaves the split.
        (
            vec!["v3", "v4", "v1", "v2"],
            vec![(0, 4_000), (1, 1_000), (2, 5_000)],
            vec![("v3", 4_000), ("v4", 1_000), ("v1", 5_000)],
        ),
        // v4 is gone from the list.
        (vec!["v1", "v3"], vec![(0, 4_000), (1, 6_000)], vec![("v1", 4_000), ("v3", 6_000)]),
    ] {
        let next = compiled(with(&versions, &shares), Some(&plan));
        let id = |plan: &Plan, slot| plan.sites[0].version(plan.sites[0].rules[0].owners.owner(slot)).unwrap().id.clone();
        let moved = every_slot().filter(|&slot| id(&plan, slot) != id(&next, slot)).count();
        let share =
            |plan: &Plan, name: &str| plan.sites[0].find(name).map_or(0, |at| plan.sites[0].rules[0].owners.share(at).bp());
        let fewest: u16 = by_id.iter().map(|&(name, bp)| bp - bp.min(share(&plan, name))).sum();
        assert_eq!(moved, usize::from(fewest), "{by_id:?}");
        for (name, bp) in by_id {
            assert_eq!(share(&next, name), bp, "{name}");
        }
        plan = next;
    }
}

#[test]
fn a_rule_under_another_name_is_another_rule() {
    let with = |name: &str, shares: &[(u8, u16)]| model::Site { rules: vec![rule(name, shares)], ..site(&["v1", "v2"]) };
    let before = compiled(with("staff", &[(0, 9_000), (1, 1_000)]), None);
    let fresh = compiled(with("guests", &[(1, 1_000), (0, 9_000)]), Some(&before));
    assert_eq!(fresh, compiled(with("guests", &[(1, 1_000), (0, 9_000)]), None));
    assert_ne!(before.sites[0].rules[0].salt, fresh.sites[0].rules[0].salt);
}

#[test]
fn every_split_has_a_salt_of_its_own() {
    let mut first = random(&[500], 1);
    first.rules = vec![rule("spring", &[(0, 10_000)]), rule("staff", &[(0, 10_000)])];
    let mut second = first.clone();
    second.name = "blog".to_owned();
    let mut third = first.clone();
    third.name = "docs".to_owned();
    third.rollout.as_mut().unwrap().id = "summer".to_owned();
    let plan = compile(&config(vec![first, second, third]), &Vec::new(), None, 1).unwrap();
    let mut salts: Vec<&str> = Vec::new();
    for site in &plan.sites {
        salts.extend(site.rollout.iter().map(|rollout| rollout.salt.as_str()));
        salts.extend(site.rules.iter().map(|rule| rule.salt.as_str()));
    }
    assert_eq!(salts[..3], ["shop/rollout/spring", "shop/rule/spring", "shop/rule/staff"]);
    let count = salts.len();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), count);
}

#[test]
fn the_step_is_no_part_of_the_salt() {
    let salt = |step| compiled(random(&[500, 1_000], step), None).sites[0].rollout.as_ref().unwrap().salt.clone();
    assert_eq!(salt(1), salt(2));
}

#[test]
fn conditions_are_compiled_to_what_needs_no_table() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let when = When::All(vec![
        When::Not(Box::new(When::Area(vec![country("NZ"), Area::EuropeanUnion]))),
        When::City(texts(&["Auckland", "ŌTAUTAHI"])),
        When::Language(texts(&["pt-BR"])),
        When::Always,
    ]);
    let mut site = site(&["v1"]);
    site.rules = vec![model::Rule { when, ..rule("r", &[(0, 10_000)]) }];
    let plan = compiled(site, None);
    let Condition::All(parts) = &plan.sites[0].rules[0].when else { panic!("not all") };
    let [Condition::Not(area), Condition::City(cities), Condition::Language(ranges), Condition::All(none)] = parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    let Condition::Place(places) = &**area else { panic!("{area:?}") };
    let [Place::Countries(nz), Place::Countries(eu)] = places.as_slice() else { panic!("{places:?}") };
    assert!(nz.contains("NZ") && nz.iter().count() == 1);
    assert!(eu.contains("DE") && eu.contains("FR") && !eu.contains("GB") && !eu.contains("NZ"));
    assert_eq!((cities, ranges), (&texts(&["auckland", "ōtautahi"]), &texts(&["pt-br"])));
    assert!(none.is_empty());
}

#[test]
fn file_lists_become_an_index_of_who_has_what() {
    let list = |files: &[(&str, u64)]| Some(files.iter().map(|&(path, hash)| (path.to_owned(), hash)).collect());
    let listings =
        vec![vec![list(&[("/index.html", 1), ("/a.js", 7)]), list(&[("/index.html", 2), ("/a.js", 7), ("/b.js", 3)]), None]];
    let plan = compile(&config(vec![site(&["v1", "v2", "v3"])]), &listings, None, 1).unwrap();
    let site = &plan.sites[0];
    assert_eq!(site.versions.iter().map(|version| version.listed).collect::<Vec<_>>(), [true, true, false]);
    let of = |path| {
        let found = site.files.find(path);
        ([0, 1, 2].map(|at| found.in_version(VersionIndex(at))), found.is_contested())
    };
    assert_eq!(of("/index.html"), ([true, true, false], true));
    assert_eq!(of("/a.js"), ([true, true, false], false));
    assert_eq!(of("/b.js"), ([false, true, false], false));
    assert_eq!(of("/c.js"), ([false, false, false], false));
}

#[test]
fn shares_that_do_not_add_up_are_refused_and_not_served() {
    let mut wrong = site(&["v1", "v2"]);
    wrong.rules = vec![rule("r", &[(0, 5_000), (1, 4_000)])];
    let error = compile(&config(vec![wrong]), &Vec::new(), None, 1).unwrap_err();
    assert_eq!(error.to_string(), "shares do not add up to 100 %");
}
