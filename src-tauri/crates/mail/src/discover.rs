//! From an address to the server that holds its mail, without sending anything anywhere.
//!
//! Three sources, best first: a built-in list of providers, the domain's own SRV records (RFC 6186, looked
//! up by the caller), and names that are usual. A host outside the address's own registrable domain has to
//! be confirmed by the user unless the built-in list names it, because a DNS answer can be forged.

use mailroom_domain::{Security, ServerAddress};

/// How a provider lets a mail program in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// With the account's password.
    Password,
    /// With a password that the user makes for Mailroom in the provider's settings.
    AppPassword {
        /// What to do there, in a sentence.
        note: &'static str,
        /// Where.
        url: &'static str,
    },
    /// In a browser only, which Mailroom does not do yet.
    OAuth2Only {
        /// What to tell the user.
        note: &'static str,
    },
    /// The provider has no IMAP.
    NoImap {
        /// What to tell the user.
        note: &'static str,
    },
}

/// What LOGIN wants as the user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserForm {
    /// The whole address.
    Address,
    /// The part before the `@`.
    LocalPart,
}

impl UserForm {
    /// The user name for an address.
    pub fn of(self, address: &str) -> String {
        match self {
            UserForm::Address => address.trim().to_owned(),
            UserForm::LocalPart => {
                address.trim().rsplit_once('@').map_or(address, |a| a.0).to_owned()
            }
        }
    }
}

/// A provider of the built-in list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub name: &'static str,
    /// IMAP host; empty for [`SignIn::NoImap`].
    pub host: &'static str,
    /// Port.
    pub port: u16,
    /// TLS, but for bridges on this computer.
    pub security: Security,
    /// Form of the user name.
    pub user: UserForm,
    /// How to sign in.
    pub sign_in: SignIn,
}

/// Where a candidate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The built-in list.
    BuiltIn,
    /// The domain's SRV records.
    Srv,
    /// A usual name.
    Usual,
}

/// A server that may hold the address's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where.
    pub server: ServerAddress,
    /// User name to try.
    pub user: String,
    /// How to sign in.
    pub sign_in: SignIn,
    /// Name of the provider, when known.
    pub provider: Option<&'static str>,
    /// Where it comes from.
    pub source: Source,
    /// The host is outside the address's registrable domain and not on the built-in list: ask the user
    /// before a password is sent there.
    pub confirm_host: bool,
}

/// One SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrvRecord {
    /// Lower first.
    pub priority: u16,
    /// Higher first among the same priority.
    pub weight: u16,
    /// Zero is no port.
    pub port: u16,
    /// Host name, a trailing dot allowed; `.` means that the service is not offered.
    pub target: String,
}

/// Not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an email address. It should look like name@example.com.")]
pub struct NotAnAddress(pub String);

