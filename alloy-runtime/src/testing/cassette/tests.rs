//! Cassettes with a server of a few lines, and without any.

mod changes;
mod recording;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Cassette, CassetteMode};
use crate::request::{CommandDefinition, Request};
use crate::{Command, ErrorKind, Output};

/// A folder for one test, which is removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("alloy-{test}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        Self(folder)
    }

    fn cassette(&self, mode: CassetteMode) -> Cassette {
        Cassette::open(self.file()).mode(mode).record_in_ci()
    }

    fn replay(&self) -> Cassette {
        self.cassette(CassetteMode::Replay)
    }

    fn record(&self) -> Cassette {
        self.cassette(CassetteMode::Record)
    }

    fn file(&self) -> PathBuf {
        self.0.join("x.json")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// Writes a file with one exchange for each prompt and answer.
    fn write(&self, exchanges: &[(&str, &str)]) {
        let exchanges = exchanges.iter().map(|(prompt, answer)| {
            json!({
                "protocol": "native",
                "command": "ask",
                "request": {
                    "model": "test",
                    "messages": [{"role": "user", "content": prompt}],
                    "stream": false,
                    "truncate": false,
                },
                "wire": {"status": 200, "body": answer_of(answer)},
            })
        });
        let exchanges: Vec<_> = exchanges.collect();
        let set = json!({"format": 1, "exchanges": exchanges});
        std::fs::create_dir_all(&self.0).unwrap();
        std::fs::write(self.file(), set.to_string()).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn answer_of(text: &str) -> Value {
    json!({"message": {"role": "assistant", "content": text}, "done": true, "done_reason": "stop"})
}

fn ask<T: Output>(prompt: &str) -> Command<T> {
    static DEFINITION: CommandDefinition = CommandDefinition::new("ask");
    Command::new(Request::new(&DEFINITION, prompt.to_owned(), None)).model("ollama:test")
}

/// Runs a future that fails its test, and returns the message.
async fn failure<F: Future<Output: Send + 'static> + Send + 'static>(
    cassette: Cassette,
    future: F,
) -> String {
    let task = tokio::spawn(async move { cassette.run(future).await });
    let panic = task.await.err().expect("the test fails").into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.expect("a message")
}

#[tokio::test]
async fn requests_are_answered_in_any_order_and_equal_ones_in_order() {
    let folder = Folder::new("any-order");
    folder.write(&[("a", "1"), ("b", "2"), ("b", "3")]);
    let asked = async {
        let (second, first) = (ask::<String>("b").await, ask::<String>("a").await);
        (
            first.unwrap(),
            second.unwrap(),
            ask::<String>("b").await.unwrap(),
        )
    };
    let answers = folder.replay().run(asked).await;
    assert_eq!(answers, ("1".to_owned(), "2".to_owned(), "3".to_owned()));
}

#[tokio::test]
async fn a_changed_prompt_fails_with_a_diff_even_if_the_error_is_ignored() {
    let folder = Folder::new("diff");
    folder.write(&[("Say hello", "Hello!"), ("Summarize the news", "None.")]);
    let cassette = Cassette {
        test: Some("greets".to_owned()),
        ..folder.replay()
    };
    let asked = async {
        let error = ask::<String>("Say hallo").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered);
        assert_eq!(error.requests(), 1);
        drop(ask::<String>("Summarize the news").await);
    };
    let message = failure(cassette, asked).await;
    let path = folder.file();
    let path = path.display();
    let expected = format!(
        "cassette {path} does not fit the test:
- the request of `ask` has no recording; the nearest one, `exchanges[0]`, differs (- recorded, + now):
  messages[0].content:
    - Say hello
    + Say hallo
- `exchanges[0]` was not played: `ask` \"Say hello\"
if the change is intended, record it: ALLOY_CASSETTE=record cargo test greets
at {}:",
        file!()
    );
    assert!(message.starts_with(&expected), "{message}");
}

#[tokio::test]
async fn recordings_that_are_not_played_fail_and_so_does_one_that_is_played_again() {
    let folder = Folder::new("unplayed");
    folder.write(&[("a", "1"), ("b", "2")]);
    let message = failure(folder.replay(), async { drop(ask::<String>("a").await) }).await;
    assert!(
        message.contains("`exchanges[1]` was not played: `ask` \"b\""),
        "{message}"
    );
    folder.write(&[("a", "1")]);
    let twice = async { drop((ask::<String>("a").await, ask::<String>("a").await)) };
    let message = failure(folder.replay(), twice).await;
    assert!(
        message.contains("`exchanges[0]` was played already"),
        "{message}"
    );
    let missing = Folder::new("missing");
    let message = failure(missing.replay(), async { drop(ask::<String>("a").await) }).await;
    assert!(
        message.contains("the file does not exist\nif the change"),
        "{message}"
    );
}

#[tokio::test]
async fn models_without_a_recording_fail_as_a_command_does() {
    let folder = Folder::new("models");
    folder.write(&[]);
    let asked = async {
        let error = crate::models().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered);
        let shown = error.to_string();
        assert!(shown.contains("`models()` has no recording"), "{shown}");
    };
    let message = failure(folder.replay(), asked).await;
    let expected = "- `models()` has no recording\nif the change is intended, record it: ";
    assert!(message.contains(expected), "{message}");
    // Models that an error would suggest are not a request of the program.
    folder.write(&[("a", "1")]);
    let mut file = folder.json();
    let error = json!({"error": "model 'test' not found"});
    file["exchanges"][0]["wire"] = json!({"status": 404, "body": error});
    std::fs::write(folder.file(), file.to_string()).unwrap();
    let error = folder.replay().run(ask::<String>("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
}

#[tokio::test]
async fn a_file_is_used_by_one_cassette_at_a_time() {
    let folder = Folder::new("one-handle");
    folder.write(&[("a", "1")]);
    let other = folder.0.join(".").join("x.json");
    let asked = async move {
        let other = Cassette::open(other).mode(CassetteMode::Replay);
        let message = std::thread::spawn(move || drop(other.install()));
        let panic = message.join().expect_err("the second one fails");
        assert_eq!(ask::<String>("a").await.unwrap(), "1");
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let message = folder.replay().run(asked).await;
    assert!(
        message.contains("is in use already in this process"),
        "{message}"
    );
    // It is free again.
    folder.replay().run(ask::<String>("a")).await.unwrap();
}

#[tokio::test]
async fn an_installed_cassette_answers_spawned_tasks() {
    let folder = Folder::new("install");
    folder.write(&[("a", "1")]);
    let guard = folder.replay().install();
    let answer = tokio::spawn(async { ask::<String>("a").await })
        .await
        .unwrap();
    assert_eq!(answer.unwrap(), "1");
    drop(guard);
}

#[tokio::test]
async fn the_error_of_a_spawned_task_names_the_cassette() {
    let folder = Folder::new("spawned");
    folder.write(&[]);
    let spawned = async {
        let asked = tokio::spawn(async { ask::<String>("a").await });
        asked.await.unwrap()
    };
    let error = folder.replay().run(spawned).await.unwrap_err();
    let help = error.help();
    let expected = "`let _guard = cassette.install();` in place of `cassette.run(…)`";
    assert!(help.contains(expected), "{help}");
}

#[tokio::test]
async fn a_hundred_commands_at_once_find_their_recordings() {
    let folder = Folder::new("hundred");
    let prompts: Arc<[String]> = (0..100).map(|n| format!("prompt {n}")).collect();
    let exchanges: Vec<_> = prompts
        .iter()
        .map(|prompt| (prompt.as_str(), prompt.as_str()))
        .collect();
    folder.write(&exchanges);
    let asked = prompts.iter().rev().map(|prompt| ask::<String>(prompt));
    let answers = folder
        .replay()
        .run(futures_util::future::join_all(asked))
        .await;
    for (answer, prompt) in answers.into_iter().zip(prompts.iter().rev()) {
        assert_eq!(answer.unwrap(), *prompt);
    }
}
