//! Tests of the stream decoder: the split of a body must not matter.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Splits a body into pieces of these lengths, repeated.
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

#[test]
fn a_document_counts_as_kept_until_it_is_decoded() {
    let mut decoder = StreamDecoder::new(Protocol::Native, Some(BodyFormat::Document));
    let body = json!({"message": {"content": "hello"}, "done": true}).to_string();
    decoder.feed(Bytes::from(body.clone()));
    assert_eq!(decoder.next_event().unwrap(), StreamEvent::NeedsInput);
    assert_eq!(decoder.buffered_len(), body.len());
    decoder.end();
    assert_eq!(
        decoder.next_event().unwrap(),
        StreamEvent::Delta("hello".to_owned())
    );
    assert_eq!(decoder.buffered_len(), 0);
}

// Streams offer no tools, and one that calls them without end must not fill the memory.
#[test]
fn tool_calls_of_a_stream_are_dropped() {
    let call = json!({"function": {"name": "f", "arguments": {}}});
    let native = json!({"message": {"tool_calls": vec![call; 100]}, "done": true}).to_string();
    let call = json!({"id": "1", "function": {"name": "f", "arguments": "{}"}});
    let choice = json!({"delta": {"tool_calls": vec![call; 100]}, "finish_reason": "stop"});
    let event = format!("data: {}\n\ndata: [DONE]\n\n", json!({"choices": [choice]}));
    for (protocol, body) in [(Protocol::Native, native), (Protocol::OpenaiChat, event)] {
        let (_, _, end) = read(protocol, [body.as_bytes()]);
        assert!(end.unwrap().calls.is_empty(), "{protocol:?}");
    }
}

/// Generates the deltas of a stream: thinking and text of each.
fn deltas() -> impl Strategy<Value = Vec<(String, String)>> {
    let text = prop_oneof!["[a-c \\\\\"\\n]{0,4}", "\\PC{0,3}", Just("🦊".to_owned())];
    proptest::collection::vec((text.clone(), text), 0..6)
}

fn native(deltas: &[(String, String)], end: &str) -> String {
    let mut body = String::new();
    for (thinking, text) in deltas {
        let message = json!({"role": "assistant", "content": text, "thinking": thinking});
        body += &json!({"model": "m", "message": message, "done": false}).to_string();
        body += end;
    }
    let message = json!({"role": "assistant", "content": ""});
    let last = json!({"message": message, "done": true, "done_reason": "stop", "eval_count": 7});
    body + &last.to_string() + end
}

fn openai_chat(deltas: &[(String, String)], end: &str) -> String {
    let mut events = vec![];
    for (thinking, text) in deltas {
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
        deltas in deltas(),
        lengths in proptest::collection::vec(1_usize..40, 1..5),
        end in 0_usize..3,
    ) {
        let thinking: String = deltas.iter().map(|(thinking, _)| thinking.as_str()).collect();
        let text: String = deltas.iter().map(|(_, text)| text.as_str()).collect();
        let end = ["\n", "\r\n", "\r"][end];
        let lines = native(&deltas, if end == "\r" { "\n" } else { end });
        let events = openai_chat(&deltas, end);
        for (protocol, body) in [(Protocol::Native, lines), (Protocol::OpenaiChat, events)] {
            for lengths in [&[1][..], &lengths[..], &[usize::MAX][..]] {
                let read = read(protocol, split(body.as_bytes(), lengths));
                prop_assert_eq!(&read.0, &text);
                prop_assert_eq!(&read.1, &thinking);
                let reply = read.2.unwrap();
                prop_assert_eq!(reply.usage.completion_tokens, Some(7));
                prop_assert_eq!(reply.text, "");
            }
        }
    }

    // Also for bodies that are not a stream, or only half of one.
    #[test]
    fn nonsense_is_the_same_however_it_is_split(
        deltas in deltas(),
        at in 0_usize..400,
        nonsense in proptest::collection::vec(any::<u8>(), 0..20),
        lengths in proptest::collection::vec(0_usize..40, 1..5),
    ) {
        prop_assume!(lengths.iter().any(|length| *length > 0));
        for (protocol, body) in [
            (Protocol::Native, native(&deltas, "\n")),
            (Protocol::OpenaiChat, openai_chat(&deltas, "\r\n")),
        ] {
            let mut body = body.into_bytes();
            let at = at.min(body.len());
            body.splice(at..at, nonsense.iter().copied());
            let whole = read(protocol, [&body[..]]);
            let parts = read(protocol, split(&body, &lengths));
            prop_assert_eq!(&whole.0, &parts.0);
            prop_assert_eq!(&whole.1, &parts.1);
            let shown = |end: &Result<Reply, Error>| format!("{end:?}");
            prop_assert_eq!(shown(&whole.2), shown(&parts.2));
        }
    }
}
