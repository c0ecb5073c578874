//! Salted hash to slot, and who owns which slots.
//!
//! Every split in Halftone is an [`Ownership`]: each of the 10,000 slots belongs to exactly one version. A new split is
//! derived from the one before it, so that only as many slots change hands as the weights ask for. Nothing here knows
//! about visitors' cookies, rules or requests. Integers only: a share of slots must mean the same in every isolate.

use serde::{Deserialize, Serialize};

/// How many slots there are under one salt: one slot is one basis point.
pub const SLOTS: u16 = 10_000;

/// A fixed place of a visitor under one salt, `0..10000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u16);

impl Slot {
    /// The slot of `key` (a visitor's id) under `salt`: `(hash32(salt NUL key) * 10000) >> 32`, so each slot takes an
    /// equal share of the 32-bit hash space to within one part in 400,000.
    #[must_use]
    pub fn of(salt: &str, key: &[u8]) -> Self {
        let mut hash = Murmur3::new(0);
        hash.update(salt.as_bytes());
        hash.update(&[0]);
        hash.update(key);
        Self(((u64::from(hash.finish()) * u64::from(SLOTS)) >> 32) as u16)
    }

    /// The slot with this number, if it is below 10,000.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        (number < SLOTS).then_some(Self(number))
    }

    /// The number, `0..10000`.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

/// A share of slots in basis points, `0..=10000`. Written `"5%"` or `"0.25%"` in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Weight(u16);

impl Weight {
    /// No slots.
    pub const ZERO: Self = Self(0);
    /// All slots.
    pub const ALL: Self = Self(SLOTS);

    /// A weight of so many basis points, if that is not more than 10,000.
    #[must_use]
    pub fn from_bp(bp: u16) -> Option<Self> {
        (bp <= SLOTS).then_some(Self(bp))
    }

    /// Basis points, `0..=10000`.
    #[must_use]
    pub fn bp(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Weight {
    type Error = String;
    fn try_from(bp: u16) -> Result<Self, String> {
        Self::from_bp(bp).ok_or_else(|| format!("a weight of {bp} basis points is more than 10000"))
    }
}

impl From<Weight> for u16 {
    fn from(weight: Weight) -> u16 {
        weight.0
    }
}

impl std::fmt::Display for Weight {
    /// Prints as files write it: `5%`, `0.25%`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole}%"),
            r if r % 10 == 0 => write!(f, "{whole}.{}%", r / 10),
            r => write!(f, "{whole}.{r:02}%"),
        }
    }
}

/// Index of a version in its site's list of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionIndex(pub u8);

/// One stretch of slots with one owner; it ends before slot `end` and begins where the run before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run(u16, VersionIndex);

/// Who owns which slots: a partition of all 10,000 slots among versions.
///
/// Stored as runs in rising order of `end`, the last of which ends at 10,000; looking up a slot is a binary search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Run>", into = "Vec<Run>")]
pub struct Ownership {
    runs: Vec<Run>,
    last: VersionIndex,
}

impl Ownership {
    /// Everything belongs to one version.
    #[must_use]
    pub fn all(version: VersionIndex) -> Self {
        Self { runs: vec![Run(SLOTS, version)], last: version }
    }

    /// A first split: as if everything had belonged to the first version of `shares` before.
    ///
    /// `None` unless the shares add up to exactly 10,000 basis points.
    #[must_use]
    pub fn first(shares: &[(VersionIndex, Weight)]) -> Option<Self> {
        Self::all(shares.first()?.0).rebalanced(shares)
    }

    /// The version that owns `slot`.
    #[must_use]
    pub fn owner(&self, slot: Slot) -> VersionIndex {
        let at = self.runs.partition_point(|run| run.0 <= slot.0);
        self.runs.get(at).map_or(self.last, |run| run.1)
    }

    /// How many slots a version owns.
    #[must_use]
    pub fn share(&self, version: VersionIndex) -> Weight {
        Weight(self.spans().filter(|span| span.1 == version).map(|(range, _)| range.end - range.start).sum())
    }

