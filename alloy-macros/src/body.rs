//! Inspects the tokens of a command's body.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::LitStr;

/// Returns the literal if the body is a single string literal, which is then a template.
pub(crate) fn as_template(block: &Group) -> Option<LitStr> {
    syn::parse2(block.stream()).ok()
}

/// Returns the spans of each `await` outside of `async` blocks, closures and functions in the body.
pub(crate) fn find_awaits(tokens: TokenStream) -> Vec<Span> {
    let mut found = Vec::new();
    let mut after_dot = false;
    // From `async` to the end of its braces or of its statement.
    let mut in_async = false;
    for token in tokens {
        let dot = is_punct(&token, '.');
        match token {
            TokenTree::Ident(ident) if ident == "async" => in_async = true,
            TokenTree::Ident(ident) if after_dot && !in_async && ident == "await" => {
                found.push(ident.span());
            }
            TokenTree::Group(group) if in_async => {
                in_async = group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Group(group) => found.extend(find_awaits(group.stream())),
            TokenTree::Punct(punct) if punct.as_char() == ';' => in_async = false,
            _ => {}
        }
        after_dot = dot;
    }
    found
}

/// Keywords that an expression follows, so that a `|` after them begins a closure and is not an operator.
const BEFORE_EXPRESSION: [&str; 8] = [
    "return", "break", "else", "in", "match", "if", "while", "mut",
];

/// Macros of the standard library whose arguments are expressions. In other macros a `?` can mean something else.
const EXPRESSION_MACROS: [&str; 9] = [
    "format",
    "format_args",
    "write",
    "writeln",
    "concat",
    "vec",
    "dbg",
    "print",
    "println",
];

/// Returns the span of the first `?` that returns from the body.
///
/// Skips the rest of a statement after the start of a closure or a function, and the arguments of other macros,
/// where a `?` does not have to return from the body.
pub(crate) fn find_question_mark(tokens: TokenStream) -> Option<Span> {
    let (mut after_value, mut after_quote) = (false, false);
    let mut in_closure = false;
    // The last identifier, and the name of the macro whose `!` came last.
    let (mut name, mut macro_name) = (None, None);
    for token in tokens {
        let value = match &token {
            TokenTree::Punct(punct) => punct.as_char() == '?',
            // A label.
            TokenTree::Ident(_) if after_quote => false,
            TokenTree::Ident(word) => !BEFORE_EXPRESSION.iter().any(|before| word == before),
            TokenTree::Group(_) | TokenTree::Literal(_) => true,
        };
        let last = name.take();
        after_quote = is_punct(&token, '\'');
        match token {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                in_closure |= ["async", "fn", "macro_rules", "move"].contains(&word.as_str());
                name = Some(word);
            }
            TokenTree::Group(group) => {
                let known = |name: String| EXPRESSION_MACROS.contains(&name.as_str());
                let found = find_question_mark(group.stream());
                if found.is_some() && !in_closure && macro_name.take().is_none_or(known) {
                    return found;
                }
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '!' => macro_name = last,
                '?' if after_value && !in_closure => return Some(punct.span()),
                '|' if !after_value => in_closure = true,
                ';' => in_closure = false,
                _ => {}
            },
            TokenTree::Literal(_) => {}
        }
        if name.is_some() {
            macro_name = None;
        }
        after_value = value;
    }
    None
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}
