//! A site with a rollout, an hour that passes, and counts as a ledger would have them.

use crate::decide::tests::scene::{V1, V2, site, split};
use crate::plan::{Place, Strategy, Stratum, Wave};
use crate::rollout::event::{Command, Decision, Event, Kind, Refusal};
use crate::rollout::log::{Entry, digest};
use crate::rollout::offer::{Ladder, Offer, Rung};
use crate::rollout::policy::Policy;
use crate::rollout::state::{Phase, State};
use crate::rollout::tally::{Arm, Outcome, Tally};
use crate::rollout::{begin, step};
use crate::slot::Ownership;

pub const SECOND: u64 = 1000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// The usual ladder of a rollout called `spring`, from v1 to v2, on the site `shop`.
pub fn offer() -> Offer {
    ladder(&[100, 500, 2500, 5000, 10_000])
}

pub fn ladder(weights: &[u16]) -> Offer {
    let splits: Vec<Ownership> = weights.iter().map(|&bp| split(bp)).collect();
    let rungs = splits.iter().enumerate().map(|(at, owners)| Rung {
        strategy: Strategy::Random(owners.clone()),
        strata: vec![Stratum::new("", &splits[..=at], V2, V1)],
        hold_s: 600,
        least_visitors: 100,
        approval: false,
        between: false,
    });
    let ladder = Ladder {
        id: "spring".to_owned(),
        salt: "shop/rollout/spring".to_owned(),
        canary: V2,
        newcomers_only: false,
        rungs: rungs.collect(),
        from: 1,
        policy: Policy::usual(),
    };
    Offer { site: site(), rollout: Some(ladder), hooks: Vec::new(), allow_origins: Vec::new() }
}

/// A rollout of the geographic strategy: for each step the areas it names, with the canary's weight.
pub fn areas(steps: &[&[(&str, u16)]]) -> Offer {
    let mut offer = ladder(&vec![100; steps.len()]);
    let ladder = offer.rollout.as_mut().unwrap();
    let mut climbed: Vec<(&str, Vec<Ownership>)> = Vec::new();
    for (at, (rung, step)) in ladder.rungs.iter_mut().zip(steps).enumerate() {
        for (name, bp) in *step {
            match climbed.iter_mut().find(|(known, _)| known == name) {
                Some((_, splits)) => splits.push(split(*bp)),
                None => climbed.push((name, [vec![Ownership::all(V1); at], vec![split(*bp)]].concat())),
            }
        }
        for (_, splits) in climbed.iter_mut().filter(|(_, splits)| splits.len() == at) {
            splits.push(splits[at - 1].clone());
        }
        let wave = |(name, splits): &(&str, Vec<Ownership>)| Wave {
            place: Place::Region("ZZ".to_owned(), (*name).to_owned()),
            owners: splits[at].clone(),
            name: (*name).to_owned(),
        };
        rung.strategy = Strategy::Geographic(climbed.iter().map(wave).collect());
        rung.strata = climbed.iter().map(|(name, splits)| Stratum::new(name, splits, V2, V1)).collect();
    }
    offer
}

/// What pages of one arm amount to: visitors who were drawn, and of them those with each bad event, in the order of guards.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    pub drawn: u64,
    pub missing: u64,
    pub errors: u64,
}

/// A site under control and its clock.
pub struct Story {
    pub state: State,
    pub now_ms: u64,
    pub tally: Tally,
    pub log: Vec<Entry>,
    /// Whether what decides nothing is looked at for what it changed, which costs more than all the rest.
    pub is_watched: bool,
}

impl Story {
    /// The config has just been deployed.
    pub fn of(offer: &Offer) -> Self {
        let now_ms = 1_800_000_000_000;
        let mut story = Self { state: begin(offer), now_ms, tally: Tally::default(), log: Vec::new(), is_watched: true };
        story.offer(offer);
        story
    }

    pub fn begin() -> Self {
        Self::of(&offer())
    }

    fn happens(&mut self, event: Event) -> Result<Vec<Decision>, Refusal> {
        let before = self.is_watched.then(|| digest(&self.state));
        let result = step(&mut self.state, &event, self.now_ms);
        match &result {
            Ok(outcome) if !outcome.decisions.is_empty() => {
                let (decisions, state) = (outcome.decisions.clone(), digest(&self.state));
                self.log.push(Entry { rules: crate::rollout::log::RULES, at_ms: self.now_ms, event, decisions, state });
            }
            // What decides nothing, and what is refused, changes nothing.
            _ => assert!(before.is_none_or(|before| before == digest(&self.state))),
        }
        result.map(|outcome| outcome.decisions)
    }

    pub fn offer(&mut self, offer: &Offer) -> Vec<Decision> {
        let event = Event::Offered { offer: Box::new(offer.clone()), by: "deploy".to_owned(), why: String::new(), parent: None };
        self.happens(event).unwrap()
    }

