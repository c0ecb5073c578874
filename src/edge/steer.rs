//! Control of rollouts: a state and an event as text in, the next state and what was decided as text out.
//!
//! The Controller keeps what this gives in one transaction; nothing is remembered here.

use wasm_bindgen::prelude::wasm_bindgen;

use super::buffer;
use crate::beacon::tallies::Key;
use crate::rollout::announce;
use crate::rollout::estimates::Vitals;
use crate::rollout::event::{Effect, Event};
use crate::rollout::log::{Entry, RULES, digest};
use crate::rollout::offer::{Deployed, Offer, live};
use crate::rollout::state::{Standing, State};
use crate::rollout::tally::Tally;
use crate::rollout::{begin, changes, given, in_force, preview, series, status, step};

/// What happens to a site: its state as JSON in the first line (empty for none yet), then `counts` and rows behind it, or
/// `event` and an event as JSON.
///
/// Leaves `same`; or `refused`, a code and a message, one a line; or `changed` and, one a line, the state, the log's entry, what
/// each revision can be restored to, the site in force, the versions that somebody gets, and messages for the outbox; or `unread` and why
/// the state is not; or `broken` and what is.
#[wasm_bindgen]
pub fn turn(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        #[cfg(feature = "fault-injection")]
        assert!(!text.contains("halftone-fault=turn"), "a fault was asked for");
        #[cfg(feature = "fault-injection")]
        let now_ms = now_ms + ahead(text);
        match turned(text, now_ms as u64) {
            Ok(lines) => out.push_str(&lines.join("\n")),
            Err(error) => out.push_str(&format!("broken\n{error}")),
        }
    })
}

/// How far the clock is set forward by a line `clock MS` among the counts.
#[cfg(feature = "fault-injection")]
fn ahead(text: &str) -> f64 {
    text.lines().filter_map(|line| line.strip_prefix("clock ")?.parse::<f64>().ok()).sum()
}

/// What a revision can be restored to, as the Controller keeps it.
#[derive(serde::Serialize)]
struct Kept<'a> {
    revision: u64,
    standing: &'a Standing,
}

fn turned(text: &str, at_ms: u64) -> Result<Vec<String>, serde_json::Error> {
    let (state, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (kind, what) = rest.split_once('\n').unwrap_or((rest, ""));
    let known = match (state.is_empty(), State::read(state)) {
        (true, _) => None,
        (false, Ok(state)) => Some(state),
        (false, Err(why)) => return Ok(vec!["unread".to_owned(), why]),
    };
    let event = match (kind, &known) {
        ("counts", Some(state)) => Event::Counted { tally: tally(state, what) },
        ("counts", None) => return Ok(vec!["same".to_owned()]),
        _ => serde_json::from_str(what)?,
    };
    let mut state = match (known, &event) {
        (Some(state), _) => state,
        (None, Event::Offered { offer, .. }) => begin(offer),
        (None, _) => return Ok(["refused", "no_config", "no config has come into force yet"].map(str::to_owned).to_vec()),
    };
    let outcome = match step(&mut state, &event, at_ms) {
        Ok(outcome) => outcome,
        Err(refusal) => return Ok(vec!["refused".to_owned(), refusal.code.to_owned(), refusal.message]),
    };
    if outcome.decisions.is_empty() {
        return Ok(vec!["same".to_owned()]);
    }
    let kept: Vec<Kept<'_>> =
        outcome.standings.iter().map(|(revision, standing)| Kept { revision: *revision, standing }).collect();
    let entry = Entry { rules: RULES, at_ms, event, decisions: outcome.decisions.clone(), state: digest(&state) };
    let is_told = outcome.effects.contains(&Effect::Announce);
    let messages = if is_told { announce::messages(&state, &entry) } else { Vec::new() };
    Ok(vec![
        "changed".to_owned(),
        serde_json::to_string(&state)?,
        serde_json::to_string(&entry)?,
        serde_json::to_string(&kept)?,
        live(&in_force(&state)),
        given(&state).join(" "),
        serde_json::to_string(&messages)?,
    ])
}

/// Rows of the ledger: `count <key> <n>`, `networks <guard> <n>` and `newest <ms>`; `heard <place> <guard> <n>` are networks
/// in an area.
fn tally(state: &State, rows: &str) -> Tally {
    let guards = state.run.as_ref().map(|run| run.policy.guards.as_slice()).unwrap_or_default();
    let mut tally = Tally::read(counts(rows), guards);
    for line in rows.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["networks", guard, n] => tally.heard("", guard, n.parse().unwrap_or(0), guards),
            ["heard", place, guard, n] => tally.heard(place, guard, n.parse().unwrap_or(0), guards),
            ["newest", ms] => tally.newest_ms = ms.parse().unwrap_or(0),
            _ => {}
        }
    }
    tally
}

/// The keys of the ledger's totals among rows, and how often each.
fn counts(rows: &str) -> impl Iterator<Item = (Key<'_>, u64)> {
    let each = rows.lines().filter_map(|line| line.strip_prefix("count ")?.split_once(' '));
    each.filter_map(|(key, n)| Some((Key::parse(key)?, n.parse().ok()?)))
}

fn vitals(state: &State, rows: &str) -> Vitals {
    Vitals::read(state.run.as_ref().map_or(0, |run| run.step), counts(rows))
}

