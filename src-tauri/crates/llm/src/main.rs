//! The language model's process alone, for tests; the app and the command line hold the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    mailroom_llm::child_main()
}
