//! Kinds of settings: how the values of a kind are checked, read from a variable and printed.
//!
//! A type with one rule for all its values is its own kind (`bool`, [`Think`]); where several rules share
//! a type, each rule is a unit struct ([`PositiveInteger`] and [`NonNegativeInteger`] for `u32`).

use std::sync::Arc;
use std::time::Duration;

use super::{
    Api, Backend, Host, KeepAlive, OnDone, OnInvalid, OnRetry, Secret, SharedStr, Think, address,
    parse,
};
use crate::error::{Error, HumanDuration, excerpt};
use crate::store::Cache;

/// Origin of a value, which error messages name.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    /// A setter, by the name of its key.
    Setter(&'static str),
    /// An environment variable.
    Variable(&'static str),
}

impl Origin {
    /// The name at the beginning of a message: `temperature`, `ALLOY_TEMPERATURE`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Setter(name) | Self::Variable(name) => name,
        }
    }

    /// The way a user writes the setting: `` `.temperature(…)` ``, `ALLOY_TEMPERATURE`.
    fn syntax(self) -> String {
        match self {
            Self::Setter(name) => format!("`.{name}(…)`"),
            Self::Variable(name) => name.to_owned(),
        }
    }
}

/// Rules for the values of a setting.
pub(crate) trait SettingKind {
    type Value: Clone;

    /// Checks a value of this type.
    ///
    /// # Errors
    ///
    /// A configuration error that names `origin` and says what was expected.
    fn check(origin: Origin, value: Self::Value) -> Result<Self::Value, Error> {
        let _ = origin;
        Ok(value)
    }

    /// Prints a value. A secret is not shown.
    fn print(value: &Self::Value) -> String;

    /// Makes a value cheap to clone, for a layer that many commands read.
    fn make_shared(value: &mut Self::Value) {
        let _ = value;
    }

    /// Adds the value of a weaker layer. Most values replace it.
    fn add_weaker(value: &mut Self::Value, weaker: &Self::Value) {
        let _ = (value, weaker);
    }
}

/// Kinds whose values can be written as text.
pub(crate) trait FromText: SettingKind {
    /// `true` if a variable without text counts as unset, as `OLLAMA_HOST=` does for Ollama itself.
    const BLANK_IS_UNSET: bool = true;

    /// Parses and checks a value.
    ///
    /// # Errors
    ///
    /// A configuration error that names `origin` and says what was expected.
    fn read(origin: Origin, text: &str) -> Result<Self::Value, Error>;
}

/// Reads the first of `names` that is set.
pub(super) fn read_variables<'a, K: FromText>(
    get: impl Fn(&str) -> Option<&'a str>,
    names: &[&'static str],
) -> Result<Option<K::Value>, Error> {
    let is_set = |text: &&str| !(K::BLANK_IS_UNSET && text.trim().is_empty());
    let mut set = names
        .iter()
        .filter_map(|name| Some((*name, get(name).filter(is_set)?)));
    set.next()
        .map(|(name, text)| K::read(Origin::Variable(name), text))
        .transpose()
}

/// Implements [`SettingKind`] for values without rules, which are printed by an expression.
macro_rules! without_rules {
    ($($kind:ty: $value:ident: $type:ty => $print:expr;)*) => {$(
        impl SettingKind for $kind {
            type Value = $type;

            fn print($value: &$type) -> String {
                $print
            }
        }
    )*};
}

without_rules! {
    bool: on: bool => on.to_string();
    NonNegativeInteger: limit: u32 => limit.to_string();
    Think: think: Think => think.to_string();
    KeepAlive: keep_alive: KeepAlive => keep_alive.to_string();
    Api: api: Api => api.to_string();
    Host: host: Arc<Host> => host.address().to_owned();
    BearerKey: key: Secret => key.to_string();
    UncheckedKey: key: Secret => key.to_string();
    Backend: backend: Backend => backend.to_string();
    Cache: cache: Cache => cache.to_string();
    OnInvalid: _hook: OnInvalid => "a function".to_owned();
    OnRetry: _hook: OnRetry => "a function".to_owned();
}

impl SettingKind for OnDone {
    type Value = Self;

    fn print(_: &Self) -> String {
        "a function".to_owned()
    }

    fn add_weaker(hooks: &mut Self, weaker: &Self) {
        hooks.extend(weaker);
    }
}

/// Text without rules.
pub(crate) struct PlainText;

impl SettingKind for PlainText {
    type Value = SharedStr;

    fn print(text: &SharedStr) -> String {
        format!("{:?}", &**text)
    }

    fn make_shared(text: &mut SharedStr) {
        text.make_shared();
    }
}

impl FromText for PlainText {
    fn read(_: Origin, text: &str) -> Result<SharedStr, Error> {
        Ok(SharedStr::Owned(text.to_owned()))
    }
}

/// A base URL as text. It is parsed when a model needs it, because `OPENAI_BASE_URL` is often set for
/// other programs.
pub(crate) struct BaseUrlText;

impl SettingKind for BaseUrlText {
    type Value = SharedStr;

