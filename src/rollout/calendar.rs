//! When a rollout may go forward by itself: not before its start, not while it is frozen, and only inside its windows.
//!
//! A rollback asks none of this. Times are milliseconds and minutes, whole numbers all through; days are counted from the epoch,
//! which was a Thursday. A window has an offset from UTC and no summer time: rules of a place change, and a log has to come
//! out the same years later.

use serde::{Deserialize, Serialize};

const MINUTE_MS: u64 = 60_000;
const DAY_MIN: i64 = 1440;

/// When a rollout may go forward; empty for always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// When it begins, ms; 0 for at once.
    #[serde(default)]
    pub start_ms: u64,
    /// It goes forward inside any of these; where there is none, always.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// It does not go forward during these.
    #[serde(default)]
    pub freezes: Vec<Freeze>,
}

/// A time of the day on some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The days on which it opens, one bit each, Monday lowest.
    pub days: u8,
    /// When it opens, minutes after midnight.
    pub from_min: u16,
    /// When it closes; on the next day if that is not after it opens.
    pub until_min: u16,
    /// Minutes that its clock is ahead of UTC.
    pub offset_min: i16,
}

/// A time in which nothing goes forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// From then on, ms.
    pub from_ms: u64,
    /// Until then, ms.
    pub until_ms: u64,
    /// Why, in words.
    pub why: String,
}

/// What bars the way forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bar {
    /// It has not begun; until then, ms.
    Start(u64),
    /// It is frozen: until then, ms, and why.
    Freeze(u64, String),
    /// No window is open; until then, ms.
    Window(u64),
}

impl Bar {
    /// Until when, ms; another may follow.
    #[must_use]
    pub fn until_ms(&self) -> u64 {
        match self {
            Self::Start(until) | Self::Freeze(until, _) | Self::Window(until) => *until,
        }
    }
}

impl Calendar {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What bars the way forward now; `frozen` is what a person said.
    #[must_use]
    pub fn bar(&self, frozen: Option<&Freeze>, now_ms: u64) -> Option<Bar> {
        if now_ms < self.start_ms {
            return Some(Bar::Start(self.start_ms));
        }
        let frozen = frozen.into_iter().chain(&self.freezes).filter(|freeze| (freeze.from_ms..freeze.until_ms).contains(&now_ms));
        if let Some(longest) = frozen.max_by_key(|freeze| freeze.until_ms) {
            return Some(Bar::Freeze(longest.until_ms, longest.why.clone()));
        }
        if self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(now_ms)) {
            return None;
        }
        let opens = self.windows.iter().filter_map(|window| window.opens_ms(now_ms)).min();
        Some(Bar::Window(opens.unwrap_or(u64::MAX)))
    }
}

impl Window {
    /// Day and minute of the window's clock.
    fn local(self, now_ms: u64) -> (i64, i64) {
        let minutes = i64::try_from(now_ms / MINUTE_MS).unwrap_or(i64::MAX / 2) + i64::from(self.offset_min);
        (minutes.div_euclid(DAY_MIN), minutes.rem_euclid(DAY_MIN))
    }

    /// Whether it opens on a day.
    fn is_on(self, day: i64) -> bool {
        // Day 0 was a Thursday, the fourth of the week.
        self.days >> (day + 3).rem_euclid(7) & 1 == 1
    }

    fn is_open(self, now_ms: u64) -> bool {
        let (day, minute) = self.local(now_ms);
        let (from, until) = (i64::from(self.from_min), i64::from(self.until_min));
        if from < until {
            return self.is_on(day) && (from..until).contains(&minute);
        }
        (self.is_on(day) && minute >= from) || (self.is_on(day - 1) && minute < until)
    }

