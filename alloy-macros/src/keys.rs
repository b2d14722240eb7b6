//! What a key of an attribute accepts.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{LitFloat, LitInt, LitStr, Path, Token};

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

pub(crate) fn positive(key: &str, value: TokenStream) -> syn::Result<u32> {
    let expected = format!("`{key}` takes a whole number from 1: `{key} = 200`");
    let place = value.clone();
    match literal::<LitInt>(value, &expected)?.base10_parse() {
        Ok(0) | Err(_) => Err(syn::Error::new_spanned(place, &expected)),
        Ok(number) => Ok(number),
    }
}

/// A duration in milliseconds.
pub(crate) fn millis(key: &str, value: TokenStream) -> syn::Result<u64> {
    let expected = format!(
        "`{key}` takes a duration of more than nothing: `{key} = \"30s\"` (`ms`, `s`, `m` or `h`)"
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

pub(crate) fn path(key: &str, value: TokenStream) -> syn::Result<Path> {
    let place = value.clone();
    let expected =
        format!("`{key}` takes the path of alloy-runtime in this crate: `{key} = ::llm`");
    Path::parse_mod_style
        .parse2(value)
        .map_err(|_| syn::Error::new_spanned(place, &expected))
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
