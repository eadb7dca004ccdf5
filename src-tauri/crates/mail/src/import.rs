//! Reading mail from files: `.eml`, mbox (RFC 4155 and its relatives), Maildir, folders of `.eml`.
//!
//! Everything is read as a stream, one message at a time, so that an archive of any size costs no more
//! memory than its largest message. Nothing is written, renamed or marked as read.

use mailroom_domain::FlagSet;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes of one message that are kept; of a longer one the beginning.
const LIMIT: u64 = 200 * 1024 * 1024;
/// Levels of folders that are looked into.
const DEPTH: usize = 32;

/// One message of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMessage {
    /// The message as stored, mbox quoting undone.
    pub raw: Vec<u8>,
    /// Flags that the store of mail keeps beside it: Maildir's info, mbox's `Status` and `X-Status`.
    pub flags: FlagSet,
    /// The file that it comes from.
    pub path: PathBuf,
    /// Its number in the file, from 0.
    pub index: u64,
}

/// Why something could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or folder cannot be read.
    #[error("\"{}\" cannot be read ({source}). Check that it exists and that you may open it.", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no mail in a form that Mailroom knows.
    #[error("\"{}\" holds no mail that Mailroom knows. Choose an .eml or mbox file, a Maildir, or a folder with .eml files.", path.display())]
    NoMail {
        /// Which.
        path: PathBuf,
    },
    /// A message was longer than 200 MB and is imported cut.
    #[error("A message in \"{}\" is longer than 200 MB and was left out.", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
}

/// What a path was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One message.
    Eml,
    /// Many messages in one file.
    Mbox,
    /// A folder with `cur` and `new`.
    Maildir,
    /// A folder with messages somewhere below.
    Folder,
}

/// Messages of a path, in the order of the file or of the names. Errors concern single messages or files;
/// reading goes on after them.
pub struct Messages {
    kind: Kind,
    files: VecDeque<PathBuf>,
    mbox: Option<Mbox>,
}

impl Messages {
    /// What the path was found to be.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// Opens a path and finds out what it is.
///
/// # Errors
/// [`ImportError::Unreadable`], [`ImportError::NoMail`]
pub fn open(path: &Path) -> Result<Messages, ImportError> {
    let unreadable = |source| ImportError::Unreadable { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let no_mail = || ImportError::NoMail { path: path.to_owned() };
    if metadata.is_dir() {
        if is_maildir(path) {
            let mut files = Vec::new();
            for folder in ["cur", "new"] {
                list(&path.join(folder), 0, &mut files, &|_| true).map_err(unreadable)?;
            }
            // Maildir++ keeps subfolders as `.Name` beside them.
            for entry in fs::read_dir(path).map_err(unreadable)?.flatten() {
                let sub = entry.path();
                if entry.file_name().to_string_lossy().starts_with('.') && is_maildir(&sub) {
                    for folder in ["cur", "new"] {
                        list(&sub.join(folder), 0, &mut files, &|_| true).map_err(unreadable)?;
                    }
                }
            }
            return Ok(Messages { kind: Kind::Maildir, files: files.into(), mbox: None });
        }
        let mut files = Vec::new();
        list(path, 0, &mut files, &is_mail_file).map_err(unreadable)?;
        if files.is_empty() {
            return Err(no_mail());
        }
        return Ok(Messages { kind: Kind::Folder, files: files.into(), mbox: None });
    }
    let mut head = Vec::new();
    File::open(path).and_then(|f| f.take(4096).read_to_end(&mut head)).map_err(unreadable)?;
    if head.starts_with(b"From ") {
        let mbox = Mbox::open(path).map_err(unreadable)?;
        return Ok(Messages { kind: Kind::Mbox, files: VecDeque::new(), mbox: Some(mbox) });
    }
    let first =
        head.split(|b| *b == b'\n').find(|l| !l.trim_ascii().is_empty()).unwrap_or_default();
    let field = first.iter().position(|b| *b == b':').is_some_and(|at| {
        at > 0 && first.get(..at).is_some_and(|name| name.iter().all(|b| b.is_ascii_graphic()))
    });
    if !field && !is_mail_file(path) {
        return Err(no_mail());
    }
    Ok(Messages { kind: Kind::Eml, files: VecDeque::from([path.to_owned()]), mbox: None })
}

fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() && path.join("new").is_dir()
}

fn is_mail_file(path: &Path) -> bool {
    path.extension().is_some_and(|e| {
        let e = e.to_ascii_lowercase();
        e == "eml" || e == "emlx" || e == "mbox"
    })
}

/// Files below `path`, sorted. Symbolic links to folders are not followed, so that loops cannot occur.
fn list(
    path: &Path,
    depth: usize,
    out: &mut Vec<PathBuf>,
    wanted: &dyn Fn(&Path) -> bool,
) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(path)?.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type()?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && depth < DEPTH && !hidden {
            // A folder that cannot be read does not stop the others.
            let _ = list(&path, depth + 1, out, wanted);
        } else if (kind.is_file() || (kind.is_symlink() && path.is_file()))
            && !hidden
            && wanted(&path)
        {
            out.push(path);
        }
    }
    Ok(())
}

