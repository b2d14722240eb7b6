//! The detail of an error, by origin.

use std::fmt;

use super::answer::AnswerError;
use super::batch::BatchError;
use super::configuration::ConfigurationError;
use super::connection::ConnectionError;
use super::origin::ErrorOrigin;
use super::server::ServerError;
use super::tool::ToolCallError;

/// The part of a call that failed, with the data of the failure.
pub(crate) enum Detail {
    Configuration(ConfigurationError),
    Connection(ConnectionError),
    Server(ServerError),
    Answer(AnswerError),
    Tool(ToolCallError),
    Batch(BatchError),
}

impl Detail {
    pub(super) fn origin(&self) -> &dyn ErrorOrigin {
        match self {
            Self::Configuration(error) => error,
            Self::Connection(error) => error,
            Self::Server(error) => error,
            Self::Answer(error) => error,
            Self::Tool(error) => error,
            Self::Batch(error) => error,
        }
    }

    pub(super) fn origin_mut(&mut self) -> &mut dyn ErrorOrigin {
        match self {
            Self::Configuration(error) => error,
            Self::Connection(error) => error,
            Self::Server(error) => error,
            Self::Answer(error) => error,
            Self::Tool(error) => error,
            Self::Batch(error) => error,
        }
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin().fmt(f)
    }
}

macro_rules! from_origin {
    ($($origin:ident($error:ty),)*) => {
        $(impl From<$error> for Detail {
            fn from(error: $error) -> Self {
                Self::$origin(error)
            }
        })*
    };
}

from_origin! {
    Configuration(ConfigurationError),
    Connection(ConnectionError),
    Server(ServerError),
    Answer(AnswerError),
    Tool(ToolCallError),
    Batch(BatchError),
}
