//! `mailroom-encoder-convert [--plain] e5-small-q4.bin OUT.gguf`: makes the encoder's file.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let adapted = !args.iter().any(|a| a == "--plain");
    args.retain(|a| a != "--plain");
    let [published, to] = args.as_slice() else {
        eprintln!("Usage: mailroom-encoder-convert [--plain] e5-small-q4.bin OUT.gguf");
        return ExitCode::from(2);
    };
    match mailroom_encoder::convert(Path::new(published), Path::new(to), adapted) {
        Ok(version) => {
            println!("{version}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
