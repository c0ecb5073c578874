//! The storage of a Durable Object, as far as this crate speaks to it: statements with texts and numbers, rows of numbers.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// `ctx.storage.sql` of a Durable Object.
    pub type Sql;
    /// Runs a statement.
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Sql, statement: &str, bindings: &Array) -> Result<Cursor, JsValue>;
    /// The rows of a statement.
    type Cursor;
    /// All rows as arrays would need a copy each; `raw().toArray()` gives arrays of columns.
    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<JsValue, JsValue>;
}

/// The tables of one object.
pub struct Table<'a>(pub &'a Sql);

impl Table<'_> {
    /// Runs a statement with these texts, then these numbers; gives its rows, what is no number as 0.
    pub fn numbers(&self, statement: &str, texts: &[&str], numbers: &[u64]) -> Result<Vec<Vec<u64>>, JsValue> {
        let texts = texts.iter().map(|text| JsValue::from_str(text));
        let bindings: Array = texts.chain(numbers.iter().map(|&number| JsValue::from_f64(number as f64))).collect();
        let raw = self.0.exec(statement, &bindings)?.raw()?;
        let to_array: Function = Reflect::get(&raw, &JsValue::from_str("toArray"))?.dyn_into()?;
        let rows: Array = to_array.call0(&raw)?.dyn_into()?;
        let number = |value: JsValue| value.as_f64().map_or(0, |number| number as u64);
        Ok(rows.iter().map(|row| Array::from(&row).iter().map(number).collect()).collect())
    }
}
