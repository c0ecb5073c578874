//! What the command line can do, one file a command.

mod admin;
mod builds;
mod check;
mod compile;
mod completions;
mod deploy;
mod diff;
mod forget;
mod history;
mod in_force;
mod load;
mod paint;
mod plan;
mod preview;
mod publish;
mod ramps;
mod simulate;
mod status;
mod steer;
mod takeover;
mod tallies;
mod token;
mod urls;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What is true of all commands: whom they ask, and what they tell whoever called them.
const AFTER: &str = "A running Worker is asked at `--url` or HALFTONE_URL, with the token in HALFTONE_TOKEN or in the file .dev.vars that `make dev` writes.\n\n\
     Exit codes: 0 done · 1 the config has errors, which were printed · 2 it can not be done, for the reason printed \
     · 3 the rollout ended without a promotion · 4 it was waited for long enough · 5 a replay came out otherwise";

/// Gray release for static sites at the CDN edge.
#[derive(Parser)]
#[command(name = "halftone", version, about, long_about = None, propagate_version = true, after_help = AFTER)]
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
    /// Show where a site stands, what the evidence says and what it waits for.
    Status(status::Status),
    /// Wait until the rollout is promoted, or over.
    Wait(status::Wait),
    /// Upload a build and make a version of it that a config can name.
    #[command(disable_version_flag = true, visible_alias = "upload")]
    Deploy(deploy::Deploy),
    /// Show what builds have been uploaded, drop one, or fetch the list of its files.
    Builds(builds::Builds),
    /// Bring a changed config into force without a deploy.
    Publish(publish::Publish),
    /// Show what a config would change of what is in force, or what two revisions differ in.
    Diff(diff::Diff),
    /// Make the canary the stable version now.
    Promote(steer::Forward),
    /// Go one step further now.
    Advance(steer::Forward),
    /// Stop the rollout where it is.
    Pause(steer::Wish),
    /// Let a paused or held rollout go on, or begin one that is scheduled.
    Resume(steer::Forward),
    /// Give everybody stable; nobody gets the canary until it is cleared.
    Rollback(steer::Wish),
    /// End the rollout without a verdict.
    Abort(steer::Wish),
    /// Agree that a step is left.
    Approve(steer::Wish),
    /// Start a rollout again that was aborted or rolled back, with fresh draws.
    Retry(steer::Wish),
    /// Take a version out of quarantine.
    Clear(steer::Clear),
    /// Give everybody stable at once and write nothing, without ending the rollout.
    Off(steer::Wish),
    /// Undo `off`.
    On(steer::Wish),
    /// Go back to what an earlier revision had.
    Restore(steer::Restore),
    /// Let nothing go forward for a time; a rollback does not ask.
    Freeze(steer::Freeze),
    /// End a freeze before its time.
    Unfreeze(steer::Wish),
    /// Show what was decided, by whom and why.
    History(history::History),
    /// Go through the log again and see whether it comes out the same, bit for bit.
    Replay(history::Replay),
    /// Show what a running Worker has counted.
    Tallies(tallies::Tallies),
    /// Take a visitor's rows out of a running Worker.
    Forget(forget::Forget),
    /// Make a token for the admin surface.
    Token(token::Token),
    /// Print the JSON schema of the config.
    Schema,
    /// Print the `OpenAPI` document of the admin surface.
    Openapi,
    /// Compare a config with what is in force, before a deploy.
    #[command(hide = true)]
    Takeover(takeover::Takeover),
    /// Print what makes a shell complete these commands and their options.
    Completions(completions::Completions),
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
    /// A running Worker refused it.
    Refused {
        /// Its word for it.
        code: String,
        /// Why.
        why: String,
    },
    /// The rollout ended otherwise than it was waited for.
    Ended(String),
    /// It was waited for long enough.
    Late(String),
    /// A replay came out otherwise.
    Differs(String),
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
        Command::Status(command) => status::run(&command),
        Command::Wait(command) => status::wait(&command),
        Command::Deploy(command) => deploy::run(&command),
        Command::Builds(command) => builds::run(&command),
        Command::Publish(command) => publish::run(&command),
        Command::Diff(command) => diff::run(&command),
        Command::Promote(wish) => steer::forward("promote", &wish),
        Command::Advance(wish) => steer::forward("advance", &wish),
        Command::Pause(wish) => steer::ask("pause", &wish),
        Command::Resume(wish) => steer::forward("resume", &wish),
        Command::Rollback(wish) => steer::ask("rollback", &wish),
        Command::Abort(wish) => steer::ask("abort", &wish),
        Command::Approve(wish) => steer::ask("approve", &wish),
        Command::Retry(wish) => steer::ask("retry", &wish),
        Command::Clear(command) => steer::clear(&command),
        Command::Off(wish) => steer::ask("off", &wish),
        Command::On(wish) => steer::ask("on", &wish),
        Command::Restore(command) => steer::restore(&command),
        Command::Freeze(command) => steer::freeze(&command),
        Command::Unfreeze(wish) => steer::ask("unfreeze", &wish),
        Command::History(command) => history::run(&command),
        Command::Replay(command) => history::run_replay(&command),
        Command::Tallies(command) => tallies::run(&command),
        Command::Forget(command) => forget::run(&command),
        Command::Token(command) => token::run(&command),
        Command::Schema => {
            print!("{}", halftone::config::schema());
            Ok(())
        }
        Command::Takeover(command) => takeover::run(&command),
        Command::Openapi => {
            print!("{}", halftone::api::document());
            Ok(())
        }
        Command::Completions(command) => completions::run::<Cli>(&command),
        Command::Urls(command) => urls::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config) => ExitCode::from(1),
        Err(Failure::Other(why) | Failure::Refused { why, .. }) => said(&why, 2),
        Err(Failure::Ended(why)) => said(&why, 3),
        Err(Failure::Late(why)) => said(&why, 4),
        Err(Failure::Differs(why)) => said(&why, 5),
    }
}

fn said(why: &str, code: u8) -> ExitCode {
    paint::error_line(&format!("halftone: {why}"), paint::BAD);
    ExitCode::from(code)
}

/// Seconds since 1970: the command line is where the clock is read.
#[expect(clippy::disallowed_methods, reason = "the command line is the shell that hands time to the core")]
pub fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_secs())
}
