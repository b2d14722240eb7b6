//! Errors of tool calls.

use std::borrow::Cow;

use super::context::ErrorContext;
use super::kind::ErrorKind;
use super::origin::ErrorOrigin;
use super::text::counted;

#[derive(Debug)]
pub(crate) enum ToolCallError {
    /// A condition of a tool does not hold; `message` is the condition's own message.
    Contract {
        tool: &'static str,
        contract: Contract,
        message: &'static str,
    },
    ToolTurnLimit {
        /// Number of tool turns that were allowed, and taken.
        turns: u32,
        /// The tools that were called after the limit.
        called: Vec<String>,
    },
    /// The tool returned an [`Abort`](crate::Abort).
    Aborted { tool: String },
}

/// The kind of a tool's condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// `#[require]`, a condition of the parameters: the tool did not run.
    Require,
    /// `#[ensure]`, a condition of the result.
    Ensure,
}

impl ErrorOrigin for ToolCallError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Contract { .. } => ErrorKind::ContractViolated,
            Self::ToolTurnLimit { .. } => ErrorKind::ToolTurnLimit,
            Self::Aborted { .. } => ErrorKind::ToolAborted,
        }
    }

    fn message(&self, _context: &ErrorContext) -> String {
        match self {
            Self::Contract {
                tool,
                contract: Contract::Require,
                message,
            } => format!("the tool `{tool}` did not run: {message}"),
            Self::Contract {
                tool,
                contract: Contract::Ensure,
                message,
            } => format!("the result of the tool `{tool}` was not accepted: {message}"),
            Self::ToolTurnLimit { turns, called } => {
                let called = match called.as_slice() {
                    [] => String::new(),
                    called => format!("; it called `{}`", called.join("` and `")),
                };
                match u64::from(*turns) {
                    0 => format!("the model called tools, but `max_tool_turns` is 0{called}"),
                    turns => format!(
                        "the model still called tools after {}, the limit of `max_tool_turns`{called}",
                        counted(turns, "tool turn")
                    ),
                }
            }
            Self::Aborted { tool } => format!("the tool `{tool}` ended the command"),
        }
    }

    fn help(&self, context: &ErrorContext) -> Cow<'static, str> {
        match self {
            Self::Contract { contract: Contract::Require, .. } => "Call the tool with arguments that satisfy its `#[require(…)]` conditions.",
            Self::Contract { contract: Contract::Ensure, .. } => "Correct the tool's body or its `#[ensure(…)]`: the body returned a value that the condition does not allow.",
            Self::ToolTurnLimit { turns: 0, .. } => "Allow tool turns (ALLOY_MAX_TOOL_TURNS, `max_tool_turns = …`, `.max_tool_turns(…)`), or leave the tools out.",
            Self::ToolTurnLimit { .. } if context.last_failure.is_some() => "The last call failed; `tool_results()` has all calls. Make the tool's description and its error messages say what the model should do, or raise `max_tool_turns`.",
            Self::ToolTurnLimit { .. } => "Raise `max_tool_turns` if the work needs more turns; otherwise say in the prompt when to stop, and make the tools' results and errors say what to do next.",
            Self::Aborted { .. } => "See the cause: the tool gave it as its reason, with `Err(Abort::new(…))`.",
        }
        .into()
    }

    fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::ToolTurnLimit { called, .. } => called.iter_mut().collect(),
            Self::Contract { .. } | Self::Aborted { .. } => Vec::new(),
        }
    }
}
