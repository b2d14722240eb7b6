//! Errors inside replies, and the replies that are errors.

use std::time::Duration;

use alloy_runtime::{Api, ErrorKind};
use alloy_tests::server::{Reply, Server};
use serde_json::json;

use super::{answer, events, outcome, outcome_of_other, piece, stream};

#[tokio::test]
async fn an_error_in_a_choice_is_the_error_of_the_reply() {
    let error = json!({"code": 502, "message": "provider died"});
    let choice = |choice: serde_json::Value| json!({ "choices": [choice] });
    for reply in [
        choice(json!({"message": {"content": "Once"}, "finish_reason": "error", "error": error})),
        choice(json!({"message": {"content": "Once"}, "finish_reason": "stop", "error": error})),
        choice(json!({"message": {"content": "Once"}, "error": "provider died"})),
        json!({"choices": [{"message": {"content": "Once"}, "finish_reason": "stop"}], "error": error}),
    ] {
        let check = |error: alloy_runtime::Error| {
            assert_eq!(error.kind(), ErrorKind::Server, "{reply}: {error:?}");
            assert!(error.to_string().contains("provider died"), "{error}");
            assert_eq!(error.partial_text(), Some("Once"), "{reply}");
        };
        let whole = || Reply::json(200, &reply);
        check(outcome_of_other::<String>(whole()).await.unwrap_err());
        check(
            outcome::<String>(Api::OpenaiChat, whole())
                .await
                .unwrap_err(),
        );
        let event = reply
            .to_string()
            .replace("\"message\":{\"content\"", "\"delta\":{\"content\"");
        let body = || {
            Reply::body(
                200,
                "text/event-stream",
                format!("data: {event}\n\ndata: [DONE]\n\n"),
            )
        };
        for api in [None, Some(Api::OpenaiChat)] {
            let (text, end) = stream(api, body()).await;
            assert_eq!(text, "Once");
            check(end.unwrap_err());
        }
    }
    let native = json!({"message": {"content": "Once"}, "done": false, "error": "provider died"});
    let error = outcome::<String>(Api::Native, Reply::json(200, &native))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.partial_text()),
        (ErrorKind::Server, Some("Once"))
    );
}

// Some servers send the field with each reply.
#[tokio::test]
async fn an_empty_error_is_none() {
    for error in [
        json!(null),
        json!(""),
        json!(" "),
        json!({}),
        json!([]),
        json!(false),
        json!(0),
        json!({"message": "", "type": "", "code": null}),
        json!({"code": 0, "message": null, "details": []}),
        json!([null]),
    ] {
        let choice =
            json!({"message": {"content": "Once"}, "finish_reason": "stop", "error": error});
        let reply = json!({"choices": [choice], "error": error});
        let outcome = outcome_of_other::<String>(Reply::json(200, &reply)).await;
        assert_eq!(outcome.unwrap().value, "Once", "{error}");
    }
}

#[tokio::test]
async fn an_error_without_the_usual_object_is_read() {
    for body in [
        json!({"message": "gone"}),
        json!({"detail": "gone"}),
        json!({"object": "error", "message": "gone", "code": 500}),
        json!({"detail": [{"msg": "gone", "loc": ["body"]}]}),
    ] {
        let error = outcome_of_other::<String>(Reply::json(200, &body))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{body}: {error}");
        assert!(error.to_string().contains("gone"), "{body}: {error}");
        let stopped = events(&[piece("Once"), body.clone()]);
        let (text, end) = stream(None, Reply::body(200, "text/event-stream", stopped)).await;
        assert_eq!(text, "Once");
        assert!(end.unwrap_err().to_string().contains("gone"), "{body}");
    }
}

#[tokio::test]
async fn the_status_of_a_web_page_decides() {
    let page = "<html><head><title>Slow down</title></head></html>";
    for (status, kind) in [
        (400, ErrorKind::Server),
        (408, ErrorKind::Server),
        (413, ErrorKind::Server),
        (500, ErrorKind::Server),
        (501, ErrorKind::Server),
    ] {
        for api in crate::ROUTES {
            let error = outcome::<String>(api, Reply::body(status, "text/html", page))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{status}: {error}");
            assert!(
                error
                    .to_string()
                    .contains(&format!("status {status}: Slow down")),
                "{error}"
            );
        }
    }
    // The text of a server that speaks no JSON.
    for api in crate::ROUTES {
        let error = outcome::<String>(
            api,
            Reply::body(429, "text/plain", "quota of team 7 used up"),
        );
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        assert!(
            error.to_string().contains("quota of team 7 used up"),
            "{error}"
        );
    }
    // A status that names a delay is waited for.
    let headers = [
        ("content-type", "text/html"),
        ("retry-after", "0"),
        ("content-length", "50"),
    ];
    let busy = Reply::with_headers(429, &headers, page.as_bytes());
    let server = Server::start([busy, Reply::answer("Once")]);
    assert_eq!(
        answer::<String>().host(server.host()).await.unwrap(),
        "Once"
    );
    // Anthropic's status for a server that is overloaded.
    let server = Server::start([Reply::error(529, "Overloaded"), Reply::answer("Once")]);
    assert_eq!(
        answer::<String>().host(server.host()).await.unwrap(),
        "Once"
    );
}

