//! The content of a message in a reply: a text, or a list of parts.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::error::excerpt;

/// The parts of a message's content by their kind.
#[derive(Debug, Default, PartialEq)]
pub(super) struct WireContent {
    pub(super) text: String,
    pub(super) thinking: String,
    pub(super) refusal: String,
}

impl<'de> Deserialize<'de> for WireContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = WireContent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a list of parts, as the content of a message")
    }

    fn visit_unit<E: Error>(self) -> Result<WireContent, E> {
        Ok(WireContent::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WireContent, E> {
        Ok(WireContent {
            text: text.to_owned(),
            ..WireContent::default()
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<WireContent, A::Error> {
        let mut content = WireContent::default();
        while let Some(part) = parts.next_element::<Value>()? {
            content.push(&part).map_err(A::Error::custom)?;
        }
        Ok(content)
    }

    fn visit_map<A: MapAccess<'de>>(self, part: A) -> Result<WireContent, A::Error> {
        let part = Map::deserialize(MapAccessDeserializer::new(part))?;
        let mut content = WireContent::default();
        content
            .push(&Value::Object(part))
            .map_err(A::Error::custom)?;
        Ok(content)
    }
}

impl WireContent {
    /// Adds a part. A part of an unknown type is an error, since the answer would be incomplete without it.
    fn push(&mut self, part: &Value) -> Result<(), String> {
        if let Value::String(text) = part {
            self.text += text;
            return Ok(());
        }
        let kind = part["type"].as_str().unwrap_or("text");
        let place = match kind {
            "text" | "output_text" | "input_text" => &mut self.text,
            "thinking" | "reasoning" | "reasoning_content" | "summary_text" | "reasoning_text" => {
                &mut self.thinking
            }
            "refusal" => &mut self.refusal,
            // Thinking that only its own server can read.
            "redacted_thinking" | "reasoning_encrypted" => return Ok(()),
            _ => {
                let kind = excerpt(kind);
                return Err(format!(
                    "a part of the content has the unknown type `{kind}`"
                ));
            }
        };
        let names = [
            "text",
            "thinking",
            "reasoning",
            "refusal",
            "content",
            "summary",
        ];
        let text = names
            .iter()
            .map(|name| &part[*name])
            .find(|text| !text.is_null());
        match text {
            Some(Value::String(text)) => *place += text,
            Some(Value::Array(parts)) => {
                for part in parts {
                    *place += part["text"].as_str().or(part.as_str()).unwrap_or_default();
                }
            }
            _ => return Err("a part of the content has no text".to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_their_kind() {
        let check = |json: &str, text: &str, thinking: &str| {
            let content: WireContent = serde_json::from_str(json).unwrap();
            assert_eq!(
                (&*content.text, &*content.thinking),
                (text, thinking),
                "{json}"
            );
        };
        check(r#""Hello""#, "Hello", "");
        check("null", "", "");
        check("[]", "", "");
        check(r#"[{"type":"text","text":"Hello"}]"#, "Hello", "");
        check(r#"{"type":"text","text":"Hello"}"#, "Hello", "");
        check(r#"["Hel",{"text":"lo"}]"#, "Hello", "");
        check(
            r#"[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},{"type":"text","text":"Hi"}]"#,
            "Hi",
            "Hm",
        );
        check(
            r#"[{"type":"reasoning","text":"Hm"},{"type":"output_text","text":"Hi"}]"#,
            "Hi",
            "Hm",
        );
    }

    #[test]
    fn unknown_content_is_an_error() {
        for json in [
            "1",
            "true",
            r#"[{"type":"image_url","image_url":{}}]"#,
            r#"[{"type":"text"}]"#,
            "[1]",
        ] {
            assert!(serde_json::from_str::<WireContent>(json).is_err(), "{json}");
        }
    }
}
