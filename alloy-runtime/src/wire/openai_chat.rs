//! Chat Completions: `POST /v1/chat/completions`, one JSON object each way, or one an event back.

mod decode;
mod encode;

pub(super) use self::decode::{read, read_event};
pub(super) use self::encode::body;
