//! The forward pass: a BERT of 12 layers over quantised matrices, several texts packed into one matrix.

use crate::tokenizer::Tokenizer;
use crate::{DIMENSIONS, EncoderError};
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{D, Device, Module, Tensor};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// What `general.architecture` says.
pub(crate) const ARCHITECTURE: &str = "mailroom-encoder";
/// The version of the file's layout.
pub(crate) const LAYOUT: u32 = 1;
/// Columns of a matrix are filled up to a multiple of this, which the fast kernels want.
pub(crate) const FILL: usize = 256;
/// Tokens of a text that are read; what the head was trained with.
const TOKENS: usize = 160;
/// Tokens that are packed into one pass.
const PACK: usize = 2048;

/// What the encoder says about a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// [`DIMENSIONS`] numbers of unit length: texts near in meaning have a high inner product.
    pub vector: Vec<f32>,
    /// Scores of the four labels before softmax, in the order of `Label::ALL`; `None` if no head is there.
    pub scores: Option<[f32; 4]>,
}

struct Linear {
    weight: QMatMul,
    bias: Tensor,
    /// Columns of the weight, filled up.
    columns: usize,
}

impl Linear {
    /// `x`: (tokens, columns or fewer).
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let missing = self.columns - x.dim(D::Minus1)?;
        let x = if missing > 0 { x.pad_with_zeros(D::Minus1, 0, missing)? } else { x.clone() };
        self.weight.forward(&x)?.broadcast_add(&self.bias)
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl Norm {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        candle_nn::ops::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}

struct Layer {
    q: Linear,
    k: Linear,
    v: Linear,
    o: Linear,
    up: Linear,
    down: Linear,
    norm1: Norm,
    norm2: Norm,
}

/// A loaded encoder. Immutable; share it.
pub struct Encoder {
    tokenizer: Tokenizer,
    words: QTensor,
    /// (512, hidden), the segment's vector added.
    positions: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    /// The mean over the tokens after this many layers is the vector.
    vector_after: usize,
    head: Option<(Tensor, Tensor)>,
    version: String,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("version", &self.version).finish_non_exhaustive()
    }
}

struct Source {
    content: Content,
    file: BufReader<File>,
}

impl Source {
    fn value(&self, key: &str) -> Result<&Value, EncoderError> {
        self.content
            .metadata
            .get(key)
            .ok_or_else(|| EncoderError::Damaged(format!("\"{key}\" is missing")))
    }

    fn number(&self, key: &str) -> Result<usize, EncoderError> {
        Ok(self.value(key)?.to_u32().map_err(damaged)? as usize)
    }

    fn quantised(&mut self, name: &str) -> Result<QTensor, EncoderError> {
        self.content.tensor(&mut self.file, name, &Device::Cpu).map_err(damaged)
    }

    fn plain(&mut self, name: &str) -> Result<Tensor, EncoderError> {
        self.quantised(name)?.dequantize(&Device::Cpu).map_err(damaged)
    }

    fn linear(&mut self, name: &str) -> Result<Linear, EncoderError> {
        let weight = self.quantised(&format!("{name}.weight"))?;
        let columns = weight.shape().dims().last().copied().unwrap_or_default();
        let bias = self.plain(&format!("{name}.bias"))?;
        Ok(Linear { weight: QMatMul::from_qtensor(weight)?, bias, columns })
    }

    fn norm(&mut self, name: &str, eps: f32) -> Result<Norm, EncoderError> {
        let (weight, bias) =
            (self.plain(&format!("{name}.weight"))?, self.plain(&format!("{name}.bias"))?);
        Ok(Norm { weight, bias, eps })
    }
}

fn damaged(error: candle_core::Error) -> EncoderError {
    EncoderError::Damaged(error.to_string())
}

