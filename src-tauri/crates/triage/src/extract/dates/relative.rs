//! Days seen from the day of the message: "tomorrow", "next Friday", "within 48 hours", "end of the month".

use super::super::language::Lang;
use super::super::words::{Length, Term};
use super::absolute::{add_months, last_of_month};
use super::{Day, Reader, What};
use mailroom_domain::Exactness;
use time::{Date, Duration, Month};

impl Reader<'_> {
    /// A day, week or month. `whole`: weeks and months as well.
    pub(super) fn day(&self, at: usize, whole: bool) -> Option<Day> {
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
    pub(super) fn said_twice(&self, at: usize, date: Date, ambiguous: bool) -> Option<Day> {
        let once = Day { ambiguous, ..Day::of(at, Some(date)) };
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

    pub(super) fn is_past(&self, at: usize) -> bool {
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
    pub(super) fn weekday(&self, at: usize, weekday: u8, modifier: Option<Term>) -> Option<Day> {
        let day = |next, date, ambiguous| Some(Day { ambiguous, ..Day::of(next, date) });
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

    pub(super) fn short_weekday(&self, at: usize, weekday: u8) -> Option<Day> {
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
    pub(super) fn week(&self, weeks: i8) -> Option<Date> {
        let friday = self.in_week(weeks, 4)?;
        if friday < self.today() { self.in_week(weeks, 6) } else { Some(friday) }
    }

    pub(super) fn in_week(&self, weeks: i8, weekday: u8) -> Option<Date> {
        let today = self.today();
        let monday = i64::from(today.weekday().number_days_from_monday());
        today.checked_add(Duration::days(i64::from(weeks) * 7 - monday + i64::from(weekday)))
    }

    /// A length of time from now; `at` is its number.
    pub(super) fn after(&self, at: usize, within: bool) -> Option<Day> {
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
            return Some(Day::of(next + 1, None));
        }
        self.length(next, count, unit, within)
    }

    pub(super) fn length(
        &self,
        next: usize,
        count: u64,
        unit: Length,
        deadline: bool,
    ) -> Option<Day> {
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
    pub(super) fn hindi_length(&self, at: usize) -> Option<Day> {
        let count = self.count(at)?;
        let Some(Term::Unit(unit)) = self.term(at + 1) else { return None };
        let behind = self.fillers(at + 2, 1);
        match self.term(behind) {
            Some(Term::WithinAfter) => self.length(behind + 1, count, unit, true),
            Some(Term::InAfter) => self.length(behind + 1, count, unit, false),
            Some(Term::DeadlineAfter | Term::Ago) => Some(Day::of(behind + 1, None)),
            _ => None,
        }
    }
}
