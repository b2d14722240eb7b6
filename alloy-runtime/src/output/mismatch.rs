//! A mismatch between a value and its type: the path and the problem.

use std::fmt::{self, Write as _};

use crate::error::excerpt;

/// The part of a value that does not match its type, with a description that a model can act on.
#[derive(Debug, PartialEq)]
pub(super) struct Mismatch {
    /// Path such as `addresses[1].city`; `.` for the whole value.
    pub(super) path: String,
    pub(super) problem: String,
}

impl Mismatch {
    /// Reports a problem of the whole value.
    pub(super) fn of_whole_value(problem: String) -> Self {
        ValuePath::default().mismatch(problem)
    }

    /// Truncates and sanitizes both parts, because they may quote model output.
    pub(super) fn sanitized(self) -> Self {
        Self {
            path: excerpt(&self.path),
            problem: excerpt(&self.problem),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "." => f.write_str(&self.problem),
            path => write!(f, "{path}: {}", self.problem),
        }
    }
}

/// Maximum number of mismatches of one value that are reported.
pub(super) const MAX_MISMATCHES: usize = 10;

/// The path from the root of a value to the part that is being checked. Empty at the root.
#[derive(Debug, Default)]
pub(super) struct ValuePath(String);

impl ValuePath {
    /// Appends a field, and returns the previous length for [`truncate`](Self::truncate). The name comes from a
    /// model, so it is truncated and sanitized.
    pub(super) fn push_field(&mut self, name: &str) -> usize {
        let length = self.0.len();
        if length > 0 {
            self.0.push('.');
        }
        self.0.push_str(&excerpt(name));
        length
    }

    /// Appends the index of a list item, and returns the previous length.
    pub(super) fn push_index(&mut self, index: usize) -> usize {
        let length = self.0.len();
        // NOTE: Writing to a `String` cannot fail.
        let _written = write!(self.0, "[{index}]");
        length
    }

    /// Returns `true` at the root.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Formats the path for an error or a repair: `.` at the root.
    pub(super) fn display(&self) -> String {
        match self.0.as_str() {
            "" => ".".to_owned(),
            path => path.to_owned(),
        }
    }

    /// Reports a problem at this path.
    pub(super) fn mismatch(&self, problem: String) -> Mismatch {
        Mismatch {
            path: self.display(),
            problem,
        }
    }
}
