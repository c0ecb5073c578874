//! The ledger of a site: what its intake objects report, added up, and which votes are taken.
//!
//! An object reports running totals, and a total only ever grows: the ledger keeps the largest it has seen of each, so
//! reports may come twice, late or in any order. Votes come with numbers and are taken once. A network's vote is taken
//! while it has few: the rule looks at neither arm nor outcome, so it moves no error rate, and nobody with one network can
//! move a verdict. Pure: the rows are behind a trait.

/// A network may have so many votes on a guard before its share counts.
pub const FREE_VOTES: u64 = 10;

/// The largest share of a guard's votes that one network may have beyond that, percent.
pub const MOST_PERCENT: u64 = 2;

/// How many networks the canary's votes come from, at least, before they can be harm.
pub const LEAST_NETWORKS: u64 = 10;

/// Whether one more vote of a network is taken, given its votes on this guard and all of them, both arms together.
#[must_use]
pub fn takes(of_network: u64, of_all: u64) -> bool {
    of_network < FREE_VOTES.max(of_all * MOST_PERCENT / 100)
}

/// One guard's votes of one network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Taken, both arms.
    pub taken: u64,
    /// Taken for the canary.
    pub canary: u64,
}

/// The rows of one rollout.
pub trait Rows {
    /// What storage can answer with when it fails.
    type Error;
    /// The number of the last vote of a shard that was dealt with; 0 for none.
    fn last_vote(&self, shard: &str) -> Result<u64, Self::Error>;
    /// Notes it.
    fn set_last_vote(&mut self, shard: &str, number: u64) -> Result<(), Self::Error>;
    /// Raises a shard's total to `total` if it is below.
    fn raise(&mut self, shard: &str, key: &str, total: u64) -> Result<(), Self::Error>;
    /// Adds to a total of the ledger's own.
    fn add(&mut self, key: &str, n: u64) -> Result<(), Self::Error>;
    /// A network's votes on a guard.
    fn network(&self, guard: &str, network: &str) -> Result<Network, Self::Error>;
    /// Keeps them.
    fn set_network(&mut self, guard: &str, network: &str, votes: Network) -> Result<(), Self::Error>;
    /// Notes that a network's vote speaks against the canary in an area.
    fn heard(&mut self, guard: &str, place: &str, network: &str) -> Result<(), Self::Error>;
    /// All votes taken on a guard.
    fn all_votes(&self, guard: &str) -> Result<u64, Self::Error>;
}

/// Takes a report in: lines `shard <name>` first, then `cell <key> <total>` and `vote <number> <guard> <cell> <network>`.
/// Lines of another kind are left out. Gives the number of the last vote dealt with.
pub fn merge<R: Rows>(rows: &mut R, report: &str) -> Result<u64, R::Error> {
    let mut shard = "";
    let mut last = 0;
    for line in report.lines() {
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap_or_default();
        match next() {
            "shard" => {
                shard = next();
                last = rows.last_vote(shard)?;
            }
            "cell" => {
                let (key, total) = (next(), next().parse().unwrap_or(0));
                rows.raise(shard, key, total)?;
            }
            "vote" => {
                let number: u64 = next().parse().unwrap_or(0);
                if number > last {
                    vote(rows, next(), next(), next())?;
                    last = number;
                }
            }
            _ => {}
        }
    }
    rows.set_last_vote(shard, last)?;
    Ok(last)
}

/// One vote: taken, or refused because its network has had its share.
fn vote<R: Rows>(rows: &mut R, guard: &str, cell: &str, network: &str) -> Result<(), R::Error> {
    let before = rows.network(guard, network)?;
    if !takes(before.taken, rows.all_votes(guard)?) {
        return rows.add(&format!("{cell}|refused.{guard}"), 1);
    }
    let is_canary = cell.split('|').nth(1) == Some("c");
    let place = cell.split('|').nth(4).filter(|place| *place != "-");
    // A goal that is met with stable speaks against a canary with which it is not.
    if let Some(place) = place.filter(|_| is_canary != guard.starts_with(crate::rollout::policy::GOAL)) {
        rows.heard(guard, place, network)?;
    }
    let after = Network { taken: before.taken + 1, canary: before.canary + u64::from(is_canary) };
    rows.set_network(guard, network, after)?;
    rows.add(&format!("{cell}|vote.{guard}"), 1)
}

#[cfg(test)]
mod tests;
