//! Errors of a connection through a proxy.

use std::time::Duration;

use super::kind::ErrorKind;
use super::text::HumanDuration;

/// The failure of a proxy that an environment variable names.
#[derive(Debug)]
pub(crate) struct ProxyError {
    /// The variable.
    pub(crate) variable: &'static str,
    /// The proxy's address without credentials.
    pub(crate) proxy: String,
    /// The host that was to be reached.
    pub(crate) host: String,
    pub(crate) failure: ProxyFailure,
}

#[derive(Debug)]
pub(crate) enum ProxyFailure {
    /// The proxy did not open a connection to the host.
    Connection,
    /// It opened none within the connect timeout.
    TimedOut(Duration),
    /// The proxy speaks SOCKS.
    Socks,
}

impl ProxyError {
    pub(super) fn kind(&self) -> ErrorKind {
        match self.failure {
            ProxyFailure::Connection => ErrorKind::Unreachable,
            ProxyFailure::TimedOut(_) => ErrorKind::TimedOut,
            ProxyFailure::Socks => ErrorKind::Configuration,
        }
    }

    pub(super) fn message(&self, address: &str) -> String {
        let Self {
            variable,
            proxy,
            host,
            failure,
        } = self;
        match failure {
            ProxyFailure::Connection => format!(
                "cannot reach {address} through the proxy of {variable}, {proxy}; leave the proxy out with NO_PROXY={host}"
            ),
            ProxyFailure::TimedOut(after) => format!(
                "no connection to {address} through the proxy of {variable}, {proxy}, within {}, the connect timeout; leave the proxy out with NO_PROXY={host}",
                HumanDuration(*after)
            ),
            ProxyFailure::Socks => format!(
                "{variable} is `{proxy}`, a SOCKS proxy; expected one with `http://` or `https://`, or NO_PROXY={host} to leave it out"
            ),
        }
    }

    pub(super) fn help(&self) -> String {
        let Self { variable, host, .. } = self;
        let first = match self.failure {
            ProxyFailure::Socks => {
                format!("Set {variable} to a proxy with `http://` or `https://`")
            }
            ProxyFailure::Connection | ProxyFailure::TimedOut(_) => {
                format!("Start the proxy, correct {variable}")
            }
        };
        format!(
            "{first}, or leave the proxy out for this server: NO_PROXY={host}. A program reads these variables once, at its first request."
        )
    }
}
