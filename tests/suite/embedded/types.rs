//! Answers of every kind of type at a high temperature: each complete answer is valid.

use std::fmt::Debug;

use alloy_runtime::{ErrorKind, Output};

use super::{MODEL, ask};
use crate::types::{Visit, each};

/// Number of answers requested for each type.
const TRIES: u64 = 5;

struct RandomAnswers;

impl Visit for RandomAnswers {
    async fn row<T: Output + Debug>(&mut self, _reads: &[&str], _refuses: &[&str]) {
        let name = std::any::type_name::<T>();
        let mut finished = 0;
        for seed in 0..TRIES {
            let command = ask::<T>("Make something up.").model(MODEL);
            let command = command.temperature(1.5).option("seed", seed);
            let command = command.option("top_k", 0).option("top_p", 1.0);
            let command = command.max_tokens(250).auto_finalize_missing_output(false);
            match command.outcome().await {
                Ok(outcome) => {
                    finished += 1;
                    assert!(outcome.repairs.is_empty(), "{name}: {:?}", outcome.repairs);
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Truncated, "{name}: {error:?}"),
            }
        }
        assert!(finished > 0, "{name}: every answer was truncated");
    }
}

// B2
#[tokio::test]
async fn every_complete_answer_is_valid_at_a_high_temperature() {
    each(&mut RandomAnswers).await;
}
