//! Codes and numbers that a person has to type or quote, by the words beside them.
//!
//! A number without such words is none. Telephone and account numbers are not looked for.

use super::Place;
use super::lex::{Gap, Kind, Lexeme, Phrases};
use mailroom_domain::{CodeCandidate, CodeKind};
use std::sync::LazyLock;

/// Candidates of one source that are kept.
const MOST: usize = 32;
/// Lexemes between a label and its code.
const BETWEEN: usize = 6;
/// Characters of a code.
const LONGEST: usize = 40;

static LABELS: LazyLock<Phrases<CodeKind>> = LazyLock::new(|| {
    Phrases::of([
        (
            CodeKind::OneTime,
            "verification code|security code|one-time code|one time code|one-time password|one time password|passcode|one-time passcode|login code|sign-in code|access code|confirmation pin|otp|otp code|your code|2fa code|authentication code|code below|pin code",
        ),
        (
            CodeKind::OneTime,
            "bestätigungscode|sicherheitscode|einmalcode|einmalpasswort|einmalkennwort|anmeldecode|zugangscode|tan|ihr code|dein code|verifizierungscode|freischaltcode",
        ),
        (
            CodeKind::OneTime,
            "code de vérification|code de sécurité|code à usage unique|mot de passe à usage unique|code de connexion|votre code|ton code|code de confirmation|code d'accès",
        ),
        (
            CodeKind::OneTime,
            "codice di verifica|codice di sicurezza|codice monouso|codice otp|codice di accesso|il tuo codice|il suo codice|codice di conferma",
        ),
        (
            CodeKind::OneTime,
            "código de verificação|código de segurança|código de acesso|seu código|código de confirmação|senha de uso único|código de uso único",
        ),
        (
            CodeKind::OneTime,
            "código de verificación|código de seguridad|código de acceso|tu código|su código|código de un solo uso|código de confirmación",
        ),
        (CodeKind::OneTime, "ओटीपी|सत्यापन कोड|सुरक्षा कोड|वन टाइम पासवर्ड|लॉगिन कोड|आपका कोड"),
        (CodeKind::OneTime, "รหัส otp|รหัสยืนยัน|รหัสยืนยันตัวตน|รหัสผ่านครั้งเดียว|รหัสของคุณ|รหัสเข้าระบบ"),
        (
            CodeKind::Order,
            "order|order number|order no|order id|order ref|bestellung|bestellnummer|bestellnr|auftragsnummer|auftrag|commande|numéro de commande|n° de commande|ordine|numero ordine|numero d'ordine|numero dell'ordine|pedido|número de pedido|número do pedido|nº de pedido|ऑर्डर|ऑर्डर नंबर|ऑर्डर संख्या|ऑर्डर आईडी|คำสั่งซื้อ|หมายเลขคำสั่งซื้อ|เลขที่คำสั่งซื้อ|เลขคำสั่งซื้อ",
        ),
        (
            CodeKind::Invoice,
            "invoice|invoice number|invoice no|bill no|bill number|rechnung|rechnungsnummer|rechnungsnr|rechnung nr|facture|numéro de facture|facture n°|fattura|numero fattura|fattura n|fatura|número da fatura|nota fiscal|nf-e|factura|número de factura|factura n°|nº de factura|इनवॉइस|बिल संख्या|बिल नंबर|चालान|चालान संख्या|इनवॉइस नंबर|ใบแจ้งหนี้|เลขที่ใบแจ้งหนี้|ใบแจ้งหนี้เลขที่|ใบกำกับภาษี",
        ),
        (
            CodeKind::Tracking,
            "tracking|tracking number|tracking no|tracking id|tracking code|parcel number|sendungsnummer|paketnummer|trackingnummer|sendungsverfolgung|numéro de suivi|numéro de colis|codice di tracciamento|numero di spedizione|codice spedizione|tracking n|código de rastreio|código de rastreamento|número de seguimiento|código de seguimiento|número de guía|ट्रैकिंग नंबर|ट्रैकिंग आईडी|ट्रैकिंग संख्या|awb|awb नंबर|เลขพัสดุ|หมายเลขพัสดุ|เลขติดตามพัสดุ|หมายเลขติดตาม",
        ),
        (
            CodeKind::Booking,
            "booking|booking number|booking reference|booking ref|booking code|reservation|reservation number|confirmation number|confirmation code|record locator|pnr|buchung|buchungsnummer|buchungscode|reservierungsnummer|réservation|numéro de réservation|référence de réservation|numéro de dossier|prenotazione|numero di prenotazione|codice prenotazione|codice di prenotazione|reserva|número de reserva|código de reserva|localizador|número da reserva|código da reserva|बुकिंग|बुकिंग नंबर|बुकिंग आईडी|पीएनआर|आरक्षण संख्या|หมายเลขการจอง|รหัสการจอง|เลขที่การจอง|รหัสจอง|เลขที่จอง",
        ),
        (
            CodeKind::Reference,
            "reference|reference number|ref|ref no|case|case number|ticket|ticket number|claim number|aktenzeichen|referenz|referenznummer|vorgangsnummer|ticketnummer|kundennummer|kassenzeichen|verwendungszweck|référence|numéro de référence|dossier n|numéro de dossier client|riferimento|numero di pratica|pratica n|protocollo|referência|número de protocolo|protocolo|referencia|número de referencia|expediente|número de expediente|संदर्भ संख्या|शिकायत संख्या|आवेदन संख्या|टिकट संख्या|เลขอ้างอิง|หมายเลขอ้างอิง|เลขที่อ้างอิง|เลขที่เรื่อง|หมายเลขคำร้อง",
        ),
    ])
});

