//! The public handle of what answers commands.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, excerpt};

/// A backend that answers commands.
///
/// [`Backend::real`] sends requests to the model, and [`Backend::forbid`] fails them. With the feature `testing`, the
/// stand-ins of the module [`testing`](crate::testing) are backends too. An unknown name in `ALLOY_BACKEND` is an error:
/// a program that was meant to run offline must not reach a model by accident.
#[derive(Clone)]
pub struct Backend {
    name: &'static str,
    /// The implementation, which only the module above `config` that sends requests can use; `None` for the
    /// real backend.
    exchange: Option<Arc<dyn Any + Send + Sync>>,
}

impl Backend {
    /// Returns the backend that sends requests to the model: to its server, or to the engine in this
    /// process.
    ///
    /// ```
    /// use alloy_runtime::Backend;
    ///
    /// assert_eq!(Backend::real().to_string(), "real");
    /// ```
    #[must_use]
    pub const fn real() -> Self {
        Self {
            name: "real",
            exchange: None,
        }
    }

    /// Returns the backend that fails each request with [`ErrorKind::Unanswered`](crate::ErrorKind::Unanswered),
    /// before anything is sent. `ALLOY_BACKEND=forbid` selects it.
    ///
    /// Use it in tests and in CI, where no command may reach a model by accident. A preview works as before.
    ///
    /// ```
    /// use alloy_runtime::{Backend, Config, ErrorKind, command, with_config};
    ///
    /// #[command("Say hello", model = "ollama:llama3.1")]
    /// async fn hello() -> String;
    ///
    /// # #[tokio::main] async fn main() {
    /// let offline = Config::new().backend(Backend::forbid());
    /// let error = with_config(offline, hello()).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unanswered);
    /// # }
    /// ```
    #[must_use]
    pub const fn forbid() -> Self {
        Self {
            name: "forbid",
            exchange: None,
        }
    }

    /// Returns the backend that makes up answers, with the seed 0. `ALLOY_BACKEND=fake` selects it.
    #[cfg(feature = "testing")]
    pub(crate) const fn fake() -> Self {
        Self {
            name: "fake",
            exchange: None,
        }
    }

    /// Returns `true` if answers are made up.
    #[cfg(feature = "testing")]
    pub(crate) fn is_fake(&self) -> bool {
        self.name == Self::fake().name
    }

    /// Without the feature `testing`, no answers are made up.
    #[cfg(not(feature = "testing"))]
    #[allow(clippy::unused_self, reason = "the feature `testing` uses it")]
    const fn is_fake(&self) -> bool {
        false
    }

    /// Returns `true` if requests are sent to the model.
    pub(crate) fn is_real(&self) -> bool {
        self.name == Self::real().name
    }

    /// Returns `true` if requests fail before anything is sent.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.name == Self::forbid().name
    }

    /// Returns `true` for a stand-in of a test, which needs no model, server, key or file.
    pub(crate) fn is_stand_in(&self) -> bool {
        self.exchange.is_some() || self.is_fake()
    }

    /// Wraps the implementation of another backend.
    #[cfg_attr(
        not(feature = "testing"),
        allow(dead_code, reason = "the feature `testing` has the custom backends")
    )]
    pub(crate) fn custom(name: &'static str, exchange: Arc<dyn Any + Send + Sync>) -> Self {
        Self {
            name,
            exchange: Some(exchange),
        }
    }

    /// Returns the implementation of a backend that is not the real one.
    pub(crate) fn exchange(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.exchange.as_ref()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Parses the name of a backend; `given` names the value in errors.
    pub(super) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "real" => Ok(Self::real()),
            "forbid" => Ok(Self::forbid()),
            #[cfg(feature = "testing")]
            "fake" => Ok(Self::fake()),
            #[cfg(not(feature = "testing"))]
            "fake" => Err(Error::configuration(
                format!("{given} is `fake`, which needs the feature `testing` of `alloy-runtime`"),
                format!(
                    "Run the program with the feature: `cargo run --features alloy-runtime/testing`. For its tests, add `alloy-runtime` with the feature to the dev-dependencies: `cargo add --dev alloy-runtime --features testing`. Or set {given} to `forbid`."
                ),
            )),
            _ => Err(Error::configuration(
                format!(
                    "{given} is `{}`; expected `real`, `forbid` or `fake`",
                    excerpt(text)
                ),
                format!("Set {given} to `forbid` to fail each request, or unset it."),
            )),
        }
    }
}

impl Default for Backend {
    /// Returns the real backend.
    fn default() -> Self {
        Self::real()
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backend({})", self.name())
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_backend_keeps_its_name_and_its_exchange() {
        let backend = Backend::custom("script", Arc::new(7_u8)).clone();
        assert_eq!(format!("{backend} {backend:?}"), "script Backend(script)");
        let exchange = backend.exchange().unwrap();
        assert_eq!(exchange.downcast_ref::<u8>(), Some(&7));
        assert!(Backend::default().exchange().is_none());
    }

    #[test]
    fn a_fake_needs_the_feature_testing() {
        let parsed = Backend::parse("ALLOY_BACKEND", " Fake ");
        assert_eq!(parsed.is_ok(), cfg!(feature = "testing"));
        match parsed {
            Ok(backend) => assert!(backend.is_stand_in()),
            Err(error) => {
                assert!(error.to_string().contains("the feature `testing`"));
                let help = error.help();
                let program = "`cargo run --features alloy-runtime/testing`";
                assert!(help.contains(program), "{help}");
            }
        }
    }
}
