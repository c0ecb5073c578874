//! What is tried with a config: canaries that are fine, that are broken in each way a guard looks for, and worlds that mislead.

use super::world::{Fault, World};
use crate::rollout::offer::{Ladder, Offer};
use crate::rollout::policy::Guard;
use crate::slot::Murmur3;

/// What ought to come of a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is no worse: its rollback is false.
    Promoted,
    /// It is worse: its promotion is false.
    RolledBack,
    /// It is at a limit, where promoting it is false and rolling it back is not wrong.
    NotPromoted,
}

/// One kind of rollout.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// For people.
    pub name: &'static str,
    /// What ought to come of it.
    pub wanted: Wanted,
    /// Where it happens.
    pub world: fn() -> World,
    /// A guard that it needs, beside those of the config.
    pub guard: Option<&'static str>,
}

const NONE: Fault = Fault { white: 0.0, errors: 0.0, slow: 0.0, sluggish: 0.0, shifting: 0.0, failing: 0.0, goalless: 0.0 };

const fn of(name: &'static str, wanted: Wanted, world: fn() -> World) -> Scenario {
    Scenario { name, wanted, world, guard: None }
}

/// The goal that [`World::goal`] meets.
pub const GOAL: &str = "goal.signup";

/// All of them, in the order of the table.
pub const SCENARIOS: [Scenario; 13] = [
    of("the same build again", Wanted::Promoted, World::usual),
    of("the same, while all rates fall to half (Simpson's ramp)", Wanted::Promoted, || World {
        errors: 0.04,
        falling: 1.0,
        ..World::usual()
    }),
    of("the same, and a new build is slow until it is cached", Wanted::Promoted, || World { cold: 0.3, ..World::usual() }),
    of("white for 20 % of visitors", Wanted::RolledBack, || World::usual().with(Fault { white: 0.2, ..NONE })),
    of("throws for 20 % of visitors", Wanted::RolledBack, || World::usual().with(Fault { errors: 0.2, ..NONE })),
    of("throws for 2 % more", Wanted::RolledBack, || World::usual().with(Fault { errors: 0.02, ..NONE })),
    of("30 points more poor LCP", Wanted::RolledBack, || World::usual().with(Fault { slow: 0.3, ..NONE })),
    of("15 points more poor INP", Wanted::RolledBack, || World::usual().with(Fault { sluggish: 0.15, ..NONE })),
    of("15 points more poor CLS", Wanted::RolledBack, || World::usual().with(Fault { shifting: 0.15, ..NONE })),
    of("origin fails on 5 % of pages", Wanted::RolledBack, || World::usual().with(Fault { failing: 0.05, ..NONE })),
    Scenario {
        name: "a goal is met 40 % less often",
        wanted: Wanted::RolledBack,
        world: || World::usual().with(Fault { goalless: 0.4, ..NONE }),
        guard: Some(GOAL),
    },
    of("at the limit: throws for 0.5 % more", Wanted::NotPromoted, || World::usual().with(Fault { errors: 0.005, ..NONE })),
    of("at the limit: white for 5 %", Wanted::NotPromoted, || World::usual().with(Fault { white: 0.05, ..NONE })),
];

impl Scenario {
    /// A config's offer, from its first step on and with the guard that this needs.
    #[must_use]
    pub fn offer(&self, offer: &Offer) -> Offer {
        let mut offer = offer.clone();
        if let Some(ladder) = &mut offer.rollout {
            ladder.from = 1;
            let guards = &mut ladder.policy.guards;
            guards.extend(self.guard.filter(|name| !guards.iter().any(|guard| guard.name == *name)).and_then(Guard::usual));
        }
        offer
    }
}

/// A number that stands for what a ladder's steps and guards are and what is tried with them: a table with the same one was made of
/// the same.
#[must_use]
pub fn digest(ladder: &Ladder) -> String {
    let tried: Vec<_> = SCENARIOS.iter().map(|scenario| format!("{} {:?}", scenario.name, (scenario.world)())).collect();
    let text = serde_json::to_string(&(&ladder.rungs, &ladder.policy, tried)).unwrap_or_default();
    format!("{:08x}", Murmur3::hash(12, text.as_bytes()))
}
