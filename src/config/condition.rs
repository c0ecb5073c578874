//! Conditions of rules, read from the tree.

use super::area;
use super::model::{Area, Condition};
use super::problem::Code;
use super::report::{Report, found, why};
use super::site::{glob, is_own_cookie};
use super::spelling;
use super::tree::{Member, Node};
use crate::glob::Glob;
use crate::plan::Device;

/// How deep conditions may nest: `all`, `any` and `not` each go one deeper.
const MOST_LEVELS: usize = 8;

/// Reads a condition; `own` is the base name of the site's own cookies.
pub fn read(node: &Node<'_>, own: Option<&str>, report: &mut Report<'_>) -> Option<Condition> {
    at_level(node, own, MOST_LEVELS, report)
}

fn at_level(node: &Node<'_>, own: Option<&str>, levels: usize, report: &mut Report<'_>) -> Option<Condition> {
    let Some(below) = levels.checked_sub(1) else {
        let words = why(format!("conditions are nested more than {MOST_LEVELS} deep"));
        report.add(Code::TooDeep, node, words.fix("several rules with the same split can say the same"));
        return None;
    };
    let mut parts: Vec<Option<Condition>> = Vec::new();
    for member in node.unique_members() {
        read_part(member, own, below, &mut parts, report);
    }
    let mut parts: Vec<Condition> = parts.into_iter().collect::<Option<_>>()?;
    match parts.len() {
        0 => Some(Condition::Always),
        1 => parts.pop(),
        _ => Some(Condition::All(parts)),
    }
}

/// Appends what a key asks; `None` for what can not be read.
fn read_part(member: &Member<'_>, own: Option<&str>, below: usize, parts: &mut Vec<Option<Condition>>, report: &mut Report<'_>) {
    let node = &member.node;
    let nested = |nodes: &[Node<'_>], report: &mut Report<'_>| {
        // Collected first, so that problems of all of them are said.
        let read: Vec<Option<Condition>> = nodes.iter().map(|node| at_level(node, own, below, report)).collect();
        filled(read.into_iter().collect())
    };
    let part = match member.key.as_ref() {
        "country" => areas(node, |text| spelling::COUNTRY.fits(text).then(|| text.to_owned()), report),
        "region" => areas(node, |text| spelling::REGION.fits(text).then(|| text.to_owned()), report),
        "continent" => {
            let known = |text: &str| super::objects::CONTINENTS.iter().any(|word| word.text == text);
            areas(node, |text| known(text).then(|| format!("continent:{text}")), report)
        }
        "colo" => areas(node, |text| spelling::COLO.fits(text).then(|| format!("colo:{text}")), report),
        "eu" => node.flag().map(|inside| {
            let eu = Condition::Area(vec![Area::EuropeanUnion]);
            if inside { eu } else { Condition::Not(Box::new(eu)) }
        }),
        "city" => texts(node, &spelling::CITY).map(Condition::City),
        "path" => globs(node, report).map(Condition::Path),
        "host" => globs(node, report).map(Condition::Host),
        "language" => texts(node, &spelling::LANGUAGE).map(Condition::Language),
        "device" => devices(node).map(Condition::Device),
        "bot" => node.flag().map(Condition::Bot),
        "all" => nested(node.items(), report).map(Condition::All),
        "any" => nested(node.items(), report).map(Condition::Any),
        "not" => {
            nested(std::slice::from_ref(node), report).and_then(|mut one| one.pop()).map(|part| Condition::Not(Box::new(part)))
        }
        "query" => {
            let pairs = node
                .unique_members()
                .map(|member| Some(Condition::Query(member.key.clone().into_owned(), globs(&member.node, report)?)));
            parts.extend(pairs);
            return;
        }
        "header" => {
            let pairs = node.unique_members().map(|member| {
                let name = Some(member.key.to_ascii_lowercase()).filter(|name| spelling::TOKEN.fits(name))?;
                Some(Condition::Header(name, globs(&member.node, report)?))
            });
            parts.extend(pairs);
            return;
        }
        "cookie" => {
            for member in node.unique_members() {
                check_cookie(member, own, report);
                let name = Some(member.key.clone().into_owned()).filter(|name| spelling::TOKEN.fits(name));
                let globs = globs(&member.node, report);
                parts.push(name.zip(globs).map(|(name, globs)| Condition::Cookie(name, globs)));
            }
            return;
        }
        // Said to be unknown already.
        _ => None,
    };
    parts.push(part);
}

/// Rules must not read our own cookie: its text is nobody's to match, and it changes.
fn check_cookie(member: &Member<'_>, own: Option<&str>, report: &mut Report<'_>) {
    if let Some(base) = own.filter(|base| is_own_cookie(&member.key, base)) {
        let words =
            found(member.key.as_ref(), format!("is Halftone's own cookie here (`{base}`), whose value is signed and changes"));
        let fix = "use another cookie; to let people choose a version, set one in the page or use preview links";
        report.add_at(Code::CookieClash, member.key_start, &member.node.place, words.fix(fix));
    }
}

fn areas(node: &Node<'_>, written: impl Fn(&str) -> Option<String>, report: &mut Report<'_>) -> Option<Condition> {
    let mut areas: Vec<Option<Area>> = Vec::new();
    for item in node.one_or_more() {
        let text = item.text().and_then(&written);
        areas.push(text.and_then(|text| area::resolve(&text, item.start, &item.place, report)));
    }
    let mut areas: Vec<Area> = filled(areas.into_iter().collect())?;
    areas.dedup();
    Some(Condition::Area(areas))
}

fn texts(node: &Node<'_>, spelling: &super::shape::Spelling) -> Option<Vec<String>> {
    let texts = node.one_or_more().iter().map(|item| item.text().filter(|text| spelling.fits(text)).map(str::to_owned));
    filled(texts.collect())
}

fn globs(node: &Node<'_>, report: &mut Report<'_>) -> Option<Vec<Glob>> {
    let globs: Vec<Option<Glob>> = node.one_or_more().iter().map(|item| glob(item, report)).collect();
    filled(globs.into_iter().collect())
}

/// Nothing for an empty list: it has been reported.
fn filled<T>(list: Option<Vec<T>>) -> Option<Vec<T>> {
    list.filter(|list| !list.is_empty())
}

fn devices(node: &Node<'_>) -> Option<Vec<Device>> {
    let device = |item: &Node<'_>| match item.text()? {
        "mobile" => Some(Device::Mobile),
        "tablet" => Some(Device::Tablet),
        "desktop" => Some(Device::Desktop),
        _ => None,
    };
    filled(node.one_or_more().iter().map(device).collect())
}
