//! Specification of an output type: the schema and instructions that are sent, and the checks of an answer.

use std::any::TypeId;

use serde_json::value::RawValue;

use super::Output;
use super::limits::Limits;
use super::map_keys::unreadable_key;
#[cfg(feature = "testing")]
use super::repair::Repair;
#[cfg(feature = "testing")]
use crate::error::Error;
use crate::schema::{Schema, Shape, ShapeKind, to_raw};

/// Specification of the answers for an output type. Created once per type.
#[derive(Debug)]
pub(crate) struct OutputSpec {
    /// The output type as Rust names it, without module paths.
    pub(crate) type_name: Box<str>,
    pub(crate) content: Content,
    /// The type of a map's keys, if they can never be read from JSON.
    pub(crate) unreadable_key: Option<Box<str>>,
    /// Reads an answer as a stand-in checks its own.
    #[cfg(feature = "testing")]
    pub(crate) check: Option<CheckAnswer>,
}

/// Reads an answer, and returns the repairs that it needed. The value is dropped.
#[cfg(feature = "testing")]
pub(crate) type CheckAnswer = fn(&str, &'static OutputSpec) -> Result<Vec<Repair>, Error>;

/// The kind of answer that an output type requires.
#[derive(Debug)]
pub(crate) enum Content {
    /// `()`: any answer, which is ignored.
    Ignored,
    /// `String`: text that is not blank.
    Text,
    /// Any other type: JSON.
    Json(Box<TypedSpec>),
}

/// Specification of a typed answer: the schema and instructions that are sent, and the checks of the answer.
#[derive(Debug)]
pub(crate) struct TypedSpec {
    /// The schema to enforce; `None` for any JSON.
    pub(crate) enforced: Option<WireSchema>,
    /// The format instructions for the model.
    pub(crate) format_instructions: Box<str>,
    pub(super) root: Root,
    pub(super) wrapper: Wrapper,
    pub(super) schema: Schema,
    pub(super) limits: Limits,
}

impl TypedSpec {
    /// Returns the answer that is a value: with the wrapper, if the command asks for it.
    #[cfg(feature = "testing")]
    pub(crate) fn answer(&self, value: &serde_json::Value) -> serde_json::Value {
        match self.root {
            Root::Any | Root::Value => value.clone(),
            Root::Wrapped => serde_json::json!({ Schema::VALUE: value }),
        }
    }

    /// Returns the schema of the answer, with the wrapper.
    #[cfg(feature = "testing")]
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns the shape of the value, without the wrapper.
    #[cfg(feature = "testing")]
    pub(crate) fn value_shape(&self) -> &Shape {
        let root = &self.schema.root;
        match self.root {
            Root::Any | Root::Value => root,
            Root::Wrapped => self.schema.wrapped_value().unwrap_or(root),
        }
    }

    /// Returns `true` if the wrapped value is one of several alternatives.
    pub(super) fn is_union(&self) -> bool {
        let value = self.schema.wrapped_value();
        value.is_some_and(|value| matches!(value.kind, ShapeKind::Union(_)))
    }
}

/// A schema in the form for servers and in the form for the engine in this process.
#[derive(Debug)]
pub(crate) struct WireSchema {
    /// For a server.
    pub(crate) server: Box<RawValue>,
    /// `true` if each object requires all its properties, as OpenAI's strict mode demands.
    pub(crate) strict: bool,
    /// For the engine in this process, which enforces more than servers do. `null` without the feature `embedded`.
    pub(crate) engine: Box<RawValue>,
}

/// The JSON around a typed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Root {
    /// Any JSON.
    Any,
    /// An object, which is the value.
    Value,
    /// `{"value": …}`, because the value may not be an object.
    Wrapped,
}

/// The objects that can be the wrapper `{"value": …}` of a value, and not the value itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wrapper {
    /// Any object: no value is one, and none is null.
    AnyObject,
    /// An object with the key `value` and no other. A value with this key alone would have been wrapped.
    OnlyKey,
    /// As `OnlyKey`, if the object itself is not a value: a value has a property of this name.
    Ambiguous,
}

