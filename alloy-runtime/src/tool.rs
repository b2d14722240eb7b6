//! Tools: functions that a model can call, with what it is told of them.

mod abort;
mod arguments;
mod definition;
mod result;
mod returned;
mod set;
mod told;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::abort::Abort;
pub(crate) use self::arguments::schema;
pub use self::arguments::{Arguments, Parameter, ShownParameter, parameter};
pub(crate) use self::definition::Definition;
pub use self::result::{ToolResult, ToolStatus};
pub use self::returned::{Returned, ToolError, ToolOutput};
pub(crate) use self::set::Toolset;
pub use self::told::Told;
pub(crate) use self::told::panicked;
use crate::output::Unread;

/// A function that a model can call, as a value: what [`tool`](crate::Command::tool) and
/// [`tools`](crate::Command::tools) of a command take.
///
/// A function under [`#[tool]`](macro@crate::tool) is one by its name: `add::tool()`, or
/// `query::with(state)` where it has state. [`Tool::new`] makes one of a closure.
#[derive(Clone)]
pub struct Tool {
    definition: Arc<Definition>,
    run: Arc<Run>,
    is_async: bool,
}

/// Reads the arguments of a call, and does what the tool is for.
type Run = dyn Fn(&Definition, &Value) -> Progress + Send + Sync;

/// A tool that was called.
#[allow(
    missing_debug_implementations,
    reason = "a future has none, and nobody sees this one"
)]
pub enum Progress {
    /// It gave its result.
    Done(Told),
    /// It has something to wait for.
    Running(Pin<Box<dyn Future<Output = Told> + Send>>),
}

impl Tool {
    /// A tool from a closure, sync or async.
    ///
    /// `description` says what it does and when to use it: the model reads it. The arguments are the fields
    /// of `A`, with their doc comments; those with a default, or an `Option`, may be left out. A closure that
    /// is not async runs on a thread of its own, where it may block.
    ///
    /// It returns any `Serialize` value, or a `Result` of one: an error is told to the model, and an
    /// [`Abort`] ends the command. An error that is `Serialize` itself, such as a `String`, is ambiguous to
    /// the compiler: make a `Box<dyn Error + Send + Sync>` of it.
    ///
    /// # Errors
    ///
    /// A name that is none (letters, digits, `_` and `-`, at most 64, a letter or `_` first) and two tools of
    /// one name are configuration errors of the command.
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
    pub fn new<A, R, K>(
        name: impl Into<String>,
        description: impl Into<String>,
        run: impl Fn(A) -> R + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        R: Returned<K>,
        K: 'static,
    {
        let definition = Definition::of::<A>(&name.into(), &description.into());
        Self::called(Arc::new(definition), Unread::whole::<A>, run)
    }

    /// A tool whose arguments are read by `read`.
    pub(crate) fn called<A, R, K>(
        definition: Arc<Definition>,
        read: impl Fn(&Value) -> Result<A, Unread> + Send + Sync + 'static,
        run: impl Fn(A) -> R + Send + Sync + 'static,
    ) -> Self
    where
        A: 'static,
        R: Returned<K>,
        K: 'static,
    {
        let run = move |definition: &Definition, arguments: &Value| match definition
            .read(arguments, &read)
        {
            Ok(arguments) => run(arguments).progress(),
            Err(told) => Progress::Done(told),
        };
        Self {
            definition,
            run: Arc::new(run),
            is_async: R::IS_ASYNC,
        }
    }

    /// What the model is told of it.
    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Whether it may be called where nothing may block.
    pub(crate) fn is_async(&self) -> bool {
        self.is_async
    }

    /// Calls it.
    pub(crate) fn call(&self, arguments: &Value) -> Progress {
        (self.run)(&self.definition, arguments)
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Tool");
        out.field("name", &self.definition.name());
        out.finish_non_exhaustive()
    }
}
