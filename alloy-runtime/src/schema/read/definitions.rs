//! The types that contain themselves: their names, and which of them are used.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::schema::{Kind, Shape};

/// The name of the definition that a reference points at, fit for an identifier.
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

/// The definitions that the root leads to, in the order in which a reader meets them. One that was only
/// merged into others is left out.
pub(super) fn referenced(
    root: &Shape,
    mut definitions: Vec<(String, Shape)>,
) -> Vec<(String, Shape)> {
    let mut wanted = Vec::new();
    names_in(root, &mut wanted);
    let mut met = Vec::new();
    let mut next = 0;
    while let Some(name) = wanted.get(next) {
        next += 1;
        let found = definitions.iter().position(|(known, _)| known == name);
        if let Some(found) = found {
            let definition = definitions.swap_remove(found);
            names_in(&definition.1, &mut wanted);
            met.push(definition);
        }
    }
    met
}

/// Adds the names that a shape uses and that are not yet in `names`.
fn names_in(shape: &Shape, names: &mut Vec<String>) {
    match &shape.kind {
        Kind::Named(name) if !names.contains(name) => names.push(name.clone()),
        Kind::List { items, .. } => names_in(items, names),
        Kind::Tuple(shapes) | Kind::Union(shapes) => {
            for shape in shapes {
                names_in(shape, names);
            }
        }
        Kind::Object {
            properties, rest, ..
        } => {
            let shapes = properties.iter().map(|property| &property.shape);
            for shape in shapes.chain(rest.as_deref()) {
                names_in(shape, names);
            }
        }
        _ => {}
    }
}
