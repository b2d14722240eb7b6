//! What a type is, as far as it can be told from how it is written.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The first token by which a type borrows, `&` or a lifetime that is not `'static`, or has no name,
/// `impl`.
pub(crate) fn borrowed_or_nameless(tokens: TokenStream) -> Option<TokenTree> {
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
            // An expression, such as the length of an array, is none of this.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {}
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            TokenTree::Group(group) => {
                if let Some(found) = borrowed_or_nameless(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
        after_quote = quote;
    }
    None
}

/// A type without parentheses, and without the invisible ones of a `macro_rules!` fragment.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// `T` of a type that is written `Result<T>` or `Result<T, E>`, by whatever path.
pub(crate) fn inside_result(ty: &Type) -> Option<&Type> {
    inside(ty, "Result")
}

/// `T` of a type that is written `Option<T>`, by whatever path.
pub(crate) fn inside_option(ty: &Type) -> Option<&Type> {
    inside(ty, "Option")
}

/// The first argument of a type of this name.
fn inside<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let last = last(ty).filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inside) => Some(inside),
        _ => None,
    }
}

/// Whether a type has this name, by whatever path and with whatever arguments.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|last| last.ident == name)
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}
