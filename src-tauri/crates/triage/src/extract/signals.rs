//! Signs of deception in headers and links, found conservatively: what ordinary senders do as well is no sign.
//!
//! Mailing lists rewrite senders and answers, bulk senders count clicks with links of their own, forwarding breaks
//! SPF: each of these is let pass. "Unknown" is never a failure. Nothing is looked up on the network.

use super::lookalike::{likeness, mixed, name, registered, unicode};
use mailroom_domain::{AuthResult, HeaderFacts, Signal};

/// Links that are looked at.
const MOST_LINKS: usize = 200;
/// Domains of correspondents that are compared.
const MOST_KNOWN: usize = 5_000;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Inspected<'a> {
    /// The message's headers.
    pub headers: &'a HeaderFacts,
    /// The links of its HTML: their words and their `href`.
    pub links: &'a [(String, String)],
    /// Domains that the reader corresponds with, and their own.
    pub known: &'a [String],
}

/// Brands that are imitated most, as they stand in a display name, and the names under which they send.
const BRANDS: &[(&str, &[&str])] = &[
    ("paypal", &["paypal"]),
    ("amazon", &["amazon", "amazonses", "amazonaws"]),
    ("apple", &["apple", "icloud", "me", "itunes"]),
    (
        "microsoft",
        &[
            "microsoft",
            "microsoftonline",
            "office",
            "office365",
            "outlook",
            "azure",
            "xbox",
            "live",
            "sharepointonline",
        ],
    ),
    ("google", &["google", "gmail", "youtube", "googlemail", "android"]),
    ("netflix", &["netflix"]),
    ("dhl", &["dhl", "dpdhl", "deutschepost", "dhl-news"]),
    ("fedex", &["fedex"]),
    ("usps", &["usps"]),
    ("facebook", &["facebook", "facebookmail", "meta", "fb"]),
    ("instagram", &["instagram", "facebookmail", "meta"]),
    ("whatsapp", &["whatsapp", "meta"]),
    ("linkedin", &["linkedin"]),
    ("dropbox", &["dropbox", "dropboxmail"]),
    ("docusign", &["docusign"]),
    ("ebay", &["ebay"]),
    ("adobe", &["adobe", "adobesign"]),
    ("spotify", &["spotify"]),
    ("coinbase", &["coinbase"]),
    ("binance", &["binance"]),
    ("wells fargo", &["wellsfargo", "wf"]),
    ("bank of america", &["bankofamerica", "bofa"]),
    ("hsbc", &["hsbc"]),
    ("barclays", &["barclays", "barclaycard"]),
    ("santander", &["santander", "gruposantander"]),
    ("bbva", &["bbva"]),
    ("deutsche bank", &["deutsche-bank", "db"]),
    ("commerzbank", &["commerzbank"]),
    ("crédit agricole", &["credit-agricole", "ca"]),
    ("bnp paribas", &["bnpparibas"]),
    ("société générale", &["societegenerale", "socgen"]),
    ("la poste", &["laposte"]),
    ("poste italiane", &["poste", "posteitaliane"]),
    ("intesa sanpaolo", &["intesasanpaolo"]),
    ("unicredit", &["unicredit", "unicreditgroup"]),
    ("correios", &["correios"]),
    ("bradesco", &["bradesco"]),
    ("nubank", &["nubank"]),
    ("banco do brasil", &["bb", "bancodobrasil"]),
    ("caixabank", &["caixabank"]),
    ("correos", &["correos"]),
    ("hdfc bank", &["hdfcbank"]),
    ("icici bank", &["icicibank"]),
    ("paytm", &["paytm"]),
    ("phonepe", &["phonepe"]),
    ("shopee", &["shopee"]),
    ("lazada", &["lazada"]),
];

