//! A streamed reply, read as it comes.

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::failure;
use super::gathered::Gathered;
use super::lines::{Events, Lines};
use super::{NO_MESSAGE, native, object, openai_chat};
use crate::config::Api;
use crate::error::{Detail, Error};
use crate::reply::Reply;

/// The event that ends a stream of Chat Completions.
const LAST: &[u8] = b"[DONE]";

/// Reads a streamed reply from the bytes of its body, however they are split.
#[derive(Debug)]
pub(crate) struct Decoder {
    frames: Frames,
    /// Reads an object of the protocol.
    read: fn(&str, &mut Gathered) -> Result<String, Error>,
    gathered: Gathered,
    state: State,
    /// Whether the body has ended.
    ended: bool,
}

#[derive(Debug, PartialEq)]
enum State {
    /// The bytes so far may hold more.
    Reading,
    /// All is read that they hold.
    Hungry,
    /// The body ended within an object.
    Cut,
    /// Nothing more is read: the end was read, or an error.
    Over,
}

/// What parts the objects of a stream.
#[derive(Debug)]
enum Frames {
    /// One a line, the last of which says that it is.
    Lines(Lines),
    /// One an event, and a last one that says so.
    Events(Events),
    /// One, which is all of the body.
    Document(Vec<u8>),
}

/// What the bytes so far hold next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// A piece of the text, never empty.
    Text(String),
    /// Nothing: more of the body is needed.
    More,
    /// The end of the reply, or of a body that ended before it. What the body holds behind the first is no
    /// part of the reply.
    End,
}

impl Frames {
    fn feed(&mut self, bytes: Bytes) {
        match self {
            Self::Lines(lines) => lines.feed(bytes),
            Self::Events(events) => events.feed(bytes),
            Self::Document(whole) => whole.extend_from_slice(&bytes),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Lines(lines) => lines.end(),
            Self::Events(events) => events.end(),
            Self::Document(_) => {}
        }
    }

    /// The next one, and whether it came whole; `None` where more is needed, until the body has `ended`.
    fn next(&mut self, ended: bool) -> Result<Option<(&[u8], bool)>, Error> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Events(events) => events.next(),
            Self::Document(whole) => Ok(ended.then_some((&**whole, true))),
        }
    }

    /// How much is held of what is read as one at the end, in bytes.
    fn held(&self) -> usize {
        match self {
            Self::Document(whole) => whole.len(),
            Self::Lines(_) | Self::Events(_) => 0,
        }
    }
}

impl Decoder {
    /// A reader of a stream, or of the document that a server sent instead: an error, a web page, or a reply
    /// that is whole.
    pub(crate) fn new(api: Api, is_document: bool) -> Self {
        Self {
            frames: match api {
                _ if is_document => Frames::Document(Vec::new()),
                Api::Native => Frames::Lines(Lines::of_json()),
                Api::OpenaiChat => Frames::Events(Events::new()),
            },
            read: match api {
                Api::Native => native::read_line,
                Api::OpenaiChat => openai_chat::read_event,
            },
            gathered: Gathered::default(),
            state: State::Hungry,
            ended: false,
        }
    }

    /// Takes the next bytes of the body, once all before them are read.
    pub(crate) fn feed(&mut self, bytes: Bytes) {
        self.wake();
        self.frames.feed(bytes);
    }

    /// The body has ended, as HTTP ends it.
    pub(crate) fn end(&mut self) {
        self.wake();
        self.ended = true;
        self.frames.end();
    }

    fn wake(&mut self) {
        if self.state == State::Hungry {
            self.state = State::Reading;
        }
    }

