//! Why a text is no value of a type.

use crate::error::excerpt;

/// Where in a value it is wrong, and what is wrong there.
#[derive(Debug, PartialEq)]
pub(super) struct Misfit {
    /// `.` for the value as a whole.
    pub(super) path: String,
    pub(super) problem: String,
}

impl Misfit {
    /// What is wrong with a value as a whole.
    pub(super) fn of_whole(problem: String) -> Self {
        Self {
            path: ".".to_owned(),
            problem,
        }
    }

    /// The same, with what a model wrote made short and harmless.
    pub(super) fn shown(self) -> Self {
        Self {
            path: excerpt(&self.path),
            problem: excerpt(&self.problem),
        }
    }
}
