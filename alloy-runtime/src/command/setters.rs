//! What one call sets for itself.

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;

use super::{Command, State, WithTools};
use crate::config::{Api, Config, KeepAlive, Layer, Think, setters};
use crate::error::{Error, excerpt};
use crate::message::{Image, Message, Role};
use crate::prompt;
use crate::request::Request;
use crate::tool::Tool;

/// Settings of this call: each wins over the attribute, the scope, the process and the environment.
///
/// A value that cannot be used is an [`Error`] of kind
/// [`Configuration`](crate::ErrorKind::Configuration) when the command is awaited; the first one is
/// kept. A setter on a command that was polled before has no effect; debug builds panic.
impl<T, M> Command<T, M> {
    setters!();

    /// All that `config` sets, for this call. What was set on the call before and is not in `config`
    /// stays.
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

    /// The conversation before this call: [`Outcome::messages`](crate::Outcome::messages) of the call
    /// before it, for example. It stands between the system text and the prompt, and replaces what was
    /// given before.
    ///
    /// With a history, a native server drops the oldest messages where the conversation outgrows the
    /// model's context; set the option `truncate` to `false` for an error instead.
    ///
    /// A system message in it is a configuration error: the system text is the command's own.
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
                    "the history has an empty image; expected the bytes of a PNG, JPEG or WebP file",
                    "Leave it out, or push the whole content of the file.",
                ));
            }
            let roles = request.history.iter().map(|message| message.role);
            if roles.into_iter().any(|role| role == Role::System) {
                return Err(Error::configuration(
                    "the history has a system message; a command has its own system text",
                    "Leave it out of `.history(…)` and pass its text to `.system(…)`.",
                ));
            }
            Ok(())
        })
    }

    /// A picture that the prompt is about: the bytes of a PNG, JPEG or WebP file. May be called several
    /// times.
    ///
    /// Before anything is sent, Ollama is asked whether the model can see; one that cannot is an error
    /// of kind [`Capability`](crate::ErrorKind::Capability), because the server would drop the picture
    /// without a word.
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

    /// Adds a value to the prompt, as a block with a label: text as it is, anything else as JSON. The
    /// label is letters, digits, `_` and `-`.
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
                    format!("the label `{}` of a context is none; expected letters, digits, `_` and `-`", excerpt(name)),
                    "Pass a name such as `text` to `.context(…)`.",
                ));
            }
            let mut text =
                serde_json::to_string(value).map_err(|error| Error::prompt(error.into()))?;
            if text.starts_with('"') {
                text = serde_json::from_str(&text).map_err(|error| Error::prompt(error.into()))?;
            }
            prompt::push_block(&mut request.prompt, name, &text)
                .map_err(|error| Error::prompt(error.into()))
        })
    }

    /// A tool that the model may call, beside those that the attribute lists. May be called several times.
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
    pub fn tool(self, tool: Tool) -> Command<T, WithTools> {
        self.tools([tool])
    }

    /// Tools that the model may call, beside those that the attribute lists: a list of them, or an `Option` for
    /// one that only some calls have.
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
        self.change(|request| set(request.call.get_or_insert_default()))
    }

    fn change(mut self, change: impl FnOnce(&mut Request) -> Result<(), Error>) -> Self {
        if let State::Ready(request) = &mut self.state {
            if let Err(error) = change(request) {
                request.refuse(error);
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
