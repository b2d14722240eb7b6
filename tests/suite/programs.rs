//! Whole processes: what a person sees, and what the environment does.

use std::process::{Command, Output};
use std::time::Duration;

use alloy_tests::server::{Reply, Said, Server};

/// Runs one of this package's programs with these variables and none of the caller's own.
fn run(program: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("ALLOY_")
            || name.starts_with("OLLAMA_")
            || name.ends_with("_proxy")
            || name.ends_with("_PROXY")
        {
            command.env_remove(&*name);
        }
    }
    command.envs(variables.iter().copied());
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

const RETURNS_ERROR: &str = env!("CARGO_BIN_EXE_returns-error");
const RETURNS_BOXED: &str = env!("CARGO_BIN_EXE_returns-boxed");
const RETURNS_ANYHOW: &str = env!("CARGO_BIN_EXE_returns-anyhow");
const CROWD: &str = env!("CARGO_BIN_EXE_crowd");
const TYPED: &str = env!("CARGO_BIN_EXE_typed");

// E8
#[test]
fn every_kind_of_main_shows_the_next_step() {
    let shown = stderr(&run(RETURNS_ERROR, &[]));
    assert!(
        shown.starts_with("Error: no model is set; set ALLOY_MODEL, for example ALLOY_MODEL=ollama:llama3.1\n  command: hello\n  help: "),
        "{shown}"
    );
    assert_eq!(stderr(&run(RETURNS_BOXED, &[])), shown);
    let shown = stderr(&run(RETURNS_ANYHOW, &[]));
    assert!(
        shown.starts_with("Error: no model is set; set ALLOY_MODEL"),
        "{shown}"
    );

    let gone = Server::start([]).host();
    let variables = [("ALLOY_MODEL", "m"), ("OLLAMA_HOST", gone.as_str())];
    for program in [RETURNS_ERROR, RETURNS_BOXED, RETURNS_ANYHOW] {
        let shown = stderr(&run(program, &variables));
        let expected =
            format!("Error: cannot reach Ollama at http://{gone}; start it with `ollama serve`\n");
        assert!(shown.starts_with(&expected), "{shown}");
        assert!(
            shown.to_lowercase().contains("refused"),
            "the cause is told: {shown}"
        );
    }
}

// A1
#[test]
fn the_model_of_the_environment_reaches_the_server_by_its_bare_name() {
    for given in [
        "ollama:llama3.1",
        "Local:llama3.1",
        "OLLAMA/llama3.1",
        "llama3.1",
    ] {
        let server = Server::start([Reply::answer("hello")]);
        let host = server.host();
        let output = run(
            RETURNS_ERROR,
            &[("ALLOY_MODEL", given), ("OLLAMA_HOST", &host)],
        );
        assert_eq!(stdout(&output), "hello\n");
        assert_eq!(server.request().json()["model"], "llama3.1");
    }
}

#[test]
fn every_variable_takes_effect() {
    let server = Server::start([Reply::answer("hello")]);
    let host = format!("http://{}/v1", server.host());
    let variables = [
        ("ALLOY_MODEL", "m"),
        ("ALLOY_SYSTEM", "weaker"),
        ("ALLOY_DEFAULT_SYSTEM", "Be brief."),
        ("ALLOY_TEMPERATURE", "0.5"),
        ("ALLOY_MAX_TOKENS", "40"),
        ("ALLOY_TIMEOUT", "30s"),
        ("OLLAMA_HOST", "127.0.0.1:1"),
        ("ALLOY_HOST", host.as_str()),
        ("OLLAMA_API_KEY", "k-123"),
    ];
    assert_eq!(stdout(&run(RETURNS_ERROR, &variables)), "hello\n");
    let request = server.request();
    assert_eq!(
        request.body,
        r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Say hello"}],"stream":false,"options":{"temperature":0.5,"num_predict":40},"truncate":false}"#
    );
    assert_eq!(request.header("authorization"), Some("Bearer k-123"));
}

#[test]
fn the_timeout_of_the_environment_ends_a_silent_server() {
    let server = Server::start([Reply::raw("").then_silence()]);
    let host = server.host();
    let output = run(
        RETURNS_ERROR,
        &[
            ("ALLOY_MODEL", "m"),
            ("OLLAMA_HOST", &host),
            ("ALLOY_TIMEOUT", "200ms"),
        ],
    );
    assert!(stderr(&output).starts_with("Error: no answer within 200ms, the command's timeout\n"));
}

#[test]
fn a_bad_variable_stops_every_command_and_names_itself() {
    let shown = stderr(&run(
        RETURNS_ERROR,
        &[("ALLOY_MODEL", "m"), ("ALLOY_TEMPERATURE", "hot")],
    ));
    assert!(
        shown.starts_with("Error: ALLOY_TEMPERATURE is `hot`; expected a number from 0 to 2\n"),
        "{shown}"
    );
}

