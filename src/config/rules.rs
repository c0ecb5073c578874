//! The rules of a site: names, splits, and rules that nobody ever reaches.

use super::condition;
use super::logic::Fuel;
use super::model::{Condition, Rule};
use super::objects::MOST_RULES;
use super::problem::Code;
use super::quantity;
use super::report::{Report, did_you_mean, found, why};
use super::spelling;
use super::tree::{Member, Node};
use super::version::Names;
use crate::slot::{SLOTS, VersionIndex, Weight};

/// What of its site a rule can name.
pub struct Splits<'a> {
    pub names: &'a Names<'a>,
    pub stable: Option<VersionIndex>,
    pub canary: Option<VersionIndex>,
    pub has_rollout: bool,
    /// Base name of the site's own cookies.
    pub own_cookies: Option<&'a str>,
}

/// Reads the rules of a site; `None` if one can not be read.
pub fn read(site: &Node<'_>, splits: &Splits<'_>, report: &mut Report<'_>) -> Option<Vec<Rule>> {
    let items = site.get("rules").map(Node::items).unwrap_or_default();
    let mut rules: Vec<Option<Rule>> = Vec::new();
    let mut names = std::collections::BTreeMap::new();
    let mut conditions: Vec<(&str, Condition)> = Vec::new();
    let mut fuel = Fuel::new();
    for item in items.iter().take(MOST_RULES) {
        let name = item.get("name").and_then(|node| Some((node.text().filter(|text| spelling::NAME.fits(text))?, node)));
        if let Some((name, node)) = name {
            if let Some(&first) = names.get(name) {
                let (line, column) = report.position(first);
                let words = found(
                    name,
                    format!(
                        "is the name of an earlier rule too (line {line}, column {column}); a rule's split is drawn by its name"
                    ),
                );
                report.add(Code::DuplicateRule, node, words.fix("give each rule a name of its own"));
            } else {
                names.insert(name, node.start);
            }
        }
        let when = item.get("when").and_then(|node| condition::read(node, splits.own_cookies, report));
        if let (Some(when), Some(node)) = (&when, item.get("when")) {
            let shown = name.map_or("without a name", |(name, _)| name);
            check_reachable(when, &conditions, node, &mut fuel, report);
            conditions.push((shown, when.clone()));
        }
        let split = read_split(item, splits, report);
        rules.push(match (name, when, split) {
            (Some((name, _)), Some(when), Some(split)) => Some(Rule { name: name.to_owned(), when, split }),
            _ => None,
        });
    }
    rules.into_iter().collect()
}

fn check_reachable(when: &Condition, earlier: &[(&str, Condition)], node: &Node<'_>, fuel: &mut Fuel, report: &mut Report<'_>) {
    if let Some((name, before)) = earlier.iter().find(|(_, before)| fuel.implies(when, before)) {
        let what = if fuel.is_always(before) {
            "is for everyone"
        } else if when == before {
            "has the same condition"
        } else {
            "is for all of them already"
        };
        let words = why(format!("nobody gets to this rule: the earlier rule `{name}` {what}"));
        report.add(Code::UnreachableRule, node, words.fix(format!("put it before `{name}`, or take it out")));
    } else if fuel.is_never(when) {
        let words = why("this condition holds for nobody: two of its parts exclude each other");
        report.add(Code::NeverTrue, node, words.fix("all keys of a condition must hold; for either of two, use `any`"));
    }
}

/// A version by id or by the words `stable` and `canary`. The outer `None` has been reported, the inner is a bad site's.
fn named(text: &str, node: &Node<'_>, start: usize, splits: &Splits<'_>, report: &mut Report<'_>) -> Option<VersionIndex> {
    match text {
        "stable" => splits.stable,
        "canary" => {
            if !splits.has_rollout {
                let words = found("canary", "names the version under trial, and this site has no rollout");
                report.add_at(Code::NoCanary, start, &node.place, words.fix("write a version's id, or add a rollout"));
            }
            splits.canary
        }
        id if !spelling::NAME.fits(id) => None,
        id => {
            let known = splits.names.quietly(id);
            if known.is_none() {
                report_unknown(id, node, start, splits, report);
            }
            known
        }
    }
}

fn report_unknown(id: &str, node: &Node<'_>, start: usize, splits: &Splits<'_>, report: &mut Report<'_>) {
    let near = super::report::nearest(id, ["stable", "canary"].into_iter());
    if let Some(near) = near {
        let words = found(id, "is not a version of this site").fix(did_you_mean(id, std::iter::once(near), ""));
        report.add_at(Code::UnknownVersion, start, &node.place, words);
    } else {
        splits.names.report_unknown(id, node, start, report);
    }
}

fn read_split(rule: &Node<'_>, splits: &Splits<'_>, report: &mut Report<'_>) -> Option<Vec<(VersionIndex, Weight)>> {
    if let Some(serve) = rule.get("serve") {
        let version = named(serve.text()?, serve, serve.start, splits, report);
        if rule.get("split").is_none() {
            return Some(vec![(version?, Weight::ALL)]);
        }
    }
    let split = rule.get("split")?;
    let mut whole = true;
    let mut shares: Vec<(VersionIndex, Weight, &Member<'_>)> = Vec::new();
    for member in split.unique_members() {
        let version = named(&member.key, &member.node, member.key_start, splits, report);
        let weight = member.node.text().and_then(quantity::weight);
        let (Some(version), Some(weight)) = (version, weight) else {
            whole = false;
            continue;
        };
        if let Some((_, _, twin)) = shares.iter().find(|(known, ..)| *known == version) {
            whole = false;
            let words =
                found(member.key.as_ref(), format!("is the same version as `{}`", twin.key)).fix("give each version one share");
            report.add_at(Code::ConflictingKeys, member.key_start, &member.node.place, words);
        } else {
            shares.push((version, weight, member));
        }
    }
    // Sums of incomplete splits would be about something else.
    let stable = splits.stable.filter(|_| whole)?;
    let sum: u32 = shares.iter().map(|(_, weight, _)| u32::from(weight.bp())).sum();
    let missing = u32::from(SLOTS).checked_sub(sum);
    let names_stable = shares.iter().any(|(version, ..)| *version == stable);
    let percent = |bp: u32| format!("{}.{:02}%", bp / 100, bp % 100).replace(".00%", "%");
    let mut result: Vec<(VersionIndex, Weight)> = shares.into_iter().map(|(version, weight, _)| (version, weight)).collect();
    match missing {
        None => {
            let words = why(format!("the shares add up to {}, which is more than 100%", percent(sum)));
            report.add(Code::TooMuch, split, words.fix(format!("take {} away", percent(sum - u32::from(SLOTS)))));
            None
        }
        Some(0) => Some(result),
        Some(missing) if names_stable => {
            let words = why(format!(
                "the shares add up to {}, and the stable version has its own: {} is nobody's",
                percent(sum),
                percent(missing)
            ));
            report.add(
                Code::TooLittle,
                split,
                words.fix("make them add up to 100%, or leave the stable version out: it then gets the rest"),
            );
            None
        }
        Some(missing) => {
            result.insert(0, (stable, Weight::from_bp(u16::try_from(missing).ok()?)?));
            Some(result)
        }
    }
}
