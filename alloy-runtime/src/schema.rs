//! The shape of a typed answer: what the output type accepts, in Alloy's own normal form.
//!
//! `read` brings a type's JSON Schema into a [`Shape`]; from there `wire` writes the schema that the
//! server enforces and `form` the words that the model reads. The normal form holds only what both
//! sides understand: references are resolved (but for types that contain themselves), alternatives
//! are one list, and a property knows whether its type can do without it.

mod form;
mod formats;
mod parameters;
mod read;
mod wire;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Number, Value};

/// The shape of one output type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema {
    pub(crate) root: Shape,
    /// The types that have a name, in the order in which a reader meets them: those that contain
    /// themselves; all, where writing each in place would grow too large.
    pub(crate) definitions: Vec<(String, Shape)>,
}

/// What a value may be, and what its author says of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// The doc comment of the field or type, on one line.
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Any,
    Null,
    Boolean,
    Integer(Range),
    Number(Range),
    Text(TextRules),
    /// One of these values.
    Literals(Vec<Literal>),
    List {
        items: Box<Shape>,
        min: Option<u64>,
        max: Option<u64>,
    },
    Tuple(Vec<Shape>),
    Object {
        properties: Vec<Property>,
        /// What further keys hold, where they are allowed: a map has no properties and a `rest`.
        rest: Option<Box<Shape>>,
        /// The pattern of further keys, where they have one: those of a map from numbers.
        keys: Option<String>,
    },
    Union(Vec<Shape>),
    /// A type that has a name: one of [`Schema::definitions`].
    Named(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
}

/// Whether an object has a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Presence {
    /// The type needs it, or has a value of its own where it is missing.
    Needed,
    /// The type does without it. It is asked for where it can be null: no value says that it is missing.
    Open,
    /// It may be left out, and null says the same: an argument of a tool.
    Omittable,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    pub(crate) value: Value,
    pub(crate) description: Option<String>,
}

/// The bounds of a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Range {
    /// The limits of the Rust type, where it has any: schemars writes those of the smallest types only.
    pub(crate) natural: (Option<i64>, Option<i64>),
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Number,
    pub(crate) exclusive: bool,
    /// Whether the Rust type alone sets this bound, so that it need not be said.
    pub(crate) natural: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TextRules {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<String>,
}

impl Schema {
    /// The property of the object around a value that is none.
    pub(crate) const VALUE: &'static str = "value";

    /// The schema of `T`, as it is read back from JSON.
    pub(crate) fn of<T: JsonSchema>() -> Self {
        let root = Self::generator().into_root_schema_for::<T>();
        read::schema(&root.to_value())
    }

    /// The schema of a tool's arguments: what has a default, or is optional, may be left out.
    pub(crate) fn of_arguments(json: &Value) -> Self {
        read::arguments(json)
    }

    /// A generator of schemas for what is read.
    pub(crate) fn generator() -> SchemaGenerator {
        SchemaSettings::draft2020_12()
            .for_deserialize()
            .into_generator()
    }

    /// Whether a value of this schema is always a JSON object, which needs no wrapping.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.resolve(&self.root).kind, Kind::Object { .. })
    }

    /// Whether each of its objects asks for all its properties and no value is left open: OpenAI's strict
    /// mode refuses what is not.
    pub(crate) fn is_closed(&self) -> bool {
        let definitions = self.definitions.iter().map(|(_, shape)| shape);
        definitions.chain([&self.root]).all(Shape::is_closed)
    }

    /// The schema of `{"value": …}` with this one as the value.
    pub(crate) fn wrapped(self) -> Self {
        let value = Property {
            name: Self::VALUE.to_owned(),
            shape: self.root,
            presence: Presence::Needed,
        };
        Self {
            root: Kind::Object {
                properties: vec![value],
                rest: None,
                keys: None,
            }
            .into(),
            definitions: self.definitions,
        }
    }

    /// The value inside the wrapping of [`wrapped`](Self::wrapped).
    pub(crate) fn wrapped_value(&self) -> Option<&Shape> {
        match &self.root.kind {
            Kind::Object { properties, .. } => {
                let [property] = properties.as_slice() else {
                    return None;
                };
                Some(self.resolve(&property.shape))
            }
            _ => None,
        }
    }

    /// Whether a value of this schema is given by the names of its parts, or is nothing or anything.
    pub(crate) fn takes_names(&self) -> bool {
        let kind = &self.resolve(&self.root).kind;
        matches!(kind, Kind::Object { .. } | Kind::Any | Kind::Null)
    }

    /// The shape of one of an object's properties.
    pub(crate) fn field(&self, name: &str) -> Option<&Shape> {
        let Kind::Object { properties, .. } = &self.resolve(&self.root).kind else {
            return None;
        };
        let mut properties = properties.iter();
        let property = properties.find(|property| property.name == name)?;
        Some(&property.shape)
    }

    /// The JSON Schema of a tool's parameters, as a server keeps it.
    pub(crate) fn to_parameters(&self) -> Value {
        parameters::of(self)
    }

    /// The JSON Schema that a server's grammar enforces.
    pub(crate) fn to_wire(&self) -> Value {
        wire::schema(self, wire::Enforcer::Server)
    }

    /// The JSON Schema that the engine in this process enforces: all that can be said of a text token by token.
    pub(crate) fn to_exact(&self) -> Value {
        wire::schema(self, wire::Enforcer::Engine)
    }

    /// The same, of a call of the function of this name with such arguments.
    pub(crate) fn to_exact_call(&self, name: &str) -> Value {
        wire::call(self, name)
    }

    /// What the model reads: the form of its answer, in words.
    pub(crate) fn to_form(&self) -> String {
        form::of(self)
    }

    /// The shape behind a name; the shape itself where it is none.
    pub(crate) fn resolve<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        match &shape.kind {
            Kind::Named(name) => self
                .definitions
                .iter()
                .find_map(|(known, shape)| (known == name).then_some(shape))
                .unwrap_or(shape),
            _ => shape,
        }
    }
}

