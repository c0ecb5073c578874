//! Visitors: who they are, which draw they are in, and the pages they view.

use super::random::Random;
use super::shapes::{Seen, Shapes};
use super::world::{Fault, World};
use crate::assign::{Assignment, By, Why};
use crate::beacon::draw::{Arm, Draw, draw};
use crate::beacon::row;
use crate::plan::{Rollout, Site, Strategy};
use crate::rollout::policy::Guard;
use crate::slot::{Odds, SLOTS, Slot, VersionIndex};

/// A person, as far as the rollout knows them: small, because who comes back is fetched from anywhere in memory.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about them")]
struct Person {
    slot: Slot,
    /// Where they live, as a number of the last step's areas.
    area: u16,
    /// Whether they are among the first so many.
    is_enrolled: bool,
    /// Their last draw, and its cell.
    drawn: Option<(Draw, u32)>,
    /// Blocks the page script.
    blocks: bool,
    /// Something throws for them, in both versions; scaled against the base rate of the hour.
    luck: f64,
    /// What the canary does to them.
    fault_luck: f64,
    /// It has done something to them.
    is_harmed: bool,
    /// Whether they have seen the canary.
    knows_canary: bool,
    /// Guards their draw has voted on.
    voted: u32,
    network: u16,
    visits: u32,
}

/// What sets pages apart that are counted together: step, area, odds and arm of their draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub step: u16,
    pub area: usize,
    pub odds: Odds,
    pub is_canary: bool,
}

/// What was seen in some time.
#[derive(Debug, Default)]
pub struct Batch {
    /// Pages by cell and shape.
    pub pages: Vec<(usize, usize, u64)>,
    /// Votes in the order they fell: guard, cell, network.
    pub votes: Vec<(usize, usize, u16)>,
}

/// Bots of one area who got the same: where they are counted, as cell and shape, if they are.
struct Alike {
    area: usize,
    assignment: Assignment,
    place: Option<(usize, usize)>,
}

/// A site in force, and where in time it is.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    pub site: &'a Site,
    pub rollout: &'a Rollout,
    pub began_ms: u64,
    pub now_ms: u64,
}

/// All who were ever here, and what is counted of them.
pub struct Crowd<'a> {
    world: World,
    people: Vec<Person>,
    enrolled: u64,
    /// The areas of the last step; one without a name where all are drawn together.
    pub areas: Vec<String>,
    pub cells: Vec<Cell>,
    pub shapes: Shapes<'a>,
    /// Pages by cell and shape since the last batch, and where there are any.
    pages: Vec<Vec<u64>>,
    seen: Vec<(usize, usize)>,
    votes: Vec<(usize, usize, u16)>,
    /// Page views of people so far, the canary's and both arms'.
    pub canary_views: u64,
    /// See [`Crowd::canary_views`].
    pub views: u64,
    /// Visitors the canary did something to.
    pub harmed: u64,
}

/// So many networks people come from.
pub const NETWORKS: u16 = 4000;

impl<'a> Crowd<'a> {
    pub fn new(world: World, guards: &'a [Guard], areas: Vec<String>) -> Self {
        Self {
            world,
            people: Vec::new(),
            enrolled: 0,
            areas,
            cells: Vec::new(),
            shapes: Shapes::new(guards),
            pages: Vec::new(),
            seen: Vec::new(),
            votes: Vec::new(),
            canary_views: 0,
            views: 0,
            harmed: 0,
        }
    }

    /// Some time passes: visits of people and page views of bots, while a rollout is in force.
    pub fn visit(&mut self, now: Moment<'_>, seconds: f64, random: &mut Random) {
        let world = self.world;
        let by_day = World::wave(world.day_and_night, now.now_ms, 0.0);
        let pages_a_visit = 2.0 + 8.0 * world.heavy;
        let people = world.views_per_hour * by_day * seconds / 3600.0;
        let level = world.level(now.now_ms, now.began_ms);
        for _ in 0..random.times(people / pages_a_visit) {
            let at = self.somebody(random);
            self.pages(at, now, level, random);
        }
        let mut bots = Vec::new();
        for _ in 0..random.times(people * world.bots / (1.0 - world.bots).max(0.01)) {
            self.bot(now, random, &mut bots);
        }
    }

