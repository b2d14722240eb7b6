//! How an error reads: one line for `Display`, lines for `Debug`, fields for `{:#?}`.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::{Contract, Detail, Error, Inner, TimeLimit};

/// This layer's own message. For the kinds a newcomer meets first it ends with the next step,
/// because most people see nothing else.
#[allow(clippy::too_many_lines, reason = "one arm a kind")]
pub(super) fn message(error: &Inner, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let address = error.address.as_deref().unwrap_or("the server");
    let model = error.model.as_deref().unwrap_or("?");
    if !error.ollama {
        if let Some(text) = of_other_server(&error.detail, address, model) {
            return f.write_str(&text);
        }
    }
    match &error.detail {
        Detail::Configuration { message, .. } | Detail::Embedded { message, .. } => {
            f.write_str(message)
        }
        Detail::Prompt => match error.command {
            Some(name) => write!(f, "the prompt of `{name}` could not be made"),
            None => f.write_str("the prompt could not be made"),
        },
        Detail::Unreachable { unknown_host: true } => {
            write!(
                f,
                "cannot reach Ollama at {address}: no host of that name is known"
            )
        }
        Detail::Unreachable { .. } => {
            let there = match is_this_machine(address) {
                true => "",
                false => " on that machine",
            };
            write!(
                f,
                "cannot reach Ollama at {address}; start it with `ollama serve`{there}"
            )
        }
        Detail::NotOllama { found, .. } => {
            write!(
                f,
                "the server at {address} is not Ollama: {found}; set OLLAMA_HOST to where Ollama listens"
            )
        }
        Detail::ModelNotFound { near, .. } => model_not_found(model, address, near, f),
        Detail::ModelName { text } => {
            write!(
                f,
                "the server does not take `{model}` for the name of a model: {text}"
            )
        }
        Detail::ModelLoad { text } => write!(f, "model `{model}` failed on the server: {text}"),
        Detail::Capability { missing, able } => {
            write!(f, "model `{model}` does not support {missing}")?;
            joined(f, "; use", able)
        }
        Detail::OutOfMemory { text } => {
            write!(
                f,
                "the server has too little memory for model `{model}`: {text}"
            )
        }
        Detail::Overloaded { status, text } => {
            write!(
                f,
                "the server at {address} is too busy (status {status}){}",
                Text(text)
            )
        }
        Detail::TimedOut { limit, after } => {
            let begun = error.partial.as_ref().is_some_and(|text| !text.is_empty());
            timed_out(*limit, *after, begun, address, f)
        }
        Detail::ContextOverflow { text } => {
            write!(
                f,
                "the prompt is longer than the context of model `{model}`{}",
                Text(text)
            )
        }
        Detail::Unauthorized { status, text } => {
            write!(
                f,
                "the server at {address} did not accept the key (status {status}){}",
                Text(text)
            )
        }
        // Servers before 0.12.6 answer errors with status 200, which would only confuse.
        Detail::Server { status: 200, text } => {
            write!(f, "the server answered with an error{}", Text(text))
        }
        Detail::Server { status, text } => {
            write!(f, "the server answered with status {status}{}", Text(text))
        }
        Detail::Protocol { found, .. } => {
            write!(
                f,
                "the reply from {address} is not what the protocol says: {found}"
            )
        }
        Detail::Interrupted { .. } => f.write_str("the reply broke off before its end"),
        Detail::Unfinished => write!(
            f,
            "model `{model}` was stopped in the middle of its answer, and the server does not say why"
        ),
        Detail::Truncated { tokens, .. } => {
            f.write_str("the answer was cut off by the limit of tokens")?;
            match tokens {
                Some(count) => write!(f, ", after {count}"),
                None => Ok(()),
            }
        }
        Detail::Refused { text } => write!(f, "model `{model}` refused to answer: {text}"),
        Detail::Empty => write!(f, "model `{model}` gave an empty answer"),
        Detail::Contract {
            tool,
            broken: Contract::Require,
            message,
        } => write!(f, "the tool `{tool}` did not run: {message}"),
        Detail::Contract {
            tool,
            broken: Contract::Ensure,
            message,
        } => write!(
            f,
            "the result of the tool `{tool}` was not accepted: {message}"
        ),
        Detail::ToolLimit { turns, called } => {
            match turns {
                0 => f.write_str("the model called tools")?,
                1 => f.write_str("the model still called tools after 1 turn of tool calls")?,
                _ => write!(
                    f,
                    "the model still called tools after {turns} turns of tool calls"
                )?,
            }
            f.write_str(", and no more are allowed")?;
            match called.is_empty() {
                true => Ok(()),
                false => write!(f, "; it called `{}`", called.join("` and `")),
            }
        }
        Detail::ToolAborted { tool } => write!(f, "the tool `{tool}` ended the command"),
        Detail::InvalidOutput {
            output,
            path,
            problem,
            ..
        } => {
            write!(f, "the answer is not a valid `{output}`: ")?;
            if path != "." {
                write!(f, "{path}: ")?;
            }
            f.write_str(problem)
        }
    }
}

/// Whether an address, as it is shown, is one of this machine.
fn is_this_machine(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    ["127.", "localhost", "[::1]"]
        .iter()
        .any(|own| host.starts_with(own))
}