/// What a state and the counts say to a person: the state as JSON in the first line, rows behind it. Leaves JSON.
#[wasm_bindgen]
pub fn show(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let (state, rows) = text.split_once('\n').unwrap_or((text, ""));
        let shown = match State::read(state) {
            Ok(state) => status::of(&state, &tally(&state, rows), &vitals(&state, rows), now_ms as u64),
            Err(why) => serde_json::json!({ "phase": "unread", "unread": why }),
        };
        out.push_str(&shown.to_string());
    })
}

/// The point that charts have of now: the state as JSON in the first line, rows behind it. Leaves JSON, or nothing if the state can not be read.
#[wasm_bindgen]
pub fn point(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let (state, rows) = text.split_once('\n').unwrap_or((text, ""));
        let Ok(state) = State::read(state) else { return };
        let seen = series::Seen::read(counts(rows));
        let point = series::point(&state, &tally(&state, rows), &vitals(&state, rows), &seen, now_ms as u64);
        out.push_str(&point.to_string());
    })
}

/// The number of the attempt whose counts matter to a state, which is in the input as JSON; leaves 0 if there is none.
#[wasm_bindgen]
pub fn attempt(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        let state = State::read(text).ok();
        let tag = state.as_ref().and_then(|state| Some(state.offer.rollout.as_ref()?.tag(state.run.as_ref()?.attempt)));
        out.push_str(&tag.unwrap_or(0).to_string());
    })
}

/// When a site has to be looked at next, see [`State::wakes_ms`]: its state as JSON is in the input. Leaves a time in ms, 0 for as
/// often as ever, or nothing for never.
#[wasm_bindgen]
pub fn wakes(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        if let Some(at_ms) = State::read(text).ok().and_then(|state| state.wakes_ms(now_ms as u64)) {
            out.push_str(&at_ms.to_string());
        }
    })
}

/// Whether a published config (an offer as JSON, in the second line) is one for what this build offers (in the first): a live config
/// chooses among the versions that were deployed, and the origins that were allowed. Leaves `ok`, or what is wrong.
#[wasm_bindgen]
pub fn vet(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| match both::<Offer>(text) {
        Ok((deployed, offer)) => out.push_str(&offer.fits(&deployed).err().unwrap_or_else(|| "ok".to_owned())),
        Err(error) => out.push_str(&format!("the config can not be read: {error}; `halftone publish` makes it")),
    })
}

/// What an earlier revision had (JSON, in the second line) among the versions of what this build offers (in the first). Leaves `ok`
/// and, in a line of its own, what can be restored; or what is wrong.
#[wasm_bindgen]
pub fn carry(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        let carried = both::<Standing>(text).map_err(|error| error.to_string()).and_then(|(deployed, standing)| {
            let standing = Standing { offer: standing.offer.carried(&deployed)?, ..standing };
            serde_json::to_string(&standing).map_err(|error| error.to_string())
        });
        match carried {
            Ok(standing) => out.push_str(&format!("ok\n{standing}")),
            Err(why) => out.push_str(&why),
        }
    })
}

fn both<T: serde::de::DeserializeOwned>(text: &str) -> Result<(Offer, T), serde_json::Error> {
    let (deployed, other) = text.split_once('\n').unwrap_or((text, ""));
    Ok((serde_json::from_str(deployed)?, serde_json::from_str(other)?))
}

/// What a config would change if it were published now: the state as JSON in the first line, the offer behind it. Leaves JSON.
#[wasm_bindgen]
pub fn foresee(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let (state, offer) = text.split_once('\n').unwrap_or((text, ""));
        if let (Ok(state), Ok(offer)) = (serde_json::from_str::<State>(state), serde_json::from_str::<Offer>(offer)) {
            out.push_str(&serde_json::to_string(&preview(&state, &offer, now_ms as u64)).unwrap_or_default());
        }
    })
}

/// What differs between two revisions: what each can be restored to, as JSON, one a line. Leaves JSON.
#[wasm_bindgen]
pub fn compare(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        let (from, to) = text.split_once('\n').unwrap_or((text, ""));
        if let (Ok(from), Ok(to)) = (serde_json::from_str::<Standing>(from), serde_json::from_str::<Standing>(to)) {
            out.push_str(&serde_json::to_string(&changes(&from, &to)).unwrap_or_default());
        }
    })
}

/// The site in force of a state, which is in the input as JSON, as this build writes it.
#[wasm_bindgen]
pub fn render(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        if let Ok(state) = serde_json::from_str::<State>(text) {
            out.push_str(&live(&in_force(&state)));
        }
    })
}

/// How long to wait, in ms, after so many tries to deliver a message of this age that failed; -1 gives it up.
#[wasm_bindgen]
pub fn patience(tries: u32, age_ms: f64) -> f64 {
    announce::wait_ms(tries, age_ms as u64).map_or(-1.0, |ms| ms as f64)
}

/// What a build embeds: offers of all sites as JSON. Leaves for each a line: the site's name, the digest of its offer, that
/// of the config it was made over (or nothing), and the offer as JSON, separated by tabs.
#[wasm_bindgen]
pub fn offers(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        for Deployed { offer, parent } in serde_json::from_str::<Vec<Deployed>>(text).unwrap_or_default() {
            let (json, parent) = (serde_json::to_string(&offer).unwrap_or_default(), parent.unwrap_or_default());
            out.push_str(&format!("{}\t{}\t{parent}\t{json}\n", offer.site.name, offer.digest()));
        }
    })
}
