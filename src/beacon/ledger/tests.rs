use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Memory {
    last: BTreeMap<String, u64>,
    totals: BTreeMap<(String, String), u64>,
    own: BTreeMap<String, u64>,
    networks: BTreeMap<(String, String), Network>,
    heard: BTreeSet<(String, String, String)>,
}

impl Rows for Memory {
    type Error = ();
    fn last_vote(&self, shard: &str) -> Result<u64, ()> {
        Ok(self.last.get(shard).copied().unwrap_or(0))
    }
    fn set_last_vote(&mut self, shard: &str, number: u64) -> Result<(), ()> {
        self.last.insert(shard.to_owned(), number);
        Ok(())
    }
    fn raise(&mut self, shard: &str, key: &str, total: u64) -> Result<(), ()> {
        let kept = self.totals.entry((shard.to_owned(), key.to_owned())).or_insert(0);
        *kept = total.max(*kept);
        Ok(())
    }
    fn add(&mut self, key: &str, n: u64) -> Result<(), ()> {
        *self.own.entry(key.to_owned()).or_insert(0) += n;
        Ok(())
    }
    fn network(&self, guard: &str, network: &str) -> Result<Network, ()> {
        Ok(self.networks.get(&(guard.to_owned(), network.to_owned())).copied().unwrap_or_default())
    }
    fn set_network(&mut self, guard: &str, network: &str, votes: Network) -> Result<(), ()> {
        self.networks.insert((guard.to_owned(), network.to_owned()), votes);
        Ok(())
    }
    fn heard(&mut self, guard: &str, place: &str, network: &str) -> Result<(), ()> {
        self.heard.insert((guard.to_owned(), place.to_owned(), network.to_owned()));
        Ok(())
    }
    fn all_votes(&self, guard: &str) -> Result<u64, ()> {
        Ok(self.networks.iter().filter(|((of, _), _)| of == guard).map(|(_, votes)| votes.taken).sum())
    }
}

const CANARY: &str = "drawn|c|v2|1|-|500|9500";
const STABLE: &str = "drawn|s|v1|1|-|500|9500";

fn votes(from: u64, n: u64, cell: &str, network: impl Fn(u64) -> String) -> String {
    (from..from + n).map(|number| format!("vote {number} errors {cell} {}\n", network(number))).collect()
}

#[test]
fn in_an_area_only_votes_against_the_canary_are_heard() {
    let (canary, stable) = ("drawn|c|v2|1|NZ|500|9500", "drawn|s|v1|1|NZ|500|9500");
    let mut rows = Memory::default();
    let lines = [
        format!("vote 1 errors {canary} a"),
        format!("vote 2 errors {stable} b"),
        format!("vote 3 goal.order {canary} c"),
        format!("vote 4 goal.order {stable} d"),
        format!("vote 5 errors {CANARY} e"),
    ];
    merge(&mut rows, &format!("shard 0\n{}", lines.join("\n"))).unwrap();
    let heard: Vec<String> = rows.heard.iter().map(|(guard, place, network)| format!("{guard} {place} {network}")).collect();
    assert_eq!(heard, ["errors NZ a", "goal.order NZ d"]);
}

#[test]
fn a_report_that_comes_twice_counts_once() {
    let report = format!("shard 0\ncell a|pages 5\n{}", votes(1, 3, CANARY, |number| format!("net{number}")));
    let mut once = Memory::default();
    merge(&mut once, &report).unwrap();
    let mut twice = once.clone();
    assert_eq!(merge(&mut twice, &report), Ok(3));
    assert_eq!(once, twice);
    assert_eq!(once.own[&format!("{CANARY}|vote.errors")], 3);
}

#[test]
fn one_network_has_ten_votes_and_then_two_percent_of_all() {
    let mut rows = Memory::default();
    merge(&mut rows, &format!("shard 0\n{}", votes(1, 10_000, CANARY, |_| "liar".to_owned()))).unwrap();
    assert_eq!(rows.own[&format!("{CANARY}|vote.errors")], 10);
    assert_eq!(rows.own[&format!("{CANARY}|refused.errors")], 9_990);
    merge(&mut rows, &format!("shard 1\n{}", votes(1, 990, STABLE, |number| format!("net{number}")))).unwrap();
    merge(&mut rows, &format!("shard 2\n{}", votes(1, 100, CANARY, |_| "liar".to_owned()))).unwrap();
    assert_eq!(rows.network("errors", "liar").unwrap().taken, 20, "2 % of a thousand, whichever shard they came through");
}