// A5
#[test]
fn no_proxy_stands_before_this_machine() {
    let server = Server::start([Reply::answer("hello")]);
    let host = server.host();
    let variables = [
        ("ALLOY_MODEL", "m"),
        ("OLLAMA_HOST", host.as_str()),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("http_proxy", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
    ];
    assert_eq!(stdout(&run(RETURNS_ERROR, &variables)), "hello\n");
}

// E4
#[test]
fn a_key_of_the_environment_is_shown_nowhere() {
    let server = Server::start([Reply::error(401, "unauthorized")]);
    let host = server.host();
    let variables = [
        ("ALLOY_MODEL", "m"),
        ("OLLAMA_HOST", host.as_str()),
        ("OLLAMA_API_KEY", "k-123"),
    ];
    let shown = stderr(&run(RETURNS_ERROR, &variables));
    assert!(
        shown.contains("did not accept the key (status 401)"),
        "{shown}"
    );
    assert!(!shown.contains("k-123"), "{shown}");
    assert_eq!(
        server.request().header("authorization"),
        Some("Bearer k-123")
    );
}

#[test]
fn a_hosts_own_credentials_win_over_the_key_and_no_request_has_both() {
    let server = Server::start([Reply::answer("hello")]);
    let host = format!("http://ann:pw@{}", server.host());
    let variables = [
        ("ALLOY_MODEL", "m"),
        ("OLLAMA_HOST", host.as_str()),
        ("OLLAMA_API_KEY", "k-123"),
    ];
    assert_eq!(stdout(&run(RETURNS_ERROR, &variables)), "hello\n");
    let headers = server.request().headers;
    let sent: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name == "authorization")
        .collect();
    assert_eq!(
        sent,
        [&("authorization".to_owned(), "Basic YW5uOnB3".to_owned())]
    );
}

// A key of the environment is for the server of the environment, and for no other.
#[test]
fn a_key_of_the_environment_goes_to_the_server_of_the_environment() {
    let server = Server::start([Reply::answer(r#"{"value":25}"#)]);
    let url = format!("http://{}/v1", server.host());
    let variables = [
        ("ALLOY_MODEL", "openai:qwen3"),
        ("OPENAI_BASE_URL", url.as_str()),
        ("OPENAI_API_KEY", "k-123"),
    ];
    assert_eq!(stdout(&run(TYPED, &variables)), "25 1\n");
    assert_eq!(
        server.request().header("authorization"),
        Some("Bearer k-123")
    );
}

// A2
#[test]
fn answers_are_asked_for_as_often_as_the_environment_says() {
    let check = |variables: &[(&str, &str)], answers: &[&str], expected: Result<&str, &str>| {
        let server = Server::start(answers.iter().map(|answer| Reply::answer(answer)));
        let host = server.host();
        let own = [("ALLOY_MODEL", "m"), ("OLLAMA_HOST", host.as_str())];
        let output = run(TYPED, &[&own, variables].concat());
        match expected {
            Ok(expected) => assert_eq!(stdout(&output), expected),
            Err(expected) => assert!(stderr(&output).contains(expected), "{output:?}"),
        }
        assert_eq!(server.requests().len(), answers.len(), "{variables:?}");
    };
    const OFF: (&str, &str) = ("ALLOY_AUTO_FINALIZE_MISSING_OUTPUT", "off");
    let good = r#"{"value":25}"#;
    check(&[], &["", good], Ok("25 2\n"));
    check(&[OFF], &[""], Err("gave an empty answer"));
    check(
        &[("ALLOY_RETRY", "3"), OFF],
        &["x", "x", good],
        Ok("25 3\n"),
    );
    check(
        &[("ALLOY_RETRY", "2")],
        &["x"; 3],
        Err("after: 3 answers of the model"),
    );
}

// E7 S5
#[test]
fn a_crowd_is_answered_and_leaves_nothing_behind() {
    let said = Said::new(r#"{"value":25}"#);
    let slow = Reply::said(&said).after(Duration::from_millis(5));
    let server = Server::start(std::iter::repeat_n(slow, 2000));
    let begun = Reply::stream(&Said::new("Once upon"));
    let begun = begun.cut_short_by(100).then_silence();
    let stories = Server::start(std::iter::repeat_n(begun, 100));
    let (host, stories_host) = (server.host(), stories.host());
    let variables = [
        ("ALLOY_MODEL", "llama3.1"),
        ("OLLAMA_HOST", host.as_str()),
        ("STORIES", stories_host.as_str()),
    ];
    let shown = stdout(&run(CROWD, &variables));
    let number = |name: &str| -> Vec<usize> {
        let lines = shown.lines().filter_map(|line| line.strip_prefix(name));
        lines.map(|count| count.trim().parse().unwrap()).collect()
    };
    assert_eq!(number("answered"), [1000, 500], "{shown}");
    assert_eq!(number("begun"), [100], "{shown}");
    // The connections that are kept.
    assert!(number("tasks")[0] <= 101, "{shown}");
    assert!(number("descriptors")[0] <= 100, "{shown}");
    // One for each request that is waited for; two where another became free meanwhile.
    assert!(number("most")[0] <= 200, "{shown}");
}
