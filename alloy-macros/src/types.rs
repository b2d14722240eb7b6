//! Inspects types by how they are written. A macro cannot resolve names, so an alias is not recognized.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Returns the first token that makes a type borrowed (`&`, or a lifetime other than `'static`) or unnamed
/// (`impl`).
pub(crate) fn find_borrowed_or_impl(tokens: TokenStream) -> Option<TokenTree> {
    let mut after_quote = false;
    for token in tokens {
        let quote = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        match token {
            TokenTree::Ident(ident) if after_quote && ident != "static" => {
                let mut mark = Punct::new('\'', Spacing::Joint);
                mark.set_span(ident.span());
                return Some(mark.into());
            }
            TokenTree::Ident(ident) if !after_quote && ident == "impl" => {
                return Some(ident.into());
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => return Some(punct.into()),
            // Expressions, such as the length of an array, do not belong to the type.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {}
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            TokenTree::Group(group) => {
                if let Some(found) = find_borrowed_or_impl(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
        after_quote = quote;
    }
    None
}

/// Removes parentheses, and the invisible group of a `macro_rules!` fragment.
pub(crate) fn unwrap_groups(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrap_groups(&group.elem),
        Type::Paren(paren) => unwrap_groups(&paren.elem),
        other => other,
    }
}

/// Returns `T` of `Result<T>` or `Result<T, E>`, with any path.
pub(crate) fn result_ok(ty: &Type) -> Option<&Type> {
    first_argument(ty, "Result")
}

/// Returns `T` of `Option<T>`, with any path.
pub(crate) fn option_some(ty: &Type) -> Option<&Type> {
    first_argument(ty, "Option")
}

/// Returns the first generic argument of a type of this name.
fn first_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let last = last_segment(ty).filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    }
}

/// Returns `true` if a type has this name, with any path and any generic arguments.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|last| last.ident == name)
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match unwrap_groups(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}
