//! When a rollout may go forward: start, windows, freezes.

use super::{object, optional, required, word};
use crate::config::shape::{Field, Object, Shape, Word};
use crate::config::spelling as text;

/// More than anybody plans ahead.
const MOST: usize = 50;

pub const START: Field = optional(
    "start",
    Shape::Text(&text::TIMESTAMP),
    "(at once)",
    "\"2026-12-01T09:00Z\"",
    "When it begins. Until then it is scheduled and draws nobody; `halftone resume` begins it before.",
);

pub const WINDOWS: Field = optional(
    "windows",
    Shape::List { of: &A_WINDOW, least: 1, most: MOST },
    "(always)",
    "[{ \"days\": [\"mon\", \"tue\", \"wed\", \"thu\"], \"from\": \"09:00\", \"until\": \"16:00\", \"zone\": \"+13:00\" }]",
    "It begins, goes a step further and is promoted by itself only inside one of these. A rollback asks for none.",
);

pub const FREEZES: Field = optional(
    "freezes",
    Shape::List { of: &A_FREEZE, least: 0, most: MOST },
    "[]",
    "[{ \"from\": \"2026-12-20T00:00Z\", \"until\": \"2027-01-04T00:00Z\", \"why\": \"holidays\" }]",
    "Times in which it does not go forward. `halftone freeze` adds one without a file. A rollback asks for none.",
);

/// See [`WINDOWS`].
pub static WINDOW: Object = object(
    "window",
    "a window",
    &[
        optional(
            "days",
            Shape::List { of: &A_DAY, least: 1, most: 7 },
            "(every day)",
            "[\"mon\", \"tue\"]",
            "The days of the week on which it opens.",
        ),
        required("from", Shape::Text(&text::CLOCK), "\"09:00\"", "When it opens."),
        required(
            "until",
            Shape::Text(&text::CLOCK),
            "\"16:00\"",
            "When it closes; on the day after if that is not later than `from`.",
        ),
        optional(
            "zone",
            Shape::Text(&text::ZONE),
            "\"UTC\"",
            "\"+13:00\"",
            "What its clock is ahead of UTC. Summer time is not followed.",
        ),
    ],
    "A time of the day in which a rollout may go forward.",
);

static A_WINDOW: Shape = Shape::Object(&WINDOW);
static A_FREEZE: Shape = Shape::Object(&FREEZE);
static A_DAY: Shape = Shape::Word(&DAYS);

static DAYS: [Word; 7] = [
    word("mon", "Monday."),
    word("tue", "Tuesday."),
    word("wed", "Wednesday."),
    word("thu", "Thursday."),
    word("fri", "Friday."),
    word("sat", "Saturday."),
    word("sun", "Sunday."),
];

/// See [`FREEZES`].
pub static FREEZE: Object = object(
    "freeze",
    "a freeze",
    &[
        required("from", Shape::Text(&text::TIMESTAMP), "\"2026-12-20T00:00Z\"", "When it begins."),
        required("until", Shape::Text(&text::TIMESTAMP), "\"2027-01-04T00:00Z\"", "When it is over."),
        optional("why", Shape::Text(&text::ANYTHING), "\"\"", "\"holidays\"", "Why, as `halftone status` says it."),
    ],
    "A time in which a rollout does not go forward.",
);
