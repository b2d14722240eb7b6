//! What one call sets for itself.

use std::sync::Arc;
use std::time::Duration;

use super::{Command, State};
use crate::config::{
    Host, Layer, Text, check_max_tokens, check_model, check_temperature, check_timeout,
};
use crate::error::Error;

/// Settings of this call: each wins over the attribute and the environment.
///
/// A value that cannot be used is an [`Error`] of kind
/// [`Configuration`](crate::ErrorKind::Configuration) when the command is awaited; the first one is
/// kept. A setter on a command that was polled before has no effect.
impl<T, M> Command<T, M> {
    /// The model: `ollama:NAME`, `ollama/NAME`, `local:NAME`, or just `NAME`.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().model("ollama:qwen3:4b").preview()?;
    /// assert!(preview.body.contains(r#""model":"qwen3:4b""#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn model(self, model: impl Into<String>) -> Self {
        let model = model.into();
        self.set(|call| {
            check_model("the model", &model, "Pass a model to `.model(…)`.")?;
            call.model = Some(Text::Owned(model));
            Ok(())
        })
    }

    /// The system text, which stands above the prompt. It replaces the attribute's; an empty one takes
    /// that away. It is sent as it is: placeholders are for the attribute.
    ///
    /// ```
    /// # use alloy_runtime::{Message, command};
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().system("Answer in French.").preview()?;
    /// assert_eq!(preview.messages[0], Message::system("Answer in French."));
    /// # Ok(())
    /// # }
    /// ```
    pub fn system(self, system: impl Into<String>) -> Self {
        self.set(|call| {
            call.system = Some(Text::Owned(system.into()));
            Ok(())
        })
    }

    /// How freely the model chooses its words, from 0 (always the likeliest) to 2. Unset, the model's
    /// own default holds.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().temperature(0.2).preview()?;
    /// assert!(preview.body.contains(r#""temperature":0.2"#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn temperature(self, temperature: f64) -> Self {
        self.set(|call| {
            let checked = check_temperature("temperature", temperature, "`.temperature(…)`")?;
            call.temperature = Some(checked);
            Ok(())
        })
    }

    /// The most tokens an answer may take, at least 1, thinking included. An answer that reaches it
    /// is an error of kind [`Truncated`](crate::ErrorKind::Truncated), which carries the text so far.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().max_tokens(200).preview()?;
    /// assert!(preview.body.contains(r#""num_predict":200"#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_tokens(self, max_tokens: u32) -> Self {
        self.set(|call| {
            let checked = check_max_tokens("max_tokens", max_tokens, "`.max_tokens(…)`")?;
            call.max_tokens = Some(checked);
            Ok(())
        })
    }

    /// How long everything may take, from the first poll to the value. Unset, the command waits as
    /// long as the server works: the first call of a model loads it, which can take minutes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().timeout(Duration::from_secs(90)).preview()?;
    /// assert!(preview.settings.to_string().contains("90s  (call)"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|call| {
            call.timeout = Some(check_timeout("timeout", timeout, "`.timeout(…)`")?);
            Ok(())
        })
    }

    /// The server's address, as in `OLLAMA_HOST`: `gpu-box`, `127.0.0.1:11434`,
    /// `http://gpu-box:11434/ollama`.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().host("gpu-box").preview()?;
    /// assert_eq!(preview.url, "http://gpu-box:11434/api/chat");
    /// # Ok(())
    /// # }
    /// ```
    pub fn host(self, host: impl AsRef<str>) -> Self {
        self.set(|call| {
            call.host = Some(Arc::new(Host::parse("the host", host.as_ref())?));
            Ok(())
        })
    }

    fn set(mut self, set: impl FnOnce(&mut Layer) -> Result<(), Error>) -> Self {
        if let State::Ready(request) = &mut self.state {
            if let Err(error) = set(&mut request.call) {
                request.refused.get_or_insert(error);
            }
        } else {
            debug_assert!(
                false,
                "a setter was called on a command that had been polled"
            );
        }
        self
    }
}
