//! Configs that a deploy or a person brings: made over what is in force, from what was deployed.

use super::scene::*;
use crate::glob::Glob;
use crate::plan::{Origin, Version};
use crate::rollout::event::{Command, Event, Kind};
use crate::rollout::offer::{Deployed, NOTHING, Offer};
use crate::rollout::policy::OnNewVersion;
use crate::rollout::step;
use crate::slot::VersionIndex;

fn with_host(host: &str) -> Offer {
    let mut offer = offer();
    offer.site.hosts.push(host.to_owned());
    offer
}

fn deployed_over(story: &mut Story, offer: &Offer, parent: &str) -> (Kind, String) {
    let event = Event::Offered {
        offer: Box::new(offer.clone()),
        by: "deploy".to_owned(),
        why: String::new(),
        parent: Some(parent.to_owned()),
    };
    let decisions = step(&mut story.state, &event, story.now_ms).unwrap().decisions;
    (decisions[0].kind, decisions[0].code.clone())
}

#[test]
fn a_config_that_was_not_made_over_what_is_in_force_is_refused_and_changes_nothing() {
    let mut story = Story::begin();
    let old = story.state.offer.digest();
    story.offer(&with_host("meanwhile.example"));
    let revision = story.state.revision;
    assert_eq!(deployed_over(&mut story, &with_host("late.example"), &old), (Kind::Refuse, "stale".to_owned()));
    assert_eq!((story.state.revision, story.state.offer.site.hosts.last().unwrap().as_str()), (revision, "meanwhile.example"));
    let current = story.state.offer.digest();
    assert_eq!(deployed_over(&mut story, &with_host("later.example"), &current).0, Kind::Start);
}

/// Another canary, which waits until the rollout is over.
fn waiting() -> Offer {
    let mut offer = offer();
    let ladder = offer.rollout.as_mut().unwrap();
    offer.site.versions.push(Version { id: "v3".to_owned(), ..offer.site.versions[1].clone() });
    (ladder.id, ladder.salt) = ("summer".to_owned(), "shop/rollout/summer".to_owned());
    ladder.canary = VersionIndex(2);
    for rung in &mut ladder.rungs {
        rung.strategy.own(|owners| owners.renamed(|owner| VersionIndex(owner.0 * 2)));
    }
    offer
}

#[test]
fn a_config_that_did_not_know_of_the_one_that_waits_does_not_take_its_place() {
    let mut first = offer();
    first.rollout.as_mut().unwrap().policy.on_new_version = OnNewVersion::Queue;
    let mut story = Story::of(&first);
    let asked = story.state.offer.digest();
    assert_eq!(shown(&story.offer(&waiting())), ["Queue deploy rollout_running 1→1"]);
    let mut late = first.clone();
    late.site.hosts.push("late.example".to_owned());
    assert_eq!(deployed_over(&mut story, &late, &asked), (Kind::Refuse, "stale".to_owned()));
    assert_eq!(story.state.queued.as_deref(), Some(&waiting()));
    // Who knew of it has decided so.
    assert_eq!(deployed_over(&mut story, &late, &waiting().digest()), (Kind::Start, "config".to_owned()));
    assert_eq!(story.state.queued, None);
}

#[test]
fn a_config_that_knew_of_the_one_that_waited_is_taken_when_that_has_come_into_force_meanwhile() {
    let mut first = offer();
    first.rollout.as_mut().unwrap().policy.on_new_version = OnNewVersion::Queue;
    let mut story = Story::of(&first);
    story.offer(&waiting());
    let asked = story.state.newest().digest();
    story.ask(Command::RollBack).unwrap();
    assert_eq!(story.state.offer, waiting());
    let mut late = waiting();
    late.site.hosts.push("late.example".to_owned());
    assert_eq!(deployed_over(&mut story, &late, &asked), (Kind::Start, "config".to_owned()));
}

