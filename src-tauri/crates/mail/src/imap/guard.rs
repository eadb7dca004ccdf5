//! The stream between the `imap` crate and the network, which trusts neither.
//!
//! Towards the server it is an allowlist: a command is looked at as a whole line before a single byte of
//! it leaves, and one that could change or destroy anything never does.
//!
//! Towards the crate it is a filter. The crate's parser panics, overflows the stack or re-reads megabytes
//! on lines that a server may legally send, so it never sees them: untagged responses are read here, by
//! [`super::response`], and only the tagged answer goes on, as plain ASCII. The crate still numbers the
//! commands, matches the tags and speaks LOGIN, AUTHENTICATE and IDLE.
//!
//! All limits live here: length of a line, depth of parentheses, bytes of literals, number of responses,
//! time and pace. Breaking one is final: the [`Fault`] stays set and every later read fails.

use super::response::{self, Condition, Kind, Piece, Untagged};
use super::{Interrupt, Limits, Traffic};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Bytes of a line, literals not counted. SEARCH of a large folder has its own.
const LINE: usize = 64 * 1024;
/// A quoted number of UIDs is at most eleven bytes: some three million of them.
const SEARCH_LINE: usize = 32 * 1024 * 1024;
/// Parentheses within parentheses. What Mailroom asks for needs three.
const DEPTH: u32 = 64;
/// Responses to one command.
const RESPONSES: u32 = 1_000_000;
/// What an untagged flood may cost: bytes beyond the literals asked for.
const CHATTER: u64 = 64 * 1024 * 1024;
/// How often a blocked read looks at the clock and at the caller's wish to stop.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Why the guard closed the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A deadline or the minimum pace.
    TooSlow,
    /// A rule of the protocol or a limit.
    Protocol(&'static str),
    /// The greeting was not IMAP's.
    NotImap,
    /// The server closed the connection, perhaps saying why.
    Closed,
    /// The crate was about to send what must never be sent.
    Forbidden(&'static str),
    /// The caller wants to stop.
    Stopped,
    /// The network.
    Io(String),
}

/// What one command may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Bytes of literals expected.
    pub literals: u64,
    /// A line may be as long as a SEARCH of a large folder.
    pub search: bool,
    /// IDLE ends at this time without being a fault.
    pub idle: Option<Duration>,
}

impl Budget {
    /// For commands that answer with lines only.
    pub(crate) const LINES: Budget = Budget { literals: 64 * 1024, search: false, idle: None };
}

/// What the guard found out, shared with the session that owns it. Leaf values only; never held while
/// waiting for anything.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Untagged responses since the last [`Watch::begin`].
    pub untagged: VecDeque<Untagged>,
    /// The last tagged answer.
    pub tagged: Option<Condition>,
    /// Why the session is over, if it is.
    pub fault: Option<Fault>,
    budget: Option<Running>,
    idle_over: bool,
}

#[derive(Debug)]
struct Running {
    budget: Budget,
    deadline: Instant,
    idle_until: Option<Instant>,
    literals: u64,
    chatter: u64,
    responses: u32,
}

/// The session's end of the guard.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    findings: Arc<Mutex<Findings>>,
    limits: Limits,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Forgets the last command's answer and sets the limits of the next.
    pub(crate) fn begin(&self, budget: Budget) {
        let now = Instant::now();
        let pace = Duration::from_secs(budget.literals / u64::from(self.limits.pace.max(1)));
        let mut findings = self.lock();
        findings.untagged.clear();
        findings.tagged = None;
        findings.idle_over = false;
        findings.budget = Some(Running {
            budget,
            deadline: now + self.limits.command + pace,
            idle_until: budget.idle.map(|idle| now + idle),
            literals: 0,
            chatter: 0,
            responses: 0,
        });
    }

    /// Takes what the last command brought.
    pub(crate) fn take(&self) -> VecDeque<Untagged> {
        std::mem::take(&mut self.lock().untagged)
    }

    pub(crate) fn tagged(&self) -> Option<Condition> {
        self.lock().tagged.clone()
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.lock().fault.clone()
    }

    pub(crate) fn idle_over(&self) -> bool {
        self.lock().idle_over
    }
}

