//! Checks a tool and builds its model. Each rule is one function.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, GenericParam, LitStr, ReturnType, Safety, Signature, Type};

use super::model::{ParamSource, PassMode, Tool, ToolNames, ToolParam};
use super::parse::{ParamAttrs, ParamRole, ToolArgs, ToolAttrs};
use crate::contract::{self, Contract, ContractKind};
use crate::doc;
use crate::errors::Errors;
use crate::function::{Body, Function, check_parameters, humanize, plain_name, typed_params};
use crate::keys;
use crate::types::{find_borrowed_or_impl, is_named, option_some, result_ok, unwrap_groups};

/// Checks a declaration. On errors, returns all of them, and for the fallback the names and the number of state
/// parameters.
pub(super) fn validate(
    function: &Function,
    arguments: ToolArgs,
    attrs: ToolAttrs,
    mut errors: Errors,
) -> Result<Tool<'_>, (Errors, ToolNames, usize)> {
    let sig = &function.sig;
    let ToolAttrs {
        requires,
        ensures,
        params,
        is_command,
    } = attrs;
    let states = params
        .iter()
        .filter(|param| matches!(param.role, Some(ParamRole::State)));
    let state_count = states.count();
    let names = ToolNames {
        handle: arguments.handle.unwrap_or_else(|| sig.ident.clone()),
        crate_path: keys::crate_path_or_default(arguments.crate_path),
    };
    if let Body::Missing(semicolon) = &function.body
        && !is_command
    {
        let message = "a tool must have a body; only a `#[command(…)]` below `#[tool]`, by this name, can go without one";
        errors.push(semicolon, message);
    }
    check_signature(sig, &mut errors);
    let reason = "the model passes it by name";
    check_parameters(sig, "tool", reason, &mut errors);
    if let (true, Some(attr)) = (is_command, requires.first()) {
        let message = "`#[require]` cannot be used on a command; check the parameters in its body and return an error with `?`";
        errors.push(attr.path(), message);
    }
    let returns = match &sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    };
    if !is_command {
        let contracts = requires.iter().chain(&ensures);
        check_can_fail(sig, returns.as_ref(), contracts, &mut errors);
    }
    let all = function.params();
    if let (false, Some(result)) = (ensures.is_empty(), returns.as_ref().and_then(result_ok))
        && let Some(TokenTree::Ident(word)) = find_borrowed_or_impl(result.to_token_stream())
    {
        let message = "the result of a tool with `#[ensure]` must be a named type; write the type instead of `impl …`";
        errors.push(word, message);
    }
    let requires = contract::read(&requires, ContractKind::Require, &all, &mut errors);
    let ensures = contract::read(&ensures, ContractKind::Ensure, &all, &mut errors);
    let description = description(function, &requires, &ensures, &mut errors);
    let params = self::params(sig, params, &mut errors);
    if !errors.is_empty() {
        return Err((errors, names, state_count));
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

/// Checks that a tool is a free function that a model can call by its name.
fn check_signature(sig: &Signature, errors: &mut Errors) {
    if let Some(receiver) = sig.receiver() {
        let message = "a tool must be a free function; pass what it needs from the program as a parameter with `#[tool(state)]`";
        errors.push(receiver, message);
    }
    if let Safety::Unsafe(token) = sig.safety {
        let message = "a tool cannot be `unsafe`, because a model calls it; remove `unsafe`";
        errors.push(token, message);
    }
    for param in &sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            let message = "a tool cannot have type parameters, because its schema is generated from its types; use a concrete type";
            errors.push(param, message);
        }
    }
    let name = sig.ident.unraw().to_string();
    if !name.is_ascii() || name.len() > 64 {
        let message = "the name of a tool must be at most 64 ASCII letters, digits and `_`; rename the function";
        errors.push(&sig.ident, message);
    }
}

