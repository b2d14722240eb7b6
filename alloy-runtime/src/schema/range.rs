//! The limits of a number.

use serde_json::Number;

/// The bounds of a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Range {
    /// The limits of the Rust type, if it has any. schemars writes only those of the smallest types.
    pub(crate) implied: (Option<i64>, Option<i64>),
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    pub(crate) multiple_of: Option<Number>,
    /// `true` for `f32`, which reads a number that is too large for it as infinity.
    pub(crate) is_f32: bool,
}

/// One bound of a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Number,
    pub(crate) exclusive: bool,
    /// `true` if the bound follows from the Rust type, so that the format instructions omit it.
    pub(crate) implied: bool,
}

impl Range {
    /// Returns the bounds with those of another range where this one has none.
    pub(crate) fn limited_by(self, other: Self) -> Self {
        let explicit = |own: Option<Bound>, other: Option<Bound>| match (own, other) {
            (Some(own), Some(other)) if own.implied => Some(other),
            (own, other) => own.or(other),
        };
        Self {
            implied: (
                self.implied.0.or(other.implied.0),
                self.implied.1.or(other.implied.1),
            ),
            min: explicit(self.min, other.min),
            max: explicit(self.max, other.max),
            multiple_of: self.multiple_of.or(other.multiple_of),
            is_f32: self.is_f32 || other.is_f32,
        }
    }

    /// Returns the bounds that the Rust type itself checks.
    pub(crate) fn of_type(&self) -> Self {
        let own = |bound: &Option<Bound>| bound.clone().filter(|bound| bound.implied);
        Self {
            min: own(&self.min),
            max: own(&self.max),
            ..Self::default()
        }
    }
}
