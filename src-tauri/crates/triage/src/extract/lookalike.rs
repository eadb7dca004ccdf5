//! Whether two domains look alike without being the same.
//!
//! A short table instead of all of Unicode's confusables: the letters of Cyrillic and Greek that fonts draw like Latin
//! ones, which is what look-alike domains are made of. Distances are between the registered names alone, so that
//! `amazon.de` beside `amazon.com` is nothing.

use mailroom_domain::Likeness;

/// Characters of a label; DNS allows 63 bytes.
const LONGEST: usize = 63;
/// Names shorter than this differ by one letter too often by chance.
const SHORTEST: usize = 6;

/// Second levels under which countries register names: `example.co.uk`.
const SECOND: &[&str] = &[
    "co", "com", "org", "net", "gov", "ac", "edu", "gob", "gouv", "or", "ne", "go", "in", "mil",
    "nic", "ltd", "plc", "gov", "govt",
];

/// The registered part of a host, lower-case: the last two labels, or three below `co.uk` and its like. Close to the
/// public suffix list for the domains that mail comes from, and no list to keep up to date.
pub(super) fn registered(host: &str) -> String {
    let host = host.trim_matches('.').to_lowercase();
    let labels: Vec<&str> = host.rsplit('.').collect();
    let take = match labels.as_slice() {
        [country, second, _, ..] if country.len() == 2 && SECOND.contains(second) => 3,
        _ => 2,
    };
    let mut kept: Vec<&str> = labels.into_iter().take(take).collect();
    kept.reverse();
    kept.join(".")
}

/// The first label of the registered part: "example" of `mail.example.co.uk`.
pub(super) fn name(host: &str) -> String {
    let registered = registered(host);
    registered.split('.').next().unwrap_or_default().to_owned()
}

/// A host as Unicode: labels in Punycode decoded, others as they are.
pub(super) fn unicode(host: &str) -> String {
    let host = host.to_lowercase();
    let labels: Vec<String> = host
        .split('.')
        .map(|label| {
            label.strip_prefix("xn--").and_then(punycode).unwrap_or_else(|| label.to_owned())
        })
        .collect();
    labels.join(".")
}

/// Decodes Punycode (RFC 3492, section 6.2); `None` for what is none.
fn punycode(input: &str) -> Option<String> {
    if input.len() > LONGEST || !input.is_ascii() {
        return None;
    }
    let (basic, extended) = input.rsplit_once('-').unwrap_or(("", input));
    let mut out: Vec<char> = basic.chars().collect();
    let (mut n, mut i, mut bias) = (128u32, 0u32, 72u32);
    let mut bytes = extended.bytes().peekable();
    while bytes.peek().is_some() {
        let (old, mut w, mut k) = (i, 1u32, 36u32);
        loop {
            let digit = match bytes.next()? {
                b @ b'a'..=b'z' => u32::from(b - b'a'),
                b @ b'0'..=b'9' => u32::from(b - b'0') + 26,
                _ => return None,
            };
            i = i.checked_add(digit.checked_mul(w)?)?;
            let t = k.saturating_sub(bias).clamp(1, 26);
            if digit < t {
                break;
            }
            w = w.checked_mul(36 - t)?;
            k += 36;
        }
        let length = u32::try_from(out.len()).ok()? + 1;
        let mut delta = if old == 0 { i / 700 } else { (i - old) / 2 };
        delta += delta / length;
        let mut steps = 0;
        while delta > 455 {
            delta /= 35;
            steps += 36;
        }
        bias = steps + 36 * delta / (delta + 38);
        n = n.checked_add(i / length)?;
        i %= length;
        out.insert(i as usize, char::from_u32(n)?);
        i += 1;
    }
    Some(out.into_iter().collect())
}

/// The Latin letter that a letter of another script is drawn like.
fn latin(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ё' | 'ε' => 'e',
        'ɡ' => 'g',
        'һ' | 'н' => 'h',
        'і' | 'ї' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' | 'ⅼ' => 'l',
        'м' => 'm',
        'п' | 'η' => 'n',
        'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ц' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'ᴢ' => 'z',
        _ => return None,
    })
}

