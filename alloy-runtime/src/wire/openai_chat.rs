//! Chat Completions: `POST /v1/chat/completions`, one JSON object each way.

mod decode;
mod encode;

pub(super) use self::decode::reply;
pub(super) use self::encode::body;
