//! Arrays of UQFF 0.2.0, as mistral.rs 0.8.1 reads them (`mistralrs-quant/src/{gguf,unquantized}/mod.rs` and
//! `utils/uqff.rs`): a version, a kind, the weights, perhaps a bias.

use crate::dequant;
use crate::gguf::Tensor;

const VERSION: u32 = 0x200;
const BLOCKS: u8 = 0;
const PLAIN: u8 = 1;
/// F32 among the types of plain tensors.
const F32: u32 = 6;

/// The file's own blocks, unchanged.
pub(super) fn blocks(tensor: &Tensor, bytes: &[u8], bias: Option<&[f32]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    out.extend(VERSION.to_le_bytes());
    out.push(BLOCKS);
    out.extend((bytes.len() as u32).to_le_bytes());
    out.push(u8::from(bias.is_some()));
    out.extend(tensor.kind.code().to_le_bytes());
    dimensions(&mut out, &tensor.shape);
    out.extend_from_slice(bytes);
    if let Some(bias) = bias {
        values(&mut out, bias, &[bias.len() as u64]);
    }
    out
}

/// The blocks unpacked to F32: what mistral.rs writes for a matrix that was never quantised.
pub(super) fn unpacked(tensor: &Tensor, bytes: &[u8], bias: Option<&[f32]>) -> Vec<u8> {
    let weights = dequant::values(tensor.kind, bytes);
    let mut out = Vec::with_capacity(weights.len() * 4 + 64);
    out.extend(VERSION.to_le_bytes());
    out.push(PLAIN);
    out.push(u8::from(bias.is_some()));
    values(&mut out, &weights, &tensor.shape);
    if let Some(bias) = bias {
        values(&mut out, bias, &[bias.len() as u64]);
    }
    out
}

fn values(out: &mut Vec<u8>, values: &[f32], shape: &[u64]) {
    out.extend((values.len() as u32 * 4).to_le_bytes());
    out.extend(F32.to_le_bytes());
    dimensions(out, shape);
    out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
}

fn dimensions(out: &mut Vec<u8>, shape: &[u64]) {
    out.extend((shape.len() as u32).to_le_bytes());
    for dimension in shape {
        out.extend((*dimension as u32).to_le_bytes());
    }
}

/// GGUF interleaves the two halves of each head's rows of q and k in the llama family (`permute` of llama.cpp's
/// converter); undoes it.
pub(super) fn rows_put_back(bytes: &[u8], rows: u64, head: u64) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::Kind;

    #[test]
    fn rows_are_put_back_as_they_were_before_the_converter() {
        // Two heads of 4 rows of 1 byte: HF order 0 1 2 3 | 4 5 6 7 becomes 0 2 1 3 | 4 6 5 7 in GGUF.
        assert_eq!(rows_put_back(&[0, 2, 1, 3, 4, 6, 5, 7], 8, 4), [0, 1, 2, 3, 4, 5, 6, 7]);
        // One head of 8: 0 4 1 5 2 6 3 7.
        assert_eq!(rows_put_back(&[0, 4, 1, 5, 2, 6, 3, 7], 8, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_bias_lies_behind_the_weights() {
        let tensor = Tensor { kind: Kind::F32, shape: vec![2, 1], offset: 0, bytes: 8 };
        let weights: Vec<u8> = [1.0f32, 2.0].iter().flat_map(|f| f.to_le_bytes()).collect();
        let mut bias = Vec::new();
        values(&mut bias, &[3.0, 4.0], &[2]);
        assert_eq!(bias.len(), 4 + 4 + 4 + 4 + 8, "length, type, dimensions, two of them, values");
        let some = Some([3.0f32, 4.0].as_slice());
        for (with, without, flag_at) in [
            (blocks(&tensor, &weights, some), blocks(&tensor, &weights, None), 4 + 1 + 4),
            (unpacked(&tensor, &weights, some), unpacked(&tensor, &weights, None), 4 + 1),
        ] {
            assert_eq!((with[flag_at], without[flag_at]), (1, 0));
            assert_eq!(with[without.len()..], bias);
        }
    }
}
