//! The JSON Schema of a tool's parameters.
//!
//! Ollama reads a tool into structs of its own and drops what they have no place for: references and
//! everything that limits a value but `enum` (its `api/types.go`). So each type stands in place, and what a
//! value must be beside its type is said in its description, where the model reads it.

use serde_json::{Map, Value, json};

use super::{Kind, Literal, Property, Schema, Shape, form, wire};

/// How many shapes are written in place: types that use others twice, and these others twice, would grow
/// without end. What comes behind has its type and no more.
const MOST_SHAPES: usize = 500;

pub(super) fn of(schema: &Schema) -> Value {
    let mut writer = Writer {
        schema,
        open: Vec::new(),
        shapes: 0,
    };
    let mut root = writer.object(schema.resolve(&schema.root));
    // What the parameters are for is the tool's description.
    root.remove("description");
    // Servers want an object with a place for properties, also where there are none.
    root.insert("type".to_owned(), json!("object"));
    root.entry("properties").or_insert_with(|| json!({}));
    Value::Object(root)
}

struct Writer<'a> {
    schema: &'a Schema,
    /// The named types that are being written, outermost first.
    open: Vec<&'a str>,
    shapes: usize,
}

impl<'a> Writer<'a> {
    fn value(&mut self, shape: &'a Shape) -> Value {
        Value::Object(self.object(shape))
    }

    fn object(&mut self, shape: &'a Shape) -> Map<String, Value> {
        self.shapes += 1;
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| {
            out.insert(key.to_owned(), value);
        };
        let mut said = vec![form::said(shape)];
        if is_lost(shape) {
            said.push(form::words(shape));
        }
        said.retain(|said| !said.is_empty());
        if !said.is_empty() {
            put("description", json!(said.join("; ")));
        }
        let is_too_large = self.shapes > MOST_SHAPES;
        match &shape.kind {
            Kind::Named(name) => {
                let target = self.schema.resolve(shape);
                if self.open.contains(&name.as_str()) || is_too_large || target == shape {
                    put("type", type_of(target));
                } else {
                    self.open.push(name);
                    let inside = self.object(target);
                    self.open.pop();
                    for (key, value) in inside {
                        out.entry(key).or_insert(value);
                    }
                }
            }
            _ if is_too_large => put("type", type_of(shape)),
            Kind::Any
            | Kind::Null
            | Kind::Boolean
            | Kind::Integer(_)
            | Kind::Number(_)
            | Kind::Text(_) => put("type", type_of(shape)),
            Kind::Literals(literals) => {
                put("type", type_of(shape));
                let values = literals.iter().map(|Literal { value, .. }| value.clone());
                put("enum", values.collect());
            }
            Kind::List { items, .. } => {
                put("type", json!("array"));
                put("items", self.value(items));
            }
            Kind::Tuple(items) => {
                put("type", json!("array"));
                let options = items.iter().map(|item| self.value(item)).collect();
                put("items", json!({"anyOf": Value::Array(options)}));
            }
            Kind::Object {
                properties, rest, ..
            } => {
                put("type", json!("object"));
                if !properties.is_empty() || rest.is_none() {
                    let written = properties.iter();
                    let written = written
                        .map(|Property { name, shape, .. }| (name.clone(), self.value(shape)));
                    put("properties", Value::Object(written.collect()));
                }
                let required = properties.iter().filter(|property| property.is_asked_for());
                let required: Vec<_> = required.map(|property| json!(property.name)).collect();
                if !required.is_empty() {
                    put("required", Value::Array(required));
                }
                if let Some(rest) = rest {
                    put("additionalProperties", self.value(rest));
                }
            }
            Kind::Union(options) => {
                let options = options.iter().map(|option| self.value(option)).collect();
                put("anyOf", Value::Array(options));
            }
        }
        out
    }
}

/// Whether a server drops what a shape has inside: of a list its items one by one, of a map its values.
fn is_lost(shape: &Shape) -> bool {
    match &shape.kind {
        Kind::Tuple(_) => true,
        Kind::Object {
            properties, rest, ..
        } => properties.is_empty() && rest.is_some(),
        _ => false,
    }
}

/// The type of a shape, whatever is in it.
fn type_of(shape: &Shape) -> Value {
    match &shape.kind {
        Kind::Any | Kind::Union(_) | Kind::Named(_) => json!(wire::ANY),
        Kind::Null => json!("null"),
        Kind::Boolean => json!("boolean"),
        Kind::Integer(_) => json!("integer"),
        Kind::Number(_) => json!("number"),
        Kind::Text(_) => json!("string"),
        Kind::Literals(literals) => match literals.iter().all(|one| one.value.is_string()) {
            true => json!("string"),
            false => json!(wire::ANY),
        },
        Kind::List { .. } | Kind::Tuple(_) => json!("array"),
        Kind::Object { .. } => json!("object"),
    }
}
