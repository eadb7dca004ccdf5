//! Import of mail files (`.eml`, mbox, Maildir, folders) into an account of their own.

use crate::judge::Heard;
use crate::places::{Lies, Places};
use crate::start::{Engine, Parts};
use crate::{PARSER, failure, now};
use mailroom_domain::{AccountId, FolderRole};
use mailroom_store::{AccountKind, NewMessage};
use mailroom_wire::{Code, Failure};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Messages that are stored in one transaction.
const PORTION: usize = 200;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Messages that are new.
    pub new: u64,
    /// Messages that were there already.
    pub known: u64,
    /// What could not be read, in sentences; the rest was imported.
    pub problems: Vec<String>,
}

impl Engine {
    /// Imports a path. `address` is the reader's, which tells mail to the reader from mail to a list; it may
    /// be empty. `progress` is told how many messages have been dealt with.
    ///
    /// # Errors
    /// When the path holds no mail, or the store fails. What was stored before stays.
    pub async fn import(
        &self,
        path: &Path,
        address: &str,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Imported, Failure> {
        let parts = self.parts();
        let account = account(parts, address).await?;
        let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = name.to_string_lossy().into_owned();
        let display =
            path.file_name().map_or_else(|| name.clone(), |n| n.to_string_lossy().into_owned());
        // Fails before a folder is made for nothing.
        let mut messages = open(path)?;
        let (folder, _) = parts
            .store
            .folder(account, &name, &mailroom_mail::neutral::line(&display, 100), FolderRole::Other)
            .await
            .map_err(failure::store)?;
        parts.judge.set_places(Places::load(&parts.store).await?);
        let own: Arc<[String]> = own(address).into();
        let mut done = Imported::default();
        loop {
            let (judge, own) = (Arc::clone(&parts.judge), Arc::clone(&own));
            // Reading and parsing block.
            let (rest, portion, problems) = tokio::task::spawn_blocking(move || {
                let (mut portion, mut problems) = (Vec::new(), Vec::new());
                while portion.len() < PORTION {
                    match messages.next() {
                        None => break,
                        Some(Err(error)) => problems.push(error.to_string()),
                        Some(Ok(message)) => {
                            let content = mailroom_mail::parse(&message.raw);
                            let received = content.headers.date.unwrap_or_else(now);
                            let lies = Lies { folder, flags: &message.flags, received };
                            let heard = Heard { lies: Some(lies), ..Heard::default() };
                            portion.push(NewMessage {
                                verdict: Some(judge.verdict(&content, &own, heard)),
                                uid: None,
                                flags: message.flags,
                                internal_date: content.headers.date,
                                size: message.raw.len() as u64,
                                raw: message.raw,
                                content,
                                parser: PARSER,
                            });
                        }
                    }
                }
                (messages, portion, problems)
            })
            .await
            .map_err(|_| failure::internal())?;
            messages = rest;
            done.problems.extend(problems);
            if portion.is_empty() {
                break;
            }
            let kept = parts.store.import(folder, portion, now()).await.map_err(failure::store)?;
            let new = kept.iter().filter(|kept| kept.is_new()).count() as u64;
            done.new += new;
            done.known += kept.len() as u64 - new;
            parts.lanes_changed();
            progress(done.new + done.known);
        }
        Ok(done)
    }
}

fn open(path: &Path) -> Result<mailroom_mail::import::Messages, Failure> {
    let path: PathBuf = path.to_owned();
    mailroom_mail::import::open(&path).map_err(|e| Failure::new(Code::Invalid, e.to_string()))
}

/// The reader's addresses, as triage wants them.
pub(crate) fn own(address: &str) -> Vec<String> {
    match address.trim() {
        "" => Vec::new(),
        address => vec![address.to_lowercase()],
    }
}

async fn account(parts: &Parts, address: &str) -> Result<AccountId, Failure> {
    let kind = AccountKind::Local { address: address.trim().to_owned() };
    let accounts = parts.store.accounts().await.map_err(failure::store)?;
    match accounts.into_iter().find(|account| account.kind == kind) {
        Some(account) => Ok(account.id),
        None => parts.store.add_account(&kind).await.map_err(failure::store),
    }
}
