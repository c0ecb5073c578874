//! What was counted of one attempt of a rollout, by stratum, arm and guard: the data a verdict is made of.
//!
//! Read out of the ledger's totals, which only grow. Sorted, so that sums of floats made of it come out the same wherever
//! they are made.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::Guard;
use crate::beacon::tallies::Key;
use crate::slot::Odds;

/// Everything counted of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// By step, place and odds, in this order.
    pub strata: Vec<Stratum>,
    /// Where the canary alone could come out: the same for its arm, with nothing beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncontrolled: Vec<Stratum>,
    /// Of how many networks the canary's votes are, for each guard; of a goal, which is met less often where it is bad,
    /// of how many stable's are.
    pub networks: Vec<u64>,
    /// How many votes were not taken because their network had had its share, for each guard.
    pub refused: Vec<u64>,
    /// Both for each area.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<InPlace>,
    /// When the newest report of an intake object came, ms; 0 if none ever did.
    pub newest_ms: u64,
}

/// Whose votes an area's are, for each guard as in [`Tally`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InPlace {
    /// The area.
    pub place: String,
    /// See [`Tally::networks`].
    pub networks: Vec<u64>,
    /// See [`Tally::refused`].
    pub refused: Vec<u64>,
}

/// Visitors drawn with the same odds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// The step of the draw.
    pub step: u16,
    /// The area, or empty.
    pub place: String,
    /// The odds of the draw.
    pub odds: Odds,
    /// Who drew the canary.
    pub canary: Arm,
    /// Who drew stable.
    pub stable: Arm,
}

/// One arm of a stratum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Visitors drawn.
    pub draws: u64,
    /// Of these, visitors whose cookie came back.
    pub proven: u64,
    /// What became of them, for each guard.
    pub outcomes: Vec<Outcome>,
}

/// What one guard counts in one arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 3]", into = "[u64; 3]")]
pub struct Outcome {
    /// First pages of draws for which the guard has an outcome.
    pub trials: u64,
    /// Trials with a bad event.
    pub bad: u64,
    /// First bad events of draws, on any page.
    pub votes: u64,
}

impl From<[u64; 3]> for Outcome {
    fn from([trials, bad, votes]: [u64; 3]) -> Self {
        Self { trials, bad, votes }
    }
}

impl From<Outcome> for [u64; 3] {
    fn from(outcome: Outcome) -> Self {
        [outcome.trials, outcome.bad, outcome.votes]
    }
}

/// The counters that make up a guard's trials.
fn trials_of(guard: &str) -> &'static [&'static str] {
    match guard {
        "missing" | "errors" => &["trials"],
        "origin_failure" => &["trials", "failed_trials"],
        "slow_ttfb" | "slow_fcp" | "poor_lcp" => &["cold_trials"],
        _ => &["slow_trials"],
    }
}

impl Arm {
    fn add(&mut self, counter: &str, n: u64, guards: &[Guard]) {
        self.outcomes.resize(guards.len(), Outcome::default());
        match counter {
            "draws" => self.draws += n,
            "proven" => self.proven += n,
            _ => {}
        }
        for (outcome, guard) in self.outcomes.iter_mut().zip(guards) {
            if trials_of(&guard.name).contains(&counter) {
                outcome.trials += n;
            }
            if counter == guard.name {
                outcome.bad += n;
            }
            if counter.strip_prefix("vote.") == Some(&guard.name) {
                outcome.votes += n;
            }
        }
    }

    /// What a guard counts here.
    #[must_use]
    pub fn outcome(&self, guard: usize) -> Outcome {
        self.outcomes.get(guard).copied().unwrap_or_default()
    }
}

impl InPlace {
    fn new(place: &str, guards: usize) -> Self {
        Self { place: place.to_owned(), networks: vec![0; guards], refused: vec![0; guards] }
    }

    fn entry<'a>(places: &'a mut BTreeMap<String, Self>, place: &str, guards: usize) -> &'a mut Self {
        places.entry(place.to_owned()).or_insert_with(|| Self::new(place, guards))
    }
}

/// The order of strata, by what sets them apart. Most places are empty, and two empty texts are compared here without reading
/// them: that alone was half of a simulation's time.
#[must_use]
pub fn order(one: (u16, &str, Odds), other: (u16, &str, Odds)) -> Ordering {
    let places = || if one.1.is_empty() && other.1.is_empty() { Ordering::Equal } else { one.1.cmp(other.1) };
    one.0.cmp(&other.0).then_with(places).then_with(|| one.2.cmp(&other.2))
}

