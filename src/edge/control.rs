//! Everything but a visitor's request: beacons, reports, rows that become counts, the ledger, and what is shown of it.
//!
//! Text in, text out, as in the module that serves pages. What needs storage gets `ctx.storage.sql` handed in and is
//! synchronous, so that all of a call's writes are one transaction.

use std::cell::RefCell;

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::buffer;
use super::sql::{Sql, Table};
use crate::beacon::fold::{Age, Folded, Row};
use crate::beacon::intake::{Accepted, Point, Sender, accept};
use crate::beacon::ledger::{self, Network, Rows};
use crate::beacon::policy::{Script, judge};
use crate::beacon::tallies::{Metrics, Tallies};
use crate::beacon::token::Page;
use crate::beacon::{reports, wire};
use crate::headers;
use crate::plan::{Live, Plan, Site};
use crate::visitor::Keys;
use crate::visitor::bots::Bots;

thread_local! {
    static STATE: RefCell<Option<(Plan, Keys)>> = const { RefCell::new(None) };
    static BOTS: Bots = Bots::standard();
}

/// Takes plan and secret (the last line) into use. Leaves `ok` and a line with the plan's prefix, or what is wrong.
#[wasm_bindgen]
pub fn load(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        let (plan, secret) = text.rsplit_once('\n').unwrap_or((text, ""));
        let read = Plan::read(plan).and_then(|plan| Ok((plan, Keys::read(secret)?)));
        match read {
            Ok(state) => {
                out.push_str("ok\n");
                out.push_str(&state.0.prefix);
                STATE.set(Some(state));
            }
            Err(error) => out.push_str(&error),
        }
    })
}

/// Takes a live site (its text, in the input) into the plan in force. Leaves `ok`, or what is wrong.
#[wasm_bindgen]
pub fn adopt(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        STATE.with_borrow_mut(|state| {
            let Some((plan, _)) = state else { return };
            match Live::read(text).and_then(|live| plan.adopt(live)) {
                Ok(()) => out.push_str("ok"),
                Err(error) => out.push_str(&error),
            }
        });
    })
}

/// Works with the plan and the keys in use, if there are any.
pub fn with_state(work: impl FnOnce(&Plan, &Keys)) {
    STATE.with_borrow(|state| {
        if let Some((plan, keys)) = state {
            work(plan, keys);
        }
    });
}

/// Beacons: host, scheme, address, privacy control, user agent and cookies are lines, the body is the rest.
///
/// Leaves lines: `site`, `drop <reason> 1` and `fault <status> <code> <message>`; or `site`, `visitor`, `recall`, `renewed`,
/// `drop <reason> <n>`, `point <page> <event> <version> <value>` and `note <object>\t<note>`, each where there is one.
#[wasm_bindgen]
pub fn beacons(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let mut lines = text.splitn(7, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let [host, scheme, address, privacy_control, user_agent, cookies, body] = std::array::from_fn(|_| next());
        STATE.with_borrow(|state| {
            let Some((plan, keys)) = state else { return };
            let Some(site) = plan.site_of(host) else { return };
            let sender = Sender {
                cookies,
                cookie_name: headers::cookie_name(site, scheme == "https", ""),
                address,
                is_private: privacy_control.trim() == "1",
                user_agent,
                now_ms: now_ms as u64,
            };
            match BOTS.with(|bots| accept(site, keys, bots, &sender, body.as_bytes())) {
                Ok(accepted) => render(site, &accepted, out),
                Err(fault) => render_fault(site, &fault, out),
            }
        });
    })
}

/// A body that is refused is counted as one beacon.
fn render_fault(site: &Site, fault: &wire::Fault, out: &mut String) {
    out.push_str(&format!("site {} {}\ndrop {} 1\n", site.name, site.feedback.budget, fault.reason().as_str()));
    out.push_str(&format!("fault {} {} {}", fault.status(), fault.code(), fault.message()));
}

fn render(site: &Site, accepted: &Accepted, out: &mut String) {
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("site {} {}", site.name, site.feedback.budget));
    if !accepted.visitor.is_empty() {
        line(format!("visitor {}", accepted.visitor));
    }
    if let Some(version) = &accepted.recall {
        line(format!("recall {version}{}", if site.feedback.reload { ";reload" } else { "" }));
    }
    if let Some(token) = &accepted.renewed {
        line(format!("renewed {token}"));
    }
    for (reason, n) in &accepted.drops {
        line(format!("drop {} {n}", reason.as_str()));
    }
    for Point { page, event, version, value } in &accepted.points {
        line(format!("point {page} {event} {version} {value}"));
    }
    for (object, notes) in &accepted.notes {
        for note in notes {
            line(format!("note {object}\t{note}"));
        }
    }
}

