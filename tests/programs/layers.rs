//! Sets every key in the layers named by its arguments, and prints the resolved settings of a command.

#![allow(clippy::print_stdout, reason = "the program prints its results")]

use std::time::Duration;

use alloy_runtime::{
    Api, Backend, Command, Config, Decision, KeepAlive, Think, command, configure, with_config,
};

#[command(
    "Say hello",
    model = "m-2",
    fallback = "f-2",
    system = "s-2",
    temperature = 0.2,
    max_tokens = 2,
    retry = 2,
    timeout = "2s",
    max_tool_turns = 2,
    think = "low",
    options(num_ctx = 2, top_k = 2)
)]
async fn with_attribute() -> String;

#[command("Say hello")]
async fn without_attribute() -> String;

#[tokio::main(flavor = "current_thread")]
async fn main() -> alloy_runtime::Result<()> {
    let layers: Vec<String> = std::env::args().skip(1).collect();
    let has = |layer: &str| layers.iter().any(|given| given == layer);
    if has("process") {
        let other = configure(
            Config::new()
                .model("overwritten")
                .option("repeat_last_n", 4),
        )?;
        // The second `configure` keeps the option, because it does not set it.
        assert!(format!("{other:?}").contains("options.repeat_last_n: 4"));
        configure(config(4, Api::OpenaiChat, Think::High))?;
    }
    let made = async {
        let command = match has("attribute") {
            true => with_attribute(),
            false => without_attribute(),
        };
        match has("call") {
            true => [call(command)],
            false => [command],
        }
    };
    // The preview runs on another task, outside the scope that the command was created in.
    let [command] = match has("scope") {
        true => {
            with_config(
                config(3, Api::Native, Think::Medium).option("num_keep", 3),
                made,
            )
            .await
        }
        false => made.await,
    };
    let preview = tokio::spawn(async move { command.preview() }).await;
    match preview {
        Ok(preview) => println!("{}", preview?.settings),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
    Ok(())
}

fn call(command: Command<String>) -> Command<String> {
    command
        .model("m-1")
        .fallback("f-1")
        .system("s-1")
        .temperature(0.1)
        .max_tokens(1)
        .retry(1)
        .auto_finalize_missing_output(true)
        .on_invalid(|_| Decision::FollowSettings)
        .on_retry(|_| {})
        .timeout(Duration::from_secs(1))
        .connect_timeout(Duration::from_secs(1))
        .idle_timeout(Duration::from_secs(1))
        .max_tool_turns(1)
        .parallel_tools_max(1)
        .think(true)
        .keep_alive(KeepAlive::Forever)
        .schema_in_prompt(true)
        .text_tool_calls(true)
        .api(Api::OpenaiChat)
        .host("host:1")
        .option("num_ctx", 1)
        .option("seed", 1)
}

fn config(number: u32, api: Api, think: Think) -> Config {
    let seconds = Duration::from_secs(number.into());
    let even = number.is_multiple_of(2);
    Config::new()
        .model(format!("m-{number}"))
        .fallback(format!("f-{number}"))
        .system(format!("s-{number}"))
        .temperature(f64::from(number) / 10.0)
        .max_tokens(number)
        .retry(number)
        .auto_finalize_missing_output(even)
        .on_invalid(|_| Decision::FollowSettings)
        .on_retry(|_| {})
        .on_done(|_| {})
        .max_concurrency(number)
        .cache(alloy_runtime::Cache::folder(format!("folder-{number}")))
        .timeout(seconds)
        .connect_timeout(seconds)
        .idle_timeout(seconds)
        .max_tool_turns(number)
        .parallel_tools_max(number)
        .think(think)
        .keep_alive(seconds)
        .schema_in_prompt(even)
        .text_tool_calls(even)
        .api(api)
        .host(format!("host:{number}"))
        .api_key(format!("k-{number}"))
        .base_url(format!("http://base/{number}"))
        .openai_api_key(format!("k-{number}"))
        .record_content(even)
        .backend(Backend::real())
        .option("num_ctx", number)
}
