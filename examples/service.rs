//! Service: a web server whose answers are typed commands. It answers a failure with a status that fits the kind of the
//! error, a stream included, counts its commands, and finishes open requests when it is stopped by Ctrl-C.
//!
//! ```text
//! cargo run --example service
//! curl --data 'Jason is 25 years old' http://127.0.0.1:3000/extract
//! curl --no-buffer 'http://127.0.0.1:3000/story?hero=a+fox'
//! curl http://127.0.0.1:3000/metrics
//! cargo run --example service -- 127.0.0.1:8080
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alloy_runtime::{Config, Done, ErrorKind, command, configure};
use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use axum::routing::{get, post};
use futures::stream::{self, StreamExt as _};
use tokio::net::TcpListener;

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

/// Extract the user described in the text.
#[command(temperature = 0.0, timeout = "60s")]
async fn extract(text: &str) -> User;

#[command("Tell a short story about {hero}.", timeout = "10m")]
async fn story(hero: &str) -> String;

#[derive(serde::Deserialize)]
struct Asked {
    hero: String,
}

/// The error of a command as a response: a status for programs, the kind for people. The details are for the operator
/// of this server only, because they may quote the model and name its server.
struct Failure(alloy_runtime::Error);

impl From<alloy_runtime::Error> for Failure {
    fn from(error: alloy_runtime::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(error) = self;
        eprintln!("{error}\n{}", error.help());
        let kind = error.kind();
        // The column "HTTP status for a service" of docs/errors.md.
        let status = match kind {
            ErrorKind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Unreachable
            | ErrorKind::Overloaded
            | ErrorKind::ModelLoad
            | ErrorKind::ModelStopped
            | ErrorKind::OutOfMemory => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::ContextOverflow => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Server
            | ErrorKind::Protocol
            | ErrorKind::Interrupted
            | ErrorKind::Truncated
            | ErrorKind::Empty
            | ErrorKind::InvalidOutput
            | ErrorKind::ToolTurnLimit => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, format!("{kind}\n")).into_response()
    }
}

async fn extract_user(text: String) -> Result<Json<User>, Failure> {
    Ok(Json(extract(&text).await?))
}

/// Sends the pieces of the text as events. The head of a response says its status, so the first piece is awaited before:
/// a server that is down or busy is still a 503, and a time limit a 504.
async fn tell(Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let mut pieces = story(&asked.hero).stream();
    let first = pieces.next().await.transpose()?;
    let pieces = stream::iter(first.map(Ok)).chain(pieces);
    // `None` is the end.
    let pieces = pieces.map(Some).chain(stream::iter([None]));
    let events = pieces.scan(false, |has_failed, piece| {
        ready(match piece {
            // JSON, because spaces and line ends matter.
            Some(Ok(text)) => Some(Event::default().json_data(text)),
            Some(Err(error)) => {
                *has_failed = true;
                eprintln!("{error}\n{}", error.help());
                Some(Ok(Event::default()
                    .event("failed")
                    .data(error.kind().as_str())))
            }
            // An error was the last event.
            None if *has_failed => None,
            None => Some(Ok(Event::default().event("done").data("null"))),
        })
    });
    let events = Sse::new(events).keep_alive(KeepAlive::default());
    Ok(events.into_response())
}

/// The commands that have ended, by name and status.
#[derive(Clone, Default)]
struct Metrics(Arc<Mutex<BTreeMap<(String, &'static str), Ended>>>);

#[derive(Default)]
struct Ended {
    number: u64,
    time: Duration,
}

impl Metrics {
    fn count(&self, done: &Done<'_>) {
        let status = match done.error {
            _ if done.cancelled => "cancelled",
            Some(kind) => kind.as_str(),
            None => "ok",
        };
        let mut commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = commands
            .entry((done.command.to_owned(), status))
            .or_default();
        ended.number += 1;
        ended.time += done.duration;
    }
}

/// Writes the counts in the text format of Prometheus.
async fn metrics(State(metrics): State<Metrics>) -> String {
    let commands = metrics.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut text = String::from("# TYPE commands_total counter\n");
    for ((command, status), ended) in &*commands {
        let labels = format!("{{command=\"{command}\",status=\"{status}\"}}");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "commands_total{labels} {}", ended.number);
    }
    text += "# TYPE commands_seconds_total counter\n";
    for ((command, status), ended) in &*commands {
        let labels = format!("{{command=\"{command}\",status=\"{status}\"}}");
        let seconds = ended.time.as_secs_f64();
        let _ = writeln!(text, "commands_seconds_total{labels} {seconds:.3}");
    }
    text
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    alloy_examples::use_small_model_by_default();
    let counted = Metrics::default();
    let metrics_of_hook = counted.clone();
    configure(Config::new().on_done(move |done| metrics_of_hook.count(done)))?;

    let app = Router::new()
        .route("/extract", post(extract_user))
        .route("/story", get(tell))
        .route("/metrics", get(metrics))
        .with_state(counted);
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("http://{}/metrics", listener.local_addr()?);
    // A client that leaves drops its request, which ends the generation. At Ctrl-C, open requests are finished.
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            if let Err(error) = tokio::signal::ctrl_c().await {
                eprintln!("Ctrl-C cannot be handled: {error}");
                pending::<()>().await;
            }
        })
        .await?;
    Ok(())
}
