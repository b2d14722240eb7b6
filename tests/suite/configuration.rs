//! The table of configuration keys: its documentation, its layers and the resolved settings.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use alloy_runtime::__private::{Key, keys};
use alloy_runtime::{Config, ErrorKind, SettingSource, ask, command, with_config};
use alloy_tests::server::{Reply, Server};

#[command("Say hello")]
async fn hello() -> String;

#[command("Say hello", model = "pinned")]
async fn pinned() -> String;

/// Reads the rows of the documentation's table: key, attribute, setter, variables, default.
fn documented() -> Vec<[String; 5]> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let rows = docs.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [key, _, attribute, setter, variables, default] = cells[..] else {
            panic!("expected a row of six cells: {row}")
        };
        [key, attribute, setter, variables, default].map(|cell| cell.replace('`', ""))
    })
    .collect()
}

// A2 A3: fails for a key that the documentation lacks or describes differently.
#[test]
fn the_documentation_matches_the_table_of_keys() {
    let row = |key: &Key| {
        let name = key.name;
        let attribute = match (key.attribute, name) {
            (false, _) => "",
            (true, "options") => "options(…)",
            (true, _) => "yes",
        };
        let setter = match (key.call, name) {
            (true, "options") => ".option(…)".to_owned(),
            (true, _) => format!(".{name}(…)"),
            (false, _) => format!("Config::{name}"),
        };
        let variables = match name {
            "api" => "ollama_api in ALLOY_EXTRA_JSON".to_owned(),
            "options" => "options in ALLOY_EXTRA_JSON".to_owned(),
            _ => key.variables.join(", then "),
        };
        let default = key.default.clone().unwrap_or_else(|| "none".to_owned());
        [
            name.to_owned(),
            attribute.to_owned(),
            setter,
            variables,
            default,
        ]
    };
    let expected: Vec<_> = keys().iter().map(row).collect();
    assert_eq!(documented(), expected);
}

/// The layers, strongest first. Each sets every key that it offers to a value with the layer's number.
const LAYERS: [&str; 5] = ["call", "attribute", "scope", "process", "environment"];

/// Returns the displayed value of a key that layer `number` set.
fn shown(key: &str, number: usize) -> String {
    let even = number.is_multiple_of(2).to_string();
    match key {
        "model" => format!("m-{number}"),
        "system" => format!("\"s-{number}\""),
        "temperature" => format!("0.{number}"),
        "max_tokens" | "retry" | "max_tool_turns" | "parallel_tools_max" | "max_concurrency" => {
            number.to_string()
        }
        "fallback" => format!("f-{number}"),
        "keep_alive" if number == 1 => "forever".to_owned(),
        "timeout" | "connect_timeout" | "idle_timeout" | "keep_alive" => format!("{number}s"),
        "auto_finalize_missing_output" | "schema_in_prompt" | "text_tool_calls" if number == 1 => {
            "true".to_owned()
        }
        "auto_finalize_missing_output"
        | "schema_in_prompt"
        | "text_tool_calls"
        | "record_content" => even,
        "think" => ["true", "low", "medium", "high", "max"][number - 1].to_owned(),
        "api" if [1, 4].contains(&number) => "openai_chat".to_owned(),
        "api" => "native".to_owned(),
        "host" => format!("http://host:{number}"),
        "api_key" | "openai_api_key" => "[secret]".to_owned(),
        "base_url" => format!("http://base/{number}"),
        "backend" => "real".to_owned(),
        "cache" => format!("folder-{number}"),
        "on_invalid" | "on_retry" | "on_done" => "a function".to_owned(),
        _ => {
            panic!("`{key}` is new: add its displayed value here and set it in programs/layers.rs")
        }
    }
}

fn offers(key: &Key, layer: &str) -> bool {
    match layer {
        "call" => key.call,
        "attribute" => key.attribute,
        "environment" => !key.variables.is_empty(),
        _ => true,
    }
}

/// Returns the environment variables that set every key.
fn environment() -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    for key in keys() {
        let Some(name) = key.variables.first() else {
            continue;
        };
        let value = match key.name {
            "system" => "s-5".to_owned(),
            "host" => "host:5".to_owned(),
            "api_key" | "openai_api_key" => "k-5".to_owned(),
            "api" | "options" => {
                r#"{"ollama_api": "native", "options": {"num_ctx": 5, "num_batch": 5}}"#.to_owned()
            }
            other => shown(other, 5),
        };
        variables.push((*name, value));
    }
    variables
}

