//! Amounts of money: a number with a currency before or behind it.
//!
//! Both ways to write decimals are read by how the number looks, not by the language: mail quotes prices from
//! everywhere. A number without a currency counts only behind "total" and its like, and only with two decimals.

use super::Place;
use super::lex::{Gap, Kind, Lexeme, Phrases};
use mailroom_domain::AmountCandidate;
use std::sync::LazyLock;

/// Candidates of one source that are kept.
const MOST: usize = 64;
/// Groups of digits in one number.
const GROUPS: usize = 8;

#[derive(Clone, Copy)]
enum Money {
    /// ISO 4217, and whether the word or sign stands for others as well.
    Currency(&'static str, bool),
    /// The same, of three letters that must be capitals.
    Code(&'static str),
    Times(i64),
    Total,
}

static WORDS: LazyLock<Phrases<Money>> = LazyLock::new(|| {
    use Money::{Code, Currency, Times, Total};
    Phrases::of([
        (
            Currency("USD", false),
            "us$|us dollars|us-dollar|dollars américains|dólares americanos|dólares estadounidenses",
        ),
        (Currency("USD", true), "$|dollars|dollar|dólares|dólar|dollari|डॉलर|ดอลลาร์|เหรียญสหรัฐ"),
        (Currency("EUR", false), "€|euro|euros|यूरो|ยูโร"),
        (Currency("GBP", false), "£|pounds sterling"),
        (Currency("GBP", true), "pounds|quid"),
        (Currency("INR", false), "₹|rupees|रुपये|रुपए|रुपया|रुपयों|रूपये|रुपयो|रुपय|रुपीज"),
        (Currency("INR", true), "rs|rs.|रु|रु.|रू|रू."),
        (Currency("THB", false), "฿|บาท|baht"),
        (Currency("BRL", false), "r$|reais"),
        (Currency("CHF", false), "sfr|sfr.|franken|stutz"),
        (Currency("JPY", true), "¥|yen|円"),
        (Currency("CNY", false), "元|yuan"),
        (Currency("KRW", false), "₩"),
        (Currency("PLN", false), "zł"),
        (Currency("CAD", false), "c$|ca$|can$"),
        (Currency("AUD", false), "a$|au$"),
        (Currency("MXN", false), "mx$|pesos mexicanos"),
        (Currency("ARS", false), "ar$|pesos argentinos"),
        (Currency("COP", false), "pesos colombianos"),
        (Code("USD"), "usd"),
        (Code("EUR"), "eur"),
        (Code("GBP"), "gbp"),
        (Code("INR"), "inr"),
        (Code("THB"), "thb"),
        (Code("BRL"), "brl"),
        (Code("CHF"), "chf"),
        (Code("JPY"), "jpy"),
        (Code("CNY"), "cny|rmb"),
        (Code("KRW"), "krw"),
        (Code("PLN"), "pln"),
        (Code("CAD"), "cad"),
        (Code("AUD"), "aud"),
        (Code("NZD"), "nzd"),
        (Code("MXN"), "mxn"),
        (Code("ARS"), "ars"),
        (Code("CLP"), "clp"),
        (Code("COP"), "cop"),
        (Code("SEK"), "sek"),
        (Code("NOK"), "nok"),
        (Code("DKK"), "dkk"),
        (Code("CZK"), "czk"),
        (Code("HKD"), "hkd"),
        (Code("SGD"), "sgd"),
        (Code("ZAR"), "zar"),
        (Times(1_000), "k|thousand|tausend|mila|mille|mil|हजार|हज़ार|พัน"),
        (Times(10_000), "หมื่น"),
        (Times(100_000), "lakh|lakhs|लाख|แสน"),
        (
            Times(1_000_000),
            "m|mn|million|millions|mio|mio.|millionen|milioni|milione|millones|millón|milhões|milhão|ล้าน",
        ),
        (Times(10_000_000), "crore|crores|करोड़"),
        (
            Total,
            "total|amount|amount due|sum|balance|betrag|gesamtbetrag|summe|rechnungsbetrag|montant|montant total|importe|importe total|importo|totale|valor|valor total|राशि|कुल राशि|कुल|ยอด|ยอดรวม|ยอดชำระ|จำนวนเงิน|ยอดเงิน",
        ),
    ])
});

/// A number as written: hundredths, and the lexeme behind it.
struct Figure {
    next: usize,
    hundredths: i64,
    decimals: bool,
}

/// An amount, from its first lexeme to its last.
struct Sum {
    first: usize,
    last: usize,
    minor: i64,
    currency: Option<(&'static str, bool)>,
}

/// All amounts of a text, in order.
pub(super) fn amounts(text: &str, lexemes: &[Lexeme], place: Place) -> Vec<AmountCandidate> {
    let mut out: Vec<AmountCandidate> = Vec::new();
    let mut at = 0;
    // The first lexeme that no earlier amount has used.
    let mut free = 0;
    while at < lexemes.len() && out.len() < MOST {
        let Some(figure) = figure(lexemes, at) else {
            at += 1;
            continue;
        };
        let next = figure.next;
        if let Some(Sum { first, last, minor, currency }) = sum(text, lexemes, at, free, &figure) {
            let start = lexemes.get(first).map_or(0, |l| l.start);
            let end = lexemes.get(last).map_or(0, |l| l.end);
            if let Some(quote) = place.quote(text, start, end) {
                let assumed = currency.is_some_and(|(_, assumed)| assumed);
                let currency = currency.map(|(code, _)| code.to_owned());
                out.push(AmountCandidate { quote, minor, currency, assumed });
            }
            free = last + 1;
            at = next.max(free);
        } else {
            at = next;
        }
    }
    out
}

/// What a currency's words are, if they are written as it must be.
fn currency(text: &str, lexemes: &[Lexeme], at: usize) -> Option<(&'static str, bool, usize)> {
    let (money, used) = WORDS.longest(lexemes, at)?;
    match money {
        Money::Currency(code, assumed) => Some((code, assumed, used)),
        Money::Code(code) => {
            let lexeme = lexemes.get(at)?;
            let words = text.get(lexeme.start..lexeme.end)?;
            words.chars().all(char::is_uppercase).then_some((code, false, used))
        }
        Money::Times(_) | Money::Total => None,
    }
}

fn sum(text: &str, lexemes: &[Lexeme], at: usize, free: usize, figure: &Figure) -> Option<Sum> {
    let close = |index: usize| lexemes.get(index).is_some_and(|l| l.gap <= Gap::Blank);
    let glued = |index: usize| lexemes.get(index).is_some_and(|l| l.gap == Gap::None);
    let is_mark = |index: usize, marks: &str| matches!(lexemes.get(index).map(|l| l.kind), Some(Kind::Mark(c)) if marks.contains(c));
    let mut next = figure.next;
    // "50,-", "200.–"
    if glued(next) && is_mark(next, ",.") && glued(next + 1) && is_mark(next + 1, "-–—") {
        next += 2;
    }
    let mut factor = 1;
    if close(next)
        && let Some((Money::Times(times), used)) = WORDS.longest(lexemes, next)
    {
        // "5 m" is five metres; "5M" and "5k" are written close.
        let letter = lexemes.get(next).is_some_and(|l| l.end - l.start == 1);
        if !letter || glued(next) {
            factor = times;
            next += used;
        }
    }
    let mut first = at;
    let mut last = next - 1;
    let mut found = None;
    // In front: up to three lexemes ("US$", "R$", "Rs.").
    for back in (1..=3usize).rev() {
        let Some(index) = at.checked_sub(back).filter(|i| *i >= free) else { continue };
        if let Some((code, assumed, used)) = currency(text, lexemes, index)
            && used == back
            && (index + 1..=at).all(close)
        {
            found = Some((code, assumed));
            first = index;
            break;
        }
    }
    if close(next)
        && let Some((code, assumed, used)) = currency(text, lexemes, next)
        && found.is_none_or(|(_, unsure)| unsure && !assumed)
    {
        // "$500 USD": the code is the surer of the two.
        found = Some((code, assumed));
        last = next + used - 1;
    }
    let percent = is_mark(figure.next, "%");
    if percent {
        return None;
    }
    let minor = figure.hundredths.checked_mul(factor)?;
    let Some((code, assumed)) = found else {
        let led = (1..=4usize).any(|back| {
            at.checked_sub(back).is_some_and(|index| {
                matches!(WORDS.longest(lexemes, index), Some((Money::Total, used)) if {
                    let after = index + used;
                    after == at || (after + 1 == at && is_mark(after, ":="))
                })
            })
        });
        let sum = Sum { first, last: figure.next - 1, minor: figure.hundredths, currency: None };
        return (led && figure.decimals).then_some(sum);
    };
    // The yen and the won have no smaller unit.
    let minor = if matches!(code, "JPY" | "KRW" | "CLP") { minor / 100 } else { minor };
    Some(Sum { first, last, minor, currency: Some((code, assumed)) })
}

/// Reads digits, separators and blanks between thousands.
fn figure(lexemes: &[Lexeme], at: usize) -> Option<Figure> {
    let number = |index: usize| match lexemes.get(index)?.kind {
        Kind::Number(value, digits) => Some((value, digits)),
        _ => None,
    };
    let (first, digits) = number(at)?;
    if digits > 12 {
        return None;
    }
    let mut groups = vec![(' ', first, digits)];
    let mut next = at + 1;
    while groups.len() < GROUPS {
        let Some(lexeme) = lexemes.get(next) else { break };
        let (separator, index) = match (lexeme.gap, lexeme.kind) {
            (Gap::None, Kind::Mark(c @ ('.' | ','))) => (c, next + 1),
            // An apostrophe leaves no lexeme.
            (Gap::None, Kind::Number(_, 3)) => ('\'', next),
            (Gap::Blank, Kind::Number(_, 3)) if groups.iter().all(|(s, ..)| *s == ' ') => {
                (' ', next)
            }
            _ => break,
        };
        let Some((value, digits)) = number(index) else { break };
        if index > next && lexemes.get(index).is_none_or(|l| l.gap != Gap::None) {
            break;
        }
        groups.push((separator, value, digits));
        next = index + 1;
    }
    // Blanks part thousands only where the first group is short.
    if let Some((' ', ..)) = groups.get(1)
        && digits > 3
    {
        groups.truncate(1);
        next = at + 1;
    }
    let mut decimals = None;
    if let Some((separator, value, digits)) = groups.last().copied().filter(|_| groups.len() > 1) {
        let same = groups.iter().skip(1).filter(|(s, ..)| *s == separator).count();
        let others = groups.len() - 1 - same;
        if matches!(separator, '.' | ',')
            && same == 1
            && (digits <= 2 || (others > 0 && digits != 3))
        {
            decimals = Some((value, digits));
            groups.pop();
        }
    }
    // 12.5.24, 10.0.0.1: whatever is no number.
    let whole_groups = groups.iter().skip(1).all(|(_, _, digits)| matches!(digits, 2 | 3));
    if !whole_groups || groups.iter().skip(1).last().is_some_and(|(_, _, digits)| *digits != 3) {
        return None;
    }
    let mut whole = 0i64;
    for (_, value, digits) in &groups {
        whole = whole.checked_mul(10i64.checked_pow(u32::from(*digits))?)?;
        whole = whole.checked_add(i64::try_from(*value).ok()?)?;
    }
    let cents = match decimals {
        None => 0,
        Some((value, 1)) => i64::try_from(value).ok()? * 10,
        Some((value, 2)) => i64::try_from(value).ok()?,
        Some(_) => return None,
    };
    let hundredths = whole.checked_mul(100)?.checked_add(cents)?;
    Some(Figure { next, hundredths, decimals: decimals.is_some_and(|(_, digits)| digits == 2) })
}
