//! The third pass over an answer: checks the limits that only the schema states (ranges, lengths, patterns).
//!
//! [`Limits::validate`] checks a value that the output type has already accepted. So a value whose JSON type differs
//! from the schema is not a mismatch here: the type may have an alias or a custom deserializer for it.

use serde_json::Value;

use super::alternatives::{Alternatives, part_count};
use super::describe::{alternatives, found, found_fields, one_of};
use super::limits::{
    ENTRY, Limits, check_count, check_is_related, check_list, check_number, check_tuple,
};
use super::mismatch::{MAX_MISMATCHES, Mismatch, ValuePath};
use crate::schema::{Schema, Shape, ShapeKind};

/// Maximum number of shapes that a value is compared with, per part of the value. Nested alternatives multiply; once
/// the budget is spent, the type's deserializer decides.
pub(super) const MAX_TRIES_PER_PART: usize = 64;

impl Limits {
    /// Checks a value that its type has accepted against the limits of the schema.
    ///
    /// # Errors
    ///
    /// The parts of the value that break a limit, in the order of the value.
    pub(super) fn validate(&self, value: &Value, schema: &Schema) -> Result<(), Vec<Mismatch>> {
        let mut validator = Validator {
            limits: self,
            schema,
            path: ValuePath::default(),
            budget: part_count(value).saturating_mul(MAX_TRIES_PER_PART),
            mismatches: Vec::new(),
        };
        validator.check(value, &schema.root);
        match validator.mismatches.is_empty() {
            true => Ok(()),
            false => Err(validator.mismatches),
        }
    }
}

struct Validator<'a> {
    limits: &'a Limits,
    schema: &'a Schema,
    path: ValuePath,
    budget: usize,
    mismatches: Vec<Mismatch>,
}

impl Validator<'_> {
    /// Returns `false` once the budget is spent.
    fn spend(&mut self) -> bool {
        match self.budget.checked_sub(1) {
            Some(budget) => {
                self.budget = budget;
                true
            }
            None => false,
        }
    }

    fn check(&mut self, value: &Value, shape: &Shape) {
        if !self.spend() || self.mismatches.len() >= MAX_MISMATCHES {
            return;
        }
        let kind = &self.schema.resolve(shape).kind;
        match (kind, value) {
            (ShapeKind::Integer(range), Value::Number(_)) => {
                self.note(check_number(&self.path, "an integer", value, range));
            }
            (ShapeKind::Number(range), Value::Number(_)) => {
                self.note(check_number(&self.path, "a number", value, range));
            }
            (ShapeKind::Text(rules), Value::String(text)) => {
                self.note(self.limits.check_text(&self.path, text, rules));
            }
            (ShapeKind::Literals(literals), value) => {
                let is_known = literals.iter().any(|literal| literal.value == *value);
                if !is_known && literals.iter().any(|literal| literal.is_checked) {
                    self.wrong(&one_of(literals), value);
                }
            }
            (ShapeKind::List { items, .. }, Value::Array(values)) => {
                self.note(check_list(&self.path, values, kind));
                self.check_items(values, std::iter::repeat(&**items));
            }
            (ShapeKind::Tuple(items), Value::Array(values)) => {
                self.note(check_tuple(&self.path, values, items.len()));
                self.check_items(values, items.iter());
            }
            (
                ShapeKind::Object {
                    properties,
                    additional,
                    count,
                    ..
                },
                Value::Object(fields),
            ) => {
                let additional = additional.as_deref();
                self.note(check_is_related(&self.path, fields, properties, additional));
                self.note(check_count(&self.path, fields.len(), *count, ENTRY));
                for (name, value) in fields {
                    let known = properties.iter().find(|property| property.name == *name);
                    let shape = known.map(|property| &property.shape).or(additional);
                    if let Some(shape) = shape {
                        let length = self.path.push_field(name);
                        self.check(value, shape);
                        self.path.truncate(length);
                    }
                }
            }
            // A derived deserializer accepts a list for a struct, but Alloy requests an object.
            (ShapeKind::Object { .. }, Value::Array(_)) => self.wrong("an object", value),
            (ShapeKind::Union(options), value) => self.check_union(value, options),
            _ => {}
        }
    }

    fn check_items<'s>(&mut self, values: &[Value], shapes: impl Iterator<Item = &'s Shape>) {
        for (index, (value, shape)) in values.iter().zip(shapes).enumerate() {
            let length = self.path.push_index(index);
            self.check(value, shape);
            self.path.truncate(length);
        }
    }

    /// Checks the alternative that the type has chosen: an untagged enum takes the first that accepts the value.
    fn check_union(&mut self, value: &Value, options: &[Shape]) {
        let all = Alternatives::new(self.schema, options);
        // A derived deserializer accepts a list for a struct.
        if all.reads_by_position(value, &mut self.budget) {
            return self.wrong(&alternatives(options), value);
        }
        if let [only] = all.of_same_tag(value).as_slice() {
            return self.check(value, only);
        }
        self.budget = self.budget.saturating_sub(part_count(value));
        let is_text = |option: &&Shape| {
            value.is_string() && matches!(self.schema.resolve(option).kind, ShapeKind::Text(_))
        };
        let text = options.iter().find(is_text);
        let accepting = all.first_accepting(value, &mut self.budget);
        // A text of another format may be in a type that accepts any.
        if let Some(chosen) = accepting.or(text) {
            return self.check(value, chosen);
        }
        // The type knows a further name for a part of the value. Any alternative may be intended.
        let candidates = all.of_same_container(value);
        if let [only] = candidates.as_slice() {
            return self.check(value, only);
        }
        let before = self.mismatches.len();
        for candidate in &candidates {
            self.check(value, candidate);
            if self.mismatches.len() == before {
                return;
            }
            self.mismatches.truncate(before);
        }
        match (candidates.as_slice(), all.likely(value).as_slice()) {
            ([], _) => {}
            (_, [only]) => self.check(value, only),
            _ if all.tag().is_some_and(|(tag, _)| value.get(tag).is_some()) => {}
            _ => {
                let (expected, found) = (alternatives(options), found_fields(value));
                let problem = format!("expected {expected}, found {found}");
                self.note(Err(self.path.mismatch(problem)));
            }
        }
    }

    /// Notes a value of the wrong type.
    fn wrong(&mut self, expected: &str, value: &Value) {
        let found = found(value);
        let problem = format!("expected {expected}, found {found}");
        self.note(Err(self.path.mismatch(problem)));
    }

    fn note(&mut self, checked: Result<(), Mismatch>) {
        if self.mismatches.len() < MAX_MISMATCHES {
            self.mismatches.extend(checked.err());
        }
    }
}
