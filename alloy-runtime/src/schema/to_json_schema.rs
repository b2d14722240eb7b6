//! Writes the JSON Schema that a grammar enforces: the grammar of a server, or that of the embedded engine, which
//! supports more keywords.
//!
//! The server's schema follows the sources of Ollama's converter (`json-schema-to-grammar`). Properties are required,
//! since the converter emits the required ones first and in order. Objects are closed. A union is an `anyOf` without
//! other keywords. A pattern or a bound that the converter would reject is omitted; the model still reads it in the
//! format instructions.

use serde_json::{Map, Value, json};

use super::formats;
use super::{Bound, Literal, Property, Range, Schema, Shape, ShapeKind, StringRules};

/// The grammar that enforces a schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SchemaTarget {
    /// The grammar of a server.
    Server,
    /// The grammar of the embedded engine, which enforces everything that can be checked token by token.
    Engine,
}

/// Lengths from this one on are omitted for servers: some of their grammar parsers reject or ignore them.
const MAX_REPETITION: u64 = 1900;
/// Lengths from this one on are omitted for the embedded engine.
const MAX_COUNTED: u64 = 1_000_000;

/// All JSON types. Some converters take a schema without `type` for that of an object.
pub(super) const ANY: [&str; 6] = ["object", "array", "string", "number", "boolean", "null"];

/// Writes the JSON Schema of an answer.
pub(super) fn write(schema: &Schema, target: SchemaTarget) -> Value {
    // The root is inlined even if it is a named type: not every converter accepts a `$ref` there.
    let mut root = object(schema.resolve(&schema.root), target);
    if !schema.definitions.is_empty() {
        let definitions = schema.definitions.iter();
        let definitions = definitions.map(|(name, shape)| (name.clone(), value(shape, target)));
        root.insert("$defs".to_owned(), Value::Object(definitions.collect()));
    }
    Value::Object(root)
}

/// Writes the JSON Schema of a call of the tool `name` whose arguments have `schema`.
pub(super) fn write_call(schema: &Schema, name: &str) -> Value {
    let mut arguments = match &schema.resolve(&schema.root).kind {
        ShapeKind::Object { .. } => write(schema, SchemaTarget::Engine),
        ShapeKind::Any => json!({"type": "object"}),
        _ => json!({"type": "object", "properties": {}, "additionalProperties": false}),
    };
    // References start at the root, so the definitions move there.
    let definitions = arguments
        .as_object_mut()
        .and_then(|arguments| arguments.remove("$defs"));
    let mut call = json!({
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": false,
    });
    if let Some(definitions) = definitions {
        call["$defs"] = definitions;
    }
    call
}

fn value(shape: &Shape, target: SchemaTarget) -> Value {
    Value::Object(object(shape, target))
}

fn object(shape: &Shape, target: SchemaTarget) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    // A converter may ignore keywords next to `$ref` and `anyOf`. It may safely ignore a description.
    if let Some(description) = &shape.description {
        put("description", json!(description));
    }
    match &shape.kind {
        ShapeKind::Any => put("type", json!(ANY)),
        ShapeKind::Null => put("type", json!("null")),
        ShapeKind::Boolean => put("type", json!("boolean")),
        ShapeKind::Integer(range) => {
            put("type", json!("integer"));
            put_range(range, target, &mut put);
        }
        ShapeKind::Number(range) => {
            put("type", json!("number"));
            put_range(range, target, &mut put);
        }
        ShapeKind::Text(rules) => {
            put("type", json!("string"));
            put_text_rules(rules, target, &mut put);
        }
        ShapeKind::Literals(literals) => {
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
        ShapeKind::List {
            items, min, max, ..
        } => {
            put("type", json!("array"));
            put("items", value(items, target));
            put_length("minItems", *min, target, &mut put);
            put_length("maxItems", *max, target, &mut put);
        }
        ShapeKind::Tuple(items) => {
            put("type", json!("array"));
            put(
                "prefixItems",
                items.iter().map(|item| value(item, target)).collect(),
            );
            put("minItems", json!(items.len()));
            put("maxItems", json!(items.len()));
        }
        ShapeKind::Object {
            properties,
            additional,
            keys,
            ..
        } => {
            put("type", json!("object"));
            if !properties.is_empty() || additional.is_none() {
                put(
                    "properties",
                    Value::Object(properties.iter().map(|one| property(one, target)).collect()),
                );
                let required = properties.iter().filter(|property| property.is_required());
                put(
                    "required",
                    required.map(|property| json!(property.name)).collect(),
                );
            }
            // No server's grammar supports `patternProperties`.
            let keys = keys.as_ref().filter(|_| target == SchemaTarget::Engine);
            match additional.as_deref() {
                Some(additional) if keys.is_some() => {
                    put(
                        "patternProperties",
                        json!({keys.map_or("", |keys| formats::strict_key_pattern(keys)): value(additional, target)}),
                    );
                    put("additionalProperties", json!(false));
                }
                None => put("additionalProperties", json!(false)),
                Some(Shape {
                    kind: ShapeKind::Any,
                    ..
                }) => put("additionalProperties", json!(true)),
                Some(additional) => put("additionalProperties", value(additional, target)),
            }
        }
        ShapeKind::Union(options) => {
            let options = options.iter().map(|option| value(option, target));
            put("anyOf", options.collect());
        }
        ShapeKind::Named(name) => put("$ref", json!(format!("#/$defs/{name}"))),
    }
    out
}

