//! Requests, answered.

use crate::accounts::Command;
use crate::start::{Engine, Parts};
use crate::{
    audit, discover, failure, history, instruct, like, memory, model, now, privacy, relabel, rules,
    sample, view,
};
use mailroom_domain::{AccountId, AccountSettings, Label, MessageId, Security};
use mailroom_mail::discover as mail;
use mailroom_mail::imap::{ConnectOptions, Secret, check_sign_in};
use mailroom_store::{AccountKind, BatchId, Cursor, Filter};
use mailroom_triage::extract::{Inspected, Mail, best, extract, signals};
use mailroom_wire::{
    AccountState, AccountView, Answer, Code, Facts, Failure, Overview, Request, SignalView, Undone,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Messages that may be labelled by one request.
const AT_ONCE: usize = 1000;

impl Engine {
    /// Answers one request.
    ///
    /// # Errors
    /// A [`Failure`] with a code and a sentence for the user.
    pub async fn request(&self, request: Request) -> Result<Answer, Failure> {
        let parts = self.parts();
        match request {
            Request::Overview => overview(parts).await.map(Answer::Overview),
            Request::Lane { lane, after, limit } => {
                let after = cursor(after)?;
                let page = parts.store.page(&Filter::lane(lane), after, limit.clamp(1, 200)).await;
                page.map(|page| Answer::Lane(view::page(page))).map_err(failure::store)
            }
            Request::Search { query, lane, after, limit } => {
                let after = cursor(after)?;
                let page = parts.store.search(&query, lane, after, limit.clamp(1, 200)).await;
                page.map(|page| Answer::Search(view::page(page))).map_err(failure::store)
            }
            Request::Like { what, limit } => {
                like::find(parts, what, limit).await.map(|rows| Answer::Like { rows })
            }
            Request::Message { id } => message(parts, id).await,
            Request::Facts { id, offset } => facts(parts, id, offset).await.map(Answer::Facts),
            Request::Label { ids, label } => correct(parts, &ids, label).await,
            Request::Undo => {
                let act = parts.store.undo_last(now()).await.map_err(failure::store)?;
                undone(parts, act).await
            }
            Request::TakeBack { act } => {
                let act = parts.store.undo(BatchId(act), now()).await.map_err(failure::store)?;
                undone(parts, act).await
            }
            Request::History { filter, after, limit } => {
                history::page(parts, filter, after, limit).await.map(Answer::History)
            }
            Request::Audit => audit::view(parts).await.map(Answer::Audit),
            Request::DrawAudit { count } => audit::draw(parts, count).await.map(Answer::Audit),
            Request::AnswerAudit { id, label } => {
                audit::answer(parts, id, label).await.map(Answer::Audit)
            }
            Request::EndAudit => audit::end(parts).await.map(Answer::Audit),
            Request::Memory => memory::view(parts).await.map(Answer::Memory),
            Request::Teach { key, change } => {
                memory::change(parts, &key, change).await.map(Answer::Memory)
            }
            Request::SetExamples { examples } => {
                memory::set_examples(parts, examples).await.map(Answer::Memory)
            }
            Request::Rules => rules::view(parts).await.map(Answer::Rules),
            Request::SetRules { rules: new } => rules::set(parts, new).await.map(Answer::Rules),
            Request::PreviewRules { rules: new, examples } => {
                rules::preview(parts, new, examples).await.map(Answer::PreviewRules)
            }
            Request::TraceRules { id } => rules::trace(parts, id).await.map(Answer::TraceRules),
            Request::ExportRules => rules::export(parts).await.map(Answer::ExportRules),
            Request::ReadRules { text } => {
                rules::read(&text).map(|rules| Answer::ReadRules { rules })
            }
            Request::Privacy => privacy::view(parts).await.map(Answer::Privacy),
            Request::SetMailOnly { on } => {
                privacy::set_mail_only(parts, on).await.map(Answer::Privacy)
            }
            Request::Instructions => {
                instruct::list(&parts.store).await.map(|list| Answer::Instructions { list })
            }
            Request::SetInstructions { list } => {
                instruct::set(parts, &list).await.map(|list| Answer::Instructions { list })
            }
            Request::Discover { address } => {
                discover::discover(&address).await.map(Answer::Discover)
            }
            Request::Connect { settings, password, confirmed } => {
                connect(parts, settings, password, confirmed).await
            }
            Request::SignIn { account, password } => sign_in(parts, account, password).await,
            Request::RemoveAccount { account } => remove_account(parts, account).await,
            Request::SyncNow => {
                let _ = parts.accounts.send(Command::SyncNow);
                Ok(Answer::SyncNow)
            }
            Request::TrySample => {
                sample::load(parts).await.map(|messages| Answer::TrySample { messages })
            }
            Request::LeaveSample => sample::remove(parts).await.map(|()| Answer::LeaveSample),
            Request::AddModel { path } => {
                model::add(parts, path.into()).await.map(|model| Answer::AddModel { model })
            }
            Request::UseEndpoint { url, model, key } => {
                model::use_endpoint(parts, &url, &model, key)
                    .await
                    .map(|model| Answer::UseEndpoint { model })
            }
            Request::UseModel { id } => {
                model::choose(parts, id.as_deref()).await.map(|()| Answer::UseModel)
            }
            Request::RemoveModel { id } => {
                model::remove(parts, id).await.map(|()| Answer::RemoveModel)
            }
            Request::Relabel { command } => {
                let status = relabel::command(parts, command).await?;
                Ok(Answer::Relabel { status: status.map(Box::new) })
            }
            Request::RelabelDiff { job, examples } => {
                relabel::diff(parts, job, examples).await.map(Answer::RelabelDiff)
            }
        }
    }
}

fn cursor(text: Option<String>) -> Result<Option<Cursor>, Failure> {
    text.map(|text| text.parse().map_err(failure::store)).transpose()
}

async fn overview(parts: &Arc<Parts>) -> Result<Overview, Failure> {
    let (ask, answer) = oneshot::channel();
    let accounts = match parts.accounts.send(Command::Views(ask)) {
        Ok(()) => answer.await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    Ok(Overview {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        accounts,
        counts: view::counts(parts.store.counts().await.map_err(failure::store)?),
        sample: sample::account(parts).await?.is_some(),
        keychain: parts.keychain.is_available(),
        model: model::state(parts),
        models: model::views(parts).await?,
        waiting_for_model: model::waiting(parts).await,
    })
}

async fn message(parts: &Arc<Parts>, id: MessageId) -> Result<Answer, Failure> {
    let message = parts.store.message(id).await.map_err(failure::store)?;
    let raw = match &message.content.html {
        Some(_) => parts.store.raw(id).await.map_err(failure::store)?,
        None => Vec::new(),
    };
    let account = parts.store.account(message.row.account).await.map_err(failure::store)?;
    let address = account.address().to_owned();
    let view = tokio::task::spawn_blocking(move || view::message(message, &raw, &address));
    view.await.map(|view| Answer::Message(Box::new(view))).map_err(|_| failure::internal())
}

/// What code finds in a message.
async fn facts(parts: &Arc<Parts>, id: MessageId, offset: i32) -> Result<Facts, Failure> {
    let message = parts.store.message(id).await.map_err(failure::store)?;
    let own = model::own_addresses(parts).await;
    let own = own.get(&message.row.account).cloned().unwrap_or_default();
    let found = move || {
        let content = &message.content;
        let links = content.html.as_deref().map(mailroom_mail::links).unwrap_or_default();
        let known: Vec<String> =
            own.iter().filter_map(|address| Some(address.rsplit_once('@')?.1.to_owned())).collect();
        let inspected = Inspected { headers: &content.headers, links: &links, known: &known };
        let signals = signals(&inspected)
            .into_iter()
            .map(|signal| SignalView { text: signal.to_string(), signal })
            .collect();
        let found = extract(&Mail {
            subject: &content.headers.subject,
            text: &content.new_text,
            language: content.language.as_deref(),
            date: message.row.received,
            offset: offset.clamp(-50_400, 50_400),
        });
        // Newsletters and receipts ask for much, and need nothing.
        let task = match message.row.lane {
            Label::Notification => None,
            _ => best(&found),
        };
        Facts { task, codes: found.codes, signals }
    };
    tokio::task::spawn_blocking(found).await.map_err(|_| failure::internal())
}

async fn correct(parts: &Arc<Parts>, ids: &[MessageId], label: Label) -> Result<Answer, Failure> {
    if ids.len() > AT_ONCE {
        return Err(Failure::new(Code::Invalid, "Label at most 1,000 messages at a time."));
    }
    let act = parts.store.correct(ids, label, now()).await.map_err(failure::store)?;
    if act.is_none() {
        return Err(Failure::new(
            Code::NotFound,
            "The message is not there any more. Refresh the list and try again.",
        ));
    }
    memory::told(parts, ids).await;
    parts.lanes_changed();
    let rows = parts.store.rows(ids).await.map_err(failure::store)?;
    let counts = parts.store.counts().await.map_err(failure::store)?;
    Ok(Answer::Label {
        rows: rows.into_iter().map(view::row).collect(),
        counts: view::counts(counts),
    })
}

async fn undone(
    parts: &Arc<Parts>,
    act: Option<mailroom_store::Undone>,
) -> Result<Answer, Failure> {
    let undone = match act {
        None => None,
        Some(act) => {
            memory::told(parts, &act.messages).await;
            parts.lanes_changed();
            let rows = parts.store.rows(&act.messages).await.map_err(failure::store)?;
            Some(Undone { rows: rows.into_iter().map(view::row).collect(), label: act.label })
        }
    };
    let counts = parts.store.counts().await.map_err(failure::store)?;
    Ok(Answer::Undo { undone, counts: view::counts(counts) })
}

async fn connect(
    parts: &Arc<Parts>,
    mut settings: AccountSettings,
    password: String,
    confirmed: bool,
) -> Result<Answer, Failure> {
    settings.address = settings.address.trim().to_owned();
    settings.server.host = settings.server.host.trim().to_lowercase();
    if settings.user.trim().is_empty() {
        settings.user.clone_from(&settings.address);
    }
    let domain = mail::domain_of(&settings.address)
        .map_err(|e| Failure::new(Code::Invalid, e.to_string()))?;
    if password.is_empty() {
        return Err(Failure::new(Code::Invalid, "Type the password of the account."));
    }
    permitted(&settings, &domain, confirmed)?;
    let secret = Secret::new(password.clone());
    check(parts, &settings, &secret).await?;
    let kind = AccountKind::Imap(settings.clone());
    let id = parts.store.add_account(&kind).await.map_err(failure::store)?;
    parts.keychain.put(&settings, password).await;
    let account = mailroom_store::Account { id, kind };
    let _ = parts.accounts.send(Command::Add { account, secret: Some(secret) });
    let account = AccountView {
        id,
        address: settings.address,
        server: Some(settings.server),
        state: AccountState::Connecting,
    };
    Ok(Answer::Connect { account })
}

/// Whether a password for this address may go to this server.
fn permitted(settings: &AccountSettings, domain: &str, confirmed: bool) -> Result<(), Failure> {
    let host = &settings.server.host;
    if let Some(provider) = mail::provider(domain) {
        match provider.sign_in {
            mail::SignIn::OAuth2Only { note } | mail::SignIn::NoImap { note }
                if provider.host == host || provider.host.is_empty() =>
            {
                return Err(Failure::new(Code::Unsupported, note));
            }
            _ if provider.host == host => return Ok(()),
            _ => {}
        }
    }
    let own_computer = settings.server.security == Security::Plain;
    if confirmed || own_computer || mail::same_registrable(host, domain) {
        return Ok(());
    }
    Err(Failure::new(
        Code::ConfirmHost,
        format!(
            "\"{host}\" does not belong to {domain}. Confirm that your mail is kept there before your password is sent to it."
        ),
    ))
}

async fn check(
    parts: &Arc<Parts>,
    settings: &AccountSettings,
    secret: &Secret,
) -> Result<(), Failure> {
    let options = ConnectOptions {
        limits: parts.config.limits,
        extra_roots: parts.config.extra_roots.clone(),
        traffic: parts.ledger.mail(&settings.server.host),
        ..ConnectOptions::default()
    };
    let (settings, secret) = (settings.clone(), secret.clone());
    tokio::task::spawn_blocking(move || check_sign_in(&settings, &secret, &options))
        .await
        .map_err(|_| failure::internal())?
        .map_err(|e| failure::mail(&e))
}

async fn sign_in(
    parts: &Arc<Parts>,
    account: AccountId,
    password: String,
) -> Result<Answer, Failure> {
    let stored = parts.store.account(account).await.map_err(failure::store)?;
    let AccountKind::Imap(settings) = stored.kind else {
        return Err(Failure::new(Code::Invalid, "This account has no server to sign in to."));
    };
    let secret = Secret::new(password.clone());
    check(parts, &settings, &secret).await?;
    parts.keychain.put(&settings, password).await;
    let _ = parts.accounts.send(Command::SignIn { account, secret });
    Ok(Answer::SignIn)
}

async fn remove_account(parts: &Arc<Parts>, account: AccountId) -> Result<Answer, Failure> {
    // The connection first: an actor must not store into an account that is leaving.
    let (done, removed) = oneshot::channel();
    if parts.accounts.send(Command::Remove { account, done }).is_ok() {
        let _ = removed.await;
    }
    parts.store.remove_account(account).await.map_err(failure::store)?;
    memory::told(parts, &[]).await;
    parts.lanes_changed();
    Ok(Answer::RemoveAccount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::ServerAddress;

    fn settings(address: &str, host: &str) -> AccountSettings {
        AccountSettings {
            address: address.into(),
            user: address.into(),
            server: ServerAddress { host: host.into(), port: 993, security: Security::Tls },
        }
    }

    #[test]
    fn a_password_goes_to_a_foreign_host_only_when_confirmed() {
        let ask = |address: &str, host: &str, confirmed| {
            permitted(
                &settings(address, host),
                address.rsplit('@').next().expect("a domain"),
                confirmed,
            )
            .map_err(|f| f.code)
        };
        assert_eq!(ask("a@firm.example", "imap.firm.example", false), Ok(()));
        assert_eq!(ask("a@firm.example", "imap.elsewhere.example", false), Err(Code::ConfirmHost));
        assert_eq!(ask("a@firm.example", "imap.elsewhere.example", true), Ok(()));
        assert_eq!(ask("a@gmail.com", "imap.gmail.com", false), Ok(()));
        assert_eq!(
            ask("a@gmail.com", "imap.gmail.com.evil.example", false),
            Err(Code::ConfirmHost)
        );
        assert_eq!(ask("a@outlook.com", "outlook.office365.com", true), Err(Code::Unsupported));
    }
}
