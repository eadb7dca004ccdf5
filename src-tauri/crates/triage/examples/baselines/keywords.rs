//! Rules as a careful person would write them into a mail program: what is told by headers, and a dozen words or
//! phrases a language. The first that holds decides.

use mailroom_domain::{Label, MessageContent};

/// Language; words of urgent mail, of tasks, of notifications.
type Words = (&'static str, [&'static [&'static str]; 3]);

const WORDS: &[Words] = &[
    (
        "en",
        [
            &["urgent", "asap", "today", "tonight", "immediately"],
            &["please", "could you", "can you", "let me know", "deadline", "rsvp"],
            &["unsubscribe", "newsletter", "receipt", "digest", "automatic"],
        ],
    ),
    (
        "de",
        [
            &["dringend", "sofort", "heute", "umgehend"],
            &["bitte", "könnten sie", "kannst du", "frist", "rückmeldung"],
            &["abmelden", "newsletter", "rechnung", "automatisch"],
        ],
    ),
    (
        "es",
        [
            &["urgente", "hoy", "inmediato", "esta noche"],
            &["por favor", "puedes", "podría", "plazo", "confirmar"],
            &["darse de baja", "boletín", "recibo", "automático"],
        ],
    ),
    (
        "fr",
        [
            &["urgent", "aujourd'hui", "ce soir", "immédiatement"],
            &["merci de", "pouvez-vous", "peux-tu", "veuillez", "avant le"],
            &["désabonner", "newsletter", "reçu", "automatique"],
        ],
    ),
    (
        "it",
        [
            &["urgente", "oggi", "stasera", "subito"],
            &["per favore", "può", "potresti", "entro", "conferma"],
            &["disiscriviti", "newsletter", "ricevuta", "automatico"],
        ],
    ),
    (
        "pt",
        [
            &["urgente", "hoje", "imediatamente", "agora"],
            &["por favor", "pode", "poderia", "prazo", "confirmar"],
            &["cancelar inscrição", "newsletter", "recibo", "automática"],
        ],
    ),
    (
        "hi",
        [
            &["तुरंत", "आज", "अर्जेंट", "अभी"],
            &["कृपया", "भेज", "बताइए", "अंतिम तिथि", "पुष्टि"],
            &["सदस्यता", "ऑफर", "रसीद", "स्वचालित"],
        ],
    ),
    (
        "th",
        [
            &["ด่วน", "วันนี้", "คืนนี้", "ทันที"],
            &["กรุณา", "ช่วย", "รบกวน", "ภายใน", "ยืนยัน"],
            &["ยกเลิกการรับ", "โปรโมชั่น", "ใบเสร็จ", "อัตโนมัติ"],
        ],
    ),
];

/// Which label the rules give. All languages' words are looked for: a reader of two languages has both sets.
pub fn say(content: &MessageContent) -> Label {
    let h = &content.headers;
    let text = format!("{}\n{}", h.subject, content.new_text).to_lowercase();
    // Words of letters with blanks between them stand alone; "today" is not in "todays".
    let spaced = format!(
        " {} ",
        text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    );
    let holds = |kind: usize| {
        WORDS.iter().any(|(lang, words)| {
            words[kind].iter().any(|word| match *lang {
                "hi" | "th" => text.contains(word),
                _ => spaced.contains(&format!(" {word} ")),
            })
        })
    };
    let sender = h.from.as_ref().map(|from| from.local()).unwrap_or_default();
    let robot = ["noreply", "no-reply", "donotreply", "newsletter", "mailer-daemon"]
        .iter()
        .any(|name| sender.contains(name))
        || h.auto_submitted.is_some();
    let bulk = h.list_unsubscribe || matches!(h.precedence.as_deref(), Some("bulk" | "junk"));
    if bulk || (robot && !holds(0)) {
        return Label::Notification;
    }
    if holds(0) {
        return Label::Urgent;
    }
    if holds(2) {
        return Label::Notification;
    }
    if holds(1) || content.new_text.contains('?') { Label::Task } else { Label::NeedsHuman }
}
