//! `halftone status`: where a site stands, what the evidence says and what it waits for; `wait` stays until it is over.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::Style;
use serde_json::Value;

use super::Failure;
use super::admin::Admin;
use super::paint::{BAD, FAINT, GOOD, WARNING, painted};

#[derive(clap::Args)]
pub struct Status {
    #[command(flatten)]
    admin: Admin,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    /// Print it again every two seconds.
    #[arg(long)]
    watch: bool,
}

#[derive(clap::Args)]
pub struct Wait {
    #[command(flatten)]
    admin: Admin,
    /// What is waited for.
    #[arg(long, value_parser = ["promoted", "over"], default_value = "promoted")]
    until: String,
    /// The canary whose rollout is meant: what became of another one, or has not begun, does not end it.
    #[arg(long, value_name = "VERSION")]
    canary: Option<String>,
    /// Give up after so many seconds; 0 waits as long as it takes.
    #[arg(long, default_value_t = 0)]
    timeout: u64,
    /// Print where it stands in the end as JSON.
    #[arg(long)]
    json: bool,
}

/// How often a running Worker is asked.
const LOOK: Duration = Duration::from_secs(2);

pub fn run(command: &Status) -> Result<(), Failure> {
    loop {
        let answer = command.admin.get("/api/v1/status")?;
        let page = if command.json { format!("{}\n", answer.trim_end()) } else { render(&read(&answer)?, super::now_s() * 1000) };
        // Colours are taken out where nobody sees them; that the screen is made empty is no colour.
        if command.watch && !command.json && std::io::stdout().is_terminal() {
            let _ = std::io::stdout().write_all(b"\x1b[2J\x1b[H");
        }
        let mut out = anstream::stdout().lock();
        // Whoever read it has gone.
        if out.write_all(page.as_bytes()).and_then(|()| out.flush()).is_err() || !command.watch {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
}

fn read(answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(|error| Failure::Other(format!("the answer can not be read: {error}")))
}

/// Waits; an end that is not the one waited for is a failure of its own.
pub fn wait(command: &Wait) -> Result<(), Failure> {
    let began = super::now_s();
    loop {
        let answer = command.admin.get("/api/v1/status")?;
        let status: Value = read(&answer)?;
        let phase = status.get("phase").and_then(Value::as_str).unwrap_or_default().to_owned();
        if is_over(&status, &phase, command.canary.as_deref()) {
            if command.json {
                println!("{}", answer.trim_end());
            } else {
                println!("{}", phase.replace('_', " "));
            }
            let is_stable = command.canary.as_deref().is_some_and(|canary| text(&status, "/stable") == canary);
            return if phase == "promoted" || is_stable || command.until == "over" {
                Ok(())
            } else {
                Err(Failure::Ended(format!("it ended without a promotion: {}", phase.replace('_', " "))))
            };
        }
        if command.timeout > 0 && super::now_s().saturating_sub(began) >= command.timeout {
            return Err(Failure::Late(format!("it is still {phase} after {} seconds", command.timeout)));
        }
        std::thread::sleep(LOOK);
    }
}

fn text<'a>(status: &'a Value, pointer: &str) -> &'a str {
    status.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the rollout is over; of one canary only its own end counts.
fn is_over(status: &Value, phase: &str, canary: Option<&str>) -> bool {
    let has_ended = matches!(phase, "promoted" | "rolled_back" | "aborted" | "idle");
    let Some(canary) = canary else { return has_ended };
    let is_its_own = text(status, "/rollout/canary") == canary && phase != "idle";
    let is_withdrawn = array(status, "quarantine").iter().any(|one| text(one, "/version") == canary);
    let is_stable = text(status, "/stable") == canary && !is_its_own;
    (is_its_own && has_ended) || is_withdrawn || is_stable
}

/// The page a person reads.
fn render(status: &Value, now_ms: u64) -> String {
    use std::fmt::Write as _;
    let mut page = String::new();
    let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |pointer: &str| status.pointer(pointer).and_then(Value::as_u64);
    let phase = text("/phase").replace('_', " ");
    let held = text("/held").replace('_', " ");
    let is_off = status.get("off").and_then(Value::as_bool) == Some(true);
    let off = if is_off { format!(", {}", painted("OFF: everybody gets stable", BAD)) } else { String::new() };
    let _ = writeln!(page, "site      {} (revision {}){off}", text("/site"), number("/revision").unwrap_or(0));
    let _ = writeln!(page, "stable    {}", text("/stable"));
    let phase = painted(&phase, style_of(&phase));
    let _ = writeln!(page, "rollout   {phase}{}", if held.is_empty() { String::new() } else { format!(": {held}") });
    if let Some(step) = number("/rollout/step") {
        let steps = status.pointer("/rollout/steps").and_then(Value::as_array).map_or(0, Vec::len);
        let attempt = number("/rollout/attempt").unwrap_or(1);
        let again = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
        let weights = step.checked_sub(1).and_then(|at| status.pointer(&format!("/rollout/steps/{at}/weights")));
        let weight = weights.map(weights_in_words).unwrap_or_default();
        let _ = writeln!(page, "canary    {}, step {step} of {steps}{again}{weight}", text("/rollout/canary"));
    }
    for waiting in array(status, "waiting") {
        let _ = writeln!(page, "waits for {}", waiting_in_words(waiting, now_ms));
    }
    verdicts(status, &mut page);
    estimates(status, &mut page);
    for one in array(status, "uncontrolled") {
        let (place, step) =
            (one.get("place").and_then(Value::as_str).unwrap_or_default(), one.get("step").and_then(Value::as_u64));
        let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
        let draws = one.get("draws").and_then(Value::as_u64).unwrap_or(0);
        let words = "nobody has stable beside them, so only absolute limits guard";
        let _ = writeln!(page, "uncontrolled  step {}{place}: {draws} visitors; {words}", step.unwrap_or(0));
    }
    for one in array(status, "quarantine") {
        let of = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(page, "{}  {}: {}", painted("quarantine", WARNING), of("version"), of("why"));
    }
    if let Some(looked) = number("/looked_ms") {
        let _ = writeln!(page, "the evidence was looked at {} ago", ago(now_ms.saturating_sub(looked)));
    }
    page
}

/// Phases and verdicts that are good news, or bad.
fn style_of(word: &str) -> Style {
    match word.to_ascii_lowercase().as_str() {
        "safe" | "promoted" => GOOD,
        "harm" | "rolled back" => BAD,
        "paused" | "held" | "aborted" => WARNING,
        _ => Style::new(),
    }
}

fn array<'a>(status: &'a Value, name: &str) -> &'a [Value] {
    status.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn weights_in_words(weights: &Value) -> String {
    let Some(weights) = weights.as_object() else { return String::new() };
    let words = weights.iter().map(|(area, weight)| {
        let weight = weight.as_str().map_or_else(|| weight.to_string(), str::to_owned);
        if area.is_empty() { weight } else { format!("{area} {weight}") }
    });
    format!(" ({})", words.collect::<Vec<_>>().join(", "))
}

