//! Everything at random, beside a model so small that it is right: what may never happen never does.
//!
//! The model trusts nothing that the control says of the evidence. It counts visitors and bad pages itself, in portions that are
//! either harmless or very bad, and has a clock and a calendar of its own.

use super::scene::*;
use crate::decide::tests::scene::version;
use crate::plan::{Site, Strategy};
use crate::rollout::calendar::Freeze;
use crate::rollout::event::{Command, Decision, Kind};
use crate::rollout::in_force;
use crate::rollout::offer::Offer;
use crate::rollout::policy::{Decide, Guard, OnDeadline, OnNewVersion, Optimise};
use crate::rollout::state::{Phase, Standing};
use crate::slot::VersionIndex;

use model::{Counts, Model};

mod model;

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }

    fn is(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }
}

/// Whether a goal decides behind the ramp.
fn optimises(seed: u64) -> bool {
    seed % 4 != 3 && seed % 6 > 3
}

/// Of a thousand visitors of the canary so many meet the goal, and of stable 100: fewer are not so few that it is harm.
fn met(seed: u64) -> u64 {
    [130, 100, 97][(seed / 12 % 3) as usize]
}

/// Configs that come and go, all of them of the same three versions.
fn configs(seed: u64) -> Vec<Offer> {
    let mut base = if seed % 4 == 3 {
        areas(&[
            &[("NZ", 500), ("AU", 500)],
            &[("NZ", 2500), ("AU", 2500), ("elsewhere", 500)],
            &[("NZ", 5000), ("AU", 5000), ("elsewhere", 5000)],
        ])
    } else {
        offer()
    };
    base.site.versions.push(version("v3"));
    let ladder = base.rollout.as_mut().unwrap();
    ladder.rungs[1].approval = seed.is_multiple_of(3);
    let policy = &mut ladder.policy;
    policy.decide = [Decide::RollBack, Decide::Never, Decide::Auto, Decide::Auto, Decide::Auto][(seed % 5) as usize];
    policy.on_deadline = [OnDeadline::Hold, OnDeadline::Promote, OnDeadline::RollBack][(seed / 5 % 3) as usize];
    policy.deadline_s = [7200, 14 * 86_400][(seed / 2 % 2) as usize];
    policy.on_new_version = [OnNewVersion::Replace, OnNewVersion::Queue, OnNewVersion::Refuse][(seed / 3 % 3) as usize];
    if seed.is_multiple_of(7) {
        let (from_ms, until_ms) = (1_800_000_000_000 + 5 * HOUR, 1_800_000_000_000 + 9 * HOUR);
        policy.calendar.freezes = vec![Freeze { from_ms, until_ms, why: "lunch".to_owned() }];
    }
    // The areas' tests cost more.
    policy.guards.truncate(if seed % 4 == 3 { 1 } else { 3 });
    if optimises(seed) {
        policy.guards.extend(Guard::usual("goal.signup"));
        policy.optimise = Some(Optimise { goal: "signup".to_owned(), every_s: 900 });
    }
    let with = |change: &dyn Fn(&mut Offer)| {
        let mut other = base.clone();
        change(&mut other);
        other
    };
    vec![
        base.clone(),
        with(&|offer| offer.site.hosts.push("shop.example".to_owned())),
        with(&|offer| offer.rollout.as_mut().unwrap().from = 2),
        with(&|offer| offer.rollout.as_mut().unwrap().from = 0),
        with(&|offer| {
            let ladder = offer.rollout.as_mut().unwrap();
            (ladder.id, ladder.salt) = ("again".to_owned(), "shop/rollout/again".to_owned());
        }),
        with(&|offer| {
            let ladder = offer.rollout.as_mut().unwrap();
            for rung in &mut ladder.rungs {
                rung.strategy.own(|owners| owners.renamed(|owner| VersionIndex(owner.0 * 2)));
            }
            (ladder.id, ladder.salt, ladder.canary) = ("summer".to_owned(), "shop/rollout/summer".to_owned(), VersionIndex(2));
        }),
        with(&|offer| offer.rollout.as_mut().unwrap().policy.optimise = None),
        with(&|offer| offer.rollout = None),
        with(&|offer| (offer.rollout, offer.site.stable) = (None, VersionIndex(1))),
    ]
}

