//! The testing kit: scripts, forbidden requests, and errors that a test makes up. No server runs here.

use std::time::Duration;

use alloy_runtime::testing::{self, Script, ScriptedReply};
use alloy_runtime::{Backend, Config, ErrorKind, Result, ToolStatus, command, tool, with_config};
use futures::future::join_all;
use serde_json::json;
use tokio::time::Instant;

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command("Extract the user: {text}", retry = 2)]
async fn extract(text: &str) -> User;

#[command("Tell a story about {hero}")]
async fn story(hero: &str) -> String;

/// Adds two numbers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[command("Add: {text}", tools(add))]
async fn sum(text: &str) -> String;

fn jason() -> User {
    User {
        name: "Jason".into(),
        age: 25,
    }
}

/// Runs a test with a new runtime in which a script fails, and returns the message.
fn failure<F: Future<Output = ()> + Send + 'static>(test: F) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(test)));
    let payload = panic.unwrap_err();
    payload.downcast_ref::<String>().unwrap().clone()
}

#[tokio::test]
async fn a_function_that_calls_commands_is_tested_without_a_server() {
    async fn onboard(text: &str) -> Result<String> {
        let user = extract(text).await?;
        Ok(format!("Welcome, {}!", user.name))
    }
    let script = Script::new().answer(&jason());
    assert_eq!(
        script.run(onboard("Jason is 25")).await.unwrap(),
        "Welcome, Jason!"
    );
    let requests = script.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].command, requests[0].model.as_str()),
        ("extract", "test")
    );
    assert_eq!(requests[0].prompt(), "Extract the user: Jason is 25");
    assert_eq!(
        requests[0].schema.as_ref().unwrap()["required"],
        json!(["name", "age"])
    );
    assert_eq!(requests[0].body["stream"], false);
}

