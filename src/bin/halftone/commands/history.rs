//! `halftone history`: what was decided, newest last; `replay` goes through it again and says whether it comes out the same.

use std::path::PathBuf;

use halftone::rollout::log::{Entry, replay};
use serde_json::{Value, json};

use super::Failure;
use super::admin::Admin;
use super::paint::{FAINT, painted};
use super::steer::sentence;

#[derive(clap::Args)]
pub struct History {
    #[command(flatten)]
    admin: Admin,
    /// Print the log, one JSON object a line: `halftone replay FILE` takes it.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Replay {
    /// A log that `halftone history --json` printed; the running Worker's unless given.
    log: Option<PathBuf>,
    #[command(flatten)]
    admin: Admin,
    /// Print what came out as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &History) -> Result<(), Failure> {
    for line in whole(&command.admin)?.lines() {
        if command.json {
            println!("{line}");
            continue;
        }
        let entry: Value = serde_json::from_str(line).map_err(|error| format!("the log can not be read: {error}"))?;
        let at_s = entry.pointer("/entry/at_ms").and_then(Value::as_u64).unwrap_or(0) / 1000;
        for decision in entry.pointer("/entry/decisions").and_then(Value::as_array).into_iter().flatten() {
            if decision.get("kind").and_then(Value::as_str) != Some("mark") {
                anstream::println!("{}  {}", painted(&utc(at_s), FAINT), sentence(decision));
            }
        }
    }
    Ok(())
}

/// All pages of the log.
fn whole(admin: &Admin) -> Result<String, Failure> {
    let mut log = String::new();
    let mut after = 0;
    loop {
        let page = admin.get_with("/api/v1/decisions", &[("after", &after.to_string())])?;
        let Some(last) = page.lines().last() else { return Ok(log) };
        let entry: Value = serde_json::from_str(last).map_err(|error| format!("the log can not be read: {error}"))?;
        after = entry.get("seq").and_then(Value::as_u64).unwrap_or(u64::MAX);
        log.push_str(&page);
    }
}

pub fn run_replay(command: &Replay) -> Result<(), Failure> {
    let (text, from) = match &command.log {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{} can not be read: {error}", path.display()))?;
            (text, path.display().to_string())
        }
        None => (whole(&command.admin)?, "the log".to_owned()),
    };
    let mut entries = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line: Value = serde_json::from_str(line).map_err(|error| format!("{from}, line {}: {error}", at + 1))?;
        let entry = line.get("entry").cloned().unwrap_or(line);
        let entry: Entry = serde_json::from_value(entry).map_err(|error| format!("{from}, line {}: {error}", at + 1))?;
        entries.push(entry);
    }
    let decisions: usize = entries.iter().map(|entry| entry.decisions.len()).sum();
    match replay(&entries) {
        Ok(_) if command.json => println!("{}", json!({ "same": true, "entries": entries.len(), "decisions": decisions })),
        Ok(_) => println!("{} events, {decisions} decisions: the same again, bit for bit", entries.len()),
        Err(difference) => {
            return Err(Failure::Differs(format!("{from}, entry {}: {}", difference.entry, difference.what)));
        }
    }
    Ok(())
}

/// A time as ISO 8601, in UTC.
fn utc(at_s: u64) -> String {
    let time = i64::try_from(at_s).ok().and_then(|at_s| jiff::Timestamp::from_second(at_s).ok());
    time.map_or_else(|| at_s.to_string(), |time| time.to_string())
}
