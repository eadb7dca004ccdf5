//! `tokenizer.json` from the vocabulary of a GGUF file, with the pre-tokeniser that the file names.
//!
//! Regular expressions as in llama.cpp's `llama-vocab.cpp` (`LLAMA_VOCAB_PRE_TYPE_*`).

use crate::ImportError;
use crate::gguf::Gguf;
use serde_json::{Value, json};

const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Kinds of tokens in `tokenizer.ggml.token_type`.
const CONTROL: f64 = 3.0;
const USER_DEFINED: f64 = 4.0;

fn unsupported(what: impl Into<String>) -> ImportError {
    ImportError::Unsupported(what.into())
}

/// The file's tokeniser in the format of Hugging Face's `tokenizers`.
pub(crate) fn tokenizer_json(gguf: &Gguf) -> Result<Value, ImportError> {
    let model = gguf.text("tokenizer.ggml.model").unwrap_or("none");
    if model != "gpt2" {
        return Err(unsupported(format!("its tokeniser is of the kind \"{model}\"")));
    }
    let tokens = gguf
        .texts("tokenizer.ggml.tokens")
        .ok_or_else(|| ImportError::Damaged("it has no vocabulary".into()))?;
    let merges = gguf
        .texts("tokenizer.ggml.merges")
        .ok_or_else(|| ImportError::Damaged("its vocabulary has no merges".into()))?;
    let kinds = gguf.numbers("tokenizer.ggml.token_type").unwrap_or_default();
    let byte_level = |regex: bool| json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": regex });
    let split = |pattern: &str| {
        json!({ "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false },
            byte_level(false),
        ] })
    };
    let pre = gguf.text("tokenizer.ggml.pre").unwrap_or("none");
    // Llama 3 looks a whole piece up before it merges.
    let (pre_tokenizer, ignore_merges) = match pre {
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
    let added: Vec<Value> = tokens
        .iter()
        .enumerate()
        .filter_map(|(id, token)| {
            let kind = *kinds.get(id)?;
            (kind == CONTROL || kind == USER_DEFINED).then(|| {
                json!({
                    "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": kind == CONTROL,
                })
            })
        })
        .collect();
    let mut vocabulary = serde_json::Map::with_capacity(tokens.len());
    for (id, token) in tokens.iter().enumerate() {
        if vocabulary.insert(token.clone(), json!(id)).is_some() {
            return Err(ImportError::Damaged("a token is in its vocabulary twice".into()));
        }
    }
    let merges: Vec<Value> = merges
        .iter()
        .map(|merge| {
            let (left, right) = merge
                .split_once(' ')
                .ok_or_else(|| ImportError::Damaged("a merge of its vocabulary is none".into()))?;
            Ok(json!([left, right]))
        })
        .collect::<Result<_, ImportError>>()?;
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": null,
        "decoder": byte_level(true),
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": ignore_merges, "vocab": vocabulary, "merges": merges,
        },
    }))
}

/// The same without special tokens: what foreign text is cut with, so that `<|eot_id|>` in a mail is seven
/// characters and not the end of the conversation.
pub(crate) fn plain(mut json: Value) -> Result<tokenizers::Tokenizer, String> {
    json["added_tokens"] = json!([]);
    let text = json.to_string();
    let mut tokenizer =
        tokenizers::Tokenizer::from_bytes(text.as_bytes()).map_err(|e| e.to_string())?;
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|e| e.to_string())?;
    Ok(tokenizer)
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
        for name in ["ggml-vocab-llama-bpe", "ggml-vocab-qwen2"] {
            let file = folder.join(format!("{name}.gguf"));
            if !file.exists() {
                eprintln!("skipped: {} is not here", file.display());
                continue;
            }
            let gguf = Gguf::open(&file).expect("a vocabulary");
            let tokenizer = plain(tokenizer_json(&gguf).expect("a tokeniser")).expect("it loads");
            let read = |end: &str| {
                std::fs::read_to_string(folder.join(format!("{name}.gguf.{end}"))).expect("text")
            };
            let texts = read("inp");
            let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
            let answers = read("out");
            for (text, answer) in texts.iter().zip(answers.lines()) {
                let wanted: Vec<u32> =
                    answer.split_whitespace().map(|n| n.parse().expect("a number")).collect();
                let got = tokenizer.encode_fast(*text, false).expect("tokens");
                assert_eq!(got.get_ids(), wanted, "{name}: {text:?}");
                checked += 1;
            }
        }
        if checked > 0 {
            assert!(checked >= 90, "{checked} texts of two vocabularies");
        }
    }
}
