//! The backend that fails each request.

use super::exchange::{
    BackendReply, EncodedRequest, Exchange, Inquiry, Inspection, Operation, StreamedReply,
};
use crate::endpoint::Endpoint;
use crate::error::{ConnectionError, Error};

/// Fails each request before anything is sent.
pub(super) struct Forbid;

impl Exchange for Forbid {
    fn send(&self, request: EncodedRequest) -> Operation<'_, BackendReply> {
        Box::pin(async move { Err(forbidden(&format!("`{}`", request.info.command))) })
    }

    fn stream(&self, request: EncodedRequest) -> Operation<'_, StreamedReply> {
        Box::pin(async move { Err(forbidden(&format!("`{}`", request.info.command))) })
    }

    fn inspect<'a>(
        &'a self,
        _endpoint: &'a Endpoint,
        _inquiry: Inquiry<'a>,
    ) -> Operation<'a, Inspection> {
        Box::pin(async { Err(forbidden("an inquiry about models")) })
    }
}

fn forbidden(what: &str) -> Error {
    Error::new(ConnectionError::Unanswered {
        message: format!("{what} was not sent: requests are forbidden"),
        help: "In a test, run it with a stand-in (feature `testing`). To ask a model, remove ALLOY_BACKEND=forbid, `Backend::forbid()` or `forbid_requests()`.".to_owned(),
    })
}
