//! The recordings of a cassette, and the exchanges of the test that it is used in.

use std::path::PathBuf;
use std::sync::Arc;

use super::mode::CassetteMode;
use crate::backend::EncodedRequest;
use crate::recording::{
    NormalizedRequest, RecordedFailure, RecordedInquiry, RecordedReply, Recording, RecordingSet,
    Rules,
};

/// The facts about a cassette that stay the same.
pub(super) struct TapeInfo {
    pub(super) path: PathBuf,
    /// The test, as the argument of `cargo test`.
    pub(super) test: Option<String>,
    pub(super) mode: CassetteMode,
    /// `false` if there was no file.
    pub(super) has_file: bool,
}

/// The recordings, and what has happened so far.
pub(super) struct TapeState {
    pub(super) known: Vec<KnownRecording>,
    pub(super) inquiries: Vec<KnownInquiry>,
    /// Exchanges that are being recorded, in the order of their requests.
    pub(super) live: Vec<LiveExchange>,
    /// Requests that were answered. If a command sends one again, after an error, it gets the same reply.
    pub(super) answered: Vec<(EncodedRequest, Arc<Recording>)>,
    /// Requests without a recording.
    pub(super) problems: Vec<String>,
}

/// A recording of the file.
pub(super) struct KnownRecording {
    pub(super) recording: Arc<Recording>,
    pub(super) request: NormalizedRequest,
    pub(super) is_played: bool,
}

/// A question and its answer.
pub(super) struct KnownInquiry {
    pub(super) inquiry: RecordedInquiry,
    pub(super) is_used: bool,
    /// `true` if it was recorded in this run.
    pub(super) is_new: bool,
}

/// An exchange of this run.
pub(super) struct LiveExchange {
    /// Kept until the end, so that no other request has the same address.
    pub(super) request: EncodedRequest,
    pub(super) result: LiveResult,
}

/// The reply of an exchange of this run.
pub(super) enum LiveResult {
    /// No reply yet.
    Pending,
    Replied(RecordedReply, Option<RecordedFailure>),
    /// The program did not read a stream to its end, for this reason.
    Cut(String),
    /// There was no reply, for this reason.
    Failed(String),
}

impl TapeState {
    pub(super) fn new(set: RecordingSet, rules: &Rules) -> Self {
        let RecordingSet {
            exchanges,
            inquiries,
            ..
        } = set;
        let known = exchanges.into_iter().map(|recording| KnownRecording {
            request: rules.normalized(recording.protocol, &recording.command, &recording.request),
            recording: Arc::new(recording),
            is_played: false,
        });
        let inquiries = inquiries.into_iter().map(|inquiry| KnownInquiry {
            inquiry,
            is_used: false,
            is_new: false,
        });
        Self {
            known: known.collect(),
            inquiries: inquiries.collect(),
            live: Vec::new(),
            answered: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Plays the first recording of a request that was not played yet.
    pub(super) fn play(&mut self, live: &NormalizedRequest) -> Option<Arc<Recording>> {
        let mut known = self.known.iter_mut();
        let known = known.find(|known| !known.is_played && known.request.matches(live))?;
        known.is_played = true;
        Some(Arc::clone(&known.recording))
    }

    /// Returns the recording that was played to this request before.
    pub(super) fn answer_to(&self, request: &EncodedRequest) -> Option<Arc<Recording>> {
        let mut answered = self.answered.iter();
        let (_, recording) = answered.find(|(known, _)| is_same_request(known, request))?;
        Some(Arc::clone(recording))
    }

    /// Returns the index of a request that was sent before. The reply of the last transmission is recorded alone.
    pub(super) fn sent_before(&mut self, request: &EncodedRequest) -> Option<usize> {
        let mut live = self.live.iter_mut().enumerate();
        let (index, live) = live.find(|(_, live)| is_same_request(&live.request, request))?;
        live.result = LiveResult::Pending;
        Some(index)
    }

    /// Returns `true` if the test asked nothing, so that a recording of it would be empty.
    pub(super) fn is_unused(&self) -> bool {
        self.live.is_empty()
            && !self.known.iter().any(|known| known.is_played)
            && !self.inquiries.iter().any(|known| known.is_used)
    }

    /// Returns the new contents of the file; `None` if they are the old ones.
    pub(super) fn contents(&self, recordings: Vec<Recording>) -> Option<RecordingSet> {
        let is_as_before = self.known.iter().all(|known| known.is_played)
            && self
                .inquiries
                .iter()
                .all(|known| known.is_used && !known.is_new);
        if recordings.is_empty() && is_as_before {
            return None;
        }
        let played = self.known.iter().filter(|known| known.is_played);
        let played = played.map(|known| Recording::clone(&known.recording));
        let used = self.inquiries.iter().filter(|known| known.is_used);
        let used = used.map(|known| known.inquiry.clone());
        Some(RecordingSet::new(
            played.chain(recordings).collect(),
            used.collect(),
        ))
    }
}

/// Returns `true` if both are transmissions of one request: a command that sends again sends the same bytes.
fn is_same_request(one: &EncodedRequest, other: &EncodedRequest) -> bool {
    Arc::ptr_eq(&one.info, &other.info) && one.body.as_ptr() == other.body.as_ptr()
}
