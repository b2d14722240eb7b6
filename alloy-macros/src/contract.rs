//! Reads `#[require(condition, "message")]`, a condition of the parameters, and
//! `#[ensure(condition, "message")]`, a condition of the answer.

use proc_macro2::{Ident, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, ExprPath, LitStr, Meta};

use crate::attr;
use crate::entry::Rejected;
use crate::errors::Errors;
use crate::function::Param;

/// The subject of a condition.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ContractKind {
    /// The parameters.
    Require,
    /// The answer.
    Ensure,
}

impl ContractKind {
    fn name(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::Ensure => "ensure",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Require => "`#[require(b != 0, \"b must not be zero\")]`",
            Self::Ensure => "`#[ensure(|answer| answer.age < 130, \"age must be below 130\")]`",
        }
    }
}

/// A condition and its message.
pub(crate) struct Contract {
    /// For `#[require]` an expression; for `#[ensure]` a closure or the path of a function.
    pub(crate) condition: TokenStream,
    is_closure: bool,
    /// The text that a model, or a caller in Rust, gets if the condition is false.
    pub(crate) message: LitStr,
}

impl Contract {
    /// Returns `true` if a condition uses this parameter.
    pub(crate) fn uses(&self, param: &Ident) -> bool {
        find_variable(self.condition.clone(), &|name| name == param).is_some()
    }

