//! The normal form of requests: two with the same form get the same reply.

use std::fmt;
use std::sync::Arc;

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::backend::portable_body;
use crate::endpoint::Protocol;
use crate::error::redact;

/// A function of a test that changes JSON.
type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// Rules of a test for what does not matter in a request, and for what must not be written.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    edits: Vec<Edit>,
    /// JSON pointers into a request.
    ignored: Vec<String>,
    ignored_texts: Vec<Regex>,
    redactions: Vec<Edit>,
}

/// A request in its normal form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NormalizedRequest {
    pub(crate) protocol: Protocol,
    pub(crate) body: Value,
    /// The body in compact form.
    key: String,
}

impl NormalizedRequest {
    /// Returns `true` if both get the same reply.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.protocol == other.protocol && self.key == other.key
    }
}

impl Rules {
    pub(crate) fn edit(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.edits.push(Arc::new(edit));
    }

    pub(crate) fn ignore(&mut self, pointer: String) {
        self.ignored.push(pointer);
    }

    pub(crate) fn ignore_text(&mut self, pattern: Regex) {
        self.ignored_texts.push(pattern);
    }

    pub(crate) fn redact(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.redactions.push(Arc::new(edit));
    }

    /// Applies the redactions of the test to a whole exchange.
    pub(crate) fn redact_exchange(&self, exchange: &mut Value) {
        for redact in &self.redactions {
            redact(exchange);
        }
    }

    /// Returns a request, as it is stored in a recording, after the redactions of the test.
    pub(crate) fn redacted_request(
        &self,
        protocol: Protocol,
        command: &str,
        request: &Value,
    ) -> Value {
        let mut exchange = json!({
            "protocol": protocol.name(),
            "command": command,
            "request": request,
        });
        self.redact_exchange(&mut exchange);
        exchange["request"].take()
    }

    /// Returns the normal form of a request, as it is stored in a recording.
    pub(crate) fn normalized(
        &self,
        protocol: Protocol,
        command: &str,
        request: &Value,
    ) -> NormalizedRequest {
        let mut body = self.redacted_request(protocol, command, request);
        for edit in &self.edits {
            edit(&mut body);
        }
        for pointer in &self.ignored {
            remove(&mut body, pointer);
        }
        if !self.ignored_texts.is_empty() {
            each_text(&mut body, &mut |text| {
                for pattern in &self.ignored_texts {
                    if pattern.is_match(text) {
                        *text = pattern.replace_all(text, "[ignored]").into_owned();
                    }
                }
            });
        }
        if let Value::Object(members) = &mut body {
            members.remove("keep_alive");
            // The order below is part of what a model reads.
            let mut sorted: Vec<_> = std::mem::take(members).into_iter().collect();
            sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
            *members = sorted.into_iter().collect();
        }
        NormalizedRequest {
            protocol,
            key: body.to_string(),
            body,
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("normalize", &self.edits.len())
            .field("ignore", &self.ignored)
            .field("ignore_text", &self.ignored_texts)
            .field("redact", &self.redactions.len())
            .finish()
    }
}

/// Returns the request of a body, in the form in which a recording stores it: a model file by its name alone, and
/// without the texts of `secrets`.
pub(crate) fn stored_request(protocol: Protocol, body: &[u8], secrets: &[String]) -> Value {
    let mut request = portable_body(protocol, body);
    redact_all(&mut request, secrets);
    request
}

/// Returns the path of the model file that a body names.
pub(crate) fn model_file(protocol: Protocol, body: &[u8]) -> Option<String> {
    // NOTE: A body is JSON, which Alloy has just written.
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    match (protocol, request.get_mut("model")) {
        (Protocol::Engine, Some(Value::String(path))) => Some(std::mem::take(path)),
        _ => None,
    }
}

/// Replaces secrets in all texts of a JSON value, names of members included.
pub(crate) fn redact_all(value: &mut Value, secrets: &[String]) {
    if secrets.is_empty() {
        return;
    }
    each_text(value, &mut |text| {
        for secret in secrets {
            redact(text, secret);
        }
    });
}

/// Calls a function with each text of a JSON value, names of members included.
fn each_text(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => {
            for item in items {
                each_text(item, change);
            }
        }
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (mut name, mut member) in old {
                change(&mut name);
                each_text(&mut member, change);
                members.insert(name, member);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Removes the value at a JSON pointer. An item of a list becomes `null`, so that the others keep their places.
fn remove(value: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(&name);
        }
        Some(Value::Array(items)) => {
            let item = name
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index));
            if let Some(item) = item {
                item.take();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(rules: &Rules, request: &Value) -> NormalizedRequest {
        rules.normalized(Protocol::Native, "hello", request)
    }

    #[test]
    fn the_order_of_top_level_members_and_keep_alive_do_not_matter() {
        let rules = Rules::default();
        let one = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        let other = json!({
            "messages": [{"role": "user", "content": "Hi"}], "model": "m", "keep_alive": 60,
        });
        assert!(normalized(&rules, &one).matches(&normalized(&rules, &other)));
        let below = json!({"model": "m", "messages": [{"content": "Hi", "role": "user"}]});
        assert!(!normalized(&rules, &one).matches(&normalized(&rules, &below)));
        let engine = rules.normalized(Protocol::Engine, "hello", &one);
        assert!(!normalized(&rules, &one).matches(&engine));
    }

    #[test]
    fn rules_of_a_test_apply_to_every_request() {
        let mut rules = Rules::default();
        rules.ignore_text(Regex::new(r"\d{4}-\d\d-\d\d").unwrap());
        rules.ignore("/messages/0/id".to_owned());
        rules.edit(|request| request["seed"] = json!(1));
        rules.redact(|exchange| exchange["request"]["user"] = json!("anyone"));
        let request = |date: &str, id: u32, user: &str| json!({"messages": [{"content": format!("Today is {date}."), "id": id}], "user": user, "seed": id});
        let one = normalized(&rules, &request("2026-11-30", 1, "ann"));
        let other = normalized(&rules, &request("2027-01-01", 2, "ben"));
        assert!(one.matches(&other), "{one:?} {other:?}");
        assert_eq!(
            one.body["messages"][0],
            json!({"content": "Today is [ignored]."})
        );
        assert_eq!(
            (&one.body["user"], &one.body["seed"]),
            (&json!("anyone"), &json!(1))
        );
    }

    #[test]
    fn a_model_file_is_stored_by_its_name_and_secrets_are_not_stored() {
        let body =
            br#"{"model": "/home/ann/models/tiny.gguf", "messages": ["my key is k-1234567"]}"#;
        let secrets = ["k-1234567".to_owned()];
        let stored = stored_request(Protocol::Engine, body, &secrets);
        let expected = json!({"model": "tiny.gguf", "messages": ["my key is [secret]"]});
        assert_eq!(stored, expected);
        let stored = stored_request(Protocol::Native, body, &[]);
        assert_eq!(stored["model"], "/home/ann/models/tiny.gguf");
    }
}
