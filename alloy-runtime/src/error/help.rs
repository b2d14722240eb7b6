//! The next step for a person, by kind.

use super::{Contract, Detail, Inner, TimeLimit};

#[allow(clippy::too_many_lines, reason = "one arm a kind")]
pub(super) fn of(error: &Inner) -> String {
    let model = error.model.as_deref().unwrap_or("NAME");
    if !error.ollama {
        if let Some(help) = of_other_server(&error.detail) {
            return help.to_owned();
        }
    }
    match &error.detail {
        Detail::Configuration { help, .. } | Detail::Embedded { help, .. } => help.clone(),
        Detail::Prompt => "Look at the cause: the command's body returned it with `?`, or a parameter could not be shown. Nothing was sent.".to_owned(),
        Detail::Unreachable { unknown_host: true } => {
            "Check the name in OLLAMA_HOST, ALLOY_HOST or `.host(…)`, and that this machine can look it up.".to_owned()
        }
        Detail::Unreachable { .. } => {
            "Start the server with `ollama serve`. If it runs elsewhere, give its address: OLLAMA_HOST, ALLOY_HOST (which wins over it), or `.host(…)` (which wins over both).".to_owned()
        }
        Detail::NotOllama { .. } => {
            "Open the address in a browser: Ollama says `Ollama is running`. Set OLLAMA_HOST to the right host and port (or ALLOY_HOST or `.host(…)`, where the address came from there); the usual one is http://127.0.0.1:11434.".to_owned()
        }
        Detail::ModelNotFound { near, pinned } => {
            let or = near.first().map(|near| format!(", or name `{near}` where the model is set"));
            let pin = match pinned {
                true => " The command's attribute names the model, and wins over ALLOY_MODEL.",
                false => "",
            };
            format!(
                "Run `ollama pull {model}`{}; `ollama list` shows what is installed.{pin}",
                or.unwrap_or_default()
            )
        }
        Detail::ModelName { .. } => {
            "A name is `family`, `family:tag` or `namespace/family:tag`, without quotes or spaces; `ollama list` shows what is installed.".to_owned()
        }
        Detail::ModelLoad { .. } => {
            format!("Look into the server's log for the reason: a graphics driver, a damaged file or a server too old for the model. `ollama run {model}` tries it alone.")
        }
        Detail::Capability { missing, .. } if missing == "thinking" => {
            format!("Leave `think` out (ALLOY_THINK, `think = …`, `.think(…)`), or use a model that can: `ollama show {model}` lists what this one is able to do.")
        }
        Detail::Capability { able, .. } if !able.is_empty() => {
            format!("Name `{}` where the model is set; `ollama show NAME` lists what a model is able to do.", able[0])
        }
        Detail::Capability { .. } => {
            format!("Use a model that can: `ollama show {model}` lists what this one is able to do.")
        }
        Detail::OutOfMemory { .. } => {
            "Use a smaller model or a smaller quantisation of it, or free memory: `ollama ps` shows what is loaded and `ollama stop NAME` unloads it.".to_owned()
        }
        Detail::Overloaded { .. } => {
            "Send fewer commands at a time, or try again later. OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE on the server set how many it takes.".to_owned()
        }
        Detail::TimedOut { limit, .. } => match limit {
            TimeLimit::Total if error.tool_turns > 0 => "The time of its tools counts as well, and one of them may still be at work. Raise `timeout`, or make them faster; `tool_results()` has what was done.",
            TimeLimit::Total if error.partial.is_some() => "Raise `timeout`, or ask for a shorter text. What came of it is in `partial_text()`.",
            TimeLimit::Total => "The first call of a model loads it, which can take minutes. Raise `timeout`, or leave it out to wait as long as the server works.",
            TimeLimit::Connect => "The address does not answer: check OLLAMA_HOST, the network and the firewall.",
            TimeLimit::Idle => "The server stopped sending: its log says why. Running the command again starts afresh; raise `idle_timeout` where it needs longer.",
        }
        .to_owned(),
        Detail::ContextOverflow { .. } => {
            format!("Shorten the prompt, or give the model more room: `.option(\"num_ctx\", 16384)` or `options(num_ctx = 16384)` on the native route, OLLAMA_CONTEXT_LENGTH on the server for both. `ollama show {model}` tells its limit.")
        }
        Detail::Unauthorized { .. } => "Set OLLAMA_API_KEY to a key that the server accepts.".to_owned(),
        Detail::Server { .. } => "The text is the server's own; its log says more.".to_owned(),
        Detail::Protocol { .. } => {
            "Check that OLLAMA_HOST names an Ollama server of version 0.12.6 or newer, and what stands between it and this program.".to_owned()
        }
        Detail::Interrupted { .. } => {
            "The server or something in between closed the connection; the server's log says why. Running the command again starts afresh.".to_owned()
        }
        Detail::Unfinished => {
            "Ollama stops a model that repeats one token without end (set `max_tokens`, another temperature or the option `repeat_penalty`), and on `openai_chat` it does not tell that its runner ended: its log does. The text so far is in `partial_text()`.".to_owned()
        }
        Detail::Truncated { .. } => {
            "Raise `max_tokens`, or ask for a shorter answer. Thinking counts as well.".to_owned()
        }
        Detail::Empty => {
            "Say more plainly in the prompt what to answer, or try another model. A thinking model may have spent its `max_tokens` on thinking.".to_owned()
        }
        Detail::Refused { .. } => {
            "Say in the prompt why the question is harmless, or ask another model.".to_owned()
        }
        Detail::Contract { broken: Contract::Require, .. } => {
            "Call the tool with what its `#[require(…)]` ask for.".to_owned()
        }
        Detail::Contract { broken: Contract::Ensure, .. } => {
            "Its body gave what its `#[ensure(…)]` does not allow: mend one of them.".to_owned()
        }
        Detail::ToolLimit { turns: 0, .. } => {
            "Allow tool turns (ALLOY_MAX_TOOL_TURNS, `max_tool_turns = …`, `.max_tool_turns(…)`), or leave the tools out.".to_owned()
        }
        Detail::ToolLimit { .. } if error.last_failure.is_some() => {
            "The last call did not work: `tool_results()` has them all. Make the tool's description, and what it says when it fails, tell the model what to do; or raise `max_tool_turns`.".to_owned()
        }
        Detail::ToolLimit { .. } => {
            "Raise `max_tool_turns` where the work needs more; else say in the prompt when to stop, and make the tools' results and errors tell what to do next.".to_owned()
        }
        Detail::ToolAborted { .. } => {
            "The cause is what the tool gave as its reason, with `Err(Abort::new(…))`.".to_owned()
        }
        Detail::InvalidOutput { .. } => {
            "Say in the prompt, or in the doc comments of the type's fields, what belongs there; allow more answers (`retry`); or try a larger model.".to_owned()
        }
    }
}