/// Words that a brand puts behind its name. "Amazon Watch" is somebody else.
const OFFICES: &[&str] = &[
    "team",
    "support",
    "service",
    "services",
    "security",
    "billing",
    "customer",
    "account",
    "accounts",
    "alert",
    "alerts",
    "notification",
    "notifications",
    "help",
    "desk",
    "center",
    "centre",
    "care",
    "online",
    "payments",
    "payment",
    "delivery",
    "express",
    "no-reply",
    "noreply",
    "info",
    "mail",
    "verification",
    "kundenservice",
    "kundendienst",
    "sicherheit",
    "konto",
    "client",
    "clients",
    "sécurité",
    "servizio",
    "clienti",
    "sicurezza",
    "assistenza",
    "servicio",
    "atención",
    "cliente",
    "seguridad",
    "atendimento",
    "segurança",
    "suporte",
    "soporte",
    "the",
    "pay",
    "prime",
    "id",
    "ads",
    "workspace",
    "365",
    "-",
    "|",
    "&",
    "inc",
    "llc",
    "gmbh",
];

/// All signs, each once.
pub fn signals(inspected: &Inspected<'_>) -> Vec<Signal> {
    let h = inspected.headers;
    let mut out = Vec::new();
    let mut add = |signal: Option<Signal>| {
        if let Some(signal) = signal
            && !out.contains(&signal)
        {
            out.push(signal);
        }
    };
    if let Some(from) = &h.from {
        let domain = from.domain();
        let list =
            h.list_id.is_some() || h.list_software || from.name.to_lowercase().contains(" via ");
        if !domain.is_empty() {
            if !list {
                add(shown_address(&from.name, &from.address, &domain));
                add(brand(&from.name, &domain));
                add(reply_elsewhere(inspected, &domain));
            }
            if mixed(&domain) {
                add(Some(Signal::MixedScripts { domain: unicode(&domain) }));
            }
            add(looks_like(inspected, &domain));
        }
    }
    for (words, href) in inspected.links.iter().take(MOST_LINKS) {
        add(link(h, words, href));
    }
    add(not_authenticated(h));
    out
}

fn shown_address(name: &str, address: &str, domain: &str) -> Option<Signal> {
    let shown = name
        .split(|c: char| {
            c.is_whitespace()
                || matches!(c, '<' | '>' | '(' | ')' | '"' | ',' | ';' | '[' | ']' | '\'')
        })
        .find(|word| {
            word.rsplit_once('@')
                .is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
        })?;
    let (_, host) = shown.rsplit_once('@')?;
    (registered(host) != registered(domain))
        .then(|| Signal::NameShowsAddress { shown: shown.to_owned(), actual: address.to_owned() })
}

fn brand(shown: &str, domain: &str) -> Option<Signal> {
    let lower = shown.to_lowercase();
    let sender = name(domain);
    let (brand, names) = BRANDS.iter().find(|(brand, _)| {
        let Some(rest) = lower.trim_start_matches("the ").strip_prefix(brand) else { return false };
        let apart = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
        apart
            && rest
                .split(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | '®' | '™'))
                .filter(|word| !word.is_empty())
                .all(|word| OFFICES.contains(&word) || word.chars().all(|c| !c.is_alphabetic()))
    })?;
    let own = sender == *brand || names.contains(&sender.as_str());
    (!own).then(|| Signal::NameShowsBrand {
        brand: shown.get(..brand.len()).unwrap_or(brand).to_owned(),
        domain: domain.to_owned(),
    })
}

fn reply_elsewhere(inspected: &Inspected<'_>, domain: &str) -> Option<Signal> {
    let h = inspected.headers;
    // Whoever sends in bulk has answers read elsewhere.
    if h.list_unsubscribe || h.bulk_service || h.precedence.is_some() || h.auto_submitted.is_some()
    {
        return None;
    }
    let reply_to = h.reply_to.first()?.domain();
    let elsewhere = !reply_to.is_empty() && registered(&reply_to) != registered(domain);
    let known =
        inspected.known.iter().take(MOST_KNOWN).any(|k| registered(k) == registered(&reply_to));
    (elsewhere && !known).then(|| Signal::ReplyElsewhere { from: domain.to_owned(), reply_to })
}

