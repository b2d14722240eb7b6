//! Writes a value of a schema.

mod object;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::object::OtherEntries;
use super::height::Heights;
use super::number;
use super::random::Random;
use super::text::{self, FreeText};
use crate::schema::{Schema, Shape, ShapeKind};

/// Number of values of a recursive type inside of each other, beyond which values are as small as possible.
const MAX_NESTING: usize = 2;
/// Number of shapes of a value, beyond which its other parts are as small as possible.
const MAX_USUAL_SHAPES: usize = 500;
/// Maximum number of shapes of a value.
const MAX_SHAPES: usize = 100_000;
/// Number of keys or of different items that are tried for each one that is needed.
const MAX_TRIES: usize = 20;

/// The values that an attempt prefers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Preference {
    /// The examples and defaults of the schema.
    Hints,
    /// One of both: the examples and defaults, or generated values.
    Mixed,
    /// Generated values. A string without a pattern and a format may be a number, a date and so on.
    Varied(FreeText),
    /// Generated values that are as small as possible: they leave out parts that cannot be written.
    Smallest,
}

/// A part of a value that could not be generated.
#[derive(Debug, PartialEq)]
pub(super) struct NoValue {
    /// Path such as `addresses[1].city`; empty for the whole value.
    pub(super) path: String,
    pub(super) problem: String,
}

/// Writes a value of a shape of a schema.
///
/// # Errors
///
/// A part of it could not be generated: its limits exclude each other, or its pattern is not supported.
pub(super) fn write(
    schema: &Schema,
    shape: &Shape,
    preference: Preference,
    random: &mut Random,
) -> Result<Value, NoValue> {
    let mut writer = ValueWriter {
        schema,
        heights: Heights::new(schema),
        preference,
        random,
        path: String::new(),
        open: Vec::new(),
        deep: 0,
        shapes: 0,
    };
    if writer.heights.of(shape).is_none() {
        return Err(writer.no_value("the type contains itself in every value"));
    }
    writer.value(shape)
}

struct ValueWriter<'a, 'r> {
    schema: &'a Schema,
    heights: Heights<'a>,
    preference: Preference,
    random: &'r mut Random,
    path: String,
    /// The names of the types that are being written, outermost first.
    open: Vec<&'a str>,
    /// The number of them that are inside of too many of the same name.
    deep: usize,
    /// The number of shapes so far.
    shapes: usize,
}

