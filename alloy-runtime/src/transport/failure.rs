//! What a failed connection means.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use super::{interrupted, timed_out, unreadable};
use crate::error::{Detail, Error, TimeLimit};

/// A request that got no reply.
pub(super) fn of_send(error: &reqwest::Error, connect_timeout: Duration) -> Error {
    if error.is_connect() {
        let failure = match error.url().map(reqwest::Url::scheme) {
            _ if error.is_timeout() => return timed_out(TimeLimit::Connect, connect_timeout),
            Some("https") if is_tls(error) => Detail::NotOllama {
                found: "it speaks no TLS that could be agreed on".into(),
                excerpt: String::new(),
            },
            _ => Detail::Unreachable {
                unknown_host: is_unknown_host(error),
            },
        };
        return Error::new(failure).with_source(cause(error));
    }
    if is_unparsable(error) {
        let strange = Detail::NotOllama {
            found: "what it answers cannot be read as HTTP".into(),
            excerpt: String::new(),
        };
        return Error::new(strange).with_source(cause(error));
    }
    interrupted().with_source(cause(error))
}

/// A reply that ended before its end.
pub(super) fn of_body(error: &reqwest::Error) -> Error {
    if is_unparsable(error) {
        return unreadable("its body is not framed as HTTP frames it").with_source(cause(error));
    }
    Error::new(Detail::Interrupted { begun: true }).with_source(cause(error))
}

/// Whether bytes came that are not HTTP, in the head or in the framing of a body.
fn is_unparsable(error: &reqwest::Error) -> bool {
    let invalid = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    };
    let mut causes = causes(error);
    causes.any(|cause| {
        cause.downcast_ref().is_some_and(hyper::Error::is_parse)
            || cause.downcast_ref().is_some_and(invalid)
    })
}

/// Whether a connection was there and TLS failed on it: what fails below TLS has a code of the
/// system's, or is the look-up of the name.
fn is_tls(error: &reqwest::Error) -> bool {
    let system = |cause: &io::Error| cause.raw_os_error().is_some();
    let mut causes = causes(error);
    !is_unknown_host(error) && !causes.any(|cause| cause.downcast_ref().is_some_and(system))
}

/// Whether the look-up of the host's name failed.
fn is_unknown_host(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string().contains("dns error"))
}

/// The innermost cause, which is the one that says what happened, as an error of the standard
/// library: the client's own types are no part of Alloy's interface.
fn cause(error: &reqwest::Error) -> io::Error {
    let innermost = causes(error).last();
    let system = innermost.and_then(|cause| cause.downcast_ref::<io::Error>());
    match (system.and_then(io::Error::raw_os_error), innermost) {
        (Some(code), _) => io::Error::from_raw_os_error(code),
        (None, Some(innermost)) => io::Error::other(innermost.to_string()),
        (None, None) => io::Error::other("the connection failed"),
    }
}

/// The causes below the client's own error, which repeats what Alloy's says better.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error: &&(dyn StdError + 'static)| {
        (*error).source()
    })
}

#[cfg(test)]
#[cfg(feature = "tls")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use crate::error::ErrorKind;
    use crate::transport::{Client, Outgoing};

    async fn kind_of(url: &str) -> ErrorKind {
        let outgoing = Outgoing {
            url: &url.parse().unwrap(),
            authorization: None,
            body: None,
            idle_timeout: Duration::from_secs(30),
        };
        let client = Client::new(true, Duration::from_secs(10)).unwrap();
        client.exchange(outgoing).await.unwrap_err().kind()
    }

    // E1: TLS mismatch.
    #[tokio::test]
    async fn a_server_without_tls_is_told_from_no_server() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plain = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(stream.read(&mut [0; 64]));
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        });
        assert_eq!(
            kind_of(&format!("https://{address}")).await,
            ErrorKind::NotOllama
        );
        plain.join().unwrap();
        assert_eq!(
            kind_of(&format!("https://{address}")).await,
            ErrorKind::Unreachable
        );
    }
}
