//! What a real server refuses, in its own words: statuses and texts are those of Ollama 0.24.

use serde_json::{Map, Value};

use super::{Reply, Request};

/// The refusal of a request that a real server would not serve.
pub(super) fn refuse(request: &Request) -> Option<Reply> {
    let host = request.header("host").unwrap_or_default();
    if !host.starts_with("127.0.0.1:") && !host.starts_with("localhost:")
        || request.header("origin").is_some()
    {
        return Some(Reply::body(403, "text/plain", ""));
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/tags") => None,
        ("POST", "/api/chat") => refuse_chat(&request.body)
            .err()
            .map(|(status, text)| Reply::error(status, &text)),
        (_, "/api/chat" | "/api/tags") => {
            Some(Reply::body(405, "text/plain", "405 method not allowed"))
        }
        _ => Some(Reply::body(404, "text/plain", "404 page not found")),
    }
}

type Refusal = Result<(), (u16, String)>;

fn refuse_chat(body: &str) -> Refusal {
    let bad = |text: &str| Err((400, text.to_owned()));
    if body.is_empty() {
        return bad("missing request body");
    }
    let Ok(Value::Object(chat)) = serde_json::from_str(body) else {
        return bad("invalid character looking for beginning of value");
    };
    match chat.get("model") {
        Some(Value::String(model)) if !model.is_empty() => {}
        _ => return bad("model is required"),
    }
    for message in list(&chat, "messages") {
        let Some(Value::String(_)) = message.get("role") else {
            return bad(
                "json: cannot unmarshal into Go struct field ChatRequest.messages.role of type string",
            );
        };
        let Some(Value::String(_)) = message.get("content") else {
            return bad(
                "json: cannot unmarshal into Go struct field ChatRequest.messages.content of type string",
            );
        };
    }
    for key in ["stream", "truncate"] {
        if chat.get(key).is_some_and(|value| !value.is_boolean()) {
            return bad(&format!(
                "json: cannot unmarshal into Go struct field ChatRequest.{key} of type bool"
            ));
        }
    }
    options(&chat)?;
    format(&chat)
}

fn options(chat: &Map<String, Value>) -> Refusal {
    let Some(options) = chat.get("options") else {
        return Ok(());
    };
    let Value::Object(options) = options else {
        return Err((
            400,
            "json: cannot unmarshal into Go struct field ChatRequest.options".to_owned(),
        ));
    };
    for (key, value) in options {
        let expected = match key.as_str() {
            "temperature" | "top_p" | "min_p" if !value.is_number() => "of type float32",
            "num_predict" | "seed" | "num_ctx" | "top_k" if !value.is_number() => "of type integer",
            "stop" if !value.is_array() => "of type array",
            _ => continue,
        };
        return Err((500, format!("option \"{key}\" must be {expected}")));
    }
    Ok(())
}

fn format(chat: &Map<String, Value>) -> Refusal {
    let enforceable = match chat.get("format") {
        None | Some(Value::Null) => true,
        Some(Value::String(mode)) if mode == "json" || mode.is_empty() => true,
        Some(schema @ Value::Object(_)) => is_enforceable(schema, schema),
        Some(other) => {
            return Err((
                500,
                format!("invalid format: {other}; expected \"json\" or a valid JSON Schema object"),
            ));
        }
    };
    if enforceable {
        Ok(())
    } else {
        Err((500, "invalid JSON schema in format".to_owned()))
    }
}

/// Whether the server's converter can make a grammar of a schema.
fn is_enforceable(schema: &Value, root: &Value) -> bool {
    let Value::Object(keys) = schema else {
        return false;
    };
    let known = |name: &str| {
        [
            "object", "array", "string", "integer", "number", "boolean", "null",
        ]
        .contains(&name)
    };
    let all = |values: &[Value]| values.iter().all(|value| is_enforceable(value, root));
    keys.iter().all(|(key, value)| match (key.as_str(), value) {
        ("type", Value::String(name)) => known(name),
        ("type", Value::Array(names)) => names.iter().all(|name| name.as_str().is_some_and(known)),
        ("type", _) => false,
        ("$ref", Value::String(target)) => {
            target.starts_with("#/") && root.pointer(&target[1..]).is_some()
        }
        ("properties" | "$defs", Value::Object(schemas)) => {
            schemas.values().all(|value| is_enforceable(value, root))
        }
        ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => all(schemas),
        ("additionalProperties", Value::Bool(_)) => true,
        ("items" | "additionalProperties", schema) => is_enforceable(schema, root),
        ("pattern", Value::String(pattern)) => pattern.starts_with('^') && pattern.ends_with('$'),
        ("maxItems" | "maxLength", length) => length.as_u64().is_some_and(|length| length < 2000),
        _ => true,
    })
}

fn list<'a>(chat: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    chat.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
