//! Encodes chat requests and decodes replies. Pure functions over bytes, one folder for each protocol.

mod chat_request;
mod content;
mod engine;
pub(crate) mod error_reply;
mod finish_reason;
mod framing;
mod lenient;
mod messages;
mod native;
pub(crate) mod ollama_api;
mod openai_chat;
mod options;
mod reply_builder;
mod stream_decoder;
mod tolerant_json;
mod tool_calls;

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

pub(crate) use self::chat_request::ChatRequest;
pub(crate) use self::messages::MessageText;
use self::reply_builder::ReplyBuilder;
#[cfg(fuzzing)]
pub(crate) use self::stream_decoder::read as read_stream;
pub(crate) use self::stream_decoder::{BodyFormat, StreamDecoder, StreamEvent};
pub(crate) use self::tool_calls::{CallParts, parse_arguments};
use crate::endpoint::Protocol;
use crate::error::Error;
use crate::reply::Reply;
use crate::warning::Warning;

/// An HTTP response before its protocol is decoded.
#[derive(Debug)]
pub(crate) struct RawReply {
    pub(crate) status: u16,
    /// Target of a redirect.
    pub(crate) location: Option<String>,
    /// Delay that the server requests before the next request.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

/// Encodes a chat request as a body. Adds a warning for each setting that the protocol cannot express.
pub(crate) fn encode(
    protocol: Protocol,
    request: &ChatRequest<'_>,
    warnings: &mut Vec<Warning>,
) -> Vec<u8> {
    warn(protocol, request, warnings);
    match protocol {
        Protocol::Native => to_json(&native::NativeBody::new(request), request),
        Protocol::OpenaiChat | Protocol::ChatCompletions => {
            let body = openai_chat::ChatCompletionsBody::new(protocol, request);
            to_json(&body, request)
        }
        Protocol::Engine => to_json(&engine::EngineBody::new(request), request),
    }
}

/// Warns of settings that the protocol cannot express.
fn warn(protocol: Protocol, request: &ChatRequest<'_>, warnings: &mut Vec<Warning>) {
    if request.omits_think() {
        warnings.push(Warning::ThinkingForced);
    }
    match protocol {
        Protocol::OpenaiChat | Protocol::ChatCompletions if request.keep_alive().is_some() => {
            warnings.push(options::unsupported_by_openai_chat("keep_alive"));
        }
        _ => {}
    }
    options::warn(protocol, request, warnings);
}

/// Writes a body into one buffer of the estimated length.
fn to_json(body: &impl Serialize, request: &ChatRequest<'_>) -> Vec<u8> {
    let mut json = Vec::with_capacity(request.estimated_len());
    // NOTE: A `Vec` takes all that is written, every key is a string, and the options are valid JSON: this cannot
    // fail.
    let written = serde_json::to_writer(&mut json, body);
    debug_assert!(written.is_ok(), "{written:?}");
    json
}

/// Decodes a whole reply. `path` is the path of the request, as error messages name it.
///
/// # Errors
///
/// - The error of the server, where the status is not 200 or the body reports one.
/// - `WrongServer` or `Protocol`, where the body is not a reply of the protocol.
/// - `Interrupted`, where the reply is not finished: the server stopped the model.
/// - `Refused`, where the model or a filter refused the answer.
///
/// The last two, and an error of the server in a reply that has begun, carry the text so far.
pub(crate) fn decode(protocol: Protocol, path: &str, reply: &RawReply) -> Result<Reply, Error> {
    if reply.status != 200 {
        return Err(error_reply::from_reply(reply, path));
    }
    if stream_decoder::is_stream(&reply.body) {
        // Some gateways stream whatever was requested.
        return stream_decoder::read_whole(protocol, reply.body.clone());
    }
    let mut builder = ReplyBuilder::default();
    let json = as_object(reply.body.trim_ascii())?;
    let text = match protocol {
        Protocol::Native | Protocol::Engine => native::decode(json, &mut builder)?,
        Protocol::OpenaiChat | Protocol::ChatCompletions => {
            openai_chat::decode(json, &mut builder)?
        }
    };
    if !builder.has_message && builder.failure.is_none() {
        return Err(error_reply::protocol(NO_MESSAGE, &reply.body));
    }
    match builder.finish() {
        Ok(reply) => Ok(Reply { text, ..reply }),
        Err(error) if text.is_empty() => Err(error),
        Err(error) => Err(error.with_partial_text(text)),
    }
}

/// Problem of a reply whose list of choices has no message.
const NO_MESSAGE: &str = "its `choices` have no `message`";

/// Returns the text of a JSON document that can be an object.
///
/// # Errors
///
/// `Protocol` where it is not UTF-8, or a list: serde's derived structs would accept a list, and no protocol does.
fn as_object(json: &[u8]) -> Result<&str, Error> {
    // One check of the whole document is faster than one for each of its strings.
    let Ok(json) = std::str::from_utf8(json) else {
        return Err(error_reply::protocol("it is not UTF-8", json));
    };
    let json = json.trim_start_matches('\u{feff}');
    match json.starts_with('[') {
        true => Err(error_reply::protocol("it is a list", json)),
        false => Ok(json),
    }
}