    fn print(url: &SharedStr) -> String {
        address::without_secrets(url)
    }

    fn make_shared(url: &mut SharedStr) {
        url.make_shared();
    }
}

impl FromText for BaseUrlText {
    fn read(_: Origin, text: &str) -> Result<SharedStr, Error> {
        Ok(SharedStr::Owned(text.to_owned()))
    }
}

/// A sampling temperature from 0 to 2.
pub(crate) struct Temperature;

impl SettingKind for Temperature {
    type Value = f64;

    fn check(origin: Origin, value: f64) -> Result<f64, Error> {
        if (0.0..=2.0).contains(&value) {
            return Ok(value);
        }
        Err(Error::configuration(
            format!(
                "{} is {value}; expected a number from 0 to 2",
                origin.name()
            ),
            format!(
                "Give {} a value from 0 (always the likeliest token) to 2.",
                origin.syntax()
            ),
        ))
    }

    fn print(value: &f64) -> String {
        value.to_string()
    }
}

impl FromText for Temperature {
    fn read(origin: Origin, text: &str) -> Result<f64, Error> {
        let value = parsed(
            origin,
            text.trim().parse().ok(),
            text,
            "a number from 0 to 2",
        )?;
        Self::check(origin, value)
    }
}

/// A whole number from 1.
pub(crate) struct PositiveInteger;

impl SettingKind for PositiveInteger {
    type Value = u32;

    fn check(origin: Origin, value: u32) -> Result<u32, Error> {
        if value >= 1 {
            return Ok(value);
        }
        Err(Error::configuration(
            format!("{} is 0; expected a whole number from 1", origin.name()),
            format!("Give {} at least 1, or leave it out.", origin.syntax()),
        ))
    }

    fn print(value: &u32) -> String {
        value.to_string()
    }
}

impl FromText for PositiveInteger {
    fn read(origin: Origin, text: &str) -> Result<u32, Error> {
        let value = parsed(
            origin,
            text.trim().parse().ok(),
            text,
            "a whole number from 1",
        )?;
        Self::check(origin, value)
    }
}

/// A whole number from 0.
pub(crate) struct NonNegativeInteger;

impl FromText for NonNegativeInteger {
    fn read(origin: Origin, text: &str) -> Result<u32, Error> {
        parsed(
            origin,
            text.trim().parse().ok(),
            text,
            "a whole number from 0",
        )
    }
}

impl SettingKind for Duration {
    type Value = Self;

    fn check(origin: Origin, value: Self) -> Result<Self, Error> {
        if !value.is_zero() {
            return Ok(value);
        }
        Err(Error::configuration(
            format!("{} is zero; expected a duration such as 30s", origin.name()),
            format!(
                "Give {} a longer duration, or leave it out.",
                origin.syntax()
            ),
        ))
    }

    fn print(value: &Self) -> String {
        HumanDuration(*value).to_string()
    }
}

impl FromText for Duration {
    fn read(origin: Origin, text: &str) -> Result<Self, Error> {
        let expected = "a duration such as 500ms, 30s or 2m (a bare number is seconds)";
        let value = parsed(origin, parse::duration(text), text, expected)?;
        Self::check(origin, value)
    }
}

impl FromText for bool {
    fn read(origin: Origin, text: &str) -> Result<Self, Error> {
        parsed(origin, parse::boolean(text), text, "true or false")
    }
}

impl FromText for Think {
    fn read(origin: Origin, text: &str) -> Result<Self, Error> {
        Self::parse(origin.name(), text)
    }
}

impl FromText for Host {
    fn read(origin: Origin, text: &str) -> Result<Arc<Self>, Error> {
        Self::parse(origin.name(), text).map(Arc::new)
    }
}

/// A key that is stored as the value of an `Authorization` header.
pub(crate) struct BearerKey;

impl FromText for BearerKey {
    fn read(origin: Origin, text: &str) -> Result<Secret, Error> {
        Secret::bearer(origin.name(), text)
    }
}

/// A key that is checked when a model needs it, because `OPENAI_API_KEY` is often set for other programs.
pub(crate) struct UncheckedKey;

impl FromText for UncheckedKey {
    fn read(_: Origin, text: &str) -> Result<Secret, Error> {
        Ok(Secret::new(text))
    }
}

impl FromText for Backend {
    fn read(origin: Origin, text: &str) -> Result<Self, Error> {
        Self::parse(origin.name(), text)
    }
}

/// A folder, or `off`.
impl FromText for Cache {
    fn read(_: Origin, text: &str) -> Result<Self, Error> {
        Ok(match text.trim() {
            "off" => Self::off(),
            path => Self::folder(path),
        })
    }
}

/// Returns the value that was parsed from `text`, or an error that says what was expected.
fn parsed<T>(origin: Origin, value: Option<T>, text: &str, expected: &str) -> Result<T, Error> {
    value.ok_or_else(|| {
        let name = origin.name();
        Error::configuration(
            format!("{name} is `{}`; expected {expected}", excerpt(text)),
            format!("Set {name} to {expected}, or unset it."),
        )
    })
}
