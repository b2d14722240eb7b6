//! Secrets: values that are sent and never printed.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SharedStr;
use crate::error::Error;

/// A key, or the value of an `Authorization` header. `Debug` and `Display` do not show it.
#[derive(Clone)]
pub(crate) struct Secret(SharedStr);

impl Secret {
    pub(crate) fn new(value: impl Into<Arc<str>>) -> Self {
        Self(SharedStr::Shared(value.into()))
    }

    /// Creates a placeholder that is not secret.
    pub(crate) const fn placeholder(value: &'static str) -> Self {
        Self(SharedStr::Static(value))
    }

    /// Returns `true` if this is not a key of the user.
    pub(crate) fn is_placeholder(&self) -> bool {
        matches!(self.0, SharedStr::Static(_))
    }

    /// Returns `true` if no key is to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Creates the value of an `Authorization` header from a key, which may start with `Bearer`. An empty key
    /// stays empty: it removes that of a weaker layer.
    ///
    /// # Errors
    ///
    /// A configuration error if the key is not valid in a header; `given` names it.
    pub(crate) fn bearer(given: &str, key: &str) -> Result<Self, Error> {
        let key = key.trim();
        let key = match key.split_once(' ').unwrap_or((key, "")) {
            (scheme, rest) if scheme.eq_ignore_ascii_case("bearer") => rest.trim(),
            _ => key,
        };
        if key.is_empty() {
            return Ok(Self::placeholder(""));
        }
        // The message does not contain the value, which is a secret even if it is not valid.
        if key.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
            return Err(Error::configuration(
                format!(
                    "{given} contains characters that are not valid in an HTTP header; expected printable ASCII"
                ),
                format!("Set {given} again, without line ends, or unset it."),
            ));
        }
        Ok(Self::new(format!("Bearer {key}")))
    }

    /// Returns the texts to redact in errors, in every form in which a server may quote them: the key without
    /// its scheme; for Basic authentication also the password, with and without the user. Short values are
    /// skipped, because they are placeholders or occur in many texts.
    pub(crate) fn redaction_patterns(&self) -> Vec<String> {
        const MIN_LENGTH: usize = 7;
        const MIN_PASSWORD: usize = 4;
        let (scheme, key) = self.0.split_once(' ').unwrap_or(("", &self.0));
        let mut forms = Vec::new();
        if let Some(plain) = STANDARD.decode(key).ok().filter(|_| scheme == "Basic") {
            let plain = String::from_utf8_lossy(&plain).into_owned();
            let password = plain.split_once(':').map_or("", |(_, password)| password);
            if password.len() >= MIN_PASSWORD {
                forms.extend([plain.clone(), password.to_owned()]);
            }
        }
        if key.len() >= MIN_LENGTH {
            forms.push(key.to_owned());
        }
        // Escaped as in JSON; some servers also escape slashes.
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

    /// Returns the value. Only the transport may send it.
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
    fn a_key_may_include_the_scheme_in_any_case() {
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
    fn a_key_is_redacted_in_each_form_that_a_server_may_quote() {
        let secret = Secret::bearer("the key", "a/b\"cdefg").unwrap();
        let expected = [r#"a/b"cdefg"#, r#"a\/b\"cdefg"#, r#"a/b\"cdefg"#];
        assert_eq!(secret.redaction_patterns(), expected);
        assert_eq!(format!("{secret:?}"), "[secret]");
    }
}
