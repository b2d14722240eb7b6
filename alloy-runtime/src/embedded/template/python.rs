//! Methods of Python's strings, lists and dictionaries, which chat templates call.

use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Error as TemplateError, ErrorKind as TemplateErrorKind, State};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::memory::{charge_method, charged};

/// Calls a method that minijinja does not have.
///
/// # Errors
///
/// There is no such method, its arguments are not valid, or the memory budget is exceeded.
pub(super) fn call_method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, TemplateError> {
    if value.is_undefined() || value.is_none() {
        // A message without that field, not a method that this engine does not have.
        let detail = format!("a missing value has no method `{method}`");
        return Err(TemplateError::new(
            TemplateErrorKind::InvalidOperation,
            detail,
        ));
    }
    if value.as_str().is_some() {
        let mut all = vec![value.clone()];
        all.extend_from_slice(arguments);
        charge_method(state, method, &all)?;
    }
    let result = match (value.as_str(), value.kind()) {
        (Some(text), _) => text_method(text, method, arguments)?,
        (None, ValueKind::Seq) => list_method(value, method, arguments)?,
        (None, ValueKind::Map) if method == "copy" => {
            let () = from_args(arguments)?;
            Some(value.clone())
        }
        _ => None,
    };
    let result = match result {
        Some(result) => result,
        None => unknown_method_callback(state, value, method, arguments)?,
    };
    charged(state, result)
}

/// Calls one of the methods of strings that minijinja-contrib does not have; `None` if it has it.
fn text_method(
    text: &str,
    method: &str,
    arguments: &[Value],
) -> Result<Option<Value>, TemplateError> {
    let result = match method {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(arguments)?;
            let is_first = method == "partition";
            let parts = match is_first {
                true => text.split_once(separator),
                false => text.rsplit_once(separator),
            };
            let parts = match (parts, is_first) {
                (Some((before, after)), _) => [before, separator, after],
                (None, true) => [text, "", ""],
                (None, false) => ["", "", text],
            };
            parts.into_iter().map(Value::from).collect()
        }
        "rsplit" => {
            let (separator, limit): (Option<&str>, Option<i64>) = from_args(arguments)?;
            if separator == Some("") {
                return Err(TemplateError::new(
                    TemplateErrorKind::InvalidOperation,
                    "the separator of `rsplit` is empty",
                ));
            }
            let limit = limit.and_then(|limit| usize::try_from(limit).ok());
            let parts = split_from_end(text, separator, limit.unwrap_or(usize::MAX));
            parts.into_iter().map(Value::from).collect()
        }
        "index" => {
            let (part,): (&str,) = from_args(arguments)?;
            let at = text.find(part).ok_or_else(|| not_found("substring"))?;
            Value::from(text[..at].chars().count())
        }
        _ => return Ok(None),
    };
    Ok(Some(result))
}

fn list_method(
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Option<Value>, TemplateError> {
    match method {
        "copy" => {
            let () = from_args(arguments)?;
            Ok(Some(value.clone()))
        }
        "index" => {
            let (item,): (&Value,) = from_args(arguments)?;
            let at = value.try_iter()?.position(|other| other == *item);
            Ok(Some(Value::from(at.ok_or_else(|| not_found("item"))?)))
        }
        _ => Ok(None),
    }
}

/// Splits a text at most `limit` times, from its end.
fn split_from_end<'a>(text: &'a str, separator: Option<&str>, limit: usize) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut rest = match separator {
        Some(_) => text,
        None => text.trim(),
    };
    while parts.len() < limit {
        let split = match separator {
            Some(separator) => rest.rsplit_once(separator),
            None => rest
                .rsplit_once(char::is_whitespace)
                .map(|(before, after)| (before.trim_end(), after)),
        };
        let Some((before, after)) = split else {
            break;
        };
        parts.push(after);
        rest = before;
    }
    if separator.is_some() || !rest.is_empty() {
        parts.push(rest);
    }
    parts.reverse();
    parts
}

fn not_found(part: &str) -> TemplateError {
    TemplateError::new(
        TemplateErrorKind::InvalidOperation,
        format!("{part} not found"),
    )
}
