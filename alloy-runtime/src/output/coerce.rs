//! The second pass over an answer: converts the values of a JSON text to the types of the schema.
//!
//! A value with the wrong JSON type is converted if that is lossless (`"25"` to 25), and recorded as a [`Repair`].
//! Nothing is guessed. Each leaf is checked against its limits once it has its type.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::alternatives::{Alternatives, part_count};
use super::convert::{as_boolean, as_integer, as_literal, as_number};
use super::describe::{alternatives, found, found_fields, one_of};
use super::limits::{
    ENTRY, Limits, check_count, check_is_related, check_list, check_number, check_tuple,
};
use super::mismatch::{MAX_MISMATCHES, Mismatch, ValuePath};
use super::repair::Repair;
use super::validate::MAX_TRIES_PER_PART;
use crate::error::excerpt;
use crate::schema::{Presence, Property, Schema, Shape, ShapeKind};

/// Converts a value to the types of its schema, and checks it against the schema's limits.
///
/// # Errors
///
/// The parts of the value that match no type after any conversion, in the order of the value.
pub(super) fn coerce(
    value: &mut Value,
    schema: &Schema,
    limits: &Limits,
    repairs: &mut Vec<Repair>,
) -> Result<(), Vec<Mismatch>> {
    let mut coercer = Coercer {
        limits,
        schema,
        path: ValuePath::default(),
        budget: part_count(value).saturating_mul(MAX_TRIES_PER_PART),
        repairs: Vec::new(),
        mismatches: Vec::new(),
    };
    match coercer.coerce(value, &schema.root) {
        true => {
            repairs.append(&mut coercer.repairs);
            Ok(())
        }
        false => Err(coercer.mismatches),
    }
}

/// Removes the keys that the schema does not know, for types that reject them.
pub(super) fn drop_unknown_keys(value: &mut Value, schema: &Schema, repairs: &mut Vec<Repair>) {
    drop_unknown(
        value,
        &schema.root,
        schema,
        &mut ValuePath::default(),
        repairs,
    );
}

fn drop_unknown(
    value: &mut Value,
    shape: &Shape,
    schema: &Schema,
    path: &mut ValuePath,
    repairs: &mut Vec<Repair>,
) {
    match (&schema.resolve(shape).kind, value) {
        (
            ShapeKind::Object {
                properties,
                additional,
                ..
            },
            Value::Object(fields),
        ) => {
            let known = |name: &str| properties.iter().find(|property| property.name == name);
            fields.retain(|name, value| {
                let length = path.push_field(name);
                let shape = known(name).map(|property| &property.shape);
                let shape = shape.or(additional.as_deref());
                match shape {
                    Some(shape) => drop_unknown(value, shape, schema, path, repairs),
                    None => Repair::UnknownKey {
                        path: path.display(),
                    }
                    .add_to(repairs),
                }
                path.truncate(length);
                shape.is_some()
            });
        }
        (ShapeKind::List { items, .. }, Value::Array(values)) => {
            for (index, value) in values.iter_mut().enumerate() {
                let length = path.push_index(index);
                drop_unknown(value, items, schema, path, repairs);
                path.truncate(length);
            }
        }
        (ShapeKind::Tuple(items), Value::Array(values)) => {
            for (index, (value, shape)) in values.iter_mut().zip(items).enumerate() {
                let length = path.push_index(index);
                drop_unknown(value, shape, schema, path, repairs);
                path.truncate(length);
            }
        }
        // The intended alternative of a union is not known.
        _ => {}
    }
}

struct Coercer<'a> {
    limits: &'a Limits,
    schema: &'a Schema,
    path: ValuePath,
    budget: usize,
    repairs: Vec<Repair>,
    mismatches: Vec<Mismatch>,
}

