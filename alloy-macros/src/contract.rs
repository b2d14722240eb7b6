//! `#[require(condition, "message")]` and `#[ensure(condition, "message")]`: what a declaration says of its
//! parameters, and of its answers, beside their types.

use proc_macro2::{Ident, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, ExprPath, LitStr, Meta};

use crate::attr;
use crate::entry::Refused;
use crate::errors::Errors;
use crate::function::Param;

/// Of what a condition speaks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Of the parameters.
    Require,
    /// Of the answer.
    Ensure,
}

impl Kind {
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

/// A condition, and what the model is told where it does not hold.
pub(crate) struct Contract {
    /// Of parameters an expression; of an answer a closure, or the path of a function.
    pub(crate) condition: TokenStream,
    is_closure: bool,
    pub(crate) message: LitStr,
}

impl Contract {
    /// Whether a condition of parameters reads this one.
    pub(crate) fn reads(&self, param: &Ident) -> bool {
        first_of(self.condition.clone(), &|name| name == param).is_some()
    }

    /// A condition of an answer as a closure.
    pub(crate) fn of_answer(&self) -> TokenStream {
        let condition = &self.condition;
        if self.is_closure {
            return condition.clone();
        }
        // A function is called, so that one of `&str` takes a `String`.
        let place = condition.span().resolved_at(Span::mixed_site());
        let answer = Ident::new("__alloy_answer", place);
        quote_spanned!(place=> |#answer| (#condition)(#answer))
    }
}

/// Takes the conditions of a kind out of a function's attributes, in their order.
pub(crate) fn take(attrs: &mut Vec<Attribute>, kind: Kind) -> Vec<Attribute> {
    let is_one = |attr: &Attribute| attr::is(attr, kind.name());
    let (taken, others) = attrs.drain(..).partition(is_one);
    *attrs = others;
    taken
}

/// Reads a condition; `None` where it is a mistake.
pub(crate) fn read(
    attr: &Attribute,
    kind: Kind,
    params: &[Param],
    errors: &mut Errors,
) -> Option<Contract> {
    let read = parse(attr, kind, errors).and_then(|contract| {
        check_message(&contract.message, params)?;
        check_condition(&contract, kind, params)?;
        Ok(contract)
    });
    read.map_err(|error| errors.add(error)).ok()
}

fn parse(attr: &Attribute, kind: Kind, errors: &mut Errors) -> syn::Result<Contract> {
    let (name, example) = (kind.name(), kind.example());
    let Meta::List(arguments) = &attr.meta else {
        let message = format!("`#[{name}]` takes a condition and a message: {example}");
        return Err(syn::Error::new_spanned(attr.path(), message));
    };
    let mut pieces = attr::split_at_commas(arguments.tokens.clone(), errors);
    let last = pieces.pop().unwrap_or_default();
    // Commas of the condition's own, those of a turbofish for example, were parted as well.
    let condition = quote!(#(#pieces),*);
    let message = message(attr, &condition, last, kind)?;
    let first = condition.clone().into_iter().next();
    let is_closure = first.is_some_and(|first| ["|", "move"].contains(&&*first.to_string()));
    Ok(Contract {
        condition,
        is_closure,
        message,
    })
}

/// The message behind a condition, or what is there in its place.
fn message(
    attr: &Attribute,
    condition: &TokenStream,
    last: TokenStream,
    kind: Kind,
) -> syn::Result<LitStr> {
    let (name, example) = (kind.name(), kind.example());
    let path = attr.path().to_token_stream();
    let read = syn::parse2::<LitStr>(last.clone());
    let is_text = |token: &TokenTree| syn::parse2::<LitStr>(token.clone().into()).is_ok();
    let (place, lacks) = match (last.clone().into_iter().last(), read) {
        (_, Ok(message)) if message.value().trim().is_empty() => {
            let text = "the message is empty; say what must hold";
            return Err(syn::Error::new_spanned(last, text));
        }
        (_, Ok(message)) if !condition.is_empty() => return Ok(message),
        _ if named_message(&last) => {
            let text = format!("the message is a string literal alone, without a name: {example}");
            return Err(syn::Error::new_spanned(last, text));
        }
        (None, _) => (path, "its condition and its message"),
        (_, Ok(_)) => (last, "its condition"),
        (Some(end), _) if is_text(&end) => (end.into(), "a comma before this message"),
        _ => (last, "its message, a string literal at the end"),
    };
    let text = format!("this `#[{name}]` lacks {lacks}: {example}");
    Err(syn::Error::new_spanned(place, text))
}

/// No placeholders: a message is never rendered.
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
                "a message is told as it is, also before any call: say what must hold, without `{{{name}}}`"
            );
            return Err(syn::Error::new_spanned(message, text));
        }
    }
    Ok(())
}