/// Reports of browsers: host and token are lines, the body is the rest. Leaves `site`, `drop` and `fault ...`; or `site`,
/// `drop`, and `note <object>\t<note>` as [`beacons`] does.
#[wasm_bindgen]
pub fn reports(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let mut lines = text.splitn(3, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let (host, token, body) = (next(), next(), next());
        STATE.with_borrow(|state| {
            let Some((plan, keys)) = state else { return };
            let Some(site) = plan.site_of(host) else { return };
            out.push_str(&format!("site {} {}\n", site.name, site.feedback.budget));
            let Ok(page) = Page::open(token, &site.name, keys, now_ms as u64) else {
                out.push_str("drop bad_token 1\n");
                return;
            };
            match reports::parse(body.as_bytes()) {
                Ok(list) => {
                    let object = crate::decide::feedback::intake_name(site, page.rollout, &page.visitor);
                    let cell = crate::beacon::row::cell(&page);
                    let dropped = list.iter().filter(|report| report.is_err()).count();
                    if dropped > 0 {
                        out.push_str(&format!("drop bad_json {dropped}\n"));
                    }
                    for report in list.into_iter().flatten() {
                        let reason = report.reason.replace(' ', "_");
                        out.push_str(&format!("note {object}\treport {cell}|report.{}:{reason}\n", report.kind.as_str()));
                    }
                }
                Err(fault) => {
                    out.clear();
                    render_fault(site, &fault, out);
                }
            }
        });
    })
}

/// What a page's Content-Security-Policy lets us do: origin, prefix and policies are lines in the input. Leaves `blocked`,
/// or `allowed`, `inline` or nothing, and the nonce.
#[wasm_bindgen]
pub fn policy(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        let mut lines = text.splitn(3, '\n');
        let mut next = || lines.next().unwrap_or_default();
        let (origin, prefix, policies) = (next(), next(), next());
        let verdict = judge(policies.split('\n'), origin, prefix);
        match verdict.script {
            Script::Allowed { nonce } if verdict.connect => {
                out.push_str("allowed\n");
                out.push_str(if verdict.inline { "inline" } else { "" });
                out.push('\n');
                out.push_str(&nonce.unwrap_or_default());
            }
            _ => out.push_str("blocked"),
        }
    })
}

/// Rows that have reached an age, see [`Row::parse`]; what is left is [`Folded::render`].
#[wasm_bindgen]
pub fn fold(bytes: usize, is_slow: bool) -> usize {
    buffer::with(bytes, |text, out| {
        #[cfg(feature = "fault-injection")]
        assert!(!text.contains("halftone-fault"), "a fault was asked for");
        let mut folded = Folded::default();
        for row in text.lines().filter_map(Row::parse) {
            folded.add(&row, if is_slow { Age::Slow } else { Age::Fast });
        }
        folded.render(out);
    })
}

/// Takes a report of an intake object into the ledger. Leaves the number of the last vote dealt with.
#[wasm_bindgen]
pub fn merge(bytes: usize, sql: &Sql, rollout: &str) -> Result<usize, JsValue> {
    let mut result = Ok(0);
    let length = buffer::with(bytes, |report, out| {
        result = ledger::merge(&mut Ledger { table: Table(sql), rollout }, report);
        if let Ok(last) = &result {
            out.push_str(&last.to_string());
        }
    });
    result.map(|_| length)
}

/// Tallies of one site as JSON: its name in the first line, rows after it, see [`Tallies::read`].
#[wasm_bindgen]
pub fn tallies(bytes: usize, now_ms: f64) -> usize {
    buffer::with(bytes, |text, out| {
        let (site, rows) = text.split_once('\n').unwrap_or((text, ""));
        out.push_str(&Tallies::read(rows).json(site, now_ms as u64));
    })
}

