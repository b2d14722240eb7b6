//! What a key of an attribute accepts.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::token::Bracket;
use syn::{Ident, Lit, LitInt, LitStr, Path, Token, bracketed, parse_quote};

pub(crate) fn string(key: &str, example: &str, value: TokenStream) -> syn::Result<LitStr> {
    literal(
        value,
        &format!("`{key}` takes a string literal: `{key} = \"{example}\"`"),
    )
}

/// A number from 0 to 2, whole or not.
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

/// A whole number from `least`, such as `example`.
pub(crate) fn count(key: &str, least: u32, example: u32, value: TokenStream) -> syn::Result<u32> {
    let expected = format!("`{key}` takes a whole number from {least}: `{key} = {example}`");
    parsed(value, &expected, |input| {
        let number = input.parse::<LitInt>().ok()?.base10_parse().ok()?;
        (number >= least).then_some(number)
    })
}

/// Whether, and how much, a model thinks: the variant of `Think` that a literal stands for.
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

/// An option's value, as JSON: a literal, or a list of them.
pub(crate) fn json(name: &str, value: TokenStream) -> syn::Result<String> {
    let (takes, example, fits) = option(name).unwrap_or((ANY, "1", |_| true));
    let expected = format!("the option `{name}` takes {takes}: `{name} = {example}`");
    let place = value.clone();
    let message = match parsed(value, &expected, |input| json_value(input).ok())? {
        Some(json) if fits(&json) => return Ok(json),
        Some(_) => expected,
        None => format!("the option `{name}` is more than JSON can say: expected a finite number"),
    };
    Err(syn::Error::new_spanned(place, message))
}

/// Whether Ollama has an option of this name.
pub(crate) fn is_option(name: &str) -> bool {
    option(name).is_some()
}

/// What an option takes that is not known.
const ANY: &str = "a number, a text, `true`, `false`, or a list of these";

type Fits = fn(&str) -> bool;

/// What an option takes, in words and as an example, and whether a value's JSON is that.
type Takes = (&'static str, &'static str, Fits);

/// The options that are known. The runtime has the same table, and checks what is set at run time; servers
/// know more.
fn option(name: &str) -> Option<Takes> {
    let whole: Fits = |json| json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok();
    let number: Fits = |json| json.parse::<f64>().is_ok();
    let boolean: Fits = |json| ["true", "false"].contains(&json);
    let takes: Takes = match name {
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
        _ => return None,
    };
    Some(takes)
}

/// A literal or a list of them as JSON; `None` where a number in it is not finite, as `1e400`.
pub(crate) fn json_value(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.peek(Bracket) {
        let inside;
        bracketed!(inside in input);
        let items = Punctuated::<_, Token![,]>::parse_terminated_with(&inside, json_value)?;
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
            // `1.` is a number in Rust and none in JSON, and `1.0` is no whole number.
            (number, format!("{number:?}"))
        }
        Lit::Bool(on) if minus.is_none() => return Ok(Some(on.value.to_string())),
        Lit::Str(text) if minus.is_none() => return Ok(Some(json_text(&text.value()))),
        other => return Err(syn::Error::new_spanned(other, "")),
    };
    let sign = minus.map_or("", |_| "-");
    Ok(number.is_finite().then(|| format!("{sign}{text}")))
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
    parsed(value, &expected, |input| {
        let text = input.parse::<LitStr>().ok()?.value();
        let unit = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(unit);
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        let millis = number.parse::<u64>().ok()?.checked_mul(unit)?;
        (millis > 0).then_some(millis)
    })
}

pub(crate) fn ident(key: &str, example: &str, value: TokenStream) -> syn::Result<Ident> {
    literal(value, &format!("`{key}` takes a name: `{key} = {example}`"))
}

pub(crate) fn path(key: &str, value: TokenStream) -> syn::Result<Path> {
    let expected =
        format!("`{key}` takes the path of alloy-runtime in this crate: `{key} = ::llm`");
    module_path(value, &expected)
}

/// Where alloy-runtime is: at the path of the attribute, or under its own name.
pub(crate) fn runtime(path: Option<Path>) -> Path {
    path.unwrap_or_else(|| parse_quote!(::alloy_runtime))
}

/// The name of a tool.
pub(crate) fn tool(value: TokenStream) -> syn::Result<Path> {
    let expected = "`tools` takes the names of tools: `tools(add, math::divide)`; \
                    one with state, or a closure, is attached by `.tool(…)` at the call";
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

/// Reads the whole of a value. What follows a right value is the next argument, its comma forgotten.
fn parsed<T>(
    value: TokenStream,
    expected: &str,
    parse: impl FnOnce(ParseStream<'_>) -> Option<T>,
) -> syn::Result<T> {
    let place = value.clone();
    let whole = |input: ParseStream<'_>| match parse(input) {
        Some(parsed) if input.is_empty() => Ok(parsed),
        Some(_) => Err(input.error("expected `,` before this")),
        None => Err(syn::Error::new_spanned(place, expected)),
    };
    whole.parse2(value)
}
