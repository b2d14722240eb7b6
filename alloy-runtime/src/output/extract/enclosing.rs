//! Recognizes a value that is only a part of what the answer was meant to be: a field in YAML or XML, an argument of a
//! call, or a part of an object that lost its brace.

use serde_json::Value;

use crate::schema::{Presence, Property, Schema, Shape, ShapeKind};

/// The fields of the type of an answer.
pub(super) struct Fields<'a> {
    schema: &'a Schema,
    properties: Vec<&'a Property>,
}

impl<'a> Fields<'a> {
    /// Collects the fields of a shape: of each alternative, and of the items of a list.
    pub(super) fn new(shape: &'a Shape, schema: &'a Schema) -> Self {
        let mut fields = Self {
            schema,
            properties: Vec::new(),
        };
        fields.collect(shape, true);
        fields
    }

    fn collect(&mut self, shape: &'a Shape, includes_items: bool) {
        match &self.schema.resolve(shape).kind {
            ShapeKind::Object { properties, .. } => self.properties.extend(properties),
            ShapeKind::Union(options) => {
                for option in options {
                    self.collect(option, includes_items);
                }
            }
            ShapeKind::List { items, .. } if includes_items => self.collect(items, false),
            _ => {}
        }
    }

    /// Returns `true` if the text before a value shows that the value is a part of something else. `before` begins behind
    /// the value before it.
    pub(super) fn enclose(&self, before: &str, value: &Value) -> bool {
        let is_field = |label: &str| {
            let mut named = self.named(label);
            named.any(|known| self.may_be(known, value))
        };
        label(before).is_some_and(|label| is_field(label) || is_field(label.trim_matches('_')))
            || is_in_call(before)
            || self.has_other_keys(before, value)
            || self.is_assigned_before(before, value)
    }

    /// Returns `true` if the text behind the last value has fields with other contents than the value.
    pub(super) fn follow(&self, after: &str, value: &Value) -> bool {
        self.has_other_keys(after, value) || self.is_assigned_after(after, value)
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &'a Property> {
        let properties = self.properties.iter().copied();
        properties.filter(move |known| known.name.eq_ignore_ascii_case(name))
    }

    /// Returns `true` if a text has a field as a key in quotation marks, with JSON that the value does not have there: a
    /// part of an object.
    fn has_other_keys(&self, text: &str, value: &Value) -> bool {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\":") {
            let start = before.rfind('"').map_or(before.len(), |start| start + 1);
            let key = &before[start..];
            if self.properties.iter().any(|known| known.name == key) {
                let json = serde_json::Deserializer::from_str(after).into_iter::<Value>();
                let json = json.take(1).find_map(Result::ok);
                let is_other = json.is_some_and(|json| value.get(key) != Some(&json));
                if is_other {
                    return true;
                }
            }
            rest = after;
        }
        false
    }

    /// Returns `true` if the lines right before a value give one of its fields another content, as in YAML.
    fn is_assigned_before(&self, before: &str, value: &Value) -> bool {
        let paragraph = before.rsplit("\n\n").next().unwrap_or(before);
        let mut parts = paragraph.split(['\n', ',', ';', '<', '(', '|']);
        parts.any(|part| {
            let is_mark = |c: char| c.is_whitespace() || "-*•#>`\"'_".contains(c);
            let assignment = Assignment::parse(part.trim_start_matches(is_mark));
            assignment.is_some_and(|assignment| self.contradicts(&assignment, value))
        })
    }

    /// Returns `true` if the text after a value gives one of its fields another content. An explanation of the fields, with
    /// a colon inside of a line or after a list mark, does not count.
    fn is_assigned_after(&self, after: &str, value: &Value) -> bool {
        let lines = after.split('\n').filter_map(Assignment::parse);
        let others = after.split(['\n', ',', '<', '(']);
        let others = others.filter_map(|part| Assignment::parse(part.trim_start()));
        let others = others.filter(|assignment| assignment.separator != ':');
        let mut assignments = lines.chain(others);
        assignments.any(|assignment| self.contradicts(&assignment, value))
    }

    fn contradicts(&self, assignment: &Assignment<'_>, value: &Value) -> bool {
        let mut named = self.named(assignment.name);
        let own = named.find_map(|known| value.get(&known.name));
        own.is_some_and(|own| match own {
            Value::String(text) => text.trim() != assignment.content,
            Value::Number(_) | Value::Bool(_) => *own != assignment.content,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        })
    }

    /// Returns `true` if a value may be the value of a field.
    fn may_be(&self, field: &Property, value: &Value) -> bool {
        self.has_shape(&field.shape, value, || {
            // A field that takes any object is not meant by one that is the whole answer.
            let required = |known: &&&Property| known.presence == Presence::Required;
            let mut required = self.properties.iter().filter(required);
            let is_whole = required.all(|known| value.get(&known.name).is_some());
            !is_whole && value.get(&field.name).is_none()
        })
    }

    /// Returns `true` if a value may have a shape. `takes_any` decides about a shape that any object has.
    fn has_shape(&self, shape: &Shape, value: &Value, takes_any: impl Fn() -> bool + Copy) -> bool {
        match (&self.schema.resolve(shape).kind, value) {
            (ShapeKind::List { .. } | ShapeKind::Tuple(_), Value::Array(_)) => true,
            (ShapeKind::Any | ShapeKind::Named(_), _) => takes_any(),
            (ShapeKind::Union(options), value) => options
                .iter()
                .any(|option| self.has_shape(option, value, takes_any)),
            (
                ShapeKind::Object {
                    properties,
                    additional,
                    ..
                },
                Value::Object(fields),
            ) => {
                let is_known = |name: &String| properties.iter().any(|known| known.name == *name);
                match additional.is_some() || properties.is_empty() {
                    true => takes_any(),
                    false => fields.keys().any(is_known),
                }
            }
            _ => false,
        }
    }
}