/// What state the lines that come in belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has been heard.
    Greeting,
    /// A command runs, or none.
    Command,
    /// IDLE was sent and not yet accepted.
    IdleAsked,
    /// IDLE was accepted.
    Idling,
    /// AUTHENTICATE was sent: the next line out is a credential, once.
    Authenticate,
}

/// The stream. `S` is TLS or TCP with a read timeout of about [`TICK`].
#[derive(Debug)]
pub(crate) struct Guard<S> {
    inner: S,
    watch: Watch,
    interrupt: Interrupt,
    traffic: Traffic,
    phase: Phase,
    tag: Vec<u8>,
    out: Vec<u8>,
    /// Sanitised lines for the crate, and how much of them it has had.
    ready: Vec<u8>,
    given: usize,
    /// Bytes from the network not yet looked at.
    raw: Vec<u8>,
    at: usize,
    line: Vec<u8>,
    pieces: Vec<Piece>,
    literal: Option<(Vec<u8>, u64)>,
    /// Something changed after IDLE was sent and before it was accepted.
    early: bool,
}

impl<S: Read + Write> Guard<S> {
    pub(crate) fn new(
        inner: S,
        limits: Limits,
        interrupt: Interrupt,
        traffic: Traffic,
    ) -> (Self, Watch) {
        let watch = Watch { findings: Arc::default(), limits };
        let guard = Guard {
            inner,
            watch: watch.clone(),
            interrupt,
            traffic,
            phase: Phase::Greeting,
            tag: Vec::new(),
            out: Vec::new(),
            ready: Vec::new(),
            given: 0,
            raw: Vec::new(),
            at: 0,
            line: Vec::new(),
            pieces: Vec::new(),
            literal: None,
            early: false,
        };
        (guard, watch)
    }

    fn fail(&self, fault: Fault) -> io::Error {
        let mut findings = self.watch.lock();
        let fault = findings.fault.get_or_insert(fault);
        io::Error::other(format!("{fault:?}"))
    }

    /// Reads more from the network into `raw`, looking at the clock while it waits.
    fn fill(&mut self) -> io::Result<()> {
        let started = Instant::now();
        self.raw.resize(32 * 1024, 0);
        self.at = 0;
        loop {
            if self.interrupt.is_stopped() {
                self.raw.clear();
                return Err(self.fail(Fault::Stopped));
            }
            let result = self.inner.read(&mut self.raw);
            if let Ok(read) = &result {
                self.traffic.received(*read);
            }
            let now = Instant::now();
            let (deadline, idle_until) = match &self.watch.lock().budget {
                Some(running) => (running.deadline, running.idle_until),
                None => (started + self.watch.limits.command, None),
            };
            match result {
                Ok(0) => {
                    self.raw.clear();
                    return Err(self.fail(Fault::Closed));
                }
                Ok(n) => {
                    self.raw.truncate(n);
                    if self.phase != Phase::Idling && now > deadline {
                        return Err(self.fail(Fault::TooSlow));
                    }
                    return Ok(());
                }
                Err(e) if is_tick(&e) => {
                    if self.phase == Phase::Idling {
                        let over = idle_until.is_some_and(|until| now >= until);
                        if over || self.interrupt.is_woken() {
                            self.raw.clear();
                            self.watch.lock().idle_over = true;
                            return Err(io::ErrorKind::TimedOut.into());
                        }
                    } else if now > deadline
                        || now.duration_since(started) > self.watch.limits.silence
                    {
                        self.raw.clear();
                        return Err(self.fail(Fault::TooSlow));
                    }
                }
                Err(e) => {
                    self.raw.clear();
                    if self.interrupt.is_stopped() {
                        return Err(self.fail(Fault::Stopped));
                    }
                    let closed = matches!(
                        e.kind(),
                        io::ErrorKind::UnexpectedEof
                            | io::ErrorKind::ConnectionReset
                            | io::ErrorKind::ConnectionAborted
                            | io::ErrorKind::BrokenPipe
                    );
                    return Err(self.fail(if closed {
                        Fault::Closed
                    } else {
                        Fault::Io(e.to_string())
                    }));
                }
            }
        }
    }

