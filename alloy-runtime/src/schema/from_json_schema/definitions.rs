//! Definitions: their names, and which of them a schema uses.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::schema::{Shape, ShapeKind};

/// Resolves the names of types while shapes are merged.
pub(super) trait NamedShapes {
    /// Returns the shape of the type `name`.
    fn expand(&mut self, name: &str) -> Shape;

    /// Counts a merge. Returns `false` if the schema has grown too large for it.
    fn count_merge(&mut self) -> bool;
}

/// Returns the name of the definition that a reference points to. Characters that an identifier cannot have are
/// replaced by `_`.
pub(super) fn definition_name(root: &Value, target: &str) -> String {
    let name = match target.rsplit_once('/') {
        Some((_, name)) => name,
        None => root
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or("Answer"),
    };
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_")
}

/// Returns the definitions that the root uses, directly or not, in the order of their first use. A definition that
/// was only merged into other shapes is not among them.
pub(super) fn referenced(
    root: &Shape,
    mut definitions: Vec<(String, Shape)>,
) -> Vec<(String, Shape)> {
    let mut names = Vec::new();
    push_names(root, &mut names);
    let mut used = Vec::new();
    let mut next = 0;
    while let Some(name) = names.get(next) {
        next += 1;
        let index = definitions.iter().position(|(known, _)| known == name);
        if let Some(index) = index {
            let definition = definitions.swap_remove(index);
            push_names(&definition.1, &mut names);
            used.push(definition);
        }
    }
    used
}

/// Appends the names that a shape uses and that are not yet in `names`.
fn push_names(shape: &Shape, names: &mut Vec<String>) {
    match &shape.kind {
        ShapeKind::Named(name) if !names.contains(name) => names.push(name.clone()),
        ShapeKind::List { items, .. } => push_names(items, names),
        ShapeKind::Tuple(shapes) | ShapeKind::Union(shapes) => {
            for shape in shapes {
                push_names(shape, names);
            }
        }
        ShapeKind::Object {
            properties,
            additional,
            ..
        } => {
            let shapes = properties.iter().map(|property| &property.shape);
            for shape in shapes.chain(additional.as_deref()) {
                push_names(shape, names);
            }
        }
        _ => {}
    }
}

/// Returns `true` if a shape has properties at any depth.
pub(super) fn has_fields(shape: &Shape) -> bool {
    match &shape.kind {
        ShapeKind::Object {
            properties,
            additional,
            ..
        } => !properties.is_empty() || additional.as_deref().is_some_and(has_fields),
        ShapeKind::List { items, .. } => has_fields(items),
        // The items of a tuple count as fields.
        ShapeKind::Tuple(_) => true,
        ShapeKind::Union(shapes) => shapes.iter().any(has_fields),
        _ => false,
    }
}
