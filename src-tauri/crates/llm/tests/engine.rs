//! Real models through the real mistral.rs, in the real child process.

#[allow(dead_code)]
#[path = "../../../../tests/support/gguf.rs"]
mod gguf;

use gguf::{Family, Part, Random};
use mailroom_domain::{Sheet, SheetQuestion};
use mailroom_llm::{
    ImportError, InstalledModel, Llm, LlmConfig, LlmState, Priority, ScoreError, import, installed,
    remove,
};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn bring(file: &Path, models: &Path) -> Result<InstalledModel, ImportError> {
    import(file, models, None, &mut |_| ControlFlow::Continue(()))
}

fn config() -> LlmConfig {
    let mut config = LlmConfig::new(PathBuf::from(env!("CARGO_BIN_EXE_mailroom-llm-engine")));
    config.back_off = Duration::from_millis(10);
    config
}

fn sheet(mail: &str) -> Sheet {
    let question = |line: &str| SheetQuestion {
        line: line.into(),
        filler: " ?".into(),
        words: vec![" yes".into(), " no".into()],
    };
    Sheet {
        instruction: "Read the mail.".into(),
        mail: mail.into(),
        mail_tokens: 60,
        fence: String::new(),
        form: "Form:".into(),
        questions: vec![question("- Asks something:"), question("- Sent by a machine:")],
    }
}

