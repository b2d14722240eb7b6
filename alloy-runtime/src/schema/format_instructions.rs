//! Format instructions: the description of a typed answer that the model reads in the system message.

use std::fmt::{Display, Write as _};

use super::{Bound, Literal, Property, Range, Schema, Shape, ShapeKind, StringRules};

/// Writes the format instructions: a sentence, the type of the answer, and the named types.
pub(super) fn write(schema: &Schema) -> String {
    let mut out = String::from("Answer with JSON only, in this form:\n");
    write_shape(&mut out, &schema.root, 0);
    for (name, shape) in &schema.definitions {
        out.push_str("\n\ntype ");
        out.push_str(name);
        out.push_str(" = ");
        write_shape(&mut out, shape, 0);
        let mut limits = Vec::new();
        push_limits(shape, "", &mut limits);
        if !limits.is_empty() {
            out.push_str(" // ");
            out.push_str(&limits.join("; "));
        }
    }
    out
}

/// Returns the type expression of a shape, as the format instructions show it.
pub(super) fn type_expression(shape: &Shape) -> String {
    let mut out = String::new();
    write_shape(&mut out, shape, 0);
    out
}

fn write_shape(out: &mut String, shape: &Shape, indent: usize) {
    match &shape.kind {
        ShapeKind::Any => out.push_str("any"),
        ShapeKind::Null => out.push_str("null"),
        ShapeKind::Boolean => out.push_str("boolean"),
        ShapeKind::Integer(_) => out.push_str("integer"),
        ShapeKind::Number(_) => out.push_str("number"),
        ShapeKind::Text(_) => out.push_str("string"),
        ShapeKind::Named(name) => out.push_str(name),
        ShapeKind::Literals(literals) => {
            write_separated(out, literals, " | ", |out, literal| {
                push_json(out, &literal.value);
            });
        }
        ShapeKind::Union(options) => {
            write_separated(out, options, " | ", |out, option| {
                write_shape(out, option, indent);
            });
        }
        ShapeKind::List { items, .. } => {
            let needs_parentheses = match &items.kind {
                ShapeKind::Union(_) => true,
                ShapeKind::Literals(literals) => literals.len() > 1,
                _ => false,
            };
            if needs_parentheses {
                out.push('(');
            }
            write_shape(out, items, indent);
            out.push_str(if needs_parentheses { ")[]" } else { "[]" });
        }
        ShapeKind::Tuple(items) => {
            out.push('[');
            write_separated(out, items, ", ", |out, item| write_shape(out, item, indent));
            out.push(']');
        }
        ShapeKind::Object {
            properties,
            additional,
            ..
        } => write_object(out, properties, additional.as_deref(), indent),
    }
}

fn write_object(
    out: &mut String,
    properties: &[Property],
    additional: Option<&Shape>,
    indent: usize,
) {
    match (properties, additional) {
        ([], None) => return out.push_str("{}"),
        ([], Some(additional)) => {
            out.push_str("{ [key: string]: ");
            write_shape(out, additional, indent);
            return out.push_str(" }");
        }
        _ => {}
    }
    let inner = indent + 2;
    out.push_str("{\n");
    for (index, property) in properties.iter().enumerate() {
        let is_last = index + 1 == properties.len() && additional.is_none();
        pad(out, inner);
        push_json(out, &property.name.as_str().into());
        out.push_str(": ");
        write_shape(out, &property.shape, inner);
        out.push_str(if is_last { "" } else { "," });
        let comment = comment(property);
        if !comment.is_empty() {
            out.push_str(" // ");
            out.push_str(&comment);
        }
        out.push('\n');
    }
    if let Some(additional) = additional {
        pad(out, inner);
        out.push_str("[key: string]: ");
        write_shape(out, additional, inner);
        out.push('\n');
    }
    pad(out, indent);
    out.push('}');
}

/// Returns the comment that follows a property.
fn comment(property: &Property) -> String {
    let mut comment = description(&property.shape);
    // The type expression does not show that the property may be absent.
    if !property.is_required() {
        if !comment.is_empty() {
            comment.push_str("; ");
        }
        comment.push_str("may be left out");
    }
    comment
}

/// Returns the description of a shape, followed by the limits that its type expression does not show.
pub(super) fn description(shape: &Shape) -> String {
    let mut parts = Vec::new();
    // A nullable value is described like the value itself.
    let present = match &shape.kind {
        ShapeKind::Union(options) => match options.as_slice() {
            [
                present,
                Shape {
                    kind: ShapeKind::Null,
                    ..
                },
            ] => present,
            _ => shape,
        },
        _ => shape,
    };
    parts.extend(
        shape
            .description
            .clone()
            .or_else(|| present.description.clone()),
    );
    push_limits(present, "", &mut parts);
    parts.join("; ")
}

