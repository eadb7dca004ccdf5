//! [`ImapMailbox`]: the [`Mailbox`] over the `imap` crate, behind the guard.
//!
//! Each call into the crate is caught if it panics, and anything but a tagged NO or BAD ends the session:
//! what came in is then incomplete, and the caller learns nothing from it but that.

use super::connect::{self, ConnectOptions, Secret, Stream};
use super::guard::{Budget, Fault, Guard, Watch};
use super::response::{Condition, Fetched, Kind, Untagged};
use super::{
    Change, Folder, FolderName, IdleEnd, Interrupt, MailError, Mailbox, MessageFacts, Opened,
};
use mailroom_domain::{AccountSettings, FolderRole, ServerAddress, Uid, UidValidity};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Bytes of one slice of a body: what a server must send before Mailroom sees that it is alive.
const SLICE: u64 = 1024 * 1024;
/// Bytes of all bodies of one FETCH, by the sizes that the server told.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// Messages of one FETCH.
const BATCH: usize = 200;
/// Messages of one FETCH that asks for facts only.
const FACTS: usize = 2000;
/// Bytes of a UID set; RFC 7162, 4, lets a server refuse lines over 8,192.
const SET: usize = 6000;

type Session = imap::Session<Guard<Stream>>;

/// A session with an IMAP server, signed in. Made on the thread that uses it, whose stack should be
/// [`ImapMailbox::STACK`] bytes.
pub struct ImapMailbox {
    session: Option<Session>,
    watch: Watch,
    host: String,
    interrupt: Interrupt,
    capabilities: Vec<String>,
    /// What changed in the open folder since it was opened, told in passing.
    unsettled: Vec<Change>,
}

impl std::fmt::Debug for ImapMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImapMailbox")
            .field("host", &self.host)
            .field("open", &self.session.is_some())
            .finish()
    }
}

/// Connects, signs in, says goodbye: on a thread of its own, for the account form.
///
/// # Errors
/// As [`ImapMailbox::connect`].
pub fn check_sign_in(
    account: &AccountSettings,
    secret: &Secret,
    options: &ConnectOptions,
) -> Result<(), MailError> {
    let local = |detail: &str| MailError::Local { detail: detail.to_owned() };
    let (account, secret, options) = (account.clone(), secret.clone(), options.clone());
    std::thread::Builder::new()
        .name("sign-in check".into())
        .stack_size(ImapMailbox::STACK)
        .spawn(move || Ok(Box::new(ImapMailbox::connect(&account, &secret, &options)?).logout()))
        .map_err(|e| local(&e.to_string()))?
        .join()
        .map_err(|_| MailError::Broken { host: "the server".into() })?
}

impl ImapMailbox {
    /// Stack for the thread that uses a session.
    pub const STACK: usize = 32 * 1024 * 1024;

    /// Connects, checks who is there, and signs in.
    ///
    /// # Errors
    /// Any [`MailError`] but [`MailError::Refused`] and [`MailError::Unsyncable`]. The password has left
    /// this computer only if the error is [`MailError::SignInRefused`], [`MailError::NotPermitted`],
    /// [`MailError::Throttled`], [`MailError::Lost`] or [`MailError::TooSlow`] for LOGIN.
    pub fn connect(
        account: &AccountSettings,
        secret: &Secret,
        options: &ConnectOptions,
    ) -> Result<Self, MailError> {
        for (field, value) in [("user name", account.user.as_str()), ("password", secret.expose())]
        {
            if value.is_empty() || value.contains(['\r', '\n', '\0']) {
                return Err(MailError::BadCredential { field });
            }
        }
        let stream = connect::connect(&account.server, options)?;
        let (guard, watch) =
            Guard::new(stream, options.limits, options.interrupt.clone(), options.traffic.clone());
        let result = Self::sign_in(guard, &watch, account, secret);
        let host = account.server.host.clone();
        let session = result.inspect_err(|_| options.interrupt.hold(None))?;
        let mut mailbox = ImapMailbox {
            session: Some(session),
            watch,
            host,
            interrupt: options.interrupt.clone(),
            capabilities: Vec::new(),
            unsettled: Vec::new(),
        };
        // What was said before sign-in does not count (RFC 3501, 6.2.3).
        let untagged = mailbox.run("CAPABILITY", "CAPABILITY", Budget::LINES)?;
        mailbox.capabilities = capabilities(&untagged);
        tracing::debug!(host = mailbox.host, "signed in");
        Ok(mailbox)
    }

