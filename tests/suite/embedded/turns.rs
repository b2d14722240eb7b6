//! One engine a file: turns, what is remembered, and who waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_runtime::ErrorKind;

use super::{MODEL, ask, extract, jason};

/// A path of its own to the small model, so that no other test asks its engine.
fn own_model(name: &str) -> (String, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("alloy-{}-{name}.gguf", std::process::id()));
    std::fs::copy(MODEL.strip_prefix("gguf:").unwrap(), &path).unwrap();
    (format!("gguf:{}", path.display()), path)
}

// B4
#[tokio::test]
async fn the_runtime_goes_on_while_a_model_answers() {
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
    // On one thread: whatever blocked it would keep the other from its turns.
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
async fn commands_on_one_model_are_answered_in_their_turn() {
    let (model, path) = own_model("turns");
    let users = (20..30_u8).map(|age| extract(&format!("Jason is {age} years old")).model(&model));
    let users = futures::future::join_all(users).await;
    for (user, age) in users.into_iter().zip(20..) {
        assert_eq!(user.unwrap().age, age);
    }
    std::fs::remove_file(path).unwrap();
}

// B5
#[tokio::test]
async fn a_prompt_that_begins_like_the_last_one_is_read_from_where_they_part() {
    let (model, path) = own_model("beginnings");
    let cached = async |text: &str| {
        let outcome = extract(text).model(&model).outcome().await.unwrap();
        let usage = outcome.usage;
        (usage.cached_tokens.unwrap(), usage.prompt_tokens.unwrap())
    };
    assert_eq!(cached("Jason is 25 years old").await.0, 0);
    // The system message and the words before the parameter stay the same from call to call.
    let (second, prompt) = cached("Ada is 36 years old").await;
    assert!(second > 40 && second < prompt, "{second} of {prompt}");
    let (third, prompt) = cached("Tom is 41 years old").await;
    assert!(third >= second && third < prompt, "{third} of {prompt}");
    // The same prompt is read but for its last token.
    let (same, prompt) = cached("Tom is 41 years old").await;
    assert!(same + 10 >= prompt && same < prompt, "{same} of {prompt}");
    // A conversation goes on from its last answer.
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
async fn commands_that_take_turns_each_go_on_from_their_own_system_text() {
    let (model, path) = own_model("alternating");
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
    // Of the same few words at their beginning, and then of others.
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
async fn a_file_is_kept_for_as_long_as_it_is_told_to() {
    let (model, path) = own_model("kept");
    let hello = || ask::<String>("Say hello").model(&model);
    let cached = |outcome: alloy_runtime::Outcome<String>| outcome.usage.cached_tokens.unwrap();
    assert_eq!(cached(hello().outcome().await.unwrap()), 0);
    // A loaded file is not looked at again.
    std::fs::remove_file(&path).unwrap();
    let kept = hello().keep_alive(Duration::ZERO).outcome().await.unwrap();
    assert!(cached(kept) > 0);
    // Its thread ends on its own time, soon.
    for _ in 0..500 {
        match hello().keep_alive(Duration::ZERO).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ModelNotFound);
                return;
            }
        }
    }
    panic!("it was never let go of");
}

// B4
#[tokio::test]
async fn whoever_goes_away_is_not_waited_for() {
    let story = || ask::<String>("Tell me a short story about the moon.").model(MODEL);
    for _ in 0..20 {
        let mut stream = story().stream();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        drop(tokio::time::timeout(Duration::from_millis(2), story()).await);
    }
    // A deadline of the command's own is an error of its own.
    let error = story().timeout(Duration::from_nanos(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        extract("Jason is 25 years old").model(MODEL).await.unwrap(),
        jason()
    );
}