const GOOGLE: SignIn = SignIn::AppPassword {
    note: "Google wants an app password of 16 letters for mail programs; 2-Step Verification must be on.",
    url: "https://myaccount.google.com/apppasswords",
};
const YAHOO: SignIn = SignIn::AppPassword {
    note: "Yahoo wants an app password for mail programs.",
    url: "https://login.yahoo.com/account/security",
};
const AOL: SignIn = SignIn::AppPassword {
    note: "AOL wants an app password for mail programs.",
    url: "https://login.aol.com/account/security",
};
const APPLE: SignIn = SignIn::AppPassword {
    note: "iCloud wants an app-specific password for mail programs.",
    url: "https://account.apple.com/account/manage",
};
const MICROSOFT: SignIn = SignIn::OAuth2Only {
    note: "Microsoft lets mail programs in through a browser sign-in only, which Mailroom does not have yet.",
};
const ZOHO: SignIn = SignIn::AppPassword {
    note: "Switch IMAP access on in Zoho Mail's settings; with two-factor sign-in, make an app password.",
    url: "https://accounts.zoho.com/home#security/app_password",
};
const YANDEX: SignIn = SignIn::AppPassword {
    note: "Switch IMAP on in Yandex Mail's settings and make an app password for mail.",
    url: "https://id.yandex.com/security/app-passwords",
};
const MAIL_RU: SignIn = SignIn::AppPassword {
    note: "Mail.ru wants a password for external programs.",
    url: "https://account.mail.ru/user/2-step-auth/passwords/",
};
const QQ: SignIn = SignIn::AppPassword {
    note: "Switch IMAP on in the mailbox's settings and use the authorisation code shown there as password.",
    url: "https://mail.qq.com",
};
const NETEASE: SignIn = SignIn::AppPassword {
    note: "Switch IMAP on in the mailbox's settings and use the authorisation code shown there as password.",
    url: "https://mail.163.com",
};
const FASTMAIL: SignIn = SignIn::AppPassword {
    note: "Fastmail wants an app password for mail programs.",
    url: "https://app.fastmail.com/settings/security/apps",
};
const PROTON: SignIn = SignIn::AppPassword {
    note: "Proton Mail needs Proton Mail Bridge running on this computer; use the password that Bridge shows.",
    url: "https://proton.me/mail/bridge",
};
const ATT: SignIn = SignIn::AppPassword {
    note: "AT&T wants a secure mail key for mail programs.",
    url: "https://www.att.com/support/article/email-support/KM1240462/",
};
const COMCAST: SignIn = SignIn::AppPassword {
    note: "Allow third-party access in Xfinity's email security settings first.",
    url: "https://www.xfinity.com/support/articles/third-party-email-access",
};
const GMX: SignIn = SignIn::AppPassword {
    note: "Allow POP3 and IMAP in GMX's settings first; with two-factor sign-in, make an app password.",
    url: "https://www.gmx.net",
};
const WEB_DE: SignIn = SignIn::AppPassword {
    note: "Allow POP3 and IMAP in WEB.DE's settings first; with two-factor sign-in, make an app password.",
    url: "https://web.de",
};
const T_ONLINE: SignIn = SignIn::AppPassword {
    note: "Telekom wants a password for mail programs, set in the e-mail centre's settings.",
    url: "https://www.telekom.de/kundencenter/kundendaten/passwoerter",
};
const ORANGE: SignIn = SignIn::Password;
const VERIZON: SignIn = AOL;

const fn tls(name: &'static str, host: &'static str, sign_in: SignIn) -> Provider {
    Provider { name, host, port: 993, security: Security::Tls, user: UserForm::Address, sign_in }
}

const fn local(name: &'static str, host: &'static str, sign_in: SignIn) -> Provider {
    Provider { name, host, port: 993, security: Security::Tls, user: UserForm::LocalPart, sign_in }
}

const fn none(name: &'static str, note: &'static str) -> Provider {
    Provider {
        name,
        host: "",
        port: 0,
        security: Security::Tls,
        user: UserForm::Address,
        sign_in: SignIn::NoImap { note },
    }
}

