//! The whole decision about a request, with cookies and preview links that verify, over a plan that has everything.

use halftone::decide::{Answer, Carry, Edge, Instruction, Request};
use halftone::plan::{Origin, Plan, Site};
use halftone::route::{Address, percent_decoded};
use halftone::strategy::sequential::Lease;
use halftone::visitor::keys::{Keys, Purpose};
use halftone::visitor::{base64url, cookie};
use std::cell::RefCell;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

thread_local! {
    static EDGES: RefCell<Vec<Edge>> = RefCell::new(vec![edge(true), edge(false)]);
}

/// An edge whose rollouts draw newcomers only, or everyone.
fn edge(newcomers_only: bool) -> Edge {
    let mut plan = Plan::read(include_str!("../../tests/vectors/plan-3.txt")).unwrap();
    for rollout in plan.sites.iter_mut().filter_map(|site| site.rollout.as_mut()) {
        rollout.newcomers_only = newcomers_only;
    }
    Edge::new(plan, Keys::read(KEY).ok())
}

/// Lines: scheme, host, `new` or `all`, numbers to hand out and milliseconds since 1970, all in the first; what is signed
/// for `@visitor`; the version of `@preview`; then a request's facts in the order of the wire, the path for its URL.
pub fn run(data: &[u8]) {
    let text: String = String::from_utf8_lossy(data).chars().filter(|&c| c == '\n' || !c.is_control()).collect();
    let mut lines = text.splitn(6, '\n');
    let [settings, signed, previewed, method, path, rest] = std::array::from_fn(|_| lines.next().unwrap_or_default());

    let mut settings = settings.split(' ');
    let scheme = if settings.next() == Some("http") { "http" } else { "https" };
    let host: String = settings.next().unwrap_or_default().chars().filter(|c| !"/?#@".contains(*c)).collect();
    let here = format!("{scheme}://{host}");
    let host = Address::parse(&here).unwrap().host;
    let slash = if path.starts_with('/') { "" } else { "/" };
    let all = settings.next() == Some("all");
    let leased: u64 = settings.next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let now_ms: u64 = settings.next().and_then(|number| number.parse().ok()).unwrap_or(1_790_035_200_000);

    EDGES.with_borrow_mut(|edges| {
        let edge = edges.get_mut(usize::from(all)).unwrap();
        let site = edge.plan.site_of(host).unwrap().clone();
        let keys = Keys::read(KEY).unwrap();
        let visitor = signed_by_us(signed, &site, &keys);
        let token = halftone::preview::mint(&keys, &site.name, host, previewed, (now_ms / 1000).saturating_add(60));
        let fill = |text: &str| text.replace("@visitor", &visitor).replace("@preview", &token);

        edge.lease = Lease::default();
        let tag = site.rollout.as_ref().map_or(0, halftone::plan::Rollout::tag);
        edge.lease.granted(tag, (0..leased.min(4)).collect(), now_ms / 1000);
        let facts = format!("\n{method}\n{here}{slash}{}\n{}", fill(path), fill(rest));
        let request = Request::read(&facts, now_ms);
        let instruction = edge.decide(&request, || Some([7; 16]));
        let mut rendered = String::new();
        instruction.render(&mut rendered);
        match &instruction {
            Instruction::Answer(answer) => check_answer(answer),
            Instruction::Carry(carry) => check_carry(carry, &request, &here, &site, &rendered, &keys),
            Instruction::Own(own) => {
                assert_eq!(rendered.split('\n').count(), 4, "{rendered}");
                assert!(own.telling.token.is_empty());
            }
            Instruction::Known(..) => panic!("nothing is remembered"),
            Instruction::More => panic!("more than everything is asked for"),
        }
    });
}

/// A cookie value over any text that can stand in one.
fn signed_by_us(text: &str, site: &Site, keys: &Keys) -> String {
    let safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/|%._-".contains(&byte));
    let signature = keys.sign(Purpose::Visitor, &[site.name.as_bytes(), text.as_bytes()]);
    if safe { format!("{text}:{}", base64url::encode(&signature)) } else { String::new() }
}

fn check_answer(answer: &Answer) {
    assert!((200..500).contains(&answer.status));
    for (name, value) in &answer.headers {
        assert!(!value.contains('\n'), "{name}: {value}");
        if *name == "location" {
            assert!(value.starts_with('/') && !value.starts_with("//") && !value.starts_with("/\\"), "{value}");
        }
    }
}

fn check_carry(carry: &Carry, request: &Request<'_>, here: &str, site: &Site, rendered: &str, keys: &Keys) {
    assert!(!carry.attempts.is_empty(), "nothing to try");
    let fields: Vec<usize> = rendered.split('\n').map(|line| line.split('\t').count()).collect();
    let common_of_attempts = fields.iter().skip(7).step_by(3);
    assert_eq!(fields.len(), 7 + 3 * carry.attempts.len(), "{rendered}");
    assert!(fields[0] == 7 && common_of_attempts.clone().all(|&fields| fields == 8), "{rendered}");
    let is_public = carry.cache_control.starts_with("public");
    assert!(
        !is_public || !carry.navigation && carry.personal.set_cookie.is_empty() && carry.personal.set_cookie_confirmed.is_empty()
    );
    assert!(carry.navigation || carry.personal.set_cookie.is_empty(), "a cookie without a navigation");
    if carry.navigation || !matches!(request.method, "GET" | "HEAD") {
        assert_eq!(carry.attempts.len(), 1, "only files are looked for in other versions");
    }
    for set in [&carry.personal.set_cookie, &carry.personal.set_cookie_confirmed].into_iter().filter(|set| !set.is_empty()) {
        check_cookie(set, site, keys);
    }
    for attempt in &carry.attempts {
        let version = &site.versions[usize::from(site.find(&attempt.version).unwrap().0)];
        let prefix = match &version.origin {
            Origin::Assets(folder) => format!("https://assets.local{folder}/"),
            Origin::Url(origin, base) => format!("{origin}{base}/"),
            Origin::Zone(base) | Origin::Service(_, base) => format!("{here}{base}/"),
            Origin::R2(_, prefix) => prefix.clone(),
        };
        let rest = attempt.target.strip_prefix(&prefix).unwrap_or_else(|| panic!("{} is not under {prefix}", attempt.target));
        // The names in a bucket have no query.
        let is_name = matches!(version.origin, Origin::R2(..));
        let mut path = if is_name { rest } else { rest.split('?').next().unwrap() }.to_owned();
        for _ in 0..4 {
            assert!(!path.split(['/', '\\']).any(|segment| segment == ".."), "{}", attempt.target);
            path = percent_decoded(&path);
        }
    }
}

/// A cookie that is set is a header value, and says who the visitor is when it comes back, or takes itself away.
fn check_cookie(set: &str, site: &Site, keys: &Keys) {
    assert!(set.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{set}");
    let value = set.split(';').next().unwrap().split_once('=').unwrap().1;
    assert!(value.is_empty() || cookie::read_value(value, &site.name, keys).is_some(), "{set}");
}
