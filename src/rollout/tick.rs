//! What evidence and time decide: the one place where a rollout moves by itself.
//!
//! In this order: harm goes back at once; when time is up the policy says what becomes of it; a broken sample ratio, harm that
//! is in doubt or silence hold; then the next step, if all that its rung asks for is there; and at the end of the ladder
//! promotion, if every required guard is safe.

use super::event::{Kind, Waiting};
use super::harm;
use super::optimise::Next;
use super::policy::{Decide, OnDeadline};
use super::state::{Before, Held, Phase, Start, State};
use super::step::{Change, Why};
use super::tally::Tally;
use super::verdict::{Reading, Says, Verdict, judge, sample_ratio};

pub(super) const SECOND_MS: u64 = 1000;
pub(super) const DAY_MS: u64 = 86_400_000;

/// Nothing heard for so long is silence: twice what a page's slowest outcome takes.
pub const SILENCE_MS: u64 = 600_000;

/// Evidence of harm is counted anew at each step and each day, this often at most.
const MOST_STARTS: usize = crate::evidence::restarts::MOST;

/// What a look at the evidence finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Of every guard.
    pub verdicts: Vec<Verdict>,
    /// Of the sizes of the arms.
    pub ratio: Reading,
    /// What keeps it from going further; empty if nothing does.
    pub waiting: Vec<Waiting>,
    /// How far what is known of the harm lets it go, if its config asks.
    pub reach: Option<super::pace::Reach>,
    /// The step it goes to when nothing keeps it.
    pub next: u16,
}

/// Looks at the evidence without deciding.
#[must_use]
pub fn look(state: &State, tally: &Tally, now_ms: u64) -> Option<Sight> {
    let (run, ladder) = (state.run.as_ref()?, state.offer.rollout.as_ref()?);
    let verdicts = judge(run, tally, &open(state));
    let ratio = sample_ratio(tally);
    let mut waiting = Vec::new();
    if let Phase::Held(why) = state.phase {
        waiting.push(Waiting::Held { why });
    }
    let bar = state.bar(now_ms).map(Waiting::from);
    let Some(rung) = run.rung(ladder) else {
        let waiting = if state.is_waiting_to_begin() { bar.into_iter().collect() } else { vec![Waiting::Person] };
        return Some(Sight { verdicts, ratio, waiting, reach: None, next: run.step + 1 });
    };
    waiting.extend(bar);
    let until_ms = run.since_ms + u64::from(rung.hold_s) * SECOND_MS;
    if now_ms < until_ms {
        waiting.push(Waiting::Hold { until_ms });
    }
    // Where everybody has the canary, nobody is drawn any more.
    let drawn = tally.drawn_at(run.step);
    if rung.draws() && drawn < rung.least_visitors {
        waiting.push(Waiting::Visitors { drawn, least: rung.least_visitors });
    }
    if rung.approval && !run.is_approved {
        waiting.push(Waiting::Approval);
    }
    // Where nobody is drawn, nothing more can be shown: it was shown on the step before, or a person answers for it.
    let is_blind = !rung.draws() && !run.is_shown_safe;
    if run.policy.decide != Decide::Auto || is_blind || matches!(state.phase, Phase::Paused | Phase::Scheduled) {
        waiting.push(Waiting::Person);
    }
    let reach = super::pace::reach(run, ladder, tally);
    if let Some(reach) = reach.filter(|reach| reach.step == run.step) {
        waiting.push(Waiting::Pace { allowed: reach.allowed.to_string() });
    }
    let next = reach.map_or(run.step + 1, |reach| reach.step);
    // Behind the last step with a draw no evidence can come: what leads there has to be shown before.
    let next_draws = ladder.rung(next).is_some_and(super::offer::Rung::draws);
    if rung.draws() && !next_draws {
        let unsafe_yet = verdicts.iter().filter(|verdict| verdict.required && verdict.says != Says::Safe);
        let guards: Vec<String> = unsafe_yet.map(|verdict| verdict.guard.clone()).collect();
        if !guards.is_empty() {
            waiting.push(Waiting::Safe { guards });
        }
    }
    Some(Sight { verdicts, ratio, waiting, reach, next })
}

