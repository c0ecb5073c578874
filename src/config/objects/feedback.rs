//! What pages report back: the options of a site.

use super::{object, optional, word};
use crate::config::shape::{Object, Shape, Word};
use crate::config::spelling as text;

/// See `SITE`.
pub static FEEDBACK: Object = object(
    "feedback",
    "the feedback options",
    &[
        optional(
            "enabled",
            Shape::Flag,
            "true",
            "false",
            "Whether pages report back at all. Nothing is sent or counted while no rollout runs.",
        ),
        optional(
            "inject",
            Shape::Flag,
            "true",
            "false",
            "Whether the page script is put into the pages. With `false` the site includes `PREFIX/page.js` itself.",
        ),
        optional(
            "browser_reports",
            Shape::Flag,
            "true",
            "false",
            "Whether browsers are asked to report crashes, interventions and deprecations of their own accord. Shown, never decisive.",
        ),
        optional(
            "on_recall",
            Shape::Word(&ON_RECALL),
            "\"event\"",
            "\"reload\"",
            "What an open page does when its version was rolled back.",
        ),
        optional(
            "sample",
            Shape::Text(&text::WEIGHT),
            "\"100%\"",
            "\"10%\"",
            "The share of visitors whose pages report, chosen by a hash of their own, the same in both versions.",
        ),
        optional(
            "daily_budget",
            Shape::Whole { least: 0, most: 1_000_000_000 },
            "0",
            "5000000",
            "How many beacons a day are taken for this site; what comes after is dropped and counted. 0 sets no limit.",
        ),
        optional(
            "retention",
            Shape::Text(&text::DURATION),
            "\"30d\"",
            "\"7d\"",
            "How long the rows of a rollout are kept after its last page, from \"1d\" to \"400d\"; the counts stay.",
        ),
        optional(
            "shards",
            Shape::Whole { least: 1, most: MOST_SHARDS },
            "4",
            "16",
            "How many objects share the work of one rollout: each takes about 500 page views a second. Takes effect with the next rollout's id.",
        ),
        optional(
            "jurisdiction",
            Shape::Word(&JURISDICTION),
            "(anywhere)",
            "\"eu\"",
            "Where the platform keeps the site's objects: rows, counts and decisions. Elsewhere there are others, which begin anew, so change it by a deploy, between rollouts.",
        ),
    ],
    "What pages report back while a rollout runs.",
);

/// More than anybody needs: 32,000 page views a second.
const MOST_SHARDS: u64 = 64;

static ON_RECALL: [Word; 2] = [
    word("event", "It gets the event `halftone:recall`, and the site's own script does what it wants."),
    word("reload", "It gets the event and loads itself again: once, and never while somebody types."),
];

static JURISDICTION: [Word; 2] = [word("eu", "In the European Union."), word("fedramp", "In data centres that meet FedRAMP.")];
