//! Lists the sample mail that ships with the app, so that adding a file is enough to ship it.

use std::{env, fmt::Write as _, fs, path::PathBuf};

fn main() {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"))
        .join("../../../samples");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|e| e == "eml"));
    files.sort();
    let mut code = String::from(
        "/// The sample messages as sent, by file name.\npub(crate) const MESSAGES: &[&[u8]] = &[\n",
    );
    for file in &files {
        let file = file.canonicalize().expect("a file that was just listed");
        writeln!(code, "    include_bytes!({:?}),", file.to_string_lossy()).expect("a string");
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("sample.rs");
    fs::write(out, code).expect("the target folder can be written");
}
