//! The parameters of a tool declared by `#[tool]`, and the arguments of a call of it.

use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::output::{Unread, unreadable_key};

/// A type that a parameter of a tool can have: any type that implements `DeserializeOwned` and `JsonSchema`. The
/// function takes it by value or by `&`, and may also take `&str`, `&[T]` or `&Path`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a tool",
    label = "a model cannot pass a value of this type",
    note = "add `#[derive(serde::Deserialize, schemars::JsonSchema)]` to a type of your own",
    note = "a type of another crate needs that crate's feature of schemars, such as `chrono04` for `chrono::NaiveDate`",
    note = "if the program passes the value and not the model, put `#[tool(state)]` above the parameter"
)]
pub trait ToolParameter: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> ToolParameter for T {}

/// A parameter, declared at compile time.
#[derive(Debug)]
pub struct Parameter<T> {
    spec: ParameterSpec,
    read: fn(&'static str, &Value) -> Result<T, Unread>,
    default: Option<fn() -> T>,
}

/// The part of a parameter that the tool's definition contains.
#[derive(Clone, Copy, Debug)]
pub struct ParameterSpec {
    name: &'static str,
    description: &'static str,
    required: bool,
    /// The default as JSON, if the macro can write it as JSON.
    default: Option<&'static str>,
    schema: fn(&mut SchemaGenerator) -> Schema,
    /// Finds the type of a map's keys that no string can be, in an example of the argument.
    unreadable_key: fn(&Value) -> Option<Box<str>>,
}

/// Creates a required parameter.
#[must_use]
pub const fn parameter<T: ToolParameter>(
    name: &'static str,
    description: &'static str,
) -> Parameter<T> {
    Parameter {
        spec: ParameterSpec {
            name,
            description,
            required: true,
            default: None,
            schema: SchemaGenerator::subschema_for::<T>,
            unreadable_key: unreadable_key::<T>,
        },
        read: Unread::field::<T>,
        default: None,
    }
}

impl<T> Parameter<T> {
    /// Makes the parameter optional. `default` returns its value if the model omits it; `json` is the same value
    /// as JSON for the tool's definition.
    #[must_use]
    pub const fn with_default(mut self, default: fn() -> T, json: Option<&'static str>) -> Self {
        self.spec.required = false;
        self.spec.default = json;
        self.default = Some(default);
        self
    }

    /// Returns the part of the parameter that the tool's definition contains.
    #[must_use]
    pub const fn spec(&self) -> ParameterSpec {
        self.spec
    }
}

/// The arguments of a call, by name.
#[derive(Debug)]
pub struct Arguments<'a>(Option<&'a Map<String, Value>>);

impl<'a> Arguments<'a> {
    pub(crate) fn new(json: &'a Value) -> Self {
        Self(json.as_object())
    }

    /// Returns the value of a parameter.
    ///
    /// # Errors
    ///
    /// Fails if a required argument is missing, or if the parameter's type rejects the argument.
    pub fn get<T>(&self, parameter: &Parameter<T>) -> Result<T, Unread> {
        let name = parameter.spec.name;
        let value = self.0.and_then(|fields| fields.get(name));
        match (value, parameter.default) {
            (None, Some(default)) => Ok(default()),
            (None, None) => Err(Unread::Missing(name)),
            // Models write null for an optional argument that they omit.
            (Some(value), Some(default)) if value.is_null() => {
                (parameter.read)(name, value).or_else(|_| Ok(default()))
            }
            (Some(value), _) => (parameter.read)(name, value),
        }
    }
}

/// Returns the type of a map's keys that no string can be, if a parameter has such a map.
pub(super) fn unreadable_key_of(parameters: &[ParameterSpec], example: &Value) -> Option<Box<str>> {
    let mut parameters = parameters.iter();
    parameters.find_map(|parameter| (parameter.unreadable_key)(&example[parameter.name]))
}

/// Returns the JSON Schema of the object whose properties are the parameters.
pub(super) fn parameters_schema(parameters: &[ParameterSpec]) -> Value {
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
