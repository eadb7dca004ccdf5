//! The command line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    mailroom_cli::main()
}
