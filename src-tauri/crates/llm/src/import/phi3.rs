//! Phi-3 mini and 3.5 mini: queries, keys and values in one matrix, gate and up in another, in the file as in the
//! loader; LongRoPE in those for long texts.

use super::family::{Family, Matrix, Norm, Own, Shape, Side, fields, scaled_unusually};
use crate::gguf::Gguf;
use crate::{ImportError, dequant};
use serde_json::{Value, json};

pub(super) const FAMILY: Family = Family {
    architecture: "phi3",
    class: "Phi3ForCausalLM",
    activation: "silu",
    free_heads: false,
    norms: &[
        Norm::new("attn_norm", "input_layernorm"),
        Norm::new("ffn_norm", "post_attention_layernorm"),
    ],
    norms_are_raised: false,
    matrices: &[
        Matrix::new("attn_qkv", Side::Fused, Side::Hidden),
        Matrix::new("attn_output", Side::Hidden, Side::Queries),
        // llama.cpp's name; the gate's rows come first.
        Matrix::new("ffn_up", Side::TwiceInner, Side::Hidden),
        Matrix::new("ffn_down", Side::Hidden, Side::Inner),
    ],
    own,
};

fn own(file: &mut Gguf, shape: &Shape, context: u64) -> Result<Own, ImportError> {
    let key = FAMILY.key("rope.scaling.original_context_length");
    let original = match file.number(&key) {
        Some(_) => file.count(&key, 1 << 30)?,
        None => u64::MAX,
    };
    let window = super::sliding_window(file, &FAMILY)?;
    // The factors for long texts are never needed, and the window never cuts: see `sliding_window`.
    let context = context.min(original).min(window.unwrap_or(u64::MAX));
    let (scaling, original) = long_rope(file, shape, context)?;
    Ok(Own {
        fields: fields(json!({
            "sliding_window": window, "rope_scaling": scaling,
            "original_max_position_embeddings": original, "partial_rotary_factor": Value::Null,
        })),
        context,
    })
}

/// LongRoPE (arXiv 2402.13753), and `original_max_position_embeddings`.
///
/// It has factors for short and for long texts, and one number by which rotated queries and keys are multiplied in
/// both (`attention_factor` in `modeling_rope_utils.py` of transformers). mistral.rs 0.8.1 does not read that number
/// (its configuration that has it is never chosen, because the one without it is tried first and fits as well); it
/// takes sqrt(1 + ln(`max_position_embeddings` / original) / ln(original)). So the original length given here is the
/// one for which this is the file's number, and both lists of factors are those for short texts, so that it does not
/// matter from where on the other one is used.
fn long_rope(file: &mut Gguf, shape: &Shape, context: u64) -> Result<(Value, u64), ImportError> {
    const SHORT: &str = "rope_factors_short.weight";
    if file.tensor(SHORT).is_none() {
        FAMILY.positions_are_unscaled(file)?;
        return Ok((Value::Null, context));
    }
    let kind = file.text(&FAMILY.key("rope.scaling.type")).unwrap_or("longrope");
    if !matches!(kind, "longrope" | "su" | "none") || file.tensor("rope_freqs.weight").is_some() {
        return Err(scaled_unusually());
    }
    let (tensor, bytes) = file.read(SHORT, &[shape.head / 2])?;
    let factors = dequant::values(tensor.kind, &bytes);
    if !factors.iter().all(|f| f.is_finite() && *f > 0.0) {
        return Err(ImportError::Damaged("its factors of positions make no sense".into()));
    }
    let wanted = file.number(&FAMILY.key("rope.scaling.attn_factor")).unwrap_or(1.0);
    let original = (context as f64).powf(wanted.powi(-2)).round();
    let given = ((context as f64).ln() / original.ln()).sqrt();
    if !((given / wanted - 1.0).abs() < 1e-3 && original <= context as f64) {
        return Err(scaled_unusually());
    }
    let scaling = json!({ "type": "longrope", "short_factor": factors, "long_factor": factors });
    Ok((scaling, original as u64))
}
