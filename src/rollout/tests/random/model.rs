//! The model: what may be of a site, by what was decided and counted so far.

use super::*;

/// What was counted of an attempt, by the model.
#[derive(Default)]
pub struct Counts {
    /// Drawn and alive, canary and stable.
    pub drawn: (u64, u64),
    pub alive: (u64, u64),
    /// Drawn on each step, both.
    pub on: std::collections::BTreeMap<u16, u64>,
    /// Areas ("" for all) in which a bad portion was counted.
    pub bad_in: Vec<String>,
    /// In periods: canary and stable, goals met and visitors.
    pub goals: [(u64, u64); 2],
}

/// What the model knows of a site.
pub struct Model {
    pub offer: Offer,
    pub stable: String,
    pub attempt: Option<(String, String, u32)>,
    pub step: u16,
    pub since_ms: u64,
    pub deadline_from_ms: u64,
    pub is_approved: bool,
    pub was_shown_safe: bool,
    pub in_period: bool,
    pub areas_back: usize,
    pub frozen_until_ms: u64,
    pub counts: Counts,
}

impl Model {
    /// Follows what was decided, and says when it may not be.
    pub fn follow(&mut self, decision: &Decision, story: &Story) {
        let by_person = decision.by == "ann";
        let policy = self.offer.rollout.as_ref().map(|ladder| ladder.policy.clone());
        let is_frozen = story.now_ms < self.frozen_until_ms
            || policy.as_ref().is_some_and(|policy| policy.calendar.bar(None, story.now_ms).is_some());
        let is_late =
            policy.as_ref().is_some_and(|policy| story.now_ms >= self.deadline_from_ms + 1000 * u64::from(policy.deadline_s));
        let on_deadline = policy.as_ref().map(|policy| policy.on_deadline);
        let decides = policy.as_ref().map(|policy| policy.decide);
        if decision.by == "evidence" && matches!(decision.kind, Kind::Advance | Kind::Promote) {
            assert_eq!(decides, Some(Decide::Auto), "people take it forward");
        }
        if !by_person && matches!(decision.kind, Kind::Advance | Kind::Promote) {
            assert!(!is_frozen, "it goes forward while it is frozen");
        }
        if by_person && matches!(decision.kind, Kind::Advance | Kind::Promote) {
            assert!(!is_frozen || decision.code == "override", "a freeze is gone over by mistake");
        }
        match decision.kind {
            Kind::Advance if decision.code == "optimise" => {
                assert_eq!(decision.by, "evidence");
                self.is_over(story.now_ms);
                self.is_good();
                let last = self.offer.rollout.as_ref().unwrap().last();
                assert_eq!(decision.step, (self.step, self.step.max(last) + 1));
                self.in_period = true;
                self.move_to(decision.step.1, story.now_ms);
            }
            Kind::Advance => {
                assert!(!self.in_period, "there is no step behind a period");
                assert_eq!(decision.step, (self.step, self.step + 1));
                if !by_person {
                    self.is_over(story.now_ms);
                }
                let next_draws = self.offer.rollout.as_ref().unwrap().rung(decision.step.1).unwrap().draws();
                let is_safe = !by_person && !next_draws;
                if is_safe {
                    assert_eq!(policy.unwrap().optimise, None, "a goal decides what follows");
                    self.is_good();
                }
                self.was_shown_safe |= is_safe;
                self.move_to(decision.step.1, story.now_ms);
            }
            Kind::Promote => {
                match decision.by.as_str() {
                    "ann" => {}
                    "policy" => {
                        assert!(is_late && on_deadline == Some(OnDeadline::Promote), "no deadline has passed");
                        assert_eq!(self.areas_back, 0, "an area that went back gets the canary by policy");
                    }
                    "evidence" if decision.code == "best" => {
                        assert!(self.in_period, "a goal decides in periods");
                        self.is_over(story.now_ms);
                        self.is_good();
                        assert!(self.advantage() > 1.0, "{:?} is not better", self.counts.goals);
                    }
                    "evidence" => {
                        assert!(!self.in_period, "a goal decides here");
                        assert_eq!(self.areas_back, 0, "an area that went back gets the canary by evidence");
                        if !self.was_shown_safe {
                            self.is_good();
                        }
                    }
                    other => panic!("{other} promotes"),
                }
                self.stable = self.attempt.as_ref().unwrap().1.clone();
            }
            Kind::RollBack if decision.code == "harm_in_area" => {
                self.areas_back += 1;
                let place = story.state.run.as_ref().unwrap().areas_back[self.areas_back - 1].clone();
                assert!(self.counts.bad_in.contains(&place), "{place} goes back and nothing was bad there");
            }
            Kind::RollBack => {
                match decision.by.as_str() {
                    "ann" => {}
                    "policy" => assert!(is_late && on_deadline == Some(OnDeadline::RollBack), "no deadline has passed"),
                    "evidence" => {
                        assert_ne!(decides, Some(Decide::Never));
                        assert!(!self.counts.bad_in.is_empty(), "everything goes back and nothing was bad");
                    }
                    other => panic!("{other} rolls back"),
                }
                self.stable = story.state.stable.clone();
            }
            Kind::Approve => self.is_approved = true,
            Kind::Resume if by_person => self.deadline_from_ms = story.state.run.as_ref().unwrap().deadline_from_ms,
            Kind::Freeze => self.frozen_until_ms = story.state.freeze.as_ref().unwrap().until_ms,
            Kind::Unfreeze => self.frozen_until_ms = 0,
            Kind::Start => {
                assert!(matches!(decision.by.as_str(), "ann" | "deploy" | "policy"));
                assert!(decision.code != "scheduled" || !is_frozen, "it begins while it is frozen");
            }
            _ => {}
        }
    }

