//! Doc comments: as texts for a model, and taken off where Rust does not allow them.

use proc_macro2::Span;
use syn::{Attribute, Expr, Lit, Meta};

use crate::errors::Errors;

/// The part of a function's doc comment that a model reads: up to its first heading.
pub(crate) struct Doc {
    pub(crate) text: String,
    /// Each line with its place, for errors.
    pub(crate) lines: Vec<(String, Span)>,
}

/// Reads a doc comment; `None` where there is none, or nothing before its first heading.
///
/// A `#[doc = include_str!(…)]` where its text, unknown here, would be read is a mistake: `unknown` says so.
pub(crate) fn text(attrs: &[Attribute], unknown: &str, errors: &mut Errors) -> Option<Doc> {
    let mut lines: Vec<(String, Span)> = Vec::new();
    for attr in attrs {
        if let Some((text, span)) = line(attr, unknown, errors) {
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
            // A block ends with the marks that began it, at least as many, and nothing after them.
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

/// The marks of a line that begins or ends a block of code: which, how many, and whether they are all
/// there is.
fn fence(line: &str) -> Option<(char, usize, bool)> {
    let text = line.trim_start();
    let mark = text
        .chars()
        .next()
        .filter(|mark| ['`', '~'].contains(mark))?;
    let rest = text.trim_start_matches(mark);
    let count = text.len() - rest.len();
    // Backticks with another one behind them are code in a line of text.
    let block = count >= 3 && !(mark == '`' && rest.contains(mark));
    block.then_some((mark, count, rest.trim().is_empty()))
}

/// The lines of a `/** … */` comment without the stars at their beginnings, where each has one, below
/// the one before it. Bullets at the very beginning of a line are bullets.
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

/// Whether an attribute is a doc comment.
pub(crate) fn is_doc(attr: &Attribute) -> bool {
    attr.path().is_ident("doc")
}

/// The text of a doc attribute; `None` of any other, and of `#[doc(…)]`.
fn line(attr: &Attribute, unknown: &str, errors: &mut Errors) -> Option<(String, Span)> {
    let (Meta::NameValue(meta), true) = (&attr.meta, is_doc(attr)) else {
        return None;
    };
    match &meta.value {
        Expr::Lit(expr) => match &expr.lit {
            Lit::Str(text) => Some((text.value(), text.span())),
            _ => None,
        },
        other => {
            errors.push(other, unknown);
            None
        }
    }
}

/// A Markdown heading: up to three spaces, one to six `#`, a space or the end.
fn is_heading(line: &str) -> bool {
    let text = line.trim_start();
    let marks = text.bytes().take_while(|byte| *byte == b'#').count();
    let after = &text[marks..];
    line.len() - text.len() <= 4
        && (1..=6).contains(&marks)
        && (after.is_empty() || after.starts_with(' '))
}

/// Takes off the indentation that all lines share, as rustdoc does: the space after `///`.
fn unindent(lines: &mut [(String, Span)]) {
    let indents = lines.iter().filter(|(line, _)| !line.is_empty());
    let common = indents
        .map(|(line, _)| line.len() - line.trim_start_matches(' ').len())
        .min();
    for (line, _) in lines {
        line.drain(..common.unwrap_or(0).min(line.len()));
    }
}
