//! Requests other than chat: before a request (does the model accept images?), after a reply (was the prompt cut?), and
//! to complete an error (what is installed?).

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::{sleep, timeout};

use super::active_call::ActiveCall;
use super::resolve::system_message;
use crate::backend::{ActiveBackend, CallInfo, Inquiry, Inspection};
use crate::endpoint::Protocol;
use crate::error::{Error, ErrorKind, MAX_SUGGESTED, ServerError, excerpt};
use crate::installed::InstalledModel;
use crate::message::ImageFormat;
use crate::reply::Reply;
use crate::warning::Warning;

/// Time limit of an inquiry that improves an error.
const DIAGNOSTIC_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit of an inquiry that follows the reply to a long prompt. A server that chats answers it at once.
const CONTEXT_TIMEOUT: Duration = Duration::from_millis(500);
/// Time limit of an inquiry that decides whether a request is sent.
const PREFLIGHT_TIMEOUT: Duration = Duration::from_secs(10);
/// The fewest tokens of a prompt that is suspected to fill a context, or to be the rest of one that was cut.
const MIN_SUSPECT: u64 = 256;
/// The most tokens that a server keeps of the beginning of a prompt when it cuts it: five by default.
const MAX_KEPT: u64 = 8;

/// Checks a command before its first request, and logs its warnings, `unsupported` included.
///
/// # Errors
///
/// The prompt has images and the model cannot see.
pub(super) async fn preflight(
    call: &ActiveCall,
    mut unsupported: Vec<Warning>,
) -> Result<Vec<Warning>, Error> {
    if call.request.all_images().next().is_some() {
        // Boxed: the usual command has no images, and does not hold this future.
        unsupported.extend(check_images(call)?);
        match Box::pin(check_vision(call)).await {
            Ok(warning) => unsupported.extend(warning),
            Err(error) => return Err(Box::pin(enrich(call, error)).await),
        }
    }
    for warning in &unsupported {
        tracing::warn!("{warning}");
    }
    Ok(unsupported)
}

/// Checks that the images are images.
///
/// # Errors
///
/// One of them is empty, or text: a path, a URL or base64 in place of the bytes.
fn check_images(call: &ActiveCall) -> Result<Option<Warning>, Error> {
    let mut warning = None;
    for image in call.request.all_images() {
        match image.format() {
            ImageFormat::Known("image/png" | "image/jpeg" | "image/webp") => {}
            ImageFormat::Known(media_type) => {
                warning = Some(Warning::UncommonImageFormat { media_type });
            }
            ImageFormat::Unknown => warning = Some(Warning::UnknownImageFormat),
            ImageFormat::Text => {
                let found = match String::from_utf8_lossy(image.bytes()) {
                    text if text.is_empty() => "it is empty".to_owned(),
                    text => format!("it is the text {:?}", excerpt(&text)),
                };
                return Err(Error::configuration(
                    format!("an image is not valid: {found}; expected the bytes of an image file"),
                    "Read the file and pass its bytes: `.image(fs::read(\"cat.png\")?)`. Base64 is decoded first.",
                ));
            }
        }
    }
    Ok(warning)
}

/// Checks that the model can see: Ollama drops the images of a model that cannot, without an error.
async fn check_vision(call: &ActiveCall) -> Result<Option<Warning>, Error> {
    let resolved = &call.info.resolved;
    let model = resolved.model.as_str();
    let inspection = inspect(
        &call.backend,
        &call.info,
        Inquiry::Capabilities { model },
        PREFLIGHT_TIMEOUT,
    )
    .await;
    match inspection {
        Ok(Inspection::Capabilities(known)) if has(&known, "vision") => Ok(None),
        Ok(Inspection::Capabilities(_)) => Err(resolved.endpoint.no_vision()),
        Ok(_) => Ok(Some(Warning::VisionUnknown)),
        // A gateway may serve Chat Completions alone.
        Err(error)
            if error.kind() == ErrorKind::WrongServer
                && resolved.endpoint.protocol() == Protocol::OpenaiChat =>
        {
            Ok(Some(Warning::VisionUnknown))
        }
        Err(error) => Err(error),
    }
}

/// Completes an error about a model with installed models: those with similar names, or those with the missing
/// capability. If there is no time left, the error stays as it is.
pub(super) async fn enrich(call: &ActiveCall, error: Error) -> Error {
    if error.kind() == ErrorKind::ModelNotFound {
        let resolved = &call.info.resolved;
        let models = installed_models(call).await;
        let names: Vec<String> = models.into_iter().map(|model| model.name).collect();
        let error = error.with_model(resolved.model.as_str());
        return error.with_installed_models(&names, resolved.is_pinned());
    }
    if let Some(capability) = error.missing_capability() {
        let models = models_with_capability(call, capability).await;
        return error.with_capable_models(&models);
    }
    error
}

/// Maximum number of installed models that are asked for their capabilities, to complete an error.
const MAX_ASKED: usize = 16;
/// Number of these questions at a time.
const ASKED_AT_A_TIME: usize = 4;

/// Returns the names of the installed models that have a capability.
///
/// The list of installed models understates what a model can do, since the server derives it from a part of its template.
/// Each model is therefore asked for, those first that the list names.
async fn models_with_capability(call: &ActiveCall, capability: &str) -> Vec<String> {
    let lists = |model: &InstalledModel| {
        let known = model.capabilities.as_deref();
        known.is_some_and(|known| has(known, capability))
    };
    let mut models = installed_models(call).await;
    models.sort_by_key(|model| !lists(model));
    models.truncate(MAX_ASKED);
    let asked = models.into_iter().map(|model| async move {
        let inquiry = Inquiry::Capabilities { model: &model.name };
        let known = inspect(&call.backend, &call.info, inquiry, DIAGNOSTIC_TIMEOUT).await;
        let has_it = match known {
            Ok(Inspection::Capabilities(known)) => has(&known, capability),
            _ => lists(&model),
        };
        has_it.then_some(model.name)
    });
    let capable = stream::iter(asked)
        .buffered(ASKED_AT_A_TIME)
        .filter_map(std::future::ready);
    // Those that were found in time are enough.
    let in_time = capable.take_until(sleep(DIAGNOSTIC_TIMEOUT));
    in_time.take(MAX_SUGGESTED).collect().await
}

