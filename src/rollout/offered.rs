//! What a config brings: by a deploy, by a person who publishes it, or out of the queue.
//!
//! What is refused leaves everything as it is, a running rollout as well: nothing is ended for the sake of what does not
//! come. A version in quarantine comes back by no file, neither as canary nor as stable.

use super::event::Kind;
use super::offer::{Offer, Rung};
use super::policy::{OnNewVersion, Optimise, Policy};
use super::state::{Phase, State};
use super::step::{Change, Why};
use crate::slot::VersionIndex;

impl Change<'_> {
    /// `parent` is the digest of the config it was made over, where that has to be in force still.
    pub fn offered(&mut self, offer: &Offer, by: &str, why: &str, parent: Option<&str>) {
        if is_known(self.state, offer) {
            return;
        }
        if parent.is_some_and(|parent| self.state.revision > 0 && self.state.newest().digest() != parent) {
            let reason = if self.state.queued.is_some() {
                "a config waits that this one was not made over: look at it (`halftone status`), then deploy again"
            } else {
                "what is in force is not what this config was made over: compare them (`halftone diff`), then deploy again"
            };
            return self.note(Kind::Refuse, Why { by, code: "stale", reason });
        }
        let running = self.state.is_running().then(|| self.state.offer.canary()).flatten();
        let brings_another = running.is_some() && running != offer.canary();
        let policy = self.state.run.as_ref().map(|run| run.policy.on_new_version).filter(|_| brings_another);
        match policy {
            Some(OnNewVersion::Refuse) => {
                let reason = "a rollout runs, and its config refuses another version until it is over";
                self.note(Kind::Refuse, Why { by, code: "rollout_running", reason });
            }
            Some(OnNewVersion::Queue) => {
                self.state.queued = Some(Box::new(offer.clone()));
                let reason = "a rollout runs; the new config comes into force when it is over";
                self.note(Kind::Queue, Why { by, code: "rollout_running", reason });
            }
            Some(OnNewVersion::Replace) | None => self.take(offer, by, why),
        }
    }

    /// A config comes into force.
    fn take(&mut self, offer: &Offer, by: &str, why: &str) {
        let before = self.step_number();
        let wanted = offer.id_of(offer.site.stable).to_owned();
        let offered = offer.rollout.as_ref();
        let known = offered.and_then(|ladder| self.state.over.iter().find(|over| over.id == ladder.id));
        let is_the_running = self.state.is_running()
            && self.state.run.as_ref().map(|run| (run.id.as_str(), run.canary.as_str()))
                == offered.map(|ladder| (ladder.id.as_str(), offer.id_of(ladder.canary)));
        // Against another stable version nothing that was drawn or counted holds: it is another rollout, whatever its name.
        let is_anew = is_the_running && self.state.stable != wanted;
        let goes_on = is_the_running && !is_anew;
        let is_over = known.map(|over| over.phase).filter(|_| !is_anew);
        let ran = self.state.run.as_ref().filter(|run| offered.is_some_and(|ladder| ladder.id == run.id));
        let attempts = known.map_or(0, |over| over.attempts).max(ran.map_or(0, |run| run.attempt));
        // A promotion outlives the file that asked for it: until the file names another stable version, or another rollout.
        let keeps_stable = is_over == Some(Phase::Promoted) && offer.site.find(&self.state.stable).is_some();
        if !keeps_stable && self.state.is_quarantined(&wanted) {
            let reason = format!("{wanted} is to be stable and is in quarantine; clear it first: `halftone clear {wanted}`");
            return self.note(Kind::Refuse, Why { by, code: "quarantined", reason: &reason });
        }
        // The canary of what would begin now.
        let canary = offered.filter(|_| is_over.is_none() && !goes_on).map(|ladder| offer.id_of(ladder.canary));
        let refused = canary.filter(|canary| self.state.is_quarantined(canary)).map(|canary| {
            format!("{canary} was rolled back and is in quarantine: build a new version, or clear it: `halftone clear {canary}`, then `halftone retry`")
        });
        let is_the_same = self.state.revision > 0 && offer.digest() == self.state.offer.digest();
        if let Some(reason) = &refused
            && (self.state.is_running() || is_the_same)
        {
            return self.note(Kind::Refuse, Why { by, code: "quarantined", reason });
        }
        // A newer config takes the place of one that waits.
        self.state.queued = None;
        if self.state.is_running() && !goes_on {
            self.finish(Phase::Aborted);
        }
        if !keeps_stable {
            self.state.stable.clone_from(&wanted);
        }
        let was = self.state.offer.rollout.as_ref().map(|ladder| (ladder.from, ladder.canary));
        self.state.offer = offer.clone();
        let reason = if why.is_empty() { "the config changed" } else { why };
        let (kind, code) = if goes_on {
            (Kind::Start, if self.follow(offer, was) { "moved_by_file" } else { "config" })
        } else if let Some(phase) = is_over {
            // The same rollout is not begun again by a file that only changed elsewhere.
            self.state.phase = phase;
            self.state.run.take_if(|run| offered.is_none_or(|ladder| ladder.id != run.id));
            (Kind::Start, "rollout_is_over")
        } else if refused.is_some() || offered.is_none() {
            (self.state.phase, self.state.run) = (Phase::Idle, None);
            if refused.is_some() { (Kind::Refuse, "quarantined") } else { (Kind::Start, "config") }
        } else {
            // Under a name that was used before visitors are drawn anew and counted apart.
            self.start(attempts + 1);
            (Kind::Start, if is_anew { "new_stable" } else { "rollout" })
        };
        self.revise(kind, Why { by, code, reason: refused.as_deref().unwrap_or(reason) }, before);
    }

    /// The running rollout gets the steps of a changed config. Whether that moved it: where its own step is another than before.
    fn follow(&mut self, offer: &Offer, was: Option<(u16, VersionIndex)>) -> bool {
        let (Some(run), Some(ladder)) = (self.state.run.as_mut(), offer.rollout.as_ref()) else { return false };
        let before = run.step;
        let is_barred = ladder.policy.calendar.bar(self.state.freeze.as_ref(), self.now_ms).is_some();
        // A period stays, among versions that may have other places now, as long as there is a goal to follow.
        let keeps_place = was.map(|was| was.0) == Some(ladder.from);
        // The guards are those it started with: their parts of the error probability are spent already. So is what was not counted.
        let is_counted = |optimise: &Optimise| run.policy.guards.iter().any(|guard| guard.name == optimise.counter());
        let optimise = ladder.policy.optimise.clone().filter(is_counted);
        let had_period = run.period.is_some();
        let period = run.period.take().filter(|_| keeps_place && optimise.is_some());
        let has_period = period.is_some();
        run.period = period.map(|mut period| {
            let (stable, is_canary) = (offer.site.stable, |owner| was.is_some_and(|was| was.1 == owner));
            let place = |owner: VersionIndex| if is_canary(owner) { ladder.canary } else { stable };
            period.rung.strategy.own(|owners| owners.renamed(place));
            period
        });
        run.step = if has_period {
            run.step
        } else if had_period && keeps_place {
            // The last step on which somebody gets stable.
            ladder.rungs.iter().rposition(Rung::draws).map_or(ladder.from, |at| u16::try_from(at + 1).unwrap_or(u16::MAX))
        } else if self.state.phase == Phase::Scheduled && is_barred {
            // It begins by itself when it may.
            0
        } else if keeps_place {
            run.step.min(ladder.last())
        } else {
            ladder.from
        };
        run.policy = Policy { guards: run.policy.guards.clone(), optimise, ..ladder.policy.clone() };
        let moved = run.step != before;
        if moved {
            // What was shown or agreed to was so on the step it left.
            (run.since_ms, run.is_shown_safe, run.is_approved) = (self.now_ms, false, false);
            match (run.step, self.state.phase) {
                (0, _) => self.state.phase = Phase::Scheduled,
                (_, Phase::Scheduled) => self.state.phase = Phase::Ramping,
                _ => {}
            }
        }
        moved
    }

    /// What waited for the end of the rollout comes now.
    pub fn next_in_queue(&mut self) {
        let Some(waited) = self.state.queued.take() else { return };
        // Its file did not know yet that the rollout before it would be promoted: that it names the old stable version
        // still says nothing against the new one.
        let file = &self.state.offer;
        let knew = self.state.phase != Phase::Promoted || waited.id_of(waited.site.stable) != file.id_of(file.site.stable);
        let offer = if knew { Some(*waited) } else { waited.onto(&self.state.stable) };
        if let Some(offer) = offer {
            return self.take(&offer, "policy", "the rollout before it is over");
        }
        let reason = format!("{} is stable now, and the config that waited does not list it", self.state.stable);
        self.note(Kind::Refuse, Why { by: "policy", code: "no_stable", reason: &reason });
    }
}

/// Whether a config is in force, or waits, already: then it brings nothing.
fn is_known(state: &State, offer: &Offer) -> bool {
    let digest = offer.digest();
    let is_settled = |ladder: &super::offer::Ladder| state.is_running() || state.over.iter().any(|over| over.id == ladder.id);
    let in_force = state.revision > 0 && state.offer.digest() == digest && state.offer.rollout.as_ref().is_none_or(is_settled);
    in_force || state.queued.as_ref().is_some_and(|queued| queued.digest() == digest)
}
