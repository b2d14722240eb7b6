//! The address of Ollama's server, parsed by the rules of `OLLAMA_HOST`.

use std::fmt;

use super::Api;
use super::address::{self, AddressParts, ServerAddress, Url};
use crate::error::Error;

const DEFAULT_PORT: u16 = 11434;
const NATIVE: &str = "/api/chat";
const OPENAI_CHAT: &str = "/v1/chat/completions";

/// Address of Ollama's server, with the URLs of its chat endpoints.
#[derive(Clone)]
pub(crate) struct Host {
    server: ServerAddress,
    native: Url,
    openai_chat: Url,
}

impl Host {
    /// Parses a host as Ollama does.
    ///
    /// - Without a scheme, the scheme is `http` and the default port 11434; with `http://` the default port
    ///   is 80, with `https://` 443.
    /// - A path is kept as a prefix. A trailing `/v1`, which other clients need, or `/api` is removed.
    /// - A bind address (`0.0.0.0`, `[::]`) means this machine.
    /// - Credentials are sent as `Authorization: Basic` and never shown.
    ///
    /// `given` names the value in errors.
    pub(crate) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let parts = AddressParts::parse(given, address::unquoted(text), DEFAULT_PORT)?;
        let server = parts.address(|path| {
            let suffixes = ["v1", "api"];
            let base = suffixes.iter().find_map(|suffix| {
                let base = path.strip_suffix(suffix)?;
                (base.is_empty() || base.ends_with('/')).then_some(base)
            });
            base.unwrap_or(path)
        })?;
        Ok(Self {
            native: server.url(&parts, NATIVE)?,
            openai_chat: server.url(&parts, OPENAI_CHAT)?,
            server,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.server.address
    }

    /// Returns the path of chat requests below the address.
    pub(crate) fn chat_path(api: Api) -> &'static str {
        match api {
            Api::Native => NATIVE,
            Api::OpenaiChat => OPENAI_CHAT,
        }
    }

    /// Returns the URL of chat requests.
    pub(crate) fn chat_url(&self, api: Api) -> &Url {
        match api {
            Api::Native => &self.native,
            Api::OpenaiChat => &self.openai_chat,
        }
    }

    /// Returns the URL of another endpoint of Ollama, such as `/api/tags`.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.native.clone();
        let base = url.path().strip_suffix(NATIVE).unwrap_or_default();
        let path = format!("{base}{path}");
        url.set_path(&path);
        url
    }

    pub(crate) fn server(&self) -> &ServerAddress {
        &self.server
    }
}

