use alloy_runtime::command;

#[command()]
async fn double(number: &str) -> alloy_runtime::Result<String> {
    let number: i32 = number.parse()?;
    Ok(format!("Double {number}"))
}

fn main() {}
