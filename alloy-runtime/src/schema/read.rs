//! From the JSON Schema of a Rust type to the normal form.

mod definitions;
mod limits;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use self::definitions::{definition_name, referenced};
use self::limits::{range, text_rules};
use super::{Kind, Literal, Presence, Property, Range, Schema, Shape};

/// Reads a root schema as schemars writes it.
///
/// A keyword that the normal form has no place for is left out: the answer is then less bound than
/// it could be, and the output type itself still refuses what does not fit.
///
/// A type stands in place wherever it is used, so that the model reads it there. Where that grows too large,
/// because types that are used twice use others twice, each type has a name and stands there once.
pub(super) fn schema(root: &Value) -> Schema {
    read(root, false)
}

/// Reads the schema of a tool's arguments: what has a default, or can be null, may be left out.
pub(super) fn arguments(root: &Value) -> Schema {
    read(root, true)
}

fn read(root: &Value, loose: bool) -> Schema {
    let from = |reader: &mut Reader<'_>| {
        let shape = reader.reference("#");
        let definitions = std::mem::take(&mut reader.definitions);
        Schema {
            definitions: referenced(&shape, definitions),
            root: shape,
        }
    };
    let mut reader = Reader::of(root, loose, false);
    let schema = from(&mut reader);
    match reader.is_too_large() {
        false => schema,
        true => from(&mut Reader::of(root, loose, true)),
    }
}

/// How many shapes a schema has at most before its types are named.
const MOST_IN_PLACE: usize = 1000;
/// How many shapes a schema has at most before what is merged is left to the type.
const MOST_MERGED: usize = 5000;

/// The keywords that limit a value.
const LIMITS: [&str; 9] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
];

struct Reader<'a> {
    root: &'a Value,
    /// The references being read, outermost first.
    open: Vec<&'a str>,
    /// Those being read once more, in place, because something is merged with them.
    expanding: Vec<&'a str>,
    /// Those of the open ones that were met again inside themselves.
    recursive: Vec<&'a str>,
    /// The name that each reference goes by: no two have the same.
    names: Vec<(&'a str, String)>,
    definitions: Vec<(String, Shape)>,
    /// Whether what has a default, or can be null, may be left out.
    loose: bool,
    /// Whether each type has a name, and not only those that contain themselves.
    names_all: bool,
    /// How many shapes were read.
    shapes: usize,
}

impl<'a> Reader<'a> {
    fn of(root: &'a Value, loose: bool, names_all: bool) -> Self {
        Self {
            root,
            open: Vec::new(),
            expanding: Vec::new(),
            recursive: Vec::new(),
            names: Vec::new(),
            definitions: Vec::new(),
            loose,
            names_all,
            shapes: 0,
        }
    }

    /// Whether what was read in place is too large, and was not read to its end.
    fn is_too_large(&self) -> bool {
        !self.names_all && self.shapes > MOST_IN_PLACE
    }

    fn shape(&mut self, schema: &'a Value) -> Shape {
        self.shapes += 1;
        if self.is_too_large() {
            return Kind::Any.into();
        }
        let Some(schema) = schema.as_object() else {
            // `true` accepts everything; `false`, which nothing satisfies, is left to the type.
            return Kind::Any.into();
        };
        let mut parts = Vec::new();
        if let Some(own) = self.own(schema) {
            parts.push(own);
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            parts.push(self.reference(target));
        }
        for part in list(schema, "allOf") {
            parts.push(self.shape(part));
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = schema.get(key) {
                let options = options.iter().map(|option| self.shape(option)).collect();
                parts.push(union(options));
            }
        }
        let shape = parts
            .into_iter()
            .reduce(|left, right| self.merged(left, right));
        let mut shape = shape.unwrap_or_else(|| Kind::Any.into());
        // Limits stand beside a reference where a field has them and its type is a type of its own.
        if !schema.contains_key("type") {
            self.limit(&mut shape, schema);
        }
        if let Some(text) = schema.get("description").and_then(Value::as_str) {
            shape.description = one_line(text);
        }
        shape
    }

