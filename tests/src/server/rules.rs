//! Validation of requests, with the statuses and error texts of Ollama 0.24.

use serde_json::{Map, Value};

use super::{NATIVE, OPENAI_CHAT, Reply, Request};

/// Returns an error reply to a request that a real server rejects.
pub(super) fn reject(request: &Request) -> Option<Reply> {
    let host = request.header("host").unwrap_or_default();
    if !host.starts_with("127.0.0.1:") && !host.starts_with("localhost:")
        || request.header("origin").is_some()
    {
        return Some(Reply::body(403, "text/plain", ""));
    }
    let rejected = |refusal: Validation| {
        let (status, text) = refusal.err()?;
        Some(Reply::error(status, &text))
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/tags" | "/api/ps") | ("POST", "/api/show") => None,
        ("POST", NATIVE) => rejected(reject_native(&request.body)),
        ("POST", OPENAI_CHAT) => rejected(reject_openai_chat(&request.body)),
        (_, NATIVE | OPENAI_CHAT | "/api/tags" | "/api/ps" | "/api/show") => {
            Some(Reply::body(405, "text/plain", "405 method not allowed"))
        }
        _ => Some(Reply::body(404, "text/plain", "404 page not found")),
    }
}

/// Returns `true` if a path is one of the two chat endpoints.
pub(super) fn is_chat(path: &str) -> bool {
    [NATIVE, OPENAI_CHAT].contains(&path)
}

type Validation = Result<(), (u16, String)>;

/// Parses the body as an object that names a model.
fn chat(body: &str) -> Result<Map<String, Value>, (u16, String)> {
    let bad = |text: &str| Err((400, text.to_owned()));
    if body.is_empty() {
        return bad("missing request body");
    }
    let Ok(Value::Object(chat)) = serde_json::from_str(body) else {
        return bad("invalid character looking for beginning of value");
    };
    match chat.get("model") {
        Some(Value::String(model)) if !model.is_empty() => Ok(chat),
        _ => bad("model is required"),
    }
}

fn reject_openai_chat(body: &str) -> Validation {
    let bad = |text: &str| Err((400, text.to_owned()));
    let chat = chat(body)?;
    let messages = list(&chat, "messages");
    if messages.is_empty() {
        return bad("[] is too short - 'messages'");
    }
    for message in messages {
        match message.get("content") {
            Some(Value::String(_)) => {}
            Some(Value::Array(parts)) => parts.iter().try_for_each(part)?,
            _ => return bad("invalid message content type: <nil>"),
        }
        for call in tool_calls_of(message) {
            let arguments = call["function"]["arguments"].as_str();
            let arguments = arguments.and_then(|text| serde_json::from_str(text).ok());
            let Some(Value::Object(_)) = arguments else {
                return bad("invalid tool call arguments");
            };
            if call["type"] != "function" || !call["id"].is_string() {
                return bad("the test server expects calls with a type and an id");
            }
        }
    }
    let id = |call: &Value| call["id"].as_str().map(str::to_owned);
    let mut calls = messages.iter().flat_map(tool_calls_of).filter_map(id);
    for answer in messages.iter().filter(|message| message["role"] == "tool") {
        // The results follow the order of the calls, each with the id of its call.
        if answer["tool_call_id"].as_str() != calls.next().as_deref() {
            return bad("the test server wants the answers in the order of the calls");
        }
    }
    tools(&chat, "response_format")?;
    for key in ["temperature", "top_p", "max_tokens", "seed"] {
        if chat.get(key).is_some_and(|value| !value.is_number()) {
            return bad(&format!(
                "json: cannot unmarshal string into Go struct field ChatCompletionRequest.{key}"
            ));
        }
    }
    match chat.get("reasoning_effort").map(Value::as_str) {
        None | Some(Some("none" | "low" | "medium" | "high" | "max")) => {}
        Some(other) => {
            return bad(&format!(
                "invalid reasoning value: '{}'",
                other.unwrap_or_default()
            ));
        }
    }
    // A real server ignores an unknown type and a schema in the wrong place: here they are errors.
    let Some(format) = chat.get("response_format") else {
        return Ok(());
    };
    match (format["type"].as_str(), &format["json_schema"]["schema"]) {
        (Some("json_object"), Value::Null) => Ok(()),
        (Some("json_schema"), schema) if is_enforceable(schema, schema) => Ok(()),
        (Some("json_schema"), _) => Err((500, "invalid JSON schema in format".to_owned())),
        _ => bad("the test server does not ignore a response_format of unknown type"),
    }
}

