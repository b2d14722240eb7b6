//! Declared tools: the parameters of a function, its conditions, and its result.

use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Contract, Error, ToolCallError};
use crate::global::OnceValue;
pub use crate::output::Unread;
use crate::tool::ToolDefinition;
pub use crate::tool::{
    Arguments, Parameter, ParameterSpec, ToolError, ToolOutcome, ToolOutput, ToolParameter,
    ToolRun, parameter,
};
use crate::tool::{Tool, ToolFailure};

/// The constant part of a declared tool. Each expansion has one `static`.
#[derive(Debug)]
pub struct DeclaredTool {
    name: &'static str,
    description: &'static str,
    parameters: &'static [ParameterSpec],
    definition: OnceValue<Arc<ToolDefinition>>,
}

impl DeclaredTool {
    /// Creates the constant part. The description ends with the conditions.
    #[must_use]
    pub const fn new(
        name: &'static str,
        description: &'static str,
        parameters: &'static [ParameterSpec],
    ) -> Self {
        Self {
            name,
            description,
            parameters,
            definition: OnceValue::new(),
        }
    }

    /// Creates the tool. `run` reads the arguments and calls the function.
    pub fn tool(
        &self,
        is_async: bool,
        run: impl Fn(&Arguments<'_>) -> Result<ToolRun, Unread> + Send + Sync + 'static,
    ) -> Tool {
        let definition = self.definition.get_or_make(|| {
            Arc::new(ToolDefinition::for_parameters(
                self.name,
                self.description,
                self.parameters,
            ))
        });
        let run = move |json: &Value| run(&Arguments::new(json));
        Tool::from_parts(Arc::clone(definition), is_async, run)
    }
}

/// Wraps the outcome of a function.
#[must_use]
pub fn sync_run(outcome: ToolOutcome) -> ToolRun {
    ToolRun::Done(outcome)
}

/// Wraps the future of an `async` function.
pub fn async_run(outcome: impl Future<Output = ToolOutcome> + Send + 'static) -> ToolRun {
    ToolRun::Running(Box::pin(outcome))
}

/// The alias of a name in `tools(…)` that is not a type; see the expansion of `#[command]`.
pub mod not_a_tool {
    /// A type that is not a tool.
    #[derive(Debug)]
    #[allow(non_camel_case_types, reason = "unlike any name of a user")]
    pub struct __AlloyTool {}
}

/// The type that `#[tool]` declares for a function.
///
/// The associated type is the type itself. rustc checks a bound on it only if this trait is implemented, so that it
/// reports a type that is not a tool once.
#[diagnostic::on_unimplemented(
    message = "this is not a tool",
    label = "not a tool",
    note = "put `#[tool]` above its function; `tools(…)` takes the names of tools, or of their handles"
)]
pub trait DeclaredAsTool {
    /// `Self`.
    type Handle;
}

/// A tool without state, which `tools(…)` accepts.
#[diagnostic::on_unimplemented(
    message = "the tool `{Self}` has state, which `tools(…)` cannot pass",
    label = "attach this tool at the call",
    note = "remove it here and write `.tool({Self}::with(state))` where the command is called"
)]
pub trait WithoutState {
    /// Creates the tool.
    fn __alloy_tool() -> Tool;
}

/// A bound that no tool meets: the `tool()` of a tool with state has it.
#[diagnostic::on_unimplemented(
    message = "this tool has state, so `tool()` cannot create it",
    label = "write `with(state)`",
    note = "write `.tool(NAME::with(state))`, with the name of the tool, where the command is called"
)]
pub trait HasNoState {}

/// The body of the `tool()` of a tool with state. It is never called, because its bound does not hold.
#[must_use]
pub fn no_tool() -> Tool {
    unreachable!("a tool with state is created by `with`")
}

/// Creates a tool that an attribute lists.
#[must_use]
pub fn listed_tool<T: DeclaredAsTool>() -> Tool
where
    T::Handle: WithoutState,
{
    <T::Handle as WithoutState>::__alloy_tool()
}

/// The error type of a function with conditions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool with conditions",
    label = "cannot be created from a failed condition",
    note = "return an `alloy_runtime::Result`, or a `Result` with an error that is `From<alloy_runtime::Error>`"
)]
pub trait FromContractError: From<Error> {}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> FromContractError for E {}

/// A failed condition.
#[derive(Debug)]
pub struct ContractViolation {
    contract: Contract,
    message: &'static str,
}

impl ContractViolation {
    /// A failed `#[require]`.
    #[must_use]
    pub const fn require(message: &'static str) -> Self {
        let contract = Contract::Require;
        Self { contract, message }
    }

    /// A failed `#[ensure]`.
    #[must_use]
    pub const fn ensure(message: &'static str) -> Self {
        let contract = Contract::Ensure;
        Self { contract, message }
    }

    /// Converts the failed condition to the outcome that is sent to the model.
    #[must_use]
    pub fn into_outcome(self) -> ToolOutcome {
        let Self { contract, message } = self;
        ToolOutcome(Err(ToolFailure::Contract { contract, message }))
    }
}

/// Converts the result of a function with conditions to the result for its callers in Rust.
///
/// # Errors
///
/// Returns the error of the function, or [`ErrorKind::ContractViolated`](crate::ErrorKind::ContractViolated) for a
/// failed condition.
pub fn checked<T, E: FromContractError>(
    tool: &'static str,
    result: Result<Result<T, E>, ContractViolation>,
) -> Result<T, E> {
    result.unwrap_or_else(|ContractViolation { contract, message }| {
        let detail = ToolCallError::Contract {
            tool,
            contract,
            message,
        };
        Err(Error::new(detail).into())
    })
}

/// The value that a function returned, and the start of a conversion that depends on its type.
///
/// A `Result` and any other value are converted differently, and the macro sees only how the type is written. So the
/// expansion uses autoref specialization:
///
/// ```text
/// (&&ReturnValue(&value)).__alloy_kind().into_outcome(value)
/// ```
///
/// Method resolution tries [`ReturnsResult`], which is implemented for `&ReturnValue<Result<T, E>>`, before
/// [`ReturnsValue`], which is implemented for each `ReturnValue<T>` and needs one more dereference. Neither has a
/// bound on `T`: the bounds are on `into_outcome`, so that rustc reports a type that cannot be sent to a model there,
/// at the span of the return type.
#[derive(Debug)]
pub struct ReturnValue<'a, T>(pub &'a T);

/// The case of a `Result`; see [`ReturnValue`].
pub trait ReturnsResult {
    /// Selects the conversion of a `Result`.
    fn __alloy_kind(&self) -> ResultKind {
        ResultKind
    }
}

impl<T, E> ReturnsResult for &ReturnValue<'_, Result<T, E>> {}

/// The case of any other value; see [`ReturnValue`].
pub trait ReturnsValue {
    /// Selects the conversion of a value.
    fn __alloy_kind(&self) -> ValueKind {
        ValueKind
    }
}

impl<T> ReturnsValue for ReturnValue<'_, T> {}

/// The conversion of a `Result`.
#[derive(Debug)]
pub struct ResultKind;

/// The conversion of a value.
#[derive(Debug)]
pub struct ValueKind;

impl ResultKind {
    /// Converts a `Result` to the outcome that is sent to the model.
    pub fn into_outcome<T: ToolOutput, E: ToolError>(self, result: Result<T, E>) -> ToolOutcome {
        ToolOutcome::result(result)
    }
}

impl ValueKind {
    /// Converts a value to the outcome that is sent to the model.
    pub fn into_outcome<T: ToolOutput>(self, value: T) -> ToolOutcome {
        ToolOutcome::value(&value)
    }
}
