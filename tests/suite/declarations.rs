//! Sources of a prompt. Each test compares the exact messages that are sent.

mod bodies;
mod doc_comments;
mod names;
mod parameters;
mod system_messages;
mod templates;

use alloy_runtime::{Command, Message};

/// Checks that a command sends one user message with the `expected` prompt and no other message.
fn check(command: &Command<String>, expected: &str) {
    let messages = command.preview().unwrap().messages;
    assert_eq!(messages, [Message::user(expected)]);
}