impl Stratum {
    /// What sets it apart.
    #[must_use]
    pub fn key(&self) -> (u16, &str, Odds) {
        (self.step, &self.place, self.odds)
    }

    /// An arm by its name in keys.
    fn arm(&mut self, name: &str) -> Option<&mut Arm> {
        match name {
            "canary" => Some(&mut self.canary),
            "stable" => Some(&mut self.stable),
            _ => None,
        }
    }
}

impl Tally {
    /// Adds up keys and totals, see [`crate::beacon::tallies`]: draws in which both arms could have come out, and beside them those in
    /// which only the canary could.
    #[must_use]
    pub fn read<'a>(counts: impl Iterator<Item = (Key<'a>, u64)>, guards: &[Guard]) -> Self {
        let mut strata: BTreeMap<(u16, String, Odds), Stratum> = BTreeMap::new();
        let mut refused = vec![0; guards.len()];
        let mut places: BTreeMap<String, InPlace> = BTreeMap::new();
        for (key, n) in counts {
            let odds = Odds { canary: key.odds.0, stable: key.odds.1 };
            let Ok(step) = key.step.parse() else { continue };
            if key.class != "drawn" || odds.canary == 0 {
                continue;
            }
            if let Some(guard) = key.counter.strip_prefix("refused.") {
                let known = |refused: &mut [u64]| {
                    refused.iter_mut().zip(guards).filter(|(_, known)| known.name == guard).for_each(|(all, _)| *all += n);
                };
                known(&mut refused);
                if !key.place.is_empty() {
                    known(&mut InPlace::entry(&mut places, key.place, guards.len()).refused);
                }
            }
            let stratum = strata.entry((step, key.place.to_owned(), odds)).or_insert_with(|| Stratum {
                step,
                place: key.place.to_owned(),
                odds,
                ..Stratum::default()
            });
            if let Some(arm) = stratum.arm(key.arm) {
                arm.add(key.counter, n, guards);
            }
        }
        let (strata, uncontrolled) = strata.into_values().partition(|stratum| stratum.odds.is_draw());
        let places = places.into_values().collect();
        Self { strata, uncontrolled, networks: vec![0; guards.len()], refused, places, newest_ms: 0 }
    }

    /// Takes in of how many networks the votes on a guard are, in all or in an area.
    pub fn heard(&mut self, place: &str, guard: &str, networks: u64, guards: &[Guard]) {
        let Some(at) = guards.iter().position(|known| known.name == guard) else { return };
        let all = if place.is_empty() {
            &mut self.networks
        } else {
            let Some(one) = self.in_place(place, guards.len()) else { return };
            &mut one.networks
        };
        all.resize(guards.len(), 0);
        if let Some(known) = all.get_mut(at) {
            *known = networks;
        }
    }

    /// What is known of an area's votes, to be added to.
    pub fn in_place(&mut self, place: &str, guards: usize) -> Option<&mut InPlace> {
        let found = self.places.binary_search_by(|one| one.place.as_str().cmp(place));
        let index = found.unwrap_or_else(|index| {
            self.places.insert(index, InPlace::new(place, guards));
            index
        });
        self.places.get_mut(index)
    }

    /// Of how many networks the votes on a guard are and how many votes were refused: in one area, or (empty) in all.
    #[must_use]
    pub fn voices(&self, place: &str, guard: usize) -> (u64, u64) {
        let of = |counts: &[u64]| counts.get(guard).copied().unwrap_or(0);
        if place.is_empty() {
            return (of(&self.networks), of(&self.refused));
        }
        self.places.iter().find(|one| one.place == place).map_or((0, 0), |one| (of(&one.networks), of(&one.refused)))
    }

    /// How many visitors were drawn at a step, both arms.
    #[must_use]
    pub fn drawn_at(&self, step: u16) -> u64 {
        self.strata.iter().filter(|stratum| stratum.step == step).map(|stratum| stratum.canary.draws + stratum.stable.draws).sum()
    }

    /// Trials and bad trials of stable before a step, for one guard.
    #[must_use]
    pub fn stable_before(&self, step: u16, guard: usize) -> Outcome {
        let before = self.strata.iter().filter(|stratum| stratum.step < step).map(|stratum| stratum.stable.outcome(guard));
        before.fold(Outcome::default(), |sum, one| Outcome {
            trials: sum.trials + one.trials,
            bad: sum.bad + one.bad,
            votes: sum.votes + one.votes,
        })
    }
}