impl Coercer<'_> {
    /// Converts one value. Returns `false` if it does not match, and notes why.
    fn coerce(&mut self, value: &mut Value, shape: &Shape) -> bool {
        let Some(budget) = self.budget.checked_sub(1) else {
            return true;
        };
        self.budget = budget;
        let kind = &self.schema.resolve(shape).kind;
        match kind {
            ShapeKind::Any | ShapeKind::Named(_) => true,
            ShapeKind::Null => value.is_null() || self.wrong("null", value),
            ShapeKind::Boolean => value.is_boolean() || self.convert(value, as_boolean),
            ShapeKind::Integer(range) => {
                let is_integer = value.is_i64() || value.is_u64();
                if !is_integer && !self.convert(value, as_integer) {
                    return false;
                }
                let checked = check_number(&self.path, "an integer", value, range);
                self.note(checked)
            }
            ShapeKind::Number(range) => {
                if !value.is_number() && !self.convert(value, as_number) {
                    return false;
                }
                let checked = check_number(&self.path, "a number", value, range);
                self.note(checked)
            }
            ShapeKind::Text(rules) => match value.as_str() {
                Some(text) => {
                    let checked = self.limits.check_text(&self.path, text, rules);
                    self.note(checked)
                }
                None => self.wrong("a string", value),
            },
            ShapeKind::Literals(literals) => {
                if literals.iter().any(|literal| literal.value == *value) {
                    return true;
                }
                match as_literal(value, literals) {
                    Some(literal) => {
                        self.replace(value, literal);
                        true
                    }
                    None => self.wrong(&one_of(literals), value),
                }
            }
            ShapeKind::List { items, .. } => {
                self.parse_text(value, Value::is_array);
                match value {
                    Value::Array(values) => {
                        let checked = check_list(&self.path, values, kind);
                        self.note(checked) && self.coerce_items(values, std::iter::repeat(&**items))
                    }
                    other => self.wrong("a list", other),
                }
            }
            ShapeKind::Tuple(items) => {
                self.parse_text(value, Value::is_array);
                match value {
                    Value::Array(values) => {
                        let checked = check_tuple(&self.path, values, items.len());
                        self.note(checked) && self.coerce_items(values, items.iter())
                    }
                    other => self.wrong(&format!("a list of {}", items.len()), other),
                }
            }
            ShapeKind::Object {
                properties,
                additional,
                count,
                ..
            } => {
                self.parse_text(value, Value::is_object);
                self.coerce_object(value, properties, additional.as_deref(), *count)
            }
            ShapeKind::Union(options) => self.coerce_union(value, options),
        }
    }

    fn coerce_items<'s>(
        &mut self,
        values: &mut [Value],
        shapes: impl Iterator<Item = &'s Shape>,
    ) -> bool {
        let mut is_accepted = true;
        for (index, (value, shape)) in values.iter_mut().zip(shapes).enumerate() {
            let length = self.path.push_index(index);
            is_accepted &= self.coerce(value, shape);
            self.path.truncate(length);
            if self.mismatches.len() >= MAX_MISMATCHES {
                break;
            }
        }
        is_accepted
    }

    fn coerce_object(
        &mut self,
        value: &mut Value,
        properties: &[Property],
        additional: Option<&Shape>,
        count: (Option<u64>, Option<u64>),
    ) -> bool {
        let Value::Object(fields) = value else {
            return self.wrong("an object", value);
        };
        let related = check_is_related(&self.path, fields, properties, additional);
        let checked = related.and_then(|()| check_count(&self.path, fields.len(), count, ENTRY));
        if !self.note(checked) {
            return false;
        }
        let known = |name: &String| properties.iter().find(|property| property.name == *name);
        // Models write null for an argument that they omit.
        let is_optional = |name: &String| {
            known(name).is_some_and(|property| property.presence == Presence::Optional)
        };
        fields.retain(|name, value| !value.is_null() || !is_optional(name));
        let mut is_accepted = true;
        for (name, value) in fields {
            let shape = known(name).map(|property| &property.shape).or(additional);
            if let Some(shape) = shape {
                let length = self.path.push_field(name);
                is_accepted &= self.coerce(value, shape);
                self.path.truncate(length);
            }
            if self.mismatches.len() >= MAX_MISMATCHES {
                break;
            }
        }
        is_accepted
    }

    /// Uses the first alternative that accepts the value unchanged, or else the first that accepts it after
    /// conversions.
    fn coerce_union(&mut self, value: &mut Value, options: &[Shape]) -> bool {
        let all = Alternatives::new(self.schema, options);
        let likely = all.likely(value);
        if let [only] = likely.as_slice() {
            return self.coerce(value, only);
        }
        let candidates = match likely.is_empty() {
            true => options.iter().collect(),
            false => likely,
        };
        let mut converted = None;
        for option in candidates {
            let (length, before) = (self.path.len(), self.repairs.len());
            let mismatches = std::mem::take(&mut self.mismatches);
            // A copy costs time for each part, even if few of them are checked afterwards.
            self.budget = self.budget.saturating_sub(part_count(value));
            let mut copy = value.clone();
            let is_accepted = self.coerce(&mut copy, option);
            self.path.truncate(length);
            self.mismatches = mismatches;
            let repairs = self.repairs.split_off(before);
            match is_accepted {
                true if copy == *value => return true,
                true if converted.is_none() => converted = Some((copy, repairs)),
                _ => {}
            }
        }
        if let Some((copy, repairs)) = converted {
            *value = copy;
            self.repairs.extend(repairs);
            return true;
        }
        // If only one alternative can be intended, its error is the most precise.
        if let [only] = all.of_same_container(value).as_slice() {
            return self.coerce(value, only);
        }
        if let Some((tag, literals)) = all.tag() {
            let is_known = |tag: &&Value| literals.iter().any(|literal| literal.value == **tag);
            if let Some(other) = value.get(tag).filter(|tag| !is_known(tag)) {
                let length = self.path.push_field(tag);
                self.wrong(&one_of(&literals), other);
                self.path.truncate(length);
                return false;
            }
        }
        let (expected, found) = (alternatives(options), found_fields(value));
        let problem = format!("expected {expected}, found {found}");
        self.note(Err(self.path.mismatch(problem)))
    }

    /// Replaces a JSON text by the list or object that it contains; it may be encoded twice.
    fn parse_text(&mut self, value: &mut Value, is_wanted: fn(&Value) -> bool) {
        let Value::String(text) = &*value else {
            return;
        };
        let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
        let parsed = match parse(text) {
            Some(Value::String(inner)) => parse(&inner),
            parsed => parsed,
        };
        if let Some(parsed) = parsed.filter(is_wanted) {
            self.replace(value, parsed);
        }
    }

    /// Replaces a value by its conversion, and records the repair.
    fn convert(
        &mut self,
        value: &mut Value,
        convert: fn(&Value) -> Result<Value, &'static str>,
    ) -> bool {
        match convert(value) {
            Ok(converted) => {
                self.replace(value, converted);
                true
            }
            Err(expected) => self.wrong(expected, value),
        }
    }

    fn replace(&mut self, value: &mut Value, converted: Value) {
        let repair = Repair::Converted {
            path: self.path.display(),
            from: excerpt(&value.to_string()),
            to: excerpt(&converted.to_string()),
        };
        repair.add_to(&mut self.repairs);
        *value = converted;
    }

    /// Notes a value of the wrong type.
    fn wrong(&mut self, expected: &str, value: &Value) -> bool {
        let found = found(value);
        let problem = format!("expected {expected}, found {found}");
        self.note(Err(self.path.mismatch(problem)))
    }

    /// Records the mismatch of a check. Returns `true` if the check succeeded.
    fn note(&mut self, checked: Result<(), Mismatch>) -> bool {
        let mismatch = checked.err();
        let is_accepted = mismatch.is_none();
        if self.mismatches.len() < MAX_MISMATCHES {
            self.mismatches.extend(mismatch);
        }
        is_accepted
    }
}
