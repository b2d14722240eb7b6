//! The journal of a batch.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use alloy_runtime::testing::Script;
use alloy_runtime::{
    Batch, Change, Config, Error, ErrorKind, batch, command, tool, with_config, with_usage,
};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};

#[command("Say {number}", model = "ollama:llama3.1")]
async fn say(number: u32) -> String;

#[command("Say loudly {number}", model = "ollama:llama3.1")]
async fn shout(number: u32) -> String;

#[command("Age of {number}", model = "ollama:llama3.1", retry = 2)]
async fn age(number: u32) -> u8;

/// A file that is removed at the end of a test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let name = format!("alloy-journal-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_file(&path));
        Self(path)
    }

    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn answers(count: usize) -> Vec<Reply> {
    (0..count)
        .map(|number| Reply::answer(&format!("answer {number}")))
        .collect()
}

/// An item.
#[derive(Debug, PartialEq)]
enum Told {
    Asked(String),
    Kept(String),
    Failed(ErrorKind),
}

/// Reads a batch to its end: its items, and its error.
async fn read<R: Send>(results: &mut Batch<'_, R, String>) -> (Vec<Told>, Option<Error>) {
    let mut told = Vec::new();
    while let Some(item) = results.next().await {
        match item {
            Ok(item) => told.push(match item.result {
                Ok(outcome) if item.from_journal => Told::Kept(outcome.value),
                Ok(outcome) => Told::Asked(outcome.value),
                Err(error) => Told::Failed(error.kind()),
            }),
            Err(error) => return (told, Some(error)),
        }
    }
    (told, None)
}

/// Runs `say` for rows against a server.
async fn run(server: &Server, file: &File, rows: Vec<u32>) -> (Vec<Told>, Option<Error>) {
    with_config(Config::new().host(server.host()), async {
        let mut results = batch(rows, |number: &u32| say(*number))
            .concurrency(1)
            .journal(&file.0);
        read(&mut results).await
    })
    .await
}

fn asked(text: &str) -> Told {
    Told::Asked(text.to_owned())
}

fn kept(text: &str) -> Told {
    Told::Kept(text.to_owned())
}

#[tokio::test]
async fn a_second_run_asks_only_for_what_is_missing() {
    let file = File::new("second");
    let server = Server::start(answers(5));
    let (told, error) = run(&server, &file, vec![1, 2, 3]).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        told,
        [asked("answer 0"), asked("answer 1"), asked("answer 2")]
    );
    // In another order, with a new row.
    let (told, _) = run(&server, &file, vec![3, 4, 1]).await;
    assert_eq!(
        told,
        [kept("answer 2"), asked("answer 3"), kept("answer 0")]
    );
    // One that is added later.
    let (told, _) = run(&server, &file, vec![1, 2, 3, 4, 5]).await;
    assert_eq!(
        told,
        [
            kept("answer 0"),
            kept("answer 1"),
            kept("answer 2"),
            kept("answer 3"),
            asked("answer 4")
        ]
    );
    assert_eq!(server.requests().len(), 5);
    let lines = file.lines();
    assert_eq!(lines.len(), 6);
    assert_eq!(
        (&lines[0]["alloy_journal"], &lines[0]["command"]),
        (&json!(1), &json!("say"))
    );
    assert_eq!(lines[1]["reply"]["text"], "answer 0");
}

#[tokio::test]
async fn totals_say_what_came_from_the_journal() {
    let file = File::new("totals");
    let server = Server::start(answers(3));
    run(&server, &file, vec![1, 2]).await;
    let usage = with_config(Config::new().host(server.host()), async {
        with_usage(async {
            let rows = [1_u32, 2, 3];
            let mut results = batch(rows, |number: &u32| say(*number)).journal(&file.0);
            read(&mut results).await;
            let totals = results.totals();
            assert_eq!((totals.done, totals.from_journal), (3, 2));
            assert!(
                totals
                    .to_string()
                    .starts_with("3 done (2 from the journal) in "),
                "{totals}"
            );
            totals.usage
        })
        .await
    })
    .await;
    // Only the tokens of the new answer are counted.
    assert_eq!(usage.0.total_tokens(), usage.1.total_tokens());
    assert_eq!(usage.0.completion_tokens, Some(12));
}