fn wish(random: &mut Random, now_ms: u64, standings: &[(u64, Standing)]) -> Command {
    match random.below(16) {
        0 => Command::Promote,
        1 | 2 => Command::Advance,
        3 => Command::Pause,
        4..=6 => Command::Resume,
        7 => Command::RollBack,
        8 => Command::Abort,
        9 => Command::Approve,
        10 => Command::Retry,
        11 | 12 => Command::Clear { version: random.one_of(&["v1", "v2", "v3"]).to_owned() },
        13 => random.one_of(&[Command::Off, Command::On]),
        14 => random.one_of(&[Command::Freeze { until_ms: now_ms + 3 * HOUR }, Command::Unfreeze, Command::Unfreeze]),
        _ => {
            let (revision, standing) = random.one_of(standings);
            Command::Restore { revision, standing: Box::new(standing) }
        }
    }
}

/// A portion of visitors is counted, somewhere where there is a draw.
fn portion(random: &mut Random, story: &mut Story, model: &mut Model, met: u64) {
    let (Some(ladder), Some(run)) = (&story.state.offer.rollout, &story.state.run) else { return };
    let Some(rung) = run.rung(ladder) else { return };
    let back = &run.areas_back;
    let drawn = rung.strata.iter().filter(|stratum| stratum.odds[0].is_draw() && !back.contains(&stratum.name));
    let places: Vec<String> = drawn.map(|stratum| stratum.name.clone()).collect();
    if !story.state.is_drawing() || places.is_empty() {
        return;
    }
    let place = random.one_of(&places);
    let (visitors, is_bad) = (200 + random.below(3000), random.is(60));
    let odds = story.odds(&place);
    let canaries = visitors * u64::from(odds.canary) / u64::from(odds.canary + odds.stable);
    let seen = |drawn: u64, bad: u64| Seen { drawn, missing: drawn * bad / 1000, errors: 0 };
    let (canary, stable) = (seen(canaries, if is_bad { 500 } else { 20 }), seen(visitors - canaries, 20));
    let counts = &mut model.counts;
    *counts.on.entry(model.step).or_default() += visitors;
    counts.drawn = (counts.drawn.0 + canary.drawn, counts.drawn.1 + stable.drawn);
    counts.alive.0 += canary.drawn - canary.missing;
    counts.alive.1 += stable.drawn - stable.missing;
    if is_bad {
        counts.bad_in.push(place.clone());
    }
    story.visitors_in(&place, canary, stable);
    goals(story, model, &place, [(met, canaries), (100, visitors - canaries)]);
    if random.is(10) {
        // So few networks that harm is in doubt, for a while.
        story.tally.networks.fill(3);
        story.tally.places.iter_mut().for_each(|one| one.networks.fill(3));
    }
}

/// Of all that were counted here so many in a thousand meet the goal; given with how many came of them now: canary, then stable.
fn goals(story: &mut Story, model: &mut Model, place: &str, came: [(u64, u64); 2]) {
    let (step, odds) = (story.at_step(), story.odds(place));
    let guards = &story.state.run.as_ref().unwrap().policy.guards;
    let Some(at) = guards.iter().position(Guard::is_goal) else { return };
    let here = story.tally.strata.iter_mut().find(|stratum| stratum.key() == (step, place, odds)).unwrap();
    let arms = [&mut here.canary, &mut here.stable].into_iter().zip(came).zip(&mut model.counts.goals);
    for ((arm, (share, came)), counted) in arms {
        let outcome = &mut arm.outcomes[at];
        // Of all so far, since a few at a time would be rounded each time.
        let votes = outcome.trials * share / 1000;
        if place.starts_with("period-") {
            *counted = (counted.0 + votes - outcome.votes, counted.1 + came);
        }
        (outcome.bad, outcome.votes) = (votes, votes);
    }
}

/// The largest share that a version other than stable has in a site's rollout.
fn weight(site: &Site) -> u16 {
    let Some(rollout) = &site.rollout else { return 0 };
    match &rollout.strategy {
        Strategy::Random(owners) => owners.share(rollout.canary).bp(),
        Strategy::Sequential(enrolment) => enrolment.of.share(rollout.canary).bp(),
        Strategy::Geographic(waves) => waves.iter().map(|wave| wave.weight(rollout.canary).bp()).max().unwrap_or(0),
    }
}

