//! Gemma 2: norms before and after each part, scores and logits capped softly, every other layer with a window.

use super::family::{Family, Matrix, Norm, Own, Shape, Side, fields};
use crate::ImportError;
use crate::gguf::Gguf;
use serde_json::json;

/// Layers of the 27B, which alone scales its queries by another number than the size of a head.
const LAYERS_OF_27B: u64 = 46;

pub(super) const FAMILY: Family = Family {
    architecture: "gemma2",
    class: "Gemma2ForCausalLM",
    activation: "gelu_pytorch_tanh",
    free_heads: true,
    norms: &[
        Norm::new("attn_norm", "input_layernorm"),
        Norm::new("post_attention_norm", "post_attention_layernorm"),
        Norm::new("ffn_norm", "pre_feedforward_layernorm"),
        Norm::new("post_ffw_norm", "post_feedforward_layernorm"),
    ],
    norms_are_raised: true,
    matrices: &[
        Matrix::new("attn_q", Side::Queries, Side::Hidden),
        Matrix::new("attn_k", Side::Keys, Side::Hidden),
        Matrix::new("attn_v", Side::Keys, Side::Hidden),
        Matrix::new("attn_output", Side::Hidden, Side::Queries),
        Matrix::new("ffn_gate", Side::Inner, Side::Hidden),
        Matrix::new("ffn_up", Side::Inner, Side::Hidden),
        Matrix::new("ffn_down", Side::Hidden, Side::Inner),
    ],
    own,
};

fn own(file: &mut Gguf, shape: &Shape, context: u64) -> Result<Own, ImportError> {
    FAMILY.positions_are_unscaled(file)?;
    if file.tensor("output.weight").is_some() {
        // The loader would take the embeddings instead.
        return Err(ImportError::Unsupported("it has an output matrix of its own".into()));
    }
    // What llama.cpp takes where a file does not say it (`llama-model.cpp`).
    let attention_cap = cap(file, &FAMILY, "attn_logit_softcapping")?.unwrap_or(50.0);
    let final_cap = cap(file, &FAMILY, "final_logit_softcapping")?.unwrap_or(30.0);
    let window = super::sliding_window(file, &FAMILY)?.unwrap_or(4096);
    // `query_pre_attn_scalar` is not in the file: the size of a head, or an even share of the hidden state.
    let scalar =
        if shape.layers == LAYERS_OF_27B { shape.hidden / shape.heads } else { shape.head };
    Ok(Own {
        fields: fields(json!({
            "head_dim": shape.head, "attention_bias": false, "sliding_window": window,
            "attn_logit_softcapping": attention_cap, "final_logit_softcapping": final_cap,
            "query_pre_attn_scalar": scalar,
        })),
        context: context.min(window),
    })
}

/// A number beyond which scores do not go (`cap * tanh(score / cap)`).
pub(super) fn cap(file: &Gguf, family: &Family, key: &str) -> Result<Option<f64>, ImportError> {
    match file.number(&family.key(key)) {
        Some(cap) if !(cap.is_finite() && cap > 0.0) => {
            Err(ImportError::Damaged(format!("its {key} makes no sense")))
        }
        cap => Ok(cap),
    }
}
