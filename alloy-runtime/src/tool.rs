//! Tools: functions that a model can call, with what it is told of them.

mod abort;
mod arguments;
mod definition;
mod guard;
mod returned;
mod set;
mod told;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

pub use self::abort::Abort;
pub(crate) use self::arguments::schema;
pub use self::arguments::{Arguments, Parameter, ShownParameter, ToolParameter, parameter};
pub(crate) use self::definition::Definition;
pub(crate) use self::guard::Running;
use self::guard::guarded;
pub use self::returned::{Returned, ToolError, ToolOutput, ToolReturn};
pub(crate) use self::set::Toolset;
pub use self::told::Told;
pub(crate) use self::told::{Failure, Words};
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

/// Reads the arguments of a call, and does what the tool is for. Where it cannot read them it has done nothing.
type Run = dyn Fn(&Value) -> Result<Progress, Unread> + Send + Sync;

/// What a tool's function has done so far.
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
    /// It returns a `Result` of any `Serialize` value, whose error is told to the model (an [`Abort`] ends the
    /// command); or a text, a number, a list, a map; or any other `Serialize` value as
    /// [`Json(value)`](crate::Json).
    ///
    /// The schema is made here: make a tool once, and `clone` it for each call that has it.
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
        A: ToolParameter + 'static,
        R: Returned<K>,
        K: 'static,
    {
        let definition = Definition::of::<A>(&name.into(), &description.into());
        let run = move |arguments: &Value| Ok(run(Unread::whole(arguments)?).progress());
        Self::made(Arc::new(definition), R::IS_ASYNC, run)
    }

    pub(crate) fn made(
        definition: Arc<Definition>,
        is_async: bool,
        run: impl Fn(&Value) -> Result<Progress, Unread> + Send + Sync + 'static,
    ) -> Self {
        Self {
            definition,
            run: Arc::new(run),
            is_async,
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
    pub(crate) fn call(&self, arguments: &Value) -> Called {
        let called = guarded(|| match self.definition.read(arguments, &*self.run) {
            Progress::Done(told) => Called::Over(told.into_words()),
            Progress::Running(running) => Called::Running(Running(running)),
        });
        called.unwrap_or_else(|failure| Called::Over(failure.into_words()))
    }
}

/// A tool that was called.
pub(crate) enum Called {
    Over(Words),
    Running(Running),
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Tool");
        out.field("name", &self.definition.name());
        out.finish_non_exhaustive()
    }
}
