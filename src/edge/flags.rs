//! Flags for `OpenFeature`: a question of a page as text in, status and body out.

use std::cell::OnceCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::buffer;
use super::control::with_state;
use crate::decide::{Needs, Request, page_of};
use crate::flags::{answer, no_question};
use crate::plan::Geo;
use crate::route::{Address, flag_asked};
use crate::visitor::bots::Bots;

thread_local! {
    static BOTS: OnceCell<Bots> = const { OnceCell::new() };
}

/// What a page asks: address, country, region, city and data centre are lines in the input, then each header as `name: value`
/// behind one another, an empty line, and the body is the rest. Leaves the status in a line, and the answer as JSON.
#[wasm_bindgen]
pub fn flags(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.split('\n');
        let mut next = || lines.next().unwrap_or_default().trim_start();
        let (url, country, region, city, colo) = (next(), next(), next(), next(), next());
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        with_state(|plan, keys| {
            let rules: Vec<&str> = Needs::of(plan).headers.iter().map(|name| header(name)).collect();
            let request = Request {
                method: "POST",
                url,
                dest: "empty",
                cookies: header("cookie"),
                user_agent: header("user-agent"),
                privacy_control: header("sec-gpc"),
                address: header("cf-connecting-ip"),
                referer: header("referer"),
                geo: Geo { country, region, city, colo },
                headers: &rules.join("\n"),
                now_ms: now_ms as u64,
                ..Request::default()
            };
            let asked = Address::parse(url).and_then(|address| flag_asked(address.path, &plan.prefix));
            let page = BOTS.with(|bots| page_of(plan, keys, bots.get_or_init(Bots::standard), &request));
            let (status, said) = match (page, &asked) {
                (Some((site, version, why)), Some(key)) => answer(site, version, why, key, body),
                _ => no_question(),
            };
            out.push_str(&format!("{status}\n{said}"));
        });
    })
}
