//! Every committed seed of every fuzz target, through the same code as `make fuzz`, natively.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

#[path = "../fuzz/bodies/beacon.rs"]
mod beacon;
#[path = "../fuzz/bodies/config.rs"]
mod config;
#[path = "../fuzz/bodies/cookie.rs"]
mod cookie;
#[path = "../fuzz/bodies/decide.rs"]
mod decide;
#[path = "../fuzz/bodies/header.rs"]
mod header;
#[path = "../fuzz/bodies/path.rs"]
mod path;
#[path = "../fuzz/bodies/plan.rs"]
mod plan;
#[path = "../fuzz/bodies/policy.rs"]
mod policy;
#[path = "../fuzz/bodies/report.rs"]
mod report;
#[path = "../fuzz/bodies/token.rs"]
mod token;

use std::fs;
use std::path::Path;

/// Runs a target over its seeds, and over every seed cut off at each of its bytes.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no seeds in {}", folder.display());
    for file in files {
        println!("{}", file.display());
        let seed = fs::read(&file).unwrap();
        run(&seed);
        for length in 0..seed.len() {
            run(&seed[..length]);
        }
    }
}

#[test]
fn every_target_has_a_body_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut targets: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    targets.sort();
    let names: Vec<_> = targets.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["beacon", "config", "cookie", "decide", "header", "path", "plan", "policy", "report", "token"]);
}

#[test]
fn seeds_of_beacon_break_nothing() {
    replay("beacon", beacon::run);
}

#[test]
fn seeds_of_config_break_nothing() {
    replay("config", config::run);
}

#[test]
fn seeds_of_cookie_break_nothing() {
    replay("cookie", cookie::run);
}

#[test]
fn seeds_of_decide_break_nothing() {
    replay("decide", decide::run);
}

#[test]
fn seeds_of_header_break_nothing() {
    replay("header", header::run);
}

#[test]
fn seeds_of_path_break_nothing() {
    replay("path", path::run);
}

#[test]
fn seeds_of_plan_break_nothing() {
    replay("plan", plan::run);
}

#[test]
fn seeds_of_policy_break_nothing() {
    replay("policy", policy::run);
}

#[test]
fn seeds_of_report_break_nothing() {
    replay("report", report::run);
}

#[test]
fn seeds_of_token_break_nothing() {
    replay("token", token::run);
}
