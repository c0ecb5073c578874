//! From rows to counts: what a page view amounts to once it is old enough, and not a moment before.
//!
//! Both arms are judged at the same age: 30 seconds for what shows while a page loads, five minutes for what takes a
//! visitor's time. A *trial* is the first page of a draw, of a visitor whose cookie came back; a *vote* is the first bad
//! event of a draw on any of its pages. What is not counted as evidence is counted beside it. A row is folded twice and
//! then gone. Pure: rows in, counts out.

use std::collections::{BTreeMap, BTreeSet};

use super::histogram::bin;
use super::row;

/// The age at which missing pages, errors and loading times are fixed, ms.
pub const FAST_MS: u64 = 30_000;
/// The age at which interaction, layout and goals are fixed, ms.
pub const SLOW_MS: u64 = 300_000;
/// How long notes may be under way, ms: rows are folded so much after their age is reached.
pub const DRAIN_MS: u64 = 2000;

/// Largest good values: milliseconds, and ten-thousandths for CLS.
pub const TTFB_MS: u32 = 800;
/// See [`TTFB_MS`].
pub const FCP_MS: u32 = 1800;
/// See [`TTFB_MS`].
pub const LCP_MS: u32 = 2500;
/// See [`TTFB_MS`].
pub const INP_MS: u32 = 200;
/// See [`TTFB_MS`].
pub const CLS_E4: u32 = 1000;

/// The guards that have a bit of their own among a draw's votes. Goals are kept there by name.
pub const GUARDS: [&str; 8] =
    ["missing", "errors", "origin_failure", "slow_ttfb", "slow_fcp", "poor_lcp", "poor_inp", "poor_cls"];

const MISSING: usize = 0;
const ERRORS: usize = 1;
const ORIGIN_FAILURE: usize = 2;
const SLOW_TTFB: usize = 3;
const SLOW_FCP: usize = 4;
const POOR_LCP: usize = 5;
const POOR_INP: usize = 6;
const POOR_CLS: usize = 7;

/// At which of its two ages a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Past [`FAST_MS`].
    Fast,
    /// Past [`SLOW_MS`]; the row goes afterwards.
    Slow,
}

/// A row, and what its draw has voted on before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The visitor's id.
    pub visitor: &'a str,
    /// The cell it is counted in, see [`row::cell`].
    pub cell: &'a str,
    /// Hash of the network it was served to.
    pub network: &'a str,
    /// See [`row`].
    pub bits: u32,
    /// Values where there are any: TTFB, FCP, LCP, INP in ms, CLS in ten-thousandths.
    pub vitals: [Option<u32>; 5],
    /// How many errors it reported.
    pub errors: u32,
    /// How many soft navigations.
    pub soft: u32,
    /// Goals met, separated by commas.
    pub goals: &'a str,
    /// Guards its draw has voted on; `None` if there is no draw.
    pub voted: Option<u32>,
    /// Goals its draw has voted on, separated by commas.
    pub voted_goals: &'a str,
}

/// The names of the vitals, in the order of [`Row::vitals`].
pub const VITALS: [&str; 5] = ["ttfb", "fcp", "lcp", "inp", "cls"];

