//! `halftone status`: where a site stands, what the evidence says and what it waits for; `wait` stays until it is over.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use serde_json::Value;

use super::Failure;
use super::admin::Admin;
use super::paint::{BAD, FAINT, WARNING, painted, style_of};

#[derive(clap::Args)]
pub struct Status {
    #[command(flatten)]
    admin: Admin,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    /// Draw it again every two seconds, until Ctrl-C.
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
    let is_screen = command.watch && !command.json && std::io::stdout().is_terminal();
    let mut last = None;
    loop {
        let shown = match (look(command), &last) {
            (Ok(page), _) => show(last.insert(page), is_screen),
            // Whoever watches goes on watching: what has answered before is away for a while.
            (Err(Failure::Other(why)), Some(page)) if is_screen => show(&format!("{page}\n{}\n", painted(&why, BAD)), true),
            (Err(Failure::Other(why)), Some(_)) => {
                super::paint::error_line(&format!("halftone: {why}"), BAD);
                Ok(())
            }
            (Err(failure), _) => return Err(failure),
        };
        // Whoever read it has gone.
        if shown.is_err() || !command.watch {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
}

/// What is shown of it now.
fn look(command: &Status) -> Result<String, Failure> {
    let answer = command.admin.get("/api/v1/status")?;
    Ok(if command.json { format!("{}\n", answer.trim_end()) } else { render(&read(&answer)?, super::now_s() * 1000) })
}

/// Prints it; over what stands on the screen, line by line, so that nothing flickers.
fn show(page: &str, is_screen: bool) -> std::io::Result<()> {
    if !is_screen {
        let mut out = anstream::stdout().lock();
        return out.write_all(page.as_bytes()).and_then(|()| out.flush());
    }
    // Colours are taken out where nobody wants them; where a line ends on the screen is no colour.
    let is_plain = anstream::stdout().current_choice() == anstream::ColorChoice::Never;
    let page = format!("{page}\n{}\n", painted("asked again every two seconds; Ctrl-C ends it", FAINT));
    let page = if is_plain { anstream::adapter::strip_str(&page).to_string() } else { page };
    let mut out = std::io::stdout().lock();
    write!(out, "\x1b[H{}\x1b[J", page.replace('\n', "\x1b[K\n")).and_then(|()| out.flush())
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
    let held = held_in_words(&text("/held"));
    let is_off = status.get("off").and_then(Value::as_bool) == Some(true);
    let off = if is_off { format!(", {}", painted("OFF: everybody gets stable", BAD)) } else { String::new() };
    let _ = writeln!(page, "site      {} (revision {}){off}", text("/site"), number("/revision").unwrap_or(0));
    let _ = writeln!(page, "stable    {}", text("/stable"));
    let is_resumed = matches!(phase.as_str(), "paused" | "scheduled");
    let phase = painted(&phase, style_of(&phase));
    let _ = writeln!(page, "rollout   {phase}{}", if held.is_empty() { String::new() } else { format!(": {held}") });
    if let Some(step) = number("/rollout/step") {
        let attempt = number("/rollout/attempt").unwrap_or(1);
        let again = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
        let weights = step.checked_sub(1).and_then(|at| status.pointer(&format!("/rollout/steps/{at}/weights")));
        let weight = weights.map(weights_in_words).unwrap_or_default();
        let ended = matches!(text("/phase").as_str(), "rolled_back" | "aborted");
        let came = if ended { "nobody gets it; it came to " } else { "" };
        let _ = writeln!(page, "canary    {}, {came}{}{again}{weight}", text("/rollout/canary"), step_in_words(status, step));
    }
    for waiting in array(status, "waiting").iter().filter(|waiting| waiting.get("for").and_then(Value::as_str) != Some("held")) {
        let _ = writeln!(page, "waits for {}", waiting_in_words(waiting, is_resumed, now_ms));
    }
    if let Some(weight) = status.pointer("/optimise/wanted").and_then(Value::as_str) {
        let _ = writeln!(page, "goal      {}: by what is known the canary should have {weight}", text("/optimise/goal"));
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
        let (version, why) = (of("version"), of("why"));
        let _ = writeln!(page, "{}  {version}: {why}; halftone clear {version} lets it out", painted("quarantine", WARNING));
    }
    if let Some(looked) = number("/looked_ms") {
        let _ = writeln!(page, "the evidence was looked at {} ago", ago(now_ms.saturating_sub(looked)));
    }
    page
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

/// Which step it is on, as the file numbers them: a pace has rungs between them, and behind them a goal has periods.
fn step_in_words(status: &Value, step: u64) -> String {
    let steps = status.pointer("/rollout/steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let climbed = steps.get(..usize::try_from(step).unwrap_or(0).min(steps.len())).unwrap_or_default();
    let is = |step: &Value, name: &str| step.get(name) == Some(&Value::Bool(true));
    let of_file = |steps: &[Value]| steps.iter().filter(|step| !is(step, "between") && !is(step, "period")).count();
    let (at, of) = (of_file(climbed), of_file(steps));
    match climbed.last() {
        Some(last) if is(last, "period") => {
            format!("period {} for its goal", climbed.iter().filter(|step| is(step, "period")).count())
        }
        Some(last) if is(last, "between") => format!("on its way to step {} of {of}", at + 1),
        _ => format!("step {at} of {of}"),
    }
}

/// What holds it, and how that ends.
fn held_in_words(held: &str) -> String {
    let words = match held {
        "silent" => "no page has reported for ten minutes; it goes on by itself when pages report",
        "few_networks" => "it looks harmful, but only few networks say so; if more do, it goes back by itself",
        "inflow" => "it looks harmful amid more reports than their networks may send; it decides itself as more comes in",
        "sample_ratio" => {
            "one version has more or fewer visitors than were drawn: look for what loses or adds them, then halftone resume"
        }
        "deadline" => {
            "its time is up without a verdict: halftone resume gives it as long again, or halftone promote, halftone rollback"
        }
        "area_back" => {
            "an area has gone back, and going on would bring it the canary again: halftone promote, or halftone rollback"
        }
        other => return other.replace('_', " "),
    };
    format!("{}: {words}", held.replace('_', " "))
}

fn waiting_in_words(waiting: &Value, is_resumed: bool, now_ms: u64) -> String {
    let number = |name: &str| waiting.get(name).and_then(Value::as_u64).unwrap_or(0);
    match waiting.get("for").and_then(Value::as_str).unwrap_or_default() {
        "hold" => format!("its least time on this step: {} more", ago(number("until_ms").saturating_sub(now_ms))),
        "visitors" => format!("visitors: {} of {} drawn on this step", number("drawn"), number("least")),
        "approval" => "a person who agrees: halftone approve".to_owned(),
        "pace" => {
            let allowed = waiting.get("allowed").and_then(Value::as_str).unwrap_or_default();
            format!("more to be known of the harm: its pace allows {allowed} by now")
        }
        "person" if is_resumed => "a person, who lets it go: halftone resume".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(is: &str) -> Value {
        json!({ "weights": { "": "5%" }, "between": is == "between", "period": is == "period" })
    }

    #[test]
    fn steps_are_numbered_as_the_file_numbers_them() {
        let of = |kinds: &[&str], step_now| {
            let steps: Vec<Value> = kinds.iter().map(|kind| step(kind)).collect();
            step_in_words(&json!({ "rollout": { "steps": steps } }), step_now)
        };
        assert_eq!(of(&["file", "file"], 0), "step 0 of 2");
        assert_eq!(of(&["file", "file"], 2), "step 2 of 2");
        let pace = ["between", "between", "file", "between", "file"];
        let words =
            ["on its way to step 1 of 2", "on its way to step 1 of 2", "step 1 of 2", "on its way to step 2 of 2", "step 2 of 2"];
        assert_eq!((1..=5).map(|now| of(&pace, now)).collect::<Vec<_>>(), words);
        assert_eq!(of(&["file", "file", "period", "period"], 4), "period 2 for its goal");
    }

    #[test]
    fn whoever_reads_it_is_told_what_to_do_next() {
        let mut status = json!({
            "site": "shop", "revision": 3, "stable": "v1", "phase": "held", "held": "sample_ratio",
            "waiting": [{ "for": "held", "why": "sample_ratio" }], "quarantine": [],
        });
        let page = render(&status, 0);
        let page = anstream::adapter::strip_str(&page).to_string();
        assert!(page.contains("rollout   held: sample ratio: one version has more or fewer visitors"), "{page}");
        assert!(page.contains("then halftone resume") && !page.contains("waits for"), "{page}");
        status["phase"] = json!("paused");
        status["rollout"] = json!({ "canary": "v2", "step": 1, "attempt": 1, "steps": [step("file")] });
        status["waiting"] = json!([{ "for": "person" }]);
        status["quarantine"] = json!([{ "version": "v2", "why": "errors is worse than its margin" }]);
        let page = anstream::adapter::strip_str(&render(&status, 0)).to_string();
        assert!(page.contains("waits for a person, who lets it go: halftone resume"), "{page}");
        assert!(page.contains("canary    v2, step 1 of 1 (5%)"), "{page}");
        assert!(page.contains("quarantine  v2: errors is worse than its margin; halftone clear v2 lets it out"), "{page}");
        status["phase"] = json!("rolled_back");
        let page = anstream::adapter::strip_str(&render(&status, 0)).to_string();
        assert!(page.contains("canary    v2, nobody gets it; it came to step 1 of 1 (5%)"), "{page}");
    }
}
