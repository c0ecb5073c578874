//! What a request and a look at the evidence cost in allocations: an assignment none, a decision few, the evidence none at any
//! counts, a look as many as it has verdicts. Each binary has one allocator, so this is a test binary of its own.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

#[path = "../benches/scene/mod.rs"]
mod scene;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use halftone::assign::assign;
use halftone::evidence::ratio::{Events, Ratio};
use halftone::evidence::{Odds, Trials, absolute, alive, cost, interval, margin, pace, quantile, restarts, sample_ratio};
use halftone::rollout::policy::Policy;
use halftone::rollout::state::{Run, Start};
use halftone::rollout::tally::{Arm, Outcome, Stratum, Tally};
use halftone::rollout::verdict::judge;
use halftone::slot::Slot;
use scene::{GEOGRAPHIC, RANDOM, RULES, Served, Visitor, plan};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        unsafe { System.alloc(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        unsafe { System.realloc(pointer, layout, bytes) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` asks for memory.
fn allocations<T>(work: impl FnOnce() -> T) -> u64 {
    let before = COUNT.get();
    black_box(work());
    COUNT.get() - before
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| String::from("a")), 1);
    assert_eq!(allocations(|| Slot::of("salt", b"key")), 0);
}

#[test]
fn an_assignment_allocates_nothing() {
    for keys in [RANDOM, GEOGRAPHIC, RULES] {
        let plan = plan(keys);
        assert_eq!(allocations(|| assign(&plan.sites[0], &Visitor, &mut Visitor)), 0, "{keys}");
    }
}

#[test]
fn a_decision_allocates_little() {
    // Where geography counts, the cookie keeps the four names of a place. A counted page has a token and a note besides.
    for (keys, most) in [(RANDOM, 28), (GEOGRAPHIC, 40), (RULES, 40)] {
        let mut served = Served::with(keys);
        let (page, script) = (allocations(|| served.page()), allocations(|| served.script()));
        let stranger = allocations(|| served.stranger());
        assert!(page.max(script).max(stranger) <= most, "page {page}, script {script}, stranger {stranger} for {keys}");
    }
}

/// Twelve strata, as a ramp of five steps has them, with counts up to 10¹².
fn strata() -> [Trials; 12] {
    std::array::from_fn(|at| {
        let count = 10_u64.pow(at as u32) * 7;
        let odds = Odds { canary: 100 + 800 * at as u16, stable: 9000 - 700 * at as u16 };
        Trials { canary_bad: count / 90, canary_ok: count, stable_bad: count / 100, stable_ok: count, odds, before: 0.02 }
    })
}

#[test]
fn the_evidence_allocates_nothing_at_any_counts() {
    let strata = strata();
    let trials = || strata.iter().copied();
    let events = || trials().map(|of| Events { canary: of.canary_bad, stable: of.stable_bad, odds: of.odds });
    let bins = || (0..200_u32).map(|bin| (bin, u64::from(bin) * 1_000_000_007));
    let counted = |at: usize, start: usize| (strata[at].canary_bad / (9 + start as u64), strata[at].stable_bad / 9);
    let all: [(&str, u64); 13] = [
        ("harm", allocations(|| Ratio::harm(0.1).log_e(events()))),
        ("safe", allocations(|| Ratio::safe(0.5).log_e(events()))),
        ("restarts", allocations(|| restarts::harm(&Ratio::harm(0.1), 64, events().enumerate(), counted))),
        ("alive", allocations(|| alive::log_e(0.05, trials()))),
        ("margin", allocations(|| margin::log_e(0.005, trials()))),
        ("absolute", allocations(|| absolute::log_e(0.02, 7, 1_000_000_000_000))),
        ("sample ratio", allocations(|| sample_ratio::two(strata[11].odds, strata[11].canary_ok, strata[11].stable_ok))),
        ("rate", allocations(|| interval::rate(3, 1_000_000_000_000, 0.05, 1000.0))),
        ("difference", allocations(|| interval::shares(&trials(), 0.05, 1000.0))),
        ("quantile", allocations(|| quantile::bounds(0.75, 0.05, bins()))),
        ("two quantiles", allocations(|| quantile::compare(0.75, 1000.0, bins(), bins()))),
        ("pace", allocations(|| pace::upper(0.05, &trials()))),
        ("cost", allocations(|| cost::gain(0.01, 2.0, 1.1, 0.5))),
    ];
    for (what, count) in all {
        assert_eq!(count, 0, "{what}");
    }
}

/// A verdict has a name and a place, so a look allocates those and the list; what was counted before costs nothing more.
#[test]
fn a_look_at_the_evidence_allocates_for_its_verdicts_and_for_nothing_else() {
    let look = |strata: usize| {
        let guards = Policy::usual().guards;
        let guards_count = guards.len() as u64;
        let strata = (0..strata).map(|at| Stratum {
            step: at as u16 + 1,
            odds: Odds { canary: 100, stable: 900 },
            canary: Arm { outcomes: vec![Outcome { trials: 50, bad: 3, votes: 3 }; guards.len()], ..Arm::default() },
            stable: Arm { outcomes: vec![Outcome { trials: 450, bad: 20, votes: 20 }; guards.len()], ..Arm::default() },
            ..Stratum::default()
        });
        let tally = Tally { strata: strata.collect(), ..Tally::default() };
        let run = Run { starts: vec![Start::new(0, &tally, &guards); 40], ..run() };
        (allocations(|| judge(&run, &tally, &[])), guards_count)
    };
    let (few, guards) = look(1);
    let (many, _) = look(40);
    assert_eq!(few, many, "more strata are no more memory");
    assert!(few <= 1 + 2 * guards, "{few} allocations for {guards} guards");
}

/// A rollout on its first step.
fn run() -> Run {
    Run {
        id: String::new(),
        canary: String::new(),
        attempt: 1,
        policy: Policy::usual(),
        started_ms: 0,
        step: 1,
        since_ms: 0,
        starts: Vec::new(),
        before: Vec::new(),
        areas: Vec::new(),
        areas_back: Vec::new(),
        is_approved: false,
        is_ratio_accepted: false,
        is_shown_safe: false,
        period: None,
        deadline_from_ms: 0,
    }
}
