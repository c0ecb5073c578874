use super::*;
use crate::beacon::draw::Arm;
use crate::beacon::token::Class;
use crate::decide::tests::scene;
use crate::slot::Odds;
use crate::visitor::Visitor;

const NOW_MS: u64 = scene::NOW_MS;
const ANN: &str = "AnnAAAAAAAAAAAAAAAAAAA";
const BEN: &str = "BenAAAAAAAAAAAAAAAAAAA";

fn page(visitor: &str) -> Page {
    Page {
        time_ms: NOW_MS,
        visitor: visitor.to_owned(),
        rollout: scene::ramp(500).rollout.unwrap().tag(),
        class: Class::Drawn,
        is_proven: false,
        is_first: true,
        is_speculative: false,
        drawn: "v2".to_owned(),
        served: "v2".to_owned(),
        arm: Some(Arm::Canary),
        step: 1,
        odds: Odds { canary: 500, stable: 9500 },
        place: String::new(),
    }
}

fn cookie_of(visitor: &str) -> String {
    let visitor = Visitor {
        id: visitor.into(),
        first_seen_s: NOW_MS / 1000,
        written_s: NOW_MS / 1000,
        served: "v2".into(),
        rollout: 0,
        kept: crate::visitor::Kept::default(),
    };
    format!("halftone={}", cookie::write(&visitor, "shop", &scene::keys()))
}

fn sent(page: &Page, events: &[&str]) -> String {
    let token = page.sign("shop", &scene::keys());
    let beacons: Vec<String> = events.iter().map(|event| format!("{{\"t\":\"{token}\",{event}}}")).collect();
    format!("[{}]", beacons.join(","))
}

fn heard_by(site: &Site, cookies: &str, after_ms: u64, body: &str) -> Accepted {
    let address = "203.0.113.7";
    let user_agent = scene::BROWSER;
    let sender =
        Sender { cookies, cookie_name: "halftone".into(), address, user_agent, is_private: false, now_ms: NOW_MS + after_ms };
    accept(site, &scene::keys(), &Bots::standard(), &sender, body.as_bytes()).unwrap()
}

fn heard(after_ms: u64, page: &Page, events: &[&str]) -> Accepted {
    heard_by(&scene::ramp(500), &cookie_of(ANN), after_ms, &sent(page, events))
}

fn note(accepted: &Accepted) -> &str {
    let notes: Vec<&String> = accepted.notes.values().flatten().collect();
    assert_eq!(notes.len(), 1, "{accepted:?}");
    notes[0]
}

fn dropped(accepted: &Accepted) -> Vec<&str> {
    accepted.drops.keys().map(|reason| reason.as_str()).collect()
}

const ALIVE: &str = r#""e":"alive","at":812"#;
const ERROR: &str = r#""e":"error","kind":"error","at":5,"message":"boom""#;

#[test]
fn what_a_page_says_becomes_one_note() {
    let accepted = heard(
        1000,
        &page(ANN),
        &[
            ALIVE,
            ERROR,
            r#""e":"vital","name":"LCP","value":1234.6,"id":"v5-1""#,
            r#""e":"goal","name":"signup""#,
            r#""e":"soft""#,
        ],
    );
    let network = token::network(&scene::keys(), "shop", page(ANN).rollout, "203.0.113.7");
    assert_eq!(
        note(&accepted),
        format!("event mubwqo00AnnAAAAA {ANN} drawn|c|v2|1|-|500|9500 32 {network} 321 - - 1235 - - 1 1 signup y 5")
    );
    assert_eq!((accepted.visitor.as_str(), accepted.drops.len(), &accepted.recall), (ANN, 0, &None));
    let points: Vec<_> = accepted.points.iter().map(|point| (point.page.as_str(), point.event, point.value)).collect();
    let page = "mubwqo00AnnAAAAA";
    let events = [("alive", 812.0), ("error", 5.0), ("LCP", 1234.6), ("goal", 0.0), ("soft", 0.0)];
    assert_eq!(points, events.map(|(event, value)| (page, event, value)));
}

