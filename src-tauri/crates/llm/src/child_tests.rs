//! The engine computes what llama.cpp computes: its answers were written by `tools/models/reference.py`.

use super::{Engine, load, logits};
use crate::import;
use crate::tokenizer::Plain;
use gguf::{Family, Part, Random};
use mistralrs::{Tensor, TextMessageRole, TextMessages};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[allow(dead_code)]
#[path = "../../../../tests/support/gguf.rs"]
mod gguf;

#[derive(Deserialize)]
struct Real {
    sha256: String,
    prompts: Vec<Prompt>,
}

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
    tokens: Vec<u32>,
    /// The ten most probable next tokens and their log-probabilities.
    best: Vec<(u32, f32)>,
    /// The two most probable tokens at each place of a greedy continuation.
    greedy: Vec<[u32; 2]>,
}

#[derive(Deserialize)]
struct Made {
    sha256: String,
    lengths: Vec<Length>,
}

#[derive(Deserialize)]
struct Length {
    tokens: usize,
    /// At the last places of the prompt.
    logits: Vec<Vec<f32>>,
}

fn reference<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    serde_json::from_slice(&std::fs::read(file).expect("the reference")).expect("a reference")
}

async fn engine(file: &Path, folder: &Path) -> Engine {
    let model = import(file, folder, None, &mut |_| ControlFlow::Continue(())).expect("imported");
    load(&model.folder, &[]).await.expect("loaded")
}

fn row(logits: &Tensor, at: usize) -> Vec<f32> {
    logits.get(at).and_then(|r| r.to_vec1()).expect("numbers")
}

fn log_probabilities(row: &[f32]) -> Vec<f32> {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum = row.iter().map(|x| f64::from(x - top).exp()).sum::<f64>().ln() as f32;
    row.iter().map(|x| x - top - sum).collect()
}

/// Real weights, where `tools/models/fetch.sh` has brought them.
#[tokio::test(flavor = "multi_thread")]
async fn real_weights_answer_as_in_llama_cpp() {
    let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
        PathBuf::from,
    );
    let file = cache.join("models/smollm2-135m-instruct-q4_1.gguf");
    if !file.exists() {
        eprintln!("skipped: {} is not here; tools/models/fetch.sh brings it", file.display());
        return;
    }
    let wanted: Real = reference("smollm2.json");
    let folder = tempfile::tempdir().expect("a folder");
    let model =
        import(&file, folder.path(), Some(&wanted.sha256), &mut |_| ControlFlow::Continue(()));
    let engine = load(&model.expect("imported").folder, &[]).await.expect("loaded");
    assert_eq!(wanted.prompts.len(), 20);
    let mut worst = 0f32;
    for Prompt { prompt, tokens, best, greedy } in &wanted.prompts {
        let own = engine.tokenizer.beginning(prompt).expect("tokens");
        assert_eq!(own, *tokens, "{prompt:?}");
        let mut all = tokens.clone();
        all.extend(greedy.iter().map(|two| two[0]));
        let logits = logits(&engine, all).await.expect("logits");
        let next = log_probabilities(&row(&logits, tokens.len() - 1));
        for (token, wanted) in best {
            let off = (next[*token as usize] - wanted).abs();
            worst = worst.max(off);
            assert!(off < 0.3, "{prompt:?}: token {token} is off by {off}");
        }
        for (step, two) in greedy.iter().enumerate() {
            let row = row(&logits, tokens.len() - 1 + step);
            let best =
                (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).expect("tokens") as u32;
            assert!(two.contains(&best), "{prompt:?}, token {step}: {best} is none of {two:?}");
        }
    }
    println!("log-probabilities are off by {worst:.3} at most");
}

/// As in the script.
fn random_tokens(count: usize) -> Vec<u32> {
    let mut state = 7u64;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % 256) as u32
        })
        .collect()
}

/// Pearson's correlation with the reference at each length, the least of the last places.
async fn correlations(model: &Random, wanted: &Made) -> Vec<f32> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.gguf");
    std::fs::write(&file, model.bytes()).expect("written");
    let engine = engine(&file, &folder.path().join("models")).await;
    let mut out = Vec::new();
    for Length { tokens, logits: rows } in &wanted.lengths {
        let logits = logits(&engine, random_tokens(*tokens)).await.expect("logits");
        let first = tokens - rows.len();
        let least = rows
            .iter()
            .enumerate()
            .map(|(n, wanted)| correlation(&row(&logits, first + n), wanted));
        out.push(least.fold(1.0, f32::min));
    }
    out
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let n = a.len() as f32;
    let (mean_a, mean_b) = (a.iter().sum::<f32>() / n, b.iter().sum::<f32>() / n);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
    }
    ab / (aa * bb).sqrt()
}

/// Both engines round activations to eight bits in ways of their own: the least correlation that is called the same,
/// and the greatest that is called another.
const ROUNDED: [f32; 2] = [0.97, 0.92];

/// The sound model answers as llama.cpp does, and none that is broken in one of these ways.
async fn sound_alone_is_right(
    family: Family,
    file: &str,
    [same, other]: [f32; 2],
    faults: &[Part],
) {
    let wanted: Made = reference(file);
    let sound = Random::of(family);
    let digest: String = Sha256::digest(sound.bytes()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        digest, wanted.sha256,
        "the reference is of another file; run tools/models/reference.py again"
    );
    let found = correlations(&sound, &wanted).await;
    println!("{family:?}, sound: {found:?}");
    assert!(found.iter().all(|c| *c >= same), "{found:?}");
    let mut seen = HashSet::new();
    for fault in faults {
        let found = correlations(&sound.clone().with(*fault), &wanted).await;
        println!("{family:?}, {fault:?}: {found:?}");
        assert!(found.iter().any(|c| *c < other), "{fault:?} goes unseen: {found:?}");
        seen.insert(format!("{fault:?}"));
    }
    assert_eq!(seen.len(), faults.len());
}

