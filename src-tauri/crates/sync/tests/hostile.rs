//! Sync against servers that lie, stall, flood and refuse.

mod support;

use mailroom_domain::AccountId;
use mailroom_mail::imap::{
    ConnectOptions, ImapMailbox, Limits, MailError, Mailbox, Recovery, Secret, check_sign_in,
};
use mailroom_sync::{AccountConfig, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use support::scripted::{Reply, Scripted, ordinary, polite};
use support::{Account, MemoryShelf, config, settings};

/// Short, so that the tests are; the rules are the same.
const SHORT: Limits = Limits {
    connect: Duration::from_secs(5),
    silence: Duration::from_secs(2),
    command: Duration::from_secs(3),
    pace: 1_000_000,
};

fn say(text: &str) -> Reply {
    Reply::Say(text.as_bytes().to_vec())
}

fn sign_in(server: &Scripted) -> Result<(), MailError> {
    let options = ConnectOptions { limits: SHORT, ..ConnectOptions::default() };
    check_sign_in(&settings(server.port), &Secret::new("s3cret".into()), &options)
}

fn connect(server: &Scripted) -> ImapMailbox {
    let options = ConnectOptions { limits: SHORT, ..ConnectOptions::default() };
    ImapMailbox::connect(&settings(server.port), &Secret::new("s3cret".into()), &options).unwrap()
}

fn inbox(mailbox: &mut ImapMailbox) -> Result<(), MailError> {
    let folders = mailbox.list()?;
    mailbox.open(&folders[0].name)?;
    Ok(())
}

#[test]
fn greetings_are_checked_before_any_password_is_sent() {
    type Case = (&'static str, bool, fn(&MailError) -> bool);
    let cases: Vec<Case> = vec![
        ("HTTP/1.1 400 Bad Request\r\n", false, |e| matches!(e, MailError::NotImap { .. })),
        ("220 mx ESMTP\r\n", false, |e| matches!(e, MailError::NotImap { .. })),
        (
            "* BYE too many connections\r\n",
            false,
            |e| matches!(e, MailError::ClosedAtGreeting { said, .. } if said.contains("too many")),
        ),
        ("* BYE too many connections\r\n", true, |e| {
            matches!(e, MailError::ClosedAtGreeting { .. })
        }),
        ("", true, |e| matches!(e, MailError::ClosedAtGreeting { .. })),
        ("* PREAUTH welcome\r\n", false, |e| matches!(e, MailError::Preauthenticated { .. })),
        ("* FOO\r\n", false, |e| matches!(e, MailError::NotImap { .. })),
        ("* NO\r\n", false, |e| matches!(e, MailError::NotImap { .. })),
        ("\u{1}\u{2}\u{3}\r\n", false, |e| matches!(e, MailError::NotImap { .. })),
        ("* OK", true, |e| matches!(e, MailError::ClosedAtGreeting { .. })),
        ("", false, |e| matches!(e, MailError::TooSlow { .. })),
    ];
    for (greeting, close, expected) in cases {
        let server = Scripted::start(
            move || if close { Reply::Close(greeting.into()) } else { say(greeting) },
            |tag, command| Reply::Say(ordinary(0, tag, command)),
        );
        let error = sign_in(&server).unwrap_err();
        assert!(expected(&error), "{greeting:?}: {error:?}");
        let heard = server.heard.lock().unwrap().join("\n");
        assert!(!heard.contains("s3cret"), "{greeting:?}: the password was sent");
        assert!(!error.to_string().contains("s3cret"));
        assert!(error.to_string().contains("127.0.0.1"));
    }
}

#[test]
fn a_second_greeting_is_no_harm() {
    let server = Scripted::start(
        || say("* OK Waiting for authentication process to respond..\r\n* OK ready\r\n"),
        |tag, command| Reply::Say(ordinary(0, tag, command)),
    );
    sign_in(&server).unwrap();
}

#[test]
fn refusals_of_sign_in_are_told_apart() {
    let cases: Vec<(&str, Recovery)> = vec![
        ("NO [AUTHENTICATIONFAILED] bad", Recovery::AskPassword),
        ("NO wrong", Recovery::AskPassword),
        ("NO [EXPIRED] old", Recovery::AskPassword),
        ("NO [UNAVAILABLE] later", Recovery::BackOff(Duration::from_secs(60))),
        ("NO [LIMIT] too many", Recovery::BackOff(Duration::from_secs(60))),
        ("NO [INUSE] locked", Recovery::BackOff(Duration::from_secs(60))),
        ("NO [CONTACTADMIN] ask", Recovery::FixSettings),
        ("NO [PRIVACYREQUIRED] tls", Recovery::FixSettings),
        (
            "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
            Recovery::BackOff(Duration::from_millis(299_961)),
        ),
        ("BYE Session expired", Recovery::BackOff(Duration::from_secs(1))),
    ];
    for (answer, recovery) in cases {
        let server = polite(0, move |tag, command| {
            command.starts_with("LOGIN").then(|| say(&format!("{tag} {answer}\r\n")))
        });
        let error = sign_in(&server).unwrap_err();
        assert_eq!(error.recovery(), recovery, "{answer}: {error:?}");
    }
    // Exchange accepts the password and refuses the first command.
    let server = polite(0, |tag, command| {
        command
            .starts_with("LIST")
            .then(|| say(&format!("{tag} BAD User is authenticated but not connected.\r\n")))
    });
    let mut mailbox = connect(&server);
    assert_eq!(mailbox.list().unwrap_err().recovery(), Recovery::FixSettings);
}

#[test]
fn no_way_in_is_said_and_plain_is_used_where_login_is_not() {
    let server = polite(0, |tag, c| {
        (c == "CAPABILITY")
            .then(|| say(&format!("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK\r\n")))
    });
    assert!(matches!(sign_in(&server).unwrap_err(), MailError::NoWayToSignIn { .. }));
    assert_eq!(server.count("LOGIN "), 0);

    let server = polite(0, |tag, c| match c {
        "CAPABILITY" => {
            Some(say(&format!("* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN\r\n{tag} OK\r\n")))
        }
        "AUTHENTICATE PLAIN" => Some(say("+ \r\n")),
        // The credential comes on a line of its own.
        _ if tag == "AGJvAHMzY3JldA==" => Some(say("a2 OK in\r\n")),
        _ => None,
    });
    sign_in(&server).unwrap();
}

#[test]
fn no_bad_and_half_answers_are_never_taken_for_empty_ones() {
    for (verb, answer) in [
        ("UID SEARCH", "NO [UNAVAILABLE] x\r\n"),
        ("UID SEARCH", "NO x\r\n"),
        ("UID SEARCH", "BAD x\r\n"),
        ("UID SEARCH", "OK without an answer\r\n"),
        ("UID FETCH", "NO x\r\n"),
        ("LIST", "NO x\r\n"),
        ("EXAMINE", "NO x\r\n"),
        ("EXAMINE", "OK and nothing else\r\n"),
    ] {
        let server = polite(3, move |tag, c| {
            (c.starts_with(verb)).then(|| {
                let half = if verb == "UID SEARCH" && answer.starts_with("NO") {
                    "* SEARCH 1\r\n"
                } else {
                    ""
                };
                say(&format!("{half}{tag} {answer}"))
            })
        });
        let mut mailbox = connect(&server);
        let result = inbox(&mut mailbox).and_then(|()| {
            let uids = mailbox.uids()?;
            mailbox.facts(&uids).map(|_| ())
        });
        assert!(result.is_err(), "{verb} {answer}");
    }
}

#[test]
fn a_folder_without_uidvalidity_is_left_alone() {
    for line in ["", "* OK [UIDVALIDITY 0] x\r\n", "* OK [UIDVALIDITY 4294967296] x\r\n"] {
        let server = polite(1, move |tag, c| {
            c.starts_with("EXAMINE").then(|| say(&format!("* 1 EXISTS\r\n{line}{tag} OK\r\n")))
        });
        let mut account = Account::start(config(server.port), MemoryShelf::default());
        account.until("FolderSkipped", |e| matches!(e, Event::FolderSkipped { .. }));
        assert!(account.shelf.present_in("INBOX").is_empty());
        account.stop();
    }
}

#[test]
fn lies_floods_and_depths_end_the_session_within_bounds() {
    let deep = format!("* 1 FETCH (UID 1 {}\r\n", "(".repeat(5_000));
    let cases: Vec<(&str, Box<dyn Fn() -> Reply + Send>)> = vec![
        (
            "literal longer than sent",
            Box::new(|| Reply::Hang(b"* 1 FETCH (UID 1 BODY[]<0> {500}\r\nshort".to_vec())),
        ),
        (
            "literal of 2^32 - 1",
            Box::new(|| Reply::Hang(b"* 1 FETCH (UID 1 BODY[]<0> {4294967295}\r\n".to_vec())),
        ),
        (
            "literal of 2^32",
            Box::new(|| Reply::Hang(b"* 1 FETCH (UID 1 BODY[]<0> {4294967296}\r\n".to_vec())),
        ),
        (
            "negative literal",
            Box::new(|| Reply::Hang(b"* 1 FETCH (UID 1 BODY[]<0> {-1}\r\n".to_vec())),
        ),
        ("line without end", Box::new(|| Reply::Flood(vec![b'x'; 4096]))),
        (
            "flood of responses",
            Box::new(|| {
                Reply::Flood(b"* OK still here and nothing else to say about it\r\n".repeat(100))
            }),
        ),
        ("flood of EXISTS", Box::new(|| Reply::Flood(b"* 5 EXISTS\r\n".repeat(300)))),
        ("deep parentheses", Box::new(move || Reply::Hang(deep.clone().into_bytes()))),
        (
            "one byte at a time",
            Box::new(|| Reply::Drip(vec![b'*'; 600], Duration::from_millis(20))),
        ),
        ("a late answer", Box::new(|| say("a1 OK late\r\n"))),
        ("silence", Box::new(|| Reply::Hang(vec![]))),
        ("BYE and close", Box::new(|| Reply::Close(b"* BYE Session expired\r\n".to_vec()))),
        ("BYE without text", Box::new(|| Reply::Close(b"* BYE\r\n".to_vec()))),
        ("garbage", Box::new(|| Reply::Hang(b"\x16\x03\x01 what\r\n".to_vec()))),
        ("a prompt", Box::new(|| Reply::Hang(b"+ go on\r\n".to_vec()))),
    ];
    for (name, reply) in cases {
        let server =
            polite(1, move |_, c| (c.starts_with("UID FETCH") && c.contains("BODY")).then(&reply));
        let mut mailbox = connect(&server);
        inbox(&mut mailbox).unwrap();
        let uids = mailbox.uids().unwrap();
        let started = Instant::now();
        let error = mailbox
            .bodies(&[(uids[0], 40)], 1 << 20, &mut |_, _| {
                panic!("{name}: nothing complete was sent")
            })
            .unwrap_err();
        assert!(!error.session_is_sound(), "{name}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(30), "{name} took {:?}", started.elapsed());
        // Poisoned: nothing is ever read from it again.
        assert!(matches!(mailbox.noop().unwrap_err(), MailError::Closed { .. }), "{name}");
    }
}

#[test]
fn alerts_unknown_lines_and_sloppy_ends_do_no_harm() {
    let server = polite(2, |tag, c| {
        let chatter = "* NO [ALERT] Quota at 99%\r\n* XFOO bar\r\n* OK Still here\n* OK [X-\u{e9}] caf\u{e9}\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* ESEARCH (TAG \"a1\") UID\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* STATUS inbox (MESSAGES 2 )\r\n* VANISHED (EARLIER) 1:4294967295\r\n* BYE-ish\r\n";
        let answer = String::from_utf8(ordinary(2, tag, c)).unwrap();
        (!c.starts_with("LOGIN") && !c.starts_with("LOGOUT") && tag != "DONE")
            .then(|| say(&format!("{chatter}{answer}")))
    });
    let mut account = Account::start(config(server.port), MemoryShelf::default());
    account.until_idle();
    assert_eq!(account.shelf.present_in("INBOX").len(), 2);
    account.stop();
}

#[test]
fn messages_that_the_server_lists_and_does_not_send_are_not_gone() {
    let round = Arc::new(AtomicU32::new(0));
    let counter = round.clone();
    let server = polite(3, move |tag, c| {
        if c.starts_with("UID FETCH")
            && c.contains("BODY")
            && counter.fetch_add(1, Ordering::SeqCst) == 0
        {
            return Some(say(&format!("* 1 FETCH (UID 1 BODY[]<0> {{2}}\r\nx\n)\r\n{tag} OK\r\n")));
        }
        None
    });
    let shelf = MemoryShelf::default();
    let mut account = Account::start(config(server.port), shelf.clone());
    account.until_idle();
    account.stop();
    assert_eq!(shelf.present_in("INBOX").len(), 1);
    let mut account = Account::start(config(server.port), shelf.clone());
    account.until_idle();
    account.stop();
    assert_eq!(shelf.present_in("INBOX").len(), 3);
    assert!(shelf.0.lock().unwrap().messages.values().flatten().all(|m| !m.gone));
}

#[test]
fn an_empty_folder_is_looked_at_twice_before_all_is_gone() {
    // A server that once shows an empty folder by mistake.
    let searches = Arc::new(AtomicU32::new(0));
    let counter = searches.clone();
    let server = polite(100, move |tag, c| {
        if c == "UID SEARCH ALL" && counter.fetch_add(1, Ordering::SeqCst) == 1 {
            return Some(say(&format!("* SEARCH\r\n{tag} OK\r\n")));
        }
        None
    });
    let shelf = MemoryShelf::default();
    for _ in 0..2 {
        let mut account = Account::start(config(server.port), shelf.clone());
        account.until_idle();
        account.stop();
        assert_eq!(shelf.present_in("INBOX").len(), 100);
    }
    assert!(searches.load(Ordering::SeqCst) >= 3);
}

#[test]
fn idle_that_is_refused_or_odd_falls_back_or_reconnects() {
    // EXISTS before the prompt; tagged answers instead of it; cut while idling.
    for (name, reply) in [
        ("NO", "a0 NO not now\r\n"),
        ("BAD", "a0 BAD what\r\n"),
        ("OK", "a0 OK done\r\n"),
        ("early EXISTS", "* 1 EXISTS\r\n+ idling\r\n"),
    ] {
        let server = polite(1, move |tag, c| match c {
            "CAPABILITY" => Some(say(&format!("* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK\r\n"))),
            "IDLE" => Some(say(&reply.replace("a0", tag))),
            _ if tag == "DONE" => Some(say("a0 OK done\r\n")),
            _ => None,
        });
        let mut config = config(server.port);
        config.limits = SHORT;
        let mut account = Account::start(config, MemoryShelf::default());
        account.until_idle();
        account.until_shelf(name, |s| s.present_in("INBOX").len() == 1);
        std::thread::sleep(Duration::from_millis(300));
        account.stop();
        assert!(server.count("IDLE") >= 1, "{name}");
    }
}

#[test]
fn without_idle_it_polls() {
    let count = Arc::new(AtomicU32::new(1));
    let now = count.clone();
    let server = Scripted::start(
        || say("* OK ready\r\n"),
        move |tag, command| Reply::Say(ordinary(now.load(Ordering::SeqCst), tag, command)),
    );
    let mut config = config(server.port);
    config.policy.poll = Duration::from_millis(100);
    let mut account = Account::start(config, MemoryShelf::default());
    account.until_idle();
    count.store(2, Ordering::SeqCst);
    account.until_shelf("the second message", |s| s.present_in("INBOX").len() == 2);
    account.stop();
}

#[test]
fn nothing_but_reading_ever_leaves() {
    let server = polite(5, |_, _| None);
    let mut account = Account::start(config(server.port), MemoryShelf::default());
    account.until_idle();
    account.stop();
    for line in server.heard.lock().unwrap().iter() {
        let command = line.split_once(' ').map_or("", |c| c.1);
        let reads =
            ["CAPABILITY", "LOGIN ", "LIST ", "EXAMINE ", "UID SEARCH ALL", "UID FETCH ", "LOGOUT"];
        assert!(reads.iter().any(|r| command.starts_with(r)), "{line}");
        assert!(
            !command.contains("BODY[")
                && !command.contains("ENVELOPE")
                && !command.contains("BODYSTRUCTURE"),
            "{line}"
        );
    }
}

#[test]
fn stops_at_once_while_connecting_waiting_and_signing_in() {
    let silent = Scripted::start(|| Reply::Hang(vec![]), |_, _| Reply::Hang(vec![]));
    let refusing = polite(0, |tag, c| {
        c.starts_with("LOGIN").then(|| say(&format!("{tag} NO [UNAVAILABLE] x\r\n")))
    });
    for port in [silent.port, refusing.port, 1] {
        let mut account = Account::start(
            AccountConfig { account: AccountId(9), ..config(port) },
            MemoryShelf::default(),
        );
        std::thread::sleep(Duration::from_millis(200));
        let started = Instant::now();
        account.stop();
        assert!(started.elapsed() < Duration::from_secs(3));
        account.until("Stopped", |e| matches!(e, Event::Stopped { .. }));
    }
}
