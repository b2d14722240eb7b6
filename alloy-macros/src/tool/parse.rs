//! What `#[tool]` and its helpers on parameters say.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::parse::{Nothing, ParseStream, Parser as _};
use syn::{Attribute, FnArg, Meta, Path, Token};

use crate::attr::{self, Argument, Form};
use crate::contract::{self, Kind};
use crate::errors::Errors;
use crate::function::Function;
use crate::keys;

/// What the attribute says; `None` where it does not.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) handle: Option<Ident>,
    pub(super) path: Option<Path>,
}

/// What only this macro reads of a function.
pub(super) struct Parts {
    pub(super) requires: Vec<Attribute>,
    pub(super) ensures: Vec<Attribute>,
    /// The attributes of each parameter but the receiver.
    pub(super) params: Vec<ParamParts>,
    /// Whether `#[command]` stands below.
    pub(super) is_command: bool,
}

/// What stands above a parameter.
pub(super) struct ParamParts {
    /// Its doc comment.
    pub(super) docs: Vec<Attribute>,
    /// Its `#[tool(…)]`.
    pub(super) role: Option<Role>,
}

/// What `#[tool(…)]` on a parameter says.
pub(super) enum Role {
    State,
    Default(TokenStream),
}

/// Reads the attribute.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut read = Arguments::default();
    if tokens.to_string() == "state" {
        errors.push(tokens, "`#[tool(state)]` stands above a parameter");
        return read;
    }
    for Argument { key, form, value } in attr::arguments(tokens, errors) {
        let name = key.to_string();
        let taken = match (&*name, form) {
            ("handle", Form::Pair) => {
                keys::ident("handle", "WeatherTool", value).map(|name| read.handle = Some(name))
            }
            ("crate", Form::Pair) => keys::path("crate", value).map(|path| read.path = Some(path)),
            _ => Err(syn::Error::new_spanned(key, unknown(&name, form))),
        };
        if let Err(error) = taken {
            errors.add(error);
        }
    }
    read
}

/// What to write for a key that is none, or has no value.
fn unknown(name: &str, form: Form) -> String {
    let message = match (name, form) {
        ("description", _) | (_, Form::Template) => {
            "a tool is described by the doc comment of its function"
        }
        ("name", _) => "a tool has the name of its function: name that as the model is to call it",
        ("default", _) => "`#[tool(default = …)]` stands above a parameter",
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

/// Takes out of a function what it cannot be compiled with.
pub(super) fn parts(function: &mut Function, errors: &mut Errors) -> Parts {
    let is_command = function.has_command();
    let requires = contract::take(&mut function.attrs, Kind::Require);
    let ensures = match is_command {
        // Those of a command are of its answers, and its own macro reads them.
        true => Vec::new(),
        false => contract::take(&mut function.attrs, Kind::Ensure),
    };
    let mut params = Vec::new();
    for input in &mut function.sig.inputs {
        let FnArg::Typed(typed) = input else { continue };
        let (helpers, attrs) = typed
            .attrs
            .drain(..)
            .partition(|attr| attr::is(attr, "tool"));
        let (docs, attrs): (_, Vec<Attribute>) =
            Vec::into_iter(attrs).partition(crate::doc::is_doc);
        let (of_types, attrs) = attrs
            .into_iter()
            .partition(|attr| attr::is(attr, "schemars") || attr::is(attr, "serde"));
        for attr in Vec::into_iter(of_types) {
            let message = "limits and names stand on the fields of a type; on a parameter write a `#[require(…)]`";
            errors.push(attr.path(), message);
        }
        typed.attrs = attrs;
        let role = role(helpers, errors);
        params.push(ParamParts { docs, role });
    }
    Parts {
        requires,
        ensures,
        params,
        is_command,
    }
}

/// What the `#[tool(…)]` of a parameter say: there is one at most.
fn role(helpers: Vec<Attribute>, errors: &mut Errors) -> Option<Role> {
    let mut read = None;
    for helper in helpers {
        let role = match &helper.meta {
            Meta::List(list) => argument(&list.tokens),
            _ => Err(EITHER.to_owned()),
        };
        let role = role.map_err(|message| syn::Error::new_spanned(helper.path(), message));
        match role {
            Ok(_) if read.is_some() => {
                let message = "this parameter has a `#[tool(…)]` already; keep one";
                errors.push(helper.path(), message);
            }
            Ok(role) => read = Some(role),
            Err(error) => errors.add(error),
        }
    }
    read
}

const EITHER: &str = "a parameter is `#[tool(state)]`, or has a `#[tool(default = …)]`";

/// What stands in the parentheses, or what is wrong with it.
fn argument(tokens: &TokenStream) -> Result<Role, String> {
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
        .map_err(|_| EITHER.to_owned())?;
    match (key.as_str(), value) {
        ("state", None) => Ok(Role::State),
        ("default", Some(value)) => Ok(Role::Default(value)),
        ("default", None) => Err("`default` takes a value: `#[tool(default = 3)]`".to_owned()),
        ("state", Some(_)) => {
            Err("`state` has no value: the program gives it by `with`".to_owned())
        }
        (key, _) => Err(format!("unknown key `{key}`; {EITHER}")),
    }
}
