//! Alternatives: building a union, and removing options from one.

use crate::schema::{Shape, ShapeKind};

/// Builds the shape that accepts the values of any of `options`. Nested unions are flattened, and adjacent
/// literals are joined into one list. Without options, the shape accepts every value.
pub(super) fn union(options: Vec<Shape>) -> Shape {
    let mut flat: Vec<Shape> = Vec::with_capacity(options.len());
    for option in options {
        match option.kind {
            ShapeKind::Union(inner) => flat.extend(inner),
            ShapeKind::Literals(mut more) => {
                if let [only] = more.as_mut_slice() {
                    only.description = option.description.or(only.description.take());
                }
                match flat.last_mut().map(|last| &mut last.kind) {
                    Some(ShapeKind::Literals(known)) => known.extend(more),
                    _ => flat.push(ShapeKind::Literals(more).into()),
                }
            }
            _ => flat.push(option),
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            ShapeKind::Union(flat).into()
        }
        None => ShapeKind::Any.into(),
    }
}

/// Removes null from the alternatives of a shape.
pub(super) fn without_null(shape: Shape) -> Shape {
    let ShapeKind::Union(mut options) = shape.kind else {
        return shape;
    };
    options.retain(|option| option.kind != ShapeKind::Null);
    let present = union(options);
    Shape {
        description: shape.description.or(present.description),
        #[cfg(feature = "testing")]
        hints: shape.hints,
        ..present
    }
}

/// Removes the definition `name` from its own alternatives. As an alternative it would accept nothing new, and
/// a grammar would recurse without end.
pub(super) fn without_self(shape: Shape, name: &str) -> Shape {
    let is_self = |shape: &Shape| matches!(&shape.kind, ShapeKind::Named(other) if other == name);
    let kind = match shape.kind {
        ShapeKind::Union(mut options) => {
            options.retain(|option| !is_self(option));
            union(options).kind
        }
        ShapeKind::Named(other) if other == name => ShapeKind::Any,
        kind => kind,
    };
    Shape { kind, ..shape }
}
