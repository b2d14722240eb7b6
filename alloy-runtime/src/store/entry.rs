//! The form of an accepted answer that is kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key::RequestKey;
use super::reply::StoredReply;
use crate::message::{Message, ToolStatus};
use crate::reply::Reply;

/// An accepted answer: the reply that was accepted, and what came before it in the conversation.
///
/// It is one line of JSON. Requests are not part of it, since the key identifies the first one and the others follow from
/// it; neither are rejected answers, which would call the hooks of the program again.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptAnswer {
    format: u64,
    key: String,
    /// The name of the command, for a person who reads the file.
    command: String,
    /// The number of answers that the model gave.
    pub(crate) attempts: u32,
    reply: StoredReply,
    /// The messages between the prompt and the answer: tool turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) messages: Vec<Message>,
    /// The turn and the status of each tool call in the messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tool_calls: Vec<(u32, ToolStatus)>,
}

impl KeptAnswer {
    /// The version of the form. No other version is read.
    const FORMAT: u64 = 1;

    pub(crate) fn new(key: RequestKey, command: &str, attempts: u32, reply: &Reply) -> Self {
        Self {
            format: Self::FORMAT,
            key: key.to_string(),
            command: command.to_owned(),
            attempts,
            reply: StoredReply::new(reply, false),
            messages: Vec::new(),
            tool_calls: Vec::new(),
        }
    }

    /// Adds the tool turns.
    pub(crate) fn with_turns(
        self,
        messages: Vec<Message>,
        tool_calls: Vec<(u32, ToolStatus)>,
    ) -> Self {
        Self {
            messages,
            tool_calls,
            ..self
        }
    }

    /// Changes all texts of the answer, for example to redact secrets.
    pub(crate) fn edited(mut self, edit: &dyn Fn(&str) -> String) -> Self {
        self.reply.edit(edit);
        for message in &mut self.messages {
            message.content = edit(&message.content);
            message.thinking = message.thinking.as_deref().map(edit);
        }
        self
    }

    pub(crate) fn reply(&self) -> Reply {
        self.reply.reply(String::new())
    }

    /// Writes the entry as one line, without its end.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // NOTE: All keys of maps in an entry are strings, and a `Vec` can always be written to.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads an entry that was kept under a key.
    ///
    /// # Errors
    ///
    /// The problem: it is damaged, of another version, or was kept under another key.
    pub(crate) fn parse(json: &[u8], key: RequestKey) -> Result<Self, String> {
        let entry: Self = serde_json::from_slice(json).map_err(|error| {
            // A later version may have other members.
            let whole: Value = serde_json::from_slice(json).unwrap_or_default();
            match whole["format"].as_u64() {
                Some(format) if format != Self::FORMAT => other_format(format),
                _ => format!("it is damaged: {error}"),
            }
        })?;
        if entry.format != Self::FORMAT {
            return Err(other_format(entry.format));
        }
        match entry.key.parse::<RequestKey>() {
            Ok(own) if own == key => Ok(entry),
            _ => Err("it belongs to another request".to_owned()),
        }
    }
}

fn other_format(format: u64) -> String {
    let known = KeptAnswer::FORMAT;
    format!(
        "it has the format {format}; expected {known}, the one that this version of Alloy reads"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ModelIdentity;

    fn key(body: &str) -> RequestKey {
        let identity = ModelIdentity {
            server: "",
            model: "m",
            revision: "",
        };
        RequestKey::new("native", body.as_bytes(), identity)
    }

    fn entry() -> KeptAnswer {
        let reply = Reply {
            text: "a\nb".to_owned(),
            ..Reply::default()
        };
        KeptAnswer::new(key("{}"), "hello", 2, &reply)
    }

    #[test]
    fn an_entry_is_one_line_that_is_read_back() {
        let json = entry().to_json();
        assert!(!json.contains(&b'\n'));
        let read = KeptAnswer::parse(&json, key("{}")).unwrap();
        assert_eq!(read, entry());
        assert_eq!((read.reply().text.as_str(), read.attempts), ("a\nb", 2));
    }

    #[test]
    fn an_entry_that_is_damaged_or_of_another_version_is_not_read() {
        let json = String::from_utf8(entry().to_json()).unwrap();
        let problem =
            |json: &str, key: RequestKey| KeptAnswer::parse(json.as_bytes(), key).unwrap_err();
        let own = key("{}");
        assert!(problem(&json[..30], own).starts_with("it is damaged: EOF"));
        assert!(problem("", own).starts_with("it is damaged"));
        let later = json.replace("\"format\":1", "\"format\":2,\"more\":1");
        let expected = "it has the format 2; expected 1, the one that this version of Alloy reads";
        assert_eq!(problem(&later, own), expected);
        assert_eq!(
            problem(&json, key(r#"{"a":1}"#)),
            "it belongs to another request"
        );
    }

    #[test]
    fn all_texts_are_edited() {
        let mut message = Message::assistant("key-1");
        message.thinking = Some("key-1".to_owned());
        let edited = entry()
            .with_turns(vec![message], Vec::new())
            .edited(&|text| text.replace(['a', 'k'], "x"));
        let json = String::from_utf8(edited.to_json()).unwrap();
        assert!(json.contains("x\\nb") && !json.contains("key-1"), "{json}");
    }
}
