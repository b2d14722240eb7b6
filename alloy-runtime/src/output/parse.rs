//! Parses the text of an answer into a typed value: directly if the type accepts it, otherwise in the three passes.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use super::coerce::{coerce, drop_unknown_keys};
use super::extract::{Extracted, extract};
use super::json_with_duplicates::JsonWithDuplicates;
use super::mismatch::Mismatch;
use super::repair::Repair;
use super::serde_error;
use super::spec::{Root, TypedSpec, Wrapper};
use crate::schema::Schema;

/// The text of an answer and its thinking text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerText<'a> {
    pub(crate) text: &'a str,
    pub(crate) thinking: Option<&'a str>,
}

/// The reason why an answer has no value.
#[derive(Debug)]
pub(super) enum ReadError {
    /// There is no answer.
    Empty,
    /// The parts of the answer that do not match the type.
    Invalid(Vec<Mismatch>),
}

impl From<Mismatch> for ReadError {
    fn from(mismatch: Mismatch) -> Self {
        Self::Invalid(vec![mismatch])
    }
}

type Read<T> = Result<(T, Vec<Repair>), ReadError>;

/// Parses a typed answer.
pub(super) fn parse<T: DeserializeOwned>(answer: AnswerText<'_>, typed: &TypedSpec) -> Read<T> {
    let text = answer.text;
    if text.trim().is_empty() {
        // Some servers put the answer of a thinking model into its thinking. JSON between other thinking is an example
        // or a draft.
        let thinking = answer.thinking.map(str::trim).unwrap_or_default();
        let is_json = thinking.starts_with(['{', '['])
            && serde_json::from_str::<IgnoredAny>(thinking).is_ok();
        if !is_json {
            return Err(ReadError::Empty);
        }
        let (value, mut repairs) =
            parse_lenient(thinking, typed).map_err(|_: ReadError| ReadError::Empty)?;
        repairs.insert(0, Repair::FromThinking);
        return Ok((value, repairs));
    }
    let Some(value) = parse_strict(text, typed) else {
        return parse_lenient(text, typed);
    };
    if !typed.limits.must_check(text) {
        return Ok((value, Vec::new()));
    }
    // The type may have ignored a part that is not valid JSON: a number that is too large for a float, or half of a
    // surrogate pair.
    let json: JsonWithDuplicates = serde_json::from_str(text)
        .map_err(|error| Mismatch::of_whole_value(format!("not JSON: {error}")))?;
    if typed.limits.validate(&json.value, &typed.schema).is_err() {
        // A conversion may satisfy the limits: a label without the blanks around it.
        return parse_lenient(text, typed);
    }
    let repairs = json.duplicates.then_some(Repair::DuplicateKey);
    Ok((value, repairs.into_iter().collect()))
}

/// Reports that a text contains no JSON that can be the answer.
pub(super) fn not_json(text: &str) -> Mismatch {
    let problem = match serde_json::from_str::<Value>(text) {
        _ if !text.contains(['{', '[']) => "expected JSON, found none".to_owned(),
        Err(error) => format!("not JSON: {error}"),
        // The text is JSON, but not an object as each typed answer is.
        Ok(_) => "expected an object".to_owned(),
    };
    Mismatch::of_whole_value(problem)
}

/// Deserializes the whole text, if the type accepts it unchanged. It must be an object: a derived deserializer would
/// also accept a list for a struct.
fn parse_strict<T: DeserializeOwned>(text: &str, typed: &TypedSpec) -> Option<T> {
    let is_object = text.trim_start().starts_with('{');
    match (typed.root, typed.wrapper) {
        (Root::Any, _) => serde_json::from_str(text).ok(),
        _ if !is_object => None,
        (Root::Value, _) => serde_json::from_str(text).ok(),
        (Root::Wrapped, Wrapper::AnyObject) => {
            let wrapped: Result<Wrapped<T>, _> = serde_json::from_str(text);
            wrapped.ok().map(|wrapped| wrapped.value)
        }
        (Root::Wrapped, Wrapper::OnlyKey) => {
            let wrapped: Result<OnlyWrapped<T>, _> = serde_json::from_str(text);
            wrapped.ok().map(|wrapped| wrapped.value)
        }
        // The object itself may be the value.
        (Root::Wrapped, Wrapper::Ambiguous) => None,
    }
}

#[derive(Deserialize)]
struct Wrapped<T: DeserializeOwned> {
    // `deserialize_with` makes the field required. Otherwise serde reads a missing field as `None` if `T` is an
    // `Option`.
    #[serde(deserialize_with = "T::deserialize")]
    value: T,
}

/// As [`Wrapped`], for a value that may be an object itself: one with other keys is not the wrapper.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyWrapped<T: DeserializeOwned> {
    #[serde(deserialize_with = "T::deserialize")]
    value: T,
}

