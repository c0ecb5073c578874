//! The steps of a rollout: read by strategy, and checked that no step takes the canary away from anybody.

use super::area;
use super::model::{Area, Enrolment, Gate, Ladder};
use super::objects::MOST_STEPS;
use super::problem::Code;
use super::quantity;
use super::report::{Report, found};
use super::tree::{Member, Node, Value};
use crate::slot::Weight;

mod falls;
mod overlaps;

/// How a rollout chooses visitors, as the file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Random,
    Sequential,
    Geographic,
}

impl Strategy {
    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "random" => Some(Self::Random),
            "sequential" => Some(Self::Sequential),
            "geographic" => Some(Self::Geographic),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Sequential => "sequential",
            Self::Geographic => "geographic",
        }
    }

    /// The key that marks a step of this strategy, and how one is written.
    fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Random => ("weight", "\"5%\" or { \"weight\": \"5%\", \"hold\": \"1h\" }"),
            Self::Sequential => ("first", "{ \"first\": 1000, \"of\": \"100%\" }"),
            Self::Geographic => ("areas", "{ \"areas\": { \"NZ\": \"10%\", \"elsewhere\": \"1%\" } }"),
        }
    }

    /// The strategy a step belongs to, if it is one.
    fn of_step(step: &Node<'_>) -> Option<Self> {
        match step.value {
            Value::Text(_) => Some(Self::Random),
            _ => [Self::Random, Self::Sequential, Self::Geographic]
                .into_iter()
                .find(|strategy| step.get(strategy.mark().0).is_some()),
        }
    }
}

/// Steps of the random strategy when the file gives none, percent.
const USUAL: [u16; 5] = [1, 5, 25, 50, 100];

/// Ten minutes: long enough for a page's errors to show, short enough to ramp within a working day.
pub const USUAL_HOLD_S: u32 = 600;

/// Visitors drawn on a step before it is left: fewer say nothing about a build that breaks for one in twenty.
pub const USUAL_VISITORS: u64 = 100;

/// A ladder of so many rungs has so many gates.
pub struct Steps {
    pub ladder: Ladder,
    pub rungs: Vec<Gate>,
}

/// What is asked where the file says nothing.
const USUAL_GATE: Gate = Gate { hold_s: USUAL_HOLD_S, least_visitors: USUAL_VISITORS, approval: false, between: false };

/// What a step asks before it is left.
fn gate(step: &Node<'_>, report: &mut Report<'_>) -> Option<Gate> {
    Some(Gate {
        hold_s: super::site::seconds(step.get("hold"), USUAL_HOLD_S, HOLD_RANGE, report)?,
        least_visitors: step.get("least_visitors").map_or(Some(USUAL_VISITORS), Node::whole)?,
        approval: step.get("approval").map_or(Some(false), Node::flag)?,
        between: false,
    })
}

/// The usual steps.
pub fn usual() -> Steps {
    let rungs: Vec<Weight> = USUAL.iter().filter_map(|percent| Weight::from_bp(percent * 100)).collect();
    Steps { rungs: vec![USUAL_GATE; rungs.len()], ladder: Ladder::Random(rungs) }
}

/// Reads the steps and reports those of another strategy and those that fall. `None` if some step can not be read.
pub fn read(steps: &Node<'_>, strategy: Strategy, report: &mut Report<'_>) -> Option<Steps> {
    let items = steps.items().get(..MOST_STEPS.min(steps.items().len())).unwrap_or_default();
    let mut all_fit = true;
    for step in items {
        match Strategy::of_step(step) {
            Some(theirs) if theirs != strategy => {
                all_fit = false;
                let (_, written) = strategy.mark();
                let words = found(
                    step.shown(),
                    format!("is a step of the {} strategy, and this rollout is {}", theirs.name(), strategy.name()),
                );
                let fix = format!("write it like {written}, or set \"strategy\": \"{}\"", theirs.name());
                report.add(Code::WrongStep, step, words.fix(fix));
            }
            _ => {}
        }
    }
    if !all_fit || items.is_empty() {
        return None;
    }
    let rungs = items.iter().map(|step| gate(step, report)).collect::<Option<Vec<Gate>>>();
    let ladder = match strategy {
        Strategy::Random => random(items, report).map(Ladder::Random),
        Strategy::Sequential => sequential(items, report).map(Ladder::Sequential),
        Strategy::Geographic => geographic(items, report).map(Ladder::Geographic),
    };
    Some(Steps { ladder: ladder?, rungs: rungs? })
}

