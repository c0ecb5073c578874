//! Whole rollouts in a made-up world: what is healthy is promoted, what is harmful goes back, and the same seed tells the same story.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can not go on has failed")]

use halftone::config::{Builds, check};
use halftone::plan::compile::{compile, offers};
use halftone::rollout::offer::Offer;
use halftone::simulation::{End, Fault, Ramp, SCENARIOS, World, digest, ramp};

/// The usual ladder and guards: a config that says nothing of them.
fn usual() -> Offer {
    let text = r#"{ "sites": { "shop": {
        "versions": { "v1": "https://v1.example", "v2": "https://v2.example" }, "stable": "v1", "rollout": { "canary": "v2" } } } }"#;
    let config = check(text.as_bytes(), &Builds::default()).config.unwrap();
    let plan = compile(&config, &Vec::new(), None, 1).unwrap();
    offers(&config, &plan).unwrap().remove(0)
}

fn ended(ramps: &[Ramp], end: End) -> usize {
    ramps.iter().filter(|ramp| ramp.end == end).count()
}

/// So many rollouts of a scenario of the table.
fn scenario(name: &str, count: u64) -> Vec<Ramp> {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name.contains(name)).unwrap();
    let (offer, world) = (scenario.offer(&usual()), (scenario.world)());
    (0..count).map(|seed| ramp(&offer, &world, seed)).collect()
}

/// At a false rollback in a hundred, two in ten would be seen once in two hundred times.
#[test]
fn the_same_build_again_is_promoted() {
    assert!(ended(&scenario("the same build again", 10), End::Promoted) >= 9);
}

/// Pooled over the steps the canary would look worse: it has most of its visitors while rates are low, and stable has had the others.
#[test]
fn rates_that_fall_during_the_ramp_and_builds_that_are_in_no_cache_yet_are_not_read_as_harm() {
    for name in ["Simpson", "until it is cached"] {
        assert!(ended(&scenario(name, 10), End::RolledBack) <= 1, "{name}");
    }
}

#[test]
fn white_pages_hidden_among_bots_go_back_and_are_never_promoted() {
    let white = scenario("white for 20", 20);
    assert_eq!(ended(&white, End::RolledBack), 20);
    assert!(white.iter().all(|ramp| ramp.views < 20_000 && ramp.harmed < 200), "{white:?}");
    assert!(white.iter().all(|ramp| ramp.guard.as_deref() == Some("missing")), "{white:?}");
}

/// Half of all traffic never runs a script: tested like visitors, it would hide what is missing.
#[test]
fn without_bots_the_same_is_found_no_sooner_than_by_half() {
    let views = |bots: f64| {
        let world = World { bots, ..World::usual() }.with(Fault { white: 0.2, ..Fault::default() });
        let mut views: Vec<u64> = (0..20).map(|seed| ramp(&usual(), &world, seed).views).collect();
        views.sort_unstable();
        views[10]
    };
    let (with, without) = (views(0.5), views(0.0));
    assert!(with < 2 * without && without < 2 * with, "{with} page views with bots, {without} without");
}

#[test]
fn each_fault_is_found_by_the_guard_that_is_for_it_and_never_sooner_than_can_be() {
    for (name, guard) in [
        ("throws for 20", "errors"),
        ("poor LCP", "poor_lcp"),
        ("poor INP", "poor_inp"),
        ("poor CLS", "poor_cls"),
        ("origin fails", "origin_failure"),
        ("a goal is met", "goal.signup"),
    ] {
        let ramps = scenario(name, 10);
        assert_eq!(ended(&ramps, End::RolledBack), 10, "{name}");
        assert!(ramps.iter().filter(|ramp| ramp.guard.as_deref() == Some(guard)).count() >= 9, "{name}: {ramps:?}");
        let median = |of: fn(&Ramp) -> u64| {
            let mut values: Vec<u64> = ramps.iter().map(of).collect();
            values.sort_unstable();
            values[5]
        };
        let (ours, best) = (median(|ramp| ramp.views), median(|ramp| ramp.best_views.unwrap_or(u64::MAX)));
        assert!(best <= ours, "{name}: {ours} page views, {best} at best");
    }
}

/// At a false promotion in twenty, five of twenty would be seen once in four hundred times.
#[test]
fn what_is_at_its_limit_is_rarely_promoted() {
    for name in ["white for 5", "throws for 0.5"] {
        assert!(ended(&scenario(name, 20), End::Promoted) < 5, "{name}");
    }
}

