//! `sequential`: the first so many visitors to arrive are enrolled, and a share of them, by hash, gets the canary.
//!
//! Places in the order of arrival are *tickets*. A ticket office (one per rollout, see [`Office`]) leases blocks of
//! numbers to isolates; an isolate hands them to new visitors without asking again ([`Lease`]). A number is never in two
//! hands: it goes out again only when its cookie did not come back in ten minutes, and by then the cookie that holds it
//! is void. So at most N visitors ever hold a valid number below N, whatever runs at once. Pure: the clock and the
//! office's rows are arguments.

use crate::plan::Enrolment;
use crate::slot::{Slot, VersionIndex};
use crate::visitor::Ticket;

/// How many numbers an isolate leases at once.
pub const BLOCK: u64 = 16;

/// How long an isolate may hand out the numbers of a lease, seconds.
pub const LEASE_S: u64 = 60;

/// When an unconfirmed number may go out again, seconds after its lease began: the lease, the ten minutes a ticket
/// waits for its cookie, and a minute for clocks that differ.
pub const REISSUE_S: u64 = LEASE_S + Ticket::PROVISIONAL_S + 60;

/// How long an isolate that got nothing waits before it asks again, seconds.
pub const ASK_AGAIN_S: u64 = 30;

/// The version of an enrolled visitor; `None` for one who is not.
#[must_use]
pub fn version(enrolment: &Enrolment, ticket: Option<u64>, salt: &str, key: &str) -> Option<VersionIndex> {
    let number = ticket?;
    (number < enrolment.first).then(|| enrolment.of.owner(Slot::of(salt, key.as_bytes())))
}

/// Numbers an isolate may hand out until a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Which rollout the numbers are for (hash of its salt).
    rollout: u32,
    numbers: Vec<u64>,
    until_s: u64,
    ask_after_s: u64,
}

/// What an isolate has for a visitor who needs a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// A number of their own.
    Number(u64),
    /// None now; the isolate should lease a block in the background.
    Ask,
    /// None now, and it asked a moment ago.
    Wait,
}

impl Lease {
    /// Takes the lowest number left.
    pub fn draw(&mut self, rollout: u32, now_s: u64) -> Drawn {
        if self.rollout == rollout && now_s < self.until_s && !self.numbers.is_empty() {
            return self.numbers.pop().map_or(Drawn::Ask, Drawn::Number);
        }
        if self.rollout == rollout && now_s < self.ask_after_s {
            return Drawn::Wait;
        }
        // One question at a time; its answer sets the next time, and a lost answer is asked again after this.
        *self = Self { rollout, ask_after_s: now_s + 2, ..Self::default() };
        Drawn::Ask
    }

    /// Puts in what the office answered to a question asked at `asked_s`: numbers, lowest first.
    pub fn granted(&mut self, rollout: u32, mut numbers: Vec<u64>, asked_s: u64) {
        let ask_after_s = if numbers.is_empty() { asked_s + ASK_AGAIN_S } else { asked_s };
        numbers.reverse();
        *self = Self { rollout, numbers, until_s: asked_s + LEASE_S, ask_after_s };
    }
}

/// One number as the office keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Place in the order of arrival, from 0.
    pub number: u64,
    /// When it was leased last, seconds.
    pub leased_s: u64,
    /// Whether its cookie came back.
    pub confirmed: bool,
}

/// What the office asks of its rows; a row not there was never leased.
pub trait Rows {
    /// What storage can answer with when it fails.
    type Error;
    /// How many numbers were ever leased: they are `0..count`.
    fn count(&self) -> Result<u64, Self::Error>;
    /// Up to `most` unconfirmed numbers leased at or before `before_s`, lowest first.
    fn lapsed(&self, before_s: u64, most: u64) -> Result<Vec<u64>, Self::Error>;
    /// One row.
    fn row(&self, number: u64) -> Result<Option<Row>, Self::Error>;
    /// Writes a row.
    fn put(&mut self, row: Row) -> Result<(), Self::Error>;
}

/// The ticket office's rules over its rows.
pub struct Office<'a, R: Rows>(pub &'a mut R);

impl<R: Rows> Office<'_, R> {
    /// Leases up to `block` numbers below `first`: lapsed ones first, lowest first, then new ones.
    pub fn lease(&mut self, first: u64, block: u64, now_s: u64) -> Result<Vec<u64>, R::Error> {
        let block = block.min(1024);
        let mut numbers = match now_s.checked_sub(REISSUE_S) {
            Some(before_s) => self.0.lapsed(before_s, block)?,
            None => Vec::new(),
        };
        numbers.retain(|&number| number < first);
        let mut next = self.0.count()?;
        while (numbers.len() as u64) < block && next < first {
            numbers.push(next);
            next += 1;
        }
        for &number in &numbers {
            self.0.put(Row { number, leased_s: now_s, confirmed: false })?;
        }
        Ok(numbers)
    }

    /// Records that a ticket's cookie came back. `true` if the number is now this visitor's for good; `false` if it is
    /// too late (`issued_s` is when the ticket was handed out) or the number went to somebody else since.
    pub fn confirm(&mut self, number: u64, issued_s: u64, now_s: u64) -> Result<bool, R::Error> {
        let Some(row) = self.0.row(number)? else { return Ok(false) };
        // A ticket handed out before the row's lease belongs to an earlier lease of the same number.
        let of_this_lease = issued_s + 60 >= row.leased_s && issued_s <= row.leased_s + LEASE_S + 60;
        if row.confirmed {
            return Ok(of_this_lease);
        }
        let in_time = now_s < row.leased_s + REISSUE_S;
        if of_this_lease && in_time {
            self.0.put(Row { confirmed: true, ..row })?;
            return Ok(true);
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
