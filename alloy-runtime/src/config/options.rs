//! The options of a model (`num_ctx`, `seed`, …), by name.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::Text;
use super::keys::NAMES;
use crate::error::{Error, excerpt};

/// Options that one layer sets: names, and values as JSON. Each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options(Cow<'static, [OptionPair]>);

/// A name, and its value as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionPair {
    pub(crate) name: Text,
    pub(crate) json: Text,
}

impl OptionPair {
    /// An option of an attribute: a literal, whose JSON the macro wrote.
    #[must_use]
    pub const fn new(name: &'static str, json: &'static str) -> Self {
        Self {
            name: Text::Static(name),
            json: Text::Static(json),
        }
    }
}

/// What is known of an option. The list is that of Ollama's `api.Options`, and of the two fields of its
/// chat request that are options in all but their place.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    kind: Kind,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Texts,
}

/// Where an option stands in a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// In `options` of the native request alone.
    Options,
    /// There, and under the same name in a Chat Completions request.
    Both,
    /// Beside `options`, in the native request alone.
    Beside,
}

const KNOWN: [Known; 20] = [
    known("seed", Kind::Integer, Place::Both),
    known("stop", Kind::Texts, Place::Both),
    known("top_p", Kind::Number, Place::Both),
    known("presence_penalty", Kind::Number, Place::Both),
    known("frequency_penalty", Kind::Number, Place::Both),
    known("num_ctx", Kind::Integer, Place::Options),
    known("num_keep", Kind::Integer, Place::Options),
    known("top_k", Kind::Integer, Place::Options),
    known("min_p", Kind::Number, Place::Options),
    known("typical_p", Kind::Number, Place::Options),
    known("repeat_last_n", Kind::Integer, Place::Options),
    known("repeat_penalty", Kind::Number, Place::Options),
    known("num_batch", Kind::Integer, Place::Options),
    known("num_gpu", Kind::Integer, Place::Options),
    known("main_gpu", Kind::Integer, Place::Options),
    known("num_thread", Kind::Integer, Place::Options),
    known("draft_num_predict", Kind::Integer, Place::Options),
    known("use_mmap", Kind::Boolean, Place::Options),
    known("truncate", Kind::Boolean, Place::Beside),
    known("shift", Kind::Boolean, Place::Beside),
];

const fn known(name: &'static str, kind: Kind, place: Place) -> Known {
    Known { name, kind, place }
}

/// No model has more options than this.
const MOST_OPTIONS: usize = 256;

/// The names of the options that are known.
pub fn known_options() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.name)
}

/// What is known of the option of this name.
pub(crate) fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// The known option that a person may have meant by `name`.
pub(crate) fn near(name: &str) -> Option<&'static str> {
    let distance = |known: &Known| strsim::osa_distance(known.name, name);
    let near = KNOWN.iter().min_by_key(|known| distance(known))?;
    (distance(near) <= 2).then_some(near.name)
}

impl Options {
    pub(crate) const EMPTY: Self = Self(Cow::Borrowed(&[]));

    /// The options of an attribute, which the macro has checked.
    pub(crate) const fn of_attribute(pairs: &'static [OptionPair]) -> Self {
        Self(Cow::Borrowed(pairs))
    }

    /// Sets one option.
    ///
    /// # Errors
    ///
    /// A name that is a key of its own, a value that is no JSON, or one that is not of the type that
    /// Ollama's option of this name has. Unknown names are taken: servers learn new ones.
    pub(crate) fn set(&mut self, name: &str, value: impl Serialize) -> Result<(), Error> {
        // By way of text, in which a number of single precision stays as short as it was written.
        let no_json = |error: serde_json::Error| no_json(name).with_source(error);
        let json = serde_json::to_string(&value).map_err(no_json)?;
        check(name, &serde_json::from_str(&json).map_err(no_json)?)?;
        if self.0.len() >= MOST_OPTIONS {
            return Err(Error::configuration(
                format!("there are more than {MOST_OPTIONS} options"),
                "Ollama has a few dozen: leave out what is none of them.",
            ));
        }
        self.place(OptionPair {
            name: Text::Owned(name.to_owned()),
            json: Text::Owned(json),
        });
        Ok(())
    }

    /// Puts the stronger layer's options over these, name by name.
    pub(super) fn merge(&mut self, stronger: Self) {
        for pair in stronger.0.into_owned() {
            self.place(pair);
        }
    }

    fn place(&mut self, pair: OptionPair) {
        let pairs = self.0.to_mut();
        match pairs.iter_mut().find(|known| known.name == pair.name) {
            Some(place) => *place = pair,
            None => pairs.push(pair),
        }
    }

