//! How long an assignment and a whole decision take, and what they allocate.
//!
//! `cargo bench`: the aim is under 150 ns and no allocation for `assign`. That nothing is allocated is also a test
//! (tests/allocations.rs); the time depends on the machine and is only printed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that can not be set up says so by panicking"
)]

mod scene;

use divan::{AllocProfiler, Bencher, black_box};
use halftone::assign::assign as decide_version;
use halftone::slot::Slot;
use scene::{GEOGRAPHIC, RANDOM, RULES, Served, Visitor, plan};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The slot of a visitor under a salt.
#[divan::bench]
fn slot() -> u16 {
    Slot::of(black_box("demo/rollout/v2"), black_box(b"AAAAAAAAAAAAAAAAAAAAAA")).number()
}

/// A visitor's version: by slot, by area among thirty, by the last of five rules.
#[divan::bench(args = [("random", RANDOM), ("geographic, 30 waves", GEOGRAPHIC), ("5 rules", RULES)].map(Case))]
fn assign(bencher: Bencher, case: &Case) {
    let plan = plan(case.0.1);
    let site = &plan.sites[0];
    bencher.bench_local(|| decide_version(black_box(site), black_box(&Visitor), &mut Visitor));
}

/// The whole decision, from the facts of a request to the text of the instruction.
#[divan::bench(args = [("random", RANDOM), ("geographic, 30 waves", GEOGRAPHIC), ("5 rules", RULES)].map(Case))]
fn page_of_a_returning_visitor(bencher: Bencher, case: &Case) {
    rendered(bencher, case, Served::page);
}

#[divan::bench(args = [("random", RANDOM)].map(Case))]
fn page_of_a_new_visitor(bencher: Bencher, case: &Case) {
    rendered(bencher, case, Served::stranger);
}

#[divan::bench(args = [("random", RANDOM)].map(Case))]
fn script_of_a_returning_visitor(bencher: Bencher, case: &Case) {
    rendered(bencher, case, Served::script);
}

fn rendered(bencher: Bencher, case: &Case, decide: fn(&mut Served) -> halftone::decide::Instruction) {
    let mut served = Served::with(case.0.1);
    let mut text = String::with_capacity(4096);
    bencher.bench_local(|| {
        text.clear();
        decide(black_box(&mut served)).render(&mut text);
        text.len()
    });
}

/// A plan with a name to print.
struct Case((&'static str, &'static str));

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.0)
    }
}
