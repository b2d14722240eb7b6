//! Texts in pieces: tokens are bytes, and bytes need be no text.

use serde_json::json;

use super::super::order::Order;
use super::super::text::Text;

fn text(stops: &[&str]) -> Text {
    let body = json!({"messages": [], "stream": true, "options": {"stop": stops}});
    Text::new(&Order::of(body.to_string().as_bytes()).unwrap(), "")
}

/// The pieces of tokens with these bytes.
fn pieces(stops: &[&str], tokens: &[&[u8]]) -> (Vec<String>, String) {
    let mut text = text(stops);
    let mut pieces = Vec::new();
    for token in tokens {
        let is_stopped = text.push(token);
        pieces.extend(text.next_piece(is_stopped));
        if is_stopped {
            break;
        }
    }
    pieces.extend(text.next_piece(true));
    (pieces, String::from_utf8_lossy(text.bytes()).into_owned())
}

#[test]
fn pieces_are_whole_characters_and_together_the_text() {
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
fn what_may_become_a_stop_is_held_back() {
    let (given, whole) = pieces(&["END"], &[b"a E", b"N", b"x EN", b"D b"]);
    assert_eq!(
        (given.concat().as_str(), whole.as_str()),
        ("a ENx ", "a ENx ")
    );
    let (given, _) = pieces(&["END", "never"], &[b"a E", b"N", b"x", b"EN"]);
    assert_eq!(given, ["a ", "ENx", "EN"]);
    let (given, _) = pieces(&["🦀"], &["a 🦀".as_bytes()]);
    assert_eq!(given, ["a "]);
}

#[test]
fn a_mark_is_met_where_its_last_token_has_more_behind_it() {
    let mut text = text(&[]);
    for (token, meets) in [
        ("<", false),
        ("/think", false),
        (">\n\n", true),
        ("x", false),
    ] {
        text.push(token.as_bytes());
        assert_eq!(text.meets("</think>", token.len()), meets, "{token:?}");
    }
    assert_eq!(text.last_of("</think>"), 0);
}