/// Where the server is not Ollama's, its tools are of no help.
fn of_other_server(detail: &Detail) -> Option<&'static str> {
    Some(match detail {
        Detail::Unreachable { .. } => {
            "Start the server, or set OPENAI_BASE_URL to where it listens, its version included: http://127.0.0.1:8000/v1."
        }
        Detail::NotOllama { .. } => {
            "Set OPENAI_BASE_URL to the base URL of the server, its version included: http://127.0.0.1:8000/v1."
        }
        Detail::ModelNotFound { .. } => {
            "Name a model that the server has; most list theirs at `/models` below the base URL."
        }
        Detail::ModelName { .. } | Detail::Capability { .. } => {
            "Name a model that the server has and that can do this; its documentation says what each can."
        }
        Detail::ModelLoad { .. } | Detail::OutOfMemory { .. } => {
            "The text is the server's own; its log says more."
        }
        Detail::Overloaded { .. } => "Send fewer commands at a time, or try again later.",
        Detail::ContextOverflow { .. } => {
            "Shorten the prompt, or use a model, or a server's setting, with a longer context."
        }
        Detail::Unauthorized { .. } => "Set OPENAI_API_KEY to a key that the server accepts.",
        Detail::Protocol { .. } => {
            "Check that OPENAI_BASE_URL names a server that speaks Chat Completions, and what stands between it and this program."
        }
        _ => return None,
    })
}
