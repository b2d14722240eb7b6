//! Prompt templates: Rust's inline format arguments, and the indentation of many lines.

/// A piece of a template.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    /// Text as it is sent, braces unescaped.
    Text(String),
    /// `{name}` or `{name:spec}`.
    Placeholder { name: String, spec: String },
}

/// What is wrong with a template, where rustc's own words would not help.
#[derive(Debug, PartialEq)]
pub(crate) enum Problem {
    /// `{}` or `{0}`, as typed.
    Positional(String),
    /// `{user.name}` or another expression, as typed.
    Expression(String),
    /// A brace without its partner, or a raw identifier: rustc says it well, in the right place.
    Rustc,
}

/// Takes a template apart.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece>, Problem> {
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
        let close = closing(from)
            .filter(|_| brace == "{")
            .ok_or(Problem::Rustc)?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(placeholder(&from[1..close])?);
        rest = &from[close + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// Where the placeholder ends that `from` begins with. A brace may be what an aligned value is filled
/// with: `{x:}>4}`.
fn closing(from: &str) -> Option<usize> {
    let close = from.find('}')?;
    let filled = from[..close].ends_with(':') && from[close + 1..].starts_with(['<', '^', '>']);
    match filled {
        true => from[close + 1..].find('}').map(|at| close + 1 + at),
        false => Some(close),
    }
}

fn placeholder(inside: &str) -> Result<Piece, Problem> {
    if inside.contains('{') || inside.starts_with("r#") {
        return Err(Problem::Rustc);
    }
    let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
    let name = name.trim();
    if name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::Positional(format!("{{{inside}}}")));
    }
    let mut chars = name.chars();
    let starts_well = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !starts_well || !chars.all(|c| c.is_alphanumeric() || c == '_') {
        return Err(Problem::Expression(format!("{{{inside}}}")));
    }
    Ok(Piece::Placeholder {
        name: name.to_owned(),
        spec: spec.to_owned(),
    })
}

/// The names that a template mentions, those of widths and precisions (`{x:width$}`) included.
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

/// A template of several lines without the indentation they share, and without blank lines at its
/// beginning and end. Text beside the opening quote does not count as indented.
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
    fn templates_are_taken_apart_as_format_strings_are() {
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
    fn what_is_no_name_is_told_apart() {
        let check = |template: &str, expected: Problem| {
            assert_eq!(parse(template), Err(expected), "{template:?}");
        };
        check("{}", Problem::Positional("{}".into()));
        check("{:?}", Problem::Positional("{:?}".into()));
        check("{0}", Problem::Positional("{0}".into()));
        check("{user.name}", Problem::Expression("{user.name}".into()));
        check("{f(x)}", Problem::Expression("{f(x)}".into()));
        check("{\"a\": 1}", Problem::Expression("{\"a\": 1}".into()));
        check("{open", Problem::Rustc);
        check("close}", Problem::Rustc);
        check("{a{b}", Problem::Rustc);
        check("{r#type}", Problem::Rustc);
    }

    #[test]
    fn widths_count_as_mentioned() {
        let pieces = parse("{a:>w$.p$} {b}").unwrap();
        assert_eq!(names(&pieces).collect::<Vec<_>>(), ["a", "w", "p", "b"]);
    }

    #[test]
    fn shared_indentation_is_taken_off() {
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
