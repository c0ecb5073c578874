#![no_main]

#[path = "../bodies/report.rs"]
mod report;

libfuzzer_sys::fuzz_target!(|data: &[u8]| report::run(data));
