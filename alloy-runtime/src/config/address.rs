//! Parsing of server addresses by Ollama's rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
pub(crate) use reqwest::Url;

use super::Secret;
use crate::error::{Error, excerpt};

/// Address of a server.
#[derive(Clone)]
pub(crate) struct ServerAddress {
    /// The URL with its port, without credentials and without a trailing slash.
    pub(crate) address: String,
    /// The user information before the `@`, as the value of an `Authorization` header.
    pub(crate) credentials: Option<Secret>,
    /// `true` if the host is this machine. Such requests never use a proxy.
    pub(crate) loopback: bool,
    /// The address with the port that it would have without `http://`, if its port is 80 because of that alone.
    pub(crate) with_own_port: Option<String>,
}

/// Components of an address, as they are written.
pub(super) struct AddressParts<'a> {
    given: &'a str,
    text: &'a str,
    scheme: &'static str,
    /// The port if none is written.
    default_port: u16,
    /// The port if no scheme and no port is written.
    schemeless_port: u16,
    user: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) port: Option<&'a str>,
    path: &'a str,
}

impl<'a> AddressParts<'a> {
    /// Splits `text`, without its quotes, into components; `given` names it in errors. Without a scheme,
    /// `http` and `schemeless_port` are the defaults.
    pub(super) fn parse(
        given: &'a str,
        text: &'a str,
        schemeless_port: u16,
    ) -> Result<Self, Error> {
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
                    without_secrets(text)
                ),
                "Turn the feature on: `cargo add alloy-runtime --features tls`; or use an http address.",
            ));
        }
        if let Some(strange) = rest
            .chars()
            .find(|c| c.is_whitespace() || "?#\\".contains(*c))
        {
            return Err(bad(&format!("it contains {strange:?}")));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        if authority
            .rsplit_once(']')
            .is_some_and(|(_, end)| !end.is_empty() && !end.starts_with(':'))
        {
            return Err(bad("only a port such as `:11434` can follow `]`"));
        }
        // The `/` may be part of a password: the text before it would be used, and shown, as the host.
        if path.contains('@') {
            return Err(bad(
                "it contains `@` after `/`; write `/` in a password as `%2F`",
            ));
        }
        let (name, port) = split_port(authority);
        // Without credentials, a missing host means this machine.
        if name.is_empty() && user.is_some() {
            return Err(bad("the host is missing"));
        }
        Ok(Self {
            given,
            text,
            scheme,
            default_port,
            schemeless_port,
            user,
            name,
            port,
            path,
        })
    }

    /// Returns the address; `base` removes an endpoint from the end of the path. A port that is not a valid
    /// number is ignored, as Ollama does.
    pub(super) fn address(&self, base: impl Fn(&str) -> &str) -> Result<ServerAddress, Error> {
        let port: Option<u16> = self.port.and_then(|port| port.parse().ok());
        let name = connectable(self.name);
        let path = base(self.path.trim_end_matches('/')).trim_end_matches('/');
        let separator = if path.is_empty() { "" } else { "/" };
        let with_port = |port: u16| format!("{}://{name}:{port}{separator}{path}", self.scheme);
        let address = with_port(port.unwrap_or(self.default_port));
        let is_implied =
            port.is_none() && self.scheme == "http" && self.default_port != self.schemeless_port;
        let url = Url::parse(&address).map_err(|error| self.unusable(&error.to_string()))?;
        let Some(host) = url.host_str() else {
            return Err(self.unusable("the host is missing"));
        };
        Ok(ServerAddress {
            loopback: is_loopback(host),
            credentials: self.user.filter(|user| !user.is_empty()).map(basic),
            with_own_port: is_implied.then(|| with_port(self.schemeless_port)),
            address,
        })
    }

    pub(super) fn unusable(&self, why: &str) -> Error {
        unusable(self.given, self.text, why)
    }
}

impl ServerAddress {
    /// Returns the URL of an endpoint below this address.
    pub(super) fn url(&self, parts: &AddressParts<'_>, path: &str) -> Result<Url, Error> {
        Url::parse(&format!("{}{path}", self.address))
            .map_err(|error| parts.unusable(&error.to_string()))
    }
}

/// Encodes `user:password`, which may be percent-encoded, as the value of an `Authorization` header.
fn basic(user: &str) -> Secret {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain: Vec<u8> = percent_decode_str(name).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    Secret::new(format!("Basic {}", STANDARD.encode(plain)))
}

/// Removes the quotes that shells and configuration files leave around an address.
pub(super) fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\'']).trim()
}

fn unusable(given: &str, text: &str, why: &str) -> Error {
    Error::configuration(
        format!(
            "{given} is `{}`, which is not a valid address: {why}",
            without_secrets(text)
        ),
        "Set an address such as http://127.0.0.1:11434 or http://gpu-box:8000/v1; for Ollama also gpu-box or gpu-box:11434.",
    )
}

/// Replaces the parts of an address that may be secret: user information, query, and a port that is not a
/// number.
pub(super) fn without_secrets(text: &str) -> String {
    let is_scheme = |scheme: &str| {
        scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}://"), rest),
        _ => (String::new(), text),
    };
    // The text is shortened last: the `@` that marks a secret may come late in a long text.
    let shown = match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}[secret]@{host}"),
        None => format!("{scheme}{rest}"),
    };
    // A port that is not a number may be a password whose host was forgotten.
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
    // A query may contain a key. Addresses with a query are rejected, but shown in the error.
    match shown.split_once('?') {
        Some((shown, _)) => excerpt(&format!("{shown}?[secret]")),
        None => excerpt(&shown),
    }
}

/// Splits a host name from its port, both as written.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let bracketed = authority
        .starts_with('[')
        .then(|| authority.rfind(']'))
        .flatten();
    match bracketed {
        Some(end) => (&authority[..=end], authority[end + 1..].strip_prefix(':')),
        // An IPv6 address without brackets contains colons, but has no port.
        None if authority.parse::<Ipv6Addr>().is_ok() => (authority, None),
        None => match authority.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (authority, None),
        },
    }
}

/// Returns the host to connect to: loopback for a missing host or a bind address, brackets around IPv6.
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
    let is_local = |address: IpAddr| {
        let address = address.to_canonical();
        address.is_loopback() || address.is_unspecified()
    };
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses_are_not_shown() {
        let check =
            |text: &str, expected: &str| assert_eq!(without_secrets(text), expected, "{text}");
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
