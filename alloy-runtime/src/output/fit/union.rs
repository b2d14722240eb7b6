//! A value that may be one of several alternatives: which of them it is, or was meant for.

use serde_json::Value;

use super::convert::as_integer;
use super::words::{alternatives, found_whole, one_of};
use super::{Fitting, Mode, parts};
use crate::output::misfit::Misfit;
use crate::schema::{Kind, Literal, Presence, Property, Schema, Shape};

impl Fitting<'_> {
    /// The first alternative that takes the value as it is; else the first that takes it converted.
    pub(super) fn union(&mut self, value: &mut Value, options: &[Shape]) -> Result<(), Misfit> {
        let mut likely: Vec<&Shape> = options
            .iter()
            .filter(|option| self.is_likely(value, option))
            .collect();
        // One that knows every field is meant, and not one that would leave some out.
        if likely.iter().any(|option| self.knows_all(value, option)) {
            likely.retain(|option| self.knows_all(value, option));
        }
        if let [only] = likely.as_slice() {
            return self.fit(value, only);
        }
        let candidates: Vec<&Shape> = match (likely.is_empty(), self.mode) {
            (false, _) => likely,
            (true, Mode::Convert | Mode::AsItIs) => options.iter().collect(),
            // The type took it for one of these: any other would take it without a look.
            (true, Mode::Taken) => {
                let meant = options.iter().filter(|option| self.is_meant(value, option));
                meant.collect()
            }
        };
        if candidates.is_empty() {
            return Ok(());
        }
        let modes = match self.mode {
            Mode::Convert => &[Mode::AsItIs, Mode::Convert][..],
            Mode::AsItIs => &[Mode::AsItIs],
            Mode::Taken => &[Mode::Taken],
        };
        for mode in modes {
            for option in &candidates {
                let before = (self.mode, self.path.len(), self.repairs.len());
                // A copy costs all its parts, however few of them are looked at then.
                self.tries = self.tries.saturating_sub(parts(value));
                let mut tried = value.clone();
                self.mode = *mode;
                let fits = self.fit(&mut tried, option).is_ok();
                self.mode = before.0;
                if fits {
                    *value = tried;
                    return Ok(());
                }
                self.path.truncate(before.1);
                self.repairs.truncate(before.2);
            }
        }
        // Of the alternatives that a value could be meant for, the only one says best what is wrong.
        let mut meant = options.iter().filter(|option| self.is_meant(value, option));
        if let (Some(only), None) = (meant.next(), meant.next()) {
            return self.fit(value, only);
        }
        if let Some((tag, literals)) = tag(options, self.schema) {
            if let Some(other) = value.get(tag) {
                let length = self.enter(tag);
                let wrong = self.wrong(&one_of(&literals), other);
                self.path.truncate(length);
                return wrong;
            }
        }
        let expected = alternatives(options);
        self.problem(format!("expected {expected}, found {}", found_whole(value)))
    }

    /// Whether an alternative has a place for each of an object's fields.
    fn knows_all(&self, value: &Value, option: &Shape) -> bool {
        match (&self.schema.resolve(option).kind, value) {
            (
                Kind::Object {
                    properties, rest, ..
                },
                Value::Object(fields),
            ) => {
                let known = |name: &String| properties.iter().any(|known| known.name == *name);
                rest.is_some() || fields.keys().all(known)
            }
            _ => true,
        }
    }

    /// Whether a value is a list or an object as an alternative is.
    fn is_meant(&self, value: &Value, option: &Shape) -> bool {
        matches!(
            (&self.schema.resolve(option).kind, value),
            (Kind::Object { .. }, Value::Object(_))
                | (Kind::List { .. } | Kind::Tuple(_), Value::Array(_))
        )
    }

    /// Whether a value is of an alternative's JSON type and, for an object, has the fields by which
    /// alternatives are told apart.
    fn is_likely(&self, value: &Value, option: &Shape) -> bool {
        match (&self.schema.resolve(option).kind, value) {
            (Kind::Any | Kind::Named(_) | Kind::Union(_), _)
            | (Kind::Null, Value::Null)
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::Text(_), Value::String(_))
            | (Kind::List { .. } | Kind::Tuple(_), Value::Array(_))
            | (Kind::Number(_), Value::Number(_)) => true,
            (Kind::Integer(_), Value::Number(number)) => {
                !number.is_f64() || as_integer(value).is_ok()
            }
            (Kind::Literals(literals), value) => literals.iter().any(|one| one.value == *value),
            (Kind::Object { properties, .. }, Value::Object(fields)) => {
                properties.iter().all(|property| {
                    match (fields.get(&property.name), &property.shape.kind) {
                        (Some(value), Kind::Literals(literals)) => {
                            literals.iter().any(|one| one.value == *value)
                        }
                        (Some(_), _) => true,
                        (None, _) => {
                            property.presence != Presence::Needed || property.shape.is_nullable()
                        }
                    }
                })
            }
            _ => false,
        }
    }
}

/// The property whose fixed value tells objects apart, where all have it, with all its values.
fn tag<'s>(options: &'s [Shape], schema: &'s Schema) -> Option<(&'s str, Vec<Literal>)> {
    let mut objects = options
        .iter()
        .filter_map(|option| match &schema.resolve(option).kind {
            Kind::Object { properties, .. } => Some(properties),
            _ => None,
        });
    let fixed = |property: &'s Property| match &property.shape.kind {
        Kind::Literals(literals) => Some((property.name.as_str(), literals.clone())),
        _ => None,
    };
    let mut tags: Vec<_> = objects.next()?.iter().filter_map(fixed).collect();
    for properties in objects {
        tags.retain_mut(|(name, literals)| {
            let mut own = properties.iter().filter_map(fixed);
            let own = own.find(|(known, _)| known == name);
            literals.extend(own.iter().flat_map(|(_, more)| more.iter().cloned()));
            own.is_some()
        });
    }
    tags.into_iter().next()
}
