//! What moves a rollout, as its config says it: who decides, the guards and what they may cost, and what time being up means.
//!
//! A key that is left out has the value of [`Policy::usual`], which stands beside the controller that uses it. What a shape
//! can not say is checked here: shares within their range, guards that can not be missed, answers that no evidence could
//! ever give, time that is up before the steps are.

use super::model::Gate;
use super::objects::MOST_GUARDS;
use super::problem::Code;
use super::quantity;
use super::report::{self, Report, found, why};
use super::shape::Refusal;
use super::site::{seconds, word};
use super::tree::{Member, Node};
use crate::beacon::ledger::LEAST_NETWORKS;
use crate::rollout::policy::{Decide, GOAL, Guard, OnDeadline, OnNewVersion, Policy, USUAL};
use crate::slot::Weight;

/// The guard that all others lean on.
const MISSING: &str = "missing";

/// Never is not to be had, 0.01% is the finest there is; one good build in five rolled back is more than anybody bears.
const FALSE_ROLLBACK: (&str, &str) = ("0.01%", "20%");

/// At a half, promoting by evidence is a toss of a coin.
const FALSE_PROMOTION: (&str, &str) = ("0.01%", "50%");

/// A limit of nothing can never be shown, and one of everything needs no showing.
const LIMIT: (&str, &str) = ("0.01%", "99.99%");

/// Up to twice stable's rate.
const MARGIN: (&str, &str) = ("0%", "100%");

/// A goal that falls by all of stable's rate is met by nobody, and nothing could be worse.
const MARGIN_OF_GOAL: (&str, &str) = ("0%", "99.99%");

/// Pages are judged up to five minutes after they were served, so an hour holds a few looks; a year is the longest hold, too.
const DEADLINE: (&str, &str) = ("1h", "365d");

const DAY_S: u64 = 86_400;

/// Reads what moves a rollout.
pub fn read(rollout: &Node<'_>, report: &mut Report<'_>) -> Option<Policy> {
    let usual = Policy::usual();
    let decide = word(rollout.get("decide"), usual.decide, |text| match text {
        "auto" => Some(Decide::Auto),
        "roll_back" => Some(Decide::RollBack),
        "never" => Some(Decide::Never),
        _ => None,
    });
    let mut guards = guards(rollout.get("guards"), usual.guards, report);
    let false_rollback = share(rollout.get("false_rollback"), usual.false_rollback_bp, FALSE_ROLLBACK, report);
    let false_promotion = share(rollout.get("false_promotion"), usual.false_promotion_bp, FALSE_PROMOTION, report);
    let least_networks = rollout.get("least_networks").map_or(Some(usual.least_networks), |node| networks(node, report));
    let deadline = seconds(rollout.get("deadline"), usual.deadline_s, DEADLINE, report);
    let on_deadline = word(rollout.get("on_deadline"), usual.on_deadline, |text| match text {
        "hold" => Some(OnDeadline::Hold),
        "promote" => Some(OnDeadline::Promote),
        "roll_back" => Some(OnDeadline::RollBack),
        _ => None,
    });
    let calendar = super::calendar::read(rollout, report);
    let on_new_version = word(rollout.get("on_new_version"), usual.on_new_version, |text| match text {
        "replace" => Some(OnNewVersion::Replace),
        "queue" => Some(OnNewVersion::Queue),
        "refuse" => Some(OnNewVersion::Refuse),
        _ => None,
    });
    let pace = super::pace::read(rollout, report);
    let optimise = super::optimise::read(rollout, decide, guards.as_mut(), report);
    Some(Policy {
        decide: decide?,
        guards: guards?,
        false_rollback_bp: false_rollback?,
        false_promotion_bp: false_promotion?,
        least_networks: least_networks?,
        deadline_s: deadline?,
        on_deadline: on_deadline?,
        on_new_version: on_new_version?,
        pace: pace?,
        optimise: optimise?,
        calendar: calendar?,
    })
}

/// Basis points of a share within a range, or what is meant when it is left out; reports one outside.
fn share(node: Option<&Node<'_>>, otherwise: u16, (least, most): (&str, &str), report: &mut Report<'_>) -> Option<u16> {
    let Some(node) = node else { return Some(otherwise) };
    let bp = quantity::basis_points(node.text()?)?;
    if bp < quantity::basis_points(least)? || bp > quantity::basis_points(most)? {
        report.add(Code::OutOfRange, node, found(node.shown(), format!("is not from \"{least}\" to \"{most}\"")));
        return None;
    }
    Some(bp)
}

