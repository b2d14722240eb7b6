//! The body of a command, as tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::LitStr;

/// The literal of a body that is one string literal and nothing else: such a body is a template.
pub(crate) fn as_template(block: &Group) -> Option<LitStr> {
    syn::parse2(block.stream()).ok()
}

/// Where a body awaits: `.await` outside of any `async` block of its own.
pub(crate) fn awaits(tokens: TokenStream) -> Vec<Span> {
    let mut found = Vec::new();
    let mut after_dot = false;
    let mut after_async = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if after_dot && ident == "await" => found.push(ident.span()),
            TokenTree::Ident(ident) if ident == "async" => {
                after_async = true;
                continue;
            }
            // `async move { … }`
            TokenTree::Ident(ident) if after_async && ident == "move" => continue,
            TokenTree::Group(group) => {
                let own = after_async && group.delimiter() == Delimiter::Brace;
                if !own {
                    found.extend(awaits(group.stream()));
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '.' => {
                after_dot = true;
                continue;
            }
            _ => {}
        }
        after_dot = false;
        after_async = false;
    }
    found
}
