//! From beacons to notes: who may say what for which page, and whether in time.
//!
//! A beacon speaks for the page its token names, if the browser's own cookie names the same visitor. What comes too late
//! for a page's age is no longer taken, so that both arms are judged alike. All beacons of one page become one note. Pure:
//! the body, the cookie and the time in, notes and counts of what was dropped out.

use std::collections::BTreeMap;

use super::fold::{FAST_MS, SLOW_MS};
use super::row;
use super::token::{self, Page, Refused};
use super::wire::{self, Beacon, Drop, Event, Fault, Metric};
use crate::decide::feedback::intake_name;
use crate::plan::{Site, Stratum};
use crate::visitor::bots::Bots;
use crate::visitor::{CookieName, Keys, cookie};

/// How long a page fetched ahead may wait to be looked at, ms.
const AHEAD_MS: u64 = 600_000;

/// The most errors and soft navigations that one request may report.
const MOST_COUNTED: u32 = 50;

/// Who sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender<'a> {
    /// `Cookie`.
    pub cookies: &'a str,
    /// Name of the visitor cookie here.
    pub cookie_name: CookieName<'a>,
    /// The client's address.
    pub address: &'a str,
    /// Whether a global privacy control says no.
    pub is_private: bool,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// Now, ms since 1970.
    pub now_ms: u64,
}

/// What is to be done with a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    /// Who sent it, if their cookie holds.
    pub visitor: String,
    /// Notes by object, see [`crate::decide::feedback::Telling::intake`].
    pub notes: BTreeMap<String, Vec<String>>,
    /// Beacons that were not taken, by reason.
    pub drops: BTreeMap<Drop, u64>,
    /// The version of one of the pages that was rolled back.
    pub recall: Option<String>,
    /// A fresh token, for a page that was fetched ahead and is looked at now.
    pub renewed: Option<String>,
    /// Beacons taken, for points over time.
    pub points: Vec<Point>,
}

/// One beacon as a point over time, if its page's note is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The page's id, as its note has it.
    pub page: String,
    /// What happened.
    pub event: &'static str,
    /// The version served.
    pub version: String,
    /// A vital's value, a time in ms, or 0.
    pub value: f64,
}

/// Reads a body and decides.
pub fn accept(site: &Site, keys: &Keys, bots: &Bots, sender: &Sender<'_>, body: &[u8]) -> Result<Accepted, Fault> {
    let beacons = wire::parse(body)?;
    let mut accepted = Accepted::default();
    let read = cookie::read(sender.cookies, sender.cookie_name, &site.name, keys);
    let unheard = unheard(site, bots, sender, read.is_some());
    if let Some(read) = &read {
        accepted.visitor = read.visitor.id.clone().into_owned();
    }
    let mut pages: BTreeMap<String, Said> = BTreeMap::new();
    for beacon in beacons {
        let outcome = beacon.and_then(|beacon| {
            if let Some(reason) = unheard {
                return Err(reason);
            }
            if beacon.event == Event::Untested {
                return untested(site, &mut accepted);
            }
            hear(site, keys, sender, &accepted.visitor, beacon, &mut pages)
        });
        if let Err(reason) = outcome {
            *accepted.drops.entry(reason).or_insert(0) += 1;
        }
    }
    for said in pages.into_values() {
        said.settle(site, keys, sender, &mut accepted);
    }
    Ok(accepted)
}

/// Why nothing of what somebody sends is taken: their pages carry no token, and one from before counts for nothing now.
/// Whoever brings our cookie back is no crawler.
fn unheard(site: &Site, bots: &Bots, sender: &Sender<'_>, is_visitor: bool) -> Option<Drop> {
    if sender.is_private || !site.consented(sender.cookies) {
        return Some(Drop::OptedOut);
    }
    (!is_visitor && site.bots != crate::plan::Bots::Split && bots.matches(sender.user_agent)).then_some(Drop::Bot)
}

