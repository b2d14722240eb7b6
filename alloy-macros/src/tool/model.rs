//! A checked tool, from which the expansion is written.

use proc_macro2::{Ident, TokenStream};
use syn::{Path, Type};

use crate::contract::Contract;
use crate::function::Function;

pub(super) struct Tool<'a> {
    /// The function, without the attributes that only this macro reads.
    pub(super) function: &'a Function,
    pub(super) names: ToolNames,
    /// The description for the model: the doc comment or the humanized name, and the conditions.
    pub(super) description: String,
    pub(super) params: Vec<ToolParam>,
    pub(super) requires: Vec<Contract>,
    pub(super) ensures: Vec<Contract>,
    /// The return type, if it is written.
    pub(super) returns: Option<Type>,
    /// `true` if the call of the function is awaited.
    pub(super) is_async: bool,
}

/// The names that the expansion uses.
pub(super) struct ToolNames {
    /// The type by which commands refer to the tool. It has the name of the function or that of the key `handle`.
    pub(super) handle: Ident,
    /// The path of alloy-runtime.
    pub(super) crate_path: Path,
}

/// A parameter of the function.
pub(super) struct ToolParam {
    pub(super) name: Ident,
    /// The owned type in which the value is stored before the call.
    pub(super) ty: TokenStream,
    pub(super) pass: PassMode,
    pub(super) source: ParamSource,
}

/// The conversion from the stored value to the argument of the function.
pub(super) enum PassMode {
    /// The value itself.
    Owned,
    /// `&value`.
    Borrowed,
    /// `value.as_ref()`, for an `Option` of a reference.
    OptionBorrowed,
    /// `value.as_deref()`, for an `Option<&str>`, `Option<&[T]>` or `Option<&Path>`.
    OptionDeref,
    /// A reference to the state.
    State,
    /// A clone of the state.
    StateOwned,
}

/// The source of a parameter's value.
pub(super) enum ParamSource {
    /// The program passes it once, to `with`.
    State,
    /// The model passes it in each call.
    Model {
        description: String,
        /// The value if the model omits the parameter, and its JSON if it is a literal. `None` for a required
        /// parameter.
        default: Option<(TokenStream, Option<String>)>,
    },
}