    /// The versions that own slots, in order of their first slot, each once.
    pub fn owners(&self) -> impl Iterator<Item = VersionIndex> + '_ {
        self.runs.iter().enumerate().filter_map(|(at, run)| {
            let seen = self.runs.iter().take(at).any(|earlier| earlier.1 == run.1);
            (!seen).then_some(run.1)
        })
    }

    /// The runs as ranges of slot numbers with their owner.
    pub fn spans(&self) -> impl Iterator<Item = (std::ops::Range<u16>, VersionIndex)> + '_ {
        let starts = std::iter::once(0).chain(self.runs.iter().map(|run| run.0));
        starts.zip(&self.runs).map(|(start, run)| (start..run.0, run.1))
    }

    /// The split with these shares that moves the fewest slots away from this one: exactly
    /// `sum(max(0, new_i - old_i))` change hands. Versions that are not in `shares` lose all they have.
    ///
    /// A version that shrinks gives up its highest slots; a version that grows takes the lowest slots given up, in the
    /// order of `shares`. Both are deterministic, so every machine derives the same owners. `None` unless the shares
    /// name each version once and add up to exactly 10,000 basis points.
    #[must_use]
    pub fn rebalanced(&self, shares: &[(VersionIndex, Weight)]) -> Option<Self> {
        let total: u32 = shares.iter().map(|share| u32::from(share.1.0)).sum();
        let twice = shares.iter().enumerate().any(|(at, a)| shares.iter().skip(at + 1).any(|b| a.0 == b.0));
        if total != u32::from(SLOTS) || twice {
            return None;
        }
        let target = |version| shares.iter().find(|share| share.0 == version).map_or(0, |share| share.1.0);
        let mut wanting: Vec<(VersionIndex, u16)> =
            shares.iter().map(|&(version, weight)| (version, weight.0.saturating_sub(self.share(version).0))).collect();
        wanting.retain(|want| want.1 > 0);
        wanting.reverse();

        let mut kept: Vec<(VersionIndex, u16)> = Vec::new();
        let mut next = Builder::default();
        for (range, version) in self.spans() {
            let allowed = target(version);
            let at = kept.iter().position(|k| k.0 == version).unwrap_or_else(|| {
                kept.push((version, 0));
                kept.len() - 1
            });
            let entry = kept.get_mut(at)?;
            let keep = (range.end - range.start).min(allowed.saturating_sub(entry.1));
            entry.1 += keep;
            next.extend(keep, version);
            let mut free = range.end - range.start - keep;
            while free > 0 {
                let (taker, want) = wanting.last_mut()?;
                let take = free.min(*want);
                next.extend(take, *taker);
                free -= take;
                *want -= take;
                if *want == 0 {
                    wanting.pop();
                }
            }
        }
        next.finish()
    }

    /// The same split with versions under other numbers; two that get one number become one owner.
    #[must_use]
    pub fn renamed(&self, mut rename: impl FnMut(VersionIndex) -> VersionIndex) -> Self {
        let mut next = Builder::default();
        for (range, version) in self.spans() {
            next.extend(range.end - range.start, rename(version));
        }
        next.finish().unwrap_or_else(|| self.clone())
    }

    /// How many slots belong to each of two versions, counting only those that `among` gave to `of` (all without one).
    #[must_use]
    pub fn odds(&self, canary: VersionIndex, stable: VersionIndex, among: Option<(&Self, VersionIndex)>) -> Odds {
        let mut odds = Odds::default();
        let mut count = |slots: std::ops::Range<u16>, owner: VersionIndex| {
            let slots = slots.end.saturating_sub(slots.start);
            if owner == canary {
                odds.canary += slots;
            } else if owner == stable {
                odds.stable += slots;
            }
        };
        for (range, owner) in self.spans() {
            match among {
                None => count(range, owner),
                Some((before, of)) => {
                    for (theirs, _) in before.spans().filter(|span| span.1 == of) {
                        count(range.start.max(theirs.start)..range.end.min(theirs.end), owner);
                    }
                }
            }
        }
        odds
    }

    /// How many slots have another owner in `other`, in basis points of all visitors.
    #[must_use]
    pub fn moved(&self, other: &Self) -> Weight {
        let mut moved = 0;
        for (range, version) in self.spans() {
            for (theirs, owner) in other.spans() {
                if owner != version {
                    moved += range.end.min(theirs.end).saturating_sub(range.start.max(theirs.start));
                }
            }
        }
        Weight(moved)
    }
}

