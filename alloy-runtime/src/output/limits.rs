//! The limits that only a schema states: ranges, lengths, patterns, formats.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Number, Value};

use super::convert::{compare, is_multiple};
use super::describe::{bounds, field_names, format_name, found};
use super::mismatch::{Mismatch, ValuePath};
use crate::schema::{
    Bound, Presence, Property, Range, Schema, Shape, ShapeKind, StringRules, is_of_format,
};

/// Maximum length in bytes of a compiled pattern. Patterns with nested repetitions would take seconds to compile.
const MAX_PATTERN: usize = 64 * 1024;

/// Formats of numbers, which are limits of their Rust types.
const NUMBER_FORMATS: [&str; 3] = ["int", "uint", "float"];

/// The limits of a schema, compiled once per type.
#[derive(Debug)]
pub(super) struct Limits {
    /// Compiled patterns by their source.
    patterns: BTreeMap<String, Regex>,
    /// `true` if the schema requires more than the type's deserializer checks, or if the type ignores a repeated key.
    is_stricter_than_type: bool,
    /// `true` if an object is inside another value. A derived deserializer accepts a list for it.
    has_inner_objects: bool,
    /// `true` if the schema has a map.
    pub(super) has_maps: bool,
    /// Descriptions of the limits that cannot be checked.
    pub(super) unchecked: Vec<String>,
}

impl Limits {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut limits = Self {
            patterns: BTreeMap::new(),
            is_stricter_than_type: false,
            has_inner_objects: false,
            has_maps: false,
            unchecked: Vec::new(),
        };
        for keyword in &schema.unchecked {
            limits.unchecked.push(format!("the keyword `{keyword}`"));
        }
        let definitions = schema.definitions.iter().map(|(_, shape)| shape);
        for shape in definitions {
            limits.collect(shape, true);
        }
        limits.collect(&schema.root, false);
        limits
    }

    fn collect(&mut self, shape: &Shape, is_inner: bool) {
        match &shape.kind {
            ShapeKind::Null | ShapeKind::Boolean | ShapeKind::Named(_) => {}
            // Its objects can repeat a key.
            ShapeKind::Any => self.is_stricter_than_type = true,
            ShapeKind::Literals(literals) => {
                self.is_stricter_than_type |= literals.iter().any(|literal| literal.is_checked);
            }
            ShapeKind::Integer(range) | ShapeKind::Number(range) => {
                let bounds = [&range.min, &range.max];
                let is_explicit = |bound: &Bound| !bound.implied;
                self.is_stricter_than_type |= bounds.into_iter().flatten().any(is_explicit)
                    || range.multiple_of.is_some()
                    || range.is_f32;
            }
            ShapeKind::Text(rules) => self.collect_text(rules),
            ShapeKind::List {
                items,
                min,
                max,
                unique,
            } => {
                self.is_stricter_than_type |= min.is_some() || max.is_some() || *unique;
                self.collect(items, true);
            }
            ShapeKind::Tuple(items) => {
                for item in items {
                    self.collect(item, true);
                }
            }
            ShapeKind::Union(options) => {
                for option in options {
                    self.collect(option, is_inner);
                }
            }
            ShapeKind::Object {
                properties,
                additional,
                count,
                ..
            } => {
                self.has_maps |= additional.is_some();
                self.has_inner_objects |= is_inner && !properties.is_empty();
                let may_be_missing = |property: &Property| {
                    property.presence != Presence::Required || property.shape.is_nullable()
                };
                self.is_stricter_than_type |= *count != (None, None)
                    || additional.is_some()
                    || !properties.is_empty() && properties.iter().all(may_be_missing);
                let inside = properties.iter().map(|property| &property.shape);
                for shape in inside.chain(additional.as_deref()) {
                    self.collect(shape, true);
                }
            }
        }
    }

    fn collect_text(&mut self, rules: &StringRules) {
        let StringRules {
            min,
            max,
            pattern,
            format,
        } = rules;
        self.is_stricter_than_type |= min.is_some() || max.is_some();
        if let Some(pattern) = pattern {
            match RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build() {
                Ok(regex) => {
                    self.is_stricter_than_type = true;
                    self.patterns.insert(pattern.clone(), regex);
                }
                Err(_) => self.unchecked.push(format!("the pattern `{pattern}`")),
            }
        }
        if let Some(format) = format {
            match is_of_format(format, "") {
                Some(_) => self.is_stricter_than_type = true,
                None if NUMBER_FORMATS.contains(&format.as_str()) => {}
                None => self.unchecked.push(format!("the format `{format}`")),
            }
        }
    }

    /// Returns `true` if an answer that the type accepts must be validated.
    pub(super) fn must_check(&self, answer: &str) -> bool {
        self.is_stricter_than_type || self.has_inner_objects && answer.contains('[')
    }

    /// Checks the length, the pattern and the format of a string.
    pub(super) fn check_text(
        &self,
        path: &ValuePath,
        text: &str,
        rules: &StringRules,
    ) -> Result<(), Mismatch> {
        let found = || found(&Value::String(text.to_owned()));
        if rules.min.is_some() || rules.max.is_some() {
            let length = text.chars().count();
            check_count(path, length, (rules.min, rules.max), CHARACTER)?;
        }
        let pattern = rules.pattern.as_ref();
        let regex = pattern.and_then(|pattern| Some((pattern, self.patterns.get(pattern)?)));
        match regex {
            Some((pattern, regex)) if !regex.is_match(text) => {
                return Err(path.mismatch(format!(
                    "expected a string that matches {pattern}, found {}",
                    found()
                )));
            }
            _ => {}
        }
        match &rules.format {
            Some(format) if is_of_format(format, text) == Some(false) => {
                let expected = format_name(format);
                Err(path.mismatch(format!("expected {expected}, found {}", found())))
            }
            _ => Ok(()),
        }
    }
}

