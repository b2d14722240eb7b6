//! Checks the names in a tool's arguments.
//!
//! A type ignores a name that it does not know, and the tool would run without the argument that was meant: a default
//! would act in its place.

use serde_json::{Map, Value};

use super::alternatives::{Alternatives, part_count};
use super::mismatch::{MAX_MISMATCHES, Mismatch, ValuePath};
use super::validate::MAX_TRIES_PER_PART;
use crate::schema::{Property, Schema, Shape, ShapeKind};

/// Maximum length in bytes of a name that is compared with those of the parameters.
const MAX_COMPARED: usize = 80;

/// Returns the names that are no parameters, and the unknown names of fields inside the parameters: at most
/// [`MAX_MISMATCHES`].
pub(super) fn unknown_names(value: &Value, schema: &Schema) -> Vec<Mismatch> {
    let mut checker = NameChecker {
        schema,
        path: ValuePath::default(),
        budget: part_count(value).saturating_mul(MAX_TRIES_PER_PART),
        mismatches: Vec::new(),
    };
    checker.check(value, &schema.root);
    checker.mismatches
}

struct NameChecker<'a> {
    schema: &'a Schema,
    path: ValuePath,
    /// The number of parts that may still be looked at: alternatives of alternatives multiply.
    budget: usize,
    mismatches: Vec<Mismatch>,
}

impl<'a> NameChecker<'a> {
    fn check(&mut self, value: &Value, shape: &'a Shape) {
        let Some(budget) = self.budget.checked_sub(1) else {
            return;
        };
        self.budget = budget;
        match (&self.schema.resolve(shape).kind, value) {
            (
                ShapeKind::Object {
                    properties,
                    additional,
                    ..
                },
                Value::Object(fields),
            ) => self.check_fields(fields, properties, additional.as_deref()),
            (ShapeKind::List { items, .. }, Value::Array(values)) => {
                self.check_items(values, std::iter::repeat(&**items));
            }
            (ShapeKind::Tuple(items), Value::Array(values)) => {
                self.check_items(values, items.iter());
            }
            (ShapeKind::Union(options), Value::Object(_) | Value::Array(_)) => {
                self.check_union(value, options);
            }
            _ => {}
        }
    }

    fn check_fields(
        &mut self,
        fields: &Map<String, Value>,
        properties: &'a [Property],
        additional: Option<&'a Shape>,
    ) {
        let is_given = |property: &Property| fields.contains_key(&property.name);
        // The name may be another one that the type knows for a field that it requires.
        let mut required = properties.iter().filter(|property| property.is_required());
        let is_complete = required.all(is_given);
        // Nothing that was meant can be missing from an inner object that has all its fields, unless a name is there twice.
        let is_inner = !self.path.is_empty() && properties.iter().all(is_given);
        let ignores = properties.is_empty() || !is_complete;
        let is_ignored = |name: &str| ignores || is_inner && near_name(name, properties).is_none();
        for (name, value) in fields {
            if self.mismatches.len() >= MAX_MISMATCHES {
                return;
            }
            let known = properties.iter().find(|property| property.name == *name);
            let shape = known.map(|property| &property.shape).or(additional);
            let length = self.path.push_field(name);
            match shape {
                Some(shape) => self.check(value, shape),
                None if value.is_null() || is_ignored(name) => {}
                None => {
                    let problem = not_a_parameter(name, properties);
                    self.mismatches.push(self.path.mismatch(problem));
                }
            }
            self.path.truncate(length);
        }
    }

    fn check_items(&mut self, values: &[Value], shapes: impl Iterator<Item = &'a Shape>) {
        for (index, (value, shape)) in values.iter().zip(shapes).enumerate() {
            let length = self.path.push_index(index);
            self.check(value, shape);
            self.path.truncate(length);
        }
    }

    /// Checks the alternative that the type takes. Before conversions it may take none: then the names must be known to one
    /// of the likely alternatives, and otherwise the first of them is reported.
    fn check_union(&mut self, value: &Value, options: &'a [Shape]) {
        let all = Alternatives::new(self.schema, options);
        if let [only] = all.of_same_tag(value).as_slice() {
            return self.check(value, only);
        }
        if let Some(first) = all.first_accepting(value, &mut self.budget) {
            return self.check(value, first);
        }
        let likely = all.likely(value);
        let candidates = match likely.is_empty() {
            true => all.of_same_container(value),
            false => likely,
        };
        let before = self.mismatches.len();
        let mut reported = None;
        for candidate in candidates {
            self.check(value, candidate);
            let unknown = self.mismatches.split_off(before);
            if unknown.is_empty() {
                return;
            }
            reported = reported.or(Some(unknown));
        }
        self.mismatches.extend(reported.into_iter().flatten());
    }
}

