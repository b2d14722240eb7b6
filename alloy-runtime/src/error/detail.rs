//! The data of each kind of error.

use std::borrow::Cow;
use std::time::Duration;

use super::{ErrorKind, excerpt};

/// One variant a kind, with what only this kind carries.
#[derive(Debug)]
pub(crate) enum Detail {
    Configuration {
        message: String,
        help: String,
    },
    Prompt,
    /// What the engine in this process has to say; its words are made where the fact is known.
    Embedded {
        kind: ErrorKind,
        message: String,
        help: String,
    },
    Unreachable {
        /// Whether no host has the name.
        unknown_host: bool,
    },
    NotOllama {
        found: Cow<'static, str>,
        excerpt: String,
    },
    ModelNotFound {
        near: Vec<String>,
        /// Whether the command's attribute names it.
        pinned: bool,
    },
    /// What is given as the model's name is none.
    ModelName {
        text: String,
    },
    ModelLoad {
        text: String,
    },
    Capability {
        missing: String,
        /// The installed models that have it.
        able: Vec<String>,
    },
    OutOfMemory {
        text: String,
    },
    Overloaded {
        status: u16,
        text: String,
    },
    TimedOut {
        limit: TimeLimit,
        after: Duration,
    },
    ContextOverflow {
        text: String,
    },
    Unauthorized {
        status: u16,
        text: String,
    },
    Server {
        status: u16,
        text: String,
    },
    Protocol {
        found: Cow<'static, str>,
        excerpt: String,
    },
    Interrupted {
        /// Whether a part of the reply had come.
        begun: bool,
    },
    /// The reply is whole, but the model was stopped in the middle of its answer.
    Unfinished,
    Truncated {
        /// The tokens of the answer that was cut.
        tokens: Option<u64>,
    },
    Empty,
    Refused {
        text: String,
    },
    /// A tool's own condition does not hold.
    Contract {
        tool: &'static str,
        broken: Contract,
        /// What must hold.
        message: &'static str,
    },
    ToolLimit {
        /// How many turns of tool calls were allowed, and taken.
        turns: u32,
        /// The tools that were called beyond that.
        called: Vec<String>,
    },
    ToolAborted {
        tool: String,
    },
    InvalidOutput {
        /// The output type, as Rust names it.
        output: &'static str,
        /// `.` for the answer as a whole.
        path: String,
        problem: String,
        excerpt: String,
    },
}

/// Which of a tool's conditions does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// One of its parameters: it did not run.
    Require,
    /// One of its result.
    Ensure,
}

/// Which of a command's time limits passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeLimit {
    /// `timeout`: everything, from the first poll.
    Total,
    /// Opening the connection.
    Connect,
    /// Silence in the middle of a reply.
    Idle,
}

