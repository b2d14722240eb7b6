//! Rewrites the source of a chat template so that all text which it builds is charged to its memory budget.
//!
//! The interpreter bounds steps, not memory: with `{% set x = x ~ x %}` thirty steps make a gigabyte. Its operators
//! and literal text cannot be replaced, so filters that charge their input are added to the source: around each
//! operand of `~`, `+` and `in`, around slices, and in long literal text. The operands of an operator are always
//! charged before it runs, and its result is not longer than they are together.

use super::memory::{CHARGE_FILTER, ITEM_FILTER, NUMBER_FILTER, TEXT_FILTER};
use super::tokens::{ExprToken, TokenClass, match_brackets, read_tokens};

/// Maximum length of literal text that is not charged, in bytes.
const MAX_FREE_TEXT: usize = 64;
/// Maximum length of literal text that is all whitespace, in bytes. It cannot be charged.
const MAX_BLANKS: usize = 256;
/// Maximum length of a repetition of a string, such as `'-' * 20`, in bytes.
const MAX_REPEATED: usize = 256;

/// Adds the charges to a template.
///
/// # Errors
///
/// The template is not valid, or has an expression or a text that cannot be charged. The message continues "its chat
/// template".
pub(super) fn add_charges(source: &str) -> Result<String, String> {
    let mut output = String::with_capacity(source.len() * 2);
    let mut rest = source;
    while let Some((text, mark, after)) = next_mark(rest) {
        push_text(&mut output, text, &rest[text.len()..], ("", ""))?;
        if mark == b'#' {
            let end = after.find("#}").ok_or("has a comment without an end")? + 2;
            output.push_str("{#");
            output.push_str(&after[..end]);
            rest = &after[end..];
            continue;
        }
        let is_statement = mark == b'%';
        let sign = usize::from(after.starts_with(['-', '+']));
        let (tokens, inside) = read_tokens(&after[sign..], is_statement)?;
        let end = sign + inside + 2;
        let end = end + usize::from(after[sign + inside..].starts_with(['-', '+']));
        output.push('{');
        output.push(char::from(mark));
        output.push_str(&after[..sign]);
        let expression = &after[sign..sign + inside];
        let name = tokens.first().filter(|_| is_statement);
        match name.map_or("", |name| name.text) {
            // A mark for training; it renders as its content.
            "generation" => output.push_str(" if true "),
            "endgeneration" => output.push_str(" endif "),
            _ => output.push_str(&charge_operands(expression, &tokens, is_statement)?),
        }
        output.push_str(&after[sign + inside..end]);
        rest = &after[end..];
        if name.is_some_and(|name| name.text == "raw") {
            let (raw, after) = split_raw(rest)?;
            // The plus signs keep the whitespace next to these tags.
            push_text(&mut output, raw, after, ("{%+ endraw +%}", "{%+ raw +%}"))?;
            rest = after;
        }
    }
    push_text(&mut output, rest, "", ("", ""))?;
    Ok(output)
}

/// Splits a template at its next mark. Returns the text before it, the mark's second byte, and the rest after it.
fn next_mark(source: &str) -> Option<(&str, u8, &str)> {
    let marks = source.as_bytes().windows(2).enumerate();
    let mut marks = marks.filter(|(_, pair)| pair[0] == b'{');
    let (at, pair) = marks.find(|(_, pair)| matches!(pair[1], b'{' | b'%' | b'#'))?;
    Some((&source[..at], pair[1], &source[at + 2..]))
}