/// Domains, then the provider that serves them.
const PROVIDERS: &[(&[&str], Provider)] = &[
    (&["gmail.com", "googlemail.com"], tls("Gmail", "imap.gmail.com", GOOGLE)),
    (
        &[
            "outlook.com",
            "outlook.de",
            "outlook.fr",
            "outlook.es",
            "outlook.it",
            "outlook.jp",
            "hotmail.com",
            "hotmail.co.uk",
            "hotmail.fr",
            "hotmail.de",
            "hotmail.it",
            "hotmail.es",
            "live.com",
            "live.co.uk",
            "live.de",
            "live.fr",
            "live.nl",
            "live.it",
            "msn.com",
            "passport.com",
            "windowslive.com",
        ],
        tls("Outlook.com", "outlook.office365.com", MICROSOFT),
    ),
    (
        &["office365.com", "onmicrosoft.com"],
        tls("Microsoft 365", "outlook.office365.com", MICROSOFT),
    ),
    (
        &[
            "yahoo.com",
            "yahoo.co.uk",
            "yahoo.de",
            "yahoo.fr",
            "yahoo.it",
            "yahoo.es",
            "yahoo.ca",
            "yahoo.com.au",
            "yahoo.com.br",
            "yahoo.co.in",
            "yahoo.in",
            "yahoo.com.mx",
            "yahoo.com.ar",
            "ymail.com",
            "rocketmail.com",
            "myyahoo.com",
        ],
        tls("Yahoo", "imap.mail.yahoo.com", YAHOO),
    ),
    (
        &["yahoo.co.jp", "ybb.ne.jp"],
        local("Yahoo! Japan", "imap.mail.yahoo.co.jp", SignIn::Password),
    ),
    (&["icloud.com", "me.com", "mac.com"], local("iCloud", "imap.mail.me.com", APPLE)),
    (&["aol.com", "aol.de", "aol.co.uk", "aol.fr", "aim.com"], tls("AOL", "imap.aol.com", AOL)),
    (&["gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.info"], tls("GMX", "imap.gmx.net", GMX)),
    (&["gmx.com", "gmx.us", "gmx.co.uk", "gmx.fr", "gmx.es"], tls("GMX", "imap.gmx.com", GMX)),
    (
        &["mail.com", "email.com", "usa.com", "post.com", "europe.com"],
        tls("mail.com", "imap.mail.com", SignIn::Password),
    ),
    (&["web.de", "email.de"], tls("WEB.DE", "imap.web.de", WEB_DE)),
    (&["t-online.de", "magenta.de"], tls("Telekom", "secureimap.t-online.de", T_ONLINE)),
    (&["freenet.de"], tls("freenet", "mx.freenet.de", SignIn::Password)),
    (&["arcor.de", "vodafone.de"], tls("Vodafone", "imap.vodafonemail.de", SignIn::Password)),
    (
        &["posteo.de", "posteo.net", "posteo.eu", "posteo.org", "posteo.at", "posteo.ch"],
        tls("Posteo", "posteo.de", SignIn::Password),
    ),
    (&["mailbox.org"], tls("mailbox.org", "imap.mailbox.org", SignIn::Password)),
    (
        &["fastmail.com", "fastmail.fm", "sent.com", "messagingengine.com"],
        tls("Fastmail", "imap.fastmail.com", FASTMAIL),
    ),
    (
        &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"],
        Provider {
            name: "Proton Mail",
            host: "127.0.0.1",
            port: 1143,
            security: Security::Plain,
            user: UserForm::Address,
            sign_in: PROTON,
        },
    ),
    (&["zoho.com", "zohomail.com"], tls("Zoho", "imap.zoho.com", ZOHO)),
    (&["zoho.eu", "zohomail.eu"], tls("Zoho", "imap.zoho.eu", ZOHO)),
    (&["zoho.in", "zohomail.in"], tls("Zoho", "imap.zoho.in", ZOHO)),
    (
        &["yandex.com", "yandex.ru", "ya.ru", "yandex.by", "yandex.kz", "yandex.ua", "narod.ru"],
        tls("Yandex", "imap.yandex.com", YANDEX),
    ),
    (
        &["mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"],
        tls("Mail.ru", "imap.mail.ru", MAIL_RU),
    ),
    (&["rambler.ru", "lenta.ru", "ro.ru"], tls("Rambler", "imap.rambler.ru", SignIn::Password)),
    (&["qq.com", "foxmail.com"], tls("QQ Mail", "imap.qq.com", QQ)),
    (&["163.com"], tls("NetEase 163", "imap.163.com", NETEASE)),
    (&["126.com"], tls("NetEase 126", "imap.126.com", NETEASE)),
    (&["yeah.net"], tls("NetEase Yeah", "imap.yeah.net", NETEASE)),
    (&["sina.com", "sina.cn"], tls("Sina", "imap.sina.com", QQ)),
    (&["naver.com"], local("Naver", "imap.naver.com", SignIn::Password)),
    (&["daum.net", "hanmail.net", "kakao.com"], local("Daum", "imap.daum.net", SignIn::Password)),
    (&["orange.fr", "wanadoo.fr"], tls("Orange", "imap.orange.fr", ORANGE)),
    (&["free.fr", "aliceadsl.fr"], local("Free", "imap.free.fr", SignIn::Password)),
    (&["laposte.net"], local("La Poste", "imap.laposte.net", SignIn::Password)),
    (
        &["sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr"],
        tls("SFR", "imap.sfr.fr", SignIn::Password),
    ),
    (&["bbox.fr"], tls("Bouygues", "imap4.bbox.fr", SignIn::Password)),
    (
        &["libero.it", "inwind.it", "iol.it", "blu.it", "giallo.it"],
        tls("Libero", "imapmail.libero.it", SignIn::Password),
    ),
    (&["virgilio.it"], tls("Virgilio", "in.virgilio.it", SignIn::Password)),
    (&["tin.it", "alice.it", "tim.it"], tls("TIM", "imap.tim.it", SignIn::Password)),
    (&["tiscali.it"], tls("Tiscali", "imap.tiscali.it", SignIn::Password)),
    (&["aruba.it"], tls("Aruba", "imaps.aruba.it", SignIn::Password)),
    (&["wp.pl"], tls("WP", "imap.wp.pl", SignIn::Password)),
    (&["o2.pl", "tlen.pl", "go2.pl"], tls("o2", "poczta.o2.pl", SignIn::Password)),
    (
        &["onet.pl", "onet.eu", "op.pl", "poczta.onet.pl", "vp.pl"],
        tls("Onet", "imap.poczta.onet.pl", SignIn::Password),
    ),
    (
        &["interia.pl", "interia.eu", "poczta.fm"],
        tls("Interia", "poczta.interia.pl", SignIn::Password),
    ),
    (&["seznam.cz", "email.cz", "post.cz"], tls("Seznam", "imap.seznam.cz", SignIn::Password)),
    (&["centrum.cz", "atlas.cz"], tls("Centrum", "imap.centrum.cz", SignIn::Password)),
    (&["freemail.hu"], tls("Freemail", "imap.freemail.hu", SignIn::Password)),
    (&["ukr.net"], tls("Ukr.net", "imap.ukr.net", SignIn::Password)),
    (&["abv.bg"], tls("ABV", "imap.abv.bg", SignIn::Password)),
    (&["uol.com.br", "bol.com.br"], tls("UOL", "imap.uol.com.br", SignIn::Password)),
    (&["terra.com.br"], tls("Terra", "imap.terra.com.br", SignIn::Password)),
    (&["comcast.net", "xfinity.com"], tls("Comcast", "imap.comcast.net", COMCAST)),
    (&["verizon.net"], tls("Verizon (AOL)", "imap.aol.com", VERIZON)),
    (
        &["att.net", "sbcglobal.net", "bellsouth.net", "pacbell.net", "ameritech.net"],
        tls("AT&T", "imap.mail.att.net", ATT),
    ),
    (&["cox.net"], tls("Cox (Yahoo)", "imap.mail.yahoo.com", YAHOO)),
    (
        &["charter.net", "spectrum.net", "roadrunner.com", "twc.com"],
        tls("Spectrum", "mobile.charter.net", SignIn::Password),
    ),
    (
        &["earthlink.net", "mindspring.com"],
        tls("EarthLink", "imap.earthlink.net", SignIn::Password),
    ),
    (&["rogers.com"], tls("Rogers (Yahoo)", "imap.mail.yahoo.com", YAHOO)),
    (&["shaw.ca"], local("Shaw", "imap.shaw.ca", SignIn::Password)),
    (&["sympatico.ca", "bell.net"], tls("Bell", "imap.bell.net", SignIn::Password)),
    (&["videotron.ca"], tls("Vidéotron", "imap.videotron.ca", SignIn::Password)),
    (
        &["btinternet.com", "btopenworld.com", "talk21.com"],
        tls("BT", "mail.btinternet.com", SignIn::Password),
    ),
    (&["sky.com"], tls("Sky (Yahoo)", "imap.mail.yahoo.com", YAHOO)),
    (
        &["virginmedia.com", "ntlworld.com", "blueyonder.co.uk"],
        tls("Virgin Media", "imap.virginmedia.com", SignIn::Password),
    ),
    (&["talktalk.net"], tls("TalkTalk", "mail.talktalk.net", SignIn::Password)),
    (&["bluewin.ch"], tls("Bluewin", "imaps.bluewin.ch", SignIn::Password)),
    (&["hispeed.ch", "sunrise.ch"], tls("Sunrise", "imap.hispeed.ch", SignIn::Password)),
    (&["infomaniak.com", "ik.me"], tls("Infomaniak", "mail.infomaniak.com", SignIn::Password)),
    (&["a1.net", "aon.at"], tls("A1", "securemail.a1.net", SignIn::Password)),
    (&["ionos.de", "1und1.de", "online.de"], tls("IONOS", "imap.ionos.de", SignIn::Password)),
    (&["ionos.com"], tls("IONOS", "imap.ionos.com", SignIn::Password)),
    (&["ovh.net", "ovh.com"], tls("OVH", "ssl0.ovh.net", SignIn::Password)),
    (&["gandi.net"], tls("Gandi", "mail.gandi.net", SignIn::Password)),
    (&["migadu.com"], tls("Migadu", "imap.migadu.com", SignIn::Password)),
    (&["runbox.com", "runbox.no"], tls("Runbox", "mail.runbox.com", SignIn::Password)),
    (&["disroot.org"], tls("Disroot", "disroot.org", SignIn::Password)),
    (&["riseup.net"], local("Riseup", "mail.riseup.net", SignIn::Password)),
    (&["mailfence.com"], tls("Mailfence", "imap.mailfence.com", SignIn::Password)),
    (&["startmail.com"], tls("StartMail", "imap.startmail.com", SignIn::Password)),
    (&["kolabnow.com"], tls("Kolab Now", "imap.kolabnow.com", SignIn::Password)),
    (&["ziggo.nl", "home.nl", "casema.nl"], tls("Ziggo", "imap.ziggo.nl", SignIn::Password)),
    (&["kpnmail.nl", "planet.nl", "hetnet.nl"], tls("KPN", "imap.kpnmail.nl", SignIn::Password)),
    (&["telenet.be"], tls("Telenet", "imap.telenet.be", SignIn::Password)),
    (&["skynet.be", "proximus.be"], tls("Proximus", "imap.proximus.be", SignIn::Password)),
    (&["telia.com"], tls("Telia", "imap.telia.com", SignIn::Password)),
    (&["online.no"], tls("Telenor", "imap.online.no", SignIn::Password)),
    (&["sapo.pt"], tls("SAPO", "imap.sapo.pt", SignIn::Password)),
    (&["telefonica.net", "movistar.es"], tls("Movistar", "imap.telefonica.net", SignIn::Password)),
    (
        &["bigpond.com", "bigpond.net.au", "telstra.com"],
        tls("Telstra", "imap.telstra.com", SignIn::Password),
    ),
    (&["optusnet.com.au"], tls("Optus", "mail.optusnet.com.au", SignIn::Password)),
    (
        &["rediffmail.com"],
        none(
            "Rediffmail",
            "Rediffmail has IMAP for paying customers only, at an address that it tells them.",
        ),
    ),
    (
        &["tutanota.com", "tutanota.de", "tutamail.com", "tuta.io", "tuta.com", "keemail.me"],
        none(
            "Tuta",
            "Tuta encrypts mail in its own apps and has no IMAP, so that no other mail program can read it.",
        ),
    ),
    (
        &["hey.com"],
        none("HEY", "HEY has no IMAP. It can forward your mail to an address that has."),
    ),
    (&["skiff.com"], none("Skiff", "Skiff has closed.")),
];