impl Encoder {
    /// Loads a file that [`crate::convert`] wrote.
    ///
    /// # Errors
    /// [`EncoderError::File`], [`EncoderError::Damaged`]
    pub fn open(path: &Path) -> Result<Encoder, EncoderError> {
        let file = File::open(path)
            .map_err(|e| EncoderError::File { path: path.to_owned(), reason: e.to_string() })?;
        let mut file = BufReader::with_capacity(1 << 20, file);
        let content = Content::read(&mut file).map_err(damaged)?;
        let mut source = Source { content, file };
        let kind = source.value("general.architecture")?.to_string().map_err(damaged)?;
        if kind != ARCHITECTURE {
            return Err(EncoderError::Damaged(format!("it is a \"{kind}\"")));
        }
        let layout = source.number("encoder.layout")?;
        if layout != LAYOUT as usize {
            return Err(EncoderError::Damaged(format!("its layout is {layout}")));
        }
        let version = source.value("encoder.version")?.to_string().map_err(damaged)?.clone();
        let (heads, layers) = (source.number("encoder.heads")?, source.number("encoder.layers")?);
        let vector_after = source.number("encoder.vector_after")?;
        let eps = source.value("encoder.eps")?.to_f32().map_err(damaged)?;
        let tokenizer = tokenizer(&source)?;
        let words = source.quantised("words.weight")?;
        let positions = source.plain("positions.weight")?;
        let norm = source.norm("norm", eps)?;
        let layers = (0..layers)
            .map(|n| {
                Ok(Layer {
                    q: source.linear(&format!("{n}.q"))?,
                    k: source.linear(&format!("{n}.k"))?,
                    v: source.linear(&format!("{n}.v"))?,
                    o: source.linear(&format!("{n}.o"))?,
                    up: source.linear(&format!("{n}.up"))?,
                    down: source.linear(&format!("{n}.down"))?,
                    norm1: source.norm(&format!("{n}.norm1"), eps)?,
                    norm2: source.norm(&format!("{n}.norm2"), eps)?,
                })
            })
            .collect::<Result<Vec<_>, EncoderError>>()?;
        let head = if source.content.tensor_infos.contains_key("head.weight") {
            Some((source.plain("head.weight")?.t()?.contiguous()?, source.plain("head.bias")?))
        } else {
            None
        };
        if words.shape().dims().last() != Some(&DIMENSIONS) || heads == 0 || DIMENSIONS % heads != 0
        {
            return Err(EncoderError::Damaged("its shape is unknown".into()));
        }
        Ok(Encoder {
            tokenizer,
            words,
            positions,
            norm,
            layers,
            heads,
            vector_after,
            head,
            version,
        })
    }

    /// Tells these weights from others; what verdicts are cached by.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Vectors and scores of texts, in their order. Texts are cut to 160 tokens. Quickest with several at once.
    ///
    /// # Errors
    /// [`EncoderError::Failed`]
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Encoding>, EncoderError> {
        let mut pieces = Vec::with_capacity(texts.len());
        for text in texts {
            // The prefix that e5 was trained with for texts that are compared with each other.
            pieces.push(self.tokenizer.tokens(&format!("query: {text}"), TOKENS)?);
        }
        let mut out = Vec::with_capacity(texts.len());
        let mut from = 0;
        while from < pieces.len() {
            let (mut to, mut tokens) = (from, 0);
            while to < pieces.len() && (to == from || tokens + pieces[to].len() <= PACK) {
                tokens += pieces[to].len();
                to += 1;
            }
            out.extend(self.pass(&pieces[from..to])?);
            from = to;
        }
        Ok(out)
    }

