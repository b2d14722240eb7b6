//! Parses the JSON Schema of a Rust type into the normal form.

mod definitions;
#[cfg(feature = "testing")]
mod hints;
mod limits;
mod merge;
mod trust;
mod union;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use self::definitions::{NamedShapes, definition_name, has_fields, referenced};
use self::limits::{override_limits, range, text_rules};
use self::merge::merged;
use self::trust::{is_unique, trust_tags, trust_type};
use self::union::{union, without_null, without_self};
use super::{Literal, Presence, Property, Schema, Shape, ShapeKind};

/// Parses the root schema of an output type, as schemars writes it.
///
/// A keyword that the normal form does not support is ignored. The schema then accepts more than the type,
/// and the type itself still rejects invalid values.
///
/// Each use of a type is inlined, so that the model reads the type where it is used. If that makes the schema
/// too large, because types use others more than once on several levels, every type with fields becomes a
/// definition and is written once.
pub(super) fn parse_output(root: &Value) -> Schema {
    parse(root, false)
}

/// Parses the schema of a tool's arguments. A property that has a default or is nullable may be omitted.
pub(super) fn parse_arguments(root: &Value) -> Schema {
    parse(root, true)
}

fn parse(root: &Value, is_arguments: bool) -> Schema {
    let finish = |parser: &mut Parser<'_>| {
        let shape = parser.reference("#");
        let definitions = std::mem::take(&mut parser.definitions);
        Schema {
            definitions: referenced(&shape, definitions),
            root: shape,
            unchecked: std::mem::take(&mut parser.unchecked),
        }
    };
    let mut parser = Parser::new(root, is_arguments, false);
    let schema = finish(&mut parser);
    match parser.is_too_large() {
        false => schema,
        true => finish(&mut Parser::new(root, is_arguments, true)),
    }
}

/// The number of shapes that a schema may have before its types become definitions.
const MAX_INLINED: usize = 1000;
/// The number of shapes that a schema may have before merging stops and yields unconstrained shapes.
const MAX_MERGED: usize = 5000;

/// Keywords that limit a value and that the normal form does not have.
const UNCHECKED: [&str; 9] = [
    "not",
    "if",
    "contains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentEncoding",
];

