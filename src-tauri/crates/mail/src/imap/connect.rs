//! From a server's name to a stream that may be trusted with a password.
//!
//! TLS from the first byte (RFC 8314), certificates checked by the operating system's own store. There is
//! no STARTTLS and no way to skip the check. Plain text is for this computer's own addresses alone.

use super::guard::TICK;
use super::{Interrupt, Limits, MailError, Traffic};
use mailroom_domain::{Security, ServerAddress};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::Verifier;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// A password. Never printed; wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes it over.
    pub fn new(password: String) -> Self {
        Secret(Zeroizing::new(password))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How to connect, beyond where to.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// How patient to be.
    pub limits: Limits,
    /// Certificates (DER) of authorities to trust besides the operating system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// To end the session from elsewhere.
    pub interrupt: Interrupt,
    /// Counts what goes over the connection.
    pub traffic: Traffic,
}

/// TLS or, on loopback, TCP.
#[derive(Debug)]
pub(crate) enum Stream {
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Plain(TcpStream),
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tls(s) => s.read(buf),
            Stream::Plain(s) => s.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tls(s) => s.write(buf),
            Stream::Plain(s) => s.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Tls(s) => s.flush(),
            Stream::Plain(s) => s.flush(),
        }
    }
}

/// Connects, and shakes hands where TLS is asked for.
///
/// # Errors
/// [`MailError::UnknownHost`], [`MailError::Unreachable`], [`MailError::PlainRefused`],
/// [`MailError::Certificate`], [`MailError::NotTls`], [`MailError::Stopped`].
pub(crate) fn connect(
    server: &ServerAddress,
    options: &ConnectOptions,
) -> Result<Stream, MailError> {
    let host = server.host.trim().trim_matches(['[', ']']);
    let plain = server.security == Security::Plain;
    let refused = || MailError::PlainRefused { host: host.to_owned() };
    // Before the name is looked up, so that nothing about it leaves this computer either.
    if plain
        && !(host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    {
        return Err(refused());
    }
    let unknown = || MailError::UnknownHost { host: host.to_owned() };
    let addresses: Vec<SocketAddr> =
        (host, server.port).to_socket_addrs().map_err(|_| unknown())?.take(8).collect();
    let mut last = None;
    let mut socket = None;
    for address in addresses {
        if plain && !address.ip().is_loopback() {
            return Err(refused());
        }
        if options.interrupt.is_stopped() {
            return Err(MailError::Stopped);
        }
        match TcpStream::connect_timeout(&address, options.limits.connect) {
            Ok(s) => {
                socket = Some(s);
                break;
            }
            Err(e) => last = Some(e),
        }
    }
    let unreachable = |e: Option<io::Error>| match e {
        None => unknown(),
        Some(e) => MailError::Unreachable {
            host: host.to_owned(),
            port: server.port,
            detail: crate::neutral::line(&e.to_string(), 120),
        },
    };
    let socket = match socket {
        Some(socket) => socket,
        None => return Err(unreachable(last)),
    };
    let ready = socket
        .set_read_timeout(Some(TICK))
        .and_then(|()| socket.set_write_timeout(Some(TICK)))
        .and_then(|()| socket.set_nodelay(true))
        .and_then(|()| socket.try_clone());
    options.interrupt.hold(Some(ready.map_err(|e| unreachable(Some(e)))?));
    if plain {
        return Ok(Stream::Plain(socket));
    }
    shake_hands(host, server.port, socket, options)
}

fn shake_hands(
    host: &str,
    port: u16,
    mut socket: TcpStream,
    options: &ConnectOptions,
) -> Result<Stream, MailError> {
    let local = |e: rustls::Error| MailError::Local { detail: e.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = options.extra_roots.iter().map(|der| CertificateDer::from(der.clone()));
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(local)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(local)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| MailError::UnknownHost { host: host.to_owned() })?;
    let mut tls = ClientConnection::new(Arc::new(config), name).map_err(local)?;
    let deadline = Instant::now() + options.limits.connect;
    while tls.is_handshaking() {
        if options.interrupt.is_stopped() {
            return Err(MailError::Stopped);
        }
        match tls.complete_io(&mut socket) {
            Ok(_) => {}
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if Instant::now() > deadline {
                    return Err(MailError::TooSlow {
                        host: host.to_owned(),
                        command: "TLS handshake",
                    });
                }
            }
            Err(e) => return Err(handshake_error(host, port, &e)),
        }
    }
    Ok(Stream::Tls(Box::new(StreamOwned::new(tls, socket))))
}

fn handshake_error(host: &str, port: u16, e: &io::Error) -> MailError {
    let tls = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            MailError::Certificate { host: host.to_owned(), reason: certificate_reason(reason) }
        }
        Some(rustls::Error::NoCertificatesPresented) => MailError::Certificate {
            host: host.to_owned(),
            reason: "it showed no certificate".into(),
        },
        Some(other) => MailError::NotTls {
            host: host.to_owned(),
            port,
            detail: crate::neutral::line(&other.to_string(), 120),
        },
        None => MailError::NotTls {
            host: host.to_owned(),
            port,
            detail: match e.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                    "it hung up".into()
                }
                _ => crate::neutral::line(&e.to_string(), 120),
            },
        },
    }
}

fn certificate_reason(error: &rustls::CertificateError) -> String {
    use rustls::CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } => "its certificate has expired".into(),
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "its certificate is not valid yet (is this computer's clock right?)".into()
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "its certificate was issued for another name".into()
        }
        C::UnknownIssuer => "its certificate was issued by nobody that this computer trusts".into(),
        C::Revoked => "its certificate has been revoked".into(),
        C::BadEncoding | C::BadSignature => "its certificate is damaged".into(),
        other => crate::neutral::line(&format!("its certificate was not accepted ({other})"), 160),
    }
}
