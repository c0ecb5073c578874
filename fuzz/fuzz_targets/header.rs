#![no_main]

#[path = "../bodies/header.rs"]
mod header;

libfuzzer_sys::fuzz_target!(|data: &[u8]| header::run(data));
