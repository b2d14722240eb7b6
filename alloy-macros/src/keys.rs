//! What a key of an attribute accepts.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::token::Bracket;
use syn::{Ident, Lit, LitFloat, LitInt, LitStr, Path, Token, bracketed};

pub(crate) fn string(key: &str, example: &str, value: TokenStream) -> syn::Result<LitStr> {
    literal(
        value,
        &format!("`{key}` takes a string literal: `{key} = \"{example}\"`"),
    )
}

/// A number from 0 to 2, whole or not.
pub(crate) fn number(key: &str, value: TokenStream) -> syn::Result<f64> {
    let expected = format!("`{key}` takes a number from 0 to 2: `{key} = 0.2`");
    let place = value.clone();
    let number = parsed(value, &expected, |input| {
        let minus: Option<Token![-]> = input.parse()?;
        let number: f64 = if input.peek(LitInt) {
            input.parse::<LitInt>()?.base10_parse()?
        } else {
            input.parse::<LitFloat>()?.base10_parse()?
        };
        Ok(if minus.is_some() { -number } else { number })
    })?;
    match (0.0..=2.0).contains(&number) {
        true => Ok(number),
        false => Err(syn::Error::new_spanned(place, &expected)),
    }
}

/// A whole number from `least`, such as `example`.
pub(crate) fn count(key: &str, least: u32, example: u32, value: TokenStream) -> syn::Result<u32> {
    let expected = format!("`{key}` takes a whole number from {least}: `{key} = {example}`");
    let place = value.clone();
    match literal::<LitInt>(value, &expected)?.base10_parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(syn::Error::new_spanned(place, &expected)),
    }
}

/// Whether, and how much, a model thinks: the variant of `Think` that a literal stands for.
pub(crate) fn think(key: &str, value: TokenStream) -> syn::Result<Ident> {
    let expected = format!(
        "`{key}` takes `true`, `false`, \"low\", \"medium\", \"high\" or \"max\": `{key} = \"high\"`"
    );
    let place = value.clone();
    let variant = match literal::<Lit>(value, &expected)? {
        Lit::Bool(on) if on.value => "On",
        Lit::Bool(_) => "Off",
        Lit::Str(level) => match level.value().as_str() {
            "low" => "Low",
            "medium" => "Medium",
            "high" => "High",
            "max" => "Max",
            _ => return Err(syn::Error::new_spanned(place, &expected)),
        },
        _ => return Err(syn::Error::new_spanned(place, &expected)),
    };
    Ok(Ident::new(variant, Span::call_site()))
}

/// An option's value, as JSON: a literal, or a list of them.
pub(crate) fn json(name: &str, value: TokenStream) -> syn::Result<String> {
    let (takes, example, fits) = option(name);
    let expected = format!("the option `{name}` takes {takes}: `{name} = {example}`");
    let place = value.clone();
    let json = parsed(value, &expected, json_value)?;
    match fits(&json) {
        true => Ok(json),
        false => Err(syn::Error::new_spanned(place, expected)),
    }
}

/// Why something that looks like an option is none; `None` where it may be one.
pub(crate) fn no_option(name: &str) -> Option<String> {
    let instead = match name {
        "prompt" | "model" | "system" | "temperature" | "max_tokens" | "timeout" | "think" => {
            format!("a key of its own: write `{name} = …` beside `options(…)`")
        }
        "num_predict" => "the key `max_tokens`: write it beside `options(…)`".to_owned(),
        "keep_alive" => "a setter of the call: `.keep_alive(…)`".to_owned(),
        "messages" | "stream" | "format" | "response_format" | "tools" | "tool_choice"
        | "options" => "a part of the request that Alloy makes itself".to_owned(),
        _ => return None,
    };
    Some(format!("`{name}` is no option of a model, but {instead}"))
}

type Fits = fn(&str) -> bool;

