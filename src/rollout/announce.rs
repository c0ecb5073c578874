//! Who is told of decisions, and in which words.
//!
//! The Controller keeps these messages in the transaction of the decision and sends them afterwards, so nobody is told of what did not
//! happen, and nothing that happened waits for anybody. Generic messages and their signatures follow the Standard Webhooks
//! specification (webhook-id, webhook-timestamp, webhook-signature).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::event::{Decision, Kind};
use super::log::Entry;
use super::state::State;

/// One address that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// `https://…`, plain http on this machine alone; or `secret:` and the name of a secret that holds it.
    pub url: String,
    /// Which decisions; empty for all.
    pub events: Vec<Kind>,
    /// In which form.
    pub format: Format,
    /// Name of the secret that signs; empty for none.
    pub secret: String,
}

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The decision as data.
    Json,
    /// One sentence, as Slack and what is compatible with it take it.
    Slack,
}

/// One message to one address, as the outbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Unique for the site; a message that comes twice has the same.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Name of the secret that signs; empty for none.
    pub secret: String,
    /// The body.
    pub body: String,
}

/// Everything the hooks of a site have to be told about an entry of the log, in the order of the decisions.
#[must_use]
pub fn messages(state: &State, entry: &Entry) -> Vec<Message> {
    let told = entry.decisions.iter().enumerate().filter(|(_, decision)| decision.kind != Kind::Mark);
    let each = told.flat_map(|(at, decision)| {
        // The state's digest may come again (a pause, a resume); with the time it does not.
        let id = format!("{}-{:x}-{}-{at}", state.offer.site.name, entry.at_ms, entry.state);
        state.offer.hooks.iter().filter(|hook| hook.wants(decision.kind)).map(move |hook| Message {
            id: id.clone(),
            url: hook.url.clone(),
            secret: hook.secret.clone(),
            body: match hook.format {
                Format::Json => whole(state, entry.at_ms, decision),
                Format::Slack => json!({ "text": escaped(&sentence(state, decision)) }).to_string(),
            },
        })
    });
    each.collect()
}

impl Hook {
    fn wants(&self, kind: Kind) -> bool {
        self.events.is_empty() || self.events.contains(&kind)
    }
}

fn whole(state: &State, at_ms: u64, decision: &Decision) -> String {
    let canary = state.run.as_ref().map(|run| run.canary.as_str());
    let data = json!({
        "site": state.offer.site.name, "at_ms": at_ms, "stable": state.stable, "canary": canary, "decision": decision,
        "text": sentence(state, decision),
    });
    json!({ "type": decision.kind, "data": data }).to_string()
}

/// A decision as one sentence.
#[must_use]
pub fn sentence(state: &State, decision: &Decision) -> String {
    let site = &state.offer.site.name;
    let canary = state.run.as_ref().map_or("the canary", |run| run.canary.as_str());
    let (stable, (before, after)) = (&state.stable, decision.step);
    let what = match decision.kind {
        Kind::Start if decision.code == "rollout" || decision.code == "retry" => format!("a rollout of {canary} began"),
        Kind::Start => "a config came into force".to_owned(),
        Kind::Refuse => "a config was not taken".to_owned(),
        Kind::Queue => "a config waits".to_owned(),
        Kind::Advance => format!("{canary} went from step {before} to {after}"),
        Kind::Hold => format!("the rollout of {canary} is held at step {after}"),
        Kind::Resume => format!("the rollout of {canary} goes on at step {after}"),
        Kind::Pause => format!("the rollout of {canary} is paused at step {after}"),
        Kind::Approve => format!("{canary} may leave step {after}"),
        Kind::Promote => format!("{canary} is stable now"),
        Kind::RollBack => format!("{canary} was rolled back, {stable} is stable"),
        Kind::Abort => format!("the rollout of {canary} was ended"),
        Kind::Clear => "a version is out of quarantine".to_owned(),
        Kind::Off => format!("switched off: everybody gets {stable}"),
        Kind::On => "switched on".to_owned(),
        Kind::Freeze => "nothing goes forward for a time".to_owned(),
        Kind::Unfreeze => "it may go forward again".to_owned(),
        Kind::Restore => format!("an earlier revision is in force again, {stable} is stable"),
        Kind::Mark => "evidence is counted anew".to_owned(),
    };
    format!("{site}: {what}. {}: {} (revision {})", decision.by, decision.reason, decision.revision)
}

/// Slack's three characters.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How often a message is tried.
pub const MOST_TRIES: u32 = 14;
/// The longest wait between two tries, ms: with these numbers it is given up after about an hour and a half.
const MOST_WAIT_MS: u64 = 30 * 60 * 1000;

/// A message that waited behind others for longer than this is tried once more and then given up, ms.
pub const MOST_AGE_MS: u64 = 2 * 60 * 60 * 1000;

/// How long to wait after so many tries that failed, from 1, of a message of this age; `None` gives it up.
#[must_use]
pub fn wait_ms(tries: u32, age_ms: u64) -> Option<u64> {
    let doubled = 1000_u64 << tries.saturating_sub(1).min(32);
    (tries < MOST_TRIES && age_ms < MOST_AGE_MS).then_some(doubled.min(MOST_WAIT_MS))
}

#[cfg(test)]
mod tests;
