//! The few facts of a `text/calendar` part that triage and reader use (RFC 5545, RFC 6047).

use crate::neutral;
use mailroom_domain::{CalendarPart, UnixSeconds};

/// Lines read, after unfolding.
const LINES: usize = 5_000;

/// Reads the first event. `method` is the one of the Content-Type, which the part's own overrules.
pub(crate) fn read(text: &str, method: Option<&str>) -> CalendarPart {
    let mut out = CalendarPart {
        method: method.map(|m| neutral::line(m, 40).to_uppercase()).unwrap_or_default(),
        ..CalendarPart::default()
    };
    let mut in_event = false;
    for line in unfold(text) {
        let Some((name, value)) = property(&line) else { continue };
        let (key, parameters) = name.split_once(';').unwrap_or((name, ""));
        match (key.to_ascii_uppercase().as_str(), in_event) {
            ("METHOD", false) => out.method = neutral::line(value, 40).to_uppercase(),
            ("BEGIN", _) if matches!(value.trim(), "VEVENT" | "VTODO") => in_event = true,
            ("END", true) if matches!(value.trim(), "VEVENT" | "VTODO") => break,
            ("SUMMARY", true) => out.summary = shown(value),
            ("LOCATION", true) => out.location = shown(value),
            ("DTSTART", true) => out.start = moment(value.trim(), parameters),
            _ => {}
        }
    }
    out
}

/// RFC 5545, 3.1: a line that begins with a space goes on from the one before.
fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n').take(LINES) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) if last.len() < 10_000 => last.push_str(more),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Splits at the first colon outside quotes.
fn property(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = line.bytes().position(|b| {
        quoted ^= b == b'"';
        b == b':' && !quoted
    })?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

fn shown(value: &str) -> String {
    let plain = value
        .replace("\\n", " ")
        .replace("\\N", " ")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\");
    neutral::line(&plain, 300)
}

/// `20250203T100000Z`, a floating or zoned time taken as UTC, or a whole day. A zone that is an offset in
/// its name cannot be trusted to be one, so that zoned times are only about right.
fn moment(value: &str, parameters: &str) -> Option<UnixSeconds> {
    let number = |from: usize, to: usize| value.get(from..to).and_then(|d| d.parse::<u32>().ok());
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date =
        time::Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?)
            .ok()?;
    let whole_day = parameters.to_ascii_uppercase().contains("VALUE=DATE") && value.len() == 8;
    let clock = if whole_day || value.len() < 13 {
        time::Time::MIDNIGHT
    } else {
        let part = |from, to| number(from, to).and_then(|n| u8::try_from(n).ok());
        time::Time::from_hms(part(9, 11)?, part(11, 13)?, part(13, 15).unwrap_or(0).min(59)).ok()?
    };
    Some(date.with_time(clock).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_read() {
        let text = "BEGIN:VCALENDAR\r\nMETHOD:request\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\n\
            BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=de:Plan\\, lang und\r\n  breit\r\nDTSTART;TZID=\"Europe:Berlin\":20250203T100000\r\n\
            LOCATION:Raum 1\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:other\r\nEND:VEVENT\r\nEND:VCALENDAR";
        let part = read(text, None);
        assert_eq!(part.method, "REQUEST");
        assert_eq!(part.summary, "Plan, lang und breit");
        assert_eq!(part.start, Some(1_738_576_800));
        assert_eq!(part.location, "Raum 1");
        assert_eq!(
            read("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20250203\nEND:VEVENT", Some("cancel")).start,
            Some(1_738_540_800)
        );
        assert_eq!(read("DTSTART:99999999T999999Z\n:::\n\"", None), CalendarPart::default());
    }
}
