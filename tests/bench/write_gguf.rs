//! `write-gguf tiny|reference|phi3|gemma2|gemma3|qwen2|1b FILE`: writes a model with random weights.

use mailroom_tests::gguf::{Family, Random};
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (kind, path) = match args.as_slice() {
        [kind, path] => (kind.as_str(), path),
        _ => ("", &String::new()),
    };
    let model = match kind {
        "tiny" => Random::tiny(),
        "reference" => Random::reference(),
        "phi3" => Random::of(Family::Phi3),
        "gemma2" => Random::of(Family::Gemma2),
        "gemma3" => Random::of(Family::Gemma3),
        "qwen2" => Random::of(Family::Qwen2),
        "1b" => Random::llama_1b(),
        _ => {
            eprintln!("Usage: write-gguf tiny|reference|phi3|gemma2|gemma3|qwen2|1b FILE");
            return ExitCode::from(2);
        }
    };
    match File::create(path)
        .and_then(|file| model.write(&mut BufWriter::with_capacity(1 << 20, file)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path} cannot be written: {error}.");
            ExitCode::FAILURE
        }
    }
}
