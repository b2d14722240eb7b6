//! The words by which servers report the end of a reply.

use crate::error::excerpt;
use crate::reply::FinishReason;

/// The end of a reply, by the server's finish reason.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ReplyEnd {
    /// The generation ended. `None`: the server did not send a reason.
    Finished(Option<FinishReason>),
    /// The server stopped the model in the middle of its answer, and sent this reason.
    Interrupted(String),
    /// The model or a filter refused the answer.
    Refused(String),
}

// The words of Ollama, OpenAI, vLLM, `SGLang`, llama.cpp, TGI, `LiteLLM`, `OpenRouter`, Anthropic, Gemini, Mistral,
// Cohere, `DeepSeek` and Bedrock, in lower case with underscores.

/// The model ended its answer.
const STOP: [&str; 17] = [
    "stop",
    "stopped",
    "stop_sequence",
    "stop_token",
    "stop_str",
    "end",
    "end_turn",
    "end_of_turn",
    "eos",
    "eos_token",
    "eos_token_found",
    "eos_found",
    "stop_sequence_found",
    "complete",
    "completed",
    "finished",
    "done",
];
/// A limit of tokens cut the answer.
const LENGTH: [&str; 18] = [
    "length",
    "max_tokens",
    "max_output_tokens",
    "max_new_tokens",
    "max_completion_tokens",
    "max_length",
    "model_length",
    "max_model_len",
    "max_context_length",
    "token_limit",
    "limit",
    "context_length",
    "context_length_exceeded",
    "context_window_exceeded",
    "model_context_window_exceeded",
    "max_tokens_reached",
    "truncated",
    "incomplete",
];
/// The model called tools.
const TOOL_CALLS: [&str; 5] = [
    "tool_calls",
    "tool_call",
    "tool_use",
    "function_call",
    "function_calls",
];
/// The model or a filter refused the answer.
const REFUSED: [&str; 24] = [
    "content_filter",
    "content_filtered",
    "content_filter_error",
    "filtered",
    "refusal",
    "refused",
    "safety",
    "image_safety",
    "unsafe",
    "toxic",
    "recitation",
    "blocklist",
    "blocked",
    "prohibited_content",
    "image_prohibited_content",
    "spii",
    "sensitive",
    "moderation",
    "flagged",
    "guardrail",
    "guardrails",
    "guardrail_intervened",
    "policy",
    "policy_violation",
];
/// The server stopped the model.
const INTERRUPTED: [&str; 30] = [
    "abort",
    "aborted",
    "cancel",
    "cancelled",
    "canceled",
    "user_cancel",
    "user_cancelled",
    "error",
    "errored",
    "failed",
    "failure",
    "interrupted",
    "interrupt",
    "timeout",
    "timed_out",
    "time_limit",
    "disconnect",
    "disconnected",
    "connection_error",
    "network_error",
    "server_error",
    "internal_error",
    "internal_server_error",
    "engine_error",
    "preempted",
    "evicted",
    "shutdown",
    "killed",
    "insufficient_system_resource",
    "overloaded",
];

impl ReplyEnd {
    /// Returns `true` if the answer came to its end, or the model called tools.
    pub(super) fn is_whole(&self) -> bool {
        use FinishReason::{Stop, ToolCalls};
        matches!(self, Self::Finished(None | Some(Stop | ToolCalls)))
    }

    /// Parses the reason that a server sent; an empty one counts as absent.
    ///
    /// An unknown word is kept: the caller decides if the answer can be trusted.
    pub(super) fn parse(reason: &str) -> Self {
        match reason {
            // The usual words need no normalization.
            "" => return Self::Finished(None),
            "stop" => return Self::Finished(Some(FinishReason::Stop)),
            "length" => return Self::Finished(Some(FinishReason::Length)),
            "tool_calls" => return Self::Finished(Some(FinishReason::ToolCalls)),
            _ => {}
        }
        let word = reason.trim().to_lowercase().replace([' ', '-'], "_");
        let word = word.strip_prefix("finish_reason_").unwrap_or(&word);
        let word = match word.strip_prefix("error_") {
            None | Some("") => word,
            Some(cause) => cause,
        };
        let is_in = |words: &[&str]| words.contains(&word);
        if is_in(&REFUSED) {
            return Self::Refused(excerpt(reason));
        }
        if is_in(&INTERRUPTED) {
            return Self::Interrupted(excerpt(reason));
        }
        Self::Finished(match word {
            "" => None,
            _ if is_in(&STOP) => Some(FinishReason::Stop),
            _ if is_in(&LENGTH) => Some(FinishReason::Length),
            _ if is_in(&TOOL_CALLS) => Some(FinishReason::ToolCalls),
            _ => Some(FinishReason::other(reason)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_are_recognized_in_any_case() {
        let finished = |word: &str, expected: FinishReason| {
            assert_eq!(
                ReplyEnd::parse(word),
                ReplyEnd::Finished(Some(expected)),
                "{word}"
            );
        };
        for word in [
            "stop",
            "STOP",
            "end_turn",
            "eos_token",
            "FINISH_REASON_STOP",
        ] {
            finished(word, FinishReason::Stop);
        }
        for word in [
            "length",
            "MAX_TOKENS",
            "max-tokens",
            "model_length",
            "ERROR_LIMIT",
        ] {
            finished(word, FinishReason::Length);
        }
        for word in ["tool_calls", "function_call", "tool_use", "TOOL_CALL"] {
            finished(word, FinishReason::ToolCalls);
        }
        for word in [
            "abort",
            "Cancelled",
            "error",
            "insufficient_system_resource",
        ] {
            assert_eq!(
                ReplyEnd::parse(word),
                ReplyEnd::Interrupted(word.to_owned())
            );
        }
        for word in ["SAFETY", "content_filter", "refusal", "PROHIBITED_CONTENT"] {
            assert_eq!(ReplyEnd::parse(word), ReplyEnd::Refused(word.to_owned()));
        }
        for word in ["", "  "] {
            assert_eq!(ReplyEnd::parse(word), ReplyEnd::Finished(None));
        }
        finished("tired", FinishReason::Other("tired".into()));
    }
}