    /// What the schema says without looking at other schemas beside it.
    fn own(&mut self, schema: &'a Map<String, Value>) -> Option<Shape> {
        let literal = |value: &Value| Literal {
            value: value.clone(),
            description: None,
        };
        if let Some(value) = schema.get("const") {
            return Some(Kind::Literals(vec![literal(value)]).into());
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return Some(Kind::Literals(values.iter().map(literal).collect()).into());
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

    fn typed(&mut self, name: &str, schema: &'a Map<String, Value>) -> Shape {
        match name {
            "null" => Kind::Null.into(),
            "boolean" => Kind::Boolean.into(),
            "integer" => Kind::Integer(range(schema)).into(),
            "number" => Kind::Number(range(schema)).into(),
            "string" => Kind::Text(text_rules(schema)).into(),
            "array" => self.array(schema),
            "object" => self.object(schema),
            _ => Kind::Any.into(),
        }
    }

    fn array(&mut self, schema: &'a Map<String, Value>) -> Shape {
        if let Some(Value::Array(items)) = schema.get("prefixItems") {
            return Kind::Tuple(items.iter().map(|item| self.shape(item)).collect()).into();
        }
        let items = match schema.get("items") {
            Some(items) => self.shape(items),
            None => Kind::Any.into(),
        };
        Kind::List {
            items: Box::new(items),
            min: schema.get("minItems").and_then(Value::as_u64),
            max: schema.get("maxItems").and_then(Value::as_u64),
        }
        .into()
    }

    fn object(&mut self, schema: &'a Map<String, Value>) -> Shape {
        let properties = match schema.get("properties") {
            Some(Value::Object(properties)) => {
                let required = list(schema, "required");
                let properties = properties.iter();
                properties
                    .map(|(name, schema)| {
                        let required = required.iter().any(|known| known == name);
                        self.property(name, schema, required)
                    })
                    .collect()
            }
            _ => Vec::new(),
        };
        // Keys of a pattern, such as those of a map from numbers, hold what further keys would.
        let patterned = match schema.get("patternProperties") {
            Some(Value::Object(patterns)) => patterns.iter().next(),
            _ => None,
        };
        let keys = patterned.map(|(pattern, _)| pattern.clone());
        let patterned = patterned.map(|(_, schema)| schema);
        let rest = match (patterned, schema.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => Some(self.shape(schema)),
            (None, Some(Value::Bool(true))) => Some(Kind::Any.into()),
            _ => None,
        };
        Kind::Object {
            properties,
            rest: rest.map(Box::new),
            keys,
        }
        .into()
    }

    fn property(&mut self, name: &str, schema: &'a Value, required: bool) -> Property {
        let mut shape = self.shape(schema);
        let default = schema.get("default");
        let presence = match (required, default) {
            (false, _) if self.loose => Presence::Omittable,
            (false, None) => Presence::Open,
            // What has a default can be asked for all the same: any answer will do.
            (true, _) | (false, Some(_)) => Presence::Needed,
        };
        if presence == Presence::Omittable {
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

    /// The shape behind a reference, in place; a name where it leads back into itself.
    fn reference(&mut self, target: &'a str) -> Shape {
        let name = self.name(target);
        if self.definitions.iter().any(|(known, _)| *known == name) {
            return Kind::Named(name).into();
        }
        if self.open.contains(&target) {
            self.recursive.push(target);
            return Kind::Named(name).into();
        }
        self.open.push(target);
        let shape = self.target(target);
        self.open.pop();
        // The root's own place is where a reader begins, and what has no fields is short in place, with its
        // limits beside it.
        let named = self.names_all && target != "#" && has_fields(&shape);
        if !named && !self.recursive.contains(&target) {
            return shape;
        }
        let shape = not_itself(shape, &name);
        let description = shape.description.clone();
        self.definitions.push((name.clone(), shape));
        Shape {
            kind: Kind::Named(name),
            description,
        }
    }

    /// The shape of what a reference points at; anything, where that is nothing.
    fn target(&mut self, target: &'a str) -> Shape {
        // A reference is a fragment of a URL: names that are no ASCII are percent-encoded in it.
        let fragment = target.strip_prefix('#').unwrap_or(target);
        let pointer = percent_decode_str(fragment).decode_utf8_lossy();
        match self.root.pointer(&pointer) {
            Some(schema) => self.shape(schema),
            None => Kind::Any.into(),
        }
    }

    /// The name of a reference: that of its definition or of the root, numbered where it is taken.
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

    /// Puts the limits of a schema on a shape that was read without them.
    fn limit(&mut self, shape: &mut Shape, schema: &Map<String, Value>) {
        if !LIMITS.iter().any(|limit| schema.contains_key(*limit)) {
            return;
        }
        if let Kind::Named(name) = &shape.kind {
            let name = name.clone();
            shape.kind = self.expanded(&name).kind;
        }
        match &mut shape.kind {
            Kind::Integer(own) | Kind::Number(own) => {
                let Range { min, max, .. } = range(schema);
                own.min = min.or(own.min.take());
                own.max = max.or(own.max.take());
            }
            Kind::Text(own) => {
                let rules = text_rules(schema);
                own.min = rules.min.or(own.min);
                own.max = rules.max.or(own.max);
                own.pattern = rules.pattern.or(own.pattern.take());
            }
            Kind::List { min, max, .. } => {
                let count = |key: &str| schema.get(key).and_then(Value::as_u64);
                *min = count("minItems").or(*min);
                *max = count("maxItems").or(*max);
            }
            Kind::Union(options) => {
                for option in options {
                    self.limit(option, schema);
                }
            }
            _ => {}
        }
    }

    /// The shape of what must be both; anything where nothing can be: that is left to the type to refuse.
    fn merged(&mut self, left: Shape, right: Shape) -> Shape {
        let both = self.both(left, right);
        both.unwrap_or_else(|| Kind::Any.into())
    }

    /// The shape of what must be both: the properties of two objects, or the one that says more. `None`
    /// where no value can be both.
    fn both(&mut self, left: Shape, right: Shape) -> Option<Shape> {
        // Alternatives of alternatives multiply.
        self.shapes += 1;
        if self.shapes > MOST_MERGED || self.is_too_large() {
            return Some(Kind::Any.into());
        }
        let description = left.description.or(right.description);
        let kind = match (left.kind, right.kind) {
            (Kind::Any, kind) | (kind, Kind::Any) => kind,
            (Kind::Union(options), other) => {
                let other = Shape::from(other);
                let options = options.into_iter();
                let options = options.filter_map(|option| self.both(option, other.clone()));
                return alternatives(options.collect());
            }
            (other, Kind::Union(options)) => {
                let other = Shape::from(other);
                let options = options.into_iter();
                let options = options.filter_map(|option| self.both(other.clone(), option));
                return alternatives(options.collect());
            }
            (Kind::Named(name), other) => {
                let left = self.expanded(&name);
                self.both(left, other.into())?.kind
            }
            (other, Kind::Named(name)) => {
                let right = self.expanded(&name);
                self.both(other.into(), right)?.kind
            }
            (
                Kind::Object {
                    mut properties,
                    rest,
                    keys,
                },
                Kind::Object {
                    properties: more,
                    rest: other_rest,
                    keys: other_keys,
                },
            ) => {
                let (rest, keys) = match rest {
                    Some(rest) => (Some(rest), keys),
                    None => (other_rest, other_keys),
                };
                for property in more {
                    if !properties.iter().any(|known| known.name == property.name) {
                        properties.push(property);
                    }
                }
                Kind::Object {
                    properties,
                    rest,
                    keys,
                }
            }
            _ => return None,
        };
        Some(Shape { kind, description })
    }

    /// The shape behind a name, in place: of a definition, or of a reference that is still open, which
    /// is read once more.
    fn expanded(&mut self, name: &str) -> Shape {
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
            // What is merged with itself without end: forbid nothing.
            _ => Kind::Object {
                properties: Vec::new(),
                rest: Some(Box::new(Kind::Any.into())),
                keys: None,
            }
            .into(),
        }
    }
}

/// Whether a shape has properties somewhere in it.
fn has_fields(shape: &Shape) -> bool {
    match &shape.kind {
        Kind::Object {
            properties, rest, ..
        } => !properties.is_empty() || rest.as_deref().is_some_and(has_fields),
        Kind::List { items, .. } => has_fields(items),
        // Its items are its fields.
        Kind::Tuple(_) => true,
        Kind::Union(shapes) => shapes.iter().any(has_fields),
        _ => false,
    }
}

/// A definition without itself as one of its own alternatives, which would allow nothing new and lead a
/// grammar in circles.
fn not_itself(shape: Shape, name: &str) -> Shape {
    let is_itself = |shape: &Shape| matches!(&shape.kind, Kind::Named(other) if other == name);
    let kind = match shape.kind {
        Kind::Union(mut options) => {
            options.retain(|option| !is_itself(option));
            union(options).kind
        }
        Kind::Named(other) if other == name => Kind::Any,
        kind => kind,
    };
    Shape { kind, ..shape }
}

/// The shape of a value that can be null, where it is not.
fn without_null(shape: Shape) -> Shape {
    let Kind::Union(mut options) = shape.kind else {
        return shape;
    };
    options.retain(|option| option.kind != Kind::Null);
    let present = union(options);
    Shape {
        description: shape.description.or(present.description),
        kind: present.kind,
    }
}

/// The alternatives that are left; `None` where there is none.
fn alternatives(options: Vec<Shape>) -> Option<Shape> {
    (!options.is_empty()).then(|| union(options))
}

/// One list of alternatives: nested ones are taken in, and literals beside each other are one list.
fn union(options: Vec<Shape>) -> Shape {
    let mut flat: Vec<Shape> = Vec::with_capacity(options.len());
    for option in options {
        match option.kind {
            Kind::Union(inner) => flat.extend(inner),
            Kind::Literals(mut more) => {
                if let [only] = more.as_mut_slice() {
                    only.description = option.description.or(only.description.take());
                }
                match flat.last_mut().map(|last| &mut last.kind) {
                    Some(Kind::Literals(known)) => known.extend(more),
                    _ => flat.push(Kind::Literals(more).into()),
                }
            }
            _ => flat.push(option),
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            Kind::Union(flat).into()
        }
        None => Kind::Any.into(),
    }
}

fn list<'a>(schema: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn one_line(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
