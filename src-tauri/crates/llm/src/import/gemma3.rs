//! Gemma 3, text alone (270M, 1B): as Gemma 2, with norms of each head's queries and keys in place of caps, and five
//! of six layers with a window and positions of their own.

use super::family::{Family, Matrix, Norm, Own, Shape, Side, fields};
use super::gemma2::cap;
use crate::ImportError;
use crate::gguf::Gguf;
use serde_json::json;

pub(super) const FAMILY: Family = Family {
    architecture: "gemma3",
    class: "Gemma3ForCausalLM",
    activation: "gelu_pytorch_tanh",
    free_heads: true,
    norms: &[
        Norm::new("attn_norm", "input_layernorm"),
        Norm::new("attn_q_norm", "self_attn.q_norm").of_heads(),
        Norm::new("attn_k_norm", "self_attn.k_norm").of_heads(),
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
    // From 4B on they are scaled, and those models see pictures, which are not imported.
    FAMILY.positions_are_unscaled(file)?;
    let window = super::sliding_window(file, &FAMILY)?
        .ok_or_else(|| ImportError::Damaged("it does not say its window of attention".into()))?;
    let local = file.number(&FAMILY.key("rope.freq_base_swa")).unwrap_or(10_000.0);
    Ok(Own {
        fields: fields(json!({
            "head_dim": shape.head, "attention_bias": false, "hidden_activation": FAMILY.activation,
            "sliding_window": window, "sliding_window_pattern": 6, "rope_local_base_freq": local,
            "query_pre_attn_scalar": shape.head,
            "attn_logit_softcapping": cap(file, &FAMILY, "attn_logit_softcapping")?,
            "final_logit_softcapping": cap(file, &FAMILY, "final_logit_softcapping")?,
        })),
        context: context.min(window),
    })
}
