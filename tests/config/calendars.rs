//! When a rollout may go forward: start, windows and freezes, and what is said of those that can not be read.

use insta::assert_snapshot;

use crate::{rollout, said};

fn with(keys: &str) -> String {
    said(&rollout(&format!("\"canary\": \"v2\", {keys}")))
}

fn window(keys: &str) -> String {
    with(&format!(r#""windows": [{{ {keys} }}]"#))
}

fn freeze(keys: &str) -> String {
    with(&format!(r#""freezes": [{{ {keys} }}]"#))
}

#[test]
fn a_calendar_that_can_be_read_is_no_problem() {
    assert_eq!(with(r#""start": "2026-12-01T09:00:30+13:00""#), "");
    assert_eq!(window(r#""days": ["mon", "sun"], "from": "22:00", "until": "02:00", "zone": "-03:30""#), "");
    assert_eq!(freeze(r#""from": "2026-12-20T00:00Z", "until": "2027-01-04T00:00Z", "why": "holidays""#), "");
}

#[test]
fn a_start_that_is_no_time_is_said_with_the_time_that_may_be_meant() {
    assert_snapshot!(with(r#""start": "2026-12-01 09:00Z""#), @r#"2:39 sites.shop.rollout.start: `2026-12-01 09:00Z` has a space where a `T` belongs — write "2026-12-01T09:00Z""#);
    assert_snapshot!(with(r#""start": "2026-12-01T09:00""#), @r#"2:39 sites.shop.rollout.start: `2026-12-01T09:00` does not say from which clock: add `Z` for UTC, or an offset like `+13:00` — write "2026-12-01T09:00Z""#);
    assert_snapshot!(with(r#""start": "2026-12-01""#), @r#"2:39 sites.shop.rollout.start: `2026-12-01` does not say from which clock: add `Z` for UTC, or an offset like `+13:00` — write "2026-12-01T00:00Z""#);
    assert_snapshot!(with(r#""start": "2026-02-30T09:00Z""#), @"2:39 sites.shop.rollout.start: `2026-02-30T09:00Z` is a day that there is not");
    assert_snapshot!(with(r#""start": "tomorrow""#), @r#"2:39 sites.shop.rollout.start: `tomorrow` is not a time: a date, `T`, a time to the minute or second, and `Z` or an offset from UTC — write it like "2026-12-01T09:00Z""#);
    assert_snapshot!(with(r#""start": 1800000000"#), @"2:39 sites.shop.rollout.start: `1800000000` is a number, and here belongs a time");
}

#[test]
fn windows_that_never_open_or_on_no_clock_are_said() {
    assert_snapshot!(with(r#""windows": []"#), @"2:41 sites.shop.rollout.windows: `[]` is empty, and at least 1 is needed — add one");
    assert_snapshot!(window(r#""from": "09:00""#), @r#"2:42 sites.shop.rollout.windows[0]: a window needs `until` — add "until": "16:00""#);
    assert_snapshot!(window(r#""from": "9:00", "until": "24:00""#), @r#"
    2:52 sites.shop.rollout.windows[0].from: `9:00` is not a time of the day: from "00:00" to "23:59" — write it like "09:00"
    2:69 sites.shop.rollout.windows[0].until: `24:00` is not a time of the day: from "00:00" to "23:59" — write it like "09:00"
    "#);
    assert_snapshot!(window(r#""days": [], "from": "09:00", "until": "16:00""#), @"2:52 sites.shop.rollout.windows[0].days: `[]` is empty, and at least 1 is needed — add one");
    assert_snapshot!(window(r#""days": ["Monday"], "from": "09:00", "until": "16:00""#), @"2:53 sites.shop.rollout.windows[0].days[0]: `Monday` is not `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun` — did you mean `mon`?");
    assert_snapshot!(window(r#""from": "09:00", "until": "16:00", "zone": "Pacific/Auckland""#), @"2:87 sites.shop.rollout.windows[0].zone: `Pacific/Auckland` has 16 characters, an offset from UTC has at most 6");
    assert_snapshot!(window(r#""from": "09:00", "to": "16:00""#), @r#"
    2:42 sites.shop.rollout.windows[0]: a window needs `until` — add "until": "16:00"
    2:61 sites.shop.rollout.windows[0].to: `to` is not a key of a window — the keys here are `days`, `from`, `until` and `zone`
    "#);
}

#[test]
fn freezes_that_freeze_nothing_are_said() {
    assert_snapshot!(freeze(r#""from": "2027-01-04T00:00Z", "until": "2026-12-20T00:00Z""#), @"2:82 sites.shop.rollout.freezes[0].until: `2026-12-20T00:00Z` is not after `from`: it would freeze nothing — write a later time, or take the freeze out");
    assert_snapshot!(freeze(r#""from": "2026-12-20T00:00Z""#), @r#"2:42 sites.shop.rollout.freezes[0]: a freeze needs `until` — add "until": "2027-01-04T00:00Z""#);
    assert_snapshot!(freeze(r#""from": "2026-12-20", "until": "2026-13-01T00:00Z""#), @r#"
    2:52 sites.shop.rollout.freezes[0].from: `2026-12-20` does not say from which clock: add `Z` for UTC, or an offset like `+13:00` — write "2026-12-20T00:00Z"
    2:75 sites.shop.rollout.freezes[0].until: `2026-13-01T00:00Z` is not a time: a date, `T`, a time to the minute or second, and `Z` or an offset from UTC — write it like "2026-12-01T09:00Z"
    "#);
    assert_snapshot!(freeze(r#""from": "2026-12-20T00:00Z", "until": "2027-01-04T00:00Z", "why": 7"#), @r#"2:110 sites.shop.rollout.freezes[0].why: `7` is a number, and here belongs text — write "7s""#);
}