fn waiting_in_words(waiting: &Value, now_ms: u64) -> String {
    let number = |name: &str| waiting.get(name).and_then(Value::as_u64).unwrap_or(0);
    match waiting.get("for").and_then(Value::as_str).unwrap_or_default() {
        "hold" => format!("its least time on this step: {} more", ago(number("until_ms").saturating_sub(now_ms))),
        "visitors" => format!("visitors: {} of {} drawn on this step", number("drawn"), number("least")),
        "approval" => "a person who agrees: halftone approve".to_owned(),
        "pace" => {
            let allowed = waiting.get("allowed").and_then(Value::as_str).unwrap_or_default();
            format!("more to be known of the harm: its pace allows {allowed} by now")
        }
        "person" => "a person, who takes it further: halftone advance, halftone promote".to_owned(),
        "safe" => {
            let guards: Vec<&str> = array(waiting, "guards").iter().filter_map(Value::as_str).collect();
            format!("these guards to be safe: {}", guards.join(", "))
        }
        "start" => format!("its start: {} more", ago(number("until_ms").saturating_sub(now_ms))),
        "freeze" => {
            let why = waiting.get("why").and_then(Value::as_str).unwrap_or_default();
            format!("the end of a freeze ({why}): {} more", ago(number("until_ms").saturating_sub(now_ms)))
        }
        "window" => format!("a window: the next one opens in {}", ago(number("until_ms").saturating_sub(now_ms))),
        "held" => "what holds it".to_owned(),
        other => other.to_owned(),
    }
}