fn looks_like(inspected: &Inspected<'_>, domain: &str) -> Option<Signal> {
    let own = registered(domain);
    let known = || inspected.known.iter().take(MOST_KNOWN);
    if known().any(|k| registered(k) == own) {
        return None;
    }
    // Brands' main names come last: whom the reader knows is the likelier model.
    let brands = BRANDS.iter().filter_map(|(_, names)| names.first()).filter(|n| n.len() > 4);
    if BRANDS.iter().any(|(_, names)| names.contains(&name(domain).as_str())) {
        return None;
    }
    let alike = |like: &str| {
        likeness(domain, like).map(|likeness| Signal::LooksLike {
            domain: unicode(domain),
            like: like.to_owned(),
            likeness,
        })
    };
    known().find_map(|k| alike(k)).or_else(|| {
        // One letter from a brand is a word of its own too often.
        brands.filter_map(|brand| alike(brand)).find(|s| {
            !matches!(s, Signal::LooksLike { likeness: mailroom_domain::Likeness::OneEdit, .. })
        })
    })
}

/// The host of a link's target or of words that look like one, lower-case.
fn host(link: &str) -> Option<String> {
    let link = link.trim();
    let rest = match link.split_once("://") {
        Some((scheme, rest)) => {
            matches!(scheme.to_lowercase().as_str(), "http" | "https").then_some(rest)?
        }
        None if link.contains(':') && !link.starts_with("www.") => return None,
        None => link,
    };
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.trim_end_matches('.').to_lowercase();
    let last = host.rsplit('.').next()?;
    let named = host.contains('.')
        && !host.starts_with('.')
        && last.len() >= 2
        && last.chars().all(char::is_alphabetic)
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
    named.then_some(host)
}

fn link(h: &HeaderFacts, words: &str, href: &str) -> Option<Signal> {
    let words = words.trim();
    if words.is_empty() || words.contains(char::is_whitespace) || words.contains('@') {
        return None;
    }
    // "e.g" and "report.pdf" are no hosts.
    let plain =
        words.contains("://") || words.starts_with("www.") || words.matches('.').count() > 1;
    let shown = host(words)?;
    let ending = shown.rsplit('.').next().unwrap_or_default();
    let usual = matches!(
        ending,
        "com"
            | "org"
            | "net"
            | "de"
            | "fr"
            | "it"
            | "es"
            | "pt"
            | "br"
            | "in"
            | "th"
            | "uk"
            | "eu"
            | "io"
            | "gov"
            | "edu"
            | "ch"
            | "at"
            | "us"
            | "mx"
            | "example"
    );
    if !(plain || usual) {
        return None;
    }
    let target = host(href)?;
    if registered(&shown) == registered(&target) {
        return None;
    }
    // Bulk senders and list servers count clicks with links of their own, if they are who they say.
    let counted = h.list_unsubscribe || h.bulk_service || h.list_id.is_some();
    let failed = not_authenticated(h).is_some();
    let senders = h.from.as_ref().is_some_and(|f| registered(&f.domain()) == registered(&target));
    (!((counted || senders) && !failed)).then_some(Signal::LinkElsewhere { shown, target })
}