#[tokio::test]
async fn a_model_that_loads_is_waited_for_within_the_deadline() {
    let loading = || {
        let error = json!({"code": 503, "message": "Loading model", "type": "unavailable_error"});
        Reply::json(503, &json!({ "error": error }))
    };
    let replies = [
        loading(),
        Reply::body(503, "text/plain", "Loading model"),
        Reply::body(
            503,
            "text/html",
            "<html><title>Loading model</title></html>",
        ),
        loading(),
        Reply::answer("Once"),
    ];
    let server = Server::start(replies);
    let outcome = answer::<String>()
        .host(server.host())
        .outcome()
        .await
        .unwrap();
    assert_eq!((outcome.value.as_str(), outcome.requests), ("Once", 5));

    let server = Server::start([(); 9].map(|()| loading()));
    let command = answer::<String>().timeout(Duration::from_millis(700));
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert!(
        error
            .to_string()
            .contains("still loads model `m`: Loading model"),
        "{error}"
    );
}

#[tokio::test]
async fn a_context_overflow_of_any_server_is_recognized() {
    for error in [
        json!({"message": "no", "type": "exceed_context_size_error", "n_ctx": 4096}),
        json!({"message": "This model's maximum context length is 4096 tokens."}),
        json!({"message": "The decoder prompt (length 9) is longer than the maximum model length of 8."}),
        json!({"message": "Too long", "code": "context_length_exceeded"}),
    ] {
        let reply = Reply::json(400, &json!({ "error": error }));
        let failed = outcome_of_other::<String>(reply).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::ContextOverflow, "{error}");
    }
}

#[tokio::test]
async fn one_odd_entry_does_not_hide_the_installed_models() {
    let models = json!({"models": [{"name": 7}, null, {"name": "llama3.1:latest", "size": "big", "details": 1, "capabilities": ["completion", 1]}]});
    let missing = Reply::error(404, "model 'llama3' not found");
    let server = Server::start([missing]).inquiries_answered_by(Reply::json(200, &models));
    let error = answer::<String>()
        .model("llama3")
        .host(server.host())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("or use `llama3.1`"), "{error}");
}

#[tokio::test]
async fn an_error_in_a_message_is_the_error_of_the_reply() {
    let error = json!({"message": "boom"});
    let message = json!({"role": "assistant", "content": "Once", "error": error});
    let whole = json!({"choices": [{"message": message, "finish_reason": "stop"}]});
    let found = outcome_of_other::<String>(Reply::json(200, &whole)).await;
    let native = json!({"message": message, "done": true, "done_reason": "stop"});
    let other = outcome::<String>(Api::Native, Reply::json(200, &native)).await;
    for error in [found.unwrap_err(), other.unwrap_err()] {
        assert_eq!(
            (error.kind(), error.partial_text()),
            (ErrorKind::Server, Some("Once"))
        );
        assert!(error.to_string().contains("boom"), "{error}");
    }
    let event = json!({"choices": [{"delta": message}]});
    let body = events(&[event, super::last("stop")]) + "data: [DONE]\n\n";
    let (_, end) = stream(None, Reply::body(200, "text/event-stream", body)).await;
    assert!(end.unwrap_err().to_string().contains("boom"));
}

#[tokio::test]
async fn an_event_without_choices_that_reports_an_error_ends_the_stream() {
    for event in [
        json!({"code": 500, "msg": "boom"}),
        json!({"type": "error", "code": "x"}),
        json!({"errors": [{"message": "boom"}]}),
        json!({"error_code": 1, "error_message": "boom"}),
    ] {
        let body = events(&[piece("Once"), event.clone(), super::last("stop")]);
        let reply = Reply::body(200, "text/event-stream", body + "data: [DONE]\n\n");
        let (text, end) = stream(None, reply).await;
        assert_eq!(text, "Once");
        let error = end.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{event}");
    }
    // Events that only keep the connection alive, or that count.
    for event in [json!({"type": "ping"}), json!({"id": "x", "code": null})] {
        let body = events(&[piece("Once"), event, super::last("stop")]);
        let reply = Reply::body(200, "text/event-stream", body + "data: [DONE]\n\n");
        assert!(stream(None, reply).await.1.is_ok());
    }
}
