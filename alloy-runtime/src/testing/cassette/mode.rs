//! The mode of a cassette.

use crate::error::{Error, excerpt};
use crate::global;

/// Mode of a [`Cassette`](super::Cassette).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CassetteMode {
    /// Plays recordings. No request leaves the process.
    Replay,
    /// Plays recordings, sends requests that have none and records them, and drops recordings that are not played.
    Record,
    /// Sends all requests, and replaces the recordings.
    Rerecord,
    /// Uses no recordings: the commands run as if there was no cassette.
    Off,
}

impl CassetteMode {
    /// Returns `true` if requests can be sent and recorded.
    pub(super) fn is_recording(self) -> bool {
        matches!(self, Self::Record | Self::Rerecord)
    }

    /// Returns the mode that was set, or else that of the environment.
    ///
    /// # Errors
    ///
    /// The variable is not valid, or this is a CI job, which must not record.
    pub(super) fn resolve(set: Option<Self>, can_record_in_ci: bool) -> Result<Self, Error> {
        let variable = global::variable(VARIABLE);
        let ci = global::variable("CI").filter(|_| !can_record_in_ci);
        choose(set, variable.as_deref(), ci.as_deref())
    }
}

/// The variable with the mode.
const VARIABLE: &str = "ALLOY_CASSETTE";

fn choose(
    set: Option<CassetteMode>,
    variable: Option<&str>,
    ci: Option<&str>,
) -> Result<CassetteMode, Error> {
    let mode = match (set, variable.unwrap_or_default().trim()) {
        (Some(mode), _) => mode,
        (None, "" | "replay") => CassetteMode::Replay,
        (None, "record") => CassetteMode::Record,
        (None, "rerecord") => CassetteMode::Rerecord,
        (None, "off") => CassetteMode::Off,
        (None, other) => {
            return Err(Error::configuration(
                format!(
                    "{VARIABLE} is `{}`; expected `replay`, `record`, `rerecord` or `off`",
                    excerpt(other)
                ),
                format!("Set {VARIABLE} to one of them, or unset it to replay."),
            ));
        }
    };
    let is_ci = !matches!(ci.unwrap_or_default().trim(), "" | "0" | "false");
    if mode.is_recording() && is_ci {
        return Err(Error::configuration(
            "a cassette records only on a developer's machine, and the variable CI is set",
            format!(
                "Record where a person sees the result, with `{VARIABLE}=record`, and commit the file. In CI, leave {VARIABLE} unset."
            ),
        ));
    }
    Ok(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_that_is_set_wins_over_the_variable() {
        let mode = |set, variable| choose(set, variable, None).unwrap();
        assert_eq!(mode(None, None), CassetteMode::Replay);
        assert_eq!(mode(None, Some("")), CassetteMode::Replay);
        assert_eq!(mode(None, Some("record")), CassetteMode::Record);
        assert_eq!(mode(None, Some("rerecord")), CassetteMode::Rerecord);
        let set = Some(CassetteMode::Off);
        assert_eq!(mode(set, Some("record")), CassetteMode::Off);
        let error = choose(None, Some("recrod"), None).unwrap_err().to_string();
        assert!(
            error.contains("`recrod`; expected `replay`, `record`"),
            "{error}"
        );
    }

    #[test]
    fn nothing_is_recorded_in_ci() {
        for mode in [CassetteMode::Record, CassetteMode::Rerecord] {
            let error = choose(Some(mode), None, Some("true")).unwrap_err();
            assert!(
                error.to_string().contains("the variable CI is set"),
                "{error}"
            );
            assert!(choose(Some(mode), None, Some("false")).is_ok());
        }
        assert!(choose(None, Some("record"), Some("1")).is_err());
        assert!(choose(None, None, Some("true")).is_ok());
    }
}
