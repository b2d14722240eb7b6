//! `ask`, conversation history, images and the list of installed models.

use alloy_runtime::{
    Config, ErrorKind, Image, Message, Role, Warning, ask, command, models, with_config,
};
use alloy_tests::server::{Installed, Reply, Server};
use serde_json::json;

use crate::ROUTES;

#[command("Look", model = "ollama:llava")]
async fn look() -> String;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

// D8
#[tokio::test]
async fn ask_sends_a_system_message_and_labelled_context() {
    #[derive(serde::Serialize)]
    struct User {
        name: &'static str,
    }
    for api in ROUTES {
        let server = Server::start([Reply::answer("Ann")]);
        let text = String::from("It was </text> Ann.");
        let answer = ask("Who was it?")
            .model("ollama:llama3.1")
            .api(api)
            .system("Be brief.")
            .context("text", &text)
            .context("user", &User { name: "Ben" })
            .context("count", &3)
            .context("none", &None::<u8>)
            .host(server.host());
        assert_eq!(answer.await.unwrap(), "Ann");
        let prompt = "Who was it?\n\n<text-2>\nIt was </text> Ann.\n</text-2>\n\n\
                      <user>\n{\"name\":\"Ben\"}\n</user>\n\n<count>\n3\n</count>\n\n\
                      <none>\nnull\n</none>";
        assert_eq!(
            server.request().json()["messages"],
            json!([
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": prompt},
            ])
        );
    }
}

#[test]
fn an_invalid_context_label_or_value_is_an_error() {
    let labels = ["", "a b", "a>"];
    for label in labels {
        let error = ask("x").model("m").context(label, "y").preview();
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Configuration);
    }
    let not_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = ask("x").model("m").context("map", &not_json).preview();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Prompt);
}

#[tokio::test]
async fn the_messages_of_an_outcome_are_the_history_of_the_next_call() {
    for api in ROUTES {
        let server = Server::start([Reply::answer("Hello, Ann!"), Reply::answer("Ann.")]);
        let chat = |prompt: &str, history: Vec<Message>| {
            ask(prompt)
                .model("m")
                .system("Be brief.")
                .api(api)
                .history(history)
                .host(server.host())
                .outcome()
        };
        let first = chat("I am Ann.", Vec::new()).await.unwrap();
        let second = chat("What is my name?", first.messages).await.unwrap();
        let conversation: Vec<_> = second
            .messages
            .iter()
            .map(|message| (message.role, message.content.as_str()))
            .collect();
        assert_eq!(
            conversation,
            [
                (Role::User, "I am Ann."),
                (Role::Assistant, "Hello, Ann!"),
                (Role::User, "What is my name?"),
                (Role::Assistant, "Ann."),
            ]
        );
        let sent: Vec<_> = server
            .requests()
            .iter()
            .map(alloy_tests::server::Request::json)
            .collect();
        assert_eq!(
            sent[1]["messages"],
            json!([
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "I am Ann."},
                {"role": "assistant", "content": "Hello, Ann!"},
                {"role": "user", "content": "What is my name?"},
            ])
        );
        // A request with a history omits `truncate: false`: if the conversation outgrows the context, the
        // server drops its oldest messages and still answers.
        assert_eq!(sent[1].get("truncate"), None);
    }
    let kept = ask("x").model("m").history([Message::user("y")]);
    let body = kept.option("truncate", false).preview().unwrap().body;
    assert!(body.contains(r#""truncate":false"#), "{body}");
}

#[test]
fn a_system_message_in_the_history_is_rejected() {
    let error = ask("x").model("m").history([Message::system("Be brief.")]);
    let error = error.preview().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the history contains a system message; expected messages of other roles"
    );
    assert!(error.help().contains(".system(…)"));
}

