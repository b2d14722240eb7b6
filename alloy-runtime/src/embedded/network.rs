//! The networks that can be run: which tensors each reads, what it cannot do, and its next logits.
//!
//! candle's implementations read what they know and ignore the rest: a bias or a scaling of positions that is
//! ignored is a model that answers, and answers wrong. So a file with a tensor, or a setting, that the
//! implementation does not read is refused.

use std::cell::RefCell;
use std::fs::File;
use std::io::BufReader;
use std::rc::Rc;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{Device, Tensor};
use candle_transformers::models::{
    quantized_gemma3, quantized_llama, quantized_phi3, quantized_qwen2, quantized_qwen3,
};

use super::file::{ModelFile, words};
use super::problem::unusable;
use crate::error::Error;

/// How many tokens of a prompt are given at once.
const AT_ONCE: usize = 128;
/// The most tokens that are kept in mind, whatever a file allows: what candle sets up for each place is made at once.
const LONGEST_CONTEXT: usize = 32_768;
/// No head of a network that people run is wider.
const WIDEST_HEAD: usize = 1024;

/// A network with its weights, and what it remembers of the tokens it was given. A clone shares the weights; see
/// [`forks`](Self::forks) for the rest.
#[derive(Clone)]
pub(super) struct Network {
    kind: Kind,
    known: &'static Known,
    /// The most tokens that it can keep in mind.
    pub(super) context: usize,
    /// Whether a token was given alone.
    stepped: bool,
}

#[derive(Clone)]
enum Kind {
    Llama(quantized_llama::ModelWeights),
    /// It cannot be cloned: all of its clones are one.
    Qwen2(Rc<RefCell<quantized_qwen2::ModelWeights>>),
    Qwen3(quantized_qwen3::ModelWeights),
    Gemma3(quantized_gemma3::ModelWeights),
    Phi3(quantized_phi3::ModelWeights),
}

/// What a file was found to be.
#[derive(Clone, Copy)]
pub(super) struct Fits {
    known: &'static Known,
    /// The length of its context, in tokens.
    context: usize,
}

/// What is known of an architecture.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a table of facts, each by its name"
)]
struct Known {
    /// `general.architecture`.
    name: &'static str,
    /// The tensors of each layer, behind `blk.N.`.
    layer: &'static [&'static str],
    /// The most places that candle's implementation has.
    places: usize,
    continues: Continues,
    /// Whether a copy remembers what it was given apart from the others, at the price of that alone.
    forks: bool,
    /// Whether its heads are as wide as all of them together leave it.
    derives_width: bool,
    /// Whether the whole of each head is turned by its place.
    turns_all: bool,
    /// The base that places are turned by, where candle has no other.
    base: Option<f64>,
    /// Whether each token sees the nearest ones only, which candle leaves out: no more are read.
    is_windowed: bool,
    load: fn(Content, &mut BufReader<File>, &Device) -> candle_core::Result<Kind>,
}

/// When a network can be given several tokens at a time behind others.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Continues {
    Always,
    /// As long as none was given alone: what is given alone goes into another memory.
    BeforeSteps,
    /// Its mask would hide all that came before.
    Never,
    /// In pieces of few lengths, each at a multiple of its length.
    AtMultiples,
}

/// The tensors beside the layers.
const AROUND: [&str; 3] = ["token_embd.weight", "output_norm.weight", "output.weight"];