impl Default for Host {
    /// Returns `http://127.0.0.1:11434`, Ollama's default.
    fn default() -> Self {
        Self::parse("the default host", "").unwrap_or_else(|error| unreachable!("{error}"))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A5: the rules of Ollama's own clients.
    #[test]
    fn hosts_are_parsed_by_the_rules_of_ollama() {
        let check = |text: &str, address: &str| {
            assert_eq!(
                Host::parse("OLLAMA_HOST", text).unwrap().address(),
                address,
                "{text:?}"
            );
        };
        check("", "http://127.0.0.1:11434");
        check("  \"1.2.3.4\" ", "http://1.2.3.4:11434");
        check("'gpu'", "http://gpu:11434");
        check("example.com:1234", "http://example.com:1234");
        check(":1234", "http://127.0.0.1:1234");
        check("http://example.com", "http://example.com:80");
        check("HTTP://example.com/", "http://example.com:80");
        check("example.com/ollama", "http://example.com:11434/ollama");
        check("[::1]", "http://[::1]:11434");
        check("::1", "http://[::1]:11434");
        check("[::1]:1337", "http://[::1]:1337");
        check("http://[::1]", "http://[::1]:80");
        check("0.0.0.0", "http://127.0.0.1:11434");
        check("0.0.0.0:8080", "http://127.0.0.1:8080");
        check("[::]:8080", "http://[::1]:8080");
        check("gpu:99999", "http://gpu:11434");
        check("http://gpu:port", "http://gpu:80");
        check("http://gpu:11434/v1", "http://gpu:11434");
        check("http://gpu:11434/v1/", "http://gpu:11434");
        check("http://gpu:11434/api", "http://gpu:11434");
        check("http://gpu:11434/ollama/v1", "http://gpu:11434/ollama");
        check("http://gpu:11434/dev1", "http://gpu:11434/dev1");
    }

    #[test]
    fn a_port_that_follows_from_the_scheme_is_known() {
        let check = |text: &str, expected: Option<&str>| {
            let host = Host::parse("OLLAMA_HOST", text).unwrap();
            assert_eq!(host.server().with_own_port.as_deref(), expected, "{text}");
        };
        check("http://127.0.0.1", Some("http://127.0.0.1:11434"));
        check("HTTP://[::1]/ollama/", Some("http://[::1]:11434/ollama"));
        check("http://gpu:port", Some("http://gpu:11434"));
        check("http://ann:hunter2@gpu", Some("http://gpu:11434"));
        check("http://127.0.0.1:80", None);
        check("127.0.0.1", None);
        check("", None);
    }

    #[test]
    fn urls_keep_the_path_as_a_prefix() {
        let host = Host::parse("OLLAMA_HOST", "gpu/ollama/").unwrap();
        let url = |api| host.chat_url(api).as_str();
        assert_eq!(url(Api::Native), "http://gpu:11434/ollama/api/chat");
        assert_eq!(
            url(Api::OpenaiChat),
            "http://gpu:11434/ollama/v1/chat/completions"
        );
        assert_eq!(
            host.url("/api/tags").as_str(),
            "http://gpu:11434/ollama/api/tags"
        );
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let check = |text: &str, expected: bool| {
            assert_eq!(
                Host::parse("OLLAMA_HOST", text).unwrap().server().loopback,
                expected,
                "{text}"
            );
        };
        check("", true);
        check("localhost:1", true);
        check("ollama.localhost", true);
        check("127.8.9.1", true);
        check("[::1]:1", true);
        check("0:1", true);
        check("[::ffff:127.0.0.1]:1", true);
        check("192.168.1.2", false);
        check("localhost.example.com", false);
    }

    #[test]
    fn errors_say_why_an_address_is_not_valid() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Host::parse("OLLAMA_HOST", text).unwrap_err().to_string(),
                expected
            );
        };
        check(
            "ftp://gpu",
            "OLLAMA_HOST is `ftp://gpu`, which is not a valid address: its scheme is neither http nor https",
        );
        for strange in ["gpu box", "gpu#f", "gpu\\x"] {
            let error = Host::parse("OLLAMA_HOST", strange).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!(
                    "OLLAMA_HOST is `{strange}`, which is not a valid address: it contains"
                )),
                "{error}"
            );
        }
        check(
            "gpu:1/x?key=hunter2",
            "OLLAMA_HOST is `gpu:1/x?[secret]`, which is not a valid address: it contains '?'",
        );
        check(
            "[::1]x",
            "OLLAMA_HOST is `[::1]x`, which is not a valid address: only a port such as `:11434` can follow `]`",
        );
        check(
            "gpu%",
            "OLLAMA_HOST is `gpu%`, which is not a valid address: invalid international domain name",
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn https_without_the_feature_names_the_feature() {
        let error = Host::parse("OLLAMA_HOST", "https://gpu").unwrap_err();
        assert_eq!(
            error.to_string(),
            "OLLAMA_HOST is `https://gpu`, but this build of alloy-runtime has no TLS"
        );
        assert!(error.help().contains("--features tls"));
        assert!(
            Host::parse("OLLAMA_HOST", "ollama.com").is_err(),
            "ollama.com is https only"
        );
    }

    #[cfg(feature = "tls")]
    #[test]
    fn https_has_its_own_port() {
        assert_eq!(
            Host::parse("h", "https://gpu/a").unwrap().address(),
            "https://gpu:443/a"
        );
        assert_eq!(
            Host::parse("h", "ollama.com").unwrap().address(),
            "https://ollama.com:443"
        );
    }

    // E4
    #[test]
    fn credentials_are_sent_and_never_shown() {
        let host = Host::parse("OLLAMA_HOST", "http://ann:hunter2@gpu:8080/x").unwrap();
        let sent = |host: &Host| {
            host.server()
                .credentials
                .as_ref()
                .unwrap()
                .expose()
                .to_owned()
        };
        assert_eq!(sent(&host), "Basic YW5uOmh1bnRlcjI=");
        assert_eq!(
            host.chat_url(Api::Native).as_str(),
            "http://gpu:8080/x/api/chat"
        );
        assert_eq!(host.address(), "http://gpu:8080/x");
        assert!(!format!("{host:?}").contains("hunter2"));
        for (text, plain) in [
            ("http://ann@gpu", "YW5uOg=="),
            ("a%40b:p%2Fw@gpu", "YUBiOnAvdw=="),
            ("http://:p@gpu", "OnA="),
        ] {
            let host = Host::parse("OLLAMA_HOST", text).unwrap();
            assert_eq!(sent(&host), format!("Basic {plain}"), "{text}");
        }
        for bad in [
            "ftp://ann:hunter2@gpu",
            "ann:hunter2@gpu box",
            "http://ann:hunt/er2@gpu",
            "ann:hunt://er2@gpu",
            &format!("ftp://ann:{}@gpu", "hunter2".repeat(60)),
        ] {
            let error = Host::parse("OLLAMA_HOST", bad).unwrap_err();
            let shown = format!("{error} {error:?} {error:#?}");
            assert!(!shown.contains("hunt") && !shown.contains("er2"), "{shown}");
        }
    }
}
