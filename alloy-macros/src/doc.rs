//! Reads doc comments as text for a model.

use proc_macro2::Span;
use syn::{Attribute, Expr, Lit, Meta};

use crate::errors::Errors;

/// A doc comment up to its first heading, which is the part that a model reads.
pub(crate) struct Doc {
    pub(crate) text: String,
    /// Each line with its span, for errors.
    pub(crate) lines: Vec<(String, Span)>,
}

/// Reads a doc comment. Returns `None` if there is no text before its first heading.
///
/// A value that is not a literal, such as `#[doc = include_str!(…)]`, is an error with the message `unreadable`,
/// because a macro does not see its text.
pub(crate) fn read(attrs: &[Attribute], unreadable: &str, errors: &mut Errors) -> Option<Doc> {
    let mut lines: Vec<(String, Span)> = Vec::new();
    for attr in attrs {
        if let Some((text, span)) = line(attr, unreadable, errors) {
            let comment = text.split('\n').map(|line| line.trim_end().to_owned());
            lines.extend(
                without_stars(comment.collect())
                    .into_iter()
                    .map(|line| (line, span)),
            );
        }
    }
    let mut open = None;
    let heading = lines.iter().position(|(line, _)| {
        let fence = fence(line);
        match (open, fence) {
            (None, Some(fence)) => open = Some(fence),
            // A code block ends with at least as many of the marks that opened it, and nothing after them.
            (Some((mark, count, _)), Some((other, more, true)))
                if mark == other && more >= count =>
            {
                open = None;
            }
            _ => {}
        }
        open.is_none() && fence.is_none() && is_heading(line)
    });
    lines.truncate(heading.unwrap_or(lines.len()));
    unindent(&mut lines);
    let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let text = text.join("\n").trim_matches('\n').to_owned();
    (!text.is_empty()).then_some(Doc { text, lines })
}

/// Returns the fence of a line that opens or closes a code block: the character, the count, and `true` if
/// nothing follows it.
fn fence(line: &str) -> Option<(char, usize, bool)> {
    let text = line.trim_start();
    let mark = text
        .chars()
        .next()
        .filter(|mark| ['`', '~'].contains(mark))?;
    let rest = text.trim_start_matches(mark);
    let count = text.len() - rest.len();
    // Backticks that another backtick follows are inline code.
    let block = count >= 3 && !(mark == '`' && rest.contains(mark));
    block.then_some((mark, count, rest.trim().is_empty()))
}

/// Removes the leading stars of a `/** … */` comment, if each line after the first has one in the same column.
/// A star in the first column is a bullet and stays.
fn without_stars(mut lines: Vec<String>) -> Vec<String> {
    let filled = |line: &&String| !line.trim().is_empty();
    let column = |line: &String| {
        let after = line.trim_start().strip_prefix('*')?;
        let column = line.len() - line.trim_start().len();
        (after.is_empty() || after.starts_with(' ')).then_some(column)
    };
    let mut columns = lines.iter().skip(1).filter(filled).map(column);
    let first = columns.next().flatten().filter(|first| *first > 0);
    if first.is_some() && columns.all(|column| column == first) {
        for line in lines.iter_mut().skip(1) {
            *line = line
                .trim_start()
                .strip_prefix('*')
                .unwrap_or_default()
                .to_owned();
        }
    }
    lines
}

/// Returns `true` if an attribute is a doc comment.
pub(crate) fn is_doc(attr: &Attribute) -> bool {
    attr.path().is_ident("doc")
}

/// Returns the text of `#[doc = "…"]`, and `None` for any other attribute, including `#[doc(…)]`.
fn line(attr: &Attribute, unreadable: &str, errors: &mut Errors) -> Option<(String, Span)> {
    let (Meta::NameValue(meta), true) = (&attr.meta, is_doc(attr)) else {
        return None;
    };
    match &meta.value {
        Expr::Lit(expr) => match &expr.lit {
            Lit::Str(text) => Some((text.value(), text.span())),
            _ => None,
        },
        other => {
            errors.push(other, unreadable);
            None
        }
    }
}

/// Returns `true` for a Markdown heading: up to three spaces of indentation, one to six `#`, then a space or
/// the end of the line. One more space is allowed, because the line still has the space after `///`.
fn is_heading(line: &str) -> bool {
    let text = line.trim_start();
    let marks = text.bytes().take_while(|byte| *byte == b'#').count();
    let after = &text[marks..];
    line.len() - text.len() <= 4
        && (1..=6).contains(&marks)
        && (after.is_empty() || after.starts_with(' '))
}

/// Removes the common indentation, such as the space after `///`, as rustdoc does.
fn unindent(lines: &mut [(String, Span)]) {
    let indents = lines.iter().filter(|(line, _)| !line.is_empty());
    let common = indents
        .map(|(line, _)| line.len() - line.trim_start_matches(' ').len())
        .min();
    for (line, _) in lines {
        line.drain(..common.unwrap_or(0).min(line.len()));
    }
}
