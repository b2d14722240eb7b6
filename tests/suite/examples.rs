//! Every example runs, against a server that gives the answers a model would.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use alloy_tests::server::{Reply, Said, Server};
use expect_test::expect;
use serde_json::json;

/// The folder of the built examples. Cargo builds them here and not only before, so that this
/// package's tests can be run by themselves.
fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "alloy-examples",
                "--examples",
            ])
            .status()
            .unwrap();
        assert!(status.success(), "the examples do not build");
        // …/target/debug/deps/suite-…
        let suite = std::env::current_exe().unwrap();
        let target = suite.ancestors().nth(3).unwrap();
        target.join("debug").join("examples")
    })
}

/// An example with none of the caller's own settings.
fn unset(name: &str) -> Command {
    let mut program = Command::new(built().join(name));
    for key in alloy_runtime::__private::keys() {
        for variable in key.variables {
            program.env_remove(variable);
        }
    }
    program
}

/// An example, ready to be run against a server with this model.
fn example(name: &str, model: &str, server: &Server) -> Command {
    let mut program = unset(name);
    program
        .env("OLLAMA_HOST", server.host())
        .env("ALLOY_MODEL", model);
    program
}

/// Runs an example as a newcomer does who has nothing: gives its output, and what it said beside it.
fn alone(name: &str, arguments: &[&str], input: &str) -> (String, String) {
    let mut program = unset(name);
    program.args(arguments).stdin(Stdio::piped());
    let mut program = program
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = program.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = program.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (said, beside) = (text(output.stdout), text(output.stderr));
    let (first, rest) = beside.split_once('\n').unwrap();
    assert_eq!(
        first,
        "ALLOY_MODEL is not set: the small model in examples/models answers. For a larger one: ALLOY_MODEL=ollama:llama3.1"
    );
    (said, rest.to_owned())
}

// B7: what the model's card promises.
#[test]
fn without_any_setting_the_small_model_answers() {
    let check = |name: &str, arguments: &[&str], expected: &str| {
        let (said, beside) = alone(name, arguments, "");
        assert_eq!(said, expected, "{name}");
        assert_eq!(beside, "", "{name}");
    };
    let jason = "User { name: \"Jason\", age: 25 }\n";
    check("extract", &[], jason);
    let ada = "User { name: \"Ada Lovelace\", age: 36 }\n";
    check("extract", &["Ada Lovelace is 36 years old."], ada);
    check("extract_blocking", &[], jason);
    check("errors", &[], jason);
    check(
        "nested",
        &[],
        "Jason, 35\n- 123 Main St, New York, USA\n- 456 Beach Rd, Miami, USA\n",
    );
    check("list", &[], "Jason is 25\nSarah is 30\nTom is 41\n");
    check(
        "classify",
        &[],
        "I forgot my password: here is the link to a new password\n",
    );
    check(
        "gpt_oss",
        &[],
        &format!("{jason}{} by embedded: a model file\n", small_model()),
    );
    check(
        "calculator",
        &[],
        "the tool `divide` did not run: b must be above zero\nadd {\"a\":5,\"b\":6} -> 11\nmultiply {\"a\":11,\"b\":3} -> 33\nThe result is 33.\n",
    );
}

/// Where the examples have it.
fn small_model() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("examples/models/alloy-tiny-q8_0.gguf");
    path.display().to_string()
}

// B7: what it answers there is its own affair; that it does is not.
#[test]
fn the_small_model_serves_the_other_examples_too() {
    let (said, _) = alone("enrich", &[], "");
    assert!(
        said.starts_with("Jason, 25: Jason is 25 years old"),
        "{said}"
    );
    let (said, _) = alone("optional", &[], "");
    assert!(said.starts_with("Jason"), "{said}");
    let (said, beside) = alone("story", &["the moon"], "");
    assert!(said.starts_with("Once there was"), "{said}");
    assert!(beside.ends_with(" tokens\n"), "{beside}");
    let (said, _) = alone("lookups", &[], "");
    assert!(
        said.contains("{\"city\":\"Oslo\"} -> {\"degrees\":-3,\"sky\":\"snow\"}"),
        "{said}"
    );
    let (said, _) = alone("workflow", &[], "");
    assert!(said.contains("shipped: "), "{said}");
    let (said, _) = alone("configure", &[], "");
    assert!(said.contains("alloy-tiny-q8_0.gguf  (process)"), "{said}");
    let (_program, address) = forwarding(unset("forward"));
    let told = events(&address);
    assert_eq!(told[0], "data: \"O\"", "{told:?}");
    assert_eq!(told[told.len() - 2..], ["event: done", "data: null"]);
    let (said, _) = alone("chat", &[], "Say hello\nSay hello\n");
    assert!(
        said.starts_with("> Hello! How can I help you today?\n> "),
        "{said}"
    );
}

