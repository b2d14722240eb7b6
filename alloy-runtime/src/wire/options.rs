//! The model's options (`seed`, `num_ctx`, …) in a request: the protocols that send each of them, and their JSON.

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::ChatRequest;
use crate::config::options::{self, OptionPlacement};
use crate::config::{Api, Settings};
use crate::endpoint::Protocol;
use crate::warning::Warning;

/// Options that the engine supports.
const ENGINE: [&str; 10] = [
    "seed",
    "stop",
    "top_k",
    "top_p",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
    "repeat_last_n",
    "num_ctx",
];

/// The object `options` of Ollama's protocol.
#[derive(Serialize)]
pub(super) struct ModelOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(flatten)]
    others: OptionMap<'a>,
}

impl<'a> ModelOptions<'a> {
    pub(super) fn new(protocol: Protocol, request: &ChatRequest<'a>) -> Self {
        Self {
            temperature: request.temperature(),
            num_predict: request.max_tokens(),
            others: OptionMap::new(protocol, request),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.temperature.is_none() && self.num_predict.is_none() && self.others.is_empty()
    }
}

/// The options that a protocol sends, by name.
pub(super) struct OptionMap<'a> {
    protocol: Protocol,
    settings: &'a Settings,
}

impl<'a> OptionMap<'a> {
    pub(super) fn new(protocol: Protocol, request: &ChatRequest<'a>) -> Self {
        Self {
            protocol,
            settings: request.settings,
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&'a str, OptionValue<'a>)> {
        let protocol = self.protocol;
        let sent = all(self.settings).filter(move |(name, _)| is_sent(protocol, name));
        sent.map(move |(name, json)| {
            // Servers accept a list of stop texts; Ollama, and gateways in front of it, no single text.
            let as_list = protocol != Protocol::Engine && name == "stop" && json.starts_with('"');
            (name, OptionValue { json, as_list })
        })
    }

    fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl Serialize for OptionMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Value of an option: the JSON of its setting.
pub(super) struct OptionValue<'a> {
    json: &'a str,
    /// `true` if the value is sent as a list of one item.
    as_list: bool,
}

impl OptionValue<'_> {
    pub(super) const FALSE: Self = Self {
        json: "false",
        as_list: false,
    };
}

impl Serialize for OptionValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json: &RawValue = serde_json::from_str(self.json).map_err(S::Error::custom)?;
        match self.as_list {
            true => [json].serialize(serializer),
            false => json.serialize(serializer),
        }
    }
}

/// Returns an option by name, for a request that has a field of its name.
pub(super) fn get<'a>(request: &ChatRequest<'a>, name: &str) -> Option<OptionValue<'a>> {
    let (_, json) = all(request.settings).find(|(known, _)| *known == name)?;
    Some(OptionValue {
        json,
        as_list: false,
    })
}

/// Iterates over names and JSON of all options that are set.
fn all(settings: &Settings) -> impl Iterator<Item = (&str, &str)> {
    let options = settings.options.iter();
    options.map(|(name, set)| (&**name, &*set.value))
}

/// Returns `true` if the protocol sends the option with the others.
///
/// Only the user knows which options a server that is not Ollama's accepts: it is sent all of them. Ollama's
/// Chat Completions endpoint reads a few and ignores the rest.
fn is_sent(protocol: Protocol, name: &str) -> bool {
    let placement = || options::find(name).map(|known| known.place);
    match protocol {
        Protocol::Native => placement() != Some(OptionPlacement::Beside),
        Protocol::OpenaiChat => placement() == Some(OptionPlacement::Both),
        Protocol::ChatCompletions => true,
        Protocol::Engine => ENGINE.contains(&name),
    }
}

/// Warns of options that are not sent, and of those that no version of Ollama is known to have.
pub(super) fn warn(protocol: Protocol, request: &ChatRequest<'_>, warnings: &mut Vec<Warning>) {
    for (name, json) in all(request.settings) {
        let is_known = options::find(name).is_some();
        let warning = match protocol {
            Protocol::ChatCompletions => continue,
            Protocol::Native if is_known => continue,
            Protocol::OpenaiChat | Protocol::Engine if is_sent(protocol, name) => continue,
            // This endpoint always truncates.
            Protocol::OpenaiChat if name == "truncate" && json == "true" => continue,
            Protocol::OpenaiChat if is_known => unsupported_by_openai_chat(name),
            Protocol::Engine if is_known => Warning::UnsupportedByEngine {
                setting: name.to_owned(),
            },
            Protocol::Native | Protocol::OpenaiChat | Protocol::Engine => Warning::UnknownOption {
                name: name.to_owned(),
                near: options::near(name).map(str::to_owned),
            },
        };
        warnings.push(warning);
    }
}

/// Returns the warning for a setting that Chat Completions cannot express.
pub(super) fn unsupported_by_openai_chat(setting: &str) -> Warning {
    Warning::UnsupportedByProtocol {
        setting: setting.to_owned(),
        api: Api::OpenaiChat,
    }
}
