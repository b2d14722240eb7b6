//! A value that is sent and never shown.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Text;
use crate::error::Error;

/// A key, or the value of an `Authorization` header. Neither `Debug` nor `Display` shows it.
#[derive(Clone)]
pub(crate) struct Secret(Text);

impl Secret {
    pub(crate) fn new(value: impl Into<Arc<str>>) -> Self {
        Self(Text::Shared(value.into()))
    }

    /// What is no secret, in the place of one.
    pub(crate) const fn known(value: &'static str) -> Self {
        Self(Text::Static(value))
    }

    /// Whether it says that none is to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// A key as the value of an `Authorization` header; it may have its `Bearer` already. An empty one
    /// stays empty: it takes a weaker layer's away.
    ///
    /// # Errors
    ///
    /// A key that no header can carry. `given` names it.
    pub(crate) fn bearer(given: &str, key: &str) -> Result<Self, Error> {
        let key = key.trim();
        let key = match key.split_once(' ').unwrap_or((key, "")) {
            (scheme, rest) if scheme.eq_ignore_ascii_case("bearer") => rest.trim(),
            _ => key,
        };
        if key.is_empty() {
            return Ok(Self::known(""));
        }
        // The value itself stays out of the message: it is a secret even when it is broken.
        if key.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
            return Err(Error::configuration(
                format!(
                    "{given} has characters that no HTTP header can carry; expected printable ASCII"
                ),
                format!("Set {given} again, without line ends, or unset it."),
            ));
        }
        Ok(Self::new(format!("Bearer {key}")))
    }

    /// What must not stand in an error, in whatever form a server may quote it: the key without its scheme;
    /// of a user and a password these, too. What is short is a placeholder, or stands in many texts.
    pub(crate) fn forms(&self) -> Vec<String> {
        const SHORTEST: usize = 7;
        const SHORTEST_PASSWORD: usize = 4;
        let (scheme, key) = self.0.split_once(' ').unwrap_or(("", &self.0));
        let mut forms = Vec::new();
        if let Some(plain) = STANDARD.decode(key).ok().filter(|_| scheme == "Basic") {
            let plain = String::from_utf8_lossy(&plain).into_owned();
            let password = plain.split_once(':').map_or("", |(_, password)| password);
            if password.len() >= SHORTEST_PASSWORD {
                forms.extend([plain.clone(), password.to_owned()]);
            }
        }
        if key.len() >= SHORTEST {
            forms.push(key.to_owned());
        }
        // As JSON has them; some servers escape slashes, too.
        let in_json = forms.iter().map(|form| {
            let quoted = serde_json::Value::from(form.as_str()).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        });
        let in_json: Vec<String> = in_json.collect();
        let slashed = in_json.iter().map(|form| form.replace('/', "\\/"));
        let other: Vec<String> = slashed
            .chain(in_json.clone())
            .filter(|form| !forms.contains(form))
            .collect();
        forms.extend(other);
        forms
    }

    /// The value itself, for the transport alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_stand_there_already_in_any_case() {
        for (given, expected) in [
            ("k-123", "Bearer k-123"),
            ("Bearer k-123", "Bearer k-123"),
            ("bearer  k-123 ", "Bearer k-123"),
            ("Bearerk", "Bearer Bearerk"),
            ("Bearer", ""),
            ("", ""),
        ] {
            let secret = Secret::bearer("the key", given).unwrap();
            assert_eq!(secret.expose(), expected, "{given}");
        }
    }

    #[test]
    fn a_key_is_known_in_each_form_that_a_server_may_quote() {
        let secret = Secret::bearer("the key", "a/b\"cdefg").unwrap();
        let expected = [r#"a/b"cdefg"#, r#"a\/b\"cdefg"#, r#"a/b\"cdefg"#];
        assert_eq!(secret.forms(), expected);
        assert_eq!(format!("{secret:?}"), "[secret]");
    }
}
