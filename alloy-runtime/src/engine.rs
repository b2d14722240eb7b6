//! The pipeline, as one reads the diagram: settings, route, encode, transport, decode, output.

mod prepare;

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument as _;
use tracing::field::Empty;

pub(crate) use self::prepare::{Own, Prepared, prepare};
use crate::error::{Detail, Error, ErrorKind, TimeLimit};
use crate::global;
use crate::message::Message;
use crate::output::{Accept, Content, Expectation};
use crate::reply::{FinishReason, Reply};
use crate::request::Request;
use crate::transport::{Client, Outgoing};
use crate::wire::native;

/// How long the list of installed models may take that makes a missing model's error better.
const LISTING: Duration = Duration::from_secs(2);

/// A command whose answer was accepted.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) prompt: String,
    pub(crate) prepared: Prepared,
    pub(crate) reply: Reply,
    pub(crate) attempts: u32,
}

impl Finished {
    /// The whole conversation: what was sent, and the answer.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let mut messages = self.prepared.messages(&self.prompt);
        let mut answer = Message::assistant(self.reply.text.as_str());
        answer.thinking.clone_from(&self.reply.thinking);
        messages.push(answer);
        messages
    }
}

/// Runs a command to its end: the value is in `slot` afterwards.
pub(crate) async fn run(
    mut request: Request,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Finished, Error> {
    if let Some(error) = request.refused {
        return Err(error);
    }
    let own = Own {
        call: std::mem::take(&mut request.call),
        system: request.system.take(),
    };
    let mut prepared = prepare(&request, own, expectation)?;
    let span = tracing::info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "ollama",
        gen_ai.request.model = prepared.model.as_str(),
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.r#type = Empty,
        alloy.command = request.definition.name(),
        alloy.route = %prepared.route,
    );
    let talk = converse(&mut prepared, expectation, slot);
    match talk.instrument(span.clone()).await {
        Ok(reply) => {
            span.record("gen_ai.usage.input_tokens", reply.usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", reply.usage.completion_tokens);
            Ok(Finished {
                prompt: request.prompt,
                prepared,
                reply,
                attempts: 1,
            })
        }
        Err(error) => {
            span.record("error.type", tracing::field::debug(error.kind()));
            let error = error.of_model(prepared.model.as_str());
            Err(error.at(prepared.host.address()))
        }
    }
}

/// Sends the request, reads the reply, and reads the answer into the slot.
async fn converse(
    prepared: &mut Prepared,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Reply, Error> {
    let limit = prepared.settings.timeout.as_ref().map(|set| set.value);
    let deadline = Deadline::starting(limit);
    let client = global::client(prepared.host.is_loopback())?;
    let body = std::mem::take(&mut prepared.body);
    let answer = client.exchange(Outgoing {
        url: prepared.host.chat_url(),
        api_key: prepared.settings.api_key.as_ref().map(|key| &key.value),
        body: Some(body),
    });
    let answer = deadline.hold(answer).await?;
    match native::reply(&answer) {
        Ok(reply) => {
            let read = accept(&reply, expectation, slot);
            read.map_err(|error| error.after(1, reply.usage))?;
            Ok(reply)
        }
        Err(error) if error.kind() == ErrorKind::ModelNotFound => {
            let installed = deadline.hold(installed(&client, prepared)).await;
            let error = error.of_model(prepared.model.as_str());
            // An error that is known stays known, however the time ran out that was to make it better.
            Err(error.with_installed(&installed.unwrap_or_default()))
        }
        Err(error) => Err(error),
    }
}

/// The models that the server has; none where it does not say so soon.
async fn installed(client: &Client, prepared: &Prepared) -> Result<Vec<String>, Error> {
    let answer = client.exchange(Outgoing {
        url: prepared.host.tags_url(),
        api_key: prepared.settings.api_key.as_ref().map(|key| &key.value),
        body: None,
    });
    match timeout(LISTING, answer).await {
        Ok(Ok(answer)) => Ok(native::installed(&answer)),
        _ => Ok(Vec::new()),
    }
}

/// Reads an answer, and tells one that was cut from one that is empty or invalid.
fn accept(
    reply: &Reply,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<(), Error> {
    let cut = reply.finish_reason == Some(FinishReason::Length);
    let read = slot.accept(&reply.text, expectation);
    match (read, &expectation.content) {
        (Ok(()), Content::Text) | (Err(_), _) if cut => Err(Error::new(Detail::Truncated {
            text: reply.text.clone(),
        })),
        // JSON that could be read is whole, even where the limit came with its last token.
        (read, _) => read,
    }
}

/// When a command's `timeout` ends, if it has one.
struct Deadline(Option<(Duration, Instant)>);

impl Deadline {
    fn starting(limit: Option<Duration>) -> Self {
        // A limit beyond what a clock can hold is none.
        Self(limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?))))
    }

    async fn hold<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some((limit, end)) = self.0 else {
            return work.await;
        };
        let timed = timeout_at(end, work).await;
        timed.unwrap_or_else(|_| {
            Err(Error::new(Detail::TimedOut {
                limit: TimeLimit::Total,
                after: limit,
            }))
        })
    }
}
