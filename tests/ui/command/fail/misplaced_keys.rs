use alloy_runtime::command;

// Settings that are not keys.
#[command(
    "Say hello",
    auto_finalize_missing_output = true,
    on_invalid = f,
    on_retry = f,
    connect_timeout = "3s",
    idle_timeout = "3s",
    parallel_tools_max = 3,
    keep_alive = "3s",
    schema_in_prompt = true,
    api = "native",
    host = "gpu",
    api_key = "k",
    base_url = "http://gpu",
    openai_api_key = "k",
    record_content = true,
    backend = "real",
    on_done = f,
    max_concurrency = 4,
    cache = 1,
    text_tool_calls = true,
    config = "c",
    history(a, b),
    image = "a.png",
    context(a = 1),
)]
async fn elsewhere() -> String;

// Options of the model.
#[command(
    "Say hello",
    seed = 1,
    num_ctx = 1,
    num_keep = 1,
    top_k = 1,
    repeat_last_n = 1,
    num_batch = 1,
    num_gpu = 1,
    main_gpu = 1,
    num_thread = 1,
    draft_num_predict = 1,
    top_p = 1,
    presence_penalty = 1,
    frequency_penalty = 1,
    min_p = 1,
    typical_p = 1,
    repeat_penalty = 1,
    use_mmap = 1,
    truncate = 1,
    shift = 1,
    stop = 3,
    num_predict = 3,
)]
async fn options() -> String;

// Typing errors.
#[command("Say hello", tool(add, math::divide), option("num_ctx", 1), max_token = 3, tols(add))]
async fn near() -> String;

fn main() {}