/// The provider that serves a domain, by the built-in list.
pub fn provider(domain: &str) -> Option<&'static Provider> {
    let domain = domain.trim().trim_end_matches('.').to_lowercase();
    let tenant = domain.ends_with(".onmicrosoft.com");
    PROVIDERS
        .iter()
        .find(|(domains, _)| {
            domains.contains(&domain.as_str()) || (tenant && domains.contains(&"onmicrosoft.com"))
        })
        .map(|(_, provider)| provider)
}

/// The domain of an address, lower-cased.
///
/// # Errors
/// [`NotAnAddress`] when there is none.
pub fn domain_of(address: &str) -> Result<String, NotAnAddress> {
    let address = address.trim();
    let not = || NotAnAddress(crate::neutral::line(address, 80));
    let (local, domain) = address.rsplit_once('@').ok_or_else(not)?;
    let domain = domain.trim_end_matches('.').to_lowercase();
    let sound = !local.is_empty()
        && !address.contains(|c: char| c.is_whitespace() || c.is_control())
        && domain.len() <= 253
        && domain.split('.').all(|l| !l.is_empty() && l.len() <= 63)
        && domain.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
    if sound { Ok(domain) } else { Err(not()) }
}

/// Candidates for an address, best first, each server once. `srv` is asked for `_imaps._tcp.<domain>` at
/// most once, and only when the built-in list does not know the domain; an empty answer means none.
///
/// # Errors
/// [`NotAnAddress`]
pub fn candidates(
    address: &str,
    srv: impl FnOnce(&str) -> Vec<SrvRecord>,
) -> Result<Vec<Candidate>, NotAnAddress> {
    let domain = domain_of(address)?;
    if let Some(p) = provider(&domain) {
        return Ok(vec![Candidate {
            server: ServerAddress { host: p.host.into(), port: p.port, security: p.security },
            user: p.user.of(address),
            sign_in: p.sign_in,
            provider: Some(p.name),
            source: Source::BuiltIn,
            confirm_host: false,
        }]);
    }
    let mut out: Vec<Candidate> = from_srv(address, &domain, srv(&format!("_imaps._tcp.{domain}")));
    for usual in usual_names(address, &domain) {
        if !out.iter().any(|c| c.server == usual.server) {
            out.push(usual);
        }
    }
    Ok(out)
}