#[tokio::test]
async fn equal_rows_are_each_asked_and_found() {
    let file = File::new("equal");
    let server = Server::start(answers(4));
    let (told, _) = run(&server, &file, vec![7, 7, 7]).await;
    assert_eq!(
        told,
        [asked("answer 0"), asked("answer 1"), asked("answer 2")]
    );
    let (told, _) = run(&server, &file, vec![7, 7, 7, 7]).await;
    assert_eq!(
        told,
        [
            kept("answer 0"),
            kept("answer 1"),
            kept("answer 2"),
            asked("answer 3")
        ]
    );
}

#[tokio::test]
async fn equal_rows_are_asked_once_if_the_batch_says_so() {
    let file = File::new("dedup");
    let slow = || Reply::answer("once").after(Duration::from_millis(50));
    let server = Server::start([slow(), slow()]);
    with_config(Config::new().host(server.host()), async {
        let rows = [7_u32, 7, 8, 7, 8];
        let mut results = batch(rows, |number: &u32| say(*number))
            .concurrency(5)
            .journal(&file.0)
            .dedup();
        let (told, error) = read(&mut results).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(
            told.iter().filter(|told| **told == asked("once")).count(),
            2
        );
        assert_eq!(told.iter().filter(|told| **told == kept("once")).count(), 3);
    })
    .await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_row_that_failed_is_asked_again() {
    let file = File::new("failed");
    let server = Server::start([
        Reply::answer("one"),
        Reply::error(400, "boom"),
        Reply::answer("three"),
        Reply::answer("two"),
    ]);
    let (told, _) = run(&server, &file, vec![1, 2, 3]).await;
    assert_eq!(
        told,
        [
            asked("one"),
            Told::Failed(ErrorKind::Server),
            asked("three")
        ]
    );
    let (told, _) = run(&server, &file, vec![1, 2, 3]).await;
    assert_eq!(told, [kept("one"), asked("two"), kept("three")]);
}

// The row keeps its place while it is asked again, so that the next run finds its answer.
#[tokio::test]
async fn a_row_that_was_asked_twice_is_found() {
    let file = File::new("again");
    let busy = || Reply::error(503, "busy");
    let server = Server::start([
        busy(),
        busy(),
        busy(),
        Reply::answer("one"),
        Reply::answer("two"),
    ]);
    let (told, error) = run(&server, &file, vec![1, 2]).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(told, [asked("one"), asked("two")]);
    let (told, _) = run(&server, &file, vec![1, 2]).await;
    assert_eq!(told, [kept("one"), kept("two")]);
}

#[tokio::test]
async fn an_answer_after_a_rejected_one_is_kept() {
    let file = File::new("rejected");
    let server = Server::start([Reply::answer("no idea"), Reply::answer(r#"{"value":25}"#)]);
    for from_journal in [false, true] {
        with_config(Config::new().host(server.host()), async {
            let mut results = batch([1_u32], |number: &u32| age(*number)).journal(&file.0);
            let item = results.next().await.unwrap().unwrap();
            let outcome = item.result.unwrap();
            assert_eq!((outcome.value, outcome.attempts), (25, 2));
            assert_eq!((item.from_journal, outcome.cached), (from_journal, false));
        })
        .await;
    }
}

/// Notes a word.
#[tool]
fn note(word: &str) -> String {
    format!("noted {word}")
}

#[command("Note {number}", model = "ollama:llama3.1", tools(note))]
async fn noted(number: u32) -> String;

#[tokio::test]
async fn an_answer_is_read_back_without_running_tools() {
    let file = File::new("tools");
    let call = Said::call("note", json!({"word": "hello"}));
    let server = Server::start([Reply::said(&call), Reply::answer("Done.")]);
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        with_config(Config::new().host(server.host()), async {
            let mut results = batch([1_u32], |number: &u32| noted(*number)).journal(&file.0);
            outcomes.push(results.next().await.unwrap().unwrap().result.unwrap());
        })
        .await;
    }
    let [asked, kept] = outcomes.as_slice() else {
        unreachable!("two runs")
    };
    assert_eq!((asked.requests, kept.requests), (2, 0));
    assert_eq!(kept.tool_results, asked.tool_results);
    assert_eq!(kept.tool_results[0].content, "noted hello");
    assert_eq!(kept.messages, asked.messages);
    // Equal rows cannot share an answer that a tool contributed to.
    with_config(Config::new().host(server.host()), async {
        let file = File::new("tools-dedup");
        let mut results = batch([1_u32], |number: &u32| noted(*number))
            .journal(&file.0)
            .dedup();
        let error = results.next().await.unwrap().unwrap().result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.to_string().contains("whose command has tools"),
            "{error}"
        );
    })
    .await;
}

/// Returns the error of the first row, and that of the batch.
async fn refused(mut results: Batch<'_, u32, String>) -> Error {
    let item = results.next().await.unwrap().unwrap();
    let error = item.result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    error
}

#[tokio::test]
async fn a_change_is_an_error_that_names_it() {
    let file = File::new("change");
    let server = Server::start(answers(20));
    run(&server, &file, vec![1, 2]).await;
    let config = Config::new().host(server.host());
    with_config(config, async {
        let changed = async |results: Batch<'_, u32, String>, what: &str| {
            let error = refused(results.journal(&file.0)).await;
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.help().contains("Change::Ask"), "{}", error.help());
        };
        let rows = || [1_u32, 2];
        changed(
            batch(rows(), |number: &u32| shout(*number)),
            "the command (`say`, now `shout`), the template of the prompt",
        )
        .await;
        changed(
            batch(rows(), |number: &u32| say(*number).model("llama3.2")),
            "the model (`llama3.1`, now `llama3.2`)",
        )
        .await;
        changed(
            batch(rows(), |number: &u32| say(*number).temperature(0.5)),
            "the options",
        )
        .await;
        changed(
            batch(rows(), |number: &u32| {
                say(*number).api(alloy_runtime::Api::OpenaiChat)
            }),
            "the protocol (`native`, now `openai_chat`)",
        )
        .await;
    })
    .await;
    assert_eq!(server.requests().len(), 2);
    // Nothing was written.
    assert_eq!(file.lines().len(), 3);

    // Asks the rows anew whose request is another one.
    with_config(Config::new().host(server.host()), async {
        let mut results = batch([1_u32, 2], |number: &u32| say(*number).temperature(0.5))
            .concurrency(1)
            .journal(&file.0)
            .on_change(Change::Ask);
        assert_eq!(
            read(&mut results).await.0,
            [asked("answer 2"), asked("answer 3")]
        );
        // The file belongs to the new requests now, and has the old answers.
        let mut results =
            batch([1_u32, 2], |number: &u32| say(*number).temperature(0.5)).journal(&file.0);
        assert_eq!(
            read(&mut results).await.0,
            [kept("answer 2"), kept("answer 3")]
        );
        let mut results = batch([1_u32, 2], |number: &u32| say(*number))
            .concurrency(1)
            .journal(&file.0)
            .on_change(Change::Ask);
        assert_eq!(
            read(&mut results).await.0,
            [kept("answer 0"), kept("answer 1")]
        );
        // Uses the answers of another model for the same requests.
        let mut results = batch([1_u32, 2, 3], |number: &u32| say(*number).model("llama3.2"))
            .concurrency(1)
            .journal(&file.0)
            .on_change(Change::Keep);
        assert_eq!(
            read(&mut results).await.0,
            [kept("answer 0"), kept("answer 1"), asked("answer 4")]
        );
    })
    .await;
}

