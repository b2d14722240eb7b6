//! The addresses of servers: Ollama's, by its own rules for `OLLAMA_HOST`, and those of others.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(crate) use reqwest::Url;

use super::Api;
use crate::error::{Error, excerpt};

const DEFAULT_PORT: u16 = 11434;
const NATIVE: &str = "/api/chat";
const OPENAI_CHAT: &str = "/v1/chat/completions";
/// Below the base URL of any other server, which has its version in it.
const COMPLETIONS: &str = "/chat/completions";

/// Where Ollama listens, with the URLs that commands use made once.
#[derive(Clone)]
pub(crate) struct Host {
    place: Place,
    native: Url,
    openai_chat: Url,
}

/// Where another Chat Completions server listens.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    place: Place,
    completions: Url,
}

/// A base URL, taken apart.
#[derive(Clone)]
struct Place {
    /// The URL as people write it, without credentials and without a trailing slash.
    address: String,
    /// `scheme://user:password@host:port/path`. The client turns credentials into an `Authorization`
    /// header; show `address` instead.
    secret: String,
    loopback: bool,
}

impl Host {
    /// Reads a host as Ollama does: the scheme is `http` where none is given and the port then 11434;
    /// `http://` alone means port 80 and `https://` port 443; a path is kept as a prefix; a bind
    /// address (`0.0.0.0`, `[::]`) means this machine. A trailing `/v1`, which other clients want, or
    /// `/api` is understood. Credentials are sent as `Authorization: Basic` and never shown.
    ///
    /// `given` names the value in errors.
    pub(crate) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let text = unquoted(text);
        let place = Place::parse(given, text, |path| {
            let ends = ["v1", "api"];
            let base = ends.iter().find_map(|end| {
                let base = path.strip_suffix(end)?;
                (base.is_empty() || base.ends_with('/')).then_some(base)
            });
            base.unwrap_or(path)
        })?;
        Ok(Self {
            native: place.url(given, text, NATIVE)?,
            openai_chat: place.url(given, text, OPENAI_CHAT)?,
            place,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.place.address
    }

    /// The path of chat requests below the address.
    pub(crate) fn chat_path(api: Api) -> &'static str {
        match api {
            Api::Native => NATIVE,
            Api::OpenaiChat => OPENAI_CHAT,
        }
    }

    /// `POST` here is one chat request.
    pub(crate) fn chat_url(&self, api: Api) -> &Url {
        match api {
            Api::Native => &self.native,
            Api::OpenaiChat => &self.openai_chat,
        }
    }

    /// Another of the server's own endpoints, `/api/tags` for example.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.native.clone();
        let base = url.path().strip_suffix(NATIVE).unwrap_or_default();
        let path = format!("{base}{path}");
        url.set_path(&path);
        url
    }

    /// Whether the server is on this machine, where no proxy stands in between.
    pub(crate) fn is_loopback(&self) -> bool {
        self.place.loopback
    }
}

impl BaseUrl {
    /// Reads a base URL as the clients of OpenAI do: the path is kept as it is, and requests go to
    /// `chat/completions` below it. What [`Host::parse`] says of the rest holds here, but that a URL
    /// has a scheme.
    pub(crate) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let text = unquoted(text);
        if !text.contains("://") {
            return Err(Error::configuration(
                format!("{given} is `{}`, which is no URL", shown(text)),
                "Expected a URL with its scheme, such as http://127.0.0.1:8000/v1.",
            ));
        }
        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let port = host
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'));
        if host.is_empty() || host.starts_with(':') {
            return Err(unusable(given, text, "it names no host"));
        }
        if port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(unusable(
                given,
                text,
                "its port is no number from 0 to 65535",
            ));
        }
        let place = Place::parse(given, text, |path| {
            let base = path.strip_suffix(COMPLETIONS.trim_start_matches('/'));
            base.filter(|base| base.is_empty() || base.ends_with('/'))
                .unwrap_or(path)
        })?;
        Ok(Self {
            completions: place.url(given, text, COMPLETIONS)?,
            place,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.place.address
    }

    /// The path of chat requests below the address.
    pub(crate) fn chat_path() -> &'static str {
        COMPLETIONS
    }

    /// `POST` here is one chat request.
    pub(crate) fn chat_url(&self) -> &Url {
        &self.completions
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.place.loopback
    }
}

impl Place {
    /// Takes `text` apart; `base` takes off what the end of its path has too much.
    fn parse(given: &str, text: &str, base: impl Fn(&str) -> &str) -> Result<Self, Error> {
        let bad = |why: &str| unusable(given, text, why);
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), text),
        };
        let port = match (scheme.as_str(), text.contains("://")) {
            ("http", true) => 80,
            ("https", true) => 443,
            ("http", false) if rest.eq_ignore_ascii_case("ollama.com") => 443,
            ("http", false) => DEFAULT_PORT,
            _ => return Err(bad("its scheme is neither http nor https")),
        };
        let scheme = if port == 443 {
            "https"
        } else {
            scheme.as_str()
        };
        if scheme == "https" && !cfg!(feature = "tls") {
            return Err(Error::configuration(
                format!(
                    "{given} is `{}`, but this build of alloy-runtime has no TLS",
                    shown(text)
                ),
                "Turn the feature on: `cargo add alloy-runtime --features tls`; or use an http address.",
            ));
        }

        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (format!("{user}@"), authority),
            None => (String::new(), authority),
        };
        if let Some(strange) = rest
            .chars()
            .find(|c| c.is_whitespace() || "?#\\".contains(*c))
        {
            return Err(bad(&format!("it has a {strange:?} in it")));
        }
        // Asking the host before that slash would tell it, and show, a part of the password.
        if authority
            .rsplit_once(']')
            .is_some_and(|(_, end)| !end.is_empty() && !end.starts_with(':'))
        {
            return Err(bad("after the `]` only a port can stand, `:11434`"));
        }
        if path.contains('@') {
            return Err(bad(
                "it has an `@` after a `/`; in a password write `%2F` for `/`",
            ));
        }
        let (name, port) = split_port(authority, port);
        let name = connectable(name);
        let path = base(path.trim_end_matches('/')).trim_end_matches('/');
        let separator = if path.is_empty() { "" } else { "/" };
        let base = format!("{name}:{port}{separator}{path}");
        let secret = format!("{scheme}://{user}{base}");
        let url = Url::parse(&secret).map_err(|error| bad(&error.to_string()))?;
        let Some(host) = url.host_str() else {
            return Err(bad("it names no host"));
        };
        Ok(Self {
            address: format!("{scheme}://{base}"),
            loopback: is_loopback(host),
            secret,
        })
    }

    /// The URL of an endpoint below this place.
    fn url(&self, given: &str, text: &str, path: &str) -> Result<Url, Error> {
        Url::parse(&format!("{}{path}", self.secret))
            .map_err(|error| unusable(given, text, &error.to_string()))
    }
}

