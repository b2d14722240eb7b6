//! One engine per model file: queueing, prefix cache, keep-alive and cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_runtime::ErrorKind;

use super::{MODEL, ask, extract, jason};

/// Copies the small model to a separate path, so that no other test uses the engine of that path.
fn copied_model(name: &str) -> (String, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("alloy-{}-{name}.gguf", std::process::id()));
    std::fs::copy(MODEL.strip_prefix("gguf:").unwrap(), &path).unwrap();
    (format!("gguf:{}", path.display()), path)
}

// B4
#[tokio::test]
async fn a_command_does_not_block_the_async_runtime() {
    let done = Arc::new(AtomicBool::new(false));
    let command = {
        let done = Arc::clone(&done);
        async move {
            let text = ask::<String>("Tell me a short story about the moon.")
                .model(MODEL)
                .await;
            done.store(true, Ordering::Relaxed);
            text
        }
    };
    // Both futures run on one thread: if the command blocked it, the ticks would stop.
    let ticks = async {
        let mut ticks = 0;
        while !done.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            ticks += 1;
        }
        ticks
    };
    let (text, ticks) = tokio::join!(command, ticks);
    text.unwrap();
    assert!(ticks > 3, "{ticks} ticks");
}

// B4
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_commands_on_one_model_are_all_answered() {
    let (model, path) = copied_model("turns");
    let users = (20..30_u8).map(|age| extract(&format!("Jason is {age} years old")).model(&model));
    let users = futures::future::join_all(users).await;
    for (user, age) in users.into_iter().zip(20..) {
        assert_eq!(user.unwrap().age, age);
    }
    std::fs::remove_file(path).unwrap();
}

// B5
#[tokio::test]
async fn a_shared_prompt_prefix_is_cached() {
    let (model, path) = copied_model("beginnings");
    let cached = async |text: &str| {
        let outcome = extract(text).model(&model).outcome().await.unwrap();
        let usage = outcome.usage;
        (usage.cached_tokens.unwrap(), usage.prompt_tokens.unwrap())
    };
    assert_eq!(cached("Jason is 25 years old").await.0, 0);
    // Both prompts share the system message and the text before the parameter.
    let (second, prompt) = cached("Ada is 36 years old").await;
    assert!(second > 40 && second < prompt, "{second} of {prompt}");
    let (third, prompt) = cached("Tom is 41 years old").await;
    assert!(third >= second && third < prompt, "{third} of {prompt}");
    // An identical prompt is cached up to its last few tokens.
    let (same, prompt) = cached("Tom is 41 years old").await;
    assert!(same + 10 >= prompt && same < prompt, "{same} of {prompt}");
    // A conversation is cached up to its last answer.
    let first = ask::<String>("Say hello")
        .model(&model)
        .outcome()
        .await
        .unwrap();
    let second = ask::<String>("Say hello")
        .history(first.messages)
        .model(&model)
        .outcome()
        .await;
    let usage = second.unwrap().usage;
    let before = first.usage.prompt_tokens.unwrap();
    assert!(usage.cached_tokens.unwrap() > before, "{usage:?}");
    std::fs::remove_file(path).unwrap();
}

// B5
#[tokio::test]
async fn alternating_system_messages_keep_their_cached_prefixes() {
    let (model, path) = copied_model("alternating");
    let cached = async |system: &str, text: &str| {
        let command = ask::<String>(text).model(&model).system(system);
        command
            .outcome()
            .await
            .unwrap()
            .usage
            .cached_tokens
            .unwrap()
    };
    // The system messages share their first few words.
    let german = "You are brief. You answer in German, with one word, and you never say why.";
    let french = "You are brief. You answer in French, with two words, and you always say why.";
    for text in ["Say hello", "Say good night"] {
        cached(german, text).await;
        cached(french, text).await;
    }
    let tokens = [cached(german, "Who is Ada?"), cached(french, "Who is Ada?")];
    for cached in futures::future::join_all(tokens).await {
        assert!(cached > 20, "{cached} tokens");
    }
    std::fs::remove_file(path).unwrap();
}

// B4
#[tokio::test]
async fn a_model_stays_loaded_for_its_keep_alive() {
    let (model, path) = copied_model("kept");
    let hello = || ask::<String>("Say hello").model(&model);
    let cached = |outcome: alloy_runtime::Outcome<String>| outcome.usage.cached_tokens.unwrap();
    assert_eq!(cached(hello().outcome().await.unwrap()), 0);
    // A loaded model does not read its file again.
    std::fs::remove_file(&path).unwrap();
    let kept = hello().keep_alive(Duration::ZERO).outcome().await.unwrap();
    assert!(cached(kept) > 0);
    // The thread of the engine ends asynchronously, after a short time.
    for _ in 0..500 {
        match hello().keep_alive(Duration::ZERO).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ModelNotFound);
                return;
            }
        }
    }
    panic!("the model was never unloaded");
}

// B4
#[tokio::test]
async fn a_dropped_command_does_not_delay_the_next() {
    let story = || ask::<String>("Tell me a short story about the moon.").model(MODEL);
    for _ in 0..20 {
        let mut stream = story().stream();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        drop(tokio::time::timeout(Duration::from_millis(2), story()).await);
    }
    // The command's own timeout is reported as an error.
    let error = story().timeout(Duration::from_nanos(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        extract("Jason is 25 years old").model(MODEL).await.unwrap(),
        jason()
    );
}