/// With which odds a slot was drawn: so many for the canary, so many for stable. The share of the canary is
/// `canary / (canary + stable)`; slots of other versions do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Odds {
    /// The canary's slots.
    pub canary: u16,
    /// The stable version's slots.
    pub stable: u16,
}

impl Odds {
    /// Whether either could have come out: otherwise nothing was drawn.
    #[must_use]
    pub fn is_draw(self) -> bool {
        self.canary > 0 && self.stable > 0
    }
}

/// Joins neighbouring runs of one owner while a split is put together.
#[derive(Default)]
struct Builder {
    runs: Vec<Run>,
    end: u16,
}

impl Builder {
    fn extend(&mut self, slots: u16, version: VersionIndex) {
        if slots == 0 {
            return;
        }
        self.end += slots;
        match self.runs.last_mut() {
            Some(run) if run.1 == version => run.0 = self.end,
            _ => self.runs.push(Run(self.end, version)),
        }
    }

    fn finish(self) -> Option<Ownership> {
        Ownership::try_from(self.runs).ok()
    }
}

impl TryFrom<Vec<Run>> for Ownership {
    type Error = String;
    fn try_from(runs: Vec<Run>) -> Result<Self, String> {
        let mut before = 0;
        for run in &runs {
            if run.0 <= before {
                return Err(format!("slot runs must rise: {} after {before}", run.0));
            }
            before = run.0;
        }
        match runs.last() {
            Some(&Run(SLOTS, last)) => Ok(Self { runs, last }),
            _ => Err(format!("slot runs must end at {SLOTS}, these end at {before}")),
        }
    }
}

impl From<Ownership> for Vec<Run> {
    fn from(ownership: Ownership) -> Vec<Run> {
        ownership.runs
    }
}

/// `MurmurHash3` x86 32-bit, fed in pieces. Public vectors are in the tests.
#[derive(Clone, Copy)]
pub struct Murmur3 {
    state: u32,
    tail: u32,
    tail_len: u32,
    len: u32,
}

impl Murmur3 {
    /// An empty hash under `seed`.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self { state: seed, tail: 0, tail_len: 0, len: 0 }
    }

    /// The hash of one piece of text under `seed`.
    #[must_use]
    pub fn hash(seed: u32, bytes: &[u8]) -> u32 {
        let mut hash = Self::new(seed);
        hash.update(bytes);
        hash.finish()
    }

    fn scramble(block: u32) -> u32 {
        block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
    }

    fn mix(&mut self, block: u32) {
        self.state ^= Self::scramble(block);
        self.state = self.state.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }

    /// Adds bytes; feeding pieces gives the hash of them all in a row.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while self.tail_len != 0 {
            let Some((&byte, after)) = rest.split_first() else { break };
            self.push(byte);
            rest = after;
        }
        let (blocks, tail) = rest.as_chunks::<4>();
        for block in blocks {
            self.mix(u32::from_le_bytes(*block));
        }
        self.len = self.len.wrapping_add(4 * blocks.len() as u32);
        for &byte in tail {
            self.push(byte);
        }
    }

    fn push(&mut self, byte: u8) {
        self.tail |= u32::from(byte) << (8 * self.tail_len);
        self.tail_len += 1;
        self.len = self.len.wrapping_add(1);
        if self.tail_len == 4 {
            let block = self.tail;
            self.mix(block);
            self.tail = 0;
            self.tail_len = 0;
        }
    }

    /// The 32-bit hash of all that was added.
    #[must_use]
    pub fn finish(self) -> u32 {
        let mut hash = self.state;
        if self.tail_len > 0 {
            hash ^= Self::scramble(self.tail);
        }
        hash ^= self.len;
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

#[cfg(test)]
mod tests;