/// Words between a label and its code.
static LINKS: LazyLock<Phrases<()>> = LazyLock::new(|| {
    Phrases::of([(
        (),
        "number|no|nr|id|is|is as follows|ist|lautet|est|numéro|n|num|num.|es|è|é|e|है|คือ|เลขที่|หมายเลข|numero|número|nº|n°|n.|code|der|for|to sign in is|for this login is|is:|नंबर|संख्या|ref|reference|the|zur anmeldung lautet|pour vous connecter est|per l'accesso è|per accedere è|de vérification est|de acceso es|de acesso é|código|kod|कोड|รหัส|confirmed|bestätigt|with|mit der nummer|mit der|nummer|avec le|con el|con il|com o|ของคุณ|ของท่าน|ของคุณคือ|ของท่านคือ|สำหรับ|ในการเข้าสู่ระบบ",
    )])
});

/// "123456 is your code".
static BEHIND: LazyLock<Phrases<()>> = LazyLock::new(|| {
    Phrases::of([(
        (),
        "is your|ist ihr|ist dein|est votre|est ton|es tu|es su|è il tuo|è il suo|é o seu|é seu|é o código|आपका|है आपका|คือรหัส|เป็นรหัส",
    )])
});

/// All codes of a text, in order.
pub(super) fn codes(text: &str, lexemes: &[Lexeme], place: Place) -> Vec<CodeCandidate> {
    let mut out: Vec<CodeCandidate> = Vec::new();
    let mut at = 0;
    while at < lexemes.len() && out.len() < MOST {
        let found = labelled(text, lexemes, at).or_else(|| behind(text, lexemes, at));
        let Some((kind, first, next)) = found else {
            at += 1;
            continue;
        };
        let start = lexemes.get(first).map_or(0, |l| l.start);
        let end = lexemes.get(next - 1).map_or(0, |l| l.end);
        if let Some(quote) = place.quote(text, start, end) {
            let code: String = quote.words.chars().filter(|c| !c.is_whitespace()).collect();
            if !out.iter().any(|known| known.code == code) {
                out.push(CodeCandidate { quote, code, kind });
            }
        }
        at = next;
    }
    out
}

fn labelled(text: &str, lexemes: &[Lexeme], at: usize) -> Option<(CodeKind, usize, usize)> {
    let (kind, used) = LABELS.longest(lexemes, at)?;
    // "border 12345": a label is a whole word by itself, but in Thai nothing parts words.
    let mut next = at + used;
    for _ in 0..BETWEEN {
        if lexemes.get(next)?.gap == Gap::Paragraph && kind != CodeKind::OneTime {
            return None;
        }
        if let Some(end) = code(text, lexemes, next, kind) {
            return Some((kind, next, end));
        }
        match lexemes.get(next)?.kind {
            Kind::Mark(
                ':' | '#' | '.' | '(' | '*' | '-' | '–' | '=' | '°' | 'º' | '№' | '"' | '[',
            ) => next += 1,
            _ => {
                // "order confirmed: AB-1234"
                let (_, used) = LINKS.longest(lexemes, next)?;
                next += used;
            }
        }
    }
    None
}

