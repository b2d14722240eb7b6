//! Reads the arguments of a tool call.
//!
//! They are repaired like an answer, except that they are not extracted from a text: JSON inside of a sentence may be
//! an answer, but a tool must not act on it.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use serde_path_to_error::Error as PathError;

use super::argument_names::unknown_names;
use super::coerce::{coerce, drop_unknown_keys};
use super::limits::Limits;
use super::mismatch::{MAX_MISMATCHES, Mismatch};
use super::parse::not_json;
use super::serde_error;
use crate::error::excerpt;
use crate::schema::{Schema, ShapeKind};

/// Schema and limits of a tool's arguments. Created once per tool.
#[derive(Debug)]
pub(crate) struct ToolArgsSpec {
    schema: Schema,
    limits: Limits,
}

/// The error of arguments that could not be read.
#[derive(Debug)]
pub enum Unread {
    /// An argument is missing.
    Missing(&'static str),
    /// The type of an argument rejects its value.
    Field(&'static str, PathError<serde_json::Error>),
    /// The type of all arguments rejects them.
    Whole(PathError<serde_json::Error>),
}

impl Unread {
    /// Reads one argument.
    pub(crate) fn field<T: DeserializeOwned>(name: &'static str, json: &Value) -> Result<T, Self> {
        serde_path_to_error::deserialize(json).map_err(|error| Self::Field(name, error))
    }

    /// Reads all arguments.
    pub(crate) fn whole<T: DeserializeOwned>(json: &Value) -> Result<T, Self> {
        serde_path_to_error::deserialize(json).map_err(Self::Whole)
    }

    fn is_of_unknown_field(&self) -> bool {
        match self {
            Self::Missing(_) => false,
            Self::Field(_, error) | Self::Whole(error) => {
                error.inner().to_string().starts_with("unknown field")
            }
        }
    }

    fn into_mismatch(self, json: &Value, schema: &Schema) -> Mismatch {
        match self {
            Self::Missing(name) => Mismatch::of_whole_value(format!("missing field `{name}`")),
            Self::Whole(error) => serde_error::describe(&error, json, schema),
            Self::Field(name, error) => {
                let inside = Schema {
                    root: schema
                        .field(name)
                        .cloned()
                        .unwrap_or_else(|| ShapeKind::Any.into()),
                    definitions: schema.definitions.clone(),
                    unchecked: Vec::new(),
                };
                let Mismatch { path, problem } =
                    serde_error::describe(&error, &json[name], &inside);
                let path = match path.as_str() {
                    "." => name.to_owned(),
                    path if path.starts_with('[') => format!("{name}{path}"),
                    path => format!("{name}.{path}"),
                };
                Mismatch { path, problem }
            }
        }
    }
}

impl ToolArgsSpec {
    pub(crate) fn new(schema: Schema) -> Self {
        let limits = Limits::new(&schema);
        Self { schema, limits }
    }

    /// Returns the schema of the arguments.
    #[cfg(feature = "testing")]
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns descriptions of the limits that cannot be checked.
    pub(crate) fn unchecked(&self) -> &[String] {
        &self.limits.unchecked
    }

    /// Returns an example of the arguments if they have a map, to try the type of its keys out.
    pub(crate) fn example_of_maps(&self) -> Option<Value> {
        self.limits.has_maps.then(|| self.schema.example())
    }

    /// Returns `true` if a model can pass these arguments by name.
    pub(crate) fn has_named_arguments(&self) -> bool {
        self.schema.has_named_arguments()
    }

    /// Reads arguments with `read`. Arguments that it rejects are repaired first, by lossless conversions.
    ///
    /// # Errors
    ///
    /// Returns a message for the model: the path of the mismatch and the problem.
    pub(crate) fn read<A>(
        &self,
        given: &Value,
        read: &dyn Fn(&Value) -> Result<A, Unread>,
    ) -> Result<A, String> {
        let read = self.read_repaired(given, read);
        read.map_err(|mismatches| {
            let mismatches = mismatches.into_iter();
            let problems = mismatches.map(|mismatch| mismatch.sanitized().to_string());
            problems.collect::<Vec<_>>().join("; ")
        })
    }

    fn read_repaired<A>(
        &self,
        given: &Value,
        read: &dyn Fn(&Value) -> Result<A, Unread>,
    ) -> Result<A, Vec<Mismatch>> {
        let Self { schema, limits } = self;
        if schema.root.kind == ShapeKind::Null {
            // A tool that takes no arguments ignores those of the model.
            let read = read(&Value::Null);
            return read.map_err(|unread| vec![unread.into_mismatch(&Value::Null, schema)]);
        }
        if let Value::String(text) = given {
            let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
            let Mismatch { path, problem } = match is_json && text.contains('{') {
                true => Mismatch::of_whole_value("a name occurs twice".to_owned()),
                false => not_json(text),
            };
            let found = excerpt(text);
            let problem = format!("{problem}, in {found:?}");
            return Err(vec![Mismatch { path, problem }]);
        }
        let none = Value::Object(Map::new());
        let given = match given {
            // Models write an empty list where there are no arguments.
            Value::Array(items) if items.is_empty() => &none,
            given => given,
        };
        let is_known = unknown_names(given, schema).is_empty();
        // The limits are checked first, because `read` may also run the tool.
        if is_known
            && given.is_object()
            && limits.validate(given, schema).is_ok()
            && let Ok(arguments) = read(given)
        {
            return Ok(arguments);
        }
        let mut repairs = Vec::new();
        let mut json = given.clone();
        let coerced = coerce(&mut json, schema, limits, &mut repairs);
        // Those in an object that was sent as text are known only now.
        let unknown = unknown_names(&json, schema);
        if !unknown.is_empty() {
            return Err(all_mismatches(unknown, coerced.err().unwrap_or_default()));
        }
        coerced?;
        limits.validate(&json, schema)?;
        let arguments = match read(&json) {
            Err(unread) if unread.is_of_unknown_field() => {
                drop_unknown_keys(&mut json, schema, &mut repairs);
                read(&json)
            }
            read => read,
        };
        let arguments = arguments.map_err(|unread| vec![unread.into_mismatch(&json, schema)])?;
        tracing::debug!(repairs = repairs.len(), "the arguments were repaired");
        Ok(arguments)
    }
}

/// Returns the unknown names and the values of the wrong type, at most [`MAX_MISMATCHES`]. An object that has none of
/// its fields is not reported beside the names that it has instead.
fn all_mismatches(mut unknown: Vec<Mismatch>, values: Vec<Mismatch>) -> Vec<Mismatch> {
    let parents: Vec<String> = unknown
        .iter()
        .map(|name| match name.path.rsplit_once('.') {
            Some((parent, _)) => parent.to_owned(),
            None => ".".to_owned(),
        })
        .collect();
    let others = values
        .into_iter()
        .filter(|value| !parents.contains(&value.path));
    unknown.extend(others);
    unknown.truncate(MAX_MISMATCHES);
    unknown
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only reading it matters")]
    struct Pair {
        left: u8,
        right: Vec<u8>,
    }

    fn read(given: &Value) -> Result<Pair, String> {
        let spec = ToolArgsSpec::new(Schema::for_type::<Pair>());
        spec.read(given, &|json: &Value| Unread::whole::<Pair>(json))
    }

    #[test]
    fn a_name_that_is_no_parameter_is_reported() {
        let check = |given: Value, expected: &str| {
            assert_eq!(read(&given).unwrap_err(), expected, "{given}");
        };
        check(
            json!({"left": "1", "right": [2], "more": 3}),
            "more: there is no parameter of this name; the parameters are `left`, `right`",
        );
        check(
            json!({"left": 1, "right": [2], "Left": 3}),
            "Left: there is no parameter of this name; did you mean `left`?",
        );
        check(
            json!({"left": 1, "right": [2], "rigth": 3}),
            "rigth: there is no parameter of this name; did you mean `right`?",
        );
        // Null is the absence of an argument.
        let given = json!({"left": "1", "right": [2], "more": null});
        assert_eq!(read(&given).unwrap().left, 1);
    }

    #[test]
    fn all_problems_are_reported() {
        let given = json!({"left": "x", "right": [2], "Left": 3, "rigth": 4});
        assert_eq!(
            read(&given).unwrap_err(),
            "Left: there is no parameter of this name; did you mean `left`?; rigth: there is no parameter of this \
             name; did you mean `right`?; left: expected an integer, found \"x\""
        );
        let given = json!({"left": "x", "right": [2, "y"]});
        assert_eq!(
            read(&given).unwrap_err(),
            "left: expected an integer, found \"x\"; right[1]: expected an integer, found \"y\""
        );
    }

    #[test]
    fn a_name_that_occurs_twice_is_reported() {
        let given = json!("{\"left\": 1, \"left\": 2, \"right\": []}");
        let error = read(&given).unwrap_err();
        assert!(error.starts_with("a name occurs twice, in "), "{error}");
    }

    #[test]
    fn text_that_is_not_json_is_quoted() {
        assert_eq!(
            read(&json!("left=1")).unwrap_err(),
            "expected JSON, found none, in \"left=1\""
        );
    }

    #[test]
    fn errors_begin_with_the_path_of_the_argument() {
        let given = json!({"left": 1, "right": [2, "x"]});
        let error = read(&given).unwrap_err();
        assert!(
            error.starts_with("right[1]: expected an integer"),
            "{error}"
        );

        let spec = ToolArgsSpec::new(Schema::for_type::<(Vec<u8>,)>());
        let schema = spec.schema;
        let field = Unread::field::<Vec<u8>>("right", &json!([1, "x"])).unwrap_err();
        let mismatch = field.into_mismatch(&json!({"right": [1, "x"]}), &schema);
        assert_eq!(mismatch.path, "right[1]");
        let inside = Unread::field::<Pair>("pair", &json!({"left": "x"})).unwrap_err();
        let mismatch = inside.into_mismatch(&json!({"pair": {"left": "x"}}), &schema);
        assert_eq!(mismatch.path, "pair.left");
    }
}
