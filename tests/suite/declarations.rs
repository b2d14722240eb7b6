//! Where a prompt comes from: each source sends exactly the expected messages.

mod bodies;
mod doc_comments;
mod names;
mod parameters;
mod system_texts;
mod templates;

use alloy_runtime::{Command, Message};

/// The prompt of a text command, and the whole list of messages where there is more.
fn check(command: &Command<String>, expected: &str) {
    let messages = command.preview().unwrap().messages;
    assert_eq!(messages, [Message::user(expected)]);
}
