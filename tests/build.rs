//! Tells the tests for which system they are built.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=MAILROOM_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
