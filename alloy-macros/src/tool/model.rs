//! What the expansion of a tool needs: nothing in it can be wrong any more.

use proc_macro2::{Ident, TokenStream};
use syn::{Path, Type};

use crate::contract::Contract;
use crate::function::Function;

pub(super) struct Tool<'a> {
    /// The function, without what only this macro reads.
    pub(super) function: &'a Function,
    pub(super) names: Names,
    /// What the model reads: the doc comment, or the name in words, and the conditions.
    pub(super) description: String,
    pub(super) params: Vec<Param>,
    pub(super) requires: Vec<Contract>,
    /// The conditions of the result, and its type.
    pub(super) ensures: Vec<Contract>,
    /// The return type, where it is written.
    pub(super) returns: Option<Type>,
    /// Whether what the function gives is awaited.
    pub(super) is_async: bool,
}

/// How the tool and the runtime are called.
pub(super) struct Names {
    /// The type that stands for the tool: that of the function's name, or another.
    pub(super) handle: Ident,
    /// Where `alloy-runtime` is.
    pub(super) path: Path,
}

/// A parameter of the function.
pub(super) struct Param {
    pub(super) name: Ident,
    /// What is kept of it between the model, or the program, and the function: an owned type.
    pub(super) ty: TokenStream,
    pub(super) pass: Pass,
    pub(super) source: Source,
}

/// How the function gets what is kept.
pub(super) enum Pass {
    Owned,
    Borrowed,
    /// An `Option` of what is borrowed.
    OptionBorrowed,
    /// An `Option` of a text, a list or a path.
    OptionDeref,
    /// State, borrowed.
    State,
    /// A clone of state.
    StateOwned,
}

/// Where a parameter's value comes from.
pub(super) enum Source {
    /// From the program, once.
    State,
    /// From the model, in each call.
    Model {
        description: String,
        /// What stands for it where the model leaves it out, and how that reads as JSON where it is a literal;
        /// `None` where the model must give it.
        default: Option<(TokenStream, Option<String>)>,
    },
}
