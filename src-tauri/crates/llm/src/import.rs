//! From a GGUF file to the folder that mistral.rs's normal loader takes.
//!
//! mistral.rs 0.8.1's own GGUF loader ignores `rope_freqs` and the file's pre-tokeniser, and panics on kinds
//! that it does not know; its normal loaders are right. So the file's quantised blocks go unchanged into a UQFF
//! file, embeddings and norms into safetensors, and the metadata into `config.json` and `tokenizer.json`.

use crate::gguf::{Gguf, Kind, Tensor};
use crate::installed::{DESCRIPTION, InstalledModel, describe};
use crate::{ImportError, dequant, tokenizer};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

/// The quantised blocks of all layers.
pub(crate) const BLOCKS: &str = "blocks.uqff";
/// Those of the output matrix, one row a token, in a file of their own: see [`crate::scored`].
pub(crate) const HEAD: &str = "head.uqff";
const RESIDUAL: &str = "residual.safetensors";
/// UQFF 0.2.0, as mistral.rs 0.8 writes it.
const UQFF_VERSION: u32 = 0x200;
/// Weights of a model up to which blocks without a fast kernel are unpacked: 2 GB in F32.
const UNPACKED_MOST: u64 = 500_000_000;
/// Tokens of context that room is made for: a sheet needs 300, and tables grow with it.
const CONTEXT: u64 = 4096;

/// How far an import has come, in bytes of the file, read twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Done.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// What the header says about a model of the llama family.
struct Shape {
    layers: u64,
    hidden: u64,
    inner: u64,
    heads: u64,
    kv_heads: u64,
    vocabulary: u64,
}

