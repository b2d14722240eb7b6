//! A command's first request, looked at before it is sent.

use std::sync::Arc;

use super::{Command, State};
use crate::config::Settings;
use crate::error::Error;
use crate::global;
use crate::message::Message;
use crate::output::Output;
use crate::pipeline;
use crate::route::Route;
use crate::warning::Warning;

/// What a command would send first, and the settings behind it. Nothing was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// The messages, every word of them.
    pub messages: Vec<Message>,
    /// Each setting with the layer it came from; keys are blanked.
    pub settings: Settings,
    /// The protocol, or the engine in this process, and why.
    pub route: Route,
    /// Where the request goes, without credentials; the path of a model file.
    pub url: String,
    /// The body, byte for byte.
    pub body: String,
    /// What the request cannot express of the settings.
    pub warnings: Vec<Warning>,
}

impl<T: Output, M> Command<T, M> {
    /// Shows the first request as it would be sent. Nothing is sent, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// What would keep the command from sending anything: a setting that is missing or cannot be
    /// used, a body that failed, or that the command was awaited already.
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
        if let Some(error) = &request.refused {
            return Err(error.again().of_command(request.definition.name()));
        }
        let prepared =
            pipeline::prepare(request, request.call.clone(), global::expectation::<T>())?;
        let system = prepared.system_message(request).into_iter();
        let mut target = Arc::unwrap_or_clone(prepared.target);
        if let Some(system) = &request.system {
            target.settings.render_system(system.clone());
        }
        Ok(Preview {
            messages: system.chain(request.conversation()).collect(),
            url: target.destination.url(),
            warnings: prepared.warnings,
            settings: target.settings,
            route: target.route,
            body: String::from_utf8_lossy(&prepared.body).into_owned(),
        })
    }
}