impl Wrapper {
    fn new(value: &Shape, schema: &Schema) -> Self {
        match &schema.resolve(value).kind {
            ShapeKind::Object { properties, .. } => {
                match properties.iter().any(|known| known.name == Schema::VALUE) {
                    true => Self::Ambiguous,
                    false => Self::OnlyKey,
                }
            }
            // `{"value": null, "error": …}` does not say that there is no value.
            ShapeKind::Any | ShapeKind::Null => Self::OnlyKey,
            ShapeKind::Union(options) => {
                let options = options.iter().map(|option| Self::new(option, schema));
                options.fold(Self::AnyObject, |all, option| match (all, option) {
                    (Self::Ambiguous, _) | (_, Self::Ambiguous) => Self::Ambiguous,
                    (Self::OnlyKey, _) | (_, Self::OnlyKey) => Self::OnlyKey,
                    (Self::AnyObject, Self::AnyObject) => Self::AnyObject,
                })
            }
            _ => Self::AnyObject,
        }
    }
}

impl OutputSpec {
    pub(crate) fn for_type<T: Output>() -> Self {
        let type_name = short_type_name::<T>();
        let content = match TypeId::of::<T>() {
            id if id == TypeId::of::<()>() => Content::Ignored,
            id if id == TypeId::of::<String>() => Content::Text,
            id if id == TypeId::of::<serde_json::Value>() => {
                Content::json(&type_name, None, Schema::for_type::<T>(), Root::Any)
            }
            _ => {
                let schema = Schema::for_type::<T>();
                let (schema, root) = match schema.is_object() {
                    true => (schema, Root::Value),
                    false => (schema.wrapped(), Root::Wrapped),
                };
                let enforced = WireSchema {
                    server: to_raw(&schema.to_server_schema()),
                    strict: schema.is_closed(),
                    engine: match cfg!(feature = "embedded") {
                        true => to_raw(&schema.to_engine_schema()),
                        false => RawValue::NULL.to_owned(),
                    },
                };
                Content::json(&type_name, Some(enforced), schema, root)
            }
        };
        Self {
            type_name,
            unreadable_key: unreadable_key_of::<T>(&content),
            #[cfg(feature = "testing")]
            check: None,
            content,
        }
    }

    /// Returns the specification of a typed answer; `None` for a text.
    pub(crate) fn typed(&self) -> Option<&TypedSpec> {
        match &self.content {
            Content::Json(typed) => Some(typed),
            Content::Text | Content::Ignored => None,
        }
    }
}

impl Content {
    fn json(type_name: &str, enforced: Option<WireSchema>, schema: Schema, root: Root) -> Self {
        let wrapper = match (root, schema.wrapped_value()) {
            (Root::Wrapped, Some(value)) => Wrapper::new(value, &schema),
            _ => Wrapper::AnyObject,
        };
        let limits = Limits::new(&schema);
        for limit in &limits.unchecked {
            tracing::warn!("{type_name}: {limit} of its schema is not checked");
        }
        Self::Json(Box::new(TypedSpec {
            enforced,
            format_instructions: schema.to_format_instructions().into(),
            root,
            wrapper,
            limits,
            schema,
        }))
    }
}

/// Returns the type of a map's keys that no string can be, if the type has such a map.
fn unreadable_key_of<T: Output>(content: &Content) -> Option<Box<str>> {
    let Content::Json(typed) = content else {
        return None;
    };
    if !typed.limits.has_maps {
        return None;
    }
    let example = typed.schema.example();
    unreadable_key::<T>(match typed.root {
        Root::Wrapped => &example[Schema::VALUE],
        Root::Any | Root::Value => &example,
    })
}

/// Shortens a type's name: `Vec<User>` for `alloc::vec::Vec<my_crate::model::User>`.
fn short_type_name<T>() -> Box<str> {
    let mut short = String::new();
    for path in std::any::type_name::<T>()
        .split_inclusive(|c: char| !c.is_alphanumeric() && !"_:".contains(c))
    {
        short.push_str(path.rsplit("::").next().unwrap_or(path));
    }
    // Some compiler versions print an elided lifetime.
    short.replace("'_, ", "").replace("<'_>", "").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_have_no_module_paths() {
        assert_eq!(
            &*short_type_name::<Option<Vec<String>>>(),
            "Option<Vec<String>>"
        );
        assert_eq!(
            &*short_type_name::<(u8, std::time::Duration)>(),
            "(u8, Duration)"
        );
        assert_eq!(&*short_type_name::<serde_json::Value>(), "Value");
        assert_eq!(
            &*short_type_name::<std::borrow::Cow<'static, str>>(),
            "Cow<str>"
        );
    }
}
