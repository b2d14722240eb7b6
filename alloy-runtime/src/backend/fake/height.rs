//! The smallest nesting of a value, so that values of recursive types end.

use crate::schema::{Presence, Property, Schema, Shape, ShapeKind};

/// The height of the smallest value of each named type. A type that contains itself in every value has none.
pub(super) struct Heights<'a>(Vec<(&'a str, Option<usize>)>);

impl<'a> Heights<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        let names = schema
            .definitions
            .iter()
            .map(|(name, _)| (name.as_str(), None));
        let mut heights = Self(names.collect());
        // A type whose value contains only types with a known height gets one, until nothing changes.
        loop {
            let definitions = schema.definitions.iter();
            let next: Vec<_> = definitions.map(|(_, shape)| heights.of(shape)).collect();
            let mut has_changed = false;
            for ((_, known), next) in heights.0.iter_mut().zip(next) {
                has_changed |= *known != next;
                *known = next;
            }
            if !has_changed {
                return heights;
            }
        }
    }

    /// Returns the height of the smallest value of a shape; `None` if a value would not end.
    pub(super) fn of(&self, shape: &Shape) -> Option<usize> {
        match &shape.kind {
            ShapeKind::Named(name) => match self.0.iter().find(|(known, _)| known == name) {
                Some((_, height)) => *height,
                None => Some(0),
            },
            ShapeKind::List { items, min, .. } => match min.unwrap_or(0) {
                0 => Some(0),
                _ => Some(self.of(items)? + 1),
            },
            ShapeKind::Tuple(items) => self.above(items.iter()),
            ShapeKind::Union(options) => options.iter().filter_map(|option| self.of(option)).min(),
            ShapeKind::Object {
                properties,
                additional,
                count,
                ..
            } => {
                let required = properties.iter().filter(|property| is_necessary(property));
                let count_of_others = usize::try_from(count.0.unwrap_or(0)).unwrap_or(usize::MAX);
                let needs_others = count_of_others > properties.len();
                let others = additional.as_deref().filter(|_| needs_others);
                self.above(required.map(|property| &property.shape).chain(others))
            }
            _ => Some(0),
        }
    }

    /// Returns the height of a value that contains one of each of these shapes.
    fn above<'s>(&self, mut shapes: impl Iterator<Item = &'s Shape>) -> Option<usize> {
        shapes.try_fold(0, |height, shape| Some(height.max(self.of(shape)? + 1)))
    }
}

/// Returns `true` if the smallest value has this property with a value that is not null.
fn is_necessary(property: &Property) -> bool {
    property.presence == Presence::Required && !property.shape.is_nullable()
}