/// Guards as a table: both arms, and how far the evidence has come towards each verdict.
fn verdicts(status: &Value, page: &mut String) {
    use std::fmt::Write as _;
    let all = array(status, "verdicts");
    if all.is_empty() {
        return;
    }
    let head = format!("{:<22} {:<10} {:>16} {:>16}  {:<13} safe", "guard", "says", "canary", "stable", "harm");
    let _ = writeln!(page, "\n{}", painted(&head, FAINT));
    for verdict in all {
        let of = |name: &str| verdict.get(name).and_then(Value::as_str).unwrap_or_default();
        let (guard, place) = (of("guard"), of("place"));
        let counts = array(status, "counts").iter().find(|counts| counts.get("guard").and_then(Value::as_str) == Some(guard));
        let arm = |arm: &str| {
            let of = |name: &str| counts.and_then(|counts| counts.pointer(&format!("/{arm}/{name}"))?.as_u64()).unwrap_or(0);
            if place.is_empty() { format!("{}/{}", of("bad"), of("trials")) } else { String::new() }
        };
        let name = if place.is_empty() { guard.to_owned() } else { format!("{guard} in {place}") };
        let (harm, safe) = (bar(verdict.get("harm")), bar(verdict.get("safe")));
        let says = painted(&format!("{:<10}", of("says")), style_of(of("says")));
        let _ = writeln!(page, "{name:<22} {says} {:>16} {:>16}  {harm:<13} {safe}", arm("canary"), arm("stable"));
    }
}

/// What is seen on the step in force, each with the interval that holds at all times at once.
fn estimates(status: &Value, page: &mut String) {
    use std::fmt::Write as _;
    let seen = |counts: &&Value| counts.get("difference").is_some_and(Value::is_object);
    let all: Vec<&Value> = array(status, "counts").iter().filter(seen).collect();
    if all.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{:<22} {:<22} {:<22} {:<24} p75 canary, stable", "on this step", "canary", "stable", "difference");
    for counts in all {
        let share = |pointer: &str| counts.pointer(pointer).map_or_else(String::new, |value| between(value, 100.0, 2, " %"));
        let p75 = |arm: &str| {
            let (digits, unit) =
                if counts.pointer("/p75/unit").and_then(Value::as_str) == Some("ms") { (0, " ms") } else { (3, "") };
            counts.pointer(&format!("/p75/{arm}")).map(|value| between(value, 1.0, digits, unit)).filter(|text| !text.is_empty())
        };
        let quartiles =
            p75("canary").zip(p75("stable")).map_or_else(String::new, |(canary, stable)| format!("{canary}, {stable}"));
        let guard = counts.get("guard").and_then(Value::as_str).unwrap_or_default();
        let (canary, stable, difference) = (share("/canary/rate"), share("/stable/rate"), share("/difference"));
        let line = format!("{guard:<22} {canary:<22} {stable:<22} {difference:<24} {quartiles}");
        let _ = writeln!(page, "{}", line.trim_end());
    }
}

/// `1.20 % (0.90–1.60)`; nothing for nothing.
fn between(value: &Value, factor: f64, digits: usize, unit: &str) -> String {
    let of = |name: &str| value.get(name).and_then(Value::as_f64).map(|number| format!("{:.digits$}", number * factor));
    let Some(at) = of("at") else { return String::new() };
    let end = |name: &str| of(name).unwrap_or_else(|| "?".to_owned());
    format!("{at}{unit} ({}–{})", end("low"), end("high"))
}

/// How much of the way to its threshold an e-value has come.
fn bar(reading: Option<&Value>) -> String {
    const WIDTH: usize = 8;
    let of = |name: &str| reading.and_then(|reading| reading.get(name)?.as_f64());
    let (Some(log_e), Some(threshold)) = (of("log_e"), of("threshold")) else { return String::new() };
    let part = (log_e / threshold).clamp(0.0, 1.0);
    let full = (1..=WIDTH).filter(|&cells| part * 8.0 >= f64::from(u8::try_from(cells).unwrap_or(u8::MAX))).count();
    format!("{}{} {:>3.0}%", "█".repeat(full), "░".repeat(WIDTH - full), part * 100.0)
}

/// A span of time as people say it.
pub fn ago(ms: u64) -> String {
    let s = ms / 1000;
    match s {
        0..120 => format!("{s} s"),
        120..7200 => format!("{} min", s / 60),
        7200..172_800 => format!("{} h", s / 3600),
        _ => format!("{} days", s / 86_400),
    }
}