struct Parser<'a> {
    root: &'a Value,
    /// The references that are being parsed, outermost first.
    open: Vec<&'a str>,
    /// The references that are being parsed again to be merged with another shape.
    expanding: Vec<&'a str>,
    /// The references that occurred inside themselves.
    recursive: Vec<&'a str>,
    /// The unique name of each reference.
    names: Vec<(&'a str, String)>,
    definitions: Vec<(String, Shape)>,
    /// `true` for the arguments of a tool: a property that has a default or is nullable may be omitted.
    is_arguments: bool,
    /// `true` if every type with fields becomes a definition, not only the recursive ones.
    names_all: bool,
    /// The number of shapes parsed and merged so far.
    shapes: usize,
    unchecked: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(root: &'a Value, is_arguments: bool, names_all: bool) -> Self {
        Self {
            root,
            open: Vec::new(),
            expanding: Vec::new(),
            recursive: Vec::new(),
            names: Vec::new(),
            definitions: Vec::new(),
            is_arguments,
            names_all,
            shapes: 0,
            unchecked: Vec::new(),
        }
    }

    /// Returns `true` if inlining exceeded the limit. Parsing has then stopped early.
    fn is_too_large(&self) -> bool {
        !self.names_all && self.shapes > MAX_INLINED
    }

    fn shape(&mut self, schema: &'a Value) -> Shape {
        self.shapes += 1;
        if self.is_too_large() {
            return ShapeKind::Any.into();
        }
        let Some(schema) = schema.as_object() else {
            // `true` accepts every value. `false` accepts none: the type itself rejects the answer.
            return ShapeKind::Any.into();
        };
        self.note_unchecked(schema);
        let mut parts = Vec::new();
        if let Some(direct) = self.direct(schema) {
            parts.push(direct);
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            parts.push(self.reference(target));
        }
        for part in array_of(schema, "allOf") {
            parts.push(self.shape(part));
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = schema.get(key) {
                let options = options.iter().map(|option| {
                    let mut option = self.shape(option);
                    trust_tags(&mut option);
                    option
                });
                let options = options.collect();
                parts.push(union(options));
            }
        }
        let shape = parts
            .into_iter()
            .reduce(|left, right| merged(left, right, self));
        let mut shape = shape.unwrap_or_else(|| ShapeKind::Any.into());
        // A field with limits whose type is a definition has them next to its `$ref`.
        if !schema.contains_key("type") {
            override_limits(&mut shape, schema, self);
        }
        if let Some(text) = schema.get("description").and_then(Value::as_str) {
            shape.description = one_line(text);
        }
        #[cfg(feature = "testing")]
        shape.replace_hints(hints::hints(schema));
        shape
    }

    /// Notes the keywords of a schema that nothing enforces or checks.
    fn note_unchecked(&mut self, schema: &Map<String, Value>) {
        for keyword in UNCHECKED {
            if schema.contains_key(keyword) && !self.unchecked.iter().any(|known| known == keyword)
            {
                self.unchecked.push(keyword.to_owned());
            }
        }
    }

    /// Parses the keywords of a schema that do not combine it with other schemas.
    fn direct(&mut self, schema: &'a Map<String, Value>) -> Option<Shape> {
        let literal = |value: &Value| Literal {
            value: value.clone(),
            description: None,
            is_checked: true,
        };
        if let Some(value) = schema.get("const") {
            return Some(ShapeKind::Literals(vec![literal(value)]).into());
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return Some(ShapeKind::Literals(values.iter().map(literal).collect()).into());
        }
        match schema.get("type") {
            Some(Value::String(name)) => Some(self.typed(name, schema)),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str);
                Some(union(names.map(|name| self.typed(name, schema)).collect()))
            }
            _ if schema.contains_key("properties") => Some(self.object(schema)),
            _ => None,
        }
    }

    /// Parses a schema whose `type` is `name`.
    fn typed(&mut self, name: &str, schema: &'a Map<String, Value>) -> Shape {
        match name {
            "null" => ShapeKind::Null.into(),
            "boolean" => ShapeKind::Boolean.into(),
            "integer" => ShapeKind::Integer(range(schema)).into(),
            "number" => ShapeKind::Number(range(schema)).into(),
            "string" => ShapeKind::Text(text_rules(schema)).into(),
            "array" => self.array(schema),
            "object" => self.object(schema),
            _ => ShapeKind::Any.into(),
        }
    }

    fn array(&mut self, schema: &'a Map<String, Value>) -> Shape {
        if let Some(Value::Array(items)) = schema.get("prefixItems") {
            return ShapeKind::Tuple(items.iter().map(|item| self.shape(item)).collect()).into();
        }
        let items = match schema.get("items") {
            Some(items) => self.shape(items),
            None => ShapeKind::Any.into(),
        };
        ShapeKind::List {
            items: Box::new(items),
            min: schema.get("minItems").and_then(Value::as_u64),
            max: schema.get("maxItems").and_then(Value::as_u64),
            unique: is_unique(schema),
        }
        .into()
    }

    fn object(&mut self, schema: &'a Map<String, Value>) -> Shape {
        let properties = match schema.get("properties") {
            Some(Value::Object(properties)) => {
                let required = array_of(schema, "required");
                let properties = properties.iter();
                properties
                    .map(|(name, schema)| {
                        let is_required = required.iter().any(|known| known == name);
                        self.property(name, schema, is_required)
                    })
                    .collect()
            }
            _ => Vec::new(),
        };
        // Keys that match a pattern, such as those of a map with integer keys, are additional keys here.
        let patterned = match schema.get("patternProperties") {
            Some(Value::Object(patterns)) => patterns.iter().next(),
            _ => None,
        };
        let keys = patterned.map(|(pattern, _)| pattern.clone());
        let patterned = patterned.map(|(_, schema)| schema);
        let others = schema.get("additionalProperties");
        let additional = match (patterned, others) {
            (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => Some(self.shape(schema)),
            (None, Some(Value::Bool(true))) => Some(ShapeKind::Any.into()),
            _ => None,
        };
        ShapeKind::Object {
            properties,
            additional: additional.map(Box::new),
            keys,
            count: (
                schema.get("minProperties").and_then(Value::as_u64),
                schema.get("maxProperties").and_then(Value::as_u64),
            ),
            denies_unknown: patterned.is_none() && others == Some(&Value::Bool(false)),
        }
        .into()
    }

    fn property(&mut self, name: &str, schema: &'a Value, is_required: bool) -> Property {
        let mut shape = self.shape(schema);
        let default = schema.get("default");
        let presence = match (is_required, default) {
            (false, _) if self.is_arguments => Presence::Optional,
            (false, None) => Presence::Nullable,
            // The model can always write a property that has a default: any valid value will do.
            (true, _) | (false, Some(_)) => Presence::Required,
        };
        if presence == Presence::Optional {
            shape = without_null(shape);
            if let Some(default) = default.filter(|default| !default.is_null()) {
                let default = format!("{default} where it is left out");
                shape.description = Some(match shape.description.take() {
                    Some(description) => format!("{description}; {default}"),
                    None => default,
                });
            }
        }
        let name = name.to_owned();
        Property {
            name,
            shape,
            presence,
        }
    }

    /// Parses the target of a reference. Returns its name instead of its shape if it is a definition.
    fn reference(&mut self, target: &'a str) -> Shape {
        let name = self.name(target);
        if self.definitions.iter().any(|(known, _)| *known == name) {
            return ShapeKind::Named(name).into();
        }
        if self.open.contains(&target) {
            self.recursive.push(target);
            return ShapeKind::Named(name).into();
        }
        self.open.push(target);
        let mut shape = self.target(target);
        self.open.pop();
        trust_type(&mut shape);
        // The root is always inlined. So is a type without fields: it is short, and its limits are then shown
        // where it is used.
        let is_named = self.names_all && target != "#" && has_fields(&shape);
        if !is_named && !self.recursive.contains(&target) {
            return shape;
        }
        let shape = without_self(shape, &name);
        let description = shape.description.clone();
        self.definitions.push((name.clone(), shape));
        Shape {
            description,
            ..ShapeKind::Named(name).into()
        }
    }

    /// Parses the target of a reference in place. A target that does not exist accepts every value.
    fn target(&mut self, target: &'a str) -> Shape {
        // A reference is a URL fragment, in which characters other than ASCII are percent-encoded.
        let fragment = target.strip_prefix('#').unwrap_or(target);
        let pointer = percent_decode_str(fragment).decode_utf8_lossy();
        match self.root.pointer(&pointer) {
            Some(schema) => self.shape(schema),
            None => ShapeKind::Any.into(),
        }
    }

    /// Returns the name of a reference: that of its definition or of the root, with a number if it is taken.
    fn name(&mut self, target: &'a str) -> String {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| *known == target) {
            return name.clone();
        }
        let base = definition_name(self.root, target);
        let mut name = base.clone();
        let mut number = 1;
        while self.names.iter().any(|(_, known)| *known == name) {
            number += 1;
            name = format!("{base}{number}");
        }
        self.names.push((target, name.clone()));
        name
    }
}

impl NamedShapes for Parser<'_> {
    /// Looks the name up in the definitions. A reference that is still open is parsed again.
    fn expand(&mut self, name: &str) -> Shape {
        if let Some((_, shape)) = self.definitions.iter().find(|(known, _)| known == name) {
            return shape.clone();
        }
        let target = self
            .names
            .iter()
            .find_map(|(target, known)| (known == name).then_some(*target));
        match target {
            Some(target) if !self.expanding.contains(&target) => {
                self.expanding.push(target);
                let shape = self.target(target);
                self.expanding.pop();
                shape
            }
            // Merging the type with itself would not end, so its object accepts everything.
            _ => ShapeKind::Object {
                properties: Vec::new(),
                additional: Some(Box::new(ShapeKind::Any.into())),
                keys: None,
                count: (None, None),
                denies_unknown: false,
            }
            .into(),
        }
    }

    fn count_merge(&mut self) -> bool {
        self.shapes += 1;
        self.shapes <= MAX_MERGED && !self.is_too_large()
    }
}

/// Returns the array that is the value of `key`, or an empty one.
fn array_of<'a>(schema: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Joins the words of a text with single spaces. Returns `None` if it has none.
fn one_line(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
