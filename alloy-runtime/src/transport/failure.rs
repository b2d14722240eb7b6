//! What a failed connection means.

use std::error::Error as StdError;
use std::io;

use super::{CONNECT_TIMEOUT, timed_out, unreadable};
use crate::error::{Detail, Error, TimeLimit};

/// A request that got no reply.
#[allow(clippy::needless_pass_by_value, reason = "called by map_err")]
pub(super) fn of_send(error: reqwest::Error) -> Error {
    if error.is_connect() {
        if error.is_timeout() {
            return timed_out(TimeLimit::Connect, CONNECT_TIMEOUT);
        }
        return Error::new(Detail::Unreachable).with_source(cause(&error));
    }
    if is_unparsable(&error) {
        let strange = Detail::NotOllama {
            found: "what it answers cannot be read as HTTP".into(),
            excerpt: String::new(),
        };
        return Error::new(strange).with_source(cause(&error));
    }
    // The connection was lost before the first byte of a reply.
    Error::new(Detail::Interrupted {
        text: String::new(),
    })
    .with_source(cause(&error))
}

/// A reply that ended before its end.
pub(super) fn of_body(error: &reqwest::Error) -> Error {
    if is_unparsable(error) {
        return unreadable("its body is not framed as HTTP frames it").with_source(cause(error));
    }
    Error::new(Detail::Interrupted {
        text: String::new(),
    })
    .with_source(cause(error))
}

fn is_unparsable(error: &reqwest::Error) -> bool {
    let mut causes = causes(error);
    causes.any(|cause| cause.downcast_ref().is_some_and(hyper::Error::is_parse))
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

/// The causes below the client's own error, which repeats the URL and with it its credentials.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error: &&(dyn StdError + 'static)| {
        (*error).source()
    })
}
