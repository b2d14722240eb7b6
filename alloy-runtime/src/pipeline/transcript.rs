//! The messages after the prompt: tool turns, and the follow-up of a rejected answer.

use crate::message::{Message, Role, ToolCall, ToolResult, ToolStatus};
use crate::reply::Reply;

/// The conversation between the prompt and the answer. Most commands add nothing to it, and hold no memory for it.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// `true` while the model may call tools. A schema is not enforced then, because no model could call a tool.
    offers_tools: bool,
    entries: Option<Box<Entries>>,
}

#[derive(Debug, Default)]
struct Entries {
    messages: Vec<Message>,
    /// The turn and the status of each tool call in `messages`.
    calls: Vec<(u32, ToolStatus)>,
    /// The messages after a rejected answer. The next rejected answer replaces them.
    reask: Vec<Message>,
}

impl Transcript {
    /// An empty transcript. `offers_tools` says if the first request offers tools.
    pub(crate) fn new(offers_tools: bool) -> Self {
        Self {
            offers_tools,
            entries: None,
        }
    }

    /// The transcript of a command that has ended, from its messages and the turn and status of each of its tool calls.
    pub(super) fn ended(messages: Vec<Message>, calls: Vec<(u32, ToolStatus)>) -> Self {
        let entries = Entries {
            messages,
            calls,
            reask: Vec::new(),
        };
        Self {
            offers_tools: false,
            entries: (!entries.messages.is_empty()).then(|| Box::new(entries)),
        }
    }

    /// Returns `true` if the next request offers tools.
    pub(super) fn offers_tools(&self) -> bool {
        self.offers_tools
    }

    /// Ends the tool turns: no further request offers tools.
    pub(super) fn end_tool_turns(&mut self) {
        self.offers_tools = false;
    }

    /// Returns the messages that belong to the conversation, without those about a rejected answer.
    pub(crate) fn messages(&self) -> &[Message] {
        self.entries
            .as_deref()
            .map_or(&[], |entries| &entries.messages)
    }

    /// Returns the messages about the latest rejected answer.
    pub(super) fn reask(&self) -> &[Message] {
        self.entries
            .as_deref()
            .map_or(&[], |entries| &entries.reask)
    }

    /// Appends messages to the conversation.
    pub(super) fn extend(&mut self, messages: impl IntoIterator<Item = Message>) {
        let entries = self.entries.get_or_insert_default();
        entries.messages.extend(messages);
    }

    /// Sets the messages about a rejected answer, in place of those about an earlier one.
    pub(super) fn set_reask(&mut self, messages: Vec<Message>) {
        self.entries.get_or_insert_default().reask = messages;
    }

    /// Appends a tool turn: the reply with its calls, and the message of each call.
    pub(super) fn push_tool_turn(
        &mut self,
        turn: u32,
        reply: Reply,
        results: Vec<(ToolStatus, String)>,
    ) {
        let Entries {
            messages, calls, ..
        } = &mut **self.entries.get_or_insert_default();
        messages.reserve(results.len() + 1);
        let mut assistant = Message::assistant(reply.text);
        let tool_messages = reply.calls.iter().zip(results);
        let tool_messages = tool_messages.map(|(call, (status, content))| {
            calls.push((turn, status));
            Message::tool(call, content)
        });
        let tool_messages: Vec<Message> = tool_messages.collect();
        assistant.thinking = reply.thinking;
        assistant.thinking_field = reply.thinking_field;
        assistant.tool_calls = reply.calls;
        messages.push(assistant);
        messages.extend(tool_messages);
    }

    /// Returns the turn and the status of each tool call in the messages.
    pub(super) fn tool_calls(&self) -> &[(u32, ToolStatus)] {
        self.entries
            .as_deref()
            .map_or(&[], |entries| &entries.calls)
    }

    /// Returns the tool calls with their results.
    pub(crate) fn tool_results(&self) -> Vec<ToolResult> {
        let Some(entries) = &self.entries else {
            return Vec::new();
        };
        let calls = self.messages().iter().flat_map(|said| &said.tool_calls);
        let contents = self
            .messages()
            .iter()
            .filter(|said| said.role == Role::Tool);
        let results = entries.calls.iter().zip(calls.zip(contents));
        let results = results.map(|(&(turn, status), (call, message))| {
            let ToolCall {
                name, arguments, ..
            } = call;
            ToolResult {
                turn,
                name: name.clone(),
                arguments: arguments.clone(),
                content: message.content.clone(),
                status,
            }
        });
        results.collect()
    }

    /// Returns the text of a reply, or the latest text before it that is not empty.
    pub(super) fn last_text<'a>(&'a self, reply: &'a Reply) -> &'a str {
        let earlier = self.messages().iter().rev();
        let earlier = earlier.filter(|said| said.role == Role::Assistant);
        let mut texts = earlier.map(|said| said.content.as_str());
        match reply.text.as_str() {
            "" => texts.find(|text| !text.is_empty()).unwrap_or_default(),
            text => text,
        }
    }
}