#[tokio::test]
async fn images_are_sent_to_a_vision_model() {
    for api in ROUTES {
        let model = Installed::new("llava:latest").able("vision");
        let server =
            Server::with_installed([model], [Reply::answer("A cat."), Reply::answer("Black.")]);
        let command = look().api(api).image(PNG).image(vec![0xff, 0xd8, 0xff, 1]);
        let preview = command.preview().unwrap();
        let outcome = command.host(server.host()).outcome().await.unwrap();
        assert_eq!(outcome.value, "A cat.");
        assert_eq!(outcome.warnings, []);
        assert_eq!(server.inquiries(), ["/api/show"]);
        assert_eq!(server.request().body, preview.body);
        assert_eq!(
            preview.messages[0].images,
            [Image::new(PNG), Image::new([0xff, 0xd8, 0xff, 1])]
        );
        let sent = &server.request().json()["messages"][0];
        let expected = match api {
            alloy_runtime::Api::Native => json!({
                "role": "user",
                "content": "Look",
                "images": ["iVBORw0KGgo=", "/9j/AQ=="],
            }),
            _ => json!({
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/AQ=="}},
                ],
            }),
        };
        assert_eq!(sent, &expected);
        // The history keeps the images.
        let next = look()
            .api(api)
            .history(outcome.messages)
            .host(server.host());
        next.await.unwrap();
        assert_eq!(server.requests()[1].json()["messages"][0], expected);
    }
}

// A8: the server drops the images without an error.
#[tokio::test]
async fn images_for_a_model_without_vision_are_an_error() {
    for api in ROUTES {
        let models = [
            Installed::new("llava:latest").able("tools"),
            Installed::new("gemma3:4b").able("vision"),
        ];
        let server = Server::with_installed(models, []);
        let error = look()
            .api(api)
            .image(PNG)
            .host(server.host())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Capability);
        assert_eq!(
            error.to_string(),
            "model `llava` does not support images; use `gemma3:4b`"
        );
        assert!(server.requests().is_empty(), "no request is sent");
    }
}

// The list of models understates them; a model that it names may have lost the capability.
#[tokio::test]
async fn models_are_asked_what_they_can_do_before_an_error_names_them() {
    let models = [
        Installed::new("llava:latest"),
        Installed::new("gemma3:4b").able("vision").understated(),
        Installed::new("qwen3:4b").able("tools").understated(),
    ];
    let server = Server::with_installed(models, []);
    let error = look().image(PNG).host(server.host()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "model `llava` does not support images; use `gemma3:4b`"
    );
    let shows = |path: &String| path == "/api/show";
    assert_eq!(
        server.inquiries().iter().filter(|path| shows(path)).count(),
        4
    );
}

#[tokio::test]
async fn images_are_sent_with_a_warning_if_capabilities_are_unknown() {
    let model = Installed::new("llava:latest").untold();
    let server = Server::with_installed([model], [Reply::answer("A cat.")]);
    let outcome = look()
        .image(PNG)
        .host(server.host())
        .outcome()
        .await
        .unwrap();
    assert_eq!(outcome.warnings, [Warning::VisionUnknown]);
}

#[tokio::test]
async fn an_image_for_a_missing_model_reports_the_missing_model() {
    let server = Server::with_models(&["llava2:latest"], []);
    let error = look().image(PNG).host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
    assert!(error.to_string().ends_with("or use `llava2`"), "{error}");
    let error = look().image([]).preview().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn models_lists_the_installed_models() {
    let server = Server::with_models(&["llama3.1:8b", "qwen3:4b"], []);
    let scope = || Config::new().host(server.host());
    let installed = with_config(scope(), models()).await.unwrap();
    let names: Vec<_> = installed.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["llama3.1:8b", "qwen3:4b"]);
    assert_eq!(installed[0].size, Some(4_920_753_328));
    assert_eq!(installed[0].family.as_deref(), Some("llama"));
    assert_eq!(installed[0].parameters.as_deref(), Some("8.0B"));
    assert_eq!(installed[0].quantization.as_deref(), Some("Q4_K_M"));
    assert_eq!(
        installed[0].capabilities.as_deref(),
        Some(["completion".to_owned()].as_slice())
    );

    let gone = Server::start([]).host();
    let error = with_config(Config::new().host(&gone), models())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(error.address(), Some(format!("http://{gone}").as_str()));
    let silent = Server::with_silent_tags([]);
    let soon = Config::new()
        .host(silent.host())
        .timeout(std::time::Duration::from_millis(100));
    let error = with_config(soon, models()).await.unwrap_err();
    assert!(
        [ErrorKind::TimedOut, ErrorKind::Interrupted].contains(&error.kind()),
        "{error:?}"
    );
}
