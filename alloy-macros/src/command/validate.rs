//! The rules of a command, one function each, and the model of one that keeps them.

use proc_macro2::TokenTree;
use quote::ToTokens as _;
use syn::{Attribute, Path, ReturnType, Safety, Signature, Type, parse_quote};

use super::model::Command;
use super::parse::Arguments;
use super::prompt::Source;
use crate::attr;
use crate::contract::{self, Kind};
use crate::errors::Errors;
use crate::function::{Function, check_parameters};
use crate::keys;
use crate::types::{borrowed_or_nameless, inside_result};

/// Holds a declaration to the rules. On mistakes, gives all of them and the path for the stand-in.
pub(super) fn validate<'a>(
    function: &'a Function,
    arguments: Arguments,
    ensures: &[Attribute],
    mut errors: Errors,
) -> Result<Command<'a>, (Errors, Path)> {
    let Arguments {
        prompt,
        prompt_file,
        system,
        settings,
        tools,
        path,
    } = arguments;
    let path = keys::runtime(path);
    let params = function.params();

    signature(&function.sig, &mut errors);
    let why = "the prompt refers to it by name";
    check_parameters(&function.sig, "command", why, &mut errors);
    order(&function.attrs, &mut errors);
    let (output, result) = output(&function.sig.output, &mut errors);
    let source = Source {
        function,
        params: &params,
        fallible: result.is_some(),
    };
    let system = system.map(|literal| source.system(literal, &mut errors));
    let (system, in_system) = system.unzip();
    let in_system = in_system.unwrap_or_default();
    let prompt = source.prompt(prompt, prompt_file.clone(), &in_system, &mut errors);
    if let (ReturnType::Default, Some(attr)) = (&function.sig.output, ensures.first()) {
        let message = "this command ignores its answer, so that none can be held to a condition: \
                       give it a return type";
        errors.push(attr.path(), message);
    }
    let ensures = ensures.iter();
    let ensures =
        ensures.filter_map(|attr| contract::read(attr, Kind::Ensure, &params, &mut errors));
    let ensures = ensures.collect();
    match prompt {
        Some(prompt) if errors.is_empty() => Ok(Command {
            attrs: &function.attrs,
            vis: &function.vis,
            sig: &function.sig,
            body_span: function.body_span(),
            output,
            result,
            prompt,
            prompt_file,
            system,
            settings,
            tools,
            ensures,
            path,
        }),
        _ => Err((errors, path)),
    }
}

/// `async fn`, and nothing that changes what a call is.
fn signature(sig: &Signature, errors: &mut Errors) {
    if sig.asyncness.is_none() {
        errors.push(
            sig.fn_token,
            format!(
                "a command is an `async fn`, because its answer is awaited: write `async fn {}`",
                sig.ident
            ),
        );
    }
    if let Some(token) = sig.constness {
        errors.push(token, "a command cannot be `const`: a model answers it");
    }
    if let Safety::Unsafe(token) = sig.safety {
        errors.push(token, "a command cannot be `unsafe`: remove the word");
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, "a command cannot be `extern`: remove the word");
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic, "a command has a fixed list of parameters");
    }
}

/// A command that is a tool as well is read as one first.
fn order(attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr::is(attr, "tool")) {
        let message =
            "`#[tool]` belongs above the `#[command(…)]` that it makes a tool of: move it there";
        errors.push(attr.path(), message);
    }
}

/// The output type; and the whole return type where it is a `Result` of one.
fn output(output: &ReturnType, errors: &mut Errors) -> (Type, Option<Type>) {
    let ReturnType::Type(_, written) = output else {
        return (parse_quote!(()), None);
    };
    let inside = inside_result(written);
    let output = inside.unwrap_or(written);
    match borrowed_or_nameless(output.to_token_stream()) {
        Some(TokenTree::Ident(word)) => errors.push(
            word,
            "the output of a command is a type by name, because its schema is made from it",
        ),
        Some(place) => errors.push(
            place,
            "the output of a command owns its data: write `String` for `&str`, `Vec<T>` for `&[T]`",
        ),
        None => {}
    }
    (output.clone(), inside.map(|_| (**written).clone()))
}
