//! Files that cannot be run, and conversations that a file cannot take: what each error says.

use std::fs;
use std::path::PathBuf;

use alloy_runtime::{Error, ErrorKind, Image, Message};

use super::{MODEL, ask, extract};

/// A file of its own, with these bytes; it is gone with the value.
struct Made(PathBuf);

impl Made {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("alloy-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    async fn error(&self) -> Error {
        let model = format!("gguf:{}", self.0.display());
        extract("Jason is 25").model(model).await.unwrap_err()
    }

    /// The error, with `FILE` for its path.
    async fn said(&self) -> (ErrorKind, String, String) {
        let error = self.error().await;
        let path = self.0.display().to_string();
        (
            error.kind(),
            error.to_string().replace(&path, "FILE"),
            error.help(),
        )
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn small() -> Vec<u8> {
    fs::read(MODEL.strip_prefix("gguf:").unwrap()).unwrap()
}

/// The small model with each of these texts in place of another of the same length.
fn with(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = small();
    for (old, new) in changes {
        assert_eq!(old.len(), new.len());
        let places: Vec<usize> = bytes
            .windows(old.len())
            .enumerate()
            .filter_map(|(at, window)| (window == old.as_bytes()).then_some(at))
            .collect();
        assert!(!places.is_empty(), "{old}");
        for at in places {
            bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    }
    bytes
}

// B6
#[tokio::test]
async fn a_file_that_is_not_there() {
    let error = extract("Jason is 25")
        .model("gguf:models/none.gguf")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
    assert_eq!(
        error.to_string(),
        "there is no model file `models/none.gguf`"
    );
    assert!(
        error
            .help()
            .starts_with("The path is relative to the folder"),
        "{}",
        error.help()
    );
    let error = extract("Jason is 25")
        .model("gguf:/none.gguf")
        .await
        .unwrap_err();
    assert!(
        error.help().starts_with("Check the path"),
        "{}",
        error.help()
    );
    let error = extract("Jason is 25")
        .model("gguf:~/none.gguf")
        .await
        .unwrap_err();
    assert!(
        error.help().starts_with("A shell writes the home folder"),
        "{}",
        error.help()
    );
    let folder = format!("gguf:{}", std::env::temp_dir().display());
    let error = extract("Jason is 25").model(folder).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelLoad);
    assert!(
        error.to_string().ends_with("cannot be run: it is a folder"),
        "{error}"
    );
}

// B6
#[tokio::test]
async fn files_that_cannot_be_run_say_why_and_what_to_do() {
    let whole = small();
    // Behind a tensor's name: how many dimensions, these, and the number of the quantisation.
    let mut quantised = whole.clone();
    let name = b"blk.0.attn_q.weight";
    let at = whole
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    quantised[at + name.len() + 4 + 16] = 20;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "quantisation",
            quantised,
            "its header says that its tensor `blk.0.attn_q.weight` is in the quantisation IQ4_NL, and these can be run: F32, F16, BF16, Q4_0",
        ),
        (
            "empty",
            Vec::new(),
            "it is no GGUF file: it does not begin with `GGUF`",
        ),
        (
            "text",
            b"hello".to_vec(),
            "it is no GGUF file: it does not begin with `GGUF`",
        ),
        (
            "cut-header",
            whole[..1000].to_vec(),
            "its header is damaged, or the file was cut",
        ),
        (
            "cut",
            whole[..whole.len() - 40_000].to_vec(),
            "ends behind the end of the file",
        ),
        (
            "architecture",
            with(&[("llama", "mamba")]),
            "its architecture is `mamba`",
        ),
        (
            "template",
            with(&[("tokenizer.chat_template", "tokenizer.chat_templatx")]),
            "it has no chat template",
        ),
        (
            "tokenizer",
            with(&[("gpt2", "bert")]),
            "its tokenizer is of the kind `bert`",
        ),
    ];
    for (name, bytes, expected) in cases {
        let made = Made::new(name, &bytes);
        let (kind, message, help) = made.said().await;
        assert_eq!(kind, ErrorKind::ModelLoad, "{name}: {message}");
        let start = "the model file `FILE` cannot be run: ";
        assert!(
            message.starts_with(start) && message.contains(expected),
            "{name}: {message}"
        );
        assert!(help.len() > 30, "{name}: {help}");
    }
    let made = Made::new("architectures", &with(&[("llama", "mamba")]));
    let help = made.error().await.help();
    assert!(
        help.starts_with("These can be run: llama, qwen2, qwen3, gemma3, phi3."),
        "{help}"
    );
}

// B6
#[tokio::test]
async fn a_prompt_longer_than_the_context_is_not_cut() {
    let text = "Jason is 25 years old. ".repeat(300);
    let error = extract(&text).model(MODEL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    assert!(
        error.to_string().contains(" tokens, and the context of "),
        "{error}"
    );
    assert!(
        error.help().starts_with("Shorten the prompt"),
        "{}",
        error.help()
    );
    let error = extract("Jason is 25")
        .model(MODEL)
        .option("num_ctx", 20)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    assert!(
        error.help().starts_with("Raise `num_ctx`, up to the 2048"),
        "{}",
        error.help()
    );
}

// B6
#[tokio::test]
async fn what_a_model_file_cannot_do_is_an_error() {
    let image = Image::new(b"\x89PNG\r\n\x1a\n".to_vec());
    let error = ask::<String>("What is this?")
        .image(image)
        .model(MODEL)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capability);
    assert!(
        error
            .to_string()
            .starts_with("a model file does not support images"),
        "{error}"
    );
    let error = ask::<String>("Say hello")
        .think(true)
        .model(MODEL)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capability);
    assert!(
        error.to_string().contains("does not support thinking"),
        "{error}"
    );
    // The template of the small model takes them in any order.
    let odd = [Message::assistant("Hello!"), Message::assistant("Again.")];
    ask::<String>("Say hello")
        .history(odd)
        .model(MODEL)
        .await
        .unwrap();
}
