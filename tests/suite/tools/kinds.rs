//! Kinds of tools: sync, async, with state, closures and commands; and their scheduling.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_runtime::{Config, ErrorKind, Tool, ask, command, tool, with_config};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};

use super::{arguments, messages, tool_messages};
use crate::ROUTES;

/// Returns a reply with `count` calls of a tool, numbered from 0.
fn calls(name: &str, count: usize) -> Reply {
    let said = (0..count).fold(Said::new(""), |said, number| {
        said.calling(name, json!({"number": number}))
    });
    Reply::said(&said)
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Numbered {
    number: usize,
}

/// Counts running tools and their maximum.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    fn enter(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

// T5: at most three at a time; the results are in the order of the calls.
#[tokio::test]
async fn async_calls_run_concurrently() {
    for api in ROUTES {
        let gauge = Arc::new(Gauge::default());
        // Each call waits for two others: with fewer than three at a time none would end.
        let barrier = Arc::new(Barrier::new(3));
        let tool = {
            let gauge = Arc::clone(&gauge);
            Tool::new("count", "", move |Numbered { number }| {
                let (gauge, barrier) = (Arc::clone(&gauge), Arc::clone(&barrier));
                async move {
                    gauge.enter();
                    barrier.wait().await;
                    // The call that begins first ends last.
                    for _ in number..10 {
                        tokio::task::yield_now().await;
                    }
                    gauge.leave();
                    number * 10
                }
            })
        };
        let server = Server::start([calls("count", 6), Reply::answer("done")]);
        let command = ask("Count").model("m").api(api).tool(tool);
        let command = command.parallel_tools_max(3).host(server.host());
        command.await.unwrap();
        assert_eq!(tool_messages(&server), ["0", "10", "20", "30", "40", "50"]);
        assert_eq!(gauge.most.load(Ordering::SeqCst), 3);
    }
}

// T5: sync tools run on their own threads and do not block the runtime, which has one thread here.
#[tokio::test(flavor = "current_thread")]
async fn sync_calls_run_concurrently_and_do_not_block() {
    let gauge = Arc::new(Gauge::default());
    let barrier = Arc::new(std::sync::Barrier::new(3));
    let (gauged, met) = (Arc::clone(&gauge), Arc::clone(&barrier));
    let tool = Tool::new("count", "", move |Numbered { number }| {
        gauged.enter();
        met.wait();
        gauged.leave();
        number
    });
    let server = Server::start([calls("count", 6), Reply::answer("done")]);
    let command = ask("Count").model("m").tool(tool).parallel_tools_max(3);
    command.host(server.host()).await.unwrap();
    assert_eq!(tool_messages(&server), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(gauge.most.load(Ordering::SeqCst), 3);
}

// T5: a thread is reused when its tool is done; a hanging tool keeps its thread.
#[tokio::test]
async fn sync_calls_reuse_threads() {
    let threads = Arc::new(Mutex::new(std::collections::HashSet::new()));
    let noted = Arc::clone(&threads);
    let tool = Tool::new("count", "", move |Numbered { number }| {
        noted.lock().unwrap().insert(std::thread::current().id());
        number
    });
    let server = Server::start([calls("count", 100), Reply::answer("done")]);
    let command = ask("Count").model("m").tool(tool).parallel_tools_max(1);
    command.host(server.host()).await.unwrap();
    // A concurrent test may take a thread at any time.
    let threads = threads.lock().unwrap().len();
    assert!(threads < 50, "{threads} threads for 100 calls");
}

// Arguments with too many values are kept as text, and the tool does not run.
#[tokio::test]
async fn huge_arguments_are_not_parsed() {
    for api in ROUTES {
        let values = vec![0; 70_000];
        let reply = Reply::said(&Said::call("count", json!({"number": values})));
        let server = Server::start([reply, Reply::answer("done")]);
        let tool = Tool::new("count", "", |_: Value| -> String { panic!("the tool ran") });
        let command = ask("Count").model("m").tool(tool).api(api);
        let outcome = command.host(server.host()).outcome().await.unwrap();
        let [result] = &outcome.tool_results[..] else {
            panic!("{:?}", outcome.tool_results)
        };
        assert_eq!(result.status, alloy_runtime::ToolStatus::InvalidArguments);
        assert!(result.arguments.is_string());
    }
}

// T5
#[tokio::test]
async fn sequential_calls_run_in_order() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let tool = Tool::new("count", "", move |Numbered { number }| {
        noted.lock().unwrap().push(number);
    });
    let server = Server::start([calls("count", 20), Reply::answer("done")]);
    let command = ask("Count").model("m").tool(tool).parallel_tools_max(1);
    command.host(server.host()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

/// Sets its flag when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

// T8: dropping a command drops its async tools at once.
#[tokio::test]
async fn an_async_tool_is_dropped_with_its_command() {
    let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let tool = {
        let (begun, dropped) = (Arc::clone(&begun), Arc::clone(&dropped));
        Tool::new("wait", "", move |(): ()| {
            let (begun, guard) = (Arc::clone(&begun), Dropped(Arc::clone(&dropped)));
            async move {
                begun.notify_one();
                pending::<()>().await;
                drop(guard);
            }
        })
    };
    let server = Server::start([Reply::said(&Said::call("wait", json!({})))]);
    let command = ask("Wait").model("m").tool(tool).host(server.host());
    tokio::select! {
        _ = command => panic!("the tool never ends"),
        () = begun.notified() => {}
    }
    assert!(dropped.load(Ordering::SeqCst));
}

/// Returns a sync tool that blocks until it is released, a receiver of its starts, the sender that releases it, and
/// the count of its runs.
fn stubborn() -> (Tool, Receiver<()>, SyncSender<()>, Arc<AtomicUsize>) {
    let (started, begun) = mpsc::sync_channel(8);
    let (let_go, wait) = mpsc::sync_channel(8);
    let wait = Mutex::new(wait);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let tool = Tool::new("wait", "", move |_: Value| {
        counted.fetch_add(1, Ordering::SeqCst);
        started.send(()).unwrap();
        wait.lock().unwrap().recv().unwrap();
    });
    (tool, begun, let_go, count)
}

// T8: a running sync tool blocks nothing; calls of its turn that have not begun never run.
#[test]
fn a_sync_tool_that_outlives_its_command_blocks_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (tool, begun, let_go, count) = stubborn();
    let server = Server::start([calls("wait", 3), Reply::answer("next")]);
    runtime.block_on(async {
        let slow = ask("Wait").model("m").tool(tool).host(server.host());
        let slow = slow.parallel_tools_max(1);
        let error = slow.timeout(Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.tool_turns(), 1);
        // The tool still runs, and the next command is answered nevertheless.
        let next = ask("Next").model("m").host(server.host());
        assert_eq!(next.await.unwrap(), "next");
    });
    begun.recv().unwrap();
    // Neither the runtime nor the program waits for it at its end.
    drop(runtime);
    let_go.send(()).unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

// E2
#[tokio::test]
async fn the_deadline_covers_the_tools() {
    let tool = Tool::new("wait", "", |(): ()| pending::<()>());
    let server = Server::start([Reply::said(&Said::new("Wait.").calling("wait", json!({})))]);
    let command = ask("Wait").model("m").tool(tool).host(server.host());
    let error = command
        .timeout(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        error.to_string(),
        "no answer within 200ms, the command's timeout"
    );
    assert_eq!(
        (error.tool_turns(), error.requests(), error.attempts()),
        (1, 1, 0)
    );
}

#[derive(Debug)]
struct Db {
    rows: Mutex<Vec<String>>,
}

/// Stores a row.
#[tool]
fn insert(#[tool(state)] db: &Db, row: &str) -> usize {
    let mut rows = db.rows.lock().unwrap();
    rows.push(row.to_owned());
    rows.len()
}

/// Reads a row.
#[tool]
async fn read(
    number: usize,
    #[tool(state)] db: Arc<Db>,
    #[tool(state)] name: &str,
) -> Option<String> {
    tokio::task::yield_now().await;
    let rows = db.rows.lock().unwrap();
    rows.get(number).map(|row| format!("{name}: {row}"))
}

// T7
#[tokio::test]
async fn state_is_shared_by_all_calls() {
    for api in ROUTES {
        let db = Arc::new(Db {
            rows: Mutex::default(),
        });
        let server = Server::start([
            Reply::said(&Said::call("insert", json!({"row": "one"}))),
            Reply::said(
                &Said::call("insert", json!({"row": "two"})).calling("read", json!({"number": 0})),
            ),
            Reply::answer("done"),
        ]);
        let command = ask("Go").model("m").api(api).host(server.host());
        let command = command
            .tool(insert::with(Arc::clone(&db)))
            .tool(read::with(Arc::clone(&db), "first"));
        let outcome = command.outcome().await.unwrap();
        let contents: Vec<_> = outcome
            .tool_results
            .iter()
            .map(|one| &*one.content)
            .collect();
        assert_eq!(contents, ["1", "2", "first: one"]);
        assert_eq!(*db.rows.lock().unwrap(), ["one", "two"]);
        // State is not a parameter that the model can set.
        let tools = server.requests()[0].json()["tools"].clone();
        let parameters = &tools[0]["function"]["parameters"];
        assert_eq!(parameters["properties"], json!({"row": {"type": "string"}}));
        // The function can be called as usual.
        assert_eq!(insert(&db, "three"), 3);
        assert_eq!(read(2, db, "last").await.as_deref(), Some("last: three"));
    }
}

/// Sums a text up.
#[tool]
#[command("Sum up in {words} words: {text}", model = "ollama:small")]
async fn sum_up(
    /// What to read.
    text: &str,
    #[tool(default = 20)] words: u8,
) -> String;

#[derive(Debug, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct Verdict {
    good: bool,
}

/// Judges a text.
#[tool]
#[command(model = "ollama:small")]
async fn judge(text: &str) -> alloy_runtime::Result<Verdict>;

#[command("Look at {text}", model = "ollama:large", tools(sum_up, judge))]
async fn look(text: &str) -> String;

// D7 T7: the inner command asks its own model during the outer conversation.
#[tokio::test]
async fn a_command_is_a_tool() {
    for api in ROUTES {
        let server = Server::start([
            Reply::said(&Said::call("sum_up", json!({"text": "A long text."}))),
            Reply::answer("Short."),
            Reply::said(&Said::call("judge", json!({"text": "Short."}))),
            Reply::answer(r#"{"good": true}"#),
            Reply::answer("All is well."),
        ]);
        let config = Config::new().host(server.host()).api(api);
        // A command keeps the configuration scope that it was created in, and so do the commands that it calls.
        let command = with_config(config, async { Some(look("it")) }).await;
        let answer = command.unwrap().await;
        assert_eq!(answer.unwrap(), "All is well.");
        let requests = server.requests();
        let models: Vec<_> = requests
            .iter()
            .map(|request| request.json()["model"].clone())
            .collect();
        assert_eq!(models, ["large", "small", "large", "small", "large"]);
        let description = &requests[0].json()["tools"][0]["function"];
        assert_eq!(description["description"], "Sums a text up.");
        assert_eq!(description["parameters"]["required"], json!(["text"]));
        assert_eq!(
            messages(&requests[1])[0]["content"],
            "Sum up in 20 words: A long text."
        );
        assert_eq!(tool_messages(&server), ["Short.", r#"{"good":true}"#]);
    }
}

// D7: the model of the outer command reads the error.
#[tokio::test]
async fn a_failed_command_is_a_failed_tool() {
    let server = Server::start([
        Reply::said(&Said::call("sum_up", json!({"text": ""}))),
        Reply::error(404, "model 'small' not found"),
        Reply::answer("Sorry."),
    ]);
    let outcome = look("it").host(server.host());
    let outcome = with_config(Config::new().host(server.host()), outcome.outcome())
        .await
        .unwrap();
    let content = &outcome.tool_results[0].content;
    assert!(
        content.starts_with("The tool failed: model `small` is not installed at"),
        "{content}"
    );
}

mod forecast {
    use alloy_runtime::tool;

    /// Tells the forecast.
    #[tool(handle = Forecast)]
    pub(super) fn forecast() -> &'static str {
        "sunny"
    }

    pub(super) mod search {
        /// Searches.
        #[alloy_runtime::tool]
        pub(crate) fn r#match(r#in: &str) -> String {
            r#in.to_owned()
        }
    }
}
use forecast::{Forecast, forecast};

#[command(
    "Go",
    model = "ollama:m",
    tools(Forecast, self::forecast::search::r#match)
)]
async fn go() -> String;

// T9: a tool with the same name as a module; D5: raw names.
#[tokio::test]
async fn a_handle_names_a_tool_that_shares_a_modules_name() {
    let server = Server::start([
        Reply::said(&Said::call("forecast", json!({})).calling("match", json!({"in": "x"}))),
        Reply::answer("done"),
    ]);
    go().host(server.host()).await.unwrap();
    assert_eq!(tool_messages(&server), ["sunny", "x"]);
    assert_eq!(forecast(), "sunny");
    assert_eq!(
        format!("{:?}", Forecast::tool()),
        "Tool { name: \"forecast\", .. }"
    );
}

// T7
#[tokio::test]
async fn tools_of_a_call_can_be_optional() {
    let check = |tool: Option<Tool>| {
        let body = ask("Go").model("m").tools(tool).preview().unwrap().body;
        body.contains("\"tools\"")
    };
    assert!(check(Some(super::add::tool())));
    assert!(!check(None));
    let both = ask("Go")
        .model("m")
        .tools([super::add::tool(), Forecast::tool()]);
    assert!(both.preview().unwrap().body.contains("forecast"));
}

// D9: without an async runtime.
#[test]
fn tools_run_in_blocking_commands() {
    let server = Server::start([
        Reply::said(&Said::call("sync", arguments(1, 2)).calling("later", arguments(3, 4))),
        Reply::answer("done"),
    ]);
    let sync = Tool::new("sync", "", |given: Value| given["a"].clone());
    let later = Tool::new("later", "", async |given: Value| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        given["b"].clone()
    });
    let command = ask("Go")
        .model("m")
        .tools([sync, later])
        .host(server.host());
    assert_eq!(command.blocking().unwrap(), "done");
    assert_eq!(tool_messages(&server), ["1", "4"]);
}

// Tools declared in a function, next to the command that uses them.
#[tokio::test]
async fn tools_of_a_function_are_found() {
    /// Doubles.
    #[tool]
    fn double(value: i64) -> i64 {
        value * 2
    }
    #[command("Go with {double}", model = "ollama:m", tools(double))]
    async fn go(double: i64) -> String;

    let server = Server::start([
        Reply::said(&Said::call("double", json!({"value": 4}))),
        Reply::answer("8"),
    ]);
    assert_eq!(go(4).host(server.host()).await.unwrap(), "8");
    assert_eq!(tool_messages(&server), ["8"]);
}

trait Store: Send + Sync {
    fn get(&self) -> u8;
}

impl Store for u8 {
    fn get(&self) -> u8 {
        *self
    }
}

#[tool]
fn look_up(#[tool(state)] look_up: &dyn Store) -> u8 {
    look_up.get()
}

// T7
#[tokio::test]
async fn state_may_be_a_trait_object() {
    let store: Arc<dyn Store> = Arc::new(7);
    let server = Server::start([
        Reply::said(&Said::call("look_up", json!({}))),
        Reply::answer(""),
    ]);
    let command = ask("Go")
        .model("m")
        .tool(look_up::with(store))
        .host(server.host());
    let command = command.auto_finalize_missing_output(false);
    assert_eq!(command.await.unwrap_err().tool_results()[0].content, "7");
}

// Commands in a tool use the configuration scope of the outer command, also on the thread of a sync tool.
#[tokio::test(flavor = "multi_thread")]
async fn tools_keep_the_configuration_scope() {
    let url = || ask("small").model("m").preview().unwrap().url;
    let sync = Tool::new("sync", "", move |(): ()| url());
    let later = Tool::new("later", "", move |(): ()| async move { url() });
    let server = Server::start([
        Reply::said(&Said::call("sync", json!({})).calling("later", json!({}))),
        Reply::answer("done"),
    ]);
    let config = Config::new().host(server.host());
    let command = ask("Go").model("m").tools([sync, later]);
    let outcome = with_config(config, command.outcome()).await.unwrap();
    let here = format!("http://{}/api/chat", server.host());
    for result in &outcome.tool_results {
        assert_eq!(result.content, here, "{}", result.name);
    }
}

// A tool that never yields and is called often in one reply: other tasks and the deadline still run between the calls.
#[tokio::test(flavor = "current_thread")]
async fn tools_that_never_yield_do_not_delay_the_deadline() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let slow = Tool::new("slow", "", move |_: Value| {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let server = Server::start([calls("slow", 100), Reply::answer("done")]);
    let command = ask("Go").model("m").tool(slow).host(server.host());
    let error = command
        .timeout(Duration::from_millis(300))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(count.load(Ordering::SeqCst) < 30, "{count:?}");
}
