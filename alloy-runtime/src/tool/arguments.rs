//! The arguments of a declared tool: its function's parameters, one by one.

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::output::Unread;

/// A type that a parameter of a tool can have: anything `Deserialize` (owning its data) and `JsonSchema`. A
/// function takes it by value or by `&`, and may take a `&str`, a `&[T]` or a `&Path`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a tool",
    label = "not a type that a model could give",
    note = "add `#[derive(serde::Deserialize, schemars::JsonSchema)]` to a type of your own",
    note = "what the model does not give is state: `#[tool(state)]` above the parameter"
)]
pub trait ToolParameter: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> ToolParameter for T {}

/// A parameter, known at compile time.
#[derive(Debug)]
pub struct Parameter<T> {
    shown: ShownParameter,
    read: fn(&'static str, &Value) -> Result<T, Unread>,
    default: Option<fn() -> T>,
}

/// What of a parameter goes into a definition.
#[derive(Clone, Copy, Debug)]
pub struct ShownParameter {
    name: &'static str,
    description: &'static str,
    required: bool,
    /// What stands for it where it is left out, as JSON, where that is known.
    default: Option<&'static str>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

/// A parameter that the model must give.
#[must_use]
pub const fn parameter<T: ToolParameter>(
    name: &'static str,
    description: &'static str,
) -> Parameter<T> {
    Parameter {
        shown: ShownParameter {
            name,
            description,
            required: true,
            default: None,
            schema: SchemaGenerator::subschema_for::<T>,
        },
        read: Unread::field::<T>,
        default: None,
    }
}

impl<T> Parameter<T> {
    /// The same, but it may be left out: then it is this.
    #[must_use]
    pub const fn or(mut self, default: fn() -> T, shown: Option<&'static str>) -> Self {
        self.shown.required = false;
        self.shown.default = shown;
        self.default = Some(default);
        self
    }

    /// What of it goes into the definition.
    #[must_use]
    pub const fn shown(&self) -> ShownParameter {
        self.shown
    }
}

/// The arguments of a call, by name.
#[derive(Debug)]
pub struct Arguments<'a>(Option<&'a Map<String, Value>>);

impl<'a> Arguments<'a> {
    pub(crate) fn of(json: &'a Value) -> Self {
        Self(json.as_object())
    }

    /// The value of a parameter.
    ///
    /// # Errors
    ///
    /// It is missing, or its type does not take it.
    pub fn get<T>(&self, parameter: &Parameter<T>) -> Result<T, Unread> {
        let name = parameter.shown.name;
        let value = self.0.and_then(|fields| fields.get(name));
        match (value, parameter.default) {
            (None, Some(default)) => Ok(default()),
            (None, None) => Err(Unread::Missing(name)),
            // Null is how models leave out what they need not give.
            (Some(value), Some(default)) if value.is_null() => {
                (parameter.read)(name, value).or_else(|_| Ok(default()))
            }
            (Some(value), _) => (parameter.read)(name, value),
        }
    }
}

/// The schema of all parameters.
pub(crate) fn schema(parameters: &[ShownParameter]) -> Value {
    let mut generator = crate::schema::Schema::generator();
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in parameters {
        let mut schema = (parameter.schema)(&mut generator);
        if !parameter.description.is_empty() {
            schema.insert("description".to_owned(), parameter.description.into());
        }
        if let Some(default) = parameter
            .default
            .and_then(|json| serde_json::from_str(json).ok())
        {
            schema.insert("default".to_owned(), default);
        }
        properties.insert(parameter.name.to_owned(), schema.to_value());
        if parameter.required {
            required.push(parameter.name);
        }
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "$defs": generator.take_definitions(true),
    })
}
