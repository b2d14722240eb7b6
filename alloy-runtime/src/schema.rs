//! The schema of a typed answer, in Alloy's normal form.
//!
//! `from_json_schema` parses the JSON Schema of a type into a [`Schema`]. From that, `to_json_schema`
//! writes the schema that a server or the engine enforces, `format_instructions` the text that the model
//! reads, and `tool_parameters` the parameters of a tool. The normal form holds only what all of them
//! understand: references are resolved (except those of recursive types), alternatives are one flat list,
//! and a property records whether its type requires it.

mod example;
mod format_instructions;
mod formats;
mod from_json_schema;
mod range;
#[cfg(test)]
mod tests;
mod to_json_schema;
mod tool_parameters;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use self::formats::is_of_format;
pub(crate) use self::range::{Bound, Range};
use self::to_json_schema::SchemaTarget;

/// The schema of one output type, or of the arguments of one tool.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema {
    pub(crate) root: Shape,
    /// Keywords of the JSON Schema that nothing here enforces or checks.
    pub(crate) unchecked: Vec<String>,
    /// The named types, in the order of their first use: the recursive ones, or every type with fields
    /// where inlining them would make the schema too large.
    pub(crate) definitions: Vec<(String, Shape)>,
}

/// The set of values that a place in an answer accepts, with its description.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) kind: ShapeKind,
    /// The doc comment of the field or type, joined into one line.
    pub(crate) description: Option<String>,
    /// The examples of the schema, or its default, for stand-ins.
    #[cfg(feature = "testing")]
    pub(crate) hints: Vec<Value>,
}

/// The kinds of shapes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ShapeKind {
    Any,
    Null,
    Boolean,
    Integer(Range),
    Number(Range),
    Text(StringRules),
    /// Exactly one of these values.
    Literals(Vec<Literal>),
    List {
        items: Box<Shape>,
        min: Option<u64>,
        max: Option<u64>,
        /// `true` if no two items are equal.
        unique: bool,
    },
    Tuple(Vec<Shape>),
    Object {
        properties: Vec<Property>,
        /// The shape of the values of other keys; `None` if no other keys are allowed. A map is an object
        /// without properties that has this.
        additional: Option<Box<Shape>>,
        /// The pattern that other keys match, if there is one, for example in a map with integer keys.
        keys: Option<String>,
        /// Minimum and maximum number of entries.
        count: (Option<u64>, Option<u64>),
        /// `true` if the type rejects an object with any other key.
        denies_unknown: bool,
    },
    Union(Vec<Shape>),
    /// A reference, by name, to one of [`Schema::definitions`].
    Named(String),
}

/// A property of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
}

/// States if an object must have a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Presence {
    /// The type requires the property, or has a default for it.
    Required,
    /// The type accepts an object without the property. The schema still requires the property if its
    /// value can be null: the model then writes null for an absent value.
    Nullable,
    /// The property may be omitted or null. Only arguments of tools use this.
    Optional,
}

/// A fixed value, such as a variant of an enum without data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    pub(crate) value: Value,
    pub(crate) description: Option<String>,
    /// `true` if only the schema limits the value: an `enum` or `const` of a field whose type accepts any string. The
    /// variants of an enum are checked by their type, which may know further names for them.
    pub(crate) is_checked: bool,
}

/// The limits of a string. Lengths are in characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StringRules {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<String>,
}

impl Schema {
    /// The property that holds a value that is not an object: see [`wrapped`](Self::wrapped).
    pub(crate) const VALUE: &'static str = "value";

    /// Creates the schema of `T` for deserialization.
    pub(crate) fn for_type<T: JsonSchema>() -> Self {
        let root = Self::generator().into_root_schema_for::<T>();
        from_json_schema::parse_output(&root.to_value())
    }

    /// Parses the JSON Schema of a tool's arguments. An argument with a default or of an optional type may
    /// be omitted.
    pub(crate) fn from_tool_arguments(json: &Value) -> Self {
        from_json_schema::parse_arguments(json)
    }

    /// Creates a generator of JSON Schemas for deserialization.
    pub(crate) fn generator() -> SchemaGenerator {
        SchemaSettings::draft2020_12()
            .for_deserialize()
            .into_generator()
    }

