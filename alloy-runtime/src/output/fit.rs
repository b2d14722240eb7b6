//! Holding a value to the shape of its type: what says the same in another type is converted, and what
//! breaks a rule is told with its path.

mod convert;
#[cfg(test)]
mod tests;
mod union;
pub(super) mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

use self::convert::{as_boolean, as_integer, as_number, compare};
use self::words::{bounds, field_names, found, one_of};
use super::misfit::Misfit;
use super::repair::Repair;
use crate::error::excerpt;
use crate::schema::{Bound, Kind, Presence, Property, Range, Schema, Shape, TextRules};

/// How many shapes a value may be tried against, for each of its parts: alternatives that nest in
/// alternatives multiply. What is not tried is left to the type itself.
const TRIES_A_PART: usize = 64;

/// The largest compiled pattern that is checked, in bytes: repetitions in repetitions would take seconds.
const LARGEST_PATTERN: usize = 64 * 1024;

/// The rules of a type, ready to be applied.
#[derive(Debug)]
pub(super) struct Rules {
    /// The patterns, compiled; one that cannot be is left to the type.
    patterns: BTreeMap<String, Regex>,
    /// Whether the schema asks for more than the type's own reader does.
    pub(super) constrained: bool,
}

impl Rules {
    pub(super) fn of(schema: &Schema) -> Self {
        let mut rules = Self {
            patterns: BTreeMap::new(),
            constrained: false,
        };
        let definitions = schema.definitions.iter().map(|(_, shape)| shape);
        for shape in definitions.chain([&schema.root]) {
            rules.look_at(shape);
        }
        rules
    }

    fn look_at(&mut self, shape: &Shape) {
        match &shape.kind {
            Kind::Any | Kind::Null | Kind::Boolean | Kind::Named(_) | Kind::Literals(_) => {}
            Kind::Integer(range) | Kind::Number(range) => {
                let bounds = [&range.min, &range.max];
                let own = |bound: &Bound| !bound.natural;
                self.constrained |= bounds.into_iter().flatten().any(own);
            }
            Kind::Text(TextRules {
                min,
                max,
                pattern,
                format: _,
            }) => {
                self.constrained |= min.is_some() || max.is_some();
                if let Some(pattern) = pattern {
                    let regex = RegexBuilder::new(pattern)
                        .size_limit(LARGEST_PATTERN)
                        .build();
                    if let Ok(regex) = regex {
                        self.constrained = true;
                        self.patterns.insert(pattern.clone(), regex);
                    }
                }
            }
            Kind::List { items, min, max } => {
                self.constrained |= min.is_some() || max.is_some();
                self.look_at(items);
            }
            Kind::Tuple(items) | Kind::Union(items) => {
                for item in items {
                    self.look_at(item);
                }
            }
            Kind::Object {
                properties, rest, ..
            } => {
                let may_be_missing = |property: &Property| {
                    property.presence != Presence::Needed || property.shape.is_nullable()
                };
                self.constrained |= !properties.is_empty() && properties.iter().all(may_be_missing);
                for property in properties {
                    self.look_at(&property.shape);
                }
                if let Some(rest) = rest {
                    self.look_at(rest);
                }
            }
        }
    }

