//! Stand-ins that answer commands in tests, without a server and a model.
//!
//! [`Script`] answers with replies that the test lists, and [`Fake`] makes up a valid answer. Each takes the place of the whole route: no model, no server, no key
//! and no model file need exist, and no request leaves the process. [`forbid_requests`] makes sure of that.
//!
//! [`Cassette`] records the exchanges with a real model in a file, and plays them afterwards.
//!
//! ```
//! use alloy_runtime::testing::Script;
//! use alloy_runtime::{command, Result};
//!
//! #[command("Translate to French: {text}")]
//! async fn translate(text: &str) -> String;
//!
//! async fn greet() -> Result<String> {
//!     Ok(format!("{}!", translate("Hello").await?))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let script = Script::new().text("Bonjour");
//! assert_eq!(script.run(greet()).await.unwrap(), "Bonjour!");
//! assert!(script.requests()[0].prompt().ends_with("Hello"));
//! # }
//! ```

mod caller;
mod cassette;
mod error;
mod fake;
mod script;
mod stand_in;

pub use self::cassette::{Cassette, CassetteInstallation, CassetteMode, cassette};
pub use self::error::{ErrorBuilder, error};
pub use self::fake::Fake;
pub use self::script::{Replies, Script, ScriptRequest, ScriptedReply};
pub use self::stand_in::Installation;
use crate::global;

/// Forbids requests to real models for the rest of the process: each fails with
/// [`ErrorKind::Unanswered`](crate::ErrorKind::Unanswered), whatever the settings say. Only a stand-in of this module
/// answers from then on. There is no way back.
///
/// Call it at the start of a test, or once per test binary. It covers commands, [`models`](crate::models()) and model
/// files. `ALLOY_BACKEND=forbid` does the same for a whole run of tests and needs no feature, but the process-wide
/// settings can override it.
///
/// ```
/// use alloy_runtime::{ErrorKind, command, testing};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// testing::forbid_requests();
/// assert_eq!(hello().await.unwrap_err().kind(), ErrorKind::Unanswered);
/// # }
/// ```
pub fn forbid_requests() {
    global::forbid_requests();
}
