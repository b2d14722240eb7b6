//! Tools: functions that a model can call, and their definitions in requests.

mod abort;
mod arguments;
mod definition;
mod into_output;
mod outcome;
mod panic;
mod toolset;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

pub use self::abort::Abort;
pub use self::arguments::{Arguments, Parameter, ParameterSpec, ToolParameter, parameter};
pub(crate) use self::definition::ToolDefinition;
pub use self::into_output::{IntoToolOutput, ToolError, ToolOutput, ToolReturn};
pub use self::outcome::ToolOutcome;
pub(crate) use self::outcome::{ToolFailure, ToolMessage};
pub(crate) use self::panic::panic_message;
use self::panic::{CatchPanic, catch_panic};
pub(crate) use self::toolset::Toolset;
use crate::output::Unread;

/// A function that a model can call. Attach it to a command by [`tool`](crate::Command::tool) or
/// [`tools`](crate::Command::tools).
///
/// A function with the attribute [`#[tool]`](macro@crate::tool) becomes a `Tool` by `add::tool()`, or by
/// `query::with(state)` if it has state. [`Tool::new`] creates one from a closure.
#[derive(Clone)]
pub struct Tool {
    definition: Arc<ToolDefinition>,
    run: Arc<RunTool>,
    is_async: bool,
}

/// Deserializes the arguments of a call and starts the tool's function. If deserialization fails, the function was
/// not called.
type RunTool = dyn Fn(&Value) -> Result<ToolRun, Unread> + Send + Sync;

/// A started call of a tool's function.
#[allow(
    missing_debug_implementations,
    reason = "the boxed future does not implement `Debug`, and only macro expansions name the type"
)]
pub enum ToolRun {
    /// The function has returned.
    Done(ToolOutcome),
    /// The function is async and has to be awaited.
    Running(Pin<Box<dyn Future<Output = ToolOutcome> + Send>>),
}

impl Tool {
    /// Creates a tool from a closure, sync or async.
    ///
    /// The model reads `description`: say what the tool does and when to use it. The arguments are the fields
    /// of `A`, described by their doc comments. The model may omit a field that has a default or is an
    /// `Option`. A sync closure runs on a separate thread and may block.
    ///
    /// The closure returns a string, a number, a list or a map; any other `Serialize` value as
    /// [`Json(value)`](crate::Json); or a `Result` of any `Serialize` value. An error is sent to the model,
    /// except an [`Abort`], which ends the command.
    ///
    /// `new` generates the schema of the arguments. Create a tool once and `clone` it for each command.
    ///
    /// # Errors
    ///
    /// `new` does not fail. The command fails with an error of kind
    /// [`Configuration`](crate::ErrorKind::Configuration) if `name` is not valid (1 to 64 ASCII letters,
    /// digits, `_` and `-`, starting with a letter or `_`), if `A` is neither an object nor `()`, or if two of
    /// its tools have the same name.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::collections::HashMap;
    ///
    /// use alloy_runtime::{Tool, ask};
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Lookup {
    ///     /// The name of the product.
    ///     product: String,
    /// }
    ///
    /// # async fn run() -> Result<(), alloy_runtime::Error> {
    /// let prices = HashMap::from([("lamp", 19.90), ("desk", 120.0)]);
    /// let price = Tool::new("price", "The price of a product.", move |lookup: Lookup| {
    ///     prices.get(lookup.product.as_str()).copied()
    /// });
    /// println!("{}", ask("What does the lamp cost?").tool(price).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<A, R, M>(
        name: impl Into<String>,
        description: impl Into<String>,
        run: impl Fn(A) -> R + Send + Sync + 'static,
    ) -> Self
    where
        A: ToolParameter + 'static,
        R: IntoToolOutput<M>,
        M: 'static,
    {
        let definition = ToolDefinition::for_type::<A>(&name.into(), &description.into());
        let run = move |arguments: &Value| Ok(run(Unread::whole(arguments)?).into_run());
        Self::from_parts(Arc::new(definition), R::IS_ASYNC, run)
    }

    /// Creates a tool from its definition and a function that deserializes the arguments.
    pub(crate) fn from_parts(
        definition: Arc<ToolDefinition>,
        is_async: bool,
        run: impl Fn(&Value) -> Result<ToolRun, Unread> + Send + Sync + 'static,
    ) -> Self {
        Self {
            definition,
            run: Arc::new(run),
            is_async,
        }
    }

    /// Returns the definition that requests contain.
    pub(crate) fn definition(&self) -> &ToolDefinition {
        &self.definition
    }

    /// Returns `true` if the tool does not block, so that it can run on the command's task.
    pub(crate) fn is_async(&self) -> bool {
        self.is_async
    }

    /// Calls the tool. A panic is a failure of the tool.
    pub(crate) fn call(&self, arguments: &Value) -> ToolRun {
        catch_panic(|| self.definition.start(arguments, &*self.run))
            .unwrap_or_else(|failure| ToolRun::Done(ToolOutcome(Err(failure))))
    }
}

impl ToolRun {
    /// Waits for the result, and returns the message for the model. A panic is a failure of the tool.
    pub(crate) async fn finish(self) -> ToolMessage {
        let outcome = match self {
            Self::Done(outcome) => Ok(outcome),
            Self::Running(future) => CatchPanic(future).await,
        };
        // `into_message` calls the `Display` of the tool's error, which may panic as well.
        let message = outcome.and_then(|outcome| catch_panic(|| outcome.into_message()));
        message.unwrap_or_else(ToolFailure::into_message)
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Tool");
        out.field("name", &self.definition.name());
        out.finish_non_exhaustive()
    }
}
