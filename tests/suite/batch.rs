//! `batch`: a command for each row of an input.

use std::time::Duration;

use alloy_runtime::testing::{self, Script};
use alloy_runtime::{
    Batch, Config, ErrorKind, batch, batch_stream, command, tool, try_batch, with_config,
    with_usage,
};
use alloy_tests::server::{Reply, Said, Server};
use futures::StreamExt as _;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

#[command("Say {number}", model = "ollama:llama3.1")]
async fn say(number: u32) -> String;

#[command("How old is {name}?", model = "ollama:llama3.1")]
async fn age(name: &str) -> u8;

/// Notes a word.
#[tool]
fn note(word: &str) -> String {
    word.to_owned()
}

#[command("Note {number}", model = "ollama:llama3.1", tools(note))]
async fn noted(number: u32) -> String;

fn at(server: &Server) -> Config {
    Config::new().host(server.host())
}

fn answers(count: usize, delay: u64) -> Vec<Reply> {
    let answer = || Reply::answer("ok").after(Duration::from_millis(delay));
    (0..count).map(|_| answer()).collect()
}

/// Waits until the server has received this number of requests, and some time longer for those it should not receive.
async fn requests(server: &Server, count: usize) {
    let received = async {
        while server.requests().len() < count {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(20), received)
        .await
        .expect("there are too few requests");
    sleep(Duration::from_millis(100)).await;
    assert_eq!(server.requests().len(), count);
}

/// Reads a batch to its end: the indices and texts, or kinds of errors, and the error of the batch itself.
async fn read<R: Send>(
    mut results: Batch<'_, R, String>,
) -> (
    Vec<(usize, Result<String, ErrorKind>)>,
    Option<alloy_runtime::Error>,
) {
    let mut items = Vec::new();
    while let Some(item) = results.next().await {
        match item {
            Ok(item) => {
                let result = item.result.map(|outcome| outcome.value);
                items.push((item.index, result.map_err(|error| error.kind())));
            }
            Err(error) => {
                assert!(results.next().await.is_none(), "something follows {error}");
                return (items, Some(error));
            }
        }
    }
    (items, None)
}

#[tokio::test]
async fn items_come_in_the_order_of_the_rows() {
    let delays = [120, 5, 60, 5, 5, 40];
    let replies = delays.map(|delay| Reply::answer("ok").after(Duration::from_millis(delay)));
    let server = Server::start(replies);
    let names = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
    with_config(at(&server), async {
        // The iterator borrows; a command does not.
        let mut results = batch(&names, |name: &&String| {
            say(u32::try_from(name.len()).unwrap())
        })
        .concurrency(3);
        for (index, name) in names.iter().enumerate() {
            let item = results.next().await.unwrap().unwrap();
            assert_eq!((item.index, item.input), (index, name));
            assert_eq!(item.result.unwrap().value, "ok");
        }
        assert!(results.next().await.is_none());
        assert!(results.next().await.is_none());
        let totals = results.totals();
        assert_eq!((totals.done, totals.failures()), (6, 0));
        assert_eq!(totals.usage.total_tokens(), Some(6 * 79));
        assert!(totals.elapsed >= Duration::from_millis(120));
        assert_eq!(totals.stopped, None);
    })
    .await;
}

#[tokio::test]
async fn unordered_items_come_as_they_finish() {
    let server = Server::start([
        Reply::answer("slow").after(Duration::from_secs(3)),
        Reply::answer("quick"),
    ]);
    let (items, stopped) = with_config(at(&server), async {
        read(batch([1, 2], |number: &u32| say(*number)).unordered()).await
    })
    .await;
    assert!(stopped.is_none());
    let texts: Vec<_> = items.into_iter().map(|(_, text)| text.unwrap()).collect();
    assert_eq!(texts, ["quick", "slow"]);
}

#[tokio::test]
async fn the_default_concurrency_fits_the_server() {
    for (model, expected) in [("ollama:m", 2), ("ollama:gpt-oss", 2), ("openai:m", 16)] {
        let server = Server::start(answers(20, 60_000));
        let base = format!("http://{}/v1", server.host());
        let config = at(&server).base_url(base).api_key("key");
        with_config(config, async {
            let mut results = batch(0..20, |number: &u32| say(*number).model(model));
            let first = timeout(Duration::from_millis(50), results.next()).await;
            assert!(first.is_err());
            requests(&server, expected).await;
        })
        .await;
    }
}

#[tokio::test]
async fn no_more_rows_are_begun_than_the_window_has() {
    // The first request is never answered. It may be that of the first or of the second row.
    let mut replies = vec![Reply::raw("").then_silence()];
    replies.extend(answers(9, 0));
    let server = Server::start(replies);
    with_config(at(&server), async {
        let results = batch(0..10, |number: &u32| say(*number));
        let mut results = results.concurrency(2).window(5);
        let mut given_out = 0;
        // Cancelled again and again: nothing is lost.
        for _ in 0..20 {
            if let Ok(item) = timeout(Duration::from_millis(50), results.next()).await {
                assert_eq!(item.unwrap().unwrap().index, given_out);
                given_out += 1;
            }
        }
        assert!(
            given_out <= 1,
            "the row that is not answered holds up the others"
        );
        requests(&server, given_out + 5).await;
    })
    .await;
}

#[tokio::test]
async fn commands_run_while_the_caller_works() {
    let server = Server::start(answers(3, 100));
    with_config(at(&server), async {
        let mut results = batch(0..3, |number: &u32| say(*number)).concurrency(3);
        results.next().await.unwrap().unwrap();
        sleep(Duration::from_millis(500)).await;
        for _ in 0..2 {
            let item = futures::poll!(std::pin::pin!(results.next()));
            assert!(item.is_ready());
        }
    })
    .await;
}

#[tokio::test]
async fn rows_are_read_as_they_are_needed() {
    let server = Server::start(answers(9, 20));
    let read = std::sync::atomic::AtomicUsize::new(0);
    let endless = (0..).inspect(|_| {
        read.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    with_config(at(&server), async {
        let mut results = batch(endless, |number: &u32| say(*number)).concurrency(2);
        results.next().await.unwrap().unwrap();
    })
    .await;
    assert!(read.into_inner() <= 8 + 1);
}

#[tokio::test]
async fn a_dropped_batch_leaves_nothing_running() {
    let server = Server::start((0..10).map(|_| Reply::raw("").then_silence()));
    with_config(at(&server), async {
        let mut results = batch(0..10, |number: &u32| say(*number)).concurrency(4);
        let first = timeout(Duration::from_millis(100), results.next()).await;
        assert!(first.is_err());
        requests(&server, 4).await;
        drop(results);
        let closed = async {
            while server.closed() < 4 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), closed)
            .await
            .expect("requests go on");
        assert_eq!(server.requests().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn an_error_of_all_rows_stops_the_batch() {
    let cases = [
        (Reply::error(401, "no"), ErrorKind::Unauthorized),
        (
            Reply::error(404, "model \"llama3.1\" not found"),
            ErrorKind::ModelNotFound,
        ),
    ];
    for (reply, kind) in cases {
        let server = Server::start([Reply::answer("ok"), reply]);
        let (items, stopped) = with_config(at(&server), async {
            read(batch(0..10, |number: &u32| say(*number)).concurrency(1)).await
        })
        .await;
        assert_eq!(items, [(0, Ok("ok".to_owned())), (1, Err(kind))]);
        let stopped = stopped.unwrap();
        assert_eq!(stopped.kind(), ErrorKind::BatchStopped);
        let text = stopped.to_string();
        assert!(text.starts_with("the batch stopped: row 1: "), "{text}");
        assert!(text.ends_with("; 8 rows were not begun"), "{text}");
        assert!(!stopped.help().is_empty());
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_setting_that_is_not_valid_stops_at_the_first_row() {
    let results = batch(0..10, |number: &u32| say(*number).temperature(9.0));
    let (items, stopped) = read(results.concurrency(1)).await;
    assert_eq!(items, [(0, Err(ErrorKind::Configuration))]);
    assert!(stopped.unwrap().to_string().contains("temperature is 9"));
}

#[tokio::test]
async fn commands_that_run_are_finished_when_the_batch_stops() {
    let server = Server::start([
        Reply::answer("late").after(Duration::from_secs(3)),
        Reply::error(401, "no"),
    ]);
    let (items, stopped) = with_config(at(&server), async {
        let results = batch(0..10, |number: &u32| say(*number)).concurrency(2);
        let (mut items, stopped) = read(results.unordered()).await;
        items.sort_by_key(|(_, result)| result.is_err());
        (items, stopped)
    })
    .await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].1.as_deref(), Ok("late"));
    assert_eq!(items[1].1, Err(ErrorKind::Unauthorized));
    assert!(
        stopped
            .unwrap()
            .to_string()
            .ends_with("8 rows were not begun")
    );
}

#[tokio::test]
async fn a_transient_error_is_asked_again_and_an_invalid_answer_is_not() {
    let script = Script::new()
        .error(testing::error(ErrorKind::Overloaded))
        .error(testing::error(ErrorKind::Interrupted))
        .text("first")
        .error(testing::error(ErrorKind::InvalidOutput))
        .text("last");
    script
        .run(async {
            let mut results = batch(0..3, |number: &u32| say(*number))
                .concurrency(1)
                .unordered();
            let mut kinds = Vec::new();
            while let Some(item) = results.next().await {
                let item = item.unwrap();
                kinds.push(
                    item.result
                        .map(|outcome| outcome.value)
                        .map_err(|error| error.kind()),
                );
            }
            assert_eq!(kinds.iter().filter(|result| result.is_ok()).count(), 2);
            assert!(kinds.contains(&Err(ErrorKind::InvalidOutput)));
            let totals = results.totals();
            assert_eq!((totals.done, totals.failures()), (2, 1));
        })
        .await;
}

#[tokio::test]
async fn consecutive_rows_that_fail_stop_the_batch() {
    let mut script = Script::new();
    for _ in 0..6 {
        script = script.error(testing::error(ErrorKind::Unreachable));
    }
    script
        .run(async {
            let results = batch(0..10, |number: &u32| say(*number)).concurrency(1);
            let (items, stopped) = read(results.tries(2).stop_after_failures(3)).await;
            let failed: Vec<_> = items.iter().map(|(_, result)| result.clone()).collect();
            assert_eq!(failed, vec![Err(ErrorKind::Unreachable); 3]);
            let text = stopped.unwrap().to_string();
            assert!(
                text.contains("3 consecutive rows failed; row 2: "),
                "{text}"
            );
            assert!(text.ends_with("7 rows were not begun"), "{text}");
        })
        .await;
}

#[tokio::test]
async fn failures_that_are_not_consecutive_do_not_stop_it() {
    let mut script = Script::new();
    for _ in 0..6 {
        script = script.error(testing::error(ErrorKind::TimedOut)).text("ok");
    }
    script
        .run(async {
            let results = batch(0..12, |number: &u32| say(*number)).concurrency(1);
            let (items, stopped) = read(results.tries(1).stop_after_failures(2)).await;
            assert_eq!(items.len(), 12);
            assert!(stopped.is_none());
        })
        .await;
}

#[tokio::test]
async fn the_batch_pauses_before_it_asks_again() {
    let cut = || Reply::answer("ok").cut_short_by(5);
    let server = Server::start([cut(), Reply::answer("ok"), Reply::answer("ok")]);
    let begun = Instant::now();
    let (items, stopped) = with_config(at(&server), async {
        read(batch(0..2, |number: &u32| say(*number)).concurrency(1)).await
    })
    .await;
    assert!(stopped.is_none());
    assert!(items.iter().all(|(_, result)| result.is_ok()), "{items:?}");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 3);
}

fn busy(seconds: u32) -> Reply {
    let seconds = seconds.to_string();
    let headers = [("retry-after", &*seconds), ("content-length", "0")];
    Reply::with_headers(503, &headers, b"")
}

#[tokio::test]
async fn a_retry_after_pauses_the_whole_batch() {
    let mut replies = vec![busy(3)];
    // Slow, so that the pause is known before the command beside it ends.
    replies.extend(answers(1, 1000));
    replies.extend(answers(5, 0));
    let server = Server::start(replies);
    with_config(at(&server), async {
        let results = batch(0..6, |number: &u32| say(*number));
        let mut results = results.concurrency(2).unordered();
        let begun = Instant::now();
        let first = results.next().await.unwrap().unwrap();
        assert_eq!(first.result.unwrap().value, "ok");
        assert!(begun.elapsed() < Duration::from_secs(3));
        let second = timeout(Duration::from_secs(1), results.next()).await;
        assert!(second.is_err(), "all others wait");
        assert_eq!(server.requests().len(), 2);
        while let Some(item) = results.next().await {
            item.unwrap().result.unwrap();
        }
        assert!(begun.elapsed() >= Duration::from_secs(3));
        assert_eq!(server.requests().len(), 7);
    })
    .await;
}

#[tokio::test]
async fn a_pause_is_about_one_server() {
    let (first, second) = (Server::start([busy(120)]), Server::start(answers(1, 0)));
    let config = at(&first)
        .base_url(format!("http://{}/v1", second.host()))
        .api_key("key");
    let results = batch([1], |number: &u32| {
        say(*number).model("ollama:a").fallback("openai:b")
    });
    let read = timeout(Duration::from_secs(20), with_config(config, read(results)));
    let (items, stopped) = read.await.expect("the other server is not busy");
    assert_eq!(items, [(0, Ok("ok".to_owned()))]);
    assert!(stopped.is_none());
}

#[tokio::test]
async fn a_stop_ends_the_pause() {
    let server = Server::start([
        busy(3600),
        Reply::answer("ok").after(Duration::from_secs(2)),
        Reply::error(401, "no"),
    ]);
    // The row that waits for the busy server is given out with its error, or is asked once more.
    let results = batch(0..10, |number: &u32| say(*number).host(server.host()));
    let results = results.concurrency(2).unordered().stop_after_tokens(10);
    let (items, stopped) = timeout(Duration::from_secs(20), read(results))
        .await
        .expect("the batch does not end");
    assert_eq!(items.len(), 2, "{items:?}");
    assert!(stopped.unwrap().to_string().contains("stop_after_tokens"));
}

#[tokio::test]
async fn a_panic_of_the_closure_is_the_error_of_its_row() {
    let server = Server::start(answers(2, 0));
    let results = batch(0..3, |number: &u32| {
        assert_ne!(*number, 1, "no row 1");
        say(*number)
    });
    let (items, stopped) = with_config(at(&server), read(results)).await;
    assert!(stopped.is_none());
    let panicked: Vec<_> = items.iter().map(|(_, result)| result.is_err()).collect();
    assert_eq!(panicked, [false, true, false]);
    assert_eq!(items[1].1, Err(ErrorKind::Panicked));
}

#[tokio::test]
async fn an_input_that_only_fails_stops_the_batch() {
    let rows = std::iter::repeat_with(|| Err::<u32, _>("the disk is gone"));
    let mut results = try_batch(rows, |number: &u32| say(*number));
    let mut unreadable = 0;
    let stopped = loop {
        match results.next().await.unwrap().unwrap_err() {
            error if error.kind() == ErrorKind::UnreadableRow => unreadable += 1,
            error => break error,
        }
    };
    assert_eq!(unreadable, 100);
    let text = stopped.to_string();
    assert!(
        text.contains("100 consecutive rows could not be read"),
        "{text}"
    );
}

#[tokio::test]
async fn a_model_that_does_not_load_stops_the_batch() {
    let error = || Reply::error(500, "llama runner process has terminated: exit status 2");
    let server = Server::start((0..20).map(|_| error()));
    let results = batch(0..100, |number: &u32| say(*number));
    let (items, stopped) = with_config(at(&server), read(results.concurrency(1))).await;
    assert_eq!(items.len(), 5);
    assert!(
        stopped
            .unwrap()
            .to_string()
            .ends_with("95 rows were not begun")
    );
}

#[tokio::test]
async fn a_failure_of_the_last_row_stops_nothing() {
    let server = Server::start([Reply::error(401, "no")]);
    let results = batch(0..1, |number: &u32| say(*number));
    let (items, stopped) = with_config(at(&server), read(results)).await;
    assert_eq!(items, [(0, Err(ErrorKind::Unauthorized))]);
    assert!(stopped.is_none());

    let server = Server::start(answers(1, 0));
    let results = batch(0..1, |number: &u32| say(*number)).concurrency(1);
    let (items, stopped) = with_config(at(&server), read(results.stop_after_tokens(10))).await;
    assert_eq!(items, [(0, Ok("ok".to_owned()))]);
    assert!(stopped.is_none());
}

#[test]
fn a_batch_outlives_no_runtime() {
    let server = Server::start((0..8).map(|_| Reply::raw("").then_silence()));
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let mut results = batch(0..8, |number: &u32| say(*number).host(server.host()));
    let first = runtime();
    let waited =
        first.block_on(async { timeout(Duration::from_millis(100), results.next()).await });
    assert!(waited.is_err());
    drop(first);
    let item = runtime().block_on(results.next()).unwrap().unwrap();
    let error = item.result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("was shut down"), "{error}");
}

#[tokio::test]
async fn a_row_whose_tools_ran_is_not_asked_again() {
    let call = Reply::said(&Said::call("note", json!({"word": "x"})));
    let cut = Reply::answer("ok").cut_short_by(5);
    let server = Server::start([call, cut, Reply::answer("second")]);
    let (items, stopped) = with_config(at(&server), async {
        read(batch(0..2, |number: &u32| noted(*number)).concurrency(1)).await
    })
    .await;
    assert!(stopped.is_none());
    assert_eq!(
        items,
        [
            (0, Err(ErrorKind::Interrupted)),
            (1, Ok("second".to_owned()))
        ]
    );
}

fn panics_for_old_people(years: u8) -> bool {
    assert!(years < 100, "nobody is that old");
    true
}

#[command("How old is {name}?", model = "ollama:llama3.1")]
#[ensure(|years| panics_for_old_people(*years), "too old")]
async fn checked_age(name: &str) -> u8;

#[tokio::test]
async fn a_panic_is_the_error_of_its_row() {
    let server = Server::start([Reply::answer("200"), Reply::answer("7")]);
    with_config(at(&server), async {
        let mut results = batch(["Al", "Bo"], |name: &&str| checked_age(name)).concurrency(1);
        let first = results.next().await.unwrap().unwrap();
        let error = first.result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert!(error.to_string().contains("nobody is that old"), "{error}");
        let second = results.next().await.unwrap().unwrap();
        assert_eq!(second.result.unwrap().value, 7);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_the_batch_goes_on() {
    let server = Server::start(answers(2, 0));
    let rows = [Ok(1), Err("line 2 has no end"), Ok(3)];
    with_config(at(&server), async {
        let mut results = try_batch(rows, |number: &u32| say(*number));
        assert_eq!(results.next().await.unwrap().unwrap().index, 0);
        let error = results.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnreadableRow);
        assert_eq!(error.to_string(), "row 1 could not be read");
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "line 2 has no end");
        assert_eq!(results.next().await.unwrap().unwrap().index, 2);
        assert!(results.next().await.is_none());
        assert_eq!(results.totals().failed, [(ErrorKind::UnreadableRow, 1)]);
    })
    .await;
}

#[tokio::test]
async fn parts_of_an_input_have_all_its_rows_once() {
    let mut all = Vec::new();
    for part in 0..3 {
        let server = Server::start(answers(4, 0));
        let results = batch(0..10, |number: &u32| say(*number)).partition(part, 3);
        let (items, _) = with_config(at(&server), read(results)).await;
        assert!(items.iter().all(|(index, _)| index % 3 == part));
        all.extend(items.into_iter().map(|(index, _)| index));
    }
    all.sort_unstable();
    assert_eq!(all, (0..10).collect::<Vec<_>>());

    let server = Server::start([Reply::error(401, "no")]);
    let results = batch(0..10, |number: &u32| say(*number)).partition(1, 4);
    let (_, stopped) = with_config(at(&server), read(results.concurrency(1))).await;
    // The part has the rows 1, 5 and 9, and the first was begun.
    assert!(
        stopped
            .unwrap()
            .to_string()
            .ends_with("2 rows were not begun")
    );
}

#[tokio::test]
async fn a_limit_of_tokens_stops_the_batch() {
    let server = Server::start(answers(10, 0));
    let (items, stopped) = with_config(at(&server), async {
        let results = batch(0..10, |number: &u32| say(*number)).concurrency(1);
        read(results.stop_after_tokens(200)).await
    })
    .await;
    assert_eq!(items.len(), 3);
    let text = stopped.unwrap().to_string();
    assert!(text.contains("it took 237 tokens"), "{text}");
    assert!(text.ends_with("7 rows were not begun"), "{text}");

    // A limit that only the last row reaches stops nothing.
    let server = Server::start(answers(1, 0));
    let rows = batch(0..1, |number: &u32| say(*number)).stop_after_tokens(10);
    let (items, stopped) = with_config(at(&server), read(rows)).await;
    assert_eq!(items.len(), 1);
    assert!(stopped.is_none(), "{stopped:?}");
}

#[tokio::test]
async fn commands_belong_to_the_place_where_the_batch_is_polled() {
    let server = Server::start(answers(3, 0));
    let results = batch(0..3, |number: &u32| say(*number));
    let ((items, _), usage) = with_usage(with_config(at(&server), read(results))).await;
    assert_eq!(items.len(), 3);
    assert_eq!(usage.total_tokens(), Some(3 * 79));
}

#[tokio::test]
async fn a_batch_can_be_spawned_and_take_a_stream() {
    let server = Server::start(answers(3, 0));
    let config = at(&server);
    let task = tokio::spawn(async move {
        let rows = futures::stream::iter([1, 2, 3]).then(|number| async move {
            sleep(Duration::from_millis(5)).await;
            number
        });
        let results = batch_stream(rows, |number: &u32| say(*number));
        with_config(config, read(results)).await
    });
    let (items, stopped) = task.await.unwrap();
    assert_eq!(items.len(), 3);
    assert!(stopped.is_none());
}

#[tokio::test]
async fn settings_of_a_batch_that_are_not_valid_are_named() {
    let number = |number: &u32| say(*number);
    let cases = [
        (batch(0..1, number).concurrency(0), ".concurrency(0)"),
        (batch(0..1, number).window(0), ".window(0)"),
        (batch(0..1, number).tries(0), ".tries(0)"),
        (
            batch(0..1, number).stop_after_failures(0),
            ".stop_after_failures(0)",
        ),
        (
            batch(0..1, number).partition(3, 3).progress(),
            ".partition(3, 3)",
        ),
        (
            batch(0..1, number).partition(0, 0).progress(),
            ".partition(0, 0)",
        ),
        (
            batch(0..1, number).stop_after_tokens(0),
            ".stop_after_tokens(0)",
        ),
    ];
    for (results, expected) in cases {
        let (items, error) = read(results).await;
        assert!(items.is_empty());
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_batch_blocks_without_a_runtime() {
    let server = Server::start([
        Reply::answer("1"),
        Reply::answer("2").after(Duration::from_millis(50)),
        Reply::answer("3"),
    ]);
    let host = server.host();
    let results = batch(["a", "b", "c"], move |name: &&str| age(name).host(&host));
    let mut results = results.blocking();
    let mut ages = Vec::new();
    for item in &mut results {
        ages.push(item.unwrap().result.unwrap().value);
    }
    ages.sort_unstable();
    assert_eq!(ages, [1, 2, 3]);
    assert_eq!(results.totals().done, 3);
    assert!(results.next().is_none());
}

#[tokio::test]
async fn blocking_in_a_runtime_is_one_error() {
    let mut results = batch(0..3, |number: &u32| say(*number)).blocking();
    let error = results.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(results.next().is_none());
}

#[tokio::test]
async fn an_empty_input_has_no_items() {
    let mut results = batch(Vec::<u32>::new(), |number: &u32| say(*number)).progress();
    assert!(results.next().await.is_none());
    assert_eq!(results.totals().done, 0);
}
