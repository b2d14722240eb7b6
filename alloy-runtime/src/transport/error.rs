//! Errors of the transport, and the classification of failed connections.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use super::connect::ConnectSettings;
use crate::error::{ConnectionError, Error, ProxyError, ProxyFailure, ServerError, TimeLimit};

/// Error for a connection that was lost before the first byte of a response, or for a request that was never
/// sent.
pub(super) fn interrupted() -> Error {
    Error::new(ConnectionError::Interrupted { begun: false })
}

/// Error for a response that violates the protocol; `found` says in what way.
pub(super) fn unreadable(found: &'static str) -> Error {
    Error::new(ServerError::Protocol {
        found: found.into(),
        excerpt: String::new(),
    })
}

pub(super) fn timed_out(limit: TimeLimit, after: Duration) -> Error {
    Error::new(ConnectionError::TimedOut { limit, after })
}

/// Converts the error of a request that received no response.
pub(super) fn from_send_error(error: &reqwest::Error, connect: &ConnectSettings) -> Error {
    if let Some(failed) = proxy_error(error, connect) {
        return Error::new(ConnectionError::Proxy(failed)).with_source(innermost_cause(error));
    }
    if error.is_connect() {
        let detail = match error.url().map(reqwest::Url::scheme) {
            _ if error.is_timeout() => return timed_out(TimeLimit::Connect, connect.timeout),
            Some("https") if is_tls(error) => ConnectionError::WrongServer {
                found: "the TLS handshake failed".into(),
                excerpt: String::new(),
            },
            _ => ConnectionError::Unreachable {
                unknown_host: is_unknown_host(error),
            },
        };
        return Error::new(detail).with_source(innermost_cause(error));
    }
    if is_malformed_http(error) {
        let detail = ConnectionError::WrongServer {
            found: "its response is not valid HTTP".into(),
            excerpt: String::new(),
        };
        return Error::new(detail).with_source(innermost_cause(error));
    }
    interrupted().with_source(innermost_cause(error))
}

/// Returns the error of the proxy through which a request was sent. `None` without a proxy, and for a failure after
/// an HTTP proxy had opened the connection.
fn proxy_error(error: &reqwest::Error, connect: &ConnectSettings) -> Option<ProxyError> {
    let url = error.url()?;
    let proxy = connect.proxy(url)?;
    let is_unconnected = error.is_connect() && (is_unknown_host(error) || has_os_code(error));
    let failure = match error.is_connect() {
        true if error.is_timeout() => ProxyFailure::TimedOut(connect.timeout),
        // This client speaks no SOCKS: it rejects the scheme, or the proxy does not understand its request.
        _ if proxy.is_socks && !is_unconnected => ProxyFailure::Socks,
        true => ProxyFailure::Connection,
        false => return None,
    };
    Some(ProxyError {
        variable: proxy.name,
        proxy: proxy.address.clone(),
        host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
        failure,
    })
}

/// Converts the error of a response that ended too early.
pub(super) fn from_body_error(error: &reqwest::Error) -> Error {
    if is_malformed_http(error) {
        return unreadable("the framing of its body is not valid HTTP")
            .with_source(innermost_cause(error));
    }
    Error::new(ConnectionError::Interrupted { begun: true }).with_source(innermost_cause(error))
}

/// Returns `true` if the head or the framing of the body was not valid HTTP.
fn is_malformed_http(error: &reqwest::Error) -> bool {
    let is_invalid = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    };
    let mut causes = causes(error);
    causes.any(|cause| {
        cause.downcast_ref().is_some_and(hyper::Error::is_parse)
            || cause.downcast_ref().is_some_and(is_invalid)
    })
}

/// Returns `true` if the connection was opened and TLS failed on it. A failure below TLS has an error code of
/// the operating system or is a failed DNS look-up.
fn is_tls(error: &reqwest::Error) -> bool {
    !is_unknown_host(error) && !has_os_code(error)
}

/// Returns `true` if a call of the operating system failed.
fn has_os_code(error: &reqwest::Error) -> bool {
    let has_code = |cause: &io::Error| cause.raw_os_error().is_some();
    causes(error).any(|cause| cause.downcast_ref().is_some_and(has_code))
}

/// Returns `true` if the DNS look-up of the host failed.
fn is_unknown_host(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string().contains("dns error"))
}

/// Returns the innermost cause, which names the fact, as an error of the standard library: the HTTP client's
/// own types are not part of Alloy's public interface.
fn innermost_cause(error: &reqwest::Error) -> io::Error {
    let innermost = causes(error).last();
    let io_error = innermost.and_then(|cause| cause.downcast_ref::<io::Error>());
    match (io_error.and_then(io::Error::raw_os_error), innermost) {
        (Some(code), _) => io::Error::from_raw_os_error(code),
        (None, Some(innermost)) => io::Error::other(innermost.to_string()),
        (None, None) => io::Error::other("the connection failed"),
    }
}

/// Iterates over the causes below the HTTP client's own error, whose message Alloy's error replaces.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error: &&(dyn StdError + 'static)| {
        (*error).source()
    })
}