#[test]
fn a_config_that_took_the_site_for_new_undoes_nothing_of_one_that_is_not() {
    let mut story = Story::begin();
    assert_eq!(deployed_over(&mut story, &with_host("late.example"), NOTHING), (Kind::Refuse, "stale".to_owned()));
    story.state = crate::rollout::begin(&offer());
    assert_eq!(deployed_over(&mut story, &offer(), NOTHING).0, Kind::Start);
}

#[test]
fn a_site_that_nothing_has_happened_to_yet_takes_any() {
    let mut story = Story::begin();
    story.state = crate::rollout::begin(&offer());
    assert_eq!(deployed_over(&mut story, &offer(), "0123456789abcdef").0, Kind::Start);
}

fn brought(origin: Origin) -> Offer {
    let mut brings = offer();
    let version = Version { id: "v9".to_owned(), origin, ..brings.site.versions[0].clone() };
    brings.site.versions.push(version);
    brings
}

fn url(origin: &str, base: &str) -> Origin {
    Origin::Url(origin.to_owned(), base.to_owned())
}

#[test]
fn a_version_that_was_not_deployed_comes_only_from_an_origin_that_the_deployed_config_allows() {
    let allow = ["https://*.pages.example/", "https://cdn.example/shop/*/", "r2:BUILDS/shop/*/"];
    let deployed = Offer { allow_origins: allow.map(|glob| Glob::new(glob).unwrap()).to_vec(), ..offer() };
    let r2 = |prefix: &str| Origin::R2("BUILDS".to_owned(), prefix.to_owned());
    for origin in [url("https://abc.pages.example", ""), url("https://cdn.example", "/shop/7"), r2("shop/7/")] {
        assert_eq!(brought(origin.clone()).fits(&deployed), Ok(()), "{origin:?}");
    }
    for origin in [
        url("https://evil.example", ""),
        url("http://abc.pages.example", ""),
        url("https://pages.example", ""),
        url("https://abc.pages.example", "/more"),
        url("https://evil.example", "/x.pages.example"),
        url("https://cdn.example", "/shop/../admin"),
        url("https://cdn.example", "/shop/%2e%2e"),
        url("https://cdn.example", "/shop"),
        r2("shop/"),
        r2(""),
        r2("other/7/"),
        Origin::R2("KEYS".to_owned(), "shop/7/".to_owned()),
        Origin::Assets("/v9".to_owned()),
        Origin::Zone(String::new()),
        Origin::Service("APP".to_owned(), String::new()),
    ] {
        let why = brought(origin.clone()).fits(&deployed).unwrap_err();
        assert!(why.starts_with("version `v9` was not deployed, and "), "{origin:?}: {why}");
    }
    assert!(brought(url("https://abc.pages.example", "")).fits(&offer()).unwrap_err().contains("`allow_origins`: none"));
}

#[test]
fn a_version_that_was_deployed_stays_what_it_was() {
    let mut moved = offer();
    moved.site.versions[1].origin = url("https://abc.pages.example", "");
    let deployed = Offer { allow_origins: vec![Glob::new("https://*.pages.example/").unwrap()], ..offer() };
    assert!(moved.fits(&deployed).unwrap_err().contains("`v2` was deployed with another origin"));
    let mut twice = offer();
    twice.site.versions.push(twice.site.versions[0].clone());
    assert!(twice.fits(&deployed).is_err());
}

#[test]
fn an_offer_is_read_as_it_was_written_before_there_were_hooks_and_parents() {
    let old = serde_json::to_string(&offer()).unwrap();
    assert!(!old.contains("hooks") && !old.contains("allow_origins"), "what says nothing of them is written as before");
    let read: Deployed = serde_json::from_str(&old).unwrap();
    assert_eq!(read, Deployed { offer: offer(), parent: None });
    let over = Deployed { parent: Some("0123".to_owned()), ..read };
    assert_eq!(serde_json::from_str::<Deployed>(&serde_json::to_string(&over).unwrap()).unwrap(), over);
}