    /// Brings a value into the schema's shape.
    pub(super) fn fit(
        &self,
        value: &mut Value,
        schema: &Schema,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Misfit> {
        let mut fitting = Fitting::of(self, value, schema, Mode::Convert);
        fitting.fit(value, &schema.root)?;
        repairs.append(&mut fitting.repairs);
        Ok(())
    }

    /// Holds a value that its type has taken to what only the schema says: limits, and that an object is
    /// one. What a type takes beside its schema, an alias for example, is the type's affair.
    pub(super) fn hold(&self, value: &Value, schema: &Schema) -> Result<(), Misfit> {
        if !self.constrained {
            return Ok(());
        }
        let mut fitting = Fitting::of(self, value, schema, Mode::Taken);
        fitting.fit(&mut value.clone(), &schema.root)
    }

    /// Takes out the keys that the schema does not know, for types that refuse them.
    pub(super) fn drop_unknown(value: &mut Value, schema: &Schema, repairs: &mut Vec<Repair>) {
        drop_unknown(value, &schema.root, schema, &mut String::new(), repairs);
    }
}

/// Takes out the keys that a shape does not know.
fn drop_unknown(
    value: &mut Value,
    shape: &Shape,
    schema: &Schema,
    path: &mut String,
    repairs: &mut Vec<Repair>,
) {
    match (&schema.resolve(shape).kind, value) {
        (
            Kind::Object {
                properties, rest, ..
            },
            Value::Object(fields),
        ) => {
            let known = |name: &str| properties.iter().find(|property| property.name == name);
            fields.retain(|name, value| {
                let length = enter(path, name);
                let shape = known(name).map(|property| &property.shape);
                let shape = shape.or(rest.as_deref());
                match shape {
                    Some(shape) => drop_unknown(value, shape, schema, path, repairs),
                    None => Repair::UnknownKey { path: path.clone() }.add_to(repairs),
                }
                path.truncate(length);
                shape.is_some()
            });
        }
        (Kind::List { items, .. }, Value::Array(values)) => {
            for (index, value) in values.iter_mut().enumerate() {
                let length = enter_item(path, index);
                drop_unknown(value, items, schema, path, repairs);
                path.truncate(length);
            }
        }
        (Kind::Tuple(items), Value::Array(values)) => {
            for (index, (value, shape)) in values.iter_mut().zip(items).enumerate() {
                let length = enter_item(path, index);
                drop_unknown(value, shape, schema, path, repairs);
                path.truncate(length);
            }
        }
        // Of several alternatives none is known to be the one.
        _ => {}
    }
}

/// Adds a field to a path, and gives the length that it had. A name is kept short and harmless: a model wrote it.
fn enter(path: &mut String, name: &str) -> usize {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    path.push_str(&excerpt(name));
    length
}

/// The same, for an item of a list.
fn enter_item(path: &mut String, index: usize) -> usize {
    let length = path.len();
    // NOTE: A string can be written to.
    let _written = write!(path, "[{index}]");
    length
}

/// How many values there are in a value, itself included.
fn parts(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(parts).sum(),
        Value::Object(fields) => fields.values().map(parts).sum(),
        _ => 0,
    }
}

/// What becomes of a value of another type than the shape's.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// It is converted, where nothing is lost.
    Convert,
    /// It is refused.
    AsItIs,
    /// The type itself has taken it.
    Taken,
}

struct Fitting<'a> {
    rules: &'a Rules,
    schema: &'a Schema,
    /// Where the value at hand stands: `addresses[1].city`.
    path: String,
    tries: usize,
    mode: Mode,
    repairs: Vec<Repair>,
}

impl<'a> Fitting<'a> {
    fn of(rules: &'a Rules, value: &Value, schema: &'a Schema, mode: Mode) -> Self {
        Self {
            rules,
            schema,
            path: String::new(),
            tries: parts(value).saturating_mul(TRIES_A_PART),
            mode,
            repairs: Vec::new(),
        }
    }

    fn fit(&mut self, value: &mut Value, shape: &Shape) -> Result<(), Misfit> {
        let Some(tries) = self.tries.checked_sub(1) else {
            return Ok(());
        };
        self.tries = tries;
        match &self.schema.resolve(shape).kind {
            Kind::Any | Kind::Named(_) => Ok(()),
            Kind::Null if value.is_null() => Ok(()),
            Kind::Boolean if value.is_boolean() => Ok(()),
            Kind::Boolean => self.converted(value, as_boolean),
            Kind::Integer(range) => {
                if !value.is_i64() && !value.is_u64() {
                    self.converted(value, as_integer)?;
                }
                self.range("an integer", value, range)
            }
            Kind::Number(range) => {
                if !value.is_number() {
                    self.converted(value, as_number)?;
                }
                self.range("a number", value, range)
            }
            Kind::Text(rules) => match value.as_str() {
                Some(text) => self.text(text, rules),
                None => self.wrong("a string", value),
            },
            Kind::Literals(literals) => match literals.iter().any(|one| one.value == *value) {
                true => Ok(()),
                false => self.wrong(&one_of(literals), value),
            },
            Kind::List { items, min, max } => match value {
                Value::Array(values) => {
                    self.length(values.len(), *min, *max, "item", "items")?;
                    self.items(values, std::iter::repeat(&**items))
                }
                other => self.wrong("a list", other),
            },
            Kind::Tuple(items) => match value {
                Value::Array(values) if values.len() == items.len() => {
                    self.items(values, items.iter())
                }
                Value::Array(values) => {
                    let found = values.len();
                    self.problem(format!(
                        "expected a list of {}, found one of {found}",
                        items.len()
                    ))
                }
                other => self.wrong(&format!("a list of {}", items.len()), other),
            },
            Kind::Object {
                properties, rest, ..
            } => self.object(value, properties, rest.as_deref()),
            Kind::Union(options) => self.union(value, options),
            Kind::Null => self.wrong("null", value),
        }
    }

