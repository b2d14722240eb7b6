//! The body of a request in the form that is the same on each machine.

use serde_json::Value;

use crate::endpoint::Protocol;

/// Returns the body of a request, with a model file named without its folder.
pub(crate) fn portable_body(protocol: Protocol, body: &[u8]) -> Value {
    // NOTE: A body is JSON, which Alloy has just written.
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    // Parsed twice: a number that is written and read again may differ in its last digit, and the request of a recording
    // was written and read again.
    let mut body = serde_json::from_str(&body.to_string()).unwrap_or(body);
    if let (Protocol::Engine, Some(Value::String(model))) = (protocol, body.get_mut("model")) {
        *model = file_name(model).to_owned();
    }
    body
}

/// Returns the name at the end of a path, of any system.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