/// Whether the version of a page was rolled back: everywhere, or where this page's visitor is. A version that only was followed
/// by another, as stable is when a canary is promoted, is not called back.
fn is_recalled(site: &Site, page: &Page) -> bool {
    let Some(served) = site.find(&page.served) else { return false };
    let is_back = |stratum: &Stratum| stratum.name == page.place && stratum.odds.iter().all(|odds| odds.canary == 0);
    let here = site.rollout.as_ref().filter(|rollout| rollout.canary == served && rollout.tag() == page.rollout);
    site.quarantined.contains(&served) || here.is_some_and(|rollout| rollout.strata.iter().any(is_back))
}

/// A page that can not read its token can not say which it is, but its visitor is known by the cookie: their open pages are
/// left out of the test.
fn untested(site: &Site, accepted: &mut Accepted) -> Result<(), Drop> {
    let rollout = site.rollout.as_ref().filter(|_| !accepted.visitor.is_empty()).ok_or(Drop::NoPage)?;
    let intake = intake_name(site, rollout.tag(), &accepted.visitor);
    let note = format!("untested {} 1", accepted.visitor);
    accepted.notes.entry(intake).or_default().push(note);
    Ok(())
}

/// What one page said in one body.
struct Said {
    page: Page,
    is_new: bool,
    bits: u32,
    vitals: [Option<u32>; 5],
    errors: u32,
    soft: u32,
    goals: Vec<String>,
    beacons: u64,
    asks: bool,
    taken: Vec<(&'static str, f64)>,
}

fn hear(
    site: &Site,
    keys: &Keys,
    sender: &Sender<'_>,
    visitor: &str,
    beacon: Beacon,
    pages: &mut BTreeMap<String, Said>,
) -> Result<(), Drop> {
    if !pages.contains_key(&beacon.token) {
        let page = Page::open(&beacon.token, &site.name, keys, sender.now_ms).map_err(|refused| match refused {
            Refused::Invalid => Drop::BadToken,
            Refused::Expired => Drop::Expired,
        })?;
        if page.visitor != visitor {
            return Err(Drop::Foreign);
        }
        if site.find(&page.served).is_none() {
            return Err(Drop::UnknownVersion);
        }
        pages.insert(beacon.token.clone(), Said::of(page));
    }
    let said = pages.get_mut(&beacon.token).ok_or(Drop::BadToken)?;
    said.hear(beacon.event, sender.now_ms)
}

impl Said {
    fn of(page: Page) -> Self {
        Self {
            page,
            is_new: false,
            bits: 0,
            vitals: [None; 5],
            errors: 0,
            soft: 0,
            goals: Vec::new(),
            beacons: 0,
            asks: false,
            taken: Vec::new(),
        }
    }

