//! The definition of a tool: its name, description and parameters.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::arguments::{ParameterSpec, ToolParameter, parameters_schema, unreadable_key_of};
use super::outcome::ToolFailure;
use super::{ToolOutcome, ToolRun};
use crate::output::{ToolArgsSpec, Unread, unreadable_key};
use crate::schema::{Schema, to_raw};

/// The definition of a tool. It is created once and encoded here, so that requests copy it.
#[derive(Debug)]
pub(crate) struct ToolDefinition {
    name: Box<str>,
    /// The definition as JSON, as requests contain it.
    json: Box<RawValue>,
    /// The JSON Schema of a call, which the embedded engine enforces. `null` without the feature `embedded`.
    call_schema: Box<RawValue>,
    arguments: ToolArgsSpec,
    /// The type of a map's keys, if they can never be read from JSON.
    unreadable_key: Option<Box<str>>,
}

impl ToolDefinition {
    /// Creates the definition of a tool whose arguments are the fields of `A`.
    pub(crate) fn for_type<A: ToolParameter>(name: &str, description: &str) -> Self {
        let root = Schema::generator().into_root_schema_for::<A>();
        let definition = Self::new(name, description, &root.to_value());
        definition.with_tried_maps(unreadable_key::<A>)
    }

    /// Creates the definition of a tool with these parameters.
    pub(crate) fn for_parameters(
        name: &str,
        description: &str,
        parameters: &[ParameterSpec],
    ) -> Self {
        let definition = Self::new(name, description, &parameters_schema(parameters));
        definition.with_tried_maps(|example| unreadable_key_of(parameters, example))
    }

    /// Tries the maps in the arguments out.
    fn with_tried_maps(self, find: impl FnOnce(&Value) -> Option<Box<str>>) -> Self {
        let example = self.arguments.example_of_maps();
        Self {
            unreadable_key: example.and_then(|example| find(&example)),
            ..self
        }
    }

    fn new(name: &str, description: &str, arguments: &Value) -> Self {
        let schema = Schema::from_tool_arguments(arguments);
        let json = json!({
            "type": "function",
            "function": {
                "name": name,
                "description": description,
                "parameters": schema.to_tool_parameters(),
            },
        });
        let call_schema = match cfg!(feature = "embedded") {
            true => to_raw(&schema.to_engine_call_schema(name)),
            false => RawValue::NULL.to_owned(),
        };
        let arguments = ToolArgsSpec::new(schema);
        for limit in arguments.unchecked() {
            tracing::warn!("the tool {name}: {limit} of its arguments is not checked");
        }
        Self {
            name: name.into(),
            json: to_raw(&json),
            call_schema,
            arguments,
            unreadable_key: None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the specification of the arguments.
    #[cfg(feature = "testing")]
    pub(crate) fn arguments(&self) -> &ToolArgsSpec {
        &self.arguments
    }

    /// Returns `true` if a model can pass the arguments by name.
    pub(super) fn has_named_arguments(&self) -> bool {
        self.arguments.has_named_arguments()
    }

    /// Returns the type of a map's keys, if they can never be read from JSON.
    pub(super) fn unreadable_key(&self) -> Option<&str> {
        self.unreadable_key.as_deref()
    }

    /// Returns the definition as JSON, as requests contain it.
    pub(crate) fn json(&self) -> &RawValue {
        &self.json
    }

    /// Returns the JSON Schema of a call, which the embedded engine enforces.
    pub(super) fn call_schema(&self) -> &RawValue {
        &self.call_schema
    }

    /// Starts a tool with the arguments that the model wrote. If they are not valid, the outcome tells the model why.
    pub(super) fn start(
        &self,
        arguments: &Value,
        run: &dyn Fn(&Value) -> Result<ToolRun, Unread>,
    ) -> ToolRun {
        let started = self.arguments.read(arguments, run);
        started.unwrap_or_else(|reason| {
            ToolRun::Done(ToolOutcome(Err(ToolFailure::Arguments(reason))))
        })
    }
}
