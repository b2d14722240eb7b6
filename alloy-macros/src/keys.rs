//! Parses the values of keys, and names what each key expects in its errors.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::token::Bracket;
use syn::{Ident, Lit, LitInt, LitStr, Path, Token, bracketed, parse_quote};

/// Parses a string literal.
pub(crate) fn string(key: &str, example: &str, value: TokenStream) -> syn::Result<LitStr> {
    let mut tokens = value.clone().into_iter();
    let instead = match tokens.any(|token| token.to_string() == "include_str") {
        true if key == "system" => {
            "; set the text of a file at the call: `.system(include_str!(…))`"
        }
        true => {
            "; the file of a prompt is `prompt_file = \"…\"`, relative to the directory of Cargo.toml"
        }
        false => "",
    };
    let expected = format!("`{key}` takes a string literal: `{key} = \"{example}\"`{instead}");
    literal(value, &expected)
}

/// Parses a model: a string literal, or the path of a constant.
pub(crate) fn model(key: &str, value: TokenStream) -> syn::Result<TokenStream> {
    let expected = format!(
        "`{key}` takes a string literal or the path of a constant: `{key} = \"ollama:llama3.1\"`, `{key} = MODEL`; \
         a model that is known at run time is set at the call: `.{key}(…)`"
    );
    parsed(value, &expected, |input| {
        if input.peek(LitStr) {
            return Some(input.parse::<LitStr>().ok()?.into_token_stream());
        }
        let path = Path::parse_mod_style(input).ok()?;
        let name = path.segments.last()?.ident.to_string();
        is_constant(&name).then(|| path.into_token_stream())
    })
}

/// Returns `true` if a name is in upper case, as those of constants are.
pub(crate) fn is_constant(name: &str) -> bool {
    let is_upper_case = |c: char| c.is_uppercase() || c.is_ascii_digit() || c == '_';
    name.chars().all(is_upper_case)
}

/// Parses a number from 0 to 2, with or without a fraction.
pub(crate) fn number(key: &str, value: TokenStream) -> syn::Result<f64> {
    let expected = format!("`{key}` takes a number from 0 to 2: `{key} = 0.2`");
    parsed(value, &expected, |input| {
        let minus: Option<Token![-]> = input.parse().ok()?;
        let number = match input.parse().ok()? {
            Lit::Int(number) => number.base10_parse::<f64>().ok()?,
            Lit::Float(number) => number.base10_parse().ok()?,
            _ => return None,
        };
        let number = if minus.is_some() { -number } else { number };
        (0.0..=2.0).contains(&number).then_some(number)
    })
}

/// Parses an integer of at least `min`. `example` is shown in the error.
pub(crate) fn count(key: &str, min: u32, example: u32, value: TokenStream) -> syn::Result<u32> {
    let expected = format!("`{key}` takes an integer of at least {min}: `{key} = {example}`");
    parsed(value, &expected, |input| {
        let number = input.parse::<LitInt>().ok()?.base10_parse().ok()?;
        (number >= min).then_some(number)
    })
}

/// Parses the value of `think` and returns the variant of `Think`.
pub(crate) fn think(key: &str, value: TokenStream) -> syn::Result<Ident> {
    let expected = format!(
        "`{key}` takes `true`, `false`, \"low\", \"medium\", \"high\" or \"max\": `{key} = \"high\"`"
    );
    parsed(value, &expected, |input| {
        let variant = match input.parse().ok()? {
            Lit::Bool(on) if on.value => "On",
            Lit::Bool(_) => "Off",
            Lit::Str(level) => match level.value().as_str() {
                "low" => "Low",
                "medium" => "Medium",
                "high" => "High",
                "max" => "Max",
                _ => return None,
            },
            _ => return None,
        };
        Some(Ident::new(variant, Span::call_site()))
    })
}

/// Parses the value of an option, a literal or a list of literals, and returns it as JSON.
pub(crate) fn json(name: &str, value: TokenStream) -> syn::Result<String> {
    let OptionSpec(expects, example, accepts) = option(name).unwrap_or(ANY_OPTION);
    let expected = format!("the option `{name}` takes {expects}: `{name} = {example}`");
    let tokens = value.clone();
    let message = match parsed(value, &expected, |input| json_value(input).ok())? {
        Some(json) if accepts(&json) => return Ok(json),
        Some(_) => expected,
        None => {
            format!("the option `{name}` cannot be represented in JSON; expected a finite number")
        }
    };
    Err(syn::Error::new_spanned(tokens, message))
}

/// Returns `true` if Ollama has an option of this name.
pub(crate) fn is_option(name: &str) -> bool {
    option(name).is_some()
}

/// The values that an option takes: in words, as an example, and as a check of a value's JSON.
struct OptionSpec(&'static str, &'static str, fn(&str) -> bool);

/// An option that is not in the table.
const ANY_OPTION: OptionSpec = OptionSpec(
    "a number, a string, `true`, `false`, or a list of these",
    "1",
    |_| true,
);