    fn sign_in(
        guard: Guard<Stream>,
        watch: &Watch,
        account: &AccountSettings,
        secret: &Secret,
    ) -> Result<Session, MailError> {
        let ServerAddress { host, .. } = &account.server;
        let mut client = imap::Client::new(guard);
        watch.begin(Budget::LINES);
        let greeting = caught(host, || client.read_greeting())?;
        check_greeting(host, greeting.is_ok(), watch)?;

        watch.begin(Budget::LINES);
        let answer = caught(host, || client.capabilities())?;
        if answer.is_err() {
            return Err(before_sign_in(host, watch, "CAPABILITY"));
        }
        let offered = capabilities(&watch.take());
        let has = |name: &str| offered.iter().any(|c| c == name);
        let ascii = |text: &str| text.bytes().all(|b| (b' '..=b'~').contains(&b));
        let by_login = !has("LOGINDISABLED") && ascii(&account.user) && ascii(secret.expose());
        if !by_login && !has("AUTH=PLAIN") {
            return Err(MailError::NoWayToSignIn { host: host.clone() });
        }

        watch.begin(Budget::LINES);
        let answer = if by_login {
            caught(host, || client.login(&account.user, secret.expose()))?
        } else {
            caught(host, || client.authenticate("PLAIN", &Plain(&account.user, secret.expose())))?
        };
        answer.map_err(|_| sign_in_error(host, watch))
    }

    fn closed(&self) -> MailError {
        MailError::Closed { host: self.host.clone() }
    }

    /// Runs a command and returns its untagged responses after a tagged OK.
    fn run(
        &mut self,
        verb: &'static str,
        command: &str,
        budget: Budget,
    ) -> Result<VecDeque<Untagged>, MailError> {
        let closed = self.closed();
        let session = self.session.as_mut().ok_or(closed)?;
        self.watch.begin(budget);
        let result = caught(&self.host, || session.run_command_and_check_ok(command));
        self.finish(verb, result)
    }

    /// Judges how a call into the crate ended. Only a tagged answer leaves the session open.
    fn finish<T>(
        &mut self,
        verb: &'static str,
        result: Result<imap::error::Result<T>, MailError>,
    ) -> Result<VecDeque<Untagged>, MailError> {
        let untagged = self.watch.take();
        let tagged = self.watch.tagged();
        let error = match (result, self.watch.fault(), tagged) {
            (Err(panicked), _, _) => panicked,
            (_, Some(fault), _) => fault_error(&self.host, verb, &fault, &untagged),
            (Ok(Ok(_)), None, Some(t)) if t.kind == Kind::Ok => return self.settle(verb, untagged),
            (_, None, Some(t)) if matches!(t.kind, Kind::No | Kind::Bad) => {
                let error = refusal(&self.host, verb, &t);
                if error.session_is_sound() {
                    return Err(error);
                }
                error
            }
            (_, None, Some(t)) => MailError::Lost { host: self.host.clone(), said: said(&t) },
            (Ok(Err(imap::Error::Validate(_))), None, None) => MailError::Forbidden {
                host: self.host.clone(),
                what: "a line break inside a command",
            },
            (_, None, None) => MailError::Broken { host: self.host.clone() },
        };
        self.close();
        Err(error)
    }

    /// Keeps what a good answer told in passing: it will not be told again.
    fn settle(
        &mut self,
        verb: &'static str,
        untagged: VecDeque<Untagged>,
    ) -> Result<VecDeque<Untagged>, MailError> {
        if matches!(verb, "EXAMINE" | "IDLE" | "NOOP") {
            return Ok(untagged);
        }
        for response in &untagged {
            match response {
                Untagged::Exists(n) => self.unsettled.push(Change::Exists(*n)),
                Untagged::Expunged => self.unsettled.push(Change::Expunged),
                // RFC 2683, 3.4.3: from here on its UIDs mean something else.
                Untagged::Status(c) if c.code == "UIDVALIDITY" => {
                    let said = ": the folder was renumbered meanwhile".to_owned();
                    self.close();
                    return Err(MailError::Lost { host: self.host.clone(), said });
                }
                Untagged::Status(c) if c.code == "ALERT" => {
                    self.unsettled.push(Change::Alert(crate::neutral::line(&c.text, 400)));
                }
                _ => {}
            }
        }
        self.unsettled.truncate(100);
        Ok(untagged)
    }

