//! What people ask from the dashboard about visitors who are not there: what one would get, and a link that shows them a version.

use std::cell::OnceCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::buffer;
use super::control::with_state;
use crate::decide::imagined::imagined;
use crate::decide::{Needs, Request};
use crate::plan::Geo;
use crate::preview;
use crate::visitor::bots::Bots;

thread_local! {
    static BOTS: OnceCell<Bots> = const { OnceCell::new() };
}

/// What a visitor would get: site, address, country, region, city, data centre, user agent and cookies are lines in the input, then each
/// header as `name: value`. Leaves JSON, or nothing for an address that is none.
#[wasm_bindgen]
pub fn imagine(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let mut lines = text.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let (site, url) = (next(), next());
        let [country, region, city, colo, user_agent, cookies] = std::array::from_fn(|_| next());
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let header =
            |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value);
        with_state(|plan, keys| {
            let rules: Vec<&str> = Needs::of(plan).headers.iter().map(|name| header(name)).collect();
            let request = Request {
                method: "GET",
                url,
                dest: "document",
                accept: "text/html",
                cookies,
                user_agent,
                privacy_control: header("sec-gpc"),
                geo: Geo { country, region, city, colo },
                headers: &rules.join("\n"),
                now_ms: now_ms as u64,
                ..Request::default()
            };
            let found = BOTS.with(|bots| imagined(plan, keys, bots.get_or_init(Bots::standard), site, &request));
            out.push_str(&found.and_then(|found| serde_json::to_string(&found).ok()).unwrap_or_default());
        });
    })
}

/// A preview link: site, address and version are lines in the input. Leaves the link; nothing for an address that is none, or for a
/// version that the site has not or that is in quarantine.
#[wasm_bindgen]
pub fn preview_link(bytes: usize, until_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let mut lines = text.splitn(3, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let (site, url, version) = (next(), next(), next());
        with_state(|plan, keys| {
            let known = plan.sites.iter().find(|known| known.name == site).and_then(|known| known.find_free(version));
            let link = known.and_then(|_| preview::link(keys, site, url, version, until_ms as u64 / 1000));
            out.push_str(&link.unwrap_or_default());
        });
    })
}
