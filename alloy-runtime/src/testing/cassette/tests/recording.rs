//! Exchanges with a server that are recorded and replayed.

use serde_json::json;

use super::server::MiniServer;
use super::{Folder, answer_of, ask, failure};
use crate::testing::{Cassette, CassetteMode};
use crate::{Config, ErrorKind};

#[tokio::test]
async fn a_reply_is_recorded_and_replayed_without_a_server() {
    let folder = Folder::new("whole");
    let body = json!({"message": {"role": "assistant", "content": "{\"value\": 7}"}, "done": true, "done_reason": "stop", "eval_count": 3});
    let server = MiniServer::start([(200, "application/json", body.to_string())]);
    let command = || ask::<u8>("How many?").keep_alive("5m");
    let recorded = folder
        .record()
        .run(command().host(server.host()).outcome())
        .await
        .unwrap();
    assert_eq!(server.requests(), 1);
    let json = folder.json();
    assert_eq!(json["format"], 1);
    assert_eq!(json["exchanges"][0]["command"], "ask");
    assert_eq!(
        json["exchanges"][0]["wire"],
        json!({"status": 200, "body": body})
    );
    assert!(
        folder.text().contains("\n      \"request\": {\n"),
        "{}",
        folder.text()
    );
    let replayed = folder.replay().run(command().outcome()).await.unwrap();
    assert_eq!((recorded.value, replayed.value), (7, 7));
    assert_eq!(recorded.usage, replayed.usage);
    assert_eq!(
        (recorded.backend, replayed.backend),
        ("cassette", "cassette")
    );
    // Nothing is sent, and the file stays as it is.
    let text = folder.text();
    folder.record().run(command()).await.unwrap();
    assert_eq!(folder.text(), text);
}

#[tokio::test]
async fn a_stream_is_recorded_in_pieces_and_replayed_in_them() {
    let folder = Folder::new("stream");
    let line = |text: &str| json!({"message": {"content": text}, "done": false}).to_string() + "\n";
    let end = answer_of("").to_string() + "\n";
    let body = line("Once ") + &line("upon") + &end;
    let server = MiniServer::start([(200, "application/x-ndjson", body)]);
    let read = async |host: Option<String>| {
        let command = ask::<String>("Tell a story");
        let mut stream = match host {
            Some(host) => command.host(host).stream(),
            None => command.stream(),
        };
        let mut pieces = Vec::new();
        while let Some(piece) = stream.next().await {
            pieces.push(piece.unwrap());
        }
        pieces
    };
    let recorded = folder.record().run(read(Some(server.host()))).await;
    assert_eq!(recorded, ["Once ", "upon"]);
    let pieces = &folder.json()["exchanges"][0]["wire"]["pieces"];
    assert_eq!(*pieces, json!([line("Once "), line("upon"), end]));
    assert_eq!(folder.replay().run(read(None)).await, recorded);
}

