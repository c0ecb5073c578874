//! What a page view amounts to, by what happened on it: the rules of the intake, asked once for each thing that can happen.
//!
//! Page views of one shape are counted alike, whoever's they are. So one row of each shape goes through the real fold and the
//! real tally, and millions of rows are then added up as numbers.

use crate::beacon::fold::{Age, Folded, GUARDS, Row};
use crate::beacon::tallies::Key;
use crate::rollout::policy::Guard;
use crate::rollout::tally::{Arm, Tally};

use super::scenarios::GOAL;

/// What happened on a page: the bits of its row, and which of the slower vitals are poor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// See [`crate::beacon::row`].
    pub bits: u32,
    /// Interaction was poor.
    pub inp: bool,
    /// The layout shifted.
    pub cls: bool,
    /// The goal was met.
    pub goal: bool,
}

impl Seen {
    /// A number for everything that can be seen, below a few ten thousand.
    fn place(self) -> usize {
        let slow = usize::from(self.inp) | usize::from(self.cls) << 1 | usize::from(self.goal) << 2;
        (self.bits as usize) << 3 | slow
    }
}

/// What it amounts to.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What is counted of it.
    pub counts: Arm,
    /// Votes, if its draw has not cast them yet: the guard's number and the draw's bit for it.
    pub votes: Vec<(usize, u32)>,
}

/// All shapes that were seen so far.
#[derive(Debug)]
pub struct Shapes<'a> {
    guards: &'a [Guard],
    /// The number of a shape by its place, `None` where it was not seen yet.
    known: Vec<Option<usize>>,
    all: Vec<Shape>,
}

impl<'a> Shapes<'a> {
    pub fn new(guards: &'a [Guard]) -> Self {
        Self { guards, known: Vec::new(), all: Vec::new() }
    }

    /// The number of a shape.
    pub fn number(&mut self, seen: Seen) -> usize {
        let place = seen.place();
        if let Some(Some(number)) = self.known.get(place) {
            return *number;
        }
        self.all.push(fold(seen, self.guards));
        self.known.resize(self.known.len().max(place + 1), None);
        self.known.get_mut(place).into_iter().for_each(|known| *known = Some(self.all.len() - 1));
        self.all.len() - 1
    }

    /// A shape by its number.
    pub fn get(&self, number: usize) -> Option<&Shape> {
        self.all.get(number)
    }
}

/// One row of this shape, at both of its ages.
fn fold(seen: Seen, guards: &[Guard]) -> Shape {
    const POOR: Option<u32> = Some(60_000);
    let vitals = [None, None, None, POOR.filter(|_| seen.inp), POOR.filter(|_| seen.cls)];
    let goals = if seen.goal { GOAL.trim_start_matches("goal.") } else { "" };
    let row = Row { visitor: "a", cell: "drawn|c|v2|1|-|1|1", bits: seen.bits, vitals, goals, voted: Some(0), ..Row::default() };
    let (mut folded, mut votes) = (Folded::default(), Vec::new());
    for age in [Age::Fast, Age::Slow] {
        let mut one = Folded::default();
        one.add(&row, age);
        for (name, ..) in one.votes {
            // Guards have a bit each; there is one goal, and it has one that none of them has.
            let bit = 1 << GUARDS.iter().position(|guard| *guard == name).unwrap_or(GUARDS.len());
            votes.extend(guards.iter().position(|guard| guard.name == name).map(|guard| (guard, bit)));
        }
        for (key, n) in one.counts {
            *folded.counts.entry(key).or_insert(0) += n;
        }
    }
    let counts = folded.counts.iter().filter_map(|(key, n)| Some((Key::parse(key)?, *n)));
    let counts = Tally::read(counts, guards).strata.into_iter().next().map(|stratum| stratum.canary).unwrap_or_default();
    Shape { counts, votes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::row;

    #[test]
    fn a_shape_is_what_the_intake_makes_of_such_a_row() {
        let guards: Vec<Guard> =
            ["missing", "errors", "poor_lcp", "poor_cls", GOAL].into_iter().filter_map(Guard::usual).collect();
        let bad = Seen { bits: row::PROVEN | row::TRIAL | row::FIRST | row::ERROR, cls: true, goal: true, ..Seen::default() };
        let shape = fold(bad, &guards);
        assert_eq!((shape.counts.draws, shape.counts.proven), (1, 1));
        let bad: Vec<[u64; 3]> = shape.counts.outcomes.iter().map(|outcome| (*outcome).into()).collect();
        assert_eq!(bad, [[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0]]);
        assert_eq!(shape.votes.iter().map(|vote| vote.0).collect::<Vec<_>>(), [0, 1, 3, 4]);
        let bits: Vec<u32> = shape.votes.iter().map(|vote| vote.1).collect();
        assert!(bits.iter().all(|bit| bit.is_power_of_two()) && bits.iter().fold(0, |all, bit| all | bit).count_ones() == 4);
        let bot = fold(Seen { bits: row::TRIAL | row::FIRST, ..Seen::default() }, &guards);
        assert_eq!((bot.counts.draws, bot.counts.proven, bot.votes.len()), (1, 0, 0), "who keeps no cookie is no evidence");
    }
}