#[test]
fn the_same_seed_is_the_same_rollout() {
    let (offer, world) = (usual(), World::usual().with(Fault { white: 0.2, ..Fault::default() }));
    assert_eq!(ramp(&offer, &world, 7), ramp(&offer, &world, 7));
}

fn with_rollout(rollout: &str) -> Offer {
    let text = format!(
        r#"{{ "sites": {{ "shop": {{ "versions": {{ "v1": "https://v1.example", "v2": "https://v2.example" }}, "stable": "v1",
            "rollout": {{ "canary": "v2", {rollout} }} }} }} }}"#
    );
    let config = check(text.as_bytes(), &Builds::default()).config.unwrap();
    let plan = compile(&config, &Vec::new(), None, 1).unwrap();
    offers(&config, &plan).unwrap().remove(0)
}

#[test]
fn rollouts_by_arrival_and_by_area_end_as_they_should_too() {
    let by_arrival = r#""strategy": "sequential", "steps": [{ "first": 4000, "of": "20%" }, { "first": 100000, "of": "50%" }]"#;
    let by_area = r#""strategy": "geographic", "steps": [{ "areas": { "NZ": "10%" } },
        { "areas": { "NZ": "50%", "DE": "10%", "elsewhere": "5%" } }, { "areas": { "DE": "50%", "elsewhere": "50%" } }]"#;
    for rollout in [by_arrival, by_area] {
        let offer = with_rollout(rollout);
        let of = |fault: Fault| ramp(&offer, &World::usual().with(fault), 3).end;
        assert_eq!(of(Fault { white: 0.3, ..Fault::default() }), End::RolledBack, "{rollout}");
        assert_ne!(of(Fault::default()), End::RolledBack, "{rollout}");
    }
}

/// An owner who accepts few harmed page views gets a slower ramp, and fewer of them.
#[test]
fn a_pace_keeps_what_a_broken_canary_harms_within_the_budget_of_its_steps() {
    let paced = with_rollout(r#""pace": { "harmed": 400, "views": 20000 }"#);
    let world = World::usual().with(Fault { errors: 0.02, ..Fault::default() });
    let harmed = |offer: &Offer| (0..10).map(|seed| ramp(offer, &world, seed).harmed).sum::<u64>();
    let (slowly, freely) = (harmed(&paced), harmed(&usual()));
    assert!(slowly < freely, "{slowly} harmed with a pace, {freely} without");
    assert_eq!(ramp(&paced, &World::usual(), 1).end, End::Promoted, "a canary that is fine arrives");
}

/// Behind the ramp a goal decides: in a week a canary that is better has all but the least share, and one that is as good or worse has not.
#[test]
fn a_goal_gives_visitors_to_the_better_version_and_leaves_the_split_of_equal_ones_about_as_it_is() {
    let offer = with_rollout(r#""steps": ["10%", "50%", "100%"], "optimise": { "goal": "signup", "every": "6h" }"#);
    let of = |goalless: f64| -> Vec<Ramp> {
        let world = World { goal: 0.1, ..World::usual() }.with(Fault { goalless, ..Fault::default() });
        (0..6).map(|seed| ramp(&offer, &world, seed)).collect()
    };
    let share = |ramps: &[Ramp]| {
        let sum = |of: fn(&Ramp) -> u64| ramps.iter().map(of).sum::<u64>();
        100 * sum(|ramp| ramp.canary_views) / sum(|ramp| ramp.views)
    };
    let (better, equal, worse) = (of(-0.15), of(0.0), of(0.04));
    assert!(ended(&better, End::Promoted) >= 5, "{better:?}");
    assert!(ended(&equal, End::Promoted) <= 2 && ended(&worse, End::Promoted) == 0, "{equal:?} {worse:?}");
    assert!((30..=70).contains(&share(&equal)), "{}", share(&equal));
    assert!(share(&worse) < share(&equal), "{} {}", share(&worse), share(&equal));
}

/// `scripts/evidence.sh` makes the table; whoever changes steps, guards or what is tried has to make it again.
#[test]
fn the_table_in_the_docs_is_of_the_usual_steps_and_guards_and_of_all_that_is_tried() {
    let docs = include_str!("../docs/evidence.md");
    let tried = format!("steps and guards `{}`", digest(usual().rollout.as_ref().unwrap()));
    assert!(docs.contains(&tried), "run scripts/evidence.sh: the docs have no table of {tried}");
    for scenario in &SCENARIOS {
        let row = docs.lines().find(|line| line.starts_with(&format!("| {} |", scenario.name)));
        assert_eq!(row.map(|row| row.matches(" |").count()), Some(9), "{}", scenario.name);
    }
}
