//! Question marks that do not return from the body of a command.

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

macro_rules! attempt {
    ($($tokens:tt)*) => {
        (|| -> Option<_> { Some($($tokens)*) })()
    };
}

macro_rules! either {
    ($condition:ident ? $yes:literal : $no:literal) => {
        if $condition { $yes } else { $no }
    };
}

#[command()]
async fn macros_of_others(text: &str) -> String {
    let length = attempt!(text.split(' ').next()?.len());
    let yes = text.is_empty();
    let next: fn(u8) -> Option<u8> = 'found: {
        if yes {
            break 'found |x| Some(Option::<u8>::Some(x)? + 1);
        }
        |x| Some(x)
    };
    let words = [stringify!(How are you?), either!(yes ? "a" : "b")];
    format!("{length:?} {words:?} {:?}", next(1))
}

fn main() {
    drop(macros_of_others("a b"));
    drop(first_words("a b"));
}