/// Runs `programs/layers.rs` and parses its output: the value and the layer of each key.
fn settings(layers: &[&str]) -> BTreeMap<String, (String, String)> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_layers"));
    program.args(layers);
    for key in keys() {
        for variable in key.variables {
            program.env_remove(variable);
        }
    }
    if layers.contains(&"environment") {
        program.envs(environment());
    }
    let output = program.output().unwrap();
    assert!(output.status.success(), "{layers:?}: {output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    printed
        .lines()
        .map(|line| {
            let (name, rest) = line.split_once("  ").unwrap();
            let (value, layer) = rest.trim().rsplit_once("  ").unwrap();
            let layer = layer.trim_matches(['(', ')']);
            (name.to_owned(), (value.to_owned(), layer.to_owned()))
        })
        .collect()
}

// A3: covers every key, at each layer that offers it, under every combination of layers.
#[test]
fn the_strongest_layer_that_sets_a_key_wins() {
    for choice in 1..1_usize << LAYERS.len() {
        let chosen = |index: usize| choice & (1 << index) != 0;
        let layers: Vec<&str> = (0..LAYERS.len())
            .filter(|index| chosen(*index))
            .map(|index| LAYERS[index])
            .collect();
        let settings = settings(&layers);
        let mut expected = BTreeMap::new();
        for key in keys() {
            let mut setting =
                (0..LAYERS.len()).filter(|index| chosen(*index) && offers(&key, LAYERS[*index]));
            if key.name == "options" {
                // Options are merged by name: every layer sets `num_ctx` and one more option.
                let own = ["seed", "top_k", "num_keep", "repeat_last_n", "num_batch"];
                for index in setting {
                    let value = ((index + 1).to_string(), LAYERS[index].to_owned());
                    expected.insert(format!("options.{}", own[index]), value.clone());
                    expected
                        .entry("options.num_ctx".to_owned())
                        .or_insert(value);
                }
            } else if let Some(index) = setting.next() {
                let pinned = match (key.name, LAYERS[index]) {
                    ("model", "attribute") => ", pinned",
                    _ => "",
                };
                let value = shown(key.name, index + 1);
                let layer = format!("{}{pinned}", LAYERS[index]);
                expected.insert(key.name.to_owned(), (value, layer));
            } else if let Some(default) = key.default {
                let value = (default, "default".to_owned());
                expected.insert(key.name.to_owned(), value);
            }
        }
        assert_eq!(settings, expected, "{layers:?}");
    }
}

#[tokio::test]
async fn nested_scopes_merge_and_follow_a_spawned_command() {
    let outer = Config::new().model("outer").max_tokens(9).option("seed", 1);
    let inner = Config::new().model("inner").option("top_k", 2);
    let made = with_config(outer, async {
        with_config(inner, async { (hello(), hello().model("call")) }).await
    });
    let (inner, call) = made.await;
    let printed = |command: alloy_runtime::Command<String>| async {
        tokio::spawn(async move { command.preview().unwrap().settings.to_string() })
            .await
            .unwrap()
    };
    let settings = printed(inner).await;
    for line in [
        "inner  (scope)",
        "9  (scope)",
        "options.seed                  1  (scope)",
        "options.top_k                 2  (scope)",
    ] {
        assert!(settings.contains(line), "{line} in {settings}");
    }
    assert!(printed(call).await.contains("call  (call)"));
    let error = hello().preview().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "the scope is gone");
}

// `with_config(config, extract(text))` creates the command before it enters the scope.
#[tokio::test]
async fn a_command_created_outside_a_scope_uses_the_scope_that_polls_it() {
    let server = Server::start([Reply::answer("a"), Reply::answer("b")]);
    let scope = Config::new().model("scoped").host(server.host());
    with_config(scope.clone(), hello()).await.unwrap();
    // A command created in a scope keeps that scope.
    let [kept] = with_config(scope, async { [hello()] }).await;
    with_config(Config::new().model("other"), kept)
        .await
        .unwrap();
    let models: Vec<_> = server
        .requests()
        .iter()
        .map(|r| r.json()["model"].clone())
        .collect();
    assert_eq!(models, ["scoped", "scoped"]);
}