impl<'a> Row<'a> {
    /// Reads a row as the object hands it over: 14 fields separated by tabs, empty for what is not there.
    #[must_use]
    pub fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (visitor, cell, network, bits) = (next()?, next()?, next()?, next()?.parse().ok()?);
        let mut vitals = [None; 5];
        for vital in &mut vitals {
            let text = next()?;
            *vital = if text.is_empty() { None } else { Some(text.parse().ok()?) };
        }
        let (errors, soft, goals) = (next()?.parse().ok()?, next()?.parse().ok()?, next()?);
        let (voted, voted_goals) = (next()?, next()?);
        let voted = if voted.is_empty() { None } else { Some(voted.parse().ok()?) };
        let row = Self { visitor, cell, network, bits, vitals, errors, soft, goals, voted, voted_goals };
        fields.next().is_none().then_some(row)
    }

    fn has(&self, bit: u32) -> bool {
        self.bits & bit != 0
    }

    fn is_drawn(&self) -> bool {
        self.cell.starts_with("drawn|") && self.voted.is_some()
    }

    /// Whether it is the trial of its draw: the first page, unless its network has had its share of trials.
    fn is_trial(&self) -> bool {
        self.has(row::TRIAL) && !self.has(row::OVER)
    }

    /// Whether its outcomes are evidence: a proven visitor's page that was there to be seen.
    fn is_tested(&self) -> bool {
        self.is_drawn() && self.has(row::PROVEN) && !self.has(row::HIDDEN | row::WORKER | row::UNTESTED)
    }

    fn exceeds(&self, vital: usize, most: u32) -> bool {
        self.vitals.get(vital).copied().flatten().is_some_and(|value| value > most)
    }
}

