use alloy_runtime::command;

// Settings that are not options.
#[command(
    "Say hello",
    options(
        model = "m",
        system = "s",
        temperature = 1,
        max_tokens = 1,
        retry = 2,
        auto_finalize_missing_output = true,
        on_invalid = 1,
        on_retry = 1,
        timeout = 3,
        connect_timeout = 3,
        idle_timeout = 3,
        max_tool_turns = 3,
        parallel_tools_max = 3,
        think = true,
        keep_alive = 3,
        schema_in_prompt = true,
        api = "native",
        host = "gpu",
        api_key = "k",
        base_url = "http://gpu",
        openai_api_key = "k",
        record_content = true,
        backend = "real",
        fallback = "m",
        on_done = 1,
        max_concurrency = 4,
        cache = 1,
        text_tool_calls = true,
        options = 1,
        prompt = "p",
        tools = 1,
        format = "json",
        num_predict = 5,
    )
)]
async fn keys() -> String;

// Numbers that JSON cannot represent, and an integer option with a fraction.
#[command("Say hello", temperature = 1e400, options(foo = 1e400, bar = [1, -1e999], top_p = 1e309, num_ctx = 8192.0))]
async fn numbers() -> String;

fn main() {}