    fn close(&mut self) {
        // Frees the socket at once, whatever the crate still wants to write.
        self.session = None;
        self.interrupt.hold(None);
    }

    fn fetch(
        &mut self,
        set: &str,
        items: &str,
        budget: Budget,
    ) -> Result<impl Iterator<Item = Fetched> + use<>, MailError> {
        let untagged = self.run("FETCH", &format!("UID FETCH {set} {items}"), budget)?;
        let asked = items.contains("FLAGS");
        if !asked && untagged.iter().any(|u| matches!(u, Untagged::Fetch(f) if f.flags.is_some())) {
            self.unsettled.push(Change::Flags);
        }
        Ok(untagged.into_iter().filter_map(|u| match u {
            Untagged::Fetch(fetched) => Some(*fetched),
            _ => None,
        }))
    }

    fn facts_items(&self) -> &'static str {
        if self.has_modseq() {
            "(UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)"
        } else {
            "(UID FLAGS INTERNALDATE RFC822.SIZE)"
        }
    }

    /// Reads the rest of a message whose first slice was full.
    fn rest_of_body(
        &mut self,
        uid: Uid,
        body: &mut Vec<u8>,
        limit: u64,
    ) -> Result<bool, MailError> {
        while (body.len() as u64) < limit {
            let from = body.len() as u64;
            let count = SLICE.min(limit - from);
            let items = format!("(UID BODY.PEEK[]<{from}.{count}>)");
            let budget = Budget { literals: count, search: false, idle: None };
            let mut slices =
                self.fetch(&uid.0.to_string(), &items, budget)?.filter(|f| f.uid == Some(uid.0));
            let Some(slice) = slices.find_map(|f| f.body) else { return Ok(false) };
            let full = slice.len() as u64 >= count;
            body.extend_from_slice(&slice);
            if !full {
                break;
            }
        }
        Ok(true)
    }
}

impl Drop for ImapMailbox {
    fn drop(&mut self) {
        self.close();
    }
}

impl Mailbox for ImapMailbox {
    fn can_idle(&self) -> bool {
        self.capabilities.iter().any(|c| c == "IDLE")
    }

    fn has_modseq(&self) -> bool {
        self.capabilities.iter().any(|c| c == "CONDSTORE" || c == "QRESYNC")
    }

    fn list(&mut self) -> Result<Vec<Folder>, MailError> {
        let budget = Budget { literals: 4 * 1024 * 1024, ..Budget::LINES };
        let untagged = self.run("LIST", "LIST \"\" \"*\"", budget)?;
        let mut folders = BTreeMap::new();
        for listed in untagged
            .into_iter()
            .filter_map(|u| if let Untagged::List(l) = u { Some(l) } else { None })
        {
            let Some(name) = FolderName::from_wire(&listed.name).filter(FolderName::is_ascii)
            else {
                tracing::warn!(
                    host = self.host,
                    "a folder was left out: its name cannot be sent back"
                );
                continue;
            };
            let has = |attribute: &str| listed.attributes.iter().any(|a| a == attribute);
            let folder = Folder {
                role: role(&name, &listed.attributes, listed.delimiter),
                selectable: !has("\\NOSELECT") && !has("\\NONEXISTENT"),
                delimiter: listed.delimiter,
                name: name.clone(),
            };
            if folders.len() < 10_000 {
                folders.insert(name, folder);
            }
        }
        Ok(folders.into_values().collect())
    }

