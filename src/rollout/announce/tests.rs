use super::*;
use crate::rollout::event::Command;
use crate::rollout::tests::scene::{Story, offer};

fn hook(format: Format, events: &[Kind]) -> Hook {
    Hook { url: "https://hooks.example/a".to_owned(), events: events.to_vec(), format, secret: "HOOK_SECRET".to_owned() }
}

fn told(hooks: Vec<Hook>, command: Command) -> Vec<Message> {
    let mut story = Story::of(&crate::rollout::offer::Offer { hooks, ..offer() });
    story.ask(command).unwrap();
    messages(&story.state, story.log.last().unwrap())
}

#[test]
fn a_decision_is_told_as_data_that_names_all_of_it() {
    let [message] = told(vec![hook(Format::Json, &[])], Command::RollBack).try_into().unwrap();
    assert_eq!((message.url.as_str(), message.secret.as_str()), ("https://hooks.example/a", "HOOK_SECRET"));
    let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
    let revision = body.pointer("/data/decision/revision").unwrap().as_u64().unwrap();
    let text = format!("shop: v2 was rolled back, v1 is stable. ann: a person rolled it back (revision {revision})");
    assert_eq!(
        body,
        serde_json::json!({ "type": "roll_back", "data": {
            "site": "shop", "at_ms": 1_800_000_000_000_u64, "stable": "v1", "canary": "v2", "text": text,
            "decision": { "kind": "roll_back", "by": "ann", "code": "asked", "reason": "a person rolled it back",
                "step": [1, 1], "revision": revision, "verdicts": [], "ratio": null } } })
    );
}

#[test]
fn a_chat_is_told_one_sentence_with_its_signs_escaped() {
    let mut story = Story::of(&crate::rollout::offer::Offer { hooks: vec![hook(Format::Slack, &[])], ..offer() });
    let mut entry = story.log.last().unwrap().clone();
    entry.decisions[0].reason = "<b> & co".to_owned();
    let [message] = messages(&story.state, &entry).try_into().unwrap();
    let revision = story.state.revision;
    let text = format!("shop: a rollout of v2 began. deploy: &lt;b&gt; &amp; co (revision {revision})");
    assert_eq!(message.body, serde_json::json!({ "text": text }).to_string());
    assert!(story.look().is_empty());
}

#[test]
fn each_is_told_what_it_asked_for_and_no_two_messages_have_one_id() {
    let hooks = vec![hook(Format::Json, &[Kind::Promote]), hook(Format::Slack, &[Kind::Pause, Kind::Resume])];
    let mut story = Story::of(&crate::rollout::offer::Offer { hooks, ..offer() });
    let mut ids = Vec::new();
    for command in [Command::Pause, Command::Resume, Command::Pause, Command::Resume, Command::Promote] {
        story.now_ms += 1;
        story.ask(command).unwrap();
        let messages = messages(&story.state, story.log.last().unwrap());
        assert_eq!(messages.len(), 1);
        ids.push(messages[0].id.clone());
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn what_can_not_be_delivered_is_tried_for_about_an_hour_and_a_half_and_then_given_up() {
    let waits: Vec<u64> = (1..).map_while(|tries| wait_ms(tries, 0)).map(|ms| ms / 1000).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1800, 1800]);
    assert_eq!((wait_ms(u32::MAX, 0), wait_ms(1, MOST_AGE_MS)), (None, None));
}
