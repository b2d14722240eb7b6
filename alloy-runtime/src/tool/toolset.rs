//! The tools of one command.

use serde_json::value::RawValue;

use super::Tool;
use super::definition::ToolDefinition;
use super::outcome::unknown_tool;
use crate::error::{Error, excerpt};
use crate::schema::to_raw;

/// The number of characters that a tool's name may have.
const MAX_NAME_LENGTH: usize = 64;

/// The tools that a model may call in one command.
#[derive(Debug)]
pub(crate) struct Toolset {
    tools: Vec<Tool>,
    /// The definitions as a JSON array, as requests contain them.
    pub(crate) json: Box<RawValue>,
    /// The JSON Schemas of the tools' calls as a JSON array, which the embedded engine enforces.
    pub(crate) calls: Box<RawValue>,
}

impl Toolset {
    /// Creates a toolset from the tools of a command.
    ///
    /// # Errors
    ///
    /// Fails if a tool's name is not valid, if two tools have the same name, or if no model can pass the arguments of
    /// a tool.
    pub(crate) fn new(tools: Vec<Tool>) -> Result<Self, Error> {
        for (index, tool) in tools.iter().enumerate() {
            let definition = tool.definition();
            let name = definition.name();
            if !is_valid_name(name) {
                return Err(Error::configuration(
                    format!(
                        "tool name `{}` is not valid; expected 1 to 64 ASCII letters, digits, `_` and `-`, starting with a letter or `_`",
                        excerpt(name)
                    ),
                    "Rename the tool: models write the name, so choose one like that of a function.",
                ));
            }
            if !definition.has_named_arguments() {
                return Err(Error::configuration(
                    format!(
                        "the arguments of the tool `{name}` are not an object; expected an object, since a model passes arguments by name"
                    ),
                    "Make the closure's parameter a struct with a field for each argument, or `()` for a tool without arguments.",
                ));
            }
            if let Some(key) = definition.unreadable_key() {
                return Err(Error::configuration(
                    format!(
                        "no model can call the tool `{name}`: the keys of a JSON object are strings, and a map in its arguments has {key} as its key"
                    ),
                    "Take a list of pairs or of structs in place of the map, for example `Vec<(Key, Value)>`, or a map whose keys are strings, numbers or enums without data.",
                ));
            }
            let others = &tools[..index];
            if others.iter().any(|other| other.definition().name() == name) {
                return Err(Error::configuration(
                    format!(
                        "two tools are named `{name}`; expected different names, since a model calls a tool by its name"
                    ),
                    "Remove one of them from `tools(…)`, `.tool(…)` and `.tools(…)`, or rename it.",
                ));
            }
        }
        let definitions = tools.iter().map(Tool::definition);
        Ok(Self {
            json: json_array(definitions.clone().map(ToolDefinition::json)),
            calls: json_array(definitions.map(ToolDefinition::call_schema)),
            tools,
        })
    }

    /// Returns the tool `name`.
    pub(crate) fn find(&self, name: &str) -> Option<&Tool> {
        let mut tools = self.tools.iter();
        tools.find(|tool| tool.definition().name() == name)
    }

    /// Returns the message to a model that called the tool `name`, which does not exist.
    pub(crate) fn unknown(&self, name: &str) -> String {
        unknown_tool(name, self.tools.iter().map(|tool| tool.definition().name()))
    }
}

/// Joins JSON values into a JSON array.
fn json_array<'a>(items: impl Iterator<Item = &'a RawValue>) -> Box<RawValue> {
    to_raw(&items.collect::<Vec<_>>())
}

/// Returns `true` if every server and model accepts `name` as the name of a function.
fn is_valid_name(name: &str) -> bool {
    let starts_valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_valid_throughout = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    starts_valid && is_valid_throughout && name.len() <= MAX_NAME_LENGTH
}
