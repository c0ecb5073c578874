//! What people ask for. A wish that can not be done is refused, and nothing has changed.

use super::calendar::{Bar, Freeze};
use super::event::{Command, Kind, Refusal};
use super::offer::Offer;
use super::state::{Held, Phase, State};
use super::step::{Change, Why};

impl Change<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each thing that can be asked for")]
    pub fn asked(&mut self, by: &str, said: &str, command: &Command, overrides: bool) -> Result<(), Refusal> {
        let is_over_a_bar = self.is_free(said, command, overrides)?;
        let why = |code, reason: &'static str| Why {
            by,
            code: if is_over_a_bar { "override" } else { code },
            reason: if said.is_empty() { reason } else { said },
        };
        let before = self.step_number();
        match command {
            Command::Promote => {
                self.needs_running("promote")?;
                self.promote(why("asked", "a person promoted it"));
                self.next_in_queue();
            }
            Command::RollBack => {
                // Also after a promotion: what was stable before comes back.
                if self.state.phase == Phase::Promoted {
                    self.demote(why("asked", "a person rolled it back after its promotion"))?;
                } else {
                    self.needs_running("roll back")?;
                    self.roll_back(why("asked", "a person rolled it back"));
                }
                self.next_in_queue();
            }
            Command::Abort => {
                self.needs_running("abort")?;
                self.finish(Phase::Aborted);
                self.revise(Kind::Abort, why("asked", "a person ended it without a verdict"), before);
                self.next_in_queue();
            }
            Command::Advance => {
                self.needs_running("advance")?;
                let last = self.state.offer.rollout.as_ref().map_or(0, super::offer::Ladder::last);
                if before >= last || self.state.run.as_ref().is_some_and(|run| run.period.is_some()) {
                    return Err(refusal("last_step", "it stands on its last step: what comes next is `halftone promote`"));
                }
                self.advance(why("asked", "a person took it a step further"));
            }
            Command::Pause => {
                if !matches!(self.state.phase, Phase::Ramping | Phase::Held(_) | Phase::Scheduled) {
                    return Err(self.not_now("pause"));
                }
                if self.state.phase == Phase::Scheduled {
                    return Err(refusal("scheduled", "it draws nobody yet, so there is nothing to stop"));
                }
                self.state.phase = Phase::Paused;
                self.note(Kind::Pause, why("asked", "a person stopped it where it is"));
            }
            Command::Resume => self.resume(why("asked", "a person let it go on"))?,
            Command::Approve => {
                self.needs_running("approve")?;
                if let Some(run) = self.state.run.as_mut() {
                    run.is_approved = true;
                }
                self.note(Kind::Approve, why("asked", "a person agreed that it goes further"));
            }
            Command::Retry => {
                let attempt = self.next_attempt()?;
                self.start(attempt);
                self.revise(Kind::Start, why("retry", "a person started it again"), before);
            }
            Command::Freeze { until_ms } => {
                if *until_ms <= self.now_ms {
                    return Err(refusal("past", "a freeze ends at a time that is still to come"));
                }
                let reason = if said.is_empty() { "a person said so" } else { said };
                // From now on, and also if the clock is set back.
                let freeze = Freeze { from_ms: 0, until_ms: *until_ms, why: reason.to_owned() };
                self.state.freeze = Some(freeze);
                self.note(Kind::Freeze, why("asked", "nothing goes forward for a time"));
            }
            Command::Unfreeze => {
                if self.state.freeze.take_if(|freeze| freeze.until_ms > self.now_ms).is_none() {
                    return Err(refusal("no_change", "nobody has frozen it; freezes of the config end as the config says"));
                }
                self.note(Kind::Unfreeze, why("asked", "it may go forward again"));
            }
            Command::Clear { version } => {
                if !self.state.is_quarantined(version) {
                    let words = format!("{version} is not in quarantine; `halftone status` lists what is");
                    return Err(Refusal { code: "not_quarantined", message: words });
                }
                self.state.quarantine.retain(|one| one.version != *version);
                self.revise(Kind::Clear, why("asked", "a person cleared it"), before);
            }
            Command::Off | Command::On => {
                let off = *command == Command::Off;
                if self.state.is_off == off {
                    return Err(refusal("no_change", if off { "it is off already" } else { "it is not off" }));
                }
                self.state.is_off = off;
                let kind = if off { Kind::Off } else { Kind::On };
                self.revise(kind, why("asked", if off { "a person switched it off" } else { "a person switched it on" }), before);
            }
            Command::Restore { revision, standing } => {
                if self.state.is_quarantined(&standing.stable) {
                    let version = &standing.stable;
                    let words = format!("revision {revision} had {version} as stable, and that is in quarantine; clear it first");
                    return Err(Refusal { code: "quarantined", message: words });
                }
                if self.state.is_running() {
                    self.finish(Phase::Aborted);
                }
                self.state.stable.clone_from(&standing.stable);
                self.state.offer = Offer { rollout: None, ..standing.offer.clone() };
                (self.state.phase, self.state.run, self.state.queued) = (Phase::Idle, None, None);
                self.revise(Kind::Restore, why("asked", "a person went back to an earlier revision"), before);
            }
        }
        Ok(())
    }

    fn resume(&mut self, why: Why<'_>) -> Result<(), Refusal> {
        let now_ms = self.now_ms;
        let Some(run) = self.state.run.as_mut() else { return Err(self.not_now("resume")) };
        match self.state.phase {
            Phase::Paused => {}
            Phase::Held(Held::SampleRatio) => run.is_ratio_accepted = true,
            Phase::Held(Held::Deadline) => run.deadline_from_ms = now_ms,
            Phase::Scheduled => {
                self.begin(why);
                return Ok(());
            }
            Phase::Held(Held::AreaBack) => {
                return Err(refusal("area_back", "an area has gone back: promote it for all, or roll it back for all"));
            }
            _ => return Err(self.not_now("resume")),
        }
        self.state.phase = Phase::Ramping;
        self.note(Kind::Resume, why);
        Ok(())
    }

    /// Whether a wish that takes the rollout forward goes over what bars the way; refused if it is not meant to, or nobody says why.
    fn is_free(&self, said: &str, command: &Command, overrides: bool) -> Result<bool, Refusal> {
        let begins = *command == Command::Resume && self.state.phase == Phase::Scheduled;
        let is_forward = matches!(command, Command::Promote | Command::Advance) || begins;
        let words = match self.state.bar(self.now_ms).filter(|_| is_forward && self.state.is_running()) {
            // Its start is when it begins by itself; a person may begin it before.
            None | Some(Bar::Start(_)) => return Ok(false),
            Some(Bar::Freeze(_, why)) => format!("it is frozen ({why})"),
            Some(Bar::Window(_)) => "no window is open in which it may go forward".to_owned(),
        };
        if !overrides {
            let message = format!("{words}: wait, or do it all the same and say why (`--override --why TEXT`)");
            return Err(Refusal { code: "barred", message });
        }
        if said.is_empty() {
            return Err(refusal("no_reason", "an override is kept with its reason: say why (`--why TEXT`)"));
        }
        Ok(true)
    }

    /// Which attempt a retry would be: of a rollout that ended otherwise than by promotion, or was refused at first because
    /// its build was in quarantine.
    fn next_attempt(&self) -> Result<u32, Refusal> {
        let State { phase, offer, over, run, .. } = &*self.state;
        let Some(ladder) = &offer.rollout else { return Err(self.not_now("retry")) };
        let known = over.iter().find(|over| over.id == ladder.id);
        let ended = match phase {
            Phase::Aborted | Phase::RolledBack => true,
            Phase::Idle => known.is_none(),
            _ => false,
        };
        if !ended {
            return Err(self.not_now("retry"));
        }
        let canary = offer.id_of(ladder.canary);
        if self.state.is_quarantined(canary) {
            let words = format!("{canary} is in quarantine; clear it first: `halftone clear {canary}`");
            return Err(Refusal { code: "quarantined", message: words });
        }
        let ran = run.as_ref().filter(|run| run.id == ladder.id).map_or(0, |run| run.attempt);
        Ok(known.map_or(0, |over| over.attempts).max(ran) + 1)
    }

    /// A promotion is undone: the version that was stable in the config is stable again.
    fn demote(&mut self, why: Why<'_>) -> Result<(), Refusal> {
        let was = self.state.offer.id_of(self.state.offer.site.stable).to_owned();
        if was == self.state.stable || self.state.is_quarantined(&was) {
            return Err(refusal(
                "nothing_before",
                "the config no longer names what was stable before: restore a revision instead",
            ));
        }
        let promoted = std::mem::replace(&mut self.state.stable, was);
        self.quarantine(promoted, why.reason);
        self.finish(Phase::RolledBack);
        let id = self.state.offer.rollout.as_ref().map(|ladder| ladder.id.as_str());
        self.state.over.iter_mut().filter(|over| Some(over.id.as_str()) == id).for_each(|over| over.phase = Phase::RolledBack);
        let step = self.step_number();
        self.revise(Kind::RollBack, why, step);
        Ok(())
    }

    fn needs_running(&self, what: &'static str) -> Result<(), Refusal> {
        if self.state.is_running() { Ok(()) } else { Err(self.not_now(what)) }
    }

    fn not_now(&self, what: &str) -> Refusal {
        let is = match self.state.phase {
            Phase::Idle => "there is no rollout",
            Phase::Scheduled => "the rollout has not begun",
            Phase::Ramping => "the rollout is ramping",
            Phase::Held(_) => "the rollout is held by what only evidence can end",
            Phase::Paused => "the rollout is paused",
            Phase::Promoted => "the rollout is over: it was promoted",
            Phase::RolledBack => "the rollout is over: it was rolled back",
            Phase::Aborted => "the rollout is over: it was aborted",
        };
        Refusal { code: "not_now", message: format!("{is}, so there is nothing to {what}") }
    }
}

fn refusal(code: &'static str, message: &str) -> Refusal {
    Refusal { code, message: message.to_owned() }
}
