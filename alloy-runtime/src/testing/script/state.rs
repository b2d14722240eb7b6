//! The state of a script: its lists, and where each of them is.

use std::sync::Arc;

use super::replies::{Replies, ScriptedReply};
use super::request::ScriptRequest;

/// A condition of [`Script::when`](super::Script::when).
pub(super) type Condition = Arc<dyn Fn(&ScriptRequest) -> bool + Send + Sync>;

/// A function of [`Script::respond`](super::Script::respond).
pub(super) type Respond = Arc<dyn Fn(&ScriptRequest) -> ScriptedReply + Send + Sync>;

/// The requests that a list answers.
#[derive(Clone, Default)]
pub(super) enum Matcher {
    /// Those that no other list answers.
    #[default]
    Others,
    Command(String),
    When(Condition),
}

#[derive(Default)]
pub(super) struct ReplyList {
    pub(super) matcher: Matcher,
    pub(super) replies: Replies,
    /// The command that took each reply so far.
    pub(super) taken: Vec<&'static str>,
}

#[derive(Default)]
pub(super) struct ScriptState {
    pub(super) lists: Vec<ReplyList>,
    pub(super) general: ReplyList,
    pub(super) respond: Option<Respond>,
    pub(super) requests: Vec<ScriptRequest>,
    /// Problems that fail the test: requests without a reply, and answers that do not fit.
    pub(super) problems: Vec<String>,
}

/// The next step for a request.
pub(super) enum NextReply {
    Reply(ScriptedReply),
    /// The function answers, outside of the lock.
    Respond(Respond),
    Nothing,
}

impl ScriptState {
    pub(super) fn add_list(&mut self, matcher: Matcher, replies: Replies) {
        self.lists.push(ReplyList {
            matcher,
            replies,
            taken: Vec::new(),
        });
    }

    /// Returns the conditions of the lists, in order, so that they are called without the lock.
    pub(super) fn matchers(&self) -> Vec<Matcher> {
        self.lists.iter().map(|list| list.matcher.clone()).collect()
    }

    /// Takes the next reply of a list; `None` for the general list.
    pub(super) fn take(&mut self, list: Option<usize>, command: &'static str) -> NextReply {
        let is_general = list.is_none();
        let list = match list {
            Some(index) => self.lists.get_mut(index),
            None => Some(&mut self.general),
        };
        let reply = list.and_then(|list| list.take(command));
        match (reply, &self.respond) {
            (Some(reply), _) => NextReply::Reply(reply),
            (None, Some(respond)) if is_general => NextReply::Respond(Arc::clone(respond)),
            (None, _) => NextReply::Nothing,
        }
    }
}

impl ReplyList {
    fn take(&mut self, command: &'static str) -> Option<ScriptedReply> {
        let Replies { list, repeats } = &self.replies;
        let next = list.get(self.taken.len());
        let next = next.or_else(|| list.last().filter(|_| *repeats))?;
        self.taken.push(command);
        Some(next.reply.clone())
    }
}

impl Matcher {
    pub(super) fn matches(&self, request: &ScriptRequest) -> bool {
        match self {
            Self::Others => false,
            Self::Command(name) => name == request.command,
            Self::When(condition) => condition(request),
        }
    }
}
