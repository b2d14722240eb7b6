//! A cassette in use: answers requests, and returns the file and the verdict at its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::report;
use super::state::{KnownInquiry, LiveExchange, LiveResult, TapeInfo, TapeState};
use crate::backend::EncodedRequest;
use crate::error::{ConnectionError, Error};
use crate::global::OpenFile;
use crate::recording::{
    RecordedAnswer, RecordedFailure, RecordedInquiry, RecordedReply, Recording, RecordingSet,
    Rules, model_file, redact_all, stored_request,
};

/// A cassette in use.
pub(super) struct Tape {
    pub(super) info: TapeInfo,
    rules: Rules,
    state: Mutex<TapeState>,
}

/// The use of a cassette by a test. Dropping it ends the use, whether or not the test failed.
pub(super) struct TapeUse {
    pub(super) tape: Arc<Tape>,
    _file: OpenFile,
}

impl TapeUse {
    pub(super) fn new(tape: Tape, file: OpenFile) -> Self {
        Self {
            tape: Arc::new(tape),
            _file: file,
        }
    }
}

impl Drop for TapeUse {
    fn drop(&mut self) {
        // Each request has the settings of its command, and with them this cassette: a cycle.
        let mut state = self.tape.state();
        let removed = (
            std::mem::take(&mut state.live),
            std::mem::take(&mut state.answered),
        );
        drop(state);
        // Dropped outside the lock, because hooks of the settings run user code in `Drop`.
        drop(removed);
    }
}

/// The next step for a request.
pub(super) enum NextExchange {
    Play(Arc<Recording>),
    /// Sends the request, and records its reply under this index.
    Send(usize),
}

/// The end of a cassette.
pub(super) struct Conclusion {
    /// The new contents of the file, if it changes.
    pub(super) set: Option<RecordingSet>,
    /// The reason why the test fails.
    pub(super) report: Option<String>,
}

