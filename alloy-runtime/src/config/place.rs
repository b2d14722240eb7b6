//! The address of a server, taken apart as people write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
pub(crate) use reqwest::Url;

use super::Secret;
use crate::error::{Error, excerpt};

/// Where a server listens.
#[derive(Clone)]
pub(crate) struct Place {
    /// The URL as people write it, without credentials and without a trailing slash.
    pub(crate) address: String,
    /// What stood before an `@`, as the value of an `Authorization` header.
    pub(crate) credentials: Option<Secret>,
    /// Whether that is this machine, where no proxy stands in between.
    pub(crate) loopback: bool,
}

/// The pieces of an address, as they are written.
pub(super) struct Parts<'a> {
    given: &'a str,
    text: &'a str,
    scheme: &'static str,
    /// The port where none is written.
    default_port: u16,
    user: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) port: Option<&'a str>,
    path: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes `text` apart, whose quotes are off; `given` names it in errors. Without a scheme it is
    /// `http`, and `schemeless_port` then the port where none is written.
    pub(super) fn of(given: &'a str, text: &'a str, schemeless_port: u16) -> Result<Self, Error> {
        let bad = |why: &str| unusable(given, text, why);
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (scheme, default_port) = match scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => ("http", 80),
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => ("https", 443),
            None if rest.eq_ignore_ascii_case("ollama.com") => ("https", 443),
            None => ("http", schemeless_port),
            Some(_) => return Err(bad("its scheme is neither http nor https")),
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
        if let Some(strange) = rest
            .chars()
            .find(|c| c.is_whitespace() || "?#\\".contains(*c))
        {
            return Err(bad(&format!("it has a {strange:?} in it")));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
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
        let (name, port) = split_port(authority);
        // Without credentials a missing name is this machine's.
        if name.is_empty() && user.is_some() {
            return Err(bad("it names no host"));
        }
        Ok(Self {
            given,
            text,
            scheme,
            default_port,
            user,
            name,
            port,
            path,
        })
    }

    /// The place that the pieces mean; `base` takes off what the end of the path has too much. A port
    /// that is no number is ignored, as Ollama does.
    pub(super) fn place(&self, base: impl Fn(&str) -> &str) -> Result<Place, Error> {
        let port = self.port.and_then(|port| port.parse().ok());
        let port: u16 = port.unwrap_or(self.default_port);
        let name = connectable(self.name);
        let path = base(self.path.trim_end_matches('/')).trim_end_matches('/');
        let separator = if path.is_empty() { "" } else { "/" };
        let address = format!("{}://{name}:{port}{separator}{path}", self.scheme);
        let url = Url::parse(&address).map_err(|error| self.unusable(&error.to_string()))?;
        let Some(host) = url.host_str() else {
            return Err(self.unusable("it names no host"));
        };
        Ok(Place {
            loopback: is_loopback(host),
            credentials: self.user.filter(|user| !user.is_empty()).map(basic),
            address,
        })
    }

    pub(super) fn unusable(&self, why: &str) -> Error {
        unusable(self.given, self.text, why)
    }
}

impl Place {
    /// The URL of an endpoint below this place.
    pub(super) fn url(&self, parts: &Parts<'_>, path: &str) -> Result<Url, Error> {
        Url::parse(&format!("{}{path}", self.address))
            .map_err(|error| parts.unusable(&error.to_string()))
    }
}

/// `user:password`, percent-encoded, as the value of an `Authorization` header.
fn basic(user: &str) -> Secret {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain: Vec<u8> = percent_decode_str(name).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    Secret::new(format!("Basic {}", STANDARD.encode(plain)))
}

/// What an address is without the quotes that shells and files leave around it.
pub(super) fn unquoted(text: &str) -> &str {
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

/// Parts a port, as it is written, from a host name.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let bracketed = authority
        .starts_with('[')
        .then(|| authority.rfind(']'))
        .flatten();
    match bracketed {
        Some(end) => (&authority[..=end], authority[end + 1..].strip_prefix(':')),
        // A bare IPv6 address has colons of its own.
        None if authority.parse::<Ipv6Addr>().is_ok() => (authority, None),
        None => match authority.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        },
    }
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

    #[test]
    fn what_is_shown_of_an_address_has_no_secret() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected, "{text}");
        check("http://u:p@gpu", "http://[secret]@gpu");
        check("my pass://u@gpu", "[secret]@gpu");
        check("http://gpu:hunter2/v1", "http://gpu:[secret]/v1");
        check("http://gpu:11434/v1", "http://gpu:11434/v1");
        check("http://[::1]", "http://[::1]");
        check("gpu:11434?key=k", "gpu:11434?[secret]");
    }

    #[test]
    fn only_a_bind_address_becomes_loopback() {
        for (name, expected) in [
            ("", "127.0.0.1"),
            ("0.0.0.0", "127.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("::", "[::1]"),
            ("[::]", "[::1]"),
            ("::2", "[::2]"),
            ("gpu", "gpu"),
        ] {
            assert_eq!(connectable(name), expected, "{name}");
        }
    }
}
