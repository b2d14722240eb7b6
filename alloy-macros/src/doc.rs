//! Doc comments: as prompts, and taken off where Rust does not allow them.

use proc_macro2::Span;
use syn::{Attribute, Expr, Lit, Meta};

/// The part of a function's doc comment that can be a prompt: up to its first heading.
pub(crate) struct Doc {
    pub(crate) text: String,
    /// Each line with its place, for errors.
    pub(crate) lines: Vec<(String, Span)>,
}

/// Reads a doc comment; `None` where there is none, or nothing before its first heading.
pub(crate) fn prompt(attrs: &[Attribute]) -> Option<Doc> {
    let mut lines: Vec<(String, Span)> = Vec::new();
    for attr in attrs {
        let Some((text, span)) = text(attr) else {
            continue;
        };
        // A `/** … */` comment is one attribute of many lines, each of which may begin with a star.
        let star = text.contains('\n');
        for line in text.split('\n') {
            let line = match line.trim_start().strip_prefix('*') {
                Some(rest) if star => rest,
                _ => line,
            };
            lines.push((line.trim_end().to_owned(), span));
        }
    }
    if let Some(heading) = lines.iter().position(|(line, _)| is_heading(line)) {
        lines.truncate(heading);
    }
    unindent(&mut lines);
    let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let text = text.join("\n").trim_matches('\n').to_owned();
    (!text.is_empty()).then_some(Doc { text, lines })
}

/// Whether an attribute is a doc comment.
pub(crate) fn is_doc(attr: &Attribute) -> bool {
    attr.path().is_ident("doc")
}

fn text(attr: &Attribute) -> Option<(String, Span)> {
    match &attr.meta {
        Meta::NameValue(meta) if is_doc(attr) => match &meta.value {
            Expr::Lit(expr) => match &expr.lit {
                Lit::Str(text) => Some((text.value(), text.span())),
                _ => None,
            },
            // `#[doc = include_str!(…)]`: the text is not known here.
            _ => None,
        },
        _ => None,
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
