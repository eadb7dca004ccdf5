//! What is new in a message: its text without quoted replies, signature, disclaimers and tracking junk.
//!
//! Rules of thumb over lines, for the voices and the preview; the reader always shows the whole text. When
//! in doubt a line stays, and when nothing would be left, all of it does.

/// What [`new_text`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewText {
    pub text: String,
    /// Lines that were quoted.
    pub quoted_lines: u32,
}

/// Lines looked at.
const LINES: usize = 5_000;

/// The new part of a neutralised text. `forwarded`: the subject says so, and what follows a block of
/// headers is then what the message is about.
pub(crate) fn new_text(text: &str, forwarded: bool) -> NewText {
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    let mut keep = vec![true; lines.len()];
    let mut quoted = 0u32;
    let mut end = lines.len();
    let mut uu = false;
    let get = |at: usize| lines.get(at).copied().unwrap_or_default();
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        let mut drop = false;
        if uu {
            uu = trimmed != "end";
            drop = true;
        } else if is_uuencode(trimmed) {
            uu = true;
            drop = true;
        } else if trimmed.starts_with('>') && !trimmed.starts_with(">From ") {
            quoted += 1;
            drop = true;
        } else if let Some(used) = attribution(&lines, at) {
            // Followed by quoted lines it goes with them; else everything below is the old message.
            let after = (at + used..lines.len()).find(|i| !get(*i).trim().is_empty());
            match after {
                Some(i) if get(i).trim_start().starts_with('>') => {
                    for k in keep.iter_mut().skip(at).take(used) {
                        *k = false;
                    }
                    continue;
                }
                // An attribution ends in a colon; what stands below it unmarked is the old message.
                Some(_) if at > 0 => {
                    end = at;
                    break;
                }
                _ => {}
            }
        } else if !forwarded && at > 0 && (is_original_marker(trimmed) || header_block(&lines, at))
        {
            end = at;
            break;
        } else if is_signature(&lines, at) {
            // Quoted replies may follow a signature; what is not quoted there is signature.
            end = at;
            quoted +=
                lines.iter().skip(at).filter(|l| l.trim_start().starts_with('>')).count() as u32;
            break;
        } else if at > 0 && is_list_footer(&lines, at) {
            end = at;
            break;
        }
        if drop && let Some(k) = keep.get_mut(at) {
            *k = false;
        }
    }
    if end < lines.len() && !is_signature(&lines, end) && !is_list_footer(&lines, end) {
        quoted += (lines.len() - end) as u32;
    }
    let mut kept: Vec<&str> =
        lines.iter().zip(&keep).take(end).filter(|(_, k)| **k).map(|(l, _)| l.trim_end()).collect();
    drop_tail(&mut kept);
    let text = tidy(&kept);
    if text.trim().is_empty() && !lines.is_empty() {
        let all: Vec<&str> =
            lines.iter().map(|l| l.trim_start_matches(['>', ' ']).trim_end()).collect();
        return NewText { text: tidy(&all), quoted_lines: quoted };
    }
    NewText { text, quoted_lines: quoted }
}

