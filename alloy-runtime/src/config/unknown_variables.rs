//! Warnings of environment variables that are probably misspelt.

use std::ffi::OsString;

use super::keys::{Key, keys};
use crate::error::excerpt;

/// Returns a warning for each variable whose name begins with `ALLOY_`, in any case, and is not one of Alloy's. The
/// values are not needed, because they can be secrets.
pub(crate) fn unknown_variables(names: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let keys = keys();
    let names = names.into_iter();
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let unknown = names.filter(|name| {
        let start = name.get(..PREFIX.len()).unwrap_or_default();
        let is_known =
            variables(&keys).any(|known| known == name) || OTHERS.contains(&name.as_str());
        start.eq_ignore_ascii_case(PREFIX) && !is_known
    });
    unknown.map(|name| warning(&name, &keys)).collect()
}

const PREFIX: &str = "ALLOY_";

/// Variables that are not settings: that of cassettes in tests.
const OTHERS: &[&str] = &["ALLOY_CASSETTE"];

/// Maximum number of edits between a name and the one that was perhaps meant.
const MAX_EDITS: usize = 3;

fn variables(keys: &[Key]) -> impl Iterator<Item = &'static str> {
    keys.iter().flat_map(|key| key.variables).copied()
}

fn warning(name: &str, keys: &[Key]) -> String {
    let upper_case = name.to_ascii_uppercase();
    let of_key = |key: &&Key| upper_case[PREFIX.len()..] == key.name.to_ascii_uppercase();
    let own = variables(keys).filter(|known| known.starts_with(PREFIX));
    let nearest = own
        .map(|known| (strsim::osa_distance(known, &upper_case), known))
        .min();
    let advice = match (keys.iter().find(of_key), nearest) {
        (Some(key), _) => match key.variables.first() {
            Some(variable) => format!("set {variable} for the setting `{}`", key.name),
            None => format!(
                "the setting `{0}` has no variable; set it in code: `Config::new().{0}(…)`",
                key.name
            ),
        },
        (None, Some((edits, nearest))) if edits <= MAX_EDITS => format!("did you mean {nearest}?"),
        (None, _) => {
            let mut known = Vec::new();
            for variable in variables(keys) {
                if !known.contains(&variable) {
                    known.push(variable);
                }
            }
            format!("the variables are {}", known.join(", "))
        }
    };
    format!(
        "the environment variable {} is not known and has no effect; {advice}",
        excerpt(name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_warned_about_with_the_near_name() {
        let check = |name: &str, advice: &str| {
            let warnings = unknown_variables(["PATH".into(), "ALLOY_MODEL".into(), name.into()]);
            let expected =
                format!("the environment variable {name} is not known and has no effect; {advice}");
            assert_eq!(warnings, [expected]);
        };
        check("ALLOY_MODLE", "did you mean ALLOY_MODEL?");
        check("ALLOY_TEMPRATURE", "did you mean ALLOY_TEMPERATURE?");
        check("ALLOY_TIME_OUT", "did you mean ALLOY_TIMEOUT?");
        check("alloy_model", "set ALLOY_MODEL for the setting `model`");
        check(
            "ALLOY_API_KEY",
            "set OLLAMA_API_KEY for the setting `api_key`",
        );
        check(
            "ALLOY_OPTIONS",
            "set ALLOY_EXTRA_JSON for the setting `options`",
        );
        check(
            "ALLOY_KEEP_ALIVE",
            "the setting `keep_alive` has no variable; set it in code: `Config::new().keep_alive(…)`",
        );
        let warnings = unknown_variables(["ALLOY_SOMETHING_ELSE".into()]);
        assert!(
            warnings[0].contains("; the variables are ALLOY_MODEL, ")
                && warnings[0].contains("OLLAMA_HOST"),
            "{warnings:?}"
        );
        let known = keys();
        let known = variables(&known).map(OsString::from);
        assert!(unknown_variables(known).is_empty());
    }
}