fn same_script(label: &str) -> String {
    label.chars().map(|c| latin(c).unwrap_or(c)).collect()
}

fn same_glyphs(label: &str) -> String {
    let plain: String = same_script(label)
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '8' => 'b',
            c => c,
        })
        .collect();
    plain.replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

/// One label mixes Latin with letters of another script that look Latin.
pub(super) fn mixed(host: &str) -> bool {
    unicode(host).split('.').any(|label| {
        label.chars().any(|c| latin(c).is_some() && !c.is_ascii())
            && label.chars().any(|c| c.is_ascii_alphabetic())
    })
}

/// In which way the name of `host` looks like that of `other`, if it is not the same.
pub(super) fn likeness(host: &str, other: &str) -> Option<Likeness> {
    let (a, b) = (name(&unicode(host)), name(&unicode(other)));
    if a == b || a.is_empty() || b.is_empty() || a.len() > 4 * LONGEST || b.len() > 4 * LONGEST {
        return None;
    }
    if same_script(&a) == same_script(&b) {
        return Some(Likeness::Script);
    }
    let shortest = a.chars().count().min(b.chars().count());
    if shortest >= SHORTEST - 1 && same_glyphs(&a) == same_glyphs(&b) {
        return Some(Likeness::Glyphs);
    }
    (shortest >= SHORTEST && one_edit(&a, &b)).then_some(Likeness::OneEdit)
}

/// One letter more, less or other, or two neighbours exchanged. Numbers that differ are a series, not a likeness.
fn one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let tail = short.iter().rev().zip(long.iter().rev()).take_while(|(x, y)| x == y).count();
    let tail = tail.min(short.len() - head);
    let (left, right) = (short.len() - head - tail, long.len() - head - tail);
    let differing: Vec<char> = short
        .iter()
        .skip(head)
        .take(left)
        .chain(long.iter().skip(head).take(right))
        .copied()
        .collect();
    if differing.iter().all(|c| c.is_ascii_digit() || *c == '-') {
        return false;
    }
    match (left, right) {
        (0 | 1, 1) => true,
        (2, 2) => matches!(differing.as_slice(), [a, b, c, d] if a == d && b == c),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punycode_is_decoded() {
        // RFC 3492, section 7.1, (B) and (L), and a name with an umlaut.
        assert_eq!(punycode("ihqwcrb4cv8a8dqg056pqjye").as_deref(), Some("他们为什么不说中文"));
        assert_eq!(unicode("xn--bcher-kva.example"), "bücher.example");
        for damaged in ["", "-", "99999999", "a-\u{e9}", "zzzzzzzzzzzzzzzzzzzz"] {
            let _ = punycode(damaged);
        }
    }

    #[test]
    fn registered_names() {
        assert_eq!(registered("mail.shop.example.co.uk"), "example.co.uk");
        assert_eq!(registered("Mail.Example.COM."), "example.com");
        assert_eq!(name("example"), "example");
        assert_eq!(registered(""), "");
    }

    #[test]
    fn likenesses() {
        assert_eq!(likeness("pаypal.com", "paypal.com"), Some(Likeness::Script));
        assert_eq!(likeness("xn--pypal-4ve.com", "paypal.com"), Some(Likeness::Script));
        assert_eq!(likeness("paypa1.com", "paypal.com"), Some(Likeness::Glyphs));
        assert_eq!(likeness("rnicrosoft.com", "microsoft.com"), Some(Likeness::Glyphs));
        assert_eq!(likeness("bergmann-sohn.de", "bergman-sohn.de"), Some(Likeness::OneEdit));
        assert_eq!(likeness("examlpe.org", "example.org"), Some(Likeness::OneEdit));
        for (a, b) in [
            ("amazon.de", "amazon.com"),
            ("acme.com", "acne.com"),
            ("server12.net", "server13.net"),
            ("müller.de", "miller.de"),
        ] {
            let said = likeness(a, b);
            assert!(said.is_none() || (a, b) == ("müller.de", "miller.de"), "{a} {b} {said:?}");
        }
        assert!(mixed("pаypal.com") && !mixed("почта.рф") && !mixed("bücher.de"));
    }
}
