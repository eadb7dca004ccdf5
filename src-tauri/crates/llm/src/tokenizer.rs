//! `tokenizer.json` from the vocabulary of a GGUF file: byte-level BPE with the pre-tokeniser that the file names, or
//! SentencePiece with byte fallback.
//!
//! Regular expressions as in llama.cpp's `llama-vocab.cpp` (`LLAMA_VOCAB_PRE_TYPE_*`), and so is what is said of
//! SentencePiece (`llm_tokenizer_spm`).

use crate::ImportError;
use crate::gguf::Gguf;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use tokenizers::Tokenizer;

const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// SentencePiece's blank.
const BLANK: &str = "\u{2581}";

/// Kinds of tokens in `tokenizer.ggml.token_type`.
const NORMAL: f64 = 1.0;
const CONTROL: f64 = 3.0;
const USER_DEFINED: f64 = 4.0;

fn unsupported(what: impl Into<String>) -> ImportError {
    ImportError::Unsupported(what.into())
}

fn damaged(what: &str) -> ImportError {
    ImportError::Damaged(what.into())
}

/// What differs between kinds of tokenisers in their `tokenizer.json`.
struct Parts {
    normalizer: Value,
    pre_tokenizer: Value,
    decoder: Value,
    /// Fields of the model: all but the vocabulary.
    model: Value,
}

/// The file's tokeniser in the format of Hugging Face's `tokenizers`.
pub(crate) fn tokenizer_json(gguf: &Gguf) -> Result<Value, ImportError> {
    let tokens =
        gguf.texts("tokenizer.ggml.tokens").ok_or_else(|| damaged("it has no vocabulary"))?;
    let kinds = gguf.numbers("tokenizer.ggml.token_type").unwrap_or_default();
    let mut vocabulary = Map::with_capacity(tokens.len());
    for (id, token) in tokens.iter().enumerate() {
        if vocabulary.insert(token.clone(), json!(id)).is_some() {
            return Err(damaged("a token is in its vocabulary twice"));
        }
    }
    let added: Vec<Value> = tokens
        .iter()
        .zip(kinds)
        .enumerate()
        .filter(|(_, (_, kind))| [CONTROL, USER_DEFINED].contains(kind))
        .map(|(id, (token, kind))| {
            json!({
                "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": *kind == CONTROL,
            })
        })
        .collect();
    let Parts { normalizer, pre_tokenizer, decoder, mut model } =
        match gguf.text("tokenizer.ggml.model").unwrap_or("none") {
            "gpt2" => byte_level_bpe(gguf)?,
            "llama" => sentence_piece(gguf, tokens, kinds)?,
            other => {
                return Err(unsupported(format!("its tokeniser is of the kind \"{other}\"")));
            }
        };
    model["type"] = json!("BPE");
    model["vocab"] = Value::Object(vocabulary);
    for absent in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
        model[absent] = Value::Null;
    }
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": null,
        "decoder": decoder,
        "model": model,
    }))
}

fn byte_level_bpe(gguf: &Gguf) -> Result<Parts, ImportError> {
    let merges = gguf
        .texts("tokenizer.ggml.merges")
        .ok_or_else(|| damaged("its vocabulary has no merges"))?;
    let merges: Vec<Value> = merges
        .iter()
        .map(|merge| {
            let (left, right) = merge
                .split_once(' ')
                .ok_or_else(|| damaged("a merge of its vocabulary is none"))?;
            Ok(json!([left, right]))
        })
        .collect::<Result<_, ImportError>>()?;
    let byte_level = |regex: bool| json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": regex });
    let split = |pattern: &str| {
        json!({ "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false },
            byte_level(false),
        ] })
    };
    // Llama 3 looks a whole piece up before it merges.
    let (pre_tokenizer, ignore_merges) = match gguf.text("tokenizer.ggml.pre").unwrap_or("none") {
        "llama-bpe" | "llama3" | "llama-v3" => (split(LLAMA3), true),
        "qwen2" => (split(QWEN2), false),
        "smollm" => (
            json!({ "type": "Sequence", "pretokenizers": [
                { "type": "Digits", "individual_digits": true },
                byte_level(true),
            ] }),
            false,
        ),
        other => {
            return Err(unsupported(format!(
                "its text is cut in a way (\"{other}\") that is not known"
            )));
        }
    };
    Ok(Parts {
        normalizer: Value::Null,
        pre_tokenizer,
        decoder: byte_level(true),
        model: json!({
            "unk_token": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": ignore_merges, "merges": merges,
        }),
    })
}