const KNOWN: [Known; 5] = [
    Known {
        name: "llama",
        layer: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_k.weight",
            "attn_v.weight",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        places: quantized_llama::MAX_SEQ_LEN,
        continues: Continues::Always,
        forks: true,
        derives_width: true,
        turns_all: true,
        base: None,
        is_windowed: false,
        load: |content, reader, device| {
            let network = quantized_llama::ModelWeights::from_gguf(content, reader, device);
            network.map(Kind::Llama)
        },
    },
    Known {
        name: "qwen2",
        layer: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_q.bias",
            "attn_k.weight",
            "attn_k.bias",
            "attn_v.weight",
            "attn_v.bias",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        // Its masks grow with the square of it.
        places: 8192,
        continues: Continues::AtMultiples,
        forks: false,
        derives_width: true,
        turns_all: false,
        base: None,
        is_windowed: false,
        load: |content, reader, device| {
            let network = quantized_qwen2::ModelWeights::from_gguf(content, reader, device);
            network.map(|network| Kind::Qwen2(Rc::new(RefCell::new(network))))
        },
    },
    Known {
        name: "qwen3",
        layer: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_q_norm.weight",
            "attn_k.weight",
            "attn_k_norm.weight",
            "attn_v.weight",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        places: LONGEST_CONTEXT,
        continues: Continues::BeforeSteps,
        // A copy takes the memory of thousands of places at once.
        forks: false,
        derives_width: false,
        turns_all: false,
        base: None,
        is_windowed: false,
        load: |content, reader, device| {
            let network = quantized_qwen3::ModelWeights::from_gguf(content, reader, device);
            network.map(Kind::Qwen3)
        },
    },
    Known {
        name: "gemma3",
        layer: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_q_norm.weight",
            "attn_k.weight",
            "attn_k_norm.weight",
            "attn_v.weight",
            "attn_output.weight",
            "post_attention_norm.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
            "post_ffw_norm.weight",
        ],
        places: LONGEST_CONTEXT,
        continues: Continues::Never,
        forks: true,
        derives_width: false,
        turns_all: false,
        base: None,
        is_windowed: true,
        load: |content, reader, device| {
            let network = quantized_gemma3::ModelWeights::from_gguf(content, reader, device);
            network.map(Kind::Gemma3)
        },
    },
    Known {
        name: "phi3",
        layer: &[
            "attn_norm.weight",
            "attn_qkv.weight",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        places: LONGEST_CONTEXT,
        continues: Continues::Always,
        // Its copies write into one memory.
        forks: false,
        derives_width: true,
        turns_all: false,
        base: Some(10_000.0),
        is_windowed: false,
        load: |content, reader, device| {
            let network = quantized_phi3::ModelWeights::from_gguf(false, content, reader, device);
            network.map(Kind::Phi3)
        },
    },
];

impl Network {
    /// Holds a file to what can be run, without reading its weights.
    ///
    /// # Errors
    ///
    /// An architecture that is not known, or a file that is not of the form that its architecture has.
    pub(super) fn check(file: &ModelFile) -> Result<Fits, Error> {
        let known = known(file)?;
        let context = check(file, known)?;
        Ok(Fits { known, context })
    }

    /// Reads the weights of a file that fits. What is wanted of its header afterwards must be taken before.
    ///
    /// # Errors
    ///
    /// The weights are not of the form that its architecture has.
    pub(super) fn load(mut file: ModelFile, fits: Fits) -> Result<Self, Error> {
        let Fits { known, context } = fits;
        // candle makes a table of this many places.
        let length = format!("{}.context_length", known.name);
        let value = u32::try_from(context).unwrap_or(u32::MAX);
        file.content.metadata.insert(length, Value::U32(value));
        // Places in half precision, which candle takes where a file says nothing, run into each other.
        file.content
            .metadata
            .insert("general.dtype".to_owned(), Value::U32(0));
        let ModelFile {
            path,
            content,
            mut reader,
        } = file;
        let kind = (known.load)(content, &mut reader, &Device::Cpu);
        Ok(Self {
            kind: kind.map_err(|error| unusable(&path, &words(&error), OTHER_FILE))?,
            known,
            context,
            stepped: false,
        })
    }

    /// How many of the next `left` tokens of a prompt are given at once, behind the first `at`: between two of these
    /// pieces a command that is gone is noticed.
    pub(super) fn at_once(&self, at: usize, left: usize) -> usize {
        let most = match self.known.continues {
            _ if at > 0 && self.steps() => 1,
            Continues::Never => left,
            Continues::BeforeSteps | Continues::Always => AT_ONCE,
            // candle keeps a mask for each length at each place, for ever: so there are few.
            Continues::AtMultiples => {
                let sizes = [AT_ONCE, 16].into_iter();
                let mut fitting = sizes.filter(|size| at % size == 0 && *size <= left);
                fitting.next().unwrap_or(1)
            }
        };
        most.min(left)
    }

    /// The logits of what comes next, after these tokens behind the first `at`: no more than go
    /// [`at_once`](Self::at_once).
    pub(super) fn next(&mut self, tokens: &[u32], at: usize) -> candle_core::Result<Vec<f32>> {
        self.stepped |= tokens.len() == 1;
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let logits = match &mut self.kind {
            Kind::Llama(network) => network.forward(&input, at),
            Kind::Qwen2(network) => network.borrow_mut().forward(&input, at),
            Kind::Qwen3(network) => network.forward(&input, at),
            Kind::Gemma3(network) => network.forward(&input, at),
            Kind::Phi3(network) => network.forward(&input, at),
        };
        // The last place is what comes next.
        let logits = logits?.flatten_all()?.to_vec1::<f32>()?;
        Ok(logits)
    }

    /// Whether a clone remembers what it was given apart from the others.
    pub(super) fn forks(&self) -> bool {
        self.known.forks
    }

    /// Whether its context is the window that each of its tokens sees.
    pub(super) fn is_windowed(&self) -> bool {
        self.known.is_windowed
    }

