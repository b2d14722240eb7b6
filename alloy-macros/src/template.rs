//! Prompt templates: inline format arguments as in `format!`, and the indentation of multi-line literals.

/// A piece of a template.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    /// Literal text, with braces unescaped.
    Text(String),
    /// `{name}` or `{name:spec}`.
    Placeholder { name: String, spec: String },
}

/// The error of a template.
#[derive(Debug, PartialEq)]
pub(crate) enum TemplateError {
    /// `{}` or `{0}`, as written.
    Positional(String),
    /// `{user.name}` or another expression, as written.
    Expression(String),
    /// An unmatched brace or a raw identifier. In a literal, rustc reports it with an exact span.
    Syntax,
}

/// Parses a template.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let brace = &from[..1];
        if from[1..].starts_with(brace) {
            plain.push_str(brace);
            rest = &from[2..];
            continue;
        }
        let close = closing_brace(from)
            .filter(|_| brace == "{")
            .ok_or(TemplateError::Syntax)?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(parse_placeholder(&from[1..close])?);
        rest = &from[close + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// Returns the index of the brace that closes the placeholder at the start of `from`. A `}` can also be the
/// fill character of an aligned value: `{x:}>4}`.
fn closing_brace(from: &str) -> Option<usize> {
    let close = from.find('}')?;
    let filled = from[..close].ends_with(':') && from[close + 1..].starts_with(['<', '^', '>']);
    match filled {
        true => from[close + 1..].find('}').map(|at| close + 1 + at),
        false => Some(close),
    }
}

fn parse_placeholder(inside: &str) -> Result<Piece, TemplateError> {
    if inside.contains('{') || inside.starts_with("r#") {
        return Err(TemplateError::Syntax);
    }
    let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
    let name = name.trim();
    if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TemplateError::Positional(format!("{{{inside}}}")));
    }
    let mut chars = name.chars();
    let starts_well = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !starts_well || !chars.all(|c| c.is_alphanumeric() || c == '_') {
        return Err(TemplateError::Expression(format!("{{{inside}}}")));
    }
    Ok(Piece::Placeholder {
        name: name.to_owned(),
        spec: spec.to_owned(),
    })
}

/// Returns `true` if a template shows `name`, and only by `Display`: not by `{name:?}` or another trait, and not as
/// a width or a precision.
pub(crate) fn is_displayed(pieces: &[Piece], name: &str) -> bool {
    let by_display = pieces.iter().filter(|piece| match piece {
        Piece::Placeholder { name: shown, spec } => {
            let other_trait = ['?', 'x', 'X', 'o', 'b', 'p', 'e', 'E'];
            shown == name && !spec.trim_end().ends_with(other_trait)
        }
        Piece::Text(_) => false,
    });
    let (shown, named) = (
        by_display.count(),
        names(pieces).filter(|named| *named == name),
    );
    shown > 0 && shown == named.count()
}

/// Returns the names in a template, including those of widths and precisions (`{x:width$}`).
pub(crate) fn names(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    pieces.iter().flat_map(|piece| {
        let (name, spec) = match piece {
            Piece::Text(_) => (None, ""),
            Piece::Placeholder { name, spec } => (Some(name.as_str()), spec.as_str()),
        };
        let counts = spec.match_indices('$').map(move |(end, _)| {
            let before = &spec[..end];
            let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_');
            &before[start.map_or(0, |start| start + 1)..]
        });
        name.into_iter().chain(counts)
    })
}

/// Removes the common indentation of a template of several lines, and the blank lines at its start and end.
/// Text on the line of the opening quote does not count for the indentation.
pub(crate) fn dedent(text: &str) -> String {
    let Some((first, others)) = text.split_once('\n') else {
        return text.to_owned();
    };
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let filled = others.lines().filter(|line| !line.trim().is_empty());
    let common = filled.map(indent).min().unwrap_or(0);
    let others = others
        .split('\n')
        .map(|line| line.get(common.min(indent(line))..).unwrap_or(""));
    let mut lines: Vec<&str> = [first].into_iter().chain(others).collect();
    let blank = |line: &&str| line.trim().is_empty();
    while lines.last().is_some_and(blank) {
        lines.pop();
    }
    let start = lines.iter().position(|line| !blank(line)).unwrap_or(0);
    lines[start..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn placeholder(name: &str, spec: &str) -> Piece {
        Piece::Placeholder {
            name: name.to_owned(),
            spec: spec.to_owned(),
        }
    }

    #[test]
    fn templates_are_parsed_as_format_strings() {
        let check = |template: &str, expected: &[Piece]| {
            assert_eq!(parse(template).unwrap(), expected, "{template:?}");
        };
        check("", &[]);
        check("a {b} c", &[text("a "), placeholder("b", ""), text(" c")]);
        check("{a}{b:?}", &[placeholder("a", ""), placeholder("b", "?")]);
        check("{{a}} }}{{", &[text("{a} }{")]);
        check("{type:>5}", &[placeholder("type", ">5")]);
        check("{ a }", &[placeholder("a", "")]);
        check("{a:}>4}b", &[placeholder("a", "}>4"), text("b")]);
        check("ä{ö}ü", &[text("ä"), placeholder("ö", ""), text("ü")]);
    }

    #[test]
    fn placeholders_that_are_not_names_are_errors() {
        let check = |template: &str, expected: TemplateError| {
            assert_eq!(parse(template), Err(expected), "{template:?}");
        };
        check("{}", TemplateError::Positional("{}".into()));
        check("{:?}", TemplateError::Positional("{:?}".into()));
        check("{0}", TemplateError::Positional("{0}".into()));
        check(
            "{user.name}",
            TemplateError::Expression("{user.name}".into()),
        );
        check("{f(x)}", TemplateError::Expression("{f(x)}".into()));
        check("{\"a\": 1}", TemplateError::Expression("{\"a\": 1}".into()));
        check("{open", TemplateError::Syntax);
        check("close}", TemplateError::Syntax);
        check("{a{b}", TemplateError::Syntax);
        check("{r#type}", TemplateError::Syntax);
    }

    #[test]
    fn names_include_widths_and_precisions() {
        let pieces = parse("{a:>w$.p$} {b}").unwrap();
        assert_eq!(names(&pieces).collect::<Vec<_>>(), ["a", "w", "p", "b"]);
    }

    #[test]
    fn only_display_and_no_count_is_displayed() {
        let check = |template: &str, expected: bool| {
            let pieces = parse(template).unwrap();
            assert_eq!(is_displayed(&pieces, "a"), expected, "{template:?}");
        };
        check("{a} {a:>5} {a:e<5}", true);
        check("{b} {a}", true);
        check("{b}", false);
        check("{a} {a:?}", false);
        check("{a:#x?}", false);
        check("{a:e}", false);
        check("{a} {b:a$}", false);
    }

    #[test]
    fn common_indentation_is_removed() {
        let check =
            |template: &str, expected: &str| assert_eq!(dedent(template), expected, "{template:?}");
        check("one line", "one line");
        check("  one line ", "  one line ");
        check("\n    a\n      b\n\n    c\n  ", "a\n  b\n\nc");
        check("a\n    b\n     c", "a\nb\n c");
        check("\n\ta\n\t\tb\n", "a\n\tb");
        check("a\n\nb", "a\n\nb");
        check("\n  ä\n  b", "ä\nb");
        check("\n\n", "");
    }
}
