//! Recognizes a value that is only a part of what the answer was meant to be: a field in YAML or XML, an argument of a
//! call, or a part of an object that lost its brace.

use serde_json::Value;

use crate::schema::{Property, Schema, Shape, ShapeKind};

/// The fields of the type of an answer.
pub(super) struct Fields<'a> {
    schema: &'a Schema,
    properties: Vec<&'a Property>,
}

impl<'a> Fields<'a> {
    /// Collects the fields of a shape: of each alternative, and of the items of a list.
    pub(super) fn new(shape: &'a Shape, schema: &'a Schema) -> Self {
        let mut fields = Self {
            schema,
            properties: Vec::new(),
        };
        fields.collect(shape, true);
        fields
    }

    fn collect(&mut self, shape: &'a Shape, includes_items: bool) {
        match &self.schema.resolve(shape).kind {
            ShapeKind::Object { properties, .. } => self.properties.extend(properties),
            ShapeKind::Union(options) => {
                for option in options {
                    self.collect(option, includes_items);
                }
            }
            ShapeKind::List { items, .. } if includes_items => self.collect(items, false),
            _ => {}
        }
    }

    /// Returns `true` if the text before a value shows that the value is a part of something else. `before` begins behind
    /// the value before it.
    pub(super) fn enclose(&self, before: &str, value: &Value) -> bool {
        let is_field = |label: &str| {
            let mut named = self.properties.iter().filter(|known| known.name == label);
            named.any(|known| self.may_be(&known.shape, value))
        };
        label(before).is_some_and(is_field) || is_in_call(before) || self.occur_as_keys(before)
    }

    /// Returns `true` if a text between values has a field as a key in quotation marks: a part of an object.
    pub(super) fn occur_as_keys(&self, text: &str) -> bool {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\":") {
            let start = before.rfind('"').map_or(before.len(), |start| start + 1);
            let key = &before[start..];
            if self.properties.iter().any(|known| known.name == key) {
                return true;
            }
            rest = after;
        }
        false
    }

    /// Returns `true` if a value may be the value of a field with this shape.
    fn may_be(&self, shape: &Shape, value: &Value) -> bool {
        match (&self.schema.resolve(shape).kind, value) {
            (ShapeKind::Any | ShapeKind::Named(_), _)
            | (ShapeKind::List { .. } | ShapeKind::Tuple(_), Value::Array(_)) => true,
            (ShapeKind::Union(options), value) => {
                options.iter().any(|option| self.may_be(option, value))
            }
            (
                ShapeKind::Object {
                    properties,
                    additional,
                    ..
                },
                Value::Object(fields),
            ) => {
                let is_known = |name: &String| properties.iter().any(|known| known.name == *name);
                additional.is_some() || properties.is_empty() || fields.keys().any(is_known)
            }
            _ => false,
        }
    }
}

/// Returns the word before a value that a colon, an equals sign or a tag makes its label: `lead:`, `"lead":`, `<lead>`.
fn label(before: &str) -> Option<&str> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '*');
    let before = before.trim_end_matches(is_mark);
    let before = before.strip_suffix([':', '=', '>'])?;
    let before = before.trim_end_matches(|c| is_mark(c) || c == '=');
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let name = before.rsplit(|c| !is_part(c)).next()?;
    (!name.is_empty()).then_some(name)
}

/// Returns `true` if a text ends in the arguments of a call, with another argument before: `Node(title="Trip", lead=`.
fn is_in_call(before: &str) -> bool {
    let mut depth = 0_usize;
    for (at, c) in before.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => {
                let is_call = before[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                if is_call && before[at..].contains([',', '=', ':']) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
