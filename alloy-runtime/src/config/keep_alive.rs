//! The setting `keep_alive`.

use std::fmt;
use std::time::Duration;

use crate::error::HumanDuration;

/// Time that the server keeps the model in memory after a call.
///
/// ```
/// use std::time::Duration;
///
/// use alloy_runtime::{KeepAlive, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let preview = hello().keep_alive(Duration::from_secs(600)).preview()?;
/// assert!(preview.body.contains(r#""keep_alive":600"#));
/// let preview = hello().keep_alive(KeepAlive::Forever).preview()?;
/// assert!(preview.body.contains(r#""keep_alive":-1"#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepAlive {
    /// For this long after the last call; zero unloads the model immediately.
    For(Duration),
    /// Until the server stops or needs the memory.
    Forever,
}

impl KeepAlive {
    /// Returns the seconds for the native protocol, where a negative number means forever.
    pub(crate) fn seconds(self) -> f64 {
        match self {
            // The server counts nanoseconds in 64 bits, about 292 years.
            Self::For(duration) if duration.as_secs() > 9_000_000_000 => -1.0,
            Self::For(duration) => duration.as_secs_f64(),
            Self::Forever => -1.0,
        }
    }
}

impl From<Duration> for KeepAlive {
    fn from(duration: Duration) -> Self {
        Self::For(duration)
    }
}

impl fmt::Display for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(duration) => HumanDuration(*duration).fmt(f),
            Self::Forever => f.write_str("forever"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_stay_within_the_range_of_the_server() {
        let seconds = |duration| KeepAlive::For(duration).seconds().to_string();
        assert_eq!(seconds(Duration::from_millis(500)), "0.5");
        assert_eq!(seconds(Duration::from_secs(9_000_000_000)), "9000000000");
        assert_eq!(seconds(Duration::from_secs(9_000_000_001)), "-1");
        assert_eq!(seconds(Duration::MAX), "-1");
        assert_eq!(KeepAlive::Forever.seconds().to_string(), "-1");
    }
}