    fn open(&mut self, folder: &FolderName) -> Result<Opened, MailError> {
        let quoted = folder.as_wire().replace('\\', "\\\\").replace('"', "\\\"");
        self.unsettled.clear();
        let untagged = self.run("EXAMINE", &format!("EXAMINE \"{quoted}\""), Budget::LINES)?;
        let mut exists = None;
        let mut conditions = BTreeMap::new();
        for response in untagged {
            match response {
                Untagged::Exists(n) => exists = Some(n),
                Untagged::Status(c) if c.kind == Kind::Ok => {
                    conditions.insert(c.code, c.arguments);
                }
                _ => {}
            }
        }
        let number = |code: &str| {
            conditions.get(code).and_then(|a| a.parse::<u64>().ok()).filter(|n| *n != 0)
        };
        let small = |code: &str| number(code).and_then(|n| u32::try_from(n).ok());
        let (Some(uid_validity), Some(exists)) = (small("UIDVALIDITY"), exists) else {
            return Err(MailError::Unsyncable { folder: folder.display() });
        };
        let modseq =
            if conditions.contains_key("NOMODSEQ") { None } else { number("HIGHESTMODSEQ") };
        Ok(Opened {
            uid_validity: UidValidity(uid_validity),
            exists,
            uid_next: small("UIDNEXT"),
            highest_modseq: modseq.filter(|n| *n < 1 << 63),
        })
    }

