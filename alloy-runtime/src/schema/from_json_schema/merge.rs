//! Merges two shapes that a value must both have.

use serde_json::Value;

use super::definitions::NamedShapes;
use super::union::union;
use crate::schema::{Literal, Shape, ShapeKind, StringRules};

/// Returns the shape of the values that both shapes accept. If there are none, it accepts every value, and the
/// type itself rejects the answer.
pub(super) fn merged(left: Shape, right: Shape, named: &mut impl NamedShapes) -> Shape {
    let shape = intersection(left, right, named);
    shape.unwrap_or_else(|| ShapeKind::Any.into())
}

/// Returns the shape of the values that both shapes accept: the properties of two objects, or the shape that
/// is not [`ShapeKind::Any`]. `None` if no value can have both shapes.
fn intersection(left: Shape, right: Shape, named: &mut impl NamedShapes) -> Option<Shape> {
    // The number of merges is limited, since merging two unions multiplies their options.
    if !named.count_merge() {
        return Some(ShapeKind::Any.into());
    }
    let description = left.description.or(right.description);
    let kind = match (left.kind, right.kind) {
        (ShapeKind::Any, kind) | (kind, ShapeKind::Any) => kind,
        (ShapeKind::Union(options), other) => {
            let other = Shape::from(other);
            let options = options.into_iter();
            let options = options.filter_map(|option| intersection(option, other.clone(), named));
            return non_empty_union(options.collect());
        }
        (other, ShapeKind::Union(options)) => {
            let other = Shape::from(other);
            let options = options.into_iter();
            let options = options.filter_map(|option| intersection(other.clone(), option, named));
            return non_empty_union(options.collect());
        }
        (ShapeKind::Named(name), other) => {
            let left = named.expand(&name);
            intersection(left, other.into(), named)?.kind
        }
        (other, ShapeKind::Named(name)) => {
            let right = named.expand(&name);
            intersection(other.into(), right, named)?.kind
        }
        (
            ShapeKind::Object {
                mut properties,
                additional,
                keys,
                count,
                denies_unknown,
            },
            ShapeKind::Object {
                properties: other_properties,
                additional: other_additional,
                keys: other_keys,
                count: other_count,
                denies_unknown: other_denies_unknown,
            },
        ) => {
            let (additional, keys) = match additional {
                Some(additional) => (Some(additional), keys),
                None => (other_additional, other_keys),
            };
            for property in other_properties {
                if !properties.iter().any(|known| known.name == property.name) {
                    properties.push(property);
                }
            }
            ShapeKind::Object {
                properties,
                additional,
                keys,
                count: (count.0.or(other_count.0), count.1.or(other_count.1)),
                denies_unknown: denies_unknown || other_denies_unknown,
            }
        }
        (ShapeKind::Literals(left), ShapeKind::Literals(mut right)) => {
            let count = right.len();
            right.retain(|one| left.iter().any(|other| other.value == one.value));
            // The type accepts the others as well.
            let is_subset = right.len() < count;
            for literal in &mut right {
                literal.is_checked |= is_subset;
            }
            return literals(right, description);
        }
        (ShapeKind::Literals(mut values), other) | (other, ShapeKind::Literals(mut values)) => {
            values.retain(|literal| is_of_kind(&literal.value, &other));
            return literals(values, description);
        }
        (ShapeKind::Integer(left) | ShapeKind::Number(left), ShapeKind::Integer(right))
        | (ShapeKind::Integer(left), ShapeKind::Number(right)) => {
            ShapeKind::Integer(left.limited_by(right))
        }
        (ShapeKind::Number(left), ShapeKind::Number(right)) => {
            ShapeKind::Number(left.limited_by(right))
        }
        (ShapeKind::Text(left), ShapeKind::Text(right)) => ShapeKind::Text(StringRules {
            min: left.min.max(right.min),
            max: left.max.or(right.max),
            pattern: left.pattern.or(right.pattern),
            format: left.format.or(right.format),
        }),
        (left, right) if left == right => left,
        _ => return None,
    };
    Some(Shape {
        description,
        ..kind.into()
    })
}

/// Returns the shape of some values, or `None` if there are none.
fn literals(values: Vec<Literal>, description: Option<String>) -> Option<Shape> {
    (!values.is_empty()).then(|| Shape {
        description,
        ..ShapeKind::Literals(values).into()
    })
}

/// Returns `true` if a literal has the JSON type of a shape.
fn is_of_kind(value: &Value, kind: &ShapeKind) -> bool {
    match kind {
        ShapeKind::Null => value.is_null(),
        ShapeKind::Boolean => value.is_boolean(),
        ShapeKind::Integer(_) => value.is_i64() || value.is_u64(),
        ShapeKind::Number(_) => value.is_number(),
        ShapeKind::Text(_) => value.is_string(),
        ShapeKind::List { .. } | ShapeKind::Tuple(_) => value.is_array(),
        ShapeKind::Object { .. } => value.is_object(),
        ShapeKind::Any | ShapeKind::Literals(_) | ShapeKind::Union(_) | ShapeKind::Named(_) => {
            false
        }
    }
}

/// Returns the union of `options`, or `None` if there are none.
fn non_empty_union(options: Vec<Shape>) -> Option<Shape> {
    (!options.is_empty()).then(|| union(options))
}
