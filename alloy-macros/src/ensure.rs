//! `#[ensure(condition, "message")]`: what a declaration says of its answers beside their type.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{Attribute, LitStr, Meta};

use crate::attr;
use crate::entry::Refused;
use crate::errors::Errors;
use crate::function::Param;

const EXAMPLE: &str = "`#[ensure(|answer| answer.age < 130, \"age must be below 130\")]`";

/// A condition, and what the model is told where an answer breaks it.
pub(crate) struct Ensure {
    /// A closure, or the path of a function.
    pub(crate) condition: TokenStream,
    pub(crate) is_closure: bool,
    pub(crate) message: LitStr,
}

/// Takes the conditions out of a function's attributes, in their order.
pub(crate) fn take(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    let is_ensure = |attr: &Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| last.ident == "ensure")
    };
    let (ensures, others) = attrs.drain(..).partition(is_ensure);
    *attrs = others;
    ensures
}

/// Reads a condition; `None` where it is a mistake.
pub(crate) fn read(attr: &Attribute, params: &[Param], errors: &mut Errors) -> Option<Ensure> {
    let mut wrong = |place: TokenStream, message: &str| {
        errors.push(place, message);
        None
    };
    let path = || attr.path().to_token_stream();
    let Meta::List(arguments) = &attr.meta else {
        let message = format!("`#[ensure]` takes a condition and a message: {EXAMPLE}");
        return wrong(path(), &message);
    };
    let mut pieces = attr::split_at_commas(arguments.tokens.clone());
    let last = pieces.pop().unwrap_or_default();
    // Commas of the condition's own, those of a turbofish for example, were parted as well.
    let condition = quote!(#(#pieces),*);
    let message = match syn::parse2::<LitStr>(last.clone()) {
        Ok(message) if message.value().trim().is_empty() => {
            return wrong(last, "the message is empty; say what an answer must be");
        }
        Ok(message) if !condition.is_empty() => message,
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
            return wrong(place, &format!("this `#[ensure]` lacks {lacks}: {EXAMPLE}"));
        }
    };
    let is_closure = condition
        .clone()
        .into_iter()
        .next()
        .is_some_and(|first| ["|", "move"].contains(&first.to_string().as_str()));
    if let Some(param) = parameter_in(&condition, is_closure, params) {
        let text = format!(
            "a condition sees the answer alone, and `{param}` is a parameter of the command: check that after `.await`"
        );
        return wrong(param.into(), &text);
    }
    Some(Ensure {
        condition,
        is_closure,
        message,
    })
}

/// A parameter of the command in a condition. One that binds names of its own behind its head is left to
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

/// The macro by itself: it stands where `#[command]` does not see it.
pub(crate) fn misplaced(
    _attribute: TokenStream,
    item: &TokenStream,
) -> Result<TokenStream, Refused> {
    let mut errors = Errors::default();
    errors.push(
        TokenStream::new(),
        "`#[ensure]` belongs below the `#[command(…)]` of a function, which reads it: move it there",
    );
    Err(Refused {
        errors,
        standin: item.clone(),
    })
}
