//! Merges two shapes that a value must both have.

use super::definitions::NamedShapes;
use super::union::union;
use crate::schema::{Shape, ShapeKind};

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
            },
            ShapeKind::Object {
                properties: other_properties,
                additional: other_additional,
                keys: other_keys,
                count: other_count,
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
            }
        }
        _ => return None,
    };
    Some(Shape {
        description,
        ..kind.into()
    })
}

/// Returns the union of `options`, or `None` if there are none.
fn non_empty_union(options: Vec<Shape>) -> Option<Shape> {
    (!options.is_empty()).then(|| union(options))
}