fn networks(node: &Node<'_>, report: &mut Report<'_>) -> Option<u64> {
    let least = node.whole()?;
    if (1..LEAST_NETWORKS).contains(&least) {
        let few = if least == 1 { "one network that lies is".to_owned() } else { format!("{least} networks that lie are") };
        let words = found(node.shown(), format!("is less than {LEAST_NETWORKS}: {few} enough to roll back a good build"));
        let fix = format!(
            "write {LEAST_NETWORKS} or more; only where all visitors come from few networks, as in an intranet, less is right"
        );
        report.add(Code::FewNetworks, node, words.fix(fix));
    }
    Some(least)
}

/// The guards: of the usual ones those that are not taken out, in their order, then goals in the order of the file.
fn guards(node: Option<&Node<'_>>, usual: Vec<Guard>, report: &mut Report<'_>) -> Option<Vec<Guard>> {
    let Some(node) = node else { return Some(usual) };
    let members: Vec<&Member<'_>> = node.unique_members().take(MOST_GUARDS).collect();
    // Each is looked at before any that can not be read ends it.
    let read: Vec<(&str, Option<Change>)> =
        members.iter().map(|member| (member.key.as_ref(), change(member, &usual, report))).collect();
    let goals = read.iter().map(|(name, _)| *name).filter(|name| name.starts_with(GOAL));
    let names: Vec<&str> = USUAL.iter().map(|usual| usual.0).chain(goals).collect();
    let mut guards = Vec::with_capacity(names.len());
    for name in names {
        match read.iter().find(|(theirs, _)| *theirs == name) {
            None => guards.extend(usual.iter().find(|guard| guard.name == name).cloned()),
            Some((_, Some(Change::Out))) => {}
            Some((_, Some(Change::In(guard)))) => guards.push(guard.clone()),
            Some((_, None)) => return None,
        }
    }
    // More entries than that have been reported as such.
    if guards.len() > MOST_GUARDS && node.members().len() <= MOST_GUARDS {
        let words = why(format!("{} guards are too many: at most {MOST_GUARDS} are allowed, usual ones included", guards.len()));
        report.add(Code::OutOfRange, node, words.fix("take some out: each makes the others slower to see harm"));
    }
    Some(guards)
}

/// What the file does to a guard.
enum Change {
    Out,
    In(Guard),
}

/// `None` if it can not be read, and this or `structure` has said why.
fn change(member: &Member<'_>, usual: &[Guard], report: &mut Report<'_>) -> Option<Change> {
    let name = is_name(&member.key).then_some(member.key.as_ref())?;
    let guard = Guard::usual(name)?;
    match member.node.flag() {
        Some(true) => Some(Change::In(guard)),
        Some(false) => {
            if name == MISSING {
                needed(&member.node, "takes out", report);
            } else if !usual.iter().any(|guard| guard.name == name) {
                let words = found(name, "is no guard unless it is named, so there is nothing to take out");
                report.add_at(Code::NoEffect, member.key_start, &member.node.place, words.fix("leave it out, or write `true`"));
            }
            Some(Change::Out)
        }
        None => options(&member.node, guard, report).map(Change::In),
    }
}

/// A guard with what an object says of it.
fn options(node: &Node<'_>, guard: Guard, report: &mut Report<'_>) -> Option<Guard> {
    let range = if guard.is_goal() { MARGIN_OF_GOAL } else { MARGIN };
    let margin = share(node.get("margin"), guard.margin_bp, range, report);
    let limit = share(node.get("limit"), guard.limit_bp, LIMIT, report);
    let weight = node.get("weight").map_or(Some(u64::from(guard.weight)), Node::whole);
    let required = node.get("required").map_or(Some(guard.required), Node::flag);
    if let (Some(false), MISSING, Some(node)) = (required, guard.name.as_str(), node.get("required")) {
        needed(node, "lets evidence promote without", report);
    }
    let absolute = match node.get("absolute") {
        None => Some(guard.absolute_bp),
        Some(absolute) => {
            if guard.is_goal() {
                let words = found(
                    absolute.shown(),
                    "says nothing of a goal: where nobody has stable beside it, nobody knows how many should meet it",
                );
                report.add(Code::NoEffect, absolute, words.fix("take it out"));
            }
            share(Some(absolute), 0, LIMIT, report).map(|bp| Some(bp).filter(|_| !guard.is_goal()))
        }
    };
    let guard = Guard {
        absolute_bp: absolute?,
        margin_bp: margin?,
        limit_bp: limit?,
        weight: u16::try_from(weight?).ok()?,
        required: required?,
        name: guard.name,
    };
    if let (true, Some(margin), Some(limit)) =
        (guard.is_goal() && guard.margin_bp >= guard.limit_bp, Weight::from_bp(guard.margin_bp), Weight::from_bp(guard.limit_bp))
    {
        let place = node.get("margin").or_else(|| node.get("limit")).unwrap_or(node);
        let words = why(format!(
            "a margin of {margin} is not less than the limit of {limit}: a build in between would be neither harmful nor safe, for ever"
        ));
        report.add(Code::OutOfRange, place, words.fix(format!("write a \"limit\" above \"{margin}\", or a smaller \"margin\"")));
    }
    Some(guard)
}

