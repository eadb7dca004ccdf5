//! From a message to what the evidence voice weighs: facts about headers and shape, cues, and words.

use crate::cues::{self, CUES, Cue};
use crate::tokens::{ByHash, SEED, Token, fold, runs_on, tokens};
use mailroom_domain::{AuthResult, MessageContent, Position};
use std::sync::LazyLock;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Buckets for hashed words; a power of two.
pub(crate) const BUCKETS: usize = 1 << 17;
/// Facts, cues, and facts about cues.
pub(crate) const FACTS: usize = FACT_NAMES.len() + 2 * CUES;
/// Everything that has a weight.
pub(crate) const WIDTH: usize = FACTS + BUCKETS;
/// Tokens of the body that are read: its beginning, and its end.
const BODY: usize = 300;

/// One thing that weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Feature {
    /// Below [`WIDTH`].
    pub(crate) index: u32,
    pub(crate) value: f32,
    pub(crate) source: Source,
}

/// Where it comes from, for the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// One of [`FACT_NAMES`], by place.
    Fact(u16),
    /// A cue, by its place, found at this token.
    Cue { cue: u8, at: u16, len: u8 },
    /// A word or two of the subject or the body.
    Word { subject: bool, at: u16, len: u8 },
}

/// Facts: a name for the trainer's tables and a sentence for the user. Places are part of the model's format.
pub(crate) const FACT_NAMES: &[(&str, &str)] = &[
    ("list-id", "Sent through a mailing list"),
    ("list-unsubscribe", "Can be unsubscribed from"),
    ("one-click", "Offers one-click unsubscribing, as bulk mail does"),
    ("list-software", "Handled by mailing list software"),
    ("precedence", "Marked as bulk mail by its sender"),
    ("auto-submitted", "Marked as automatic by its sender"),
    ("null-return-path", "Sent by a mail system, not a person"),
    ("bulk-service", "Sent through a service for bulk mail"),
    ("no-reply", "The sender takes no replies"),
    ("role-sender", "The sender is an office or a machine, not a person"),
    ("free-mail", "The sender writes from a personal mail provider"),
    ("personal-name", "The sender's name looks like a person's"),
    ("no-name", "The sender gives no name"),
    ("colleague", "The sender shares the reader's domain"),
    ("re", "An answer in a conversation"),
    ("fwd", "A forwarded message"),
    ("threaded", "Part of a conversation"),
    ("deep-thread", "Part of a long conversation"),
    ("only-to", "Addressed to you alone"),
    ("to", "Addressed to you among others"),
    ("cc", "You are in copy"),
    ("absent", "Not addressed to you by name"),
    ("several", "Sent to several people"),
    ("many", "Sent to many people"),
    ("high-importance", "Marked as important by its sender"),
    ("low-importance", "Marked as unimportant by its sender"),
    ("spam", "Marked as spam on its way"),
    ("dmarc-fail", "The sender's identity could not be confirmed"),
    ("authenticated", "The sender's identity was confirmed"),
    ("personal-mailer", "Written in a mail program"),
    ("invitation", "Carries a calendar invitation"),
    ("calendar-cancel", "Cancels a calendar event"),
    ("calendar-reply", "Answers a calendar invitation"),
    ("attachment", "Has an attachment"),
    ("document", "Has a document attached"),
    ("html-only", "Has no plain text, only a designed page"),
    ("remote-images", "Loads images from elsewhere"),
    ("many-images", "Loads many images from elsewhere"),
    ("no-link", "Has no links"),
    ("some-links", "Has a few links"),
    ("many-links", "Has many links"),
    ("quotes", "Quotes an earlier message"),
    ("long-quotes", "Quotes a long earlier message"),
    ("no-text", "Says almost nothing itself"),
    ("very-short", "Is very short"),
    ("short", "Is short"),
    ("medium", "Is of medium length"),
    ("long", "Is long"),
    ("subject-caps", "The subject is in capitals"),
    ("subject-exclaims", "The subject exclaims"),
    ("subject-asks", "The subject asks"),
    ("subject-tag", "The subject carries a tag in brackets"),
    ("subject-number", "The subject carries a number"),
    ("subject-money", "The subject speaks of money"),
    ("no-subject", "Has no subject"),
    ("asks", "Asks a question"),
    ("asks-more", "Asks several questions"),
    ("asks-last", "Ends with a question"),
    ("you", "Speaks to you"),
    ("i", "Is written in the first person"),
    ("we", "Speaks for a group"),
    ("greets", "Greets someone by name"),
    ("greets-customer", "Greets a customer, not a person"),
    ("signs-off", "Ends with a personal closing"),
    ("clock", "Names a time of day"),
    ("money", "Names a sum of money"),
    ("exclaims", "Exclaims a lot"),
    ("capitals", "Shouts in capitals"),
    ("person", "Looks written by a person"),
    ("machine", "Looks sent by a machine"),
    ("person-asks", "A person asks for something"),
    ("person-asks-you", "A person asks you for something"),
    ("person-today", "A person names today or tomorrow"),
    ("person-tells", "A person tells something and asks nothing"),
    ("list-asks", "Somebody asks a whole list"),
    ("list-talks", "Talk on a mailing list"),
    ("machine-today", "A machine names today or tomorrow"),
    ("machine-alarm", "A machine reports that something is wrong"),
    ("machine-money", "A machine speaks of money"),
    ("sells", "Wants to sell something"),
    ("deadline-asked", "Asks for something by a date"),
    ("meeting-soon", "Speaks of a meeting today or tomorrow"),
    ("alarm-over", "Says that something is well again"),
];

