//! Two buffers shared with JavaScript: facts in, text out. The only unsafe code of the project.

use std::cell::UnsafeCell;

struct Buffers {
    input: Vec<u8>,
    output: String,
}

struct Shared(UnsafeCell<Buffers>);

// SAFETY: a Worker's isolate runs one thread, and none of the functions here calls back into JavaScript while it holds
// a reference, so two references never live at once.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(Buffers { input: Vec::new(), output: String::new() }));

/// Address of an input of at least `bytes`. What is too much for the memory is a trap, and nothing is written.
pub fn input(bytes: usize) -> *mut u8 {
    // SAFETY: see `Shared`.
    let buffers = unsafe { &mut *SHARED.0.get() };
    if buffers.input.len() < bytes {
        buffers.input.resize(bytes, 0);
    }
    buffers.input.as_mut_ptr()
}

/// Address of the output.
pub fn output() -> *const u8 {
    // SAFETY: see `Shared`.
    unsafe { &*SHARED.0.get() }.output.as_ptr()
}

/// Shows the first `bytes` of the input as text and an emptied output; gives the output's length afterwards. Bytes that
/// are not UTF-8 (the entry's encoder makes none) count as no input.
pub fn with(bytes: usize, act: impl FnOnce(&str, &mut String)) -> usize {
    // Taken out and put back, so that `act` may reach platform functions that come back here.
    // SAFETY: see `Shared`.
    let Buffers { input, mut output } = unsafe { &mut *SHARED.0.get() }.take();
    output.clear();
    let facts = input.get(..bytes).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    act(facts, &mut output);
    let length = output.len();
    // SAFETY: see `Shared`.
    *unsafe { &mut *SHARED.0.get() } = Buffers { input, output };
    length
}

impl Buffers {
    fn take(&mut self) -> Self {
        Self { input: std::mem::take(&mut self.input), output: std::mem::take(&mut self.output) }
    }
}