/// Candidates from `_imaps._tcp` records: by priority, then by weight (RFC 2782 draws lots among weights;
/// the heaviest first is as good for one client).
pub fn from_srv(address: &str, domain: &str, mut records: Vec<SrvRecord>) -> Vec<Candidate> {
    records.sort_by_key(|r| (r.priority, std::cmp::Reverse(r.weight)));
    let mut out: Vec<Candidate> = Vec::new();
    for record in records.into_iter().take(8) {
        let host = record.target.trim_end_matches('.').to_lowercase();
        let sound = record.port != 0
            && !host.is_empty()
            && host.contains('.')
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if !sound {
            continue;
        }
        let known = PROVIDERS.iter().map(|(_, p)| p).find(|p| p.host == host);
        let server = ServerAddress { host, port: record.port, security: Security::Tls };
        if out.iter().any(|c| c.server == server) {
            continue;
        }
        out.push(Candidate {
            confirm_host: !same_registrable(&server.host, domain),
            server,
            user: known.map_or(UserForm::Address, |p| p.user).of(address),
            sign_in: known.map_or(SignIn::Password, |p| p.sign_in),
            provider: known.map(|p| p.name),
            source: Source::Srv,
        });
    }
    out
}

/// `imap.<domain>` and `mail.<domain>`, which are always within the address's own domain.
pub fn usual_names(address: &str, domain: &str) -> Vec<Candidate> {
    ["imap", "mail"]
        .into_iter()
        .map(|prefix| Candidate {
            server: ServerAddress {
                host: format!("{prefix}.{domain}"),
                port: 993,
                security: Security::Tls,
            },
            user: UserForm::Address.of(address),
            sign_in: SignIn::Password,
            provider: None,
            source: Source::Usual,
            confirm_host: false,
        })
        .collect()
}

