//! Encodes the next request of a command.

use bytes::Bytes;

use super::resolve::{format_instructions, system_text};
use super::transcript::Transcript;
use crate::backend::CallInfo;
use crate::request::Request;
use crate::warning::Warning;
use crate::wire::{self, ChatRequest};

/// Encodes the next request, and warns of the settings that its protocol cannot express. A pure function: it is called
/// once per turn, and a retry sends the same bytes.
pub(crate) fn encode(
    request: &Request,
    info: &CallInfo,
    transcript: &Transcript,
) -> (Bytes, Vec<Warning>) {
    let mut warnings = Vec::new();
    let offers_tools = transcript.offers_tools();
    let toolset = info.toolset.as_deref().filter(|_| offers_tools);
    let resolved = &*info.resolved;
    let chat = ChatRequest {
        model: resolved.model.as_str(),
        always_thinks: resolved.model.is_gpt_oss(),
        system: system_text(request, info),
        format_instructions: format_instructions(info),
        history: &request.history,
        prompt: &request.prompt,
        images: &request.images,
        transcript: transcript.messages(),
        reask: transcript.reask(),
        tools: toolset,
        typed: info.output.typed().filter(|_| toolset.is_none()),
        streamed: request.streamed,
        settings: &resolved.settings,
    };
    let body = wire::encode(resolved.endpoint.protocol(), &chat, &mut warnings);
    (body.into(), warnings)
}