/// A carrier has a quarter of all visitors behind one network: it is held to its share in both arms alike.
#[test]
fn a_large_network_loses_as_much_in_either_arm() {
    let mut rows = Memory::default();
    let mut report = "shard 0\n".to_owned();
    for number in 1..=20_000_u64 {
        let is_canary = crate::slot::Murmur3::hash(1, &number.to_be_bytes()).is_multiple_of(2);
        let cell = if is_canary { CANARY } else { STABLE };
        let network = if number % 8 < 2 { "carrier".to_owned() } else { format!("net{number}") };
        report.push_str(&format!("vote {number} errors {cell} {network}\n"));
    }
    merge(&mut rows, &report).unwrap();
    let carrier = rows.network("errors", "carrier").unwrap();
    // Four standard deviations of a fair coin.
    assert!(carrier.taken > 250 && (2 * carrier.canary).abs_diff(carrier.taken).pow(2) <= 16 * carrier.taken, "{carrier:?}");
    let refused = |cell: &str| rows.own[&format!("{cell}|refused.errors")];
    let all = refused(CANARY) + refused(STABLE);
    assert!(refused(CANARY).abs_diff(refused(STABLE)).pow(2) <= 16 * all, "{} and {}", refused(CANARY), refused(STABLE));
}

proptest! {
    /// Running totals commute: whatever order reports of several shards come in, and however often, the sums are the same.
    #[test]
    fn totals_do_not_depend_on_the_order_of_reports(
        reports in proptest::collection::vec((0_u8..3, 0_u8..3, 0_u64..100), 0..20), seed in any::<u64>(),
    ) {
        let text = |(shard, key, total): &(u8, u8, u64)| format!("shard {shard}\ncell k{key} {total}\n");
        let mut forwards = Memory::default();
        for report in &reports {
            merge(&mut forwards, &text(report)).unwrap();
        }
        let mut shuffled: Vec<_> = reports.iter().chain(&reports).collect();
        shuffled.sort_by_key(|(shard, key, total)| (u64::from(*shard) * 31 + u64::from(*key) * 7 + total).wrapping_mul(seed | 1));
        let mut other = Memory::default();
        for report in shuffled {
            merge(&mut other, &text(report)).unwrap();
        }
        prop_assert_eq!(forwards.totals, other.totals);
    }

    /// Cells and votes of several shards, told again and again in any order. Every vote is dealt with once: taken or refused. As long as
    /// no network has had its free votes, which those are does not depend on the order either. Beyond that the order decides
    /// whose votes are taken (a share is one of all votes *so far*), but never how many there were, nor that a network has no
    /// more than its share.
    #[test]
    fn every_vote_is_taken_or_refused_once_in_whatever_order_shards_report(
        votes in proptest::collection::vec((0_usize..3, any::<bool>(), 0_u8..4), 0..60), order in any::<u64>(), networks in 1_u8..30,
    ) {
        let mut numbers = [0_u64; 3];
        let mut reports: [Vec<String>; 3] = Default::default();
        for (at, (shard, is_canary, network)) in votes.iter().enumerate() {
            numbers[*shard] += 1;
            let (number, cell) = (numbers[*shard], if *is_canary { CANARY } else { STABLE });
            let network = (usize::from(*network) + at) % usize::from(networks);
            let vote = format!("vote {number} errors {cell} net{network}\n");
            // Each report tells the votes since the last one that was acknowledged, and totals so far; some are told twice.
            reports[*shard].push(format!("shard {shard}\ncell {cell}|pages {number}\n{vote}"));
        }
        let mut forwards = Memory::default();
        for report in reports.iter().flatten() {
            merge(&mut forwards, report).unwrap();
        }
        let mut shuffled = Memory::default();
        let mut left: Vec<_> = reports.iter().map(|reports| reports.iter()).collect();
        let mut chance = order | 1;
        while left.iter().any(|reports| reports.len() > 0) {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if let Some(report) = left[(chance >> 33) as usize % 3].next() {
                merge(&mut shuffled, report).unwrap();
                if chance >> 63 == 1 {
                    merge(&mut shuffled, report).unwrap();
                }
            }
        }
        prop_assert_eq!(&forwards.totals, &shuffled.totals);
        prop_assert_eq!(&forwards.last, &shuffled.last);
        let dealt_with = |rows: &Memory, cell: &str| -> u64 {
            ["vote", "refused"].iter().filter_map(|word| rows.own.get(&format!("{cell}|{word}.errors"))).sum()
        };
        for (cell, of_canary) in [(CANARY, true), (STABLE, false)] {
            let cast = votes.iter().filter(|(_, is_canary, _)| *is_canary == of_canary).count() as u64;
            prop_assert_eq!(dealt_with(&forwards, cell), cast);
            prop_assert_eq!(dealt_with(&shuffled, cell), cast);
        }
        for rows in [&forwards, &shuffled] {
            let all = rows.all_votes("errors").unwrap();
            prop_assert!(rows.networks.values().all(|network| network.taken <= FREE_VOTES.max(all * MOST_PERCENT / 100)));
        }
        if forwards.own.keys().all(|key| !key.contains("refused")) {
            prop_assert_eq!(&forwards, &shuffled);
        }
    }

    #[test]
    fn no_report_breaks_the_ledger(report in "(shard|cell|vote|\\PC| |\n|1){0,40}") {
        let _ = merge(&mut Memory::default(), &report);
    }
}
