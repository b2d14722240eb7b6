//! What the expansion of a command needs: nothing in it can be wrong any more.

use proc_macro2::{Group, Span, TokenStream};
use syn::{Attribute, Ident, LitStr, Path, Signature, Type, Visibility};

use crate::contract::Contract;
use crate::template::Piece;

pub(super) struct Command<'a> {
    pub(super) attrs: &'a [Attribute],
    pub(super) vis: &'a Visibility,
    /// The signature as it is written, `async` and return type included.
    pub(super) sig: &'a Signature,
    /// Where the braces of the function are, or would be.
    pub(super) body_span: Span,
    pub(super) output: Type,
    /// The return type as written, where it is a `Result`.
    pub(super) result: Option<Type>,
    pub(super) prompt: Prompt<'a>,
    /// The file that the prompt is from: a change of it compiles the crate again.
    pub(super) prompt_file: Option<LitStr>,
    pub(super) system: Option<System>,
    pub(super) settings: Vec<Setting>,
    /// The paths of `tools(…)`.
    pub(super) tools: Vec<Path>,
    pub(super) ensures: Vec<Contract>,
    /// Where `alloy-runtime` is.
    pub(super) path: Path,
}

/// A key that is the same in every call. `Definition` has a method of its name.
pub(super) struct Setting {
    pub(super) key: Ident,
    pub(super) value: Value,
}

pub(super) enum Value {
    Tokens(TokenStream),
    /// A variant of `Think`.
    Think(Ident),
    /// Names, and values as JSON.
    Options(Vec<(String, String)>),
}

/// Where the prompt comes from.
pub(super) enum Prompt<'a> {
    /// A string literal of the attribute, or as the whole body; or a file.
    Template(Template),
    Body {
        block: &'a Group,
        /// Whether the body may use `?`.
        fallible: bool,
    },
    /// The doc comment or the function's name, and the parameters it does not mention after it.
    Words {
        /// A format string; its span is where its text came from.
        text: LitStr,
        blocks: Vec<Block>,
    },
}

/// A template, rendered in one of two ways.
pub(super) enum Template {
    /// As rustc renders the literal.
    Literal(LitStr),
    /// In pieces, because its indentation is taken off; the literal is still checked as it stands.
    Dedented { literal: LitStr, pieces: Vec<Piece> },
}

/// The system text of an attribute.
pub(super) enum System {
    /// The same in every call.
    Fixed(String),
    Rendered(Template),
}

/// A parameter that follows the prompt as a labelled block.
pub(super) struct Block {
    pub(super) name: Ident,
    /// Whether it is an `Option`, which is left out when `None`.
    pub(super) optional: bool,
}
