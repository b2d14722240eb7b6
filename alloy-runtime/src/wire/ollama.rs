//! What Ollama's server tells beside chat: which models it has, what they can do, what is loaded.

use serde::Deserialize;

use super::{Answer, failure};
use crate::error::Error;
use crate::installed::Model;

/// `GET`: the installed models.
pub(crate) const TAGS: &str = "/api/tags";
/// `POST`: what one model is and can do.
pub(crate) const SHOW: &str = "/api/show";
/// `GET`: the models in memory.
pub(crate) const PS: &str = "/api/ps";

/// The body of a request to [`SHOW`].
pub(crate) fn show_body(model: &str) -> Vec<u8> {
    serde_json::json!({ "model": model })
        .to_string()
        .into_bytes()
}

/// Reads the reply of [`TAGS`].
///
/// # Errors
///
/// That of a reply that is none.
pub(crate) fn installed(answer: &Answer) -> Result<Vec<Model>, Error> {
    #[derive(Deserialize)]
    struct Tags {
        models: Option<Vec<Tag>>,
    }
    #[derive(Deserialize)]
    struct Tag {
        name: String,
        size: Option<u64>,
        details: Option<Details>,
        capabilities: Option<Vec<String>>,
    }
    #[derive(Default, Deserialize)]
    struct Details {
        family: Option<String>,
        parameter_size: Option<String>,
        quantization_level: Option<String>,
    }
    let Tags { models } = read(answer, TAGS)?;
    let model = |tag: Tag| {
        let details = tag.details.unwrap_or_default();
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Model {
            name: tag.name,
            size: tag.size,
            family: given(details.family),
            parameters: given(details.parameter_size),
            quantization: given(details.quantization_level),
            capabilities: tag.capabilities,
        }
    };
    Ok(models.unwrap_or_default().into_iter().map(model).collect())
}

/// Reads the reply of [`SHOW`]: what the model can do; `None` where the server does not say, as those
/// before 0.6.4.
///
/// # Errors
///
/// That of a reply that is none; a missing model is one.
pub(crate) fn capabilities(answer: &Answer) -> Result<Option<Vec<String>>, Error> {
    #[derive(Deserialize)]
    struct Shown {
        capabilities: Option<Vec<String>>,
    }
    let Shown { capabilities } = read(answer, SHOW)?;
    Ok(capabilities)
}

/// Reads the reply of [`PS`]: the context that `model` was loaded with, in tokens.
pub(crate) fn context_length(answer: &Answer, model: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Loaded {
        models: Vec<Running>,
    }
    #[derive(Deserialize)]
    struct Running {
        name: String,
        context_length: Option<u64>,
    }
    let Loaded { models } = read(answer, PS).ok()?;
    let whole = |name: &str| {
        let tagged = name.rsplit('/').next().unwrap_or(name).contains(':');
        let tag = if tagged { "" } else { ":latest" };
        format!("{name}{tag}").to_lowercase()
    };
    let wanted = whole(model);
    let running = models
        .into_iter()
        .find(|running| whole(&running.name) == wanted)?;
    running.context_length.filter(|tokens| *tokens > 0)
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer, endpoint: &str) -> Result<T, Error> {
    match answer.status {
        200 => serde_json::from_slice(&answer.body)
            .map_err(|error| failure::no_reply(&answer.body, &error)),
        _ => Err(failure::of_answer(answer, endpoint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_of_no_tokens_is_one_that_is_not_told() {
        let length = |length: u64| {
            let body =
                serde_json::json!({"models": [{"name": "m:latest", "context_length": length}]});
            let answer = Answer {
                status: 200,
                location: None,
                retry_after: None,
                body: body.to_string().into(),
            };
            context_length(&answer, "m")
        };
        assert_eq!(length(0), None);
        assert_eq!(length(1), Some(1));
    }
}