/// Checks that a function with conditions can return an error to its callers in Rust.
fn check_can_fail<'a>(
    sig: &Signature,
    returns: Option<&Type>,
    mut contracts: impl Iterator<Item = &'a Attribute>,
    errors: &mut Errors,
) {
    let Some(attr) = contracts.next() else { return };
    if let Some(token) = sig.constness {
        let message = "a tool with conditions cannot be `const`; remove `const`";
        errors.push(token, message);
    }
    let written = returns.map_or_else(|| "()".to_owned(), |ty| quote!(#ty).to_string());
    if returns.and_then(result_ok).is_none() {
        let message = format!(
            "a tool with conditions must return a `Result`, so that a caller in Rust gets an error if a condition is false; \
             write `-> alloy_runtime::Result<{written}>` (an alias of `Result` must be written out)"
        );
        match returns {
            Some(ty) => errors.push(ty, message),
            None => errors.push(attr.path(), message),
        }
    }
}

/// Returns the description for the model.
fn description(
    function: &Function,
    requires: &[Contract],
    ensures: &[Contract],
    errors: &mut Errors,
) -> String {
    let unreadable = "the doc comment describes this tool to the model, but the macro cannot read this text; \
                      write it as a literal";
    let doc = doc::read(&function.attrs, unreadable, errors);
    let mut text = doc.map_or_else(|| humanize(&function.sig.ident), |doc| doc.text);
    for (beginning, contracts) in [("Requires", requires), ("Ensures", ensures)] {
        for contract in contracts {
            let message = contract.message.value();
            let message = message.trim().trim_end_matches('.');
            text.extend(["\n", beginning, ": ", message, "."]);
        }
    }
    text
}

fn params(sig: &Signature, attrs: Vec<ParamAttrs>, errors: &mut Errors) -> Vec<ToolParam> {
    let mut params = Vec::new();
    for (typed, ParamAttrs { docs, role }) in typed_params(sig).zip(attrs) {
        let Some(name) = plain_name(typed) else {
            continue;
        };
        let is_state = matches!(role, Some(ParamRole::State));
        let (ty, pass) = stored_type(&typed.ty, is_state, errors);
        let unreadable = "the doc comment describes this parameter to the model, but the macro cannot read this text; \
                          write it as a literal";
        let docs = doc::read(&docs, unreadable, errors);
        let description = docs.map_or_else(String::new, |doc| one_line(&doc.text));
        let source = match role {
            Some(ParamRole::State) => ParamSource::State,
            Some(ParamRole::Default(value)) => {
                let json = keys::json_value.parse2(value.clone()).ok().flatten();
                let default = Some((convert_default(value, &typed.ty, &pass), json));
                ParamSource::Model {
                    description,
                    default,
                }
            }
            None => ParamSource::Model {
                description,
                default: option_some(&typed.ty)
                    .map(|_| (quote!(::core::option::Option::None), None)),
            },
        };
        params.push(ToolParam {
            name: name.clone(),
            ty,
            pass,
            source,
        });
    }
    params
}

/// Returns the owned type in which the value of a parameter is stored, and how it is passed to the function. State
/// keeps its type.
fn stored_type(ty: &Type, is_state: bool, errors: &mut Errors) -> (TokenStream, PassMode) {
    let (inside, borrowed, optional) = match (unwrap_groups(ty), option_some(ty)) {
        (Type::Reference(reference), _) => (&*reference.elem, Some(reference), false),
        (_, Some(inside)) if !is_state => match unwrap_groups(inside) {
            Type::Reference(reference) => (&*reference.elem, Some(reference), true),
            _ => (ty, None, false),
        },
        (other, _) => (other, None, false),
    };
    if let Some(reference) = borrowed {
        if let Some(token) = reference.mutability {
            let message = match is_state {
                true => {
                    "state is shared by all calls; take it by `&`, and use a `Mutex` for data that changes"
                }
                false => "a model cannot see changes of an argument; take it by value or by `&`",
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
                "an argument of a tool does not live for `'static`; remove the lifetime",
            );
        }
    }
    if let Some(token) = find_borrowed_or_impl(inside.to_token_stream()) {
        let message = match token.to_string().as_str() {
            "impl" => {
                "a parameter of a tool must have a named type, because its schema is generated from it; write the type instead of `impl …`"
            }
            _ => {
                "a parameter of a tool must own its data or be a single reference; write `Vec<String>` for `Vec<&str>`"
            }
        };
        errors.push(token, message);
    }
    let inside = unwrap_groups(inside);
    if is_state {
        let pass = match borrowed {
            Some(_) => PassMode::State,
            None => PassMode::StateOwned,
        };
        return (quote!(#inside), pass);
    }
    let is_unsized = borrowed.is_some() && is_unsized(inside);
    let owned = match inside {
        Type::Slice(slice) => {
            let item = &slice.elem;
            quote!(::std::vec::Vec<#item>)
        }
        ty if borrowed.is_some() && is_named(ty, "str") => quote!(::std::string::String),
        // `PathBuf` for the `Path` of the standard library; another type of this name is its own `Owned`.
        ty if borrowed.is_some() && is_named(ty, "Path") => {
            quote!(<#ty as ::std::borrow::ToOwned>::Owned)
        }
        ty => quote!(#ty),
    };
    match (borrowed, optional) {
        (None, _) => (owned, PassMode::Owned),
        (Some(_), false) => (owned, PassMode::Borrowed),
        (Some(_), true) => {
            let span = inside.span().resolved_at(Span::call_site());
            let pass = match is_unsized {
                true => PassMode::OptionDeref,
                false => PassMode::OptionBorrowed,
            };
            (quote_spanned!(span=> ::core::option::Option<#owned>), pass)
        }
    }
}

/// Converts a default to the stored type: a borrowed default of a borrowed parameter, and a string literal for a
/// `String`, become owned.
fn convert_default(value: TokenStream, ty: &Type, pass: &PassMode) -> TokenStream {
    let is_string = syn::parse2::<LitStr>(value.clone()).is_ok();
    match pass {
        PassMode::OptionDeref => {
            quote!(::core::option::Option::map(#value, ::core::convert::Into::into))
        }
        PassMode::Borrowed if matches!(unwrap_groups(ty), Type::Reference(reference) if is_unsized(&reference.elem)) =>
        {
            quote!(::core::convert::Into::into(#value))
        }
        PassMode::Owned if is_string && is_named(ty, "String") => {
            quote!(::core::convert::Into::into(#value))
        }
        _ => value,
    }
}

fn is_unsized(ty: &Type) -> bool {
    matches!(unwrap_groups(ty), Type::Slice(_)) || is_named(ty, "str") || is_named(ty, "Path")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
