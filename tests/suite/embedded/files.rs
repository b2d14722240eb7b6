//! Errors for model files that cannot be run and for requests that a model file does not support.

use std::fs;
use std::path::PathBuf;

use alloy_runtime::{Error, ErrorKind, Image, Message};

use super::{MODEL, ask, extract};

/// Temporary file that is deleted on drop.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("alloy-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    async fn error(&self) -> Error {
        let model = format!("gguf:{}", self.0.display());
        extract("Jason is 25").model(model).await.unwrap_err()
    }

    /// Returns the kind, the message with `FILE` for the path, and the help of the error.
    async fn describe(&self) -> (ErrorKind, String, String) {
        let error = self.error().await;
        let path = self.0.display().to_string();
        (
            error.kind(),
            error.to_string().replace(&path, "FILE"),
            error.help(),
        )
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn small() -> Vec<u8> {
    fs::read(MODEL.strip_prefix("gguf:").unwrap()).unwrap()
}

/// Returns the small model with each old text replaced by a new one of the same length.
fn patched(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = small();
    for (old, new) in changes {
        assert_eq!(old.len(), new.len());
        let offsets: Vec<usize> = bytes
            .windows(old.len())
            .enumerate()
            .filter_map(|(at, window)| (window == old.as_bytes()).then_some(at))
            .collect();
        assert!(!offsets.is_empty(), "{old}");
        for at in offsets {
            bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    }
    bytes
}

// B6
#[tokio::test]
async fn a_missing_model_file_is_an_error() {
    let error = extract("Jason is 25")
        .model("gguf:models/none.gguf")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
    assert_eq!(
        error.to_string(),
        "the model file `models/none.gguf` does not exist"
    );
    assert!(
        error
            .help()
            .starts_with("The path is relative to the working directory, `"),
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
        error
            .help()
            .starts_with("Write the whole path: `~` is not expanded here."),
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
async fn a_file_that_cannot_be_run_reports_the_reason_and_the_next_step() {
    let whole = small();
    // A tensor's name is followed by the number of dimensions, the dimensions and the quantisation.
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
            "its header gives its tensor `blk.0.attn_q.weight` the quantisation IQ4_NL; supported are F32, F16, BF16, Q4_0",
        ),
        (
            "empty",
            Vec::new(),
            "it is not a GGUF file: it does not begin with `GGUF`",
        ),
        (
            "text",
            b"hello".to_vec(),
            "it is not a GGUF file: it does not begin with `GGUF`",
        ),
        (
            "cut-header",
            whole[..1000].to_vec(),
            "its header is damaged, or the file is truncated",
        ),
        (
            "cut",
            whole[..whole.len() - 40_000].to_vec(),
            "ends after the end of the file",
        ),
        (
            "architecture",
            patched(&[("llama", "mamba")]),
            "its architecture `mamba` is not supported",
        ),
        (
            "template",
            patched(&[("tokenizer.chat_template", "tokenizer.chat_templatx")]),
            "it has no chat template",
        ),
        (
            "tokenizer",
            patched(&[("gpt2", "bert")]),
            "its tokenizer has the type `bert`",
        ),
        (
            "merges",
            patched(&[("tokenizer.ggml.merges", "tokenizer.ggml.mergex")]),
            "it has no merges (`tokenizer.ggml.merges`)",
        ),
        (
            "token-types",
            patched(&[("tokenizer.ggml.token_type", "tokenizer.ggml.token_typx")]),
            "it has no token types (`tokenizer.ggml.token_type`)",
        ),
    ];
    for (name, bytes, expected) in cases {
        let file = TempFile::new(name, &bytes);
        let (kind, message, help) = file.describe().await;
        assert_eq!(kind, ErrorKind::ModelLoad, "{name}: {message}");
        let start = "the model file `FILE` cannot be run: ";
        assert!(
            message.starts_with(start) && message.contains(expected),
            "{name}: {message}"
        );
        assert!(help.len() > 30, "{name}: {help}");
    }
    let file = TempFile::new("architectures", &patched(&[("llama", "mamba")]));
    let help = file.error().await.help();
    assert!(
        help.contains("the architectures llama, qwen2, qwen3, gemma3, phi3"),
        "{help}"
    );
}

// B6
#[tokio::test]
async fn a_prompt_longer_than_the_context_is_an_error() {
    let text = "Jason is 25 years old. ".repeat(300);
    let error = extract(&text).model(MODEL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    assert!(
        error.to_string().contains(" tokens, but the context of "),
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
async fn an_unsupported_capability_is_an_error() {
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
    // The chat template of the small model accepts the roles in any order.
    let odd = [Message::assistant("Hello!"), Message::assistant("Again.")];
    ask::<String>("Say hello")
        .history(odd)
        .model(MODEL)
        .await
        .unwrap();
}
