//! The counters of one command.

use crate::error::Error;
use crate::reply::{Reply, Usage};

/// The counters of one command.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// The answers that were read.
    pub(crate) attempts: u32,
    /// The replies that were read, those with tool calls included.
    replies: u32,
    /// The tokens of all replies.
    pub(crate) usage: Usage,
    /// The requests that were sent, retries included.
    pub(crate) requests: u32,
    /// The turns with tool calls, however many calls each had.
    pub(crate) tool_turns: u32,
}

impl Counters {
    /// The counters of a command whose answer was kept: nothing was sent.
    pub(super) fn of_kept_answer(attempts: u32, usage: Usage) -> Self {
        Self {
            attempts,
            usage,
            ..Self::default()
        }
    }

    /// Counts a reply.
    pub(super) fn record_reply(&mut self, reply: &Reply) {
        self.replies += 1;
        self.usage += reply.usage;
    }

    /// Returns the requests and the tokens, without the answers.
    pub(super) fn without_answers(self) -> Self {
        Self {
            requests: self.requests,
            usage: self.usage,
            ..Self::default()
        }
    }

    /// Adds the counters to an error.
    pub(super) fn attach_to(self, error: Error) -> Error {
        let error = error.with_counters(self.requests, self.replies, self.tool_turns);
        match self.replies {
            0 => error,
            _ => error.with_usage(self.attempts, self.usage),
        }
    }
}
