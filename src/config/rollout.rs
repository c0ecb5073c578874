//! A rollout: canary, strategy, steps, the step it begins at, and what moves it.

use super::ladder::{self, Strategy};
use super::model::{Rollout, Visitors};
use super::pace;
use super::policy;
use super::problem::Code;
use super::report::{Report, found, why};
use super::site::word;
use super::spelling;
use super::tree::Node;
use super::version::Names;
use crate::slot::VersionIndex;

/// Reads a rollout; `stable` is `None` if the site's is not known.
pub fn read(node: &Node<'_>, names: &Names<'_>, stable: Option<VersionIndex>, report: &mut Report<'_>) -> Option<Rollout> {
    let canary_node = node.get("canary");
    let canary = canary_node.and_then(|node| names.find(node, report));
    if let (Some(canary_node), Some(canary)) = (canary_node, canary.filter(|canary| stable == Some(*canary))) {
        let words = found(names.id(canary), "is the stable version already: there is nothing to try");
        report.add(Code::SameVersion, canary_node, words.fix("name another version, or take the rollout out"));
    }
    let strategy = word(node.get("strategy"), Strategy::Random, Strategy::parse);
    let steps = match (node.get("steps"), strategy) {
        (Some(steps), Some(strategy)) => ladder::read(steps, strategy, report),
        (None, Some(Strategy::Random)) => Some(ladder::usual()),
        (None, Some(strategy)) => {
            let (what, example) = match strategy {
                Strategy::Sequential => ("sequential", "[{ \"first\": 100 }, { \"first\": 1000 }]"),
                _ => ("geographic", "[{ \"areas\": { \"NZ\": \"10%\" } }, { \"areas\": { \"elsewhere\": \"10%\" } }]"),
            };
            let words = why(format!("the {what} strategy needs `steps`")).fix(format!("add \"steps\": {example}"));
            report.add(Code::MissingKey, node, words);
            None
        }
        (_, None) => None,
    };
    // Steps of which one can not be read still are so many.
    let count = match node.get("steps") {
        Some(steps) => steps.items().len(),
        None => steps.as_ref().map_or(usize::MAX, |steps| steps.ladder.len()),
    };
    let step = match node.get("step") {
        None => Some(1),
        Some(step) => step.whole().and_then(|step| usize::try_from(step).ok()),
    };
    if let (Some(step), Some(node)) = (step.filter(|step| *step > count && *step <= super::objects::MOST_STEPS), node.get("step"))
    {
        let there = if count == 1 { "is 1 step".to_owned() } else { format!("are {count} steps") };
        report.add(
            Code::StepBeyond,
            node,
            found(step.to_string(), format!("is beyond the last step: there {there}"))
                .fix(format!("write a number from 0 to {count}")),
        );
    }
    let visitors = word(node.get("visitors"), Visitors::Everyone, |text| match text {
        "everyone" => Some(Visitors::Everyone),
        "new" => Some(Visitors::New),
        _ => None,
    });
    let id = match node.get("id") {
        None => canary.map(|canary| names.id(canary).to_owned()),
        Some(id) => id.text().filter(|text| spelling::NAME.fits(text)).map(str::to_owned),
    };
    let policy = policy::read(node, report);
    if let (Some(policy), Some(steps), Some(step)) = (&policy, &steps, step) {
        policy::check_deadline(node, policy, &steps.rungs, step, report);
    }
    let (policy, step) = (policy?, step?);
    let (steps, step) = pace::spread(steps?, policy.pace, step);
    let (ladder, rungs) = (steps.ladder, steps.rungs);
    Some(Rollout { id: id?, canary: canary?, visitors: visitors?, ladder, step, rungs, policy })
}
