//! Thinking in the marks of different models, and answers that are only in the thinking.

use alloy_runtime::{Api, ErrorKind};
use alloy_tests::server::{Reply, Said};
use serde_json::json;

use super::{Dog, native, outcome, stream};

const MARKED: [&str; 8] = [
    "<think>Hm</think>Hello",
    "<thinking>\nHm\n</thinking>\n\nHello",
    "[THINK]Hm[/THINK]Hello",
    "<seed:think>Hm</seed:think>Hello",
    "◁think▷Hm◁/think▷Hello",
    "<|channel>thought\nHm<channel|>Hello",
    "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>Hello<|return|>",
    "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>Hello",
];

#[tokio::test]
async fn thinking_in_any_marks_is_apart_from_the_text() {
    for text in MARKED {
        for api in crate::ROUTES {
            let said = Said::new(text);
            let outcome = outcome::<String>(api, Reply::said(&said)).await.unwrap();
            assert_eq!(outcome.value, "Hello", "{text}");
            assert_eq!(outcome.thinking.as_deref(), Some("Hm"), "{text}");
            for reply in [Reply::stream(&said), Reply::stream(&said).byte_by_byte()] {
                let (streamed, end) = stream(Some(api), reply).await;
                assert_eq!(
                    (streamed.as_str(), end.unwrap().len()),
                    ("Hello", 0),
                    "{text}"
                );
            }
        }
        let dog = text.replace("Hello", r#"{"name":"Fido","legs":4}"#);
        let outcome = outcome::<Dog>(Api::Native, Reply::answer(&dog))
            .await
            .unwrap();
        assert_eq!(outcome.value.legs, 4, "{text}");
    }
}

// JSON in the middle of the thinking is an example or a draft.
#[tokio::test]
async fn only_thinking_that_is_the_answer_is_taken_for_it() {
    let read = async |thinking: &str, content: &str| {
        let message = json!({"content": content, "thinking": thinking});
        let reply = Reply::json(200, &native(&message, "stop"));
        outcome::<Dog>(Api::Native, reply).await
    };
    for thinking in [
        r#"The user gave the example {"name":"Fido","legs":4}. There is none."#,
        "```json\n{\"name\":\"Fido\",\"legs\":4}\n```\nNo.",
        r#"{"name":"Fido","legs":4} is the example."#,
        r#"{"name":"Fido","legs":4"#,
        r#"{"name":"Fido"}"#,
    ] {
        for content in ["", "\n"] {
            let error = read(thinking, content).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Empty, "{thinking}");
        }
    }
    let outcome = read(" {\"name\":\"Fido\",\"legs\":4}\n", "\n")
        .await
        .unwrap();
    assert_eq!(outcome.value.legs, 4);
}