    /// Whether it takes further tokens one by one only.
    pub(super) fn steps(&self) -> bool {
        match self.known.continues {
            Continues::Always | Continues::AtMultiples => false,
            Continues::BeforeSteps => self.stepped,
            Continues::Never => true,
        }
    }
}

/// The tensors of each layer of an architecture.
#[cfg(test)]
pub(super) fn tensors_of_layer(name: &str) -> &'static [&'static str] {
    KNOWN.iter().find(|known| known.name == name).unwrap().layer
}

/// What to do about a file that is whole, and still cannot be run.
pub(super) const OTHER_FILE: &str =
    "Use another file of the model, or the same one by `ollama:NAME`.";

fn known(file: &ModelFile) -> Result<&'static Known, Error> {
    let names = KNOWN.map(|known| known.name);
    let Some(name) = file.text("general.architecture") else {
        return Err(file.unusable("it does not name its architecture", OTHER_FILE));
    };
    KNOWN
        .iter()
        .find(|known| known.name == name)
        .ok_or_else(|| {
            let problem = format!("its architecture is `{}`", crate::error::excerpt(name));
            let help = format!(
                "These can be run: {}. Others run on a server, as `ollama:NAME`.",
                names.join(", ")
            );
            file.unusable(&problem, &help)
        })
}

/// Holds a file to what its architecture's implementation takes for granted; gives the length of its context.
fn check(file: &ModelFile, known: &Known) -> Result<usize, Error> {
    let refused = |problem: String| Err(file.unusable(&problem, OTHER_FILE));
    let key = |name: &str| format!("{}.{name}", known.name);
    let needed = |name: &str| {
        let count = file.count(&key(name)).filter(|count| *count > 0);
        count.ok_or_else(|| {
            let problem = format!("its header has no `{}`, or one that cannot be", key(name));
            file.unusable(&problem, OTHER_FILE)
        })
    };
    let tensors = &file.content.tensor_infos;
    let (layers, heads) = (needed("block_count")?, needed("attention.head_count")?);
    let (kv_heads, width) = (
        needed("attention.head_count_kv")?,
        needed("embedding_length")?,
    );
    let context = needed("context_length")?;
    if layers > tensors.len() || heads % kv_heads != 0 || heads > width {
        return refused(format!(
            "{layers} layers of {heads} heads and {kv_heads} heads of keys do not fit its {} tensors",
            tensors.len()
        ));
    }
    let head = match file.count(&key("attention.key_length")) {
        Some(head) => head,
        None => width / heads,
    };
    let turned = file.count(&key("rope.dimension_count")).unwrap_or(head);
    if head == 0 || head > WIDEST_HEAD || turned == 0 || turned > head || turned % 2 != 0 {
        return refused(format!(
            "its heads are {head} wide, {turned} of which are turned by their place"
        ));
    }
    if known.derives_width && head * heads != width {
        return refused(format!(
            "its heads are {head} wide, which this engine does not support for `{}`",
            known.name
        ));
    }
    if known.turns_all && turned != head {
        return refused("it turns a part of each head only".to_owned());
    }
    if file
        .count(&key("expert_count"))
        .is_some_and(|experts| experts > 0)
    {
        return refused(
            "it is a mixture of experts, which this engine does not support".to_owned(),
        );
    }
    let scaling = file.text(&key("rope.scaling.type"));
    let factor = file.number(&key("rope.scaling.factor"));
    let is_scaled = match (scaling, factor) {
        (Some("none"), _) | (None, None) => false,
        (_, Some(factor)) => (factor - 1.0).abs() > 1e-6,
        (Some(_), None) => true,
    };
    if is_scaled {
        return refused("it scales its places, which this engine does not support".to_owned());
    }
    if let (Some(known_base), Some(base)) = (known.base, file.number(&key("rope.freq_base"))) {
        if (base - known_base).abs() > 1e-3 {
            return refused(format!(
                "it turns its places by the base {base}, and this engine turns those of `{}` by {known_base}",
                known.name
            ));
        }
    }
    for name in tensors.keys() {
        let in_layer = || {
            let (layer, rest) = name.strip_prefix("blk.")?.split_once('.')?;
            let layer: usize = layer.parse().ok()?;
            Some(layer < layers && known.layer.contains(&rest))
        };
        if !AROUND.contains(&name.as_str()) && in_layer() != Some(true) {
            return refused(format!(
                "its tensor `{}` is one that this engine does not read",
                crate::error::excerpt(name)
            ));
        }
    }
    let window = file.count(&key("attention.sliding_window"));
    let window = window.filter(|_| known.is_windowed);
    Ok(context.min(known.places).min(window.unwrap_or(usize::MAX)))
}
