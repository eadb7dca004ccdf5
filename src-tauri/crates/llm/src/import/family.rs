//! What tells one family of models from another, as far as an import must know: a table, and no code that writes.
//!
//! A family is described by the names and shapes of its parts, in the order in which mistral.rs 0.8.1 numbers them
//! (`IsqModel::get_layers` in `mistralrs-core/src/models/*.rs`), and by a function for what only its own
//! `config.json` says. The names of a file's parts are llama.cpp's (`llama-arch.cpp`).

use super::{gemma2, gemma3, llama, phi3, qwen2};
use crate::ImportError;
use crate::gguf::Gguf;
use serde_json::{Map, Value};

/// The families that can be imported. What is added here is named in [`ImportError::Architecture`] as well.
pub(super) const FAMILIES: [&Family; 5] =
    [&llama::FAMILY, &phi3::FAMILY, &gemma2::FAMILY, &gemma3::FAMILY, &qwen2::FAMILY];

/// A kind of model.
pub(super) struct Family {
    /// `general.architecture` of its files, and the prefix of their other keys.
    pub(super) architecture: &'static str,
    /// `architectures` in `config.json`, by which mistral.rs chooses its loader.
    pub(super) class: &'static str,
    /// The activation of the feed-forward part, as transformers names it.
    pub(super) activation: &'static str,
    /// Whether heads may have another size than an even share of the hidden state.
    pub(super) free_heads: bool,
    /// Norms of a layer.
    pub(super) norms: &'static [Norm],
    /// Whether norms lie in the file with 1 added, which the loader adds itself.
    pub(super) norms_are_raised: bool,
    /// Matrices of a layer, in mistral.rs's order.
    pub(super) matrices: &'static [Matrix],
    /// What its `config.json` says beyond what all say. Is given the tokens that there would be room for.
    pub(super) own: fn(&mut Gguf, &Shape, u64) -> Result<Own, ImportError>,
}

/// The part of a configuration that only one family has.
pub(super) struct Own {
    /// Fields of `config.json`.
    pub(super) fields: Map<String, Value>,
    /// Tokens that room is made for: no more than that the model is computed rightly up to there.
    pub(super) context: u64,
}

/// A norm of each layer.
pub(super) struct Norm {
    /// Its name in the file, between `blk.N.` and `.weight`.
    pub(super) name: &'static str,
    /// The one that the loader wants, behind `model.layers.N.`.
    pub(super) to: &'static str,
    pub(super) length: Side,
}

impl Norm {
    pub(super) const fn new(name: &'static str, to: &'static str) -> Norm {
        Norm { name, to, length: Side::Hidden }
    }

    /// Of each head by itself.
    pub(super) const fn of_heads(self) -> Norm {
        Norm { length: Side::Head, ..self }
    }
}

/// A matrix of each layer.
pub(super) struct Matrix {
    /// Its name in the file, between `blk.N.` and `.weight`.
    pub(super) name: &'static str,
    pub(super) rows: Side,
    pub(super) columns: Side,
    /// Whether `.bias` lies beside it.
    pub(super) bias: bool,
    /// Whether the two halves of each head's rows are interleaved in the file (`permute` of llama.cpp's converter).
    pub(super) interleaved: bool,
}

impl Matrix {
    pub(super) const fn new(name: &'static str, rows: Side, columns: Side) -> Matrix {
        Matrix { name, rows, columns, bias: false, interleaved: false }
    }

    pub(super) const fn with_bias(self) -> Matrix {
        Matrix { bias: true, ..self }
    }

    pub(super) const fn interleaved(self) -> Matrix {
        Matrix { interleaved: true, ..self }
    }
}

/// The length of a matrix's side.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Hidden,
    Head,
    /// All heads of queries.
    Queries,
    /// All heads of keys, or of values.
    Keys,
    /// Queries, keys and values, one after another.
    Fused,
    Inner,
    /// Gate and up, one after another.
    TwiceInner,
}

/// What the header says about a model.
pub(super) struct Shape {
    pub(super) layers: u64,
    pub(super) hidden: u64,
    pub(super) inner: u64,
    pub(super) heads: u64,
    pub(super) kv_heads: u64,
    /// Columns of one head.
    pub(super) head: u64,
    pub(super) vocabulary: u64,
    /// The base of rotary positions.
    pub(super) theta: f64,
}

impl Shape {
    pub(super) fn side(&self, side: Side) -> u64 {
        let (queries, keys) = (self.heads * self.head, self.kv_heads * self.head);
        match side {
            Side::Hidden => self.hidden,
            Side::Head => self.head,
            Side::Queries => queries,
            Side::Keys => keys,
            Side::Fused => queries + 2 * keys,
            Side::Inner => self.inner,
            Side::TwiceInner => 2 * self.inner,
        }
    }
}