/// A name with a scalar: `title: Trip`, `title="Trip"`, `title>Trip` of XML.
struct Assignment<'a> {
    name: &'a str,
    separator: char,
    content: &'a str,
}

impl<'a> Assignment<'a> {
    /// Reads the assignment that a text starts with. Its content ends with the text.
    fn parse(text: &'a str) -> Option<Self> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let end = text.find(|c| !is_part(c))?;
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start_matches([' ', '"', '\'', '*', '`']);
        let separator = rest.chars().next()?;
        let rest = rest.strip_prefix([':', '=', '>', '：'])?;
        let content = rest.trim_matches(|c: char| c.is_whitespace() || "\"'*`,;)|".contains(c));
        let is_scalar = !content.is_empty() && !content.starts_with(['{', '[', '<']);
        (!name.is_empty() && is_scalar).then_some(Self {
            name,
            separator,
            content,
        })
    }
}

/// Returns the word before a value that a colon, an equals sign or a tag makes its label: `lead:`, `"lead":`, `<lead>`,
/// `lead: Some(`.
fn label(before: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '*' | '“' | '”');
    let mut before = before.trim_end_matches(is_mark);
    // A call, a mark of YAML or the language of a fence may follow the label.
    for _ in 0..3 {
        let word_at = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = &before[word_at..];
        let is_yaml = matches!(word, "|" | "|-" | ">" | ">-" | "-") || word.starts_with(['!', '&']);
        let is_fence = word.starts_with("```");
        if let Some(call) = before.strip_suffix('(') {
            let is_path = |c: char| is_part(c) || matches!(c, '.' | '!');
            before = call.trim_end_matches(is_path);
            while let Some(path) = before.strip_suffix("::") {
                before = path.trim_end_matches(is_path);
            }
            before = before.strip_suffix("new ").unwrap_or(before);
        } else if word_at > 0 && (is_yaml || is_fence) {
            before = &before[..word_at];
        } else {
            break;
        }
        before = before.trim_end_matches(is_mark);
    }
    let before = before.strip_suffix([':', '=', '>', '：'])?;
    let before = before.trim_end_matches(|c| is_mark(c) || matches!(c, '=' | '-' | ':'));
    let name = before.rsplit(|c| !is_part(c)).next()?;
    (!name.is_empty()).then_some(name)
}

/// Returns `true` if a text ends in the arguments of a call, with another argument before: `Node("Trip", `.
fn is_in_call(before: &str) -> bool {
    // A call stands on one line, or is the notation of a whole text.
    let mut depth = 0_usize;
    let mut in_string = false;
    for (at, c) in before.char_indices().rev() {
        match c {
            '"' => in_string = !in_string,
            _ if in_string => {}
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => {
                let is_call = before[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                // In prose, words follow the comma or the colon.
                let inside = before[at + 1..].trim_end_matches(['"', '\'', ' ', '\n']);
                let last = inside
                    .trim_end_matches(',')
                    .rsplit(',')
                    .next()
                    .unwrap_or(inside);
                let mut words = last.split([':', '=', '(', '"']).map(str::trim);
                let is_prose = words.any(|word| !last.contains('"') && word.contains(' '));
                let is_argument = inside.ends_with([',', '=', ':', '(']) && !is_prose;
                if is_call && is_argument && inside.contains([',', '=', ':']) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
