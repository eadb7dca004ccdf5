//! Times of day: `17:30`, "5 pm", "17 Uhr", "शाम 5 बजे", "บ่ายสามโมง".

use super::super::language::Lang;
use super::super::lex::Gap;
use super::super::words::{DayPart, Term};
use super::{Clock, Item, Reader, What};

impl Reader<'_> {
    /// Behind the second time of a range, if there is one.
    pub(super) fn range_end(&self, at: usize) -> usize {
        let joined = matches!(self.mark(at), Some('-' | '–'))
            || matches!(self.term(at), Some(Term::To))
            || (self.lang == Lang::De && matches!(self.term(at), Some(Term::Deadline)));
        match self.clock(at + 1, true) {
            Some(clock) if joined => clock.next,
            _ => at,
        }
    }

    /// The half of the day by the part of it that is named.
    pub(super) fn settle(&self, mut clock: Clock, part: Option<DayPart>) -> Clock {
        let Some(part) = part else { return clock };
        if clock.hour < 12 {
            let later = match part {
                DayPart::Morning => false,
                DayPart::Noonish => clock.hour < 5,
                DayPart::Afternoon => true,
                DayPart::Evening => clock.hour >= 4,
                DayPart::Night => clock.hour >= 7,
            };
            if later {
                clock.hour += 12;
            }
        } else if clock.hour == 12 && matches!(part, DayPart::Night) {
            clock.hour = 0;
        }
        clock.either_half = false;
        clock
    }

    /// A time of day. `attached`: it stands beside a day, and may be shorter.
    pub(super) fn clock(&self, at: usize, attached: bool) -> Option<Clock> {
        let clock = match self.first_term(at) {
            Some(Term::Clock(minutes)) => {
                let before = at.checked_sub(1).and_then(|b| self.first_term(b));
                let led =
                    matches!(before, Some(Term::Deadline | Term::At | Term::Within | Term::Filler));
                (attached || led).then_some(Clock {
                    next: at + 1,
                    hour: (minutes / 60) as u8,
                    minute: (minutes % 60) as u8,
                    either_half: false,
                    zone: None,
                })?
            }
            // "शाम 5 बजे", "บ่าย 3 โมง"
            Some(Term::Part(part)) if matches!(self.lang, Lang::Hi | Lang::Th) => {
                let from = self.fillers(at + 1, 1);
                self.near(from)?;
                let clock = self.bare_clock(from, attached)?;
                self.settle(clock, Some(part))
            }
            Some(Term::HalfBefore) => {
                let clock = self.bare_clock(at + 1, attached)?;
                Clock { minute: 30, ..clock }
            }
            // "ตี 2"
            Some(Term::Ti) if self.lang == Lang::Th => {
                let hour = self.count(at + 1).filter(|h| (1..=5).contains(h))?;
                Clock { next: at + 2, hour: hour as u8, minute: 0, either_half: false, zone: None }
            }
            Some(Term::At) if attached => {
                self.near(at + 1)?;
                self.bare_clock(at + 1, true)?
            }
            _ => self.bare_clock(at, attached)?,
        };
        // "5 de la tarde", "3 Uhr nachmittags"
        let behind = self.fillers(clock.next, 2);
        let clock = match self.term(behind) {
            Some(Term::Part(part)) if clock.either_half || self.lang != Lang::Hi => {
                Clock { next: behind + 1, ..self.settle(clock, Some(part)) }
            }
            _ => clock,
        };
        match self.term(clock.next) {
            Some(Term::Zone(zone)) => {
                Some(Clock { next: clock.next + 1, zone: Some(zone), ..clock })
            }
            _ => Some(clock),
        }
    }

    pub(super) fn bare_clock(&self, at: usize, attached: bool) -> Option<Clock> {
        let before = at.checked_sub(1).map(|b| (self.first_term(b), self.item(b).map(|i| i.what)));
        let glued = self.item(at).is_some_and(|i| i.gap == Gap::None);
        if glued
            && matches!(
                before,
                Some((_, Some(What::Mark('.' | ':' | '/' | '$' | '€' | '£' | '#'))))
            )
        {
            return None;
        }
        // "before 3"; "by 3" is as often how much.
        let until = bare_until(self.text, at.checked_sub(1).and_then(|b| self.item(b)));
        let led = until || matches!(before, Some((Some(Term::At), _)));
        let due = matches!(before, Some((Some(Term::Deadline | Term::Within), _)));
        let half = |hour: u64| hour != 0 && hour <= 12;
        let make = |next, hour: u64, minute: u64, either_half| {
            let (hour, minute) = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?);
            (hour < 24 && minute < 60).then_some(Clock {
                next,
                hour,
                minute,
                either_half,
                zone: None,
            })
        };
        let (hour, digits) = match self.item(at)?.what {
            What::Number(hour, digits) if digits <= 2 => (hour, digits),
            What::Term(Term::Number(n)) => (u64::from(n), 0),
            _ => return None,
        };
        let twelve = |next: usize, hour: u64, minute: u64| match self.term(next) {
            Some(Term::Am) if half(hour) => Some(make(next + 1, hour % 12, minute, false)),
            Some(Term::Pm) if half(hour) => Some(make(next + 1, hour % 12 + 12, minute, false)),
            Some(Term::OClock | Term::HourLetter) => Some(make(next + 1, hour, minute, false)),
            _ => None,
        };
        // 17:30, 17h30, 17.30 Uhr
        if digits > 0
            && let Some((minute, 2)) = self.glued_number(at + 2)
        {
            let joint = self.item(at + 1).filter(|i| i.gap == Gap::None).map(|i| i.what);
            let dotted = joint == Some(What::Mark('.'));
            let full =
                joint == Some(What::Mark(':')) || joint == Some(What::Term(Term::HourLetter));
            if full || dotted {
                if self.glued_mark(at + 3).is_some_and(|c| matches!(c, '.' | '/'))
                    && self.glued_number(at + 4).is_some()
                {
                    return None;
                }
                if let Some(clock) = twelve(at + 3, hour, minute) {
                    return clock;
                }
                if full || (dotted && (led || (self.lang == Lang::Th && attached))) {
                    // Seconds.
                    let mut next = at + 3;
                    if self.glued_mark(next) == Some(':') && self.glued_number(next + 1).is_some() {
                        next += 2;
                    }
                    return make(next, hour, minute, false);
                }
                return None;
            }
        }
        if digits > 0
            && self.glued_mark(at + 1).is_some_and(|c| matches!(c, ':' | '/' | '%'))
            && self.glued_number(at + 2).is_some()
        {
            return None;
        }
        let half_after = |clock: Clock| match self.term(clock.next) {
            Some(Term::HalfAfter) => Clock { next: clock.next + 1, minute: 30, ..clock },
            _ => clock,
        };
        match self.term(at + 1) {
            Some(Term::Am | Term::Pm) => return twelve(at + 1, hour, 0)?,
            // "5 heures" is as often how long it takes.
            Some(Term::OClock) => {
                let lasting = matches!(self.lang, Lang::Fr | Lang::Es | Lang::Pt | Lang::En);
                if lasting && !(led || attached || due) {
                    return None;
                }
                let vague = self.lang == Lang::Hi && half(hour);
                return make(at + 2, hour, 0, vague);
            }
            Some(Term::HourLetter) if led || attached || due => {
                return make(at + 2, hour, 0, false);
            }
            Some(Term::Mong) => {
                return make(at + 2, hour, 0, hour < 6).map(half_after);
            }
            Some(Term::MongMorning) => return make(at + 2, hour, 0, false).map(half_after),
            Some(Term::MongEvening) if hour < 7 => {
                return make(at + 2, hour + 12, 0, false).map(half_after);
            }
            Some(Term::Thum) if (1..=5).contains(&hour) => {
                return make(at + 2, hour + 18, 0, false).map(half_after);
            }
            _ => {}
        }
        // "2-3 pm"
        if matches!(self.mark(at + 1), Some('-' | '–'))
            || matches!(self.term(at + 1), Some(Term::To))
        {
            let until =
                self.number(at + 2).filter(|(_, digits)| *digits <= 2).map(|(hour, _)| hour);
            if let (Some(until), Some(Term::Am | Term::Pm)) = (until, self.term(at + 3))
                && half(hour)
            {
                // Eleven to one crosses noon.
                let clock = twelve(at + 3, hour, 0)??;
                let crosses = hour % 12 > until % 12 && clock.hour >= 12;
                return Some(if crosses {
                    Clock { hour: clock.hour - 12, ..clock }
                } else {
                    clock
                });
            }
        }
        // "at 5": beside a day, or at the end of what is said.
        let ends = match self.item(at + 1) {
            None => true,
            Some(i) => {
                i.gap == Gap::Paragraph
                    || matches!(i.what, What::Mark('.' | ',' | '!' | '?' | ';' | ')'))
                    || matches!(i.what, What::Term(Term::Part(_) | Term::Zone(_)))
            }
        };
        let decimal = self.glued_mark(at + 1).is_some() && self.glued_number(at + 2).is_some();
        if led && !decimal && (attached || ends) {
            // "At 5" is more likely the afternoon.
            let afternoon = (1..=6).contains(&hour);
            return make(at + 1, if afternoon { hour + 12 } else { hour }, 0, half(hour));
        }
        None
    }
}

/// The word is one of those that a bare hour follows.
pub(super) fn bare_until(text: &str, item: Option<&Item>) -> bool {
    let word = item.and_then(|i| text.get(i.start..i.end)).unwrap_or_default();
    matches!(word.to_lowercase().as_str(), "before" | "until" | "till")
}
