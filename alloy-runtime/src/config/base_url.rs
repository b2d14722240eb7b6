//! Where another Chat Completions server listens.

use std::fmt;

use super::place::{self, Parts, Place, Url};
use crate::error::Error;

/// Below the base URL, which has its version in it.
const COMPLETIONS: &str = "/chat/completions";

/// Where another Chat Completions server listens, with the URL that commands use made once.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    place: Place,
    completions: Url,
}

impl BaseUrl {
    /// Reads a base URL as the clients of OpenAI do: the path is kept as it is, and requests go to
    /// `chat/completions` below it. What [`Host::parse`](super::Host::parse) says of the rest holds
    /// here, but that a URL has a scheme, a host, and no port that is no number.
    pub(crate) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let text = place::unquoted(text);
        if !text.contains("://") {
            return Err(Error::configuration(
                format!("{given} is `{}`, which is no URL", place::shown(text)),
                "Expected a URL with its scheme, such as http://127.0.0.1:8000/v1.",
            ));
        }
        let parts = Parts::of(given, text, 80)?;
        if parts.name.is_empty() {
            return Err(parts.unusable("it names no host"));
        }
        if parts.port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(parts.unusable("its port is no number from 0 to 65535"));
        }
        let place = parts.place(|path| {
            let base = path.strip_suffix(COMPLETIONS.trim_start_matches('/'));
            base.filter(|base| base.is_empty() || base.ends_with('/'))
                .unwrap_or(path)
        })?;
        Ok(Self {
            completions: place.url(&parts, COMPLETIONS)?,
            place,
        })
    }

    /// The path of chat requests below the address.
    pub(crate) fn chat_path() -> &'static str {
        COMPLETIONS
    }

    /// `POST` here is one chat request.
    pub(crate) fn chat_url(&self) -> &Url {
        &self.completions
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.place.address)
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
            ("http:///v1", "it names no host"),
            ("http://u:p@/v1", "it names no host"),
            ("http://:8000/v1", "it names no host"),
            (
                "http://gpu:80000/v1",
                "its port is no number from 0 to 65535",
            ),
            (
                "http://ann:hunter2",
                "its port is no number from 0 to 65535",
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
            "OPENAI_BASE_URL is `gpu:8000/v1`, which is no URL"
        );
    }
}
