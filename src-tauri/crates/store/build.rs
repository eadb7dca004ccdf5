//! Rebuilds the crate when a migration changes: `sqlx::migrate!` reads the folder, cargo doesn't.

fn main() {
    println!("cargo:rerun-if-changed=../../../migrations");
}
