//! Chat Completions: `POST /v1/chat/completions`. The reply is one JSON object, or one in each event of a stream.

mod request;
mod response;
mod tool_call_ids;

pub(super) use self::request::ChatCompletionsBody;
pub(super) use self::response::{decode, decode_event};
