//! Ollama's own protocol: `POST /api/chat`, one JSON object each way.

mod decode;
mod encode;

pub(crate) use self::decode::{installed, reply};
pub(crate) use self::encode::body;