fn property(Property { name, shape, .. }: &Property, target: SchemaTarget) -> (String, Value) {
    (name.clone(), value(shape, target))
}

fn put_range(range: &Range, target: SchemaTarget, put: &mut impl FnMut(&str, Value)) {
    // The engine converts a bound to a float on its way to the grammar: only one of 32 bits is surely exact.
    let implied = |limit: Option<i64>| {
        let limit = limit.filter(|_| target == SchemaTarget::Engine);
        limit.filter(|limit| limit.unsigned_abs() <= u32::MAX.into())
    };
    let mut bound =
        |bound: &Option<Bound>, limit: Option<i64>, inclusive: &str, exclusive: &str| {
            if let (None, Some(limit)) = (bound, implied(limit)) {
                put(inclusive, json!(limit));
            }
            if let Some(bound) = bound {
                let key = if bound.exclusive {
                    exclusive
                } else {
                    inclusive
                };
                put(key, Value::Number(bound.value.clone()));
            }
        };
    let (min, max) = range.implied;
    bound(&range.min, min, "minimum", "exclusiveMinimum");
    bound(&range.max, max, "maximum", "exclusiveMaximum");
}

fn put_text_rules(rules: &StringRules, target: SchemaTarget, put: &mut impl FnMut(&str, Value)) {
    put_length("minLength", rules.min, target, put);
    put_length("maxLength", rules.max, target, put);
    let pattern = rules.pattern.as_deref();
    let format = rules.format.as_deref();
    match target {
        SchemaTarget::Server => {
            let pattern = pattern.or_else(|| formats::schemars_pattern(format?));
            if let Some(pattern) = pattern.filter(|pattern| is_enforceable(pattern)) {
                put("pattern", json!(pattern));
            }
            if let Some(format) = format {
                put("format", json!(format));
            }
        }
        SchemaTarget::Engine => {
            if let Some(pattern) = pattern {
                put("pattern", json!(pattern));
            }
            match (format, format.and_then(formats::exact_pattern)) {
                (_, Some(exact)) => put("allOf", json!([{"pattern": exact}])),
                (Some(format), None) => put("format", json!(format)),
                (None, None) => {}
            }
        }
    }
}

fn put_length(
    key: &str,
    length: Option<u64>,
    target: SchemaTarget,
    put: &mut impl FnMut(&str, Value),
) {
    let limit = match target {
        SchemaTarget::Server => MAX_REPETITION,
        SchemaTarget::Engine => MAX_COUNTED,
    };
    if let Some(length) = length.filter(|length| *length < limit) {
        put(key, json!(length));
    }
}

/// Returns `true` if the server's converter supports a pattern: it is anchored at both ends, has no groups that begin with
/// `(?`, and no class escapes such as `\d`, which the converter would take for literal letters.
fn is_enforceable(pattern: &str) -> bool {
    let inside = pattern
        .strip_prefix('^')
        .and_then(|rest| rest.strip_suffix('$'));
    // An odd number of backslashes before the last `$` escapes it.
    let is_anchored = inside.is_some_and(|inside| {
        let backslashes = inside.len() - inside.trim_end_matches('\\').len();
        backslashes % 2 == 0
    });
    let mut escapes = pattern
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0] == b'\\');
    is_anchored && !pattern.contains("(?") && escapes.all(|pair| !pair[1].is_ascii_alphanumeric())
}
