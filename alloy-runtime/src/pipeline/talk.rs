//! What a command and its model say between the prompt and the answer: the turns of tools.

use crate::message::{Message, Role, ToolResult, ToolStatus};
use crate::reply::Reply;

/// What was said between the prompt and the answer. Most commands have nothing there, and no room for it.
#[derive(Debug, Default)]
pub(crate) struct Talk(Option<Box<Turns>>);

#[derive(Debug, Default)]
struct Turns {
    said: Vec<Message>,
    /// Of each call in it, in which turn it was, and how it went.
    calls: Vec<(u32, ToolStatus)>,
}

impl Talk {
    pub(crate) fn said(&self) -> &[Message] {
        self.0.as_deref().map_or(&[], |turns| &turns.said)
    }

    /// The calls of tools, and what came of them.
    pub(crate) fn results(&self) -> Vec<ToolResult> {
        let Some(turns) = &self.0 else {
            return Vec::new();
        };
        let calls = self.said().iter().flat_map(|said| &said.tool_calls);
        let answers = self.said().iter().filter(|said| said.role == Role::Tool);
        let results = turns.calls.iter().zip(calls.zip(answers));
        let results = results.map(|(&(turn, status), (call, answer))| ToolResult {
            turn,
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            content: answer.content.clone(),
            status,
        });
        results.collect()
    }

    /// Adds messages.
    pub(super) fn say(&mut self, messages: impl IntoIterator<Item = Message>) {
        self.0.get_or_insert_default().said.extend(messages);
    }

    /// Forgets what came behind so many messages.
    pub(super) fn forget(&mut self, after: usize) {
        if let Some(turns) = &mut self.0 {
            turns.said.truncate(after);
        }
    }

    /// Adds a turn of tools: the calls of `reply`, and what was told to each.
    pub(super) fn add(&mut self, turn: u32, reply: Reply, told: Vec<(ToolStatus, String)>) {
        let Turns { said, calls } = &mut **self.0.get_or_insert_default();
        let at = said.len();
        said.reserve(told.len() + 1);
        said.push(Message::assistant(reply.text));
        for (call, (status, content)) in reply.calls.iter().zip(told) {
            calls.push((turn, status));
            said.push(Message::tool(call, content));
        }
        said[at].thinking = reply.thinking;
        said[at].tool_calls = reply.calls;
    }

    /// The last text of the model, that of `reply` where it has one.
    pub(super) fn last_text<'a>(&'a self, reply: &'a Reply) -> &'a str {
        let earlier = self.said().iter().rev();
        let earlier = earlier.filter(|said| said.role == Role::Assistant);
        let mut texts = earlier.map(|said| said.content.as_str());
        match reply.text.as_str() {
            "" => texts.find(|text| !text.is_empty()).unwrap_or_default(),
            text => text,
        }
    }
}