#[tokio::test]
async fn a_model_in_the_attribute_is_pinned() {
    let settings = with_config(Config::new().model("other"), async {
        pinned().preview().unwrap().settings
    })
    .await;
    assert_eq!(settings.source("model"), Some(SettingSource::Attribute));
    assert!(settings.to_string().contains("pinned  (attribute, pinned)"));
}

// The error is returned where the config is used, and the settings of the process stay unchanged.
#[tokio::test]
async fn an_invalid_config_is_rejected_where_it_is_used() {
    let bad = || Config::new().temperature(3.0).model(" ");
    let expected = "temperature is 3; expected a number from 0 to 2";
    let error = alloy_runtime::configure(bad()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = alloy_runtime::replace_config(bad()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = pinned().config(bad()).await.unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = with_config(bad(), async { pinned().await })
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(pinned().preview().is_ok());
}

#[test]
fn invalid_setter_values_name_the_expected_value() {
    let zero = std::time::Duration::ZERO;
    let check = |config: Config, expected: &str| {
        let error = pinned().config(config).preview().unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(!error.help().is_empty());
    };
    let config = Config::new;
    check(
        config().retry(0),
        "retry is 0; expected a whole number from 1",
    );
    check(
        config().parallel_tools_max(0),
        "parallel_tools_max is 0; expected a whole number from 1",
    );
    check(
        config().connect_timeout(zero),
        "connect_timeout is zero; expected a duration such as 30s",
    );
    check(
        config().idle_timeout(zero),
        "idle_timeout is zero; expected a duration such as 30s",
    );
    check(
        config().option("num_ctx", "big"),
        "the option `num_ctx` is \"big\"; expected a whole number",
    );
    check(
        config().extra("ollama_api", "grpc"),
        "`ollama_api` in the extras is `grpc`; expected `native` or `openai_chat`",
    );
    check(
        config().extra("colour", 1),
        "`colour` in the extras is not known; the keys there are `ollama_api` and `options`",
    );
    check(
        config().api_key("k\n1"),
        "api_key contains characters that are not valid in an HTTP header; expected printable ASCII",
    );
    check(
        config().host("gpu box"),
        "host is `gpu box`, which is not a valid address: it contains ' '",
    );
}

#[test]
fn options_of_the_attribute_accept_any_literal() {
    #[command(
        "Say hello",
        model = "m",
        options(seed = -1, top_p = 0.5, use_mmap = true, stop = ["a\"\n", "b"], r#type = "x")
    )]
    async fn all() -> String;

    let preview = all().preview().unwrap();
    assert!(
        preview.body.contains(
            r#""options":{"seed":-1,"top_p":0.5,"use_mmap":true,"stop":["a\"\u000a","b"],"type":"x"}"#
        ),
        "{}",
        preview.body
    );
}

#[test]
fn configure_applies_to_later_commands() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_configured"));
    for variable in keys().iter().flat_map(|key| key.variables) {
        program.env_remove(variable);
    }
    program.env("ALLOY_MODEL", "from-environment");
    program.env("OLLAMA_API_KEY", "k-123");
    let output = program.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

// `with_config(outer, with_config(inner, …))` evaluates the inner call first.
#[tokio::test]
async fn a_scope_can_be_the_argument_of_another_scope() {
    let outer = Config::new().model("outer").max_tokens(9);
    let inner = Config::new().max_tokens(7);
    let made = with_config(outer, with_config(inner, async { [hello()] }));
    let [command] = made.await;
    let settings = command.preview().unwrap().settings;
    assert_eq!(settings.get("model").as_deref(), Some("outer"));
    assert_eq!(settings.get("max_tokens").as_deref(), Some("7"));
}

#[tokio::test]
async fn a_scope_does_not_follow_a_spawned_task() {
    let scope = || Config::new().model("scoped");
    let model = |task: tokio::task::JoinHandle<alloy_runtime::Result<alloy_runtime::Preview>>| async {
        let preview = task.await.unwrap();
        preview
            .ok()
            .and_then(|preview| preview.settings.get("model"))
    };
    let outside = with_config(scope(), async {
        [tokio::spawn(async { hello().preview() })]
    });
    let [outside] = outside.await;
    assert_eq!(model(outside).await, None);
    let inside = tokio::spawn(with_config(scope(), async { hello().preview() }));
    assert_eq!(model(inside).await.as_deref(), Some("scoped"));
}

// The attribute's system message is rendered for each call. The setter of the call overrides it.
#[test]
fn a_rendered_system_message_is_shown_with_its_layer() {
    #[command("Say hello", model = "m", system = "You are {mood}.")]
    async fn hello(mood: &str) -> String;
    let system = |command: alloy_runtime::Command<String>| {
        let preview = command.preview().unwrap();
        let settings = preview.settings.to_string();
        let line = settings.lines().find(|line| line.starts_with("system"));
        let source = preview.settings.source("system").unwrap();
        (line.unwrap().to_owned(), source)
    };
    let (line, source) = system(hello("kind"));
    assert!(line.contains("You are kind."), "{line}");
    assert_eq!(source, SettingSource::Attribute);
    let (line, source) = system(hello("kind").system("Be brief."));
    assert!(line.contains("Be brief."), "{line}");
    assert_eq!(source, SettingSource::Call);
}

#[test]
fn debug_output_shows_the_values_of_settings() {
    let config = Config::new()
        .model("m")
        .host("gpu")
        .base_url("http://gpu/v1")
        .on_retry(|_| ())
        .on_invalid(|_| alloy_runtime::Decision::FollowSettings);
    let shown = format!("{config:?}");
    for part in ["model: m", "gpu:11434", "http://gpu/v1", "a function"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let settings = ask("Hi").config(config).preview().unwrap().settings;
    assert!(format!("{settings:?}").contains("gpu:11434"));
}

// The setters take durations as the attribute does.
#[test]
fn durations_are_values_or_texts() {
    let settings = |command: alloy_runtime::Command<String>| command.preview().unwrap().settings;
    let command = pinned()
        .timeout("1h30m")
        .connect_timeout("1500ms".to_owned())
        .idle_timeout("2m".to_owned());
    let shown = settings(command);
    for (key, expected) in [
        ("timeout", "90m"),
        ("connect_timeout", "1500ms"),
        ("idle_timeout", "2m"),
    ] {
        assert_eq!(shown.get(key).as_deref(), Some(expected), "{key}");
    }
    let config = Config::new().timeout("90s").keep_alive("10m");
    assert_eq!(
        format!("{config:?}"),
        "Config { timeout: 90s, keep_alive: 10m }"
    );
    for (text, expected) in [("1m30s", "90"), ("forever", "-1"), ("0s", "0")] {
        let body = pinned().keep_alive(text).preview().unwrap().body;
        assert!(
            body.contains(&format!(r#""keep_alive":{expected}"#)),
            "{body}"
        );
    }
}

#[test]
fn a_text_that_is_no_duration_is_the_error_of_the_call() {
    let expected = "expected a duration such as 500ms, 30s, 2m or 1h30m";
    for (command, message) in [
        (
            pinned().timeout("30"),
            format!("timeout is `30`; {expected}"),
        ),
        (
            pinned().idle_timeout("soon").timeout("1s"),
            format!("idle_timeout is `soon`; {expected}"),
        ),
        (
            pinned().config(Config::new().connect_timeout("2x")),
            format!("connect_timeout is `2x`; {expected}"),
        ),
        (
            pinned().keep_alive("always"),
            format!("keep_alive is `always`; {expected}, or forever"),
        ),
        (
            pinned().timeout("0s"),
            "timeout is zero; expected a duration such as 30s".to_owned(),
        ),
    ] {
        let error = command.preview().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn a_model_of_another_provider_is_an_error_before_anything_is_sent() {
    let server = Server::start([Reply::answer("hello")]);
    for model in ["anthropic:claude", "openai/gpt-4o"] {
        let error = hello().model(model).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let text = error.to_string();
        let expected = "is not known; the prefixes are `ollama:`, `openai:` and `gguf:`";
        assert!(text.starts_with(&format!("model `{model}`: ")), "{text}");
        assert!(text.ends_with(expected), "{text}");
        assert!(error.help().contains("OPENAI_BASE_URL"), "{error:?}");
    }
    assert!(server.requests().is_empty());
    // With Ollama's own prefix it is a model of Ollama, whatever its name.
    let given = hello().model("ollama:openai/gpt-4o").host(server.host());
    assert_eq!(given.await.unwrap(), "hello");
    assert_eq!(server.request().json()["model"], "openai/gpt-4o");
}
