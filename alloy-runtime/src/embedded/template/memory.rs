//! The memory budget of a rendering.
//!
//! All text and all lists that a template builds are charged to one budget, whether or not they are kept. Filters and
//! methods whose result can be much longer than their input are checked before they run.

use std::fmt::Write as _;

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{
    Environment, Error as TemplateError, ErrorKind as TemplateErrorKind, State, escape_formatter,
    filters, functions, tests,
};

/// Memory that a rendering may take, in bytes. Widely used templates take some ten times their prompt.
pub(super) const MAX_MEMORY: usize = 64 * 1024 * 1024;
/// Maximum length of a list or an object as text, in bytes.
pub(super) const MAX_CONTAINER_TEXT: usize = 1024 * 1024;
/// Memory of an item of a list or an object, in bytes.
const ITEM: usize = 64;

/// Filter that charges the text of an operand.
pub(super) const TEXT_FILTER: &str = "alloy_text";
/// Filter that charges a string, or the items of a list.
pub(super) const ITEM_FILTER: &str = "alloy_items";
/// Filter that rejects an operand which is not a number.
pub(super) const NUMBER_FILTER: &str = "alloy_number";
/// Filter that charges a number of bytes and renders as nothing.
pub(super) const CHARGE_FILTER: &str = "alloy_charge";

/// Rest of the budget of a rendering, in bytes.
struct MemoryBudget(usize);

/// Charge of a filter before it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ChargeRule {
    /// Its arguments become text, and its result is about as long as they are.
    Text,
    /// Its result has about as many items as its arguments, which must fit into the rest of the budget.
    Items,
    /// It makes as many items as the numbers in its arguments say.
    Repeat,
    /// It puts as many spaces before each line as the numbers in its arguments say.
    Indent,
    /// It adds its items, which may be lists.
    Sum,
    Replace,
    Split,
    Join,
    Format,
}

impl ChargeRule {
    /// Returns `true` if the charge depends on the first argument as text.
    fn reads_text(self) -> bool {
        matches!(
            self,
            Self::Replace | Self::Split | Self::Format | Self::Indent
        )
    }
}

/// Error for a template that exceeds its budget.
fn out_of_memory() -> TemplateError {
    let detail = format!(
        "it needs more than {} MiB of memory",
        MAX_MEMORY / (1024 * 1024)
    );
    TemplateError::new(TemplateErrorKind::OutOfFuel, detail)
}

/// Returns the rest of the budget.
fn remaining<'a>(state: &'a mut State<'_, '_>) -> &'a mut usize {
    &mut state
        .get_or_insert_extension_with(|| MemoryBudget(MAX_MEMORY))
        .0
}

/// Takes memory from the budget.
///
/// # Errors
///
/// The budget has less than that.
pub(super) fn charge(state: &mut State<'_, '_>, bytes: usize) -> Result<(), TemplateError> {
    let remaining = remaining(state);
    *remaining = remaining.checked_sub(bytes).ok_or_else(out_of_memory)?;
    Ok(())
}

/// Checks that the budget has this much.
fn require(state: &mut State<'_, '_>, bytes: usize) -> Result<(), TemplateError> {
    match bytes <= *remaining(state) {
        true => Ok(()),
        false => Err(out_of_memory()),
    }
}

/// Counts text up to [`MAX_CONTAINER_TEXT`].
struct TextLength(usize);

impl std::fmt::Write for TextLength {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 += text.len();
        match self.0 <= MAX_CONTAINER_TEXT {
            true => Ok(()),
            false => Err(std::fmt::Error),
        }
    }
}

/// Returns the length of a value as text. A list may contain itself many times over, so it is counted and not written.
fn text_length(value: &Value) -> Result<usize, TemplateError> {
    if let Some(text) = value.as_str() {
        return Ok(text.len());
    }
    let mut length = TextLength(0);
    match write!(length, "{value}") {
        Ok(()) => Ok(length.0),
        Err(_) => Err(out_of_memory()),
    }
}

/// Charges a value that is written as text.
///
/// # Errors
///
/// The budget is smaller.
pub(super) fn charge_text(state: &mut State<'_, '_>, value: &Value) -> Result<(), TemplateError> {
    charge(state, text_length(value)?)
}

