//! The TypeScript in `ui/src/gen` is what the types say. `UPDATE_BINDINGS=1` writes it anew.

use mailroom_wire::{Answer, Event, Failure, Request};
use std::{collections::BTreeMap, fs, path::Path};
use ts_rs::TS;

fn files(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| {
                    let text = fs::read_to_string(entry.path()).expect("a text file");
                    (entry.file_name().to_string_lossy().into_owned(), text)
                })
                .collect()
        })
        .unwrap_or_default()
}

#[test]
fn the_interface_has_the_current_types() {
    let made = tempfile::tempdir().expect("a temporary folder");
    Request::export_all_to(made.path()).expect("requests");
    Answer::export_all_to(made.path()).expect("answers");
    Event::export_all_to(made.path()).expect("events");
    Failure::export_all_to(made.path()).expect("failures");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/gen");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).expect("ui/src/gen");
        for (name, text) in files(made.path()) {
            fs::write(kept.join(name), text).expect("a binding");
        }
    }
    let (made, kept) = (files(made.path()), files(&kept));
    assert!(made.len() > 20, "only {} bindings were made", made.len());
    let names: std::collections::BTreeSet<&String> = made.keys().chain(kept.keys()).collect();
    let differ: Vec<&String> =
        names.into_iter().filter(|name| made.get(*name) != kept.get(*name)).collect();
    assert!(
        differ.is_empty(),
        "{differ:?} differ: run `UPDATE_BINDINGS=1 cargo test -p mailroom-wire` and commit ui/src/gen"
    );
}