#[tokio::test]
async fn a_torn_line_is_cut_off_and_a_damaged_one_is_skipped() {
    let file = File::new("torn");
    let server = Server::start(answers(6));
    run(&server, &file, vec![1, 2, 3]).await;
    let whole = std::fs::read_to_string(&file.0).unwrap();
    // The process ended in the middle of a line.
    std::fs::write(&file.0, &whole[..whole.len() - 20]).unwrap();
    let (told, _) = run(&server, &file, vec![1, 2, 3]).await;
    assert_eq!(
        told,
        [kept("answer 0"), kept("answer 1"), asked("answer 3")]
    );
    assert_eq!(file.lines().len(), 4);
    // A line in the middle was damaged.
    let lines: Vec<String> = std::fs::read_to_string(&file.0)
        .unwrap()
        .lines()
        .enumerate()
        .map(|(number, line)| match number {
            2 => line.replace("\"key\"", "\"kex\""),
            _ => line.to_owned(),
        })
        .collect();
    std::fs::write(&file.0, lines.join("\n") + "\n").unwrap();
    with_config(Config::new().host(server.host()), async {
        let rows = [1_u32, 2, 3];
        let mut results = batch(rows, |number: &u32| say(*number)).journal(&file.0);
        let (told, _) = read(&mut results).await;
        assert_eq!(
            told,
            [kept("answer 0"), asked("answer 4"), kept("answer 3")]
        );
        let totals = results.totals().to_string();
        assert!(
            totals.contains("1 line of the journal is damaged"),
            "{totals}"
        );
    })
    .await;
    // Only the beginning of the header was written.
    std::fs::write(&file.0, &whole[..20]).unwrap();
    let (told, error) = run(&server, &file, vec![1]).await;
    assert_eq!((told, error.is_none()), (vec![asked("answer 5")], true));
}

