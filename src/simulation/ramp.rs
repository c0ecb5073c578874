//! One rollout, from the deploy to its end.

use std::collections::VecDeque;

use super::best::Best;
use super::ledger::Ledger;
use super::random::Random;
use super::visitors::{Batch, Crowd, Moment};
use super::world::World;
use crate::beacon::fold::{DRAIN_MS, FAST_MS};
use crate::rollout::event::{Decision, Event, Kind};
use crate::rollout::offer::{Ladder, Offer};
use crate::rollout::quiet::Quiet;
use crate::rollout::state::{Phase, State};
use crate::rollout::tally::Tally;
use crate::rollout::verdict::Says;
use crate::rollout::{begin, in_force, step};

/// How a rollout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Promoted by evidence.
    Promoted,
    /// Rolled back by evidence.
    RolledBack,
    /// Neither within the time it was given; held, perhaps.
    Undecided,
}

/// What became of one rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ramp {
    /// How it ended.
    pub end: End,
    /// The guard that took it back.
    pub guard: Option<String>,
    /// Page views of people until then, both versions.
    pub views: u64,
    /// Of these, the canary's.
    pub canary_views: u64,
    /// Visitors the canary's fault met until then.
    pub harmed: u64,
    /// Page views after which it could have ended so at best, see [`super`].
    pub best_views: Option<u64>,
    /// Visitors the fault had met by then.
    pub best_harmed: Option<u64>,
    /// How long it took, seconds.
    pub seconds: u64,
}

/// Visitors come in pieces of so much time, s.
const PIECE_S: u32 = 30;
/// The evidence is looked at again when so many per cent more page views have come, and every ten minutes: the Controller looks
/// more often, and would see harm that much sooner.
const LOOK_PERCENT: u64 = 2;
/// See [`LOOK_PERCENT`].
const LOOK_MS: u64 = 600_000;
/// Nobody is waited for longer, s.
const LONGEST_S: u64 = 7 * 86_400;
/// Age and drain of what is looked at, ms: rows are counted so long after they were served.
const LAG_MS: u64 = FAST_MS + DRAIN_MS;

/// Runs one rollout. The offer's policy is what decides.
#[must_use]
pub fn ramp(offer: &Offer, world: &World, seed: u64) -> Ramp {
    let mut quiet = Quiet::default();
    run(offer, world, seed, |state, tally, now_ms| quiet.is_quiet(state, tally, now_ms))
}

/// The same, but for looks of which it is said that they would decide nothing.
fn run(offer: &Offer, world: &World, seed: u64, mut is_quiet: impl FnMut(&State, &Tally, u64) -> bool) -> Ramp {
    let mut random = Random::new(seed, 1);
    // Any hour of the day.
    let began_ms = 1_800_000_000_000 + random.below(86_400) * 1000;
    let mut now_ms = began_ms;
    let mut state = begin(offer);
    let deployed = Event::Offered { offer: Box::new(offer.clone()), by: "deploy".to_owned(), why: String::new(), parent: None };
    let _ = step(&mut state, &deployed, now_ms);
    let Some(policy) = offer.rollout.as_ref().map(|ladder| &ladder.policy) else { return undecided() };
    let mut crowd = Crowd::new(*world, &policy.guards, areas(offer.rollout.as_ref()));
    let (mut ledger, mut best, mut last) = (Ledger::new(policy.guards.len()), Best::new(policy, world), Last::default());
    let mut looked = (0, now_ms);
    // What was served becomes countable a little later.
    let mut young: VecDeque<(u64, Batch)> = VecDeque::new();
    let (mut site, mut guard) = (in_force(&state), None);
    while now_ms - began_ms < LONGEST_S * 1000 {
        let Some(rollout) = &site.rollout else { break };
        crowd.visit(Moment { site: &site, rollout, began_ms, now_ms }, f64::from(PIECE_S), &mut random);
        now_ms += u64::from(PIECE_S) * 1000;
        let batch = crowd.batch();
        best.pass(&batch, &crowd);
        last.pass(&state, now_ms, crowd.views);
        young.push_back((now_ms, batch));
        while young.front().is_some_and(|(served_ms, _)| now_ms >= served_ms + LAG_MS) {
            if let Some((_, batch)) = young.pop_front() {
                ledger.merge(&batch, &crowd);
            }
        }
        if crowd.views * 100 < looked.0 * (100 + LOOK_PERCENT) && now_ms < looked.1 + LOOK_MS {
            continue;
        }
        looked = (crowd.views, now_ms);
        ledger.tally.newest_ms = now_ms;
        if is_quiet(&state, &ledger.tally, now_ms) {
            continue;
        }
        let counted = Event::Counted { tally: ledger.tally.clone() };
        let decisions = step(&mut state, &counted, now_ms).map(|outcome| outcome.decisions).unwrap_or_default();
        if !decisions.is_empty() {
            site = in_force(&state);
            guard = guard.or_else(|| decisions.iter().find_map(harmful));
        }
    }
    let end = match state.phase {
        Phase::Promoted => End::Promoted,
        Phase::RolledBack => End::RolledBack,
        _ => End::Undecided,
    };
    let best_views = match end {
        End::Promoted => best.safe_at.map(|safe| last.at_best(safe, crowd.views)),
        _ => best.harm_at.map(|at| at.0),
    };
    let best_harmed = best.harm_at.map(|at| at.1).filter(|_| end != End::Promoted);
    let seconds = (now_ms - began_ms) / 1000;
    let (views, canary_views, harmed) = (crowd.views, crowd.canary_views, crowd.harmed);
    Ramp { end, guard, views, canary_views, harmed, best_views, best_harmed, seconds }
}