/// What a condition can be, and what it may speak of.
fn check_condition(contract: &Contract, kind: Kind, params: &[Param]) -> syn::Result<()> {
    let (condition, is_closure) = (&contract.condition, contract.is_closure);
    let example = kind.example();
    let is_path = || syn::parse2::<ExprPath>(condition.clone()).is_ok();
    let wrong = |place: TokenStream, text: &str| Err(syn::Error::new_spanned(place, text));
    match kind {
        Kind::Require if is_closure => {
            let text = format!("a condition of the parameters is no closure: {example}");
            wrong(condition.clone(), &text)
        }
        Kind::Require => Ok(()),
        Kind::Ensure if !is_closure && !is_path() => {
            let text = format!("a condition of the answer is a closure, or a function: {example}");
            wrong(condition.clone(), &text)
        }
        Kind::Ensure => parameter_in(condition, is_closure, params).map_or(Ok(()), |param| {
            let text = format!(
                "a condition sees the answer alone, and `{param}` is a parameter: check that after the call"
            );
            wrong(param.into(), &text)
        }),
    }
}

/// Whether the last piece is `message = "…"`.
fn named_message(last: &TokenStream) -> bool {
    let mut tokens = last.clone().into_iter();
    let is_name = matches!(tokens.next(), Some(TokenTree::Ident(_)));
    is_name && tokens.next().is_some_and(|token| token.to_string() == "=")
}

/// A parameter in a condition. One that binds names of its own behind its head is left to
/// rustc.
fn parameter_in(condition: &TokenStream, is_closure: bool, params: &[Param]) -> Option<TokenTree> {
    let mut tokens = condition.clone().into_iter();
    let mut own: Vec<String> = Vec::new();
    if is_closure {
        let is_bar = |token: &TokenTree| token.to_string() == "|";
        let mut head = tokens.by_ref().skip_while(|token| !is_bar(token)).skip(1);
        let names = head.by_ref().take_while(|token| !is_bar(token));
        let names = names.flat_map(|token| match token {
            TokenTree::Group(group) => group.stream(),
            other => other.into(),
        });
        own.extend(names.map(|name| name.to_string()));
    }
    let body: TokenStream = tokens.collect();
    let is_param = |name: &Ident| {
        let known = params.iter().any(|param| param.name == *name);
        known && !own.contains(&name.to_string())
    };
    if binds(body.clone()) {
        return None;
    }
    first_of(body, &is_param)
}

/// Whether tokens bind names: by a `let`, a `match`, a loop or a closure.
fn binds(tokens: TokenStream) -> bool {
    let mut after_bar = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => binds(group.stream()),
        TokenTree::Ident(word) => ["let", "match", "for", "fn"]
            .iter()
            .any(|known| word == known),
        TokenTree::Punct(punct) if punct.as_char() == '|' => {
            // Two in a row are an operator.
            let joint = punct.spacing() == Spacing::Joint;
            let binds = !joint && !after_bar;
            after_bar = joint;
            binds
        }
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The first name that is a variable and a parameter: no field, no path, no macro.
fn first_of(tokens: TokenStream, is_param: &impl Fn(&Ident) -> bool) -> Option<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let text = |range: &[TokenTree]| -> String { range.iter().map(ToString::to_string).collect() };
    tokens
        .iter()
        .enumerate()
        .find_map(|(at, token)| match token {
            TokenTree::Group(group) => first_of(group.stream(), is_param),
            TokenTree::Ident(name) if is_param(name) => {
                let before = text(&tokens[at.saturating_sub(2)..at]);
                let after = text(&tokens[at + 1..tokens.len().min(at + 3)]);
                // `..` and `!=` stand beside variables.
                let other = before.ends_with(['.', ':']) && before != ".."
                    || after.starts_with([':', '!']) && after != "!=";
                (!other).then(|| token.clone())
            }
            _ => None,
        })
}

/// A condition by itself: it stands where no other macro sees it.
pub(crate) fn misplaced(kind: Kind, item: &TokenStream) -> Refused {
    let (name, readers) = match kind {
        Kind::Require => ("require", "`#[tool]`"),
        Kind::Ensure => ("ensure", "`#[command(…)]` or `#[tool]`"),
    };
    let message = format!(
        "`#[{name}]` belongs below the {readers} of a function, which reads it: move it there"
    );
    Refused {
        errors: syn::Error::new(Span::call_site(), message).into(),
        standin: item.clone(),
    }
}