    /// What the bytes so far hold next.
    ///
    /// # Errors
    ///
    /// What the server tells in the stream, and what is no reply of the protocol. Nothing is read behind an
    /// error.
    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        match self.state {
            State::Reading => {}
            State::Hungry | State::Cut => return Ok(self.nothing()),
            State::Over => return Ok(Step::End),
        }
        let step = self.next_text();
        match &step {
            Ok(Step::Text(_)) => {}
            Ok(Step::More) => {
                if self.state == State::Reading {
                    self.state = State::Hungry;
                }
                return Ok(self.nothing());
            }
            Ok(Step::End) | Err(_) => self.state = State::Over,
        }
        step
    }

    /// What comes where the bytes so far hold nothing more.
    fn nothing(&self) -> Step {
        match self.ended {
            true => Step::End,
            false => Step::More,
        }
    }

    fn next_text(&mut self) -> Result<Step, Error> {
        let is_event = matches!(self.frames, Frames::Events(_));
        let is_document = matches!(self.frames, Frames::Document(_));
        loop {
            let Some((json, whole)) = self.frames.next(self.ended)? else {
                return Ok(Step::More);
            };
            let json = json.trim_ascii();
            if json.is_empty() && !is_document {
                continue;
            }
            if is_event && json == LAST {
                return Ok(Step::End);
            }
            // A body that ends within a line was cut there.
            if !whole && is_cut(json) {
                self.state = State::Cut;
                return Ok(Step::More);
            }
            let text = (self.read)(object(json)?, &mut self.gathered)?;
            // No stream offers tools. What calls one all the same is not kept: a stream may go on for ever.
            self.gathered.calls = Vec::new();
            if is_document && !self.gathered.said {
                return Err(failure::protocol(NO_MESSAGE, json));
            }
            if is_document {
                // Its text is handed on: it is not to be held twice.
                self.frames = Frames::Document(Vec::new());
            }
            let ends = is_document || !is_event && self.gathered.finished;
            // What ends a reply may have a text: it comes first, the end at the next step.
            if !text.is_empty() {
                if ends {
                    self.state = State::Over;
                }
                return Ok(Step::Text(text));
            }
            if ends {
                return Ok(Step::End);
            }
        }
    }

    /// How much is kept of the reply, in bytes: all but its text, which is handed on.
    pub(crate) fn kept(&self) -> usize {
        self.gathered.thinking.len() + self.gathered.refusal.len() + self.frames.held()
    }

    /// The thinking text so far.
    pub(crate) fn thinking(&self) -> &str {
        &self.gathered.thinking
    }

    /// The reply, with the whole text that was read from it.
    ///
    /// # Errors
    ///
    /// The end is missing: the stream broke off, or the model was stopped in the middle. Or it refused.
    pub(crate) fn reply(&mut self, text: String) -> Result<Reply, Error> {
        // A finished generation is not yet the end of the stream.
        let broke_off = match self.state {
            State::Cut => true,
            State::Over => false,
            State::Reading | State::Hungry => self.gathered.finished,
        };
        if broke_off {
            return Err(Error::new(Detail::Interrupted { begun: true }).after_text(text));
        }
        if self.state != State::Over && !self.gathered.said {
            return Err(failure::protocol("it is empty", ""));
        }
        self.gathered.take_reply(text)
    }
}

/// Whether something is the beginning of an object that was cut.
fn is_cut(json: &[u8]) -> bool {
    match std::str::from_utf8(json) {
        Ok(json) => serde_json::from_str::<IgnoredAny>(json).is_err_and(|error| error.is_eof()),
        Err(error) => error.error_len().is_none(),
    }
}

