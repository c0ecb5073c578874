//! Behind the ramp: periods in which a goal says how many visitors each of the two versions gets.
//!
//! A ramp asks whether the canary may be given to everybody. Once every required guard is safe, and its config asks for it, the rollout
//! does not end there: it goes on in periods, each with the split that [`choose`] makes of the goals met so far, and the canary is
//! promoted when it is the best with all but the least share. A canary that is not better keeps what it has, until it is, a person says
//! so or its deadline comes. Nothing here is drawn by chance but visitors, by their slots, so a log comes out the same.
//!
//! Shares may fall here, which no ladder's do. So the stratum of a period has a name of its own: who was drawn before is in no draw any
//! more, in neither version, and only who is new is counted, with the odds of the period.

use super::offer::{Ladder, Rung};
use super::policy::Optimise;
use super::state::Run;
use super::tally::{Arm, Tally};
use crate::evidence::choose::{self, Goals};
use crate::plan::{Strategy, Stratum};
use crate::slot::{Odds, Ownership, VersionIndex, Weight};

/// A canary with so much is promoted: the rest is what nobody goes below.
const BEST_BP: u16 = 9900;
/// A split that is nearer than this is left as it is.
const POINT_BP: u16 = 100;

/// What the goal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The first period begins, with the split of the step before.
    Begin(Weight),
    /// The next period, with this weight of the canary.
    Split(Weight),
    /// It is best as it is.
    Stay,
    /// The canary is the best.
    Promote,
}

/// The share the goal would give the canary now, out of all periods so far; `None` where it says nothing yet.
#[must_use]
pub fn share(run: &Run, optimise: &Optimise, tally: &Tally) -> Option<Weight> {
    let period = run.period.as_ref()?;
    let name = optimise.counter();
    let at = run.policy.guards.iter().position(|guard| guard.name == name)?;
    let goals = |arm: &Arm| {
        let seen = arm.outcome(at);
        Goals { met: seen.votes.min(seen.trials), trials: seen.trials }
    };
    let strata = tally.strata.iter().filter(|stratum| stratum.step >= period.first);
    let strata: Vec<Vec<Goals>> = strata.map(|stratum| vec![goals(&stratum.stable), goals(&stratum.canary)]).collect();
    choose::split(&choose::pool(&strata)).last().copied()
}

/// What comes when a period, or the step before the first, is over and every required guard is safe.
pub(super) fn next(run: &Run, ladder: &Ladder, optimise: &Optimise, tally: &Tally) -> Option<Next> {
    let now = run.rung(ladder)?.weight(ladder.canary)?;
    if run.period.is_none() {
        return Some(Next::Begin(now));
    }
    let share = share(run, optimise, tally)?;
    Some(if share.bp() >= BEST_BP {
        Next::Promote
    } else if share.bp().abs_diff(now.bp()) >= POINT_BP {
        Next::Split(share)
    } else {
        Next::Stay
    })
}

/// The step of a period: as few slots as possible change hands.
pub(super) fn rung(
    before: &Rung,
    every_s: u32,
    revision: u64,
    stable: VersionIndex,
    canary: VersionIndex,
    weight: Weight,
) -> Option<Rung> {
    let Strategy::Random(owners) = &before.strategy else { return None };
    let rest = Weight::from_bp(Weight::ALL.bp() - weight.bp())?;
    let owners: Ownership = owners.rebalanced(&[(stable, rest), (canary, weight)])?;
    let odds: Odds = owners.odds(canary, stable, None);
    let strata = vec![Stratum { name: format!("period-{revision}"), odds: vec![odds] }];
    Some(Rung { strategy: Strategy::Random(owners), strata, hold_s: every_s, approval: false, between: false, ..before.clone() })
}