/// The number of lines (1 to 3) of an attribution that begins at `at`: "On ... wrote:".
fn attribution(lines: &[&str], at: usize) -> Option<usize> {
    const OPENERS: &[&str] = &[
        "on ", "am ", "le ", "el ", "il ", "em ", "op ", "den ", "w dniu ", "dnia ", "dne ", "pe ",
        "a ", "ons ", "tis ", "tors ", "fre ", "lör ", "sön ", "mån ", "в ", "在 ", "於 ", "20",
        "19", "пн", "вт", "ср", "чт", "пт", "сб", "вс",
    ];
    const CLOSERS: &[&str] = &[
        "wrote:",
        "writes:",
        "schrieb:",
        "schreef:",
        "a écrit :",
        "a écrit:",
        "écrit :",
        "escribió:",
        "escreveu:",
        "ha scritto:",
        "skrev:",
        "kirjoitti:",
        "napisał:",
        "napisał(a):",
        "napisała:",
        "napsal:",
        "napsal(a):",
        "írta:",
        "написал:",
        "написал(а):",
        "пишет:",
        "a scris:",
        "yazdı:",
        "写道：",
        "写道:",
        "寫道：",
        "のメッセージ:",
        "wrote",
    ];
    let first = lines.get(at)?.trim();
    if first.is_empty() || first.len() > 300 {
        return None;
    }
    let lower = first.to_lowercase();
    let opens = OPENERS.iter().any(|o| lower.starts_with(o));
    let mut joined = lower;
    for used in 1..=3usize {
        let ends = CLOSERS.iter().any(|c| joined.ends_with(c));
        // A date or an address must stand in it, or every "as she wrote:" would count.
        if ends && joined.len() < 400 && joined.chars().any(|c| c.is_ascii_digit() || c == '@') {
            let named = opens
                || joined.contains('@')
                || joined.contains(" schrieb")
                || joined.contains("写道");
            let plain = joined.ends_with("wrote") && !joined.ends_with("wrote:");
            return (named && !plain).then_some(used);
        }
        // German, Dutch and Swedish put the writer behind the verb.
        let inverted =
            [" schrieb ", " schreef ", " skrev ", " wrote "].iter().any(|v| joined.contains(v));
        if opens && inverted && joined.ends_with(':') && joined.chars().any(|c| c.is_ascii_digit())
        {
            return Some(used);
        }
        if !opens {
            return None;
        }
        let next = lines.get(at + used)?.trim();
        if next.is_empty() || next.starts_with('>') || next.len() > 200 {
            return None;
        }
        joined.push(' ');
        joined.push_str(&next.to_lowercase());
    }
    None
}

/// "-----Original Message-----" in several languages.
fn is_original_marker(line: &str) -> bool {
    if !line.starts_with("--") && !line.starts_with("__") {
        return false;
    }
    let inner = line.trim_matches(['-', '_', ' ']).to_lowercase();
    matches!(
        inner.as_str(),
        "original message"
            | "ursprüngliche nachricht"
            | "originalnachricht"
            | "original-nachricht"
            | "message d'origine"
            | "message original"
            | "mensaje original"
            | "mensagem original"
            | "messaggio originale"
            | "oorspronkelijk bericht"
            | "original meddelelse"
            | "ursprungligt meddelande"
            | "wiadomość oryginalna"
            | "původní zpráva"
            | "исходное сообщение"
            | "原始邮件"
            | "原始郵件"
            | "reply message"
            | "original appointment"
    )
}

/// A block of headers as Outlook writes it above the old message.
fn header_block(lines: &[&str], at: usize) -> bool {
    let word = |line: Option<&&str>| -> Option<String> {
        let line = line?.trim().trim_start_matches('*');
        let (word, rest) = line.split_once([':', '：'])?;
        (word.chars().count() <= 14 && !rest.trim().is_empty())
            .then(|| word.trim().trim_matches('*').to_lowercase())
    };
    let is_from = |w: &str| {
        matches!(
            w,
            "from"
                | "von"
                | "de"
                | "da"
                | "van"
                | "od"
                | "från"
                | "fra"
                | "lähettäjä"
                | "от"
                | "发件人"
                | "寄件者"
                | "差出人"
                | "gönderen"
        )
    };
    let is_sent = |w: &str| {
        matches!(
            w,
            "sent"
                | "date"
                | "gesendet"
                | "datum"
                | "envoyé"
                | "enviado"
                | "enviada"
                | "enviado el"
                | "enviado em"
                | "inviato"
                | "data"
                | "fecha"
                | "verzonden"
                | "wysłano"
                | "odesláno"
                | "skickat"
                | "sendt"
                | "lähetetty"
                | "дата"
                | "отправлено"
                | "发送时间"
                | "日期"
                | "送信日時"
                | "tarih"
        )
    };
    let Some(first) = word(lines.get(at)) else { return false };
    if !is_from(&first) {
        return false;
    }
    (1..=3).any(|step| word(lines.get(at + step)).is_some_and(|w| is_sent(&w)))
}

fn is_signature(lines: &[&str], at: usize) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let rest = lines.len() - at;
    match *line {
        "-- " => at > 0 && rest <= 60,
        "--" | "—" => at > 0 && rest <= 12,
        _ => false,
    }
}