/// Imports a GGUF file into `models`. Atomic: the model is there as a whole or not at all; a file that was
/// imported already is not imported again. `progress` may stop it.
///
/// # Errors
/// [`ImportError`]; nothing is left behind.
pub fn import(
    gguf: &Path,
    models: &Path,
    expected_sha256: Option<&str>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<InstalledModel, ImportError> {
    // The header first: it tells most bad files at once.
    let mut file = Gguf::open(gguf)?;
    let architecture = file.text("general.architecture").unwrap_or("none").to_owned();
    if architecture != "llama" {
        return Err(ImportError::Architecture(architecture));
    }
    let shape = shape(&file)?;
    let total = 2 * file.size;
    let sha256 = hash(gguf, total, progress)?;
    if expected_sha256.is_some_and(|expected| !expected.eq_ignore_ascii_case(&sha256)) {
        return Err(ImportError::Hash { found: sha256 });
    }
    let id: String = sha256.chars().take(12).collect();
    let target = models.join(&id);
    if let Some(model) = describe(&target) {
        return Ok(model);
    }
    let failed =
        |e: std::io::Error| ImportError::Folder { path: models.to_owned(), reason: e.to_string() };
    fs::create_dir_all(models).map_err(failed)?;
    let making = models.join(format!(".{id}.part"));
    // Of an import that was cut short.
    let _ = fs::remove_dir_all(&making);
    fs::create_dir(&making).map_err(failed)?;
    let made =
        write(&mut file, &shape, &making, total, progress).and_then(|(context, warnings)| {
            let name = file.text("general.name").filter(|n| !n.trim().is_empty()).map_or_else(
                || gguf.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                str::to_owned,
            );
            let model = InstalledModel {
                id: id.clone(),
                name: name.chars().filter(|c| !c.is_control()).take(80).collect(),
                architecture,
                parameters: file.parameters(),
                bytes: file.size,
                context,
                sha256,
                warnings,
                bos: bos(&file),
                folder: target.clone(),
            };
            let text = serde_json::to_vec_pretty(&model).map_err(|e| failed(e.into()))?;
            fs::write(making.join(DESCRIPTION), text).map_err(failed)?;
            // What stands there is not whole, or it would have been found above.
            let _ = fs::remove_dir_all(&target);
            fs::rename(&making, &target).map_err(failed)?;
            Ok(model)
        });
    if made.is_err() {
        let _ = fs::remove_dir_all(&making);
    }
    made
}

fn bos(file: &Gguf) -> Option<u32> {
    let wanted = file.truth("tokenizer.ggml.add_bos_token").unwrap_or_else(|| {
        matches!(file.text("tokenizer.ggml.pre"), Some("llama-bpe" | "llama3" | "llama-v3"))
    });
    file.number("tokenizer.ggml.bos_token_id").filter(|_| wanted).map(|id| id as u32)
}

fn hash(
    path: &Path,
    total: u64,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<String, ImportError> {
    let unreadable = |e: std::io::Error| ImportError::Unreadable {
        path: path.to_owned(),
        reason: e.to_string(),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let (mut hash, mut buffer, mut done) = (Sha256::new(), vec![0; 4 << 20], 0);
    loop {
        if progress(Progress { done, total }).is_break() {
            return Err(ImportError::Stopped);
        }
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => return Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect()),
            n => {
                hash.update(&buffer[..n]);
                done += n as u64;
            }
        }
    }
}

fn shape(file: &Gguf) -> Result<Shape, ImportError> {
    let count = |key: &str, most| file.count(&format!("llama.{key}"), most);
    let heads = count("attention.head_count", 1024)?;
    let kv_heads = match file.number("llama.attention.head_count_kv") {
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
    if hidden % heads != 0 || heads % kv_heads != 0 || hidden / heads % 2 != 0 {
        return Err(ImportError::Damaged("its attention heads make no sense".into()));
    }
    let head = hidden / heads;
    for key in ["llama.rope.dimension_count", "llama.attention.key_length"] {
        if file.number(key).is_some_and(|n| n != head as f64) {
            return Err(ImportError::Unsupported(
                "its attention heads are of an unusual size".into(),
            ));
        }
    }
    Ok(Shape {
        layers: count("block_count", 512)?,
        hidden,
        inner: count("feed_forward_length", 1 << 18)?,
        heads,
        kv_heads,
        vocabulary,
    })
}

/// Llama 3's scaling of rotary positions (arXiv 2407.21783; `modeling_rope_utils.py` of transformers), as far as
/// the factors in the file imply it.
fn rope_scaling(file: &mut Gguf, shape: &Shape, theta: f64) -> Result<Value, ImportError> {
    const LOW: f64 = 1.0;
    const HIGH: f64 = 4.0;
    const ORIGINAL: f64 = 8192.0;
    let pairs = shape.hidden / shape.heads / 2;
    if file.tensor("rope_freqs.weight").is_none() {
        if file.text("llama.rope.scaling.type").is_some_and(|kind| kind != "none") {
            return Err(ImportError::Unsupported(
                "its positions are scaled in an unusual way".into(),
            ));
        }
        return Ok(Value::Null);
    }
    let (tensor, bytes) = file.read("rope_freqs.weight", &[pairs])?;
    let factors = dequant::values(tensor.kind, &bytes);
    let factor = factors.iter().copied().fold(1.0f32, f32::max);
    let expected = |pair: usize| {
        let wavelength =
            2.0 * std::f64::consts::PI * theta.powf(2.0 * pair as f64 / (2 * pairs) as f64);
        if wavelength < ORIGINAL / HIGH {
            1.0
        } else if wavelength > ORIGINAL / LOW {
            f64::from(factor)
        } else {
            let smooth = (ORIGINAL / wavelength - LOW) / (HIGH - LOW);
            1.0 / ((1.0 - smooth) / f64::from(factor) + smooth)
        }
    };
    let alike = factors
        .iter()
        .enumerate()
        .all(|(pair, found)| (f64::from(*found) / expected(pair) - 1.0).abs() < 1e-3);
    if !alike {
        return Err(ImportError::Unsupported("its positions are scaled in an unusual way".into()));
    }
    if factor == 1.0 {
        return Ok(Value::Null);
    }
    Ok(json!({
        "rope_type": "llama3", "factor": factor, "low_freq_factor": LOW, "high_freq_factor": HIGH,
        "original_max_position_embeddings": ORIGINAL as u64,
    }))
}

fn write(
    file: &mut Gguf,
    shape: &Shape,
    folder: &Path,
    total: u64,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(u32, Vec<String>), ImportError> {
    let failed =
        |e: std::io::Error| ImportError::Folder { path: folder.to_owned(), reason: e.to_string() };
    let theta = file.number("llama.rope.freq_base").unwrap_or(10_000.0);
    let scaling = rope_scaling(file, shape, theta)?;
    let context = file.count("llama.context_length", 1 << 30)?.min(CONTEXT);
    let tied = file.tensor("output.weight").is_none();
    let eps = file
        .number("llama.attention.layer_norm_rms_epsilon")
        .ok_or_else(|| ImportError::Damaged("it does not say its norm's epsilon".into()))?;
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": shape.hidden, "intermediate_size": shape.inner, "vocab_size": shape.vocabulary,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "rms_norm_eps": eps, "rope_theta": theta,
        "max_position_embeddings": context, "rope_scaling": scaling, "tie_word_embeddings": tied,
    });
    let eos = file.number("tokenizer.ggml.eos_token_id").map_or(0, |id| id as usize);
    let token = |id: usize| file.texts("tokenizer.ggml.tokens").and_then(|t| t.get(id)).cloned();
    let bos = file.number("tokenizer.ggml.bos_token_id").and_then(|id| token(id as usize));
    let settings = json!({
        "bos_token": bos, "eos_token": token(eos), "model_max_length": context,
        "chat_template": file.text("tokenizer.chat_template").unwrap_or("{{ messages[0]['content'] }}"),
        "tokenizer_class": "PreTrainedTokenizerFast",
    });
    let put = |name: &str, value: &Value| {
        serde_json::to_vec(value)
            .map_err(Into::into)
            .and_then(|text| fs::write(folder.join(name), text))
            .map_err(failed)
    };
    put("config.json", &config)?;
    put("tokenizer_config.json", &settings)?;
    put("generation_config.json", &json!({ "eos_token_id": eos }))?;
    put("tokenizer.json", &tokenizer::tokenizer_json(file)?)?;

    let mut done = total / 2;
    let mut step = |bytes: u64| {
        done = (done + bytes).min(total);
        match progress(Progress { done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ImportError::Stopped),
        }
    };
    let slow = is_slow(file);
    // Multiplying plain numbers is some ten times faster than the path for blocks without a kernel, and exact.
    let unpack = slow && file.parameters() <= UNPACKED_MOST;
    let warnings = match (slow, unpack) {
        (false, _) => Vec::new(),
        (true, true) => vec!["This file is stored in a form that this computer cannot use as it is, so it was unpacked and takes more memory. A Q4_K_M file of a Llama 3.2 model takes less.".into()],
        (true, false) => vec!["This file is stored in a form that is read about ten times more slowly. A Q4_K_M file of a Llama 3.2 model is faster.".into()],
    };
    // What the loader wants plain.
    let mut plain: Vec<(String, Dtype, Vec<u64>, Vec<u8>)> = Vec::new();
    let mut keep = |file: &mut Gguf, from: &str, to: String, shape: Vec<u64>| {
        let (tensor, bytes) = file.read(from, &shape)?;
        let values = dequant::values(tensor.kind, &bytes);
        // The table of embeddings is large, and half precision holds all that its blocks said.
        plain.push(if shape.len() == 2 {
            let halves =
                values.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
            (to, Dtype::F16, shape, halves)
        } else {
            (to, Dtype::F32, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
        });
        Ok::<u64, ImportError>(tensor.bytes)
    };
    let Shape { layers, hidden, inner, heads, kv_heads, vocabulary } = *shape;
    step(keep(
        file,
        "token_embd.weight",
        "model.embed_tokens.weight".into(),
        vec![vocabulary, hidden],
    )?)?;
    keep(file, "output_norm.weight", "model.norm.weight".into(), vec![hidden])?;
    for layer in 0..layers {
        for (from, to) in
            [("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")]
        {
            keep(
                file,
                &format!("blk.{layer}.{from}.weight"),
                format!("model.layers.{layer}.{to}.weight"),
                vec![hidden],
            )?;
        }
    }
    serialize(&plain, &folder.join(RESIDUAL))?;
    drop(plain);

    // The blocks, in the order in which mistral.rs numbers them.
    let head = hidden / heads;
    let array = |number: usize, tensor: &Tensor, bytes: &[u8]| {
        let block = if unpack { uqff_plain(tensor, bytes) } else { uqff(tensor, bytes) };
        (number.to_string(), Dtype::U8, vec![block.len() as u64], block)
    };
    let output = if tied { "token_embd.weight" } else { "output.weight" };
    let (tensor, bytes) = file.read(output, &[vocabulary, hidden])?;
    serialize(&[array(0, &tensor, &bytes)], &folder.join(HEAD))?;
    step(tensor.bytes)?;
    let mut blocks: Vec<(String, Dtype, Vec<u64>, Vec<u8>)> = Vec::new();
    let mut push = |(tensor, bytes): (Tensor, Vec<u8>)| {
        blocks.push(array(blocks.len() + 1, &tensor, &bytes));
        tensor.bytes
    };
    for layer in 0..layers {
        let kv = kv_heads * head;
        for (name, rows, columns) in [
            ("attn_q", hidden, hidden),
            ("attn_k", kv, hidden),
            ("attn_v", kv, hidden),
            ("attn_output", hidden, hidden),
            ("ffn_gate", inner, hidden),
            ("ffn_up", inner, hidden),
            ("ffn_down", hidden, inner),
        ] {
            let (tensor, mut bytes) =
                file.read(&format!("blk.{layer}.{name}.weight"), &[rows, columns])?;
            if matches!(name, "attn_q" | "attn_k") {
                bytes = rows_put_back(&bytes, rows, head);
            }
            step(push((tensor, bytes)))?;
        }
        if file.tensor(&format!("blk.{layer}.attn_q.bias")).is_some() {
            return Err(ImportError::Unsupported("its attention has biases".into()));
        }
    }
    serialize(&blocks, &folder.join(BLOCKS))?;
    Ok((context as u32, warnings))
}

/// GGUF interleaves the two halves of each head's rows of q and k (`permute` of llama.cpp's converter); undoes it.
fn rows_put_back(bytes: &[u8], rows: u64, head: u64) -> Vec<u8> {
    let row = bytes.len() / rows as usize;
    let head = head as usize;
    let mut out = Vec::with_capacity(bytes.len());
    for at in 0..rows as usize {
        let (start, within) = (at / head * head, at % head);
        let (half, pair) = (within / (head / 2), within % (head / 2));
        let from = (start + 2 * pair + half) * row;
        out.extend_from_slice(&bytes[from..from + row]);
    }
    out
}

/// One array of a UQFF file, unpacked to F32: what mistral.rs writes for a matrix that was never quantised.
fn uqff_plain(tensor: &Tensor, bytes: &[u8]) -> Vec<u8> {
    let values = dequant::values(tensor.kind, bytes);
    let mut out = Vec::with_capacity(values.len() * 4 + 32);
    out.extend(UQFF_VERSION.to_le_bytes());
    out.push(1); // a plain tensor
    out.push(0); // no bias
    out.extend((values.len() as u32 * 4).to_le_bytes());
    out.extend(6u32.to_le_bytes()); // F32
    out.extend((tensor.shape.len() as u32).to_le_bytes());
    for dimension in &tensor.shape {
        out.extend((*dimension as u32).to_le_bytes());
    }
    out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    out
}

/// One array of a UQFF file.
fn uqff(tensor: &Tensor, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 32);
    out.extend(UQFF_VERSION.to_le_bytes());
    out.push(0); // GGUF blocks
    out.extend((bytes.len() as u32).to_le_bytes());
    out.push(0); // no bias
    out.extend(tensor.kind.code().to_le_bytes());
    out.extend((tensor.shape.len() as u32).to_le_bytes());
    for dimension in &tensor.shape {
        out.extend((*dimension as u32).to_le_bytes());
    }
    out.extend_from_slice(bytes);
    out
}

fn serialize(tensors: &[(String, Dtype, Vec<u64>, Vec<u8>)], to: &Path) -> Result<(), ImportError> {
    let failed = |reason: String| ImportError::Folder { path: to.to_owned(), reason };
    let views: Vec<(&str, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            let shape = shape.iter().map(|d| *d as usize).collect();
            TensorView::new(*dtype, shape, bytes)
                .map(|view| (name.as_str(), view))
                .map_err(|e| failed(e.to_string()))
        })
        .collect::<Result<_, _>>()?;
    safetensors::serialize_to_file(views, None, to).map_err(|e| failed(e.to_string()))
}

