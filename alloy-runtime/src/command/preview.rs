//! Previews: the first request of a command, built without sending it.

use std::sync::Arc;

use super::{Command, State};
use crate::config::Settings;
use crate::endpoint::Route;
use crate::error::Error;
use crate::global;
use crate::message::Message;
use crate::output::Output;
use crate::pipeline::{self, Transcript};
use crate::warning::Warning;

/// The first request of a command and the settings that produced it. Returned by
/// [`Command::preview`], which sends nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// The complete messages.
    pub messages: Vec<Message>,
    /// Each setting with the layer that set it; keys are redacted.
    pub settings: Settings,
    /// The protocol or the engine in this process, and the reason for it.
    pub route: Route,
    /// The URL of the request without credentials, or `gguf:` and the path of a model file.
    pub url: String,
    /// The body, exactly as it would be sent.
    pub body: String,
    /// The settings that the request cannot express.
    pub warnings: Vec<Warning>,
}

impl<T: Output, M> Command<T, M> {
    /// Returns the first request as it would be sent. Nothing is sent, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// Fails with each error that occurs before a request is sent: a setting is missing or not valid, or the body of
    /// the command failed. It is a configuration error if the command was already polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use alloy_runtime::{Message, command};
    ///
    /// /// Extract the user described in the text.
    /// #[command(model = "ollama:llama3.1")]
    /// async fn extract(text: &str) -> String;
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = extract("Jason is 25 years old").preview()?;
    /// assert_eq!(
    ///     preview.messages,
    ///     [Message::user(
    ///         "Extract the user described in the text.\n\n<text>\nJason is 25 years old\n</text>"
    ///     )]
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn preview(&self) -> Result<Preview, Error> {
        let State::Ready(request) = &self.state else {
            return Err(super::awaited_already());
        };
        if let Some(error) = &request.deferred_error {
            return Err(error.clone_early().with_command(request.definition.name()));
        }
        let output = global::output_spec::<T>();
        let call = pipeline::resolve(request, request.overrides.clone(), output)?;
        let transcript = Transcript::new(call.toolset.is_some());
        let (body, warnings) = pipeline::encode(request, &call, &transcript);
        let system = pipeline::system_message(request, &call).into_iter();
        let mut resolved = Arc::unwrap_or_clone(call.resolved);
        if let Some(system) = &request.system {
            resolved.settings.render_system(system.clone());
        }
        Ok(Preview {
            messages: system.chain(request.conversation()).collect(),
            url: resolved.endpoint.display_url(),
            warnings,
            settings: resolved.settings,
            route: resolved.route,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}
