//! The base URL of a Chat Completions server other than Ollama.

use std::fmt;

use super::address::{self, AddressParts, ServerAddress, Url};
use crate::error::Error;

/// Path of the endpoint below the base URL, which includes the version.
const COMPLETIONS: &str = "/chat/completions";

/// Base URL of a Chat Completions server, with the URL of its chat endpoint.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    server: ServerAddress,
    completions: Url,
}

impl BaseUrl {
    /// Parses a base URL as OpenAI's clients do: the path is kept, and requests are sent to
    /// `chat/completions` below it. Other than in [`Host::parse`](super::Host::parse), the scheme and the
    /// host are required, and a port must be a valid number.
    ///
    /// `given` names the value in errors.
    pub(crate) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let text = address::unquoted(text);
        if !text.contains("://") {
            return Err(Error::configuration(
                format!(
                    "{given} is `{}`, which is not a valid URL: the scheme is missing",
                    address::without_secrets(text)
                ),
                "Set a URL with its scheme, such as http://127.0.0.1:8000/v1.",
            ));
        }
        let parts = AddressParts::parse(given, text, 80)?;
        if parts.name.is_empty() {
            return Err(parts.unusable("the host is missing"));
        }
        if parts.port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(parts.unusable("its port is not a number from 0 to 65535"));
        }
        let server = parts.address(|path| {
            let base = path.strip_suffix(COMPLETIONS.trim_start_matches('/'));
            base.filter(|base| base.is_empty() || base.ends_with('/'))
                .unwrap_or(path)
        })?;
        Ok(Self {
            completions: server.url(&parts, COMPLETIONS)?,
            server,
        })
    }

    /// Returns the path of chat requests below the address.
    pub(crate) fn chat_path() -> &'static str {
        COMPLETIONS
    }

    /// Returns the URL of chat requests.
    pub(crate) fn chat_url(&self) -> &Url {
        &self.completions
    }

    pub(crate) fn server(&self) -> &ServerAddress {
        &self.server
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.server.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A9
    #[test]
    fn base_urls_keep_their_path() {
        let check = |text: &str, url: &str| {
            let base = BaseUrl::parse("OPENAI_BASE_URL", text).unwrap();
            assert_eq!(base.chat_url().as_str(), url, "{text:?}");
        };
        check("http://gpu:8000/v1", "http://gpu:8000/v1/chat/completions");
        check("http://gpu:8000/v1/", "http://gpu:8000/v1/chat/completions");
        check(
            "http://gpu/v1beta/openai",
            "http://gpu/v1beta/openai/chat/completions",
        );
        check("http://gpu", "http://gpu/chat/completions");
        check(
            "http://gpu/v1/chat/completions",
            "http://gpu/v1/chat/completions",
        );
        check(
            "http://gpu/v1/mychat/completions",
            "http://gpu/v1/mychat/completions/chat/completions",
        );
        check(
            "http://[::1]:8000/v1",
            "http://[::1]:8000/v1/chat/completions",
        );
        for (text, why) in [
            ("http:///v1", "the host is missing"),
            ("http://u:p@/v1", "the host is missing"),
            ("http://:8000/v1", "the host is missing"),
            (
                "http://gpu:80000/v1",
                "its port is not a number from 0 to 65535",
            ),
            (
                "http://ann:hunter2",
                "its port is not a number from 0 to 65535",
            ),
        ] {
            let error = BaseUrl::parse("OPENAI_BASE_URL", text).unwrap_err();
            let error = error.to_string();
            assert!(error.ends_with(why), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = BaseUrl::parse("OPENAI_BASE_URL", "gpu:8000/v1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "OPENAI_BASE_URL is `gpu:8000/v1`, which is not a valid URL: the scheme is missing"
        );
    }
}
