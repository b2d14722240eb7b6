//! The rules of a tool, one function each, and the model of one that keeps them.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, GenericParam, LitStr, ReturnType, Safety, Signature, Type};

use super::model::{Names, Param, Pass, Source, Tool};
use super::parse::{Arguments, ParamParts, Parts, Role};
use crate::contract::{self, Contract, Kind};
use crate::doc;
use crate::errors::Errors;
use crate::function::{Body, Function, check_parameters, in_words, plain_name, typed};
use crate::keys;
use crate::types::{bare, borrowed_or_nameless, inside_option, inside_result, is};

/// Holds a declaration to the rules. On mistakes, gives all of them, and the names
/// and the number of states for the stand-in.
pub(super) fn validate(
    function: &Function,
    arguments: Arguments,
    parts: Parts,
    mut errors: Errors,
) -> Result<Tool<'_>, (Errors, Names, usize)> {
    let sig = &function.sig;
    let Parts {
        requires,
        ensures,
        params,
        is_command,
    } = parts;
    let states = params
        .iter()
        .filter(|param| matches!(param.role, Some(Role::State)));
    let states = states.count();
    let names = Names {
        handle: arguments.handle.unwrap_or_else(|| sig.ident.clone()),
        path: keys::runtime(arguments.path),
    };
    if let Body::Missing(semicolon) = &function.body {
        if !is_command {
            let message = "a tool is a function with a body; below `#[tool]`, only a `#[command(…)]` has none";
            errors.push(semicolon, message);
        }
    }
    signature(sig, &mut errors);
    let why = "the model gives it by name";
    check_parameters(sig, "tool", why, &mut errors);
    if let (true, Some(attr)) = (is_command, requires.first()) {
        let message = "a command has no `#[require]`: check its parameters in its body, and leave that with `?`";
        errors.push(attr.path(), message);
    }
    let returns = match &sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    };
    if !is_command {
        let contracts = requires.iter().chain(&ensures);
        can_be_refused(sig, returns.as_ref(), contracts, &mut errors);
    }
    let all = function.params();
    if let (false, Some(result)) = (ensures.is_empty(), returns.as_ref().and_then(inside_result)) {
        if let Some(TokenTree::Ident(word)) = borrowed_or_nameless(result.to_token_stream()) {
            let message = "what a condition sees has a type by name: write it out";
            errors.push(word, message);
        }
    }
    let mut conditions = |attrs: &[Attribute], kind| -> Vec<Contract> {
        let attrs = attrs.iter();
        let read = attrs.filter_map(|attr| contract::read(attr, kind, &all, &mut errors));
        read.collect()
    };
    let requires = conditions(&requires, Kind::Require);
    let ensures = conditions(&ensures, Kind::Ensure);
    let description = description(function, &requires, &ensures, &mut errors);
    let params = self::params(sig, params, &mut errors);
    if !errors.is_empty() {
        return Err((errors, names, states));
    }
    Ok(Tool {
        function,
        names,
        description,
        params,
        requires,
        ensures,
        returns,
        is_async: is_command || sig.asyncness.is_some(),
    })
}

/// A free function that a model can call by its name.
fn signature(sig: &Signature, errors: &mut Errors) {
    if let Some(receiver) = sig.receiver() {
        let message = "a tool is a free function: what it needs of the program is a parameter under `#[tool(state)]`";
        errors.push(receiver, message);
    }
    if let Safety::Unsafe(token) = sig.safety {
        errors.push(token, "a tool cannot be `unsafe`: a model calls it");
    }
    for param in &sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            let message =
                "a tool has no type parameters, because its schema is made from its types";
            errors.push(param, message);
        }
    }
    let name = sig.ident.unraw().to_string();
    if !name.is_ascii() || name.len() > 64 {
        let message = "a model calls a tool by its name, which is at most 64 letters of ASCII, digits and `_`";
        errors.push(&sig.ident, message);
    }
}

