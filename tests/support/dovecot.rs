//! A real Dovecot on loopback, with its own folder, users and certificate, for one test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where Debian puts it.
const BINARY: &str = "/usr/sbin/dovecot";
/// The one user.
pub const USER: &str = "bo";
/// Their password, with characters that need quoting.
pub const PASSWORD: &str = "pa ss\"w\\ord";

/// What certificate the server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Valid for `localhost` and `127.0.0.1`.
    Good,
    /// Valid for another name.
    OtherName,
    /// Expired in 2001.
    Expired,
}

/// A running server. Killed and removed when dropped.
pub struct Dovecot {
    folder: tempfile::TempDir,
    process: Child,
    /// Port without TLS.
    pub port: u16,
    /// Port with TLS from the first byte.
    pub tls_port: u16,
    /// The authority that issued its certificate, DER.
    pub authority: Vec<u8>,
    owner: Option<(u32, u32)>,
}

/// Whether Dovecot is installed. Tests that need it say so and pass where it is not.
pub fn is_installed() -> bool {
    let there = Path::new(BINARY).exists();
    if !there {
        eprintln!("skipped: {BINARY} is not installed");
    }
    there
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn account(name: &str) -> (u32, u32) {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|l| l.starts_with(&format!("{name}:"))).unwrap();
    let mut fields = line.split(':').skip(2).map(|n| n.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}

impl Dovecot {
    /// Starts a server and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(Certificate::Good, "")
    }

    /// Starts a server with a certificate of choice and further lines of configuration.
    pub fn start_with(certificate: Certificate, more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("mailroom-dovecot").tempdir().unwrap();
        let dir = folder.path();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        // Dovecot serves no mail as root: then an unprivileged account of the system owns it.
        let me = fs::metadata(dir).unwrap();
        let root = me.uid() == 0;
        let owner = root.then(|| account("nobody"));
        let (uid, gid) = owner.unwrap_or((me.uid(), me.gid()));
        let authority = write_certificates(dir, certificate);
        let name = Command::new("id").arg("-un").output().unwrap();
        let name = String::from_utf8(name.stdout).unwrap();
        let users = if root {
            String::new()
        } else {
            format!("default_internal_user = {0}\ndefault_login_user = {0}\n", name.trim())
        };
        let (port, tls_port) = (free_port(), free_port());
        fs::write(dir.join("users"), format!("{USER}:{{PLAIN}}{PASSWORD}::::::\n")).unwrap();
        let d = dir.display();
        let config = format!(
            "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {d}/run\nstate_dir = {d}/state\nlog_path = {d}/log\n\
             {users}ssl = yes\nssl_cert = <{d}/server.pem\nssl_key = <{d}/server.key\nssl_min_protocol = TLSv1.2\n\
             disable_plaintext_auth = no\nauth_mechanisms = plain login\nmail_location = maildir:{d}/mail/%u\n\
             first_valid_uid = 0\nfirst_valid_gid = 0\nmail_max_userip_connections = 100\n\
             mailbox_idle_check_interval = 1 secs\nmaildir_very_dirty_syncs = no\n\
             passdb {{\n driver = passwd-file\n args = scheme=PLAIN {d}/users\n}}\n\
             userdb {{\n driver = static\n args = uid={uid} gid={gid} home={d}/mail/%u\n}}\n\
             namespace inbox {{\n inbox = yes\n separator = /\n mailbox Archive {{\n special_use = \\Archive\n auto = create\n }}\n mailbox Trash {{\n special_use = \\Trash\n auto = create\n }}\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = {tls_port}\n ssl = yes\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n{more}\n"
        );
        fs::write(dir.join("dovecot.conf"), config).unwrap();
        for sub in ["mail", "mail/bo", "mail/bo/cur", "mail/bo/new", "mail/bo/tmp"] {
            fs::create_dir_all(dir.join(sub)).unwrap();
            if let Some((uid, gid)) = owner {
                std::os::unix::fs::chown(dir.join(sub), Some(uid), Some(gid)).unwrap();
            }
        }
        let process = Self::run(dir);
        let mut server = Dovecot { folder, process, port, tls_port, authority, owner };
        server.wait();
        server
    }

    fn run(dir: &Path) -> Child {
        Command::new(BINARY)
            .arg("-F")
            .arg("-c")
            .arg(dir.join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                let mut line = String::new();
                if BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("* OK") {
                    return;
                }
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("Dovecot ended with {status}: {}", self.log());
            }
            assert!(Instant::now() < deadline, "Dovecot does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(&mut self) {
        // Only this process, by its number: Dovecot takes its children with it.
        let _ = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.process.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = self.process.kill();
                let _ = self.process.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it wrote into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// INBOX's Maildir.
    pub fn inbox(&self) -> PathBuf {
        self.folder.path().join("mail").join(USER)
    }

    /// Delivers a message into INBOX as a delivery agent does, received at `received`.
    pub fn deliver(&self, raw: &[u8], received: u64) -> String {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let n = SERIAL.fetch_add(1, Ordering::SeqCst);
        let name = format!("{received}.M{n:09}.test");
        let (tmp, new) =
            (self.inbox().join("tmp").join(&name), self.inbox().join("new").join(&name));
        fs::write(&tmp, raw).unwrap();
        if let Some((uid, gid)) = self.owner {
            std::os::unix::fs::chown(&tmp, Some(uid), Some(gid)).unwrap();
        }
        let at = std::time::UNIX_EPOCH + Duration::from_secs(received);
        fs::File::options().append(true).open(&tmp).unwrap().set_modified(at).unwrap();
        fs::rename(tmp, new).unwrap();
        name
    }

    /// The names of all messages of INBOX, with their flags.
    pub fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        for sub in ["cur", "new"] {
            for entry in fs::read_dir(self.inbox().join(sub)).unwrap() {
                names.push(entry.unwrap().file_name().into_string().unwrap());
            }
        }
        names.sort();
        names
    }

    /// How many messages of INBOX are marked as read.
    pub fn seen(&self) -> usize {
        self.files()
            .iter()
            .filter(|n| n.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S')))
            .count()
    }

    /// Makes INBOX's UIDs void: stops, gives it another UIDVALIDITY and new UIDs, starts.
    pub fn renumber(&mut self, uid_validity: u32) {
        self.end();
        for entry in fs::read_dir(self.inbox()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("dovecot.index") || name.starts_with("dovecot-uidvalidity") {
                fs::remove_file(path).unwrap();
            }
        }
        let list = self.inbox().join("dovecot-uidlist");
        let guid = "a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4";
        fs::write(&list, format!("3 V{uid_validity} N1001 G{guid}\n")).unwrap();
        if let Some((uid, gid)) = self.owner {
            std::os::unix::fs::chown(&list, Some(uid), Some(gid)).unwrap();
        }
        self.process = Self::run(self.folder.path());
        self.wait();
    }

    /// Another mail program, signed in.
    pub fn client(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Client { reader: BufReader::new(stream), tag: 0 };
        let mut greeting = String::new();
        client.reader.read_line(&mut greeting).unwrap();
        let password = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
        client.run(&format!("LOGIN {USER} \"{password}\""));
        client
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.end();
    }
}

/// A bare IMAP client that plays another mail program.
pub struct Client {
    reader: BufReader<TcpStream>,
    tag: u32,
}

impl Client {
    /// Runs a command and returns its untagged lines. Panics unless it is answered OK.
    pub fn run(&mut self, command: &str) -> Vec<String> {
        self.tag += 1;
        let tag = format!("x{}", self.tag);
        self.reader.get_mut().write_all(format!("{tag} {command}\r\n").as_bytes()).unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.reader.read_line(&mut line).unwrap() > 0, "{command}: connection closed");
            if let Some(answer) = line.strip_prefix(&format!("{tag} ")) {
                assert!(answer.starts_with("OK"), "{command}: {answer}");
                return lines;
            }
            lines.push(line.trim_end().to_owned());
        }
    }
}

