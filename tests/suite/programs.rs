//! Whole processes: their output, and the effects of environment variables.

use std::process::{Command, Output};
use std::time::Duration;

use alloy_tests::server::{Reply, Said, Server};

/// Runs one of this package's programs with the given variables and without the caller's settings.
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
fn every_error_type_of_main_prints_the_next_step() {
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
            "the cause is missing: {shown}"
        );
    }
}

// A1
#[test]
fn the_model_from_the_environment_is_sent_without_its_prefix() {
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
fn the_timeout_from_the_environment_applies_to_a_silent_server() {
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
fn an_invalid_variable_fails_the_command_and_is_named() {
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
fn requests_to_this_machine_use_no_proxy() {
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

#[test]
fn a_proxy_in_the_way_is_named_with_its_variable() {
    let gone = format!("http://{}", Server::start([]).host());
    let secret = gone.replace("http://", "http://ann:hunter2@");
    let socks = gone.replace("http://", "socks5://");
    let check = |variable: &str, proxy: &str, shown: &str| {
        let variables = [
            ("ALLOY_MODEL", "m"),
            ("OLLAMA_HOST", "http://gpu.invalid:11434"),
            (variable, proxy),
        ];
        let text = stderr(&run(RETURNS_ERROR, &variables));
        assert!(text.contains(shown), "{text}");
        assert!(text.contains("NO_PROXY=gpu.invalid"), "{text}");
        assert!(
            !text.contains("hunter2") && !text.contains("ollama serve"),
            "{text}"
        );
        // The proxy is left out, so that the name is looked up here.
        let without = [&variables[..], &[("NO_PROXY", "gpu.invalid")]].concat();
        let text = stderr(&run(RETURNS_ERROR, &without));
        assert!(text.contains("the host name does not resolve"), "{text}");
    };
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let shown = format!(
            "Error: cannot reach http://gpu.invalid:11434 through the proxy of {variable}, {gone}; leave the proxy out with NO_PROXY=gpu.invalid\n"
        );
        check(variable, &gone, &shown);
    }
    check(
        "HTTP_PROXY",
        &secret,
        "through the proxy of HTTP_PROXY, http://[secret]@127.0.0.1:",
    );
    // A build whose HTTP client supports TLS tries to connect to it, others reject the scheme.
    check("ALL_PROXY", &socks, " ALL_PROXY");
}

#[test]
fn a_socks_proxy_is_not_supported() {
    let server = Server::start([Reply::raw("")]);
    let proxy = format!("socks5://{}", server.host());
    let variables = [
        ("ALLOY_MODEL", "m"),
        ("OLLAMA_HOST", "http://gpu.invalid:11434"),
        ("ALL_PROXY", proxy.as_str()),
    ];
    let shown = stderr(&run(RETURNS_ERROR, &variables));
    let expected = format!(
        "Error: ALL_PROXY is `{proxy}`, a SOCKS proxy; expected one with `http://` or `https://`, or NO_PROXY=gpu.invalid to leave it out\n"
    );
    assert!(shown.starts_with(&expected), "{shown}");
}

// Ollama's own rule: with a scheme the port is that of the scheme.
#[test]
fn an_error_says_that_a_scheme_without_a_port_means_port_80() {
    let note = "without a port, `http://` means port 80: for Ollama's own port write `http://127.0.0.1:11434`, or leave `http://` out";
    let shown = |host: &str| {
        let variables = [("ALLOY_MODEL", "m"), ("OLLAMA_HOST", host)];
        stderr(&run(RETURNS_ERROR, &variables))
    };
    let implied = shown("http://127.0.0.1");
    assert!(
        implied.contains("http://127.0.0.1:80") && implied.contains(note),
        "{implied}"
    );
    let written = shown("http://127.0.0.1:80");
    assert!(!written.contains("without a port"), "{written}");
}

// The test runs itself with a misspelt variable, because a process reads its environment once.
#[test]
fn a_misspelt_variable_is_warned_about_once() {
    const NAME: &str = "programs::a_misspelt_variable_is_warned_about_once";
    if std::env::var_os("ALLOY_MODLE").is_some() {
        let subscriber = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..2 {
                alloy_runtime::ask("Hi").model("m").preview().unwrap();
            }
        });
        return;
    }
    let mut program = Command::new(std::env::current_exe().unwrap());
    let program = program.args([NAME, "--exact", "--nocapture"]);
    let output = program.env("ALLOY_MODLE", "hunter2").output().unwrap();
    let shown = String::from_utf8(output.stderr).unwrap();
    let warning = "the environment variable ALLOY_MODLE is not known and has no effect; did you mean ALLOY_MODEL?";
    assert_eq!(shown.matches(warning).count(), 1, "{shown}");
    assert!(
        shown.contains("WARN") && !shown.contains("hunter2"),
        "{shown}"
    );
}

// E4
#[test]
fn a_key_from_the_environment_is_never_shown() {
    let server = Server::start([Reply::error(401, "unauthorized")]);
    let host = server.host();
    let variables = [
        ("ALLOY_MODEL", "m"),
        ("OLLAMA_HOST", host.as_str()),
        ("OLLAMA_API_KEY", "k-123"),
    ];
    let shown = stderr(&run(RETURNS_ERROR, &variables));
    assert!(
        shown.contains("did not authorize the request (status 401)"),
        "{shown}"
    );
    assert!(!shown.contains("k-123"), "{shown}");
    assert_eq!(
        server.request().header("authorization"),
        Some("Bearer k-123")
    );
}

#[test]
fn credentials_in_the_host_override_the_key() {
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

// A key from the environment is sent only to the server from the environment.
#[test]
fn a_key_from_the_environment_is_sent_to_the_server_from_the_environment() {
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
fn variables_limit_the_number_of_answers() {
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
fn many_concurrent_commands_leave_no_tasks_or_descriptors() {
    let answer = Said::new(r#"{"value":25}"#);
    let slow = Reply::said(&answer).after(Duration::from_millis(5));
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
    // Idle connections that are kept for reuse: up to a hundred of the first server, and the few of the second that were
    // opened beside a stream. Those of the streams themselves would be a hundred more.
    assert!(number("tasks")[0] <= 111, "{shown}");
    assert!(number("descriptors")[0] <= 110, "{shown}");
    // Each pending request has one connection, or two if another became free in the meantime.
    assert!(number("most")[0] <= 200, "{shown}");
}