    fn slot(random: &mut Random) -> Slot {
        Slot::new(random.below(u64::from(SLOTS)) as u16).unwrap_or_else(|| Slot::of("", b""))
    }

    fn somebody(&mut self, random: &mut Random) -> usize {
        if !self.people.is_empty() && random.happens(self.world.returning) {
            return random.below(self.people.len() as u64) as usize;
        }
        self.people.push(Person {
            slot: Self::slot(random),
            area: random.below(self.areas.len() as u64) as u16,
            is_enrolled: false,
            drawn: None,
            blocks: random.happens(self.world.blocked),
            luck: random.share(),
            fault_luck: random.share(),
            is_harmed: false,
            knows_canary: false,
            voted: 0,
            network: random.below(u64::from(NETWORKS)) as u16,
            visits: 0,
        });
        self.people.len() - 1
    }

    /// What the rollout gives somebody, as `assign` does once a cookie or a new id is read.
    fn assigned(&self, now: Moment<'_>, slot: Slot, area: usize, is_enrolled: bool) -> Assignment {
        let given = |version: VersionIndex, by: By| {
            let why = if version == now.rollout.canary { Why::Canary } else { Why::Stable };
            Assignment { version, why, by }
        };
        let otherwise = given(now.site.stable, By::Nothing);
        match &now.rollout.strategy {
            Strategy::Random(owners) => given(owners.owner(slot), By::Stratum(0)),
            Strategy::Sequential(enrolment) if is_enrolled => given(enrolment.of.owner(slot), By::Stratum(0)),
            Strategy::Sequential(_) => otherwise,
            Strategy::Geographic(waves) => {
                let name = self.areas.get(area);
                let at = waves.iter().position(|wave| Some(&wave.name) == name);
                let found = at.and_then(|at| Some((at, waves.get(at)?)));
                found.map_or(otherwise, |(at, wave)| given(wave.owners.owner(slot), By::Stratum(at)))
            }
        }
    }

    fn cell(&mut self, draw: Draw, area: usize) -> usize {
        let cell = Cell { step: draw.step, area, odds: draw.odds, is_canary: draw.arm == Arm::Canary };
        // The newest are those of the step in force.
        self.cells.iter().rposition(|known| *known == cell).unwrap_or_else(|| {
            self.cells.push(cell);
            self.pages.push(Vec::new());
            self.cells.len() - 1
        })
    }

    fn count(&mut self, cell: usize, seen: Seen) -> usize {
        let shape = self.shapes.number(seen);
        self.add(cell, shape);
        shape
    }

    fn add(&mut self, cell: usize, shape: usize) {
        let Some(pages) = self.pages.get_mut(cell) else { return };
        if pages.len() <= shape {
            pages.resize(shape + 1, 0);
        }
        if let Some(count) = pages.get_mut(shape) {
            if *count == 0 {
                self.seen.push((cell, shape));
            }
            *count += 1;
        }
    }

    /// A visit of a person; `level` is [`World::level`] now.
    fn pages(&mut self, at: usize, now: Moment<'_>, level: f64, random: &mut Random) {
        let Some(mut person) = self.people.get(at).copied() else { return };
        if let Strategy::Sequential(enrolment) = &now.rollout.strategy
            && !person.is_enrolled
            && self.enrolled < enrolment.first
        {
            person.is_enrolled = true;
            self.enrolled += 1;
        }
        let area = usize::from(person.area);
        let assignment = self.assigned(now, person.slot, area, person.is_enrolled);
        let last = person.drawn.map(|drawn| drawn.0);
        let drawn = draw(now.site, now.rollout, &assignment, last, now.rollout.newcomers_only);
        let is_new = drawn.is_some() && drawn != last;
        if let Some(drawn) = drawn.filter(|_| is_new) {
            person.drawn = Some((drawn, self.cell(drawn, area) as u32));
            person.voted = 0;
        }
        let cell = person.drawn.filter(|_| drawn.is_some()).map(|drawn| drawn.1 as usize);
        let is_canary = assignment.version == now.rollout.canary;
        let count = if random.happens(self.world.heavy) { 10 } else { 2 };
        for page in 0..count {
            self.views += 1;
            self.canary_views += u64::from(is_canary);
            let Some(cell) = cell else { continue };
            let is_first = person.visits == 0 && page == 0;
            let (seen, is_hurt) = self.page(&person, is_canary, is_first, is_new && page == 0, level, random);
            if is_hurt && !person.is_harmed {
                person.is_harmed = true;
                self.harmed += 1;
            }
            person.knows_canary |= is_canary;
            let shape = self.count(cell, seen);
            for (guard, bit) in self.shapes.get(shape).map(|shape| shape.votes.as_slice()).unwrap_or_default() {
                if person.voted & bit == 0 {
                    person.voted |= bit;
                    self.votes.push((*guard, cell, person.network));
                }
            }
        }
        person.visits += 1;
        if let Some(kept) = self.people.get_mut(at) {
            *kept = person;
        }
    }

