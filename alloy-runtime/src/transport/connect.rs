//! Settings of the connections of a client.

use std::time::Duration;

use reqwest::Url;

use crate::config::{Proxies, ProxyVariable};

/// The settings that the errors of a connection name.
#[derive(Debug)]
pub(super) struct ConnectSettings {
    pub(super) timeout: Duration,
    /// The proxies of the environment; `None` for a client that uses none.
    pub(super) proxies: Option<Proxies>,
}

impl ConnectSettings {
    /// Returns the proxy through which a URL is reached.
    pub(super) fn proxy(&self, url: &Url) -> Option<&ProxyVariable> {
        self.proxies.as_ref()?.for_url(url)
    }
}
