//! The `Display` and `Debug` forms of an error.

use std::error::Error as StdError;
use std::fmt;

use super::connection::{ConnectionError, TimeLimit};
use super::detail::Detail;
use super::text::{counted, sanitize};
use super::{Error, ErrorContext, Inner};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            detail, context, ..
        } = &*self.0;
        f.write_str(&detail.origin().message(context))?;
        match &context.with_own_port {
            Some(address) if is_about_address(detail) => write!(
                f,
                "; without a port, `http://` means port 80: for Ollama's own port write `{address}`, or leave `http://` out"
            ),
            _ => Ok(()),
        }
    }
}

/// Returns `true` if the address of the server can be the cause of an error.
fn is_about_address(detail: &Detail) -> bool {
    let Detail::Connection(error) = detail else {
        return false;
    };
    match error {
        ConnectionError::Unreachable { unknown_host } => !unknown_host,
        ConnectionError::TimedOut { limit, .. } => *limit == TimeLimit::Connect,
        ConnectionError::WrongServer { .. } => true,
        _ => false,
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            write_fields(self, f)
        } else {
            write_lines(self, f)
        }
    }
}

/// Writes the message, the causes, the excerpt and the help, each on one line, as
/// `fn main() -> Result<(), Error>` prints them.
fn write_lines(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut previous = String::new();
    let mut cause = error.source();
    while let Some(layer) = cause {
        let text: String = sanitize(&layer.to_string()).collect();
        // Some layers repeat the text of the layer below.
        if text != previous {
            write!(f, "\n  cause: {text}")?;
        }
        previous = text;
        cause = layer.source();
    }
    if let Some(excerpt) = error.excerpt().filter(|excerpt| !excerpt.is_empty()) {
        write!(f, "\n  found: {excerpt}")?;
    }
    let context = &error.0.context;
    if context.attempts > 0 {
        let answers = counted(context.attempts.into(), "answer");
        write!(f, "\n  after: {answers} of the model")?;
    }
    if context.tool_turns > 0 {
        write!(
            f,
            "\n  tools: {}",
            counted(context.tool_turns.into(), "turn")
        )?;
    }
    if let Some(failure) = &context.last_failure {
        write!(f, "\n  last failed call: {failure}")?;
    }
    if context.requests > context.replies.max(1) {
        write!(f, "\n  requests: {}", context.requests)?;
    }
    if let Some(command) = context.command {
        write!(f, "\n  command: {command}")?;
    }
    write!(f, "\n  help: {}", error.help())
}

fn write_fields(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Inner {
        detail,
        source,
        context,
    } = &*error.0;
    let ErrorContext {
        command,
        address,
        server: _,
        is_final: _,
        has_key: _,
        has_token_limit: _,
        with_own_port: _,
        model,
        attempts,
        usage,
        requests,
        replies: _,
        tool_turns,
        tool_results,
        last_failure: _,
        partial_text,
        retry_after,
    } = context;
    f.debug_struct("Error")
        .field("kind", &error.kind())
        .field("detail", detail)
        .field("command", command)
        .field("address", address)
        .field("model", model)
        .field("attempts", attempts)
        .field("usage", usage)
        .field("requests", requests)
        .field("tool_turns", tool_turns)
        .field("tool_results", tool_results)
        .field("partial_text", partial_text)
        .field("retry_after", retry_after)
        .field("source", source)
        .finish()
}