/// The metrics of all sites: rows as [`tallies`], each site's behind a line `site <name>`.
#[wasm_bindgen]
pub fn metrics(bytes: usize) -> usize {
    buffer::with(bytes, |text, out| {
        let mut metrics = Metrics::default();
        for part in text.split("site ").filter(|part| !part.is_empty()) {
            let (site, rows) = part.split_once('\n').unwrap_or((part, ""));
            Tallies::read(rows).prometheus(site, &mut metrics);
        }
        out.push_str(&metrics.render());
    })
}

/// The sites: name and jurisdiction of the objects (`-` for none), one a line.
#[wasm_bindgen]
pub fn sites() -> usize {
    buffer::with(0, |_, out| {
        STATE.with_borrow(|state| {
            for site in state.iter().flat_map(|(plan, _)| &plan.sites) {
                out.push_str(&format!("{} {}\n", site.name, site.feedback.place()));
            }
        });
    })
}

/// The ledger's rows in the tables of the site's Controller.
struct Ledger<'a> {
    table: Table<'a>,
    rollout: &'a str,
}

impl Rows for Ledger<'_> {
    type Error = JsValue;

    fn last_vote(&self, shard: &str) -> Result<u64, JsValue> {
        let rows =
            self.table.numbers("SELECT last_vote FROM shards WHERE rollout = ? AND shard = ?", &[self.rollout, shard], &[])?;
        Ok(rows.into_iter().flatten().next().unwrap_or(0))
    }

    fn set_last_vote(&mut self, shard: &str, number: u64) -> Result<(), JsValue> {
        let statement = "INSERT INTO shards (rollout, shard, last_vote) VALUES (?, ?, ?) \
                         ON CONFLICT (rollout, shard) DO UPDATE SET last_vote = excluded.last_vote";
        self.table.numbers(statement, &[self.rollout, shard], &[number]).map(drop)
    }

    fn raise(&mut self, shard: &str, key: &str, total: u64) -> Result<(), JsValue> {
        let statement = "INSERT INTO totals (rollout, shard, key, n) VALUES (?, ?, ?, ?) \
                         ON CONFLICT (rollout, shard, key) DO UPDATE SET n = max(n, excluded.n)";
        self.table.numbers(statement, &[self.rollout, shard, key], &[total]).map(drop)
    }

    fn add(&mut self, key: &str, n: u64) -> Result<(), JsValue> {
        let statement = "INSERT INTO totals (rollout, shard, key, n) VALUES (?, '', ?, ?) \
                         ON CONFLICT (rollout, shard, key) DO UPDATE SET n = n + excluded.n";
        self.table.numbers(statement, &[self.rollout, key], &[n]).map(drop)
    }

    fn network(&self, guard: &str, network: &str) -> Result<Network, JsValue> {
        let statement = "SELECT taken, canary FROM networks WHERE rollout = ? AND guard = ? AND network = ?";
        let rows = self.table.numbers(statement, &[self.rollout, guard, network], &[])?;
        Ok(match rows.first().map(Vec::as_slice) {
            Some(&[taken, canary]) => Network { taken, canary },
            _ => Network::default(),
        })
    }

    fn set_network(&mut self, guard: &str, network: &str, votes: Network) -> Result<(), JsValue> {
        let statement = "INSERT INTO networks (rollout, guard, network, taken, canary) VALUES (?, ?, ?, ?, ?) \
                         ON CONFLICT (rollout, guard, network) DO UPDATE SET taken = excluded.taken, canary = excluded.canary";
        self.table.numbers(statement, &[self.rollout, guard, network], &[votes.taken, votes.canary])?;
        let statement = "INSERT INTO guards (rollout, guard, votes) VALUES (?, ?, 1) \
                         ON CONFLICT (rollout, guard) DO UPDATE SET votes = votes + 1";
        self.table.numbers(statement, &[self.rollout, guard], &[]).map(drop)
    }

    fn heard(&mut self, guard: &str, place: &str, network: &str) -> Result<(), JsValue> {
        let statement = "INSERT INTO heard (rollout, guard, place, network) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
        self.table.numbers(statement, &[self.rollout, guard, place, network], &[]).map(drop)
    }

    fn all_votes(&self, guard: &str) -> Result<u64, JsValue> {
        let rows = self.table.numbers("SELECT votes FROM guards WHERE rollout = ? AND guard = ?", &[self.rollout, guard], &[])?;
        Ok(rows.into_iter().flatten().next().unwrap_or(0))
    }
}
