//! The tools of one command.

use super::told::unknown;
use super::{Definition, Tool};
use crate::error::{Error, excerpt};

/// The tools that a model may call in one command.
#[derive(Debug)]
pub(crate) struct Toolset {
    tools: Vec<Tool>,
    /// Their definitions, as a request has them.
    pub(crate) json: Box<str>,
    /// What the engine in this process enforces of their calls: a list of schemas.
    pub(crate) calls: Box<str>,
}

impl Toolset {
    /// # Errors
    ///
    /// A name that is none, or two tools of one.
    pub(crate) fn of(tools: Vec<Tool>) -> Result<Self, Error> {
        for (index, tool) in tools.iter().enumerate() {
            let definition = tool.definition();
            let name = definition.name();
            if !is_name(name) {
                return Err(Error::configuration(
                    format!(
                        "`{}` is no name of a tool; expected at most 64 letters, digits, `_` and `-`, a letter or `_` first",
                        excerpt(name)
                    ),
                    "Models write it, so give it a name like that of a function.",
                ));
            }
            if !definition.takes_names() {
                return Err(Error::configuration(
                    format!(
                        "the arguments of the tool `{name}` are no object; a model gives them by name"
                    ),
                    "Make the closure's parameter a struct, each of whose fields is an argument; `()` is for none.",
                ));
            }
            let others = &tools[..index];
            if others.iter().any(|other| other.definition().name() == name) {
                return Err(Error::configuration(
                    format!("two tools are named `{name}`; a model calls a tool by its name"),
                    "Leave one of them out of `tools(…)`, `.tool(…)` and `.tools(…)`, or give it another name.",
                ));
            }
        }
        let definitions = tools.iter().map(Tool::definition);
        Ok(Self {
            json: list(definitions.clone().map(Definition::json)),
            calls: list(definitions.map(Definition::call)),
            tools,
        })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Tool> {
        let mut tools = self.tools.iter();
        tools.find(|tool| tool.definition().name() == name)
    }

    /// What the model is told where it calls one that is not in it.
    pub(crate) fn unknown(&self, name: &str) -> String {
        unknown(name, self.tools.iter().map(|tool| tool.definition().name()))
    }
}

/// A list, of JSON.
fn list<'a>(items: impl Iterator<Item = &'a str>) -> Box<str> {
    let items: Vec<&str> = items.collect();
    format!("[{}]", items.join(",")).into()
}

/// Whether every server and model takes it for a function's name.
fn is_name(name: &str) -> bool {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let all = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    first && all && name.len() <= 64
}
