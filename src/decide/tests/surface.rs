use super::scene::*;
use crate::decide::{Instruction, Needs, Request, page_of};
use crate::plan::{Condition, Countries, Fact, Geo, Place, Plan, Site, Wave};
use proptest::prelude::*;

#[test]
fn hosts_choose_the_site_and_the_default_takes_the_rest() {
    let named = |name: &str, hosts: &[&str]| Site {
        name: name.to_owned(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        versions: vec![version(name)],
        ..site()
    };
    let mut all =
        plan(vec![named("shop", &["shop.example", "*.shop.example"]), named("blog", &["blog.example"]), named("rest", &[])]);
    all.default_site = 2;
    let mut edge = edge_with(all, Some(keys()));
    for (host, expected) in [
        ("shop.example", "shop"),
        ("www.shop.example", "shop"),
        ("a.b.shop.example:8443", "shop"),
        ("blog.example", "blog"),
        ("www.blog.example", "rest"),
        ("xshop.example", "rest"),
        (".shop.example", "rest"),
        ("127.0.0.1:8787", "rest"),
        ("[::1]:8787", "rest"),
    ] {
        let url = format!("http://{host}/");
        assert_eq!(shown(&carried(&mut edge, &page(&url))).0, expected, "{host}");
    }
}

#[test]
fn a_cookie_of_one_site_says_nothing_to_another() {
    let other = Site { name: "blog".to_owned(), hosts: vec!["blog.example".to_owned()], ..ramp(10_000) };
    let mut edge = edge_with(plan(vec![ramp(10_000), other]), Some(keys()));
    let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
    let carry = carried_for(&mut edge, &Request { cookies: &cookies, ..page("https://blog.example/") }, 1);
    assert!(!carry.personal.set_cookie.is_empty());
}

#[test]
fn the_admin_hostname_serves_no_site() {
    let all = Plan { admin_host: Some("admin.example".to_owned()), ..plan(vec![ramp(10_000)]) };
    let mut edge = edge_with(all, Some(keys()));
    for path in ["/main.js", "/index.html", "/_halftone/health", "/..%2f"] {
        let url = format!("https://admin.example:8443{path}");
        let answer = answered(&mut edge, &page(&url));
        assert_eq!((answer.status, header(&answer, "set-cookie")), (404, None), "{path}");
    }
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/"))).0, "v2");
}

#[test]
fn the_reserved_prefix_is_ours_and_health_says_how_we_are() {
    let mut with = edge(ramp(10_000));
    let answer = answered(&mut with, &page("https://shop.example/_halftone/health"));
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"status\":\"ok\",\"revision\":12,\"plan_format\":3}\n"));
    assert_eq!((header(&answer, "content-type"), header(&answer, "cache-control")), (Some("application/json"), Some("no-store")));
    let answer = answered(&mut with, &Request { method: "POST", ..page("https://shop.example/_halftone/health") });
    assert_eq!((answer.status, header(&answer, "allow")), (405, Some("GET, HEAD")));
    for path in ["/_halftone", "/_halftone/", "/_halftone/nothing", "/_halftone/health/"] {
        let url = format!("https://shop.example{path}");
        assert_eq!(answered(&mut with, &page(&url)).status, 404, "{path}");
    }
    assert_eq!(
        carried(&mut with, &page("https://shop.example/_halftones")).attempts[0].target,
        "https://assets.local/v2/_halftones"
    );

    let mut without = edge_with(plan(vec![ramp(10_000)]), None);
    let answer = answered(&mut without, &page("https://shop.example/_halftone/health"));
    assert!(answer.status == 200 && answer.body.contains("HALFTONE_KEYS"), "{}", answer.body);
}

#[test]
fn the_page_script_proves_that_a_cookie_is_kept_and_a_beacon_says_so_itself() {
    for (path, proves) in [("page.js", true), ("in", false)] {
        let mut edge = edge(ramp(10_000));
        let cookies = pair(&carried(&mut edge, &page("https://shop.example/")).personal.set_cookie);
        let url = format!("https://shop.example/_halftone/{path}");
        let Instruction::Own(own) = decided(&mut edge, &Request { cookies: &cookies, ..script(&url) }, 1) else {
            panic!("{path} is not ours");
        };
        assert_eq!(own.telling.note.starts_with("proof "), proves, "{path}");
    }
}

