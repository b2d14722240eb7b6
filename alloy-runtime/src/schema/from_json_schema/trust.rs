//! The limits that a type checks itself, and that only a schema states.

use serde_json::{Map, Value};

use crate::schema::{Shape, ShapeKind};

/// Leaves the literals of a type to the type itself: it may accept other names for its variants.
pub(super) fn trust_type(shape: &mut Shape) {
    match &mut shape.kind {
        ShapeKind::Literals(literals) => {
            for literal in literals {
                literal.is_checked = false;
            }
        }
        ShapeKind::Union(options) => options.iter_mut().for_each(trust_type),
        _ => {}
    }
}

/// Leaves the tag of a variant to its enum.
pub(super) fn trust_tags(variant: &mut Shape) {
    trust_type(variant);
    if let ShapeKind::Object { properties, .. } = &mut variant.kind {
        for property in properties {
            if matches!(&property.shape.kind, ShapeKind::Literals(literals) if literals.len() == 1)
            {
                trust_type(&mut property.shape);
            }
        }
    }
}

/// Returns `true` if the items of a list must differ. The lists of sets need not: a set reads an item twice as one.
///
/// schemars writes `uniqueItems` of a set before its `items`, and an attribute's after them.
pub(super) fn is_unique(schema: &Map<String, Value>) -> bool {
    let position = |name: &str| schema.keys().position(|key| key == name);
    let is_of_set = position("uniqueItems") < position("items");
    schema.get("uniqueItems") == Some(&Value::Bool(true)) && !is_of_set
}
