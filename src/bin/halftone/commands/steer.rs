//! What a person does to a rollout: `promote`, `pause`, `rollback`, ..., each with a reason that the record keeps.

use serde_json::{Value, json};

use super::Failure;
use super::admin::Admin;
use super::paint::{painted, style_of};

/// A wish without more to say.
#[derive(clap::Args)]
pub struct Wish {
    #[command(flatten)]
    admin: Admin,
    /// Why, for the record of changes.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

/// A wish that takes a rollout forward.
#[derive(clap::Args)]
pub struct Forward {
    /// Whatever freeze or window bars the way; needs a reason.
    #[arg(long = "override", requires = "why")]
    overrides: bool,
    #[command(flatten)]
    wish: Wish,
}

/// A freeze.
#[derive(clap::Args)]
pub struct Freeze {
    /// Until when: a time such as `2027-01-04T00:00Z`, or how long from now, such as `3d` or `12h`.
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    wish: Wish,
}

/// A wish about a version.
#[derive(clap::Args)]
pub struct Clear {
    /// The version's id.
    #[arg(id = "cleared", value_name = "VERSION")]
    version: String,
    #[command(flatten)]
    wish: Wish,
}

/// A wish about a revision.
#[derive(clap::Args)]
pub struct Restore {
    /// The revision's number; `halftone history` lists them.
    revision: u64,
    #[command(flatten)]
    wish: Wish,
}

/// Asks for something by its name in the API.
pub fn ask(name: &str, wish: &Wish) -> Result<(), Failure> {
    send(name, wish, json!({ "why": wish.why }))
}

/// The same of what takes a rollout forward.
pub fn forward(name: &str, forward: &Forward) -> Result<(), Failure> {
    send(name, &forward.wish, json!({ "why": forward.wish.why, "override": forward.overrides }))
}

/// Lets nothing go forward for a time.
pub fn freeze(freeze: &Freeze) -> Result<(), Failure> {
    let until_ms = until_ms(&freeze.until, jiff::Timestamp::now().as_millisecond())?;
    send("freeze", &freeze.wish, json!({ "why": freeze.wish.why, "until_ms": until_ms }))
}

/// A time, or so long from now, in ms.
fn until_ms(text: &str, now_ms: i64) -> Result<i64, Failure> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).unwrap_or_default();
    let unit_ms = match unit {
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let length = number.parse::<u32>().ok().zip(unit_ms).map(|(number, unit_ms)| i64::from(number) * unit_ms);
    let ends = length.and_then(|length| now_ms.checked_add(length));
    ends.ok_or_else(|| format!("`{text}` is no time: write one like `2027-01-04T00:00Z`, or `3d`, `12h`, `30m` from now").into())
}

/// Takes a version out of quarantine.
pub fn clear(clear: &Clear) -> Result<(), Failure> {
    send("clear", &clear.wish, json!({ "why": clear.wish.why, "version": clear.version }))
}

/// Goes back to what an earlier revision had.
pub fn restore(restore: &Restore) -> Result<(), Failure> {
    send("restore", &restore.wish, json!({ "why": restore.wish.why, "revision": restore.revision }))
}

#[expect(clippy::needless_pass_by_value, reason = "the body is made for this")]
fn send(name: &str, wish: &Wish, body: Value) -> Result<(), Failure> {
    let answer = wish.admin.post(&format!("/api/v1/{name}"), &body.to_string())?;
    if wish.json {
        println!("{}", answer.trim_end());
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&answer).map_err(|error| format!("the answer can not be read: {error}"))?;
    let decisions = answer.get("decisions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for decision in decisions {
        anstream::println!("{}", sentence(decision));
    }
    println!("{}", next(name));
    Ok(())
}

/// What comes of a wish that was done, and what can be done next.
fn next(name: &str) -> &'static str {
    match name {
        "rollback" => {
            "visitors get it within ten seconds; `halftone clear VERSION` lets the build out of quarantine, `halftone retry` begins again"
        }
        "off" => "visitors get it within ten seconds; `halftone on` undoes it",
        "advance" | "promote" | "abort" | "on" | "restore" | "retry" => {
            "visitors get it within ten seconds; `halftone status` shows where it stands"
        }
        "pause" => "who has the canary keeps it; `halftone resume` lets it go on",
        "clear" => "`halftone retry` begins its rollout again, with fresh draws",
        "freeze" => "a rollback does not ask; `halftone unfreeze` ends it before its time",
        _ => "`halftone status` shows where it stands and what it waits for",
    }
}

/// A decision as one line, what it is in a colour.
pub fn sentence(decision: &Value) -> String {
    let text = |name: &str| decision.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |pointer: &str| decision.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let (before, after) = (number("/step/0"), number("/step/1"));
    let step = if before == after { String::new() } else { format!(", step {before} → {after}") };
    let kind = text("kind").replace('_', " ");
    let kind = painted(&kind, style_of(&kind));
    format!("revision {}: {kind} by {}{step}: {}", number("/revision"), text("by"), text("reason"))
}