/// The place of a fact.
fn fact(name: &str) -> usize {
    FACT_NAMES.iter().position(|(known, _)| *known == name).unwrap_or(0)
}

const FREE_MAIL: &[&str] = &[
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "aol.com",
    "msn.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "icloud.com",
    "proton.me",
    "protonmail.com",
    "live.com",
    "earthlink.net",
    "t-online.de",
    "orange.fr",
    "free.fr",
    "libero.it",
    "qq.com",
    "163.com",
    "126.com",
    "sina.com",
    "mail.ru",
    "freemail.example",
    "mailbox.example",
];
const ROLES: &[&str] = &[
    "info",
    "news",
    "newsletter",
    "support",
    "notifications",
    "notification",
    "alerts",
    "alert",
    "updates",
    "service",
    "billing",
    "admin",
    "root",
    "daemon",
    "marketing",
    "sales",
    "help",
    "team",
    "hello",
    "contact",
    "office",
    "orders",
    "security",
    "account",
    "accounts",
    "mailer",
    "postmaster",
    "webmaster",
    "bot",
    "robot",
    "system",
    "server",
    "offers",
    "promo",
    "editor",
    "digest",
    "announce",
    "announcements",
    "customerservice",
    "customer",
    "noc",
    "ops",
    "monitoring",
    "calendar",
    "events",
    "reminder",
    "reminders",
    "shop",
    "store",
    "kundenservice",
    "rechnung",
    "hr",
];
const PERSONAL_MAILERS: &[&str] = &[
    "outlook",
    "thunderbird",
    "apple mail",
    "mutt",
    "pine",
    "gnus",
    "evolution",
    "kmail",
    "eudora",
    "mozilla",
    "lotus",
    "internet mail service",
    "iphone",
    "claws",
    "sylpheed",
    "the bat",
    "vm ",
    "mew",
    "exmh",
    "emacs",
    "ximian",
    "webmail",
    "squirrelmail",
    "alpine",
    "notmuch",
    "entourage",
];
const GREETINGS: &[&str] = &[
    "hi", "hello", "dear", "hey", "hallo", "liebe", "lieber", "moin", "bonjour", "salut", "cher",
    "chère", "hola", "querido", "querida", "estimado", "estimada", "ciao", "caro", "cara",
    "gentile", "oi", "olá", "prezado", "hej",
];
const CUSTOMERS: &[&str] = &[
    "customer",
    "member",
    "subscriber",
    "sir",
    "madam",
    "user",
    "friend",
    "client",
    "kunde",
    "kundin",
    "kunden",
    "damen",
    "client",
    "cliente",
    "utente",
    "colleagues",
    "all",
    "everyone",
    "homeowner",
    "valued",
];
const CLOSINGS: &[&str] = &[
    "regards",
    "best",
    "cheers",
    "thanks",
    "sincerely",
    "love",
    "yours",
    "grüße",
    "gruß",
    "liebe",
    "cordialement",
    "bisous",
    "saludos",
    "abrazo",
    "saluti",
    "baci",
    "abraços",
    "abs",
    "xoxo",
    "xo",
    "bye",
    "kind",
    "warmly",
];