impl<'a> ValueWriter<'a, '_> {
    fn no_value(&self, problem: impl Into<String>) -> NoValue {
        NoValue {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    /// Returns `true` if the parts that follow are as small as possible.
    fn is_large(&self) -> bool {
        self.deep > 0 || self.shapes > MAX_USUAL_SHAPES || self.preference == Preference::Smallest
    }

    fn value(&mut self, shape: &'a Shape) -> Result<Value, NoValue> {
        self.shapes += 1;
        if self.shapes > MAX_SHAPES {
            return Err(self.no_value(format!("the value has more than {MAX_SHAPES} parts")));
        }
        if let Some(hint) = self.hint(shape) {
            return Ok(hint);
        }
        match &shape.kind {
            ShapeKind::Named(name) => self.named(name, shape),
            ShapeKind::Any => Ok(self.any()),
            ShapeKind::Null => Ok(Value::Null),
            ShapeKind::Boolean => Ok(Value::Bool(self.random.one_in(2))),
            ShapeKind::Integer(range) => {
                let number = number::integer(range, self.random);
                number.map_err(|problem| self.no_value(problem))
            }
            ShapeKind::Number(range) => {
                let number = number::number(range, self.random);
                number.map_err(|problem| self.no_value(problem))
            }
            ShapeKind::Text(rules) => {
                let text = text::text(rules, self.free_text(), self.random);
                text.map(Value::String)
                    .map_err(|problem| self.no_value(problem))
            }
            ShapeKind::Literals(literals) => match self.random.pick(literals) {
                Some(literal) => Ok(literal.value.clone()),
                None => Err(self.no_value("its enum has no values")),
            },
            ShapeKind::List {
                items,
                min,
                max,
                unique,
            } => self.list(items, (*min, *max), *unique),
            ShapeKind::Tuple(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(index, item)| self.at_index(index, item))
                    .collect()
            }
            ShapeKind::Object {
                properties,
                additional,
                keys,
                count,
                ..
            } => {
                let others = additional.as_deref().map(|shape| OtherEntries {
                    shape,
                    keys: keys.as_deref(),
                });
                self.object(properties, others.as_ref(), *count)
            }
            ShapeKind::Union(options) => self.union(options),
        }
    }

    fn named(&mut self, name: &'a str, shape: &'a Shape) -> Result<Value, NoValue> {
        let target = self.schema.resolve(shape);
        if std::ptr::eq(target, shape) {
            return Ok(self.any());
        }
        let outer = self.open.iter().filter(|open| **open == name).count();
        let is_deep = outer >= MAX_NESTING;
        self.open.push(name);
        self.deep += usize::from(is_deep);
        let value = self.value(target);
        self.deep -= usize::from(is_deep);
        self.open.pop();
        value
    }

    /// Returns an example or a default of the schema, if this attempt uses one here.
    fn hint(&mut self, shape: &Shape) -> Option<Value> {
        let is_used = match self.preference {
            Preference::Hints => true,
            Preference::Mixed => !shape.hints.is_empty() && self.random.one_in(2),
            Preference::Varied(_) | Preference::Smallest => false,
        };
        let hint = self.random.pick(&shape.hints).filter(|_| is_used);
        hint.cloned()
    }

    fn free_text(&self) -> FreeText {
        match self.preference {
            Preference::Varied(free) => free,
            Preference::Hints | Preference::Mixed | Preference::Smallest => FreeText::Words,
        }
    }

    /// Writes any JSON.
    fn any(&mut self) -> Value {
        let word = text::word(self.random);
        let number = self.random.number(0, 100);
        match self.random.number(0, 5) {
            0 => Value::Bool(self.random.one_in(2)),
            1 => json!(number),
            2 => json!([word, number]),
            3 => json!({ word: number }),
            _ => json!(word),
        }
    }

    fn union(&mut self, options: &'a [Shape]) -> Result<Value, NoValue> {
        let heights = options.iter().map(|option| self.heights.of(option));
        let heights: Vec<Option<usize>> = heights.collect();
        let lowest = heights.iter().flatten().min().copied();
        let is_large = self.is_large();
        let possible = options
            .iter()
            .zip(heights)
            .filter(|(_, height)| match is_large {
                true => *height == lowest,
                false => height.is_some(),
            });
        let possible: Vec<_> = possible.map(|(option, _)| option).collect();
        // Null says little. It is chosen once in four times where there is something else.
        let others = possible.iter().copied();
        let others: Vec<_> = others
            .filter(|option| option.kind != ShapeKind::Null)
            .collect();
        let takes_null = others.len() < possible.len() && (is_large || self.random.one_in(4));
        match self.random.pick(&others) {
            Some(option) if !takes_null => self.value(option),
            _ => Ok(Value::Null),
        }
    }

    fn at_index(&mut self, index: usize, shape: &'a Shape) -> Result<Value, NoValue> {
        self.inside(&format!("[{index}]"), shape)
    }

    fn at_key(&mut self, key: &str, shape: &'a Shape) -> Result<Value, NoValue> {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.inside(&format!("{dot}{key}"), shape)
    }

    fn inside(&mut self, segment: &str, shape: &'a Shape) -> Result<Value, NoValue> {
        let length = self.path.len();
        self.path.push_str(segment);
        let value = self.value(shape)?;
        self.path.truncate(length);
        Ok(value)
    }

    /// Chooses the number of items of a list, or of entries of a map.
    fn count(
        &mut self,
        shape: &Shape,
        (min, max): (Option<u64>, Option<u64>),
        usual: (usize, usize),
    ) -> Result<usize, NoValue> {
        let limit = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        let (min, max) = (min.map_or(0, limit), max.map_or(usize::MAX, limit));
        if min > max {
            return Err(self.no_value(format!(
                "at least {min} and at most {max} items exclude each other"
            )));
        }
        if self.is_large() || self.heights.of(shape).is_none() {
            return Ok(min);
        }
        // An empty list is valid too, and code must handle it.
        let count = match min == 0 && self.random.one_in(8) {
            true => 0,
            false => self.random.within(usual.0.max(min), usual.1.max(min)),
        };
        Ok(count.min(max))
    }

    fn list(
        &mut self,
        items: &'a Shape,
        limits: (Option<u64>, Option<u64>),
        unique: bool,
    ) -> Result<Value, NoValue> {
        let count = self.count(items, limits, (1, 3))?;
        let mut list = Vec::new();
        let mut known = BTreeSet::new();
        let mut tries = count.saturating_mul(MAX_TRIES);
        while list.len() < count {
            let item = self.at_index(list.len(), items)?;
            if !unique || known.insert(item.to_string()) {
                list.push(item);
                continue;
            }
            tries -= 1;
            if tries > 0 {
                continue;
            }
            let min = limits.0.unwrap_or(0);
            match u64::try_from(list.len()).is_ok_and(|length| length < min) {
                true => return Err(self.no_value(format!("no {min} items that differ were found"))),
                false => break,
            }
        }
        Ok(Value::Array(list))
    }
}