/// Returns the entry of a known option. The runtime has the same table for values that are set at run time.
/// Servers accept more options than these.
fn option(name: &str) -> Option<OptionSpec> {
    Some(match name {
        "seed" | "num_ctx" | "num_keep" | "top_k" | "repeat_last_n" | "num_batch" | "num_gpu"
        | "main_gpu" | "num_thread" | "draft_num_predict" => {
            let example = if name == "num_ctx" { "8192" } else { "7" };
            OptionSpec("an integer", example, |json| {
                json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok()
            })
        }
        "top_p" | "presence_penalty" | "frequency_penalty" | "min_p" | "typical_p"
        | "repeat_penalty" => OptionSpec("a number", "0.9", |json| json.parse::<f64>().is_ok()),
        "use_mmap" | "truncate" | "shift" => OptionSpec("`true` or `false`", "true", |json| {
            ["true", "false"].contains(&json)
        }),
        "stop" => OptionSpec("a string or a list of strings", "[\"END\"]", |json| {
            json.starts_with('"') || json.starts_with("[\"") || json == "[]"
        }),
        _ => return None,
    })
}

/// Parses a literal or a list of literals and returns it as JSON. Returns `None` if a number in it is not
/// finite, such as `1e400`.
pub(crate) fn json_value(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.peek(Bracket) {
        let content;
        bracketed!(content in input);
        let items = Punctuated::<_, Token![,]>::parse_terminated_with(&content, json_value)?;
        let items: Option<Vec<String>> = items.into_iter().collect();
        return Ok(items.map(|items| format!("[{}]", items.join(","))));
    }
    let minus: Option<Token![-]> = input.parse()?;
    let (number, text) = match input.parse()? {
        Lit::Int(number) => (
            number.base10_parse::<f64>()?,
            number.base10_digits().to_owned(),
        ),
        Lit::Float(number) => {
            let number = number.base10_parse::<f64>()?;
            // `1.` is valid in Rust but not in JSON, and `1.0` must not become an integer.
            (number, format!("{number:?}"))
        }
        Lit::Bool(on) if minus.is_none() => return Ok(Some(on.value.to_string())),
        Lit::Str(text) if minus.is_none() => return Ok(Some(json_string(&text.value()))),
        other => return Err(syn::Error::new_spanned(other, "")),
    };
    let sign = minus.map_or("", |_| "-");
    Ok(number.is_finite().then(|| format!("{sign}{text}")))
}

fn json_string(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Parses a duration, by the runtime's rules, and returns it in milliseconds.
pub(crate) fn millis(key: &str, value: TokenStream) -> syn::Result<u64> {
    let expected = format!(
        "`{key}` takes a duration above zero as a string: `{key} = \"30s\"` (`ms`, `s`, `m` or `h`, or `1h30m`)"
    );
    parsed(value, &expected, |input| {
        let text = input.parse::<LitStr>().ok()?.value();
        let (mut rest, mut total, mut larger) = (text.as_str(), 0_u64, u64::MAX);
        while !rest.is_empty() {
            let (number, from) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
            let is_digit = |c: char| c.is_ascii_digit();
            let (unit, after) = from.split_at(from.find(is_digit).unwrap_or(from.len()));
            let unit = match unit {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
            let millis = number.parse::<u64>().ok()?.checked_mul(unit)?;
            total = total.checked_add(millis).filter(|_| unit < larger)?;
            (rest, larger) = (after, unit);
        }
        (total > 0).then_some(total)
    })
}

/// Parses an identifier.
pub(crate) fn ident(key: &str, example: &str, value: TokenStream) -> syn::Result<Ident> {
    literal(value, &format!("`{key}` takes a name: `{key} = {example}`"))
}

/// Parses the value of `crate`, the path of alloy-runtime.
pub(crate) fn crate_path(key: &str, value: TokenStream) -> syn::Result<Path> {
    let expected =
        format!("`{key}` takes the path of alloy-runtime in this crate: `{key} = ::llm`");
    module_path(value, &expected)
}

/// Returns the path of the key `crate`, or `::alloy_runtime` without one.
pub(crate) fn crate_path_or_default(crate_path: Option<Path>) -> Path {
    crate_path.unwrap_or_else(|| parse_quote!(::alloy_runtime))
}

/// Parses the path of a tool.
pub(crate) fn tool(value: TokenStream) -> syn::Result<Path> {
    let expected = "`tools` takes the names of tools: `tools(add, math::divide)`; \
                    attach a tool with state, or a closure, at the call with `.tool(…)`";
    module_path(value, expected)
}

fn module_path(value: TokenStream, expected: &str) -> syn::Result<Path> {
    parsed(value, expected, |input| {
        let path = Path::parse_mod_style(input).ok();
        path.filter(|_| input.is_empty())
    })
}

fn literal<T: Parse>(value: TokenStream, expected: &str) -> syn::Result<T> {
    parsed(value, expected, |input| input.parse().ok())
}

/// Parses all tokens of a value. Tokens after a valid value are taken for the next argument without its comma.
fn parsed<T>(
    value: TokenStream,
    expected: &str,
    parse: impl FnOnce(ParseStream<'_>) -> Option<T>,
) -> syn::Result<T> {
    let tokens = value.clone();
    let parse_all = |input: ParseStream<'_>| match parse(input) {
        Some(parsed) if input.is_empty() => Ok(parsed),
        Some(_) => Err(input.error("expected `,` before this")),
        None => Err(syn::Error::new_spanned(tokens, expected)),
    };
    parse_all.parse2(value)
}
