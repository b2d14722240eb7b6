use alloy_runtime::command;

const PROMPT: &str = "Say hi";

#[command(include_str!("prompts/greet.md"))]
async fn file() -> String;

#[command(std::include_str!("prompts/greet.md"), model = "m")]
async fn path() -> String;

#[command(PROMPT)]
async fn constant() -> String;

#[command(prompt = include_str!("prompts/greet.md"))]
async fn keyed() -> String;

#[command("Say hi", system = include_str!("prompts/greet.md"))]
async fn system() -> String;

#[command(prompt = PROMPT)]
async fn keyed_constant() -> String;

fn main() {
    println!("{PROMPT}");
}
