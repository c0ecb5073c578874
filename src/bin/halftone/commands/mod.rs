//! What the command line can do, one file a command.

mod check;
mod compile;
mod load;
mod plan;
mod preview;
mod simulate;
mod urls;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What the command tells whoever called it.
const EXIT_CODES: &str =
    "Exit codes: 0 done · 1 the config has errors, which were printed · 2 it can not be done, for the reason printed";

/// Gray release for static sites at the CDN edge.
#[derive(Parser)]
#[command(name = "halftone", version, about, long_about = None, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say everything that is wrong with a config.
    Check(check::Check),
    /// Make the plan that the edge serves from.
    Compile(compile::Compile),
    /// Show what a config would do: who gets which version, and who would move.
    Plan(plan::PlanCommand),
    /// Draw a synthetic population through the code of the edge.
    Simulate(simulate::Simulate),
    /// Make a signed link that shows one version for a while.
    Preview(preview::Preview),
    /// Print the JSON schema of the config.
    Schema,
    /// Print addresses to open while the Worker runs locally.
    #[command(hide = true)]
    Urls(urls::Urls),
}

/// How a command can fail.
pub enum Failure {
    /// The config has errors; they have been printed.
    Config,
    /// It could not be done, and why.
    Other(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

/// Where the config is, for every command that reads it.
#[derive(clap::Args)]
pub struct ConfigFile {
    /// The config file.
    #[arg(value_name = "CONFIG", default_value = "halftone.json")]
    pub path: PathBuf,
    /// The folder of the static-assets binding, relative to the config; from wrangler.toml there unless given.
    #[arg(long, value_name = "DIR")]
    pub assets: Option<PathBuf>,
}

/// Runs the command the arguments ask for.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(command) => check::run(&command),
        Command::Compile(command) => compile::run(&command),
        Command::Plan(command) => plan::run(&command),
        Command::Simulate(command) => simulate::run(&command),
        Command::Preview(command) => preview::run(&command),
        Command::Schema => {
            print!("{}", halftone::config::schema());
            Ok(())
        }
        Command::Urls(command) => urls::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config) => ExitCode::from(1),
        Err(Failure::Other(why)) => {
            eprintln!("halftone: {why}");
            ExitCode::from(2)
        }
    }
}

/// Seconds since 1970: the command line is where the clock is read.
#[expect(clippy::disallowed_methods, reason = "the command line is the shell that hands time to the core")]
pub fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_secs())
}