fn part(part: &Value) -> Validation {
    let url = part["image_url"]["url"].as_str().unwrap_or_default();
    let data = ["image/png", "image/jpeg", "image/webp", ""]
        .iter()
        .find_map(|kind| url.strip_prefix(&format!("data:{kind};base64,")));
    match (part["type"].as_str(), data) {
        (Some("text"), _) if part["text"].is_string() => Ok(()),
        (Some("image_url"), Some(_)) => Ok(()),
        (Some("image_url"), None) => Err((400, "invalid image input".to_owned())),
        _ => Err((400, "invalid message format".to_owned())),
    }
}

fn reject_native(body: &str) -> Validation {
    let bad = |text: &str| Err((400, text.to_owned()));
    let chat = chat(body)?;
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
    let messages = list(&chat, "messages");
    if messages
        .iter()
        .flat_map(tool_calls_of)
        .any(|call| !call["function"]["arguments"].is_object())
    {
        return bad(
            "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments",
        );
    }
    let mut names = messages
        .iter()
        .flat_map(tool_calls_of)
        .map(|call| &call["function"]["name"]);
    for answer in messages.iter().filter(|message| message["role"] == "tool") {
        if Some(&answer["tool_name"]) != names.next() {
            return bad("the test server wants the answers in the order of the calls");
        }
    }
    tools(&chat, "format")?;
    match chat.get("think") {
        None | Some(Value::Bool(_)) => {}
        Some(Value::String(level))
            if ["low", "medium", "high", "max"].contains(&level.as_str()) => {}
        Some(other) => return bad(&format!("invalid think value: {other}")),
    }
    if chat
        .get("keep_alive")
        .is_some_and(|value| !value.is_number())
    {
        return bad("time: missing unit in duration");
    }
    for key in ["stream", "truncate", "shift"] {
        if chat.get(key).is_some_and(|value| !value.is_boolean()) {
            return bad(&format!(
                "json: cannot unmarshal into Go struct field ChatRequest.{key} of type bool"
            ));
        }
    }
    options(&chat)?;
    format(&chat)
}

/// Returns the tool calls of a message.
fn tool_calls_of(message: &Value) -> &[Value] {
    message["tool_calls"].as_array().map_or(&[], Vec::as_slice)
}

/// Validates the tools of a request. Rejects what a real server drops without an error, and tools together with a
/// format, because then a real server never calls a tool.
fn tools(chat: &Map<String, Value>, format: &str) -> Validation {
    let bad = |text: String| Err((400, text));
    let Some(tools) = chat.get("tools") else {
        return Ok(());
    };
    if chat.contains_key(format) {
        return bad(format!(
            "the test server does not accept tools together with `{format}`"
        ));
    }
    for tool in tools.as_array().into_iter().flatten() {
        let function = &tool["function"];
        let parameters = &function["parameters"];
        let is_function = tool["type"] == "function" && function["name"].is_string();
        if !is_function || parameters["type"] != "object" || !parameters["properties"].is_object() {
            return bad(format!("the test server found no function in {tool}"));
        }
        if let Some(dropped) = dropped(parameters) {
            return bad(format!("a real server drops {dropped}"));
        }
    }
    Ok(())
}

/// Returns the first part of a tool's schema that a real server drops.
fn dropped(schema: &Value) -> Option<String> {
    // A real server drops `additionalProperties`, too, but it adds nothing to the type and the description.
    const KEPT: [&str; 8] = [
        "type",
        "description",
        "enum",
        "items",
        "properties",
        "required",
        "anyOf",
        "additionalProperties",
    ];
    let schema = schema.as_object()?;
    if let Some(key) = schema.keys().find(|key| !KEPT.contains(&key.as_str())) {
        return Some(format!("`{key}` of {schema:?}"));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let below = properties.into_iter().flat_map(Map::values);
    let options = schema.get("anyOf").and_then(Value::as_array);
    let below = below.chain(options.into_iter().flatten());
    below.chain(schema.get("items")).find_map(dropped)
}

fn options(chat: &Map<String, Value>) -> Validation {
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

fn format(chat: &Map<String, Value>) -> Validation {
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

/// Returns `true` if the server can convert a schema into a grammar.
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
