//! What a request costs in allocations: an assignment none, a decision few. Each binary has one allocator, so this is a
//! test binary of its own.
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

#[path = "../benches/scene/mod.rs"]
mod scene;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use halftone::assign::assign;
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
    // Where geography counts, the cookie keeps the four names of a place.
    for (keys, most) in [(RANDOM, 20), (GEOGRAPHIC, 32), (RULES, 32)] {
        let mut served = Served::with(keys);
        let (page, script) = (allocations(|| served.page()), allocations(|| served.script()));
        let stranger = allocations(|| served.stranger());
        assert!(page.max(script).max(stranger) <= most, "page {page}, script {script}, stranger {stranger} for {keys}");
    }
}
