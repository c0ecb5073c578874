#![no_main]

#[path = "../bodies/path.rs"]
mod path;

libfuzzer_sys::fuzz_target!(|data: &[u8]| path::run(data));
