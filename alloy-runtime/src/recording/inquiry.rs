//! Questions other than chat, and their answers.

use serde::{Deserialize, Serialize};

use crate::installed::InstalledModel;

/// A question other than chat, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedInquiry {
    /// The model that the question is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    pub(crate) answer: RecordedAnswer,
}

/// The answer to a question other than chat, under the name of the question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordedAnswer {
    InstalledModels(Vec<RecordedModel>),
    Capabilities(Option<Vec<String>>),
    LoadedContext(Option<u64>),
}

/// An installed model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedModel {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameters: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capabilities: Option<Vec<String>>,
}

impl From<&InstalledModel> for RecordedModel {
    fn from(model: &InstalledModel) -> Self {
        let InstalledModel {
            name,
            size,
            family,
            parameters,
            quantization,
            capabilities,
        } = model.clone();
        Self {
            name,
            size,
            family,
            parameters,
            quantization,
            capabilities,
        }
    }
}

impl From<&RecordedModel> for InstalledModel {
    fn from(model: &RecordedModel) -> Self {
        let RecordedModel {
            name,
            size,
            family,
            parameters,
            quantization,
            capabilities,
        } = model.clone();
        Self {
            name,
            size,
            family,
            parameters,
            quantization,
            capabilities,
        }
    }
}
