//! A web server that forwards stories to browsers as the model writes them, by server-sent events. Where a
//! browser goes away, the model stops.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example forward
//! curl --no-buffer 'http://127.0.0.1:3000/story?hero=a+fox'
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;

use alloy_runtime::command;
use axum::Router;
use axum::extract::Query;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use futures::{Stream, StreamExt as _};
use tokio::net::TcpListener;

#[command("Tell a short story about {hero}.")]
async fn story(hero: &str) -> String;

#[derive(serde::Deserialize)]
struct Asked {
    hero: String,
}

/// Each piece of the text is an event, as a JSON string, since spaces and line ends matter. An error is an
/// event of that name, and the last one.
async fn tell(Query(asked): Query<Asked>) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let events = story(&asked.hero).stream().map(|piece| match piece {
        Ok(text) => Event::default().json_data(text),
        Err(error) => Event::default().event("error").json_data(error.to_string()),
    });
    // A model may load for minutes: what stands in between is told that the connection lives.
    Sse::new(events).keep_alive(KeepAlive::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("http://{}/story?hero=a+fox", listener.local_addr()?);
    let app = Router::new().route("/story", get(tell));
    axum::serve(listener, app).await?;
    Ok(())
}