    /// Returns `true` if every value of this schema is a JSON object, which needs no wrapping.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.resolve(&self.root).kind, ShapeKind::Object { .. })
    }

    /// Returns `true` if OpenAI's strict mode accepts this schema: every object requires all its
    /// properties, allows no others, and no value is unconstrained.
    pub(crate) fn is_closed(&self) -> bool {
        let definitions = self.definitions.iter().map(|(_, shape)| shape);
        definitions.chain([&self.root]).all(Shape::is_closed)
    }

    /// Returns the schema of the object `{"value": …}` that holds a value of this schema.
    pub(crate) fn wrapped(self) -> Self {
        let value = Property {
            name: Self::VALUE.to_owned(),
            shape: self.root,
            presence: Presence::Required,
        };
        Self {
            root: ShapeKind::Object {
                properties: vec![value],
                additional: None,
                keys: None,
                count: (None, None),
                denies_unknown: false,
            }
            .into(),
            definitions: self.definitions,
            unchecked: self.unchecked,
        }
    }

    /// Returns the shape of the value inside an object created by [`wrapped`](Self::wrapped).
    pub(crate) fn wrapped_value(&self) -> Option<&Shape> {
        match &self.root.kind {
            ShapeKind::Object { properties, .. } => {
                let [property] = properties.as_slice() else {
                    return None;
                };
                Some(self.resolve(&property.shape))
            }
            _ => None,
        }
    }

    /// Returns `true` if a model can pass a value of this schema as named arguments: it is an object, null
    /// (no arguments), or unconstrained.
    pub(crate) fn has_named_arguments(&self) -> bool {
        let kind = &self.resolve(&self.root).kind;
        matches!(
            kind,
            ShapeKind::Object { .. } | ShapeKind::Any | ShapeKind::Null
        )
    }

    /// Returns the shape of the property `name` if the root is an object that has it.
    pub(crate) fn field(&self, name: &str) -> Option<&Shape> {
        let ShapeKind::Object { properties, .. } = &self.resolve(&self.root).kind else {
            return None;
        };
        let mut properties = properties.iter();
        let property = properties.find(|property| property.name == name)?;
        Some(&property.shape)
    }

    /// Writes the JSON Schema of a tool's parameters, using only the keywords that Ollama keeps.
    pub(crate) fn to_tool_parameters(&self) -> Value {
        tool_parameters::write(self)
    }

    /// Writes the JSON Schema that the grammar of a server enforces.
    pub(crate) fn to_server_schema(&self) -> Value {
        to_json_schema::write(self, SchemaTarget::Server)
    }

    /// Writes the JSON Schema that the embedded engine enforces. It holds every limit that can be enforced
    /// token by token.
    pub(crate) fn to_engine_schema(&self) -> Value {
        to_json_schema::write(self, SchemaTarget::Engine)
    }

    /// Writes the JSON Schema that the embedded engine enforces for a call of the tool `name` whose
    /// arguments have this schema.
    pub(crate) fn to_engine_call_schema(&self, name: &str) -> Value {
        to_json_schema::write_call(self, name)
    }

    /// Writes the format instructions: the description of the answer's JSON that the model reads.
    pub(crate) fn to_format_instructions(&self) -> String {
        format_instructions::write(self)
    }

    /// Creates the smallest value of this schema, in which every map has an entry.
    pub(crate) fn example(&self) -> Value {
        example::write(self)
    }

    /// Follows a reference by name to its definition. Returns any other shape unchanged.
    pub(crate) fn resolve<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        match &shape.kind {
            ShapeKind::Named(name) => self
                .definitions
                .iter()
                .find_map(|(known, shape)| (known == name).then_some(shape))
                .unwrap_or(shape),
            _ => shape,
        }
    }
}

/// Encodes JSON once, for requests that copy it.
pub(crate) fn to_raw(json: &impl Serialize) -> Box<RawValue> {
    // NOTE: A schema is a `Value`, which can always be encoded.
    to_raw_value(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl Property {
    /// Returns `true` if an answer must have the property.
    ///
    /// A nullable property is required, since null expresses an absent value. A property that can be absent
    /// but not null, such as a field of a flattened `Option`, is not: the model could not express its absence.
    pub(crate) fn is_required(&self) -> bool {
        match self.presence {
            Presence::Required => true,
            Presence::Nullable => self.shape.is_nullable(),
            Presence::Optional => false,
        }
    }
}

impl Shape {
    fn is_closed(&self) -> bool {
        match &self.kind {
            // Strict mode does not support tuples.
            ShapeKind::Any | ShapeKind::Tuple(_) => false,
            ShapeKind::Null
            | ShapeKind::Boolean
            | ShapeKind::Integer(_)
            | ShapeKind::Number(_)
            | ShapeKind::Text(_)
            | ShapeKind::Literals(_)
            | ShapeKind::Named(_) => true,
            ShapeKind::List { items, .. } => items.is_closed(),
            ShapeKind::Union(options) => options.iter().all(Self::is_closed),
            ShapeKind::Object {
                properties,
                additional,
                ..
            } => {
                let is_closed =
                    |property: &Property| property.is_required() && property.shape.is_closed();
                additional.is_none() && properties.iter().all(is_closed)
            }
        }
    }

    /// Replaces the examples by those of a schema that refers to this shape, if it has any.
    #[cfg(feature = "testing")]
    fn replace_hints(&mut self, hints: Vec<Value>) {
        if !hints.is_empty() {
            self.hints = hints;
        }
    }

    pub(crate) fn is_nullable(&self) -> bool {
        match &self.kind {
            ShapeKind::Any | ShapeKind::Null => true,
            ShapeKind::Union(options) => options.iter().any(Self::is_nullable),
            ShapeKind::Literals(literals) => literals.iter().any(|literal| literal.value.is_null()),
            _ => false,
        }
    }
}

impl From<ShapeKind> for Shape {
    fn from(kind: ShapeKind) -> Self {
        Self {
            kind,
            description: None,
            #[cfg(feature = "testing")]
            hints: Vec::new(),
        }
    }
}
