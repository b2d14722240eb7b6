//! Decoders for `/api/tags`, `/api/show` and `/api/ps` of Ollama's server.

use serde::Deserialize;
use serde_json::Value;

use super::{RawReply, error_reply, lenient};
use crate::error::Error;
use crate::installed::InstalledModel;

/// Path of the installed models (`GET`).
pub(crate) const TAGS: &str = "/api/tags";
/// Path of the details of one model (`POST`).
pub(crate) const SHOW: &str = "/api/show";
/// Path of the models in memory (`GET`).
pub(crate) const PS: &str = "/api/ps";

/// Encodes the body of a request to [`SHOW`].
pub(crate) fn encode_show(model: &str) -> Vec<u8> {
    serde_json::json!({ "model": model })
        .to_string()
        .into_bytes()
}

/// Decodes the reply of [`TAGS`].
///
/// # Errors
///
/// The error of the server, or `Protocol` or `WrongServer` for a body that is not such a reply.
pub(crate) fn decode_tags(reply: &RawReply) -> Result<Vec<InstalledModel>, Error> {
    #[derive(Deserialize)]
    struct Tags {
        models: Option<Vec<Value>>,
    }
    #[derive(Deserialize)]
    struct Tag {
        name: String,
        #[serde(default, deserialize_with = "lenient::count")]
        size: Option<u64>,
        #[serde(default, deserialize_with = "lenient::object")]
        details: Option<Details>,
        #[serde(default, deserialize_with = "lenient::words")]
        capabilities: Option<Vec<String>>,
    }
    #[derive(Default, Deserialize)]
    struct Details {
        #[serde(default, deserialize_with = "lenient::text")]
        family: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        parameter_size: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        quantization_level: Option<String>,
    }
    let Tags { models } = decode(reply, TAGS)?;
    let model = |tag: Tag| {
        let details = tag.details.unwrap_or_default();
        InstalledModel {
            name: tag.name,
            size: tag.size,
            family: details.family,
            parameters: details.parameter_size,
            quantization: details.quantization_level,
            capabilities: tag.capabilities,
        }
    };
    // One odd entry must not hide the others.
    let tags = models.unwrap_or_default().into_iter().filter_map(|tag| {
        let read = Tag::deserialize(&tag);
        if let Err(error) = &read {
            tracing::warn!("the server lists a model that cannot be read: {error}");
        }
        read.ok()
    });
    Ok(tags.map(model).collect())
}

/// Decodes the capabilities of a model from the reply of [`SHOW`]; `None` for servers before 0.6.4, which do not list
/// them.
///
/// # Errors
///
/// As for [`decode_tags`]; `ModelNotFound` where the model is not installed.
pub(crate) fn decode_capabilities(reply: &RawReply) -> Result<Option<Vec<String>>, Error> {
    #[derive(Deserialize)]
    struct Show {
        #[serde(default, deserialize_with = "lenient::words")]
        capabilities: Option<Vec<String>>,
    }
    let Show { capabilities } = decode(reply, SHOW)?;
    Ok(capabilities)
}

/// Decodes from the reply of [`PS`] the context length that `model` was loaded with, in tokens; `None` where the reply
/// does not have it.
pub(crate) fn decode_context_length(reply: &RawReply, model: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Ps {
        models: Vec<Value>,
    }
    #[derive(Deserialize)]
    struct Running {
        name: String,
        #[serde(default, deserialize_with = "lenient::count")]
        context_length: Option<u64>,
    }
    let Ps { models } = decode(reply, PS).ok()?;
    let wanted = with_tag(model);
    let running = models
        .iter()
        .filter_map(|running| Running::deserialize(running).ok())
        .find(|running| with_tag(&running.name) == wanted)?;
    running.context_length.filter(|tokens| *tokens > 0)
}

/// Decodes from the reply of [`TAGS`] the digest of `model`; `None` where the reply does not have it.
///
/// # Errors
///
/// As for [`decode_tags`].
pub(crate) fn decode_digest(reply: &RawReply, model: &str) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Tags {
        models: Option<Vec<Value>>,
    }
    #[derive(Deserialize)]
    struct Tag {
        name: String,
        #[serde(default, deserialize_with = "lenient::text")]
        digest: Option<String>,
    }
    let Tags { models } = decode(reply, TAGS)?;
    let wanted = with_tag(model);
    let mut tags = models.iter().flatten();
    let tag = tags.find_map(|tag| {
        let tag = Tag::deserialize(tag).ok()?;
        (with_tag(&tag.name) == wanted).then_some(tag)
    });
    Ok(tag.and_then(|tag| tag.digest))
}

/// Returns the name of a model as the server lists it: with its tag, which a request may leave out if it is `latest`.
fn with_tag(name: &str) -> String {
    let tagged = name.rsplit('/').next().unwrap_or(name).contains(':');
    let tag = if tagged { "" } else { ":latest" };
    format!("{name}{tag}").to_lowercase()
}

fn decode<'a, T: Deserialize<'a>>(reply: &'a RawReply, path: &str) -> Result<T, Error> {
    match reply.status {
        200 => serde_json::from_slice(&reply.body)
            .map_err(|error| error_reply::from_invalid(&reply.body, &error)),
        _ => Err(error_reply::from_reply(reply, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_length_of_zero_counts_as_absent() {
        let length = |length: u64| {
            let body =
                serde_json::json!({"models": [{"name": "m:latest", "context_length": length}]});
            let reply = RawReply {
                status: 200,
                location: None,
                retry_after: None,
                body: body.to_string().into(),
            };
            decode_context_length(&reply, "m")
        };
        assert_eq!(length(0), None);
        assert_eq!(length(1), Some(1));
    }
}
