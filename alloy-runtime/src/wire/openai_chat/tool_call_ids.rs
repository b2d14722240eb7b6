//! The ids of tool calls, which Chat Completions requires and other servers do not always give.

use serde::{Serialize, Serializer};

use crate::message::{Message, ToolCall};

/// The id of a tool call.
#[derive(Clone, Copy)]
pub(super) enum ToolCallId<'a> {
    Given(&'a str),
    /// Derived from the position of the call: `call_TURN_NUMBER`, both from 1.
    Generated {
        turn: usize,
        number: usize,
    },
}

impl Serialize for ToolCallId<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(id) => serializer.serialize_str(id),
            Self::Generated { turn, number } => {
                serializer.collect_str(&format_args!("call_{turn}_{number}"))
            }
        }
    }
}

/// Assigns ids to the tool calls of a conversation, and to the messages of tools that answer them.
#[derive(Default)]
pub(super) struct ToolCallIds<'a> {
    /// Number of messages with tool calls so far.
    turn: usize,
    /// Calls of the latest of them, each with `true` once it is answered.
    calls: Vec<(&'a ToolCall, bool)>,
}

impl<'a> ToolCallIds<'a> {
    /// Begins the turn of a message with tool calls, and returns its number.
    pub(super) fn begin_turn(&mut self, calls: &'a [ToolCall]) -> usize {
        self.turn += 1;
        self.calls.clear();
        self.calls.extend(calls.iter().map(|call| (call, false)));
        self.turn
    }

    /// Returns the id of the call that a tool's message answers: the message's own, or that of the next open call,
    /// preferably one of the same tool.
    pub(super) fn answered(&mut self, message: &'a Message) -> ToolCallId<'a> {
        let (call, number) = self.next_open(message.tool_name.as_deref());
        let own = message.tool_call_id.as_deref().filter(|id| !id.is_empty());
        id(own.or(call), self.turn, number)
    }

    /// Marks the next open call as answered, and returns its id and its number.
    fn next_open(&mut self, name: Option<&str>) -> (Option<&'a str>, usize) {
        let is_open = |(_, answered): &(&ToolCall, bool)| !answered;
        let mut calls = self.calls.iter();
        let named = calls.position(|call| is_open(call) && Some(&*call.0.name) == name);
        let next = named.or_else(|| self.calls.iter().position(is_open));
        match next.and_then(|index| Some((index, self.calls.get_mut(index)?))) {
            Some((index, (call, answered))) => {
                *answered = true;
                (call.id.as_deref(), index + 1)
            }
            None => (None, self.calls.len() + 1),
        }
    }
}

/// Returns the id that was given, or one generated from the position of its call.
pub(super) fn id(given: Option<&str>, turn: usize, number: usize) -> ToolCallId<'_> {
    match given.filter(|id| !id.is_empty()) {
        Some(id) => ToolCallId::Given(id),
        None => ToolCallId::Generated { turn, number },
    }
}
