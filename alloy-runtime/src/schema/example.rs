//! The smallest value of a schema, to try a type out.

use serde_json::{Map, Value, json};

use super::{Range, Schema, Shape, ShapeKind, StringRules};

/// Maximum nesting of an example. A recursive type ends there.
const MAX_DEPTH: usize = 8;

/// Creates an example, in which every map has an entry. A pattern is not followed.
pub(super) fn write(schema: &Schema) -> Value {
    value(&schema.root, schema, 0)
}

fn value(shape: &Shape, schema: &Schema, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    let below = |shape: &Shape| value(shape, schema, depth + 1);
    match &schema.resolve(shape).kind {
        ShapeKind::Any | ShapeKind::Null | ShapeKind::Named(_) => Value::Null,
        ShapeKind::Boolean => Value::Bool(false),
        ShapeKind::Integer(range) | ShapeKind::Number(range) => number(range),
        ShapeKind::Text(rules) => Value::String(text(rules)),
        ShapeKind::Literals(literals) => {
            let first = literals.first();
            first.map_or(Value::Null, |literal| literal.value.clone())
        }
        ShapeKind::List { items, min, .. } => {
            let count = min.unwrap_or(1).clamp(1, 100);
            (0..count).map(|_| below(items)).collect()
        }
        ShapeKind::Tuple(items) => items.iter().map(below).collect(),
        ShapeKind::Object {
            properties,
            additional,
            keys,
            ..
        } => {
            let fields = properties.iter();
            let fields = fields.map(|property| (property.name.clone(), below(&property.shape)));
            let mut fields: Map<String, Value> = fields.collect();
            if let Some(additional) = additional {
                let key = if keys.is_some() { "0" } else { "key" };
                fields.insert(key.to_owned(), below(additional));
            }
            Value::Object(fields)
        }
        // The alternative to null has more to try.
        ShapeKind::Union(options) => {
            let mut options = options.iter();
            let option = options.find(|option| option.kind != ShapeKind::Null);
            option.map_or(Value::Null, below)
        }
    }
}

fn number(range: &Range) -> Value {
    let bound = range.min.as_ref().or(range.max.as_ref());
    match bound.filter(|bound| !bound.exclusive) {
        Some(bound) => Value::Number(bound.value.clone()),
        None => json!(1),
    }
}

fn text(rules: &StringRules) -> String {
    let example = match rules.format.as_deref() {
        Some("date") => "2000-01-01",
        Some("time") => "00:00:00Z",
        Some("partial-time") => "00:00:00",
        Some("date-time") => "2000-01-01T00:00:00Z",
        Some("partial-date-time") => "2000-01-01T00:00:00",
        Some("duration") => "PT1S",
        Some("uuid") => "00000000-0000-0000-0000-000000000000",
        Some("ip" | "ipv4") => "127.0.0.1",
        Some("ipv6") => "::1",
        Some("email") => "a@example.com",
        Some("uri" | "url") => "urn:a:b",
        _ => {
            let length = rules.min.unwrap_or(1).clamp(1, 1000);
            return "x".repeat(usize::try_from(length).unwrap_or(1));
        }
    };
    example.to_owned()
}
