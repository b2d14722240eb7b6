//! Tools with a database: the model lists the tables, writes SQL, and answers from the rows.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example database
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example database -- "Who spent the most?"
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use alloy_runtime::{command, tool};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// A `Connection` is `Send` but not `Sync`, so calls take turns.
type Db = Mutex<Connection>;

/// Maximum number of rows that a query returns, because the model has to read them all.
const MAX_ROWS: usize = 20;

/// List the tables of the database with their columns.
#[tool]
fn tables(#[tool(state)] db: &Db) -> Result<Vec<String>, rusqlite::Error> {
    let db = db.lock().unwrap_or_else(PoisonError::into_inner);
    let mut statement = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Run one SELECT statement.
#[tool]
#[require(is_select(sql), "only SELECT statements are allowed")]
fn query(
    #[tool(state)] db: &Db,
    sql: &str,
) -> Result<Vec<BTreeMap<String, String>>, Box<dyn Error + Send + Sync>> {
    let db = db.lock().unwrap_or_else(PoisonError::into_inner);
    // The model reads SQLite's message about an invalid statement.
    let mut statement = db.prepare(sql)?;
    let names: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let rows = statement.query_map([], |row| {
        let cell = |(index, name): (usize, &String)| {
            let text = match row.get_ref(index)? {
                ValueRef::Null => "null".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
            };
            Ok((name.clone(), text))
        };
        names.iter().enumerate().map(cell).collect()
    })?;
    let rows: Result<_, _> = rows.take(MAX_ROWS).collect();
    Ok(rows?)
}

/// Returns `true` for a SELECT statement. This only guides the model: the read-only connection protects the data.
fn is_select(sql: &str) -> bool {
    let start = sql.trim_start().get(..6);
    start.is_some_and(|start| start.eq_ignore_ascii_case("select"))
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Answer {
    /// The answer in one sentence.
    text: String,
    /// The statement that it is from.
    sql: String,
}

/// Answer the question from the database. Look at its tables first, then query it.
#[command(temperature = 0.0)]
async fn answer(question: &str) -> Answer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    alloy_examples::use_small_model_by_default();
    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "How much did Ann spend?".to_owned());

    let db = Arc::new(Mutex::new(shop()?));
    let outcome = answer(&question)
        .tool(tables::with(db.clone()))
        .tool(query::with(db))
        .outcome()
        .await?;
    for call in &outcome.tool_results {
        println!("{} {} -> {}", call.name, call.arguments, call.content);
    }
    println!("{}", outcome.value.text);
    println!("({})", outcome.value.sql);
    Ok(())
}

/// Creates an in-memory database with a few orders, and makes it read-only.
fn shop() -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE orders (customer INTEGER, item TEXT, cents INTEGER);
         INSERT INTO customers VALUES (1, 'Ann'), (2, 'Ben');
         INSERT INTO orders VALUES (1, 'lamp', 1990), (1, 'desk', 12000), (2, 'lamp', 1990);",
    )?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}