impl Iterator for Messages {
    type Item = Result<ImportedMessage, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mbox) = &mut self.mbox {
                match mbox.next() {
                    Some(message) => return Some(message),
                    None => self.mbox = None,
                }
            }
            let path = self.files.pop_front()?;
            let is_mbox = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mbox"));
            if is_mbox {
                match Mbox::open(&path) {
                    Ok(mbox) => self.mbox = Some(mbox),
                    Err(source) => return Some(Err(ImportError::Unreadable { path, source })),
                }
                continue;
            }
            return Some(read_file(path));
        }
    }
}

fn read_file(path: PathBuf) -> Result<ImportedMessage, ImportError> {
    let mut raw = Vec::new();
    let read = File::open(&path).and_then(|f| f.take(LIMIT + 1).read_to_end(&mut raw));
    if let Err(source) = read {
        return Err(ImportError::Unreadable { path, source });
    }
    if raw.len() as u64 > LIMIT {
        return Err(ImportError::TooLong { path });
    }
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("emlx")) {
        raw = from_emlx(raw);
    }
    let flags = maildir_flags(&path);
    Ok(ImportedMessage { raw, flags, path, index: 0 })
}

/// Apple's form: a line with the message's length, the message, a property list.
fn from_emlx(raw: Vec<u8>) -> Vec<u8> {
    let length = raw.iter().position(|b| *b == b'\n').and_then(|at| {
        Some((at + 1, std::str::from_utf8(raw.get(..at)?).ok()?.trim().parse::<usize>().ok()?))
    });
    match length.and_then(|(from, n)| raw.get(from..from.checked_add(n)?)) {
        Some(message) => message.to_vec(),
        None => raw,
    }
}

/// `name:2,FRS`; `;` and `!` stand for the colon on file systems that forbid it.
fn maildir_flags(path: &Path) -> FlagSet {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((_, info)) = name.rsplit_once([':', ';', '!']) else { return FlagSet::default() };
    let Some(letters) = info.strip_prefix("2,") else { return FlagSet::default() };
    FlagSet {
        seen: letters.contains('S'),
        flagged: letters.contains('F'),
        answered: letters.contains('R'),
        draft: letters.contains('D'),
        deleted: letters.contains('T'),
        keywords: Vec::new(),
    }
}

/// An mbox file, read line by line.
struct Mbox {
    reader: BufReader<File>,
    path: PathBuf,
    index: u64,
    /// A separator has been read and its message not yet.
    pending: bool,
    done: bool,
}

impl Mbox {
    fn open(path: &Path) -> io::Result<Self> {
        let reader = BufReader::with_capacity(256 * 1024, File::open(path)?);
        Ok(Mbox { reader, path: path.to_owned(), index: 0, pending: false, done: false })
    }

    /// One line, its end included, at most 1 MB at a time.
    fn line(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        line.clear();
        (&mut self.reader).take(1024 * 1024).read_until(b'\n', line)
    }

    fn next(&mut self) -> Option<Result<ImportedMessage, ImportError>> {
        if self.done {
            return None;
        }
        let mut raw: Vec<u8> = Vec::new();
        let mut line = Vec::new();
        let mut after_blank = true;
        let mut whole_line = true;
        let mut too_long = false;
        loop {
            match self.line(&mut line) {
                Ok(0) => {
                    self.done = true;
                    break;
                }
                Ok(_) => {}
                Err(source) => {
                    self.done = true;
                    return Some(Err(ImportError::Unreadable { path: self.path.clone(), source }));
                }
            }
            if whole_line && after_blank && is_separator(&line) {
                if self.pending {
                    break;
                }
                self.pending = true;
                raw.clear();
                after_blank = false;
                continue;
            }
            self.pending = true;
            after_blank = whole_line && line.trim_ascii().is_empty();
            // mboxrd quotes every line of `>*From `, mboxo only the bare one: one `>` less suits both.
            let quoted = whole_line
                && line.iter().position(|b| *b != b'>').is_some_and(|at| {
                    at > 0 && line.get(at..).is_some_and(|l| l.starts_with(b"From "))
                });
            let content = if quoted { line.get(1..).unwrap_or_default() } else { &line };
            whole_line = line.last() == Some(&b'\n');
            if raw.len() as u64 + content.len() as u64 > LIMIT {
                too_long = true;
            } else {
                raw.extend_from_slice(content);
            }
        }
        if self.done && raw.is_empty() && !self.pending {
            return None;
        }
        if self.done && raw.is_empty() {
            return None;
        }
        // The empty line before the next separator belongs to the file, not to the message.
        if raw.ends_with(b"\n\r\n") {
            raw.truncate(raw.len() - 2);
        } else if raw.ends_with(b"\n\n") {
            raw.truncate(raw.len() - 1);
        }
        let index = self.index;
        self.index += 1;
        // The separator that ended this message begins the next.
        self.pending = true;
        if too_long {
            return Some(Err(ImportError::TooLong { path: self.path.clone() }));
        }
        let flags = status_flags(&raw);
        Some(Ok(ImportedMessage { raw, flags, path: self.path.clone(), index }))
    }
}