/// Splits off the content of a `raw` block. The rest begins with its end tag.
fn split_raw(source: &str) -> Result<(&str, &str), String> {
    let mut at = 0;
    while let Some(found) = source[at..].find("{%") {
        at += found;
        let tag = source[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let after = tag.strip_prefix("endraw").map(str::trim_start);
        if after.is_some_and(|after| after.trim_start_matches(['-', '+']).starts_with("%}")) {
            return Ok(source.split_at(at));
        }
        at += 2;
    }
    Err("has a `raw` block without an end".to_owned())
}

/// Adds literal text, with a charge if it is long. `around` encloses the charge, and `next` follows the text.
fn push_text(
    output: &mut String,
    text: &str,
    next: &str,
    around: (&str, &str),
) -> Result<(), String> {
    let Some(at) = charge_position(text, next).filter(|_| text.len() > MAX_FREE_TEXT) else {
        if emitted_blanks(text, next) > MAX_BLANKS {
            return Err(format!("has {} blanks in a row", text.len()));
        }
        output.push_str(text);
        return Ok(());
    };
    let charge = format!("{{{{ {}|{CHARGE_FILTER} }}}}", text.len());
    for part in [&text[..at], around.0, &charge, around.1, &text[at..]] {
        output.push_str(part);
    }
    Ok(())
}

/// Returns where a charge can be added to a text without a change of the rendering. Tags strip whitespace next to
/// them, so the charge goes between two other characters, or to the end if what follows strips nothing.
fn charge_position(text: &str, next: &str) -> Option<usize> {
    let mut places = text.char_indices();
    let first = places.find(|(_, c)| !c.is_whitespace() && *c != '{');
    let place = first.map(|(at, c)| at + c.len_utf8());
    let place = place.filter(|place| !text[*place..].trim().is_empty());
    let strips_nothing = next.starts_with("{{") && !next.starts_with("{{-");
    match place {
        None if next.is_empty() => {
            // The last line end of a template is not rendered.
            let text = text.strip_suffix('\n').unwrap_or(text);
            Some(text.strip_suffix('\r').unwrap_or(text).len())
        }
        None if strips_nothing && !text.ends_with('{') => Some(text.len()),
        place => place,
    }
}

/// Returns how much of a text is rendered that cannot be charged, in bytes.
fn emitted_blanks(text: &str, next: &str) -> usize {
    if charge_position(text, next).is_some() || next[next.len().min(2)..].starts_with('-') {
        return 0;
    }
    // A statement at the beginning of a line strips the line.
    let is_stripped = next.starts_with("{%") && !next.starts_with("{%+");
    match text.rfind('\n').filter(|_| is_stripped) {
        Some(line_end) => line_end + 1,
        None => text.len(),
    }
}

/// Encloses the operands of an expression in charges.
fn charge_operands(
    expression: &str,
    tokens: &[ExprToken<'_>],
    is_statement: bool,
) -> Result<String, String> {
    let partners = match_brackets(tokens)?;
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    // The name of a statement and the variables of a loop are not operands.
    let first = match (is_statement, text(0)) {
        (true, "for") => tokens
            .iter()
            .position(|token| token.text == "in")
            .map_or(1, |at| at + 1),
        (true, _) => 1,
        (false, _) => 0,
    };
    let is_binary = |at: usize| {
        matches!(text(at), "~" | "+" | "*") && at > first && tokens[at - 1].ends_operand()
    };
    let mut insertions = Vec::new();
    let mut is_charged = vec![false; tokens.len() + 1];
    for at in first..tokens.len() {
        let follows = |previous: &ExprToken<'_>| {
            previous.ends_operand() || matches!(previous.text, "." | "|")
        };
        if !tokens[at].can_start_operand()
            || (at > first && (follows(&tokens[at - 1]) || is_test_name(tokens, at)))
        {
            continue;
        }
        let (end, has_slice) = operand_end(tokens, &partners, at);
        // A minus binds more strongly than the filters of its operand.
        let mut start = at;
        while start > first
            && text(start - 1) == "-"
            && (start == first + 1 || !tokens[start - 2].ends_operand())
        {
            start -= 1;
        }
        let before = if start > first && is_binary(start - 1) {
            text(start - 1)
        } else {
            ""
        };
        let after = match text(end) {
            "not" if text(end + 1) == "in" => "in",
            after => after,
        };
        is_charged[at] = true;
        is_charged[end] = true;
        let is_factor = before == "*" || after == "*";
        let is_small = end == at + 1 && tokens[at].is_small_literal();
        if is_small && (!is_factor || is_repetition(tokens, at)?) {
            continue;
        }
        let mut filters = String::new();
        for (filter, is_needed) in [
            (TEXT_FILTER, before == "~" || matches!(after, "~" | "in")),
            (ITEM_FILTER, before == "+" || after == "+" || has_slice),
            (NUMBER_FILTER, is_factor),
        ] {
            if is_needed {
                filters = filters + "|" + filter;
            }
        }
        if !filters.is_empty() {
            insertions.push((tokens[start].start, "(".to_owned()));
            let last = &tokens[end - 1];
            insertions.push((last.start + last.text.len(), filters + ")"));
        }
    }
    // An operand that was overlooked would not be charged.
    for at in first..tokens.len() {
        let right = (at + 1..tokens.len()).find(|right| text(*right) != "-");
        if is_binary(at) && !(is_charged[at] && right.is_some_and(|right| is_charged[right])) {
            return Err(format!(
                "has an expression that this engine does not support: `{}`",
                expression.trim()
            ));
        }
    }
    insertions.sort_by_key(|(at, _)| *at);
    let mut output = String::with_capacity(expression.len() * 2);
    let mut done = 0;
    for (at, inserted) in insertions {
        output.push_str(&expression[done..at]);
        output.push_str(&inserted);
        done = at;
    }
    output.push_str(&expression[done..]);
    Ok(output)
}

/// Returns `true` if the token at `at` is the name of a test, as in `x is not string`.
fn is_test_name(tokens: &[ExprToken<'_>], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).map_or("", |at| tokens[at].text);
    before(1) == "is" || (before(1) == "not" && before(2) == "is")
}

/// Returns `true` if the literal at `at` belongs to a short repetition such as `'-' * 20`.
///
/// # Errors
///
/// The repetition is too long.
fn is_repetition(tokens: &[ExprToken<'_>], at: usize) -> Result<bool, String> {
    let operator = if tokens.get(at + 1).is_some_and(|token| token.text == "*") {
        at + 1
    } else {
        at.wrapping_sub(1)
    };
    let (Some(left), Some(right)) = (
        operator.checked_sub(1).and_then(|left| tokens.get(left)),
        tokens.get(operator + 1),
    ) else {
        return Ok(false);
    };
    // Further factors would repeat the repetition.
    let is_factor = |token: Option<&ExprToken<'_>>| token.is_some_and(|token| token.text == "*");
    if is_factor(operator.checked_sub(2).and_then(|at| tokens.get(at)))
        || is_factor(tokens.get(operator + 2))
    {
        return Ok(false);
    }
    let (repeated, count) = match (left.class, right.class) {
        (TokenClass::Text, TokenClass::Number) => (left, right),
        (TokenClass::Number, TokenClass::Text) => (right, left),
        _ => return Ok(false),
    };
    let count: usize = count.text.parse().unwrap_or(usize::MAX);
    match repeated.text.len().saturating_mul(count) {
        0..=MAX_REPEATED => Ok(true),
        _ => Err(format!(
            "repeats a string to more than {MAX_REPEATED} bytes"
        )),
    }
}

/// Returns the end of the operand that begins at `at`, with its attributes, items, calls and filters, and `true` if a
/// slice is one of them.
fn operand_end(tokens: &[ExprToken<'_>], partners: &[usize], at: usize) -> (usize, bool) {
    let mut end = partners[at] + 1;
    let mut has_slice = false;
    while let Some(token) = tokens.get(end) {
        match token.text {
            "." | "|" if end + 1 < tokens.len() => end += 2,
            "(" => end = partners[end] + 1,
            "[" => {
                has_slice |= tokens[end..partners[end]]
                    .iter()
                    .any(|token| token.text == ":");
                end = partners[end] + 1;
            }
            _ => break,
        }
    }
    (end, has_slice)
}
