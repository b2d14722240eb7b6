//! Deserializers that treat a field of the wrong type as absent.
//!
//! Such a field is not needed, so it must not make the reply invalid. Its value is skipped whatever its size.

use std::fmt;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{error_reply, tolerant_json};
use crate::error::Error;

/// Parses an object of a reply. One that is not regular JSON is rewritten and parsed again.
///
/// # Errors
///
/// `Protocol` or `WrongServer` if the text is not such an object.
pub(super) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).or_else(|error| {
        let rewritten = tolerant_json::rewrite(json);
        let parsed = rewritten.and_then(|rewritten| serde_json::from_str(&rewritten).ok());
        parsed.ok_or_else(|| error_reply::from_invalid(json, &error))
    })
}

/// Visitor methods that return the default for each of these kinds of JSON.
macro_rules! absent_for {
    ($($kind:ident),*) => { $( $crate::wire::lenient::absent_for!(@ $kind); )* };
    (@ unit) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ bool) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ number) => {
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        $crate::wire::lenient::absent_for!(@ fraction);
    };
    (@ fraction) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ text) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ list) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ object) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}
pub(super) use absent_for;

/// Deserializes an integer that is not negative.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct CountVisitor;
    impl<'de> Visitor<'de> for CountVisitor {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a count")
        }

        fn visit_u64<E>(self, count: u64) -> Result<Self::Value, E> {
            Ok(Some(count))
        }

        absent_for!(unit, bool, fraction, text, list, object);
    }
    deserializer.deserialize_any(CountVisitor)
}

/// Deserializes a number of milliseconds.
pub(super) fn milliseconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    struct MillisecondsVisitor;
    impl<'de> Visitor<'de> for MillisecondsVisitor {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of milliseconds")
        }

        fn visit_u64<E>(self, milliseconds: u64) -> Result<Self::Value, E> {
            Ok(Some(Duration::from_millis(milliseconds)))
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, milliseconds: f64) -> Result<Self::Value, E> {
            Ok(Duration::try_from_secs_f64(milliseconds / 1000.0).ok())
        }

        absent_for!(unit, bool, text, list, object);
    }
    deserializer.deserialize_any(MillisecondsVisitor)
}

/// Deserializes a word: a string, or a number as its digits, since a reason that is not understood must be reported.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct WordVisitor;
    impl<'de> Visitor<'de> for WordVisitor {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a word")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Some("an object".to_owned()))
        }

        absent_for!(unit, fraction, list);
    }
    deserializer.deserialize_any(WordVisitor)
}

/// Deserializes a list of strings. Items of another type are skipped.
pub(super) fn words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    struct WordsVisitor;
    impl<'de> Visitor<'de> for WordsVisitor {
        type Value = Option<Vec<String>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of words")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut words = Vec::new();
            while let Some(item) = items.next_element::<serde_json::Value>()? {
                words.extend(item.as_str().map(str::to_owned));
            }
            Ok(Some(words))
        }

        absent_for!(unit, bool, number, text, object);
    }
    deserializer.deserialize_any(WordsVisitor)
}

/// Deserializes an object of a type whose fields are all optional.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct ObjectVisitor<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields)).map(Some)
        }

        absent_for!(unit, bool, number, text, list);
    }
    deserializer.deserialize_any(ObjectVisitor(std::marker::PhantomData))
}

/// Deserializes a string; an empty one counts as absent.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct TextVisitor;
    impl<'de> Visitor<'de> for TextVisitor {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }

        absent_for!(unit, bool, number, list, object);
    }
    deserializer.deserialize_any(TextVisitor)
}
