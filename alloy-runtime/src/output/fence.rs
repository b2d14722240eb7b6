//! Markdown code around an answer.

/// Returns the content of a Markdown code block that a text consists of, or of inline code.
pub(crate) fn fenced(text: &str) -> Option<&str> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix("```") {
        let inside = inside.strip_suffix("```")?;
        if inside.contains("```") {
            return None;
        }
        return Some(match inside.split_once('\n') {
            // The rest of the first line is the language.
            Some((language, inside)) if !language.contains(['{', '[', '"']) => inside.trim(),
            _ => inside.strip_prefix("json").unwrap_or(inside).trim(),
        });
    }
    let inside = text.strip_prefix('`')?.strip_suffix('`')?;
    (!inside.contains('`')).then(|| inside.trim())
}

#[cfg(test)]
mod tests {
    use super::fenced;

    #[test]
    fn the_content_of_a_block_is_returned() {
        let check = |text: &str, inside: Option<&str>| assert_eq!(fenced(text), inside, "{text}");
        check("```json\n{}\n```", Some("{}"));
        check(" ```\n42\n``` ", Some("42"));
        check("```json {}```", Some("{}"));
        check("```{\n}```", Some("{\n}"));
        check("`A`", Some("A"));
        check("{}", None);
        check("```\n1\n```\n```\n2\n```", None);
        check("`a` and `b`", None);
    }
}