/// Returns the memory of the items of a value, in bytes.
fn items_size(value: &Value) -> usize {
    let count = match value.kind() {
        ValueKind::String => value.as_str().map_or(0, str::len),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => value.len().unwrap_or_else(|| {
            let items = value.try_iter();
            items.map_or(0, |items| items.take(MAX_MEMORY / ITEM + 1).count())
        }),
        _ => 0,
    };
    count.saturating_mul(ITEM)
}

/// Returns the memory of a value without that of its items, in bytes.
fn value_size(value: &Value) -> usize {
    match value.as_str() {
        Some(text) => text.len(),
        None => items_size(value),
    }
}

/// Charges the result of a filter, function or method.
pub(super) fn charged(state: &mut State<'_, '_>, result: Value) -> Result<Value, TemplateError> {
    charge(state, value_size(&result))?;
    Ok(result)
}

/// Charges the arguments of a method of a string; the first one is the string.
///
/// # Errors
///
/// The budget is too small for the result.
pub(super) fn charge_method(
    state: &mut State<'_, '_>,
    method: &str,
    arguments: &[Value],
) -> Result<(), TemplateError> {
    let rule = match method {
        "replace" => ChargeRule::Replace,
        "split" | "rsplit" | "splitlines" => ChargeRule::Split,
        "format" => ChargeRule::Format,
        // Its receiver is the separator.
        "join" => {
            let reversed: Vec<Value> = arguments.iter().rev().cloned().collect();
            return charge_arguments(state, ChargeRule::Join, &reversed);
        }
        _ => ChargeRule::Text,
    };
    charge_arguments(state, rule, arguments)
}

