//! The platform: the only module that knows it runs in WebAssembly, and it decides nothing.
//!
//! JavaScript writes the facts of a request into a buffer, calls [`decide`], and reads the instruction from a buffer.
//! One call in, one text out: no handle, closure or future of ours lives while a visitor waits, so a trap while serving
//! one visitor can not take another one's request with it. All state here is a cache and may vanish at any moment.

mod buffer;
mod state;
mod tickets;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::decide::Request;
use crate::plan::{Geo, Plan};
use crate::visitor::Keys;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn log_error(line: &str);
}

/// Says where a panic happened, and not what it says: its words could hold what a visitor sent.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            log_error(&format!("{{\"level\":\"error\",\"message\":\"panic in {}:{}\"}}", place.file(), place.line()));
        }
    }));
}

/// Room for the facts: JavaScript writes UTF-8 text at the address this gives, at most `bytes` long.
#[wasm_bindgen]
pub fn input(bytes: usize) -> *mut u8 {
    buffer::input(bytes)
}

/// Where the last answer stands.
#[wasm_bindgen]
pub fn output() -> *const u8 {
    buffer::output()
}

/// Takes the plan (JSON, in the input) and the signing secret (behind a line feed, may be empty) into use.
///
/// Leaves in the output: what the plan needs (`geo`, `consent`, `cookieless`, header names, one a line) after a line `ok`; or a
/// line saying what is wrong, and then the plan before it stays in force. Gives the length of the output.
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
        state::load(plan, keys, |needs| {
            for (set, word) in [(needs.geo, "geo"), (needs.consent, "consent"), (needs.cookieless, "cookieless")] {
                out.push('\n');
                out.push_str(if set { word } else { "" });
            }
            for header in &needs.headers {
                out.push('\n');
                out.push_str(header);
            }
        });
    })
}

/// Decides about a request: its facts are lines in the input, the instruction is left in the output.
///
/// The order of the lines is that of the `let` below, followed by the headers the plan asked for. Gives the length of
/// the output; 0 if no plan is loaded.
#[wasm_bindgen]
pub fn decide(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |facts, out| {
        #[cfg(feature = "fault-injection")]
        assert!(!facts.contains("halftone-fault=decide"), "a fault was asked for");
        // Sixteen lines, and all the rest is the headers'.
        let mut lines = facts.splitn(17, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let [method, url, cookies, dest, purpose, if_none_match, failed, accept] = std::array::from_fn(|_| next());
        let [user_agent, privacy_control, address, referer, country, region, city, colo] = std::array::from_fn(|_| next());
        let headers = next();
        let geo = Geo { country, region, city, colo };
        let now_ms = now_ms as u64;
        let request = Request {
            method,
            url,
            cookies,
            dest,
            purpose,
            if_none_match,
            failed,
            accept,
            user_agent,
            privacy_control,
            address,
            referer,
            geo,
            headers,
            now_ms,
        };
        state::with(|edge| edge.decide(&request, random).render(out));
    })
}

/// Sixteen random bytes from the platform.
fn random() -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
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
