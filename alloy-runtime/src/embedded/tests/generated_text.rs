//! Texts in pieces: tokens are bytes and need not be valid UTF-8.

use serde_json::json;

use super::super::generated_text::GeneratedText;
use super::super::request::EngineRequest;

fn text_with_stops(stops: &[&str]) -> GeneratedText {
    let body = json!({"messages": [], "stream": true, "options": {"stop": stops}});
    GeneratedText::new(
        &EngineRequest::from_body(body.to_string().as_bytes()).unwrap(),
        "",
    )
}

/// Returns the pieces of tokens with these bytes, and the whole text.
fn pieces(stops: &[&str], tokens: &[&[u8]]) -> (Vec<String>, String) {
    let mut text = text_with_stops(stops);
    let mut pieces = Vec::new();
    for token in tokens {
        let is_stopped = text.push(token);
        pieces.extend(text.next_piece(is_stopped));
        if is_stopped {
            break;
        }
    }
    pieces.extend(text.next_piece(true));
    (
        pieces,
        String::from_utf8_lossy(text.as_bytes()).into_owned(),
    )
}

#[test]
fn pieces_are_whole_characters_and_add_up_to_the_text() {
    let crab = "🦀".as_bytes();
    let cases: [&[&[u8]]; 6] = [
        &[b"a", b"b"],
        &[&crab[..1], &crab[1..3], &crab[3..], b"x"],
        &[b"a", b"\xFF", b"b c"],
        &[&crab[..2], b"b", b"c"],
        &[b"a", &crab[..3]],
        &[b"\xF0\x9F", b"\xF0", &crab[1..]],
    ];
    for tokens in cases {
        let (pieces, whole) = pieces(&[], tokens);
        assert_eq!(pieces.concat(), whole, "{tokens:?}");
        assert!(!pieces.iter().any(String::is_empty));
    }
    let (pieces, _) = pieces(&[], cases[1]);
    assert_eq!(pieces, ["🦀", "x"]);
}

#[test]
fn the_beginning_of_a_stop_sequence_is_withheld() {
    let (emitted, whole) = pieces(&["END"], &[b"a E", b"N", b"x EN", b"D b"]);
    assert_eq!(
        (emitted.concat().as_str(), whole.as_str()),
        ("a ENx ", "a ENx ")
    );
    let (emitted, _) = pieces(&["END", "never"], &[b"a E", b"N", b"x", b"EN"]);
    assert_eq!(emitted, ["a ", "ENx", "EN"]);
    let (emitted, _) = pieces(&["🦀"], &["a 🦀".as_bytes()]);
    assert_eq!(emitted, ["a "]);
}

#[test]
fn a_tag_is_complete_even_if_its_last_token_continues() {
    let mut text = text_with_stops(&[]);
    for (token, expected) in [
        ("<", false),
        ("/think", false),
        (">\n\n", true),
        ("x", false),
    ] {
        text.push(token.as_bytes());
        let is_complete = text.has_completed_tag("</think>", token.len());
        assert_eq!(is_complete, expected, "{token:?}");
    }
    assert_eq!(text.rfind("</think>"), 0);
}