fn charge_arguments(
    state: &mut State<'_, '_>,
    rule: ChargeRule,
    arguments: &[Value],
) -> Result<(), TemplateError> {
    if rule == ChargeRule::Items {
        let sizes = arguments.iter().map(items_size);
        return require(state, sizes.fold(0, usize::saturating_add));
    }
    let mut lengths = Vec::with_capacity(arguments.len());
    for (at, argument) in arguments.iter().enumerate() {
        let rules = [ChargeRule::Join, ChargeRule::Repeat, ChargeRule::Sum];
        let has_items = at == 0 && rules.contains(&rule);
        lengths.push(match has_items && argument.as_str().is_none() {
            true => items_size(argument),
            false => text_length(argument)?,
        });
    }
    let total = lengths.iter().copied().fold(0, usize::saturating_add);
    charge(state, total)?;
    let text = match arguments.first() {
        Some(value) if value.as_str().is_none() && rule.reads_text() => value.to_string(),
        value => value.and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    let argument = |at: usize| arguments.get(at).and_then(Value::as_str);
    let length = |at: usize| lengths.get(at).copied().unwrap_or(0);
    let needed = match rule {
        ChargeRule::Text | ChargeRule::Items => 0,
        ChargeRule::Replace => {
            let matches = argument(1).map_or(text.len() + 1, |from| text.matches(from).count());
            matches.saturating_mul(length(2))
        }
        ChargeRule::Split => {
            let pieces = match argument(1) {
                Some(separator) => text.matches(separator).count(),
                None => text.matches(char::is_whitespace).count(),
            };
            pieces.saturating_mul(ITEM)
        }
        ChargeRule::Repeat => {
            let fill = length(2).max(ITEM);
            largest_number(arguments).saturating_mul(fill)
        }
        ChargeRule::Indent => {
            let lines = text.matches('\n').count() + 1;
            largest_number(arguments).saturating_mul(lines)
        }
        ChargeRule::Format => {
            let fields = text.matches(['%', '{']).count();
            let longest = lengths.iter().skip(1).copied().max().unwrap_or(0);
            let widths = text.split(|c: char| !c.is_ascii_digit());
            let widths = widths.filter(|width| !width.is_empty());
            let widths = widths.map(|width| width.parse().unwrap_or(usize::MAX));
            let fixed = widths.fold(0, usize::saturating_add);
            let has_variable_width = text.contains('*') || text.contains("{:{");
            let variable = if has_variable_width {
                largest_number(arguments)
            } else {
                0
            };
            fields
                .saturating_mul(longest.saturating_add(variable))
                .saturating_add(fixed)
        }
        ChargeRule::Join | ChargeRule::Sum => {
            let mut total = 0_usize;
            for item in arguments
                .first()
                .and_then(|items| items.try_iter().ok())
                .into_iter()
                .flatten()
            {
                let size = match rule {
                    ChargeRule::Sum => items_size(&item),
                    _ => text_length(&item)?.saturating_add(length(1)),
                };
                total = total.saturating_add(size);
                require(state, total)?;
            }
            total
        }
    };
    charge(state, needed)
}

/// Returns the largest number in arguments, by position or by name.
fn largest_number(arguments: &[Value]) -> usize {
    let named = arguments.iter().filter(|argument| argument.is_kwargs());
    let named = named.flat_map(|named| {
        let keys = named.try_iter().into_iter().flatten();
        keys.filter_map(|key| named.get_item(&key).ok())
    });
    let numbers = arguments.iter().cloned().chain(named);
    numbers
        .filter_map(|number| number.as_usize())
        .max()
        .unwrap_or(0)
}

/// Returns the filters of minijinja whose memory depends on their arguments. It has few others, such as `length`.
fn charged_filters() -> Vec<(&'static str, ChargeRule, Value)> {
    use ChargeRule::{Format, Indent, Items, Join, Repeat, Replace, Split, Sum, Text};
    macro_rules! table {
        ($($rule:ident: $($name:ident)*;)*) => {
            vec![$($((stringify!($name), $rule, Value::from_function(filters::$name)),)*)*]
        };
    }
    let mut table = table! {
        Text: upper lower title capitalize trim escape safe string;
        Items: list sort reverse unique min max last dictsort items map select selectattr reject rejectattr chain zip;
        Repeat: batch slice groupby;
        Indent: indent;
        Sum: sum;
        Replace: replace;
        Split: split lines;
        Join: join;
        Format: format;
    };
    table.push(("e", Text, Value::from_function(filters::escape)));
    table
}

/// Limits the memory of an environment, and adds the filters that charge operands.
pub(super) fn limit_memory(environment: &mut Environment<'static>) {
    for (name, rule, filter) in charged_filters() {
        let call = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            charge_arguments(state, rule, &arguments)?;
            let result = filter.call(state, &arguments)?;
            charged(state, result)
        };
        environment.add_filter(name, call);
    }
    for (name, test) in [
        ("in", Value::from_function(tests::is_in)),
        ("startingwith", Value::from_function(tests::is_startingwith)),
        ("endingwith", Value::from_function(tests::is_endingwith)),
    ] {
        let call = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            let text = arguments.first().map_or(Ok(0), text_length)?;
            charge(state, text)?;
            test.call(state, &arguments)
        };
        environment.add_test(name, call);
    }
    for (name, function) in [
        ("dict", Value::from_function(functions::dict)),
        ("namespace", Value::from_function(functions::namespace)),
    ] {
        let call = move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            charge(
                state,
                arguments
                    .iter()
                    .map(items_size)
                    .fold(0, usize::saturating_add),
            )?;
            function.call(state, &arguments)
        };
        environment.add_function(name, call);
    }
    // Both write values without a limit, for debugging.
    environment.remove_filter("pprint");
    environment.remove_global("debug");
    environment.set_formatter(|output, state, value| {
        charge_text(state, value)?;
        escape_formatter(output, state, value)
    });
    add_operand_filters(environment);
}

fn add_operand_filters(environment: &mut Environment<'static>) {
    environment.add_filter(TEXT_FILTER, |state: &mut State<'_, '_>, value: Value| {
        charge_text(state, &value)?;
        Ok::<_, TemplateError>(value)
    });
    environment.add_filter(ITEM_FILTER, |state: &mut State<'_, '_>, value: Value| {
        charged(state, value)
    });
    environment.add_filter(NUMBER_FILTER, |value: Value| match value.kind() {
        ValueKind::Number | ValueKind::Bool => Ok(value),
        kind => Err(TemplateError::new(
            TemplateErrorKind::UnknownFunction,
            format!("`*` with a {kind}; it multiplies only numbers, and a short string by a literal number"),
        )),
    });
    environment.add_filter(CHARGE_FILTER, |state: &mut State<'_, '_>, bytes: usize| {
        charge(state, bytes).map(|()| "")
    });
}