    fn items<'s>(
        &mut self,
        values: &mut [Value],
        shapes: impl Iterator<Item = &'s Shape>,
    ) -> Result<(), Misfit> {
        for (index, (value, shape)) in values.iter_mut().zip(shapes).enumerate() {
            let length = enter_item(&mut self.path, index);
            self.fit(value, shape)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn object(
        &mut self,
        value: &mut Value,
        properties: &[Property],
        rest: Option<&Shape>,
    ) -> Result<(), Misfit> {
        let fields = match value {
            Value::Object(fields) => fields,
            // A derived reader takes a list for a struct, field by field: no model is asked for that.
            Value::Array(_) => {
                return self.problem(format!("expected an object, found {}", found(value)));
            }
            _ => return self.wrong("an object", value),
        };
        let known = |name: &String| properties.iter().find(|property| property.name == *name);
        let asks = properties.iter().any(Property::is_asked_for);
        let may_be_bare = properties.is_empty() || fields.is_empty() && !asks;
        let has_none = !fields.keys().any(|name| known(name).is_some());
        if rest.is_none() && has_none && !may_be_bare {
            let names = field_names(properties);
            return self.problem(format!("the object has none of the fields {names}"));
        }
        if self.mode == Mode::Convert {
            let says_nothing = |name: &String| {
                known(name).is_some_and(|property| property.presence == Presence::Omittable)
            };
            fields.retain(|name, value| !value.is_null() || !says_nothing(name));
        }
        for (name, value) in fields {
            let Some(shape) = known(name).map(|property| &property.shape).or(rest) else {
                continue;
            };
            let length = self.enter(name);
            self.fit(value, shape)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    /// Adds a field to the path, and gives the length that it had.
    fn enter(&mut self, name: &str) -> usize {
        enter(&mut self.path, name)
    }

    /// Puts what `convert` makes of a value in its place.
    fn converted(
        &mut self,
        value: &mut Value,
        convert: fn(&Value) -> Result<Value, &'static str>,
    ) -> Result<(), Misfit> {
        match convert(value) {
            _ if self.mode == Mode::Taken => Ok(()),
            Ok(converted) if self.mode == Mode::Convert => {
                let repair = Repair::Converted {
                    path: self.place(),
                    from: excerpt(&value.to_string()),
                    to: converted.to_string(),
                };
                repair.add_to(&mut self.repairs);
                *value = converted;
                Ok(())
            }
            Ok(_) => self.problem(String::new()),
            Err(expected) => self.wrong(expected, value),
        }
    }

    fn range(&self, what: &str, value: &Value, range: &Range) -> Result<(), Misfit> {
        let Some(number) = value.as_number() else {
            return Ok(());
        };
        let above = range
            .min
            .as_ref()
            .is_none_or(|min| match compare(number, &min.value) {
                Some(order) => order.is_gt() || order.is_eq() && !min.exclusive,
                None => true,
            });
        let below = range
            .max
            .as_ref()
            .is_none_or(|max| match compare(number, &max.value) {
                Some(order) => order.is_lt() || order.is_eq() && !max.exclusive,
                None => true,
            });
        if above && below {
            return Ok(());
        }
        self.problem(format!("expected {what} {}, found {number}", bounds(range)))
    }

    fn text(&self, text: &str, rules: &TextRules) -> Result<(), Misfit> {
        let characters = || text.chars().count();
        if rules.min.is_some() || rules.max.is_some() {
            self.length(
                characters(),
                rules.min,
                rules.max,
                "character",
                "characters",
            )?;
        }
        let pattern = rules.pattern.as_ref();
        let regex = pattern.and_then(|pattern| Some((pattern, self.rules.patterns.get(pattern)?)));
        match regex {
            Some((pattern, regex)) if !regex.is_match(text) => self.problem(format!(
                "expected a string that matches {pattern}, found {}",
                found(&Value::String(text.to_owned()))
            )),
            _ => Ok(()),
        }
    }

    fn length(
        &self,
        length: usize,
        min: Option<u64>,
        max: Option<u64>,
        one: &str,
        many: &str,
    ) -> Result<(), Misfit> {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let things = |count: u64| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        };
        if let Some(min) = min.filter(|min| length < *min) {
            return self.problem(format!("expected at least {}, found {length}", things(min)));
        }
        if let Some(max) = max.filter(|max| length > *max) {
            return self.problem(format!("expected at most {}, found {length}", things(max)));
        }
        Ok(())
    }

    /// A value of another type.
    fn wrong(&self, expected: &str, value: &Value) -> Result<(), Misfit> {
        if self.mode == Mode::Taken {
            return Ok(());
        }
        self.problem(format!("expected {expected}, found {}", found(value)))
    }

    fn problem(&self, problem: String) -> Result<(), Misfit> {
        Err(Misfit {
            path: self.place(),
            problem,
        })
    }

    fn place(&self) -> String {
        match self.path.as_str() {
            "" => ".".to_owned(),
            path => path.to_owned(),
        }
    }
}
