//! Models on the disk: one folder each, named by the beginning of its file's SHA-256.

use crate::ImportError;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The description of a model, in its folder. It is written last, so that a folder without it is none.
pub(crate) const DESCRIPTION: &str = "model.json";

/// A model that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledModel {
    /// The first 12 digits of its file's SHA-256.
    pub id: String,
    /// Its name, from the file.
    pub name: String,
    /// Its architecture, as GGUF names it.
    pub architecture: String,
    /// How many weights it has.
    pub parameters: u64,
    /// Bytes of the file that it was made from.
    pub bytes: u64,
    /// Tokens that it can look at.
    pub context: u32,
    /// SHA-256 of the file that it was made from, in hexadecimal digits.
    pub sha256: String,
    /// What the user should know, in sentences.
    pub warnings: Vec<String>,
    /// The token that every prompt begins with, if the model wants one.
    pub(crate) bos: Option<u32>,
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// All models in a folder, by name. What is no model there is passed over.
///
/// # Errors
/// [`ImportError::Folder`] when the folder is there and cannot be read.
pub fn installed(models: &Path) -> Result<Vec<InstalledModel>, ImportError> {
    let entries = match fs::read_dir(models) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => {
            return Err(ImportError::Folder { path: models.to_owned(), reason: e.to_string() });
        }
    };
    let mut out: Vec<InstalledModel> =
        entries.flatten().filter_map(|entry| describe(&entry.path())).collect();
    out.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(out)
}

/// The model of a folder, if it is whole.
pub(crate) fn describe(folder: &Path) -> Option<InstalledModel> {
    let name = folder.file_name()?.to_str()?;
    let text = fs::read(folder.join(DESCRIPTION)).ok()?;
    let mut model: InstalledModel = match serde_json::from_slice(&text) {
        Ok(model) => model,
        Err(error) => {
            tracing::warn!(%error, name, "a model's description cannot be read; it is passed over");
            return None;
        }
    };
    // A folder that was renamed by hand, or is half there.
    let whole =
        [crate::import::BLOCKS, crate::import::HEAD].iter().all(|file| folder.join(file).exists());
    if model.id != name || !whole {
        tracing::warn!(name, "a model's folder is not whole; it is passed over");
        return None;
    }
    model.folder = folder.to_owned();
    Some(model)
}

/// Removes a model from the disk.
///
/// # Errors
/// [`ImportError::NotInstalled`], [`ImportError::Folder`]
pub fn remove(models: &Path, id: &str) -> Result<(), ImportError> {
    // The name comes from outside: it must be one of ours, and no path.
    let known = installed(models)?.into_iter().find(|model| model.id == id);
    let folder = known.ok_or_else(|| ImportError::NotInstalled(id.to_owned()))?.folder;
    fs::remove_dir_all(&folder)
        .map_err(|e| ImportError::Folder { path: folder, reason: e.to_string() })
}
