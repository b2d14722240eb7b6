//! The attribute macros of `alloy-runtime`.
//!
//! `#[command]` and `#[tool]` each have these modules: `parse` reads the tokens, `validate` checks them and
//! builds the `model`, and `expand` writes the code and cannot fail. If `validate` finds errors, `fallback`
//! writes an item with the same types instead. The entry points are documented where `alloy-runtime`
//! re-exports them.

#![allow(
    missing_docs,
    reason = "the macros are documented where they are re-exported, because rustdoc joins the two texts"
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

use crate::contract::ContractKind;

#[proc_macro_attribute]
pub fn command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), command::expand).into()
}

#[proc_macro_attribute]
pub fn ensure(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), |_, item| {
        Err(contract::misplaced(ContractKind::Ensure, item))
    })
    .into()
}

#[proc_macro_attribute]
pub fn require(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), |_, item| {
        Err(contract::misplaced(ContractKind::Require, item))
    })
    .into()
}

#[proc_macro_attribute]
pub fn tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::run(attribute.into(), &item.into(), tool::expand).into()
}
