//! The form of a typed answer, as the model reads it in the system message.

use std::fmt::{Display, Write as _};

use super::{Bound, Kind, Literal, Property, Range, Schema, Shape, TextRules};

/// The whole text: the sentence, the form, and the types that contain themselves.
pub(super) fn of(schema: &Schema) -> String {
    let mut out = String::from("Answer with JSON only, in this form:\n");
    write_shape(&mut out, &schema.root, 0);
    for (name, shape) in &schema.definitions {
        out.push_str("\n\ntype ");
        out.push_str(name);
        out.push_str(" = ");
        write_shape(&mut out, shape, 0);
        let mut said = Vec::new();
        limits(shape, "", &mut said);
        if !said.is_empty() {
            out.push_str(" // ");
            out.push_str(&said.join("; "));
        }
    }
    out
}

/// A shape as it stands in the form.
pub(super) fn words(shape: &Shape) -> String {
    let mut out = String::new();
    write_shape(&mut out, shape, 0);
    out
}

fn write_shape(out: &mut String, shape: &Shape, indent: usize) {
    match &shape.kind {
        Kind::Any => out.push_str("any"),
        Kind::Null => out.push_str("null"),
        Kind::Boolean => out.push_str("boolean"),
        Kind::Integer(_) => out.push_str("integer"),
        Kind::Number(_) => out.push_str("number"),
        Kind::Text(_) => out.push_str("string"),
        Kind::Named(name) => out.push_str(name),
        Kind::Literals(literals) => {
            separated(out, literals, " | ", |out, literal| {
                push(out, &literal.value);
            });
        }
        Kind::Union(options) => {
            separated(out, options, " | ", |out, option| {
                write_shape(out, option, indent);
            });
        }
        Kind::List { items, .. } => {
            let alternatives = match &items.kind {
                Kind::Union(_) => true,
                Kind::Literals(literals) => literals.len() > 1,
                _ => false,
            };
            if alternatives {
                out.push('(');
            }
            write_shape(out, items, indent);
            out.push_str(if alternatives { ")[]" } else { "[]" });
        }
        Kind::Tuple(items) => {
            out.push('[');
            separated(out, items, ", ", |out, item| write_shape(out, item, indent));
            out.push(']');
        }
        Kind::Object {
            properties, rest, ..
        } => write_object(out, properties, rest.as_deref(), indent),
    }
}

fn write_object(out: &mut String, properties: &[Property], rest: Option<&Shape>, indent: usize) {
    match (properties, rest) {
        ([], None) => return out.push_str("{}"),
        ([], Some(rest)) => {
            out.push_str("{ [key: string]: ");
            write_shape(out, rest, indent);
            return out.push_str(" }");
        }
        _ => {}
    }
    let inner = indent + 2;
    out.push_str("{\n");
    for (index, property) in properties.iter().enumerate() {
        let last = index + 1 == properties.len() && rest.is_none();
        pad(out, inner);
        push(out, &property.name.as_str().into());
        out.push_str(": ");
        write_shape(out, &property.shape, inner);
        out.push_str(if last { "" } else { "," });
        let comment = comment(property);
        if !comment.is_empty() {
            out.push_str(" // ");
            out.push_str(&comment);
        }
        out.push('\n');
    }
    if let Some(rest) = rest {
        pad(out, inner);
        out.push_str("[key: string]: ");
        write_shape(out, rest, inner);
        out.push('\n');
    }
    pad(out, indent);
    out.push('}');
}

/// What is said of a property.
fn comment(property: &Property) -> String {
    let mut comment = said(&property.shape);
    // No value says that it is missing.
    if !property.is_asked_for() {
        if !comment.is_empty() {
            comment.push_str("; ");
        }
        comment.push_str("may be left out");
    }
    comment
}

