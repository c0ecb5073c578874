#![no_main]

#[path = "../bodies/cookie.rs"]
mod cookie;

libfuzzer_sys::fuzz_target!(|data: &[u8]| cookie::run(data));
