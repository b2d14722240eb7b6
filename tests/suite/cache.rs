//! The cache of accepted answers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_runtime::testing::{Fake, Script};
use alloy_runtime::{
    Api, Cache, Command, Config, Image, Message, Warning, command, tool, with_config, with_usage,
};
use alloy_tests::server::{Installed, Reply, Said, Server};

use crate::ROUTES;

#[command("How old is {name}?", model = "ollama:llama3.1", retry = 2)]
async fn age(name: &str) -> u8;

#[command("Tell of {name}", model = "ollama:llama3.1")]
async fn story(name: &str) -> String;

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("alloy-cache-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }

    fn cache(&self) -> Cache {
        Cache::folder(&self.0)
    }

    /// Returns the files in the folder.
    fn files(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
        files.map(|file| file.path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn config(server: &Server, cache: Cache) -> Config {
    Config::new().host(server.host()).cache(cache)
}

fn answers(texts: &[&str]) -> Vec<Reply> {
    texts.iter().map(|text| Reply::answer(text)).collect()
}

#[tokio::test]
async fn a_command_that_was_answered_before_is_not_sent() {
    let folder = Folder::new("found");
    for cache in [Cache::memory(10), folder.cache()] {
        for api in ROUTES {
            let server = Server::start(answers(&[r#"{"value":25}"#, r#"{"value":26}"#]));
            let done = Arc::new(Mutex::new(Vec::new()));
            let list = Arc::clone(&done);
            let config = config(&server, cache.clone()).on_done(move |done| {
                let counts = (done.cached, done.requests, done.usage.total_tokens());
                list.lock().unwrap().push(counts);
            });
            with_config(config, async {
                let ask =
                    async || with_usage(async { age("Jason").api(api).outcome().await }).await;
                let (asked, found) = (ask().await, ask().await);
                let ((asked, used), (found, not_used)) = (asked, found);
                let (asked, found) = (asked.unwrap(), found.unwrap());
                assert_eq!((asked.value, asked.cached, asked.requests), (25, false, 1));
                assert_eq!((found.value, found.cached, found.requests), (25, true, 0));
                // The usage is that of the answer, and it is counted once.
                assert_eq!(found.usage, asked.usage);
                assert!(used.total_tokens().is_some_and(|tokens| tokens > 0));
                assert_eq!(not_used.total_tokens(), None);
                assert_eq!(found.messages, asked.messages);
                assert_eq!((found.text, found.attempts), (asked.text, 1));
                assert_eq!(found.finish_reason, asked.finish_reason);
                assert!(found.warnings.is_empty() && asked.warnings.is_empty());
                // Another input is another request.
                assert_eq!(age("Ann").api(api).await.unwrap(), 26);
            })
            .await;
            assert_eq!(server.requests().len(), 2);
            // The server reports the digest once.
            assert_eq!(server.inquiries(), ["/api/tags"]);
            let tokens = |index: usize| done.lock().unwrap()[index];
            assert!(!tokens(0).0 && tokens(0).1 == 1 && tokens(0).2.is_some());
            assert_eq!(tokens(1), (true, 0, None));
        }
    }
    assert_eq!(folder.files().len(), 4);
}

/// Says how old somebody is.
#[command("How old is {name}?", model = "ollama:llama3.1")]
async fn documented(name: &str) -> u8;

#[command("How old is {name}?", model = "ollama:llama3.1")]
async fn wider(name: &str) -> u16;

#[command("How old is {name}?", model = "ollama:llama3.1")]
async fn plain(name: &str) -> u8;

/// A change of a request, and a command that has it.
type Variant = (&'static str, fn() -> Command<u8>);

#[tokio::test]
async fn each_change_of_a_request_is_another_entry() {
    let cache = Cache::memory(100);
    let variants: Vec<Variant> = vec![
        ("the command", || plain("Jason")),
        ("the prompt", || plain("Ann")),
        ("the model", || plain("Jason").model("llama3.2")),
        ("the system text", || plain("Jason").system("Be short.")),
        ("the temperature", || plain("Jason").temperature(0.0)),
        ("an option", || plain("Jason").option("num_ctx", 4096)),
        ("the seed", || plain("Jason").option("seed", 7)),
        ("the thinking", || plain("Jason").think(false)),
        ("the protocol", || plain("Jason").api(Api::OpenaiChat)),
        ("the limit", || plain("Jason").max_tokens(50)),
        ("the instructions", || {
            plain("Jason").schema_in_prompt(false)
        }),
        ("the history", || {
            plain("Jason").history([Message::user("Hi")])
        }),
    ];
    let replies = variants.iter().map(|_| Reply::answer(r#"{"value":25}"#));
    let server = Server::start(replies.chain(answers(&[r#"{"value":25}"#; 2])));
    with_config(config(&server, cache), async {
        for pass in 0..2 {
            for (change, command) in &variants {
                let outcome = command().outcome().await.unwrap();
                assert_eq!(outcome.cached, pass == 1, "{change}");
            }
        }
        // Another type has another schema.
        assert!(!wider("Jason").outcome().await.unwrap().cached);
        // The comment on a command is its system text, or its prompt; here it is neither.
        assert!(documented("Jason").outcome().await.unwrap().cached);
        // What does not change the answer does not count.
        let same = plain("Jason").keep_alive("60s").timeout("9s").retry(7);
        assert!(same.outcome().await.unwrap().cached);
    })
    .await;
    assert_eq!(server.requests().len(), variants.len() + 1);
}

#[tokio::test]
async fn an_image_is_part_of_the_request() {
    let installed = Installed::new("llama3.1:latest").able("vision");
    let server = Server::with_installed([installed], answers(&["A cat", "A dog"]));
    with_config(config(&server, Cache::memory(9)), async {
        let image = |last: u8| Image::new(vec![0x89, b'P', b'N', b'G', last]);
        assert_eq!(story("it").image(image(1)).await.unwrap(), "A cat");
        assert_eq!(story("it").image(image(2)).await.unwrap(), "A dog");
        assert!(story("it").image(image(1)).outcome().await.unwrap().cached);
    })
    .await;
}

#[tokio::test]
async fn the_answer_after_a_rejected_one_is_kept() {
    let server = Server::start(answers(&["no idea", r#"{"value":25}"#]));
    let rejected = Arc::new(Mutex::new(0));
    let count = Arc::clone(&rejected);
    let config = config(&server, Cache::memory(9)).on_invalid(move |_| {
        *count.lock().unwrap() += 1;
        alloy_runtime::Decision::Retry
    });
    with_config(config, async {
        assert_eq!(age("Jason").await.unwrap(), 25);
        let found = age("Jason").outcome().await.unwrap();
        assert_eq!((found.value, found.attempts, found.cached), (25, 2, true));
    })
    .await;
    // The hook was not called for the cache.
    assert_eq!(*rejected.lock().unwrap(), 1);
}

#[command("How old is {name}?", model = "ollama:llama3.1", retry = 1)]
#[ensure(|age| *age < 30, "below 30")]
async fn young(name: &str) -> u8;

#[tokio::test]
async fn an_answer_that_is_rejected_today_is_asked_for_anew() {
    let server = Server::start(answers(&[r#"{"value":45}"#, r#"{"value":25}"#]));
    with_config(config(&server, Cache::memory(9)), async {
        // The condition is not part of the request.
        assert_eq!(plain("Jason").await.unwrap(), 45);
        let outcome = young("Jason").outcome().await.unwrap();
        assert_eq!((outcome.value, outcome.cached), (25, false));
        // The new answer has taken the place of the old one.
        let outcome = young("Jason").outcome().await.unwrap();
        assert_eq!((outcome.value, outcome.cached), (25, true));
    })
    .await;
}

/// Adds two numbers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[command("Add", model = "ollama:llama3.1", tools(add))]
async fn sum() -> String;

#[command("Say hello", model = "ollama:big", fallback = "ollama:small")]
async fn hello() -> String;

#[tokio::test]
async fn some_answers_are_not_kept() {
    // One that a tool contributed to.
    let call = || Reply::said(&Said::call("add", serde_json::json!({"a": 1, "b": 2})));
    let server = Server::start([call(), Reply::answer("3"), call(), Reply::answer("3")]);
    let cache = Cache::memory(9);
    with_config(config(&server, cache.clone()), async {
        for _ in 0..2 {
            assert!(!sum().outcome().await.unwrap().cached);
        }
    })
    .await;
    // One that the model gave without the tool is kept.
    let server = Server::start([Reply::answer("3")]);
    with_config(config(&server, cache.clone()), async {
        assert!(!sum().outcome().await.unwrap().cached);
        assert!(sum().outcome().await.unwrap().cached);
    })
    .await;
    // One of another model than the first.
    let missing = Reply::error(404, "model 'big' not found");
    let server = Server::start([missing, Reply::answer("Hi"), Reply::answer("Hi")]);
    with_config(config(&server, cache.clone()), async {
        for _ in 0..2 {
            let outcome = hello().outcome().await.unwrap();
            assert_eq!((outcome.cached, outcome.fell_back.len()), (false, 1));
        }
    })
    .await;
    // A failure.
    let server = Server::start(answers(&["x", "x", r#"{"value":1}"#]));
    with_config(config(&server, cache.clone()), async {
        let command = || age("Jason").retry(1).auto_finalize_missing_output(false);
        for _ in 0..2 {
            command().await.unwrap_err();
        }
        assert!(!command().outcome().await.unwrap().cached);
    })
    .await;
    // A stream.
    let server = Server::start([(); 2].map(|()| Reply::stream(&Said::new("Once"))));
    with_config(config(&server, cache), async {
        for _ in 0..2 {
            let mut stream = story("Ann").stream();
            while let Some(piece) = stream.next().await {
                piece.unwrap();
            }
        }
    })
    .await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_stand_in_neither_reads_nor_writes_the_cache() {
    let folder = Folder::new("stand-in");
    let config = Config::new().cache(folder.cache());
    with_config(config.clone(), async {
        let script = Script::new().text("one").text("two");
        let run = script.run(async {
            assert_eq!(story("Ann").await.unwrap(), "one");
            assert_eq!(story("Ann").await.unwrap(), "two");
        });
        run.await;
        Fake::new().run(async { story("Ann").await.unwrap() }).await;
    })
    .await;
    assert!(folder.files().is_empty());
}

#[tokio::test]
async fn a_damaged_entry_is_asked_for_anew_with_a_warning() {
    let folder = Folder::new("damaged");
    let texts = [r#"{"value":1}"#; 5];
    let server = Server::start(answers(&texts));
    with_config(config(&server, folder.cache()), async {
        age("Jason").await.unwrap();
        let [file] = folder.files().try_into().unwrap();
        let whole = std::fs::read_to_string(&file).unwrap();
        let damages = [
            (String::new(), "it is damaged: EOF"),
            (whole[..whole.len() / 2].to_owned(), "it is damaged: EOF"),
            (
                whole.replace("\"format\":1", "\"format\":9"),
                "it has the format 9; expected 1",
            ),
            (
                whole.replace("\"key\":\"", "\"key\":\"0"),
                "it belongs to another request",
            ),
        ];
        for (damaged, problem) in damages {
            std::fs::write(&file, damaged).unwrap();
            let outcome = age("Jason").outcome().await.unwrap();
            assert!(!outcome.cached, "{problem}");
            let [Warning::CacheFailed { problem: told, .. }] = outcome.warnings.as_slice() else {
                panic!("{:?}", outcome.warnings);
            };
            assert!(told.contains(problem), "{told}");
            // It was written again.
            assert!(age("Jason").outcome().await.unwrap().cached);
        }
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_warning() {
    let folder = Folder::new("file");
    std::fs::write(&folder.0, "this is a file").unwrap();
    let server = Server::start(answers(&["Once", "Twice"]));
    with_config(config(&server, folder.cache()), async {
        for text in ["Once", "Twice"] {
            let outcome = story("Ann").outcome().await.unwrap();
            assert_eq!(outcome.value, text);
            let warnings: Vec<_> = outcome.warnings.iter().map(ToString::to_string).collect();
            assert!(
                warnings
                    .iter()
                    .any(|warning| warning.contains("cannot be written")),
                "{warnings:?}"
            );
        }
    })
    .await;
    std::fs::remove_file(&folder.0).unwrap();
}

#[tokio::test]
async fn one_of_many_answers_is_a_warning() {
    let server = Server::start(answers(&["a", "b", "c", "d"]));
    with_config(config(&server, Cache::memory(9)), async {
        let warnings = async |command: Command<String>| {
            let warnings = command.outcome().await.unwrap().warnings;
            warnings == [Warning::RandomAnswerCached]
        };
        assert!(warnings(story("Ann").temperature(0.7)).await);
        // Once: it is found now.
        assert!(!warnings(story("Ann").temperature(0.7)).await);
        assert!(!warnings(story("Ann").temperature(0.0)).await);
        assert!(!warnings(story("Ann").temperature(0.7).option("seed", 1)).await);
        // A text about a seed sets none.
        assert!(warnings(story("\"seed\": 1").temperature(0.7)).await);
    })
    .await;
}

#[tokio::test]
async fn entries_end_at_an_age_and_can_be_removed() {
    let folder = Folder::new("age");
    for cache in [Cache::memory(9), folder.cache()] {
        let server = Server::start(answers(&["a", "b"]));
        let short = cache.clone().max_age(Duration::from_millis(40));
        with_config(config(&server, short), async {
            assert_eq!(story("Ann").await.unwrap(), "a");
            assert!(story("Ann").outcome().await.unwrap().cached);
            tokio::time::sleep(Duration::from_millis(80)).await;
            assert_eq!(story("Ann").await.unwrap(), "b");
        })
        .await;
        assert_eq!(cache.prune(Duration::from_mins(1)).unwrap(), 0);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(cache.prune(Duration::from_millis(10)).unwrap(), 1);
        assert_eq!(cache.prune(Duration::ZERO).unwrap(), 0);
    }
    // Files that are no entries stay.
    std::fs::create_dir_all(folder.0.join("ab")).unwrap();
    std::fs::write(folder.0.join("ab/notes.json"), "mine").unwrap();
    assert_eq!(folder.cache().prune(Duration::ZERO).unwrap(), 0);
    assert_eq!(folder.files().len(), 1);
}

#[tokio::test]
async fn commands_of_one_folder_do_not_disturb_each_other() {
    let folder = Folder::new("shared");
    let server = Server::start(answers(&["ok"; 400]));
    with_config(config(&server, folder.cache()), async {
        for _ in 0..4 {
            let commands = (0..40).map(|number| story(&(number % 10).to_string()).outcome());
            for outcome in futures::future::join_all(commands).await {
                let outcome = outcome.unwrap();
                assert_eq!((outcome.value.as_str(), outcome.warnings.len()), ("ok", 0));
            }
        }
    })
    .await;
    assert_eq!(folder.files().len(), 10);
    assert!(server.requests().len() <= 40);
}

#[tokio::test]
async fn a_key_in_an_answer_is_not_written() {
    let folder = Folder::new("secret");
    let server = Server::start(answers(&["The key is k-123456789."]));
    let config = config(&server, folder.cache()).api_key("k-123456789");
    with_config(config, async { story("Ann").await.unwrap() }).await;
    let [file] = folder.files().try_into().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("k-123456789"), "{text}");
}

// A process asks for the digest once; a model that was pulled again is another one.
#[test]
fn processes_share_a_folder_until_the_model_is_pulled_again() {
    let folder = Folder::new("processes");
    let server = Server::start(answers(&[r#"{"value":1}"#, r#"{"value":2}"#]));
    let run = || {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_typed"));
        program
            .env("ALLOY_MODEL", "llama3.1")
            .env("OLLAMA_HOST", server.host())
            .env("ALLOY_CACHE", &folder.0);
        let output = program.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(), "1 1\n");
    assert_eq!(run(), "1 1\n");
    server.set_digest("sha256:2");
    assert_eq!(run(), "2 1\n");
    assert_eq!(run(), "2 1\n");
    server.set_digest("sha256:1");
    assert_eq!(run(), "1 1\n");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn the_cache_of_a_weaker_layer_can_be_turned_off() {
    let server = Server::start(answers(&["a", "b"]));
    with_config(config(&server, Cache::memory(9)), async {
        assert_eq!(story("Ann").await.unwrap(), "a");
        let off = Config::new().host(server.host()).cache(Cache::off());
        assert_eq!(
            with_config(off, async { story("Ann").await.unwrap() }).await,
            "b"
        );
    })
    .await;
}
