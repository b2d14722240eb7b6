//! Ollama's own protocol: `POST /api/chat`. The reply is one JSON object, or one on each line of a stream.

mod request;
mod response;

pub(super) use self::request::{Format, KeepAliveSeconds, NativeBody, NativeMessages, ThinkLevel};
pub(super) use self::response::{decode, decode_line};
