//! Writes the properties of an object, and the entries of a map.

use serde_json::{Map, Value};

use super::{MAX_TRIES, NoValue, ValueWriter};
use crate::backend::fake::pattern::Pattern;
use crate::backend::fake::text::{self, FreeText};
use crate::schema::{Property, Shape, StringRules};

/// Number of entries of a map, beyond which its keys are several words.
const MAX_WORD_KEYS: usize = 20;

/// The keys and values of an object that its properties do not name.
pub(super) struct OtherEntries<'a> {
    pub(super) shape: &'a Shape,
    /// The pattern of the keys.
    pub(super) keys: Option<&'a str>,
}

impl<'a> ValueWriter<'a, '_> {
    pub(super) fn object(
        &mut self,
        properties: &'a [Property],
        others: Option<&OtherEntries<'a>>,
        (min, max): (Option<u64>, Option<u64>),
    ) -> Result<Value, NoValue> {
        let limit = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        let (least, most) = (min.map_or(0, limit), max.map_or(usize::MAX, limit));
        let required = properties.iter().filter(|property| property.is_required());
        let mut room = most.saturating_sub(required.count());
        let mut fields = Map::new();
        for (index, property) in properties.iter().enumerate() {
            let is_written = property.is_required()
                || room > 0 && {
                    let after = properties.len() - index - 1;
                    let is_needed = fields.len() + after < least;
                    let is_wanted = !self.is_large() && !self.random.one_in(4);
                    let is_finite = self.heights.of(&property.shape).is_some();
                    is_needed || is_wanted && is_finite
                };
            if !is_written {
                continue;
            }
            if !property.is_required() {
                room -= 1;
            }
            let value = self.property(property)?;
            fields.insert(property.name.clone(), value);
        }
        if let Some(others) = others {
            let usual = if properties.is_empty() {
                (1, 3)
            } else {
                (0, 2)
            };
            let min = u64::try_from(least.saturating_sub(fields.len())).ok();
            let room = u64::try_from(most.saturating_sub(fields.len())).ok();
            let count = self.count(others.shape, (min, room), usual)?;
            self.other_entries(others, count, properties, &mut fields)?;
        }
        if fields.len() < least {
            return Err(self.no_value(format!("no {least} keys that differ were found")));
        }
        Ok(Value::Object(fields))
    }

    /// Writes the value of a property: null where the value would not end or is large enough.
    fn property(&mut self, property: &'a Property) -> Result<Value, NoValue> {
        let shape = &property.shape;
        let must_end = self.is_large() || self.heights.of(shape).is_none();
        match must_end && shape.is_nullable() {
            true => Ok(Value::Null),
            false => self.at_key(&property.name, shape),
        }
    }

    /// Adds entries whose keys are not those of properties.
    fn other_entries(
        &mut self,
        others: &OtherEntries<'a>,
        count: usize,
        properties: &[Property],
        fields: &mut Map<String, Value>,
    ) -> Result<(), NoValue> {
        let wanted = fields.len().saturating_add(count);
        let keys = others
            .keys
            .map(|keys| Pattern::parse(keys).map(|parsed| (keys, parsed)));
        let keys = keys.transpose().map_err(|problem| self.no_value(problem))?;
        for _ in 0..count.saturating_mul(MAX_TRIES) {
            if fields.len() >= wanted {
                break;
            }
            let key = self.key(keys.as_ref(), count);
            let is_taken = |key: &String| {
                fields.contains_key(key) || properties.iter().any(|known| known.name == *key)
            };
            if let Some(key) = key.filter(|key| !is_taken(key)) {
                let value = self.at_key(&key, others.shape)?;
                fields.insert(key, value);
            }
        }
        Ok(())
    }

    /// Writes a key. `count` is the number of keys that are needed.
    fn key(&mut self, keys: Option<&(&str, Pattern)>, count: usize) -> Option<String> {
        match keys {
            // The patterns of integer keys: a small number is a value of every integer type.
            Some((r"^\d+$", _)) => Some(self.random.within(0, count.max(99)).to_string()),
            Some((r"^-?\d+$", _)) => {
                let sign = self.random.word(&["", "-"]);
                Some(format!("{sign}{}", self.random.within(1, count.max(99))))
            }
            Some((_, pattern)) => pattern.generate(0, usize::MAX, self.random),
            None => {
                let free = self.free_text();
                match count > MAX_WORD_KEYS || free != FreeText::Words {
                    true => text::text(&StringRules::default(), free, self.random).ok(),
                    false => Some(text::word(self.random).to_owned()),
                }
            }
        }
    }
}
