//! The proxy variables, by the rules of the HTTP client, which reads them as well. They are read here so that an error
//! can name the variable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::{self, Url};

/// The proxies of the environment.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    http: Option<ProxyVariable>,
    https: Option<ProxyVariable>,
    /// The value of `NO_PROXY`.
    exceptions: String,
}

/// A variable that names a proxy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProxyVariable {
    pub(crate) name: &'static str,
    /// The proxy's address without credentials.
    pub(crate) address: String,
    /// `true` for `socks5://` and the like.
    pub(crate) is_socks: bool,
}

impl Proxies {
    /// Reads the variables; `get` returns the value of one.
    pub(crate) fn from_variables(get: impl Fn(&str) -> Option<String>) -> Self {
        // A CGI program does not use them, because a request can set `HTTP_PROXY`.
        if get("REQUEST_METHOD").is_some() {
            return Self::default();
        }
        let first = |names: [&'static str; 2]| {
            let mut set = names
                .into_iter()
                .filter_map(|name| Some((name, get(name)?)));
            set.next()
        };
        let proxy =
            |names| first(names).and_then(|(name, value)| ProxyVariable::parse(name, &value));
        let all = proxy(["ALL_PROXY", "all_proxy"]);
        Self {
            http: proxy(["HTTP_PROXY", "http_proxy"]).or_else(|| all.clone()),
            https: proxy(["HTTPS_PROXY", "https_proxy"]).or(all),
            exceptions: first(["NO_PROXY", "no_proxy"])
                .map_or_else(String::new, |(_, value)| value),
        }
    }

    /// Returns the proxy through which a URL is reached.
    pub(crate) fn for_url(&self, url: &Url) -> Option<&ProxyVariable> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        let host = url.host_str()?.trim_matches(['[', ']']);
        proxy.filter(|_| !self.is_exception(host))
    }

    fn is_exception(&self, host: &str) -> bool {
        let mut entries = self.exceptions.split(',').map(str::trim);
        match host.parse() {
            Ok(address) => entries.any(|entry| is_in_network(entry, address)),
            Err(_) => entries.any(|entry| is_in_domain(entry, host)),
        }
    }
}

impl ProxyVariable {
    /// Parses a value; `None` for one that the client ignores.
    fn parse(name: &'static str, value: &str) -> Option<Self> {
        let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
        let scheme = scheme.to_ascii_lowercase();
        let is_socks = ["socks4", "socks4a", "socks5", "socks5h"].contains(&scheme.as_str());
        let is_usable = is_socks || scheme == "http" || scheme == "https";
        (is_usable && !rest.is_empty()).then(|| Self {
            name,
            address: address::without_secrets(value),
            is_socks,
        })
    }
}

/// Returns `true` if an entry of `NO_PROXY` is this address or a network with it, such as `10.0.0.0/8`.
fn is_in_network(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (entry, Some(u32::MAX)),
    };
    let Some(bits) = bits else { return false };
    match (network.parse(), address) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address)) => {
            let prefix = |address: Ipv4Addr| shifted(u32::from(address).into(), 32, bits);
            prefix(network) == prefix(address)
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address)) => {
            let prefix = |address: Ipv6Addr| shifted(address.into(), 128, bits);
            prefix(network) == prefix(address)
        }
        _ => false,
    }
}

/// Returns the first `bits` bits of an address of `length` bits.
fn shifted(address: u128, length: u32, bits: u32) -> u128 {
    address
        .checked_shr(length.saturating_sub(bits))
        .unwrap_or(0)
}

/// Returns `true` if an entry of `NO_PROXY` is this domain, one above it, or `*`.
fn is_in_domain(entry: &str, host: &str) -> bool {
    let domain = entry.strip_prefix('.').unwrap_or(entry);
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return entry == "*";
    };
    let ends_with = host
        .get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(domain));
    entry == "*" || !domain.is_empty() && ends_with && (start == 0 || host[..start].ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_variables(|name| {
            let mut set = variables.iter();
            set.find_map(|(known, value)| (*known == name).then(|| (*value).to_owned()))
        })
    }

    #[test]
    fn the_variable_of_a_url_is_found() {
        let check = |variables: &[(&str, &str)], url: &str, expected: Option<(&str, &str)>| {
            let proxies = proxies(variables);
            let found = proxies.for_url(&url.parse().unwrap());
            let found = found.map(|proxy| (proxy.name, proxy.address.as_str()));
            assert_eq!(found, expected, "{variables:?} {url}");
        };
        let http = ("HTTP_PROXY", "http://proxy:3128");
        let all = ("all_proxy", "socks5://proxy:1080");
        check(&[http], "http://gpu:1", Some(http));
        check(&[http], "https://gpu:1", None);
        check(&[http, all], "https://gpu:1", Some(all));
        check(
            &[("http_proxy", "proxy:1"), all],
            "http://gpu",
            Some(("http_proxy", "proxy:1")),
        );
        check(
            &[("https_proxy", "http://p")],
            "https://gpu",
            Some(("https_proxy", "http://p")),
        );
        // Values that the client ignores.
        check(
            &[("HTTP_PROXY", ""), ("http_proxy", "http://p")],
            "http://gpu",
            None,
        );
        check(&[("HTTP_PROXY", "ftp://p")], "http://gpu", None);
        check(&[("REQUEST_METHOD", "GET"), http], "http://gpu", None);
        let secret = ("HTTP_PROXY", "http://ann:hunter2@proxy:1");
        check(
            &[secret],
            "http://gpu",
            Some(("HTTP_PROXY", "http://[secret]@proxy:1")),
        );
    }

    #[test]
    fn exceptions_are_hosts_domains_and_networks() {
        let check = |exceptions: &str, host: &str, expected: bool| {
            let proxies = proxies(&[("ALL_PROXY", "http://p"), ("no_proxy", exceptions)]);
            let found = proxies.for_url(&format!("http://{host}:11434/api").parse().unwrap());
            assert_eq!(found.is_none(), expected, "{exceptions} {host}");
        };
        check("gpu", "gpu", true);
        check("other, GPU", "gpu", true);
        check("example.com", "gpu.example.com", true);
        check(".example.com", "gpu.example.com", true);
        check(".example.com", "example.com", true);
        check("example.com", "notexample.com", false);
        check("gpu.example.com", "example.com", false);
        check("*", "gpu", true);
        check("", "gpu", false);
        check("10.0.0.0/8", "10.1.2.3", true);
        check("10.0.0.0/8", "11.1.2.3", false);
        check("10.1.2.3", "10.1.2.3", true);
        check("0.0.0.0/0", "11.1.2.3", true);
        check("fd00::/8", "[fd12::1]", true);
        check("fd00::/8", "[fe80::1]", false);
        check("10.0.0.0/x", "10.0.0.1", false);
    }
}