/// Whether much of it is not what candle 0.11's repacked kernels want: Q4_K, Q6_K or Q8_0, rows a multiple of 16,
/// columns of 256.
fn is_slow(file: &Gguf) -> bool {
    let matrices =
        file.tensors().filter(|(name, t)| t.shape.len() == 2 && name.starts_with("blk."));
    let (mut all, mut slow) = (0u64, 0u64);
    for (_, tensor) in matrices {
        let fits = matches!(tensor.kind, Kind::Q4K | Kind::Q6K | Kind::Q8_0)
            && tensor.shape.first().is_some_and(|rows| rows % 16 == 0)
            && tensor.shape.last().is_some_and(|columns| columns % 256 == 0);
        all += tensor.bytes;
        slow += if fits { 0 } else { tensor.bytes };
    }
    slow * 10 > all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_put_back_as_they_were_before_the_converter() {
        // Two heads of 4 rows of 1 byte: HF order 0 1 2 3 | 4 5 6 7 becomes 0 2 1 3 | 4 6 5 7 in GGUF.
        assert_eq!(rows_put_back(&[0, 2, 1, 3, 4, 6, 5, 7], 8, 4), [0, 1, 2, 3, 4, 5, 6, 7]);
        // One head of 8: 0 4 1 5 2 6 3 7.
        assert_eq!(rows_put_back(&[0, 4, 1, 5, 2, 6, 3, 7], 8, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
