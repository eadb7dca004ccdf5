//! Accounts and folders by number, for the rules, which know them by name.

use crate::failure;
use mailroom_domain::rules::Folder;
use mailroom_domain::{AccountId, FlagSet, FolderId, FolderRole, UnixSeconds};
use mailroom_store::Store;
use mailroom_wire::Failure;
use std::collections::HashMap;

/// All accounts and folders as they were when this was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    accounts: HashMap<AccountId, Account>,
    folders: HashMap<FolderId, (AccountId, usize)>,
}

#[derive(Clone, Debug, Default)]
struct Account {
    address: String,
    folders: Vec<(String, FolderRole)>,
}

/// Where a message lies, how it stands and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lies<'a> {
    pub(crate) folder: FolderId,
    pub(crate) flags: &'a FlagSet,
    pub(crate) received: UnixSeconds,
}

impl<'a> Lies<'a> {
    pub(crate) fn of(row: &mailroom_store::Row, flags: &'a FlagSet) -> Lies<'a> {
        Lies { folder: row.folder, flags, received: row.received }
    }
}

/// A folder among those of its account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around<'a> {
    pub(crate) account: &'a str,
    pub(crate) folder: Folder<'a>,
    pub(crate) folders: Vec<Folder<'a>>,
}

impl Places {
    pub(crate) async fn load(store: &Store) -> Result<Places, Failure> {
        let mut out = Places::default();
        for account in store.accounts().await.map_err(failure::store)? {
            let address = account.address().to_owned();
            out.accounts.insert(account.id, Account { address, folders: Vec::new() });
        }
        for folder in store.folders(None).await.map_err(failure::store)? {
            let account = out.accounts.entry(folder.account).or_default();
            out.folders.insert(folder.id, (folder.account, account.folders.len()));
            account.folders.push((folder.display, folder.role));
        }
        Ok(out)
    }

    pub(crate) fn knows(&self, folder: FolderId) -> bool {
        self.folders.contains_key(&folder)
    }

    /// What is known of a folder; nothing of one that is not there.
    pub(crate) fn around(&self, folder: FolderId) -> Around<'_> {
        let Some((account, at)) = self.folders.get(&folder) else { return Around::default() };
        let Some(account) = self.accounts.get(account) else { return Around::default() };
        let folders: Vec<Folder<'_>> =
            account.folders.iter().map(|(name, role)| Folder { name, role: *role }).collect();
        let folder = folders.get(*at).copied().unwrap_or_default();
        Around { account: &account.address, folder, folders }
    }
}
