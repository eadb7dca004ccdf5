//! XLM-RoBERTa's SentencePiece-unigram vocabulary, with its normalisation as a map of characters.

use crate::EncoderError;
use std::collections::HashMap;
use tokenizers::Model;
use tokenizers::models::unigram::Unigram;

/// Marks of beginning and end.
const BOS: u32 = 0;
const EOS: u32 = 2;
/// The token of what the vocabulary lacks.
const UNKNOWN: usize = 3;
/// Bytes of a text that are looked at: far more than any number of tokens that is asked for.
const MOST_BYTES: usize = 20_000;

/// Cuts texts.
pub(crate) struct Tokenizer {
    model: Unigram,
    normal: HashMap<char, String>,
}

impl Tokenizer {
    pub(crate) fn new(
        pieces: Vec<(String, f64)>,
        normal: HashMap<char, String>,
    ) -> Result<Tokenizer, EncoderError> {
        let model = Unigram::from(pieces, Some(UNKNOWN), false)
            .map_err(|e| EncoderError::Damaged(format!("its vocabulary: {e}")))?;
        Ok(Tokenizer { model, normal })
    }

    /// At most `most` tokens, marks included.
    pub(crate) fn tokens(&self, text: &str, most: usize) -> Result<Vec<u32>, EncoderError> {
        let text = text.get(..text.floor_char_boundary(MOST_BYTES)).unwrap_or_default();
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            match self.normal.get(&c) {
                Some(normal) => out.push_str(normal),
                None => out.push(c),
            }
        }
        let mut marked = String::with_capacity(out.len() + 16);
        if !out.starts_with(' ') {
            marked.push('\u{2581}');
        }
        let mut blank = false;
        for c in out.chars() {
            if c != ' ' {
                marked.push(c);
            } else if !blank {
                marked.push('\u{2581}');
            }
            blank = c == ' ';
        }
        let tokens =
            self.model.tokenize(&marked).map_err(|e| EncoderError::Failed(e.to_string()))?;
        let mut ids = vec![BOS];
        ids.extend(tokens.iter().map(|t| t.id).take(most.saturating_sub(2)));
        ids.push(EOS);
        Ok(ids)
    }
}