    /// Takes in bytes until a line for the crate is ready.
    fn pump(&mut self) -> io::Result<()> {
        while self.given >= self.ready.len() {
            self.ready.clear();
            self.given = 0;
            if let Some(fault) = self.watch.fault() {
                return Err(self.fail(fault));
            }
            if self.at >= self.raw.len() {
                self.fill()?;
            }
            self.take_in()?;
        }
        Ok(())
    }

    /// Moves on by one literal or line, or by what is there of it.
    fn take_in(&mut self) -> io::Result<()> {
        let Some(fresh) = self.raw.get(self.at..) else { return Ok(()) };
        if let Some((bytes, missing)) = &mut self.literal {
            let n = fresh.len().min(usize::try_from(*missing).unwrap_or(usize::MAX));
            bytes.extend_from_slice(fresh.get(..n).unwrap_or_default());
            *missing -= n as u64;
            self.at += n;
            if *missing == 0
                && let Some((bytes, _)) = self.literal.take()
            {
                self.pieces.push(Piece::Literal(bytes));
            }
            return Ok(());
        }
        let end = fresh.iter().position(|&b| b == b'\n');
        let piece = fresh.get(..end.unwrap_or(fresh.len())).unwrap_or_default();
        let search = matches!(&self.watch.lock().budget, Some(r) if r.budget.search)
            && (self.line.len() < 9
                || self.line.get(..9).is_some_and(|l| l.eq_ignore_ascii_case(b"* SEARCH ")));
        let limit = if search { SEARCH_LINE } else { LINE };
        if self.line.len() + piece.len() > limit {
            return Err(self.fail(Fault::Protocol("a line without end")));
        }
        self.line.extend_from_slice(piece);
        self.at += piece.len();
        if end.is_none() {
            return Ok(());
        }
        self.at += 1;
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        self.end_of_line()
    }