/// A step may be passed at once, and is not forgotten for longer than a year.
const HOLD_RANGE: (&str, &str) = ("0s", "365d");

fn random(items: &[Node<'_>], report: &mut Report<'_>) -> Option<Vec<Weight>> {
    let weights: Vec<Option<(Weight, &Node<'_>)>> = items
        .iter()
        .map(|step| {
            let node = step.get("weight").unwrap_or(step);
            Some((quantity::weight(node.text()?)?, node))
        })
        .collect();
    for (at, pair) in weights.windows(2).enumerate() {
        if let [Some((before, _)), Some((after, node))] = pair
            && after < before
        {
            let words =
                found(node.shown(), format!("is less than the {before} of step {}: visitors would lose the canary", at + 1));
            report.add(
                Code::FallingStep,
                node,
                words.fix(format!("write at least \"{before}\"; to take the canary back, lower `step`")),
            );
        }
    }
    weights.into_iter().map(|weight| weight.map(|(weight, _)| weight)).collect()
}

fn sequential(items: &[Node<'_>], report: &mut Report<'_>) -> Option<Vec<Enrolment>> {
    let rungs: Vec<Option<Enrolment>> = items
        .iter()
        .map(|step| {
            let of = step.get("of").map_or(Some(Weight::ALL), |node| quantity::weight(node.text()?))?;
            Some(Enrolment { first: step.get("first")?.whole()?, of })
        })
        .collect();
    for (at, (pair, step)) in rungs.windows(2).zip(items.iter().skip(1)).enumerate() {
        let [Some(before), Some(after)] = pair else { continue };
        if after.first < before.first
            && let Some(node) = step.get("first")
        {
            let words = found(
                node.shown(),
                format!("is less than the {} of step {}: enrolled visitors would lose the canary", before.first, at + 1),
            );
            report.add(Code::FallingStep, node, words.fix(format!("write at least {}", before.first)));
        }
        if after.of < before.of {
            let node = step.get("of").unwrap_or(step);
            let words = found(
                after.of.to_string(),
                format!("is less than the {} of step {}: enrolled visitors would lose the canary", before.of, at + 1),
            );
            report.add(Code::FallingStep, node, words.fix(format!("write \"of\": \"{}\" or more", before.of)));
        }
    }
    rungs.into_iter().collect()
}

/// One area of a step, with the member it stands in.
pub(super) struct Opened<'a, 't> {
    pub area: Area,
    pub weight: Weight,
    pub member: &'a Member<'t>,
}

fn geographic(items: &[Node<'_>], report: &mut Report<'_>) -> Option<Vec<Vec<(Area, Weight)>>> {
    let mut whole = true;
    let mut steps: Vec<Vec<Opened<'_, '_>>> = Vec::with_capacity(items.len());
    for step in items {
        let mut opened: Vec<Opened<'_, '_>> = Vec::new();
        for member in step.get("areas").into_iter().flat_map(Node::unique_members).take(super::objects::MOST_AREAS) {
            let area = area::resolve(&member.key, member.key_start, &member.node.place, report);
            let weight = member.node.text().and_then(quantity::weight);
            let (Some(area), Some(weight)) = (area, weight) else {
                whole = false;
                continue;
            };
            if let Some(twin) = opened.iter().find(|other| other.area == area) {
                whole = false;
                let words =
                    found(member.key.as_ref(), format!("is the same area as `{}`", twin.member.key)).fix("take one of them out");
                report.add_at(Code::DuplicateArea, member.key_start, &member.node.place, words);
            } else {
                opened.push(Opened { area, weight, member });
            }
        }
        steps.push(opened);
    }
    falls::check(&steps, report);
    overlaps::check(&steps, report);
    whole.then(|| steps.into_iter().map(|opened| opened.into_iter().map(|one| (one.area, one.weight)).collect()).collect())
}