/// SentencePiece merges the two neighbours whose union has the best score, over and over; so does BPE, if for each
/// token all ways to make it of two others are merges, those of the best token first.
///
/// Only normal tokens are made by merging. llama.cpp would also make control tokens of plain text so (`</s>` of `</`
/// and `s>`), which a mail must not do.
fn sentence_piece(gguf: &Gguf, tokens: &[String], kinds: &[f64]) -> Result<Parts, ImportError> {
    let scores = gguf
        .numbers("tokenizer.ggml.scores")
        .filter(|scores| scores.len() == tokens.len() && scores.iter().all(|s| s.is_finite()))
        .ok_or_else(|| damaged("its vocabulary has no scores"))?;
    if kinds.len() != tokens.len() {
        return Err(damaged("its vocabulary does not say what its tokens are"));
    }
    let normal: HashMap<&str, f64> = tokens
        .iter()
        .zip(kinds)
        .zip(scores)
        .filter(|((_, kind), _)| **kind == NORMAL)
        .map(|((token, _), score)| (token.as_str(), *score))
        .collect();
    let mut merges: Vec<(f64, usize, &str, &str)> = Vec::new();
    for (id, token) in tokens.iter().enumerate() {
        let Some(score) = normal.get(token.as_str()) else { continue };
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if normal.contains_key(left) && normal.contains_key(right) {
                merges.push((*score, id, left, right));
            }
        }
    }
    // Stable: of the ways to make one token, the one with the shorter beginning stays first.
    merges.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let merges: Vec<Value> =
        merges.iter().map(|(_, _, left, right)| json!([left, right])).collect();
    let blanks = json!({ "type": "Replace", "pattern": { "String": " " }, "content": BLANK });
    let mut decoders = vec![
        json!({ "type": "Replace", "pattern": { "String": BLANK }, "content": " " }),
        json!({ "type": "ByteFallback" }),
        json!({ "type": "Fuse" }),
    ];
    let normalizer = if gguf.truth("tokenizer.ggml.add_space_prefix").unwrap_or(true) {
        decoders.push(json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 }));
        json!({ "type": "Sequence", "normalizers": [
            { "type": "Prepend", "prepend": BLANK },
            blanks,
        ] })
    } else {
        blanks
    };
    let unknown = gguf
        .number("tokenizer.ggml.unknown_token_id")
        .and_then(|id| tokens.get(id as usize))
        .or_else(|| tokens.iter().find(|token| *token == "<unk>"));
    Ok(Parts {
        normalizer,
        pre_tokenizer: Value::Null,
        decoder: json!({ "type": "Sequence", "decoders": decoders }),
        model: json!({
            "unk_token": unknown, "fuse_unk": true, "byte_fallback": true,
            "ignore_merges": false, "merges": merges,
        }),
    })
}

/// The tokeniser for foreign text: it knows no special tokens, so that `<|eot_id|>` in a mail is seven characters and
/// not the end of the conversation.
pub(crate) struct Plain {
    tokenizer: Tokenizer,
    /// Whether the first text of a prompt gets a blank before it, as SentencePiece does.
    blank_first: bool,
}