    /// Makes the texts cheap to clone.
    pub(super) fn share(&mut self) {
        if !self.0.is_empty() {
            for OptionPair { name, json } in self.0.to_mut() {
                name.share();
                json.share();
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &OptionPair> {
        self.0.iter()
    }
}

fn check(name: &str, value: &Value) -> Result<(), Error> {
    check_name(name)?;
    match find(name) {
        Some(known) => check_kind(known, value),
        None if value.is_null() => Err(wrong_type(name, "a value", value)),
        None => Ok(()),
    }
}

/// Names that are keys of their own, or that Alloy sets itself.
fn check_name(name: &str) -> Result<(), Error> {
    if name.chars().any(char::is_control) {
        return Err(Error::configuration(
            format!(
                "the option `{}` has a control character in its name",
                excerpt(name)
            ),
            "An option is one of Ollama's, such as `num_ctx`, `seed`, `stop`, `top_k` or `top_p`.",
        ));
    }
    let instead = match name {
        "num_predict" => "set the key `max_tokens` instead",
        "messages" | "prompt" | "stream" | "format" | "response_format" | "tools"
        | "tool_choice" | "options" => "Alloy makes this part of the request itself",
        "" => "name it, for example `num_ctx`",
        // A server would be sent what it does not know, a secret among it.
        _ if NAMES.contains(&name) => &format!("set the key `{name}` instead"),
        _ => return Ok(()),
    };
    Err(Error::configuration(
        format!("`{name}` is no option of a model; {instead}"),
        "An option is one of Ollama's, such as `num_ctx`, `seed`, `stop`, `top_k` or `top_p`.",
    ))
}

fn check_kind(known: &Known, value: &Value) -> Result<(), Error> {
    let (fits, expected) = match known.kind {
        Kind::Integer => (value.is_i64() || value.is_u64(), "a whole number"),
        Kind::Number => (value.is_number(), "a number"),
        Kind::Boolean => (value.is_boolean(), "true or false"),
        Kind::Texts => {
            let texts = value.as_array();
            let list = texts.is_some_and(|texts| texts.iter().all(Value::is_string));
            (list || value.is_string(), "a text or a list of texts")
        }
    };
    match fits {
        true => Ok(()),
        false => Err(wrong_type(known.name, expected, value)),
    }
}

fn wrong_type(name: &str, expected: &str, value: &Value) -> Error {
    Error::configuration(
        format!(
            "the option `{}` is {}; expected {expected}",
            excerpt(name),
            excerpt(&value.to_string())
        ),
        format!("Set `{}` to {expected}, or leave it out.", excerpt(name)),
    )
}

fn no_json(name: &str) -> Error {
    Error::configuration(
        format!("the option `{}` cannot be written as JSON", excerpt(name)),
        "An option is a number, a text, true or false, or a list of these.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pairs(options: &Options) -> Vec<(String, String)> {
        let text = |pair: &OptionPair| (pair.name.to_string(), pair.json.to_string());
        options.iter().map(text).collect()
    }

    // A3
    #[test]
    fn options_merge_name_by_name() {
        let mut weaker = Options::default();
        weaker.set("num_ctx", 4096).unwrap();
        weaker.set("seed", 1).unwrap();
        let mut stronger = Options::default();
        stronger.set("num_ctx", 8192).unwrap();
        stronger.set("stop", "END").unwrap();
        weaker.merge(stronger);
        let expected = [("num_ctx", "8192"), ("seed", "1"), ("stop", "\"END\"")];
        assert_eq!(
            pairs(&weaker),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn values_are_held_to_the_types_that_the_server_wants() {
        let check = |name: &str, value: Value, expected: &str| {
            let error = Options::default().set(name, value).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(
            "num_ctx",
            json!("8192"),
            "the option `num_ctx` is \"8192\"; expected a whole number",
        );
        check(
            "seed",
            json!(1.5),
            "the option `seed` is 1.5; expected a whole number",
        );
        check(
            "stop",
            json!(["a", 1]),
            "the option `stop` is [\"a\",1]; expected a text or a list of texts",
        );
        check(
            "use_mmap",
            json!(1),
            "the option `use_mmap` is 1; expected true or false",
        );
        check(
            "new_one",
            json!(null),
            "the option `new_one` is null; expected a value",
        );
        check(
            "temperature",
            json!(1),
            "`temperature` is no option of a model; set the key `temperature` instead",
        );
        check(
            "format",
            json!("json"),
            "`format` is no option of a model; Alloy makes this part of the request itself",
        );
    }

    // A secret among them is neither sent nor shown.
    #[test]
    fn the_keys_of_the_table_are_no_options() {
        for name in NAMES {
            let error = Options::default().set(name, "sk-1").unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{name}` is no option of a model; set the key `{name}` instead")
            );
        }
        assert!(NAMES.contains(&"api_key") && NAMES.contains(&"timeout"));
    }

    // As the attribute does, whose literal has a point as well.
    #[test]
    fn a_whole_number_has_no_point() {
        let error = Options::default().set("num_ctx", 8192.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the option `num_ctx` is 8192.0; expected a whole number"
        );
    }

    #[test]
    fn options_that_nobody_knows_are_taken_and_have_neighbours() {
        Options::default().set("num_cxt", 8192).unwrap();
        assert_eq!(near("num_cxt"), Some("num_ctx"));
        assert_eq!(near("mirostat"), None);
    }

    #[test]
    fn what_is_no_option_says_where_it_belongs() {
        for (name, expected) in [
            ("num_predict", "set the key `max_tokens` instead"),
            ("", "name it, for example `num_ctx`"),
            ("messages", "Alloy makes this part of the request itself"),
        ] {
            let error = Options::default().set(name, 1).unwrap_err();
            assert!(error.to_string().ends_with(expected), "{error}");
        }
    }

    #[test]
    fn what_stops_an_answer_is_text() {
        let set = |value: Value| Options::default().set("stop", value);
        assert!(set(json!("END")).is_ok());
        assert!(set(json!(["END", "."])).is_ok());
        assert!(set(json!(["END", 1])).is_err());
        assert!(set(json!(1)).is_err());
    }

    #[test]
    fn whole_numbers_may_be_below_zero_and_large() {
        for seed in [json!(-1), json!(u64::MAX), json!(0)] {
            assert!(Options::default().set("seed", seed).is_ok());
        }
        assert!(Options::default().set("seed", json!(1.5)).is_err());
    }
}