#[tokio::test]
async fn another_file_is_not_touched() {
    let file = File::new("other");
    let server = Server::start(answers(1));
    let later = r#"{"alloy_journal":9,"more":1}"#;
    for (text, problem) in [
        (
            "name,age\nAnn,3\n".to_owned(),
            "its first line is no header of a journal",
        ),
        ("{\"a\":1}\n".to_owned(), "its first line is no header"),
        (format!("{later}\n"), "it has the format 9; expected 1"),
    ] {
        std::fs::write(&file.0, &text).unwrap();
        with_config(Config::new().host(server.host()), async {
            let results = batch([1_u32], |number: &u32| say(*number)).journal(&file.0);
            let error = refused(results).await;
            assert!(error.to_string().contains(problem), "{error}");
        })
        .await;
        assert_eq!(std::fs::read_to_string(&file.0).unwrap(), text);
    }
    assert!(server.requests().is_empty());
    // Another file without a line break at its end is not cut.
    std::fs::write(&file.0, "name,age").unwrap();
    let results = with_config(Config::new().host(server.host()), async {
        batch([1_u32], |number: &u32| say(*number)).journal(&file.0)
    });
    with_config(Config::new().host(server.host()), async {
        refused(results.await).await
    })
    .await;
    assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "name,age");
}

#[tokio::test]
async fn one_batch_at_a_time_uses_a_file() {
    let file = File::new("lock");
    let server = Server::start([
        Reply::answer("one"),
        Reply::answer("two").after(Duration::from_secs(2)),
    ]);
    with_config(Config::new().host(server.host()), async {
        let mut first = batch([1_u32, 2], |number: &u32| say(*number))
            .concurrency(1)
            .journal(&file.0);
        first.next().await.unwrap().unwrap();
        let second = batch([1_u32], |number: &u32| say(*number)).journal(&file.0);
        let error = refused(second).await;
        assert!(
            error.to_string().contains("is in use by another batch"),
            "{error}"
        );
        // A batch that is dropped frees the file.
        drop(first);
        let mut third = batch([1_u32], |number: &u32| say(*number)).journal(&file.0);
        assert_eq!(read(&mut third).await.0, [kept("one")]);
    })
    .await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_ends_the_batch() {
    let server = Server::start([]);
    with_config(Config::new().host(server.host()), async {
        for (path, kind) in [
            (std::env::temp_dir(), ErrorKind::Journal),
            (PathBuf::from("/dev/full"), ErrorKind::Configuration),
        ] {
            let mut results = batch(0..100_u32, |number: &u32| say(*number)).journal(&path);
            let (told, error) = read(&mut results).await;
            assert!(
                told.len() < 5 && told.iter().all(|told| *told == Told::Failed(kind)),
                "{told:?}"
            );
            assert_eq!(error.unwrap().kind(), ErrorKind::BatchStopped);
        }
    })
    .await;
}

// A limit of the file's size has the effect of a full disk.
#[test]
fn a_full_disk_ends_the_batch_and_loses_nothing() {
    let file = File::new("full");
    let server = Server::start(answers(60));
    let program = env!("CARGO_BIN_EXE_journaled");
    let run = |limit: &str| {
        let path = file.0.display();
        let script = format!("trap '' XFSZ; {limit} exec {program} {path} 30 1");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script])
            .env("ALLOY_MODEL", "llama3.1")
            .env("OLLAMA_HOST", server.host());
        shell.output().unwrap()
    };
    let output = run("ulimit -f 4;");
    assert!(!output.status.success(), "{output:?}");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(
        shown.contains("the journal") && shown.contains("cannot be used"),
        "{shown}"
    );
    let given_out = String::from_utf8_lossy(&output.stdout).lines().count();
    let output = run("");
    let told = String::from_utf8(output.stdout).unwrap();
    let last = told.lines().last().unwrap();
    assert!(
        last.starts_with(&format!("30 done ({given_out} from the journal)")),
        "{last}"
    );
}