/// Appends the limits of a shape that its type expression does not show. `each` is the prefix of limits that apply to
/// the items of a list.
fn push_limits(shape: &Shape, each: &str, parts: &mut Vec<String>) {
    let mut limits = Vec::new();
    match &shape.kind {
        ShapeKind::Integer(range) | ShapeKind::Number(range) => {
            limits.extend(range_limits(range));
            let multiple = range.multiple_of.as_ref();
            limits.extend(multiple.map(|number| format!("a multiple of {number}")));
        }
        ShapeKind::Object {
            count: (min, max), ..
        } => limits.extend(count_limits(*min, *max, ENTRY)),
        ShapeKind::Text(rules) => push_text_rules(rules, &mut limits),
        ShapeKind::List {
            items,
            min,
            max,
            unique,
        } => {
            parts.extend(count_limits(*min, *max, ITEM).map(|limit| format!("{each}{limit}")));
            if *unique {
                parts.push(format!("{each}no item twice"));
            }
            return push_limits(items, "each ", parts);
        }
        ShapeKind::Literals(literals) => {
            return parts.extend(literals.iter().filter_map(
                |Literal {
                     value, description, ..
                 }| { labelled(value, description.as_ref()) },
            ));
        }
        ShapeKind::Union(options) => {
            for option in options {
                match &option.kind {
                    ShapeKind::Literals(_) => push_limits(option, each, parts),
                    ShapeKind::Object { .. } => {
                        let label = variant_label(option, options);
                        parts.extend(
                            label.and_then(|label| labelled(label, option.description.as_ref())),
                        );
                    }
                    _ => {}
                }
            }
            return;
        }
        _ => return,
    }
    parts.extend(limits.into_iter().map(|limit| format!("{each}{limit}")));
}

/// Returns a label that identifies a variant with data among all variants: the value of its first fixed property that no
/// other variant has, else the name of its first such property.
fn variant_label(variant: &Shape, all: &[Shape]) -> Option<String> {
    let is_shared = |property: &Property| {
        let others = all.iter().filter(|other| *other != variant);
        let mut others = others.flat_map(properties);
        others.any(|known| known.name == property.name && known.shape.kind == property.shape.kind)
    };
    let fixed_value = |property: &Property| match &property.shape.kind {
        ShapeKind::Literals(values) if values.len() == 1 => Some(values[0].value.to_string()),
        _ => None,
    };
    let unique = properties(variant).iter();
    let unique: Vec<&Property> = unique.filter(|property| !is_shared(property)).collect();
    let value = unique.iter().find_map(|property| fixed_value(property));
    value.or_else(|| {
        unique
            .first()
            .map(|property| format!("{:?}", property.name))
    })
}

fn properties(shape: &Shape) -> &[Property] {
    match &shape.kind {
        ShapeKind::Object { properties, .. } => properties,
        _ => &[],
    }
}

/// Returns the doc comment of an enum's variant, prefixed by its label.
fn labelled(label: impl Display, description: Option<&String>) -> Option<String> {
    description.map(|description| format!("{label}: {description}"))
}

/// Describes a range. A bound that follows from the Rust type is shown if the other one exists as well: `0 to 255`.
fn range_limits(Range { min, max, .. }: &Range) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) if !min.exclusive && !max.exclusive => {
            Some(format!("{} to {}", min.value, max.value))
        }
        (min, max) => {
            let explicit = |bound: &Option<Bound>| bound.clone().filter(|bound| !bound.implied);
            let min = explicit(min).map(|bound| one_sided(&bound, "more than", "at least"));
            let max = explicit(max).map(|bound| one_sided(&bound, "less than", "at most"));
            match (min, max) {
                (Some(min), Some(max)) => Some(format!("{min}, {max}")),
                (min, max) => min.or(max),
            }
        }
    }
}

fn one_sided(bound: &Bound, exclusive: &str, inclusive: &str) -> String {
    let comparison = if bound.exclusive {
        exclusive
    } else {
        inclusive
    };
    format!("{comparison} {}", bound.value)
}

fn push_text_rules(rules: &StringRules, parts: &mut Vec<String>) {
    let StringRules {
        min,
        max,
        pattern,
        format,
    } = rules;
    parts.extend(count_limits(*min, *max, CHARACTER));
    parts.extend(pattern.as_ref().map(|pattern| format!("matches {pattern}")));
    parts.extend(format.as_ref().map(|format| format!("format: {format}")));
}

const ITEM: [&str; 2] = ["item", "items"];
const CHARACTER: [&str; 2] = ["character", "characters"];
const ENTRY: [&str; 2] = ["entry", "entries"];

fn count_limits(min: Option<u64>, max: Option<u64>, [one, several]: [&str; 2]) -> Option<String> {
    let counted = |count: u64| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {several}"),
    };
    match (min.filter(|min| *min > 0), max) {
        (Some(min), Some(max)) if min == max => Some(format!("exactly {}", counted(max))),
        (Some(min), Some(max)) => Some(format!("{min} to {}", counted(max))),
        (Some(min), None) => Some(format!("at least {}", counted(min))),
        (None, Some(max)) => Some(format!("at most {}", counted(max))),
        (None, None) => None,
    }
}

fn write_separated<T>(
    out: &mut String,
    items: &[T],
    separator: &str,
    mut write: impl FnMut(&mut String, &T),
) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        write(out, item);
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn push_json(out: &mut String, value: &serde_json::Value) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}