#[tokio::test]
async fn an_invalid_answer_is_followed_up() {
    let script = Script::new().text("{}").answer(&jason());
    let outcome = script.run(extract("x").outcome()).await.unwrap();
    assert_eq!(
        (outcome.value, outcome.attempts, outcome.backend),
        (jason(), 2, "script")
    );
    let follow_up = &script.requests()[1];
    assert!(
        follow_up
            .prompt()
            .starts_with("That answer was not accepted:")
    );
    // The budget ends.
    let script = Script::new().text("{}").text("{}").text("{}");
    let error = script.run(extract("x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::InvalidOutput, 3)
    );
}

#[tokio::test]
async fn a_tool_loop_with_two_calls_in_one_turn() {
    let one = json!({"a": 1, "b": 2});
    let script = Script::new()
        .tool_calls([("add", one.clone()), ("add", json!({"a": 3, "b": 4}))])
        .tool_call("add", json!({"a": "x", "b": 0}))
        .text("10");
    let outcome = script.run(sum("all").outcome()).await.unwrap();
    assert_eq!(outcome.value, "10");
    let results: Vec<_> = outcome
        .tool_results
        .iter()
        .map(|result| (result.turn, result.status))
        .collect();
    let (done, invalid) = (ToolStatus::Succeeded, ToolStatus::InvalidArguments);
    assert_eq!(results, [(1, done), (1, done), (2, invalid)]);
    let requests = script.requests();
    assert_eq!(requests[0].tools, ["add"]);
    assert_eq!(requests[1].messages[1].tool_calls[0].arguments, one);
    assert_eq!(requests[1].messages[3].content, "7");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_without_a_pause() {
    let pauses = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&pauses);
    let script = Script::new()
        .status(503, "busy")
        .status(503, "busy")
        .text("Once");
    let begun = Instant::now();
    let command = story("a fox").on_retry(move |event| seen.lock().unwrap().push(event.pause));
    let outcome = script.run(command.outcome()).await.unwrap();
    assert_eq!((outcome.value.as_str(), outcome.requests), ("Once", 3));
    // The hook sees the pause that would have been.
    let pauses = pauses.lock().unwrap().clone();
    assert!(
        pauses.len() == 2
            && pauses
                .iter()
                .all(|pause| *pause >= Duration::from_millis(100))
    );
    assert!(begun.elapsed() < pauses.iter().sum());
    let script = Script::new().status(404, "model 'test' not found");
    assert_eq!(
        script.run(story("x")).await.unwrap_err().kind(),
        ErrorKind::ModelNotFound
    );
    let script = Script::new().status(401, "no");
    assert_eq!(
        script.run(story("x")).await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );
}

#[tokio::test]
async fn replies_that_end_early() {
    let script = Script::new().truncated("Onc");
    let error = script.run(story("x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.partial_text()),
        (ErrorKind::Truncated, Some("Onc"))
    );
    let script = Script::new().disconnected_after("Onc");
    let error = script.run(story("x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.partial_text()),
        (ErrorKind::Interrupted, Some("Onc"))
    );

    let read = async |script: Script| {
        script
            .run(async {
                let mut stream = story("x").stream();
                let mut pieces = Vec::new();
                while let Some(piece) = stream.next().await {
                    match piece {
                        Ok(piece) => pieces.push(piece),
                        Err(error) => return (pieces, Some(error.kind())),
                    }
                }
                assert_eq!(stream.summary().unwrap().backend, "script");
                (pieces, None)
            })
            .await
    };
    let chunks = ScriptedReply::text("Once upon")
        .chunks(["Once ", "upon"])
        .usage(3, 2);
    let (pieces, end) = read(Script::new().reply(chunks)).await;
    assert_eq!(
        (pieces, end),
        (vec!["Once ".to_owned(), "upon".to_owned()], None)
    );
    let (pieces, end) = read(Script::new().disconnected_after("Onc")).await;
    assert_eq!(
        (pieces.concat().as_str(), end),
        ("Onc", Some(ErrorKind::Interrupted))
    );
    let (pieces, end) = read(Script::new().truncated("Onc")).await;
    assert_eq!(
        (pieces.concat().as_str(), end),
        ("Onc", Some(ErrorKind::Truncated))
    );
    let (pieces, end) = read(Script::new().status(503, "busy").text("Once")).await;
    assert_eq!((pieces.concat().as_str(), end), ("Once", None));
}

#[tokio::test]
async fn commands_have_lists_and_conditions() {
    let script = Script::new()
        .text("general")
        .on("story", |replies| replies.text("fox").text("wolf"))
        .when(
            |request| request.prompt().contains("one"),
            |replies| replies.text("1"),
        )
        .respond(|request| ScriptedReply::text(request.prompt().to_uppercase()));
    script
        .run(async {
            let (left, right) = futures::join!(story("a fox"), story("a wolf"));
            assert_eq!(
                (left.unwrap().as_str(), right.unwrap().as_str()),
                ("fox", "wolf")
            );
            assert_eq!(sum("one").await.unwrap(), "1");
            assert_eq!(sum("two").await.unwrap(), "general");
            assert_eq!(sum("three").await.unwrap(), "ADD: THREE");
        })
        .await;
    // Two calls of one command, whose order is not known.
    let script = Script::new()
        .when(
            |request| request.prompt().contains("fox"),
            |replies| replies.text("fox"),
        )
        .when(
            |request| request.prompt().contains("wolf"),
            |replies| replies.text("wolf"),
        );
    let texts = script
        .run(join_all([story("a wolf"), story("a fox")]))
        .await;
    let texts: Vec<_> = texts.into_iter().map(Result::unwrap).collect();
    assert_eq!(texts, ["wolf", "fox"]);
    // A reply that is repeated, and one that may be left.
    let script = Script::new()
        .text("a")
        .repeat()
        .on("sum", |replies| replies.text("b").optional());
    let texts = script.run(join_all((0..50).map(|_| story("x")))).await;
    assert!(texts.into_iter().all(|text| text.unwrap() == "a"));
}

#[test]
fn a_script_that_does_not_fit_fails_the_test() {
    let unused = failure(async {
        let script = Script::new().text("One").text("Two");
        script.run(story("x")).await.unwrap();
    });
    assert!(
        unused.contains("- reply 2 of the general list was not taken: text \"Two\""),
        "{unused}"
    );
    assert!(
        unused.contains("1. text \"One\"  (taken by `story`)"),
        "{unused}"
    );
    let swallowed = failure(async {
        let script = Script::new().text("One");
        let text =
            script.run(async { story("a").await.unwrap() + &story("b").await.unwrap_or_default() });
        assert_eq!(text.await, "One");
    });
    assert!(
        swallowed.contains("- `story` got no reply to \"Tell a story about b\""),
        "{swallowed}"
    );
    // The message names the place of `run` in this file.
    let place = swallowed.lines().last().unwrap();
    assert!(place.starts_with(&format!("at {}:", file!())), "{place}");
    // A list of the command alone.
    let list = failure(async {
        let script = Script::new()
            .text("One")
            .on("story", |replies| replies.text("Two"));
        script
            .run(async { (story("a").await.unwrap(), story("b").await.unwrap_err()) })
            .await;
    });
    assert!(
        list.contains("the list of `story`:") && list.contains("reply 1 of the general list"),
        "{list}"
    );
    // A value that the type does not accept as it is.
    let unfit = failure(async {
        let script = Script::new().answer(&json!({"name": "Jason", "age": "25"}));
        let _error = script.run(extract("x")).await.unwrap_err();
    });
    assert!(
        unfit.contains("does not fit `extract`: it needs repairs: age: \"25\" was read as 25"),
        "{unfit}"
    );
    let missing = failure(async {
        let script = Script::new().answer(&json!({"name": "Jason"}));
        let _error = script.run(extract("x")).await.unwrap_err();
    });
    assert!(missing.contains("missing field `age`"), "{missing}");
    // The guard fails the test as well.
    let guard = failure(async {
        let _guard = Script::new().text("One").install();
    });
    assert!(guard.contains("was not taken"), "{guard}");
    assert!(guard.contains(&format!("at {}:", file!())), "{guard}");
}

#[tokio::test]
async fn the_error_of_a_missing_reply_shows_the_script() {
    let script = Script::new().on("story", |replies| replies.text("One"));
    let config = Config::new().backend(script);
    with_config(config, async {
        story("a").await.unwrap();
        let error = story("b").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered);
        assert_eq!(
            error.to_string(),
            "the script has no reply left for `story`"
        );
        assert!(
            error.help().contains("1. text \"One\"  (taken by `story`)"),
            "{}",
            error.help()
        );
        assert_eq!((error.requests(), error.command()), (1, Some("story")));
    })
    .await;
}

// A task that a test spawns has no scope: it fails, and never reaches a model.
#[tokio::test]
async fn a_spawned_task_is_answered_by_an_installed_script() {
    let script = Script::new().text("One").optional();
    let error = script
        .run(async {
            tokio::spawn(async { story("a").await })
                .await
                .unwrap()
                .unwrap_err()
        })
        .await;
    assert_eq!(error.kind(), ErrorKind::Unanswered);
    assert!(error.help().contains("install()"), "{}", error.help());
    assert!(error.help().contains("with_config(Config::current(), …)"));
    // The list of models is not asked for either.
    let script = Script::new().text("One").optional();
    let listed = script
        .run(async { tokio::spawn(alloy_runtime::models()).await.unwrap() })
        .await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Unanswered);
    // The scope can be passed on.
    let script = Script::new().text("One");
    let text = script
        .run(async {
            let scope = Config::current();
            let task = with_config(scope, async { story("a").await });
            tokio::spawn(task).await.unwrap()
        })
        .await;
    assert_eq!(text.unwrap(), "One");
    // A command that was made in the scope keeps it.
    let script = Script::new().text("One");
    let text = script
        .run(async { tokio::spawn(story("a")).await.unwrap() })
        .await;
    assert_eq!(text.unwrap(), "One");

    let guard = Script::new()
        .text("One")
        .text("Two")
        .text("Three")
        .install();
    let task = tokio::spawn(async { story("a").await.unwrap() });
    assert_eq!(task.await.unwrap(), "One");
    // Settings of an inner scope keep the script.
    let cold = with_config(Config::new().temperature(0.0), async { story("b").await });
    assert_eq!(cold.await.unwrap(), "Two");
    let blocking =
        tokio::task::spawn_blocking(|| tokio::runtime::Handle::current().block_on(story("c")));
    assert_eq!(blocking.await.unwrap().unwrap(), "Three");
    drop(guard);
}

#[tokio::test]
async fn a_second_script_on_one_runtime_is_an_error() {
    let message = tokio::task::spawn_blocking(|| {
        failure(async {
            let _first = Script::new().install();
            let _second = Script::new().install();
        })
    });
    let message = message.await.unwrap();
    assert!(
        message.contains("installed already for this runtime"),
        "{message}"
    );
}

#[test]
fn fifty_tests_at_once_do_not_see_each_other() {
    let threads: Vec<_> = (0..50)
        .map(|number| {
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async move {
                    let _guard = Script::new().text(number.to_string()).install();
                    let task = tokio::spawn(async { story("a").await.unwrap() });
                    assert_eq!(task.await.unwrap(), number.to_string());
                });
                // Outside of a runtime, the script answers this thread.
                let _guard = Script::new().text(format!("{number}!")).install();
                assert_eq!(story("a").blocking().unwrap(), format!("{number}!"));
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

// A stand-in takes the place of the whole route.
#[tokio::test]
async fn nothing_of_the_route_need_exist() {
    #[command("Hi", model = "ollama:llama3.1")]
    async fn pinned() -> String;
    #[command("Hi", model = "gguf:/nowhere/model.gguf")]
    async fn file() -> User;
    #[command("Hi", model = "openai:gpt")]
    async fn other() -> User;
    #[command("Hi", model = "gpt-oss", tools(add))]
    async fn oss() -> User;
    let script = Script::new()
        .on("pinned", |replies| replies.text("Hello"))
        .on("oss", |replies| {
            replies
                .tool_call("add", json!({"a": 1, "b": 2}))
                .answer(&jason())
        })
        .answer(&jason())
        .answer(&jason());
    script
        .run(async {
            let outcome = pinned().outcome().await.unwrap();
            assert_eq!(
                (outcome.value.as_str(), outcome.model.as_str()),
                ("Hello", "llama3.1")
            );
            assert_eq!(file().await.unwrap(), jason());
            assert_eq!(other().await.unwrap(), jason());
            assert_eq!(oss().await.unwrap(), jason());
        })
        .await;
    let models: Vec<_> = script
        .requests()
        .into_iter()
        .map(|request| request.model)
        .collect();
    assert_eq!(models[0], "llama3.1");
    assert_eq!(models[2], "gpt");
}

#[tokio::test]
async fn errors_are_made_up_and_returned_at_once() {
    let overloaded = testing::error(ErrorKind::Overloaded).attempts(0);
    let script = Script::new().error(overloaded);
    let error = script.run(story("a")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.requests(), error.command()),
        (ErrorKind::Overloaded, 1, Some("story"))
    );
    for kind in crate::KINDS {
        let error = testing::error(kind).command("ask").model("m").build();
        assert_eq!(
            (error.kind(), error.command(), error.model()),
            (kind, Some("ask"), Some("m"))
        );
        assert!(!error.to_string().is_empty());
        // The documentation says which of them are worth repeating.
        let row = format!("| `{kind:?}` |");
        let row = include_str!("../../docs/errors.md")
            .lines()
            .find(|line| line.starts_with(&row))
            .unwrap_or_else(|| panic!("docs/errors.md has no {kind}"));
        let repeats = row.contains("| yes |") || row.contains("| from status 500 |");
        assert_eq!(error.is_transient(), repeats, "{kind}");
    }
    let error = testing::error(ErrorKind::ToolAborted)
        .tool("pay")
        .usage(3, 4)
        .attempts(2)
        .build();
    assert_eq!((error.tool(), error.attempts()), (Some("pay"), 2));
    assert_eq!(error.usage().unwrap().completion_tokens, Some(4));
}

#[tokio::test]
async fn tokens_are_summed_where_commands_are_made() {
    use alloy_runtime::with_usage;

    let reply = |prompt, completion| ScriptedReply::text("{}").usage(prompt, completion);
    let call = ScriptedReply::tool_call("ask", json!({"question": "x"})).usage(1, 1);
    let script = Script::new()
        .on("extract", |replies| {
            replies
                .reply(reply(10, 1))
                .reply(reply(20, 2))
                .reply(reply(30, 3))
        })
        .on("story", |replies| {
            replies.reply(reply(100, 10)).reply(reply(100, 10))
        })
        .on("lookup", |replies| replies.reply(call).text("done"));
    /// Asks another command.
    #[tool]
    async fn ask(question: String) -> Result<String> {
        story(&question).await
    }
    #[command("Look it up", tools(ask))]
    async fn lookup() -> String;
    script
        .run(async {
            let ((inner, failed), outer) = with_usage(async {
                // Three answers that are rejected.
                let failed = with_usage(async { extract("x").await.unwrap_err() }).await;
                let made = story("before");
                let inner = with_usage(made).await;
                (inner, failed)
            })
            .await;
            assert_eq!(
                (failed.1.total_tokens(), failed.1.is_partial()),
                (Some(66), false)
            );
            // A command counts where it was made.
            assert_eq!(
                (inner.1.total_tokens(), outer.total_tokens()),
                (None, Some(176))
            );
            let (_, usage) = with_usage(async { lookup().await.unwrap() }).await;
            assert_eq!(
                (usage.total_tokens(), usage.is_partial()),
                (Some(112), true)
            );
        })
        .await;
}

#[tokio::test]
async fn forbidden_requests_are_not_sent() {
    let server = alloy_tests::server::Server::start([]);
    let forbid = Config::new()
        .backend(Backend::forbid())
        .model("m")
        .host(server.host());
    with_config(forbid, async {
        let error = story("a").await.unwrap_err();
        assert_eq!((error.kind(), error.requests()), (ErrorKind::Unanswered, 1));
        assert_eq!(
            error.to_string(),
            "`story` was not sent: requests are forbidden"
        );
        let mut stream = story("a").stream();
        assert_eq!(
            stream.next().await.unwrap().unwrap_err().kind(),
            ErrorKind::Unanswered
        );
        assert_eq!(
            alloy_runtime::models().await.unwrap_err().kind(),
            ErrorKind::Unanswered
        );
        let file = story("a")
            .model("gguf:/nowhere/model.gguf")
            .await
            .unwrap_err();
        assert_eq!(file.kind(), ErrorKind::Unanswered);
        // A preview sends nothing.
        assert!(story("a").preview().is_ok());
    })
    .await;
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_delay_counts_towards_the_deadline() {
    let slow = ScriptedReply::text("Once").delay(Duration::from_mins(1));
    let script = Script::new().reply(slow);
    let error = script
        .run(story("a").timeout(Duration::from_millis(20)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}
