//! Question marks that do not leave the body of a command.

use alloy_runtime::command;

#[command()]
async fn first_words(text: &str) -> String {
    fn shown<T: ?Sized + ToString>(value: &T) -> Option<String> {
        Some(value.to_string().get(..9)?.to_owned())
    }
    let first = |line: &str| Some(line.split(' ').next()?.to_owned());
    let pairs = move |a: Option<u8>, b: Option<u8>| Some(a? | b?);
    let later = async { first("a b")?.parse::<u8>().ok() };
    drop(later);
    let both = (1 | 2, || -> Option<u8> { Some(pairs(None, None)? + 1) });
    let words: Option<Vec<String>> = text.lines().map(|line| Some(first(line)? + ";")).collect();
    format!("{words:?} {:?} {:?}?", shown(text), (both.1)())
}

fn main() {
    drop(first_words("a b"));
}
