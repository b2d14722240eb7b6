//! System messages.

use alloy_runtime::{Message, command};

#[command("Say hello", system = "Be brief.", model = "m")]
async fn fixed() -> String;

/// Say hello.
#[command(system = "You speak {language}.", model = "m")]
async fn rendered(language: &str) -> String;

// A7
#[test]
fn the_system_message_comes_first() {
    assert_eq!(
        fixed().preview().unwrap().messages,
        [Message::system("Be brief."), Message::user("Say hello")]
    );
}

#[test]
fn a_parameter_in_the_system_message_is_not_appended_as_a_block() {
    assert_eq!(
        rendered("French").preview().unwrap().messages,
        [
            Message::system("You speak French."),
            Message::user("Say hello.")
        ]
    );
}

#[test]
fn the_setter_replaces_the_system_message_of_the_attribute() {
    let messages = rendered("French")
        .system("Be loud.")
        .preview()
        .unwrap()
        .messages;
    assert_eq!(messages[0], Message::system("Be loud."));
}