impl Detail {
    /// The texts that came from a server: one that lies may have put the key that it was sent into any of them.
    pub(super) fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::NotOllama { found, excerpt } | Self::Protocol { found, excerpt } => {
                let found = match found {
                    Cow::Owned(found) => Some(found),
                    Cow::Borrowed(_) => None,
                };
                found.into_iter().chain([excerpt]).collect()
            }
            Self::ModelNotFound { near: names, .. } | Self::ToolLimit { called: names, .. } => {
                names.iter_mut().collect()
            }
            Self::Capability { missing, able } => able.iter_mut().chain([missing]).collect(),
            Self::InvalidOutput {
                output: _,
                path,
                problem,
                excerpt,
            } => vec![path, problem, excerpt],
            Self::ModelName { text }
            | Self::ModelLoad { text }
            | Self::OutOfMemory { text }
            | Self::Overloaded { text, .. }
            | Self::ContextOverflow { text }
            | Self::Unauthorized { text, .. }
            | Self::Server { text, .. }
            | Self::Refused { text } => vec![text],
            Self::Configuration { .. }
            | Self::Prompt
            | Self::Embedded { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Interrupted { .. }
            | Self::Unfinished
            | Self::Truncated { .. }
            | Self::Empty
            | Self::Contract { .. }
            | Self::ToolAborted { .. } => Vec::new(),
        }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Configuration { .. } | Self::ModelName { .. } => ErrorKind::Configuration,
            Self::Prompt => ErrorKind::Prompt,
            Self::Embedded { kind, .. } => *kind,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::NotOllama { .. } => ErrorKind::NotOllama,
            Self::ModelNotFound { .. } => ErrorKind::ModelNotFound,
            Self::ModelLoad { .. } => ErrorKind::ModelLoad,
            Self::Capability { .. } => ErrorKind::Capability,
            Self::OutOfMemory { .. } => ErrorKind::OutOfMemory,
            Self::Overloaded { .. } => ErrorKind::Overloaded,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::ContextOverflow { .. } => ErrorKind::ContextOverflow,
            Self::Unauthorized { .. } => ErrorKind::Unauthorized,
            Self::Server { .. } => ErrorKind::Server,
            Self::Protocol { .. } => ErrorKind::Protocol,
            Self::Interrupted { .. } | Self::Unfinished => ErrorKind::Interrupted,
            Self::Truncated { .. } => ErrorKind::Truncated,
            Self::Empty => ErrorKind::Empty,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Contract { .. } => ErrorKind::Contract,
            Self::ToolLimit { .. } => ErrorKind::ToolLimit,
            Self::ToolAborted { .. } => ErrorKind::ToolAborted,
            Self::InvalidOutput { .. } => ErrorKind::InvalidOutput,
        }
    }
}

/// No part of a model's name is longer than this: `ollama` takes 350 for the host and 80 for the rest.
const LONGEST_NAME: usize = 600;

/// No family's name is: each part but the host takes 80.
const LONGEST_FAMILY: usize = 80;

/// How many installed models are looked at: nobody has more, and a list may come from a stranger.
const MOST_NAMES: usize = 1000;

/// The installed models whose names are like `missing`, most alike first, at most three.
///
/// Two names are alike when one begins with the other's family (the part before the tag), or when
/// few letters differ: the two ways in which people miss a name.
pub(super) fn near_names(missing: &str, installed: &[String]) -> Vec<String> {
    let family = |name: &str| {
        let name = name.rsplit('/').next().unwrap_or(name);
        name.split(':').next().unwrap_or(name).to_lowercase()
    };
    let wanted = family(missing);
    if wanted.len() > LONGEST_FAMILY {
        return Vec::new();
    }
    let mut near: Vec<(usize, &String)> = installed
        .iter()
        .take(MOST_NAMES)
        .filter_map(|name| {
            let have = family(name);
            // The names come from the server: one that no person would type is none.
            if have.is_empty() || have.len() > LONGEST_FAMILY || name.len() > LONGEST_NAME {
                return None;
            }
            let shares_beginning = have.starts_with(&wanted) || wanted.starts_with(&have);
            let most = wanted.len() / 3;
            if !shares_beginning && have.len().abs_diff(wanted.len()) > most {
                return None;
            }
            let distance = strsim::osa_distance(&wanted, &have);
            (shares_beginning || distance <= most).then_some((distance, name))
        })
        .collect();
    near.sort();
    near.dedup();
    shown_names(near.into_iter().map(|(_, name)| name))
}

/// The first three of some names of models, as a person types them.
pub(super) fn shown_names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let short = |name: &String| excerpt(name.strip_suffix(":latest").unwrap_or(name));
    names.take(3).map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::near_names;

    fn check(missing: &str, installed: &[&str], expected: &[&str]) {
        let installed: Vec<String> = installed.iter().map(ToString::to_string).collect();
        assert_eq!(near_names(missing, &installed), expected, "{missing}");
    }

    // A list from a stranger, and a long name: minutes of comparing letters.
    #[test]
    fn a_list_without_end_is_not_read_to_its_end() {
        let missing = "x".repeat(80);
        let installed: Vec<String> = (0..100_000)
            .map(|number| format!("{number}{}", "y".repeat(70)))
            .collect();
        assert!(near_names(&missing, &installed).is_empty());
    }

    #[test]
    fn near_names_are_those_a_person_may_have_meant() {
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