fn stdout(mut program: Command) -> String {
    let output = program.output().unwrap();
    assert!(output.status.success(), "{program:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs an example with its model's answer, and gives back the prompt that was sent.
fn check(name: &str, arguments: &[&str], answer: &str, expected: &str) -> String {
    let server = Server::start([Reply::answer(answer)]);
    let mut program = example(name, "ollama:llama3.1", &server);
    program.args(arguments);
    assert_eq!(stdout(program), expected, "{name}");
    let sent = server.request().json();
    assert_eq!(sent["options"]["temperature"], 0.0, "{name}");
    let messages = sent["messages"].as_array().unwrap();
    messages.last().unwrap()["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn extract() {
    let prompt = check(
        "extract",
        &[],
        r#"{"name":"Jason","age":25}"#,
        "User { name: \"Jason\", age: 25 }\n",
    );
    assert_eq!(
        prompt,
        "Extract the user described in the text.\n\n<text>\nJason is 25 years old\n</text>"
    );
    let prompt = check(
        "extract",
        &["Ada is 36"],
        r#"{"name":"Ada","age":36}"#,
        "User { name: \"Ada\", age: 36 }\n",
    );
    assert!(prompt.contains("Ada is 36"));
}

#[test]
fn nested() {
    let answer = r#"{"name":"Jason","age":35,"addresses":[{"street":"123 Main St","city":"New York","country":"USA"}]}"#;
    let prompt = check(
        "nested",
        &[],
        answer,
        "Jason, 35\n- 123 Main St, New York, USA\n",
    );
    assert_eq!(
        prompt,
        "Extract: Jason is 35 years old.\n\
         He lives at 123 Main St, New York, USA and has a summer house at 456 Beach Rd, Miami, USA."
    );
}

#[test]
fn list() {
    let answer = r#"{"value":[{"name":"Jason","age":25},{"name":"Tom","age":41}]}"#;
    check("list", &[], answer, "Jason is 25\nTom is 41\n");
}

#[test]
fn classify() {
    check(
        "classify",
        &[],
        r#"{"value":"account"}"#,
        "I forgot my password: here is the link to a new password\n",
    );
    check(
        "classify",
        &["My invoice is wrong"],
        r#"{"value":"billing"}"#,
        "My invoice is wrong: accounting writes back within a day\n",
    );
}

#[test]
fn extract_blocking() {
    check(
        "extract_blocking",
        &[],
        r#"{"name":"Jason","age":25}"#,
        "User { name: \"Jason\", age: 25 }\n",
    );
}

#[test]
fn configure() {
    let server = Server::start([Reply::answer("Banana")]);
    let mut program = example("configure", "ollama:llama3.1", &server);
    program.env("ALLOY_MAX_TOKENS", "500");
    let printed = stdout(program).replace(&server.host(), "HOST");
    expect![[r#"
        model                         ollama:llama3.1  (environment)
        system                        "You are a greengrocer."  (call)
        temperature                   0  (attribute)
        max_tokens                    40  (scope)
        retry                         1  (default)
        auto_finalize_missing_output  true  (default)
        timeout                       2m  (process)
        connect_timeout               10s  (default)
        idle_timeout                  5m  (default)
        max_tool_turns                10  (default)
        parallel_tools_max            8  (default)
        schema_in_prompt              true  (default)
        host                          http://HOST  (environment)
        record_content                false  (default)
        backend                       real  (default)
        options.num_ctx               2048  (scope)
        options.seed                  7  (process)

        Banana
    "#]]
    .assert_eq(&printed);
    let options = &server.request().json()["options"];
    assert_eq!(
        (&options["num_ctx"], &options["num_predict"]),
        (&2048.into(), &40.into())
    );
}

#[test]
fn gpt_oss() {
    let check = |model: &str, extra: &str, expected: &str| {
        let said = Said::new(r#"{"name":"Jason","age":25}"#).thinking("A name and an age.");
        let server = Server::start([Reply::said(&said)]);
        let mut program = example("gpt_oss", model, &server);
        program.env("ALLOY_EXTRA_JSON", extra);
        let user = "User { name: \"Jason\", age: 25 }";
        assert_eq!(stdout(program), format!("{user}\n{expected}"), "{model}");
    };
    check(
        "ollama:gpt-oss:20b",
        "",
        "gpt-oss:20b by openai_chat: the model's name contains `gpt-oss`\n\
         it thought: A name and an age.\n\
         warning: `num_ctx` was not sent: openai_chat has no place for it; set OLLAMA_CONTEXT_LENGTH on the server, or use the native route\n",
    );
    check(
        "ollama:gpt-oss:20b",
        r#"{"ollama_api": "native"}"#,
        "gpt-oss:20b by native: `ollama_api` is set in ALLOY_EXTRA_JSON\n\
         it thought: A name and an age.\n",
    );
}

#[test]
fn chat() {
    let server = Server::start([
        Reply::stream(&Said::new("Hello, Ann!")),
        Reply::error(500, "no such thing"),
        Reply::stream(&Said::new("Ann.")),
    ]);
    let mut program = example("chat", "ollama:llama3.1", &server);
    program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = program.spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    stdin
        .write_all(b"I am Ann.\nHow are you?\nWho am I?\n")
        .unwrap();
    drop(stdin);
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "> Hello, Ann!\n> \n> Ann.\n> \n"
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no such thing"), "{told}");
    let last = server.requests()[2].json();
    let said: Vec<_> = last["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["content"])
        .collect();
    assert_eq!(said[1..], ["I am Ann.", "Hello, Ann!", "Who am I?"]);
}

#[test]
fn optional() {
    let none = r#"{"name":"Jason","email":null}"#;
    check("optional", &[], none, "Jason left no address\n");
    let some = r#"{"name":"Ann","email":"ann@example.com"}"#;
    check("optional", &["Ann"], some, "Ann <ann@example.com>\n");
}

// D7
#[test]
fn enrich() {
    let server = Server::start([
        Reply::answer(r#"{"name":"Jason","age":25}"#),
        Reply::answer("Jason likes trains.\n"),
    ]);
    let printed = stdout(example("enrich", "ollama:llama3.1", &server));
    assert_eq!(printed, "Jason, 25: Jason likes trains.\n");
    let prompt = &server.requests()[1].json()["messages"][0]["content"];
    assert_eq!(
        prompt,
        r#"Write a short bio of this user: {"name":"Jason","age":25}"#
    );
}

// G11 G8
#[test]
fn validate() {
    let answers = [
        r#"{"guest":"Ann Miller","persons":4,"arrival":12,"departure":12}"#,
        r#"{"guest":"Ann Miller","persons":40,"arrival":12,"departure":15}"#,
        r#"{"guest":"Ann Miller","persons":4,"arrival":12,"departure":15}"#,
    ];
    let server = Server::start(answers.map(Reply::answer));
    let output = example("validate", "ollama:llama3.1", &server)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(text(output.stdout), "Ann Miller: 4 from 12 to 15\n");
    assert_eq!(
        text(output.stderr),
        "answer 1: the answer is not a valid `Booking`: arrival must be before departure\n\
         asking for answer 2\n\
         answer 2: the answer is not a valid `Booking`: persons: expected an integer from 1 to 6, found 40\n\
         asking for answer 3\n"
    );
}

#[test]
fn errors() {
    let run = |script: &[&str]| {
        let server = Server::start(script.iter().map(|answer| Reply::answer(answer)));
        let output = example("errors", "ollama:llama3.1", &server)
            .output()
            .unwrap();
        let shown = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8(shown).unwrap()
    };
    let good = r#"{"name":"Jason","age":25}"#;
    let old = r#"{"name":"Jason","age":250}"#;
    assert_eq!(run(&[old, good]), "User { name: \"Jason\", age: 25 }\n");
    let shown = run(&[old, old, old]);
    assert!(
        shown.starts_with("no user after 3 answers: the answer is not a valid `User`: age: expected an integer from 0 to 120, found 250\nhelp: "),
        "{shown}"
    );
}

/// A reply that begins and goes no further.
fn begun(text: &str) -> Reply {
    let whole = Reply::stream(&Said::new(text));
    whole.cut_short_by(400).then_silence()
}

#[test]
fn story() {
    let text = "Once upon a time, there was a fox.\n\nThe end.";
    let server = Server::start([Reply::stream(&Said::new(text))]);
    let mut program = example("story", "ollama:llama3.1", &server);
    let output = program.arg("an owl").output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{text}\n")
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "12 tokens\n");
    let sent = server.request().json();
    assert_eq!(
        sent["messages"][0]["content"],
        "Tell a short story about an owl."
    );
    assert_eq!(sent["stream"], true);
}

// S5: Ctrl-C is a signal on Unix.
#[cfg(unix)]
#[test]
fn story_ends_cleanly_by_ctrl_c() {
    let server = Server::start([begun("Once upon a time, there was a fox.")]);
    let mut program = example("story", "ollama:llama3.1", &server);
    let mut program = program.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = program.stdout.take().unwrap();
    let mut first = [0; 4];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"Once");
    let stopped = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("\n(stopped)\n"), "{rest:?}");
    assert!(program.wait().unwrap().success());
}

/// Starts `forward`; gives it with the address where it listens.
fn forwarding(mut program: Command) -> (Running, String) {
    program.arg("127.0.0.1:0").stdout(Stdio::piped());
    let mut program = Running(program.stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    let stdout = program.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap();
    let (address, _) = address.split_once('/').unwrap();
    (program, address.to_owned())
}

fn browser(address: &str) -> BufReader<TcpStream> {
    let mut browser = TcpStream::connect(address).unwrap();
    let request = "GET /story?hero=a+fox HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    browser.write_all(request.as_bytes()).unwrap();
    BufReader::new(browser)
}

fn events(address: &str) -> Vec<String> {
    let lines = browser(address).lines().map(Result::unwrap);
    let events = lines.filter(|line| line.starts_with("data:") || line.starts_with("event:"));
    events.collect()
}

#[test]
fn forward() {
    let told = Reply::stream(&Said::new("Once upon\na time."));
    let server = Server::start([
        told,
        Reply::error(500, "no such thing"),
        begun("Once upon a time, there was a fox."),
    ]);
    let (_program, address) = forwarding(example("forward", "ollama:llama3.1", &server));
    let ask = || browser(&address);
    let events = || events(&address);
    let done = ["event: done", "data: null"];
    let told = [
        r#"data: "Once ""#,
        r#"data: "upon\na ""#,
        r#"data: "time.""#,
    ];
    assert_eq!(events(), [&told[..], &done].concat());
    // What failed is told to whoever runs the server.
    assert_eq!(events(), [["event: failed", "data: null"], done].concat());

    // A browser that goes away ends the generation.
    let closed = server.closed();
    let mut browser = ask();
    let mut line = String::new();
    while !line.starts_with("data:") {
        line.clear();
        browser.read_line(&mut line).unwrap();
    }
    assert_eq!(server.closed(), closed);
    drop(browser);
    for _ in 0..1000 {
        if server.closed() > closed {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the connection to the model's server is still open");
}

/// A program that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn call(name: &str, arguments: serde_json::Value) -> Reply {
    Reply::said(&Said::call(name, arguments))
}

#[test]
fn calculator() {
    let server = Server::start([
        call("add", json!({"a": 5, "b": 6})),
        call("multiply", json!({"a": 11, "b": 3})),
        call("divide", json!({"a": 33, "b": 0})),
        Reply::answer("The result is 33."),
    ]);
    assert_eq!(
        stdout(example("calculator", "ollama:llama3.1", &server)),
        "the tool `divide` did not run: b must be above zero\n\
         add {\"a\":5,\"b\":6} -> 11\n\
         multiply {\"a\":11,\"b\":3} -> 33\n\
         divide {\"a\":33,\"b\":0} -> The tool did not run: b must be above zero.\n\
         The result is 33.\n"
    );
}

#[test]
fn lookups() {
    let both = Said::call("get_weather", json!({"city": "Oslo"}));
    let server = Server::start([
        Reply::said(&both.calling("get_weather", json!({"city": "Rome"}))),
        call("get_weather", json!({"city": "Paris"})),
        Reply::answer("Snow in Oslo, rain in Paris."),
    ]);
    let mut program = example("lookups", "ollama:llama3.1", &server);
    program.args(["Oslo", "Rome"]);
    assert_eq!(
        stdout(program),
        "turn 1: {\"city\":\"Oslo\"} -> {\"degrees\":-3,\"sky\":\"snow\"}\n\
         turn 1: {\"city\":\"Rome\"} -> The tool failed: no station in Rome; there are Oslo, Paris and Tbilisi.\n\
         turn 2: {\"city\":\"Paris\"} -> {\"degrees\":9,\"sky\":\"rain\"}\n\
         Snow in Oslo, rain in Paris.\n"
    );
    let prompt = &server.requests()[0].json()["messages"][0]["content"];
    assert_eq!(prompt, "What is the weather in Oslo and Rome?");
}

#[test]
fn workflow() {
    let server = Server::start([
        call("ship", json!({"city": "Oslo"})),
        call("charge", json!({"cents": 1990})),
        call("check_stock", json!({"item": "blue lamp"})),
        call("charge", json!({"cents": 0})),
        call("charge", json!({"cents": 1990})),
        call("ship", json!({"city": "Oslo"})),
        Reply::answer("Your lamp is on its way."),
    ]);
    assert_eq!(
        stdout(example("workflow", "ollama:llama3.1", &server)),
        "RequireBroken: ship -> The tool did not run: call charge first.\n\
         RequireBroken: charge -> The tool did not run: call check_stock first.\n\
         Succeeded: check_stock -> blue lamp is in stock\n\
         RequireBroken: charge -> The tool did not run: the amount must be above zero.\n\
         Succeeded: charge -> charged 1990 cents\n\
         Succeeded: ship -> on its way to Oslo\n\
         Your lamp is on its way.\n\
         shipped: true\n"
    );
}

#[test]
fn triage() {
    let refund = r#"{"reason":"charged twice","amount":19.9}"#;
    let server = Server::start([
        call("refund", json!({"letter": "You charged me twice."})),
        Reply::answer(refund),
        Reply::answer("You get 19.90 back."),
    ]);
    assert_eq!(
        stdout(example("triage", "ollama:llama3.1", &server)),
        format!("refund -> {refund}\nYou get 19.90 back.\n")
    );
    let system = &server.requests()[1].json()["messages"][0]["content"];
    let system = system.as_str().unwrap();
    assert!(system.starts_with("You are an accountant."), "{system}");

    let server = Server::start([call("hand_over", json!({"reason": "a lawyer"}))]);
    let output = example("triage", "ollama:llama3.1", &server)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.starts_with(
            "Error: the tool `hand_over` ended the command\n  \
             cause: a person has to read this: a lawyer\n"
        ),
        "{told}"
    );
}

#[test]
fn database() {
    let sql =
        "SELECT sum(cents) AS total FROM orders, customers WHERE customer = id AND name = 'Ann'";
    let server = Server::start([
        call("tables", json!({})),
        call("query", json!({"sql": "DELETE FROM orders"})),
        call("query", json!({"sql": "SELECT price FROM orders"})),
        call("query", json!({ "sql": sql })),
        Reply::answer("Ann spent 139.90."),
        Reply::answer(&json!({"text": "Ann spent 139.90.", "sql": sql}).to_string()),
    ]);
    let printed = stdout(example("database", "ollama:llama3.1", &server));
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("tables {} -> [\"CREATE TABLE customers"),
        "{printed}"
    );
    assert!(
        lines[1].ends_with(" -> The tool did not run: only SELECT statements are allowed."),
        "{printed}"
    );
    assert!(
        lines[2].contains(" -> The tool failed: no such column: price"),
        "{printed}"
    );
    assert!(
        lines[3].ends_with(r#" -> [{"total":"13990"}]"#),
        "{printed}"
    );
    assert_eq!(lines[4..], ["Ann spent 139.90.", &format!("({sql})")]);
}

#[test]
fn self_correct() {
    let answer = |pattern: &str| Reply::answer(&json!({ "pattern": pattern }).to_string());
    let server = Server::start([
        call("try_pattern", json!({"pattern": "^[A-Z"})),
        call("try_pattern", json!({"pattern": "^[A-Z]+-[0-9]+$"})),
        answer("^[A-Z]+$"),
        answer("^[A-Z]{2}-[0-9]{4}$"),
    ]);
    let output = example("self_correct", "ollama:llama3.1", &server)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("tried \"^[A-Z\" -> The tool failed: "),
        "{printed}"
    );
    assert_eq!(
        lines[1..],
        [
            "tried \"^[A-Z]+-[0-9]+$\" -> wrong: AB-104 should not match",
            "^[A-Z]{2}-[0-9]{4}$ after 1 answers",
        ]
    );
}