impl Property {
    /// Whether an answer must have it. A value that can be null is asked for. One that can only be
    /// missing, such as a field of a flattened `Option`, is not: no answer could leave it out otherwise.
    pub(crate) fn is_asked_for(&self) -> bool {
        match self.presence {
            Presence::Needed => true,
            Presence::Open => self.shape.is_nullable(),
            Presence::Omittable => false,
        }
    }
}

impl Shape {
    fn is_closed(&self) -> bool {
        match &self.kind {
            // Strict mode knows no tuples.
            Kind::Any | Kind::Tuple(_) => false,
            Kind::Null
            | Kind::Boolean
            | Kind::Integer(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Literals(_)
            | Kind::Named(_) => true,
            Kind::List { items, .. } => items.is_closed(),
            Kind::Union(options) => options.iter().all(Self::is_closed),
            Kind::Object {
                properties, rest, ..
            } => {
                let is_closed =
                    |property: &Property| property.is_asked_for() && property.shape.is_closed();
                rest.is_none() && properties.iter().all(is_closed)
            }
        }
    }

    pub(crate) fn is_nullable(&self) -> bool {
        match &self.kind {
            Kind::Any | Kind::Null => true,
            Kind::Union(options) => options.iter().any(Self::is_nullable),
            Kind::Literals(literals) => literals.iter().any(|literal| literal.value.is_null()),
            _ => false,
        }
    }
}

impl From<Kind> for Shape {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            description: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Twice<T> {
        left: T,
        right: T,
        share: Percent,
        role: Role,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Percent(#[schemars(range(min = 1, max = 100))] u8);

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Role {
        /// May do all.
        Admin,
        User,
    }

    type Four<T> = Twice<Twice<T>>;
    type Sixteen<T> = Four<Four<T>>;

    /// The same without names of fields.
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Pair<T>(T, T);

    type FourPairs<T> = Pair<Pair<Pair<Pair<T>>>>;

    // In place it would have a million strings.
    #[test]
    fn types_that_would_grow_too_large_in_place_are_named() {
        let strings = |schema: &Schema| {
            let wire = schema.to_wire().to_string();
            wire.matches(r#"{"type":"string"}"#).count()
        };
        let small = Schema::of::<Sixteen<String>>();
        assert_eq!((small.definitions.len(), strings(&small)), (0, 16));

        let large = Schema::of::<Sixteen<Sixteen<Sixteen<Sixteen<Sixteen<String>>>>>>();
        assert!(large.is_object());
        assert_eq!((large.definitions.len(), strings(&large)), (19, 2));
        let form = large.to_form();
        assert!(form.len() < 20_000, "{form}");
        let pairs = Schema::of::<FourPairs<FourPairs<FourPairs<FourPairs<String>>>>>();
        assert!(pairs.to_wire().to_string().len() < 20_000);
        assert!(pairs.to_form().len() < 20_000);
        // What is said of a field is said beside it, in the large form as in the small.
        for said in [
            "\"share\": integer, // 1 to 100\n",
            "// \"Admin\": May do all.\n",
        ] {
            assert!(small.to_form().contains(said), "{}", small.to_form());
            assert!(form.contains(said), "{form}");
        }
    }
}