/// A million events: no weight goes back but by a rollback, a person or a file; nothing goes forward without evidence, a person or a
/// policy, and not before its time; a goal moves a split only of what is safe, towards what is better, and no more than it has to; no
/// version in quarantine is given to anybody; what visitors get changes with a decision and a new revision only; and the log comes out
/// the same.
#[test]
#[expect(clippy::too_many_lines, reason = "one arm for each thing that can happen")]
fn a_million_random_events_break_no_promise() {
    const STORIES: u64 = 1000;
    const EVENTS: u64 = 1000;
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for seed in 0..STORIES {
        let mut random = Random(seed);
        let configs = configs(seed);
        let mut story = Story::of(&configs[0]);
        story.is_watched = seed % 50 == 0;
        let mut standings = vec![(story.state.revision, story.state.standing())];
        let mut model = Model {
            offer: configs[0].clone(),
            stable: "v1".to_owned(),
            attempt: None,
            step: 0,
            since_ms: 0,
            deadline_from_ms: 0,
            is_approved: false,
            was_shown_safe: false,
            in_period: false,
            areas_back: 0,
            frozen_until_ms: 0,
            counts: Counts::default(),
        };
        model.settle(&mut story);
        let mut before = in_force(&story.state);
        for _ in 0..EVENTS {
            let decided = match random.below(24) {
                0 => {
                    let command = wish(&mut random, story.now_ms, &standings);
                    let why = random.one_of(&["", "I know"]);
                    let asked = if random.is(3) { story.insist(command, why) } else { story.ask(command) };
                    asked.unwrap_or_default()
                }
                1 if random.is(4) => story.offer(&random.one_of(&configs)),
                2 | 3 => {
                    portion(&mut random, &mut story, &mut model, met(seed));
                    Vec::new()
                }
                // A lost alarm, or a clock that stands still.
                4 => {
                    story.now_ms += random.below(HOUR);
                    story.look()
                }
                // The same alarm twice.
                5 => {
                    let mut decided = story.look();
                    decided.extend(story.look());
                    decided
                }
                // A clock that is set back.
                6 if random.is(20) => {
                    story.now_ms -= random.below(2 * HOUR);
                    story.look()
                }
                _ => story.after(random.below(3 * MINUTE)),
            };
            let was_in_period = model.in_period;
            for decision in &decided {
                model.follow(decision, &story);
                *seen.entry(format!("{:?} {} {}", decision.kind, decision.by, decision.code)).or_default() += 1;
            }
            if decided.is_empty() {
                // Then nothing has changed, as is watched in some stories.
                assert_eq!(story.state.revision, before.revision);
                continue;
            }
            model.settle(&mut story);
            let site = in_force(&story.state);
            let words = || format!("seed {seed}: {:?}", shown(&decided));
            let by_goal = |one: &Decision| one.code == "optimise";
            if decided.iter().any(by_goal)
                && let Some(went_up) = model.is_of_the_goal(!was_in_period, &before, &site)
            {
                *seen.entry(format!("goal up {went_up}")).or_default() += 1;
            }
            for bad in &story.state.quarantine {
                let bad = site.find(&bad.version).unwrap();
                assert!(!site.gives(bad), "{}", words());
            }
            if weight(&site) < weight(&before) {
                let takes_back = |one: &Decision| {
                    matches!(one.kind, Kind::RollBack | Kind::Abort | Kind::Off | Kind::Restore | Kind::Promote)
                        || (one.kind == Kind::Start && matches!(one.by.as_str(), "deploy" | "ann" | "policy"))
                        || by_goal(one)
                };
                assert!(decided.iter().any(takes_back), "{}", words());
            }
            let unnumbered = |site: &Site| Site { revision: 0, ..site.clone() };
            if unnumbered(&site) != unnumbered(&before) {
                assert!(site.revision > before.revision && !decided.is_empty(), "{}", words());
            }
            assert!(site.revision >= before.revision);
            if story.phase() == Phase::Promoted {
                assert!(site.rollout.is_none());
            }
            if site.revision > before.revision && standings.len() < 20 {
                standings.push((site.revision, story.state.standing()));
            }
            before = site;
        }
        if seed % 10 == 0 {
            story.replays();
        }
    }
    // What never came up was not tried.
    for wanted in [
        "Advance evidence not_harmful",
        "Advance evidence safe",
        "Advance evidence optimise",
        "goal up true",
        "goal up false",
        "Promote evidence best",
        "Promote evidence safe",
        "Promote policy deadline",
        "Promote ann asked",
        "Promote ann override",
        "RollBack evidence harm",
        "RollBack evidence harm_in_area",
        "RollBack policy deadline",
        "RollBack ann asked",
        "Hold evidence few_networks",
        "Hold policy deadline",
        "Hold policy silent",
        "Hold policy area_back",
        "Queue deploy rollout_running",
        "Refuse deploy rollout_running",
        "Refuse deploy quarantined",
        "Start deploy moved_by_file",
        "Start deploy rollout_is_over",
        "Start policy scheduled",
        "Start policy rollout",
        "Start ann retry",
        "Freeze ann asked",
        "Restore ann asked",
    ] {
        assert!(seen.contains_key(wanted), "{wanted} never came up: {seen:#?}");
    }
}
