//! Options of the model (`num_ctx`, `seed`, …) by name.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::SharedStr;
use crate::error::{Error, excerpt};

/// Options that one layer sets: unique names, and values as JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options(Cow<'static, [OptionPair]>);

/// Name of an option, and its value as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionPair {
    pub(crate) name: SharedStr,
    pub(crate) json: SharedStr,
}

impl OptionPair {
    /// Creates an option of an attribute, whose JSON the macro wrote.
    #[must_use]
    pub const fn new(name: &'static str, json: &'static str) -> Self {
        Self {
            name: SharedStr::Static(name),
            json: SharedStr::Static(json),
        }
    }
}

/// Specification of a known option. The list consists of Ollama's `api.Options` and two fields of its chat
/// request that are set like options.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    kind: Kind,
    pub(crate) place: OptionPlacement,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Texts,
}

/// Position of an option in a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OptionPlacement {
    /// In `options` of the native request only.
    Options,
    /// In `options` of the native request, and under the same name in a Chat Completions request.
    Both,
    /// At the top level of the native request only.
    Beside,
}

const KNOWN: [OptionSpec; 20] = [
    known("seed", Kind::Integer, OptionPlacement::Both),
    known("stop", Kind::Texts, OptionPlacement::Both),
    known("top_p", Kind::Number, OptionPlacement::Both),
    known("presence_penalty", Kind::Number, OptionPlacement::Both),
    known("frequency_penalty", Kind::Number, OptionPlacement::Both),
    known("num_ctx", Kind::Integer, OptionPlacement::Options),
    known("num_keep", Kind::Integer, OptionPlacement::Options),
    known("top_k", Kind::Integer, OptionPlacement::Options),
    known("min_p", Kind::Number, OptionPlacement::Options),
    known("typical_p", Kind::Number, OptionPlacement::Options),
    known("repeat_last_n", Kind::Integer, OptionPlacement::Options),
    known("repeat_penalty", Kind::Number, OptionPlacement::Options),
    known("num_batch", Kind::Integer, OptionPlacement::Options),
    known("num_gpu", Kind::Integer, OptionPlacement::Options),
    known("main_gpu", Kind::Integer, OptionPlacement::Options),
    known("num_thread", Kind::Integer, OptionPlacement::Options),
    known("draft_num_predict", Kind::Integer, OptionPlacement::Options),
    known("use_mmap", Kind::Boolean, OptionPlacement::Options),
    known("truncate", Kind::Boolean, OptionPlacement::Beside),
    known("shift", Kind::Boolean, OptionPlacement::Beside),
];

const fn known(name: &'static str, kind: Kind, place: OptionPlacement) -> OptionSpec {
    OptionSpec { name, kind, place }
}

/// Maximum number of options in one layer. Ollama knows a few dozen.
const MAX_OPTIONS: usize = 256;

/// Returns the names of the known options.
pub fn known_options() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.name)
}

/// Returns the specification of a known option.
pub(crate) fn find(name: &str) -> Option<&'static OptionSpec> {
    KNOWN.iter().find(|known| known.name == name)
}

/// Returns the known option that `name` may be a misspelling of.
pub(crate) fn near(name: &str) -> Option<&'static str> {
    let distance = |known: &OptionSpec| strsim::osa_distance(known.name, name);
    let near = KNOWN.iter().min_by_key(|known| distance(known))?;
    (distance(near) <= 2).then_some(near.name)
}

impl Options {
    pub(crate) const EMPTY: Self = Self(Cow::Borrowed(&[]));

    /// Creates the options of an attribute, which the macro has checked.
    pub(crate) const fn from_static(pairs: &'static [OptionPair]) -> Self {
        Self(Cow::Borrowed(pairs))
    }

