//! From a GGUF file to the folder that mistral.rs's normal loader takes.
//!
//! mistral.rs 0.8.1's own GGUF loader ignores `rope_freqs` and the file's pre-tokeniser, and panics on kinds
//! that it does not know; its normal loaders are right. So the file's quantised blocks go unchanged into a UQFF
//! file, embeddings and norms into safetensors, and the metadata into `config.json` and `tokenizer.json`.
//!
//! Here is what is the same for all models; [`family`] and the modules beside it say what is not.

mod family;
mod gemma2;
mod gemma3;
mod llama;
mod phi3;
mod qwen2;
mod uqff;

use crate::gguf::{Gguf, Kind, Tensor};
use crate::installed::{DESCRIPTION, InstalledModel, describe};
use crate::{ImportError, dequant, tokenizer};
use family::{Family, Norm, Own, Shape};
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
    let family = Family::of(&architecture)
        .ok_or_else(|| ImportError::Architecture(architecture.chars().take(40).collect()))?;
    let shape = family.shape(&file)?;
    family.all_known(&file)?;
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
    let made = write(&mut file, family, &shape, &making, total, progress).and_then(
        |(context, warnings)| {
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
        },
    );
    if made.is_err() {
        let _ = fs::remove_dir_all(&making);
    }
    made
}

/// Whether mistral.rs keeps models of this architecture among those that see pictures, though these see none.
pub(crate) fn among_those_that_see(architecture: &str) -> bool {
    architecture == gemma3::FAMILY.architecture
}

/// The token that prompts begin with. Where the file does not say whether they do, as llama.cpp takes it.
fn bos(file: &Gguf) -> Option<u32> {
    let wanted = file.truth("tokenizer.ggml.add_bos_token").unwrap_or_else(|| {
        file.text("tokenizer.ggml.model") == Some("llama")
            || matches!(file.text("tokenizer.ggml.pre"), Some("llama-bpe" | "llama3" | "llama-v3"))
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

/// How many tokens a layer with a window sees, if the file says so.
///
/// No prompt is longer than the window (a sheet has 300 tokens), so that it never cuts: mistral.rs 0.8.1 lets it
/// reach one token farther than transformers and llama.cpp do, and llama.cpp does not apply Phi-3's.
fn sliding_window(file: &Gguf, family: &Family) -> Result<Option<u64>, ImportError> {
    let key = family.key("attention.sliding_window");
    // Some files say 0 where there is none.
    match file.number(&key) {
        None | Some(0.0) => Ok(None),
        Some(_) => file.count(&key, 1 << 30).map(Some),
    }
}

fn write(
    file: &mut Gguf,
    family: &Family,
    shape: &Shape,
    folder: &Path,
    total: u64,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(u32, Vec<String>), ImportError> {
    let failed =
        |e: std::io::Error| ImportError::Folder { path: folder.to_owned(), reason: e.to_string() };
    let room = file.count(&family.key("context_length"), 1 << 30)?.min(CONTEXT);
    let Own { fields, context } = (family.own)(file, shape, room)?;
    let tied = file.tensor("output.weight").is_none();
    let eps = file
        .number(&family.key("attention.layer_norm_rms_epsilon"))
        .ok_or_else(|| ImportError::Damaged("it does not say its norm's epsilon".into()))?;
    let mut config = json!({
        "architectures": [family.class], "model_type": family.architecture,
        "hidden_act": family.activation, "hidden_size": shape.hidden, "intermediate_size": shape.inner,
        "vocab_size": shape.vocabulary, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads,
        "rms_norm_eps": eps, "rope_theta": shape.theta, "max_position_embeddings": context,
        "tie_word_embeddings": tied,
    });
    if let Value::Object(config) = &mut config {
        config.extend(fields);
    }
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
    let mut plain: Vec<Part> = Vec::new();
    let Shape { layers, hidden, vocabulary, .. } = *shape;
    let (tensor, bytes) = file.read("token_embd.weight", &[vocabulary, hidden])?;
    // The table of embeddings is large: half precision holds all that its blocks said, and rows are read one at a
    // time, so that it is never here in full precision.
    let mut halves = Vec::with_capacity((vocabulary * hidden * 2) as usize);
    for row in bytes.chunks_exact(bytes.len() / vocabulary as usize) {
        let values = dequant::values(tensor.kind, row);
        halves.extend(values.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()));
    }
    drop(bytes);
    plain.push(("model.embed_tokens.weight".into(), Dtype::F16, tensor.shape, halves));
    step(tensor.bytes)?;
    let mut norm = |file: &mut Gguf, from: &str, to: String, length: u64| {
        let (tensor, bytes) = file.read(from, &[length])?;
        let raised = if family.norms_are_raised { 1.0 } else { 0.0 };
        let values = dequant::values(tensor.kind, &bytes);
        let bytes = values.iter().flat_map(|v| (v - raised).to_le_bytes()).collect();
        plain.push((to, Dtype::F32, tensor.shape, bytes));
        Ok::<_, ImportError>(())
    };
    norm(file, "output_norm.weight", "model.norm.weight".into(), hidden)?;
    for layer in 0..layers {
        for Norm { name, to, length } in family.norms {
            let (from, to) =
                (format!("blk.{layer}.{name}.weight"), format!("model.layers.{layer}.{to}.weight"));
            norm(file, &from, to, shape.side(*length))?;
        }
    }
    serialize(&plain, &folder.join(RESIDUAL))?;
    drop(plain);

    // The blocks, in the order in which mistral.rs numbers them.
    let array = |number: usize, tensor: &Tensor, bytes: &[u8], bias: Option<&[f32]>| {
        let write = if unpack { uqff::unpacked } else { uqff::blocks };
        let block = write(tensor, bytes, bias);
        (number.to_string(), Dtype::U8, vec![block.len() as u64], block)
    };
    let output = if tied { "token_embd.weight" } else { "output.weight" };
    let (tensor, bytes) = file.read(output, &[vocabulary, hidden])?;
    serialize(&[array(0, &tensor, &bytes, None)], &folder.join(HEAD))?;
    step(tensor.bytes)?;
    let mut blocks: Vec<Part> = Vec::new();
    for layer in 0..layers {
        for matrix in family.matrices {
            let (rows, columns) = (shape.side(matrix.rows), shape.side(matrix.columns));
            let name = format!("blk.{layer}.{}", matrix.name);
            let (tensor, mut bytes) = file.read(&format!("{name}.weight"), &[rows, columns])?;
            if matrix.interleaved {
                bytes = uqff::rows_put_back(&bytes, rows, shape.head);
            }
            let bias = if matrix.bias {
                let (tensor, bytes) = file.read(&format!("{name}.bias"), &[rows])?;
                Some(dequant::values(tensor.kind, &bytes))
            } else {
                None
            };
            blocks.push(array(blocks.len() + 1, &tensor, &bytes, bias.as_deref()));
            step(tensor.bytes)?;
        }
    }
    serialize(&blocks, &folder.join(BLOCKS))?;
    Ok((context as u32, warnings))
}

/// A tensor to be written: name, type, shape, bytes.
type Part = (String, Dtype, Vec<u64>, Vec<u8>);

fn serialize(tensors: &[Part], to: &Path) -> Result<(), ImportError> {
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
