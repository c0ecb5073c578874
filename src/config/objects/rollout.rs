//! A rollout and its steps.

use super::{MOST_AREAS, MOST_STEPS, calendar, object, optional, policy, required, word};
use crate::config::shape::{Field, Map, Object, Shape, Word};
use crate::config::spelling as text;

/// A rollout.
pub static ROLLOUT: Object = object(
    "rollout",
    "a rollout",
    &[
        optional(
            "id",
            Shape::Text(&text::NAME),
            "(the canary's id)",
            "\"spring\"",
            "Names the rollout. Another id draws anew who is first; the same id goes on where it was.",
        ),
        required("canary", Shape::Text(&text::NAME), "\"v2\"", "The version under trial."),
        optional("strategy", Shape::Word(&STRATEGY), "\"random\"", "\"geographic\"", "How visitors are chosen."),
        optional(
            "steps",
            Shape::List { of: &STEP, least: 1, most: MOST_STEPS },
            "(1%, 5%, 25%, 50% and 100% with the random strategy; the others need it)",
            "[\"1%\", \"10%\", \"100%\"]",
            "The rungs, each at least as much as the one before, all of the kind that belongs to the strategy.",
        ),
        optional(
            "step",
            Shape::Whole { least: 0, most: MOST_STEPS as u64 },
            "1",
            "2",
            "The step it begins at: 1 is the first, 0 draws nobody and waits for a person. A file that names another step than the file before takes a running rollout there.",
        ),
        optional("visitors", Shape::Word(&VISITORS), "\"everyone\"", "\"new\"", "Who may be drawn."),
        policy::DECIDE,
        policy::GUARDS,
        policy::FALSE_ROLLBACK,
        policy::FALSE_PROMOTION,
        policy::LEAST_NETWORKS,
        policy::DEADLINE,
        policy::ON_DEADLINE,
        policy::ON_NEW_VERSION,
        policy::PACE,
        policy::OPTIMISE,
        calendar::START,
        calendar::WINDOWS,
        calendar::FREEZES,
    ],
    "The process that brings a canary in, step by step.",
);

static STRATEGY: [Word; 3] = [
    word("random", "By slot: any visitor, with the step's weight."),
    word("sequential", "By arrival: the first so many visitors, and of these the given share."),
    word("geographic", "By area: each area has its weight, and steps open areas or raise them."),
];

static VISITORS: [Word; 2] = [
    word("everyone", "Everyone."),
    word("new", "Only those who arrive during the rollout; who was here before keeps their version."),
];

/// A step of any strategy.
static STEP: Shape = Shape::Either(&[
    Shape::Text(&text::WEIGHT),
    Shape::Object(&RANDOM_STEP),
    Shape::Object(&SEQUENTIAL_STEP),
    Shape::Object(&GEOGRAPHIC_STEP),
]);

const HOLD: Field =
    optional("hold", Shape::Text(&text::DURATION), "\"10m\"", "\"1h\"", "The least time spent on this step, at most \"365d\".");

const VISITORS_OF_STEP: Field = optional(
    "least_visitors",
    Shape::Whole { least: 0, most: 1_000_000_000 },
    "100",
    "1000",
    "So many visitors are drawn on this step, at least, before it is left.",
);

const APPROVAL: Field = optional(
    "approval",
    Shape::Flag,
    "false",
    "true",
    "Whether a person has to agree (`halftone approve`) before this step is left.",
);

/// See [`STEP`].
pub static RANDOM_STEP: Object = Object {
    name: "random-step",
    noun: "a step with `weight`",
    doc: "A step of the random strategy. A weight alone is short for an object with only that.",
    fields: &[
        required("weight", Shape::Text(&text::WEIGHT), "\"5%\"", "The canary's share of all visitors."),
        HOLD,
        VISITORS_OF_STEP,
        APPROVAL,
    ],
    one_of: &[],
    mark: Some("weight"),
};

/// See [`STEP`].
pub static SEQUENTIAL_STEP: Object = Object {
    name: "sequential-step",
    noun: "a step with `first`",
    doc: "A step of the sequential strategy.",
    fields: &[
        required(
            "first",
            Shape::Whole { least: 1, most: 10_000_000 },
            "1000",
            "So many visitors are enrolled in the order of their arrival, never more.",
        ),
        optional(
            "of",
            Shape::Text(&text::WEIGHT),
            "\"100%\"",
            "\"50%\"",
            "The share of the enrolled, by slot, that gets the canary.",
        ),
        HOLD,
        VISITORS_OF_STEP,
        APPROVAL,
    ],
    one_of: &[],
    mark: Some("first"),
};

/// See [`STEP`].
pub static GEOGRAPHIC_STEP: Object = Object {
    name: "geographic-step",
    noun: "a step with `areas`",
    doc: "A step of the geographic strategy. An area keeps its weight until a later step names it again. Of several areas that hold a visitor the most specific counts: data centre, region, country, `EU`, continent, `elsewhere`; `unknown` is apart.",
    fields: &[
        required(
            "areas",
            Shape::Map(&AREAS),
            "{ \"NZ\": \"10%\", \"elsewhere\": \"1%\" }",
            "The canary's share of the visitors of each area.",
        ),
        HOLD,
        VISITORS_OF_STEP,
        APPROVAL,
    ],
    one_of: &[],
    mark: Some("areas"),
};

static AREAS: Map =
    Map { noun: "weights by area", keys: &text::AREA, values: Shape::Text(&text::WEIGHT), least: 1, most: MOST_AREAS };