    /// When it opens next.
    fn opens_ms(self, now_ms: u64) -> Option<u64> {
        let (today, _) = self.local(now_ms);
        (today..=today + 7).filter(|day| self.is_on(*day)).find_map(|day| {
            let minutes = day * DAY_MIN + i64::from(self.from_min) - i64::from(self.offset_min);
            u64::try_from(minutes).ok()?.checked_mul(MINUTE_MS).filter(|opens| *opens > now_ms)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> u64 {
        u64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    const WEEKDAYS: u8 = 0b001_1111;

    fn window(days: u8, from_min: u16, until_min: u16, offset_min: i16) -> Calendar {
        Calendar { windows: vec![Window { days, from_min, until_min, offset_min }], ..Calendar::default() }
    }

    fn until(calendar: &Calendar, now: &str) -> Option<u64> {
        calendar.bar(None, at(now)).map(|bar| bar.until_ms())
    }

    #[test]
    fn a_window_opens_and_closes_by_its_own_clock() {
        // Nine to four on weekdays in Auckland in summer; 2026-12-04 is a Friday.
        let calendar = window(WEEKDAYS, 9 * 60, 16 * 60, 13 * 60);
        assert_eq!(until(&calendar, "2026-12-04T09:00+13:00"), None);
        assert_eq!(until(&calendar, "2026-12-04T15:59:59+13:00"), None);
        for closed in ["2026-12-04T16:00+13:00", "2026-12-05T12:00+13:00", "2026-12-07T08:59:59+13:00"] {
            assert_eq!(until(&calendar, closed), Some(at("2026-12-07T09:00+13:00")), "{closed}");
        }
        assert_eq!(until(&calendar, "2026-12-07T03:00+13:00"), Some(at("2026-12-07T09:00+13:00")));
    }

    #[test]
    fn a_window_may_go_past_midnight_into_a_day_on_which_it_does_not_open() {
        // Friday night until two.
        let calendar = window(0b001_0000, 22 * 60, 2 * 60, 0);
        assert_eq!(until(&calendar, "2026-12-04T22:00Z"), None);
        assert_eq!(until(&calendar, "2026-12-05T01:59Z"), None);
        assert_eq!(until(&calendar, "2026-12-05T02:00Z"), Some(at("2026-12-11T22:00Z")));
        assert_eq!(until(&calendar, "2026-12-04T01:00Z"), Some(at("2026-12-04T22:00Z")));
        // The same time twice is a whole day.
        assert_eq!(until(&window(0b001_0000, 0, 0, 0), "2026-12-04T23:59Z"), None);
    }

    #[test]
    fn of_several_windows_any_lets_it_go_and_the_next_one_is_said() {
        let mut calendar = window(0b000_0001, 600, 660, 0);
        calendar.windows.extend(window(0b000_0100, 600, 660, -60).windows);
        assert_eq!(until(&calendar, "2026-12-07T10:30Z"), None);
        assert_eq!(until(&calendar, "2026-12-07T11:00Z"), Some(at("2026-12-09T11:00Z")));
        assert_eq!(until(&calendar, "2026-12-09T12:00Z"), Some(at("2026-12-14T10:00Z")));
    }

    #[test]
    fn the_start_comes_before_a_freeze_and_a_freeze_before_a_window() {
        let mut calendar = window(WEEKDAYS, 540, 960, 0);
        calendar.start_ms = at("2026-12-01T00:00Z");
        let freeze = |from, until, why: &str| Freeze { from_ms: at(from), until_ms: at(until), why: why.to_owned() };
        calendar.freezes.push(freeze("2026-12-20T00:00Z", "2027-01-03T00:00Z", "holidays"));
        let said = freeze("2026-12-19T00:00Z", "2026-12-21T00:00Z", "the shop moves");
        let bar = |now| calendar.bar(Some(&said), at(now));
        assert_eq!(bar("2026-11-30T10:00Z"), Some(Bar::Start(at("2026-12-01T00:00Z"))));
        assert_eq!(bar("2026-12-01T10:00Z"), None);
        assert_eq!(bar("2026-12-19T10:00Z"), Some(Bar::Freeze(at("2026-12-21T00:00Z"), "the shop moves".to_owned())));
        assert_eq!(bar("2026-12-20T10:00Z"), Some(Bar::Freeze(at("2027-01-03T00:00Z"), "holidays".to_owned())));
        assert_eq!(bar("2027-01-03T10:00Z"), Some(Bar::Window(at("2027-01-04T09:00Z"))));
    }

    #[test]
    fn no_day_and_no_time_is_out_of_range() {
        for now_ms in [0, 1, u64::MAX] {
            let calendar = window(WEEKDAYS, 540, 960, i16::MIN);
            let bar = calendar.bar(None, now_ms);
            assert!(bar.is_none_or(|bar| bar.until_ms() > now_ms || now_ms == u64::MAX));
            assert_eq!(window(0, 0, 0, 0).bar(None, now_ms), Some(Bar::Window(u64::MAX)));
        }
    }
}