fn undecided() -> Ramp {
    Ramp {
        end: End::Undecided,
        guard: None,
        views: 0,
        canary_views: 0,
        harmed: 0,
        best_views: None,
        best_harmed: None,
        seconds: 0,
    }
}

/// The areas that visitors come from: those that the last step has opened.
fn areas(ladder: Option<&Ladder>) -> Vec<String> {
    let names = ladder.and_then(|ladder| ladder.rungs.last()).map(|rung| rung.open().map(str::to_owned).collect::<Vec<_>>());
    names.filter(|names| !names.is_empty()).unwrap_or_else(|| vec![String::new()])
}

/// The guard behind a rollback.
fn harmful(decision: &Decision) -> Option<String> {
    let harm = decision.verdicts.iter().find(|verdict| verdict.says == Says::Harm);
    harm.filter(|_| decision.kind == Kind::RollBack).map(|verdict| verdict.guard.clone())
}

/// The last step on which versions are compared: what leads from it waits for evidence, all else for its holds.
#[derive(Default)]
struct Last {
    /// Page views when its least time was over.
    held: Option<u64>,
    /// Page views when it was left.
    left: Option<u64>,
}

impl Last {
    fn pass(&mut self, state: &State, now_ms: u64, views: u64) {
        let (Some(run), Some(ladder)) = (&state.run, &state.offer.rollout) else { return };
        let Some(rung) = ladder.rung(run.step) else { return };
        if !rung.draws() {
            self.left.get_or_insert(views);
        } else if !ladder.rung(run.step + 1).is_some_and(crate::rollout::offer::Rung::draws)
            && now_ms >= run.since_ms + u64::from(rung.hold_s) * 1000
        {
            self.held.get_or_insert(views);
        }
    }

    /// Page views until its promotion, if it had been left as soon as it could: when its time was over and evidence was there.
    fn at_best(&self, safe: u64, end: u64) -> u64 {
        let left = self.left.unwrap_or(end);
        let could = safe.max(self.held.unwrap_or(0)).min(left);
        end - (left - could)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Builds, check};
    use crate::plan::compile::{compile, offers};
    use crate::simulation::SCENARIOS;

    fn offer(rollout: &str) -> Offer {
        let text = format!(
            r#"{{ "sites": {{ "shop": {{ "versions": {{ "v1": "https://v1.example", "v2": "https://v2.example" }}, "stable": "v1",
                "rollout": {{ "canary": "v2"{rollout} }} }} }} }}"#
        );
        let config = check(text.as_bytes(), &Builds::default()).config.unwrap();
        let plan = compile(&config, &Vec::new(), None, 1).unwrap();
        offers(&config, &plan).unwrap().remove(0)
    }

    #[test]
    fn a_look_that_is_not_made_would_have_decided_nothing_and_changed_nothing() {
        let window = r#", "windows": [{ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "until": "16:00", "zone": "+13:00" }]"#;
        let areas =
            r#", "strategy": "geographic", "steps": [{ "areas": { "NZ": "10%" } }, { "areas": { "NZ": "50%", "DE": "50%" } }]"#;
        // Of the usual ladder.
        let (mut passed, mut made) = (0, 0);
        for rollout in ["", window, areas, r#", "decide": "never""#, r#", "deadline": "2h", "on_deadline": "promote""#] {
            let offer = offer(rollout);
            for (scenario, seed) in SCENARIOS.iter().zip(0..) {
                let (offer, world) = (scenario.offer(&offer), (scenario.world)());
                let mut quiet = Quiet::default();
                let looked = run(&offer, &world, seed, |state, tally, now_ms| {
                    if !quiet.is_quiet(state, tally, now_ms) {
                        made += u64::from(rollout.is_empty());
                        return false;
                    }
                    passed += u64::from(rollout.is_empty());
                    let mut after = state.clone();
                    let outcome = step(&mut after, &Event::Counted { tally: tally.clone() }, now_ms).unwrap();
                    assert!(outcome.decisions.is_empty() && after == *state, "{} {rollout}: {outcome:?}", scenario.name);
                    false
                });
                assert_eq!(ramp(&offer, &world, seed), looked, "{} {rollout}", scenario.name);
            }
        }
        assert!(passed > 3 * made, "{passed} looks need not be made, {made} are");
    }
}
