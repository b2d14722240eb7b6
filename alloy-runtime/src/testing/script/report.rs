//! The message of a test that its script does not fit.

use std::fmt::Write as _;

use super::replies::{Entry, ReplyContent};
use super::state::{Matcher, ReplyList, ScriptState};
use crate::error::excerpt;

impl ScriptState {
    /// Returns the problems with the whole script; `None` if every reply was taken and every request got one.
    pub(super) fn report(&self) -> Option<String> {
        let mut problems = self.problems.clone();
        for list in self.lists.iter().chain([&self.general]) {
            let unused = list.replies.list.iter().enumerate().skip(list.taken.len());
            for (index, entry) in unused.filter(|(_, entry)| !entry.is_optional) {
                let (number, of, shown) = (index + 1, list.name(), show(entry));
                problems.push(format!("reply {number} of {of} was not taken: {shown}"));
            }
        }
        if problems.is_empty() {
            return None;
        }
        let problems: Vec<_> = problems
            .iter()
            .map(|problem| format!("- {problem}"))
            .collect();
        let (problems, listing) = (problems.join("\n"), self.listing());
        Some(format!(
            "the script does not fit the commands:\n{problems}\nthe script:\n{listing}"
        ))
    }

    /// Lists the replies, each with the command that took it.
    pub(super) fn listing(&self) -> String {
        let mut out = String::new();
        let general = Some(&self.general).filter(|list| !list.replies.list.is_empty());
        for list in self.lists.iter().chain(general) {
            // NOTE: Writing to a `String` cannot fail.
            let _written = writeln!(out, "  {}:", list.name());
            for (index, entry) in list.replies.list.iter().enumerate() {
                let taken = match list.taken.get(index) {
                    Some(command) => format!("taken by `{command}`"),
                    None if entry.is_optional => "not taken, optional".to_owned(),
                    None => "not taken".to_owned(),
                };
                let (number, shown) = (index + 1, show(entry));
                let _written = writeln!(out, "    {number}. {shown}  ({taken})");
            }
            if list.replies.repeats {
                out.push_str("    the last one is repeated\n");
            }
        }
        if self.respond.is_some() {
            out.push_str("  a function for all others\n");
        }
        match out.trim_end() {
            "" => "  no replies".to_owned(),
            listing => listing.to_owned(),
        }
    }
}

impl ReplyList {
    fn name(&self) -> String {
        match &self.matcher {
            Matcher::Others => "the general list".to_owned(),
            Matcher::Command(name) => format!("the list of `{name}`"),
            Matcher::When(_) => "the list of a condition".to_owned(),
        }
    }
}

fn show(entry: &Entry) -> String {
    let quoted = |text: &str| format!("{:?}", excerpt(text));
    match &entry.reply.content {
        ReplyContent::Text(text) => format!("text {}", quoted(text)),
        ReplyContent::Answer(Ok(value)) => format!("answer {}", excerpt(&value.to_string())),
        ReplyContent::Answer(Err(error)) => format!("an answer that is not JSON: {error}"),
        ReplyContent::Calls(calls) => {
            let calls = calls
                .iter()
                .map(|call| format!("{}({})", call.name, call.arguments));
            format!("calls {}", excerpt(&calls.collect::<Vec<_>>().join(", ")))
        }
        ReplyContent::Status(status, text) => format!("status {status} {}", quoted(text)),
        ReplyContent::Error(error) => format!("error {:?}", error.build().kind()),
        ReplyContent::Truncated(text) => format!("text {}, truncated", quoted(text)),
        ReplyContent::Disconnected(text) => format!("text {}, then disconnected", quoted(text)),
    }
}