/// What would be wrong to say of a server that is not Ollama's.
fn of_other_server(detail: &Detail, address: &str, model: &str) -> Option<String> {
    Some(match detail {
        Detail::Unreachable { unknown_host: true } => {
            format!("cannot reach the server at {address}: no host of that name is known")
        }
        Detail::Unreachable { .. } => format!("cannot reach the server at {address}"),
        Detail::NotOllama { found, .. } => format!(
            "the server at {address} does not speak Chat Completions: {found}; set OPENAI_BASE_URL to the base URL of one that does"
        ),
        Detail::ModelNotFound { .. } => {
            format!("the server at {address} has no model `{model}`")
        }
        _ => return None,
    })
}

fn model_not_found(
    model: &str,
    address: &str,
    near: &[String],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(
        f,
        "model `{model}` is not installed at {address}; get it with `ollama pull {model}`"
    )?;
    joined(f, ", or use", near)
}

/// Names after a word, or nothing where there are none.
fn joined(f: &mut fmt::Formatter<'_>, word: &str, names: &[String]) -> fmt::Result {
    for (index, name) in names.iter().enumerate() {
        let joint = if index == 0 { word } else { " or" };
        write!(f, "{joint} `{name}`")?;
    }
    Ok(())
}

fn timed_out(
    limit: TimeLimit,
    after: Duration,
    begun: bool,
    address: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let after = Span(after);
    match limit {
        TimeLimit::Total if begun => {
            write!(
                f,
                "the text was not finished within {after}, the command's timeout"
            )
        }
        TimeLimit::Total => write!(f, "no answer within {after}, the command's timeout"),
        TimeLimit::Connect => write!(f, "no connection to {address} within {after}"),
        TimeLimit::Idle => write!(
            f,
            "the reply stopped: no byte for {after}, the idle timeout"
        ),
    }
}

/// Message, causes, excerpt and help, a line each: what `fn main() -> Result<(), Error>` shows.
pub(super) fn lines(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut said = String::new();
    let mut cause = error.source();
    while let Some(below) = cause {
        let words: String = harmless(&below.to_string()).collect();
        // A reason may be told by more than one layer.
        if words != said {
            write!(f, "\n  cause: {words}")?;
        }
        said = words;
        cause = below.source();
    }
    if let Some(excerpt) = error.excerpt().filter(|excerpt| !excerpt.is_empty()) {
        write!(f, "\n  found: {excerpt}")?;
    }
    if error.attempts() > 0 {
        write!(f, "\n  after: {} of the model", Answers(error.attempts()))?;
    }
    match error.tool_turns() {
        0 => {}
        1 => f.write_str("\n  tools: 1 turn")?,
        turns => write!(f, "\n  tools: {turns} turns")?,
    }
    if let Some(failure) = &error.0.last_failure {
        write!(f, "\n  last of them: {failure}")?;
    }
    if error.sends() > error.0.replies.max(1) {
        write!(f, "\n  sent: {} times", error.sends())?;
    }
    if let Some(command) = error.command() {
        write!(f, "\n  command: {command}")?;
    }
    write!(f, "\n  help: {}", error.help())
}

pub(super) fn structured(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Inner {
        detail,
        source,
        command,
        address,
        ollama: _,
        model,
        attempts,
        usage,
        sends,
        replies: _,
        tool_turns,
        tool_results,
        last_failure: _,
        partial,
    } = &*error.0;
    f.debug_struct("Error")
        .field("kind", &error.kind())
        .field("detail", detail)
        .field("command", command)
        .field("address", address)
        .field("model", model)
        .field("attempts", attempts)
        .field("usage", usage)
        .field("sends", sends)
        .field("tool_turns", tool_turns)
        .field("tool_results", tool_results)
        .field("partial_text", partial)
        .field("source", source)
        .finish()
}

/// The server's own words, after a colon; nothing where it said nothing.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            text => write!(f, ": {text}"),
        }
    }
}

struct Answers(u32);

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 answer"),
            count => write!(f, "{count} answers"),
        }
    }
}

/// A duration as people write it in Alloy's own settings: `500ms`, `30s`, `2m`.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            _ if self.0.subsec_nanos() % 1_000_000 != 0 => write!(f, "{:?}", self.0),
            0 => write!(f, "{:?}", self.0),
            _ if millis % 3_600_000 == 0 => write!(f, "{}h", millis / 3_600_000),
            _ if millis % 60_000 == 0 => write!(f, "{}m", millis / 60_000),
            _ if millis % 1_000 == 0 => write!(f, "{}s", millis / 1_000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

/// The beginning of a text from outside, fit for one line of a terminal: at most 200 characters, and
/// nothing that a terminal would obey.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut out: String = harmless(text).take(LONGEST).collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

/// A text fit for one line of a terminal.
fn harmless(text: &str) -> impl Iterator<Item = char> {
    let shown = |c| if is_unsafe_to_show(c) { ' ' } else { c };
    text.trim().chars().map(shown)
}

/// Takes a secret out of a text; the beginning of one as well, where the text was cut in the middle of it.
pub(crate) fn blank(text: &mut String, secret: &str) {
    const BLANK: &str = "[secret]";
    const SHORTEST: usize = 4;
    if text.contains(secret) {
        *text = text.replace(secret, BLANK);
    }
    let Some(cut) = text.strip_suffix('…') else {
        return;
    };
    let mut ends = secret.char_indices().map(|(end, _)| end);
    let begun = ends.rfind(|end| *end >= SHORTEST && cut.ends_with(&secret[..*end]));
    if let Some(begun) = begun {
        text.truncate(cut.len() - begun);
        text.push_str(BLANK);
        text.push('…');
    }
}

/// Control characters, and those that change the direction or the width of what follows.
fn is_unsafe_to_show(c: char) -> bool {
    let hidden = matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || hidden
}
