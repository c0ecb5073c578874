//! A small world to decide in: one shop in up to four versions, a browser's requests, and what became of them.

use std::cell::RefCell;

use crate::decide::{Answer, Carry, Edge, Instruction, Needs, Request};
use crate::glob::Glob;
use crate::plan::{
    Bots, Condition, Enrolment, FORMAT, FileIndex, NotFound, Origin, Plan, Rollout, Rule, SameSite, Site, Strategy, Stratum,
    Version, Wave, WithoutConsent,
};
use crate::slot::{Ownership, VersionIndex, Weight};
use crate::strategy::sequential::Lease;
use crate::visitor::{Keys, Visitor, cookie};

pub const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
pub const OTHER_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

/// Early on a day, so that "the next day" is 24 hours on and "the same day" some minutes.
pub const NOW_MS: u64 = 1_790_035_200_000;
pub const DAY_MS: u64 = 86_400_000;

pub const V1: VersionIndex = VersionIndex(0);
pub const V2: VersionIndex = VersionIndex(1);
pub const V3: VersionIndex = VersionIndex(2);

pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
pub const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

pub fn keys() -> Keys {
    Keys::read(KEY).unwrap()
}

pub fn weight(bp: u16) -> Weight {
    Weight::from_bp(bp).unwrap()
}

/// So many basis points for v2, the rest for v1.
pub fn split(bp: u16) -> Ownership {
    Ownership::all(V1).rebalanced(&[(V1, weight(10_000 - bp)), (V2, weight(bp))]).unwrap()
}

pub fn version(id: &str) -> Version {
    Version {
        id: id.to_owned(),
        origin: Origin::Assets(format!("/{id}")),
        forward: Vec::new(),
        timeout_ms: 3000,
        not_found: NotFound::Page,
        listed: false,
    }
}

pub fn rollout(strategy: Strategy) -> Rollout {
    let stratum = |name: &str, owners: &Ownership| Stratum::new(name, std::slice::from_ref(owners), V2, V1);
    let strata = match &strategy {
        Strategy::Random(owners) => vec![stratum("", owners)],
        Strategy::Sequential(enrolment) => vec![stratum("", &enrolment.of)],
        Strategy::Geographic(waves) => waves.iter().map(|wave| stratum(&wave.name, &wave.owners)).collect(),
    };
    Rollout { salt: "shop/rollout/spring".to_owned(), canary: V2, newcomers_only: false, strategy, step: 1, strata }
}

/// A random rollout at so many basis points.
#[expect(clippy::unnecessary_wraps, reason = "the field of a site it fills is an option")]
pub fn random(bp: u16) -> Option<Rollout> {
    Some(rollout(Strategy::Random(split(bp))))
}

#[expect(clippy::unnecessary_wraps, reason = "the field of a site it fills is an option")]
pub fn newcomers(bp: u16) -> Option<Rollout> {
    Some(Rollout { newcomers_only: true, ..rollout(Strategy::Random(split(bp))) })
}

#[expect(clippy::unnecessary_wraps, reason = "the field of a site it fills is an option")]
pub fn geographic(waves: Vec<Wave>) -> Option<Rollout> {
    Some(rollout(Strategy::Geographic(waves)))
}

#[expect(clippy::unnecessary_wraps, reason = "the field of a site it fills is an option")]
pub fn sequential(first: u64, bp: u16) -> Option<Rollout> {
    Some(rollout(Strategy::Sequential(Enrolment { first, of: split(bp) })))
}

pub fn rule(name: &str, when: Condition, to: VersionIndex) -> Rule {
    Rule { name: name.to_owned(), salt: format!("shop/rule/{name}"), when, owners: Ownership::all(to) }
}

/// A rule's condition that holds for whoever sends this cookie.
pub fn has_cookie(name: &str) -> Condition {
    Condition::Cookie(name.to_owned(), vec![glob("*")])
}

pub fn glob(text: &str) -> Glob {
    Glob::new(text).unwrap()
}

/// A shop with v1 (stable) and v2, whose files are not listed, and nothing going on.
pub fn site() -> Site {
    Site {
        name: "shop".to_owned(),
        revision: 12,
        hosts: Vec::new(),
        versions: vec![version("v1"), version("v2")],
        stable: V1,
        rollout: None,
        is_off: false,
        quarantined: Vec::new(),
        rules: Vec::new(),
        bots: Bots::SplitUncounted,
        consent: None,
        without_consent: WithoutConsent::Stable,
        cookie: "halftone".to_owned(),
        max_age_s: 180 * 86_400,
        same_site: SameSite::Lax,
        hashed: None,
        response_header: true,
        feedback: crate::config::feedback::usual(),
        files: FileIndex::default(),
    }
}

