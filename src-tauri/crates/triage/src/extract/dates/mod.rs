//! Dates and times: what the words of `words` and the numbers between them come to, seen from the day of the message.
//!
//! A scanner that looks a bounded number of words ahead from each place, so the work is linear. It reads what is
//! written and guesses little: where there are two sensible readings the likelier one is taken and marked ambiguous.
//! What is past on the face of it ("last Friday", "3 days ago", "every Monday") is no candidate.

mod absolute;
mod clock;
mod relative;

use super::language::Lang;
use super::lex::{Gap, Kind, Lexeme};
use super::words::{Term, terms};
use super::{Context, Place};
use mailroom_domain::{CivilDate, CivilTime, DateCandidate, Exactness, UnixSeconds};
use time::{Date, OffsetDateTime, Time};

/// Candidates of one source that are kept.
pub(super) const MOST: usize = 64;
/// Words between a date and its time that are looked over.
const BETWEEN: usize = 5;
/// Words before a date among which "due" is looked for.
const BEFORE: usize = 7;

#[derive(Clone, Copy, PartialEq)]
enum What {
    Term(Term),
    Number(u64, u8),
    Mark(char),
    Other,
}

#[derive(Clone, Copy)]
struct Item {
    start: usize,
    end: usize,
    gap: Gap,
    what: What,
}

/// A day that was read; `date` is `None` for what is to be passed over.
#[derive(Clone, Copy)]
struct Day {
    next: usize,
    date: Option<Date>,
    exactness: Exactness,
    ambiguous: bool,
    deadline: bool,
    /// "in 3 hours": an instant.
    time: Option<Time>,
}

impl Day {
    /// A plain day, behind which `next` stands.
    fn of(next: usize, date: Option<Date>) -> Day {
        let exactness = Exactness::Day;
        Day { next, date, exactness, ambiguous: false, deadline: false, time: None }
    }
}

#[derive(Clone, Copy)]
struct Clock {
    next: usize,
    hour: u8,
    minute: u8,
    /// Morning or evening is not said.
    either_half: bool,
    /// Minutes east of UTC.
    zone: Option<i16>,
}

struct Reader<'a> {
    text: &'a str,
    items: Vec<Item>,
    lang: Lang,
    /// When the message was sent, on the reader's clock.
    now: OffsetDateTime,
}

/// All dates of a text, in order.
pub(super) fn dates(
    text: &str,
    lexemes: &[Lexeme],
    place: Place,
    context: Context,
) -> Vec<DateCandidate> {
    let local = context.date.saturating_add(i64::from(context.offset));
    let Ok(now) = OffsetDateTime::from_unix_timestamp(local) else { return Vec::new() };
    let reader = Reader { text, items: items(lexemes, place.lang), lang: place.lang, now };
    reader.read(place, context.offset)
}

fn items(lexemes: &[Lexeme], lang: Lang) -> Vec<Item> {
    let table = terms(lang);
    let mut out = Vec::with_capacity(lexemes.len());
    let mut at = 0;
    while let Some(first) = lexemes.get(at) {
        let (what, used) = match first.kind {
            Kind::Number(value, digits) => (What::Number(value, digits), 1),
            Kind::Link => (What::Other, 1),
            kind => match (table.longest(lexemes, at), kind) {
                (Some((term, used)), _) => (What::Term(term), used),
                (None, Kind::Mark(c)) => (What::Mark(c), 1),
                (None, _) => (What::Other, 1),
            },
        };
        let end = lexemes.get(at + used - 1).map_or(first.end, |l| l.end);
        out.push(Item { start: first.start, end, gap: first.gap, what });
        at += used;
    }
    out
}

