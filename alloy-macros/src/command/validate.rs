//! Checks a command and builds its model. Each rule is one function.

use proc_macro2::TokenTree;
use quote::ToTokens as _;
use syn::{Attribute, Path, ReturnType, Signature, Type, parse_quote};

use super::model::Command;
use super::parse::CommandArgs;
use super::prompt::PromptContext;
use crate::attr;
use crate::contract::{self, ContractKind};
use crate::errors::Errors;
use crate::function::{Function, check_parameters};
use crate::keys;
use crate::types::{find_borrowed_or_impl, result_ok};

/// Checks a declaration. On errors, returns all of them and the path of alloy-runtime for the fallback.
pub(super) fn validate<'a>(
    function: &'a Function,
    arguments: CommandArgs,
    ensures: &[Attribute],
    mut errors: Errors,
) -> Result<Command<'a>, (Errors, Path)> {
    let CommandArgs {
        prompt,
        prompt_file,
        system,
        settings,
        tools,
        crate_path,
    } = arguments;
    let crate_path = keys::crate_path_or_default(crate_path);
    let params = function.params();

    check_signature(&function.sig, &mut errors);
    let reason = "the prompt uses it by name";
    check_parameters(&function.sig, "command", reason, &mut errors);
    check_attribute_order(&function.attrs, &mut errors);
    let (output, result) = output(&function.sig.output, &mut errors);
    let context = PromptContext {
        function,
        params: &params,
        is_fallible: result.is_some(),
    };
    let system = system.map(|literal| context.system(literal, &mut errors));
    let (system, used_in_system) = system.unzip();
    let used_in_system = used_in_system.unwrap_or_default();
    let prompt = context.prompt(prompt, prompt_file.clone(), &used_in_system, &mut errors);
    if let (ReturnType::Default, Some(attr)) = (&function.sig.output, ensures.first()) {
        let message =
            "this command ignores its answer, so there is nothing to check; add a return type";
        errors.push(attr.path(), message);
    }
    let ensures = contract::read(ensures, ContractKind::Ensure, &params, &mut errors);
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
            crate_path,
        }),
        _ => Err((errors, crate_path)),
    }
}

/// Checks that a command is an `async fn` without other modifiers.
fn check_signature(sig: &Signature, errors: &mut Errors) {
    if sig.asyncness.is_none() {
        errors.push(
            sig.fn_token,
            format!(
                "a command must be an `async fn`, because its answer is awaited; write `async fn {}`",
                sig.ident
            ),
        );
    }
    let modifiers = [
        sig.constness.to_token_stream(),
        sig.safety.to_token_stream(),
        sig.abi.to_token_stream(),
    ];
    for modifier in modifiers
        .into_iter()
        .filter(|modifier| !modifier.is_empty())
    {
        let message = format!("a command cannot be `{modifier}`; remove `{modifier}`");
        errors.push(modifier, message);
    }
    if let Some(variadic) = &sig.variadic {
        let message = "a command cannot have variadic parameters; remove `...`";
        errors.push(variadic, message);
    }
}

/// Checks that `#[tool]` is not below `#[command]`, because `#[tool]` must be expanded first.
fn check_attribute_order(attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr::is_named(attr, "tool")) {
        let message = "`#[tool]` must be above `#[command(…)]`; move it there";
        errors.push(attr.path(), message);
    }
}

/// Returns the output type, and the whole return type if it is a `Result`.
fn output(output: &ReturnType, errors: &mut Errors) -> (Type, Option<Type>) {
    let ReturnType::Type(_, written) = output else {
        return (parse_quote!(()), None);
    };
    let ok_type = result_ok(written);
    let output = ok_type.unwrap_or(written);
    if let Some(token) = find_borrowed_or_impl(output.to_token_stream()) {
        let message = match token {
            TokenTree::Ident(_) => {
                "the output of a command must be a named type, because its schema is generated from it; \
                 write the type instead of `impl …`"
            }
            _ => {
                "the output of a command must own its data; write `String` for `&str`, `Vec<T>` for `&[T]`"
            }
        };
        errors.push(token, message);
    }
    (output.clone(), ok_type.map(|_| (**written).clone()))
}
