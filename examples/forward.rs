//! Web server that forwards a story to browsers as server-sent events while the model writes it. When a browser
//! disconnects, the model stops.
//!
//! ```text
//! cargo run --example forward
//! curl --no-buffer 'http://127.0.0.1:3000/story?hero=a+fox'
//! cargo run --example forward -- 127.0.0.1:8080
//! ```
//!
//! In a browser:
//!
//! ```js
//! const story = new EventSource("/story?hero=a+fox");
//! story.onmessage = event => { document.body.append(JSON.parse(event.data)); };
//! story.addEventListener("failed", () => document.body.append(" (the model failed)"));
//! story.addEventListener("done", () => story.close()); // otherwise it would request another story
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use std::error::Error;

use alloy_runtime::command;
use axum::Router;
use axum::extract::Query;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use futures::stream::{self, Stream, StreamExt as _};
use tokio::net::TcpListener;

#[command("Tell a short story about {hero}.")]
async fn story(hero: &str) -> String;

#[derive(serde::Deserialize)]
struct Asked {
    hero: String,
}

/// Sends each chunk of the text as an event, encoded as a JSON string because spaces and line ends matter. An error is
/// an event named `failed`, and the last event is named `done`.
async fn tell(Query(asked): Query<Asked>) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let pieces = story(&asked.hero).stream().map(|piece| match piece {
        Ok(text) => Event::default().json_data(text),
        Err(error) => {
            // The details are for the operator of this server only.
            eprintln!("{error}\n{}", error.help());
            Ok(Event::default().event("failed").data("null"))
        }
    });
    let done = stream::once(async { Ok(Event::default().event("done").data("null")) });
    // A model may take minutes to load: keep-alive events stop proxies from closing the connection.
    Sse::new(pieces.chain(done)).keep_alive(KeepAlive::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    alloy_examples::use_small_model_by_default();
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("http://{}/story?hero=a+fox", listener.local_addr()?);
    let app = Router::new().route("/story", get(tell));
    axum::serve(listener, app).await?;
    Ok(())
}
