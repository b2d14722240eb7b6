//! The fake of the testing kit: a valid value of every kind of output type.

use std::collections::BTreeSet;
use std::fmt::Debug;

use alloy_runtime::testing::Fake;
use alloy_runtime::{ErrorKind, Outcome, Output, command};

use crate::types::{Visit, each};

#[command("Invent it")]
async fn invent<T: Output>() -> T;

async fn outcome<T: Output>(seed: u64) -> Outcome<T> {
    let outcome = Fake::new().seed(seed).run(invent::<T>().outcome()).await;
    outcome.unwrap_or_else(|error| panic!("{seed}: {error:?}"))
}

/// Counts the types, and the texts that were made up for them.
#[derive(Default)]
struct Fakes {
    types: usize,
    texts: BTreeSet<String>,
}

impl Visit for Fakes {
    async fn row<T: Output + Debug>(&mut self, _reads: &[&str], _refuses: &[&str]) {
        let name = std::any::type_name::<T>();
        self.types += 1;
        for seed in 0..20 {
            let first = outcome::<T>(seed).await;
            assert_eq!(first.backend, "fake");
            assert!(
                first.repairs.is_empty(),
                "{name} {seed}: {:?}",
                first.repairs
            );
            assert_eq!((first.requests, first.attempts), (1, 1), "{name} {seed}");
            // The text is compared, because the order of a `HashMap` changes.
            let again = outcome::<T>(seed).await;
            assert_eq!(first.text, again.text, "{name} {seed}");
            self.texts.insert(format!("{name} {}", first.text));
        }
    }
}

#[tokio::test]
async fn every_kind_of_type_gets_a_valid_value() {
    let mut fakes = Fakes::default();
    each(&mut fakes).await;
    assert!(fakes.types > 40, "{} types", fakes.types);
    // Seeds differ: a few types, such as `bool`, have few values.
    let least = fakes.types * 10;
    assert!(fakes.texts.len() > least, "{} values", fakes.texts.len());
}

#[tokio::test]
async fn a_spawned_task_is_answered_by_an_installed_fake() {
    let _guard = Fake::new().install();
    let task = tokio::spawn(async { invent::<String>().await });
    assert!(!task.await.unwrap().unwrap().is_empty());
}

#[tokio::test]
async fn the_error_of_a_spawned_task_names_the_fake() {
    let spawned = async { tokio::spawn(async { invent::<u8>().await }).await.unwrap() };
    let error = Fake::new().run(spawned).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unanswered);
    assert!(error.to_string().contains("the test's fake"), "{error}");
    let help = error.help();
    let expected = "`let _guard = fake.install();` in place of `fake.run(…)`";
    assert!(help.contains(expected), "{help}");
}

#[test]
fn a_blocking_call_is_answered_by_an_installed_fake() {
    let _guard = Fake::new().seed(3).install();
    let first = invent::<Vec<u8>>().blocking().unwrap();
    assert_eq!(first, invent::<Vec<u8>>().blocking().unwrap());
}