#[test]
fn flags_say_what_the_visitors_page_is_and_draw_nothing() {
    let mut edge = edge(ramp(5_000));
    let url = "https://shop.example/_halftone/ofrep/v1/evaluate/flags";
    assert!(matches!(decided(&mut edge, &page(url), 1), Instruction::Own(own) if own.what.as_str() == "flags"));
    let asks = |plan: &Plan, cookies: &str| {
        let request = Request { method: "POST", dest: "empty", cookies, ..page(url) };
        let bots = crate::visitor::bots::Bots::standard();
        page_of(plan, &keys(), &bots, &request).map(|(site, version, why)| format!("{} {version} {why}", site.name)).unwrap()
    };
    for number in 0..20 {
        let carry = carried_for(&mut edge, &page("https://shop.example/"), number);
        let version = shown(&carry).0.to_owned();
        assert_eq!(asks(&edge.plan, &pair(&carry.personal.set_cookie)), format!("shop {version} page"));
    }
    assert_eq!(asks(&edge.plan, ""), "shop v1 stable");
    let off = Site { is_off: true, ..ramp(10_000) };
    assert_eq!(asks(&plan(vec![off]), ""), "shop v1 off");
}

#[test]
fn a_path_that_could_leave_a_versions_prefix_is_refused() {
    let mut edge = edge(ramp(10_000));
    for path in [
        "/..",
        "/../v1/",
        "/a/../../v1",
        "/%2e%2e/v1",
        "/a/%2E%2E/v1",
        "/%2e./v1",
        "/..%2fv1",
        "/..%2Fv1",
        "/a%2f..%2f..%2fv1",
        "/%252e%252e/v1",
        "/..%252fv1",
        "/%25252e%25252e/v1",
        "/..\\v1",
        "/..%5cv1",
        "/%5c..%5cv1",
        "/a\\b",
        "//v1",
        "/a//b",
        "/a%2f%2fb",
        "/./a",
        "/%2e/a",
        "/a%00.js",
        "/%ff",
        "/%c0%ae%c0%ae/v1",
    ] {
        for request in [page, script] {
            let url = format!("https://shop.example{path}");
            let answer = answered(&mut edge, &request(&url));
            assert_eq!((answer.status, header(&answer, "set-cookie")), (400, None), "{path}");
        }
    }
    for url in ["", "/", "ftp://shop.example/", "shop.example", "HTTPS://shop.example/"] {
        assert_eq!(answered(&mut edge, &page(url)).status, 400, "{url}");
    }
}

fn only_new_zealand() -> Plan {
    let countries = Countries::try_from("NZ".to_owned()).unwrap();
    let wave = Wave { place: Place::Countries(countries), owners: split(10_000), name: "NZ".to_owned() };
    plan(vec![Site { rollout: geographic(vec![wave]), ..site() }])
}

#[test]
fn geo_headers_are_believed_only_if_the_config_lists_them() {
    let from = |plan: Plan, platform: &'static str, headers: &'static str| {
        let mut edge = edge_with(plan, Some(keys()));
        let request = Request { geo: Geo { country: platform, ..Geo::default() }, headers, ..page("https://shop.example/") };
        shown(&carried(&mut edge, &request)).0.to_owned()
    };
    let listed = || Plan { geo_headers: vec![(Fact::Country, "cf-ipcountry".to_owned())], ..only_new_zealand() };
    assert_eq!(from(only_new_zealand(), "NZ", ""), "v2");
    assert_eq!(from(only_new_zealand(), "DE", "NZ"), "v1");
    assert_eq!(from(listed(), "DE", "NZ"), "v2");
    assert_eq!(from(listed(), "NZ", "DE"), "v1");
    assert_eq!(from(listed(), "NZ", ""), "v2");
}

#[test]
fn a_plan_asks_for_the_facts_it_reads_and_no_others() {
    let rules = |conditions: Vec<Condition>| {
        let rules = conditions.into_iter().enumerate().map(|(at, when)| rule(&at.to_string(), when, V2)).collect();
        Plan { geo_headers: vec![(Fact::Country, "x-country".to_owned())], ..plan(vec![Site { rules, ..site() }]) }
    };
    let named = || Needs { names: vec!["halftone".to_owned()], ..Needs::default() };
    assert_eq!(Needs::of(&rules(vec![])), named());
    let geo = Needs { geo: true, headers: vec!["x-country".to_owned()], ..named() };
    assert_eq!(Needs::of(&rules(vec![Condition::City(vec!["auckland".to_owned()])])), geo);
    let header = |name: &str| Condition::Header(name.to_owned(), vec![glob("*")]);
    let nested = Condition::Not(Box::new(Condition::Any(vec![header("x-a"), header("x-b"), Condition::Language(vec![])])));
    let names = ["x-a", "x-b", "accept-language"].map(str::to_owned).to_vec();
    assert_eq!(Needs::of(&rules(vec![header("x-a"), nested])), Needs { headers: names, ..named() });
    assert_eq!(Needs::of(&rules(vec![Condition::Device(vec![])])), named());
    assert_eq!(
        Needs::of(&Plan { geo_headers: Vec::new(), ..only_new_zealand() }),
        Needs { geo: true, counts: true, brief: true, ..named() }
    );
}