/// The shop with a random rollout at so many basis points.
pub fn ramp(bp: u16) -> Site {
    Site { rollout: random(bp), ..site() }
}

/// The same site with file lists for all its versions: path, who has it (bit 0 for v1), whether contents differ.
pub fn listed(mut site: Site, files: &[(&str, u64, bool)]) -> Site {
    site.files = FileIndex::build(files.iter().copied()).unwrap();
    for version in &mut site.versions {
        version.listed = true;
    }
    site
}

pub fn plan(sites: Vec<Site>) -> Plan {
    Plan {
        format: FORMAT,
        revision: 12,
        prefix: "/_halftone".to_owned(),
        admin_host: None,
        geo_headers: Vec::new(),
        sites,
        default_site: 0,
    }
}

/// An edge that is used again when it is let go: its list of bots takes a hundred times longer to make than a decision.
pub struct Lent(Option<Edge>);

thread_local! {
    static SPARE: RefCell<Vec<Edge>> = const { RefCell::new(Vec::new()) };
}

impl std::ops::Deref for Lent {
    type Target = Edge;
    fn deref(&self) -> &Edge {
        self.0.as_ref().unwrap()
    }
}

impl std::ops::DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Edge {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        SPARE.with_borrow_mut(|spare| spare.extend(self.0.take()));
    }
}

/// A fresh isolate with this plan and these keys.
pub fn edge_with(plan: Plan, keys: Option<Keys>) -> Lent {
    Lent(Some(match SPARE.with_borrow_mut(Vec::pop) {
        Some(spare) => Edge {
            needs: Needs::of(&plan),
            plan,
            keys,
            bots: spare.bots,
            lease: Lease::default(),
            told: RefCell::new([0; crate::decide::TOLD]),
        },
        None => Edge::new(plan, keys),
    }))
}

/// A fresh isolate that serves one site.
pub fn edge(site: Site) -> Lent {
    edge_with(plan(vec![site]), Some(keys()))
}

/// A navigation as a browser makes it.
pub fn page(url: &str) -> Request<'_> {
    Request {
        method: "GET",
        url,
        dest: "document",
        accept: "text/html,*/*;q=0.8",
        user_agent: BROWSER,
        address: "203.0.113.7",
        now_ms: NOW_MS,
        ..Request::default()
    }
}

/// A script of a page as a browser asks for it.
pub fn script(url: &str) -> Request<'_> {
    Request { dest: "script", accept: "*/*", ..page(url) }
}

/// Sixteen bytes that differ for every number: `SplitMix64` twice.
pub fn id_bytes(number: u64) -> [u8; 16] {
    let mix = |n: u64| {
        let z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(2 * number + 1).to_le_bytes());
    bytes[8..].copy_from_slice(&mix(2 * number + 2).to_le_bytes());
    bytes
}

/// What happens to a request; if a visitor has to be made, it is the one with this number.
pub fn decided(edge: &mut Edge, request: &Request<'_>, number: u64) -> Instruction {
    edge.decide(request, || Some(id_bytes(number)))
}

/// A request that has to be carried to an origin.
pub fn carried_for(edge: &mut Edge, request: &Request<'_>, number: u64) -> Carry {
    match decided(edge, request, number) {
        Instruction::Carry(carry) => carry,
        other => panic!("{} is not carried: {other:?}", request.url),
    }
}

/// The same for the visitor with number 0.
pub fn carried(edge: &mut Edge, request: &Request<'_>) -> Carry {
    carried_for(edge, request, 0)
}

/// A request that has to be answered at once.
pub fn answered(edge: &mut Edge, request: &Request<'_>) -> Answer {
    match decided(edge, request, 0) {
        Instruction::Answer(answer) => answer,
        other => panic!("{} is not answered at once: {other:?}", request.url),
    }
}

/// The version that is tried first, and why.
pub fn shown(carry: &Carry) -> (&str, &str) {
    (&carry.attempts[0].version, carry.attempts[0].why)
}

/// All versions that are tried, each with its reason.
pub fn tried(carry: &Carry) -> Vec<(&str, &str)> {
    carry.attempts.iter().map(|attempt| (attempt.version.as_str(), attempt.why)).collect()
}

/// `name=value` of a `Set-Cookie`, as the browser sends it back.
pub fn pair(set_cookie: &str) -> String {
    let pair = set_cookie.split(';').next().unwrap();
    assert!(pair.contains('='), "no cookie is set: `{set_cookie}`");
    pair.to_owned()
}

/// The visitor in a `Set-Cookie`.
pub fn visitor(set_cookie: &str) -> Visitor<'_> {
    let pair = set_cookie.split(';').next().unwrap();
    cookie::read_value(pair.split_once('=').unwrap().1, "shop", &keys()).unwrap().visitor
}

/// A header of an answer.
pub fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
}