/// Checks a number against its limits. `expected` is the type in words: `an integer`.
pub(super) fn check_number(
    path: &ValuePath,
    expected: &str,
    value: &Value,
    range: &Range,
) -> Result<(), Mismatch> {
    let Value::Number(number) = value else {
        return Ok(());
    };
    let is_within = |bound: &Option<Bound>, order: fn(std::cmp::Ordering) -> bool| {
        bound
            .as_ref()
            .is_none_or(|bound| match compare(number, &bound.value) {
                Some(found) => order(found) || found.is_eq() && !bound.exclusive,
                None => true,
            })
    };
    if !is_within(&range.min, std::cmp::Ordering::is_gt)
        || !is_within(&range.max, std::cmp::Ordering::is_lt)
    {
        let bounds = bounds(range);
        return Err(path.mismatch(format!("expected {expected} {bounds}, found {number}")));
    }
    if range.is_f32 && !fits_f32(number) {
        return Err(path.mismatch(format!(
            "expected {expected} that fits `f32`, found {number}"
        )));
    }
    match &range.multiple_of {
        Some(multiple) if !is_multiple(number, multiple) => Err(path.mismatch(format!(
            "expected {expected} that is a multiple of {multiple}, found {number}"
        ))),
        _ => Ok(()),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the result is checked")]
fn fits_f32(number: &Number) -> bool {
    // One that is too small would be read as zero.
    let fits = |float: f64| (float as f32).is_finite() && (float == 0.0 || float as f32 != 0.0);
    number.as_f64().is_none_or(fits)
}

/// The words for one and for several characters.
pub(super) const CHARACTER: [&str; 2] = ["character", "characters"];
const ITEM: [&str; 2] = ["item", "items"];
/// The words for one and for several entries of a map.
pub(super) const ENTRY: [&str; 2] = ["entry", "entries"];

/// Checks a count of items, characters or entries.
pub(super) fn check_count(
    path: &ValuePath,
    count: usize,
    (min, max): (Option<u64>, Option<u64>),
    [one, several]: [&str; 2],
) -> Result<(), Mismatch> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let counted = |count: u64| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {several}"),
    };
    if let Some(min) = min.filter(|min| count < *min) {
        let min = counted(min);
        return Err(path.mismatch(format!("expected at least {min}, found {count}")));
    }
    if let Some(max) = max.filter(|max| count > *max) {
        let max = counted(max);
        return Err(path.mismatch(format!("expected at most {max}, found {count}")));
    }
    Ok(())
}

/// Checks the length of a list, and that its items differ where they must.
pub(super) fn check_list(
    path: &ValuePath,
    values: &[Value],
    kind: &ShapeKind,
) -> Result<(), Mismatch> {
    let ShapeKind::List {
        min, max, unique, ..
    } = kind
    else {
        return Ok(());
    };
    check_count(path, values.len(), (*min, *max), ITEM)?;
    let mut known = BTreeSet::new();
    let repeated = values.iter().filter(|_| *unique);
    let mut repeated = repeated.filter(|value| !known.insert(value.to_string()));
    match repeated.next() {
        Some(value) => Err(path.mismatch(format!(
            "expected items that differ, found {} twice",
            found(value)
        ))),
        None => Ok(()),
    }
}

/// Checks the length of a tuple.
pub(super) fn check_tuple(
    path: &ValuePath,
    values: &[Value],
    length: usize,
) -> Result<(), Mismatch> {
    match values.len() {
        found if found == length => Ok(()),
        found => Err(path.mismatch(format!("expected a list of {length}, found one of {found}"))),
    }
}

/// Checks that an object has at least one of the fields of its type. Otherwise a type with only optional fields would
/// accept any object.
pub(super) fn check_is_related(
    path: &ValuePath,
    fields: &Map<String, Value>,
    properties: &[Property],
    additional: Option<&Shape>,
) -> Result<(), Mismatch> {
    let is_known = |name: &String| properties.iter().any(|property| property.name == *name);
    let requires_any = properties.iter().any(Property::is_required);
    let may_be_unrelated = properties.is_empty() || fields.is_empty() && !requires_any;
    if additional.is_some() || may_be_unrelated || fields.keys().any(is_known) {
        return Ok(());
    }
    let names = field_names(properties);
    Err(path.mismatch(format!("the object has none of the fields {names}")))
}
