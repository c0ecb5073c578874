//! One point of a site's course over time, as charts draw it: who gets what, what was counted, and what the evidence says.
//!
//! Made beside a look and decides nothing. The Controller keeps points as they are made and thins out old ones, so that a point has
//! to be small: numbers have four digits, an estimate with its interval is a list of three, and a reading is a list of its
//! logarithm and the threshold.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::estimates::{self, Vitals};
use super::in_force;
use super::state::State;
use super::tally::{Arm, Stratum, Tally};
use super::tick::{Sight, look};
use super::verdict::{Reading, Verdict};
use crate::beacon::tallies::Key;
use crate::plan::shares::shares;
use crate::plan::{Site, Strategy};
use crate::slot::Ownership;

/// Pages of the visitors drawn in one arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pages {
    pages: u64,
    missing: u64,
}

/// Pages by arm, canary and stable, over all steps: what the totals of a ledger say beside a [`Tally`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen([Pages; 2]);

impl Seen {
    /// Adds up the keys of an attempt.
    #[must_use]
    pub fn read<'a>(counts: impl Iterator<Item = (Key<'a>, u64)>) -> Self {
        let mut all = Self::default();
        let [canary, stable] = &mut all.0;
        for (key, n) in counts.filter(|(key, _)| key.class == "drawn") {
            let arm = match key.arm {
                "canary" => &mut *canary,
                "stable" => &mut *stable,
                _ => continue,
            };
            match key.counter {
                "pages" => arm.pages += n,
                "pages_missing" => arm.missing += n,
                _ => {}
            }
        }
        all
    }
}

/// The point of now.
#[must_use]
pub fn point(state: &State, tally: &Tally, vitals: &Vitals, seen: &Seen, now_ms: u64) -> Value {
    let site = in_force(state);
    let mut point = json!({
        "at_ms": now_ms, "revision": state.revision, "phase": state.phase.name(), "stable": state.stable,
        "split": split(&site),
    });
    let (Some(object), Some(run)) = (point.as_object_mut(), state.run.as_ref().filter(|_| state.is_running())) else {
        return point;
    };
    object.insert("canary".to_owned(), json!(run.canary));
    object.insert("attempt".to_owned(), json!(run.attempt));
    object.insert("step".to_owned(), json!(run.step));
    let Some(Sight { verdicts, ratio, .. }) = look(state, tally, now_ms) else { return point };
    let [canary, stable] = seen.0;
    let draws = |arm: fn(&Stratum) -> &Arm| -> u64 {
        tally.strata.iter().chain(&tally.uncontrolled).map(|stratum| arm(stratum).draws).sum()
    };
    let arm = |draws: u64, pages: Pages| json!({ "draws": draws, "pages": pages.pages, "missing": pages.missing });
    let arms = json!({ "canary": arm(draws(|one| &one.canary), canary), "stable": arm(draws(|one| &one.stable), stable) });
    object.insert("arms".to_owned(), arms);
    object.insert("places".to_owned(), json!(places(tally)));
    object.insert("ratio".to_owned(), reading(ratio));
    let counted = state.offer.rollout.as_ref().map(|ladder| estimates::of(run, ladder, tally, vitals)).unwrap_or_default();
    let guards: Vec<Value> = verdicts.iter().filter(|verdict| verdict.place.is_empty()).map(|one| guard(one, &counted)).collect();
    object.insert("guards".to_owned(), json!(guards));
    object.insert("vitals".to_owned(), json!(estimates::quartiles(vitals).iter().map(vital).collect::<Vec<_>>()));
    point
}

/// Who gets what where no rule decides: for each area (one without a name where all are drawn together) the versions with their
/// shares in percent.
fn split(site: &Site) -> Value {
    let all = Ownership::all(site.stable);
    let strategy = site.rollout.as_ref().map(|rollout| &rollout.strategy);
    let of = |owners: &Ownership| -> Value {
        shares(site, owners).into_iter().map(|(id, share)| (id, json!(share))).collect::<Map<_, _>>().into()
    };
    let split: Map<String, Value> = match strategy {
        None => [(String::new(), of(&all))].into_iter().collect(),
        Some(Strategy::Random(owners)) => [(String::new(), of(owners))].into_iter().collect(),
        Some(Strategy::Sequential(enrolment)) => {
            [(format!("the first {}", enrolment.first), of(&enrolment.of))].into_iter().collect()
        }
        Some(Strategy::Geographic(waves)) => waves.iter().map(|wave| (wave.name.clone(), of(&wave.owners))).collect(),
    };
    split.into()
}

/// Visitors drawn in each area.
fn places(tally: &Tally) -> Vec<Value> {
    let mut places: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for stratum in tally.strata.iter().chain(&tally.uncontrolled) {
        let place = places.entry(&stratum.place).or_default();
        place.0 += stratum.canary.draws;
        place.1 += stratum.stable.draws;
    }
    let each = places.into_iter();
    each.map(|(place, (canary, stable))| json!({ "place": place, "canary": canary, "stable": stable })).collect()
}