impl Default for Host {
    /// `http://127.0.0.1:11434`, where Ollama listens unless told otherwise.
    fn default() -> Self {
        Self::parse("the default host", "").unwrap_or_else(|error| unreachable!("{error}"))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.address())
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.address())
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'']).trim()
}

fn unusable(given: &str, text: &str, why: &str) -> Error {
    Error::configuration(
        format!("{given} is `{}`, which is no address: {why}", shown(text)),
        "Expected an address such as http://127.0.0.1:11434 or http://gpu-box:8000/v1; for Ollama's own also gpu-box or gpu-box:11434.",
    )
}

/// The text as it may be shown: without what stands before an `@` or behind a `?`.
pub(super) fn shown(text: &str) -> String {
    let is_scheme = |scheme: &str| {
        scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}://"), rest),
        _ => (String::new(), text),
    };
    // NOTE: Shortened last: the `@` that tells a secret may stand far behind.
    let shown = match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}[secret]@{host}"),
        None => format!("{scheme}{rest}"),
    };
    // What should be a port and is none may be a password whose host was forgotten.
    let (start, path) = shown
        .split_once("://")
        .map_or(("", shown.as_str()), |(scheme, rest)| (scheme, rest));
    let authority = path.split('/').next().unwrap_or_default();
    let shown = match authority.rsplit_once(':') {
        Some((_, port))
            if !start.is_empty()
                && !authority.contains('[')
                && !port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            shown.replacen(&format!(":{port}"), ":[secret]", 1)
        }
        _ => shown,
    };
    // A query may hold a key, and no address may have one.
    match shown.split_once('?') {
        Some((shown, _)) => excerpt(&format!("{shown}?[secret]")),
        None => excerpt(&shown),
    }
}

/// Parts a port from a host name; a port that is none is ignored, as Ollama does.
fn split_port(authority: &str, default: u16) -> (&str, u16) {
    let bracketed = authority
        .starts_with('[')
        .then(|| authority.rfind(']'))
        .flatten();
    let (name, port) = match bracketed {
        Some(end) => (&authority[..=end], authority[end + 1..].strip_prefix(':')),
        // A bare IPv6 address has colons of its own.
        None if authority.parse::<Ipv6Addr>().is_ok() => (authority, None),
        None => match authority.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.and_then(|port| port.parse().ok());
    (name, port.unwrap_or(default))
}

/// The host to connect to: loopback for none and for a bind address, brackets around IPv6.
fn connectable(name: &str) -> String {
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    match bare.unwrap_or(name).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => format!("[{}]", Ipv6Addr::LOCALHOST),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ if name.is_empty() => Ipv4Addr::LOCALHOST.to_string(),
        _ => name.to_owned(),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let is_own = |address: IpAddr| {
        let address = address.to_canonical();
        address.is_loopback() || address.is_unspecified()
    };
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    // A5: the rules of Ollama's own clients.
    #[test]
    fn hosts_are_read_as_ollama_reads_them() {
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
    fn the_urls_stand_below_the_path() {
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

    #[test]
    fn only_this_machine_is_loopback() {
        let check = |text: &str, expected: bool| {
            assert_eq!(
                Host::parse("OLLAMA_HOST", text).unwrap().is_loopback(),
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
    fn what_is_no_address_says_so() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Host::parse("OLLAMA_HOST", text).unwrap_err().to_string(),
                expected
            );
        };
        check(
            "ftp://gpu",
            "OLLAMA_HOST is `ftp://gpu`, which is no address: its scheme is neither http nor https",
        );
        for strange in ["gpu box", "gpu#f", "gpu\\x"] {
            let error = Host::parse("OLLAMA_HOST", strange).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!(
                    "OLLAMA_HOST is `{strange}`, which is no address: it has"
                )),
                "{error}"
            );
        }
        check(
            "gpu:1/x?key=hunter2",
            "OLLAMA_HOST is `gpu:1/x?[secret]`, which is no address: it has a '?' in it",
        );
        check(
            "[::1]x",
            "OLLAMA_HOST is `[::1]x`, which is no address: after the `]` only a port can stand, `:11434`",
        );
        check(
            "gpu%",
            "OLLAMA_HOST is `gpu%`, which is no address: invalid international domain name",
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
        assert_eq!(host.chat_url(Api::Native).password(), Some("hunter2"));
        assert_eq!(host.url("/api/tags").password(), Some("hunter2"));
        assert_eq!(host.address(), "http://gpu:8080/x");
        assert!(!format!("{host:?}").contains("hunter2"));
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