impl Family {
    /// The family of that `general.architecture`.
    pub(super) fn of(architecture: &str) -> Option<&'static Family> {
        FAMILIES.into_iter().find(|family| family.architecture == architecture)
    }

    /// A key of the file's metadata that begins with the architecture.
    pub(super) fn key(&self, rest: &str) -> String {
        format!("{}.{rest}", self.architecture)
    }

    /// Reads the shape and checks that it makes sense.
    pub(super) fn shape(&self, file: &Gguf) -> Result<Shape, ImportError> {
        let count = |key: &str, most| file.count(&self.key(key), most);
        let heads = count("attention.head_count", 1024)?;
        let kv_heads = match file.number(&self.key("attention.head_count_kv")) {
            None => heads,
            Some(_) => count("attention.head_count_kv", heads)?,
        };
        let hidden = count("embedding_length", 1 << 16)?;
        let vocabulary = file
            .tensor("token_embd.weight")
            .and_then(|t| t.shape.first().copied())
            .ok_or_else(|| ImportError::Damaged("\"token_embd.weight\" is missing".into()))?;
        let tokens = file.texts("tokenizer.ggml.tokens").map_or(0, <[String]>::len) as u64;
        if tokens != vocabulary {
            return Err(ImportError::Damaged(format!(
                "it has {tokens} tokens and {vocabulary} embeddings"
            )));
        }
        let head = if self.free_heads && file.number(&self.key("attention.key_length")).is_some() {
            count("attention.key_length", 1 << 12)?
        } else if hidden % heads == 0 {
            hidden / heads
        } else {
            0
        };
        if head == 0 || head % 2 != 0 || heads % kv_heads != 0 {
            return Err(ImportError::Damaged("its attention heads make no sense".into()));
        }
        for key in ["rope.dimension_count", "attention.key_length", "attention.value_length"] {
            if file.number(&self.key(key)).is_some_and(|n| n != head as f64) {
                return Err(ImportError::Unsupported(
                    "its attention heads are of an unusual size".into(),
                ));
            }
        }
        let theta = file.number(&self.key("rope.freq_base")).unwrap_or(10_000.0);
        if !(theta.is_finite() && theta > 1.0) {
            return Err(ImportError::Damaged("its rope.freq_base makes no sense".into()));
        }
        Ok(Shape {
            layers: count("block_count", 512)?,
            hidden,
            inner: count("feed_forward_length", 1 << 18)?,
            heads,
            kv_heads,
            head,
            vocabulary,
            theta,
        })
    }

    /// Refuses a file that has parts which this family's loader would leave out: it is of another make, and what
    /// is computed without them is wrong.
    pub(super) fn all_known(&self, file: &Gguf) -> Result<(), ImportError> {
        const AROUND: [&str; 6] = [
            "token_embd.weight",
            "output_norm.weight",
            "output.weight",
            // Looked at by the families that have them.
            "rope_freqs.weight",
            "rope_factors_long.weight",
            "rope_factors_short.weight",
        ];
        let known = |name: &str| {
            let Some((_, part)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'))
            else {
                return AROUND.contains(&name);
            };
            let Some((part, end)) = part.rsplit_once('.') else { return false };
            match end {
                "weight" => {
                    self.norms.iter().any(|n| n.name == part)
                        || self.matrices.iter().any(|m| m.name == part)
                }
                "bias" => self.matrices.iter().any(|m| m.name == part && m.bias),
                _ => false,
            }
        };
        match file.tensors().map(|(name, _)| name).filter(|name| !known(name)).min() {
            Some(name) => Err(ImportError::Unsupported(format!(
                "it has a part (\"{name}\") that models of its kind do not have"
            ))),
            None => Ok(()),
        }
    }

    /// Refuses positions that are scaled in a way that this family's loader does not know.
    pub(super) fn positions_are_unscaled(&self, file: &Gguf) -> Result<(), ImportError> {
        let factors =
            ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"];
        let kind = file.text(&self.key("rope.scaling.type")).unwrap_or("none");
        let scale = file.number(&self.key("rope.scaling.attn_factor")).unwrap_or(1.0);
        if kind == "none" && scale == 1.0 && factors.iter().all(|name| file.tensor(name).is_none())
        {
            Ok(())
        } else {
            Err(scaled_unusually())
        }
    }
}

pub(super) fn scaled_unusually() -> ImportError {
    ImportError::Unsupported("its positions are scaled in an unusual way".into())
}

/// A JSON object's fields.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
