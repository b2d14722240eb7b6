//! Durations as arguments of setters.

use std::time::Duration;

use super::{KeepAlive, parse};
use crate::error::{Error, excerpt};

/// A duration as the setters take it: a [`Duration`], or a text such as `"500ms"`, `"30s"`, `"2m"` or `"1h30m"`, as
/// the attribute takes it. `keep_alive` takes a [`KeepAlive`] and `"forever"` as well.
///
/// A text that is not a duration is an error of kind [`Configuration`](crate::ErrorKind::Configuration) when the
/// command is awaited. The trait cannot be implemented for other types.
///
/// ```
/// use std::time::Duration;
///
/// use alloy_runtime::command;
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let preview = hello().timeout("1m30s").preview()?;
/// assert_eq!(preview.settings.get("timeout").as_deref(), Some("90s"));
/// let preview = hello().timeout(Duration::from_secs(90)).preview()?;
/// assert_eq!(preview.settings.get("timeout").as_deref(), Some("90s"));
///
/// let error = hello().timeout("soon").preview().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "timeout is `soon`; expected a duration such as 500ms, 30s, 2m or 1h30m"
/// );
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not a duration of a command",
    label = "not a duration",
    note = "the settings of a command take a `std::time::Duration` or a text with a unit: `\"30s\"`, `\"2m\"`"
)]
pub trait IntoDuration<T = Duration>: sealed::Sealed {
    /// Converts the value. `key` names the setting in the error.
    #[doc(hidden)]
    fn into_duration(self, key: &'static str) -> Result<T, Error>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Duration {}

impl IntoDuration for Duration {
    fn into_duration(self, _: &'static str) -> Result<Duration, Error> {
        Ok(self)
    }
}

impl IntoDuration<KeepAlive> for Duration {
    fn into_duration(self, _: &'static str) -> Result<KeepAlive, Error> {
        Ok(self.into())
    }
}

impl sealed::Sealed for KeepAlive {}

impl IntoDuration<Self> for KeepAlive {
    fn into_duration(self, _: &'static str) -> Result<Self, Error> {
        Ok(self)
    }
}

/// Implements the trait for types of text.
macro_rules! texts {
    ($($text:ty),*) => {$(
        impl sealed::Sealed for $text {}

        impl IntoDuration for $text {
            fn into_duration(self, key: &'static str) -> Result<Duration, Error> {
                parse::duration_with_unit(&self).ok_or_else(|| not_a_duration(key, &self, ""))
            }
        }

        impl IntoDuration<KeepAlive> for $text {
            fn into_duration(self, key: &'static str) -> Result<KeepAlive, Error> {
                let forever = self.trim().eq_ignore_ascii_case("forever");
                let keep_alive = match forever {
                    true => Some(KeepAlive::Forever),
                    false => parse::duration_with_unit(&self).map(KeepAlive::For),
                };
                keep_alive.ok_or_else(|| not_a_duration(key, &self, ", or forever"))
            }
        }
    )*};
}

texts!(&str, String, &String);

fn not_a_duration(key: &str, text: &str, or: &str) -> Error {
    Error::configuration(
        format!(
            "{key} is `{}`; expected a duration such as 500ms, 30s, 2m or 1h30m{or}",
            excerpt(text)
        ),
        format!(
            "Give `.{key}(…)` a number with its unit, `ms`, `s`, `m` or `h`, or a `std::time::Duration`."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_durations_with_a_unit() {
        let check = |text: &str, seconds: u64| {
            let duration: Duration = text.into_duration("timeout").unwrap();
            assert_eq!(duration, Duration::from_secs(seconds), "{text}");
            let keep_alive: KeepAlive = text.to_owned().into_duration("keep_alive").unwrap();
            assert_eq!(keep_alive, KeepAlive::For(duration), "{text}");
        };
        check("30s", 30);
        check(" 2m ", 120);
        check("1h30m", 5400);
        check("0s", 0);
        let forever: KeepAlive = "Forever".into_duration("keep_alive").unwrap();
        assert_eq!(forever, KeepAlive::Forever);
        for text in ["30", "", "soon", "30x", "forever", "-1s", "30m1h"] {
            let result: Result<Duration, Error> = text.into_duration("timeout");
            assert_eq!(
                result.unwrap_err().to_string(),
                format!("timeout is `{text}`; expected a duration such as 500ms, 30s, 2m or 1h30m")
            );
        }
        let result: Result<KeepAlive, Error> = "10".into_duration("keep_alive");
        assert_eq!(
            result.unwrap_err().to_string(),
            "keep_alive is `10`; expected a duration such as 500ms, 30s, 2m or 1h30m, or forever"
        );
    }
}
