//! A backend that makes up valid answers.

use std::future::Future;

use super::caller::Caller;
use super::stand_in::{self, Installation};
use crate::backend::{self, FakeBackend};
use crate::config::Backend;

/// Made-up answers for tests that need a valid value and do not care which one.
///
/// A text command gets readable sentences. A typed one gets a value that its type accepts, written from its schema: an
/// example (`#[schemars(example = …)]`) or a default if the field has one, a variant of an enum, or a generated value
/// within the ranges, lengths, patterns and formats. An empty default (null, `""`, `[]`, `{}`) is not used, because it
/// does not show how a value looks.
///
/// The value follows from the seed, the command and the request: the same test gets the same values, on every machine.
/// It satisfies the `#[ensure]` conditions of its command: up to 200 values are tried.
///
/// `ALLOY_BACKEND=fake` answers all commands of a program this way, with the seed 0.
///
/// ```
/// use alloy_runtime::testing::Fake;
/// use alloy_runtime::command;
///
/// #[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
/// struct User {
///     name: String,
///     #[schemars(range(min = 18, max = 99))]
///     age: u8,
///     #[schemars(regex(pattern = "^[A-Z]{2}-[0-9]{4}$"))]
///     code: String,
///     #[schemars(example = "ann@example.org")]
///     email: String,
/// }
///
/// #[command("Extract the user: {text}")]
/// async fn extract(text: &str) -> User;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let user = Fake::new().run(extract("…")).await.unwrap();
/// assert!((18..=99).contains(&user.age));
/// assert_eq!(user.code.len(), 7);
/// assert_eq!(user.email, "ann@example.org");
///
/// let again = Fake::new().run(extract("…")).await.unwrap();
/// assert_eq!(user, again);
/// # }
/// ```
///
/// # Errors
///
/// A command fails with an error of kind [`ErrorKind::Unanswered`](crate::ErrorKind::Unanswered) if no valid value is
/// found for its type. The error names the field, and its [`help`](crate::Error::help) shows the
/// [`Script`](super::Script) to write. This happens if
///
/// - limits exclude each other, or a pattern is not supported (look-around and back references are not), in a part that
///   no value can do without;
/// - the type checks more than its schema says, and rejects 50 values;
/// - 200 values break an `#[ensure]`.
///
/// ```
/// use alloy_runtime::testing::Fake;
/// use alloy_runtime::{ErrorKind, command};
///
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// struct Login {
///     #[schemars(regex(pattern = "^(?=.*[0-9]).{8,}$"))]
///     password: String,
/// }
///
/// #[command("Choose a login")]
/// async fn choose() -> Login;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let error = Fake::new().run(choose()).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unanswered);
/// assert!(error.to_string().contains("password: the pattern"), "{error}");
/// assert!(error.help().contains(r#"Script::new().on("choose", "#));
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Fake(FakeBackend);

impl Fake {
    /// Creates a fake with the seed 0, which calls no tools.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the seed. Another seed gives other values.
    ///
    /// ```
    /// # use alloy_runtime::{command, testing::Fake};
    /// # #[command("Rate the text: {text}")]
    /// # async fn rate(text: &str) -> u8;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// // The code must handle every rating.
    /// for seed in 0..10 {
    ///     let rating = Fake::new().seed(seed).run(rate("…")).await.unwrap();
    ///     assert!(format!("{rating}/255").len() <= 7);
    /// }
    /// # }
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }

    /// Calls each tool of a command once, with made-up arguments that its schema accepts, before the answer. By default
    /// no tool is called.
    ///
    /// ```
    /// # use alloy_runtime::{command, testing::Fake, tool};
    /// /// Looks up a price.
    /// #[tool]
    /// fn price(product: String) -> f64 {
    ///     19.9
    /// }
    ///
    /// #[command("What is the cheapest lamp?", tools(price))]
    /// async fn cheapest() -> String;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let outcome = Fake::new().call_tools().run(cheapest().outcome()).await.unwrap();
    /// assert_eq!(outcome.tool_results[0].name, "price");
    /// # }
    /// ```
    pub fn call_tools(mut self) -> Self {
        self.0.calls_tools = true;
        self
    }

    /// Runs a future, whose commands the fake answers.
    ///
    /// Commands in tasks that the future spawns are outside of it: they fail, and never reach a model. Use
    /// [`install`](Self::install) for them.
    ///
    /// # Panics
    ///
    /// If a stand-in is installed on the current runtime already.
    #[track_caller]
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        stand_in::run(self.clone(), Caller::new(), future)
    }

    /// Answers the commands of the current tokio runtime until the guard is dropped: those of every task, and of the
    /// threads of tools. Outside of a runtime, it answers those of the current thread and their `.blocking()` calls.
    ///
    /// ```
    /// # use alloy_runtime::{command, testing::Fake};
    /// # #[command("Say hello")]
    /// # async fn hello() -> String;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let _guard = Fake::new().install();
    /// let task = tokio::spawn(async { hello().await });
    /// assert!(task.await.unwrap().unwrap().ends_with('.'));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If a stand-in is installed on this runtime or thread already.
    #[must_use = "the fake is removed when the guard is dropped"]
    #[track_caller]
    pub fn install(&self) -> Installation {
        stand_in::install(self.clone(), Caller::new(), || {})
    }
}

impl From<Fake> for Backend {
    fn from(Fake(fake): Fake) -> Self {
        backend::custom(Self::fake().name(), fake)
    }
}
