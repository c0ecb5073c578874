//! When a visitor's slot is at stake, and with which odds.
//!
//! A visitor is drawn the first time they meet a split in which both versions own slots, and anew whenever a later step
//! puts slots at stake that could be theirs: those that were stable's at their last draw, if that gave them stable. Who
//! was seen as canary is never drawn again in a rollout. The odds follow from slot ownership alone, so they hold
//! whatever happened in between; with the share of all visitors in their place an unchanged build would look harmful.

use crate::plan::{Rollout, Site};
use crate::slot::{Murmur3, Odds, VersionIndex};

use crate::assign::{Assignment, By};

/// Which of the two versions of a rollout a draw gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arm {
    /// The version trusted now.
    Stable,
    /// The version under trial.
    Canary,
}

impl Arm {
    /// One letter.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Stable => 's',
            Self::Canary => 'c',
        }
    }

    /// The arm a letter stands for.
    #[must_use]
    pub fn of_letter(letter: &str) -> Option<Self> {
        match letter {
            "s" => Some(Self::Stable),
            "c" => Some(Self::Canary),
            _ => None,
        }
    }
}

/// A draw as the visitor's cookie keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The step at which it was made, from 1.
    pub step: u16,
    /// Which split it was made in: a hash of the stratum's or the rule's name.
    pub ground: u32,
    /// The odds it was made with.
    pub odds: Odds,
    /// What came out.
    pub arm: Arm,
}

/// The draw that a page of this assignment belongs to, given the visitor's last one.
///
/// `None` if nothing is at stake for this page: the split has stable only, the visitor's draw was in another split, or what
/// they get now is not what their draw gave. Where the canary alone is left it comes out for sure: nothing is compared with
/// it, but its pages are told from those of visitors who have it for another reason. `is_fixed` says that arms stay as they
/// were at arrival.
#[must_use]
pub fn draw(site: &Site, rollout: &Rollout, assignment: &Assignment, last: Option<Draw>, is_fixed: bool) -> Option<Draw> {
    let arm = arm(site, rollout, assignment.version)?;
    let ground = ground(site, rollout, assignment.by)?;
    let is_alone = matches!(assignment.by, By::Stratum(_)) && arm == Arm::Canary;
    let is_kept = |odds: Odds| odds.is_draw() || (is_alone && odds.canary > 0);
    let new = |odds: Odds| is_kept(odds).then_some(Draw { step: rollout.step, ground, odds, arm });
    let kept = match last {
        None => return new(first_odds(site, rollout, assignment.by)),
        Some(last) if last.ground != ground => return None,
        Some(last) => last,
    };
    let drawn_anew = match assignment.by {
        By::Stratum(at) if kept.arm == Arm::Stable && !is_fixed && kept.step < rollout.step => {
            let odds = rollout.strata.get(at).and_then(|stratum| stratum.odds.get(usize::from(kept.step)));
            odds.copied().and_then(new)
        }
        _ => None,
    };
    drawn_anew.or((kept.arm == arm).then_some(kept))
}

/// The arm of a version, if it is one of the rollout's two.
fn arm(site: &Site, rollout: &Rollout, version: VersionIndex) -> Option<Arm> {
    match version {
        version if version == rollout.canary => Some(Arm::Canary),
        version if version == site.stable => Some(Arm::Stable),
        _ => None,
    }
}

fn first_odds(site: &Site, rollout: &Rollout, by: By) -> Odds {
    match by {
        By::Nothing => None,
        By::Stratum(at) => rollout.strata.get(at).and_then(|stratum| stratum.odds.first().copied()),
        By::Rule(at) => site.rules.get(at).map(|rule| rule.owners.odds(rollout.canary, site.stable, None)),
    }
    .unwrap_or_default()
}

/// A number for the split that decided.
fn ground(site: &Site, rollout: &Rollout, by: By) -> Option<u32> {
    Some(match by {
        By::Nothing => return None,
        By::Stratum(at) => Murmur3::hash(2, rollout.strata.get(at)?.name.as_bytes()),
        By::Rule(at) => Murmur3::hash(3, site.rules.get(at)?.name.as_bytes()),
    })
}

/// The name of the split that decided, for people: an area, `rule:` and a rule, or nothing where all are drawn together.
#[must_use]
pub fn place(site: &Site, rollout: &Rollout, by: By) -> String {
    match by {
        By::Nothing => String::new(),
        By::Stratum(at) => rollout.strata.get(at).map(|stratum| stratum.name.clone()).unwrap_or_default(),
        By::Rule(at) => site.rules.get(at).map(|rule| format!("rule:{}", rule.name)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