/// Reads a whole stream whose body comes in these pieces: its text, its thinking text, and how it ended.
#[cfg(any(test, fuzzing))]
pub(crate) fn read<'a>(
    api: Api,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, String, Result<Reply, Error>) {
    let mut decoder = Decoder::new(api, false);
    let mut text = String::new();
    let mut failure = None;
    let mut take = |decoder: &mut Decoder| {
        loop {
            match decoder.step() {
                Ok(Step::Text(piece)) => text += &piece,
                Ok(Step::More) => return false,
                Ok(Step::End) => return true,
                Err(error) => {
                    failure = Some(error);
                    return true;
                }
            }
        }
    };
    let mut over = false;
    for piece in pieces {
        if !over {
            decoder.feed(Bytes::copy_from_slice(piece));
            over = take(&mut decoder);
        }
    }
    decoder.end();
    take(&mut decoder);
    let thinking = decoder.thinking().to_owned();
    let end = match failure {
        Some(error) => Err(error),
        None => decoder.reply(text.clone()),
    };
    (text, thinking, end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A body in pieces, the lengths of which repeat.
    fn split<'a>(body: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
        let mut lengths = lengths.iter().copied().cycle();
        let mut rest = body;
        std::iter::from_fn(move || {
            let length = lengths.next().unwrap_or(body.len()).min(rest.len());
            let (piece, others) = rest.split_at(length);
            rest = others;
            (!piece.is_empty() || length == 0 && !rest.is_empty()).then_some(piece)
        })
    }

    // A document is read at its end: until then it is kept, and not beyond.
    #[test]
    fn a_document_counts_as_long_as_it_is_kept() {
        let mut decoder = Decoder::new(Api::Native, true);
        let body = json!({"message": {"content": "hello"}, "done": true}).to_string();
        decoder.feed(Bytes::from(body.clone()));
        assert_eq!(decoder.step().unwrap(), Step::More);
        assert_eq!(decoder.kept(), body.len());
        decoder.end();
        assert_eq!(decoder.step().unwrap(), Step::Text("hello".to_owned()));
        assert_eq!(decoder.kept(), 0);
    }

    // A stream offers no tools, and one that calls them for ever fills no memory.
    #[test]
    fn calls_are_not_kept() {
        let call = json!({"function": {"name": "f", "arguments": {}}});
        let native = json!({"message": {"tool_calls": vec![call; 100]}, "done": true}).to_string();
        let call = json!({"id": "1", "function": {"name": "f", "arguments": "{}"}});
        let choice = json!({"delta": {"tool_calls": vec![call; 100]}, "finish_reason": "stop"});
        let event = format!("data: {}\n\ndata: [DONE]\n\n", json!({"choices": [choice]}));
        for (api, body) in [(Api::Native, native), (Api::OpenaiChat, event)] {
            let (_, _, end) = read(api, [body.as_bytes()]);
            assert!(end.unwrap().calls.is_empty(), "{api}");
        }
    }

    /// What a stream says at a time: thinking, then text.
    fn said() -> impl Strategy<Value = Vec<(String, String)>> {
        let text = prop_oneof!["[a-c \\\\\"\\n]{0,4}", "\\PC{0,3}", Just("🦊".to_owned())];
        proptest::collection::vec((text.clone(), text), 0..6)
    }

    fn native(said: &[(String, String)], end: &str) -> String {
        let mut body = String::new();
        for (thinking, text) in said {
            let message = json!({"role": "assistant", "content": text, "thinking": thinking});
            body += &json!({"model": "m", "message": message, "done": false}).to_string();
            body += end;
        }
        let message = json!({"role": "assistant", "content": ""});
        let last =
            json!({"message": message, "done": true, "done_reason": "stop", "eval_count": 7});
        body + &last.to_string() + end
    }

    fn openai_chat(said: &[(String, String)], end: &str) -> String {
        let mut events = vec![];
        for (thinking, text) in said {
            let delta = json!({"content": text, "reasoning": thinking});
            let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
            events.push(json!({"choices": [choice]}).to_string());
        }
        let last = json!({"index": 0, "delta": {}, "finish_reason": "stop"});
        events.push(json!({"choices": [last]}).to_string());
        events.push(json!({"choices": [], "usage": {"completion_tokens": 7}}).to_string());
        events.push("[DONE]".to_owned());
        let events = events.iter();
        let event = |event: &String| format!(": comment{end}data: {event}{end}{end}");
        events.map(event).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        // S3
        #[test]
        fn a_stream_is_the_same_however_it_is_split(
            said in said(),
            lengths in proptest::collection::vec(1_usize..40, 1..5),
            end in 0_usize..3,
        ) {
            let thinking: String = said.iter().map(|(thinking, _)| thinking.as_str()).collect();
            let text: String = said.iter().map(|(_, text)| text.as_str()).collect();
            let end = ["\n", "\r\n", "\r"][end];
            let lines = native(&said, if end == "\r" { "\n" } else { end });
            let events = openai_chat(&said, end);
            for (api, body) in [(Api::Native, lines), (Api::OpenaiChat, events)] {
                for lengths in [&[1][..], &lengths[..], &[usize::MAX][..]] {
                    let read = read(api, split(body.as_bytes(), lengths));
                    prop_assert_eq!(&read.0, &text);
                    prop_assert_eq!(&read.1, &thinking);
                    let reply = read.2.unwrap();
                    prop_assert_eq!(reply.usage.completion_tokens, Some(7));
                    prop_assert_eq!(&reply.text, &text);
                }
            }
        }

        // What is no stream, too, and what is one for half of it.
        #[test]
        fn nonsense_is_the_same_however_it_is_split(
            said in said(),
            at in 0_usize..400,
            nonsense in proptest::collection::vec(any::<u8>(), 0..20),
            lengths in proptest::collection::vec(0_usize..40, 1..5),
        ) {
            prop_assume!(lengths.iter().any(|length| *length > 0));
            for (api, body) in [(Api::Native, native(&said, "\n")), (Api::OpenaiChat, openai_chat(&said, "\r\n"))] {
                let mut body = body.into_bytes();
                let at = at.min(body.len());
                body.splice(at..at, nonsense.iter().copied());
                let whole = read(api, [&body[..]]);
                let parts = read(api, split(&body, &lengths));
                prop_assert_eq!(&whole.0, &parts.0);
                prop_assert_eq!(&whole.1, &parts.1);
                let told = |end: &Result<Reply, Error>| format!("{end:?}");
                prop_assert_eq!(told(&whole.2), told(&parts.2));
            }
        }
    }
}
