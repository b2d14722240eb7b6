//! Who goes away while a model answers: it stops within a token.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;

use super::super::model::{Failure, Listener};
use super::super::order::Order;
use super::model;

/// Goes away after so many pieces.
struct Leaving {
    pieces: Cell<usize>,
    stays: usize,
    asked: Cell<usize>,
}

impl Listener for Leaving {
    fn hear(&self, _text: &str) {
        self.pieces.set(self.pieces.get() + 1);
    }

    fn is_gone(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.pieces.get() >= self.stays
    }
}

// B4
#[test]
fn nothing_is_written_for_who_is_gone() {
    let mut model = model();
    let body = json!({
        "messages": [{"role": "user", "content": "Tell me a short story about the moon."}],
        "stream": true,
        "options": {"temperature": 0},
    });
    let order = Order::of(body.to_string().as_bytes()).unwrap();
    for stays in [0, 1, 7] {
        let leaving = Leaving {
            pieces: Cell::new(0),
            stays,
            asked: Cell::new(0),
        };
        let answered = model.answer(&order, &leaving, Duration::ZERO);
        assert!(matches!(answered, Err(Failure::Gone)));
        assert_eq!(leaving.pieces.get(), stays);
    }
    // Asked before each piece of the prompt and each token.
    let staying = Leaving {
        pieces: Cell::new(0),
        stays: usize::MAX,
        asked: Cell::new(0),
    };
    let Ok(reply) = model.answer(&order, &staying, Duration::ZERO) else {
        panic!("no answer");
    };
    let tokens = reply.usage.completion_tokens.unwrap();
    assert!(staying.asked.get() as u64 > tokens);
}