/// What came of some rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Counts by cell and counter, `<cell>|<counter>`.
    pub counts: BTreeMap<String, u64>,
    /// Votes in the order they fell: guard, cell, network.
    pub votes: Vec<(String, String, String)>,
    /// Draws that have voted: visitor, cell, all guards voted on.
    pub voted: BTreeMap<(String, String), u32>,
    /// The same for goals, by name.
    pub voted_goals: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Folded {
    fn count(&mut self, cell: &str, counter: &str, n: u64) {
        if n > 0 {
            *self.counts.entry(format!("{cell}|{counter}")).or_insert(0) += n;
        }
    }

    /// A vote, unless this draw has voted on the guard before.
    fn vote(&mut self, row: &Row<'_>, bit: u32, guard: &str) {
        let Some(before) = row.voted else { return };
        let voted = self.voted.entry((row.visitor.to_owned(), row.cell.to_owned())).or_insert(0);
        if (before | *voted) & (1 << bit) == 0 {
            *voted |= before | 1 << bit;
            self.votes.push((guard.to_owned(), row.cell.to_owned(), row.network.to_owned()));
        }
    }

    /// A vote on a goal: names are the site's to choose, so they are kept whole.
    fn vote_goal(&mut self, row: &Row<'_>, goal: &str) {
        if row.voted.is_none() {
            return;
        }
        let before = || words(row.voted_goals).map(str::to_owned).collect();
        let voted = self.voted_goals.entry((row.visitor.to_owned(), row.cell.to_owned())).or_insert_with(before);
        if voted.insert(goal.to_owned()) {
            self.votes.push((format!("goal.{goal}"), row.cell.to_owned(), row.network.to_owned()));
        }
    }

    /// A bad event: counted on trials, and voted once per draw. Votes have a bound of their own, the ledger's.
    fn bad(&mut self, row: &Row<'_>, guard: usize) {
        let Some(name) = GUARDS.get(guard) else { return };
        if row.is_trial() {
            self.count(row.cell, name, 1);
        }
        self.vote(row, guard as u32, name);
    }

    /// Adds a row that has reached an age.
    pub fn add(&mut self, row: &Row<'_>, age: Age) {
        match age {
            Age::Fast => self.add_fast(row),
            Age::Slow => self.add_slow(row),
        }
        self.voted.retain(|_, voted| *voted != 0);
    }

    fn add_fast(&mut self, row: &Row<'_>) {
        let alive = row.has(row::ALIVE);
        let gone = !alive && !row.has(row::HIDDEN | row::WORKER | row::UNTESTED | row::FAILED);
        for (counter, is) in [
            ("pages", true),
            ("pages_alive", alive),
            ("pages_missing", gone),
            ("pages_hidden", row.has(row::HIDDEN)),
            ("pages_worker", row.has(row::WORKER)),
            ("pages_untested", row.has(row::UNTESTED)),
            ("pages_failed", row.has(row::FAILED)),
            ("pages_with_errors", row.has(row::ERROR)),
        ] {
            self.count(row.cell, counter, u64::from(is));
        }
        if row.is_drawn() && row.has(row::TRIAL) {
            // Arm by proven is watched: a build that keeps its visitors from coming back would show here.
            self.count(row.cell, "draws", 1);
            // Before any bound by network, which would hide such a difference.
            self.count(row.cell, "proven", u64::from(row.has(row::PROVEN)));
            self.count(row.cell, "over_network", u64::from(row.has(row::OVER)));
        }
        if !row.is_tested() {
            return;
        }
        let trial = row.is_trial();
        if row.has(row::FAILED) {
            self.count(row.cell, "failed_trials", u64::from(trial));
            self.bad(row, ORIGIN_FAILURE);
            return;
        }
        self.count(row.cell, "trials", u64::from(trial));
        if row.has(row::TRIAL) && !alive {
            self.bad(row, MISSING);
        }
        if row.has(row::ERROR) {
            self.bad(row, ERRORS);
        }
        // Returning visitors have stable's files in their caches, so loading is compared where both arms are cold.
        if row.has(row::FIRST) {
            self.count(row.cell, "cold_trials", u64::from(trial));
            for (guard, is) in [
                (SLOW_TTFB, row.exceeds(0, TTFB_MS)),
                (SLOW_FCP, row.exceeds(1, FCP_MS) || row.has(row::LATE_FCP)),
                (POOR_LCP, row.exceeds(2, LCP_MS) || row.has(row::LATE_LCP)),
            ] {
                if is {
                    self.bad(row, guard);
                }
            }
        }
    }

    fn add_slow(&mut self, row: &Row<'_>) {
        self.count(row.cell, "errors_reported", u64::from(row.errors));
        self.count(row.cell, "soft_navigations", u64::from(row.soft));
        for goal in goals(row) {
            self.count(row.cell, &format!("pages_goal.{goal}"), 1);
        }
        if row.has(row::FAILED | row::WORKER) {
            return;
        }
        // One value per trial, where there are trials; of the others, to show, every page's.
        if row.is_trial() || !row.is_drawn() {
            for (name, value) in VITALS.iter().zip(row.vitals) {
                if let Some(value) = value {
                    self.count(row.cell, &format!("{name}#{}", bin(u64::from(value))), 1);
                }
            }
        }
        if !row.is_tested() {
            return;
        }
        self.count(row.cell, "slow_trials", u64::from(row.is_trial()));
        for (guard, is) in [(POOR_INP, row.exceeds(3, INP_MS)), (POOR_CLS, row.exceeds(4, CLS_E4))] {
            if is {
                self.bad(row, guard);
            }
        }
        for goal in goals(row) {
            if row.is_trial() {
                self.count(row.cell, &format!("goal.{goal}"), 1);
            }
            self.vote_goal(row, goal);
        }
    }

    /// Lines for the object: `cell <key> <n>`, `vote <guard> <cell> <network>`, and for draws that have voted
    /// `voted <visitor> <cell> <bits>` and `goals <visitor> <cell> <all goals voted on, separated by commas>`.
    pub fn render(&self, text: &mut String) {
        use std::fmt::Write as _;
        for (key, n) in &self.counts {
            let _ = writeln!(text, "cell {key} {n}");
        }
        for (guard, cell, network) in &self.votes {
            let _ = writeln!(text, "vote {guard} {cell} {network}");
        }
        for ((visitor, cell), bits) in &self.voted {
            let _ = writeln!(text, "voted {visitor} {cell} {bits}");
        }
        for ((visitor, cell), goals) in &self.voted_goals {
            let goals: Vec<&str> = goals.iter().map(String::as_str).collect();
            let _ = writeln!(text, "goals {visitor} {cell} {}", goals.join(","));
        }
    }
}

fn goals<'a>(row: &Row<'a>) -> impl Iterator<Item = &'a str> {
    words(row.goals)
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
