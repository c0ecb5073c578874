//! The control of a rollout as one function: state and event in, state and what was decided out.
//!
//! Pure. An event that changes nothing leaves the state exactly as it was and decides nothing, so it need not be kept; all
//! others are logged, and going through the log again gives the same decisions and the same state, bit for bit. A rollback
//! comes before everything else and waits for nobody.

use super::event::{Decision, Effect, Event, Kind, Outcome, Refusal};
use super::offer::Offer;
use super::optimise;
use super::state::{FORMAT, Over, Period, Phase, Quarantine, Run, Start, State};
use super::tick;
use crate::slot::Weight;

/// A site that nothing has happened to yet: its config's stable version for everybody.
#[must_use]
pub fn begin(offer: &Offer) -> State {
    State {
        format: FORMAT,
        revision: 0,
        offer: Offer { rollout: None, ..offer.clone() },
        queued: None,
        stable: offer.id_of(offer.site.stable).to_owned(),
        phase: Phase::Idle,
        run: None,
        over: Vec::new(),
        quarantine: Vec::new(),
        is_off: false,
        freeze: None,
    }
}

/// What an event makes of a state. A wish that can not be done is refused and changes nothing; other events never fail.
pub fn step(state: &mut State, event: &Event, now_ms: u64) -> Result<Outcome, Refusal> {
    let mut change = Change { state, now_ms, outcome: Outcome::default() };
    match event {
        Event::Counted { tally } => tick::tick(&mut change, tally),
        Event::Offered { offer, by, why, parent } => change.offered(offer, by, why, parent.as_deref()),
        Event::Asked { by, why, command, overrides } => change.asked(by, why, command, *overrides)?,
    }
    Ok(change.outcome)
}

/// A state on its way to the next.
pub(super) struct Change<'a> {
    pub state: &'a mut State,
    pub now_ms: u64,
    pub outcome: Outcome,
}

/// Who decided, and why.
#[derive(Clone, Copy)]
pub(super) struct Why<'a> {
    pub by: &'a str,
    pub code: &'static str,
    pub reason: &'a str,
}

