//! The JSON Schema that a grammar enforces, written from the normal form: a server's, or that of the engine in this
//! process, which knows more.
//!
//! What Ollama's converter does with each keyword stands in its sources (`json-schema-to-grammar`):
//! properties are required, since it emits the required ones first and in order; objects are
//! closed; unions are `anyOf` with nothing beside it; a pattern or a bound that it would refuse is
//! left out, and the model still reads it in the form.

use serde_json::{Map, Value, json};

use super::formats;
use super::{Bound, Kind, Literal, Property, Range, Schema, Shape, TextRules};

/// Whose grammar it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Enforcer {
    Server,
    /// Whatever can be said of a JSON text, token by token.
    Engine,
}

/// Bounds from here on are refused by some of the server's grammar parsers, or ignored.
const LONGEST_REPETITION: u64 = 1900;
/// What the engine in this process counts to.
const LONGEST_COUNTED: u64 = 1_000_000;

/// All the types that JSON has: a value without any would be an object to some converters.
pub(super) const ANY: [&str; 6] = ["object", "array", "string", "number", "boolean", "null"];

pub(super) fn schema(schema: &Schema, by: Enforcer) -> Value {
    // The root is written in place even where it has a name: not every converter starts at a `$ref`.
    let mut root = object(schema.resolve(&schema.root), by);
    if !schema.definitions.is_empty() {
        let definitions = schema.definitions.iter();
        let definitions = definitions.map(|(name, shape)| (name.clone(), value(shape, by)));
        root.insert("$defs".to_owned(), Value::Object(definitions.collect()));
    }
    Value::Object(root)
}

/// The schema of a call of the function of this name whose arguments have `schema`.
pub(super) fn call(schema: &Schema, name: &str) -> Value {
    let mut arguments = match &schema.resolve(&schema.root).kind {
        Kind::Object { .. } => self::schema(schema, Enforcer::Engine),
        Kind::Any => json!({"type": "object"}),
        _ => json!({"type": "object", "properties": {}, "additionalProperties": false}),
    };
    // References begin at the root.
    let definitions = arguments
        .as_object_mut()
        .and_then(|own| own.remove("$defs"));
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

fn value(shape: &Shape, by: Enforcer) -> Value {
    Value::Object(object(shape, by))
}

fn object(shape: &Shape, by: Enforcer) -> Map<String, Value> {
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
            put_range(range, by, &mut put);
        }
        Kind::Number(range) => {
            put("type", json!("number"));
            put_range(range, by, &mut put);
        }
        Kind::Text(rules) => {
            put("type", json!("string"));
            put_text_rules(rules, by, &mut put);
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
            put("items", value(items, by));
            put_length("minItems", *min, by, &mut put);
            put_length("maxItems", *max, by, &mut put);
        }
        Kind::Tuple(items) => {
            put("type", json!("array"));
            put(
                "prefixItems",
                items.iter().map(|item| value(item, by)).collect(),
            );
            put("minItems", json!(items.len()));
            put("maxItems", json!(items.len()));
        }
        Kind::Object {
            properties,
            rest,
            keys,
        } => {
            put("type", json!("object"));
            if !properties.is_empty() || rest.is_none() {
                put(
                    "properties",
                    Value::Object(properties.iter().map(|one| property(one, by)).collect()),
                );
                let asked = properties.iter().filter(|property| property.is_asked_for());
                put(
                    "required",
                    asked.map(|property| json!(property.name)).collect(),
                );
            }
            // No server's grammar knows patterns of keys.
            let keys = keys.as_ref().filter(|_| by == Enforcer::Engine);
            match rest.as_deref() {
                Some(rest) if keys.is_some() => {
                    put(
                        "patternProperties",
                        json!({keys.map_or("", |keys| formats::of_keys(keys)): value(rest, by)}),
                    );
                    put("additionalProperties", json!(false));
                }
                None => put("additionalProperties", json!(false)),
                Some(Shape {
                    kind: Kind::Any, ..
                }) => put("additionalProperties", json!(true)),
                Some(rest) => put("additionalProperties", value(rest, by)),
            }
        }
        Kind::Union(options) => {
            let options = options.iter().map(|option| value(option, by));
            put("anyOf", options.collect());
        }
        Kind::Named(name) => put("$ref", json!(format!("#/$defs/{name}"))),
    }
    out
}

fn property(Property { name, shape, .. }: &Property, by: Enforcer) -> (String, Value) {
    (name.clone(), value(shape, by))
}

fn put_range(range: &Range, by: Enforcer, put: &mut impl FnMut(&str, Value)) {
    // What is larger than 32 bits goes through a float on its way to a grammar.
    let natural = |limit: Option<i64>| {
        let limit = limit.filter(|_| by == Enforcer::Engine);
        limit.filter(|limit| limit.unsigned_abs() <= u32::MAX.into())
    };
    let mut bound = |bound: &Option<Bound>, own: Option<i64>, inclusive: &str, exclusive: &str| {
        if let (None, Some(own)) = (bound, natural(own)) {
            put(inclusive, json!(own));
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
    let (min, max) = range.natural;
    bound(&range.min, min, "minimum", "exclusiveMinimum");
    bound(&range.max, max, "maximum", "exclusiveMaximum");
}

fn put_text_rules(rules: &TextRules, by: Enforcer, put: &mut impl FnMut(&str, Value)) {
    put_length("minLength", rules.min, by, put);
    put_length("maxLength", rules.max, by, put);
    let own = rules.pattern.as_deref();
    let format = rules.format.as_deref();
    match by {
        Enforcer::Server => {
            let pattern = own.or_else(|| formats::of_schemars(format?));
            if let Some(pattern) = pattern.filter(|pattern| is_enforceable(pattern)) {
                put("pattern", json!(pattern));
            }
            if let Some(format) = format {
                put("format", json!(format));
            }
        }
        Enforcer::Engine => {
            if let Some(pattern) = own {
                put("pattern", json!(pattern));
            }
            match (format, format.and_then(formats::exact)) {
                (_, Some(exact)) => put("allOf", json!([{"pattern": exact}])),
                (Some(format), None) => put("format", json!(format)),
                (None, None) => {}
            }
        }
    }
}

fn put_length(key: &str, length: Option<u64>, by: Enforcer, put: &mut impl FnMut(&str, Value)) {
    let longest = match by {
        Enforcer::Server => LONGEST_REPETITION,
        Enforcer::Engine => LONGEST_COUNTED,
    };
    if let Some(length) = length.filter(|length| *length < longest) {
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
