//! `halftone tallies`: what a running Worker has counted.

use serde_json::Value;

use super::Failure;
use super::admin::Admin;

#[derive(clap::Args)]
pub struct Tallies {
    #[command(flatten)]
    admin: Admin,
    /// Print everything, histograms' quantiles included, as JSON.
    #[arg(long)]
    json: bool,
}

/// What the table shows of each cell, in this order.
const COLUMNS: [&str; 7] = ["pages", "trials", "missing", "errors", "vote.errors", "pages_missing", "pages_with_errors"];

pub fn run(command: &Tallies) -> Result<(), Failure> {
    let answer = command.admin.get("/api/v1/tallies")?;
    if command.json {
        print!("{answer}");
        return Ok(());
    }
    let tallies: Value = serde_json::from_str(&answer).map_err(|error| format!("the answer can not be read: {error}"))?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let part = |value: &Value, name: &str| value.get(name).cloned().unwrap_or_default();
    let head = ["class", "arm", "version", "step", "place"].into_iter().chain(COLUMNS).map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    for cell in part(&tallies, "cells").as_array().into_iter().flatten() {
        let names = ["class", "arm", "version", "step", "place"].iter().map(|name| text(&part(cell, name)));
        let counts =
            COLUMNS.iter().map(|name| cell.get("counts").and_then(|counts| counts.get(name)?.as_u64()).unwrap_or(0).to_string());
        rows.push(names.chain(counts).collect());
    }
    if rows.len() == 1 {
        println!("nothing is counted yet: pages count half a minute after they were served, while a rollout runs");
    } else {
        print!("{}", table(&rows));
    }
    for (reason, n) in part(&tallies, "drops").as_object().into_iter().flatten() {
        println!("dropped: {n} {reason}");
    }
    Ok(())
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