impl Tape {
    pub(super) fn new(info: TapeInfo, rules: Rules, set: Option<RecordingSet>) -> Self {
        let state = TapeState::new(set.unwrap_or_default(), &rules);
        Self {
            info,
            rules,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, TapeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the recording of a request, or says that it is to be sent.
    ///
    /// # Errors
    ///
    /// The request has no recording, and must not be sent.
    pub(super) fn next(&self, request: &EncodedRequest) -> Result<NextExchange, Error> {
        let info = &request.info;
        let endpoint = &info.resolved.endpoint;
        let protocol = endpoint.protocol();
        let stored = stored_request(protocol, &request.body, &endpoint.redaction_patterns());
        // The rules of the test run without the lock.
        let live = self.rules.normalized(protocol, info.command, &stored);
        let mut state = self.state();
        if let Some(recording) = state.answer_to(request) {
            return Ok(NextExchange::Play(recording));
        }
        if let Some(index) = state.sent_before(request) {
            return Ok(NextExchange::Send(index));
        }
        if let Some(recording) = state.play(&live) {
            let answered = (request.clone(), Arc::clone(&recording));
            state.answered.push(answered);
            return Ok(NextExchange::Play(recording));
        }
        if self.info.mode.is_recording() {
            state.live.push(LiveExchange {
                request: request.clone(),
                result: LiveResult::Pending,
            });
            return Ok(NextExchange::Send(state.live.len() - 1));
        }
        let problem = report::unanswered(&self.info, &state, request, &live);
        state.problems.push(problem.clone());
        drop(state);
        Err(self.unanswered(&problem))
    }

    /// Notes that the program listed the installed models, which has no recording, and returns the error.
    pub(super) fn unanswered_models(&self) -> Error {
        let problem = "`models()` has no recording";
        self.state().problems.push(problem.to_owned());
        self.unanswered(problem)
    }

    /// Returns the error for a problem with one request.
    fn unanswered(&self, problem: &str) -> Error {
        let (path, record) = (self.info.path.display(), report::command(&self.info));
        Error::new(ConnectionError::Unanswered {
            message: format!("cassette {path}: {problem}\nrecord it: {record}"),
            help: format!(
                "If the change is intended, record it: `{record}`. `.normalize(…)`, `.ignore(…)` and `.ignore_text(…)` leave out what differs from run to run."
            ),
        })
    }

    /// Records the result of an exchange that was sent.
    pub(super) fn record(&self, index: usize, result: LiveResult) {
        if let Some(live) = self.state().live.get_mut(index) {
            live.result = result;
        }
    }

    /// Records that a stream was dropped before its end, by the program or at the deadline of its command.
    pub(super) fn record_dropped(&self, index: usize) {
        if let Some(live) = self.state().live.get_mut(index) {
            let reason = match live.request.info.deadline.allows(Duration::ZERO) {
                true => "the program dropped the stream before its end",
                false => "the command's timeout passed",
            };
            live.result = LiveResult::Cut(reason.to_owned());
        }
    }

    /// Returns the recorded answer to a question other than chat.
    pub(super) fn recorded_inquiry(
        &self,
        is_same: impl Fn(&RecordedInquiry) -> bool,
    ) -> Option<RecordedAnswer> {
        let mut state = self.state();
        let mut known = state.inquiries.iter_mut();
        let known = known.find(|known| is_same(&known.inquiry))?;
        known.is_used = true;
        Some(known.inquiry.answer.clone())
    }

    /// Records the answer to a question other than chat.
    pub(super) fn record_inquiry(&self, inquiry: RecordedInquiry) {
        self.state().inquiries.push(KnownInquiry {
            inquiry,
            is_used: true,
            is_new: true,
        });
    }

    /// Checks that the recordings fit the test, and returns what is to be written.
    pub(super) fn conclude(&self) -> Conclusion {
        if !self.info.mode.is_recording() {
            return Conclusion {
                set: None,
                report: report::of_replay(&self.info, &self.state()),
            };
        }
        let (is_unused, live) = {
            let mut state = self.state();
            (state.is_unused(), std::mem::take(&mut state.live))
        };
        let mut problems = Vec::new();
        if is_unused && self.info.has_file {
            problems.push("the test made no request, so there is nothing to record; if that is intended, delete the file".to_owned());
        }
        // Redactions of the test run without the lock.
        let mut recordings = Vec::new();
        for LiveExchange { request, result } in live {
            let command = request.info.command;
            match result {
                LiveResult::Replied(reply, failure) => {
                    match self.recording(&request, reply, failure) {
                        Ok(recording) => recordings.push(recording),
                        Err(problem) => problems.push(problem),
                    }
                }
                LiveResult::Cut(reason) => {
                    let message = self.last_message(&request);
                    problems.push(format!(
                        "`{command}` got a part of the reply to {message}: {reason}; let the stream come to its end, or test this with a `Script`"
                    ));
                }
                LiveResult::Pending => {
                    let message = self.last_message(&request);
                    problems.push(format!(
                        "`{command}` got no reply to {message}: the program dropped it, its timeout passed, or the test ended before"
                    ));
                }
                LiveResult::Failed(reason) => {
                    let message = self.last_message(&request);
                    problems.push(format!("`{command}` got no reply to {message}: {reason}"));
                }
            }
        }
        if !problems.is_empty() {
            return Conclusion {
                set: None,
                report: Some(report::not_recorded(&self.info, &problems)),
            };
        }
        Conclusion {
            set: self.state().contents(recordings),
            report: None,
        }
    }

    /// Returns the beginning of the last message of a request, without secrets.
    fn last_message(&self, request: &EncodedRequest) -> String {
        let (command, endpoint) = (request.info.command, &request.info.resolved.endpoint);
        let (protocol, secrets) = (endpoint.protocol(), endpoint.redaction_patterns());
        let stored = stored_request(protocol, &request.body, &secrets);
        report::last_message(&self.rules.redacted_request(protocol, command, &stored))
    }

    /// Returns the recording of an exchange, without secrets.
    fn recording(
        &self,
        request: &EncodedRequest,
        reply: RecordedReply,
        mut failure: Option<RecordedFailure>,
    ) -> Result<Recording, String> {
        let (command, endpoint) = (request.info.command, &request.info.resolved.endpoint);
        if let Some((failure, path)) = failure
            .as_mut()
            .zip(model_file(endpoint.protocol(), &request.body))
        {
            failure.name_file(&path);
        }
        let secrets = endpoint.redaction_patterns();
        let mut recording = Recording {
            protocol: endpoint.protocol(),
            command: command.to_owned(),
            request: stored_request(endpoint.protocol(), &request.body, &[]),
            reply,
            failure,
            is_malformed: false,
        };
        recording.is_malformed = recording.malformed().is_some();
        let exchange = serde_json::to_value(&recording).map(|mut exchange| {
            redact_all(&mut exchange, &secrets);
            self.rules.redact_exchange(&mut exchange);
            exchange
        });
        exchange.and_then(serde_json::from_value).map_err(|error| {
            format!("`.redact(…)` made the exchange of `{command}` invalid: {error}")
        })
    }
}
