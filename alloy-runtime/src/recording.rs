//! Recordings: exchanges with a model as JSON that a person can read and edit.
//!
//! A recording is one exchange: its protocol, its command, the body of its request, and the reply as the seam of
//! [`backend`](crate::backend) gives it. `format` is the form in a file, `file` reads and writes it, `check` finds replies
//! that were damaged by hand, `normalize` decides which requests are equal, and `diff` shows why two are not. Headers and
//! keys are never part of a recording.

mod check;
mod diff;
mod failure;
mod file;
mod format;
mod inquiry;
mod normalize;
mod reply;

pub(crate) use self::check::{StreamEnd, end_of_stream};
pub(crate) use self::diff::{compare, distance, render};
pub(crate) use self::failure::RecordedFailure;
pub(crate) use self::file::{check_writable, identity, on_thread, read, write};
pub(crate) use self::format::{Recording, RecordingSet};
pub(crate) use self::inquiry::{RecordedAnswer, RecordedInquiry};
pub(crate) use self::normalize::{
    NormalizedRequest, Rules, model_file, redact_all, stored_request,
};
pub(crate) use self::reply::{RecordedBody, RecordedEvent, RecordedReply, RecordedWire};
