//! Finish reasons: the known ones in all their spellings, and the unknown.

use alloy_runtime::{Api, ErrorKind, FinishReason};
use alloy_tests::server::{Reply, Said};
use serde_json::json;

use super::{Dog, completion, events, last, native, outcome, outcome_of_other, piece, stream};

fn whole(api: Api, text: &str, reason: &str) -> Reply {
    let message = json!({"role": "assistant", "content": text});
    Reply::json(
        200,
        &match api {
            Api::Native => native(&message, reason),
            _ => completion(&message, reason),
        },
    )
}

#[tokio::test]
async fn reasons_of_other_servers_are_understood() {
    let cases = [
        ("max_tokens", ErrorKind::Truncated),
        ("MAX_TOKENS", ErrorKind::Truncated),
        ("model_length", ErrorKind::Truncated),
        ("abort", ErrorKind::Interrupted),
        ("cancelled", ErrorKind::Interrupted),
        ("error", ErrorKind::Interrupted),
        ("content_filter", ErrorKind::Refused),
        ("SAFETY", ErrorKind::Refused),
        ("refusal", ErrorKind::Refused),
    ];
    for (reason, kind) in cases {
        for api in crate::ROUTES {
            let error = outcome::<String>(api, whole(api, "Once", reason))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{reason}: {error:?}");
            assert_eq!(error.partial_text(), Some("Once"), "{reason}");
        }
        let body = events(&[piece("Once"), last(reason)]) + "data: [DONE]\n\n";
        let (text, end) = stream(
            Some(Api::OpenaiChat),
            Reply::body(200, "text/event-stream", body),
        )
        .await;
        let error = end.unwrap_err();
        assert_eq!(
            (text.as_str(), error.kind()),
            ("Once", kind),
            "{reason}: {error:?}"
        );
        assert_eq!(error.partial_text(), Some("Once"), "{reason}");
    }
    for reason in ["end_turn", "eos_token", "STOP"] {
        for api in crate::ROUTES {
            let outcome = outcome::<String>(api, whole(api, "Once", reason))
                .await
                .unwrap();
            assert_eq!(outcome.finish_reason, Some(FinishReason::Stop), "{reason}");
            assert!(outcome.warnings.is_empty(), "{reason}");
        }
    }
    let error = outcome_of_other::<String>(whole(Api::OpenaiChat, "Once", "abort"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the reason `abort`"), "{error}");
}

// The answer may be whole.
#[tokio::test]
async fn an_unknown_reason_is_a_warning_or_an_error() {
    for api in crate::ROUTES {
        let known = outcome::<String>(api, whole(api, "Once", "tired"))
            .await
            .unwrap();
        assert_eq!(known.value, "Once");
        assert_eq!(known.warnings.len(), 1);
        assert!(known.warnings[0].to_string().contains("`tired`"));

        let dog = r#"{"name":"Fido","legs":4}"#;
        let typed = outcome::<Dog>(api, whole(api, dog, "tired")).await.unwrap();
        assert_eq!((typed.value.legs, typed.warnings.len()), (4, 1));

        for cut in [r#"{"name":"Fido","le"#, r#"{"name":"Fi"#, "{", ""] {
            let error = outcome::<Dog>(api, whole(api, cut, "tired"))
                .await
                .unwrap_err();
            assert!(error.to_string().contains("`tired`"), "{cut}: {error}");
            assert_eq!(error.kind(), ErrorKind::Interrupted);
        }
        // JSON that is whole and not valid has another cause.
        let error = outcome::<Dog>(api, whole(api, r#"{"name":"Fido"}"#, "tired"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        // A model that was only loaded has not answered.
        let error = outcome::<String>(api, whole(api, "", "load"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Empty);
    }
    let body = events(&[piece("Once"), last("tired")]) + "data: [DONE]\n\n";
    let (text, end) = stream(
        Some(Api::OpenaiChat),
        Reply::body(200, "text/event-stream", body),
    )
    .await;
    assert_eq!((text.as_str(), end.unwrap().len()), ("Once", 1));
    // A number is a reason that is not known.
    let reply = json!({"choices": [{"message": {"content": "Once"}, "finish_reason": 7}]});
    let outcome = outcome_of_other::<String>(Reply::json(200, &reply))
        .await
        .unwrap();
    assert_eq!(
        (outcome.value.as_str(), outcome.warnings.len()),
        ("Once", 1)
    );
}

// Ollama always sends `[DONE]`; other servers leave it out.
#[tokio::test]
async fn a_stream_without_its_last_event_is_finished_on_other_servers() {
    let body = || {
        Reply::body(
            200,
            "text/event-stream",
            events(&[piece("Once"), last("stop")]),
        )
    };
    let (text, end) = stream(None, body()).await;
    assert_eq!(text, "Once");
    assert!(end.unwrap().is_empty());
    let (_, end) = stream(Some(Api::OpenaiChat), body()).await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::Interrupted);
    // Without a finish reason the stream is not finished anywhere.
    let cut = Reply::body(200, "text/event-stream", events(&[piece("Once")]));
    assert_eq!(
        stream(None, cut).await.1.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
    // A connection that is lost is not a clean end.
    let lost = Reply::stream(&Said::new("Once")).cut_short_by(30);
    assert_eq!(
        stream(None, lost).await.1.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
}

#[tokio::test]
async fn a_later_stop_does_not_undo_a_cut() {
    for (reason, kind) in [
        ("length", ErrorKind::Truncated),
        ("abort", ErrorKind::Interrupted),
        ("content_filter", ErrorKind::Refused),
    ] {
        let body = events(&[piece("Once"), last(reason), last("stop")]) + "data: [DONE]\n\n";
        for api in [None, Some(Api::OpenaiChat)] {
            let reply = Reply::body(200, "text/event-stream", &body);
            let (text, end) = stream(api, reply).await;
            assert_eq!(text, "Once");
            assert_eq!(end.unwrap_err().kind(), kind, "{reason}");
        }
    }
}

#[tokio::test]
async fn a_reason_that_is_no_word_is_unknown() {
    for reason in [json!({"type": "max_tokens"}), json!(true)] {
        let mut body = completion(&json!({"role": "assistant", "content": "Once"}), "stop");
        body["choices"][0]["finish_reason"] = reason.clone();
        let outcome = outcome_of_other::<String>(Reply::json(200, &body))
            .await
            .unwrap();
        let warning = outcome.warnings.first().map(ToString::to_string);
        assert!(
            warning.is_some_and(|text| text.contains("not known")),
            "{reason}"
        );
    }
}

// A number may lack digits, a label its rest, and words after an object could have taken it back.
#[tokio::test]
async fn an_answer_that_may_be_longer_is_truncated() {
    #[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    enum Grade {
        A,
        #[serde(rename = "A*")]
        Star,
    }
    let dog = r#"{"name":"Fido","legs":4}"#;
    for api in crate::ROUTES {
        for (reason, kind) in [
            ("length", ErrorKind::Truncated),
            ("tired", ErrorKind::Interrupted),
        ] {
            let error = outcome::<u32>(api, whole(api, "4", reason))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), kind);
            let error = outcome::<Grade>(api, whole(api, "A", reason))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), kind);
            for text in [
                format!("{dog}\nNo, wa"),
                format!("Draft: {dog}\nFinal:"),
                format!("```json\n{dog}\n```\nOr"),
            ] {
                let error = outcome::<Dog>(api, whole(api, &text, reason))
                    .await
                    .unwrap_err();
                assert_eq!(error.kind(), kind, "{text}");
                assert_eq!(error.partial_text(), Some(text.as_str()));
            }
            // One that is closed cannot.
            for text in [
                dog.to_owned(),
                format!("```json\n{dog}\n```"),
                format!(" {dog}\n"),
            ] {
                assert_eq!(
                    outcome::<Dog>(api, whole(api, &text, reason))
                        .await
                        .unwrap()
                        .value
                        .legs,
                    4
                );
            }
            let four = outcome::<u32>(api, whole(api, r#"{"value":4}"#, reason))
                .await
                .unwrap();
            assert_eq!(four.value, 4);
        }
    }
}

// In a stream of Ollama's own protocol as well.
#[tokio::test]
async fn the_reason_of_a_native_stream_counts() {
    for (reason, kind) in [
        ("stop", None),
        ("length", Some(ErrorKind::Truncated)),
        ("max_tokens", Some(ErrorKind::Truncated)),
        ("abort", Some(ErrorKind::Interrupted)),
        ("content_filter", Some(ErrorKind::Refused)),
        ("unload", None),
        ("tired", None),
    ] {
        let piece = json!({"message": {"content": "Once"}, "done": false});
        let end = json!({"message": {"content": ""}, "done": true, "done_reason": reason});
        let reply = Reply::body(200, "application/x-ndjson", format!("{piece}\n{end}\n"));
        let (text, end) = stream(Some(Api::Native), reply).await;
        assert_eq!(text, "Once");
        match (kind, end) {
            (None, Ok(warnings)) => assert_eq!(warnings.len(), usize::from(reason == "tired")),
            (Some(kind), Err(error)) => assert_eq!(error.kind(), kind, "{reason}"),
            (_, other) => panic!("{reason}: {other:?}"),
        }
    }
    // A model that was only unloaded has not answered.
    let error = outcome::<String>(Api::Native, whole(Api::Native, "", "unload"));
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::Empty);
}

// Some servers repeat the whole message at the end of a stream, list choices in another order, or send errors beside them.
#[tokio::test]
async fn the_choice_that_was_asked_for_is_read_once() {
    let message = json!({"choices": [{"index": 0, "message": {"content": "Once upon"}, "finish_reason": "stop"}]});
    let body = events(&[piece("Once"), piece(" upon"), message]) + "data: [DONE]\n\n";
    for api in [None, Some(Api::OpenaiChat)] {
        let reply = Reply::body(200, "text/event-stream", &body);
        assert_eq!(stream(api, reply).await.0, "Once upon");
    }
    let two = json!({"choices": [
        {"index": 1, "delta": {"content": "C"}},
        {"index": 0, "delta": {"content": "Once"}},
    ]});
    let body = events(&[two, last("stop")]) + "data: [DONE]\n\n";
    let (text, end) = stream(None, Reply::body(200, "text/event-stream", body)).await;
    assert_eq!((text.as_str(), end.is_ok()), ("Once", true));
    let mut failed = completion(&json!({"content": "Once"}), "stop");
    failed["errors"] = json!([{"message": "boom"}]);
    let error = outcome_of_other::<String>(Reply::json(200, &failed))
        .await
        .unwrap_err();
    assert_eq!(error.partial_text(), Some("Once"));
    failed["errors"] = json!([]);
    assert!(
        outcome_of_other::<String>(Reply::json(200, &failed))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn parts_and_repeated_keys_are_read_in_streams() {
    let parts = json!({"choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": "On"}, {"type": "text", "text": "ce"}]}}]});
    let twice = r#"{"choices":[{"index":0,"delta":{"content":"x","content":" upon"}}]}"#;
    let body = format!(
        "data: {parts}\n\ndata: {twice}\n\n{}data: [DONE]\n\n",
        events(&[last("stop")])
    );
    for api in [None, Some(Api::OpenaiChat)] {
        let reply = Reply::body(200, "text/event-stream", &body);
        assert_eq!(stream(api, reply).await.0, "Once upon");
    }
}

#[tokio::test]
async fn another_server_that_wants_a_key_says_so() {
    let reply = Reply::json(401, &json!({"error": {"message": "no key"}}));
    let error = outcome_of_other::<String>(reply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error.to_string().contains("wants a key, and none is set"),
        "{error}"
    );
}
