//! Steps of the geographic strategy that would take the canary away from somebody.
//!
//! What counts is the weight in force, the most specific area winning: a step that opens `NZ` at 5 % lowers New Zealand if
//! `continent:OC` stood at 10 %. Every country, every region that is named, and `unknown` stand for all visitors; data
//! centres are compared with all of these, because they serve people from anywhere.

use std::collections::BTreeMap;

use super::Opened;
use crate::config::area::wider;
use crate::config::model::Area;
use crate::config::problem::Code;
use crate::config::report::{Report, found};
use crate::config::territory;
use crate::slot::Weight;

/// A place, and the areas that hold it from the most to the least specific.
struct Spot {
    place: Area,
    areas: Vec<Area>,
}

/// Somebody whose weight goes down: where they are, what decided before, and how much it was.
#[derive(Clone, Copy)]
struct Fall<'a> {
    place: &'a Area,
    by: &'a Area,
    before: Weight,
}

/// Reports every area of every step that decides for somebody whose weight it lowers.
pub fn check(steps: &[Vec<Opened<'_, '_>>], report: &mut Report<'_>) {
    let spots = spots(steps);
    let mut before: BTreeMap<Area, Weight> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        let mut after = before.clone();
        after.extend(step.iter().map(|one| (one.area.clone(), one.weight)));
        if at > 0 {
            let worst = worst_falls(&spots, &before, &after);
            for one in step {
                let fall = match before.get_key_value(&one.area) {
                    Some((area, weight)) => (one.weight < *weight).then_some(Fall { place: area, by: area, before: *weight }),
                    None if matches!(one.area, Area::Colo(_)) => highest(&spots, &before).filter(|fall| one.weight < fall.before),
                    None => worst.get(&one.area).copied(),
                };
                if let Some(fall) = fall {
                    say(one, fall, report);
                }
            }
        }
        before = after;
    }
}

fn spots(steps: &[Vec<Opened<'_, '_>>]) -> Vec<Spot> {
    let regions = steps.iter().flatten().map(|one| &one.area).filter(|area| matches!(area, Area::Region(..)));
    let mut places: Vec<Area> = regions.cloned().collect();
    places.sort();
    places.dedup();
    places.extend(territory::countries().map(|country| Area::Country(country.code.to_owned())));
    places.push(Area::Unknown);
    let spot = |place: Area| {
        let mut areas = vec![place.clone()];
        areas.extend(wider(&place));
        Spot { place, areas }
    };
    places.into_iter().map(spot).collect()
}

/// The most specific area in force at a spot.
fn in_force<'a>(force: &'a BTreeMap<Area, Weight>, spot: &Spot) -> Option<(&'a Area, Weight)> {
    spot.areas.iter().find_map(|area| force.get_key_value(area)).map(|(area, weight)| (area, *weight))
}

/// By the area that decides after a step: the deepest fall among the places it decides for.
fn worst_falls<'a>(
    spots: &'a [Spot],
    before: &'a BTreeMap<Area, Weight>,
    after: &'a BTreeMap<Area, Weight>,
) -> BTreeMap<&'a Area, Fall<'a>> {
    let mut worst: BTreeMap<&Area, Fall<'_>> = BTreeMap::new();
    for spot in spots {
        let (Some((by, was)), Some((decides, is))) = (in_force(before, spot), in_force(after, spot)) else { continue };
        if is < was && worst.get(decides).is_none_or(|known| known.before < was) {
            worst.insert(decides, Fall { place: &spot.place, by, before: was });
        }
    }
    worst
}

/// The highest weight anybody has.
fn highest<'a>(spots: &'a [Spot], before: &'a BTreeMap<Area, Weight>) -> Option<Fall<'a>> {
    let all = spots
        .iter()
        .filter_map(|spot| in_force(before, spot).map(|(by, weight)| Fall { place: &spot.place, by, before: weight }));
    // Of equals, the first: places are listed in a fixed order.
    all.reduce(|best, one| if one.before > best.before { one } else { best })
}

fn say(one: &Opened<'_, '_>, fall: Fall<'_>, report: &mut Report<'_>) {
    let Fall { place, by, before } = fall;
    let why = if *by == one.area {
        format!("is less than the {before} of the step before: visitors would lose the canary")
    } else if by == place {
        format!("is less than the {before} that visitors in `{place}` had at the step before: they would lose the canary")
    } else {
        format!(
            "is less than the {before} that visitors in `{place}` had by `{by}` at the step before: they would lose the canary"
        )
    };
    report.add(
        Code::FallingStep,
        &one.member.node,
        found(one.weight.to_string(), why).fix(format!("write at least \"{before}\"")),
    );
}