/// A condition that does not hold is an error for whoever calls the function in Rust.
fn can_be_refused<'a>(
    sig: &Signature,
    returns: Option<&Type>,
    mut contracts: impl Iterator<Item = &'a Attribute>,
    errors: &mut Errors,
) {
    let Some(attr) = contracts.next() else { return };
    if let Some(token) = sig.constness {
        let message = "a tool with conditions cannot be `const`: remove the word";
        errors.push(token, message);
    }
    let written = returns.map_or_else(|| "()".to_owned(), |ty| quote!(#ty).to_string());
    if returns.and_then(inside_result).is_none() {
        let message = format!(
            "a tool with conditions returns a `Result`, so that a caller in Rust gets the error of a broken one: \
             write `-> alloy_runtime::Result<{written}>` (an alias of a `Result` has to be written out)"
        );
        match returns {
            Some(ty) => errors.push(ty, message),
            None => errors.push(attr.path(), message),
        }
    }
}

/// What the model reads of the function.
fn description(
    function: &Function,
    requires: &[Contract],
    ensures: &[Contract],
    errors: &mut Errors,
) -> String {
    let unknown = "the doc comment describes this tool to the model, and this text is not known to the macro: \
                   write it out";
    let doc = doc::text(&function.attrs, unknown, errors);
    let mut text = doc.map_or_else(|| in_words(&function.sig.ident), |doc| doc.text);
    for (beginning, contracts) in [("Requires", requires), ("Ensures", ensures)] {
        for contract in contracts {
            let message = contract.message.value();
            let message = message.trim().trim_end_matches('.');
            text.extend(["\n", beginning, ": ", message, "."]);
        }
    }
    text
}

fn params(sig: &Signature, parts: Vec<ParamParts>, errors: &mut Errors) -> Vec<Param> {
    let mut params = Vec::new();
    for (typed, ParamParts { docs, role }) in typed(sig).zip(parts) {
        let Some(name) = plain_name(typed) else {
            continue;
        };
        let is_state = matches!(role, Some(Role::State));
        let (ty, pass) = kept(&typed.ty, is_state, errors);
        let unknown = "this text describes the parameter to the model, and is not known to the macro: write it out";
        let docs = doc::text(&docs, unknown, errors);
        let description = docs.map_or_else(String::new, |doc| one_line(&doc.text));
        let source = match role {
            Some(Role::State) => Source::State,
            Some(Role::Default(value)) => {
                let shown = keys::json_value.parse2(value.clone()).ok().flatten();
                let default = Some((converted(value, &typed.ty, &pass), shown));
                Source::Model {
                    description,
                    default,
                }
            }
            None => Source::Model {
                description,
                default: inside_option(&typed.ty)
                    .map(|_| (quote!(::core::option::Option::None), None)),
            },
        };
        params.push(Param {
            name: name.clone(),
            ty,
            pass,
            source,
        });
    }
    params
}

/// The type that is kept for a parameter, and how it is passed on. What the program gives is kept as it is.
fn kept(ty: &Type, is_state: bool, errors: &mut Errors) -> (TokenStream, Pass) {
    let (inside, borrowed, optional) = match (bare(ty), inside_option(ty)) {
        (Type::Reference(reference), _) => (&*reference.elem, Some(reference), false),
        (_, Some(inside)) if !is_state => match bare(inside) {
            Type::Reference(reference) => (&*reference.elem, Some(reference), true),
            _ => (ty, None, false),
        },
        (other, _) => (other, None, false),
    };
    if let Some(reference) = borrowed {
        if let Some(token) = reference.mutability {
            let message = match is_state {
                true => {
                    "state is shared by all calls: take it by `&`, with a `Mutex` in it where it changes"
                }
                false => "a model gives a value and gets none back: take it by value or by `&`",
            };
            errors.push(token, message);
        }
        if let Some(lifetime) = reference
            .lifetime
            .as_ref()
            .filter(|life| life.ident == "static")
        {
            errors.push(
                lifetime,
                "what a tool is given does not live that long: leave the lifetime out",
            );
        }
    }
    if let Some(place) = borrowed_or_nameless(inside.to_token_stream()) {
        let message = match place.to_string().as_str() {
            "impl" => {
                "a parameter of a tool has a type by name, because its schema is made from it"
            }
            _ => {
                "a parameter of a tool owns its data, or borrows one value: write `Vec<String>` for `Vec<&str>`"
            }
        };
        errors.push(place, message);
    }
    let inside = bare(inside);
    if is_state {
        let pass = match borrowed {
            Some(_) => Pass::State,
            None => Pass::StateOwned,
        };
        return (quote!(#inside), pass);
    }
    let unsized_ = borrowed.is_some() && is_unsized(inside);
    let owned = match inside {
        Type::Slice(slice) => {
            let item = &slice.elem;
            quote!(::std::vec::Vec<#item>)
        }
        ty if borrowed.is_some() && is(ty, "str") => quote!(::std::string::String),
        // The owned form of the standard library's path; of a type that is only named so, itself.
        ty if borrowed.is_some() && is(ty, "Path") => {
            quote!(<#ty as ::std::borrow::ToOwned>::Owned)
        }
        ty => quote!(#ty),
    };
    match (borrowed, optional) {
        (None, _) => (owned, Pass::Owned),
        (Some(_), false) => (owned, Pass::Borrowed),
        (Some(_), true) => {
            let place = inside.span().resolved_at(Span::call_site());
            let pass = match unsized_ {
                true => Pass::OptionDeref,
                false => Pass::OptionBorrowed,
            };
            (quote_spanned!(place=> ::core::option::Option<#owned>), pass)
        }
    }
}

/// A default as the type that is kept. What is written as the function takes it, a text for a `&str` or a
/// `String`, is made owned.
fn converted(value: TokenStream, ty: &Type, pass: &Pass) -> TokenStream {
    let is_text = syn::parse2::<LitStr>(value.clone()).is_ok();
    match pass {
        Pass::OptionDeref => {
            quote!(::core::option::Option::map(#value, ::core::convert::Into::into))
        }
        Pass::Borrowed if matches!(bare(ty), Type::Reference(reference) if is_unsized(&reference.elem)) =>
        {
            quote!(::core::convert::Into::into(#value))
        }
        Pass::Owned if is_text && is(ty, "String") => quote!(::core::convert::Into::into(#value)),
        _ => value,
    }
}

fn is_unsized(ty: &Type) -> bool {
    matches!(bare(ty), Type::Slice(_)) || is(ty, "str") || is(ty, "Path")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