/// DMARC decides where it was checked; otherwise one of SPF and DKIM must have failed, and none passed.
fn not_authenticated(h: &HeaderFacts) -> Option<Signal> {
    let a = &h.authentication;
    let failed = |result: AuthResult| result == AuthResult::Fail;
    let passed = |result: AuthResult| result == AuthResult::Pass;
    let fails = match a.dmarc {
        AuthResult::Pass => false,
        AuthResult::Fail => true,
        AuthResult::Unknown | AuthResult::Neutral => {
            (failed(a.spf) || failed(a.dkim)) && !passed(a.spf) && !passed(a.dkim)
        }
    };
    fails.then(|| Signal::NotAuthenticated {
        spf: failed(a.spf),
        dkim: failed(a.dkim),
        dmarc: failed(a.dmarc),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::{Address, Authentication};
    use serde::Deserialize;
    use std::collections::BTreeMap;

    fn address(text: &str) -> Address {
        match text.split_once('<') {
            Some((name, rest)) => Address {
                name: name.trim().trim_matches('"').to_owned(),
                address: rest.trim_end_matches('>').to_owned(),
            },
            None => Address { name: String::new(), address: text.to_owned() },
        }
    }

    fn headers(from: &str) -> HeaderFacts {
        HeaderFacts { from: Some(address(from)), ..HeaderFacts::default() }
    }

    fn found(headers: &HeaderFacts, links: &[(&str, &str)], known: &[&str]) -> Vec<Signal> {
        let links: Vec<(String, String)> =
            links.iter().map(|(w, h)| ((*w).to_owned(), (*h).to_owned())).collect();
        let known: Vec<String> = known.iter().map(|k| (*k).to_owned()).collect();
        signals(&Inspected { headers, links: &links, known: &known })
    }

    #[test]
    fn names_that_show_another_sender() {
        let shown = found(&headers("ceo@bank.example <x@evil.example.net>"), &[], &[]);
        assert_eq!(
            shown[0].to_string(),
            "The name shows ceo@bank.example, but it was sent from x@evil.example.net."
        );
        for name in ["PayPal", "PayPal Billing Team", "The PayPal Team", "PAYPAL Support 24"] {
            let said = found(&headers(&format!("{name} <a@intl-desk.example>")), &[], &[]);
            assert!(matches!(said.as_slice(), [Signal::NameShowsBrand { .. }]), "{name} {said:?}");
        }
        for from in [
            "PayPal <service@mail.paypal.com>",
            "Amazon Watch <news@amazonwatch.org>",
            "Google Maps Platform <x@google.com>",
            "Pay Palmer <p@palmer.example>",
            "Ana Paz (ana@home.example) <ana@mail.home.example>",
            "Apple Farm Shop <hello@applefarm.example>",
        ] {
            assert_eq!(found(&headers(from), &[], &[]), [], "{from}");
        }
        let mut list = headers("ana@home.example via dev <dev@lists.example.org>");
        list.list_id = Some("dev.lists.example.org".into());
        assert_eq!(found(&list, &[], &[]), []);
    }

    #[test]
    fn answers_that_go_elsewhere() {
        let mut h = headers("Ana <ana@home.example.com>");
        h.reply_to = vec![address("Ana <ana@other.example.net>")];
        assert!(matches!(found(&h, &[], &[]).as_slice(), [Signal::ReplyElsewhere { .. }]));
        assert_eq!(found(&h, &[], &["example.net"]), []);
        h.list_unsubscribe = true;
        assert_eq!(found(&h, &[], &[]), []);
    }

    #[test]
    fn domains_that_look_like_known_ones() {
        let said = found(&headers("Ben <ben@bergmann-sohn.de>"), &[], &["bergman-sohn.de"]);
        assert_eq!(
            said[0].to_string(),
            "bergmann-sohn.de looks like bergman-sohn.de, but is spelt differently."
        );
        assert_eq!(
            found(
                &headers("Ben <ben@bergmann-sohn.de>"),
                &[],
                &["bergman-sohn.de", "bergmann-sohn.de"]
            ),
            []
        );
        let said = found(&headers("x <x@xn--pypal-4ve.com>"), &[], &[]);
        assert!(
            matches!(said.as_slice(), [Signal::MixedScripts { .. }, Signal::LooksLike { .. }]),
            "{said:?}"
        );
    }

    #[test]
    fn links_that_lead_elsewhere() {
        let h = headers("Ana <ana@home.example>");
        let said = found(&h, &[("https://bank.com/login", "http://evil.net/bank.com")], &[]);
        assert_eq!(said[0].to_string(), "A link says bank.com, but leads to evil.net.");
        let said = found(&h, &[("www.bank.com", "https://bank.com@evil.net/")], &[]);
        assert!(matches!(said.as_slice(), [Signal::LinkElsewhere { .. }]));
        for (words, href) in [
            ("Click here", "http://evil.net"),
            ("bank.com", "https://www.bank.com/a?b#c"),
            ("report.pdf", "https://files.example.org/1"),
            ("ana@home.example", "mailto:x@y.example"),
            ("www.bank.com", "https://click.home.example/x"),
            ("", ""),
            ("://", "://"),
        ] {
            assert_eq!(found(&h, &[(words, href)], &[]), [], "{words}");
        }
    }

    #[test]
    fn unknown_is_never_a_failure() {
        use AuthResult::{Fail, Neutral, Pass, Unknown};
        for (spf, dkim, dmarc, fails) in [
            (Unknown, Unknown, Unknown, false),
            (Neutral, Unknown, Neutral, false),
            (Fail, Pass, Unknown, false),
            (Fail, Pass, Pass, false),
            (Fail, Unknown, Unknown, true),
            (Pass, Pass, Fail, true),
        ] {
            let mut h = headers("Ana <ana@home.example>");
            h.authentication = Authentication { spf, dkim, dmarc };
            assert_eq!(!found(&h, &[], &[]).is_empty(), fails, "{spf:?} {dkim:?} {dmarc:?}");
        }
    }

    #[derive(Deserialize)]
    struct Record {
        label: String,
        from: String,
        #[serde(default)]
        headers: Option<BTreeMap<String, String>>,
    }

    /// The corpus's senders, as a reader would meet them who corresponds with everybody else of the same batch.
    #[test]
    fn ordinary_mail_raises_few_alarms() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
        let (mut mails, mut alarms) = (0u32, BTreeMap::<&str, u32>::new());
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("corpus")
            .filter_map(|e| Some(e.ok()?.path()))
            .collect();
        files.sort();
        for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "jsonl")) {
            let text = std::fs::read_to_string(file).expect("a batch");
            let records: Vec<Record> =
                text.lines().map(|l| serde_json::from_str(l).expect("a record")).collect();
            let domains: Vec<String> = records.iter().map(|r| address(&r.from).domain()).collect();
            for record in &records {
                // Phishing and other spam is among what is labelled otherwise.
                let ordinary = matches!(record.label.as_str(), "task" | "urgent");
                let mut h = headers(&record.from);
                let extra = |name: &str| record.headers.as_ref().and_then(|h| h.get(name));
                h.reply_to = extra("Reply-To").map(|r| vec![address(r)]).unwrap_or_default();
                h.list_unsubscribe = extra("List-Unsubscribe").is_some();
                h.list_id = extra("List-Id").cloned();
                h.precedence = extra("Precedence").cloned();
                h.auto_submitted = extra("Auto-Submitted").cloned();
                let own = registered(&address(&record.from).domain());
                let known: Vec<String> =
                    domains.iter().filter(|d| registered(d) != own).cloned().collect();
                mails += u32::from(ordinary);
                for signal in signals(&Inspected { headers: &h, links: &[], known: &known }) {
                    println!("{} {}: {signal}", record.label, record.from);
                    if !ordinary {
                        continue;
                    }
                    let kind = match signal {
                        Signal::ReplyElsewhere { .. } => "reply elsewhere",
                        Signal::LooksLike { .. } => "look-alike",
                        Signal::NameShowsBrand { .. } => "brand",
                        _ => "other",
                    };
                    *alarms.entry(kind).or_default() += 1;
                }
            }
        }
        println!("{mails} messages, {alarms:?}");
        // One is known: a code review's robot whose answers go to the reviewer.
        assert!(mails > 2_000 && alarms.values().sum::<u32>() <= 3, "{alarms:?}");
    }
}
