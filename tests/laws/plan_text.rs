//! The plan's text is a frozen format: what was written once is read for ever, and what is not a plan is refused whole.

use halftone::glob::Glob;
use halftone::plan::{
    Bots, Condition, Countries, Device, Enrolment, FORMAT, Fact, Feedback, FileIndex, Forward, NotFound, Origin, Place, Plan,
    Rollout, Rule, SameSite, Site, Strategy, Stratum, Version, Wave, WithoutConsent,
};
use halftone::slot::{Odds, Ownership, VersionIndex, Weight};
use halftone::visitor::base64url;
use proptest::prelude::*;

fn text(text: &str) -> String {
    text.to_owned()
}

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().map(|text| Glob::new(text).unwrap()).collect()
}

fn split(bp: u16) -> Ownership {
    let weight = |bp| Weight::from_bp(bp).unwrap();
    Ownership::first(&[(VersionIndex(0), weight(10_000 - bp)), (VersionIndex(1), weight(bp))]).unwrap()
}

fn countries(codes: &str) -> Place {
    Place::Countries(Countries::try_from(text(codes)).unwrap())
}

fn site(name: &str, strategy: Strategy) -> Site {
    let version = |id: &str, origin| Version {
        id: text(id),
        origin,
        forward: vec![Forward::Cookie, Forward::Authorization],
        timeout_ms: 3000,
        not_found: NotFound::Page,
        listed: false,
    };
    Site {
        name: text(name),
        revision: 12,
        hosts: vec![format!("{name}.example"), format!("*.{name}.example")],
        versions: vec![
            Version { listed: true, ..version("v1", Origin::Assets(text("/v1"))) },
            Version { not_found: NotFound::Spa, ..version("v2", Origin::Url(text("https://v2.builds.example"), text("/base"))) },
            version("v3", Origin::Zone(text(""))),
            version("v4", Origin::R2(text("BUILDS"), text("v4/"))),
            version("v5", Origin::Service(text("NEXT"), text("/x"))),
        ],
        stable: VersionIndex(0),
        rollout: Some(Rollout {
            salt: format!("{name}/rollout/spring"),
            canary: VersionIndex(1),
            newcomers_only: true,
            strategy,
            step: 2,
            strata: vec![Stratum {
                name: text("NZ"),
                odds: vec![Odds { canary: 500, stable: 9_500 }, Odds { canary: 400, stable: 9_500 }],
            }],
        }),
        is_off: false,
        quarantined: vec![VersionIndex(2)],
        rules: Vec::new(),
        bots: Bots::Stable,
        consent: None,
        without_consent: WithoutConsent::Stable,
        cookie: text("halftone"),
        max_age_s: 15_552_000,
        same_site: SameSite::Lax,
        hashed: None,
        response_header: true,
        feedback: Feedback {
            on: true,
            inject: true,
            reports: false,
            reload: true,
            sample: Weight::from_bp(1000).unwrap(),
            shards: 4,
            budget: 5_000_000,
            retention_days: 30,
            jurisdiction: text("eu"),
        },
        files: FileIndex::default(),
    }
}

/// A plan in which every kind of thing occurs.
fn everything() -> Plan {
    let wave = |place, bp, name: &str| Wave { place, owners: split(bp), name: text(name) };
    let waves = vec![
        wave(Place::Colo(text("AKL")), 10_000, "colo:AKL"),
        wave(Place::Region(text("US"), text("CA")), 500, "US-CA"),
        wave(countries("AU NZ"), 25, "continent:OC"),
        wave(Place::Known, 1, "elsewhere"),
        wave(Place::Unknown, 0, "unknown"),
    ];
    let when = Condition::All(vec![
        Condition::Any(vec![Condition::Place(vec![countries("NZ")]), Condition::City(vec![text("auckland")])]),
        Condition::Not(Box::new(Condition::Path(globs(&["/docs/**"])))),
        Condition::Host(globs(&["*.example"])),
        Condition::Query(text("show"), globs(&["v2"])),
        Condition::Header(text("x-plan"), globs(&["gold", "silver"])),
        Condition::Cookie(text("staff"), globs(&["*"])),
        Condition::Language(vec![text("pt-br")]),
        Condition::Device(vec![Device::Mobile, Device::Tablet, Device::Desktop]),
        Condition::Bot(false),
    ]);
    let mut shop = site("shop", Strategy::Random(split(500)));
    shop.rules = vec![Rule { name: text("staff"), salt: text("shop/rule/staff"), when, owners: split(10_000) }];
    shop.files = FileIndex::build([("/index.html", 1, true), ("/a-4f3a2b1c.js", 1, false)].into_iter()).unwrap();
    shop.hashed = Some(globs(&["/assets/**"]));
    let mut blog = site("blog", Strategy::Sequential(Enrolment { first: 1000, of: split(2_500) }));
    (blog.bots, blog.same_site) = (Bots::Split, SameSite::Strict);
    (blog.consent, blog.without_consent) = (Some((text("consent"), Glob::new("yes*").unwrap())), WithoutConsent::Cookieless);
    let mut docs = site("docs", Strategy::Geographic(waves));
    (docs.bots, docs.same_site, docs.response_header) = (Bots::SplitUncounted, SameSite::None, false);
    Plan {
        format: FORMAT,
        revision: 12,
        prefix: text("/_halftone"),
        admin_host: Some(text("admin.example")),
        geo_headers: [Fact::Country, Fact::Region, Fact::City, Fact::Colo]
            .map(|fact| (fact, format!("x-{fact:?}").to_lowercase()))
            .to_vec(),
        sites: vec![shop, blog, docs],
        default_site: 2,
    }
}