/// The foot that list software puts below a message.
fn is_list_footer(lines: &[&str], at: usize) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let rule = line.len() >= 20 && line.bytes().all(|b| matches!(b, b'_' | b'-' | b'='));
    rule && lines.len() - at <= 15
        && lines.iter().skip(at + 1).take(4).any(|l| {
            let l = l.to_lowercase();
            ["mailing list", "unsubscribe", "to unsubscribe", "listinfo", "mailingliste"]
                .iter()
                .any(|w| l.contains(w))
        })
}

fn is_uuencode(line: &str) -> bool {
    line.strip_prefix("begin ").is_some_and(|rest| {
        let (mode, name) = rest.split_once(' ').unwrap_or((rest, ""));
        mode.len() == 3 && mode.bytes().all(|b| (b'0'..=b'7').contains(&b)) && !name.is_empty()
    })
}

/// Takes phones' signatures and legal notices from the end.
fn drop_tail(lines: &mut Vec<&str>) {
    const PHONES: &[&str] = &[
        "sent from my ",
        "sent from mail for",
        "sent from outlook",
        "sent from yahoo",
        "sent via ",
        "get outlook for",
        "sent with ",
        "von meinem ",
        "gesendet mit ",
        "gesendet von ",
        "diese nachricht wurde von meinem",
        "envoyé de mon",
        "envoyé depuis",
        "envoyé à partir de",
        "enviado desde mi",
        "enviado do meu",
        "enviado de mi",
        "inviato da ",
        "inviato dal ",
        "verstuurd vanaf",
        "verzonden vanaf",
        "skickat från min",
        "sendt fra min",
        "lähetetty ",
        "wysłane z ",
        "odesláno z",
        "отправлено с ",
        "发自我的",
        "iphoneから送信",
    ];
    loop {
        while lines.last().is_some_and(|l| l.trim().is_empty()) {
            lines.pop();
        }
        let Some(last) = lines.last() else { return };
        let lower = last.trim().to_lowercase();
        if lower.chars().count() < 90
            && PHONES.iter().any(|p| lower.starts_with(p))
            && lines.len() > 1
        {
            lines.pop();
            continue;
        }
        let start = lines.iter().rposition(|l| l.trim().is_empty()).map_or(0, |at| at + 1);
        if start == 0 || !lines.get(start..).is_some_and(is_notice) {
            return;
        }
        lines.truncate(start);
    }
}

/// A paragraph that tells strangers not to read what they have just read.
fn is_notice(paragraph: &[&str]) -> bool {
    let text = paragraph.join(" ").to_lowercase();
    let any = |words: &[&str]| words.iter().any(|w| text.contains(w));
    text.len() > 80
        && any(&[
            "confidential",
            "privileged",
            "vertraulich",
            "confidentiel",
            "confidencial",
            "riservat",
            "vertrouwelijk",
            "poufn",
        ])
        && any(&[
            "intended recipient",
            "intended solely",
            "intended only",
            "addressee",
            "adressat",
            "empfänger",
            "destinataire",
            "destinatario",
            "destinatário",
            "geadresseerde",
            "adresat",
        ])
}

/// Joins lines: at most one empty line in a row, long links shortened to their host, junk words dropped.
fn tidy(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut empty = true;
    for line in lines {
        let mut any = false;
        for word in line.split(' ').filter(|w| !w.is_empty()) {
            let Some(word) = shorten(word) else { continue };
            if any {
                out.push(' ');
            }
            out.push_str(&word);
            any = true;
        }
        if any || !empty {
            out.push('\n');
        }
        empty = !any;
    }
    out.truncate(out.trim_end().len());
    out
}