    fn uids(&mut self) -> Result<Vec<Uid>, MailError> {
        let budget = Budget { search: true, ..Budget::LINES };
        let untagged = self.run("SEARCH", "UID SEARCH ALL", budget)?;
        let mut uids = Vec::new();
        let mut answered = false;
        for response in untagged {
            if let Untagged::Search(found) = response {
                answered = true;
                uids.extend(found.into_iter().filter(|uid| *uid != 0).map(Uid));
            }
        }
        // RFC 3501, 6.4.4, demands a SEARCH response even for nothing: without one, nothing is known.
        if !answered {
            return Err(MailError::Refused {
                host: self.host.clone(),
                command: "SEARCH",
                code: String::new(),
                said: " by leaving out the answer".into(),
            });
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    fn facts(&mut self, uids: &[Uid]) -> Result<Vec<MessageFacts>, MailError> {
        let mut out = Vec::with_capacity(uids.len());
        let items = self.facts_items();
        for (set, asked) in sets(uids, FACTS) {
            for fetched in self.fetch(&set, items, Budget::LINES)? {
                out.extend(facts(&fetched).filter(|f| asked.binary_search(&f.uid).is_ok()));
            }
        }
        out.sort_unstable_by_key(|f| f.uid);
        // A change that comes meanwhile is told in a response of its own, which stands later.
        out.dedup_by(|later, first| {
            let same = later.uid == first.uid;
            if same && later.modseq >= first.modseq {
                first.flags = std::mem::take(&mut later.flags);
            }
            same
        });
        Ok(out)
    }

    fn changed_since(&mut self, modseq: u64) -> Result<Vec<MessageFacts>, MailError> {
        let items = format!("(UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ) (CHANGEDSINCE {modseq})");
        let mut out: Vec<_> =
            self.fetch("1:*", &items, Budget::LINES)?.filter_map(|f| facts(&f)).collect();
        out.sort_by_key(|f| f.uid);
        out.dedup_by_key(|f| f.uid);
        Ok(out)
    }

    fn headers(&mut self, uids: &[Uid], limit: u32) -> Result<Vec<(Uid, Vec<u8>)>, MailError> {
        let mut out = Vec::with_capacity(uids.len());
        let items = format!("(UID BODY.PEEK[HEADER]<0.{limit}>)");
        for (set, asked) in sets(uids, BATCH) {
            let literals = (asked.len() as u64).saturating_mul(u64::from(limit));
            let budget = Budget { literals, ..Budget::LINES };
            for fetched in self.fetch(&set, &items, budget)? {
                if let (Some(uid), Some(header)) = (fetched.uid.map(Uid), fetched.header)
                    && asked.binary_search(&uid).is_ok()
                {
                    out.push((uid, header));
                }
            }
        }
        Ok(out)
    }

    fn bodies(
        &mut self,
        wanted: &[(Uid, u64)],
        limit: u64,
        each: &mut dyn FnMut(Uid, Vec<u8>),
    ) -> Result<(), MailError> {
        let slice = SLICE.min(limit.max(1));
        let mut rest = wanted;
        while !rest.is_empty() {
            let mut bytes = 0u64;
            let count = rest
                .iter()
                .take(BATCH)
                .take_while(|(_, size)| {
                    let first = bytes == 0;
                    bytes = bytes.saturating_add((*size).min(slice).max(1));
                    first || bytes <= BATCH_BYTES
                })
                .count();
            let (batch, after) = rest.split_at_checked(count.max(1)).unwrap_or((rest, &[]));
            rest = after;
            let mut uids: Vec<Uid> = batch.iter().map(|w| w.0).collect();
            uids.sort_unstable();
            uids.dedup();
            let items = format!("(UID BODY.PEEK[]<0.{slice}>)");
            let mut long = Vec::new();
            let mut seen = Vec::new();
            for (set, asked) in sets(&uids, BATCH) {
                let budget =
                    Budget { literals: slice.saturating_mul(asked.len() as u64), ..Budget::LINES };
                for fetched in self.fetch(&set, &items, budget)? {
                    let (Some(uid), Some(body)) = (fetched.uid.map(Uid), fetched.body) else {
                        continue;
                    };
                    if asked.binary_search(&uid).is_err() || seen.contains(&uid) {
                        continue;
                    }
                    seen.push(uid);
                    if body.len() as u64 >= slice && limit > slice {
                        long.push((uid, body));
                    } else {
                        each(uid, body);
                    }
                }
            }
            for (uid, mut body) in long {
                if self.rest_of_body(uid, &mut body, limit)? {
                    each(uid, body);
                }
            }
        }
        Ok(())
    }

    fn noop(&mut self) -> Result<Vec<Change>, MailError> {
        let untagged = self.run("NOOP", "NOOP", Budget::LINES)?;
        Ok(changes(untagged))
    }

    fn idle(&mut self, at_most: Duration) -> Result<IdleEnd, MailError> {
        if !self.unsettled.is_empty() {
            return Ok(IdleEnd::Changed(std::mem::take(&mut self.unsettled)));
        }
        if self.interrupt.is_woken() {
            return Ok(IdleEnd::Woken);
        }
        let closed = self.closed();
        let session = self.session.as_mut().ok_or(closed)?;
        self.watch.begin(Budget { idle: Some(at_most), ..Budget::LINES });
        let result = caught(&self.host, || {
            let mut handle = session.idle();
            handle.keepalive(false);
            handle.wait_while(|_| false)
            // Dropping the handle sends DONE and reads the tagged answer.
        });
        let over = self.watch.idle_over();
        let untagged = self.finish("IDLE", result)?;
        let changes = changes(untagged);
        Ok(match (changes.is_empty(), over && self.interrupt.is_woken()) {
            (false, _) => IdleEnd::Changed(changes),
            (true, true) => IdleEnd::Woken,
            (true, false) => IdleEnd::TimedOut,
        })
    }

    fn logout(mut self: Box<Self>) {
        let _ = self.run("LOGOUT", "LOGOUT", Budget::LINES);
    }
}

/// RFC 4616.
struct Plain<'a>(&'a str, &'a str);

impl imap::Authenticator for Plain<'_> {
    type Response = String;
    fn process(&self, _: &[u8]) -> String {
        format!("\0{}\0{}", self.0, self.1)
    }
}

fn caught<T>(host: &str, call: impl FnOnce() -> T) -> Result<T, MailError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| MailError::Broken { host: host.to_owned() })
}

fn capabilities(untagged: &VecDeque<Untagged>) -> Vec<String> {
    untagged
        .iter()
        .filter_map(|u| match u {
            Untagged::Capability(words) => Some(words.clone()),
            Untagged::Status(c) if c.code == "CAPABILITY" => {
                Some(c.arguments.split_ascii_whitespace().map(str::to_ascii_uppercase).collect())
            }
            _ => None,
        })
        .next_back()
        .unwrap_or_default()
}

fn check_greeting(host: &str, read: bool, watch: &Watch) -> Result<(), MailError> {
    let untagged = watch.take();
    let greeting =
        untagged.iter().find_map(|u| if let Untagged::Status(c) = u { Some(c) } else { None });
    match greeting.map(|c| c.kind) {
        Some(Kind::Bye) => {
            return Err(MailError::ClosedAtGreeting {
                host: host.to_owned(),
                said: greeting.map(said).unwrap_or_default(),
            });
        }
        Some(Kind::Preauth) => return Err(MailError::Preauthenticated { host: host.to_owned() }),
        _ => {}
    }
    if read { Ok(()) } else { Err(before_sign_in(host, watch, "the greeting")) }
}

