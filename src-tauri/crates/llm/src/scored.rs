//! The output matrix cut down to the tokens whose scores are asked for.
//!
//! A sheet is answered by the logits at some places of the prompt, and mistral.rs gives them at all places or at the
//! last one. All places times 128,256 tokens are a fifth of the work of Llama 3.2 1B, and 0.4 GB; the scores of a
//! dozen words need a dozen rows. Rows are stored one after another, so that choosing some is copying bytes.

use crate::import::HEAD;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use std::path::Path;

/// Bytes before the shape in an array of UQFF: version, kind, length, bias, type.
const BEFORE_SHAPE: usize = 4 + 1 + 4 + 1 + 4;
/// What the fast kernels want.
const MULTIPLE: usize = 16;

/// Writes the rows of `tokens` (ascending, each once) and gives the file's name in `folder`. Rows are filled up to a
/// multiple of 16 by repeating the last one.
pub(crate) fn write(folder: &Path, tokens: &[u32]) -> Result<String, String> {
    let bytes = fs::read(folder.join(HEAD)).map_err(|e| e.to_string())?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| e.to_string())?;
    let array = file.tensor("0").map_err(|e| e.to_string())?;
    let cut = rows(array.data(), tokens)
        .ok_or("its output matrix is damaged. Remove it and add its file again")?;
    let view = TensorView::new(Dtype::U8, vec![cut.len()], &cut).map_err(|e| e.to_string())?;
    let name = "scored.uqff";
    let making = folder.join("scored.part");
    safetensors::serialize_to_file([("0", view)], None, &making).map_err(|e| e.to_string())?;
    fs::rename(&making, folder.join(name)).map_err(|e| e.to_string())?;
    Ok(name.to_owned())
}

/// The array with these rows alone; `None` if it is no matrix that has them.
fn rows(array: &[u8], tokens: &[u32]) -> Option<Vec<u8>> {
    let number =
        |at: usize| Some(u32::from_le_bytes(array.get(at..at + 4)?.try_into().ok()?) as usize);
    // A plain tensor says bias, length, type; quantised blocks say length, bias, type.
    let plain = *array.get(4)? == 1;
    let length_at = if plain { 6 } else { 5 };
    let length = number(length_at)?;
    if number(BEFORE_SHAPE)? != 2 {
        return None;
    }
    let count = number(BEFORE_SHAPE + 4)?;
    let data = array.get(BEFORE_SHAPE + 12..)?;
    if count == 0 || data.len() != length || length % count != 0 {
        return None;
    }
    let row = length / count;
    let last = *tokens.last()?;
    let wanted: Vec<u32> = tokens
        .iter()
        .copied()
        .chain(std::iter::repeat(last))
        .take(tokens.len().next_multiple_of(MULTIPLE))
        .collect();
    let mut out = array.get(..BEFORE_SHAPE + 12)?.to_vec();
    out.get_mut(length_at..length_at + 4)?
        .copy_from_slice(&((wanted.len() * row) as u32).to_le_bytes());
    out.get_mut(BEFORE_SHAPE + 4..BEFORE_SHAPE + 8)?
        .copy_from_slice(&(wanted.len() as u32).to_le_bytes());
    for token in wanted {
        let from = token as usize * row;
        out.extend_from_slice(data.get(from..from + row)?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_and_filled_up() {
        let mut array = Vec::new();
        array.extend(0x200u32.to_le_bytes());
        array.push(0);
        array.extend(12u32.to_le_bytes());
        array.push(0);
        array.extend(8u32.to_le_bytes());
        array.extend([2u32, 6, 2].iter().flat_map(|n| n.to_le_bytes()));
        array.extend(0u8..12);
        let cut = rows(&array, &[1, 4]).expect("rows");
        assert_eq!(&cut[26..30], [2, 3, 8, 9]);
        assert_eq!(cut.len(), 26 + 16 * 2);
        assert_eq!(u32::from_le_bytes(cut[18..22].try_into().expect("four")), 16);
        assert_eq!(rows(&array, &[6]), None, "no such row");
        assert_eq!(rows(&array[..20], &[1]), None);
        assert_eq!(rows(&array, &[]), None);
    }
}
