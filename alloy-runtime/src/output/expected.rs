//! Reading what a model gives to a tool: the same tolerance as for an answer, but for what surrounds it. What is
//! found in a sentence may be an answer; it is nothing to act upon.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Error as PathError;

use super::fit::Rules;
use super::misfit::Misfit;
use super::problem;
use super::read::no_json;
use crate::schema::{Kind, Schema};

/// What the arguments of a tool are held to. Made once a tool.
#[derive(Debug)]
pub(crate) struct Expected {
    schema: Schema,
    rules: Rules,
}

/// Why arguments could not be read.
#[derive(Debug)]
pub enum Unread {
    /// One is missing.
    Missing(&'static str),
    /// The type of one does not take it.
    Field(&'static str, PathError<serde_json::Error>),
    /// The type of all does not take them.
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

    fn into_misfit(self, json: &Value, schema: &Schema) -> Misfit {
        match self {
            Self::Missing(name) => Misfit::of_whole(format!("missing field `{name}`")),
            Self::Whole(error) => problem::of(&error, json, schema),
            Self::Field(name, error) => {
                let inside = Schema {
                    root: schema
                        .field(name)
                        .cloned()
                        .unwrap_or_else(|| Kind::Any.into()),
                    definitions: schema.definitions.clone(),
                };
                let Misfit { path, problem } = problem::of(&error, &json[name], &inside);
                let path = match path.as_str() {
                    "." => name.to_owned(),
                    path if path.starts_with('[') => format!("{name}{path}"),
                    path => format!("{name}.{path}"),
                };
                Misfit { path, problem }
            }
        }
    }
}

impl Expected {
    pub(crate) fn of(schema: Schema) -> Self {
        let rules = Rules::of(&schema);
        Self { schema, rules }
    }

    /// Whether what is read are arguments: a model gives them by name.
    pub(crate) fn takes_names(&self) -> bool {
        self.schema.takes_names()
    }

    /// Reads arguments with `read`: as they stand, if that takes them; else what says the same in another
    /// type is converted first.
    ///
    /// # Errors
    ///
    /// Where they do not fit, and why, for the model to read.
    pub(crate) fn read<A>(
        &self,
        given: &Value,
        read: &dyn Fn(&Value) -> Result<A, Unread>,
    ) -> Result<A, String> {
        self.fitted(given, read).map_err(|misfit| {
            let Misfit { path, problem } = misfit.shown();
            match path.as_str() {
                "." => problem,
                path => format!("{path}: {problem}"),
            }
        })
    }

    fn fitted<A>(
        &self,
        given: &Value,
        read: &dyn Fn(&Value) -> Result<A, Unread>,
    ) -> Result<A, Misfit> {
        let Self { schema, rules } = self;
        if schema.root.kind == Kind::Null {
            // Whatever is given to what takes nothing.
            let read = read(&Value::Null);
            return read.map_err(|unread| unread.into_misfit(&Value::Null, schema));
        }
        // What is read is run at once: the rules come first.
        if given.is_object() && rules.hold(given, schema).is_ok() {
            if let Ok(arguments) = read(given) {
                return Ok(arguments);
            }
        }
        if let Value::String(text) = given {
            return Err(no_json(text));
        }
        let mut repairs = Vec::new();
        let mut json = given.clone();
        rules.fit(&mut json, schema, &mut repairs)?;
        let arguments = match read(&json) {
            Err(unread) if unread.is_of_unknown_field() => {
                Rules::drop_unknown(&mut json, schema, &mut repairs);
                read(&json)
            }
            read => read,
        };
        let arguments = arguments.map_err(|unread| unread.into_misfit(&json, schema))?;
        tracing::debug!(repairs = repairs.len(), "the arguments were repaired");
        Ok(arguments)
    }
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
        let rules = Expected::of(Schema::of::<Pair>());
        rules.read(given, &|json: &Value| Unread::whole::<Pair>(json))
    }

    #[test]
    fn keys_that_a_type_refuses_are_left_out() {
        let given = json!({"left": "1", "right": [2], "more": 3});
        assert_eq!(read(&given).unwrap().left, 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        // A key beside it is no reason to look elsewhere.
        let given = json!({"left": 1, "right": [2, "x"], "more": 3});
        let told = read(&given).unwrap_err();
        assert!(told.starts_with("right[1]: expected an integer"), "{told}");

        let rules = Expected::of(Schema::of::<(Vec<u8>,)>());
        let schema = rules.schema;
        let field = Unread::field::<Vec<u8>>("right", &json!([1, "x"])).unwrap_err();
        let misfit = field.into_misfit(&json!({"right": [1, "x"]}), &schema);
        assert_eq!(misfit.path, "right[1]");
        let inside = Unread::field::<Pair>("pair", &json!({"left": "x"})).unwrap_err();
        let misfit = inside.into_misfit(&json!({"pair": {"left": "x"}}), &schema);
        assert_eq!(misfit.path, "pair.left");
    }
}
