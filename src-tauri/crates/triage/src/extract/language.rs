//! The language whose words are looked for. Not a detector for other uses: it knows eight languages and takes
//! what the message is already known to be written in.

use super::lex::{Lexeme, Phrases};
use std::sync::LazyLock;

/// The eight languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lang {
    En,
    De,
    Fr,
    It,
    Pt,
    Hi,
    Es,
    Th,
}

pub(crate) const LANGS: [Lang; 8] =
    [Lang::En, Lang::De, Lang::Fr, Lang::It, Lang::Pt, Lang::Hi, Lang::Es, Lang::Th];

impl Lang {
    /// Of an ISO 639-1 code, whatever region follows it.
    pub(crate) fn of(code: &str) -> Option<Lang> {
        Some(match code.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Lang::En,
            "de" => Lang::De,
            "fr" => Lang::Fr,
            "it" => Lang::It,
            "pt" => Lang::Pt,
            "hi" => Lang::Hi,
            "es" => Lang::Es,
            "th" => Lang::Th,
            _ => return None,
        })
    }
}

/// Lexemes that are looked at.
const LOOKED_AT: usize = 400;

/// Small words that each occur in few of the languages.
static SMALL: LazyLock<Phrases<Lang>> = LazyLock::new(|| {
    Phrases::of([
        (
            Lang::En,
            "the|and|you|your|please|is|are|this|that|for|with|have|to|of|by|we|will|would|could|today|tomorrow|friday|monday|it|at|my|need|hi|thanks|thank you",
        ),
        (
            Lang::De,
            "der|die|das|und|ich|sie|ist|nicht|bitte|mit|für|auf|wir|ihr|ihre|uns|bis|den|dem|ein|eine|zum|zur|im|hallo|liebe|lieber|können|danke|noch|uhr|kannst|mir|sehr|geehrte|freitag|montag|morgen|heute",
        ),
        (
            Lang::Fr,
            "le|les|des|et|vous|nous|je|est|une|pour|avec|dans|votre|vos|du|au|aux|bonjour|merci|ce|cette|avant|sur|pas|qui|ne|peux|pouvez|s il|demain|vendredi|d ici|l",
        ),
        (
            Lang::It,
            "il|gli|che|di|e|per|non|con|del|della|sono|entro|ciao|grazie|buongiorno|gentile|una|alle|dal|al|lo|ti|vi|mi|puoi|potresti|nostra|domani|venerdì|questo|ho|le chiedo",
        ),
        (
            Lang::Pt,
            "o|os|as|em|não|você|para|com|uma|até|obrigado|obrigada|olá|oi|do|da|no|na|seu|sua|por favor pode|às|amanhã|sexta|bom|dia|pode|ao|dos|das|são",
        ),
        (
            Lang::Es,
            "el|los|las|y|usted|para|con|una|hasta|gracias|hola|del|por favor|antes del|en|su|sus|es|lo|mañana|viernes|buenos|buenas|puedes|podrías|podría|tu|nos|al",
        ),
    ])
});

/// The language by the code that is known, else by script and small words; English when nothing tells.
pub(crate) fn language(code: Option<&str>, text: &str, lexemes: &[Lexeme]) -> Lang {
    let (mut thai, mut hindi, mut latin) = (0u32, 0u32, 0u32);
    for c in text.chars().take(4000) {
        match c {
            '\u{e00}'..='\u{e7f}' => thai += 1,
            '\u{900}'..='\u{97f}' => hindi += 1,
            c if c.is_alphabetic() => latin += 1,
            _ => {}
        }
    }
    // Thai and Hindi mail is full of English words; its script is the surer sign.
    if thai * 4 > latin && thai > hindi {
        return Lang::Th;
    }
    if hindi * 4 > latin && hindi > 0 {
        return Lang::Hi;
    }
    if let Some(known) = code.and_then(Lang::of) {
        return known;
    }
    let mut votes = [0u32; LANGS.len()];
    for at in 0..lexemes.len().min(LOOKED_AT) {
        if let Some((lang, _)) = SMALL.longest(lexemes, at)
            && let Some(vote) = votes.get_mut(lang as usize)
        {
            *vote += 1;
        }
    }
    LANGS
        .into_iter()
        .zip(0u32..)
        .max_by_key(|(lang, n)| {
            (votes.get(*lang as usize).copied().unwrap_or_default(), u32::MAX - n)
        })
        .map_or(Lang::En, |(lang, _)| lang)
}