/// The areas in which somebody gets the canary now.
pub(super) fn open(state: &State) -> Vec<&str> {
    let (Some(run), Some(ladder)) = (&state.run, &state.offer.rollout) else { return Vec::new() };
    let is_back = |area: &&str| run.areas_back.iter().any(|back| back == area);
    run.rung(ladder).map(|rung| rung.open().filter(|area| !is_back(area)).collect()).unwrap_or_default()
}

/// Time has passed, and this has been counted.
pub(super) fn tick(change: &mut Change<'_>, tally: &Tally) {
    if change.state.is_waiting_to_begin() && change.state.bar(change.now_ms).is_none() {
        return change.begin(Why { by: "policy", code: "scheduled", reason: "it may begin now" });
    }
    if !change.state.is_drawing() || change.state.is_off {
        return;
    }
    mark(change, tally);
    let Some(sight) = look(change.state, tally, change.now_ms) else { return };
    let decided = change.outcome.decisions.len();
    decide(change, tally, &sight);
    if change.outcome.decisions.len() > decided {
        change.with_evidence(decided, &sight.verdicts, sight.ratio);
        if !change.state.is_running() {
            change.next_in_queue();
        }
    }
}

/// At the first look on a step, and once a day while there is room, evidence of harm begins to be counted anew as well; and what
/// stable was like before the step is kept.
fn mark(change: &mut Change<'_>, tally: &Tally) {
    let now_ms = change.now_ms;
    let Some(run) = change.state.run.as_mut() else { return };
    let is_new_step = run.before.last().is_none_or(|before| before.step < run.step);
    let has_room = run.starts.len() < MOST_STARTS;
    let is_new_day = has_room && run.starts.last().is_none_or(|start| now_ms >= start.at_ms + DAY_MS);
    if is_new_step {
        let guards = 0..run.policy.guards.len();
        run.before.push(Before { step: run.step, stable: guards.map(|at| tally.stable_before(run.step, at)).collect() });
    }
    let is_first = run.starts.len() == 1 && tally.strata.is_empty() && !is_new_day;
    if (is_new_step || is_new_day) && !is_first && has_room {
        run.starts.push(Start::new(now_ms, tally, &run.policy.guards));
    }
    if is_new_step || (is_new_day && !is_first) {
        let code = if is_new_step { "step" } else { "day" };
        change.note(Kind::Mark, Why { by: "policy", code, reason: "evidence of harm is counted from here on, too" });
    }
}

