//! What can be said of conditions without a request: that one implies another, that one never holds.
//!
//! Careful rather than complete: `true` is certain, `false` only means "not seen". So a warning made from this is never
//! wrong, and some rules that nobody reaches go unnoticed; so does whatever would take too long to find out.

use super::area;
use super::model::{Area, Condition};
use crate::glob::Glob;

/// Comparisons left. Nested conditions can be compared in very many ways, and a config is to be checked in no time.
pub struct Fuel(usize);

impl Fuel {
    /// Enough for two hundred ordinary rules, each compared with all before it; gone in a fraction of a second.
    pub fn new() -> Self {
        Self(200_000)
    }

    fn burn(&mut self, amount: usize) -> bool {
        let left = self.0.checked_sub(amount);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    /// Whether the condition holds for everyone.
    pub fn is_always(&mut self, condition: &Condition) -> bool {
        if !self.burn(1) {
            return false;
        }
        match condition {
            Condition::Always => true,
            Condition::All(parts) => parts.iter().all(|part| self.is_always(part)),
            Condition::Any(parts) => {
                parts.iter().any(|part| self.is_always(part))
                    || self.some_pair(&parts.iter().collect::<Vec<_>>(), Self::are_opposite)
            }
            Condition::Not(part) => self.is_never(part),
            _ => false,
        }
    }

    /// Whether the condition holds for nobody.
    pub fn is_never(&mut self, condition: &Condition) -> bool {
        if !self.burn(1) {
            return false;
        }
        match condition {
            Condition::All(parts) => {
                let parts = flattened(parts);
                parts.iter().any(|part| self.is_never(part)) || self.some_pair(&parts, Self::exclude)
            }
            Condition::Any(parts) => !parts.is_empty() && parts.iter().all(|part| self.is_never(part)),
            Condition::Not(part) => self.is_always(part),
            _ => false,
        }
    }

    fn some_pair(&mut self, parts: &[&Condition], test: fn(&mut Self, &Condition, &Condition) -> bool) -> bool {
        let pairs = parts.iter().enumerate().flat_map(|(at, a)| parts.iter().skip(at + 1).map(move |b| (*a, *b)));
        pairs.take(self.0).any(|(a, b)| test(self, a, b))
    }

    fn are_opposite(&mut self, a: &Condition, b: &Condition) -> bool {
        self.burn(1)
            && match (a, b) {
                (Condition::Bot(a), Condition::Bot(b)) => a != b,
                (Condition::Not(not), other) | (other, Condition::Not(not)) => **not == *other,
                _ => false,
            }
    }

    /// Whether no request meets both.
    fn exclude(&mut self, a: &Condition, b: &Condition) -> bool {
        if !self.burn(1) {
            return false;
        }
        match (a, b) {
            (Condition::Area(a), Condition::Area(b)) => {
                self.burn(a.len() * b.len()) && a.iter().all(|a| b.iter().all(|b| area::disjoint(a, b)))
            }
            (Condition::Device(a), Condition::Device(b)) => !a.iter().any(|class| b.contains(class)),
            (Condition::City(a), Condition::City(b)) => {
                self.burn(a.len() * b.len()) && !a.iter().any(|name| b.iter().any(|other| same(name, other)))
            }
            (Condition::Bot(a), Condition::Bot(b)) => a != b,
            (Condition::Not(not), other) | (other, Condition::Not(not)) => self.implies(other, not),
            (Condition::Any(parts), other) | (other, Condition::Any(parts)) => parts.iter().all(|part| self.exclude(part, other)),
            (Condition::All(parts), other) | (other, Condition::All(parts)) => parts.iter().any(|part| self.exclude(part, other)),
            _ => false,
        }
    }

    /// Whether every request that meets `a` meets `b`.
    pub fn implies(&mut self, a: &Condition, b: &Condition) -> bool {
        if !self.burn(1) {
            return false;
        }
        if a == b || self.is_always(b) {
            return true;
        }
        match (a, b) {
            (Condition::Any(parts), _) => parts.iter().all(|part| self.implies(part, b)),
            (_, Condition::All(parts)) => parts.iter().all(|part| self.implies(a, part)),
            (Condition::Not(a), Condition::Not(b)) => self.implies(b, a),
            (_, Condition::Any(parts)) if parts.iter().any(|part| self.implies(a, part)) => true,
            (Condition::All(parts), _) => parts.iter().any(|part| self.implies(part, b)),
            (Condition::Area(a), Condition::Area(b)) => self.burn(a.len() * b.len()) && a.iter().all(|a| is_covered(a, b)),
            (Condition::City(a), Condition::City(b)) | (Condition::Language(a), Condition::Language(b)) => {
                self.burn(a.len() * b.len()) && a.iter().all(|name| b.iter().any(|other| same(name, other)))
            }
            (Condition::Device(a), Condition::Device(b)) => a.iter().all(|class| b.contains(class)),
            (Condition::Path(a), Condition::Path(b)) => self.narrower(a, b, "**"),
            (Condition::Host(a), Condition::Host(b)) => self.narrower(a, b, "*"),
            (Condition::Query(name, a), Condition::Query(other, b))
            | (Condition::Cookie(name, a), Condition::Cookie(other, b))
            | (Condition::Header(name, a), Condition::Header(other, b)) => name == other && self.narrower(a, b, "*"),
            _ => false,
        }
    }

    /// Whether each of the patterns stands among the others too, or one of those takes everything.
    fn narrower(&mut self, a: &[Glob], b: &[Glob], everything: &str) -> bool {
        let takes_all = |glob: &Glob| glob.as_str() == everything || glob.as_str() == "**";
        b.iter().any(takes_all) || (self.burn(a.len() * b.len()) && a.iter().all(|glob| b.contains(glob)))
    }
}

/// The parts of nested `all`s in one list.
fn flattened(parts: &[Condition]) -> Vec<&Condition> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Condition::All(inner) => flat.extend(flattened(inner)),
            other => flat.push(other),
        }
    }
    flat
}

fn same(name: &str, other: &str) -> bool {
    name.to_lowercase() == other.to_lowercase()
}

/// Whether an area is in one of several, or all its countries are: `EU` in the 27 of them.
fn is_covered(area: &Area, others: &[Area]) -> bool {
    if others.iter().any(|other| area::within(area, other)) {
        return true;
    }
    let country = |code: &str| Area::Country(code.to_owned());
    let members: Vec<Area> = match area {
        Area::EuropeanUnion => super::territory::eu_members().map(|member| country(member.code)).collect(),
        Area::Continent(code) => super::territory::continent_members(code).map(|member| country(member.code)).collect(),
        _ => return false,
    };
    !members.is_empty() && members.iter().all(|member| others.iter().any(|other| area::within(member, other)))
}
