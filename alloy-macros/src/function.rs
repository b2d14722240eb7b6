//! Parses the function under an attribute, with or without a body.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Ident, Pat, PatType, Path, Signature, Token, Type, Visibility};

use crate::entry::Rejected;
use crate::errors::Errors;

/// Crates whose own `#[command]` is used on an `async fn` with a body.
const FOREIGN_CRATES: [&str; 2] = ["poise", "tauri"];

/// A function. Its body stays unparsed, so that a half-typed one still expands in an editor.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    /// `fn f();`, which `syn::ItemFn` does not accept.
    Missing(Token![;]),
    /// The braces and their content.
    Block(Group),
}

/// A parameter with a plain name, which prompts and conditions can use.
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
                Err(span) => {
                    return Err(syn::Error::new(span, "expected `;` or a body in braces"));
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

/// Returns the braces of a body, also if a `macro_rules!` passed them as a `$body:block`.
fn block(token: TokenTree) -> Result<Group, Span> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let span = group.span();
            group.stream().into_iter().next().map_or(Err(span), block)
        }
        other => Err(other.span()),
    }
}

impl Function {
    /// Returns the parameters with a plain name. [`check_parameters`] reports the others.
    pub(crate) fn params(&self) -> Vec<Param> {
        let param = |typed: &PatType| {
            let (name, ty) = (plain_name(typed)?.clone(), (*typed.ty).clone());
            Some(Param { name, ty })
        };
        typed_params(&self.sig).filter_map(param).collect()
    }

    /// Returns `true` if the function has the attribute `#[command]` of this crate.
    ///
    /// A macro cannot resolve the path of an attribute, and alloy-runtime can be renamed or re-exported. So any
    /// path that ends in `command` counts, unless the function can belong to the macro of another crate: it has a
    /// body, and is not `async` or the path begins with the name of such a crate.
    pub(crate) fn has_command(&self) -> bool {
        let has_no_body = matches!(self.body, Body::Missing(_));
        self.attrs.iter().any(|attr| {
            let segments = &attr.path().segments;
            let (first, last) = (&segments[0].ident, &segments[segments.len() - 1].ident);
            let has_own_name = segments.len() == 1 || first == "alloy_runtime";
            let is_foreign = FOREIGN_CRATES.iter().any(|name| first == name);
            // Each command is an `async fn`.
            let can_be_renamed = self.sig.asyncness.is_some() && !is_foreign;
            last == "command" && (has_no_body || has_own_name || can_be_renamed)
        })
    }

    /// Returns the span of the body, or of the `;` in its place. rustc drops its `dead_code` warning for
    /// functions whose braces have a macro's span.
    pub(crate) fn body_span(&self) -> Span {
        match &self.body {
            Body::Missing(semicolon) => semicolon.span(),
            Body::Block(block) => block.span(),
        }
    }
}

/// Returns the parameters without the receiver.
pub(crate) fn typed_params(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}

/// Returns the name of a parameter that is written as `name: Type` or `mut name: Type`.
pub(crate) fn plain_name(typed: &PatType) -> Option<&Ident> {
    match &*typed.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(&pat.ident),
        _ => None,
    }
}

/// Creates an identifier that is hygienic: the user's code cannot refer to it.
pub(crate) fn mixed_ident(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Converts `extract_user` to `Extract user`.
pub(crate) fn humanize(name: &Ident) -> String {
    let name = name.unraw().to_string();
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Checks that each parameter has a plain name and no `#[cfg]`. `noun` is the kind of function, and `reason`
/// says why its parameters need names.
pub(crate) fn check_parameters(sig: &Signature, noun: &str, reason: &str, errors: &mut Errors) {
    for input in &sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &receiver.attrs,
            FnArg::Typed(typed) => {
                if plain_name(typed).is_none() {
                    let message = format!(
                        "a parameter of a {noun} must be written `name: Type`, because {reason}"
                    );
                    errors.push(&typed.pat, message);
                }
                &typed.attrs
            }
        };
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
            let message = format!(
                "a parameter of a {noun} cannot have `#[cfg]`; put the attribute on the whole {noun}"
            );
            errors.push(attr, message);
        }
    }
}

/// Moves the tokens of a path to `span` and keeps their hygiene, so that rustc reports errors there.
pub(crate) fn respan(path: &Path, span: Span) -> TokenStream {
    let tokens = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(span.resolved_at(token.span()));
        token
    });
    tokens.collect()
}

/// Parses the function under an attribute. `message` is the error for any other item.
pub(crate) fn read(item: &TokenStream, message: &str) -> Result<Function, Rejected> {
    syn::parse2(item.clone()).map_err(|error| reject(error, item, message))
}

/// Rejects an item that does not parse as a function. Another kind of item gets `message` and is left
/// unchanged; a half-typed function keeps the error of the parser.
fn reject(error: syn::Error, item: &TokenStream, message: &str) -> Rejected {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Fn(_) | syn::Item::Verbatim(_)) | Err(_) => Rejected {
            errors: error.into(),
            fallback: TokenStream::new(),
        },
        Ok(other) => {
            let mut errors = Errors::default();
            errors.push(first_token(&other), message);
            Rejected {
                errors,
                fallback: quote!(#item),
            }
        }
    }
}

/// Returns the first token of an item after its attributes, which is its keyword.
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
