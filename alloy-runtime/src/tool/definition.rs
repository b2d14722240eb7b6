//! What a model is told of a tool, and what its arguments are held to. Made once a tool.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::told::Failure;
use super::{Progress, Told};
use crate::output::{Expected, Unread};
use crate::schema::Schema;

#[derive(Debug)]
pub(crate) struct Definition {
    name: Box<str>,
    /// As a request has it.
    json: Box<str>,
    /// What the engine in this process enforces of a call; nothing where it was not built.
    call: Box<str>,
    arguments: Expected,
}

impl Definition {
    /// Of a tool whose arguments are the fields of `A`.
    pub(crate) fn of<A: JsonSchema>(name: &str, description: &str) -> Self {
        let root = Schema::generator().into_root_schema_for::<A>();
        Self::new(name, description, &root.to_value())
    }

    /// Of a tool whose arguments have this schema.
    pub(crate) fn new(name: &str, description: &str, arguments: &Value) -> Self {
        let schema = Schema::of_arguments(arguments);
        let json = json!({
            "type": "function",
            "function": {
                "name": name,
                "description": description,
                "parameters": schema.to_parameters(),
            },
        });
        let call = match cfg!(feature = "embedded") {
            true => schema.to_exact_call(name).to_string(),
            false => String::new(),
        };
        Self {
            name: name.into(),
            json: json.to_string().into(),
            call: call.into(),
            arguments: Expected::of(schema),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether its arguments have names.
    pub(super) fn takes_names(&self) -> bool {
        self.arguments.takes_names()
    }

    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    pub(super) fn call(&self) -> &str {
        &self.call
    }

    /// Runs a tool with the arguments that a model gave. What is wrong with them is told to the model.
    pub(super) fn read(
        &self,
        arguments: &Value,
        run: &dyn Fn(&Value) -> Result<Progress, Unread>,
    ) -> Progress {
        let read = self.arguments.read(arguments, run);
        read.unwrap_or_else(|reason| Progress::Done(Told(Err(Failure::Arguments(reason)))))
    }
}