    /// Sets one option.
    ///
    /// # Errors
    ///
    /// A configuration error if Alloy sets a field of this name itself, if the value cannot be represented in
    /// JSON, or if it does not have the type of Ollama's option. Unknown names are accepted, because servers
    /// gain new options.
    pub(crate) fn set(&mut self, name: &str, value: impl Serialize) -> Result<(), Error> {
        // Text keeps an `f32` as short as it was written.
        let not_json = |error: serde_json::Error| not_json(name).with_source(error);
        let json = serde_json::to_string(&value).map_err(not_json)?;
        check(name, &serde_json::from_str(&json).map_err(not_json)?)?;
        if self.0.len() >= MAX_OPTIONS {
            return Err(Error::configuration(
                format!("there are more than {MAX_OPTIONS} options"),
                "Ollama knows a few dozen; remove the others.",
            ));
        }
        self.insert(OptionPair {
            name: SharedStr::Owned(name.to_owned()),
            json: SharedStr::Owned(json),
        });
        Ok(())
    }

    /// Overwrites these options with those of a stronger layer, name by name.
    pub(super) fn merge(&mut self, stronger: Self) {
        for pair in stronger.0.into_owned() {
            self.insert(pair);
        }
    }

    fn insert(&mut self, pair: OptionPair) {
        let pairs = self.0.to_mut();
        match pairs.iter_mut().find(|known| known.name == pair.name) {
            Some(known) => *known = pair,
            None => pairs.push(pair),
        }
    }

    /// Makes names and values cheap to clone.
    pub(super) fn make_shared(&mut self) {
        if !self.0.is_empty() {
            for OptionPair { name, json } in self.0.to_mut() {
                name.make_shared();
                json.make_shared();
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

/// Rejects names of fields that Alloy sets itself.
fn check_name(name: &str) -> Result<(), Error> {
    if name.chars().any(char::is_control) {
        return Err(Error::configuration(
            format!(
                "the name of the option `{}` contains a control character",
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
        _ => return Ok(()),
    };
    Err(not_an_option(name, instead))
}

/// The error for the name of something else; `instead` says how to set that.
pub(super) fn not_an_option(name: &str, instead: &str) -> Error {
    Error::configuration(
        format!("`{name}` is not an option of the model; {instead}"),
        "An option is one of Ollama's, such as `num_ctx`, `seed`, `stop`, `top_k` or `top_p`.",
    )
}

fn check_kind(known: &OptionSpec, value: &Value) -> Result<(), Error> {
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

fn not_json(name: &str) -> Error {
    Error::configuration(
        format!(
            "the option `{}` cannot be represented in JSON",
            excerpt(name)
        ),
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
    fn values_must_have_the_type_that_the_server_expects() {
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
            "format",
            json!("json"),
            "`format` is not an option of the model; Alloy makes this part of the request itself",
        );
    }

    // The attribute rejects such a literal, too.
    #[test]
    fn a_whole_number_has_no_decimal_point() {
        let error = Options::default().set("num_ctx", 8192.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the option `num_ctx` is 8192.0; expected a whole number"
        );
    }

    #[test]
    fn unknown_options_are_accepted_and_similar_names_found() {
        Options::default().set("num_cxt", 8192).unwrap();
        assert_eq!(near("num_cxt"), Some("num_ctx"));
        assert_eq!(near("mirostat"), None);
    }

    #[test]
    fn reserved_names_are_rejected_with_a_hint() {
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
    fn stop_takes_a_text_or_a_list_of_texts() {
        let set = |value: Value| Options::default().set("stop", value);
        assert!(set(json!("END")).is_ok());
        assert!(set(json!(["END", "."])).is_ok());
        assert!(set(json!(["END", 1])).is_err());
        assert!(set(json!(1)).is_err());
    }

    #[test]
    fn whole_numbers_may_be_negative_and_large() {
        for seed in [json!(-1), json!(u64::MAX), json!(0)] {
            assert!(Options::default().set("seed", seed).is_ok());
        }
        assert!(Options::default().set("seed", json!(1.5)).is_err());
    }
}
