//! Errors of a connection: no server, another server, or a reply that stopped.

use std::borrow::Cow;
use std::time::Duration;

use super::context::{ErrorContext, ServerKind};
use super::kind::ErrorKind;
use super::origin::ErrorOrigin;
use super::proxy::ProxyError;
use super::text::HumanDuration;

#[derive(Debug)]
pub(crate) enum ConnectionError {
    Unreachable {
        /// `true` if the host's name could not be resolved.
        unknown_host: bool,
    },
    /// A proxy of the environment is in the way.
    Proxy(ProxyError),
    /// Another program answers at the address.
    WrongServer {
        found: Cow<'static, str>,
        excerpt: String,
    },
    TimedOut {
        limit: TimeLimit,
        after: Duration,
    },
    /// The connection, or the engine, ended before the reply did.
    Interrupted {
        /// `true` if part of the reply was received.
        begun: bool,
    },
    /// A backend in the place of the real one does not answer the request. It writes its own message and help.
    Unanswered {
        message: String,
        help: String,
    },
    /// The reply is complete, but the server stopped the model in the middle of its answer.
    Unfinished {
        /// The finish reason, as the server wrote it.
        reason: Option<String>,
    },
}

/// A time limit of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeLimit {
    /// `timeout`: the whole command, from its first poll.
    Total,
    /// `timeout`, spent on waiting for the other requests of this program.
    Queue,
    /// `connect_timeout`: opening the connection.
    Connect,
    /// `idle_timeout`: silence in the middle of a reply.
    Idle,
}