    fn end_of_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let first = self.pieces.is_empty();
        let announces = !first
            || (line.starts_with(b"* ")
                && response::condition(line.get(2..).unwrap_or_default()).is_none());
        let announced = if announces { response::literal_size(&line) } else { None };
        {
            let mut findings = self.watch.lock();
            if let Some(running) = &mut findings.budget {
                running.chatter += line.len() as u64;
                running.responses += u32::from(first);
                if (running.chatter > CHATTER && !running.budget.search)
                    || running.responses > RESPONSES
                {
                    drop(findings);
                    return Err(self.fail(Fault::Protocol("a flood of responses")));
                }
            }
        }
        self.pieces.push(Piece::Text(line));
        match announced {
            None => self.respond(),
            Some(Err(())) => Err(self.fail(Fault::Protocol("a literal of impossible size"))),
            Some(Ok(size)) => {
                let allowed = {
                    let mut findings = self.watch.lock();
                    match &mut findings.budget {
                        Some(running) => {
                            running.literals = running.literals.saturating_add(size);
                            running.literals <= running.budget.literals
                        }
                        None => size <= Budget::LINES.literals,
                    }
                };
                if !allowed {
                    return Err(self.fail(Fault::Protocol("more data than was asked for")));
                }
                // Not reserved: the size is only a claim.
                self.literal = Some((Vec::new(), size));
                if size == 0 {
                    self.literal = None;
                    self.pieces.push(Piece::Literal(Vec::new()));
                }
                Ok(())
            }
        }
    }

    /// A response is complete.
    fn respond(&mut self) -> io::Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        if too_deep(&pieces) {
            return Err(self.fail(Fault::Protocol("parentheses nested too deeply")));
        }
        let Some(Piece::Text(first)) = pieces.first() else { return Ok(()) };
        if self.phase == Phase::Greeting {
            return self.greet(&mut pieces);
        }
        if first.is_empty() {
            return Ok(());
        }
        if first.first() == Some(&b'+') {
            match self.phase {
                Phase::IdleAsked => self.phase = Phase::Idling,
                Phase::Authenticate => {}
                _ => return Err(self.fail(Fault::Protocol("a prompt that nobody waits for"))),
            }
            self.ready.extend_from_slice(b"+ \r\n");
            if std::mem::take(&mut self.early) && self.phase == Phase::Idling {
                self.ready.extend_from_slice(b"* 1 EXISTS\r\n");
            }
            return Ok(());
        }
        if first.first() == Some(&b'*') {
            let response = response::untagged(&mut pieces);
            let idle = matches!(self.phase, Phase::IdleAsked | Phase::Idling);
            let news = idle
                && match &response {
                    Untagged::Exists(_) | Untagged::Expunged | Untagged::Fetch(_) => true,
                    Untagged::Status(c) => {
                        c.kind == Kind::Bye || c.code == "UIDVALIDITY" || c.code == "ALERT"
                    }
                    _ => false,
                };
            let mut findings = self.watch.lock();
            // IDLE may run for long: what is only chatter must not pile up.
            if response != Untagged::Other && (!idle || news) {
                findings.untagged.push_back(response);
            }
            drop(findings);
            if news && self.phase == Phase::Idling {
                // Ends the crate's wait; the guard has kept what it was.
                self.ready.extend_from_slice(b"* 1 EXISTS\r\n");
            }
            self.early |= news && self.phase == Phase::IdleAsked;
            return Ok(());
        }
        self.tagged(&pieces)
    }

    fn greet(&mut self, pieces: &mut Vec<Piece>) -> io::Result<()> {
        let response = match pieces.first() {
            Some(Piece::Text(first)) if first.starts_with(b"*") => response::untagged(pieces),
            _ => Untagged::Other,
        };
        let Untagged::Status(condition) = response else { return Err(self.fail(Fault::NotImap)) };
        if condition.kind == Kind::No || condition.kind == Kind::Bad {
            return Err(self.fail(Fault::NotImap));
        }
        self.watch.lock().untagged.push_back(Untagged::Status(condition));
        self.phase = Phase::Command;
        self.ready.extend_from_slice(b"* OK ready\r\n");
        Ok(())
    }

    fn tagged(&mut self, pieces: &[Piece]) -> io::Result<()> {
        let Some(Piece::Text(line)) = pieces.first() else { return Ok(()) };
        let mut words = line.splitn(2, |&b| b == b' ');
        let tag = words.next().unwrap_or_default();
        if self.tag.is_empty() || tag != self.tag.as_slice() {
            return Err(self.fail(Fault::Protocol("an answer to no question")));
        }
        let Some(condition) = response::condition(words.next().unwrap_or_default()) else {
            return Err(self.fail(Fault::Protocol("an answer that is neither OK, NO nor BAD")));
        };
        if self.phase == Phase::IdleAsked && condition.kind == Kind::Ok {
            return Err(self.fail(Fault::Protocol("IDLE that ended before it began")));
        }
        let word: &[u8] = match condition.kind {
            Kind::Ok => b"OK",
            Kind::No => b"NO",
            Kind::Bad => b"BAD",
            Kind::Bye => b"BYE",
            Kind::Preauth => return Err(self.fail(Fault::Protocol("a tagged PREAUTH"))),
        };
        self.ready.extend_from_slice(tag);
        self.ready.push(b' ');
        self.ready.extend_from_slice(word);
        self.ready.extend_from_slice(b" done\r\n");
        self.watch.lock().tagged = Some(condition);
        self.phase = Phase::Command;
        self.tag.clear();
        Ok(())
    }

    /// Checks one whole line from the crate before it leaves.
    fn send(&mut self, line: &[u8]) -> io::Result<()> {
        let body = line.strip_suffix(b"\r\n").unwrap_or(line);
        if body.iter().any(|&b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(self.fail(Fault::Forbidden("a line break inside a command")));
        }
        match self.phase {
            Phase::Greeting => {
                return Err(self.fail(Fault::Forbidden("a command before the greeting")));
            }
            Phase::Idling if body == b"DONE" => {
                // From here on the server has the time of an ordinary command.
                let mut findings = self.watch.lock();
                let limits = self.watch.limits;
                if let Some(running) = &mut findings.budget {
                    running.deadline = Instant::now() + limits.command;
                }
                drop(findings);
                self.phase = Phase::Command;
            }
            Phase::Idling | Phase::IdleAsked => {
                return Err(self.fail(Fault::Forbidden("a command during IDLE")));
            }
            Phase::Authenticate => {
                if !body
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
                {
                    return Err(self.fail(Fault::Forbidden("a malformed credential")));
                }
                self.phase = Phase::Command;
            }
            Phase::Command => {
                let (tag, command) = body
                    .iter()
                    .position(|&b| b == b' ')
                    .and_then(|at| Some((body.get(..at)?, body.get(at + 1..)?)))
                    .unwrap_or((body, &[]));
                let verb = allowed(command).map_err(|what| self.fail(Fault::Forbidden(what)))?;
                self.tag = tag.to_vec();
                self.phase = match verb {
                    Verb::Idle => Phase::IdleAsked,
                    Verb::Authenticate => Phase::Authenticate,
                    Verb::Other => Phase::Command,
                };
            }
        }
        let mut rest = line;
        let deadline = Instant::now() + self.watch.limits.command;
        while !rest.is_empty() {
            match self.inner.write(rest) {
                Ok(0) => return Err(self.fail(Fault::Closed)),
                Ok(n) => {
                    self.traffic.sent(n);
                    rest = rest.get(n..).unwrap_or_default();
                }
                Err(e)
                    if is_tick(&e) && Instant::now() < deadline && !self.interrupt.is_stopped() => {
                }
                Err(e) if is_tick(&e) => return Err(self.fail(Fault::TooSlow)),
                Err(e) => return Err(self.fail(Fault::Io(e.to_string()))),
            }
        }
        match self.inner.flush() {
            Ok(()) => Ok(()),
            Err(e) if is_tick(&e) => Ok(()),
            Err(e) => Err(self.fail(Fault::Io(e.to_string()))),
        }
    }
}