/// Extracts the JSON of a text, coerces it and validates it.
fn parse_lenient<T: DeserializeOwned>(text: &str, typed: &TypedSpec) -> Read<T> {
    let extracted = extract(text, typed.root, &typed.schema).map_err(Mismatch::sanitized)?;
    let Some(Extracted { value, repairs }) = extracted else {
        return Err(not_json(text).into());
    };
    let mut first_error = None;
    for (json, wrapped) in readings(value, typed) {
        let mut repairs = repairs.clone();
        repairs.extend(wrapped.then_some(Repair::BareValue));
        match read(json, typed, repairs) {
            Ok(read) => return Ok(read),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    // NOTE: There is at least one reading.
    Err(first_error.unwrap_or(ReadError::Empty))
}

/// Returns the forms in which a value can be read, the likeliest first. `true` marks one that was wrapped here.
fn readings(value: Value, typed: &TypedSpec) -> Vec<(Value, bool)> {
    if typed.root != Root::Wrapped {
        return vec![(value, false)];
    }
    let wrapped = |value: &Value| {
        let field = (Schema::VALUE.to_owned(), value.clone());
        (Value::Object(Map::from_iter([field])), true)
    };
    let Value::Object(fields) = &value else {
        return vec![wrapped(&value)];
    };
    let is_wrapper = fields.len() == 1 && fields.contains_key(Schema::VALUE);
    match typed.wrapper {
        // The error names all alternatives.
        Wrapper::AnyObject if !fields.contains_key(Schema::VALUE) && typed.is_union() => {
            vec![wrapped(&value)]
        }
        Wrapper::AnyObject => vec![(value, false)],
        _ if !is_wrapper => vec![wrapped(&value)],
        Wrapper::OnlyKey => vec![(value.clone(), false), wrapped(&value)],
        Wrapper::Ambiguous => vec![wrapped(&value), (value, false)],
    }
}

/// Reads a value: as it is if the type accepts it, otherwise after conversions.
fn read<T: DeserializeOwned>(
    mut json: Value,
    typed: &TypedSpec,
    mut repairs: Vec<Repair>,
) -> Read<T> {
    let TypedSpec {
        root,
        schema,
        limits,
        ..
    } = typed;
    let invalid = |mismatches| invalid(mismatches, *root);
    if json.is_object() || *root == Root::Any {
        let value = from_value(&json, *root, schema);
        if let (Ok(value), Ok(())) = (value, limits.validate(&json, schema)) {
            return Ok((value, repairs));
        }
    }
    if let Err(mut mismatches) = coerce(&mut json, schema, limits, &mut repairs) {
        // The type names one of the fields that are missing.
        let missing = from_value::<T>(&json, *root, schema).err();
        let missing = missing.filter(|missing| {
            let mut paths = mismatches.iter().map(|mismatch| mismatch.path.as_str());
            missing.problem.starts_with("missing field")
                && !paths.any(|path| path == "." || path == missing.path)
        });
        mismatches.extend(missing);
        return Err(invalid(mismatches));
    }
    let value = match from_value(&json, *root, schema) {
        Err(Mismatch { problem, .. }) if problem.starts_with("unknown field") => {
            drop_unknown_keys(&mut json, schema, &mut repairs);
            from_value(&json, *root, schema)
        }
        value => value,
    };
    let value = value.map_err(|mismatch| invalid(vec![mismatch]))?;
    // The type may have chosen another alternative than the conversion.
    limits.validate(&json, schema).map_err(invalid)?;
    Ok((value, repairs))
}

/// Completes the mismatches of an answer.
fn invalid(mismatches: Vec<Mismatch>, root: Root) -> ReadError {
    let mismatches = mismatches.into_iter();
    let mismatches = mismatches.map(|mismatch| unwrap_path(mismatch, root).sanitized());
    ReadError::Invalid(mismatches.collect())
}

fn from_value<T: DeserializeOwned>(
    json: &Value,
    root: Root,
    schema: &Schema,
) -> Result<T, Mismatch> {
    let read = match root {
        Root::Any | Root::Value => serde_path_to_error::deserialize(json),
        Root::Wrapped => serde_path_to_error::deserialize(json).map(|Wrapped { value }| value),
    };
    read.map_err(|error| serde_error::describe(&error, json, schema))
}

/// Removes Alloy's wrapper from a path, so that the path starts at the value of the output type.
fn unwrap_path(mismatch: Mismatch, root: Root) -> Mismatch {
    let Mismatch { path, problem } = mismatch;
    let inside = match root {
        Root::Wrapped => path
            .strip_prefix(Schema::VALUE)
            .map(|path| path.strip_prefix('.').unwrap_or(path)),
        Root::Any | Root::Value => None,
    };
    let path = match inside {
        Some("") => ".".to_owned(),
        Some(inside) => inside.to_owned(),
        None => path,
    };
    Mismatch { path, problem }
}
