//! Settings of a command: layers of optional values, merged field by field.
//!
//! Every layer is a [`Layer`]; [`Settings`] has, for each key, the value of the strongest
//! layer that has one, and which that was. Nothing here reads the environment or a clock:
//! [`env::layer`] is a function of names and values.

mod api;
mod backend;
mod base_url;
mod duration;
pub(crate) mod env;
mod extra;
mod hooks;
mod host;
mod keep_alive;
mod keys;
pub(crate) mod options;
mod place;
mod secret;
mod setters;
mod show;
mod source;
mod text;
mod think;
mod value;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use self::api::Api;
pub use self::backend::Backend;
pub(crate) use self::base_url::BaseUrl;
pub use self::hooks::{Decision, InvalidAnswer, NextTry};
pub(crate) use self::hooks::{OnInvalid, OnRetry};
pub(crate) use self::host::Host;
pub use self::keep_alive::KeepAlive;
pub(crate) use self::keys::Layer;
pub use self::keys::{Key, Settings, keys};
pub(crate) use self::options::Options;
pub use self::options::{OptionPair, known_options};
pub(crate) use self::place::{Place, Url};
pub(crate) use self::secret::Secret;
pub(crate) use self::setters::setters;
pub(crate) use self::source::Setting;
pub use self::source::Source;
pub(crate) use self::text::Text;
pub use self::think::Think;
use crate::error::Error;

/// Settings that a program gives to many commands at once: to all of them by
/// [`configure`](crate::configure), to those of one task by [`with_config`](crate::with_config), to one
/// by [`Command::config`](crate::Command::config).
///
/// What is not set here is left to the weaker layers. A value that cannot be used is kept as an error:
/// it comes out where the `Config` is used.
///
/// # Examples
///
/// ```standalone_crate
/// use std::time::Duration;
///
/// use alloy_runtime::{Config, configure};
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// configure(
///     Config::new()
///         .model("ollama:llama3.1")
///         .temperature(0.2)
///         .timeout(Duration::from_secs(120))
///         .option("num_ctx", 8192),
/// )?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Config {
    pub(crate) layer: Layer,
    /// The first value that could not be used.
    pub(crate) refused: Option<Arc<Error>>,
}

#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "`configure(…)?;` gives one back that few look at"
)]
impl Config {
    /// A config that sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    setters!();

    /// A key for Ollama's server, sent as `Authorization: Bearer`. It is shown nowhere.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().api_key("k-123");
    /// assert!(!format!("{config:?}").contains("k-123"));
    /// ```
    pub fn api_key(self, key: impl AsRef<str>) -> Self {
        self.set(|layer| {
            layer.api_key = Some(Secret::bearer("`api_key`", key.as_ref())?);
            Ok(())
        })
    }

    /// The base URL of the server that `openai:NAME` models are asked at, its version included:
    /// `http://127.0.0.1:8000/v1`. It is read when such a model is used.
    ///
    /// ```
    /// use alloy_runtime::{Config, command};
    ///
    /// #[command("Say hello", model = "openai:qwen3")]
    /// async fn hello() -> String;
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let vllm = Config::new().base_url("http://gpu-box:8000/v1");
    /// let preview = hello().config(vllm).preview()?;
    /// assert_eq!(preview.url, "http://gpu-box:8000/v1/chat/completions");
    /// # Ok(())
    /// # }
    /// ```
    pub fn base_url(self, url: impl Into<String>) -> Self {
        self.set(|layer| {
            layer.base_url = Some(Text::Owned(url.into()));
            Ok(())
        })
    }

    /// A key for the server at [`base_url`](Self::base_url). It is shown nowhere.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().openai_api_key("k-123");
    /// assert!(!format!("{config:?}").contains("k-123"));
    /// ```
    pub fn openai_api_key(self, key: impl AsRef<str>) -> Self {
        self.set(|layer| {
            layer.openai_api_key = Some(Secret::new(key.as_ref()));
            Ok(())
        })
    }

    /// Whether prompts and answers are recorded in the `tracing` span of a command. Off by default:
    /// they may hold what no log should.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().record_content(true);
    /// assert!(format!("{config:?}").contains("record_content: true"));
    /// ```
    pub fn record_content(self, record: bool) -> Self {
        self.set(|layer| {
            layer.record_content = Some(record);
            Ok(())
        })
    }

    /// What answers.
    ///
    /// ```
    /// use alloy_runtime::{Backend, Config};
    ///
    /// let config = Config::new().backend(Backend::Real);
    /// assert!(format!("{config:?}").contains("backend: real"));
    /// ```
    pub fn backend(self, backend: Backend) -> Self {
        self.set(|layer| {
            layer.backend = Some(backend);
            Ok(())
        })
    }

    /// A setting under the name that Alloy's Python ancestor has for it: `ollama_api` (`"native"` or
    /// `"openai_chat"`) and `options` (an object). `ALLOY_EXTRA_JSON` takes the same names.
    ///
    /// ```
    /// use alloy_runtime::{Api, Config, command};
    ///
    /// #[command("Say hello", model = "ollama:llama3.1")]
    /// async fn hello() -> String;
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let compatible = Config::new().extra("ollama_api", "openai_chat");
    /// assert_eq!(hello().config(compatible).preview()?.route.api(), Some(Api::OpenaiChat));
    /// # Ok(())
    /// # }
    /// ```
    pub fn extra(self, name: &str, value: impl Serialize) -> Self {
        self.set(|layer| {
            let value = serde_json::to_value(value).map_err(|error| {
                Error::configuration(
                    format!("the extra `{name}` cannot be written as JSON"),
                    "Pass a text, or a map of options.",
                )
                .with_source(error)
            })?;
            extra::set(layer, "the extras", name, value)
        })
    }

    /// Puts the stronger config over this one.
    pub(crate) fn merge(&mut self, stronger: Self) {
        self.layer.merge(stronger.layer);
        if stronger.refused.is_some() {
            self.refused = stronger.refused;
        }
    }

    /// The same, cheap to read for many commands.
    pub(crate) fn shared(mut self) -> Arc<Self> {
        self.layer.share();
        Arc::new(self)
    }

    /// # Errors
    ///
    /// The first value that could not be used.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.refused {
            Some(error) => Err(error.again()),
            None => Ok(()),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Layer) -> Result<(), Error>) -> Self {
        if let Err(error) = set(&mut self.layer) {
            self.refused.get_or_insert(Arc::new(error));
        }
        self
    }
}