impl ErrorOrigin for ConnectionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::Proxy(error) => error.kind(),
            Self::WrongServer { .. } => ErrorKind::WrongServer,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::Unanswered { .. } => ErrorKind::Unanswered,
            Self::Interrupted { .. } | Self::Unfinished { .. } => ErrorKind::Interrupted,
        }
    }

    fn message(&self, context: &ErrorContext) -> String {
        let (address, model) = (context.address(), context.model());
        match (self, context.server) {
            (Self::Unreachable { unknown_host: true }, server) => {
                let (name, variable) =
                    server.choose(("Ollama", "OLLAMA_HOST"), ("the server", "OPENAI_BASE_URL"));
                format!(
                    "cannot reach {name} at {address}: the host name does not resolve; check {variable}"
                )
            }
            (Self::Unreachable { .. }, ServerKind::Ollama) => {
                let machine = if is_loopback(address) {
                    ""
                } else {
                    " on that machine"
                };
                format!("cannot reach Ollama at {address}; start it with `ollama serve`{machine}")
            }
            (Self::Unreachable { .. }, ServerKind::ChatCompletions) => {
                format!("cannot reach the server at {address}; start it, or set OPENAI_BASE_URL")
            }
            (Self::Proxy(error), _) => error.message(address),
            (Self::WrongServer { found, .. }, ServerKind::Ollama) => {
                format!(
                    "the server at {address} is not Ollama: {found}; set OLLAMA_HOST to the address of Ollama"
                )
            }
            (Self::WrongServer { found, .. }, ServerKind::ChatCompletions) => {
                format!(
                    "the server at {address} does not speak Chat Completions: {found}; set OPENAI_BASE_URL to the base URL of one that does"
                )
            }
            (Self::TimedOut { limit, after }, _) => {
                let after = HumanDuration(*after);
                let text = context.partial_text.as_deref().unwrap_or_default();
                match limit {
                    TimeLimit::Total if text.is_empty() => {
                        format!("no answer within {after}, the command's timeout")
                    }
                    TimeLimit::Total => {
                        format!("the text was not finished within {after}, the command's timeout")
                    }
                    TimeLimit::Queue => format!(
                        "no answer within {after}, the command's timeout: the request was not sent, because it waited for other requests of this program"
                    ),
                    TimeLimit::Connect => {
                        format!("no connection to {address} within {after}, the connect timeout")
                    }
                    TimeLimit::Idle => {
                        format!("the reply stopped: no byte for {after}, the idle timeout")
                    }
                }
            }
            (Self::Unanswered { message, .. }, _) => message.clone(),
            (Self::Interrupted { .. }, _) => "the reply ended before it was complete".to_owned(),
            (Self::Unfinished { reason: None }, _) => format!(
                "model `{model}` was stopped in the middle of its answer; the server gave no reason"
            ),
            (
                Self::Unfinished {
                    reason: Some(reason),
                },
                _,
            ) => format!(
                "model `{model}` was stopped in the middle of its answer; the server gave the reason `{reason}`"
            ),
        }
    }

    fn help(&self, context: &ErrorContext) -> Cow<'static, str> {
        let words = |ollama, other| context.server.choose(ollama, other);
        match self {
            Self::Unreachable { unknown_host: true } => words(
                "Check the host name in OLLAMA_HOST, ALLOY_HOST or `.host(…)`, and that this machine can resolve it.",
                "Check the host name in OPENAI_BASE_URL or `Config::base_url`, and that this machine can resolve it.",
            ),
            Self::Unreachable { .. } => words(
                "Start the server with `ollama serve`. If it runs elsewhere, give its address: OLLAMA_HOST, ALLOY_HOST (which wins over it), or `.host(…)` (which wins over both).",
                "Start the server, or set OPENAI_BASE_URL to its address with the version: http://127.0.0.1:8000/v1.",
            ),
            Self::Proxy(error) => return error.help().into(),
            Self::WrongServer { .. } => words(
                "Open the address in a browser: Ollama answers `Ollama is running`. Set OLLAMA_HOST (or ALLOY_HOST or `.host(…)`, if the address came from there) to the right host and port; the default is http://127.0.0.1:11434.",
                "Set OPENAI_BASE_URL to the base URL of the server with the version: http://127.0.0.1:8000/v1.",
            ),
            Self::TimedOut { limit, .. } => match limit {
                TimeLimit::Total if context.tool_turns > 0 => "Raise `timeout`, or make the tools faster: their time counts too, and one of them may still be running. `tool_results()` has the finished calls.",
                TimeLimit::Total if context.partial_text.is_some() => "Raise `timeout`, or ask for a shorter text. `partial_text()` has the text so far.",
                TimeLimit::Total => "Raise `timeout`, or leave it out to wait as long as the server works: the first call of a model loads it, which can take minutes.",
                TimeLimit::Queue => "Send fewer commands at a time, raise `max_concurrency`, or raise `timeout`: it includes the time that a command waits for its turn among the requests of this program.",
                TimeLimit::Connect => words(
                    "Check OLLAMA_HOST, the network and the firewall: nothing answers at the address.",
                    "Check OPENAI_BASE_URL, the network and the firewall: nothing answers at the address.",
                ),
                TimeLimit::Idle => "Look for the reason in the server's log and run the command again; raise `idle_timeout` if the server needs longer.",
            },
            Self::Unanswered { help, .. } => return help.clone().into(),
            Self::Interrupted { .. } => "Run the command again. The server, or a proxy in between, closed the connection; the server's log has the reason.",
            Self::Unfinished { reason: Some(_) } => "Run the command again; the server's log has the cause. `partial_text()` has the text so far.",
            Self::Unfinished { reason: None } => "Set `max_tokens`, another temperature or the option `repeat_penalty`: Ollama stops a model that repeats one token without end. On `openai_chat` a crashed runner looks the same; the server's log shows it. `partial_text()` has the text so far.",
        }
        .into()
    }

    fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::WrongServer {
                found: Cow::Owned(found),
                excerpt,
            } => vec![found, excerpt],
            Self::WrongServer { excerpt, .. } => vec![excerpt],
            Self::Unfinished {
                reason: Some(reason),
            } => vec![reason],
            _ => Vec::new(),
        }
    }

    /// A request whose reply has begun is never sent again: its effects are not known.
    fn max_transmissions(&self, _server_named_a_delay: bool) -> u32 {
        match self {
            Self::Interrupted { begun: false } => 3,
            _ => 1,
        }
    }
}

/// Returns `true` if a displayed address is a loopback address.
fn is_loopback(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    ["127.", "localhost", "[::1]"]
        .iter()
        .any(|loopback| host.starts_with(loopback))
}