    pub fn ask(&mut self, command: Command) -> Result<Vec<Decision>, Refusal> {
        self.happens(Event::Asked { by: "ann".to_owned(), why: String::new(), command, overrides: false })
    }

    /// The same, whatever bars the way.
    pub fn insist(&mut self, command: Command, why: &str) -> Result<Vec<Decision>, Refusal> {
        self.happens(Event::Asked { by: "ann".to_owned(), why: why.to_owned(), command, overrides: true })
    }

    /// The Controller looks at the counts.
    pub fn look(&mut self) -> Vec<Decision> {
        let mut decisions = self.happens(Event::Counted { tally: self.tally.clone() }).unwrap();
        decisions.retain(|decision| decision.kind != Kind::Mark);
        decisions
    }

    /// Time passes, with a report at its end, and the Controller looks.
    pub fn after(&mut self, ms: u64) -> Vec<Decision> {
        self.now_ms += ms;
        self.tally.newest_ms = self.now_ms;
        self.look()
    }

    /// The odds of somebody who is drawn for the first time now.
    pub fn odds(&self, place: &str) -> crate::slot::Odds {
        let rung = self.state.run.as_ref().unwrap().rung(self.state.offer.rollout.as_ref().unwrap()).unwrap();
        rung.strata.iter().find(|stratum| stratum.name == place).unwrap().odds[0]
    }

    /// Visitors are drawn at the step in force, all for the first time.
    pub fn visitors(&mut self, canary: Seen, stable: Seen) {
        self.visitors_in("", canary, stable);
    }

    /// The same in an area.
    pub fn visitors_in(&mut self, place: &str, canary: Seen, stable: Seen) {
        let odds = self.odds(place);
        let run = self.state.run.as_ref().unwrap();
        let (step, guards) = (run.step, run.policy.guards.clone());
        let key = (step, place, odds);
        let at = match self.tally.strata.binary_search_by(|stratum| stratum.key().cmp(&key)) {
            Ok(at) => at,
            Err(at) => {
                let place = place.to_owned();
                let fresh = crate::rollout::tally::Stratum { step, place, odds, ..crate::rollout::tally::Stratum::default() };
                self.tally.strata.insert(at, fresh);
                at
            }
        };
        let add = |arm: &mut Arm, seen: Seen| {
            arm.draws += seen.drawn;
            arm.proven += seen.drawn;
            arm.outcomes.resize(guards.len(), Outcome::default());
            for (outcome, guard) in arm.outcomes.iter_mut().zip(&guards) {
                let bad = match guard.name.as_str() {
                    "missing" => seen.missing,
                    "errors" => seen.errors,
                    _ => 0,
                };
                outcome.trials += seen.drawn;
                outcome.bad += bad;
                outcome.votes += bad;
            }
        };
        let stratum = &mut self.tally.strata[at];
        add(&mut stratum.canary, canary);
        add(&mut stratum.stable, stable);
        self.tally.refused = vec![0; guards.len()];
        for guard in &guards {
            self.tally.heard("", &guard.name, 50, &guards);
            if !place.is_empty() {
                self.tally.heard(place, &guard.name, 50, &guards);
            }
        }
    }

    /// So many visitors of each arm, as the odds of the step say, with nothing wrong.
    pub fn healthy(&mut self, visitors: u64) {
        self.with(visitors, 0, 0);
    }

    /// So many visitors, with so many missing pages in a thousand of canary and of stable.
    pub fn with(&mut self, visitors: u64, canary: u64, stable: u64) {
        self.with_in("", visitors, canary, stable);
    }

    /// The same in an area.
    pub fn with_in(&mut self, place: &str, visitors: u64, canary: u64, stable: u64) {
        let odds = self.odds(place);
        let canaries = visitors * u64::from(odds.canary) / u64::from(odds.canary + odds.stable);
        let seen = |drawn: u64, bad: u64| Seen { drawn, missing: drawn * bad / 1000, errors: 0 };
        self.visitors_in(place, seen(canaries, canary), seen(visitors - canaries, stable));
    }

    pub fn at_step(&self) -> u16 {
        self.state.run.as_ref().map_or(0, |run| run.step)
    }

    pub fn phase(&self) -> Phase {
        self.state.phase
    }

    /// Going through the log again comes out the same.
    pub fn replays(&self) {
        let state = crate::rollout::log::replay(&self.log).unwrap().unwrap();
        assert_eq!(state, self.state);
        let text: Vec<String> = self.log.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        let read: Vec<Entry> = text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(crate::rollout::log::replay(&read).unwrap().unwrap(), self.state);
    }
}

/// Kinds and codes of decisions.
pub fn shown(decisions: &[Decision]) -> Vec<String> {
    decisions.iter().map(|one| format!("{:?} {} {} {}→{}", one.kind, one.by, one.code, one.step.0, one.step.1)).collect()
}
