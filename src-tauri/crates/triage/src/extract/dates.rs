//! Dates and times: what the words of `words` and the numbers between them come to, seen from the day of the message.
//!
//! A scanner that looks a bounded number of words ahead from each place, so the work is linear. It reads what is
//! written and guesses little: where there are two sensible readings the likelier one is taken and marked ambiguous.
//! What is past on the face of it ("last Friday", "3 days ago", "every Monday") is no candidate.

use super::language::Lang;
use super::lex::{Gap, Kind, Lexeme};
use super::words::{DayPart, Length, Term, terms};
use super::{Context, Place};
use mailroom_domain::{CivilDate, CivilTime, DateCandidate, Exactness, UnixSeconds};
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// Candidates of one source that are kept.
pub(super) const MOST: usize = 64;
/// A date without a year may lie so many days back; otherwise it is next year's.
const DAYS_BACK: i64 = 90;
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

    /// Behind the second time of a range, if there is one.
    fn range_end(&self, at: usize) -> usize {
        let joined = matches!(self.mark(at), Some('-' | '–'))
            || matches!(self.term(at), Some(Term::To))
            || (self.lang == Lang::De && matches!(self.term(at), Some(Term::Deadline)));
        match self.clock(at + 1, true) {
            Some(clock) if joined => clock.next,
            _ => at,
        }
    }

    /// The half of the day by the part of it that is named.
    fn settle(&self, mut clock: Clock, part: Option<DayPart>) -> Clock {
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
    fn clock(&self, at: usize, attached: bool) -> Option<Clock> {
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

    fn bare_clock(&self, at: usize, attached: bool) -> Option<Clock> {
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

    /// A day, week or month. `whole`: weeks and months as well.
    fn day(&self, at: usize, whole: bool) -> Option<Day> {
        let found = |next, date: Option<Date>, exactness, ambiguous| {
            Some(Day { next, date, exactness, ambiguous, deadline: false, time: None })
        };
        let passed = |next| found(next, None, Exactness::Day, false);
        let today = self.today();
        match self.first_term(at) {
            None => {}
            Some(Term::Day(days)) => {
                let date = today.checked_add(Duration::days(i64::from(days)))?;
                return self.said_twice(at + 1, date, false);
            }
            Some(Term::DayEitherWay(days)) => {
                let due = (1..=6).any(|n| self.due_after(at + n).is_some());
                if !due && self.is_past(at) {
                    return passed(at + 1);
                }
                let date = today.checked_add(Duration::days(i64::from(days)))?;
                return self.said_twice(at + 1, date, !due);
            }
            Some(Term::PartOfToday) => return found(at + 1, Some(today), Exactness::Day, false),
            Some(Term::EndOfDay) => {
                let next = self.fillers(at + 1, 2);
                let day = self.day(next, false).filter(|_| self.near(next).is_some());
                let day = day.filter(|d| d.date.is_some() && d.time.is_none());
                return Some(Day {
                    next: day.map_or(at + 1, |d| d.next),
                    date: day.and_then(|d| d.date).or(Some(today)),
                    exactness: Exactness::Day,
                    ambiguous: day.is_some_and(|d| d.ambiguous),
                    deadline: true,
                    time: None,
                });
            }
            Some(Term::Last) => {
                if let Some(
                    Term::Weekday(_) | Term::WeekdayShort(_) | Term::Month(_) | Term::Unit(_),
                ) = self.term(at + 1)
                {
                    return passed(at + 2);
                }
            }
            Some(modifier @ (Term::This | Term::Next | Term::Coming)) => {
                if let Some(Term::Weekday(weekday) | Term::WeekdayShort(weekday)) =
                    self.term(at + 1)
                {
                    return self.weekday(at + 2, weekday, Some(modifier));
                }
            }
            Some(Term::Weekday(weekday)) => return self.weekday(at + 1, weekday, None),
            Some(Term::WeekdayShort(weekday)) => return self.short_weekday(at, weekday),
            Some(Term::Month(month) | Term::MonthShort(month)) => {
                if let Some(day) = self.month_first(at, month) {
                    return Some(day);
                }
                if whole {
                    return self.month_alone(at, month);
                }
            }
            Some(Term::EndOf) => {
                let next = self.fillers(at + 1, 2);
                if let Some(Term::Month(month) | Term::MonthShort(month)) = self.term(next) {
                    let (next, year) = self.year(next + 1);
                    let date = self.with_year(year, month, 1).and_then(last_of_month);
                    return found(next, date, Exactness::Day, false);
                }
            }
            Some(Term::EndOfMonth(months)) => {
                let next = self.fillers(at + 1, 1);
                if let Some(Term::Month(month)) = self.term(next) {
                    let (next, year) = self.year(next + 1);
                    let date = self.with_year(year, month, 1).and_then(last_of_month);
                    return found(next, date, Exactness::Day, false);
                }
                let date = add_months(today.replace_day(1).ok()?, i64::from(months))
                    .and_then(last_of_month);
                return found(at + 1, date, Exactness::Day, false);
            }
            Some(Term::EndOfYear) => {
                let date = Date::from_calendar_date(today.year(), Month::December, 31).ok();
                return found(at + 1, date, Exactness::Day, false);
            }
            Some(Term::EndOfWeek(weeks)) if whole => {
                return found(at + 1, self.week(weeks), Exactness::Week, false);
            }
            Some(Term::Period(Length::Week, weeks)) => {
                // "next week Friday"
                let next = self.fillers(at + 1, 1);
                if let Some(Term::Weekday(weekday)) = self.term(next) {
                    return found(next + 1, self.in_week(weeks, weekday), Exactness::Day, false);
                }
                if whole {
                    return found(at + 1, self.week(weeks), Exactness::Week, false);
                }
            }
            Some(Term::Period(Length::Month, months)) if whole => {
                let date = add_months(today.replace_day(1).ok()?, i64::from(months))
                    .and_then(last_of_month);
                return found(at + 1, date, Exactness::Month, false);
            }
            Some(Term::Weekend(weeks)) if whole => {
                return found(at + 1, self.in_week(weeks, 5), Exactness::Week, false);
            }
            Some(term @ (Term::In | Term::Within)) if whole => {
                if let Some(day) = self.after(at + 1, term == Term::Within) {
                    return Some(day);
                }
            }
            Some(Term::Ago) if self.count(at + 1).is_some() => {
                if let Some(Term::Unit(_)) = self.term(at + 2) {
                    return passed(at + 3);
                }
            }
            // "dia 15", "วันที่ 15"
            Some(Term::DayMarker) => {
                if let Some((day, 1..=2)) =
                    self.number(at + 1).filter(|_| self.near(at + 1).is_some())
                {
                    if let Some(day) = self.day_first(at + 1) {
                        return Some(day);
                    }
                    if let Some(day) = self.numeric(at + 1) {
                        return Some(day);
                    }
                    return found(at + 2, self.day_of_month(day), Exactness::Day, false);
                }
            }
            Some(_) => {}
        }
        if self.number(at).is_none() && !matches!(self.first_term(at), Some(Term::Number(_))) {
            return None;
        }
        if let Some(day) = self.numeric(at).or_else(|| self.day_first(at)) {
            return Some(day);
        }
        if self.lang == Lang::Hi
            && whole
            && let Some(day) = self.hindi_length(at)
        {
            return Some(day);
        }
        self.lone_day(at)
    }

    /// "tomorrow, Friday", "heute (15.3.)": the same day said twice is one candidate.
    fn said_twice(&self, at: usize, date: Date, ambiguous: bool) -> Option<Day> {
        let once = Day {
            next: at,
            date: Some(date),
            exactness: Exactness::Day,
            ambiguous,
            deadline: false,
            time: None,
        };
        let mut next = at;
        for _ in 0..2 {
            if matches!(self.mark(next), Some(',' | '(')) {
                next += 1;
            }
            next = self.fillers(next, 1);
        }
        let term = self.term(next);
        if let Some(Term::Weekday(weekday)) = term
            && date.weekday().number_days_from_monday() == weekday
        {
            let after = if self.mark(next + 1) == Some(',') { next + 2 } else { next + 1 };
            let after = self.fillers(after, 1);
            if let Some(full) =
                self.near(after).and_then(|_| self.absolute(after)).filter(|d| d.date == Some(date))
            {
                return Some(Day { ambiguous: false, ..full });
            }
            return Some(Day { next: next + 1, ambiguous: false, ..once });
        }
        if let Some(full) =
            self.near(next).and_then(|_| self.absolute(next)).filter(|d| d.date == Some(date))
        {
            return Some(Day { ambiguous: false, ..full });
        }
        Some(once)
    }

    fn absolute(&self, at: usize) -> Option<Day> {
        if let Some(Term::Month(month) | Term::MonthShort(month)) = self.first_term(at) {
            return self.month_first(at, month);
        }
        self.number(at)?;
        self.numeric(at).or_else(|| self.day_first(at))
    }

    fn is_past(&self, at: usize) -> bool {
        for index in at + 1..at + 25 {
            let Some(item) = self.near(index) else { break };
            match item.what {
                What::Mark('।' | '.' | '?' | '!') => break,
                What::Term(Term::Past) => return true,
                _ => {}
            }
        }
        false
    }

    /// What follows a weekday decides: a date, a week, or nothing.
    fn weekday(&self, at: usize, weekday: u8, modifier: Option<Term>) -> Option<Day> {
        let day = |next, date, ambiguous| {
            Some(Day {
                next,
                date,
                exactness: Exactness::Day,
                ambiguous,
                deadline: false,
                time: None,
            })
        };
        let mut next = at;
        for _ in 0..3 {
            if matches!(self.mark(next), Some(',' | '.' | '('))
                || matches!(self.term(next), Some(Term::Filler | Term::DayMarker))
            {
                next += 1;
            }
        }
        if self.near(next).is_some() {
            if let Some(full) = self.absolute(next) {
                return Some(full);
            }
            if let Some(Term::Period(Length::Week, weeks)) = self.term(next) {
                return day(next + 1, self.in_week(weeks, weekday), false);
            }
            if let Some((number @ 1..=31, 1..=2)) = self.number(next)
                && self.day_number_ends(next)
            {
                let date = self.day_of_month(number);
                if date.is_some_and(|d| d.weekday().number_days_from_monday() == weekday) {
                    let ordinal = matches!(self.term(next + 1), Some(Term::Ordinal)) as usize;
                    return day(next + 1 + ordinal, date, false);
                }
            }
        }
        let (next, modifier) = match (modifier, self.term(at)) {
            (None, Some(after @ (Term::Next | Term::Coming | Term::This))) => (at + 1, Some(after)),
            (None, Some(Term::Last)) => return day(at + 1, None, false),
            _ => (at, modifier),
        };
        let today = self.today();
        let from_now = i64::from((weekday + 7 - today.weekday().number_days_from_monday()) % 7);
        let coming = if from_now == 0 { 7 } else { from_now };
        let calendar = matches!(self.lang, Lang::En | Lang::De | Lang::Hi | Lang::Th);
        let (days, ambiguous) = match modifier {
            Some(Term::This) => (from_now, false),
            Some(Term::Next) if calendar => {
                let date = self.in_week(1, weekday)?;
                return day(next, Some(date), (date - today).whole_days() > 7);
            }
            Some(Term::Next) => (coming, true),
            Some(_) => (coming, false),
            None => (coming, from_now == 0),
        };
        day(next, today.checked_add(Duration::days(days)), ambiguous)
    }

    fn short_weekday(&self, at: usize, weekday: u8) -> Option<Day> {
        let item = self.item(at)?;
        let words = self.text.get(item.start..item.end)?;
        let latin = words.chars().all(|c| (c as u32) < 0x250);
        let capital = words.chars().next().is_some_and(char::is_uppercase);
        if latin && words.len() < 5 && !capital {
            return None;
        }
        let mut next = at + 1;
        if self.glued_mark(next) == Some('.') {
            next += 1;
        }
        let mut look = next;
        for _ in 0..2 {
            if self.mark(look) == Some(',') || matches!(self.term(look), Some(Term::Filler)) {
                look += 1;
            }
        }
        if self.near(look).is_some()
            && let Some(full) = self.absolute(look)
        {
            return Some(full);
        }
        let before = at.checked_sub(1).and_then(|b| self.first_term(b));
        let led = matches!(
            before,
            Some(Term::Deadline | Term::Filler | Term::DueLabel | Term::Within | Term::This)
        );
        let timed = self.near(look).is_some() && self.clock(look, true).is_some();
        let said = matches!(self.term(next), Some(Term::Next | Term::Coming | Term::This));
        if led || timed || said { self.weekday(next, weekday, None) } else { None }
    }

    /// The last day of work of a week, or its end when that is over.
    fn week(&self, weeks: i8) -> Option<Date> {
        let friday = self.in_week(weeks, 4)?;
        if friday < self.today() { self.in_week(weeks, 6) } else { Some(friday) }
    }

    fn in_week(&self, weeks: i8, weekday: u8) -> Option<Date> {
        let today = self.today();
        let monday = i64::from(today.weekday().number_days_from_monday());
        today.checked_add(Duration::days(i64::from(weeks) * 7 - monday + i64::from(weekday)))
    }

    /// A length of time from now; `at` is its number.
    fn after(&self, at: usize, within: bool) -> Option<Day> {
        let at = self.fillers(at, 1);
        let mut next = at;
        let mut count = self.count(next)?;
        if matches!(self.mark(next + 1), Some('-' | '–' | '/'))
            && let Some(more) = self.count(next + 2)
        {
            count = more;
            next += 2;
        }
        let Some(Term::Unit(unit)) = self.term(next + 1) else { return None };
        next += 2;
        if matches!(self.term(next), Some(Term::Ago)) {
            return Some(Day {
                next: next + 1,
                date: None,
                exactness: Exactness::Day,
                ambiguous: false,
                deadline: false,
                time: None,
            });
        }
        self.length(next, count, unit, within)
    }

    fn length(&self, next: usize, count: u64, unit: Length, deadline: bool) -> Option<Day> {
        let count = i64::try_from(count).ok().filter(|n| (1..=999).contains(n))?;
        let today = self.today();
        let (date, time) = match unit {
            Length::Minute | Length::Hour => {
                let minutes = if unit == Length::Hour { count * 60 } else { count };
                let then = self.now.checked_add(Duration::minutes(minutes))?;
                (Some(then.date()), Some(then.time()))
            }
            Length::Day => (today.checked_add(Duration::days(count)), None),
            Length::Week => (today.checked_add(Duration::days(count * 7)), None),
            Length::Month => (add_months(today, count), None),
            Length::WorkDay => {
                let mut date = today;
                let mut left = count;
                while left > 0 {
                    date = date.next_day()?;
                    left -= i64::from(date.weekday().number_days_from_monday() < 5);
                }
                (Some(date), None)
            }
        };
        let exactness = if time.is_some() { Exactness::Time } else { Exactness::Day };
        Some(Day { next, date, exactness, ambiguous: false, deadline, time })
    }

    /// "3 दिन में", "48 घंटे के भीतर".
    fn hindi_length(&self, at: usize) -> Option<Day> {
        let count = self.count(at)?;
        let Some(Term::Unit(unit)) = self.term(at + 1) else { return None };
        let behind = self.fillers(at + 2, 1);
        match self.term(behind) {
            Some(Term::WithinAfter) => self.length(behind + 1, count, unit, true),
            Some(Term::InAfter) => self.length(behind + 1, count, unit, false),
            Some(Term::DeadlineAfter | Term::Ago) => Some(Day {
                next: behind + 1,
                date: None,
                exactness: Exactness::Day,
                ambiguous: false,
                deadline: false,
                time: None,
            }),
            _ => None,
        }
    }

    /// `15.03.2024`, `2024-03-15`, `3/4`.
    fn numeric(&self, at: usize) -> Option<Day> {
        let (a, a_digits) = self.number(at)?;
        let before = at.checked_sub(1).and_then(|b| self.item(b));
        let glued = self.item(at)?.gap == Gap::None;
        if glued
            && matches!(
                before.map(|i| i.what),
                Some(What::Mark('/' | '.' | '-' | ':' | '#' | '+') | What::Other)
            )
        {
            return None;
        }
        let separator = self.glued_mark(at + 1).filter(|c| matches!(c, '/' | '.' | '-'))?;
        let day = |next, date, ambiguous| {
            Some(Day {
                next,
                date: Some(date),
                exactness: Exactness::Day,
                ambiguous,
                deadline: false,
                time: None,
            })
        };
        // "22/मार्च/24", "15-Mar-2024"
        if let Some(Term::Month(month) | Term::MonthShort(month)) = self.term(at + 2) {
            let (year, _) = (self.glued_mark(at + 3) == Some(separator))
                .then(|| self.glued_number(at + 4))??;
            let date = self.with_year(Some(year), month, u8::try_from(a).ok()?)?;
            return day(at + 5, date, false);
        }
        let (b, b_digits) = self.glued_number(at + 2)?;
        if self.glued_mark(at + 3) == Some(separator)
            && let Some((c, c_digits)) = self.glued_number(at + 4)
        {
            let more =
                self.glued_mark(at + 5).is_some_and(|m| m == separator || m == '/' || m == '-')
                    && self.glued_number(at + 6).is_some();
            if more {
                return None;
            }
            if a_digits == 4 {
                let date = self.with_year(Some(a), u8::try_from(b).ok()?, u8::try_from(c).ok()?)?;
                // 2024-03-15T17:30
                return day(at + 5, date, false);
            }
            if a_digits > 2 || b_digits > 2 || !matches!(c_digits, 2 | 4) {
                return None;
            }
            // "2.6.11" is a version.
            if self.lang == Lang::En && separator == '.' && c_digits == 2 && a_digits + b_digits < 4
            {
                return None;
            }
            let (d, m, ambiguous) = self.order(a, b, separator)?;
            let date = self.with_year(Some(c), m, d)?;
            return day(at + 5, date, ambiguous);
        }
        // Day and month alone are also a fraction or a score.
        if a_digits > 2 || b_digits > 2 || (a, b) == (24, 7) {
            return None;
        }
        if matches!(self.term(at + 3), Some(Term::OClock | Term::Unit(_)))
            || self.glued_mark(at + 3) == Some('%')
        {
            return None;
        }
        let led = matches!(
            before.map(|i| i.what),
            Some(What::Term(
                Term::Deadline
                    | Term::Within
                    | Term::DueLabel
                    | Term::Weekday(_)
                    | Term::WeekdayShort(_)
                    | Term::Filler
                    | Term::DayMarker
                    | Term::Day(_)
            ))
        );
        let trailing = self.glued_mark(at + 3) == Some('.');
        let plain = match separator {
            '/' => led || (a_digits == 2 && b_digits == 2),
            '.' => self.lang == Lang::De && (trailing || led),
            _ => false,
        };
        if !plain {
            return None;
        }
        let (d, m, ambiguous) = self.order(a, b, separator)?;
        let date = self.with_year(None, m, d)?;
        day(at + 3 + usize::from(separator == '.' && trailing), date, ambiguous)
    }

    /// Day and month of two numbers, and whether the other order would do as well.
    fn order(&self, a: u64, b: u64, separator: char) -> Option<(u8, u8, bool)> {
        let (a, b) = (u8::try_from(a).ok()?, u8::try_from(b).ok()?);
        let month_first = self.lang == Lang::En && separator != '.';
        let both = a <= 12 && b <= 12 && a != b;
        let (day, month) = if month_first { (b, a) } else { (a, b) };
        let (day, month) = if month > 12 { (month, day) } else { (day, month) };
        Some((day, month, both && self.lang == Lang::En))
    }

    /// `3 March`, `3. März 2024`, `3-5 de marzo`.
    fn day_first(&self, at: usize) -> Option<Day> {
        let first = match self.item(at)?.what {
            What::Number(n @ 1..=31, 1..=2) => n,
            _ => return None,
        };
        let glued = self.item(at)?.gap == Gap::None;
        let before = at.checked_sub(1).and_then(|b| self.item(b)).map(|i| i.what);
        if glued && matches!(before, Some(What::Mark('.' | ':' | '/' | ','))) {
            return None;
        }
        let mut next = self.day_marks(at + 1);
        let ranged = matches!(self.mark(next), Some('-' | '–' | '/'))
            || matches!(self.term(next), Some(Term::To | Term::Deadline | Term::DeadlineAfter));
        if ranged && let Some((1..=31, 1..=2)) = self.number(next + 1) {
            next = self.day_marks(next + 2);
        }
        let Some(Term::Month(month) | Term::MonthShort(month)) = self.term(next) else {
            return None;
        };
        let (next, year) = self.year(next + 1);
        let date = self.with_year(year, month, u8::try_from(first).ok()?)?;
        Some(Day {
            next,
            date: Some(date),
            exactness: Exactness::Day,
            ambiguous: false,
            deadline: false,
            time: None,
        })
    }

    fn day_marks(&self, mut at: usize) -> usize {
        if self.glued_mark(at) == Some('.') || matches!(self.term(at), Some(Term::Ordinal)) {
            at += 1;
        }
        self.fillers(at, 2)
    }

    /// `March 3rd, 2024`.
    fn month_first(&self, at: usize, month: u8) -> Option<Day> {
        if !matches!(self.lang, Lang::En | Lang::Hi) {
            return None;
        }
        let mut next = at + 1;
        if self.glued_mark(next) == Some('.') {
            next += 1;
        }
        next = self.fillers(next, 1);
        let (day, digits) = self.number(next).filter(|_| self.near(next).is_some())?;
        if digits > 2 || !(1..=31).contains(&day) {
            return None;
        }
        if self.glued_mark(next + 1) == Some(':') || matches!(self.term(next + 1), Some(Term::Pm)) {
            return None;
        }
        next += 1;
        if matches!(self.term(next), Some(Term::Ordinal)) {
            next += 1;
        }
        if matches!(self.mark(next), Some('-' | '–'))
            && matches!(self.number(next + 1), Some((1..=31, 1..=2)))
        {
            next += 2;
        }
        let (next, year) = self.year(next);
        let date = self.with_year(year, month, u8::try_from(day).ok()?)?;
        Some(Day {
            next,
            date: Some(date),
            exactness: Exactness::Day,
            ambiguous: false,
            deadline: false,
            time: None,
        })
    }

    fn month_alone(&self, at: usize, month: u8) -> Option<Day> {
        let before = at.checked_sub(1).and_then(|b| self.first_term(b));
        let led = matches!(
            before,
            Some(Term::In | Term::InMonth | Term::Deadline | Term::Within | Term::DueLabel)
        );
        let behind = matches!(self.term(at + 1), Some(Term::InAfter | Term::DeadlineAfter));
        let (next, year) = self.year(at + 1);
        let full = matches!(self.first_term(at), Some(Term::Month(_)));
        if !(led || behind || (full && year.is_some())) {
            return None;
        }
        let date = self.with_year(year, month, 1).and_then(last_of_month);
        Some(Day {
            next,
            date,
            exactness: Exactness::Month,
            ambiguous: false,
            deadline: false,
            time: None,
        })
    }

    /// A year behind a month, and the place behind it.
    fn year(&self, at: usize) -> (usize, Option<u64>) {
        let mut next = at;
        if matches!(self.mark(next), Some(',' | '.')) {
            next += 1;
        }
        next = self.fillers(next, 2);
        match self.number(next).filter(|_| self.near(next).is_some()) {
            Some((year @ (1900..=2200 | 2400..=2700), 4)) => {
                // "March 3, 2024 items" is a year all the same; "3 March 1700:" is none.
                (next + 1, Some(year))
            }
            Some((year @ 40..=99, 2))
                if self.lang == Lang::Th
                    && !matches!(self.glued_mark(next + 1), Some(':' | '.'))
                    && !matches!(self.term(next + 1), Some(Term::OClock)) =>
            {
                (next + 1, Some(year))
            }
            _ => (at, None),
        }
    }

    /// A date of a year as written, or of the nearest sensible one.
    fn with_year(&self, year: Option<u64>, month: u8, day: u8) -> Option<Date> {
        let month = Month::try_from(month).ok()?;
        let today = self.today();
        let of = |year: i32| Date::from_calendar_date(year, month, day).ok();
        let Some(written) = year else {
            let back = DAYS_BACK;
            let candidates = [today.year() - 1, today.year(), today.year() + 1];
            return candidates
                .into_iter()
                .filter_map(of)
                .find(|date| (*date - today).whole_days() >= -back);
        };
        let written = i32::try_from(written).ok()?;
        match written {
            // The Buddhist era is 543 years ahead.
            2400..=2700 => of(written - 543),
            1900..=2200 => of(written),
            0..=99 => {
                let century = today.year() - today.year().rem_euclid(100);
                let mut years =
                    vec![century - 100 + written, century + written, century + 100 + written];
                if self.lang == Lang::Th {
                    years.push(2500 + written - 543);
                }
                years.sort_by_key(|y| (y - today.year()).abs());
                years.into_iter().next().and_then(of)
            }
            _ => None,
        }
    }

    /// The next day with that number.
    fn day_of_month(&self, day: u64) -> Option<Date> {
        let day = u8::try_from(day).ok().filter(|d| (1..=31).contains(d))?;
        let today = self.today();
        let first = today.replace_day(1).ok()?;
        (0..3)
            .filter_map(|months| add_months(first, months))
            .filter_map(|month| month.replace_day(day).ok())
            .find(|date| *date >= today)
    }

    /// What follows shows that a number was a day: "the 15th", "am 15.", "le 15,".
    fn day_number_ends(&self, at: usize) -> bool {
        if matches!(self.term(at + 1), Some(Term::Ordinal)) {
            return true;
        }
        let Some(next) = self.item(at + 1) else { return true };
        if next.gap == Gap::Paragraph {
            return true;
        }
        if next.gap == Gap::None
            && matches!(next.what, What::Mark('.' | ',' | ':'))
            && self.glued_number(at + 2).is_some()
        {
            return false;
        }
        match next.what {
            What::Mark(c) => matches!(c, '.' | ',' | ';' | '!' | '?' | ')' | '(' | '-' | '–' | '।'),
            What::Term(term) => {
                matches!(
                    term,
                    Term::At | Term::Deadline | Term::DeadlineAfter | Term::To | Term::Part(_)
                )
            }
            _ => false,
        }
    }

    /// A day of the month without a month.
    fn lone_day(&self, at: usize) -> Option<Day> {
        let (number, digits) = self.number(at)?;
        if digits > 2 || !(1..=31).contains(&number) {
            return None;
        }
        let day = |next| {
            Some(Day {
                next,
                date: Some(self.day_of_month(number)?),
                exactness: Exactness::Day,
                ambiguous: false,
                deadline: false,
                time: None,
            })
        };
        if matches!(self.term(at + 1), Some(Term::DayMarkerAfter)) {
            return day(at + 2);
        }
        let before = at.checked_sub(1)?;
        let led = self.first_term(before);
        let item = self.item(before)?;
        let word = self.text.get(item.start..item.end)?.to_lowercase();
        let article =
            matches!(word.as_str(), "the" | "am" | "le" | "el" | "il" | "zum" | "on the" | "den");
        let due = matches!(led, Some(Term::Deadline)) && {
            // "by the 15th", "bis zum 15.", "entro il 15", "antes del 15", but not "by 15".
            ["the", "zum", "le", "il", "el", "del", "dia"].iter().any(|end| word.ends_with(end))
        };
        if !(article || due) {
            return None;
        }
        match self.lang {
            Lang::En => {
                let ordinal = matches!(self.term(at + 1), Some(Term::Ordinal));
                // "the 5th floor"
                let followed = match self.item(at + 2) {
                    None => true,
                    Some(i) => {
                        i.gap == Gap::Paragraph || !matches!(i.what, What::Other | What::Number(..))
                    }
                };
                if ordinal && followed { day(at + 2) } else { None }
            }
            Lang::De => {
                let dotted =
                    self.glued_mark(at + 1) == Some('.') && self.glued_number(at + 2).is_none();
                let unit = matches!(self.term(at + 2), Some(Term::Unit(_)));
                if dotted && !unit { day(at + 2) } else { None }
            }
            Lang::Fr | Lang::Es | Lang::It | Lang::Pt => {
                if self.day_number_ends(at)
                    || due && !matches!(self.term(at + 1), Some(Term::Unit(_)))
                {
                    day(at + 1)
                } else {
                    None
                }
            }
            Lang::Hi | Lang::Th => None,
        }
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

/// The word is one of those that a bare hour follows.
fn bare_until(text: &str, item: Option<&Item>) -> bool {
    let word = item.and_then(|i| text.get(i.start..i.end)).unwrap_or_default();
    matches!(word.to_lowercase().as_str(), "before" | "until" | "till")
}

fn civil(date: Date) -> CivilDate {
    CivilDate { year: date.year(), month: date.month() as u8, day: date.day() }
}

fn last_of_month(date: Date) -> Option<Date> {
    date.replace_day(date.month().length(date.year())).ok()
}

/// The same day some months later, or the month's last.
fn add_months(date: Date, months: i64) -> Option<Date> {
    let total = i64::from(date.year()) * 12 + i64::from(date.month() as u8) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(total.rem_euclid(12) + 1).ok()?).ok()?;
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
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