/// Returns `true` if a list of capabilities contains one.
fn has(known: &[String], capability: &str) -> bool {
    known.iter().any(|one| one == capability)
}

async fn installed_models(call: &ActiveCall) -> Vec<InstalledModel> {
    match inspect(
        &call.backend,
        &call.info,
        Inquiry::InstalledModels { is_for_error: true },
        DIAGNOSTIC_TIMEOUT,
    )
    .await
    {
        Ok(Inspection::InstalledModels(models)) => models,
        _ => Vec::new(),
    }
}

/// The check that the server did not cut the prompt of a command.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ContextCheck {
    /// The length of the context, in tokens, if the prompt filled it.
    filled: Option<u64>,
}

/// A prompt that did not fit into the context of a model. Lengths are in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The prompt filled the context of this length.
    Filled(u64),
    /// The server cut the prompt to make room for an answer.
    Cut { context: u64, left: u64 },
}

impl ContextCheck {
    /// Checks the first reply of a command, and warns if the prompt filled the context.
    ///
    /// On `openai_chat` Ollama cuts a prompt that is too long without an error. The only sign is the number of the
    /// prompt's tokens: as many as the context has, or, since Ollama 0.33, as many as its cut leaves.
    pub(super) async fn run(&mut self, call: &ActiveCall, reply: &Reply) -> Option<Warning> {
        if !Self::is_needed(call, reply) {
            return None;
        }
        let prompt = PromptSize::of(call, reply);
        self.record(Box::pin(misfit(&call.backend, &call.info, prompt)).await)
    }

    /// Returns `true` if the server may have cut the prompt without an error.
    pub(super) fn is_needed(call: &ActiveCall, reply: &Reply) -> bool {
        let is_silent = call.info.resolved.endpoint.protocol() == Protocol::OpenaiChat;
        let tokens = reply.usage.prompt_tokens;
        is_silent && tokens.is_some_and(|tokens| tokens >= MIN_SUSPECT)
    }

    /// Records the result of [`misfit`].
    pub(super) fn record(&mut self, misfit: Option<Misfit>) -> Option<Warning> {
        let warning = match misfit? {
            Misfit::Filled(tokens) => {
                self.filled = Some(tokens);
                Warning::ContextFull { tokens }
            }
            Misfit::Cut { context, left } => Warning::PromptCut {
                tokens: left,
                context,
            },
        };
        tracing::warn!("{warning}");
        Some(warning)
    }

    /// Replaces the error of a truncated answer if the prompt had left no room for it.
    pub(super) fn explain(self, error: Error) -> Error {
        match self.filled {
            Some(tokens) if error.kind() == ErrorKind::Truncated => {
                let text = format!("it filled all {tokens} tokens of it");
                Error::new(ServerError::ContextOverflow { text })
            }
            _ => error,
        }
    }
}

/// The size of a prompt, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct PromptSize {
    /// The tokens that the server counted.
    tokens: Option<u64>,
    /// The bytes of its texts.
    bytes: u64,
}

impl PromptSize {
    pub(super) fn of(call: &ActiveCall, reply: &Reply) -> Self {
        let request = &call.request;
        let system = system_message(request, &call.info).map_or(0, |system| system.content.len());
        let history = request.history.iter().map(|message| message.content.len());
        let bytes = request.prompt.len() + system + history.sum::<usize>();
        Self {
            tokens: reply.usage.prompt_tokens,
            bytes: bytes as u64,
        }
    }

    /// Compares the prompt with a context of this length.
    fn misfit(self, context: u64) -> Option<Misfit> {
        let tokens = self.tokens?;
        if tokens >= context {
            return Some(Misfit::Filled(context));
        }
        // llama.cpp keeps the first `kept` tokens and cuts half of the rest out of the prompt. A prompt that fits may have
        // as many tokens by chance, but then it is not longer in bytes than the context is in tokens, or seldom.
        let is_left_by_a_cut =
            (0..=MAX_KEPT.min(context)).any(|kept| tokens == context - (context - kept) / 2);
        (is_left_by_a_cut && self.bytes > context).then_some(Misfit::Cut {
            context,
            left: tokens,
        })
    }
}

/// Asks for the length of the model's context, and compares the prompt with it.
pub(super) async fn misfit(
    backend: &ActiveBackend,
    info: &CallInfo,
    prompt: PromptSize,
) -> Option<Misfit> {
    let model = info.resolved.model.as_str();
    match inspect(
        backend,
        info,
        Inquiry::LoadedContext { model },
        CONTEXT_TIMEOUT,
    )
    .await
    {
        Ok(Inspection::LoadedContext(context)) => prompt.misfit(context),
        _ => None,
    }
}

/// Asks the endpoint within the deadline. An inquiry that takes longer than `limit` is unknown.
async fn inspect(
    backend: &ActiveBackend,
    info: &CallInfo,
    inquiry: Inquiry<'_>,
    limit: Duration,
) -> Result<Inspection, Error> {
    let endpoint = &info.resolved.endpoint;
    let inquiry = pin!(async {
        let inspection = timeout(limit, backend.inspect(endpoint, inquiry)).await;
        inspection.unwrap_or(Ok(Inspection::Unknown))
    });
    info.deadline.run(inquiry).await
}
