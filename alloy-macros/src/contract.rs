//! `#[require(condition, "message")]` and `#[ensure(condition, "message")]`: what a declaration says of its
//! parameters, and of its answers, beside their types.

use proc_macro2::{Ident, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
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
    let (name, example) = (kind.name(), kind.example());
    let mut wrong = |place: TokenStream, message: &str| {
        errors.push(place, message);
        None
    };
    let path = || attr.path().to_token_stream();
    let Meta::List(arguments) = &attr.meta else {
        let message = format!("`#[{name}]` takes a condition and a message: {example}");
        return wrong(path(), &message);
    };
    let mut pieces = attr::split_at_commas(arguments.tokens.clone());
    let last = pieces.pop().unwrap_or_default();
    // Commas of the condition's own, those of a turbofish for example, were parted as well.
    let condition = quote!(#(#pieces),*);
    let message = match syn::parse2::<LitStr>(last.clone()) {
        Ok(message) if message.value().trim().is_empty() => {
            return wrong(last, "the message is empty; say what must hold");
        }
        Ok(message) if !condition.is_empty() => message,
        _ if named_message(&last) => {
            let text = format!("the message is a string literal alone, without a name: {example}");
            return wrong(last, &text);
        }
        read => {
            let is_text = |token: &TokenTree| syn::parse2::<LitStr>(token.clone().into()).is_ok();
            let (place, lacks) = match last.clone().into_iter().last() {
                None => (path(), "its condition and its message"),
                Some(_) if read.is_ok() => (last, "its condition"),
                Some(end) if is_text(&end) => (end.into(), "a comma before this message"),
                Some(_) => (
                    last,
                    "the message for the model, a string literal at its end",
                ),
            };
            return wrong(place, &format!("this `#[{name}]` lacks {lacks}: {example}"));
        }
    };
    let is_closure = condition
        .clone()
        .into_iter()
        .next()
        .is_some_and(|first| ["|", "move"].contains(&first.to_string().as_str()));
    let in_braces = |param: &&Param| message.value().contains(&format!("{{{}", param.name));
    if let Some(param) = params.iter().find(in_braces) {
        let text = format!(
            "a message is told as it is, also before any call: say what must hold, without `{{{}}}`",
            param.name
        );
        return wrong(message.to_token_stream(), &text);
    }
    match kind {
        Kind::Ensure if !is_closure && syn::parse2::<ExprPath>(condition.clone()).is_err() => {
            let text = format!("a condition of the answer is a closure, or a function: {example}");
            return wrong(condition, &text);
        }
        Kind::Require if is_closure => {
            let text = format!("a condition of the parameters is no closure: {example}");
            return wrong(condition, &text);
        }
        Kind::Require => {}
        Kind::Ensure => {
            if let Some(param) = parameter_in(&condition, is_closure, params) {
                let text = format!(
                    "a condition sees the answer alone, and `{param}` is a parameter: check that after the call"
                );
                return wrong(param.into(), &text);
            }
        }
    }
    Some(Contract {
        condition,
        is_closure,
        message,
    })
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
    let mut after_dot = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next = tokens.peek().map(ToString::to_string).unwrap_or_default();
        match &token {
            TokenTree::Group(group) => {
                if let Some(found) = first_of(group.stream(), is_param) {
                    return Some(found);
                }
            }
            TokenTree::Ident(name)
                if !after_dot && ![":", "!"].contains(&next.as_str()) && is_param(name) =>
            {
                return Some(token);
            }
            _ => {}
        }
        after_dot = [".", ":"].contains(&token.to_string().as_str());
    }
    None
}

/// `#[ensure]` by itself: it stands where no other macro sees it.
pub(crate) fn misplaced_ensure(item: &TokenStream) -> Refused {
    let message = "`#[ensure]` belongs below the `#[command(…)]` or `#[tool]` of a function, which reads it: move it there";
    misplaced(item, message)
}

/// `#[require]` likewise.
pub(crate) fn misplaced_require(item: &TokenStream) -> Refused {
    let message =
        "`#[require]` belongs below the `#[tool]` of a function, which reads it: move it there";
    misplaced(item, message)
}

fn misplaced(item: &TokenStream, message: &str) -> Refused {
    let mut errors = Errors::default();
    errors.push(TokenStream::new(), message);
    Refused {
        errors,
        standin: item.clone(),
    }
}
