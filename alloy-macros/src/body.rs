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

/// Words behind which an expression begins, so that a bar is a closure's and no operator.
const BEFORE_A_VALUE: [&str; 8] = [
    "return", "break", "else", "in", "match", "if", "while", "mut",
];

/// The macros of the standard library whose arguments are expressions. Others may have a `?` of their own.
const OF_EXPRESSIONS: [&str; 9] = [
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

/// The first `?` by which a body leaves. What is behind the beginning of a closure or a function, in the
/// same statement, is left to rustc, and so is what stands in other people's macros.
pub(crate) fn question(tokens: TokenStream) -> Option<Span> {
    let (mut after_value, mut after_quote) = (false, false);
    let mut inner = false;
    // The macro whose name, and whose `!`, came last.
    let (mut name, mut of_macro) = (None, None);
    for token in tokens {
        let value = match &token {
            TokenTree::Punct(punct) => punct.as_char() == '?',
            // Of a label no more than of these words.
            TokenTree::Ident(_) if after_quote => false,
            TokenTree::Ident(word) => !BEFORE_A_VALUE.iter().any(|before| word == before),
            TokenTree::Group(_) | TokenTree::Literal(_) => true,
        };
        let last = name.take();
        after_quote = is(&token, '\'');
        match token {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                inner |= ["async", "fn", "macro_rules", "move"].contains(&word.as_str());
                name = Some(word);
            }
            TokenTree::Group(group) => {
                let known = |name: String| OF_EXPRESSIONS.contains(&name.as_str());
                let found = question(group.stream());
                if found.is_some() && !inner && of_macro.take().is_none_or(known) {
                    return found;
                }
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '!' => of_macro = last,
                '?' if after_value && !inner => return Some(punct.span()),
                '|' if !after_value => inner = true,
                ';' => inner = false,
                _ => {}
            },
            TokenTree::Literal(_) => {}
        }
        if name.is_some() {
            of_macro = None;
        }
        after_value = value;
    }
    None
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}