const YOU: &[&str] = &[
    "you", "your", "u", "du", "dir", "dich", "sie", "ihnen", "ihr", "tu", "te", "vous", "votre",
    "ton", "usted", "tú", "ti", "lei", "você",
];
const I: &[&str] = &[
    "i", "me", "my", "m", "ich", "mir", "mich", "mein", "je", "moi", "mon", "ma", "yo", "mi", "io",
    "eu", "meu", "我", "私",
];
const WE: &[&str] = &[
    "we", "our", "us", "wir", "unser", "uns", "nous", "notre", "nosotros", "nuestro", "noi",
    "nostro", "nós", "nosso", "们",
];
const BEFORE_A_SUM: &[&str] = &["$", "€", "£", "¥", "usd", "eur"];
const BEHIND_A_SUM: &[&str] = &["€", "eur", "euro", "usd", "円", "元"];

/// The lists above that a word can stand in, a bit each.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Class {
    You,
    I,
    We,
    Greeting,
    Customer,
    Closing,
    BeforeASum,
    BehindASum,
}

/// The lists of each word, by its hash: a text is gone through once, not once a list.
static CLASSES: LazyLock<ByHash<u8>> = LazyLock::new(|| {
    let mut classes: ByHash<u8> = ByHash::default();
    for (class, list) in [
        (Class::You, YOU),
        (Class::I, I),
        (Class::We, WE),
        (Class::Greeting, GREETINGS),
        (Class::Customer, CUSTOMERS),
        (Class::Closing, CLOSINGS),
        (Class::BeforeASum, BEFORE_A_SUM),
        (Class::BehindASum, BEHIND_A_SUM),
    ] {
        for word in list {
            *classes.entry(xxh3_64(word.as_bytes())).or_default() |= 1 << class as u8;
        }
    }
    classes
});

/// A token's classes.
fn classes(token: &Token) -> u8 {
    CLASSES.get(&token.hash).copied().unwrap_or_default()
}

fn is(classes: u8, class: Class) -> bool {
    classes >> class as u8 & 1 == 1
}

/// All features of a message, and the tokens of its subject and body for the reasons.
pub(crate) struct Features {
    pub(crate) all: Vec<Feature>,
    pub(crate) subject: Vec<Token>,
    pub(crate) body: Vec<Token>,
}

struct Facts(Vec<Feature>);

impl Facts {
    fn put(&mut self, name: &str, holds: bool) {
        if holds {
            let at = fact(name);
            self.0.push(Feature { index: at as u32, value: 1.0, source: Source::Fact(at as u16) });
        }
    }
}

