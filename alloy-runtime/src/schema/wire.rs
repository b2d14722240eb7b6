//! The JSON Schema that a server's grammar enforces, written from the normal form.
//!
//! What Ollama's converter does with each keyword stands in its sources (`json-schema-to-grammar`):
//! properties are required, since it emits the required ones first and in order; objects are
//! closed; unions are `anyOf` with nothing beside it; a pattern or a bound that it would refuse is
//! left out, and the model still reads it in the form.

use serde_json::{Map, Value, json};

use super::{Bound, Kind, Literal, Property, Range, Schema, Shape, TextRules};

/// Bounds from here on are refused by some of the server's grammar parsers, or ignored.
const LONGEST_REPETITION: u64 = 1900;

/// All the types that JSON has: a value without any would be an object to some converters.
pub(super) const ANY: [&str; 6] = ["object", "array", "string", "number", "boolean", "null"];

pub(super) fn schema(schema: &Schema) -> Value {
    // The root is written in place even where it has a name: not every converter starts at a `$ref`.
    let mut root = object(schema.resolve(&schema.root));
    if !schema.definitions.is_empty() {
        let definitions = schema.definitions.iter();
        let definitions = definitions.map(|(name, shape)| (name.clone(), value(shape)));
        root.insert("$defs".to_owned(), Value::Object(definitions.collect()));
    }
    Value::Object(root)
}

fn value(shape: &Shape) -> Value {
    Value::Object(object(shape))
}

fn object(shape: &Shape) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    // Beside `$ref` and `anyOf` a converter may ignore what it does not expect: a description is safe.
    if let Some(description) = &shape.description {
        put("description", json!(description));
    }
    match &shape.kind {
        Kind::Any => put("type", json!(ANY)),
        Kind::Null => put("type", json!("null")),
        Kind::Boolean => put("type", json!("boolean")),
        Kind::Integer(range) => {
            put("type", json!("integer"));
            put_range(range, &mut put);
        }
        Kind::Number(range) => {
            put("type", json!("number"));
            put_range(range, &mut put);
        }
        Kind::Text(rules) => {
            put("type", json!("string"));
            put_text_rules(rules, &mut put);
        }
        Kind::Literals(literals) => {
            if literals.iter().all(|literal| literal.value.is_string()) {
                put("type", json!("string"));
            }
            put(
                "enum",
                literals
                    .iter()
                    .map(|Literal { value, .. }| value.clone())
                    .collect(),
            );
        }
        Kind::List { items, min, max } => {
            put("type", json!("array"));
            put("items", value(items));
            put_length("minItems", *min, &mut put);
            put_length("maxItems", *max, &mut put);
        }
        Kind::Tuple(items) => {
            put("type", json!("array"));
            put("prefixItems", items.iter().map(value).collect());
            put("minItems", json!(items.len()));
            put("maxItems", json!(items.len()));
        }
        Kind::Object { properties, rest } => {
            put("type", json!("object"));
            if !properties.is_empty() || rest.is_none() {
                put(
                    "properties",
                    Value::Object(properties.iter().map(property).collect()),
                );
                let asked = properties.iter().filter(|property| property.is_asked_for());
                put(
                    "required",
                    asked.map(|property| json!(property.name)).collect(),
                );
            }
            match rest.as_deref() {
                None => put("additionalProperties", json!(false)),
                Some(Shape {
                    kind: Kind::Any, ..
                }) => put("additionalProperties", json!(true)),
                Some(rest) => put("additionalProperties", value(rest)),
            }
        }
        Kind::Union(options) => put("anyOf", options.iter().map(value).collect()),
        Kind::Named(name) => put("$ref", json!(format!("#/$defs/{name}"))),
    }
    out
}

fn property(Property { name, shape, .. }: &Property) -> (String, Value) {
    (name.clone(), value(shape))
}

fn put_range(range: &Range, put: &mut impl FnMut(&str, Value)) {
    let mut bound = |bound: &Option<Bound>, inclusive: &str, exclusive: &str| {
        if let Some(bound) = bound {
            let key = if bound.exclusive {
                exclusive
            } else {
                inclusive
            };
            put(key, Value::Number(bound.value.clone()));
        }
    };
    bound(&range.min, "minimum", "exclusiveMinimum");
    bound(&range.max, "maximum", "exclusiveMaximum");
}

fn put_text_rules(rules: &TextRules, put: &mut impl FnMut(&str, Value)) {
    put_length("minLength", rules.min, put);
    put_length("maxLength", rules.max, put);
    let own = rules.pattern.as_deref();
    let pattern = own.or_else(|| of_format(rules.format.as_deref()?));
    if let Some(pattern) = pattern.filter(|pattern| is_enforceable(pattern)) {
        put("pattern", json!(pattern));
    }
    if let Some(format) = &rules.format {
        put("format", json!(format));
    }
}

/// A pattern for a format that the server's grammar does not know: schemars has two of its own, for times
/// that tell no zone.
fn of_format(format: &str) -> Option<&'static str> {
    match format {
        "partial-time" => Some("^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"),
        "partial-date-time" => Some(
            "^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$",
        ),
        _ => None,
    }
}

fn put_length(key: &str, length: Option<u64>, put: &mut impl FnMut(&str, Value)) {
    if let Some(length) = length.filter(|length| *length < LONGEST_REPETITION) {
        put(key, json!(length));
    }
}

/// Whether the server's converter understands a pattern: anchored at both ends, without groups that
/// look around, and without class escapes such as `\d`, which it would take for literal letters.
fn is_enforceable(pattern: &str) -> bool {
    let inside = pattern
        .strip_prefix('^')
        .and_then(|rest| rest.strip_suffix('$'));
    // An odd number of backslashes before the last `$` makes it a letter.
    let anchored = inside.is_some_and(|inside| {
        let backslashes = inside.len() - inside.trim_end_matches('\\').len();
        backslashes % 2 == 0
    });
    let mut escapes = pattern
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0] == b'\\');
    anchored && !pattern.contains("(?") && escapes.all(|pair| !pair[1].is_ascii_alphanumeric())
}