/// Returns the name of a parameter that was probably meant.
fn near_name<'a>(name: &str, properties: &'a [Property]) -> Option<&'a str> {
    let simple = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    let names = || properties.iter().map(|property| property.name.as_str());
    let same = names().find(|known| simple(known) == simple(name));
    let near = || {
        let distance = |known: &&str| strsim::osa_distance(name, known);
        let near = names()
            .filter(|_| name.len() <= MAX_COMPARED)
            .min_by_key(distance)?;
        (distance(&near) <= name.len() / 3).then_some(near)
    };
    same.or_else(near)
}

/// Returns the problem of an argument that no parameter has, with the name that was probably meant.
fn not_a_parameter(name: &str, properties: &[Property]) -> String {
    match near_name(name, properties) {
        Some(near) => format!("there is no parameter of this name; did you mean `{near}`?"),
        None => {
            let names = properties
                .iter()
                .map(|property| format!("`{}`", property.name));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("there is no parameter of this name; the parameters are {names}")
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Arguments {
        #[serde(default)]
        tagged: Option<Tagged>,
        #[serde(default)]
        external: Option<External>,
        #[serde(default)]
        untagged: Option<Untagged>,
        #[serde(default)]
        pair: Option<(u8, Deletion)>,
        #[serde(default)]
        all: Vec<Tagged>,
        #[serde(default)]
        by_name: std::collections::BTreeMap<String, Deletion>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Deletion {
        path: String,
        #[serde(default)]
        dry_run: bool,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Tagged {
        Delete(Deletion),
        Rename { from: String, to: String },
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum External {
        Delete(Deletion),
        Nothing,
    }

    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Untagged {
        Delete(Deletion),
        Rename { from: String, to: String },
    }

    #[track_caller]
    fn check(value: &Value, paths: &[&str]) {
        let generator = Schema::generator();
        let json = generator.into_root_schema_for::<Arguments>().to_value();
        let unknown = unknown_names(value, &Schema::from_tool_arguments(&json));
        let found: Vec<&str> = unknown.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(found, paths, "{value}");
    }

    #[test]
    fn names_are_checked_in_each_kind_of_container() {
        let wrong = json!({"path": "a", "dryRun": true});
        check(
            &json!({"tagged": {"kind": "Delete", "path": "a", "dryRun": true}}),
            &["tagged.dryRun"],
        );
        check(
            &json!({"external": {"Delete": wrong}}),
            &["external.Delete.dryRun"],
        );
        check(&json!({"untagged": wrong}), &["untagged.dryRun"]);
        check(&json!({"pair": [1, wrong]}), &["pair[1].dryRun"]);
        check(&json!({"by_name": {"x": wrong}}), &["by_name.x.dryRun"]);
        check(
            &json!({"all": [
                {"kind": "Delete", "path": "a", "dry-run": true},
                {"kind": "Rename", "from": "a", "to": "b"},
                {"kind": "Delete", "path": "a", "dry_run": true},
                {"kind": "Delete", "path": "a", "simulate": true},
            ]}),
            &["all[0].dry-run", "all[3].simulate"],
        );
    }

    #[test]
    fn known_names_are_accepted() {
        let right = json!({"path": "a", "dry_run": true});
        check(
            &json!({"tagged": {"kind": "Delete", "path": "a"}, "external": "Nothing"}),
            &[],
        );
        check(&json!({"external": {"Delete": right}}), &[]);
        check(&json!({"untagged": {"from": "a", "to": "b"}}), &[]);
        check(&json!({"untagged": right, "pair": [1, right]}), &[]);
        // Null is the absence of an argument, and a complete inner object lacks nothing.
        check(&json!({"tagged": null, "more": null}), &[]);
        check(
            &json!({"untagged": {"path": "a", "dry_run": true, "why": "x"}}),
            &[],
        );
        check(
            &json!({"untagged": {"path": "a", "dry_run": false, "dryRun": true}}),
            &["untagged.dryRun"],
        );
    }

    #[test]
    fn ten_names_are_reported_at_most() {
        let many = (0..20).map(|n| (format!("x{n}"), Value::from(n)));
        let mut many: Map<_, _> = many.collect();
        // Without the required field, each of the names may be an alias of it.
        check(&json!({"pair": [1, many]}), &[]);
        many.insert("path".to_owned(), Value::from("a"));
        let generator = Schema::generator();
        let json = generator.into_root_schema_for::<Deletion>().to_value();
        let unknown = unknown_names(&Value::Object(many), &Schema::from_tool_arguments(&json));
        assert_eq!(unknown.len(), MAX_MISMATCHES);
    }
}
