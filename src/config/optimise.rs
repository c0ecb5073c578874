//! What takes the place of a promotion: a goal that says how many visitors each version gets once every required guard is safe.

use super::ladder::Strategy;
use super::policy::is_goal;
use super::problem::Code;
use super::report::{Report, found, why};
use super::site::seconds;
use super::tree::Node;
use crate::rollout::policy::{Decide, Guard, Optimise};

/// Goals are counted five minutes after a page was served, and a split that changes by the minute follows noise.
const EVERY: (&str, &str) = ("10m", "30d");
const DAY_S: u32 = 86_400;

/// Reads `optimise`; `None` inside where there is none. A goal that no guard of the file counts gets the usual guard.
#[expect(clippy::option_option, reason = "what can not be read is not what is not there")]
pub fn read(
    rollout: &Node<'_>,
    decide: Option<Decide>,
    guards: Option<&mut Vec<Guard>>,
    report: &mut Report<'_>,
) -> Option<Option<Optimise>> {
    let Some(node) = rollout.get("optimise") else { return Some(None) };
    let every = seconds(node.get("every"), DAY_S, EVERY, report);
    let goal = node.get("goal").and_then(Node::text).filter(|goal| is_goal(goal));
    let strategy = rollout.get("strategy");
    if strategy.and_then(Node::text).and_then(Strategy::parse).is_some_and(|strategy| strategy != Strategy::Random) {
        let words = why("is for the random strategy alone: only there one split is everybody's".to_owned());
        report.add(Code::WrongStep, node, words.fix("take it out, or the `strategy`"));
        return None;
    }
    if let Some(decide) = decide.filter(|decide| *decide != Decide::Auto) {
        let word = if decide == Decide::Never { "never" } else { "roll_back" };
        let words = found(word, "lets people alone take the rollout forward, and what is optimised goes forward by itself");
        report.add(Code::NoEffect, node, words.fix("take it out, or write \"decide\": \"auto\""));
    }
    let optimise = Optimise { goal: goal?.to_owned(), every_s: every? };
    let name = optimise.counter();
    let guards = guards?;
    if !guards.iter().any(|guard| guard.name == name) {
        guards.extend(Guard::usual(&name));
    }
    Some(Some(optimise))
}
