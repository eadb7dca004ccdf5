//! A folder of real mail that somebody has labelled. It is only ever reported on.

use crate::mail::Mail;
use mailroom_corpus::labelled;
use std::error::Error;
use std::path::Path;

/// All that `labels.jsonl` of a folder lists.
pub fn read(folder: &Path) -> Result<Vec<Mail>, Box<dyn Error>> {
    labelled(folder)?
        .into_iter()
        .map(|one| {
            Ok(Mail {
                content: mailroom_mail::parse(&std::fs::read(folder.join(&one.file))?),
                own: Vec::new(),
                family: one.file,
                lang: one.lang,
                label: one.label,
                second: one.second,
            })
        })
        .collect()
}
