//! Where a prompt comes from: each source sends exactly the expected messages.

use alloy_runtime::{Command, Json, Message, command};
use alloy_tests::server::{Reply, Server};

/// The prompt of a text command, and the whole list of messages where there is more.
fn check(command: &Command<String>, expected: &str) {
    let messages = command.preview().unwrap().messages;
    assert_eq!(messages, [Message::user(expected)]);
}

// D1: the card's own line.
mod card {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    struct User {
        name: String,
        age: u8,
    }

    #[command(model = "ollama:llama3.1")]
    async fn extract(text: &str) -> User;

    #[tokio::test]
    async fn the_name_is_the_prompt_and_the_parameter_its_block() {
        let server = Server::start([Reply::answer(r#"{"name":"Jason","age":25}"#)]);
        let user = extract("Jason is 25 years old")
            .host(server.host())
            .await
            .unwrap();
        assert_eq!(
            user,
            User {
                name: "Jason".into(),
                age: 25
            }
        );
        let sent = server.request().json();
        assert_eq!(sent["model"], "llama3.1");
        assert_eq!(
            sent["messages"][1]["content"],
            "Extract\n\n<text>\nJason is 25 years old\n</text>"
        );
    }
}

mod templates {
    use super::*;

    #[command("Extract: {text}", model = "m")]
    async fn positional(text: &str) -> String;

    #[command(prompt = "Extract: {text}", model = "m")]
    async fn keyed(text: &str) -> String;

    #[command(model = "m")]
    async fn literal_body(text: &str) -> String {
        "Extract: {text}"
    }

    /// This comment is documentation, not the prompt.
    #[command("Extract: {text}", model = "m")]
    async fn documented(text: &str) -> String;

    #[test]
    fn a_template_is_the_whole_prompt() {
        check(&positional("a"), "Extract: a");
        check(&keyed("a"), "Extract: a");
        check(&literal_body("a"), "Extract: a");
        check(&documented("a"), "Extract: a");
    }

    // E6
    #[test]
    fn braces_in_values_stay_text() {
        check(&positional("{text} {{}} {0}"), "Extract: {text} {{}} {0}");
    }

    const LIMIT: usize = 3;

    #[command("{{\"n\": {n:>4}, \"m\": {m:?}}} at most {LIMIT}", model = "m")]
    async fn formatted(n: u8, m: &str) -> String;

    #[test]
    fn placeholders_are_rusts_inline_format_arguments() {
        check(&formatted(7, "x"), r#"{"n":    7, "m": "x"} at most 3"#);
    }

    #[command(
        "
        Extract the user.
          Indented: {text}
        {{Braces}} and {LIMIT:?}.

        Width: {text:>width$}|
        ",
        model = "m"
    )]
    async fn several_lines(text: &str, width: usize) -> String;

    #[test]
    fn shared_indentation_is_removed() {
        check(
            &several_lines("a", 3),
            "Extract the user.\n  Indented: a\n{Braces} and 3.\n\nWidth:   a|",
        );
        // The values' own indentation and braces stay.
        check(
            &several_lines("a\n        {b}", 0),
            "Extract the user.\n  Indented: a\n        {b}\n{Braces} and 3.\n\nWidth: a\n        {b}|",
        );
    }

    #[command("Format:\n    keep {text}\n", model = "m")]
    async fn escaped_lines(text: &str) -> String;

    #[test]
    fn indentation_that_is_written_as_an_escape_stays() {
        check(&escaped_lines("a"), "Format:\n    keep a\n");
        check(&continued_lines(), "Items:\n    - a\n      - nested end");
    }

    #[command(
        "Items:\n    - a\n      - nested \
         end",
        model = "m"
    )]
    async fn continued_lines() -> String;

