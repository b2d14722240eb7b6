use alloy_runtime::command;

#[command()]
async fn double(number: &str) -> String {
    let half = || -> Option<usize> { Some(number.find('1')? / 2) };
    let number: i32 = number.parse()?;
    format!("Double {number}, {:?}, {}", half(), number.checked_add(1).ok_or("large")?)
}

#[command()]
async fn in_a_macro(number: &str) {
    format!("Double {}", number.parse::<i32>()?)
}

fn main() {}