#[tokio::test]
async fn a_stand_in_and_a_journal_do_not_mix() {
    let file = File::new("stand-in");
    let script = Script::new().text("scripted").text("scripted");
    script
        .run(async {
            // Nothing is written without the answers of a model.
            let mut results = batch([1_u32], |number: &u32| say(*number)).journal(&file.0);
            assert_eq!(read(&mut results).await.0, [asked("scripted")]);
            assert!(!file.0.exists());
            std::fs::write(&file.0, "{}\n").unwrap();
            let results = batch([1_u32], |number: &u32| say(*number)).journal(&file.0);
            let error = refused(results).await;
            assert!(
                error.to_string().contains("a stand-in answers now"),
                "{error}"
            );
            let mut results = batch([1_u32], |number: &u32| say(*number));
            assert_eq!(read(&mut results).await.0, [asked("scripted")]);
        })
        .await;
}

#[tokio::test]
async fn settings_of_a_journal_need_one() {
    let mut results = batch([1_u32], |number: &u32| say(*number)).dedup();
    let error = results.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("without a journal"), "{error}");
}

/// Starts the program `journaled`.
fn journaled(server: &Server, file: &File, rows: usize, concurrency: usize) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_journaled"));
    program
        .args([
            file.0.to_str().unwrap(),
            &rows.to_string(),
            &concurrency.to_string(),
        ])
        .env("ALLOY_MODEL", "llama3.1")
        .env("OLLAMA_HOST", server.host())
        .stdout(Stdio::piped());
    program.spawn().unwrap()
}

/// Reads a number from a variable. The suite runs few kills; `JOURNAL_KILLS=100 JOURNAL_ROWS=10000` runs many.
#[allow(clippy::disallowed_methods, reason = "a test has no settings of Alloy")]
fn number(variable: &str, default: usize) -> usize {
    let number = std::env::var(variable).ok();
    number.map_or(default, |number| number.parse().unwrap())
}

#[test]
fn nothing_that_was_given_out_is_lost_by_a_kill() {
    const CONCURRENCY: usize = 8;
    let (kills, rows) = (number("JOURNAL_KILLS", 4), number("JOURNAL_ROWS", 400));
    let file = File::new("kill");
    let server = Server::start(answers(rows + kills * CONCURRENCY));
    let mut given_out = std::collections::BTreeSet::new();
    for kill in 0..kills {
        let mut program = journaled(&server, &file, rows, CONCURRENCY);
        let output = BufReader::new(program.stdout.take().unwrap());
        // At another point each time, and never at the end.
        let stop_after = (kill + 1) * rows / (kills + 2) + kill % 7;
        let mut count = 0;
        for line in output.lines() {
            let Ok(index) = line.unwrap().parse::<usize>() else {
                break;
            };
            given_out.insert(index);
            count += 1;
            if count == stop_after {
                program.kill().unwrap();
            }
        }
        program.wait().unwrap();
    }
    let before = server.requests().len();
    let program = journaled(&server, &file, rows, CONCURRENCY);
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.starts_with(&format!("{rows} done (")), "{last}");
    let asked = server.requests().len();
    assert!(asked <= rows + kills * CONCURRENCY, "{asked} requests");
    // What was given out was not asked again.
    let last = asked - before;
    assert!(last <= rows - given_out.len(), "{last} of {rows}");
    std::io::stderr()
        .write_all(format!("{kills} kills, {rows} rows: {asked} requests\n").as_bytes())
        .unwrap();
}
