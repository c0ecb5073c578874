//! What the Controller's ledger keeps of the batches, with its rule for votes of one network.

use super::visitors::{Batch, Cell, Crowd, NETWORKS};
use crate::beacon::ledger::takes;
use crate::rollout::tally::{Arm, Outcome, Stratum, Tally, order};

/// A tally that grows.
pub struct Ledger {
    pub tally: Tally,
    /// Votes taken by guard, and by guard and network: all, and the canary's.
    taken: Vec<u64>,
    networks: Vec<(u32, u32)>,
    /// By guard, area and network: whether any was the canary's.
    heard: Vec<bool>,
    /// Where in the tally each of the crowd's cells is, as far as it was looked up since the last stratum was new.
    places: Vec<Option<usize>>,
}

impl Ledger {
    pub fn new(guards: usize) -> Self {
        let tally = Tally { networks: vec![0; guards], refused: vec![0; guards], ..Tally::default() };
        let networks = vec![(0, 0); guards * usize::from(NETWORKS)];
        Self { tally, taken: vec![0; guards], networks, heard: Vec::new(), places: Vec::new() }
    }

    /// Adds a batch. Its cells and shapes are the crowd's.
    pub fn merge(&mut self, batch: &Batch, crowd: &Crowd<'_>) {
        for (at, shape, n) in &batch.pages {
            let known = crowd.cells.get(*at).zip(crowd.shapes.get(*shape));
            let Some((cell, shape)) = known else { continue };
            add(self.arm(*at, *cell, &crowd.areas), &shape.counts, *n);
        }
        for (guard, at, network) in &batch.votes {
            if let Some(cell) = crowd.cells.get(*at) {
                self.vote(*guard, (*at, *cell), *network, &crowd.areas);
            }
        }
    }

    /// The arm that a cell belongs to.
    fn arm(&mut self, at: usize, cell: Cell, areas: &[String]) -> &mut Arm {
        let place = areas.get(cell.area).map_or("", String::as_str);
        let strata = if cell.odds.is_draw() { &mut self.tally.strata } else { &mut self.tally.uncontrolled };
        if self.places.len() <= at {
            self.places.resize(at + 1, None);
        }
        let known = self.places.get(at).copied().flatten();
        let found = known.unwrap_or_else(|| {
            let key = (cell.step, place, cell.odds);
            strata.binary_search_by(|stratum| order(stratum.key(), key)).unwrap_or_else(|new| {
                let empty = || Arm { outcomes: vec![Outcome::default(); self.taken.len()], ..Arm::default() };
                let (step, place, odds) = (cell.step, place.to_owned(), cell.odds);
                strata.insert(new, Stratum { step, place, odds, canary: empty(), stable: empty() });
                self.places.fill(None);
                new
            })
        });
        #[expect(clippy::indexing_slicing, reason = "made that long, and found or inserted there")]
        let (stratum, place) = (&mut strata[found], &mut self.places[at]);
        *place = Some(found);
        if cell.is_canary { &mut stratum.canary } else { &mut stratum.stable }
    }

    fn vote(&mut self, guard: usize, (number, cell): (usize, Cell), network: u16, areas: &[String]) {
        let guards = self.taken.len();
        let place = areas.get(cell.area).filter(|place| !place.is_empty());
        let at = guard * usize::from(NETWORKS) + usize::from(network);
        let (Some(all), Some(of)) = (self.taken.get_mut(guard), self.networks.get_mut(at)) else { return };
        if !takes(u64::from(of.0), *all) {
            self.tally.refused.get_mut(guard).into_iter().for_each(|refused| *refused += 1);
            let there = place.and_then(|place| self.tally.in_place(place, guards)?.refused.get_mut(guard));
            if let Some(refused) = there {
                *refused += 1;
            }
            return;
        }
        *all += 1;
        of.0 += 1;
        if cell.is_canary {
            self.tally.networks.get_mut(guard).into_iter().for_each(|networks| *networks += u64::from(of.1 == 0));
            of.1 += 1;
            let heard = (cell.area * guards + guard) * usize::from(NETWORKS) + usize::from(network);
            if self.heard.len() <= heard {
                self.heard.resize((cell.area + 1) * guards * usize::from(NETWORKS), false);
            }
            let is_new = self.heard.get_mut(heard).is_some_and(|heard| !std::mem::replace(heard, true));
            if is_new {
                let there = place.and_then(|place| self.tally.in_place(place, guards)?.networks.get_mut(guard));
                if let Some(networks) = there {
                    *networks += 1;
                }
            }
        }
        let outcomes = &mut self.arm(number, cell, areas).outcomes;
        outcomes.get_mut(guard).into_iter().for_each(|outcome| outcome.votes += 1);
    }
}

fn add(arm: &mut Arm, counts: &Arm, n: u64) {
    arm.draws += counts.draws * n;
    arm.proven += counts.proven * n;
    for (all, one) in arm.outcomes.iter_mut().zip(&counts.outcomes) {
        all.trials += one.trials * n;
        all.bad += one.bad * n;
    }
}
