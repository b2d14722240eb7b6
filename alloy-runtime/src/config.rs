//! Settings of a command: layers of optional values, merged field by field.
//!
//! Every layer is a [`Layer`]. [`Settings`] contains, for each key, the value of the strongest layer that
//! sets it, or the default, together with that layer. The keys are listed in one table, [`keys`](mod@keys).
//! This module does not read the environment or a clock: [`env::layer`] is a function of names and values.

mod address;
mod api;
mod backend;
mod base_url;
pub(crate) mod env;
mod extra;
mod hooks;
mod host;
mod into_duration;
mod keep_alive;
pub(crate) mod keys;
mod kind;
mod layer;
mod model_ids;
pub(crate) mod options;
mod parse;
mod proxies;
mod secret;
mod setting;
mod settings;
mod shared_str;
mod think;
mod unknown_variables;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

pub(crate) use self::address::Url;
pub use self::api::Api;
pub use self::backend::Backend;
pub(crate) use self::base_url::BaseUrl;
pub use self::hooks::{Decision, Done, InvalidAnswer, RetryEvent};
pub(crate) use self::hooks::{OnDone, OnInvalid, OnRetry};
pub(crate) use self::host::Host;
pub use self::into_duration::IntoDuration;
pub use self::keep_alive::KeepAlive;
pub use self::keys::{Key, Settings, keys};
pub(crate) use self::keys::{Layer, attribute_setters, call_setters, config_setters};
pub(crate) use self::options::Options;
pub use self::options::{OptionPair, known_options};
pub(crate) use self::proxies::{Proxies, ProxyVariable};
pub(crate) use self::secret::Secret;
pub(crate) use self::setting::Setting;
pub use self::setting::SettingSource;
pub(crate) use self::shared_str::SharedStr;
pub use self::think::Think;
pub(crate) use self::unknown_variables::unknown_variables;
use crate::error::Error;
use crate::store::Cache;

/// Settings for many commands at once: for all of them with [`configure`](crate::configure), for those of
/// one task with [`with_config`](crate::with_config), for one with
/// [`Command::config`](crate::Command::config).
///
/// Keys that are not set here are left to the weaker layers. The setters cannot fail: the first value that
/// is not valid is kept as an error, and returned when the `Config` is used.
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
    /// The error of the first value that is not valid.
    pub(crate) deferred_error: Option<Arc<Error>>,
}

#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "`configure(…)?;` returns one that is rarely used"
)]
impl Config {
    /// Creates a config that sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    config_setters!();

    /// Sets a key by the name that Alloy's Python ancestor has for it: `ollama_api` (`"native"` or
    /// `"openai_chat"`) or `options` (an object). `ALLOY_EXTRA_JSON` accepts the same names.
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
                    format!("the extra `{name}` cannot be represented in JSON"),
                    "Pass a text, or a map of options.",
                )
                .with_source(error)
            })?;
            extra::set(layer, "the extras", name, value)
        })
    }

    /// Overwrites this config with the values of a stronger one.
    pub(crate) fn merge(&mut self, stronger: Self) {
        self.layer.merge(stronger.layer);
        if stronger.deferred_error.is_some() {
            self.deferred_error = stronger.deferred_error;
        }
    }

    /// Makes the config cheap to read for many commands.
    pub(crate) fn shared(mut self) -> Arc<Self> {
        self.layer.make_shared();
        Arc::new(self)
    }

    /// Returns the deferred error, if any.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.deferred_error {
            Some(error) => Err(error.clone_early()),
            None => Ok(()),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Layer) -> Result<(), Error>) -> Self {
        if let Err(error) = set(&mut self.layer) {
            self.deferred_error.get_or_insert(Arc::new(error));
        }
        self
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Config");
        self.layer.debug(&mut out);
        if let Some(deferred_error) = &self.deferred_error {
            out.field("deferred_error", &format_args!("{deferred_error}"));
        }
        out.finish()
    }
}