/// What the option of this name takes, in words and as an example, and whether a value's JSON is that. The
/// runtime has the same table, and checks what is set at run time; servers know more options.
fn option(name: &str) -> (&'static str, &'static str, Fits) {
    let whole: Fits = |json| json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok();
    let number: Fits = |json| json.parse::<f64>().is_ok();
    let boolean: Fits = |json| ["true", "false"].contains(&json);
    match name {
        "seed" | "num_ctx" | "num_keep" | "top_k" | "repeat_last_n" | "num_batch" | "num_gpu"
        | "main_gpu" | "num_thread" | "draft_num_predict" => {
            let example = if name == "num_ctx" { "8192" } else { "7" };
            ("a whole number", example, whole)
        }
        "top_p" | "presence_penalty" | "frequency_penalty" | "min_p" | "typical_p"
        | "repeat_penalty" => ("a number", "0.9", number),
        "use_mmap" | "truncate" | "shift" => ("`true` or `false`", "true", boolean),
        "stop" => ("a text, or a list of texts", "[\"END\"]", |json| {
            json.starts_with('"') || json.starts_with("[\"") || json == "[]"
        }),
        _ => (
            "a number, a text, `true`, `false`, or a list of these",
            "1",
            |_| true,
        ),
    }
}

pub(crate) fn json_value(input: ParseStream<'_>) -> syn::Result<String> {
    if input.peek(Bracket) {
        let inside;
        bracketed!(inside in input);
        let items = Punctuated::<String, Token![,]>::parse_terminated_with(&inside, json_value)?;
        return Ok(format!("[{}]", Vec::from_iter(items).join(",")));
    }
    let minus: Option<Token![-]> = input.parse()?;
    let number = match input.parse()? {
        Lit::Int(number) => number.base10_digits().to_owned(),
        // `1.` is a number in Rust and none in JSON.
        Lit::Float(number) => number.base10_parse::<f64>()?.to_string(),
        Lit::Bool(on) if minus.is_none() => return Ok(on.value.to_string()),
        Lit::Str(text) if minus.is_none() => return Ok(json_text(&text.value())),
        other => return Err(syn::Error::new_spanned(other, "")),
    };
    let sign = minus.map_or("", |_| "-");
    Ok(format!("{sign}{number}"))
}

fn json_text(text: &str) -> String {
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

/// A duration in milliseconds.
pub(crate) fn millis(key: &str, value: TokenStream) -> syn::Result<u64> {
    let expected = format!(
        "`{key}` takes a text of a duration above zero: `{key} = \"30s\"` (`ms`, `s`, `m` or `h`)"
    );
    let literal: LitStr = literal(value, &expected)?;
    let text = literal.value();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let number: Option<u64> = number.parse().ok();
    match number.and_then(|number| number.checked_mul(unit)) {
        None | Some(0) => Err(syn::Error::new_spanned(&literal, &expected)),
        Some(millis) => Ok(millis),
    }
}

pub(crate) fn ident(key: &str, example: &str, value: TokenStream) -> syn::Result<Ident> {
    literal(value, &format!("`{key}` takes a name: `{key} = {example}`"))
}

pub(crate) fn path(key: &str, value: TokenStream) -> syn::Result<Path> {
    let place = value.clone();
    let expected =
        format!("`{key}` takes the path of alloy-runtime in this crate: `{key} = ::llm`");
    Path::parse_mod_style
        .parse2(value)
        .map_err(|_| syn::Error::new_spanned(place, &expected))
}

/// The name of a tool.
pub(crate) fn tool(value: TokenStream) -> syn::Result<Path> {
    let place = value.clone();
    let message = "`tools` takes the names of tools: `tools(add, math::divide)`; \
                   one with state, or a closure, is attached by `.tool(…)` at the call";
    Path::parse_mod_style
        .parse2(value)
        .map_err(|_| syn::Error::new_spanned(place, message))
}

fn literal<T: Parse>(value: TokenStream, expected: &str) -> syn::Result<T> {
    parsed(value, expected, T::parse)
}

/// Reads the whole of a value. What follows a right value is the next argument, its comma forgotten.
fn parsed<T>(
    value: TokenStream,
    expected: &str,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let place = value.clone();
    let whole = |input: ParseStream<'_>| {
        let parsed = parse(input).map_err(|_| syn::Error::new_spanned(place, expected))?;
        match input.is_empty() {
            true => Ok(parsed),
            false => Err(input.error("expected `,` before this")),
        }
    };
    whole.parse2(value)
}
