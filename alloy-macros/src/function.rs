//! The function under an attribute, with or without a body.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Ident, Pat, PatType, Path, Signature, Token, Type, Visibility};

use crate::entry::Refused;
use crate::errors::Errors;

/// A function header, and its body as it was typed: half-typed bodies still expand.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    /// `fn f();`, which `syn::ItemFn` refuses.
    Missing(Token![;]),
    /// The braces and what is between them.
    Block(Group),
}

/// A parameter that a prompt can name.
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let body = if input.peek(Token![;]) {
            Body::Missing(input.parse()?)
        } else {
            match block(input.parse()?) {
                Ok(block) => Body::Block(block),
                Err(place) => {
                    return Err(syn::Error::new(place, "expected `;` or a body in braces"));
                }
            }
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

/// The braces of a body, also where a `macro_rules!` passed them as a `$body:block`.
fn block(token: TokenTree) -> Result<Group, Span> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let place = group.span();
            group.stream().into_iter().next().map_or(Err(place), block)
        }
        other => Err(other.span()),
    }
}

impl Function {
    /// The parameters. Those whose pattern is no plain name are left out: they
    /// are a mistake of their own.
    pub(crate) fn params(&self) -> Vec<Param> {
        let param = |typed: &PatType| {
            let (name, ty) = (plain_name(typed)?.clone(), (*typed.ty).clone());
            Some(Param { name, ty })
        };
        typed(&self.sig).filter_map(param).collect()
    }

    /// Whether `#[command]` stands above it, and not some other macro of that name.
    pub(crate) fn has_command(&self) -> bool {
        let has_no_body = matches!(self.body, Body::Missing(_));
        self.attrs.iter().any(|attr| {
            let segments = &attr.path().segments;
            let is_command = segments.last().is_some_and(|last| last.ident == "command");
            let is_ours = segments.len() == 1 || segments[0].ident == "alloy_runtime";
            is_command && (is_ours || has_no_body)
        })
    }

    /// Where the body is, or where it would be: braces with this span keep rustc's `dead_code` warning,
    /// which it drops for functions whose braces a macro made.
    pub(crate) fn body_span(&self) -> Span {
        match &self.body {
            Body::Missing(semicolon) => semicolon.span(),
            Body::Block(block) => block.span(),
        }
    }
}

/// The parameters without the receiver.
pub(crate) fn typed(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}

/// The name of a parameter that is written as `name: Type` or `mut name: Type`.
pub(crate) fn plain_name(typed: &PatType) -> Option<&Ident> {
    match &*typed.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(&pat.ident),
        _ => None,
    }
}

/// A name of the macro's own, which no name of the user's can mean.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `extract_user` as `Extract user`.
pub(crate) fn in_words(name: &Ident) -> String {
    let name = name.unraw().to_string();
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Plain names without conditions. `noun` is what is declared, and `why` its parameters have names.
pub(crate) fn check_parameters(sig: &Signature, noun: &str, why: &str, errors: &mut Errors) {
    for input in &sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &receiver.attrs,
            FnArg::Typed(typed) => {
                if plain_name(typed).is_none() {
                    let message =
                        format!("a parameter of a {noun} is a plain `name: Type`, because {why}");
                    errors.push(&typed.pat, message);
                }
                &typed.attrs
            }
        };
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
            let message = format!(
                "a parameter of a {noun} cannot be `#[cfg]`: put the attribute on the whole {noun}"
            );
            errors.push(attr, message);
        }
    }
}

/// A path of ours at a place of the user's, so that rustc points there.
pub(crate) fn placed(path: &Path, place: Span) -> TokenStream {
    let tokens = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(place.resolved_at(token.span()));
        token
    });
    tokens.collect()
}

/// Reads the function under an attribute. `message` is for what is none.
pub(crate) fn read(item: &TokenStream, message: &str) -> Result<Function, Refused> {
    syn::parse2(item.clone()).map_err(|error| missing(error, item, message))
}

/// What stands under the attribute is no function: say so, and leave it as it is. A function that is
/// only half typed keeps the parser's own words.
fn missing(error: syn::Error, item: &TokenStream, message: &str) -> Refused {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Fn(_) | syn::Item::Verbatim(_)) | Err(_) => Refused {
            errors: error.into(),
            standin: TokenStream::new(),
        },
        Ok(other) => {
            let mut errors = Errors::default();
            errors.push(first_token(&other), message);
            Refused {
                errors,
                standin: quote!(#item),
            }
        }
    }
}

/// The item's first token that is no attribute: its keyword.
fn first_token(item: &syn::Item) -> TokenStream {
    let mut after_hash = false;
    let tokens = quote!(#item).into_iter();
    let mut tokens = tokens.skip_while(|token| {
        let hash = token.to_string() == "#";
        let attribute = hash || after_hash;
        after_hash = hash;
        attribute
    });
    tokens.next().into_iter().collect()
}
