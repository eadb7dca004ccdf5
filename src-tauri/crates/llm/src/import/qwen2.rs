//! Qwen 2 and 2.5: built like Llama, with biases on queries, keys and values, whose rows lie in the file as the
//! loader wants them.

use super::family::{Family, Matrix, Norm, Own, Shape, Side, fields};
use crate::ImportError;
use crate::gguf::Gguf;
use serde_json::{Value, json};

pub(super) const FAMILY: Family = Family {
    architecture: "qwen2",
    class: "Qwen2ForCausalLM",
    activation: "silu",
    free_heads: false,
    norms: &[
        Norm::new("attn_norm", "input_layernorm"),
        Norm::new("ffn_norm", "post_attention_layernorm"),
    ],
    norms_are_raised: false,
    matrices: &[
        Matrix::new("attn_q", Side::Queries, Side::Hidden).with_bias(),
        Matrix::new("attn_k", Side::Keys, Side::Hidden).with_bias(),
        Matrix::new("attn_v", Side::Keys, Side::Hidden).with_bias(),
        Matrix::new("attn_output", Side::Hidden, Side::Queries),
        Matrix::new("ffn_gate", Side::Inner, Side::Hidden),
        Matrix::new("ffn_up", Side::Inner, Side::Hidden),
        Matrix::new("ffn_down", Side::Hidden, Side::Inner),
    ],
    own,
};

fn own(file: &mut Gguf, _: &Shape, context: u64) -> Result<Own, ImportError> {
    // Its YaRN for long texts is unknown to mistral.rs's loader.
    FAMILY.positions_are_unscaled(file)?;
    Ok(Own { fields: fields(json!({ "sliding_window": Value::Null })), context })
}
