//! Setters of one call.

use std::marker::PhantomData;

use serde::Serialize;

use super::{Command, IntoTool, State, WithTools};
use crate::config::{
    Api, Config, Decision, IntoDuration, InvalidAnswer, KeepAlive, Layer, RetryEvent, Think,
    call_setters,
};
use crate::error::{Error, excerpt};
use crate::json::not_json;
use crate::message::{Image, Message, Role};
use crate::prompt;
use crate::request::Request;
use crate::tool::Tool;

/// Settings of this call. They override all other layers.
///
/// If a value is not valid, awaiting the command fails with an [`Error`] of kind
/// [`Configuration`](crate::ErrorKind::Configuration) for the first such value. A setter has no effect on a
/// command that has been polled; debug builds panic.
impl<T, M> Command<T, M> {
    call_setters!();

    /// Sets all keys that `config` sets. Keys that are set on the call only keep their values.
    ///
    /// ```
    /// # use alloy_runtime::{Config, command};
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let careful = Config::new().temperature(0.0).option("seed", 1);
    /// let preview = hello().max_tokens(100).config(careful).preview()?;
    /// assert!(preview.body.contains(r#""options":{"temperature":0.0,"num_predict":100,"seed":1}"#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(self, config: Config) -> Self {
        self.set(|layer| {
            config.check()?;
            layer.merge(config.layer);
            Ok(())
        })
    }

    /// Sets the messages between the system message and the prompt, for example
    /// [`Outcome::messages`](crate::Outcome::messages) of an earlier call. They replace a history that was
    /// set before.
    ///
    /// With a history, a native server drops the oldest messages if the conversation exceeds the model's
    /// context; set the option `truncate` to `false` for an error instead.
    ///
    /// A system message in the history is a configuration error: use [`system`](Self::system).
    ///
    /// ```
    /// # use alloy_runtime::{Message, ask};
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let earlier = [Message::user("I am Ann."), Message::assistant("Hello, Ann!")];
    /// let preview = ask("What is my name?").model("m").history(earlier).preview()?;
    /// assert_eq!(preview.messages.len(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn history(self, messages: impl IntoIterator<Item = Message>) -> Self {
        self.change(|request| {
            request.history = messages.into_iter().collect();
            if request.all_images().any(|image| image.bytes().is_empty()) {
                return Err(Error::configuration(
                    "the history contains an empty image; expected the bytes of a PNG, JPEG or WebP file",
                    "Remove the image, or pass the whole content of the file.",
                ));
            }
            let roles = request.history.iter().map(|message| message.role);
            if roles.into_iter().any(|role| role == Role::System) {
                return Err(Error::configuration(
                    "the history contains a system message; expected messages of other roles",
                    "Remove it from `.history(…)` and pass its text to `.system(…)`.",
                ));
            }
            Ok(())
        })
    }

    /// Adds an image to the prompt: the bytes of a PNG, JPEG or WebP file. Can be called several times.
    ///
    /// Alloy first asks Ollama if the model accepts images. If not, the command fails with an error of kind
    /// [`Capability`](crate::ErrorKind::Capability), because the server drops such images without an error.
    ///
    /// ```no_run
    /// # use alloy_runtime::ask;
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let photo = std::fs::read("cat.jpg")?;
    /// println!("{}", ask("What is this?").model("ollama:llava").image(photo).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn image(self, image: impl Into<Image>) -> Self {
        self.change(|request| {
            let image = image.into();
            if image.bytes().is_empty() {
                return Err(Error::configuration(
                    "the image is empty; expected the bytes of a PNG, JPEG or WebP file",
                    "Pass the whole content of the file to `.image(…)`.",
                ));
            }
            request.images.push(image);
            Ok(())
        })
    }

    /// Adds a value to the prompt as a block with a label: text unchanged, any other value as JSON. The label
    /// consists of letters, digits, `_` and `-`.
    ///
    /// ```
    /// # use alloy_runtime::ask;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = ask("Sum it up.").model("m").context("text", "Long.").preview()?;
    /// assert_eq!(preview.messages[0].content, "Sum it up.\n\n<text>\nLong.\n</text>");
    /// # Ok(())
    /// # }
    /// ```
    pub fn context(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.change(|request| {
            let is_label = |c: char| c.is_alphanumeric() || "_-".contains(c);
            if name.is_empty() || !name.chars().all(is_label) {
                return Err(Error::configuration(
                    format!("the label `{}` of a context is not valid; expected letters, digits, `_` and `-`", excerpt(name)),
                    "Pass a name such as `text` to `.context(…)`.",
                ));
            }
            let mut text = serde_json::to_string(value).map_err(|error| {
                Error::prompt(not_json(&format!("the context `{name}`"), error).into())
            })?;
            if text.starts_with('"') {
                text = serde_json::from_str(&text).map_err(|error| Error::prompt(error.into()))?;
            }
            prompt::push_block(&mut request.prompt, name, &text)
                .map_err(|error| Error::prompt(error.into()))
        })
    }

    /// Adds a tool that the model may call to those of the attribute. Can be called several times.
    ///
    /// ```
    /// use alloy_runtime::{command, tool};
    ///
    /// /// Adds two numbers.
    /// #[tool]
    /// fn add(a: i64, b: i64) -> i64 {
    ///     a + b
    /// }
    ///
    /// #[command("What is {question}?", model = "ollama:llama3.1")]
    /// async fn answer(question: &str) -> String;
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = answer("17 plus 25").tool(add::tool()).preview()?;
    /// assert!(preview.body.contains(r#""description":"Adds two numbers.""#));
    /// # Ok(())
    /// # }
    /// ```
    pub fn tool(self, tool: impl IntoTool) -> Command<T, WithTools> {
        self.tools([tool.into_tool()])
    }

    /// Adds tools that the model may call to those of the attribute: a list, or an `Option` for a tool that
    /// only some calls have.
    ///
    /// ```
    /// # use alloy_runtime::{ask, tool};
    /// # /// Deletes a file.
    /// # #[tool]
    /// # fn delete(path: &str) {}
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let is_admin = false;
    /// let command = ask("Tidy up.").model("m").tools(is_admin.then(delete::tool));
    /// assert!(!command.preview()?.body.contains("delete"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn tools(self, tools: impl IntoIterator<Item = Tool>) -> Command<T, WithTools> {
        let command = self.change(|request| {
            request.tools.extend(tools);
            Ok(())
        });
        let Command {
            state,
            start,
            ensure,
            marker: _,
        } = command;
        Command {
            state,
            start,
            ensure,
            marker: PhantomData,
        }
    }

    fn set(self, set: impl FnOnce(&mut Layer) -> Result<(), Error>) -> Self {
        self.change(|request| set(request.overrides.get_or_insert_default()))
    }

    fn change(mut self, change: impl FnOnce(&mut Request) -> Result<(), Error>) -> Self {
        if let State::Ready(request) = &mut self.state {
            if let Err(error) = change(request) {
                request.defer(error);
            }
        } else {
            debug_assert!(
                false,
                "a setter was called on a command that has been polled"
            );
        }
        self
    }
}
