//! Llama 3 and all that are built like it (SmolLM2 among them).

use super::family::{Family, Matrix, Norm, Own, Shape, Side, fields, scaled_unusually};
use crate::gguf::Gguf;
use crate::{ImportError, dequant};
use serde_json::{Value, json};

pub(super) const FAMILY: Family = Family {
    architecture: "llama",
    class: "LlamaForCausalLM",
    activation: "silu",
    free_heads: false,
    norms: &[
        Norm::new("attn_norm", "input_layernorm"),
        Norm::new("ffn_norm", "post_attention_layernorm"),
    ],
    norms_are_raised: false,
    matrices: &[
        Matrix::new("attn_q", Side::Queries, Side::Hidden).interleaved(),
        Matrix::new("attn_k", Side::Keys, Side::Hidden).interleaved(),
        Matrix::new("attn_v", Side::Keys, Side::Hidden),
        Matrix::new("attn_output", Side::Hidden, Side::Queries),
        Matrix::new("ffn_gate", Side::Inner, Side::Hidden),
        Matrix::new("ffn_up", Side::Inner, Side::Hidden),
        Matrix::new("ffn_down", Side::Hidden, Side::Inner),
    ],
    own,
};

fn own(file: &mut Gguf, shape: &Shape, context: u64) -> Result<Own, ImportError> {
    let scaling = rope_scaling(file, shape)?;
    Ok(Own { fields: fields(json!({ "rope_scaling": scaling })), context })
}

/// Llama 3's scaling of rotary positions (arXiv 2407.21783; `modeling_rope_utils.py` of transformers), as far as
/// the factors in the file imply it.
fn rope_scaling(file: &mut Gguf, shape: &Shape) -> Result<Value, ImportError> {
    const LOW: f64 = 1.0;
    const HIGH: f64 = 4.0;
    const ORIGINAL: f64 = 8192.0;
    let pairs = shape.head / 2;
    if file.tensor("rope_freqs.weight").is_none() {
        FAMILY.positions_are_unscaled(file)?;
        return Ok(Value::Null);
    }
    let (tensor, bytes) = file.read("rope_freqs.weight", &[pairs])?;
    let factors = dequant::values(tensor.kind, &bytes);
    let factor = factors.iter().copied().fold(1.0f32, f32::max);
    let expected = |pair: usize| {
        let wavelength =
            2.0 * std::f64::consts::PI * shape.theta.powf(2.0 * pair as f64 / (2 * pairs) as f64);
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
        return Err(scaled_unusually());
    }
    if factor == 1.0 {
        return Ok(Value::Null);
    }
    Ok(json!({
        "rope_type": "llama3", "factor": factor, "low_freq_factor": LOW, "high_freq_factor": HIGH,
        "original_max_position_embeddings": ORIGINAL as u64,
    }))
}
