//! The sample mail that ships with the app, for a first look without an account.

use crate::judge::Heard;
use crate::places::{Lies, Places};
use crate::start::Parts;
use crate::{PARSER, failure, now};
use mailroom_domain::{AccountId, FlagSet, FolderRole};
use mailroom_store::{AccountKind, NewMessage};
use mailroom_wire::Failure;

include!(concat!(env!("OUT_DIR"), "/sample.rs"));

/// The invented reader of the sample mail.
pub(crate) const READER: &str = "nora@lindqvist.example";

/// The sample account, if it is there.
pub(crate) async fn account(parts: &Parts) -> Result<Option<AccountId>, Failure> {
    let accounts = parts.store.accounts().await.map_err(failure::store)?;
    Ok(accounts.into_iter().find(|a| a.kind == AccountKind::Sample).map(|a| a.id))
}

/// Fills the app with the sample mail; twice is as good as once.
pub(crate) async fn load(parts: &Parts) -> Result<u32, Failure> {
    let account = match account(parts).await? {
        Some(account) => account,
        None => parts.store.add_account(&AccountKind::Sample).await.map_err(failure::store)?,
    };
    let (folder, _) = parts
        .store
        .folder(account, "Sample", "Sample mail", FolderRole::Inbox)
        .await
        .map_err(failure::store)?;
    parts.judge.set_places(Places::load(&parts.store).await?);
    let flags = FlagSet::default();
    let own = [READER.to_owned()];
    let messages: Vec<NewMessage> = MESSAGES
        .iter()
        .map(|raw| {
            let content = mailroom_mail::parse(raw);
            NewMessage {
                uid: None,
                flags: FlagSet::default(),
                internal_date: content.headers.date,
                size: raw.len() as u64,
                raw: raw.to_vec(),
                verdict: Some(parts.judge.verdict(&content, &own, {
                    let received = content.headers.date.unwrap_or_else(now);
                    Heard {
                        lies: Some(Lies { folder, flags: &flags, received }),
                        ..Heard::default()
                    }
                })),
                content,
                parser: PARSER,
            }
        })
        .collect();
    let count = messages.len() as u32;
    parts.store.import(folder, messages, now()).await.map_err(failure::store)?;
    parts.lanes_changed();
    Ok(count)
}

/// Removes the sample mail; it need not be there.
pub(crate) async fn remove(parts: &Parts) -> Result<(), Failure> {
    if let Some(account) = account(parts).await? {
        parts.store.remove_account(account).await.map_err(failure::store)?;
        parts.lanes_changed();
    }
    Ok(())
}

/// The sample mail as sent, for measuring.
pub fn sample_mail() -> impl Iterator<Item = &'static [u8]> {
    MESSAGES.iter().copied()
}
