//! The filter `tojson`.

use std::collections::BTreeMap;
use std::io::Write;

use minijinja::value::{Kwargs, Value};
use minijinja::{Error as TemplateError, ErrorKind as TemplateErrorKind, State};
use serde_json::Value as Json;
use serde_json::ser::{Formatter, Serializer};

use super::memory::{MAX_CONTAINER_TEXT, charge};

const MAX_INDENT: usize = 16;
/// Maximum nesting. A namespace can contain itself.
const MAX_NESTING: usize = 200;

/// Writes JSON as Python's `json.dumps` does, which templates expect: a space after commas and colons, and only
/// necessary escapes. Its options are `indent`, `separators`, `sort_keys` and `ensure_ascii`.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the signature of a minijinja filter"
)]
pub(in crate::embedded) fn tojson(
    state: &mut State<'_, '_>,
    value: &Value,
    indent: Option<usize>,
    options: Kwargs,
) -> Result<Value, TemplateError> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get::<Option<usize>>("indent")?,
    };
    let separators = options.get::<Option<Vec<String>>>("separators")?;
    let sorts_keys = options.get::<Option<bool>>("sort_keys")? == Some(true);
    let is_ascii = options.get::<Option<bool>>("ensure_ascii")? == Some(true);
    options.assert_all_used()?;
    let separators = match separators.as_deref() {
        // Python has no space after a comma that ends a line.
        None if indent.is_some() => [",".to_owned(), ": ".to_owned()],
        None => [", ".to_owned(), ": ".to_owned()],
        Some([comma, colon]) => [comma.clone(), colon.clone()],
        Some(_) => {
            return Err(TemplateError::new(
                TemplateErrorKind::InvalidOperation,
                "`separators` of `tojson` has not two items",
            ));
        }
    };
    let formatter = PythonFormatter {
        separators,
        indent: indent.map(|indent| indent.min(MAX_INDENT)),
        depth: 0,
        is_empty: true,
    };
    let mut out = write_json(value, formatter.clone())?;
    if sorts_keys {
        // The value was written once, so it is not too long.
        let unsorted: Json = serde_json::to_value(value).map_err(|error| bad_value(&error))?;
        out = write_json(&sort_keys(unsorted), formatter)?;
    }
    charge(state, out.len())?;
    Ok(Value::from_safe_string(match is_ascii {
        true => escape_non_ascii(&out),
        false => out,
    }))
}

fn write_json(
    value: &impl serde::Serialize,
    formatter: PythonFormatter,
) -> Result<String, TemplateError> {
    let mut out = BoundedJson(Vec::new());
    let written = value.serialize(&mut Serializer::with_formatter(&mut out, formatter));
    written.map_err(|error| match error.is_io() {
        true => TemplateError::new(
            TemplateErrorKind::OutOfFuel,
            "it writes JSON that is longer than 1 MiB or nested more than 200 deep",
        ),
        false => bad_value(&error),
    })?;
    Ok(String::from_utf8_lossy(&out.0).into_owned())
}

fn bad_value(error: &serde_json::Error) -> TemplateError {
    TemplateError::new(TemplateErrorKind::BadSerialization, error.to_string())
}

/// A writer that fails beyond [`MAX_CONTAINER_TEXT`].
struct BoundedJson(Vec<u8>);

impl Write for BoundedJson {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_CONTAINER_TEXT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn sort_keys(value: Json) -> Json {
    match value {
        Json::Array(items) => items.into_iter().map(sort_keys).collect(),
        Json::Object(members) => {
            let members = members.into_iter();
            let sorted: BTreeMap<String, Json> = members
                .map(|(name, value)| (name, sort_keys(value)))
                .collect();
            Json::Object(sorted.into_iter().collect())
        }
        scalar => scalar,
    }
}

/// Writes all characters beyond ASCII as escapes. In JSON they occur only in strings.
fn escape_non_ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.extend(["\\u", &format!("{unit:04x}")]);
        }
    }
    escaped
}

/// Writes JSON as Python does: in one line, or with an indent.
#[derive(Clone)]
struct PythonFormatter {
    /// Between items, and between name and value.
    separators: [String; 2],
    indent: Option<usize>,
    depth: usize,
    /// `true` until an item of the innermost list or object was written.
    is_empty: bool,
}

impl PythonFormatter {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> std::io::Result<()> {
        if self.depth >= MAX_NESTING {
            return Err(std::io::ErrorKind::InvalidInput.into());
        }
        self.depth += 1;
        self.is_empty = true;
        writer.write_all(bracket)
    }

    fn begin_item<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if !first {
            writer.write_all(self.separators[0].as_bytes())?;
        }
        self.break_line(writer)
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> std::io::Result<()> {
        self.depth -= 1;
        if !self.is_empty {
            self.break_line(writer)?;
        }
        self.is_empty = false;
        writer.write_all(bracket)
    }

    fn break_line<W: ?Sized + Write>(&self, writer: &mut W) -> std::io::Result<()> {
        let Some(indent) = self.indent else {
            return Ok(());
        };
        writer.write_all(b"\n")?;
        for _ in 0..self.depth {
            writer.write_all(&[b' '; MAX_INDENT][..indent])?;
        }
        Ok(())
    }
}

impl Formatter for PythonFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        self.begin_item(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> std::io::Result<()> {
        self.is_empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        self.begin_item(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(self.separators[1].as_bytes())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> std::io::Result<()> {
        self.is_empty = false;
        Ok(())
    }
}