#[test]
fn a_token_speaks_only_with_the_cookie_it_was_made_for() {
    let body = sent(&page(BEN), &[ALIVE]);
    for cookies in [cookie_of(ANN), String::new(), "halftone=garbage".to_owned()] {
        let accepted = heard_by(&scene::ramp(500), &cookies, 0, &body);
        assert!(accepted.notes.is_empty());
        assert_eq!(dropped(&accepted), ["foreign"], "{cookies}");
    }
}

#[test]
fn what_is_wrong_with_one_beacon_leaves_the_others() {
    let accepted = heard(0, &page(ANN), &[ALIVE, r#""e":"dance""#, r#""e":"alive","at":"now""#]);
    assert_eq!(dropped(&accepted), ["unknown_event", "bad_field"]);
    assert!(note(&accepted).contains(" 65 "));
    let forged = sent(&page(ANN), &[ALIVE]).replace("~c", "~d").replace("~d~", "~e~");
    assert_eq!(dropped(&heard_by(&scene::ramp(500), &cookie_of(ANN), 0, &forged.replacen("1~", "2~", 1))), ["bad_token"]);
}

#[test]
fn a_page_that_comes_alive_too_late_has_not_come_alive() {
    assert_eq!(dropped(&heard(30_001, &page(ANN), &[ALIVE])), ["expired"]);
    assert!(heard(30_000, &page(ANN), &[ALIVE]).drops.is_empty());
}

#[test]
fn a_late_error_is_shown_and_no_outcome() {
    let accepted = heard(60_000, &page(ANN), &[ERROR]);
    let words: Vec<&str> = note(&accepted).split(' ').collect();
    assert_eq!((words[6], words[12], words[15]), ("0", "1", "n"), "{words:?}");
    assert_eq!(dropped(&heard(300_001, &page(ANN), &[ERROR])), ["expired"]);
}

#[test]
fn interaction_counts_for_five_minutes_and_loading_for_half_a_one() {
    let vital = |name: &str| format!(r#""e":"vital","name":"{name}","value":0.25,"id":"x""#);
    for (name, in_time) in [("LCP", false), ("FCP", false), ("TTFB", false), ("INP", true), ("CLS", true)] {
        let accepted = heard(200_000, &page(ANN), &[&vital(name)]);
        assert_eq!(accepted.drops.is_empty(), in_time, "{name}");
    }
    assert!(note(&heard(0, &page(ANN), &[&vital("CLS")])).contains(" - - - - 2500 "));
}

#[test]
fn a_page_fetched_ahead_counts_from_when_it_is_looked_at() {
    let ahead = Page { is_speculative: true, ..page(ANN) };
    assert_eq!(dropped(&heard(0, &ahead, &[ALIVE])), ["no_page"]);
    let accepted = heard(120_000, &ahead, &[r#""e":"activated""#, ALIVE]);
    assert!(accepted.drops.is_empty());
    let token = accepted.renewed.clone().unwrap();
    let renewed = Page::open(&token, "shop", &scene::keys(), NOW_MS + 120_000).unwrap();
    assert_eq!((renewed.time_ms, renewed.is_speculative), (NOW_MS + 120_000, false));
    assert!(note(&accepted).starts_with(&format!("event {} ", renewed.id())));
    assert_eq!(dropped(&heard(600_001, &ahead, &[r#""e":"activated""#])), ["expired"]);
    assert_eq!(dropped(&heard(0, &page(ANN), &[r#""e":"activated""#])), ["duplicate"]);
}

#[test]
fn a_page_of_a_version_that_was_rolled_back_is_recalled_and_no_other() {
    let asked = |site: &Site, page: &Page| heard_by(site, &cookie_of(ANN), 0, &sent(page, &[r#""e":"ask""#]));
    let stable = Page { served: "v1".to_owned(), drawn: "v1".to_owned(), arm: Some(Arm::Stable), ..page(ANN) };
    assert_eq!(asked(&scene::ramp(500), &page(ANN)).recall, None);
    let back = Site { quarantined: vec![scene::V2], ..scene::site() };
    let over = asked(&back, &page(ANN));
    assert_eq!((over.recall.as_deref(), over.notes.len()), (Some("v2"), 0));
    assert_eq!(asked(&back, &stable).recall, None);
    // Promoted: nobody gets v1 any more, and whoever has it open is left in peace.
    let promoted = Site { stable: scene::V2, ..scene::site() };
    assert!(!promoted.gives(scene::V1));
    assert_eq!((asked(&promoted, &stable).recall, asked(&promoted, &page(ANN)).recall), (None, None));
    // Ended without a verdict: the canary is in no quarantine.
    assert_eq!(asked(&scene::site(), &page(ANN)).recall, None);
    let gone = Page { served: "v9".to_owned(), ..page(ANN) };
    assert_eq!(dropped(&heard_by(&back, &cookie_of(ANN), 0, &sent(&gone, &[ALIVE]))), ["unknown_version"]);
}

#[test]
fn a_page_of_an_area_that_went_back_alone_is_recalled() {
    let mut rollout = scene::random(500).unwrap();
    let area = |name: &str, canary| Stratum { name: name.to_owned(), odds: vec![Odds { canary, stable: 9500 }; 2] };
    rollout.strata = vec![area("nz", 0), area("au", 500)];
    let site = Site { rollout: Some(rollout), ..scene::site() };
    let recall = |page: Page| heard_by(&site, &cookie_of(ANN), 0, &sent(&page, &[ALIVE])).recall;
    let there = |place: &str| Page { place: place.to_owned(), ..page(ANN) };
    assert_eq!(recall(there("nz")).as_deref(), Some("v2"));
    assert_eq!(recall(there("au")), None);
    assert_eq!(recall(Page { served: "v1".to_owned(), ..there("nz") }), None);
    assert_eq!(recall(Page { rollout: 9, ..there("nz") }), None, "of another rollout");
}

#[test]
fn a_privacy_control_and_a_lack_of_consent_drop_everything() {
    let cookies = cookie_of(ANN);
    let asks = Site { consent: Some(("ok".to_owned(), scene::glob("yes"))), ..scene::ramp(500) };
    for (site, cookies, is_private, is_heard) in [
        (&scene::ramp(500), cookies.clone(), true, false),
        (&scene::ramp(500), cookies.clone(), false, true),
        (&asks, cookies.clone(), false, false),
        (&asks, format!("{cookies}; ok=no"), false, false),
        (&asks, format!("{cookies}; ok=yes"), true, false),
        (&asks, format!("{cookies}; ok=yes"), false, true),
    ] {
        let sender =
            Sender { cookies: &cookies, cookie_name: "halftone".into(), is_private, now_ms: NOW_MS, ..Sender::default() };
        let body = sent(&page(ANN), &[ALIVE]);
        let accepted = accept(site, &scene::keys(), &Bots::standard(), &sender, body.as_bytes()).unwrap();
        let expected = if is_heard { (vec![], 1) } else { (vec!["opted_out"], 0) };
        assert_eq!((dropped(&accepted), accepted.notes.len()), expected, "{cookies} {is_private}");
    }
}

#[test]
fn a_listed_bot_is_not_heard_unless_it_keeps_its_cookie_as_people_do() {
    let said_by = |cookies: &str, user_agent| {
        let sender = Sender { cookies, cookie_name: "halftone".into(), user_agent, now_ms: NOW_MS, ..Sender::default() };
        let body = sent(&page(ANN), &[ALIVE]);
        accept(&scene::ramp(500), &scene::keys(), &Bots::standard(), &sender, body.as_bytes()).unwrap()
    };
    assert_eq!(dropped(&said_by("", scene::CRAWLER)), ["bot"]);
    assert_eq!(dropped(&said_by("", scene::BROWSER)), ["foreign"]);
    assert_eq!(said_by(&cookie_of(ANN), scene::CRAWLER).notes.len(), 1);
}

#[test]
fn where_bots_are_split_a_listed_bot_is_heard_as_people_are() {
    let site = Site { bots: crate::plan::Bots::Split, ..scene::ramp(500) };
    let sender = Sender { cookie_name: "halftone".into(), user_agent: scene::CRAWLER, now_ms: NOW_MS, ..Sender::default() };
    let body = sent(&page(ANN), &[ALIVE]);
    let accepted = accept(&site, &scene::keys(), &Bots::standard(), &sender, body.as_bytes()).unwrap();
    assert_eq!(dropped(&accepted), ["foreign"]);
}
