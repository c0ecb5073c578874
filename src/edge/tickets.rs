//! The ticket office of the sequential strategy as a Durable Object: rows in `SQLite`, rules in
//! [`crate::strategy::sequential`].
//!
//! Synchronous on purpose: all of a call's writes are one transaction, and a panic answers instead of hanging the
//! caller. The object keeps nothing in memory.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::buffer;
use super::sql::{Sql, Table};
use crate::strategy::sequential::{BLOCK, Office, Row, Rows};

impl Rows for Table<'_> {
    type Error = JsValue;
    fn count(&self) -> Result<u64, JsValue> {
        Ok(self.numbers("SELECT COUNT(*) FROM tickets", &[], &[])?.into_iter().flatten().next().unwrap_or(0))
    }
    fn lapsed(&self, before_s: u64, most: u64) -> Result<Vec<u64>, JsValue> {
        let statement = "SELECT number FROM tickets WHERE confirmed = 0 AND leased_s <= ? ORDER BY number LIMIT ?";
        Ok(self.numbers(statement, &[], &[before_s, most])?.into_iter().flatten().collect())
    }
    fn row(&self, number: u64) -> Result<Option<Row>, JsValue> {
        let rows = self.numbers("SELECT leased_s, confirmed FROM tickets WHERE number = ?", &[], &[number])?;
        Ok(rows.first().and_then(|row| match row.as_slice() {
            &[leased_s, confirmed] => Some(Row { number, leased_s, confirmed: confirmed == 1 }),
            _ => None,
        }))
    }
    fn put(&mut self, row: Row) -> Result<(), JsValue> {
        let statement = "INSERT INTO tickets (number, leased_s, confirmed) VALUES (?, ?, ?) \
                         ON CONFLICT (number) DO UPDATE SET leased_s = excluded.leased_s, confirmed = excluded.confirmed";
        self.numbers(statement, &[], &[row.number, row.leased_s, u64::from(row.confirmed)]).map(drop)
    }
}

/// Answers one question, `lease <first>` or `confirm <number> <issued>` in the input: granted numbers one a line, or
/// `yes` or `no`. Gives the length of the output.
#[wasm_bindgen]
pub fn office(bytes: usize, sql: &Sql, now_ms: f64) -> Result<usize, JsValue> {
    let now_s = now_ms as u64 / 1000;
    let mut rows = Table(sql);
    rows.numbers(
        "CREATE TABLE IF NOT EXISTS tickets (number INTEGER PRIMARY KEY, leased_s INTEGER NOT NULL, confirmed INTEGER NOT NULL)",
        &[],
        &[],
    )?;
    rows.numbers("CREATE INDEX IF NOT EXISTS tickets_lapsed ON tickets (confirmed, leased_s)", &[], &[])?;
    let mut result = Ok(());
    let length = buffer::with(bytes, |question, out| result = answer(&mut Office(&mut rows), question, now_s, out));
    result.map(|()| length)
}

fn answer(office: &mut Office<'_, Table<'_>>, question: &str, now_s: u64, out: &mut String) -> Result<(), JsValue> {
    #[cfg(feature = "fault-injection")]
    assert!(!question.contains("fault"), "a fault was asked for");
    let mut words = question.split(' ');
    let kind = words.next().unwrap_or_default();
    let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    match kind {
        "lease" => {
            let numbers = office.lease(number(), BLOCK, now_s)?;
            out.push_str(&numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("\n"));
        }
        "confirm" => {
            let (ticket, issued_s) = (number(), number());
            out.push_str(if office.confirm(ticket, issued_s, now_s)? { "yes" } else { "no" });
        }
        _ => return Err(JsValue::from_str("the ticket office knows `lease` and `confirm`")),
    }
    Ok(())
}