    fn pass(&self, pieces: &[Vec<u32>]) -> Result<Vec<Encoding>, EncoderError> {
        let lengths: Vec<usize> = pieces.iter().map(Vec::len).collect();
        let total = lengths.iter().sum::<usize>();
        let ids = Tensor::from_vec(pieces.concat(), total, &Device::Cpu)?;
        let places: Vec<u32> = lengths.iter().flat_map(|n| 0..*n as u32).collect();
        let places = Tensor::from_vec(places, total, &Device::Cpu)?;
        let mut x = (self.words.embedding(&ids)? + self.positions.index_select(&places, 0)?)?;
        x = self.norm.forward(&x)?;
        let mut vectors = Vec::new();
        for (n, layer) in self.layers.iter().enumerate() {
            x = self.layer(layer, &x, &lengths)?;
            if n + 1 == self.vector_after {
                vectors = means(&x, &lengths)?;
            }
        }
        let pooled = means(&x, &lengths)?;
        let mut out = Vec::with_capacity(pieces.len());
        for (n, pooled) in pooled.iter().enumerate() {
            let scores = match &self.head {
                None => None,
                Some((weight, bias)) => {
                    let scores = (pooled.unsqueeze(0)?.matmul(weight)?.squeeze(0)? + bias)?
                        .to_vec1::<f32>()?;
                    <[f32; 4]>::try_from(scores).ok()
                }
            };
            let mut vector = vectors.get(n).unwrap_or(pooled).to_vec1::<f32>()?;
            let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
            vector.iter_mut().for_each(|v| *v /= length);
            out.push(Encoding { vector, scores });
        }
        Ok(out)
    }

    fn layer(&self, layer: &Layer, x: &Tensor, lengths: &[usize]) -> candle_core::Result<Tensor> {
        let width = DIMENSIONS / self.heads;
        let scale = (width as f64).powf(-0.5);
        let (q, k, v) = (layer.q.forward(x)?, layer.k.forward(x)?, layer.v.forward(x)?);
        let q = (q * scale)?;
        // Each text looks at itself alone.
        let mut at = 0;
        let mut seen = Vec::with_capacity(lengths.len());
        for length in lengths {
            let split = |t: &Tensor| {
                t.narrow(0, at, *length)?
                    .reshape((*length, self.heads, width))?
                    .transpose(0, 1)?
                    .contiguous()
            };
            let scores = split(&q)?.matmul(&split(&k)?.t()?)?;
            let weights = candle_nn::ops::softmax_last_dim(&scores)?;
            seen.push(
                weights.matmul(&split(&v)?)?.transpose(0, 1)?.reshape((*length, DIMENSIONS))?,
            );
            at += length;
        }
        let seen = if seen.len() == 1 { seen.remove(0) } else { Tensor::cat(&seen, 0)? };
        let x = layer.norm1.forward(&(x + layer.o.forward(&seen.contiguous()?)?)?)?;
        let inner = layer.up.forward(&x)?.gelu_erf()?;
        layer.norm2.forward(&(&x + layer.down.forward(&inner)?)?)
    }
}

/// The mean over each text's tokens.
fn means(x: &Tensor, lengths: &[usize]) -> candle_core::Result<Vec<Tensor>> {
    let mut at = 0;
    lengths
        .iter()
        .map(|length| {
            let mean = x.narrow(0, at, *length)?.mean(0);
            at += length;
            mean
        })
        .collect()
}

fn tokenizer(source: &Source) -> Result<Tokenizer, EncoderError> {
    let texts = |key: &str| -> Result<Vec<String>, EncoderError> {
        source
            .value(key)?
            .to_vec()
            .map_err(damaged)?
            .iter()
            .map(|v| v.to_string().cloned().map_err(damaged))
            .collect()
    };
    let scores = source.value("encoder.piece_scores")?.to_vec().map_err(damaged)?;
    let pieces = texts("encoder.pieces")?
        .into_iter()
        .zip(scores)
        .map(|(piece, score)| Ok((piece, f64::from(score.to_f32().map_err(damaged)?))))
        .collect::<Result<_, EncoderError>>()?;
    let mut normal = HashMap::new();
    for (from, to) in texts("encoder.normal_from")?.into_iter().zip(texts("encoder.normal_to")?) {
        if let Some(c) = from.chars().next() {
            normal.insert(c, to);
        }
    }
    Tokenizer::new(pieces, normal)
}
