//! Ollama's own protocol: `POST /api/chat`, one JSON object each way, or one a line back.

mod decode;
mod encode;

pub(super) use self::decode::{read, read_line};
pub(super) use self::encode::{begin, body};
