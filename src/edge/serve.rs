//! What a visitor's request needs: taking a plan into use, and deciding by it.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{buffer, state};
use crate::decide::{Edge, Request};
use crate::plan::{Live, Plan};
use crate::visitor::Keys;

/// Takes the plan (its text, in the input) and the signing secret (behind a line feed, may be empty) into use.
///
/// Leaves in the output a line `ok`, one with a complaint about the secret or nothing, and then what [`show`] says; or a line
/// saying what is wrong, and then the plan before it stays in force. Gives the length of the output.
#[wasm_bindgen]
pub fn load(bytes: usize) -> usize {
    buffer::with(bytes, |facts, out| {
        let (plan, secret) = facts.rsplit_once('\n').unwrap_or((facts, ""));
        let plan = match Plan::read(plan) {
            Ok(plan) => plan,
            Err(error) => return out.push_str(&error),
        };
        let (keys, complaint) = match Keys::read(secret) {
            Ok(keys) => (Some(keys), String::new()),
            Err(error) => (None, error),
        };
        out.push_str("ok\n");
        out.push_str(&complaint);
        state::load(plan, keys);
        state::with(|edge| show(edge, out));
    })
}

/// Takes a live site (its text, in the input) into the plan in force.
///
/// Leaves in the output a line `ok` and what [`show`] says; or a line saying what is wrong, and nothing has changed.
#[wasm_bindgen]
pub fn adopt(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        state::with(|edge| match Live::read(text).and_then(|live| edge.adopt(live)) {
            Ok(()) => {
                out.push_str("ok");
                show(edge, out);
            }
            Err(error) => out.push_str(&error),
        });
    })
}

/// What the plan in force needs: a line each for `geo`, `consent`, `cookieless`, `counts`, `brief`, `cookies` and `draws`, empty where
/// not; the prefix; sites with the jurisdiction of their objects (`-` for none), separated by tabs; names of cookies; then header names, one a line.
fn show(edge: &Edge, out: &mut String) {
    let needs = &edge.needs;
    let flags = [
        (needs.geo, "geo"),
        (needs.consent, "consent"),
        (needs.cookieless, "cookieless"),
        (needs.counts, "counts"),
        (needs.brief, "brief"),
        (needs.cookies, "cookies"),
        (edge.plan.sites.iter().any(|site| site.rollout.is_some()), "draws"),
    ];
    for (set, word) in flags {
        out.push('\n');
        out.push_str(if set { word } else { "" });
    }
    out.push('\n');
    out.push_str(&edge.plan.prefix);
    for (at, site) in edge.plan.sites.iter().enumerate() {
        out.push(if at == 0 { '\n' } else { '\t' });
        out.push_str(&site.name);
        out.push(' ');
        out.push_str(site.feedback.place());
    }
    out.push('\n');
    for (at, name) in needs.names.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { " " });
        out.push_str(name);
    }
    for header in &needs.headers {
        out.push('\n');
        out.push_str(header);
    }
}

/// Decides about a request: its facts are lines in the input, the instruction is left in the output.
///
/// See [`Request::read`] for the order of the lines. Gives the length of the output; 0 if no plan is loaded; and a number below 0
/// where the output would hold no more than that an instruction stands: -1 less the number it stands under.
#[wasm_bindgen]
pub fn decide(bytes: usize, now_ms: f64) -> i32 {
    let mut standing = None;
    let length = buffer::with(bytes, |facts, out| {
        #[cfg(feature = "fault-injection")]
        assert!(!facts.contains("halftone-fault=decide"), "a fault was asked for");
        let request = Request::read(facts, now_ms as u64);
        state::with(|edge| {
            let instruction = edge.decide(&request, random);
            standing = instruction.is_but_known();
            if standing.is_none() {
                instruction.render(out);
            }
        });
    });
    standing.map_or(i32::try_from(length).unwrap_or_default(), |standing| -1 - i32::from(standing.number()))
}

thread_local! {
    /// Random bytes that nobody has had yet. To ask the platform costs more than what is asked for.
    static RANDOM: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
}

/// So many times sixteen bytes are asked for at once.
const AT_ONCE: usize = 32;

/// Sixteen random bytes from the platform.
fn random() -> Option<[u8; 16]> {
    RANDOM.with_borrow_mut(|left| {
        if left.is_empty() {
            left.resize(AT_ONCE, [0; 16]);
            if getrandom::fill(left.as_flattened_mut()).is_err() {
                left.clear();
            }
        }
        left.pop()
    })
}

/// What the ticket office granted: numbers, one a line, for `rollout` (hash of its salt), asked at `asked_ms`. Leaves
/// nothing in the output, whose length it gives.
#[wasm_bindgen]
pub fn granted(bytes: usize, rollout: u32, asked_ms: f64) -> usize {
    buffer::with(bytes, |numbers, _| {
        let numbers = numbers.split('\n').filter_map(|line| line.parse().ok()).collect();
        state::with(|edge| edge.lease.granted(rollout, numbers, asked_ms as u64 / 1000));
    })
}
