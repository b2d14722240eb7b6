//! A checked command, from which the expansion is written.

use proc_macro2::{Group, Span, TokenStream};
use syn::{Attribute, Ident, LitStr, Path, Signature, Type, Visibility};

use crate::contract::Contract;

pub(super) struct Command<'a> {
    pub(super) attrs: &'a [Attribute],
    pub(super) vis: &'a Visibility,
    /// The signature as written, including `async` and the return type.
    pub(super) sig: &'a Signature,
    /// The span of the body, or of the `;` in its place.
    pub(super) body_span: Span,
    pub(super) output: Type,
    /// The return type as written, if it is a `Result`.
    pub(super) result: Option<Type>,
    pub(super) prompt: Prompt<'a>,
    /// The file of the prompt. The expansion includes it, so that the crate is compiled again when it changes.
    pub(super) prompt_file: Option<LitStr>,
    pub(super) system: Option<SystemMessage>,
    pub(super) settings: Vec<Setting>,
    /// The paths of `tools(…)`.
    pub(super) tools: Vec<Path>,
    pub(super) ensures: Vec<Contract>,
    /// The path of alloy-runtime.
    pub(super) crate_path: Path,
}

/// A key with a constant value. `CommandDefinition` has a method of its name.
pub(super) struct Setting {
    pub(super) key: Ident,
    pub(super) value: SettingValue,
}

/// The value of a key.
pub(super) enum SettingValue {
    Tokens(TokenStream),
    /// A variant of `Think`.
    Think(Ident),
    /// Pairs of a name and a value as JSON.
    Options(Vec<(String, String)>),
}

/// The source of the prompt.
pub(super) enum Prompt<'a> {
    /// A string literal in the attribute or as the whole body, or a file.
    Template(Template),
    Body {
        block: &'a Group,
        /// `true` if the body can use `?`.
        fallible: bool,
    },
    /// The doc comment or the name of the function, followed by the parameters it does not use.
    Described {
        /// A format string with the span of the doc comment or the name.
        text: Template,
        blocks: Vec<ParamBlock>,
    },
}

/// A template, which `format_args!` renders.
pub(super) struct Template {
    /// The literal as written, or its text without the indentation.
    pub(super) literal: LitStr,
    /// The parameters that the template shows by `Display` alone.
    pub(super) displayed: Vec<Ident>,
}

/// The system message of an attribute.
pub(super) enum SystemMessage {
    /// Text without placeholders.
    Fixed(String),
    Rendered(Template),
}

/// A parameter that follows the prompt as a labeled block.
pub(super) struct ParamBlock {
    pub(super) name: Ident,
    /// `true` for an `Option`, which is left out if it is `None`.
    pub(super) is_optional: bool,
}
