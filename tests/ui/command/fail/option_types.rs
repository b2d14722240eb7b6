use alloy_runtime::command;

#[command(
    "Say hello",
    options(
        seed = 1.5,
        num_ctx = 1.5,
        num_keep = 1.5,
        top_k = 1.5,
        repeat_last_n = 1.5,
        num_batch = 1.5,
        num_gpu = 1.5,
        main_gpu = 1.5,
        num_thread = 1.5,
        draft_num_predict = 1.5,
        top_p = "a lot",
        presence_penalty = "a lot",
        frequency_penalty = "a lot",
        min_p = "a lot",
        typical_p = "a lot",
        repeat_penalty = "a lot",
        use_mmap = 1,
        truncate = 1,
        shift = 1,
        stop = 3,
    )
)]
async fn of_the_wrong_type() -> String;

#[command("Say hello", options(temperature = 0.2, num_predict = 5, keep_alive = 3, format = "json", unknown = [1, "x"]))]
async fn no_options() -> String;

#[command("Say hello", options(seed = 18446744073709551615, top_p = 1, stop = "x", num_ctx = -1))]
async fn right() -> String;

fn main() {}