fn needed(node: &Node<'_>, does: &str, report: &mut Report<'_>) {
    let words = found(
        "false",
        format!(
            "{does} the guard that all others lean on: a page that never shows up has no errors and is not slow, so a silent build would look better than any"
        ),
    );
    report.add(Code::NeededGuard, node, words.fix("leave it out; a wider `margin` or `limit` is allowed"));
}

/// Reports a deadline that comes before the holds are over, where evidence is what takes the rollout forward.
pub fn check_deadline(rollout: &Node<'_>, policy: &Policy, rungs: &[Gate], step: usize, report: &mut Report<'_>) {
    let holds_s: u64 = rungs.iter().skip(step.saturating_sub(1)).map(|gate| u64::from(gate.hold_s)).sum();
    if policy.decide != Decide::Auto || u64::from(policy.deadline_s) > holds_s {
        return;
    }
    let (place, which) = match rollout.get("deadline") {
        Some(node) => (node, "the"),
        None => (rollout, "the usual"),
    };
    let words = why(format!(
        "{which} deadline is {}, and the holds of the steps are {} together: the rollout could never end by itself",
        quantity::spoken(u64::from(policy.deadline_s)),
        quantity::spoken(holds_s)
    ));
    let days = holds_s / DAY_S + 1;
    let fix = if days <= 365 {
        format!("write \"deadline\": \"{days}d\" or more, or shorter holds")
    } else {
        "write shorter holds: a deadline is at most \"365d\"".to_owned()
    };
    report.add(Code::ShortDeadline, place, words.fix(fix));
}

/// Reports guards that will never hear anything.
pub fn check_feedback(rollout: &Node<'_>, feedback: Option<&Node<'_>>, report: &mut Report<'_>) {
    let Some(enabled) = feedback.and_then(|feedback| feedback.get("enabled")) else { return };
    if enabled.flag() != Some(false) || rollout.get("decide").and_then(Node::text) == Some("never") {
        return;
    }
    let words = found(
        "false",
        "leaves the guards of the rollout without a word: nothing is ever shown to be harmful or safe, so evidence never rolls back and never promotes, and people have to",
    );
    report.add(
        Code::Unheard,
        enabled,
        words.fix("take it out, or write \"decide\": \"never\" in the rollout to say that people decide"),
    );
}

/// Whether this is the name of a guard.
pub fn is_name(text: &str) -> bool {
    match text.strip_prefix(GOAL) {
        None => USUAL.iter().any(|usual| usual.0 == text),
        Some(goal) => is_goal(goal),
    }
}

/// As pages report it.
pub fn is_goal(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

/// What is wrong with a name that is none.
pub fn explain(text: &str) -> Refusal {
    let tame = text.trim().to_lowercase();
    let as_goal = |name: &str| Some(name.replace([' ', '.', ':'], "-")).filter(|name| is_goal(name));
    let goal = ["goal", "goals"].iter().find_map(|head| tame.strip_prefix(head)?.strip_prefix(['.', ':']));
    if let Some(goal) = goal {
        let refusal = Refusal::new(
            "is not the name of a goal's guard: `goal.`, and a name of small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40",
        );
        let fix = as_goal(goal).map_or("write it like `goal.signup`".to_owned(), |goal| format!("write `{GOAL}{goal}`"));
        return refusal.fix(fix);
    }
    let usual = USUAL.iter().map(|usual| usual.0);
    let all = report::listed(usual.clone().chain(["goal.NAME"]), "or", 16);
    let refusal = Refusal { code: Code::UnknownValue, ..Refusal::new(format!("is not a guard: they are {all}")) };
    // People say `lcp`.
    let vital = usual.clone().find(|name| name.rsplit('_').next() == Some(tame.as_str()));
    match (vital.or_else(|| report::nearest(&tame, usual)), as_goal(&tame)) {
        (Some(near), _) => refusal.fix(format!("did you mean `{near}`?")),
        (None, Some(goal)) => refusal.fix(format!("if it is a goal that pages report, write `{GOAL}{goal}`")),
        (None, None) => refusal,
    }
}

#[cfg(test)]
mod tests;