/// `From sender Mon Feb  3 10:00:00 2025`: a year and a clock must stand in it, since messages contain
/// unquoted lines that begin with "From ".
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let rest = rest.get(..200).unwrap_or(rest);
    let clock = rest.windows(5).any(|w| match w {
        [a, b, b':', c, d] => [a, b, c, d].iter().all(|x| x.is_ascii_digit()),
        _ => false,
    });
    let year = rest.split(u8::is_ascii_whitespace).any(|w| {
        w.len() == 4
            && (w.starts_with(b"19") || w.starts_with(b"20"))
            && w.iter().all(u8::is_ascii_digit)
    });
    clock && year
}

/// `Status: RO`, `X-Status: AF` of Pine and mutt.
fn status_flags(raw: &[u8]) -> FlagSet {
    let mut flags = FlagSet::default();
    for line in raw.split(|b| *b == b'\n').take(200) {
        if line.trim_ascii().is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix(b"status:") {
            flags.seen |= value.contains(&b'r');
        } else if let Some(value) = lower.strip_prefix(b"x-status:") {
            flags.answered |= value.contains(&b'a');
            flags.flagged |= value.contains(&b'f');
            flags.deleted |= value.contains(&b'd');
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn all(path: &Path) -> Vec<ImportedMessage> {
        open(path).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn an_mbox_is_cut_at_its_separators_and_unquoted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive");
        fs::write(
            &path,
            "From a@x Mon Feb  3 10:00:00 2025\nSubject: 1\nStatus: RO\n\nHello\n\nFrom here on it is text\n>From me\n>>From you\n\n\
             From b@x Mon Feb  3 11:00:00 2025\r\nSubject: 2\r\nX-Status: F\r\n\r\nlast\r\n",
        )
        .unwrap();
        let messages = all(&path);
        assert_eq!(messages.len(), 2);
        assert_eq!(
            String::from_utf8_lossy(&messages[0].raw),
            "Subject: 1\nStatus: RO\n\nHello\n\nFrom here on it is text\nFrom me\n>From you\n"
        );
        assert!(messages[0].flags.seen && messages[1].flags.flagged && !messages[1].flags.seen);
        assert_eq!(messages[1].index, 1);
        assert_eq!(open(&path).unwrap().kind(), Kind::Mbox);
    }

    #[test]
    fn a_maildir_gives_its_flags() {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["cur", "new", "tmp", ".Work/cur", ".Work/new"] {
            fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        fs::write(dir.path().join("cur/1.a:2,FS"), "Subject: a\n\n").unwrap();
        fs::write(dir.path().join("new/2.b"), "Subject: b\n\n").unwrap();
        fs::write(dir.path().join(".Work/cur/3.c:2,R"), "Subject: c\n\n").unwrap();
        let messages = all(dir.path());
        assert_eq!(messages.len(), 3);
        assert!(messages[0].flags.seen && messages[0].flags.flagged);
        assert_eq!(messages[1].flags, FlagSet::default());
        assert!(messages[2].flags.answered);
    }

    #[test]
    fn folders_of_eml_and_single_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/x.EML"), "Subject: x\n\n").unwrap();
        fs::write(dir.path().join("a/readme.txt"), "hello").unwrap();
        fs::write(dir.path().join("a/y.emlx"), "13\nSubject: y\n\n<plist/>").unwrap();
        let messages = all(dir.path());
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1].raw, b"Subject: y\n\n<".get(..13).unwrap_or_default());
        assert!(matches!(open(&dir.path().join("a/readme.txt")), Err(ImportError::NoMail { .. })));
        assert!(matches!(open(&dir.path().join("none")), Err(ImportError::Unreadable { .. })));
        assert_eq!(all(&dir.path().join("a/b/x.EML")).len(), 1);
    }

    #[test]
    fn a_large_mbox_is_streamed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        let mut file = io::BufWriter::new(File::create(&path).unwrap());
        for n in 0..20_000 {
            write!(
                file,
                "From a@x Mon Feb  3 10:00:00 2025\nSubject: {n}\n\n{}\n\n",
                "line of text\n".repeat(20)
            )
            .unwrap();
        }
        file.flush().unwrap();
        assert_eq!(open(&path).unwrap().filter(Result::is_ok).count(), 20_000);
    }
}
