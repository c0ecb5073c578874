//! How many page views a step may harm, and the rungs at which a rollout can stop on its way to a step that is too far yet.
//!
//! Which of them are used, evidence decides while the rollout runs. They are drawn up here, because every split is derived
//! from the one before it: a rung that is passed over costs nothing, and none ever takes the canary away from anybody.

use super::ladder::{Steps, Strategy};
use super::model::{Gate, Ladder};
use super::problem::Code;
use super::report::{Report, found, why};
use super::tree::Node;
use crate::rollout::policy::Pace;
use crate::slot::{SLOTS, Weight};

/// Reads `pace`; `None` inside where there is none.
#[expect(clippy::option_option, reason = "what can not be read is not what is not there")]
pub fn read(rollout: &Node<'_>, report: &mut Report<'_>) -> Option<Option<Pace>> {
    let Some(node) = rollout.get("pace") else { return Some(None) };
    let pace = Pace { harmed: node.get("harmed")?.whole()?, views: node.get("views")?.whole()? };
    let strategy = rollout.get("strategy");
    if strategy.and_then(Node::text).and_then(Strategy::parse).is_some_and(|strategy| strategy != Strategy::Random) {
        let words = why("is for the random strategy alone: its steps are one weight for everybody".to_owned());
        report.add(Code::WrongStep, node, words.fix("take it out, or the `strategy`"));
        return None;
    }
    if first(pace) == 0 {
        let place = node.get("harmed").unwrap_or(node);
        let words = found(
            place.shown(),
            format!("is less than one in {SLOTS} of the {} page views: the smallest weight there is could harm more", pace.views),
        );
        report.add(Code::OutOfRange, place, words.fix(format!("write at least {}", pace.views.div_ceil(u64::from(SLOTS)))));
        return None;
    }
    Some(Some(pace))
}

/// The weight of a canary of which nothing is known: every page view of it may be harmed. Basis points.
fn first(pace: Pace) -> u16 {
    let share = u128::from(pace.harmed) * u128::from(SLOTS) / u128::from(pace.views.max(1));
    u16::try_from(share).unwrap_or(SLOTS).min(SLOTS)
}

/// The steps with rungs in between, and the number of the rung at which it begins where the file says `step`.
pub fn spread(steps: Steps, pace: Option<Pace>, step: usize) -> (Steps, usize) {
    let (Some(pace), Ladder::Random(weights)) = (pace, &steps.ladder) else { return (steps, step) };
    let least = first(pace);
    let (mut rungs, mut gates, mut begins): (Vec<Weight>, Vec<Gate>, usize) = (Vec::new(), Vec::new(), 0);
    let mut before = 0;
    for (at, (weight, gate)) in weights.iter().zip(&steps.rungs).enumerate() {
        // What is asked before a step is left is asked of the rungs behind it; in front of the first, what that asks.
        let asked = at.checked_sub(1).and_then(|last| steps.rungs.get(last)).unwrap_or(gate);
        let between = std::iter::successors(Some(further(before, least)), |bp| Some(further(*bp, least)));
        for between in between.take_while(|bp| *bp < weight.bp()).filter_map(Weight::from_bp) {
            rungs.push(between);
            gates.push(Gate { approval: false, between: true, ..*asked });
        }
        rungs.push(*weight);
        gates.push(*gate);
        before = weight.bp();
        begins = match at + 1 {
            1 if step == 1 => 1,
            number if number == step => rungs.len(),
            _ => begins,
        };
    }
    (Steps { ladder: Ladder::Random(rungs), rungs: gates }, begins)
}

/// The next rung behind a weight: half as much again, so that of what evidence allows two thirds are used, or more.
fn further(bp: u16, least: u16) -> u16 {
    if bp < least { least } else { (bp + bp / 2).max(bp + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: Gate = Gate { hold_s: 600, least_visitors: 100, approval: false, between: false };

    fn spread_bp(weights: &[u16], pace: (u64, u64), step: usize) -> (Vec<u16>, usize) {
        let rungs: Vec<Weight> = weights.iter().map(|bp| Weight::from_bp(*bp).unwrap()).collect();
        let gates = vec![GATE; rungs.len()];
        let pace = Pace { harmed: pace.0, views: pace.1 };
        let (steps, step) = spread(Steps { ladder: Ladder::Random(rungs), rungs: gates }, Some(pace), step);
        let Ladder::Random(rungs) = steps.ladder else { panic!("not random") };
        assert_eq!(rungs.len(), steps.rungs.len());
        (rungs.iter().map(|weight| weight.bp()).collect(), step)
    }

    #[test]
    fn there_are_rungs_on_the_way_to_each_step_and_it_begins_with_what_the_budget_allows_of_an_unknown_canary() {
        let (rungs, step) = spread_bp(&[100, 500, 2500, 5000, 10_000], (200, 100_000), 1);
        assert_eq!(
            rungs,
            [20, 30, 45, 67, 100, 150, 225, 337, 500, 750, 1125, 1687, 2500, 3750, 5000, 7500, 10_000],
            "each at most half as much again"
        );
        assert_eq!(step, 1);
        assert_eq!(
            spread_bp(&[100, 500, 2500, 5000, 10_000], (200, 100_000), 3).1,
            13,
            "a step that the file names is that step"
        );
        assert_eq!(spread_bp(&[100, 10_000], (200, 100_000), 0).1, 0);
        assert_eq!(
            spread_bp(&[100, 200], (5000, 100_000), 1).0,
            [100, 200],
            "what the budget allows of any canary needs no rung"
        );
        assert_eq!(spread_bp(&[0, 2], (1, 10_000), 1).0, [0, 1, 2]);
    }

    #[test]
    fn without_a_pace_the_steps_are_those_of_the_file() {
        let steps = Steps { ladder: Ladder::Random(vec![Weight::ALL]), rungs: vec![GATE] };
        let (steps, step) = spread(steps, None, 1);
        assert_eq!((steps.ladder, steps.rungs, step), (Ladder::Random(vec![Weight::ALL]), vec![GATE], 1));
    }
}
