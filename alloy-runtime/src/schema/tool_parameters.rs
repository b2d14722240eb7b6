//! Writes the JSON Schema of a tool's parameters.
//!
//! Ollama parses a tool into structs (`api/types.go`) and drops every keyword that they have no field for: references,
//! and all limits of a value except `enum`. So every type is inlined, and the limits of a value are appended to its
//! description, where the model reads them.

use serde_json::{Map, Value, json};

use super::{Literal, Property, Schema, Shape, ShapeKind, format_instructions, to_json_schema};

/// The number of shapes that are written in full. A type that uses another twice, which uses a third twice, and so on,
/// grows exponentially when inlined. Every further shape is written with its `type` only.
const MAX_SHAPES: usize = 500;

/// Writes the parameters of a tool whose arguments have `schema`.
pub(super) fn write(schema: &Schema) -> Value {
    let mut writer = ParametersWriter {
        schema,
        open: Vec::new(),
        shapes: 0,
    };
    let mut root = writer.object(schema.resolve(&schema.root));
    // The tool's description says what the parameters are for.
    root.remove("description");
    // Servers expect an object with `properties`, even if it is empty.
    root.insert("type".to_owned(), json!("object"));
    root.entry("properties").or_insert_with(|| json!({}));
    Value::Object(root)
}

struct ParametersWriter<'a> {
    schema: &'a Schema,
    /// The named types that are being written, outermost first.
    open: Vec<&'a str>,
    shapes: usize,
}

impl<'a> ParametersWriter<'a> {
    fn value(&mut self, shape: &'a Shape) -> Value {
        Value::Object(self.object(shape))
    }

    fn object(&mut self, shape: &'a Shape) -> Map<String, Value> {
        self.shapes += 1;
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| {
            out.insert(key.to_owned(), value);
        };
        let mut description = vec![format_instructions::description(shape)];
        if is_dropped(shape) {
            description.push(format_instructions::type_expression(shape));
        }
        description.retain(|part| !part.is_empty());
        if !description.is_empty() {
            put("description", json!(description.join("; ")));
        }
        let is_too_large = self.shapes > MAX_SHAPES;
        match &shape.kind {
            ShapeKind::Named(name) => {
                let target = self.schema.resolve(shape);
                if self.open.contains(&name.as_str()) || is_too_large || target == shape {
                    put("type", type_of(target));
                } else {
                    self.open.push(name);
                    let inlined = self.object(target);
                    self.open.pop();
                    for (key, value) in inlined {
                        out.entry(key).or_insert(value);
                    }
                }
            }
            _ if is_too_large => put("type", type_of(shape)),
            ShapeKind::Any
            | ShapeKind::Null
            | ShapeKind::Boolean
            | ShapeKind::Integer(_)
            | ShapeKind::Number(_)
            | ShapeKind::Text(_) => put("type", type_of(shape)),
            ShapeKind::Literals(literals) => {
                put("type", type_of(shape));
                let values = literals.iter().map(|Literal { value, .. }| value.clone());
                put("enum", values.collect());
            }
            ShapeKind::List { items, .. } => {
                put("type", json!("array"));
                put("items", self.value(items));
            }
            ShapeKind::Tuple(items) => {
                put("type", json!("array"));
                let options = items.iter().map(|item| self.value(item)).collect();
                put("items", json!({"anyOf": Value::Array(options)}));
            }
            ShapeKind::Object {
                properties,
                additional,
                ..
            } => {
                put("type", json!("object"));
                if !properties.is_empty() || additional.is_none() {
                    let values = properties.iter();
                    let values = values
                        .map(|Property { name, shape, .. }| (name.clone(), self.value(shape)));
                    put("properties", Value::Object(values.collect()));
                }
                let required = properties.iter().filter(|property| property.is_required());
                let required: Vec<_> = required.map(|property| json!(property.name)).collect();
                if !required.is_empty() {
                    put("required", Value::Array(required));
                }
                if let Some(additional) = additional {
                    put("additionalProperties", self.value(additional));
                }
            }
            ShapeKind::Union(options) => {
                let options = options.iter().map(|option| self.value(option)).collect();
                put("anyOf", Value::Array(options));
            }
        }
        out
    }
}

/// Returns `true` if Ollama drops the inner shapes of a shape: the items of a tuple, or the values of a map.
fn is_dropped(shape: &Shape) -> bool {
    match &shape.kind {
        ShapeKind::Tuple(_) => true,
        ShapeKind::Object {
            properties,
            additional,
            ..
        } => properties.is_empty() && additional.is_some(),
        _ => false,
    }
}

/// Returns the `type` of a shape.
fn type_of(shape: &Shape) -> Value {
    match &shape.kind {
        ShapeKind::Any | ShapeKind::Union(_) | ShapeKind::Named(_) => json!(to_json_schema::ANY),
        ShapeKind::Null => json!("null"),
        ShapeKind::Boolean => json!("boolean"),
        ShapeKind::Integer(_) => json!("integer"),
        ShapeKind::Number(_) => json!("number"),
        ShapeKind::Text(_) => json!("string"),
        ShapeKind::Literals(literals) => {
            match literals.iter().all(|literal| literal.value.is_string()) {
                true => json!("string"),
                false => json!(to_json_schema::ANY),
            }
        }
        ShapeKind::List { .. } | ShapeKind::Tuple(_) => json!("array"),
        ShapeKind::Object { .. } => json!("object"),
    }
}
