//! The request of the engine in this process: the native one without the fields that the engine does not support,
//! with `calls` in addition.

use serde::Serialize;
use serde_json::value::RawValue;

use super::ChatRequest;
use super::native::{Format, KeepAliveSeconds, NativeMessages, ThinkLevel};
use super::options::ModelOptions;
use crate::endpoint::Protocol;

/// The body.
#[derive(Serialize)]
pub(super) struct EngineBody<'a> {
    model: &'a str,
    messages: NativeMessages<'a>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<ThinkLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<KeepAliveSeconds>,
    /// Schemas of the tool calls that the engine enforces.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<&'a RawValue>,
    options: ModelOptions<'a>,
}

impl<'a> EngineBody<'a> {
    pub(super) fn new(request: &ChatRequest<'a>) -> Self {
        Self {
            model: request.model,
            messages: NativeMessages::new(request),
            stream: request.streamed,
            tools: request.tools.map(|tools| &*tools.json),
            format: Format::new(request, |schema| &schema.engine),
            think: request.think().map(ThinkLevel),
            keep_alive: request.keep_alive().map(KeepAliveSeconds),
            calls: request.tools.map(|tools| &*tools.calls),
            options: ModelOptions::new(Protocol::Engine, request),
        }
    }
}
