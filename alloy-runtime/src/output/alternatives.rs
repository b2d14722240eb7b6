//! Selects the alternatives of a union that a value may be intended for.

use serde_json::Value;

use super::convert::as_integer;
use super::limits::check_number;
use super::mismatch::ValuePath;
use crate::schema::{Literal, Presence, Property, Schema, Shape, ShapeKind, is_of_format};

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

    /// Returns the first alternative whose deserializer accepts a value, which is the one that an untagged enum takes.
    pub(super) fn first_accepting(&self, value: &Value, budget: &mut usize) -> Option<&'s Shape> {
        let mut options = self.options.iter();
        options.find(|option| accepts(self.schema, value, option, budget))
    }

    /// Returns `true` if a value is a list that a derived deserializer may read into a struct, by position: no alternative
    /// is a list, or one that could be read so comes first.
    pub(super) fn reads_by_position(&self, value: &Value, budget: &mut usize) -> bool {
        let Value::Array(items) = value else {
            return false;
        };
        for kind in self.kinds() {
            match kind {
                ShapeKind::Object { properties, .. } => {
                    let required = properties.iter();
                    let required = required.filter(|known| known.presence == Presence::Required);
                    let has_length = (required.count()..=properties.len()).contains(&items.len());
                    let mut pairs = items.iter().zip(properties);
                    if has_length
                        && pairs
                            .all(|(item, known)| accepts(self.schema, item, &known.shape, budget))
                    {
                        return true;
                    }
                }
                ShapeKind::List { .. }
                | ShapeKind::Tuple(_)
                | ShapeKind::Any
                | ShapeKind::Union(_)
                | ShapeKind::Named(_) => return false,
                _ => {}
            }
        }
        self.kinds()
            .any(|kind| matches!(kind, ShapeKind::Object { .. }))
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

/// Returns `true` if the deserializer of a shape accepts a value, as far as the schema tells; also once the budget is spent.
fn accepts(schema: &Schema, value: &Value, shape: &Shape, budget: &mut usize) -> bool {
    let Some(rest) = budget.checked_sub(1) else {
        return true;
    };
    *budget = rest;
    match (&schema.resolve(shape).kind, value) {
        (ShapeKind::Any | ShapeKind::Named(_), _)
        | (ShapeKind::Null, Value::Null)
        | (ShapeKind::Boolean, Value::Bool(_))
        | (ShapeKind::Number(_), Value::Number(_)) => true,
        (ShapeKind::Integer(range), Value::Number(number)) => {
            let own = range.of_type();
            !number.is_f64() && check_number(&ValuePath::default(), "", value, &own).is_ok()
        }
        (ShapeKind::Text(rules), Value::String(text)) => {
            let format = rules.format.as_deref();
            format.is_none_or(|format| is_of_format(format, text) != Some(false))
        }
        (ShapeKind::Literals(literals), value) => {
            literals.iter().any(|literal| literal.value == *value)
        }
        (ShapeKind::List { items, .. }, Value::Array(values)) => values
            .iter()
            .all(|value| accepts(schema, value, items, budget)),
        (ShapeKind::Tuple(items), Value::Array(values)) => {
            let mut pairs = values.iter().zip(items);
            values.len() == items.len()
                && pairs.all(|(value, item)| accepts(schema, value, item, budget))
        }
        (
            ShapeKind::Object {
                properties,
                additional,
                denies_unknown,
                ..
            },
            Value::Object(fields),
        ) => {
            let may_be_missing = |property: &Property| {
                property.presence != Presence::Required || property.shape.is_nullable()
            };
            let accepted = properties
                .iter()
                .all(|property| match fields.get(&property.name) {
                    Some(value) => accepts(schema, value, &property.shape, budget),
                    None => may_be_missing(property),
                });
            let is_known = |name: &String| properties.iter().any(|known| known.name == *name);
            accepted
                && (!denies_unknown || fields.keys().all(is_known))
                && additional.as_deref().is_none_or(|shape| {
                    let mut others = fields.iter().filter(|(name, _)| !is_known(name));
                    others.all(|(_, value)| accepts(schema, value, shape, budget))
                })
        }
        (ShapeKind::Union(options), value) => options
            .iter()
            .any(|option| accepts(schema, value, option, budget)),
        _ => false,
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
