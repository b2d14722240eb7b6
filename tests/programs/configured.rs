//! Configures the process several times and checks the settings after each step. A failed assertion ends the program.

#![allow(clippy::panic, reason = "the program checks with assertions")]

use alloy_runtime::{Config, command, configure, replace_config};

#[command("Say hello")]
async fn hello() -> String;

fn check(name: &str, expected: Option<&str>) {
    let settings = hello().preview().map(|preview| preview.settings);
    let found = settings.ok().and_then(|settings| settings.get(name));
    assert_eq!(found.as_deref(), expected, "{name}");
}

fn main() -> alloy_runtime::Result<()> {
    // The first use reads the environment; later calls of `configure` still apply.
    check("model", Some("from-environment"));
    configure(Config::new().model("one").temperature(0.5))?;
    check("model", Some("one"));
    let merged = configure(Config::new().model("two"))?;
    assert_eq!(
        format!("{merged:?}"),
        "Config { model: two, temperature: 0.5 }"
    );
    check("model", Some("two"));
    check("temperature", Some("0.5"));

    // Replaces the whole configuration, and restores it.
    let before = replace_config(Config::new().max_tokens(7))?;
    assert_eq!(format!("{before:?}"), format!("{merged:?}"));
    check("model", Some("from-environment"));
    check("temperature", None);
    check("max_tokens", Some("7"));
    let given = replace_config(before)?;
    assert_eq!(format!("{given:?}"), "Config { max_tokens: 7 }");
    check("model", Some("two"));

    let environment = Config::from_env()?;
    assert_eq!(
        format!("{environment:?}"),
        "Config { model: from-environment, api_key: [secret] }"
    );
    configure(environment)?;
    check("model", Some("from-environment"));
    Ok(())
}
