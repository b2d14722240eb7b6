//! Cancellation: a generation stops within one token after its listener is gone.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;

use super::super::generator::{AnswerFailure, TextListener};
use super::super::request::EngineRequest;
use super::load_small_model;

/// A listener that is gone after a number of pieces.
struct LeavingListener {
    pieces: Cell<usize>,
    max_pieces: usize,
    /// Number of calls of `is_gone`.
    checks: Cell<usize>,
}

impl LeavingListener {
    fn new(max_pieces: usize) -> Self {
        Self {
            pieces: Cell::new(0),
            max_pieces,
            checks: Cell::new(0),
        }
    }
}

impl TextListener for LeavingListener {
    fn on_text(&self, _text: &str) {
        self.pieces.set(self.pieces.get() + 1);
    }

    fn is_gone(&self) -> bool {
        self.checks.set(self.checks.get() + 1);
        self.pieces.get() >= self.max_pieces
    }
}

// B4
#[test]
fn a_generation_stops_when_its_listener_is_gone() {
    let mut model = load_small_model();
    let body = json!({
        "messages": [{"role": "user", "content": "Tell me a short story about the moon."}],
        "stream": true,
        "options": {"temperature": 0},
    });
    let request = EngineRequest::from_body(body.to_string().as_bytes()).unwrap();
    for max_pieces in [0, 1, 7] {
        let leaving = LeavingListener::new(max_pieces);
        let answered = model.answer(&request, &leaving, Duration::ZERO);
        assert!(matches!(answered, Err(AnswerFailure::Cancelled)));
        assert_eq!(leaving.pieces.get(), max_pieces);
    }
    // The listener is checked before each batch of the prompt and before each token.
    let staying = LeavingListener::new(usize::MAX);
    let Ok(reply) = model.answer(&request, &staying, Duration::ZERO) else {
        panic!("the model did not answer");
    };
    let tokens = reply.usage.completion_tokens.unwrap();
    assert!(staying.checks.get() as u64 > tokens);
}
