//! The name and the arguments of a call, wherever a server or a model puts them.

use serde_json::{Map, Value};

use super::{is_empty, text};

/// Keys of a call's arguments, the one of the protocols first. Models that write calls as text use the others, and some
/// servers pass them on.
pub(super) const ARGUMENT_KEYS: [&str; 8] = [
    "arguments",
    "parameters",
    "args",
    "params",
    "kwargs",
    "input",
    "tool_input",
    "action_input",
];

/// Keys of a call's name, the one of the protocols first.
const NAME_KEYS: [&str; 3] = ["name", "tool_name", "tool"];

/// The parts of a call that its tool needs.
pub(crate) struct CallParts {
    /// Empty if the call has none.
    pub(crate) name: String,
    pub(crate) arguments: Option<Value>,
    /// `true` if the arguments have one of their usual keys.
    pub(crate) has_key: bool,
}

impl CallParts {
    /// Takes the parts of `{"function": {"name": …, "arguments": …}}`. The object around the function may be missing, and
    /// each part may be beside the function.
    pub(crate) fn take_from(mut call: Map<String, Value>) -> Self {
        let function = match call.remove("function") {
            Some(Value::Object(function)) => Some(function),
            Some(name @ Value::String(_)) => {
                call.entry("name").or_insert(name);
                None
            }
            _ => None,
        };
        let (mut inside, mut beside) = match function {
            Some(function) => (function, call),
            None => (call, Map::new()),
        };
        let name = take_name(&mut inside).or_else(|| take_name(&mut beside));
        let mut given = take_arguments(&mut inside);
        given.extend(take_arguments(&mut beside));
        let has_key = !given.is_empty();
        inside.retain(|key, _| !OTHER_KEYS.contains(&key.as_str()));
        let mut some = given.iter().filter(|(_, arguments)| !is_empty(arguments));
        let arguments = match (some.next(), some.next()) {
            (Some((_, arguments)), None) => Some(arguments.clone()),
            // One of them was meant, and nothing says which: both names are reported as unknown.
            (Some((_, first)), Some((_, other))) if first == other => Some(first.clone()),
            (Some(_), Some(_)) => Some(Value::Object(given.into_iter().collect())),
            // Under another key, or without any: unknown names are reported.
            (None, _) if !inside.is_empty() => Some(Value::Object(inside)),
            (None, _) => given.into_iter().next().map(|(_, arguments)| arguments),
        };
        Self {
            name: name.unwrap_or_default().trim().to_owned(),
            arguments,
            has_key,
        }
    }
}

/// Keys of a call that are neither its name nor its arguments.
const OTHER_KEYS: [&str; 11] = [
    "id",
    "index",
    "type",
    "call_id",
    "tool_call_id",
    "description",
    "strict",
    "status",
    "extra_content",
    "thought_signature",
    "output",
];

fn take_name(call: &mut Map<String, Value>) -> Option<String> {
    let mut names = NAME_KEYS.iter().map(|key| text(call.remove(*key)));
    names.find(|name| !name.is_empty())
}

/// Takes all that may be the arguments, by their keys.
fn take_arguments(call: &mut Map<String, Value>) -> Vec<(String, Value)> {
    let keys = ARGUMENT_KEYS.into_iter();
    let given = keys.filter_map(|key| Some((key.to_owned(), call.remove(key)?)));
    given.collect()
}
