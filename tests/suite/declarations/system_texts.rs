//! The system text, the first message.

use alloy_runtime::{Message, command};

#[command("Say hello", system = "Be brief.", model = "m")]
async fn fixed() -> String;

/// Say hello.
#[command(system = "You speak {language}.", model = "m")]
async fn rendered(language: &str) -> String;

// A7
#[test]
fn the_system_text_is_the_first_message() {
    assert_eq!(
        fixed().preview().unwrap().messages,
        [Message::system("Be brief."), Message::user("Say hello")]
    );
}

#[test]
fn a_parameter_in_the_system_text_counts_as_mentioned() {
    assert_eq!(
        rendered("French").preview().unwrap().messages,
        [
            Message::system("You speak French."),
            Message::user("Say hello.")
        ]
    );
}

#[test]
fn the_setter_replaces_the_attributes_text() {
    let messages = rendered("French")
        .system("Be loud.")
        .preview()
        .unwrap()
        .messages;
    assert_eq!(messages[0], Message::system("Be loud."));
}
