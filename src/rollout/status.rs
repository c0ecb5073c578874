//! What people are told of a site: where it stands, what the evidence says, and what it waits for.

use serde_json::{Value, json};

use super::estimates::{self, Vitals};
use super::state::{Phase, State};
use super::tally::Tally;
use super::tick::{Sight, look};

/// The answer to `GET api/v1/status`.
#[must_use]
pub fn of(state: &State, tally: &Tally, vitals: &Vitals, now_ms: u64) -> Value {
    let sight = if state.is_running() { look(state, tally, now_ms) } else { None };
    let held = if let Phase::Held(why) = state.phase { Some(why) } else { None };
    let rollout = state.run.as_ref().zip(state.offer.rollout.as_ref()).map(|(run, ladder)| {
        // Periods come behind the steps; only the split of the one it is in is known by now.
        let period = run.period.as_ref().map(|period| &period.rung);
        let periods = std::iter::repeat_n(period, usize::from(run.step.saturating_sub(ladder.last()))).flatten();
        let steps = ladder.rungs.iter().map(|rung| (rung, false)).chain(periods.map(|rung| (rung, true)));
        let steps: Vec<Value> = steps
            .map(|(rung, is_period)| {
                json!({
                    "weights": weights(rung, ladder.canary), "hold_s": rung.hold_s, "approval": rung.approval, "draws": rung.draws(),
                    "between": rung.between, "period": is_period,
                })
            })
            .collect();
        json!({
            "id": run.id, "canary": run.canary, "attempt": run.attempt, "step": run.step, "steps": steps,
            "started_ms": run.started_ms, "since_ms": run.since_ms, "areas_back": run.areas_back,
            "decide": run.policy.decide,
        })
    });
    let mut status = json!({
        "site": state.offer.site.name, "revision": state.revision, "stable": state.stable, "phase": state.phase.name(), "held": held,
        "off": state.is_off, "freeze": state.freeze.as_ref().filter(|freeze| freeze.until_ms > now_ms), "now_ms": now_ms,
        "rollout": rollout, "quarantine": state.quarantine,
        "queued": state.queued.as_ref().and_then(|offer| offer.canary()), "gives": super::given(state),
        "config": state.offer.digest(), "queued_config": state.queued.as_ref().map(|offer| offer.digest()),
    });
    if let (Some(Sight { verdicts, ratio, waiting, reach, .. }), Some(object)) = (sight, status.as_object_mut()) {
        let counted = state.run.as_ref().zip(state.offer.rollout.as_ref());
        let counted = counted.map(|(run, ladder)| estimates::of(run, ladder, tally, vitals)).unwrap_or_default();
        object.insert("verdicts".to_owned(), json!(verdicts));
        object.insert("counts".to_owned(), json!(counted));
        object.insert("sample_ratio".to_owned(), json!(ratio));
        object.insert("waiting".to_owned(), json!(waiting));
        object.insert("newest_ms".to_owned(), json!(tally.newest_ms));
        object.insert("uncontrolled".to_owned(), json!(uncontrolled(tally)));
        let goal = state.run.as_ref().and_then(|run| Some((run, run.policy.optimise.as_ref()?)));
        if let (Some((run, optimise)), Some(ladder)) = (goal, &state.offer.rollout) {
            let now = run.rung(ladder).and_then(|rung| rung.weight(ladder.canary)).map(|weight| weight.to_string());
            let share = super::optimise::share(run, optimise, tally).map(|share| share.to_string());
            let shown = json!({ "goal": optimise.goal, "weight": now, "wanted": share, "period": run.period.is_some() });
            object.insert("optimise".to_owned(), shown);
        }
        if let (Some(reach), Some(pace)) = (reach, state.run.as_ref().and_then(|run| run.policy.pace)) {
            let allowed = reach.allowed.to_string();
            let shown = json!({ "harmed": pace.harmed, "views": pace.views, "allowed": allowed, "upper": reach.upper });
            object.insert("pace".to_owned(), shown);
        }
    }
    status
}

/// Where the canary has nobody beside it: there no comparison can be made, and only absolute limits guard.
fn uncontrolled(tally: &Tally) -> Vec<Value> {
    let strata = tally.uncontrolled.iter();
    strata.map(|one| json!({ "step": one.step, "place": one.place, "draws": one.canary.draws })).collect()
}

/// The canary's weights on a step, by area (one without a name where all are drawn together).
fn weights(rung: &super::offer::Rung, canary: crate::slot::VersionIndex) -> Value {
    use crate::plan::Strategy;
    match &rung.strategy {
        Strategy::Random(owners) => json!({ "": owners.share(canary).to_string() }),
        Strategy::Sequential(enrolment) => json!({ "first": enrolment.first, "of": enrolment.of.share(canary).to_string() }),
        Strategy::Geographic(waves) => {
            waves.iter().map(|wave| (wave.name.clone(), Value::from(wave.weight(canary).to_string()))).collect()
        }
    }
}
