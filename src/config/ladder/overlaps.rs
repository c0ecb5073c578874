//! Areas of one ladder that share visitors but not weights: allowed, and easily not meant.

use std::collections::BTreeMap;

use super::Opened;
use crate::config::area::wider;
use crate::config::model::Area;
use crate::config::problem::Code;
use crate::config::report::{Report, listed, why};
use crate::slot::Weight;

/// Warns once for each area that narrower ones take visitors from, and once for all data centres.
pub fn check(steps: &[Vec<Opened<'_, '_>>], report: &mut Report<'_>) {
    let mut first: BTreeMap<&Area, &Opened<'_, '_>> = BTreeMap::new();
    for one in steps.iter().flatten() {
        first.entry(&one.area).or_insert(one);
    }
    let weights = weights(steps);
    let mut narrower: BTreeMap<&Area, Vec<String>> = BTreeMap::new();
    for area in first.keys() {
        for wide in wider(area).into_iter().filter(|wide| *wide != Area::Elsewhere) {
            if let Some((wide, _)) = first.get_key_value(&wide).filter(|(wide, _)| differ(weights.get(*area), weights.get(*wide)))
            {
                narrower.entry(wide).or_default().push(area.to_string());
            }
        }
    }
    for (wide, names) in narrower {
        let words = why(format!(
            "also holds {}; the more specific wins, so visitors there get its weight",
            listed(names.iter(), "and", 10)
        ));
        add(&first, wide, words, report);
    }
    let (colos, others): (Vec<&Area>, Vec<&Area>) = first.keys().partition(|area| matches!(area, Area::Colo(_)));
    if let [colo, ..] = colos.as_slice()
        && !others.is_empty()
    {
        let names = listed(colos.iter().map(ToString::to_string), "and", 10);
        let words = why(format!(
            "a data centre serves visitors of other areas too, and is the most specific: the weight of {names} counts for them"
        ));
        add(&first, colo, words, report);
    }
}

fn add(first: &BTreeMap<&Area, &Opened<'_, '_>>, area: &Area, words: crate::config::report::Words, report: &mut Report<'_>) {
    if let Some(one) = first.get(area) {
        report.add_at(Code::AreaOverlap, one.member.key_start, &one.member.node.place, words);
    }
}

/// By area: its weight after each step, `None` before it is opened.
fn weights<'a>(steps: &'a [Vec<Opened<'_, '_>>]) -> BTreeMap<&'a Area, Vec<Option<Weight>>> {
    let mut all: BTreeMap<&Area, Vec<Option<Weight>>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        for one in step {
            let weights = all.entry(&one.area).or_default();
            weights.resize(at, weights.last().copied().flatten());
            weights.push(Some(one.weight));
        }
    }
    for weights in all.values_mut() {
        weights.resize(steps.len(), weights.last().copied().flatten());
    }
    all
}

fn differ(a: Option<&Vec<Option<Weight>>>, b: Option<&Vec<Option<Weight>>>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.iter().zip(b).any(|(a, b)| a.is_some() && b.is_some() && a != b))
}