/// A read that came back only so that the clock could be looked at.
fn is_tick(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// Whether parentheses nest deeper than [`DEPTH`], quoted strings and literals not counted.
fn too_deep(pieces: &[Piece]) -> bool {
    let mut depth = 0u32;
    for piece in pieces {
        let Piece::Text(text) = piece else { continue };
        let (mut quoted, mut escaped) = (false, false);
        for &b in text {
            if escaped {
                escaped = false;
            } else if quoted {
                escaped = b == b'\\';
                quoted = b != b'"';
            } else {
                match b {
                    b'"' => quoted = true,
                    b'(' => depth += 1,
                    b')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            if depth > DEPTH {
                return true;
            }
        }
    }
    false
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Idle,
    Authenticate,
    Other,
}

/// Whether a command (without its tag) is one of the few that Mailroom sends; else the reason why not.
fn allowed(command: &[u8]) -> Result<Verb, &'static str> {
    const NEVER: &str = "a command that is not on its list";
    if !command.iter().all(|b| (b' '..=b'~').contains(b)) {
        return Err("a command with bytes that are not ASCII");
    }
    let text = std::str::from_utf8(command).map_err(|_| NEVER)?;
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (verb, rest.is_empty()) {
        ("CAPABILITY" | "NOOP" | "LOGOUT", true) | ("LOGIN" | "LIST" | "EXAMINE", false) => {
            Ok(Verb::Other)
        }
        ("IDLE", true) => Ok(Verb::Idle),
        ("AUTHENTICATE", false) => Ok(Verb::Authenticate),
        ("UID", false) => {
            let (verb, rest) = rest.split_once(' ').ok_or(NEVER)?;
            match verb {
                "SEARCH" => {
                    (rest == "ALL").then_some(Verb::Other).ok_or("a search that is not plain")
                }
                "FETCH" => {
                    let (set, items) = rest.split_once(' ').ok_or(NEVER)?;
                    let numbers =
                        set.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b':' | b'*'));
                    if numbers && fetch_items(items) {
                        Ok(Verb::Other)
                    } else {
                        Err("a FETCH that could mark mail as read")
                    }
                }
                _ => Err(NEVER),
            }
        }
        _ => Err(NEVER),
    }
}