fn behind(text: &str, lexemes: &[Lexeme], at: usize) -> Option<(CodeKind, usize, usize)> {
    let end = code(text, lexemes, at, CodeKind::OneTime)?;
    let (_, used) = BEHIND.longest(lexemes, end)?;
    let after = end + used;
    let named = (at..after + 5)
        .any(|index| matches!(LABELS.longest(lexemes, index), Some((CodeKind::OneTime, _))))
        || (after..after + 5).any(|index| {
            let word =
                lexemes.get(index).and_then(|l| text.get(l.start..l.end)).unwrap_or_default();
            let word = word.to_lowercase();
            ["code", "cod", "otp", "pin", "tan", "कोड", "ओटीपी"].iter().any(|w| word.starts_with(w))
                || word.ends_with("code")
        })
        || used > 3;
    named.then_some((CodeKind::OneTime, at, end))
}

/// The end of a code that begins at `at`, if one does.
fn code(text: &str, lexemes: &[Lexeme], at: usize, kind: CodeKind) -> Option<usize> {
    let first = lexemes.get(at)?;
    if !matches!(first.kind, Kind::Number(..) | Kind::Word) {
        return None;
    }
    let mut next = at + 1;
    let mut solid = 1usize;
    while let Some(lexeme) = lexemes.get(next).filter(|l| l.gap == Gap::None) {
        match lexeme.kind {
            Kind::Number(..) | Kind::Word => {
                next += 1;
                solid = next - at;
            }
            Kind::Mark('-' | '/' | '_') => next += 1,
            _ => break,
        }
        if next - at > LONGEST {
            return None;
        }
    }
    let mut end = at + solid;
    // "123 456", "12 34 56"
    let pair = |index: usize| {
        matches!(
            lexemes.get(index).map(|l| (l.kind, l.gap)),
            Some((Kind::Number(_, 3), Gap::Blank))
        )
    };
    if kind == CodeKind::OneTime
        && solid == 1
        && matches!(first.kind, Kind::Number(_, 3))
        && pair(end)
    {
        end += 1;
    }
    let last = lexemes.get(end - 1)?;
    let words = text.get(first.start..last.end)?;
    let plain: Vec<char> = words.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let ascii =
        words.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_' | ' '));
    let digits = plain.iter().filter(|c| c.is_ascii_digit()).count();
    let capitals = plain.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    if !ascii || plain.len() < 4 || plain.len() > LONGEST {
        return None;
    }
    // A clock, a decimal, a thousand or a percentage goes on.
    let goes_on = lexemes.get(end).is_some_and(|l| {
        l.gap == Gap::None && matches!(l.kind, Kind::Mark(':' | '%' | '€' | '$' | '@'))
    }) || (lexemes
        .get(end)
        .is_some_and(|l| l.gap == Gap::None && matches!(l.kind, Kind::Mark('.' | ',')))
        && lexemes
            .get(end + 1)
            .is_some_and(|l| l.gap == Gap::None && matches!(l.kind, Kind::Number(..))));
    if goes_on {
        return None;
    }
    let numbers: Vec<&str> = words.split(['/', '-']).collect();
    let all_digits = digits == plain.len();
    // 12/03/2024, 2024-03-12
    if all_digits && numbers.len() == 3 && numbers.iter().all(|n| n.len() <= 4) {
        return None;
    }
    let fits = match kind {
        CodeKind::OneTime => {
            (4..=10).contains(&plain.len())
                && digits > 0
                && (all_digits || capitals || digits * 2 >= plain.len())
        }
        // Airlines' six letters need no digit.
        CodeKind::Booking => {
            (digits > 0 && (capitals || digits >= 3))
                || (capitals && (5..=8).contains(&plain.len()) && words.len() == plain.len())
        }
        _ => digits >= 2 && (capitals || digits >= 4),
    };
    let year = kind != CodeKind::OneTime
        && all_digits
        && plain.len() == 4
        && (words.starts_with("19") || words.starts_with("20"));
    (fits && !year).then_some(end)
}