/// Reads a message. `own` holds the reader's addresses, lower-cased.
pub(crate) fn features(content: &MessageContent, own: &[String], replied_to: bool) -> Features {
    let h = &content.headers;
    let subject = tokens(&h.subject, 40);
    let body = body_tokens(&content.new_text);
    let in_subject = cues::find(&subject);
    let in_body = cues::find(&body);
    let has = |cue: Cue| in_subject.count[cue as usize] > 0 || in_body.count[cue as usize] > 0;
    let mut f = Facts(Vec::with_capacity(500));

    let (local, domain, name) = h
        .from
        .as_ref()
        .map_or_else(Default::default, |a| (a.local(), a.domain(), a.name.trim().to_owned()));
    let list = h.list_id.is_some() || h.list_software;
    let no_reply = [
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "nepasrepondre",
        "noresponder",
    ]
    .iter()
    .any(|n| local.contains(n));
    let stem: String = local.chars().take_while(|c| c.is_alphanumeric()).collect();
    let role = no_reply || ROLES.contains(&stem.as_str()) || ROLES.contains(&local.as_str());
    let bulk = matches!(h.precedence.as_deref(), Some("bulk" | "junk"))
        || h.bulk_service
        || h.one_click_unsubscribe
        || (h.list_unsubscribe && !list);
    let robot =
        h.auto_submitted.is_some() || h.null_return_path || no_reply || local.contains("daemon");
    let words: Vec<&str> = name.split_whitespace().collect();
    let personal_name = (2..=3).contains(&words.len())
        && words
            .iter()
            .all(|w| w.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_ascii()))
        && !name.contains(['@', '|', '!', '&', '.'])
        && !role;
    f.put("list-id", h.list_id.is_some());
    f.put("list-unsubscribe", h.list_unsubscribe);
    f.put("one-click", h.one_click_unsubscribe);
    f.put("list-software", h.list_software);
    f.put("precedence", matches!(h.precedence.as_deref(), Some("bulk" | "junk")));
    f.put("auto-submitted", h.auto_submitted.is_some());
    f.put("null-return-path", h.null_return_path);
    f.put("bulk-service", h.bulk_service);
    f.put("no-reply", no_reply);
    f.put("role-sender", role);
    f.put("free-mail", FREE_MAIL.contains(&domain.as_str()));
    f.put("personal-name", personal_name);
    f.put("no-name", name.is_empty());
    let reader_domain = |d: &str| {
        own.iter()
            .map(String::as_str)
            .chain(h.delivered_to.iter().map(String::as_str))
            .any(|a| a.rsplit_once('@').is_some_and(|(_, own)| own.eq_ignore_ascii_case(d)))
    };
    f.put(
        "colleague",
        !domain.is_empty() && !FREE_MAIL.contains(&domain.as_str()) && reader_domain(&domain),
    );
    let start = h.subject.trim_start().to_lowercase();
    let re = ["re:", "aw:", "sv:", "antw:", "r:", "re[", "回复:", "回复："]
        .iter()
        .any(|p| start.starts_with(p));
    let fwd = ["fw:", "fwd:", "wg:", "tr:", "i:", "rv:", "enc:", "转发"]
        .iter()
        .any(|p| start.starts_with(p));
    f.put("re", re);
    f.put("fwd", fwd);
    f.put("threaded", !h.in_reply_to.is_empty() || !h.references.is_empty() || replied_to);
    f.put("deep-thread", h.references.len() >= 3);
    let position = content.position(own);
    f.put("only-to", position == Position::OnlyTo);
    f.put("to", position == Position::To);
    f.put("cc", position == Position::Cc);
    f.put("absent", position == Position::Absent);
    let recipients = h.to.len() + h.cc.len();
    f.put("several", (3..=9).contains(&recipients));
    f.put("many", recipients > 9);
    f.put("high-importance", h.high_importance);
    f.put("low-importance", h.low_importance);
    f.put("spam", h.marked_spam);
    f.put("dmarc-fail", h.authentication.dmarc == AuthResult::Fail);
    f.put("authenticated", h.authentication.dkim == AuthResult::Pass);
    let mailer = h.mailer.as_deref().unwrap_or_default().to_lowercase();
    let personal_mailer = !mailer.is_empty() && PERSONAL_MAILERS.iter().any(|m| mailer.contains(m));
    f.put("personal-mailer", personal_mailer);
    let method = content.calendar.as_ref().map(|c| c.method.as_str());
    f.put("invitation", matches!(method, Some("REQUEST" | "PUBLISH" | "")));
    f.put("calendar-cancel", method == Some("CANCEL"));
    f.put("calendar-reply", method == Some("REPLY"));
    let attached: Vec<_> = content.attachments.iter().filter(|a| !a.inline).collect();
    f.put("attachment", !attached.is_empty());
    f.put(
        "document",
        attached.iter().any(|a| {
            let name = a.name.to_lowercase();
            [".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".odt"]
                .iter()
                .any(|e| name.ends_with(e))
        }),
    );
    f.put("html-only", content.html_only);
    f.put("remote-images", content.remote_images > 0);
    f.put("many-images", content.remote_images > 5);
    f.put("no-link", content.links == 0);
    f.put("some-links", (1..=4).contains(&content.links));
    f.put("many-links", content.links > 4);
    f.put("quotes", content.quoted_lines > 0);
    f.put("long-quotes", content.quoted_lines > 20);
    let length = content.new_text.split_whitespace().take(400).count().max(body.len() / 3);
    f.put("no-text", length < 4);
    f.put("very-short", (4..25).contains(&length));
    f.put("short", (25..70).contains(&length));
    f.put("medium", (70..180).contains(&length));
    f.put("long", length >= 180);
    let letters = h.subject.chars().filter(|c| c.is_alphabetic()).count();
    let upper = h.subject.chars().filter(|c| c.is_uppercase()).count();
    f.put("subject-caps", letters >= 6 && upper * 10 > letters * 7);
    f.put("subject-exclaims", h.subject.contains(['!', '！']));
    f.put("subject-asks", h.subject.contains(['?', '？']));
    f.put("subject-tag", h.subject.trim_start().starts_with('[') || h.subject.contains(": ["));
    f.put("subject-number", h.subject.chars().any(|c| c.is_ascii_digit()));
    f.put("subject-money", h.subject.contains(['$', '€', '£', '¥']));
    f.put("no-subject", letters == 0);
    let text =
        content.new_text.get(..content.new_text.floor_char_boundary(4000)).unwrap_or_default();
    let questions = text.matches(['?', '？']).count()
        - text.matches("?=").count().min(text.matches('?').count());
    f.put("asks", questions == 1);
    f.put("asks-more", questions > 1);
    let last = text
        .lines()
        .rev()
        .filter(|l| !l.trim().is_empty())
        .take(4)
        .any(|l| l.trim_end().ends_with(['?', '？']));
    f.put("asks-last", last);
    let known: Vec<u8> = body.iter().map(classes).collect();
    let any = |class: Class| known.iter().any(|word| is(*word, class));
    let (you, i, we) = (any(Class::You), any(Class::I), any(Class::We));
    f.put("you", you);
    f.put("i", i);
    f.put("we", we);
    let first_line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let opening = tokens(first_line, 5);
    let greeting = opening.first().is_some_and(|t| is(classes(t), Class::Greeting));
    let customer = opening.iter().skip(1).any(|t| is(classes(t), Class::Customer));
    f.put(
        "greets",
        (greeting && !customer && opening.len() > 1)
            || first_line.trim_end().ends_with(['様', '，']),
    );
    f.put("greets-customer", greeting && customer);
    let closing = text.lines().rev().filter(|l| !l.trim().is_empty()).take(4).any(|l| {
        tokens(l, 3).first().is_some_and(|t| is(classes(t), Class::Closing)) && l.len() < 40
    });
    f.put("signs-off", closing);
    f.put("clock", clock(text) || clock(&h.subject));
    let number = |at: usize| body.get(at).is_some_and(|token| token.text == "#");
    let sum = |(at, word): (usize, &u8)| {
        (is(*word, Class::BeforeASum) && number(at + 1))
            || (is(*word, Class::BehindASum) && at > 0 && number(at - 1))
    };
    f.put("money", known.iter().enumerate().any(sum));
    f.put("exclaims", text.matches(['!', '！']).count() > 2);
    let caps = text
        .split_whitespace()
        .take(300)
        .filter(|w| w.len() > 3 && w.chars().all(|c| c.is_uppercase()))
        .count();
    f.put("capitals", caps > 5);

    let machine = bulk || robot || (role && !personal_name);
    let person = !machine && !list && (personal_name || personal_mailer || i || greeting);
    let asks = questions > 0 || has(Cue::Request);
    let soon = has(Cue::Today) || has(Cue::Tomorrow) || has(Cue::AtOnce);
    let sells = has(Cue::Marketing) || has(Cue::Spam);
    f.put("person", person);
    f.put("machine", machine);
    f.put("person-asks", person && asks);
    f.put("person-asks-you", person && asks && matches!(position, Position::OnlyTo | Position::To));
    f.put("person-today", person && soon);
    f.put("person-tells", person && !asks);
    f.put("list-asks", list && !machine && asks);
    f.put("list-talks", list && !machine && (re || i));
    f.put("machine-today", machine && soon && !sells);
    f.put(
        "machine-alarm",
        machine && (has(Cue::Outage) || has(Cue::Security)) && !has(Cue::Resolved) && !sells,
    );
    f.put("machine-money", machine && has(Cue::MoneyDue) && !sells);
    f.put("sells", sells && !person);
    f.put("deadline-asked", asks && has(Cue::Soon) && !sells);
    f.put("meeting-soon", (has(Cue::Meeting) || has(Cue::Cancelled)) && soon && !sells);
    f.put("alarm-over", has(Cue::Resolved) && has(Cue::Outage));

    let mut all = f.0;
    for cue in 0..CUES {
        for (found, offset) in [(&in_subject, 0), (&in_body, CUES)] {
            let count = found.count[cue];
            if count > 0 {
                let (at, len) = found.first[cue];
                // Tokens of the subject come first in what the reasons look at.
                let at = if offset == 0 { at } else { at + subject.len() as u16 };
                all.push(Feature {
                    index: (FACT_NAMES.len() + offset + cue) as u32,
                    value: (1.0 + f32::from(count)).log2().min(2.0),
                    source: Source::Cue { cue: cue as u8, at, len },
                });
            }
        }
    }
    add_words(&subject, true, 1.0, &mut all);
    add_words(&body, false, 2.0, &mut all);
    Features { all, subject, body }
}

