//! The program: the app, or, when it is told so, the language model's process.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    // First, before any thread or window: the child needs neither.
    if std::env::args().nth(1).as_deref() == Some(mailroom_engine::LLM_ENGINE) {
        return mailroom_engine::llm_engine_main();
    }
    mailroom_app::run()
}
