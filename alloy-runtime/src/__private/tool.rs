//! Declared tools: a function's parameters, its conditions, and what it returns.

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Contract, Detail, Error};
use crate::global::Once;
pub use crate::output::Unread;
use crate::tool::Definition;
pub use crate::tool::{
    Arguments, Parameter, Progress, ShownParameter, Told, ToolError, ToolOutput, ToolParameter,
    parameter,
};
use crate::tool::{Failure, Tool, schema};

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

    /// The tool, with what reads its arguments and does what it is for.
    pub fn tool(
        &self,
        is_async: bool,
        run: impl Fn(&Arguments<'_>) -> Result<Progress, Unread> + Send + Sync + 'static,
    ) -> Tool {
        let definition = self.definition.get_or_make(|| {
            let parameters = schema(self.parameters);
            Arc::new(Definition::new(self.name, self.description, &parameters))
        });
        let run = move |json: &Value| run(&Arguments::of(json));
        Tool::made(Arc::clone(definition), is_async, run)
    }
}

/// What a function gave back.
#[must_use]
pub fn now(told: Told) -> Progress {
    Progress::Done(told)
}

/// What an async function will give back.
pub fn later(told: impl Future<Output = Told> + Send + 'static) -> Progress {
    Progress::Running(Box::pin(told))
}

/// Names in `tools(…)` that are none, where nothing else has this name: see the expansion of `#[command]`.
pub mod no_tool {
    /// What a function is that is no tool.
    #[derive(Debug)]
    #[allow(non_camel_case_types, reason = "no name of a user's is like it")]
    pub struct __AlloyTool {}
}

/// What stands beside a function under `#[tool]`. Its one associated type is itself: a bound on that is looked at
/// only where this one holds, so that what is no tool is told once.
#[diagnostic::on_unimplemented(
    message = "this is no tool",
    label = "not a tool",
    note = "put `#[tool]` above its function; `tools(…)` takes the names of tools, or of their handles"
)]
pub trait DeclaredAsTool {
    /// The same type.
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
    fn __alloy_tool() -> Tool;
}

/// A tool that an attribute lists.
#[must_use]
pub fn listed<T: DeclaredAsTool>() -> Tool
where
    T::Handle: WithoutState,
{
    <T::Handle as WithoutState>::__alloy_tool()
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

/// A condition that does not hold.
#[derive(Debug)]
pub struct Broken {
    contract: Contract,
    message: &'static str,
}

impl Broken {
    /// A `#[require]`.
    #[must_use]
    pub const fn require(message: &'static str) -> Self {
        let contract = Contract::Require;
        Self { contract, message }
    }

    /// An `#[ensure]`.
    #[must_use]
    pub const fn ensure(message: &'static str) -> Self {
        let contract = Contract::Ensure;
        Self { contract, message }
    }

    /// What the model is told.
    #[must_use]
    pub fn told(self) -> Told {
        let Self { contract, message } = self;
        Told(Err(Failure::Broken { contract, message }))
    }
}

/// What a function with conditions gives to whoever calls it in Rust.
///
/// # Errors
///
/// The function's own, and that of a broken condition.
pub fn checked<T, E: TellsContract>(
    tool: &'static str,
    result: Result<Result<T, E>, Broken>,
) -> Result<T, E> {
    result.unwrap_or_else(|Broken { contract, message }| {
        let detail = Detail::Contract {
            tool,
            broken: contract,
            message,
        };
        Err(Error::new(detail).into())
    })
}

/// What a function returned, to be told by its type: as the nearest of the traits below that it has.
#[derive(Debug)]
pub struct ToTell<'a, T>(pub &'a T);

/// A `Result`.
pub trait TellResult {
    /// How it is told.
    fn __alloy_how(&self) -> AsResult {
        AsResult
    }
}

impl<T, E> TellResult for &ToTell<'_, Result<T, E>> {}

/// Anything else.
pub trait TellValue {
    /// How it is told.
    fn __alloy_how(&self) -> AsValue {
        AsValue
    }
}

impl<T> TellValue for ToTell<'_, T> {}

/// See [`TellResult`].
#[derive(Debug)]
pub struct AsResult;

/// See [`TellValue`].
#[derive(Debug)]
pub struct AsValue;

impl AsResult {
    /// What the model is told.
    pub fn told<T: ToolOutput, E: ToolError>(self, result: Result<T, E>) -> Told {
        Told::result(result)
    }
}

impl AsValue {
    /// What the model is told.
    pub fn told<T: ToolOutput>(self, value: T) -> Told {
        Told::value(&value)
    }
}