    /// The step, or the period, has had its time, its visitors and its approval.
    pub fn is_over(&self, now_ms: u64) {
        let ladder = self.offer.rollout.as_ref().unwrap();
        // A period is like the last step on which somebody gets stable, but for its time.
        let last_draw = ladder.rungs.iter().rfind(|rung| rung.draws());
        let rung = if self.in_period { last_draw } else { ladder.rung(self.step) }.unwrap();
        let hold_s = if self.in_period { ladder.policy.optimise.as_ref().unwrap().every_s } else { rung.hold_s };
        let drawn = self.counts.on.get(&self.step).copied().unwrap_or(0);
        assert!(drawn >= rung.least_visitors || !rung.draws(), "too few visitors");
        assert!(now_ms >= self.since_ms + 1000 * u64::from(hold_s), "too soon");
        assert!(!rung.approval || self.is_approved || self.in_period, "nobody agreed");
    }

    /// By how many standard deviations the canary is better for the goal; 0 while too little is known.
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn advantage(&self) -> f64 {
        let [canary, stable] = self.counts.goals.map(|(met, visitors)| (met as f64, visitors as f64));
        if canary.1.min(stable.1) < 100.0 {
            return 0.0;
        }
        let (rates, all) = ((canary.0 / canary.1, stable.0 / stable.1), (canary.0 + stable.0) / (canary.1 + stable.1));
        (rates.0 - rates.1) / (all * (1.0 - all) * (canary.1.recip() + stable.1.recip())).sqrt().max(f64::MIN_POSITIVE)
    }

    /// A new split of a period: the first one moves nobody; the others move as few as can be, towards the version that the model finds
    /// better, and leave each its one in a hundred. Whether it went up.
    pub fn is_of_the_goal(&self, is_first: bool, before: &Site, after: &Site) -> Option<bool> {
        let random = |site: &Site| match &site.rollout.as_ref().unwrap().strategy {
            Strategy::Random(owners) => owners.clone(),
            other => panic!("a goal splits {other:?}"),
        };
        let (was, is) = (weight(before), weight(after));
        assert_eq!(random(before).moved(&random(after)).bp(), was.abs_diff(is), "more visitors than needed are moved");
        if is_first {
            assert_eq!(was, is, "the first period moves somebody");
            return None;
        }
        assert!((100..9900).contains(&is) && was.abs_diff(is) >= 100, "{was} to {is}");
        let advantage = self.advantage();
        assert!(advantage < 1.0 || is > 5000, "{is} for what is better by {advantage}");
        assert!(advantage > -1.0 || is < 5000, "{is} for what is better by {advantage}");
        Some(is > was)
    }

    /// The canary shows no fewer live pages than stable, less the one in twenty that may be lost, as far as the model has counted.
    pub fn is_good(&self) {
        let Counts { drawn, alive, .. } = &self.counts;
        assert!(drawn.0 >= 30 && drawn.1 >= 30, "{drawn:?} visitors show nothing");
        // Integers only: alive.0 / drawn.0 > 0.95 · alive.1 / drawn.1.
        let is_kept = 20 * alive.0 * drawn.1 > 19 * alive.1 * drawn.0;
        assert!(is_kept, "{alive:?} of {drawn:?} are alive, and it is called safe");
    }

    pub fn move_to(&mut self, step: u16, now_ms: u64) {
        (self.step, self.since_ms, self.is_approved) = (step, now_ms, false);
    }

    /// What only the control decides: which config is in force, and which attempt runs.
    pub fn settle(&mut self, story: &mut Story) {
        self.offer.clone_from(&story.state.offer);
        self.stable.clone_from(&story.state.stable);
        let attempt = story.state.run.as_ref().map(|run| (run.id.clone(), run.canary.clone(), run.attempt));
        let step = story.at_step();
        self.in_period = story.state.run.as_ref().is_some_and(|run| run.period.is_some());
        if attempt != self.attempt {
            // A fresh attempt has fresh counts.
            (self.counts, story.tally) = (Counts::default(), crate::rollout::tally::Tally::default());
            (self.areas_back, self.was_shown_safe, self.attempt) = (0, false, attempt);
            self.move_to(step, story.now_ms);
            self.deadline_from_ms = story.now_ms;
        } else if step != self.step {
            // By a file, or because it began.
            self.was_shown_safe = false;
            if self.step == 0 {
                self.deadline_from_ms = story.state.run.as_ref().unwrap().deadline_from_ms;
            }
            self.move_to(step, story.now_ms);
        }
    }
}
