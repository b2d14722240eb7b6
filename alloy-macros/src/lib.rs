//! The attribute macros of `alloy-runtime`: text in, tokens out.
//!
//! Each macro is four rooms in a row: `parse` reads the tokens, `validate` holds them to the rules and
//! makes the `model`, `expand` writes it out and cannot fail. The entry points are documented where
//! `alloy-runtime` re-exports them.

#![allow(
    missing_docs,
    reason = "the macros are documented where they are re-exported, since rustdoc joins the two texts"
)]

mod attr;
mod body;
mod command;
mod contract;
mod doc;
mod entry;
mod errors;
mod file;
mod function;
mod keys;
mod template;
#[cfg(test)]
mod tests;
mod tool;
mod types;

use proc_macro::TokenStream;

use crate::contract::Kind;

#[proc_macro_attribute]
pub fn command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), command::expand).into()
}

#[proc_macro_attribute]
pub fn ensure(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), |_, item| {
        Err(contract::misplaced(Kind::Ensure, item))
    })
    .into()
}

#[proc_macro_attribute]
pub fn require(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), |_, item| {
        Err(contract::misplaced(Kind::Require, item))
    })
    .into()
}

#[proc_macro_attribute]
pub fn tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), tool::expand).into()
}
