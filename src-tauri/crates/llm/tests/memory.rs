//! The engine's memory stays flat over thousands of messages. A test of its own, so that no other engine runs.

use gguf::Random;
use mailroom_domain::{Sheet, SheetQuestion};
use mailroom_llm::{Llm, LlmConfig, LlmState, Priority, import};
use std::ops::ControlFlow;
use std::path::PathBuf;

#[allow(dead_code)]
#[path = "../../../../tests/support/gguf.rs"]
mod gguf;

/// Resident memory of this process's only child, in bytes.
fn resident() -> u64 {
    let own = std::process::id();
    let status = std::fs::read_dir("/proc")
        .expect("processes")
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("status")).ok())
        .find(|status| status.lines().any(|l| l == format!("PPid:\t{own}")))
        .expect("the engine runs");
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat_over_3000_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tiny.gguf");
    std::fs::write(&file, Random::tiny().bytes()).expect("written");
    let models = folder.path().join("models");
    let model = import(&file, &models, None, &mut |_| ControlFlow::Continue(())).expect("imported");
    let llm = Llm::spawn(LlmConfig::new(PathBuf::from(env!("CARGO_BIN_EXE_mailroom-llm-engine"))));
    llm.load(model).await;
    let mut state = llm.state();
    let ready = state.wait_for(|s| !matches!(s, LlmState::Absent | LlmState::Loading { .. })).await;
    assert!(matches!(&*ready.expect("a state"), LlmState::Ready { .. }));
    let sheet = |n: usize| Sheet {
        instruction: "Read the mail.".into(),
        mail: (0..40).map(|word| format!("w{:x} ", n * 7919 + word * word)).collect(),
        mail_tokens: 150,
        fence: String::new(),
        form: "Form:".into(),
        questions: vec![SheetQuestion {
            line: "- Asks something:".into(),
            filler: " ?".into(),
            words: vec![" yes".into(), " no".into()],
        }],
    };
    let mut marks = Vec::new();
    for n in 0..3000 {
        llm.score(format!("{n}"), sheet(n), Priority::Bulk).await.expect("scores");
        if n == 500 || n == 2999 {
            marks.push(resident());
        }
    }
    println!("{} MB after 500 messages, {} MB after 3,000", marks[0] >> 20, marks[1] >> 20);
    // The cache that is switched off would have taken some hundred megabytes.
    assert!(marks[1] < marks[0] + (24 << 20), "{marks:?}");
    llm.shutdown().await;
}