#[test]
fn private_answers_vary_by_every_header_a_rule_reads() {
    let mut site = ramp(10_000);
    site.rules = vec![
        rule("gold", Condition::Header("x-plan".to_owned(), vec![glob("gold")]), V2),
        rule("de", Condition::Language(vec!["de".to_owned()]), V1),
    ];
    assert_eq!(carried(&mut edge(site), &page("https://shop.example/")).vary, "Cookie, x-plan, accept-language");
}

#[test]
fn the_halftone_header_can_be_switched_off() {
    assert!(carried(&mut edge(ramp(1)), &page("https://shop.example/")).announce);
    assert!(!carried(&mut edge(Site { response_header: false, ..ramp(1) }), &page("https://shop.example/")).announce);
}

#[test]
fn another_plan_is_in_force_from_the_next_request_on() {
    let mut edge = edge(ramp(0));
    assert_eq!(shown(&carried(&mut edge, &page("https://shop.example/"))).0, "v1");
    edge.replace_plan(plan(vec![Site { revision: 13, ..ramp(10_000) }]));
    let carry = carried(&mut edge, &page("https://shop.example/"));
    assert_eq!((shown(&carry).0, carry.revision), ("v2", 13));
    edge.replace_plan(only_new_zealand());
    assert!(edge.needs.geo);
}

#[test]
fn the_facts_of_a_page_that_is_asked_for_as_most_are_come_in_few_lines() {
    let read = |facts: &str| format!("{:?}", Request::read(facts, NOW_MS));
    let (url, cookies) = ("https://shop.example/a?b", "halftone=1");
    let page = Request { method: "GET", url, cookies, dest: "document", known: " 36 3", now_ms: NOW_MS, ..Request::default() };
    let brief = Request { is_brief: true, ..page };
    assert_eq!(read(&format!("p 36 3\n{url}\n{cookies}")), format!("{brief:?}"));
    assert_eq!(read(&format!("b 36 3\nGET\n{url}\n{cookies}\ndocument")), format!("{brief:?}"));
    let geo = Geo { country: "NZ", region: "AUK", city: "Auckland", colo: "AKL" };
    let placed = Request { user_agent: BROWSER, geo, ..page };
    assert_eq!(read(&format!("n 36 3\n{url}\n{cookies}\n{BROWSER}\nNZ\nAUK\nAuckland\nAKL")), format!("{placed:?}"));
    let all = format!(" 36 3\nGET\n{url}\n{cookies}\ndocument\n\n\n\n\n{BROWSER}\n\n\n\nNZ\nAUK\nAuckland\nAKL");
    assert_eq!(read(&all), format!("{placed:?}"));
    assert_eq!(read("p\n\n"), format!("{:?}", Request { url: "", cookies: "", known: "", ..brief }));
}

#[test]
fn a_rule_that_reads_cookies_needs_them_all() {
    assert!(!edge(ramp(1)).needs.cookies);
    let nested = Condition::Not(Box::new(Condition::Any(vec![has_cookie("agreed")])));
    assert!(edge(Site { rules: vec![rule("friends", nested, V2)], ..ramp(1) }).needs.cookies);
    assert!(edge(Site { consent: Some(("ok".to_owned(), glob("*"))), ..ramp(1) }).needs.cookies);
}

proptest! {
    #[test]
    fn no_request_breaks_the_decision(
        method in "GET|HEAD|POST|[A-Z]{0,6}",
        path in "(/|\\.|%2e|%2f|%5c|a|%|é|\\?|&|=|halftone-preview|#|~){0,14}",
        cookies in "(__Host-halftone|halftone|-preview|=|; ?|:|1|v2|~|\\PC){0,14}",
        dest in "document|empty|script||\\PC{0,4}",
        purpose in "prefetch||\\PC{0,4}",
        tail in "\\PC{0,12}",
        now_ms in any::<u64>(),
        bp in 0_u16..=10_000,
    ) {
        let url = format!("https://shop.example/{path}");
        let request = Request {
            method: &method, url: &url, cookies: &cookies, dest: &dest, purpose: &purpose, if_none_match: &tail, known: &tail, failed: &tail, accept: "text/html",
            user_agent: &tail, privacy_control: &tail, address: &tail, referer: &url, geo: Geo { country: &tail, region: &tail, city: &tail, colo: &tail }, headers: &tail, is_brief: false, now_ms
        };
        let mut edge = edge(ramp(bp));
        if let Instruction::Carry(carry) = decided(&mut edge, &request, 3) {
            prop_assert!(!carry.attempts.is_empty());
            for attempt in &carry.attempts {
                prop_assert!(attempt.target.starts_with(&format!("https://assets.local/{}/", attempt.version)), "{}", attempt.target);
            }
        }
    }
}