impl Reader<'_> {
    fn read(&self, place: Place, offset: i32) -> Vec<DateCandidate> {
        let mut out = Vec::new();
        let mut at = 0;
        // Where the last candidate ended: what "until" joins to it is the end of a range.
        let mut last = usize::MAX;
        while at < self.items.len() && out.len() < MOST {
            let Some(mut found) = self.day_and_time(at).or_else(|| self.time_and_day(at)) else {
                at += 1;
                continue;
            };
            let next = found.next.max(at + 1);
            if let Some(date) = found.date {
                let ranged = at > 0 && at - 1 == last && self.joins_range(at - 1);
                found.deadline = !ranged && (found.deadline || self.due_before(at));
                if let Some(after) = self.due_after(next) {
                    found.deadline = true;
                    last = after;
                } else {
                    last = next;
                }
                let end = self.item(next - 1).map_or(0, |i| i.end);
                let start = self.item(at).map_or(0, |i| i.start);
                if let Some(quote) = place.quote(self.text, start, end)
                    && let Some(at) = instant(date, found.clock, found.zone, offset)
                {
                    out.push(DateCandidate {
                        quote,
                        date: civil(date),
                        time: found.clock.map(|t| CivilTime { hour: t.hour(), minute: t.minute() }),
                        exactness: found.exactness,
                        deadline: found.deadline,
                        ambiguous: found.ambiguous,
                        at,
                    });
                }
            }
            at = next;
        }
        out
    }

    fn item(&self, at: usize) -> Option<&Item> {
        self.items.get(at)
    }

    /// The item, unless an empty line parts it from the one before.
    fn near(&self, at: usize) -> Option<&Item> {
        self.items.get(at).filter(|i| i.gap < Gap::Paragraph)
    }

    fn term(&self, at: usize) -> Option<Term> {
        match self.near(at)?.what {
            What::Term(term) => Some(term),
            _ => None,
        }
    }

    /// The term where a reading begins, whatever stands before.
    fn first_term(&self, at: usize) -> Option<Term> {
        match self.item(at)?.what {
            What::Term(term) => Some(term),
            _ => None,
        }
    }

    fn mark(&self, at: usize) -> Option<char> {
        match self.near(at)?.what {
            What::Mark(c) => Some(c),
            _ => None,
        }
    }

    fn glued_mark(&self, at: usize) -> Option<char> {
        self.mark(at).filter(|_| self.item(at).is_some_and(|i| i.gap == Gap::None))
    }

    fn number(&self, at: usize) -> Option<(u64, u8)> {
        match self.item(at)?.what {
            What::Number(value, digits) => Some((value, digits)),
            _ => None,
        }
    }

    fn glued_number(&self, at: usize) -> Option<(u64, u8)> {
        self.number(at).filter(|_| self.item(at).is_some_and(|i| i.gap == Gap::None))
    }

    /// A number in digits or as a word.
    fn count(&self, at: usize) -> Option<u64> {
        match self.near(at)?.what {
            What::Number(value, digits) if digits <= 3 => Some(value),
            What::Term(Term::Number(n)) => Some(u64::from(n)),
            _ => None,
        }
    }

    fn fillers(&self, mut at: usize, most: usize) -> usize {
        for _ in 0..most {
            if !matches!(self.term(at), Some(Term::Filler | Term::DayMarker)) {
                break;
            }
            at += 1;
        }
        at
    }

    fn today(&self) -> Date {
        self.now.date()
    }

    /// A deadline, or the end of a range, by the word in front.
    fn due_before(&self, at: usize) -> bool {
        let mut marks = false;
        for back in 1..=BEFORE {
            let Some(index) = at.checked_sub(back) else { return false };
            // An empty line lies between what is looked at and what follows it.
            if self.item(index + 1).is_some_and(|i| i.gap == Gap::Paragraph) {
                return false;
            }
            match self.item(index).map(|i| i.what) {
                Some(What::Term(Term::DueLabel)) => return true,
                Some(What::Term(Term::Deadline | Term::Within)) => {
                    if !marks {
                        return true;
                    }
                }
                // "vor Freitag"
                Some(What::Term(Term::Ago)) if self.lang == Lang::De && !marks => return true,
                Some(What::Term(
                    Term::Filler | Term::DayMarker | Term::At | Term::This | Term::In | Term::EndOf,
                )) => {}
                Some(What::Term(Term::Weekday(_) | Term::WeekdayShort(_))) => {}
                Some(What::Mark(':' | '(' | '*' | ',')) => marks = true,
                // "is" is "e" without its accent, which is also "and".
                Some(What::Other | What::Term(Term::To)) => marks = true,
                _ => return false,
            }
        }
        false
    }

    /// The place behind the words that make what ends before `at` a deadline.
    fn due_after(&self, at: usize) -> Option<usize> {
        let from = if self.lang == Lang::Hi { self.fillers(at, 2) } else { at };
        for index in [at, from] {
            if let Some(Term::DeadlineAfter | Term::WithinAfter) = self.term(index) {
                return Some(index + 1);
            }
        }
        None
    }

    fn joins_range(&self, at: usize) -> bool {
        matches!(
            self.item(at).map(|i| i.what),
            Some(
                What::Term(Term::Deadline | Term::To | Term::DeadlineAfter) | What::Mark('-' | '–')
            )
        )
    }

    /// A day, and a time if one is near.
    fn day_and_time(&self, at: usize) -> Option<Read> {
        let day = self.day(at, true)?;
        let mut read = Read {
            next: day.next,
            date: day.date,
            clock: day.time,
            exactness: day.exactness,
            ambiguous: day.ambiguous,
            deadline: day.deadline,
            zone: None,
        };
        if day.date.is_none() || day.time.is_some() || day.exactness != Exactness::Day {
            return Some(read);
        }
        let mut part = None;
        let mut due = false;
        let mut words_only = true;
        for look in day.next..=day.next + BETWEEN {
            if let Some(clock) = self.clock(look, true).filter(|_| self.near(look).is_some()) {
                let clock = self.settle(clock, part);
                read.next = self.range_end(clock.next);
                read.clock = Time::from_hms(clock.hour, clock.minute, 0).ok();
                read.zone = clock.zone;
                read.exactness = Exactness::Time;
                read.ambiguous |= clock.either_half;
                read.deadline |= due;
                break;
            }
            match self.near(look).map(|i| i.what) {
                Some(What::Term(Term::Part(p))) => {
                    part = Some(p);
                    if words_only {
                        read.next = look + 1;
                    }
                }
                Some(What::Term(Term::Deadline | Term::Within)) => due = true,
                Some(What::Term(Term::At | Term::Filler | Term::DayMarker)) => {}
                Some(What::Mark(',' | '(' | ')' | '-' | '–' | '|' | '@' | '·' | ':')) => {
                    words_only = false;
                }
                _ => break,
            }
        }
        Some(read)
    }

    /// A time, and a day if one follows.
    fn time_and_day(&self, at: usize) -> Option<Read> {
        let clock = self.clock(at, false)?;
        let clock = Clock { next: self.range_end(clock.next), ..clock };
        let mut due = false;
        for look in clock.next..=clock.next + BETWEEN {
            if self.near(look).is_none() {
                break;
            }
            if let Some(day) = self.day(look, false)
                && let Some(date) = day.date
                && day.time.is_none()
                && day.exactness == Exactness::Day
            {
                return Some(Read {
                    next: day.next,
                    date: Some(date),
                    clock: Time::from_hms(clock.hour, clock.minute, 0).ok(),
                    exactness: Exactness::Time,
                    ambiguous: day.ambiguous || clock.either_half,
                    deadline: due || day.deadline,
                    zone: clock.zone,
                });
            }
            match self.item(look).map(|i| i.what) {
                Some(What::Term(Term::Deadline | Term::DeadlineAfter)) => due = true,
                Some(What::Term(Term::Filler | Term::DayMarker)) => {}
                Some(What::Mark(',' | '(' | '-' | '–' | '|')) => {}
                _ => break,
            }
        }
        let time = Time::from_hms(clock.hour, clock.minute, 0).ok()?;
        // A time alone is today's, unless it is over.
        let over = time < self.now.time();
        let date = if over { self.today().next_day()? } else { self.today() };
        Some(Read {
            next: clock.next,
            date: Some(date),
            clock: Some(time),
            exactness: Exactness::Time,
            ambiguous: over || clock.either_half,
            deadline: false,
            zone: clock.zone,
        })
    }
}

/// What was read at one place.
struct Read {
    next: usize,
    date: Option<Date>,
    clock: Option<Time>,
    exactness: Exactness,
    ambiguous: bool,
    deadline: bool,
    zone: Option<i16>,
}

fn civil(date: Date) -> CivilDate {
    CivilDate { year: date.year(), month: date.month() as u8, day: date.day() }
}

/// UTC, of a day and time at an offset in seconds.
fn instant(date: Date, clock: Option<Time>, zone: Option<i16>, offset: i32) -> Option<UnixSeconds> {
    let time = match clock {
        Some(time) => time,
        None => Time::from_hms(23, 59, 59).ok()?,
    };
    let offset = zone.map_or(i64::from(offset), |minutes| i64::from(minutes) * 60);
    Some(date.with_time(time).assume_utc().unix_timestamp() - offset)
}