    /// Returns a condition of an answer as a closure.
    pub(crate) fn as_closure(&self) -> TokenStream {
        let condition = &self.condition;
        if self.is_closure {
            return condition.clone();
        }
        // The call coerces its argument, so that a function of `&str` accepts a `&String`.
        let span = condition.span().resolved_at(Span::mixed_site());
        let answer = Ident::new("__alloy_answer", span);
        quote_spanned!(span=> |#answer| (#condition)(#answer))
    }
}

/// Removes the conditions of a kind from the attributes of a function, and returns them in order.
pub(crate) fn take(attrs: &mut Vec<Attribute>, kind: ContractKind) -> Vec<Attribute> {
    let is_contract = |attr: &Attribute| attr::is_named(attr, kind.name());
    let (taken, others) = attrs.drain(..).partition(is_contract);
    *attrs = others;
    taken
}

/// Reads the conditions of a kind. One that is not valid is reported and left out.
pub(crate) fn read(
    attrs: &[Attribute],
    kind: ContractKind,
    params: &[Param],
    errors: &mut Errors,
) -> Vec<Contract> {
    let contracts = attrs.iter().filter_map(|attr| {
        let contract = parse(attr, kind, errors).and_then(|contract| {
            check_message(&contract.message, params)?;
            check_condition(&contract, kind, params)?;
            Ok(contract)
        });
        errors.keep(contract)
    });
    contracts.collect()
}

fn parse(attr: &Attribute, kind: ContractKind, errors: &mut Errors) -> syn::Result<Contract> {
    let (name, example) = (kind.name(), kind.example());
    let Meta::List(arguments) = &attr.meta else {
        let message = format!("`#[{name}]` takes a condition and a message: {example}");
        return Err(syn::Error::new_spanned(attr.path(), message));
    };
    let mut pieces = attr::split_at_commas(arguments.tokens.clone(), errors);
    let last = pieces.pop().unwrap_or_default();
    // Commas in the condition, for example those of a turbofish, were split as well.
    let condition = quote!(#(#pieces),*);
    let message = parse_message(attr, &condition, last, kind)?;
    let first = condition.clone().into_iter().next();
    let is_closure = first.is_some_and(|first| ["|", "move"].contains(&&*first.to_string()));
    Ok(Contract {
        condition,
        is_closure,
        message,
    })
}

/// Parses the message from the last argument, or reports what is missing.
fn parse_message(
    attr: &Attribute,
    condition: &TokenStream,
    last: TokenStream,
    kind: ContractKind,
) -> syn::Result<LitStr> {
    let (name, example) = (kind.name(), kind.example());
    let path = attr.path().to_token_stream();
    let read = syn::parse2::<LitStr>(last.clone());
    let is_text = |token: &TokenTree| syn::parse2::<LitStr>(token.clone().into()).is_ok();
    let (place, missing) = match (last.clone().into_iter().last(), read) {
        (_, Ok(message)) if message.value().trim().is_empty() => {
            let text = "the message is empty; write what must be true";
            return Err(syn::Error::new_spanned(last, text));
        }
        (_, Ok(message)) if !condition.is_empty() => return Ok(message),
        _ if is_named_value(&last) => {
            let text =
                format!("expected the message as a string literal without a name: {example}");
            return Err(syn::Error::new_spanned(last, text));
        }
        (None, _) => (path, "its condition and its message"),
        (_, Ok(_)) => (last, "its condition"),
        (Some(end), _) if is_text(&end) => (end.into(), "a comma before this message"),
        _ => (last, "its message, a string literal at the end"),
    };
    let text = format!("this `#[{name}]` is missing {missing}: {example}");
    Err(syn::Error::new_spanned(place, text))
}

/// Checks that a message has no placeholder for a parameter, because it is sent without formatting.
fn check_message(message: &LitStr, params: &[Param]) -> syn::Result<()> {
    let text = message.value();
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    for name in params.iter().map(|param| param.name.unraw().to_string()) {
        let begins = |inside: &str| {
            let after = inside.trim_start().strip_prefix(&name);
            after.is_some_and(|after| !after.starts_with(in_name))
        };
        if text.split('{').skip(1).any(begins) {
            let text = format!(
                "the message is sent without formatting, also before any call; write what must be true \
                 without `{{{name}}}`"
            );
            return Err(syn::Error::new_spanned(message, text));
        }
    }
    Ok(())
}

/// Checks the syntax of a condition, and that one of an answer does not use the parameters.
fn check_condition(contract: &Contract, kind: ContractKind, params: &[Param]) -> syn::Result<()> {
    let (condition, is_closure) = (&contract.condition, contract.is_closure);
    let is_path = || syn::parse2::<ExprPath>(condition.clone()).is_ok();
    let expected = match kind {
        ContractKind::Require if is_closure => "an expression, not a closure",
        ContractKind::Ensure if !is_closure && !is_path() => "a closure or the path of a function",
        ContractKind::Require => return Ok(()),
        ContractKind::Ensure => {
            return find_parameter(contract, params).map_or(Ok(()), |param| {
                let text = format!(
                    "a condition of the answer cannot use the parameter `{param}`; check it after the call"
                );
                Err(syn::Error::new_spanned(param, text))
            });
        }
    };
    let text = format!("expected {expected}: {}", kind.example());
    Err(syn::Error::new_spanned(condition, text))
}

/// Returns `true` if the last argument is `message = "…"`.
fn is_named_value(last: &TokenStream) -> bool {
    let mut tokens = last.clone().into_iter();
    let is_name = matches!(tokens.next(), Some(TokenTree::Ident(_)));
    is_name && tokens.next().is_some_and(|token| token.to_string() == "=")
}

/// Returns the first use of a parameter in a condition of an answer. A condition whose body declares names is
/// not searched, because they can shadow the parameters; rustc reports a captured parameter then.
fn find_parameter(contract: &Contract, params: &[Param]) -> Option<TokenTree> {
    let mut tokens = contract.condition.clone().into_iter();
    let mut closure_params: Vec<String> = Vec::new();
    if contract.is_closure {
        let is_bar = |token: &TokenTree| token.to_string() == "|";
        let mut head = tokens.by_ref().skip_while(|token| !is_bar(token)).skip(1);
        let names = head.by_ref().take_while(|token| !is_bar(token));
        let names = names.flat_map(|token| match token {
            TokenTree::Group(group) => group.stream(),
            other => other.into(),
        });
        closure_params.extend(names.map(|name| name.to_string()));
    }
    let body: TokenStream = tokens.collect();
    let is_param = |name: &Ident| {
        let known = params.iter().any(|param| param.name == *name);
        known && !closure_params.contains(&name.to_string())
    };
    if declares_names(body.clone()) {
        return None;
    }
    find_variable(body, &is_param)
}

/// Returns `true` if tokens declare names: with `let`, `match`, `for`, `fn` or a closure.
fn declares_names(tokens: TokenStream) -> bool {
    let mut after_bar = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => declares_names(group.stream()),
        TokenTree::Ident(word) => ["let", "match", "for", "fn"]
            .iter()
            .any(|known| word == known),
        TokenTree::Punct(punct) if punct.as_char() == '|' => {
            // `||` is an operator.
            let joint = punct.spacing() == Spacing::Joint;
            let is_closure = !joint && !after_bar;
            after_bar = joint;
            is_closure
        }
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns the first name that is a parameter and is used as a variable, not as a field, a path or a macro.
fn find_variable(tokens: TokenStream, is_param: &impl Fn(&Ident) -> bool) -> Option<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let text = |range: &[TokenTree]| -> String { range.iter().map(ToString::to_string).collect() };
    tokens
        .iter()
        .enumerate()
        .find_map(|(at, token)| match token {
            TokenTree::Group(group) => find_variable(group.stream(), is_param),
            TokenTree::Ident(name) if is_param(name) => {
                let before = text(&tokens[at.saturating_sub(2)..at]);
                let after = text(&tokens[at + 1..tokens.len().min(at + 3)]);
                // A variable can follow `..` and precede `!=`.
                let is_other = before.ends_with(['.', ':']) && before != ".."
                    || after.starts_with([':', '!']) && after != "!=";
                (!is_other).then(|| token.clone())
            }
            _ => None,
        })
}

/// Rejects a condition that is expanded by itself, because no other macro has read and removed it.
pub(crate) fn misplaced(kind: ContractKind, item: &TokenStream) -> Rejected {
    let (name, readers) = match kind {
        ContractKind::Require => ("require", "`#[tool]`"),
        ContractKind::Ensure => ("ensure", "`#[command(…)]` or `#[tool]`"),
    };
    let message = format!("`#[{name}]` must be below {readers} on a function; move it there");
    Rejected {
        errors: syn::Error::new(Span::call_site(), message).into(),
        fallback: item.clone(),
    }
}
