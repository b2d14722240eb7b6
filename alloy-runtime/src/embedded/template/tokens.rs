//! Tokens of the expressions in a chat template.

/// Maximum length of a string that is worth no charge, in bytes.
const MAX_SMALL_TEXT: usize = 64;

/// Kind of a token of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenClass {
    Name,
    /// A name that cannot be an operand.
    Keyword,
    Text,
    Number,
    Open,
    Close,
    Operator,
}

/// A token of an expression, with its place in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExprToken<'a> {
    pub(super) class: TokenClass,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// Names that are not operands.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "if", "else", "recursive"];

/// Reads the tokens of a tag. Returns them and the length of the tag without its end.
pub(super) fn read_tokens(
    source: &str,
    is_statement: bool,
) -> Result<(Vec<ExprToken<'_>>, usize), String> {
    let end = if is_statement { "%}" } else { "}}" };
    let mut tokens: Vec<ExprToken<'_>> = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let rest = &source[at..];
        let Some(first) = rest.chars().next() else {
            return Err("has a tag without an end".to_owned());
        };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let unsigned = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if depth == 0 && (rest.starts_with(end) || unsigned.starts_with(end)) {
            return Ok((tokens, at));
        }
        let follows_dot = tokens.last().is_some_and(|token| token.text == ".");
        let (class, length) = match first {
            '\'' | '"' => (TokenClass::Text, text_length(rest, first)?),
            '0'..='9' => (TokenClass::Number, number_length(rest, follows_dot)),
            '(' | '[' | '{' => (TokenClass::Open, 1),
            ')' | ']' | '}' => (TokenClass::Close, 1),
            _ if first.is_alphanumeric() || first == '_' => {
                let is_name = |c: char| c.is_alphanumeric() || c == '_';
                let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                let is_keyword = KEYWORDS.contains(&&rest[..length]) && !follows_dot;
                let class = if is_keyword {
                    TokenClass::Keyword
                } else {
                    TokenClass::Name
                };
                (class, length)
            }
            _ => {
                let pairs = ["**", "//", "==", "!=", "<=", ">="];
                let is_pair = pairs.iter().any(|pair| rest.starts_with(pair));
                (
                    TokenClass::Operator,
                    if is_pair { 2 } else { first.len_utf8() },
                )
            }
        };
        match class {
            TokenClass::Open => depth += 1,
            TokenClass::Close => depth = depth.checked_sub(1).ok_or("has an unopened bracket")?,
            _ => {}
        }
        tokens.push(ExprToken {
            class,
            text: &rest[..length],
            start: at,
        });
        at += length;
    }
}

/// Returns the length of a string literal with its quotes.
fn text_length(source: &str, quote: char) -> Result<usize, String> {
    let mut is_escaped = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err("has a string without an end".to_owned())
}

fn number_length(source: &str, is_index: bool) -> usize {
    let bytes = source.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let next_is_digit = bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        let follows_exponent = length > 0 && matches!(bytes[length - 1], b'e' | b'E');
        let belongs = match byte {
            b'.' => !is_index && next_is_digit,
            b'+' | b'-' => follows_exponent && next_is_digit && !source.starts_with("0x"),
            byte => byte.is_ascii_alphanumeric() || *byte == b'_',
        };
        if !belongs {
            break;
        }
        length += 1;
    }
    length
}

impl ExprToken<'_> {
    /// Returns `true` if a token can be the last one of an operand.
    pub(super) fn ends_operand(&self) -> bool {
        !matches!(
            self.class,
            TokenClass::Keyword | TokenClass::Open | TokenClass::Operator
        )
    }

    pub(super) fn can_start_operand(&self) -> bool {
        !matches!(
            self.class,
            TokenClass::Keyword | TokenClass::Close | TokenClass::Operator
        )
    }

    /// Returns `true` if it is not worth a charge: a number or a short string.
    pub(super) fn is_small_literal(&self) -> bool {
        self.class == TokenClass::Number
            || (self.class == TokenClass::Text && self.text.len() <= MAX_SMALL_TEXT)
    }
}

/// Returns the partner of each bracket; of another token itself.
pub(super) fn match_brackets(tokens: &[ExprToken<'_>]) -> Result<Vec<usize>, String> {
    let mut partners: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.class {
            TokenClass::Open => open.push(at),
            TokenClass::Close => {
                let start = open.pop().ok_or("has an unopened bracket")?;
                partners[start] = at;
                partners[at] = start;
            }
            _ => {}
        }
    }
    Ok(partners)
}