impl Client {
    /// Puts a message into a folder, whose name is given as on the wire.
    pub fn append(&mut self, folder: &str, raw: &[u8]) {
        self.tag += 1;
        let tag = format!("x{}", self.tag);
        let head = format!("{tag} APPEND {folder} {{{}+}}\r\n", raw.len());
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(raw).unwrap();
        stream.write_all(b"\r\n").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.reader.read_line(&mut line).unwrap() > 0, "APPEND: connection closed");
            if let Some(answer) = line.strip_prefix(&format!("{tag} ")) {
                assert!(answer.starts_with("OK"), "APPEND: {answer}");
                return;
            }
        }
    }
}

fn write_certificates(dir: &Path, kind: Certificate) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Mailroom test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();

    let names = if kind == Certificate::OtherName {
        vec!["mail.example".to_owned()]
    } else {
        vec!["localhost".to_owned()]
    };
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    if kind != Certificate::OtherName {
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    }
    if kind == Certificate::Expired {
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    fs::write(dir.join("server.pem"), certificate.pem()).unwrap();
    fs::write(dir.join("server.key"), key.serialize_pem()).unwrap();
    authority.der().to_vec()
}

/// Stands between client and server and cuts the connection after a number of the server's bytes.
pub struct Cutter {
    /// Where to connect.
    pub port: u16,
    cut_at: std::sync::Arc<AtomicU64>,
    passed: std::sync::Arc<AtomicU64>,
}

impl Cutter {
    /// Starts between here and `port`. Nothing is cut until [`Cutter::cut_after`].
    pub fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap().port();
        let cut_at = std::sync::Arc::new(AtomicU64::new(u64::MAX));
        let passed = std::sync::Arc::new(AtomicU64::new(0));
        let (cut, count) = (cut_at.clone(), passed.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (cut, count) = (cut.clone(), count.clone());
                std::thread::spawn(move || pass(client, port, &cut, &count));
            }
        });
        Cutter { port: here, cut_at, passed }
    }

    /// Cuts the next connection after so many bytes of the server; later ones are left whole.
    pub fn cut_after(&self, bytes: u64) {
        self.cut_at.store(bytes, Ordering::SeqCst);
    }

    /// Bytes of the server that have passed so far, over all connections.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }
}

fn pass(client: TcpStream, port: u16, cut: &AtomicU64, count: &AtomicU64) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let _ = client.set_nodelay(true);
    let limit = cut.swap(u64::MAX, Ordering::SeqCst);
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Both);
    });
    let (mut from_server, mut to_client) = (server, client);
    let mut buffer = [0u8; 16 * 1024];
    let mut sent = 0u64;
    while let Ok(n) = from_server.read(&mut buffer) {
        if n == 0 {
            break;
        }
        let n = n.min(usize::try_from(limit - sent).unwrap_or(usize::MAX));
        if to_client.write_all(&buffer[..n]).is_err() {
            break;
        }
        sent += n as u64;
        count.fetch_add(n as u64, Ordering::SeqCst);
        if sent >= limit {
            break;
        }
    }
    let _ = to_client.shutdown(std::net::Shutdown::Both);
    let _ = from_server.shutdown(std::net::Shutdown::Both);
}