async fn ready(llm: &Llm) {
    let mut state = llm.state();
    let reached = state.wait_for(|s| matches!(s, LlmState::Ready { .. } | LlmState::Failed { .. }));
    let reached = tokio::time::timeout(Duration::from_secs(300), reached)
        .await
        .expect("in time")
        .expect("a state");
    assert!(matches!(&*reached, LlmState::Ready { .. }), "{:?}", &*reached);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tiny_model_is_imported_loaded_and_scores_alike_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tiny.gguf");
    std::fs::write(&file, Random::tiny().bytes()).expect("written");
    let models = folder.path().join("models");
    let model = bring(&file, &models).expect("imported");
    assert_eq!(bring(&file, &models).expect("again"), model, "twice is as good as once");
    assert_eq!(installed(&models).expect("a list"), std::slice::from_ref(&model));

    let llm = Llm::spawn(config());
    assert_eq!(*llm.state().borrow(), LlmState::Absent);
    let early = llm.score("a".into(), sheet("Hello"), Priority::New).await;
    assert_eq!(early, Err(ScoreError::NotReady));
    llm.load(model.clone()).await;
    ready(&llm).await;
    let mail = "Dear Ana,\ncan you send the plan? <|eot_id|><|begin_of_text|> 明日";
    let first = llm.score("a".into(), sheet(mail), Priority::New).await.expect("scores");
    assert!(first.fits(&sheet(mail)), "{first:?}");
    assert!(first.0.iter().flatten().all(|score| *score < 0.0), "log-probabilities: {first:?}");
    let second = llm.score("a".into(), sheet(mail), Priority::New).await.expect("scores");
    assert_eq!(first, second, "the same twice");
    let other = llm
        .score("b".into(), sheet("Something else entirely"), Priority::Bulk)
        .await
        .expect("scores");
    assert_ne!(first, other, "the mail is seen");
    // What lies beyond the tokens that are read changes nothing.
    let long = format!("{mail} {}", "word ".repeat(500));
    let cut = llm.score("c".into(), sheet(&long), Priority::New).await.expect("scores");
    let longer =
        llm.score("d".into(), sheet(&format!("{long} end")), Priority::New).await.expect("scores");
    assert_eq!(cut, longer);

    llm.unload().await;
    assert_eq!(*llm.state().borrow(), LlmState::Absent);
    llm.shutdown().await;
    remove(&models, &model.id).expect("removed");
    assert!(installed(&models).expect("a list").is_empty());
    assert!(matches!(remove(&models, "../models"), Err(ImportError::NotInstalled(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_loaded_for_some_words_scores_them_as_one_loaded_for_all() {
    // Tied, tied, with an output matrix of its own, with capped logits.
    let models = [
        Random::tiny(),
        Random::of(Family::Qwen2),
        Random::of(Family::Phi3),
        Random::of(Family::Gemma2),
    ];
    for random in models {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tiny.gguf");
        std::fs::write(&file, random.bytes()).expect("written");
        let model = bring(&file, &folder.path().join("models")).expect("imported");
        let mut differences = Vec::new();
        for words in [vec![], vec![" yes".to_owned(), " no".to_owned(), "Kind".to_owned()]] {
            let llm = Llm::spawn(LlmConfig { words: words.clone(), ..config() });
            llm.load(model.clone()).await;
            ready(&llm).await;
            // In the vocabularies of byte-level BPE every word begins with the token of a blank; these don't.
            let mut asked = sheet("Dear Ana, can you come?");
            asked.questions.iter_mut().for_each(|q| q.words = vec!["Kind".into(), " no".into()]);
            let scores = llm.score("a".into(), asked.clone(), Priority::New).await.expect("scores");
            differences.push(scores.0.iter().map(|q| q[0] - q[1]).collect::<Vec<f32>>());
            asked.questions[0].words[0] = "other".into();
            let other = llm.score("b".into(), asked, Priority::New).await;
            assert_eq!(other.is_ok(), words.is_empty(), "{other:?}");
            llm.shutdown().await;
        }
        for (all, some) in differences[0].iter().zip(&differences[1]) {
            assert!((all - some).abs() < 1e-3, "{:?}: {differences:?}", random.family);
            assert!(all.abs() > 0.01, "{:?}: {differences:?}", random.family);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_the_engine_twice_is_set_aside_and_the_next_one_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tiny.gguf");
    std::fs::write(&file, Random::tiny().bytes()).expect("written");
    let model = bring(&file, &folder.path().join("models")).expect("imported");
    let mut config = config();
    config.environment = vec![("MAILROOM_LLM_DIE_AT".into(), "poison".into())];
    let llm = Llm::spawn(config);
    llm.load(model).await;
    ready(&llm).await;
    let (poisoned, sound) = tokio::join!(
        llm.score("poison".into(), sheet("Hello"), Priority::Visible),
        llm.score("sound".into(), sheet("Hello"), Priority::Bulk),
    );
    assert_eq!(poisoned, Err(ScoreError::SetAside));
    assert!(sound.is_ok(), "{sound:?}");
    let again = llm.score("poison".into(), sheet("Hello"), Priority::Visible).await;
    assert_eq!(again, Err(ScoreError::SetAside), "it is not tried again");
    llm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_does_not_load_fails_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tiny.gguf");
    std::fs::write(&file, Random::tiny().bytes()).expect("written");
    let model = bring(&file, &folder.path().join("models")).expect("imported");
    std::fs::write(model.folder.join("tokenizer.json"), b"{}").expect("damaged");
    let llm = Llm::spawn(config());
    llm.load(model).await;
    let mut state = llm.state();
    let failed =
        state.wait_for(|s| matches!(s, LlmState::Failed { .. })).await.expect("a state").clone();
    let LlmState::Failed { reason } = failed else { panic!() };
    assert!(reason.ends_with("choose another model."), "{reason}");
    llm.shutdown().await;
}

#[test]
fn bad_files_are_refused_with_a_sentence_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let models = folder.path().join("models");
    let whole = Random::tiny().bytes();
    let mut wrong_version = whole.clone();
    wrong_version[4] = 9;
    let mut absurd = whole.clone();
    absurd[8..16].fill(0xff);
    let mut endless = whole.clone();
    // The length of the first key.
    endless[24..32].fill(0x7f);
    let cases: Vec<(&str, Vec<u8>, fn(&ImportError) -> bool)> = vec![
        ("empty", vec![], |e| matches!(e, ImportError::NotGguf(_))),
        ("other", b"PK\x03\x04 a zip file".to_vec(), |e| matches!(e, ImportError::NotGguf(_))),
        ("version", wrong_version, |e| matches!(e, ImportError::Version(9))),
        ("counts", absurd, |e| matches!(e, ImportError::Damaged(_))),
        ("endless", endless, |e| matches!(e, ImportError::Damaged(_))),
        ("header", whole[..1000].to_vec(), |e| matches!(e, ImportError::Truncated { .. })),
        ("half", whole[..whole.len() / 2].to_vec(), |e| matches!(e, ImportError::Truncated { .. })),
        (
            "mamba",
            Random::tiny().with(Part::Architecture("mamba")).bytes(),
            |e| matches!(e, ImportError::Architecture(a) if a == "mamba"),
        ),
        ("heads", Random::tiny().with(Part::Heads(7)).bytes(), |e| {
            matches!(e, ImportError::Damaged(_))
        }),
        ("pre", Random::tiny().with(Part::Pre("martian")).bytes(), |e| {
            matches!(e, ImportError::Unsupported(_))
        }),
        ("rope", Random::tiny().with(Part::Rope).bytes(), |e| {
            matches!(e, ImportError::Unsupported(_))
        }),
        // Parts that its family's loader would leave out without a word.
        (
            "bias",
            Random::tiny().with(Part::Extra("blk.1.attn_q.bias")).bytes(),
            |e| matches!(e, ImportError::Unsupported(what) if what.contains("blk.1.attn_q.bias")),
        ),
        (
            "norm",
            Random::of(Family::Qwen2).with(Part::Extra("blk.0.attn_q_norm.weight")).bytes(),
            |e| matches!(e, ImportError::Unsupported(_)),
        ),
        ("untied", Random::of(Family::Gemma2).with(Part::Extra("output.weight")).bytes(), |e| {
            matches!(e, ImportError::Unsupported(_))
        }),
        (
            "unbiased",
            Random::of(Family::Qwen2).with(Part::Missing("attn_k.bias")).bytes(),
            |e| matches!(e, ImportError::Damaged(what) if what.contains("attn_k.bias")),
        ),
        (
            "partial",
            Random::of(Family::Phi3).with(Part::Number("rope.dimension_count", 48.0)).bytes(),
            |e| matches!(e, ImportError::Unsupported(_)),
        ),
        (
            "scale",
            Random::of(Family::Phi3).with(Part::Number("rope.scaling.attn_factor", 0.5)).bytes(),
            |e| matches!(e, ImportError::Unsupported(_)),
        ),
        (
            "cap",
            Random::of(Family::Gemma2).with(Part::Number("attn_logit_softcapping", -1.0)).bytes(),
            |e| matches!(e, ImportError::Damaged(_)),
        ),
    ];
    for (name, bytes, wanted) in cases {
        let file = folder.path().join(format!("{name}.gguf"));
        std::fs::write(&file, bytes).expect("written");
        let error = bring(&file, &models).expect_err(name);
        assert!(wanted(&error), "{name}: {error:?}");
        assert!(error.to_string().ends_with('.'), "{error}");
    }
    let file = folder.path().join("sound.gguf");
    std::fs::write(&file, &whole).expect("written");
    let wrong = import(&file, &models, Some(&"0".repeat(64)), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(wrong, Err(ImportError::Hash { .. })));
    let stopped = import(&file, &models, None, &mut |p| {
        if p.done > p.total / 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(ImportError::Stopped)));
    assert!(matches!(
        bring(&folder.path().join("none.gguf"), &models),
        Err(ImportError::Unreadable { .. })
    ));
    let left = std::fs::read_dir(&models).map(Iterator::count).unwrap_or(0);
    assert_eq!(left, 0, "nothing is left behind");
}

#[test]
fn the_sentence_about_an_unknown_kind_names_what_can_be_used() {
    let sentence = ImportError::Architecture("mamba".into()).to_string();
    for name in ["mamba", "Llama 3.2", "SmolLM2", "Phi-3 mini", "Gemma 2", "Qwen 2.5"] {
        assert!(sentence.contains(name), "{sentence}");
    }
}

#[test]
fn prompts_are_no_longer_than_a_window_of_attention() {
    let folder = tempfile::tempdir().expect("a folder");
    for (family, window, context) in [
        (Family::Phi3, 2047.0, 2047),
        (Family::Phi3, 0.0, 4096),
        (Family::Gemma2, 512.0, 512),
        (Family::Qwen2, 0.0, 4096),
    ] {
        let file = folder.path().join("model.gguf");
        let random = Random::of(family).with(Part::Number("attention.sliding_window", window));
        std::fs::write(&file, random.bytes()).expect("written");
        let model = bring(&file, &folder.path().join("models")).expect("imported");
        assert_eq!((model.context, model.architecture.as_str()), (context, family.architecture()));
    }
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("odd.gguf");
    let wholes = [Family::Llama, Family::Phi3, Family::Gemma2, Family::Qwen2]
        .map(|family| Random { layers: 2, ..Random::of(family) }.bytes());
    let mut seed = 1u64;
    for whole in wholes.iter().cycle().take(400) {
        let mut bytes = whole[..20_000.min(whole.len())].to_vec();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = (seed >> 20) as u8;
        }
        std::fs::write(&file, &bytes).expect("written");
        assert!(bring(&file, &folder.path().join("models")).is_err());
    }
}

/// Real weights, where `tools/models/fetch.sh` has brought them.
#[tokio::test(flavor = "multi_thread")]
async fn smollm2_tells_a_question_from_a_receipt() {
    let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
        PathBuf::from,
    );
    let file = cache.join("models/smollm2-135m-instruct-q4_1.gguf");
    if !file.exists() {
        eprintln!("skipped: {} is not here; tools/models/fetch.sh brings it", file.display());
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let sum = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
    let model =
        import(&file, &folder.path().join("models"), Some(sum), &mut |_| ControlFlow::Continue(()))
            .expect("imported");
    assert_eq!(
        model.warnings.len(),
        1,
        "its columns have no fast kernel: it is unpacked, which is said"
    );
    let llm = Llm::spawn(config());
    llm.load(model).await;
    ready(&llm).await;
    let blank = |line: &str, words: [&str; 2]| Sheet {
        instruction: "The capital of France is Paris.".into(),
        mail: "The sun rises in the east and sets in the west.".into(),
        mail_tokens: 100,
        fence: String::new(),
        form: "Facts:".into(),
        questions: vec![SheetQuestion {
            line: line.into(),
            filler: " ?".into(),
            words: words.map(str::to_owned).to_vec(),
        }],
    };
    // A language model that computes the right thing knows these; a wrong one (rows of q and k not put
    // back, another tokeniser) does not.
    for (line, words) in [
        ("The capital of France is", [" Paris", " seven"]),
        ("Monday, Tuesday, Wednesday, Thursday,", [" Friday", " table"]),
        ("one two three four five six", [" seven", " Paris"]),
        ("The opposite of hot is", [" cold", " and"]),
    ] {
        let sheet = blank(line, words);
        let scores = llm.score(line.into(), sheet.clone(), Priority::New).await.expect("scores");
        assert!(scores.0[0][0] > scores.0[0][1] + 1.0, "{line}: {scores:?}");
        assert_eq!(llm.score(line.into(), sheet, Priority::New).await.expect("scores"), scores);
    }
    llm.shutdown().await;
}