    fn hear(&mut self, event: Event, now_ms: u64) -> Result<(), Drop> {
        let age_ms = now_ms.saturating_sub(self.page.time_ms);
        if matches!(event, Event::Activated) {
            if !self.page.is_speculative {
                return Err(Drop::Duplicate);
            }
            if age_ms > AHEAD_MS {
                return Err(Drop::Expired);
            }
            // It is served anew, at the moment somebody looks.
            self.page.is_speculative = false;
            self.page.time_ms = now_ms;
            self.is_new = true;
            self.beacons += 1;
            return Ok(());
        }
        if matches!(event, Event::Ask) {
            self.asks = true;
            return Ok(());
        }
        if self.page.is_speculative {
            return Err(Drop::NoPage);
        }
        let is_late = |most_ms: u64| if age_ms > most_ms { Err(Drop::Expired) } else { Ok(()) };
        let taken = match event {
            Event::Alive { at_ms } => {
                is_late(FAST_MS)?;
                self.bits |= row::ALIVE;
                ("alive", f64::from(at_ms))
            }
            Event::Hidden => self.flag(row::HIDDEN, "hidden", is_late(FAST_MS))?,
            Event::Worker => self.flag(row::WORKER, "worker", is_late(FAST_MS))?,
            Event::Error { kind, at_ms, .. } => {
                is_late(SLOW_MS)?;
                if age_ms <= FAST_MS {
                    self.bits |= row::ERROR;
                }
                self.errors = (self.errors + 1).min(MOST_COUNTED);
                (kind.as_str(), f64::from(at_ms))
            }
            Event::Vital { metric, value, .. } => {
                let (at, most_ms) = match metric {
                    Metric::Ttfb => (0, FAST_MS),
                    Metric::Fcp => (1, FAST_MS),
                    Metric::Lcp => (2, FAST_MS),
                    Metric::Inp => (3, SLOW_MS),
                    Metric::Cls => (4, SLOW_MS),
                };
                is_late(most_ms)?;
                let whole = if metric == Metric::Cls { value * 10_000.0 } else { value };
                if let Some(slot) = self.vitals.get_mut(at) {
                    *slot = Some(whole_number(whole));
                }
                (metric.as_str(), value)
            }
            Event::Late { fcp, lcp } => {
                is_late(FAST_MS)?;
                self.bits |= if fcp { row::LATE_FCP } else { 0 } | if lcp { row::LATE_LCP } else { 0 };
                ("late", 0.0)
            }
            Event::Soft => {
                is_late(SLOW_MS)?;
                self.soft = (self.soft + 1).min(MOST_COUNTED);
                ("soft", 0.0)
            }
            Event::Goal { name } => {
                is_late(SLOW_MS)?;
                if !self.goals.contains(&name) {
                    self.goals.push(name);
                }
                ("goal", 0.0)
            }
            Event::Activated | Event::Ask | Event::Untested => return Ok(()),
        };
        self.beacons += 1;
        self.taken.push(taken);
        Ok(())
    }

    fn flag(&mut self, bit: u32, name: &'static str, in_time: Result<(), Drop>) -> Result<(&'static str, f64), Drop> {
        in_time?;
        self.bits |= bit;
        Ok((name, 0.0))
    }

    /// Its note, the answer to its question, and its fresh token.
    fn settle(self, site: &Site, keys: &Keys, sender: &Sender<'_>, accepted: &mut Accepted) {
        let page = &self.page;
        if is_recalled(site, page) {
            accepted.recall = Some(page.served.clone());
        }
        if self.is_new {
            accepted.renewed = Some(page.sign(&site.name, keys));
        }
        if self.beacons == 0 {
            return;
        }
        let intake = intake_name(site, page.rollout, &page.visitor);
        let note = self.note(&token::network(keys, &site.name, page.rollout, sender.address), sender.now_ms);
        accepted.notes.entry(intake).or_default().push(note);
        let (page, version) = (self.page.id(), &self.page.served);
        let point = |&(event, value): &(&'static str, f64)| Point { page: page.clone(), event, version: version.clone(), value };
        accepted.points.extend(self.taken.iter().map(point));
    }

    /// `event <id> <visitor> <cell> <first bits> <network> <bits> <five vitals> <errors> <soft> <goals> <opens> <beacons>`,
    /// `-` for what is not there. `opens` is `y` while a row that is not there yet may be opened by it.
    fn note(&self, network: &str, now_ms: u64) -> String {
        let page = &self.page;
        let age_ms = now_ms.saturating_sub(page.time_ms);
        let is_young = age_ms <= FAST_MS;
        let vitals: Vec<String> =
            self.vitals.iter().map(|value| value.map_or_else(|| "-".to_owned(), |value| value.to_string())).collect();
        let goals = if self.goals.is_empty() { "-".to_owned() } else { self.goals.join(",") };
        format!(
            "event {} {} {} {} {network} {} {} {} {} {goals} {} {}",
            page.id(),
            page.visitor,
            row::cell(page),
            row::first_bits(page),
            self.bits | if is_young { row::PROVEN } else { 0 },
            vitals.join(" "),
            self.errors,
            self.soft,
            if is_young { "y" } else { "n" },
            self.beacons,
        )
    }
}

/// To the nearest whole number; what is too large is cut.
#[expect(clippy::cast_sign_loss, reason = "values are not negative")]
fn whole_number(value: f64) -> u32 {
    (value + 0.5).floor().min(f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests;