/// `(item item ...)` with an optional `(CHANGEDSINCE n)` after it; each item one that changes nothing.
fn fetch_items(items: &str) -> bool {
    let Some((inside, after)) = items.strip_prefix('(').and_then(|i| i.split_once(')')) else {
        return false;
    };
    let after = after.trim_start();
    let plain_after = after.is_empty()
        || after
            .strip_prefix("(CHANGEDSINCE ")
            .and_then(|n| n.strip_suffix(')'))
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    plain_after
        && inside.split(' ').all(|item| {
            matches!(item, "UID" | "FLAGS" | "INTERNALDATE" | "RFC822.SIZE" | "MODSEQ")
                || ["BODY.PEEK[HEADER]", "BODY.PEEK[]"].iter().any(|section| {
                    item.strip_prefix(section).is_some_and(|part| {
                        part.strip_prefix('<').and_then(|p| p.strip_suffix('>')).is_some_and(|p| {
                            p.split_once('.').is_some_and(|(from, count)| {
                                [from, count]
                                    .iter()
                                    .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
                            })
                        })
                    })
                })
        })
}

impl<S: Read + Write> Read for Guard<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.pump()?;
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += n;
        Ok(n)
    }
}

impl<S: Read + Write> Write for Guard<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some(fault) = self.watch.fault() {
            return Err(self.fail(fault));
        }
        self.out.extend_from_slice(buf);
        if self.out.len() > 64 * 1024 {
            return Err(self.fail(Fault::Forbidden("a command without end")));
        }
        Ok(buf.len())
    }

    /// The crate flushes after each whole line, so that more than one line at once is already a fault.
    fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let line = std::mem::take(&mut self.out);
        if !line.ends_with(b"\r\n") {
            return Err(self.fail(Fault::Forbidden("half a command")));
        }
        self.send(&line)
    }
}

impl<S: Read + Write> imap::extensions::idle::SetReadTimeout for Guard<S> {
    /// Does nothing: the crate would remove the timeout after IDLE, and every wait is bounded here.
    fn set_read_timeout(&mut self, _: Option<Duration>) -> imap::error::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_nothing_may_leave() {
        for command in [
            "CAPABILITY",
            "NOOP",
            "LOGOUT",
            "IDLE",
            "LOGIN \"a\" \"b\"",
            "AUTHENTICATE PLAIN",
            "LIST \"\" \"*\"",
            "EXAMINE \"INBOX\"",
            "UID SEARCH ALL",
            "UID FETCH 1:*,7 (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)",
            "UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 12)",
            "UID FETCH 5 (UID BODY.PEEK[]<0.1000>)",
            "UID FETCH 5 (UID BODY.PEEK[HEADER]<0.1000>)",
        ] {
            assert!(allowed(command.as_bytes()).is_ok(), "{command}");
        }
        for command in [
            "DELETE INBOX",
            "EXPUNGE",
            "UID EXPUNGE 1",
            "CLOSE",
            "RENAME a b",
            "APPEND INBOX {3}",
            "SELECT INBOX",
            "CREATE x",
            "STORE 1 FLAGS (\\Seen)",
            "UID STORE 1 FLAGS (\\Seen)",
            "UID STORE 1 +FLAGS (\\Deleted)",
            "UID COPY 1 x",
            "UID MOVE 1 x",
            "FETCH 1 (FLAGS)",
            "UID FETCH 1 BODY[]",
            "UID FETCH 1 (BODY[])",
            "UID FETCH 1 (UID BODY.PEEK[])",
            "UID FETCH 1 (UID RFC822)",
            "UID FETCH 1 (UID RFC822.TEXT)",
            "UID FETCH 1 (ENVELOPE)",
            "UID FETCH 1 (BODYSTRUCTURE)",
            "UID FETCH 1 (UID BODY.PEEK[]<0.1000>) (BODY[])",
            "UID FETCH 1 ALL",
            "uid fetch 1 (UID)",
            "IDLE x",
            "",
            "NOOP\u{e9}",
            "STARTTLS",
            "SETACL x",
        ] {
            assert!(allowed(command.as_bytes()).is_err(), "{command}");
        }
    }

