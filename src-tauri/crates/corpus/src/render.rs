//! From a record to the bytes of a message: what programs and servers add to what was written.

use crate::{Record, Via};
use base64::Engine;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use xxhash_rust::xxh3::xxh3_64;

const WRITTEN: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]");
const RFC_5322: &[FormatItem<'_>] = format_description!(
    "[weekday repr:short], [day padding:none] [month repr:short] [year] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);

/// A draw that is the same each time.
struct Dice(u64);

impl Dice {
    fn of(record: &Record) -> Dice {
        Dice(xxh3_64(format!("{}{}", record.family, record.line).as_bytes()))
    }

    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn of_list<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.next() as usize % list.len()]
    }
}

struct Head(String);

impl Head {
    fn add(&mut self, name: &str, value: &str) {
        let value = value.replace(['\r', '\n'], " ");
        self.0.push_str(&format!("{name}: {value}\r\n"));
    }
}

pub(crate) fn message(record: &Record) -> Vec<u8> {
    let mut dice = Dice::of(record);
    let local = PrimitiveDateTime::parse(&record.date, WRITTEN)
        .map_or(OffsetDateTime::UNIX_EPOCH, |at| at.assume_offset(offset(record)));
    let year = local.year();
    let from = domains(&record.from, record);
    let address = from
        .rsplit_once('<')
        .map_or(from.as_str(), |(_, a)| a.trim_end_matches('>'))
        .trim()
        .to_owned();
    let domain = address.rsplit_once('@').map_or("localhost", |(_, d)| d).to_owned();
    let own = crate::own(record);
    let number = dice.next();

    let mut head = Head(String::new());
    let bounce =
        matches!(record.via, Via::Dsn) || (record.via == Via::Autoreply && dice.chance(50));
    head.add("Return-Path", &if bounce { "<>".to_owned() } else { format!("<{address}>") });
    if let Some(own) = own.first() {
        head.add("Delivered-To", own);
    }
    if year >= 2012 {
        let result = match record.via {
            Via::Crude => dice.of_list(&[
                "dkim=none; spf=softfail",
                "dkim=pass; spf=pass",
                "dkim=none; spf=fail; dmarc=fail",
                "dkim=none; spf=none",
            ]),
            _ => dice.of_list(&[
                "dkim=pass; spf=pass; dmarc=pass",
                "dkim=pass; spf=pass",
                "dkim=pass; spf=pass; dmarc=pass",
            ]),
        };
        head.add(
            "Authentication-Results",
            &format!("mx.mailhost.net; {result} header.from={domain}"),
        );
    }
    let message_id = match record.via {
        Via::Pine => format!("<Pine.LNX.4.33.{number}-100000@{domain}>"),
        Via::Gmail => format!("<CA+{number:x}@mail.gmail.com>"),
        Via::Outlook | Via::Exchange => format!("<{number:032X}@{domain}>"),
        _ => format!("<{number:x}.{:x}@{domain}>", dice.next()),
    };
    head.add("Message-ID", &message_id);
    if record.reply {
        let parent = format!("<{:x}@{}>", dice.next(), domain);
        let root = format!("<{:x}@{}>", dice.next(), domain);
        head.add("In-Reply-To", &parent);
        head.add(
            "References",
            &if dice.chance(60) { format!("{root} {parent}") } else { parent.clone() },
        );
    }
    head.add("Date", &local.format(RFC_5322).unwrap_or_default());
    head.add("From", &mailbox(&from));
    head.add("To", &domains(&record.to, record));
    if let Some(cc) = &record.cc {
        head.add("Cc", &domains(cc, record));
    }
    head.add("Subject", &domains(&record.subject, record));
    program(record, year, &address, &mut dice, &mut head);
    for (name, value) in &record.headers {
        head.add(name, &domains(value, record));
    }
    head.add("MIME-Version", "1.0");

    let body = domains(&record.body, record).replace("\r\n", "\n").replace('\n', "\r\n");
    let (kind, text) = content(record, &body, &mut dice);
    let mut out = head.0;
    if record.attach.is_empty() && record.ics.is_none() && record.via != Via::Dsn {
        out.push_str(&format!(
            "Content-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
        ));
        return out.into_bytes();
    }
    let boundary = format!("----=_Part_{number:x}");
    let whole = if record.via == Via::Dsn {
        "multipart/report; report-type=delivery-status"
    } else {
        "multipart/mixed"
    };
    out.push_str(&format!("Content-Type: {whole}; boundary=\"{boundary}\"\r\n\r\n"));
    out.push_str(&format!(
        "--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    ));
    if record.via == Via::Dsn {
        out.push_str(&format!("--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {domain}\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"));
    }
    if let Some(ics) = &record.ics {
        let (method, start) = ics.split_once(' ').unwrap_or((ics, ""));
        let start: String = start.chars().filter(|c| c.is_ascii_digit() || *c == 'T').collect();
        out.push_str(&format!(
            "--{boundary}\r\nContent-Type: text/calendar; charset=utf-8; method={method}\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{number:x}\r\nDTSTART:{start}00\r\nSUMMARY:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            domains(&record.subject, record).replace(',', "\\,"),
        ));
    }
    for name in &record.attach {
        let content = base64::engine::general_purpose::STANDARD.encode(name.as_bytes());
        out.push_str(&format!(
            "--{boundary}\r\nContent-Type: {}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{content}\r\n",
            media_type(name),
        ));
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    out.into_bytes()
}

/// What the program that sent it wrote into the headers. Archives often hold mail without them: some of the
/// personal ones are left out at random.
fn program(record: &Record, year: i32, address: &str, dice: &mut Dice, head: &mut Head) {
    let list = domains(record.to.split(',').next().unwrap_or_default(), record);
    let list = list
        .rsplit_once('<')
        .map_or(list.as_str(), |(_, a)| a.trim_end_matches('>'))
        .trim()
        .to_owned();
    let (list_local, list_domain) = list.split_once('@').unwrap_or(("list", "lists.org"));
    let list_id = format!("<{list_local}.{list_domain}>");
    if personal(record.via) && dice.chance(45) {
        return;
    }
    match record.via {
        Via::Outlook if year < 2004 => {
            head.add(
                "X-Mailer",
                dice.of_list(&[
                    "Microsoft Outlook CWS, Build 9.0.2416",
                    "Microsoft Outlook Express 5.50.4522.1200",
                    "Microsoft Outlook IMO, Build 9.0.2416",
                ]),
            );
        }
        Via::Outlook => head.add(
            "X-Mailer",
            dice.of_list(&[
                "Microsoft Outlook 16.0",
                "Microsoft Office Outlook 11",
                "Microsoft Outlook 14.0",
            ]),
        ),
        Via::Exchange => {
            head.add("X-MimeOLE", "Produced By Microsoft Exchange V6.0.4712.0");
            head.add("X-MS-Has-Attach", if record.attach.is_empty() { "" } else { "yes" });
        }
        Via::Notes => head.add("X-Mailer", "Lotus Notes Release 5.0.8 June 18, 2001"),
        Via::Eudora => head.add("X-Mailer", "QUALCOMM Windows Eudora Version 5.1"),
        Via::Mutt => head.add("User-Agent", "Mutt/1.5.21"),
        Via::Thunderbird => head.add(
            "User-Agent",
            dice.of_list(&[
                "Mozilla Thunderbird 1.0",
                "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Thunderbird/60.7",
                "Mozilla Thunderbird",
            ]),
        ),
        Via::Applemail => head.add("X-Mailer", "Apple Mail (2.3445.104.11)"),
        Via::Iphone => head.add("X-Mailer", "iPhone Mail (15E148)"),
        Via::Webmail => head.add(
            "X-Mailer",
            dice.of_list(&[
                "SquirrelMail/1.4.0",
                "Roundcube Webmail/1.3.6",
                "Internet Messaging Program (IMP) 3.1",
                "YahooMailWebService/0.8",
            ]),
        ),
        Via::Pine | Via::Android | Via::Gmail => {}
        Via::Mailman => {
            head.add("Precedence", "list");
            head.add("List-Id", &format!("{list_local} {list_id}"));
            if dice.chance(80) {
                head.add(
                    "List-Unsubscribe",
                    &format!("<mailto:{list_local}-request@{list_domain}?subject=unsubscribe>"),
                );
                head.add("List-Post", &format!("<mailto:{list}>"));
                head.add(
                    "List-Help",
                    &format!("<mailto:{list_local}-request@{list_domain}?subject=help>"),
                );
            }
            head.add("X-BeenThere", &list);
            head.add("X-Mailman-Version", if year < 2004 { "2.0.13" } else { "2.1.29" });
            head.add("Sender", &format!("{list_local}-bounces@{list_domain}"));
            mailer(year, dice, head);
        }
        Via::Majordomo => {
            head.add("Sender", &format!("owner-{list}"));
            head.add("Precedence", "bulk");
            mailer(year, dice, head);
        }
        Via::Ezmlm => {
            head.add(
                "Mailing-List",
                &format!("contact {list_local}-help@{list_domain}; run by ezmlm"),
            );
            head.add("Precedence", "bulk");
            head.add("List-Post", &format!("<mailto:{list}>"));
            head.add(
                "List-Unsubscribe",
                &format!("<mailto:{list_local}-unsubscribe@{list_domain}>"),
            );
            head.add("List-Id", &list_id);
            mailer(year, dice, head);
        }
        Via::Googlegroups => {
            head.add("Precedence", "list");
            head.add(
                "Mailing-list",
                &format!("list {list}; contact {list_local}+owners@{list_domain}"),
            );
            head.add("List-ID", &list_id);
            head.add(
                "List-Unsubscribe",
                &format!("<mailto:googlegroups-manage+{list_local}+unsubscribe@{list_domain}>"),
            );
        }
        Via::Listserv => {
            head.add("Sender", &format!("{list_local} <owner-{list}>"));
            head.add("List-Id", &list_id);
            head.add("Precedence", "list");
            mailer(year, dice, head);
        }
        Via::Github | Via::Gitlab => {
            head.add("List-ID", &format!("project <{list_local}.{list_domain}>"));
            head.add("Precedence", "list");
            head.add(
                "List-Unsubscribe",
                &format!("<https://{list_domain}/notifications/unsubscribe>"),
            );
            head.add(
                if record.via == Via::Github {
                    "X-GitHub-Reason"
                } else {
                    "X-GitLab-NotificationReason"
                },
                "subscribed",
            );
        }
        Via::Jira => {
            head.add("Auto-Submitted", "auto-generated");
            head.add("X-JIRA-FingerPrint", "30527f35849b9dde25b450d4833f0394");
            head.add("Precedence", "bulk");
        }
        Via::Ci => {
            if dice.chance(50) {
                head.add("X-Jenkins-Job", "main");
            }
            if dice.chance(50) {
                head.add("Auto-Submitted", "auto-generated");
            }
        }
        Via::Cron => {
            head.add("Auto-Submitted", "auto-generated");
            head.add("X-Cron-Env", "<SHELL=/bin/sh>");
        }
        Via::Monitor => {
            if dice.chance(60) {
                head.add("Auto-Submitted", "auto-generated");
            }
        }
        Via::Bugzilla => {
            head.add("X-Bugzilla-Type", "changed");
            head.add("Auto-Submitted", "auto-generated");
        }
        Via::Transactional if year >= 2008 => {
            if dice.chance(50) {
                head.add("Auto-Submitted", "auto-generated");
            }
            if dice.chance(40) {
                head.add("Feedback-ID", &format!("1.{:x}:SES", dice.next()));
            }
        }
        Via::Esp => {
            if year >= 2008 {
                head.add(
                    "List-Unsubscribe",
                    &format!("<https://{list_domain}/u/{:x}>", dice.next()),
                );
                if year >= 2018 && dice.chance(70) {
                    head.add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
                }
                head.add("Feedback-ID", &format!("{:x}:campaign:mailer", dice.next()));
            }
            if dice.chance(60) {
                head.add("Precedence", "bulk");
            }
            if dice.chance(50) {
                head.add(
                    "Sender",
                    &format!(
                        "bounce-{:x}@{}",
                        dice.next(),
                        address.rsplit_once('@').map_or("x.com", |(_, d)| d)
                    ),
                );
            }
        }
        Via::Crude => {
            if dice.chance(40) {
                head.add(
                    "X-Mailer",
                    dice.of_list(&[
                        "Microsoft Outlook Express 6.00.2600.0000",
                        "The Bat! (v1.52f) Business",
                        "PHPMailer 5.2",
                        "QUALCOMM Windows Eudora Version 5.1",
                    ]),
                );
            }
            if dice.chance(30) {
                head.add("X-Priority", "1");
            }
        }
        Via::Dsn => {
            head.add("Auto-Submitted", "auto-replied");
            head.add("X-Failed-Recipients", "unknown");
        }
        Via::Autoreply => {
            if dice.chance(70) {
                head.add("Auto-Submitted", "auto-replied");
                head.add("X-Autoreply", "yes");
            }
            if dice.chance(40) {
                head.add("Precedence", "bulk");
            }
        }
        Via::Calendar | Via::Transactional | Via::Asis => {}
    }
}

/// A name with marks of its own stands in quotes (RFC 5322, section 3.2.4).
fn mailbox(from: &str) -> String {
    match from.rsplit_once('<') {
        Some((name, address))
            if !name.contains('"')
                && name.contains([',', '(', ')', ':', ';', '@', '.', '[', ']']) =>
        {
            format!("\"{}\" <{address}", name.trim().replace('\\', ""))
        }
        _ => from.to_owned(),
    }
}

fn personal(via: Via) -> bool {
    matches!(
        via,
        Via::Outlook
            | Via::Exchange
            | Via::Notes
            | Via::Eudora
            | Via::Mutt
            | Via::Thunderbird
            | Via::Applemail
            | Via::Iphone
            | Via::Webmail
    )
}

/// The program of somebody who writes to a list.
fn mailer(year: i32, dice: &mut Dice, head: &mut Head) {
    if !dice.chance(55) {
        return;
    }
    let old = [
        "Mutt/1.2.5i",
        "Gnus/5.0808 (Gnus v5.8.8) Emacs/20.7",
        "KMail/1.4.3",
        "Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.0.0)",
    ];
    let new = [
        "Mutt/1.10.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Thunderbird/60.7",
        "Evolution 3.36.4",
        "Apple Mail (2.3445)",
    ];
    head.add("User-Agent", dice.of_list(if year < 2005 { &old } else { &new }));
}

/// Content type and text.
fn content(record: &Record, body: &str, dice: &mut Dice) -> (String, String) {
    if let Some(html) = &record.raw_html {
        return ("text/html; charset=utf-8".into(), domains(html, record));
    }
    if !record.html {
        return ("text/plain; charset=utf-8".into(), body.to_owned());
    }
    let bulk = matches!(record.via, Via::Esp | Via::Crude | Via::Transactional);
    let mut html = String::from("<html><body>");
    if record.via == Via::Esp {
        html.push_str(&format!(
            "<img src=\"https://img.mailhost.net/{:x}/logo.png\" alt=\"\"><table><tr><td>",
            dice.next()
        ));
    }
    for paragraph in body.split("\r\n\r\n") {
        html.push_str("<p>");
        html.push_str(&links(&escape(paragraph)).replace("\r\n", "<br>\r\n"));
        html.push_str("</p>\r\n");
        if record.via == Via::Esp && dice.chance(30) {
            html.push_str(&format!(
                "<img src=\"https://img.mailhost.net/{:x}/a.png\" width=\"600\">\r\n",
                dice.next()
            ));
        }
    }
    if record.via == Via::Esp {
        html.push_str("</td></tr></table>");
    }
    if bulk && dice.chance(60) {
        html.push_str(&format!(
            "<img src=\"https://track.mailhost.net/o/{:x}.gif\" width=\"1\" height=\"1\">",
            dice.next()
        ));
    }
    html.push_str("</body></html>");
    if dice.chance(50) {
        return ("text/html; charset=utf-8".into(), html);
    }
    let boundary = format!("alt{:x}", dice.next());
    let text = format!(
        "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n--{boundary}--\r\n"
    );
    (format!("multipart/alternative; boundary=\"{boundary}\""), text)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// `text <https://...>` as a link.
fn links(escaped: &str) -> String {
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find("&lt;http") {
        let (before, after) = rest.split_at(at);
        let Some(end) = after.find("&gt;") else { break };
        let address = &after[4..end];
        let text_from = before.rfind(['\n', '.', ':', '|']).map_or(0, |p| p + 1);
        let text = before[text_from..].trim();
        out.push_str(&before[..text_from]);
        out.push_str(&format!(
            " <a href=\"{address}\">{}</a>",
            if text.is_empty() { address } else { text }
        ));
        rest = &after[end + 4..];
    }
    out.push_str(rest);
    out
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).as_deref() {
        Some("pdf") => "application/pdf",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("doc" | "docx") => "application/msword",
        Some("xls" | "xlsx") => "application/vnd.ms-excel",
        Some("txt" | "log" | "patch" | "diff") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A time zone that fits the language.
fn offset(record: &Record) -> UtcOffset {
    let hours = match record.lang.as_str() {
        "de" | "fr" | "it" | "es" => 1,
        "pt" => -3,
        "th" => 7,
        "hi" => 5,
        _ => -5,
    };
    let minutes = if record.lang == "hi" { 30 } else { 0 };
    UtcOffset::from_hms(hours, minutes, 0).unwrap_or(UtcOffset::UTC)
}

/// Written mail has invented domains under `.example`, so that it can name nobody's. In a message they look as
/// domains do, or `.example` would be learned: free mail by its providers' names, others by an ending.
pub(crate) fn domains(text: &str, record: &Record) -> String {
    const ENDING: &str = ".example";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(ENDING) {
        let (before, after) = rest.split_at(at);
        let name_from = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.'))
            .map_or(0, |p| p + before[p..].chars().next().map_or(1, char::len_utf8));
        out.push_str(before);
        out.push_str(ending(&before[name_from..], record));
        rest = &after[ENDING.len()..];
    }
    out.push_str(rest);
    out
}

fn ending(name: &str, record: &Record) -> &'static str {
    match name {
        "gmail" | "hotmail" | "yahoo" | "aol" | "outlook" | "icloud" | "msn" | "live" => ".com",
        "gmx" | "web" | "t-online" | "freenet" => ".de",
        "orange" | "free" | "wanadoo" | "laposte" | "sfr" => ".fr",
        "libero" | "tiscali" | "virgilio" | "alice" => ".it",
        "uol" | "bol" | "terra" | "ig" => ".com.br",
        _ => {
            let local = match record.lang.as_str() {
                "de" => ".de",
                "fr" => ".fr",
                "it" => ".it",
                "pt" => ".com.br",
                "es" => ".es",
                "hi" => ".in",
                "th" => ".co.th",
                _ => ".com",
            };
            match xxh3_64(name.as_bytes()) % 5 {
                0 => ".com",
                1 => ".org",
                2 => ".net",
                _ => local,
            }
        }
    }
}