#[tokio::test]
async fn a_key_is_in_no_file_even_if_the_server_quotes_it() {
    let folder = Folder::new("secrets");
    let error = json!({"error": "the key k-7654321 is not valid"});
    let server = MiniServer::start([(401, "application/json", error.to_string())]);
    let command =
        || ask::<String>("My key is k-7654321").config(Config::new().api_key("k-7654321"));
    let recorded = folder
        .record()
        .run(command().host(server.host()))
        .await
        .unwrap_err();
    assert_eq!(recorded.kind(), ErrorKind::Unauthorized);
    let text = folder.text();
    assert!(!text.contains("k-7654321"), "{text}");
    assert_eq!(text.matches("[secret]").count(), 2, "{text}");
    let replayed = folder.replay().run(command()).await.unwrap_err();
    assert_eq!(replayed.kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn of_a_request_that_was_sent_again_the_last_reply_is_recorded() {
    let folder = Folder::new("retry");
    let busy = || {
        (
            503,
            "application/json",
            json!({"error": "busy"}).to_string(),
        )
    };
    let server = MiniServer::start([
        busy(),
        (200, "application/json", answer_of("hi").to_string()),
    ]);
    let command = ask::<String>("Hi").host(server.host());
    assert_eq!(folder.record().run(command).await.unwrap(), "hi");
    assert_eq!(server.requests(), 2);
    assert_eq!(folder.json()["exchanges"].as_array().unwrap().len(), 1);
    assert_eq!(
        folder.replay().run(ask::<String>("Hi")).await.unwrap(),
        "hi"
    );
    // A server that stays busy is recorded once, and is busy in each transmission.
    let server = MiniServer::start([busy(), busy(), busy()]);
    let command = ask::<String>("Hi").host(server.host());
    let cassette = folder.cassette(CassetteMode::Rerecord);
    assert_eq!(cassette.run(command).await.unwrap_err().requests(), 3);
    assert_eq!(folder.json()["exchanges"].as_array().unwrap().len(), 1);
    let error = folder.replay().run(ask::<String>("Hi")).await.unwrap_err();
    assert_eq!((error.kind(), error.requests()), (ErrorKind::Overloaded, 3));
}

#[tokio::test]
async fn without_a_reply_or_with_a_failed_test_the_old_file_stays() {
    let folder = Folder::new("stays");
    folder.write(&[("a", "1")]);
    let old = folder.text();
    let nobody = MiniServer::start([]).host();
    let asked = ask::<String>("b").host(nobody);
    let message = failure(folder.record(), async { drop(asked.await) }).await;
    assert!(
        message.contains("was not written")
            && message.contains("`ask` got no reply to \"b\": Unreachable"),
        "{message}"
    );
    assert_eq!(folder.text(), old);
    let server = MiniServer::start([(200, "application/json", answer_of("2").to_string())]);
    let asked = ask::<String>("b").host(server.host());
    let cassette = folder.cassette(CassetteMode::Rerecord);
    let message = failure(cassette, async {
        asked.await.unwrap();
        assert_eq!("a failed", "test");
    });
    assert!(message.await.contains("a failed"));
    assert_eq!(folder.text(), old);
    let names = std::fs::read_dir(&folder.0).unwrap();
    assert_eq!(names.count(), 1, "no temporary file is left");
}

#[tokio::test]
async fn a_run_without_a_request_leaves_the_old_file() {
    let folder = Folder::new("no-request");
    folder.write(&[("a", "1")]);
    let old = folder.text();
    for mode in [CassetteMode::Record, CassetteMode::Rerecord] {
        let message = failure(folder.cassette(mode), async {}).await;
        assert!(
            message.contains("was not written") && message.contains("the test made no request"),
            "{message}"
        );
        assert_eq!(folder.text(), old);
    }
    // Without recordings there is nothing to lose.
    std::fs::remove_file(folder.file()).unwrap();
    folder.record().run(async {}).await;
    assert!(!folder.file().exists());
}

#[tokio::test]
async fn a_run_that_is_dropped_checks_and_writes_nothing() {
    let folder = Folder::new("cancelled");
    folder.write(&[("a", "1")]);
    let old = folder.text();
    for cassette in [folder.replay(), folder.record()] {
        let run = cassette.run(std::future::pending::<()>());
        let limit = std::time::Duration::from_millis(20);
        tokio::time::timeout(limit, run).await.unwrap_err();
    }
    assert_eq!(folder.text(), old);
    // The file and the runtime are free again.
    folder.replay().run(ask::<String>("a")).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_reported_before_anything_is_sent() {
    let folder = Folder::new("unwritable");
    folder.write(&[]);
    let path = folder.file().join("below-a-file.json");
    let cassette = Cassette::open(path)
        .mode(CassetteMode::Record)
        .record_in_ci();
    let server = MiniServer::start([]);
    let message = failure(cassette, ask::<String>("a").host(server.host())).await;
    assert!(
        message.contains("below-a-file.json cannot be written: "),
        "{message}"
    );
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_damaged_file_fails_the_test_and_can_be_replaced() {
    let folder = Folder::new("damaged");
    folder.write(&[("a", "1")]);
    std::fs::write(folder.file(), "{\"format\": 1,\n \"exchanges\": [").unwrap();
    let message = failure(folder.replay(), ask::<String>("a")).await;
    assert!(
        message.contains("x.json is truncated: ") && message.contains("at line 2 column"),
        "{message}"
    );
    let server = MiniServer::start([(200, "application/json", answer_of("2").to_string())]);
    let asked = ask::<String>("a").host(server.host());
    folder
        .cassette(CassetteMode::Rerecord)
        .run(asked)
        .await
        .unwrap();
    assert_eq!(folder.replay().run(ask::<String>("a")).await.unwrap(), "2");
}

#[tokio::test]
async fn rules_of_the_test_apply_to_the_request_and_the_file() {
    let folder = Folder::new("rules");
    let server = MiniServer::start([(200, "application/json", answer_of("ok").to_string())]);
    let rules = |cassette: Cassette| {
        cassette
            .ignore_text(r"\d{4}-\d\d-\d\d")
            .ignore("/options/seed")
            .redact(|exchange| {
                let text = exchange["request"]["messages"][0]["content"]
                    .as_str()
                    .unwrap();
                exchange["request"]["messages"][0]["content"] = text.replace("Ann", "X").into();
            })
    };
    let command = ask::<String>("Ann, 2026-11-30")
        .option("seed", 1)
        .host(server.host());
    rules(folder.record()).run(command).await.unwrap();
    assert!(!folder.text().contains("Ann"), "{}", folder.text());
    let command = ask::<String>("Ann, 2027-01-01").option("seed", 2);
    assert_eq!(rules(folder.replay()).run(command).await.unwrap(), "ok");
}
