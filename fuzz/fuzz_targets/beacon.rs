#![no_main]

#[path = "../bodies/beacon.rs"]
mod beacon;

libfuzzer_sys::fuzz_target!(|data: &[u8]| beacon::run(data));