/// Whether two hosts belong to the same registrable domain by the public suffix list.
pub fn same_registrable(host: &str, domain: &str) -> bool {
    let root = |name: &str| psl::domain_str(name).map(str::to_owned);
    match (root(&host.to_lowercase()), root(&domain.to_lowercase())) {
        (Some(a), Some(b)) => a == b,
        _ => host.eq_ignore_ascii_case(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, port: u16, target: &str) -> SrvRecord {
        SrvRecord { priority, weight, port, target: target.into() }
    }

    #[test]
    fn the_list_is_sound() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(PROVIDERS.len() >= 40);
        for (domains, p) in PROVIDERS {
            for domain in *domains {
                assert!(seen.insert(*domain), "{domain} is listed twice");
                assert_eq!(*domain, domain.to_lowercase());
            }
            match p.sign_in {
                SignIn::NoImap { .. } => assert!(p.host.is_empty()),
                _ => assert!(!p.host.is_empty() && p.port != 0),
            }
            assert!(p.security == Security::Tls || p.host == "127.0.0.1");
        }
    }

    #[test]
    fn known_domains_need_no_question() {
        let one =
            |a: &str| candidates(a, |_| panic!("no DNS for a known domain")).unwrap().remove(0);
        assert_eq!(one("Ana@GMail.com").server.host, "imap.gmail.com");
        assert_eq!(one("ana@me.com").user, "ana");
        assert!(matches!(one("ana@tuta.io").sign_in, SignIn::NoImap { .. }));
        assert!(matches!(one("a@firm.onmicrosoft.com").sign_in, SignIn::OAuth2Only { .. }));
    }

    #[test]
    fn srv_answers_are_ordered_and_foreign_hosts_need_a_word() {
        let all = candidates("ana@example.co.uk", |name| {
            assert_eq!(name, "_imaps._tcp.example.co.uk");
            vec![
                record(10, 0, 993, "backup.example.co.uk."),
                record(0, 5, 993, "mx.other.co.uk."),
                record(0, 9, 993, "imap.fastmail.com."),
                record(0, 1, 0, "."),
                record(0, 1, 993, "evil host"),
            ]
        })
        .unwrap();
        let hosts: Vec<_> = all.iter().map(|c| (c.server.host.as_str(), c.confirm_host)).collect();
        assert_eq!(
            hosts,
            [
                ("imap.fastmail.com", true),
                ("mx.other.co.uk", true),
                ("backup.example.co.uk", false),
                ("imap.example.co.uk", false),
                ("mail.example.co.uk", false),
            ]
        );
        assert_eq!(all[0].provider, Some("Fastmail"));
    }

    #[test]
    fn what_is_no_address_is_told_so() {
        for text in ["", "ana", "@x.org", "a@", "a b@x.org", "a@x..org", "a@x\u{0}.org"] {
            assert!(domain_of(text).is_err(), "{text:?}");
        }
        assert_eq!(domain_of(" ana@Bücher.example ").as_deref(), Ok("bücher.example"));
    }
}
