//! Declared tools: a function's parameters, its conditions, and what it returns.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Contract, Detail, Error};
use crate::global::Once;
pub use crate::output::Unread;
use crate::tool::Definition;
pub use crate::tool::{
    Arguments, Parameter, Progress, Returned, ShownParameter, Told, ToolError, ToolOutput,
    parameter,
};
use crate::tool::{Tool, schema};

/// What a declaration says at compile time. One static a tool.
#[derive(Debug)]
pub struct DeclaredTool {
    name: &'static str,
    description: &'static str,
    parameters: &'static [ShownParameter],
    definition: Once<Arc<Definition>>,
}

impl DeclaredTool {
    /// A tool of this name. The description ends with its conditions.
    #[must_use]
    pub const fn new(
        name: &'static str,
        description: &'static str,
        parameters: &'static [ShownParameter],
    ) -> Self {
        Self {
            name,
            description,
            parameters,
            definition: Once::new(),
        }
    }

    /// The tool, with what reads its arguments and what it does with them.
    pub fn tool<A: 'static>(
        &self,
        read: fn(&Arguments<'_>) -> Result<A, Unread>,
        run: impl Fn(A) -> Told + Send + Sync + 'static,
    ) -> Tool {
        self.called(read, run)
    }

    /// The same of an async function.
    pub fn async_tool<A: 'static, F>(
        &self,
        read: fn(&Arguments<'_>) -> Result<A, Unread>,
        run: impl Fn(A) -> F + Send + Sync + 'static,
    ) -> Tool
    where
        F: Future<Output = Told> + Send + 'static,
    {
        self.called(read, run)
    }

    fn called<A: 'static, R: Returned<K>, K: 'static>(
        &self,
        read: fn(&Arguments<'_>) -> Result<A, Unread>,
        run: impl Fn(A) -> R + Send + Sync + 'static,
    ) -> Tool {
        let definition = self.definition.get_or_make(|| {
            let parameters = schema(self.parameters);
            Arc::new(Definition::new(self.name, self.description, &parameters))
        });
        let read = move |json: &Value| read(&Arguments::of(json));
        Tool::called(Arc::clone(definition), read, run)
    }
}

/// Names in `tools(…)` that are none, where nothing else has this name: see the expansion of `#[command]`.
pub mod no_tool {
    /// What a function is that is no tool.
    #[derive(Debug)]
    #[allow(non_camel_case_types, reason = "no name of a user's is like it")]
    pub struct __AlloyTool {}
}

/// What stands beside a function under `#[tool]`.
#[diagnostic::on_unimplemented(
    message = "this is no tool",
    label = "not a tool",
    note = "put `#[tool]` above its function; `tools(…)` takes the names of tools, or of their handles"
)]
pub trait DeclaredAsTool {
    /// The same type: what is asked whether it has state.
    type Handle;
}

/// What `tools(…)` takes: a tool that has no state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has state, and `tools(…)` does not know it",
    label = "attach this tool at the call",
    note = "leave it out here and write `.tool({Self}::with(state))` where the command is called"
)]
pub trait WithoutState {
    /// The tool.
    fn tool() -> Tool;
}

/// A tool that an attribute lists.
#[must_use]
pub fn listed<T: DeclaredAsTool>() -> Tool
where
    T::Handle: WithoutState,
{
    <T::Handle as WithoutState>::tool()
}

/// The error of a function with conditions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool with conditions",
    label = "cannot tell a broken condition",
    note = "return an `alloy_runtime::Result`, or a `Result` with an error that is `From<alloy_runtime::Error>`"
)]
pub trait TellsContract: From<Error> {}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> TellsContract for E {}

/// The error of a broken `#[require]`, for whoever calls the function.
///
/// # Errors
///
/// Always.
pub fn not_run<T, E: TellsContract>(tool: &'static str, message: &'static str) -> Result<T, E> {
    Err(broken(tool, Contract::Require, message).into())
}

/// The error of a broken `#[ensure]`, likewise.
///
/// # Errors
///
/// Always.
pub fn not_accepted<T, E: TellsContract>(
    tool: &'static str,
    message: &'static str,
) -> Result<T, E> {
    Err(broken(tool, Contract::Ensure, message).into())
}

fn broken(tool: &'static str, broken: Contract, message: &'static str) -> Error {
    Error::new(Detail::Contract {
        tool,
        broken,
        message,
    })
}

/// What a function returned, to be told by its type: the nearest of the traits below that has it.
#[derive(Debug)]
pub struct ToTell<'a, T>(pub &'a T);

/// A `Result` with something around an error, such as `anyhow::Error`.
pub trait ByWrapped {
    /// How it is told.
    fn __alloy_how(&self) -> HowWrapped {
        HowWrapped
    }
}

impl<T, E: AsRef<dyn StdError + Send + Sync>> ByWrapped for &&ToTell<'_, Result<T, E>> {}

/// A `Result`.
pub trait ByResult {
    /// How it is told.
    fn __alloy_how(&self) -> HowResult {
        HowResult
    }
}

impl<T, E> ByResult for &ToTell<'_, Result<T, E>> {}

/// Anything else.
pub trait ByValue {
    /// How it is told.
    fn __alloy_how(&self) -> HowValue {
        HowValue
    }
}

impl<T> ByValue for ToTell<'_, T> {}

/// See [`ByWrapped`].
#[derive(Debug)]
pub struct HowWrapped;

/// See [`ByResult`].
#[derive(Debug)]
pub struct HowResult;

/// See [`ByValue`].
#[derive(Debug)]
pub struct HowValue;

impl HowWrapped {
    /// What the model is told.
    pub fn told<T: ToolOutput, E: ToolError + AsRef<dyn StdError + Send + Sync>>(
        self,
        result: Result<T, E>,
    ) -> Told {
        result.map_or_else(Told::wrapped, |value| Told::value(&value))
    }
}

impl HowResult {
    /// What the model is told.
    pub fn told<T: ToolOutput, E: ToolError>(self, result: Result<T, E>) -> Told {
        result.map_or_else(Told::error, |value| Told::value(&value))
    }
}

impl HowValue {
    /// What the model is told.
    pub fn told<T: ToolOutput>(self, value: T) -> Told {
        Told::value(&value)
    }
}
