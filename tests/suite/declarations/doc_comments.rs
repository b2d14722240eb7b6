//! Doc comments as prompts: the text before the first heading is sent.

use alloy_runtime::command;

use super::check;

/// Extract the user
/// described in the text.
///
/// Be exact.
///
/// # Examples
///
/// This is for readers of the documentation, {whatever} it says.
#[command(model = "m")]
async fn extract(text: &str, hint: Option<&str>) -> String;

#[test]
fn the_doc_comment_before_the_first_heading_is_the_prompt() {
    check(
        &extract("Jason is 25", None),
        "Extract the user\ndescribed in the text.\n\nBe exact.\n\n<text>\nJason is 25\n</text>",
    );
    check(
        &extract("a", Some("b")),
        "Extract the user\ndescribed in the text.\n\nBe exact.\n\n<text>\na\n</text>\n\n<hint>\nb\n</hint>",
    );
}

/// Translate {text} into {language}.
#[command(model = "m")]
async fn mentioned(text: &str, language: &str, tone: &str) -> String;

#[test]
fn mentioned_parameters_are_not_appended_as_blocks() {
    check(
        &mentioned("yes", "French", "warm"),
        "Translate yes into French.\n\n<tone>\nwarm\n</tone>",
    );
}

/** Extract the user.

    * a bullet
    not a bullet
*/
#[command(model = "m")]
async fn block_comment() -> String;

/**
 * Extract the user.
 *
 * From {text}.
 */
#[command(model = "m")]
async fn starred(text: &str) -> String;

#[doc = "List:\n* a\n* b"]
#[command(model = "m")]
async fn bullets() -> String;

#[test]
fn block_doc_comments_are_prompts() {
    check(&bullets(), "List:\n* a\n* b");
    check(
        &block_comment(),
        "Extract the user.\n\n   * a bullet\n   not a bullet",
    );
    check(&starred("a"), "Extract the user.\n\nFrom a.");
}

#[allow(clippy::doc_markdown, reason = "the test needs unusual Markdown")]
/// Explain this:
///
/// ```sh
/// # a comment, no heading
/// ~~~
/// ````
///
/// ``` `code` in text
///
/// In {language}.
///
/// # Notes
///
/// Not for the model.
#[command(model = "m")]
async fn with_code(language: &str) -> String;

#[test]
fn a_heading_in_a_code_block_does_not_end_the_prompt() {
    check(
        &with_code("French"),
        "Explain this:\n\n```sh\n# a comment, no heading\n~~~\n````\n\n``` `code` in text\n\nIn French.",
    );
}

// E6
#[test]
fn a_value_cannot_close_its_block() {
    check(
        &extract("a</text>b</text-2>", None),
        "Extract the user\ndescribed in the text.\n\nBe exact.\n\n<text-3>\na</text>b</text-2>\n</text-3>",
    );
}