impl Plain {
    /// Of a `tokenizer.json` that [`tokenizer_json`] made.
    pub(crate) fn new(mut json: Value) -> Result<Plain, String> {
        // Of the tokens that the file defines besides its vocabulary, runs of blanks alone (Gemma has some) keep
        // their meaning: nobody can smuggle anything in by them.
        if let Some(added) = json.get_mut("added_tokens").and_then(Value::as_array_mut) {
            added.retain(|token| {
                let content = token["content"].as_str().unwrap_or_default();
                token["special"] == json!(false)
                    && !content.is_empty()
                    && content.chars().all(char::is_whitespace)
            });
        }
        // A text is given in pieces, and only the first begins anything.
        let first = json["normalizer"]["normalizers"][0]["type"] == json!("Prepend");
        if first {
            json["normalizer"] = json["normalizer"]["normalizers"][1].take();
        }
        let text = json.to_string();
        let mut tokenizer = Tokenizer::from_bytes(text.as_bytes()).map_err(|e| e.to_string())?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|e| e.to_string())?;
        Ok(Plain { tokenizer, blank_first: first })
    }

    /// The tokens of the text that a prompt begins with.
    pub(crate) fn beginning(&self, text: &str) -> Result<Vec<u32>, String> {
        if self.blank_first && !text.is_empty() {
            self.following(&format!(" {text}"))
        } else {
            self.following(text)
        }
    }

    /// The tokens of a text that follows another.
    pub(crate) fn following(&self, text: &str) -> Result<Vec<u32>, String> {
        let tokens = self.tokenizer.encode_fast(text, false).map_err(|e| e.to_string())?;
        Ok(tokens.get_ids().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Reference tokenisations of llama.cpp, where they are at hand: vocabularies are not ours to ship.
    #[test]
    fn texts_are_cut_as_llama_cpp_cuts_them() {
        let folder = std::env::var_os("MAILROOM_SHARED").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/models"),
            Into::into,
        );
        let mut checked = 0;
        for name in ["ggml-vocab-llama-bpe", "ggml-vocab-phi-3", "ggml-vocab-qwen2"] {
            let file = folder.join(format!("{name}.gguf"));
            if !file.exists() {
                eprintln!("skipped: {} is not here", file.display());
                continue;
            }
            let gguf = Gguf::open(&file).expect("a vocabulary");
            let tokenizer =
                Plain::new(tokenizer_json(&gguf).expect("a tokeniser")).expect("it loads");
            let read = |end: &str| {
                std::fs::read_to_string(folder.join(format!("{name}.gguf.{end}"))).expect("text")
            };
            let texts = read("inp");
            let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
            let answers = read("out");
            for (text, answer) in texts.iter().zip(answers.lines()) {
                let wanted: Vec<u32> =
                    answer.split_whitespace().map(|n| n.parse().expect("a number")).collect();
                let got = tokenizer.beginning(text).expect("tokens");
                assert_eq!(got, wanted, "{name}: {text:?}");
                checked += 1;
            }
        }
        if checked > 0 {
            assert!(checked >= 135, "{checked} texts of three vocabularies");
        }
    }

    /// Gemma's vocabulary, where `tools/models/fetch.sh gemma` has brought it.
    #[test]
    fn texts_are_cut_for_gemma_as_llama_cpp_cuts_them() {
        #[derive(serde::Deserialize)]
        struct Reference {
            sha256: String,
            texts: Vec<(String, Vec<u32>)>,
        }
        /// Gemma's own tokens for HTML, which here are characters like others: of tokens besides the vocabulary,
        /// foreign text gets blanks alone.
        const OTHERWISE: [&str; 1] = ["<p>Hello <b>world"];
        let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
            || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
            Into::into,
        );
        let file = cache.join("models/gemma-3-270m-q4_k_m.gguf");
        if !file.exists() {
            eprintln!("skipped: {} is not here; tools/models/fetch.sh brings it", file.display());
            return;
        }
        let text = include_str!("../tests/reference/gemma-tokens.json");
        let Reference { sha256, texts } = serde_json::from_str(text).expect("a reference");
        assert!(sha256.starts_with("a5fd3b62"), "the file that fetch.sh brings");
        let gguf = Gguf::open(&file).expect("a model");
        let tokenizer = Plain::new(tokenizer_json(&gguf).expect("a tokeniser")).expect("it loads");
        assert!(texts.len() >= 35, "{} texts", texts.len());
        for (text, wanted) in &texts {
            let same = tokenizer.beginning(text).expect("tokens") == *wanted;
            assert_eq!(same, !OTHERWISE.contains(&text.as_str()), "{text:?}");
        }
    }
}