/// What keeps a rollout where it is: the hold, who says so, and why.
type Cause = (Held, &'static str, String);

fn decide(change: &mut Change<'_>, tally: &Tally, sight: &Sight) {
    let Some(run) = change.state.run.as_ref() else { return };
    let (decides, since_ms, ratio_accepted) = (run.policy.decide, run.since_ms, run.is_ratio_accepted);
    let before = change.state.revision;
    let doubt = if decides == Decide::Never { None } else { harm::act(change, tally, sight) };
    let phase = change.state.phase;
    if change.state.revision != before || phase == Phase::Paused {
        return;
    }
    let cause: Option<Cause> = if sight.ratio.is_reached() && !ratio_accepted {
        let reason = "the arms are not of the sizes that were drawn: something loses or adds visitors of one of them";
        Some((Held::SampleRatio, "policy", reason.to_owned()))
    } else if let Some((held, reason)) = doubt {
        Some((held, "evidence", reason))
    } else if change.now_ms.saturating_sub(tally.newest_ms.max(since_ms)) > SILENCE_MS {
        Some((Held::Silent, "policy", "no page has reported for ten minutes".to_owned()))
    } else {
        None
    };
    if change.now_ms >= deadline_ms(change) && late(change, cause.as_ref()) {
        return;
    }
    match (cause, phase) {
        (Some((held, ..)), Phase::Held(now)) if now == held || now.needs_a_person() => {}
        (Some((held, by, reason)), _) => {
            change.state.phase = Phase::Held(held);
            change.note(Kind::Hold, Why { by, code: code_of(held), reason: &reason });
        }
        (None, Phase::Held(held)) if !held.needs_a_person() => {
            change.state.phase = Phase::Ramping;
            change.note(Kind::Resume, Why { by: "policy", code: code_of(held), reason: "what held it is gone" });
        }
        (None, Phase::Ramping) => forward(change, tally, sight),
        _ => {}
    }
}

fn deadline_ms(change: &Change<'_>) -> u64 {
    let deadline = |run: &super::state::Run| run.deadline_from_ms + u64::from(run.policy.deadline_s) * SECOND_MS;
    change.state.run.as_ref().map_or(u64::MAX, deadline)
}

/// Time is up. Whether that says all there is to say now.
///
/// A policy may promote what nothing was shown of, but not what something speaks against.
fn late(change: &mut Change<'_>, cause: Option<&Cause>) -> bool {
    let Some(run) = change.state.run.as_ref() else { return false };
    let why = |reason| Why { by: "policy", code: "deadline", reason };
    let is_clear = cause.is_none() && run.areas_back.is_empty();
    match run.policy.on_deadline {
        OnDeadline::RollBack => {
            change.roll_back(why("its deadline has passed, and its config says to roll it back then"));
        }
        // It has waited this long.
        OnDeadline::Promote if is_clear && change.state.bar(change.now_ms).is_some() => return false,
        OnDeadline::Promote if is_clear => {
            change.promote(why("its deadline has passed, and its config says to promote it then"));
        }
        OnDeadline::Promote | OnDeadline::Hold => {
            if matches!(cause, Some((Held::SampleRatio, ..)))
                || matches!(change.state.phase, Phase::Held(held) if held.needs_a_person())
            {
                return false;
            }
            change.state.phase = Phase::Held(Held::Deadline);
            let reason = match cause {
                Some((_, _, reason)) => format!("its deadline has passed without a verdict; {reason}"),
                None => "its deadline has passed without a verdict".to_owned(),
            };
            change.note(Kind::Hold, why(&reason));
        }
    }
    true
}

/// Nothing speaks against it: the next step, or the end.
fn forward(change: &mut Change<'_>, tally: &Tally, sight: &Sight) {
    if !sight.waiting.is_empty() {
        return;
    }
    let (Some(run), Some(ladder)) = (change.state.run.as_ref(), change.state.offer.rollout.as_ref()) else { return };
    let is_drawing = run.rung(ladder).is_some_and(super::offer::Rung::draws);
    let (is_last, next_draws) = (run.step >= ladder.last(), ladder.rung(sight.next).is_some_and(super::offer::Rung::draws));
    if (is_last || !next_draws) && !run.areas_back.is_empty() {
        change.state.phase = Phase::Held(Held::AreaBack);
        let reason = "an area has gone back; going further would bring it the canary again";
        return change.note(Kind::Hold, Why { by: "policy", code: "area_back", reason });
    }
    if let (Some(optimise), true, false) = (&run.policy.optimise, is_drawing, next_draws) {
        let (next, every_s) = (super::optimise::next(run, ladder, optimise, tally), optimise.every_s);
        let goal = optimise.goal.clone();
        return optimised(change, next, every_s, &goal);
    }
    if is_last {
        change.promote(Why { by: "evidence", code: "safe", reason: "every required guard is safe" });
    } else if next_draws {
        let reason = "its time and visitors are there, and nothing is harmful";
        change.advance_to(sight.next, Why { by: "evidence", code: "not_harmful", reason });
    } else {
        if let Some(run) = change.state.run.as_mut() {
            run.is_shown_safe = true;
        }
        change.advance_to(sight.next, Why { by: "evidence", code: "safe", reason: "every required guard is safe" });
    }
}

/// Every required guard is safe, and a goal says what comes of it.
fn optimised(change: &mut Change<'_>, next: Option<Next>, every_s: u32, goal: &str) {
    let why = |reason| Why { by: "evidence", code: "optimise", reason };
    match next {
        Some(Next::Begin(weight)) => {
            let reason = format!("every required guard is safe, and `{goal}` says from here on who gets how much");
            change.period(weight, every_s, why(&reason));
        }
        Some(Next::Split(weight)) => {
            let reason = format!("the canary is the better one for `{goal}` with a probability of about {weight}");
            change.period(weight, every_s, why(&reason));
        }
        Some(Next::Promote) => {
            let reason = format!("every required guard is safe, and it is the better one for `{goal}`");
            change.promote(Why { by: "evidence", code: "best", reason: &reason });
        }
        Some(Next::Stay) | None => {}
    }
}

fn code_of(held: Held) -> &'static str {
    match held {
        Held::SampleRatio => "sample_ratio",
        Held::FewNetworks => "few_networks",
        Held::Inflow => "inflow",
        Held::Silent => "silent",
        Held::Deadline => "deadline",
        Held::AreaBack => "area_back",
    }
}