impl Change<'_> {
    /// Records a decision that leaves what visitors get as it is.
    pub fn note(&mut self, kind: Kind, why: Why<'_>) {
        let step = self.state.run.as_ref().map_or(0, |run| run.step);
        self.outcome.decisions.push(Decision {
            kind,
            by: why.by.to_owned(),
            code: why.code.to_owned(),
            reason: why.reason.to_owned(),
            step: (step, step),
            revision: self.state.revision,
            verdicts: Vec::new(),
            ratio: None,
        });
        if kind != Kind::Mark {
            self.effect(Effect::Announce);
        }
    }

    /// Records a decision that changes what visitors get: the next revision.
    pub fn revise(&mut self, kind: Kind, why: Why<'_>, step_before: u16) {
        self.state.revision = (self.state.revision + 1).max(self.state.offer.site.revision);
        self.note(kind, why);
        if let Some(decision) = self.outcome.decisions.last_mut() {
            decision.step.0 = step_before;
        }
        self.outcome.standings.push((self.state.revision, self.state.standing()));
        self.effect(Effect::Publish);
    }

    fn effect(&mut self, effect: Effect) {
        if !self.outcome.effects.contains(&effect) {
            self.outcome.effects.push(effect);
        }
    }

    /// Adds what the evidence said to the decisions from one on that do not say it yet.
    pub fn with_evidence(&mut self, from: usize, verdicts: &[super::verdict::Verdict], ratio: super::verdict::Reading) {
        for decision in self.outcome.decisions.iter_mut().skip(from).filter(|decision| decision.ratio.is_none()) {
            decision.verdicts = verdicts.to_vec();
            decision.ratio = Some(ratio);
        }
    }

    pub fn step_number(&self) -> u16 {
        self.state.run.as_ref().map_or(0, |run| run.step)
    }

    /// A rollout starts: the config in force has one. It draws nobody yet where a person is to begin it, or may not go forward.
    pub fn start(&mut self, attempt: u32) {
        let Some(ladder) = &self.state.offer.rollout else { return };
        let now_ms = self.now_ms;
        let is_barred = ladder.policy.calendar.bar(self.state.freeze.as_ref(), now_ms).is_some();
        let step = if is_barred { 0 } else { ladder.from };
        self.state.phase = if step == 0 { Phase::Scheduled } else { Phase::Ramping };
        self.state.run = Some(Run {
            id: ladder.id.clone(),
            canary: self.state.offer.id_of(ladder.canary).to_owned(),
            attempt,
            policy: ladder.policy.clone(),
            started_ms: now_ms,
            step,
            since_ms: now_ms,
            starts: vec![Start { at_ms: now_ms, counts: Vec::new() }],
            before: Vec::new(),
            areas: ladder.areas(),
            areas_back: Vec::new(),
            is_approved: false,
            is_ratio_accepted: false,
            is_shown_safe: false,
            period: None,
            deadline_from_ms: now_ms,
        });
    }

    /// A rollout that was scheduled begins.
    pub fn begin(&mut self, why: Why<'_>) {
        let now_ms = self.now_ms;
        let from = self.state.offer.rollout.as_ref().map_or(1, |ladder| ladder.from.max(1));
        if let Some(run) = self.state.run.as_mut() {
            (run.step, run.since_ms, run.started_ms, run.deadline_from_ms) = (from, now_ms, now_ms, now_ms);
            run.starts = vec![Start { at_ms: now_ms, counts: Vec::new() }];
        }
        self.state.phase = Phase::Ramping;
        self.revise(Kind::Start, why, 0);
    }

    /// The rollout is over.
    pub fn finish(&mut self, phase: Phase) {
        self.state.phase = phase;
        let Some(run) = &self.state.run else { return };
        self.state.over.retain(|over| over.id != run.id);
        self.state.over.push(Over { id: run.id.clone(), canary: run.canary.clone(), attempts: run.attempt, phase });
        if self.state.over.len() > MOST_OVER {
            self.state.over.remove(0);
        }
    }

    // What ends a rollout.

    /// The canary becomes stable.
    pub fn promote(&mut self, why: Why<'_>) {
        let before = self.step_number();
        if let Some(run) = &self.state.run {
            self.state.stable.clone_from(&run.canary);
        }
        self.finish(Phase::Promoted);
        self.revise(Kind::Promote, why, before);
    }

    /// The canary is withdrawn and goes into quarantine.
    pub fn roll_back(&mut self, why: Why<'_>) {
        let before = self.step_number();
        if let Some(version) = self.state.run.as_ref().map(|run| run.canary.clone()) {
            self.quarantine(version, why.reason);
        }
        self.finish(Phase::RolledBack);
        self.revise(Kind::RollBack, why, before);
    }

    /// Nobody gets a version until a person clears it.
    pub fn quarantine(&mut self, version: String, why: &str) {
        self.state.quarantine.retain(|one| one.version != version);
        self.state.quarantine.push(Quarantine { version, since_ms: self.now_ms, why: why.to_owned() });
    }

    /// To the next step.
    pub fn advance(&mut self, why: Why<'_>) {
        self.advance_to(self.step_number() + 1, why);
    }

    /// To a later step.
    pub fn advance_to(&mut self, step: u16, why: Why<'_>) {
        let before = self.step_number();
        if let Some(run) = self.state.run.as_mut() {
            run.step = step;
            run.since_ms = self.now_ms;
            run.is_approved = false;
            run.period = None;
        }
        self.state.phase = Phase::Ramping;
        self.revise(Kind::Advance, why, before);
    }

    /// To the next period of what is optimised, with this weight of the canary.
    pub fn period(&mut self, weight: Weight, every_s: u32, why: Why<'_>) {
        let (before, revision) = (self.step_number(), self.state.revision + 1);
        let (Some(run), Some(ladder)) = (self.state.run.as_ref(), self.state.offer.rollout.as_ref()) else { return };
        let stable = self.state.offer.site.find(&self.state.stable).unwrap_or(self.state.offer.site.stable);
        let step = before.max(ladder.last()).saturating_add(1);
        let rung = run.rung(ladder).and_then(|rung| optimise::rung(rung, every_s, revision, stable, ladder.canary, weight));
        let first = run.period.as_ref().map_or(step, |period| period.first);
        let (Some(rung), Some(run)) = (rung, self.state.run.as_mut()) else { return };
        (run.step, run.since_ms, run.is_approved) = (step, self.now_ms, false);
        run.period = Some(Box::new(Period { first, rung }));
        self.revise(Kind::Advance, why, before);
    }
}

/// Rollouts that are over and remembered, so that an old file does not begin one again.
const MOST_OVER: usize = 100;
