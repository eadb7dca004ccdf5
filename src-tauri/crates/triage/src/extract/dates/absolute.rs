//! Days of the calendar: `15.03.2024`, "3 de marzo", "March 3rd", "the 15th", in each language's order.

use super::super::language::Lang;
use super::super::lex::Gap;
use super::super::words::Term;
use super::{Day, Reader, What};
use mailroom_domain::Exactness;
use time::{Date, Month};

/// A date without a year may lie so many days back; otherwise it is next year's.
const DAYS_BACK: i64 = 90;

impl Reader<'_> {
    pub(super) fn absolute(&self, at: usize) -> Option<Day> {
        if let Some(Term::Month(month) | Term::MonthShort(month)) = self.first_term(at) {
            return self.month_first(at, month);
        }
        self.number(at)?;
        self.numeric(at).or_else(|| self.day_first(at))
    }

    /// `15.03.2024`, `2024-03-15`, `3/4`.
    pub(super) fn numeric(&self, at: usize) -> Option<Day> {
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
        let day = |next, date, ambiguous| Some(Day { ambiguous, ..Day::of(next, Some(date)) });
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
    pub(super) fn order(&self, a: u64, b: u64, separator: char) -> Option<(u8, u8, bool)> {
        let (a, b) = (u8::try_from(a).ok()?, u8::try_from(b).ok()?);
        let month_first = self.lang == Lang::En && separator != '.';
        let both = a <= 12 && b <= 12 && a != b;
        let (day, month) = if month_first { (b, a) } else { (a, b) };
        let (day, month) = if month > 12 { (month, day) } else { (day, month) };
        Some((day, month, both && self.lang == Lang::En))
    }

    /// `3 March`, `3. März 2024`, `3-5 de marzo`.
    pub(super) fn day_first(&self, at: usize) -> Option<Day> {
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
        Some(Day::of(next, Some(date)))
    }

    pub(super) fn day_marks(&self, mut at: usize) -> usize {
        if self.glued_mark(at) == Some('.') || matches!(self.term(at), Some(Term::Ordinal)) {
            at += 1;
        }
        self.fillers(at, 2)
    }

    /// `March 3rd, 2024`.
    pub(super) fn month_first(&self, at: usize, month: u8) -> Option<Day> {
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
        Some(Day::of(next, Some(date)))
    }

    pub(super) fn month_alone(&self, at: usize, month: u8) -> Option<Day> {
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
    pub(super) fn year(&self, at: usize) -> (usize, Option<u64>) {
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
    pub(super) fn with_year(&self, year: Option<u64>, month: u8, day: u8) -> Option<Date> {
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
    pub(super) fn day_of_month(&self, day: u64) -> Option<Date> {
        let day = u8::try_from(day).ok().filter(|d| (1..=31).contains(d))?;
        let today = self.today();
        let first = today.replace_day(1).ok()?;
        (0..3)
            .filter_map(|months| add_months(first, months))
            .filter_map(|month| month.replace_day(day).ok())
            .find(|date| *date >= today)
    }

    /// What follows shows that a number was a day: "the 15th", "am 15.", "le 15,".
    pub(super) fn day_number_ends(&self, at: usize) -> bool {
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
    pub(super) fn lone_day(&self, at: usize) -> Option<Day> {
        let (number, digits) = self.number(at)?;
        if digits > 2 || !(1..=31).contains(&number) {
            return None;
        }
        let day = |next| Some(Day::of(next, Some(self.day_of_month(number)?)));
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
                        let word = self.text.get(i.start..i.end).unwrap_or_default();
                        i.gap == Gap::Paragraph
                            || !matches!(i.what, What::Other | What::Number(..))
                            || matches!(
                                word,
                                "or" | "and"
                                    | "if"
                                    | "so"
                                    | "but"
                                    | "please"
                                    | "is"
                                    | "would"
                                    | "works"
                            )
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

pub(super) fn last_of_month(date: Date) -> Option<Date> {
    date.replace_day(date.month().length(date.year())).ok()
}

/// The same day some months later, or the month's last.
pub(super) fn add_months(date: Date, months: i64) -> Option<Date> {
    let total = i64::from(date.year()) * 12 + i64::from(date.month() as u8) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(total.rem_euclid(12) + 1).ok()?).ok()?;
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
}
