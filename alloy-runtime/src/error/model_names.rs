//! Suggestions of model names.

use super::text::excerpt;

/// Length limit of a model's name, in bytes. Ollama allows 350 for the host and 80 for each further part.
const MAX_NAME: usize = 600;

/// Length limit of a family's name, in bytes.
const MAX_FAMILY: usize = 80;

/// Number of installed models that are compared. The list comes from a server, which may be hostile.
const MAX_NAMES: usize = 1000;

/// Returns at most three installed models whose names are similar to `missing`, the most similar first.
///
/// Two names are similar if one begins with the other's family (the part before the tag), or if few
/// letters differ: the two ways in which people mistake a name.
pub(super) fn similar_names(missing: &str, installed: &[String]) -> Vec<String> {
    let family = |name: &str| {
        let name = name.rsplit('/').next().unwrap_or(name);
        name.split(':').next().unwrap_or(name).to_lowercase()
    };
    let wanted = family(missing);
    if wanted.len() > MAX_FAMILY {
        return Vec::new();
    }
    let mut similar: Vec<(usize, &String)> = installed
        .iter()
        .take(MAX_NAMES)
        .filter_map(|name| {
            let have = family(name);
            // The server may list names that no person would type.
            if have.is_empty() || have.len() > MAX_FAMILY || name.len() > MAX_NAME {
                return None;
            }
            let shares_beginning = have.starts_with(&wanted) || wanted.starts_with(&have);
            let max_distance = wanted.len() / 3;
            if !shares_beginning && have.len().abs_diff(wanted.len()) > max_distance {
                return None;
            }
            let distance = strsim::osa_distance(&wanted, &have);
            (shares_beginning || distance <= max_distance).then_some((distance, name))
        })
        .collect();
    similar.sort();
    similar.dedup();
    displayed_names(similar.into_iter().map(|(_, name)| name))
}

/// Number of models that an error names.
pub(crate) const MAX_SUGGESTED: usize = 3;

/// Returns the first three model names as a person types them, without `:latest`.
pub(super) fn displayed_names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let short = |name: &String| excerpt(name.strip_suffix(":latest").unwrap_or(name));
    names.take(MAX_SUGGESTED).map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::similar_names;

    fn check(missing: &str, installed: &[&str], expected: &[&str]) {
        let installed: Vec<String> = installed.iter().map(ToString::to_string).collect();
        assert_eq!(similar_names(missing, &installed), expected, "{missing}");
    }

    // A hostile server's list and a long name: comparing them all would take minutes.
    #[test]
    fn an_endless_list_is_not_read_to_its_end() {
        let missing = "x".repeat(80);
        let installed: Vec<String> = (0..100_000)
            .map(|number| format!("{number}{}", "y".repeat(70)))
            .collect();
        assert!(similar_names(&missing, &installed).is_empty());
    }

    #[test]
    fn similar_names_are_those_a_person_may_have_meant() {
        check("llama3.1", &["llama3.1:8b", "qwen3:4b"], &["llama3.1:8b"]);
        check("lama3.1", &["llama3.1:latest"], &["llama3.1"]);
        check(
            "llama3",
            &["llama3.2:1b", "llama3.1:8b"],
            &["llama3.1:8b", "llama3.2:1b"],
        );
        check("phi4", &["", &"x".repeat(5000)], &[]);
        check("phi4", &["llama3.1:8b", "mistral:7b"], &[]);
        check(
            "qwen",
            &["hf.co/someone/qwen:Q4"],
            &["hf.co/someone/qwen:Q4"],
        );
    }
}
