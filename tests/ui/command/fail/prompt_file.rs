use alloy_runtime::command;

#[command(prompt_file = "prompts/missing.md")]
async fn missing(text: &str) -> String;

#[command(prompt_file = "prompts/wrong.md")]
async fn wrong(text: &str, language: &str) -> String;

#[command(prompt_file = "prompts/empty.md")]
async fn empty() -> String;

#[command(prompt_file = "prompts/binary.md")]
async fn binary() -> String;

#[command("Greet {name}", prompt_file = "prompts/greet.md")]
async fn template_and_file(name: &str) -> String;

#[command(prompt_file = "prompts/greet.md")]
async fn file_and_body(name: &str) -> String {
    name.to_owned()
}

#[command(prompt_file = 3)]
async fn no_path(name: &str) -> String;

fn main() {}