/// The text of [`everything`], as the first release wrote it.
const PINNED: &str = include_str!("../vectors/plan-3.txt");

#[test]
fn the_text_of_a_plan_is_pinned() {
    assert_eq!(everything().write(), PINNED.trim_end());
}

#[test]
fn the_pinned_text_is_read_back_whole() {
    assert_eq!(Plan::read(PINNED).unwrap(), everything());
    assert_eq!(Plan::read(PINNED.trim_end()).unwrap(), everything());
}

#[test]
fn a_plan_that_is_cut_off_anywhere_is_refused() {
    let whole = PINNED.trim_end();
    for length in 0..whole.len() {
        let error = Plan::read(&whole[..length]).unwrap_err();
        assert!(error.starts_with("plan: "), "{length}: {error}");
    }
}

#[test]
fn what_is_no_plan_or_another_format_is_refused_in_words() {
    let body = PINNED.trim_end().strip_prefix("halftone-plan/3 ").unwrap();
    for (plan, words) in [
        (String::new(), "plan: it does not begin with `halftone-plan/`"),
        (text("{}"), "plan: it does not begin with `halftone-plan/`"),
        (format!("halftone-plan/2 {body}"), "plan: format 2 can not be read here, only 3"),
        (format!("halftone-plan/x {body}"), "plan: format x can not be read here, only 3"),
        (format!("halftone-plan/3{body}"), "plan: it does not begin with `halftone-plan/`"),
        (format!("halftone-plan/3 {body}="), "plan: not base64url"),
        (format!("halftone-plan/3 {body} {body}"), "plan: not base64url"),
        (text("halftone-plan/3 AQwK"), "plan: cut off or garbled"),
        (format!("halftone-plan/3 {body}{}", "A".repeat(4 - body.len() % 4 + 4)), "plan: "),
    ] {
        let error = Plan::read(&plan).unwrap_err();
        assert!(error.starts_with(words), "{error} is not {words}");
    }
}

#[test]
fn what_follows_a_plan_is_refused() {
    let mut bytes = base64url::decode(PINNED.trim_end().strip_prefix("halftone-plan/3 ").unwrap()).unwrap();
    bytes.push(0);
    let longer = format!("halftone-plan/3 {}", base64url::encode(&bytes));
    assert_eq!(Plan::read(&longer).unwrap_err(), "plan: more or other than a plan");
}

#[test]
fn a_plan_that_names_what_is_not_there_is_refused() {
    let strange = || Ownership::all(VersionIndex(5));
    let broken = |breaks: fn(&mut Plan, Ownership)| {
        let mut plan = everything();
        breaks(&mut plan, strange());
        Plan::read(&plan.write()).unwrap_err()
    };
    assert_eq!(broken(|plan, _| plan.default_site = 3), "plan: default_site 3 of 3 sites");
    assert_eq!(broken(|plan, _| plan.sites.clear()), "plan: default_site 2 of 0 sites");
    assert_eq!(broken(|plan, _| plan.format = 1), "plan: more or other than a plan");
    let of_site = |name: &str| format!("plan: site `{name}` names a version that is not among its 5");
    assert_eq!(broken(|plan, _| plan.sites[0].stable = VersionIndex(5)), of_site("shop"));
    assert_eq!(broken(|plan, owners| plan.sites[0].rules[0].owners = owners), of_site("shop"));
    assert_eq!(broken(|plan, _| plan.sites[1].rollout.as_mut().unwrap().canary = VersionIndex(5)), of_site("blog"));
    assert_eq!(
        broken(|plan, owners| plan.sites[0].rollout.as_mut().unwrap().strategy = Strategy::Random(owners)),
        of_site("shop")
    );
    assert_eq!(
        broken(|plan, of| plan.sites[1].rollout.as_mut().unwrap().strategy = Strategy::Sequential(Enrolment { first: 1, of })),
        of_site("blog")
    );
    let wave = |owners| vec![Wave { place: Place::Known, owners, name: String::new() }];
    let mut plan = everything();
    plan.sites[2].rollout.as_mut().unwrap().strategy = Strategy::Geographic(wave(strange()));
    assert_eq!(Plan::read(&plan.write()).unwrap_err(), of_site("docs"));
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "(halftone-plan/3 )?\\PC{0,60}") {
        let _ = Plan::read(&text);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Plan::read(&format!("halftone-plan/3 {}", base64url::encode(&bytes)));
    }

    #[test]
    fn a_changed_byte_is_refused_or_gives_a_plan_that_can_be_written_again(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = base64url::decode(PINNED.trim_end().strip_prefix("halftone-plan/3 ").unwrap()).unwrap();
        *at.get_mut(&mut bytes) = byte;
        if let Ok(plan) = Plan::read(&format!("halftone-plan/3 {}", base64url::encode(&bytes))) {
            prop_assert_eq!(Plan::read(&plan.write()).unwrap(), plan);
        }
    }
}
