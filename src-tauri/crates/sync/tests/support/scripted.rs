//! A server that says what it is told to: for what no real server does on request.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What to do after hearing a line.
pub enum Reply {
    /// Say this.
    Say(Vec<u8>),
    /// Say this and close.
    Close(Vec<u8>),
    /// Say this and never anything again.
    Hang(Vec<u8>),
    /// Say this a byte at a time with a pause.
    Drip(Vec<u8>, Duration),
    /// Say this again and again until the other side has had enough.
    Flood(Vec<u8>),
}

/// A running server. Its threads end with the test's process.
pub struct Scripted {
    pub port: u16,
    /// All lines that were heard.
    pub heard: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// `greeting` first, then `answer` to each line: it gets tag and command.
    pub fn start(
        greeting: impl Fn() -> Reply + Send + 'static,
        answer: impl Fn(&str, &str) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(vec![]));
        let log = heard.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = serve(&mut stream, &greeting, &answer, &log);
            }
        });
        Scripted { port, heard }
    }

    /// Lines heard that begin a command of this kind.
    pub fn count(&self, verb: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|l| l.contains(verb)).count()
    }
}

fn serve(
    stream: &mut TcpStream,
    greeting: &dyn Fn() -> Reply,
    answer: &dyn Fn(&str, &str) -> Reply,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    if !perform(stream, greeting())? {
        return Ok(());
    }
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        heard.lock().unwrap().push(line.to_owned());
        let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
        if !perform(stream, answer(tag, command))? {
            return Ok(());
        }
    }
}

/// `false` when the connection is over.
fn perform(stream: &mut TcpStream, reply: Reply) -> std::io::Result<bool> {
    match reply {
        Reply::Say(bytes) => stream.write_all(&bytes).map(|()| true),
        Reply::Close(bytes) => stream.write_all(&bytes).map(|()| false),
        Reply::Hang(bytes) => {
            stream.write_all(&bytes)?;
            // Until the other side goes away.
            let mut rest = vec![];
            let _ = std::io::Read::read_to_end(stream, &mut rest);
            Ok(false)
        }
        Reply::Drip(bytes, pause) => {
            stream.set_nodelay(true)?;
            for byte in bytes {
                stream.write_all(&[byte])?;
                std::thread::sleep(pause);
            }
            Ok(true)
        }
        Reply::Flood(bytes) => loop {
            stream.write_all(&bytes)?;
        },
    }
}

/// A server of good manners with `count` small messages in INBOX, except where `odd` answers first.
pub fn polite(count: u32, odd: impl Fn(&str, &str) -> Option<Reply> + Send + 'static) -> Scripted {
    Scripted::start(
        || Reply::Say(b"* OK ready\r\n".to_vec()),
        move |tag, command| {
            odd(tag, command).unwrap_or_else(|| Reply::Say(ordinary(count, tag, command)))
        },
    )
}

/// The ordinary answer to a command.
pub fn ordinary(count: u32, tag: &str, command: &str) -> Vec<u8> {
    let ok = format!("{tag} OK done\r\n");
    let verb = command.split(' ').next().unwrap_or_default();
    let text = match verb {
        "CAPABILITY" => format!("* CAPABILITY IMAP4rev1\r\n{ok}"),
        "LIST" => format!("* LIST () \"/\" INBOX\r\n{ok}"),
        "EXAMINE" => format!(
            "* {count} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {}] x\r\n{tag} OK [READ-ONLY] done\r\n",
            count + 1
        ),
        "UID" if command.starts_with("UID SEARCH") => {
            let uids: Vec<String> = (1..=count).map(|n| n.to_string()).collect();
            format!("* SEARCH {}\r\n{ok}", uids.join(" "))
        }
        "UID" if command.contains("RFC822.SIZE") => {
            let mut text = String::new();
            for n in 1..=count {
                text += &format!(
                    "* {n} FETCH (UID {n} FLAGS () INTERNALDATE \"03-Feb-2025 10:00:00 +0000\" RFC822.SIZE 40)\r\n"
                );
            }
            text + &ok
        }
        "UID" if command.contains("BODY.PEEK[]") => {
            let mut text = String::new();
            for n in 1..=count {
                let body = format!("Subject: {n}\r\nMessage-ID: <{n}@x>\r\n\r\nhello\r\n");
                text +=
                    &format!("* {n} FETCH (UID {n} BODY[]<0> {{{}}}\r\n{body})\r\n", body.len());
            }
            text + &ok
        }
        "LOGOUT" => format!("* BYE\r\n{ok}"),
        _ => ok,
    };
    text.into_bytes()
}