/// An error before the password was sent.
fn before_sign_in(host: &str, watch: &Watch, verb: &'static str) -> MailError {
    let untagged = watch.take();
    match watch.fault() {
        Some(Fault::Closed) => {
            let said = untagged.iter().find_map(bye).map(said).unwrap_or_default();
            MailError::ClosedAtGreeting { host: host.to_owned(), said }
        }
        Some(fault) => fault_error(host, verb, &fault, &untagged),
        None => match watch.tagged() {
            Some(t) => refusal(host, verb, &t),
            None => MailError::NotImap { host: host.to_owned() },
        },
    }
}

fn bye(untagged: &Untagged) -> Option<&Condition> {
    match untagged {
        Untagged::Status(c) if c.kind == Kind::Bye => Some(c),
        _ => None,
    }
}

fn fault_error(
    host: &str,
    verb: &'static str,
    fault: &Fault,
    untagged: &VecDeque<Untagged>,
) -> MailError {
    let host = host.to_owned();
    match fault {
        Fault::TooSlow => MailError::TooSlow { host, command: verb },
        Fault::Protocol(what) => MailError::Protocol { host, what },
        Fault::NotImap => MailError::NotImap { host },
        Fault::Forbidden(what) => MailError::Forbidden { host, what },
        Fault::Stopped => MailError::Stopped,
        Fault::Closed => match untagged.iter().find_map(bye) {
            Some(c) => match throttled(&host, c) {
                Some(error) => error,
                None => MailError::Lost { host, said: said(c) },
            },
            None => MailError::Lost { host, said: String::new() },
        },
        Fault::Io(detail) => {
            MailError::Lost { host, said: format!(" ({})", crate::neutral::line(detail, 120)) }
        }
    }
}

/// A server's words, to follow a sentence: empty, or `: "..."`.
fn said(condition: &Condition) -> String {
    let text = crate::neutral::line(&condition.text, 160);
    if text.is_empty() { text } else { format!(": \"{text}\"") }
}

/// Whether the server asks for patience, by RFC 5530's codes or, where those are missing, by its words.
fn throttled(host: &str, condition: &Condition) -> Option<MailError> {
    let text = condition.text.to_ascii_lowercase();
    let code = condition.code.as_str();
    let by_code = matches!(code, "UNAVAILABLE" | "INUSE" | "LIMIT" | "THROTTLED" | "SERVERBUG");
    let by_word = [
        "throttl",
        "too many",
        "rate limit",
        "backoff",
        "back-off",
        "try again",
        "temporar",
        "later",
    ]
    .iter()
    .any(|word| text.contains(word));
    (by_code || by_word).then(|| MailError::Throttled {
        host: host.to_owned(),
        after: suggested_wait(&text).unwrap_or(Duration::from_secs(60)),
        said: said(condition),
    })
}

/// `Suggested Backoff Time: 299961 milliseconds` (Exchange), at most an hour.
fn suggested_wait(text: &str) -> Option<Duration> {
    let (_, after) = text.split_once("backoff time:")?;
    let mut words = after.split_ascii_whitespace();
    let n: u64 = words.next()?.parse().ok()?;
    let unit = words.next().unwrap_or("milliseconds");
    let wait =
        if unit.starts_with("milli") { Duration::from_millis(n) } else { Duration::from_secs(n) };
    Some(wait.min(Duration::from_secs(3600)))
}