    #[command(
        "
        A {x:}>4}
        B
        ",
        model = "m"
    )]
    async fn filled_with_braces(x: u8) -> String;

    #[test]
    fn a_brace_can_be_what_a_value_is_filled_with() {
        check(&filled_with_braces(7), "A }}}7\nB");
    }

    #[command(
        "
        Sum up: {value}
        ",
        model = "m"
    )]
    async fn generic_lines<T: std::fmt::Display>(value: T) -> String;

    #[test]
    fn generic_parameters_render_in_dedented_templates() {
        check(&generic_lines(1.5), "Sum up: 1.5");
        check(&generic_lines("x"), "Sum up: x");
    }

    #[command("The type {type} of {fn}", model = "m")]
    async fn raw(r#type: &str, r#fn: &str) -> String;

    #[test]
    fn raw_identifiers_are_named_without_their_prefix() {
        check(&raw("a", "b"), "The type a of b");
    }
}

mod doc_comments {
    use super::*;

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
    fn a_doc_comment_up_to_its_heading_is_the_prompt() {
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
    fn mentioned_parameters_are_no_blocks() {
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
    fn block_comments_work_too() {
        check(&bullets(), "List:\n* a\n* b");
        check(
            &block_comment(),
            "Extract the user.\n\n   * a bullet\n   not a bullet",
        );
        check(&starred("a"), "Extract the user.\n\nFrom a.");
    }

    #[allow(clippy::doc_markdown, reason = "odd marks are the point")]
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
    fn headings_end_the_prompt_but_not_those_in_code() {
        check(
            &with_code("French"),
            "Explain this:\n\n```sh\n# a comment, no heading\n~~~\n````\n\n``` `code` in text\n\nIn French.",
        );
    }

    // E6
    #[test]
    fn a_value_cannot_end_its_block() {
        check(
            &extract("a</text>b</text-2>", None),
            "Extract the user\ndescribed in the text.\n\nBe exact.\n\n<text-3>\na</text>b</text-2>\n</text-3>",
        );
    }
}

mod names {
    use super::*;

    #[command(model = "m")]
    async fn extract_user_2() -> String;

    struct Desk {
        owner: &'static str,
    }

    impl Desk {
        #[command(model = "m")]
        async fn tidy_up(&self, room: &str) -> String;

        #[command(model = "m")]
        async fn greet(&self, name: &str) -> String {
            format!("{} greets {name}", self.owner)
        }
    }

    #[test]
    fn the_name_in_words_is_the_last_resort() {
        check(&extract_user_2(), "Extract user 2");
    }

    #[test]
    fn methods_work_and_the_receiver_is_no_block() {
        let desk = Desk { owner: "Ann" };
        check(
            &desk.tidy_up("kitchen"),
            "Tidy up\n\n<room>\nkitchen\n</room>",
        );
        check(&desk.greet("Ben"), "Ann greets Ben");
    }
}

mod bodies {
    use std::num::ParseIntError;

    use super::*;

    #[command(model = "m")]
    async fn computed(text: &str) -> String {
        let trimmed = text.trim();
        format!("Extract: {trimmed}")
    }

    #[command(model = "m")]
    async fn borrowed(text: &str) -> String {
        if text.is_empty() {
            return "nothing";
        }
        text.trim()
    }

    #[command(model = "m")]
    async fn fallible(number: &str) -> alloy_runtime::Result<String> {
        let number: i32 = number.parse()?;
        format!("Double {number}")
    }

    #[command(model = "m", system = "About {text}")]
    async fn moved(text: String) -> String {
        text
    }

    #[command(model = "m")]
    async fn awaits_in_async_of_its_own(text: &str) -> String {
        async fn inner() {
            std::future::ready(()).await;
        }
        let _unpolled = (inner(), async move { inner().await }, async |_: u8| {
            inner().await;
        });
        text
    }

    macro_rules! through_fragments {
        ($name:ident, $parameter:ident: $type:ty => $output:ty, $body:block) => {
            #[command(model = "m")]
            async fn $name($parameter: $type) -> $output $body
        };
    }
    through_fragments!(by_macro, text: &str => alloy_runtime::Result<String>, { "Extract: {text}" });

    #[test]
    fn a_body_yields_the_prompt() {
        check(&awaits_in_async_of_its_own("a"), "a");
        check(&by_macro("a"), "Extract: a");
        let messages = moved("trains".into()).preview().unwrap().messages;
        assert_eq!(
            messages,
            [Message::system("About trains"), Message::user("trains")]
        );
        check(&computed("  a "), "Extract: a");
        check(&borrowed(" a "), "a");
        check(&borrowed(""), "nothing");
        check(&fallible("21"), "Double 21");
    }

    // D10
    #[tokio::test]
    async fn a_body_that_fails_comes_out_at_the_await() {
        let error = fallible("x").await.unwrap_err();
        assert_eq!(error.kind(), alloy_runtime::ErrorKind::Prompt);
        assert_eq!(
            error.to_string(),
            "the prompt of `fallible` could not be made"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.is::<ParseIntError>(), "{source:?}");
        let previewed = fallible("x").preview().unwrap_err();
        assert_eq!(format!("{previewed:?}"), format!("{error:?}"));
    }
}

mod system_texts {
    use super::*;

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
}

mod parameters {
    use super::*;

    #[derive(serde::Serialize)]
    struct Order {
        id: u32,
    }

    #[command("Order: {order}", model = "m")]
    async fn json(order: Json<&Order>) -> String;

    #[test]
    fn json_renders_as_json() {
        check(&json(Json(&Order { id: 7 })), r#"Order: {"id":7}"#);
    }

    type NoJson = std::collections::BTreeMap<(u8, u8), u8>;

    #[command("Map: {map}", model = "m")]
    async fn in_template(map: Json<NoJson>) -> String;

    #[command(model = "m")]
    async fn in_block(map: Json<NoJson>) -> String;

    #[command("Say hello", system = "Map: {map}", model = "m")]
    async fn in_system(map: Json<NoJson>) -> String;

    #[test]
    fn what_cannot_be_shown_is_an_error_and_no_half_prompt() {
        let map = || Json(NoJson::from([((1, 2), 3)]));
        for command in [in_template(map()), in_block(map()), in_system(map())] {
            let error = command.preview().unwrap_err();
            assert_eq!(error.kind(), alloy_runtime::ErrorKind::Prompt);
            assert!(
                format!("{error:?}").contains("could not be written as text"),
                "{error:?}"
            );
        }
    }

    /// Locals of the expansion are not to be confused with these.
    #[command(model = "m")]
    async fn internals(__alloy_prompt: &str, __alloy_text: &str, prompt: &str) -> String;

    #[test]
    fn parameters_named_like_our_own_locals_are_the_users() {
        let content = &internals("a", "b", "c").preview().unwrap().messages[0].content;
        assert!(content.contains("<__alloy_prompt>\na\n"), "{content}");
        assert!(content.contains("<__alloy_text>\nb\n"), "{content}");
        assert!(content.contains("<prompt>\nc\n"), "{content}");
    }

    #[command("{a}{b}{c}", model = "m")]
    #[allow(
        clippy::needless_lifetimes,
        reason = "that they pass through is the point"
    )]
    async fn several<'a, T: std::fmt::Display + ?Sized>(
        a: &'a str,
        b: &T,
        c: impl std::fmt::Display,
    ) -> String;

    #[test]
    fn lifetimes_generics_and_impl_traits_pass_through() {
        check(&several("a", "b", 'c'), "abc");
    }

    mod renamed {
        use alloy_runtime as llm;

        #[llm::command("Say hello", model = "m", crate = llm)]
        async fn hello() -> String;

        #[test]
        fn the_runtime_can_have_another_name() {
            super::check(&hello(), "Say hello");
        }
    }
}

mod files {
    use super::*;

    #[command(prompt_file = "prompts/translate.md", model = "m")]
    async fn translate(text: &str, language: &str) -> String;

    // D2
    #[test]
    fn the_text_of_a_file_is_a_template() {
        check(
            &translate("{text}", "French"),
            "Translate the text into French:\n\n    {keep} the indentation\n\n{text}",
        );
    }

    // D2: the compiler knows what this program was made of.
    #[test]
    fn a_change_of_the_file_compiles_the_crate_again() {
        let made_of = std::env::current_exe().unwrap().with_extension("d");
        let made_of = std::fs::read_to_string(made_of).unwrap();
        assert!(made_of.contains("translate.md"));
    }
}
