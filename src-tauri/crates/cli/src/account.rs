//! Accounts, and syncing them once.

use crate::{password, say, with_engine};
use clap::Subcommand;
use mailroom_domain::{AccountId, AccountSettings, Security, ServerAddress};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{AccountState, AccountView, Answer, Code, Event, Failure, Overview, Request};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Adds an account. The server is found from the address unless it is given.
    Add {
        /// Your address.
        address: String,
        /// Reads the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// The server's name.
        #[arg(long)]
        host: Option<String>,
        /// Its port.
        #[arg(long, default_value_t = 993)]
        port: u16,
        /// The name to sign in with; the address by default.
        #[arg(long)]
        user: Option<String>,
        /// No TLS. For servers on this computer only.
        #[arg(long)]
        plain: bool,
        /// The server may lie outside the address's own domain.
        #[arg(long)]
        confirm_host: bool,
    },
    /// Lists accounts: number, address, server.
    List,
    /// Removes an account and its mail from this machine. Nothing changes on the server.
    Remove {
        /// The number or the address.
        account: String,
    },
}

pub(crate) async fn run(
    command: Command,
    config: &impl Fn(Mode) -> Result<Config, Failure>,
) -> Result<(), Failure> {
    match command {
        Command::Add { address, password_stdin: _, host, port, user, plain, confirm_host } => {
            let password = password()?;
            with_engine(config(Mode::Full)?, async |engine| {
                let server = match host {
                    Some(host) => ServerAddress {
                        host,
                        port,
                        security: if plain { Security::Plain } else { Security::Tls },
                    },
                    None => find(engine, &address, confirm_host).await?,
                };
                let settings = AccountSettings {
                    user: user.unwrap_or_else(|| address.clone()),
                    address,
                    server,
                };
                let request = Request::Connect { settings, password, confirmed: confirm_host };
                if let Answer::Connect { account } = engine.request(request).await? {
                    say(&format!("{}\t{}", account.id, account.address));
                }
                Ok(())
            })
            .await
        }
        Command::List => {
            with_engine(config(Mode::Quiet)?, async |engine| {
                for account in overview(engine).await?.accounts {
                    let server = account.server.map_or_else(
                        || "imported".to_owned(),
                        |server| format!("{}:{}", server.host, server.port),
                    );
                    say(&format!("{}\t{}\t{server}", account.id, account.address));
                }
                Ok(())
            })
            .await
        }
        Command::Remove { account } => {
            with_engine(config(Mode::Full)?, async |engine| {
                let id = named(engine, &account).await?;
                engine.request(Request::RemoveAccount { account: id }).await.map(|_| ())
            })
            .await
        }
    }
}

async fn find(engine: &Engine, address: &str, confirmed: bool) -> Result<ServerAddress, Failure> {
    let request = Request::Discover { address: address.to_owned() };
    let Answer::Discover(found) = engine.request(request).await? else {
        return Err(Failure::new(
            Code::Internal,
            "The search for the server went wrong. Give it with --host.",
        ));
    };
    let first = found.candidates.into_iter().next().ok_or_else(|| {
        Failure::new(Code::NotFound, "No server was found for this address. Give it with --host.")
    })?;
    if first.confirm && !confirmed {
        let host = &first.server.host;
        let text = format!(
            "The server found is \"{host}\", outside the address's domain. Give --confirm-host if that is right."
        );
        return Err(Failure::new(Code::ConfirmHost, text));
    }
    Ok(first.server)
}

/// The account of that number or address.
pub(crate) async fn named(engine: &Engine, account: &str) -> Result<AccountId, Failure> {
    let accounts = overview(engine).await?.accounts;
    let found = accounts.into_iter().find(|a| a.id.to_string() == account || a.address == account);
    found.map(|a| a.id).ok_or_else(|| {
        let text = format!("There is no account \"{account}\". `account list` shows them.");
        Failure::new(Code::NotFound, text)
    })
}

pub(crate) async fn overview(engine: &Engine) -> Result<Overview, Failure> {
    match engine.request(Request::Overview).await? {
        Answer::Overview(overview) => Ok(overview),
        _ => {
            Err(Failure::new(Code::Internal, "The engine gave another answer than was asked for."))
        }
    }
}

/// Syncs all accounts once, lets the model read what is new, and ends.
pub(crate) async fn sync(config: Config, password: Option<String>) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let mut events = engine.events();
        let accounts: Vec<AccountView> =
            overview(engine).await?.accounts.into_iter().filter(|a| a.server.is_some()).collect();
        if accounts.is_empty() {
            return Err(Failure::new(
                Code::NotFound,
                "There is no account yet. Add one with `account add`.",
            ));
        }
        if let Some(password) = password {
            let [account] = accounts.as_slice() else {
                return Err(Failure::new(
                    Code::Invalid,
                    "A password on standard input needs exactly one account.",
                ));
            };
            engine.request(Request::SignIn { account: account.id, password }).await?;
        }
        let bar = crate::bar(None);
        loop {
            let now = overview(engine).await?;
            let mut waiting = false;
            for account in now.accounts.iter().filter(|a| a.server.is_some()) {
                match &account.state {
                    AccountState::Watching { .. } => {}
                    AccountState::SignInNeeded { reason } => {
                        return Err(Failure::new(Code::SignIn, reason.clone()));
                    }
                    AccountState::Offline { reason, .. } => {
                        return Err(Failure::new(Code::Offline, reason.clone()));
                    }
                    AccountState::Syncing { folder, done, total } => {
                        bar.set_message(format!("{folder}: {done} of {total}"));
                        waiting = true;
                    }
                    AccountState::Connecting | AccountState::Local => waiting = true,
                }
            }
            if !waiting {
                for count in now.counts {
                    say(&format!("{}\t{}\t{} unread", count.lane, count.total, count.unread));
                }
                return Ok(());
            }
            // Any event is a reason to look again; missed ones are too.
            while let Ok(event) = events.recv().await {
                if matches!(event, Event::Account { .. }) {
                    break;
                }
            }
        }
    })
    .await
}
