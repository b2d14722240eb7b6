//! The attribute macros of `alloy-runtime`: text in, tokens out.
//!
//! Each macro is four rooms in a row: `parse` reads the tokens, `validate` holds them to the rules and
//! makes the `model`, `expand` writes it out and cannot fail. The entry points are documented where
//! `alloy-runtime` re-exports them.

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

#[allow(
    missing_docs,
    reason = "documented where it is re-exported, since rustdoc joins the two texts"
)]
#[proc_macro_attribute]
pub fn command(
    attribute: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    entry::run(attribute.into(), &item.into(), command::expand).into()
}

#[allow(
    missing_docs,
    reason = "documented where it is re-exported, since rustdoc joins the two texts"
)]
#[proc_macro_attribute]
pub fn ensure(
    attribute: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    entry::run(attribute.into(), &item.into(), |_, item| {
        Err(contract::misplaced_ensure(item))
    })
    .into()
}

#[allow(
    missing_docs,
    reason = "documented where it is re-exported, since rustdoc joins the two texts"
)]
#[proc_macro_attribute]
pub fn require(
    attribute: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    entry::run(attribute.into(), &item.into(), |_, item| {
        Err(contract::misplaced_require(item))
    })
    .into()
}

#[allow(
    missing_docs,
    reason = "documented where it is re-exported, since rustdoc joins the two texts"
)]
#[proc_macro_attribute]
pub fn tool(
    attribute: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    entry::run(attribute.into(), &item.into(), tool::expand).into()
}