fn refusal(host: &str, verb: &'static str, tagged: &Condition) -> MailError {
    let text = tagged.text.to_ascii_lowercase();
    let host = host.to_owned();
    // Exchange: signed in, but to no mailbox. It says so to the first command after LOGIN.
    if text.contains("authenticated but not connected") {
        return MailError::NotPermitted { host, said: said(tagged) };
    }
    match tagged.code.as_str() {
        "CONTACTADMIN" | "PRIVACYREQUIRED" => MailError::NotPermitted { host, said: said(tagged) },
        "UNAVAILABLE" | "INUSE" | "LIMIT" | "THROTTLED" => {
            throttled(&host, tagged).unwrap_or(MailError::Closed { host })
        }
        _ if text.contains("throttl") || text.contains("backoff time") => {
            throttled(&host, tagged).unwrap_or(MailError::Closed { host })
        }
        code => {
            MailError::Refused { host, command: verb, code: code.to_owned(), said: said(tagged) }
        }
    }
}

/// Why LOGIN or AUTHENTICATE failed. Only what is surely about the credentials asks for a new password.
fn sign_in_error(host: &str, watch: &Watch) -> MailError {
    let untagged = watch.take();
    if let Some(fault) = watch.fault() {
        return fault_error(host, "LOGIN", &fault, &untagged);
    }
    let Some(tagged) = watch.tagged() else { return MailError::Broken { host: host.to_owned() } };
    let owned = host.to_owned();
    match tagged.code.as_str() {
        "AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" | "EXPIRED" => {
            MailError::SignInRefused { host: owned, said: said(&tagged) }
        }
        "CONTACTADMIN" | "PRIVACYREQUIRED" => {
            MailError::NotPermitted { host: owned, said: said(&tagged) }
        }
        _ => match throttled(host, &tagged) {
            Some(error) => error,
            None if tagged.kind == Kind::Bye => {
                MailError::Lost { host: owned, said: said(&tagged) }
            }
            None => MailError::SignInRefused { host: owned, said: said(&tagged) },
        },
    }
}

fn changes(untagged: VecDeque<Untagged>) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    for response in untagged {
        let change = match response {
            Untagged::Exists(n) => Change::Exists(n),
            Untagged::Expunged => Change::Expunged,
            Untagged::Fetch(_) => Change::Flags,
            Untagged::Status(c) if c.code == "ALERT" => {
                Change::Alert(crate::neutral::line(&c.text, 400))
            }
            Untagged::Status(c) if c.code == "UIDVALIDITY" => match c.arguments.parse() {
                Ok(n) => Change::UidValidity(n),
                Err(_) => continue,
            },
            _ => continue,
        };
        if !out.contains(&change) {
            out.push(change);
        }
    }
    out
}

fn facts(fetched: &Fetched) -> Option<MessageFacts> {
    // Flags that change meanwhile come without size and date; a server may leave out the date.
    Some(MessageFacts {
        uid: Uid(fetched.uid?),
        flags: fetched.flags.clone()?,
        received: fetched.internal_date,
        size: fetched.size.unwrap_or(0),
        modseq: fetched.modseq,
    })
}

/// UID sets of at most `most` UIDs and [`SET`] bytes, each with its UIDs, ascending. `uids` in any order.
fn sets(uids: &[Uid], most: usize) -> Vec<(String, Vec<Uid>)> {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut out = Vec::new();
    let mut set = String::new();
    let mut members: Vec<Uid> = Vec::new();
    let mut run: Option<(u32, u32)> = None;
    let write = |set: &mut String, (from, to): (u32, u32)| {
        if !set.is_empty() {
            set.push(',');
        }
        set.push_str(&if from == to { from.to_string() } else { format!("{from}:{to}") });
    };
    for uid in sorted {
        match &mut run {
            Some((_, to)) if to.checked_add(1) == Some(uid.0) => *to = uid.0,
            _ => {
                if let Some(run) = run.take() {
                    write(&mut set, run);
                }
                run = Some((uid.0, uid.0));
            }
        }
        members.push(uid);
        if members.len() >= most || set.len() >= SET {
            if let Some(run) = run.take() {
                write(&mut set, run);
            }
            out.push((std::mem::take(&mut set), std::mem::take(&mut members)));
        }
    }
    if let Some(run) = run {
        write(&mut set, run);
    }
    if !members.is_empty() {
        out.push((set, members));
    }
    out
}

