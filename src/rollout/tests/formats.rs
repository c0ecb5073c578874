//! What is kept for years is pinned: the state and an entry of the log, as they are written and as they once were.

use super::scene::*;
use crate::rollout::event::Command;
use crate::rollout::log::{Entry, replay};
use crate::rollout::state::{FORMAT, State};

/// A site without a word about itself, its rollout ended.
fn small() -> State {
    let mut story = Story::begin();
    story.ask(Command::RollBack).unwrap();
    story.state.offer.site.rules.clear();
    story.state.offer.rollout = None;
    story.state
}

#[test]
fn the_state_is_written_as_it_is_pinned_here() {
    let state = small();
    let text = serde_json::to_string(&state).unwrap();
    let site = serde_json::to_string(&state.offer.site).unwrap();
    assert_eq!(text.replace(&site, "{}"), STATE);
    assert_eq!(State::read(&text), Ok(state));
}

const STATE: &str = r#"{"format":2,"revision":13,"offer":{"site":{},"rollout":null},"queued":null,"stable":"v1","phase":"rolled_back","run":{"id":"spring","canary":"v2","attempt":1,"policy":{"decide":"auto","guards":[{"name":"missing","margin_bp":1000,"weight":1,"required":true,"limit_bp":500},{"name":"errors","margin_bp":1000,"weight":1,"required":true,"limit_bp":50},{"name":"origin_failure","margin_bp":1000,"weight":1,"required":true,"limit_bp":50},{"name":"poor_lcp","margin_bp":2500,"weight":1,"required":true,"limit_bp":500},{"name":"poor_inp","margin_bp":2500,"weight":1,"required":true,"limit_bp":500},{"name":"poor_cls","margin_bp":2500,"weight":1,"required":true,"limit_bp":500}],"false_rollback_bp":100,"false_promotion_bp":500,"least_networks":10,"deadline_s":1209600,"on_deadline":"hold","on_new_version":"replace"},"started_ms":1800000000000,"step":1,"since_ms":1800000000000,"starts":[{"at_ms":1800000000000,"counts":[]}],"before":[],"areas":[],"areas_back":[],"is_approved":false,"is_ratio_accepted":false,"is_shown_safe":false,"deadline_from_ms":1800000000000},"over":[{"id":"spring","canary":"v2","attempts":1,"phase":"rolled_back"}],"quarantine":[{"version":"v2","since_ms":1800000000000,"why":"a person rolled it back"}],"is_off":false}"#;

/// As format 1 was: without the areas of a run, and with what format 2 no longer keeps.
#[test]
fn a_state_of_format_1_is_read() {
    let state = small();
    let now = serde_json::to_string(&state).unwrap();
    let then = now.replace(r#""format":2,"#, r#""format":1,"seen":"0123456789abcdef","#).replace(r#""areas":[],"#, "");
    assert_ne!(then, now);
    assert_eq!(State::read(&then), Ok(state));
}

#[test]
fn a_state_of_another_format_is_not_guessed_at() {
    let text = serde_json::to_string(&small()).unwrap();
    let later = text.replace(r#""format":2"#, r#""format":99"#);
    let words = format!("it is of format 99, and this build reads 1 to {FORMAT}: deploy the build that wrote it");
    assert_eq!(State::read(&later), Err(words));
    assert!(State::read(&text[..text.len() / 2]).unwrap_err().starts_with("it is cut off or garbled"));
}

#[test]
fn an_entry_of_the_log_is_written_as_it_is_pinned_here() {
    let mut story = Story::begin();
    story.ask(Command::Pause).unwrap();
    let entry = story.log.last().unwrap();
    let text = serde_json::to_string(entry).unwrap();
    assert_eq!(text.replace(&entry.state, "STATE"), ENTRY);
    assert_eq!(&serde_json::from_str::<Entry>(&text).unwrap(), entry);
}

const ENTRY: &str = r#"{"rules":4,"at_ms":1800000000000,"event":{"event":"asked","by":"ann","why":"","command":{"command":"pause"}},"decisions":[{"kind":"pause","by":"ann","code":"asked","reason":"a person stopped it where it is","step":[1,1],"revision":12,"verdicts":[],"ratio":null}],"state":"STATE"}"#;

/// A log of before rules had a number was decided by the first ones, and says so where it comes out otherwise.
#[test]
fn a_replay_that_comes_out_otherwise_says_where_and_by_which_rules_it_was_decided() {
    let mut story = Story::begin();
    story.ask(Command::Advance).unwrap();
    story.with(10_000, 900, 20);
    story.after(MINUTE);
    let differs = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut log = story.log.clone();
        change(&mut log);
        let difference = replay(&log).unwrap_err();
        format!("{}: {}", difference.entry, difference.what)
    };
    let last = story.log.len() - 1;
    assert_eq!(
        differs(&|log| log[1].decisions[0].code = "bored".to_owned()),
        "2: decided was [Advance (bored, revision 13)], and now it is [Advance (asked, revision 13)]"
    );
    assert!(
        differs(&|log| log[last].decisions[1].verdicts[0].harm.log_e += 1e-9).starts_with("3: the evidence was `missing : harm"),
        "the last bit counts"
    );
    assert_eq!(
        differs(&|log| log[1].decisions[0].reason = "because".to_owned()),
        "2: the decisions have other words or other steps"
    );
    let words = differs(&|log| log[0].state = "0000000000000000".to_owned());
    assert!(words.starts_with("1: the decisions are the same, but the state after them is not"), "{words}");
    assert!(!words.contains("rules"));
    // What was counted is not what it was decided on.
    assert!(
        differs(&|log| {
            if let crate::rollout::event::Event::Counted { tally } = &mut log[last].event {
                tally.strata[0].canary.outcomes[0].votes -= 1;
            }
        })
        .starts_with("3: ")
    );
    assert!(
        differs(&|log| {
            log.remove(1);
        })
        .starts_with("2: ")
    );
    assert!(
        differs(&|log| {
            log.remove(0);
        })
        .starts_with("1: a log begins with a config")
    );
    let earlier = differs(&|log| {
        let text = serde_json::to_string(&log[1])
            .unwrap()
            .replace(r#"{"rules":4,"#, "{")
            .replace(r#""code":"asked""#, r#""code":"bored""#);
        log[1] = serde_json::from_str(&text).unwrap();
    });
    assert!(earlier.contains("it was decided by rules 1, and this program has 4"), "{earlier}");
}
