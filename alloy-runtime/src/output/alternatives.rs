//! Selects the alternatives of a union that a value may be intended for.

use serde_json::Value;

use super::convert::as_integer;
use crate::schema::{Literal, Presence, Property, Schema, Shape, ShapeKind};

/// The alternatives of one union.
pub(super) struct Alternatives<'s> {
    schema: &'s Schema,
    options: &'s [Shape],
}

impl<'s> Alternatives<'s> {
    pub(super) fn new(schema: &'s Schema, options: &'s [Shape]) -> Self {
        Self { schema, options }
    }

    /// Returns the alternatives with the tag of a value, or else those of its JSON type. If some of them have all fields of an object, those that
    /// would ignore a field are left out.
    pub(super) fn likely(&self, value: &Value) -> Vec<&'s Shape> {
        let tagged = self.of_same_tag(value);
        if !tagged.is_empty() {
            return tagged;
        }
        let options = self.options.iter();
        let mut likely: Vec<_> = options.filter(|one| self.is_likely(value, one)).collect();
        if likely.iter().any(|option| self.knows_all(value, option)) {
            likely.retain(|option| self.knows_all(value, option));
        }
        likely
    }

    /// Returns the alternatives that are objects for an object, or lists for a list.
    pub(super) fn of_same_container(&self, value: &Value) -> Vec<&'s Shape> {
        let is_same = |option: &&Shape| {
            matches!(
                (&self.schema.resolve(option).kind, value),
                (ShapeKind::Object { .. }, Value::Object(_))
                    | (
                        ShapeKind::List { .. } | ShapeKind::Tuple(_),
                        Value::Array(_)
                    )
            )
        };
        self.options.iter().filter(is_same).collect()
    }

    /// Returns `true` if an object is the only container that can be meant.
    pub(super) fn are_objects(&self) -> bool {
        let mut containers = self.kinds().filter(|kind| !kind.is_scalar()).peekable();
        containers.peek().is_some()
            && containers.all(|kind| matches!(kind, ShapeKind::Object { .. }))
    }

    /// Returns the alternatives that have the tag of a value; none if it has no tag that is known.
    pub(super) fn of_same_tag(&self, value: &Value) -> Vec<&'s Shape> {
        let accepts_any = |kind: &ShapeKind| {
            matches!(
                kind,
                ShapeKind::Any | ShapeKind::Named(_) | ShapeKind::Union(_)
            )
        };
        let tag = self
            .tag()
            .filter(|_| !self.kinds().any(accepts_any))
            .and_then(|(tag, _)| Some((tag, value.get(tag)?)));
        let Some((tag, found)) = tag else {
            return Vec::new();
        };
        let has_tag = |property: &Property| match &property.shape.kind {
            ShapeKind::Literals(literals) if property.name == tag => {
                literals.iter().any(|literal| literal.value == *found)
            }
            _ => false,
        };
        let options = self.options.iter();
        let options = options.filter(|option| match &self.schema.resolve(option).kind {
            ShapeKind::Object { properties, .. } => properties.iter().any(has_tag),
            _ => false,
        });
        options.collect()
    }

    fn kinds(&self) -> impl Iterator<Item = &'s ShapeKind> {
        let schema = self.schema;
        self.options
            .iter()
            .map(|option| &schema.resolve(option).kind)
    }

    /// Returns the tag of the objects with all its literals: the first property that has literals in each of them.
    pub(super) fn tag(&self) -> Option<(&'s str, Vec<Literal>)> {
        let mut objects = self.kinds().filter_map(|kind| match kind {
            ShapeKind::Object { properties, .. } => Some(properties),
            _ => None,
        });
        let fixed = |property: &'s Property| match &property.shape.kind {
            ShapeKind::Literals(literals) => Some((property.name.as_str(), literals.clone())),
            _ => None,
        };
        let mut tags: Vec<_> = objects.next()?.iter().filter_map(fixed).collect();
        for properties in objects {
            tags.retain_mut(|(name, literals)| {
                let mut own = properties.iter().filter_map(fixed);
                let own = own.find(|(known, _)| known == name);
                literals.extend(own.iter().flat_map(|(_, more)| more.iter().cloned()));
                own.is_some()
            });
        }
        tags.into_iter().next()
    }

    /// Returns `true` if an alternative has a property for each field of an object.
    fn knows_all(&self, value: &Value, option: &Shape) -> bool {
        match (&self.schema.resolve(option).kind, value) {
            (
                ShapeKind::Object {
                    properties,
                    additional,
                    ..
                },
                Value::Object(fields),
            ) => {
                let is_known = |name: &String| properties.iter().any(|known| known.name == *name);
                additional.is_some() || fields.keys().all(is_known)
            }
            _ => true,
        }
    }

    /// Returns `true` if a value has an alternative's JSON type and, for an object, the fields that tell the
    /// alternatives apart.
    fn is_likely(&self, value: &Value, option: &Shape) -> bool {
        match (&self.schema.resolve(option).kind, value) {
            (ShapeKind::Any | ShapeKind::Named(_) | ShapeKind::Union(_), _)
            | (ShapeKind::Null, Value::Null)
            | (ShapeKind::Boolean, Value::Bool(_))
            | (ShapeKind::Text(_), Value::String(_))
            | (ShapeKind::List { .. } | ShapeKind::Tuple(_), Value::Array(_))
            | (ShapeKind::Number(_), Value::Number(_)) => true,
            (ShapeKind::Integer(_), Value::Number(number)) => {
                !number.is_f64() || as_integer(value).is_ok()
            }
            (ShapeKind::Literals(literals), value) => {
                literals.iter().any(|one| one.value == *value)
            }
            (ShapeKind::Object { properties, .. }, Value::Object(fields)) => {
                properties.iter().all(|property| {
                    match (fields.get(&property.name), &property.shape.kind) {
                        (Some(value), ShapeKind::Literals(literals)) => {
                            literals.iter().any(|one| one.value == *value)
                        }
                        (Some(_), _) => true,
                        (None, _) => {
                            property.presence != Presence::Required || property.shape.is_nullable()
                        }
                    }
                })
            }
            _ => false,
        }
    }
}

/// Counts the values in a value, itself included.
pub(super) fn part_count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(part_count).sum(),
        Value::Object(fields) => fields.values().map(part_count).sum(),
        _ => 0,
    }
}