    /// A server that says one thing and then is silent.
    struct Script {
        says: io::Cursor<Vec<u8>>,
        chunk: usize,
        heard: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = buf.len().min(self.chunk);
            self.says.read(buf.get_mut(..n).unwrap_or_default())
        }
    }

    impl Write for Script {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.heard.extend_from_slice(buf);
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn hear(says: &[u8], chunk: usize) -> (String, Option<Fault>, Watch) {
        let script = Script { says: io::Cursor::new(says.to_vec()), chunk, heard: vec![] };
        let (mut guard, watch) =
            Guard::new(script, Limits::default(), Interrupt::default(), Traffic::default());
        watch.begin(Budget { literals: 1000, search: false, idle: None });
        guard.phase = Phase::Command;
        guard.tag = b"a1".to_vec();
        let mut heard = vec![];
        let _ = guard.read_to_end(&mut heard);
        (String::from_utf8(heard).unwrap(), watch.fault(), watch)
    }

    #[test]
    fn the_crate_sees_only_the_tagged_answer() {
        let says = b"* NO [ALERT] careful\r\n* XFOO\n* 1 FETCH (UID 3 BODY[] {9}\r\na1 OK x\r\n)\r\n* OK {5}\r\na1 OK [X] \xfcber {3}\r\n";
        for chunk in [1, 2, 7, 4096] {
            let (heard, fault, watch) = hear(says, chunk);
            assert_eq!(heard, "a1 OK done\r\n");
            assert_eq!(fault, Some(Fault::Closed), "the script ends there");
            let untagged = watch.take();
            assert_eq!(untagged.len(), 3, "{untagged:?}");
            assert!(
                matches!(&untagged[1], Untagged::Fetch(f) if f.body.as_deref() == Some(b"a1 OK x\r\n"))
            );
            assert_eq!(watch.tagged().map(|t| t.code), Some("X".into()));
        }
    }

    #[test]
    fn limits_close_the_session() {
        let deep = format!("* 1 FETCH ({})\r\n", "(".repeat(200_000));
        let line = "x".repeat(LINE + 1);
        for (says, what) in [
            (deep.into_bytes(), "a line without end"),
            (
                format!("* 1 FETCH ({}\r\n", "(".repeat(100)).into_bytes(),
                "parentheses nested too deeply",
            ),
            (format!("* OK {line}").into_bytes(), "a line without end"),
            (b"* 1 FETCH (BODY[] {4294967296}\r\n".to_vec(), "a literal of impossible size"),
            (b"* 1 FETCH (BODY[] {-1}\r\n".to_vec(), "a literal of impossible size"),
            (b"* 1 FETCH (BODY[] {1001}\r\n".to_vec(), "more data than was asked for"),
            (b"* 1 FETCH (BODY[] {4294967295}\r\n".to_vec(), "more data than was asked for"),
            (b"a2 OK late\r\n".to_vec(), "an answer to no question"),
            (b"HTTP/1.1 400\r\n".to_vec(), "an answer to no question"),
            (b"a1 MAYBE\r\n".to_vec(), "an answer that is neither OK, NO nor BAD"),
            (b"+ go on\r\n".to_vec(), "a prompt that nobody waits for"),
        ] {
            let (heard, fault, _) = hear(&says, 4096);
            assert_eq!((heard.as_str(), fault), ("", Some(Fault::Protocol(what))));
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let words: [&[u8]; 14] = [
            b"* ",
            b"a1 OK",
            b"\r\n",
            b"\n",
            b"{3}",
            b"{0}",
            b"(",
            b")",
            b"FETCH",
            b"\"",
            b"\\",
            b"+ ",
            b"\xff\0",
            b"UID 1 BODY[] ",
        ];
        let mut seed = 11u64;
        for _ in 0..5_000 {
            let mut says = vec![];
            for _ in 0..30 {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                says.extend_from_slice(words[(seed >> 33) as usize % words.len()]);
            }
            let (heard, _, _) = hear(&says, 1 + (seed as usize >> 40) % 9);
            assert!(heard.is_ascii());
        }
    }

    #[test]
    fn a_second_command_in_one_argument_never_leaves() {
        let script = Script { says: io::Cursor::new(vec![]), chunk: 10, heard: vec![] };
        let (mut guard, watch) =
            Guard::new(script, Limits::default(), Interrupt::default(), Traffic::default());
        guard.phase = Phase::Command;
        guard.write_all(b"a1 NOOP\r\na9 DELETE INBOX\r\n").unwrap();
        assert!(guard.flush().is_err());
        assert_eq!(guard.inner.heard, b"");
        assert_eq!(watch.fault(), Some(Fault::Forbidden("a line break inside a command")));
    }
}
