//! `halftone completions SHELL`: a script that makes a shell complete commands, options and their values.

use std::io::Write;

use clap_complete::Shell;

use super::Failure;

#[derive(clap::Args)]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run<Cli: clap::CommandFactory>(command: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Cli::command(), "halftone", &mut script);
    std::io::stdout().write_all(&script).map_err(|error| Failure::Other(format!("the script can not be printed: {error}")))
}
