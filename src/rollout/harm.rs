//! Harm: who goes back, an area or everybody, and whether it is believed.
//!
//! Areas come first: one that is worse by its own evidence goes back alone, and what is left is judged without it. Everybody
//! goes back when what is left is worse, not on account of one area alone (see [`super::verdict::judge`]), or when no area would be left.

use super::event::Kind;
use super::policy::Guard;
use super::state::Held;
use super::step::{Change, Why};
use super::tally::{Arm, Tally};
use super::tick::{Sight, look, open};
use super::verdict::{Says, Verdict};

/// Takes back what is harmful. Gives why a harm was not believed, if one was not: too few networks say so, or too many votes were
/// refused.
pub(super) fn act(change: &mut Change<'_>, tally: &Tally, sight: &Sight) -> Option<(Held, String)> {
    let mut doubt = None;
    let mut bad: Vec<&Verdict> = Vec::new();
    for verdict in sight.verdicts.iter().filter(|verdict| !verdict.place.is_empty() && verdict.says == Says::Harm) {
        let is_known = bad.iter().any(|other| other.place == verdict.place);
        match in_doubt(change, tally, verdict) {
            Some(why) => doubt = doubt.or(Some(why)),
            None if is_known => {}
            None => bad.push(verdict),
        }
    }
    if let Some(first) = bad.first()
        && bad.len() >= open(change.state).len()
    {
        let places: Vec<&str> = bad.iter().map(|verdict| verdict.place.as_str()).collect();
        let reason = format!("{} is worse than its margin in {}, and no area is left", first.guard, places.join(", "));
        change.roll_back(Why { by: "evidence", code: "harm", reason: &reason });
        return None;
    }
    let decided = change.outcome.decisions.len();
    for verdict in &bad {
        area_back(change, verdict);
    }
    change.with_evidence(decided, &sight.verdicts, sight.ratio);
    let again = if bad.is_empty() { None } else { look(change.state, tally, change.now_ms) };
    let now = again.as_ref().unwrap_or(sight);
    let of_all = now.verdicts.iter().filter(|verdict| verdict.place.is_empty() && verdict.says == Says::Harm);
    for verdict in of_all {
        if let Some(why) = in_doubt(change, tally, verdict) {
            doubt = doubt.or(Some(why));
            continue;
        }
        let reason = if verdict.harm.is_reached() {
            format!("{} is worse than its margin", verdict.guard)
        } else {
            format!("{} is above its absolute limit where nobody has stable beside it", verdict.guard)
        };
        change.roll_back(Why { by: "evidence", code: "harm", reason: &reason });
        change.with_evidence(decided, &now.verdicts, now.ratio);
        return None;
    }
    doubt
}

fn area_back(change: &mut Change<'_>, verdict: &Verdict) {
    let step = change.step_number();
    if let Some(run) = change.state.run.as_mut() {
        run.areas_back.push(verdict.place.clone());
    }
    let reason = format!("{} is worse than its margin in {}", verdict.guard, verdict.place);
    change.revise(Kind::RollBack, Why { by: "evidence", code: "harm_in_area", reason: &reason }, step);
}

/// Why a harm is not believed yet. Of an area only what came from there counts.
fn in_doubt(change: &Change<'_>, tally: &Tally, verdict: &Verdict) -> Option<(Held, String)> {
    let run = change.state.run.as_ref()?;
    let at = run.policy.guards.iter().position(|guard| guard.name == verdict.guard)?;
    let (guard, place) = (&verdict.guard, verdict.place.as_str());
    let is_back = |place: &str| run.areas_back.iter().any(|back| back == place);
    let (networks, refused) = if place.is_empty() && !run.areas_back.is_empty() {
        // A network may be in several areas, so the most of any is what there are, at least.
        let left = tally.places.iter().filter(|one| !is_back(&one.place)).map(|one| tally.voices(&one.place, at));
        left.fold((0, 0), |all, one| (all.0.max(one.0), all.1 + one.1))
    } else {
        tally.voices(place, at)
    };
    let there = if place.is_empty() { String::new() } else { format!(" in {place}") };
    let least = run.policy.least_networks;
    if networks < least {
        let is_goal = run.policy.guards.get(at).is_some_and(Guard::is_goal);
        let all = if is_goal { "all who meet it with stable come" } else { "all of it comes" };
        let words =
            format!("{guard} looks worse than its margin{there}, but {all} from {networks} networks, and {least} are asked for");
        return Some((Held::FewNetworks, words));
    }
    let is_meant = |stratum: &&super::tally::Stratum| !is_back(&stratum.place) && (place.is_empty() || stratum.place == place);
    let votes = |arm: &Arm| arm.outcome(at).votes;
    let taken: u64 = tally.strata.iter().filter(is_meant).map(|stratum| votes(&stratum.canary) + votes(&stratum.stable)).sum();
    (refused > taken).then(|| {
        let words =
            format!("{guard} looks worse than its margin{there} amid {refused} votes that were over their networks' share");
        (Held::Inflow, words)
    })
}