fn shorten(word: &str) -> Option<std::borrow::Cow<'_, str>> {
    if word.len() <= 60 {
        return Some(word.into());
    }
    for scheme in ["https://", "http://"] {
        if let Some(at) = word.find(scheme) {
            let (before, link) = word.split_at_checked(at)?;
            let host: String = link
                .strip_prefix(scheme)?
                .chars()
                .take_while(|c| !matches!(c, '/' | '?' | '#' | '>'))
                .take(100)
                .collect();
            return Some(format!("{before}{scheme}{host}/…").into());
        }
    }
    // Tracking tokens and leftovers of encodings: one long run without the look of words.
    let ascii = word.bytes().filter(u8::is_ascii_alphanumeric).count();
    let digits = word.bytes().filter(|b| b.is_ascii_digit() || b.is_ascii_uppercase()).count();
    if ascii * 10 > word.len() * 8 && digits * 5 > word.len() { None } else { Some(word.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str) -> String {
        new_text(text, false).text
    }

    #[test]
    fn replies_lose_what_they_quote_in_any_language() {
        for head in [
            "On Mon, 3 Feb 2025 at 10:00, Ana B. <ana@example.org> wrote:",
            "On Mon, 3 Feb 2025 at 10:00, Ana B.\n<ana@example.org> wrote:",
            "Am 03.02.25 um 10:00 schrieb Ana B.:",
            "Am Mo., 3. Feb. 2025 um 10:00 Uhr schrieb Ana <a@b.de>:",
            "Le lun. 3 févr. 2025 à 10:00, Ana <a@b.fr> a écrit :",
            "El lun, 3 feb 2025 a las 10:00, Ana (<a@b.es>) escribió:",
            "Il giorno lun 3 feb 2025 alle ore 10:00 Ana <a@b.it> ha scritto:",
            "Em seg., 3 de fev. de 2025 às 10:00, Ana <a@b.br> escreveu:",
            "Op ma 3 feb 2025 om 10:00 schreef Ana <a@b.nl>:",
            "W dniu 3.02.2025 o 10:00 Ana pisze: napisał(a):",
            "-----Original Message-----\nFrom: Ana\nSent: Monday",
            "-----Ursprüngliche Nachricht-----",
            "From: Ana <a@b.org>\nSent: Monday, February 3, 2025 10:00\nTo: Bo",
            "Von: Ana\nGesendet: Montag, 3. Februar 2025\nAn: Bo",
            "De : Ana\nEnvoyé : lundi 3 février 2025",
        ] {
            let text = format!("Yes, Tuesday is fine.\n\n{head}\nCould we meet?\nAna");
            assert_eq!(new(&text), "Yes, Tuesday is fine.", "{head}");
            let marked = format!("Yes.\n\n{head}\n> Could we meet?\n> Ana\n\nBo");
            assert!(!new(&marked).contains("Could"), "{head}");
        }
        assert_eq!(new("> Can you?\nI can.\n> And you?\nMe too."), "I can.\nMe too.");
        assert_eq!(
            new_text("> only\n> quoted", false),
            NewText { text: "only\nquoted".into(), quoted_lines: 2 }
        );
    }

    #[test]
    fn signatures_notices_and_junk_go() {
        assert_eq!(new("Hello\n-- \nBo\nPhone 1"), "Hello");
        assert_eq!(new("Hello\n\nSent from my iPhone"), "Hello");
        assert_eq!(new("Hallo\n\nVon meinem iPhone gesendet\n"), "Hallo");
        assert_eq!(
            new(
                "Hello\n\nThis message is confidential and for the intended recipient only. If you are not that person, delete it at once."
            ),
            "Hello"
        );
        assert_eq!(
            new(
                "See https://click.example.com/t/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ now"
            ),
            "See https://click.example.com/… now"
        );
        assert_eq!(
            new("Hi\n_______________________________________________\nfoo mailing list\nfoo@x.org"),
            "Hi"
        );
        assert_eq!(new("a\nbegin 644 x.bin\nM9F]O\n`\nend\nb"), "a\nb");
    }

    #[test]
    fn what_is_no_quote_stays() {
        for text in [
            "As she wrote:\nbe brave",
            "From: the heart\nwe thank you",
            "Total:\n--\n5 items",
            "On Monday we meet at 10.\nBring the 3 files.",
        ] {
            let kept = new(text);
            assert!(kept.starts_with(text.lines().next().unwrap()), "{text} -> {kept}");
        }
        assert_eq!(
            new_text("FYI\nFrom: A\nSent: Mon\n\nThe news", true).text,
            "FYI\nFrom: A\nSent: Mon\n\nThe news"
        );
    }
}
