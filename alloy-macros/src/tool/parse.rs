//! Parses the arguments of `#[tool]`, and takes the attributes that only `#[tool]` reads.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::parse::{Nothing, ParseStream, Parser as _};
use syn::{Attribute, FnArg, Meta, Path, Token};

use crate::attr::{self, Argument, ArgumentSyntax};
use crate::contract::{self, ContractKind};
use crate::errors::Errors;
use crate::function::Function;
use crate::keys;

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct ToolArgs {
    pub(super) handle: Option<Ident>,
    pub(super) crate_path: Option<Path>,
}

/// The attributes of a function that only this macro reads.
pub(super) struct ToolAttrs {
    pub(super) requires: Vec<Attribute>,
    pub(super) ensures: Vec<Attribute>,
    /// The attributes of each parameter except the receiver.
    pub(super) params: Vec<ParamAttrs>,
    /// `true` if `#[command]` is below.
    pub(super) is_command: bool,
}

/// The attributes of a parameter that only this macro reads.
pub(super) struct ParamAttrs {
    /// The doc comment.
    pub(super) docs: Vec<Attribute>,
    /// The `#[tool(…)]`.
    pub(super) role: Option<ParamRole>,
}

/// The argument of `#[tool(…)]` on a parameter.
pub(super) enum ParamRole {
    /// `state`
    State,
    /// `default = …`
    Default(TokenStream),
}

/// Parses the attribute. A key whose value is not valid is reported and stays unset.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> ToolArgs {
    let mut parsed = ToolArgs::default();
    if tokens.to_string() == "state" {
        let message = "`#[tool(state)]` can only be used on a parameter; move it there";
        errors.push(tokens, message);
        return parsed;
    }
    for Argument { key, syntax, value } in attr::arguments(tokens, errors) {
        let name = key.to_string();
        let result = match (&*name, syntax) {
            ("handle", ArgumentSyntax::Pair) => {
                keys::ident("handle", "WeatherTool", value).map(|name| parsed.handle = Some(name))
            }
            ("crate", ArgumentSyntax::Pair) => {
                keys::crate_path("crate", value).map(|path| parsed.crate_path = Some(path))
            }
            _ => Err(syn::Error::new_spanned(key, unknown_key(&name, syntax))),
        };
        errors.keep(result);
    }
    parsed
}

/// Returns the error for an unknown key, or for a key without a value.
fn unknown_key(name: &str, syntax: ArgumentSyntax) -> String {
    let message = match (name, syntax) {
        ("description", _) | (_, ArgumentSyntax::Template) => {
            "a tool is described by the doc comment of its function; write the description there"
        }
        ("name", _) => "a tool has the name of its function; rename the function",
        ("default", _) => "`#[tool(default = …)]` can only be used on a parameter; move it there",
        ("handle" | "crate", _) => return format!("`{name}` takes a value: `{name} = …`"),
        _ => {
            return format!(
                "unknown key `{name}`; the keys of a tool are `handle` and `crate`, \
             and its conditions are `#[require(…)]` and `#[ensure(…)]` below it"
            );
        }
    };
    message.to_owned()
}

/// Removes from a function the attributes that only this macro reads, because rustc would reject them.
pub(super) fn take_attrs(function: &mut Function, errors: &mut Errors) -> ToolAttrs {
    let is_command = function.has_command();
    let requires = contract::take(&mut function.attrs, ContractKind::Require);
    let ensures = match is_command {
        // They are conditions of the command's answer, and `#[command]` reads them.
        true => Vec::new(),
        false => contract::take(&mut function.attrs, ContractKind::Ensure),
    };
    let mut params = Vec::new();
    for input in &mut function.sig.inputs {
        let FnArg::Typed(typed) = input else { continue };
        let (helpers, attrs) = typed
            .attrs
            .drain(..)
            .partition(|attr| attr::is_named(attr, "tool"));
        let (docs, attrs): (_, Vec<Attribute>) =
            Vec::into_iter(attrs).partition(crate::doc::is_doc);
        let (derive_helpers, attrs) = attrs
            .into_iter()
            .partition(|attr| attr::is_named(attr, "schemars") || attr::is_named(attr, "serde"));
        for attr in Vec::into_iter(derive_helpers) {
            let message = "`#[schemars]` and `#[serde]` cannot be used on a parameter; use them on the fields of a \
                           type, or write a `#[require(…)]`";
            errors.push(attr.path(), message);
        }
        typed.attrs = attrs;
        let role = parse_role(helpers, errors);
        params.push(ParamAttrs { docs, role });
    }
    ToolAttrs {
        requires,
        ensures,
        params,
        is_command,
    }
}

/// Parses the `#[tool(…)]` of a parameter, of which there is at most one.
fn parse_role(helpers: Vec<Attribute>, errors: &mut Errors) -> Option<ParamRole> {
    let mut parsed = None;
    for helper in helpers {
        let role = match &helper.meta {
            Meta::List(list) => parse_role_argument(&list.tokens),
            _ => Err(EXPECTED_ROLE.to_owned()),
        };
        let role = role.map_err(|message| syn::Error::new_spanned(helper.path(), message));
        match role {
            Ok(_) if parsed.is_some() => {
                let message = "this parameter already has a `#[tool(…)]`; keep one";
                errors.push(helper.path(), message);
            }
            Ok(role) => parsed = Some(role),
            Err(error) => errors.add(error),
        }
    }
    parsed
}

const EXPECTED_ROLE: &str = "expected `#[tool(state)]` or `#[tool(default = …)]` on a parameter";

/// Parses the argument in the parentheses, or returns the error.
fn parse_role_argument(tokens: &TokenStream) -> Result<ParamRole, String> {
    let parse = |input: ParseStream<'_>| {
        let key: Ident = input.parse()?;
        let equals: Option<Token![=]> = input.parse()?;
        let value = match equals {
            Some(_) => Some(input.parse::<syn::Expr>()?.into_token_stream()),
            None => None,
        };
        input.parse::<Nothing>()?;
        Ok((key.to_string(), value))
    };
    let (key, value) = parse
        .parse2(tokens.clone())
        .map_err(|_| EXPECTED_ROLE.to_owned())?;
    match (key.as_str(), value) {
        ("state", None) => Ok(ParamRole::State),
        ("default", Some(value)) => Ok(ParamRole::Default(value)),
        ("default", None) => Err("`default` takes a value: `#[tool(default = 3)]`".to_owned()),
        ("state", Some(_)) => {
            Err("`state` takes no value; the program passes the state to `with`".to_owned())
        }
        (key, _) => Err(format!("unknown key `{key}`; {EXPECTED_ROLE}")),
    }
}
