//! Builds Tauri's context from the files under `src-tauri/`, although the configuration lies at the root.
fn main() {}
