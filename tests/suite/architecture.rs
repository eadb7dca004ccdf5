//! The directions that the crates depend in, and the one version of candle.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the root").to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        // Without a filter it would want crates that only other systems use, and that nobody has fetched.
        .other_options(
            ["--locked", "--offline", "--filter-platform", env!("MAILROOM_TARGET")]
                .map(String::from)
                .to_vec(),
        )
        .exec()
        .expect("cargo metadata")
}

/// Direct dependencies of each crate of ours, without those of tests and build scripts.
fn direct(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let ours: BTreeSet<_> = metadata.workspace_members.iter().collect();
    metadata
        .packages
        .iter()
        .filter(|p| ours.contains(&p.id))
        .map(|p| {
            let needs = p
                .dependencies
                .iter()
                .filter(|d| d.kind == DependencyKind::Normal)
                .map(|d| d.name.to_string())
                .collect();
            (p.name.to_string(), needs)
        })
        .collect()
}

#[test]
fn crates_depend_in_one_direction() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("mailroom-domain", &[][..]),
        ("mailroom-wire", &["domain"]),
        ("mailroom-store", &["domain"]),
        ("mailroom-mail", &["domain"]),
        ("mailroom-encoder", &[]),
        ("mailroom-llm", &["domain"]),
        ("mailroom-triage", &["domain"]),
        ("mailroom-sync", &["domain", "mail", "store"]),
        (
            "mailroom-engine",
            &["domain", "wire", "store", "mail", "encoder", "llm", "triage", "sync"],
        ),
        // For trainers and tests alone: no crate of the app may need it.
        ("mailroom-corpus", &["domain"]),
        ("mailroom-cli", &["domain", "wire", "engine"]),
        ("mailroom", &["wire", "engine"]),
    ]);
    let direct = direct(&metadata());
    for (name, allowed) in &allowed {
        let needs = direct.get(*name).unwrap_or_else(|| panic!("there is no crate {name}"));
        for need in needs.iter().filter_map(|n| n.strip_prefix("mailroom-")) {
            assert!(allowed.contains(&need), "{name} must not depend on mailroom-{need}");
        }
    }
    let known: BTreeSet<&str> = allowed.keys().copied().collect();
    for name in direct.keys().filter(|n| *n == "mailroom" || n.starts_with("mailroom-")) {
        assert!(
            known.contains(name.as_str()) || name == "mailroom-tests",
            "{name} has no place yet"
        );
    }
}

#[test]
fn heavy_and_foreign_crates_are_named_in_one_place() {
    let owners: [(&str, &str); 8] = [
        ("mistralrs", "mailroom-llm"),
        ("candle-core", "mailroom-encoder"),
        ("candle-nn", "mailroom-encoder"),
        ("sqlx", "mailroom-store"),
        ("imap", "mailroom-mail"),
        ("mail-parser", "mailroom-mail"),
        ("ammonia", "mailroom-mail"),
        ("tauri", "mailroom"),
    ];
    let direct = direct(&metadata());
    for (foreign, owner) in owners {
        // The re-export crates carry the names of what they re-export.
        for (name, needs) in &direct {
            assert!(
                !needs.contains(foreign) || name == owner || !name.starts_with("mailroom"),
                "{foreign} belongs to {owner}, but {name} names it"
            );
        }
        assert!(direct[owner].contains(foreign), "{owner} does not name {foreign} any more");
    }
    for (name, needs) in &direct {
        let shell = needs.iter().find(|n| n.starts_with("tauri"));
        assert!(name == "mailroom" || shell.is_none(), "{name} names {shell:?}");
    }
}

/// Without the patch, mistral.rs falls back to a candle that is twelve times slower on the CPU.
#[test]
fn the_engine_runs_on_the_fast_kernels() {
    let metadata = metadata();
    let real: Vec<String> = metadata
        .packages
        .iter()
        .filter(|p| p.name.as_str() == "candle-core" && p.source.is_some())
        .map(|p| p.version.to_string())
        .collect();
    assert_eq!(
        real,
        ["0.11.1"],
        "the patch of candle-core is lost, or a second candle has come in"
    );
    let patched = metadata
        .packages
        .iter()
        .find(|p| p.name.as_str() == "candle-core" && p.source.is_none())
        .expect("the re-export crate");
    assert_eq!(patched.version.to_string(), "0.10.2");
}

#[test]
fn only_the_host_of_the_interface_knows_the_window() {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "ts" || e == "tsx") {
                found.push(path);
            }
        }
    }
    let ui = root().join("ui/src");
    let mut files = Vec::new();
    walk(&ui, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        let host = file.strip_prefix(&ui).expect("below").starts_with("host");
        assert!(host || !text.contains("@tauri-apps"), "{} names @tauri-apps", file.display());
    }
}