    /// What happens on a page, and whether the canary's fault does.
    fn page(
        &self,
        person: &Person,
        is_canary: bool,
        is_first: bool,
        is_trial: bool,
        level: f64,
        random: &mut Random,
    ) -> (Seen, bool) {
        let world = &self.world;
        let fault = if is_canary { world.fault } else { Fault::default() };
        let mut bits = row::PROVEN | if is_trial { row::TRIAL } else { 0 } | if is_first { row::FIRST } else { 0 };
        let is_white = person.fault_luck < fault.white;
        let throws_more = person.fault_luck < fault.errors;
        let is_heard = !person.blocks && !random.happens(world.lost);
        let (fails, is_slow) = (random.happens(fault.failing), is_first && random.happens(fault.slow));
        if fails {
            bits |= row::FAILED;
        } else if is_heard && !is_white {
            bits |= row::ALIVE;
        }
        let throws = person.luck < world.errors * level * 3.0 && random.happens(1.0 / 3.0);
        if is_heard && (throws || throws_more) {
            bits |= row::ERROR;
        }
        // Who was here before has stable's files in the browser's cache, and of a new build those on the way are empty.
        let is_cold = if is_canary { !person.knows_canary } else { is_first };
        let on_the_way = if is_canary { World::uncached(self.canary_views) } else { 0.0 };
        let cold = world.cold * (f64::from(u8::from(is_cold)) + on_the_way);
        if is_heard && (random.happens(world.poor_lcp * level + cold) || is_slow) {
            bits |= row::LATE_LCP;
        }
        let [sluggish, shifting] = [fault.sluggish, fault.shifting].map(|share| random.happens(share));
        let inp = is_heard && (random.happens(world.poor_inp * level) || sluggish);
        let cls = is_heard && (random.happens(world.poor_cls * level) || shifting);
        let would = random.happens(world.goal * level * (1.0 - fault.goalless.min(0.0)));
        let is_lost = would && random.happens(fault.goalless);
        let goal = is_heard && would && !is_lost;
        let is_hurt = is_white || throws_more || fails || is_slow || sluggish || shifting || is_lost;
        (Seen { bits, inp, cls, goal }, is_hurt)
    }

    /// A page view of a bot: a new visitor who is never heard of again. All of one area who get the same are alike; `known` has those who
    /// came at this moment.
    fn bot(&mut self, now: Moment<'_>, random: &mut Random, known: &mut Vec<Alike>) {
        let area = random.below(self.areas.len() as u64) as usize;
        let assignment = self.assigned(now, Self::slot(random), area, false);
        let found = known.iter().find(|of| of.area == area && of.assignment == assignment).map(|of| of.place);
        let place = found.unwrap_or_else(|| {
            let drawn = draw(now.site, now.rollout, &assignment, None, false);
            let shape = self.shapes.number(Seen { bits: row::TRIAL | row::FIRST, ..Seen::default() });
            let place = drawn.map(|drawn| (self.cell(drawn, area), shape));
            known.push(Alike { area, assignment, place });
            place
        });
        if let Some((cell, shape)) = place {
            self.add(cell, shape);
        }
    }

    /// What was seen since the last time.
    pub fn batch(&mut self) -> Batch {
        let mut seen = std::mem::take(&mut self.seen);
        seen.sort_unstable();
        let count = |(cell, shape): (usize, usize)| {
            let count = self.pages.get_mut(cell).and_then(|shapes| shapes.get_mut(shape));
            (cell, shape, count.map(std::mem::take).unwrap_or_default())
        };
        Batch { pages: seen.into_iter().map(count).collect(), votes: std::mem::take(&mut self.votes) }
    }
}
