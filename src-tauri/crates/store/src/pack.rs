//! Compression of what is stored as blobs.

use crate::{Result, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::io::Read;

/// Fast enough not to be what first sync waits for.
const LEVEL: i32 = 3;
/// Nothing that was stored is larger when unpacked; a damaged blob must not eat the memory.
const MOST: u64 = 512 * 1024 * 1024;

/// Packs bytes.
pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(bytes, LEVEL)
        .map_err(|e| StoreError::Invalid(format!("A message could not be packed ({e}).")))
}

/// Unpacks bytes.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    let unreadable = |e: std::io::Error| StoreError::Unreadable(e.to_string());
    let mut bytes = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(unreadable)?;
    decoder.by_ref().take(MOST).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Packs a value as JSON.
pub(crate) fn pack_json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    pack(&to_json(value)?)
}

/// A value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|e| StoreError::Invalid(format!("It cannot be stored as JSON ({e}).")))
}

/// Reads back what [`pack_json`] packed.
pub(crate) fn unpack_json<T: DeserializeOwned>(packed: &[u8]) -> Result<T> {
    from_json(&unpack(packed)?)
}

/// Reads back what [`to_json`] wrote.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| StoreError::Unreadable(e.to_string()))
}