/// The description, then what the type does not say.
pub(super) fn said(shape: &Shape) -> String {
    let mut parts = Vec::new();
    // What is said of an optional value is said of the value.
    let present = match &shape.kind {
        Kind::Union(options) => match options.as_slice() {
            [
                present,
                Shape {
                    kind: Kind::Null, ..
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
    limits(present, "", &mut parts);
    parts.join("; ")
}

/// What a type does not say of its values. `each` begins what is said of the items of a list.
fn limits(shape: &Shape, each: &str, parts: &mut Vec<String>) {
    let mut said = Vec::new();
    match &shape.kind {
        Kind::Integer(range) | Kind::Number(range) => said.extend(range_words(range)),
        Kind::Text(rules) => text_words(rules, &mut said),
        Kind::List { items, min, max } => {
            parts.extend(count_words(*min, *max, "item").map(|words| format!("{each}{words}")));
            return limits(items, "each ", parts);
        }
        Kind::Literals(literals) => {
            return parts.extend(
                literals
                    .iter()
                    .filter_map(|Literal { value, description }| {
                        labelled(value, description.as_ref())
                    }),
            );
        }
        Kind::Union(options) => {
            for option in options {
                match &option.kind {
                    Kind::Literals(_) => limits(option, each, parts),
                    Kind::Object { .. } => {
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
    parts.extend(said.into_iter().map(|words| format!("{each}{words}")));
}

/// What tells a variant with data from the others: the first of its properties that no other has, by its
/// name, or by its value where that is fixed.
fn variant_label(variant: &Shape, all: &[Shape]) -> Option<String> {
    let own = properties(variant);
    let shared = |property: &Property| {
        let others = all.iter().filter(|other| *other != variant);
        let mut theirs = others.flat_map(properties);
        theirs.any(|known| known.name == property.name && known.shape.kind == property.shape.kind)
    };
    let fixed = |property: &Property| match &property.shape.kind {
        Kind::Literals(values) if values.len() == 1 => Some(values[0].value.to_string()),
        _ => None,
    };
    let telling: Vec<&Property> = own.iter().filter(|property| !shared(property)).collect();
    let by_value = telling.iter().find_map(|property| fixed(property));
    by_value.or_else(|| {
        telling
            .first()
            .map(|property| format!("{:?}", property.name))
    })
}

fn properties(shape: &Shape) -> &[Property] {
    match &shape.kind {
        Kind::Object { properties, .. } => properties,
        _ => &[],
    }
}

/// The doc comment of an enum's variant, after its label.
fn labelled(label: impl Display, description: Option<&String>) -> Option<String> {
    description.map(|description| format!("{label}: {description}"))
}

fn range_words(Range { min, max, .. }: &Range) -> Option<String> {
    let said = |bound: &Option<Bound>| bound.clone().filter(|bound| !bound.natural);
    match (said(min), said(max), min) {
        (Some(min), Some(max), _) if !min.exclusive && !max.exclusive => {
            Some(format!("{} to {}", min.value, max.value))
        }
        // An unsigned type with an upper bound: its zero makes the range plain.
        (None, Some(max), Some(min)) if !max.exclusive && min.value.as_i64() == Some(0) => {
            Some(format!("0 to {}", max.value))
        }
        (min, max, _) => {
            let min = min.map(|bound| one_sided(&bound, "more than", "at least"));
            let max = max.map(|bound| one_sided(&bound, "less than", "at most"));
            match (min, max) {
                (Some(min), Some(max)) => Some(format!("{min}, {max}")),
                (min, max) => min.or(max),
            }
        }
    }
}

fn one_sided(bound: &Bound, exclusive: &str, inclusive: &str) -> String {
    let words = if bound.exclusive {
        exclusive
    } else {
        inclusive
    };
    format!("{words} {}", bound.value)
}

fn text_words(rules: &TextRules, parts: &mut Vec<String>) {
    let TextRules {
        min,
        max,
        pattern,
        format,
    } = rules;
    parts.extend(count_words(*min, *max, "character"));
    parts.extend(pattern.as_ref().map(|pattern| format!("matches {pattern}")));
    parts.extend(format.as_ref().map(|format| format!("format: {format}")));
}

fn count_words(min: Option<u64>, max: Option<u64>, thing: &str) -> Option<String> {
    let things = |count: u64| match count {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    };
    match (min.filter(|min| *min > 0), max) {
        (Some(min), Some(max)) if min == max => Some(format!("exactly {}", things(max))),
        (Some(min), Some(max)) => Some(format!("{min} to {}", things(max))),
        (Some(min), None) => Some(format!("at least {}", things(min))),
        (None, Some(max)) => Some(format!("at most {}", things(max))),
        (None, None) => None,
    }
}

fn separated<T>(
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

fn push(out: &mut String, value: &serde_json::Value) {
    // Writing into a string cannot fail.
    let _ = write!(out, "{value}");
}