/// The beginning of the text and, of a long one, its end.
fn body_tokens(text: &str) -> Vec<Token> {
    let mut out = tokens(text, BODY);
    if out.len() == BODY && text.len() > 8000 {
        let tail = text.get(text.ceil_char_boundary(text.len() - 400)..).unwrap_or_default();
        out.extend(tokens(tail, 60));
    }
    out
}

fn clock(text: &str) -> bool {
    let text = text.as_bytes();
    let text = text.get(..text.len().min(4000)).unwrap_or_default();
    text.windows(4).any(|w| {
        matches!(w, [a, b':' | b'h', c, d] if a.is_ascii_digit() && c.is_ascii_digit() && d.is_ascii_digit())
    })
}

/// Letters of a word that stand for its other forms.
const STEM: usize = 5;

/// Single words, pairs (in scripts without blanks, triples) and beginnings of words, hashed; the longer the text,
/// the less each weighs.
fn add_words(list: &[Token], subject: bool, scale: f32, all: &mut Vec<Feature>) {
    let from = all.len();
    for at in 0..list.len() {
        let start = if subject { SEED ^ 0xabcd } else { SEED };
        let mut key = start;
        let mut put = |key: u64, len: usize| {
            let index = (FACTS + (key >> 20) as usize % BUCKETS) as u32;
            all.push(Feature {
                index,
                value: 1.0,
                source: Source::Word { subject, at: at as u16, len: len as u8 },
            });
        };
        let text = list.get(at).map_or("", |t| t.text.as_str());
        let reach = if text.chars().next().is_some_and(runs_on) { 3 } else { 2 };
        for (n, token) in list.iter().skip(at).take(reach).enumerate() {
            key = fold(key, token);
            put(key, n + 1);
        }
        if let Some((end, _)) =
            text.char_indices().nth(STEM).filter(|_| text.chars().count() > STEM + 1)
        {
            put(xxh3_64_with_seed(text.get(..end).unwrap_or_default().as_bytes(), start), 1);
        }
    }
    let own = all.get_mut(from..).unwrap_or_default();
    own.sort_by_key(|f| f.index);
    // Repetitions count by the logarithm.
    let mut kept: Vec<Feature> = Vec::with_capacity(own.len());
    for feature in own.iter() {
        match kept.last_mut() {
            Some(last) if last.index == feature.index => last.value += 1.0,
            _ => kept.push(*feature),
        }
    }
    for feature in &mut kept {
        feature.value = (1.0 + feature.value).ln();
    }
    let norm = kept.iter().map(|f| f.value * f.value).sum::<f32>().sqrt().max(1.0);
    for feature in &mut kept {
        feature.value *= scale / norm;
    }
    all.truncate(from);
    all.extend(kept);
}