fn guard(verdict: &Verdict, counted: &[Value]) -> Value {
    let name = verdict.guard.as_str();
    let found = counted.iter().find(|one| one.get("guard").and_then(Value::as_str) == Some(name));
    let arm = |arm: &str| found.and_then(|one| one.get(arm)?.get("rate")).map_or(Value::Null, estimate);
    // Of two ways to show harm, the one that has come further.
    let part = |one: &Reading| one.log_e / one.threshold;
    let harm = verdict.absolute.filter(|absolute| part(absolute) > part(&verdict.harm)).unwrap_or(verdict.harm);
    json!({
        "guard": name, "says": verdict.says, "canary": arm("canary"), "stable": arm("stable"),
        "harm": reading(harm), "safe": verdict.safe.map_or(Value::Null, reading),
    })
}

fn vital(found: &Value) -> Value {
    let arm = |arm: &str| found.get(arm).map_or(Value::Null, estimate);
    json!({ "vital": found.get("vital"), "canary": arm("canary"), "stable": arm("stable") })
}

/// `[at, low, high]`; an end that nothing bounds is `null`.
fn estimate(found: &Value) -> Value {
    if !found.is_object() {
        return Value::Null;
    }
    let end = |name: &str| found.get(name).and_then(Value::as_f64).map(rounded);
    json!([end("at"), end("low"), end("high")])
}

fn reading(reading: Reading) -> Value {
    json!([rounded(reading.log_e), rounded(reading.threshold)])
}

/// Four digits are more than a chart can show.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 3.0 - libm::floor(libm::log10(value.abs()));
    let scale = libm::pow(10.0, digits.clamp(-12.0, 12.0));
    libm::round(value * scale) / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::event::Command;
    use crate::rollout::tests::scene::{Story, areas};

    fn of(story: &Story) -> Value {
        point(&story.state, &story.tally, &Vitals::default(), &Seen::default(), story.now_ms)
    }

    #[test]
    fn a_point_says_who_gets_what_what_was_counted_and_what_the_evidence_says() {
        let mut story = Story::begin();
        story.with(1000, 10, 2);
        let keys = ["drawn|c|v2|1|-|100|9900|pages", "drawn|s|v1|1|-|100|9900|pages_missing", "apart|-|v1|1|-|100|9900|pages"];
        let seen = Seen::read(keys.iter().zip([30, 4, 9]).map(|(key, n)| (Key::parse(key).unwrap(), n)));
        let point = point(&story.state, &story.tally, &Vitals::default(), &seen, story.now_ms);
        assert_eq!(point["split"], json!({ "": { "v1": 99.0, "v2": 1.0 } }));
        assert_eq!(point["arms"]["canary"], json!({ "draws": 10, "pages": 30, "missing": 0 }));
        assert_eq!(point["arms"]["stable"]["missing"], 4);
        assert_eq!(point["places"], json!([{ "place": "", "canary": 10, "stable": 990 }]));
        let missing = &point["guards"][0];
        assert_eq!((&missing["guard"], &missing["says"]), (&json!("missing"), &json!("undecided")));
        assert_eq!(missing["stable"][0], json!(0.001_01));
        let (low, high) = (missing["stable"][1].as_f64().unwrap(), missing["stable"][2].as_f64().unwrap());
        assert!(low < 0.001 && 0.001 < high, "{missing}");
        assert_eq!(missing["harm"].as_array().unwrap().len(), 2);
        assert_eq!(point["ratio"].as_array().unwrap().len(), 2);
        assert!(point.to_string().len() < 2000, "a point is small: {point}");
    }

    #[test]
    fn areas_have_splits_and_visitors_of_their_own() {
        let mut story = Story::of(&areas(&[&[("NZ", 1000)], &[("NZ", 5000), ("DE", 1000)]]));
        story.with_in("NZ", 100, 0, 0);
        let point = of(&story);
        assert_eq!(point["split"]["NZ"], json!({ "v1": 90.0, "v2": 10.0 }));
        assert_eq!(point["places"], json!([{ "place": "NZ", "canary": 10, "stable": 90 }]));
    }

    #[test]
    fn where_nobody_is_drawn_a_point_says_who_gets_what_and_no_more() {
        let mut story = Story::begin();
        story.ask(Command::RollBack).unwrap();
        let point = of(&story);
        assert_eq!((&point["phase"], &point["split"]), (&json!("rolled_back"), &json!({ "": { "v1": 100.0 } })));
        assert_eq!(point.get("guards"), None);
    }

    #[test]
    fn numbers_are_shortened_and_stay_what_they_are() {
        let shown = [0.0, 0.000_123_456, 1.0, 99.994, 123_456.0, -7.600_902, f64::INFINITY].map(|one| rounded(one).to_string());
        assert_eq!(shown, ["0", "0.0001235", "1", "99.99", "123500", "-7.601", "0"]);
    }
}