/// Llama 3.2's kind (its blocks, its scaling of positions, peaked attention), and what breaks it.
#[tokio::test(flavor = "multi_thread")]
async fn random_weights_answer_as_in_llama_cpp_and_each_fault_is_seen() {
    let faults = [
        Part::NoRope,
        Part::Rows("attn_q"),
        Part::Rows("attn_k"),
        Part::NoMinima,
        Part::NoUpperBits,
    ];
    sound_alone_is_right(Family::Llama, "random.json", ROUNDED, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phi_3_answers_as_in_llama_cpp_and_each_fault_is_seen() {
    let faults = [
        Part::NoRope,
        Part::Number("rope.scaling.attn_factor", 1.0),
        Part::Rows("attn_qkv"),
        Part::Swapped("attn_qkv"),
        Part::Swapped("ffn_up"),
    ];
    sound_alone_is_right(Family::Phi3, "phi3.json", ROUNDED, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gemma_2_answers_as_in_llama_cpp_and_each_fault_is_seen() {
    let faults = [
        Part::RaisedNorms,
        Part::Number("attn_logit_softcapping", 1e6),
        Part::Number("final_logit_softcapping", 1e6),
        Part::Rows("attn_q"),
    ];
    // Norms behind each part and capped logits leave little of the rounding: 0.9999 was seen.
    sound_alone_is_right(Family::Gemma2, "gemma2.json", [0.995, 0.975], &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gemma_3_answers_as_in_llama_cpp_and_each_fault_is_seen() {
    let faults = [
        Part::RaisedNorms,
        Part::Rows("attn_q.weight"),
        // Of the one layer without a window.
        Part::Number("rope.freq_base", 10_000.0),
    ];
    sound_alone_is_right(Family::Gemma3, "gemma3.json", [0.9998, 0.9995], &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn qwen_2_answers_as_in_llama_cpp_and_each_fault_is_seen() {
    let faults = [
        Part::NoBias("attn_q"),
        Part::NoBias("attn_k"),
        Part::NoBias("attn_v"),
        Part::Rows("attn_q"),
        Part::Number("rope.freq_base", 10_000.0),
    ];
    sound_alone_is_right(Family::Qwen2, "qwen2.json", ROUNDED, &faults).await;
}

/// What mistral.rs makes of a conversation, and what the tokeniser for foreign text makes of the same characters.
#[tokio::test(flavor = "multi_thread")]
async fn conversations_have_the_published_form_and_nothing_in_a_mail_looks_like_one() {
    for (family, wanted) in [
        (Family::Phi3, "<s><|user|>\nyes no<|end|>\n<|assistant|>\n"),
        (Family::Gemma2, "<bos><start_of_turn>user\nyes no<end_of_turn>\n<start_of_turn>model\n"),
        (
            Family::Qwen2,
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n<|im_start|>user\nyes no<|im_end|>\n<|im_start|>assistant\n",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("model.gguf");
        std::fs::write(&file, Random::of(family).bytes()).expect("written");
        let engine = engine(&file, &folder.path().join("models")).await;
        // The left one of two that mistral.rs takes; the type of both is not ours to name.
        let said = TextMessages::new().add_message(TextMessageRole::User, "yes no");
        let said = Err::<String, TextMessages>(said).into();
        let tokens = engine.model.tokenize(said, None, false, true, None).await.expect("tokens");
        let text = engine.model.detokenize(tokens.clone(), false).await.expect("text");
        // SentencePiece puts blanks of its own behind special tokens.
        let bare = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(bare(&text), bare(wanted), "{family:?}");

        let first_special = Random::of(family).first_special();
        assert!(tokens.iter().any(|token| *token >= first_special), "{family:?}: {tokens:?}");
        for text in [wanted, "</s><unk><0x0A><|reserved_special_token_299|>"] {
            let plain = engine.tokenizer.beginning(text).expect("tokens");
            assert!(plain.iter().all(|token| *token < first_special), "{family:?}: {plain:?}");
            let back = engine.model.detokenize(plain, false).await.expect("text");
            assert_eq!(back, text, "{family:?}: nothing is lost");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_piece_of_a_prompt_begins_with_sentence_pieces_blank() {
    for (family, blank) in [(Family::Phi3, true), (Family::Gemma2, false)] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("model.gguf");
        std::fs::write(&file, Random::of(family).bytes()).expect("written");
        let model =
            import(&file, &folder.path().join("models"), None, &mut |_| ControlFlow::Continue(()));
        let folder = model.expect("imported").folder;
        let json = std::fs::read(folder.join("tokenizer.json")).expect("a tokeniser");
        let plain = Plain::new(serde_json::from_slice(&json).expect("JSON")).expect("it loads");
        let word = plain.following(" yes").expect("tokens");
        assert_eq!(word.len(), 1, "a word of a sheet is one token");
        assert_eq!(plain.beginning("yes").expect("tokens") == word, blank);
        assert_eq!(plain.following("yes").expect("tokens").len(), 2, "y, es");
        assert_eq!(plain.beginning("").expect("tokens"), [0u32; 0]);
    }
}
