//! The body of a command, as tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::LitStr;

/// The literal of a body that is one string literal and nothing else: such a body is a template.
pub(crate) fn as_template(block: &Group) -> Option<LitStr> {
    syn::parse2(block.stream()).ok()
}

/// Where a body awaits: `.await` outside of any `async` block, closure or function of its own.
pub(crate) fn awaits(tokens: TokenStream) -> Vec<Span> {
    let mut found = Vec::new();
    let mut after_dot = false;
    // From an `async` to the end of its braces, or of its statement.
    let mut in_async = false;
    for token in tokens {
        let dot = is(&token, '.');
        match token {
            TokenTree::Ident(ident) if ident == "async" => in_async = true,
            TokenTree::Ident(ident) if after_dot && !in_async && ident == "await" => {
                found.push(ident.span());
            }
            TokenTree::Group(group) if in_async => {
                in_async = group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Group(group) => found.extend(awaits(group.stream())),
            TokenTree::Punct(punct) if punct.as_char() == ';' => in_async = false,
            _ => {}
        }
        after_dot = dot;
    }
    found
}

/// The first `?` by which a body leaves. What is behind the beginning of a closure or a function, in the
/// same statement, is left to rustc.
pub(crate) fn question(tokens: TokenStream) -> Option<Span> {
    let mut after_value = false;
    let mut inner = false;
    for token in tokens {
        let value = !matches!(token, TokenTree::Punct(_)) || is(&token, '?');
        match token {
            TokenTree::Ident(word) => {
                inner |= ["async", "fn", "macro_rules", "move"]
                    .iter()
                    .any(|own| word == own);
            }
            TokenTree::Group(group) if !inner => {
                if let Some(found) = question(group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '?' if after_value && !inner => return Some(punct.span()),
                '|' if !after_value => inner = true,
                ';' => inner = false,
                _ => {}
            },
            _ => {}
        }
        after_value = value;
    }
    None
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}