/// What a folder is for: its special-use attribute (RFC 6154), else the last part of its name in some
/// languages, which many servers leave as the only sign.
fn role(name: &FolderName, attributes: &[String], delimiter: Option<char>) -> FolderRole {
    if name.is_inbox() {
        return FolderRole::Inbox;
    }
    for attribute in attributes {
        match attribute.as_str() {
            "\\ARCHIVE" => return FolderRole::Archive,
            "\\SENT" => return FolderRole::Sent,
            "\\DRAFTS" => return FolderRole::Drafts,
            "\\JUNK" => return FolderRole::Junk,
            "\\TRASH" => return FolderRole::Trash,
            "\\ALL" => return FolderRole::All,
            _ => {}
        }
    }
    let shown = name.display().to_lowercase();
    let last = match delimiter {
        Some(d) => shown.rsplit(d).next().unwrap_or_default(),
        None => &shown,
    };
    match last {
        "archive" | "archives" | "archiv" | "archivio" | "archivo" | "arquivo" => {
            FolderRole::Archive
        }
        "sent"
        | "sent items"
        | "sent mail"
        | "sent messages"
        | "gesendet"
        | "gesendete elemente"
        | "gesendete objekte"
        | "envoyés"
        | "éléments envoyés"
        | "enviados"
        | "elementos enviados"
        | "posta inviata"
        | "inviati"
        | "verzonden"
        | "wysłane"
        | "отправленные" => FolderRole::Sent,
        "drafts" | "draft" | "entwürfe" | "brouillons" | "borradores" | "bozze" | "rascunhos"
        | "concepten" | "szkice" | "черновики" => FolderRole::Drafts,
        "junk"
        | "spam"
        | "bulk mail"
        | "junk e-mail"
        | "junk email"
        | "spamverdacht"
        | "unbekannt"
        | "indésirables"
        | "courrier indésirable"
        | "correo no deseado"
        | "posta indesiderata"
        | "ongewenst"
        | "спам" => FolderRole::Junk,
        "trash"
        | "deleted"
        | "deleted items"
        | "deleted messages"
        | "bin"
        | "papierkorb"
        | "gelöschte elemente"
        | "gelöscht"
        | "corbeille"
        | "éléments supprimés"
        | "papelera"
        | "elementos eliminados"
        | "cestino"
        | "lixeira"
        | "lixo"
        | "prullenbak"
        | "kosz"
        | "корзина" => FolderRole::Trash,
        _ => FolderRole::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uid_sets_are_short_and_complete() {
        let uids: Vec<Uid> = [5, 1, 2, 3, 9, 10, 4_294_967_295, 3].map(Uid).to_vec();
        let all = sets(&uids, 100);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0, "1:3,5,9:10,4294967295");
        let sparse: Vec<Uid> = (1..5000).map(|n| Uid(n * 100_003)).collect();
        let parts = sets(&sparse, 2000);
        assert!(parts.iter().all(|(set, _)| set.len() < SET + 24));
        let members: Vec<Uid> = parts.into_iter().flat_map(|p| p.1).collect();
        assert_eq!(members, sparse);
        assert!(sets(&[], 10).is_empty());
    }

    #[test]
    fn only_wrong_credentials_ask_for_a_password() {
        let refuse = |line: &str| {
            refusal("h", "FETCH", &super::super::response::condition(line.as_bytes()).unwrap())
        };
        assert!(matches!(refuse("NO [SERVERBUG] x"), MailError::Refused { .. }));
        assert!(matches!(
            refuse("BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds"),
            MailError::Throttled { after, .. } if after == Duration::from_millis(299_961)
        ));
        assert!(matches!(
            refuse("BAD User is authenticated but not connected."),
            MailError::NotPermitted { .. }
        ));
    }

    #[test]
    fn roles_come_from_attributes_first() {
        let name = |n: &str| FolderName::from_display(n).unwrap();
        assert_eq!(role(&name("inbox"), &[], None), FolderRole::Inbox);
        assert_eq!(
            role(&name("[Gmail]/Alle Nachrichten"), &["\\ALL".into()], Some('/')),
            FolderRole::All
        );
        assert_eq!(role(&name("INBOX.Entwürfe"), &[], Some('.')), FolderRole::Drafts);
        assert_eq!(role(&name("Sent"), &["\\ARCHIVE".into()], Some('/')), FolderRole::Archive);
        assert_eq!(role(&name("Projects"), &[], Some('/')), FolderRole::Other);
    }
}
