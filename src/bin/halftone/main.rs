//! The command line of Halftone.
//!
//! Reads files, the environment and the clock, and prints; every decision is the library's, the same code that runs at
//! the edge. Exit codes: 0 done, 1 the config has errors, 2 the command can not be carried out.

#[cfg(not(target_arch = "wasm32"))]
mod commands;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    commands::run()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
