//! What moves a rollout: the keys beside its steps, and its guards.

use super::{MOST_GUARDS, object, optional, required, word};
use crate::config::shape::{Field, Map, Object, Shape, Word};
use crate::config::spelling as text;

pub const DECIDE: Field = optional(
    "decide",
    Shape::Word(&DECIDES),
    "\"auto\"",
    "\"roll_back\"",
    "What evidence may do by itself. People can do everything at any time.",
);

static DECIDES: [Word; 3] = [
    word("auto", "It takes the rollout forward and back."),
    word("roll_back", "It takes the rollout back; people take it forward."),
    word("never", "Neither: verdicts are shown, people decide."),
];

pub const GUARDS: Field = optional(
    "guards",
    Shape::Map(&BY_NAME),
    "{}",
    "{ \"errors\": { \"margin\": \"20%\" }, \"poor_inp\": false, \"goal.signup\": true }",
    "The rules on evidence that are other than usual. Without a word `missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp` and `poor_cls` guard; naming `slow_fcp`, `slow_ttfb` or a goal adds it. `false` takes a guard out, all but `missing`: pages that never show up have no errors and are not slow, so silence would look better than any build.",
);

static BY_NAME: Map = Map {
    noun: "guards by name",
    keys: &text::GUARD,
    values: Shape::Either(&[Shape::Flag, Shape::Object(&GUARD)]),
    least: 0,
    most: MOST_GUARDS,
};

/// See [`GUARDS`].
pub static GUARD: Object = object(
    "guard",
    "the options of a guard",
    &[
        optional(
            "margin",
            Shape::Text(&text::SHARE),
            MARGINS,
            "\"10%\"",
            "How much worse than stable's rate does not matter: what is worse than that is harm. A goal's is below its limit.",
        ),
        optional(
            "limit",
            Shape::Text(&text::SHARE),
            LIMITS,
            "\"1%\"",
            "What worse is excluded before the guard says safe, from \"0.01%\" to \"99.99%\". Of `missing` the share of live pages that may be lost, of a goal the share of its rate, of the others a difference in points.",
        ),
        optional(
            "absolute",
            Shape::Text(&text::SHARE),
            "(none)",
            "\"2%\"",
            "Where nobody has stable beside the canary, as on a step of 100% or in an area of 100%: a share of bad first pages above this is harm. From \"0.01%\" to \"99.99%\"; not for goals. Half of the guard's part of `false_rollback` is for it.",
        ),
        optional(
            "required",
            Shape::Flag,
            "(true for the guards that are there without a word, false for `slow_fcp`, `slow_ttfb` and goals)",
            "true",
            "Whether evidence promotes only when this guard says safe. Harm rolls back either way. `missing` always is.",
        ),
        optional(
            "weight",
            Shape::Whole { least: 1, most: 100 },
            "1",
            "3",
            "Its share of `false_rollback` beside the others': the more, the sooner it sees harm, and the later they do.",
        ),
    ],
    "One rule on evidence. `true` and `{}` stand for the usual one.",
);

/// Held to [`crate::rollout::policy`] by a test, and so are the limits.
pub const MARGINS: &str = "(10% for `missing`, `errors` and `origin_failure`, 25% for `poor_…` and `slow_…`, 5% for goals)";

pub const LIMITS: &str = "(5% for `missing`, `poor_…` and `slow_…`, 0.5% for `errors` and `origin_failure`, 10% for goals)";

pub const FALSE_ROLLBACK: Field = optional(
    "false_rollback",
    Shape::Text(&text::SHARE),
    "\"1%\"",
    "\"0.1%\"",
    "How probably a build that is no worse is rolled back, at most, over the whole rollout and all guards, however often they are looked at; from \"0.01%\" to \"20%\". Less takes longer to see harm.",
);

pub const FALSE_PROMOTION: Field = optional(
    "false_promotion",
    Shape::Text(&text::SHARE),
    "\"5%\"",
    "\"1%\"",
    "How probably evidence promotes a build that is worse than the limit of a required guard, at most; from \"0.01%\" to \"50%\". Less takes longer to promote.",
);

pub const LEAST_NETWORKS: Field = optional(
    "least_networks",
    Shape::Whole { least: 1, most: 1_000 },
    "10",
    "1",
    "The canary's bad events come from so many networks, at least, before they can be harm. Less than ten makes it easier to forge a rollback; for an intranet, where everybody comes from one network, 1 is right.",
);

pub const DEADLINE: Field = optional(
    "deadline",
    Shape::Text(&text::DURATION),
    "\"14d\"",
    "\"3d\"",
    "The rollout is to be over after so long, from \"1h\" to \"365d\". With `\"decide\": \"auto\"` longer than the holds of its steps together.",
);

pub const ON_DEADLINE: Field = optional(
    "on_deadline",
    Shape::Word(&ON_DEADLINES),
    "\"hold\"",
    "\"roll_back\"",
    "What happens when the deadline has passed.",
);

static ON_DEADLINES: [Word; 3] = [
    word("hold", "It stays where it is and waits for a person."),
    word("promote", "It is promoted, by policy: nothing has shown that it is no worse."),
    word("roll_back", "It is rolled back, by policy: nothing has shown that it is worse."),
];

pub const PACE: Field = optional(
    "pace",
    Shape::Object(&PACED),
    "(none: a step goes as far as it says)",
    "{ \"harmed\": 200, \"views\": 100000 }",
    "How far a step may go at most, by what is known of the harm. With the random strategy.",
);

/// See [`PACE`].
pub static PACED: Object = object(
    "pace",
    "a pace",
    &[
        required(
            "harmed",
            Shape::Whole { least: 1, most: 1_000_000_000 },
            "200",
            "So many page views may be harmed in a step, on average and by each guard.",
        ),
        required(
            "views",
            Shape::Whole { least: 1, most: 1_000_000_000_000 },
            "100000",
            "So many page views a step is expected to have, of both versions.",
        ),
    ],
    "Of a canary of which it is not known that less than a share U of its page views is harmed, at most `harmed` / (`views` × U) of all visitors get it: the rollout stops at rungs between its steps, each half as much again, until more is known.",
);

pub const OPTIMISE: Field = optional(
    "optimise",
    Shape::Object(&OPTIMISED),
    "(none: the canary is promoted when every required guard is safe)",
    "{ \"goal\": \"signup\" }",
    "What says how many visitors each version gets once every required guard is safe, in the place of a promotion. With the random strategy.",
);

/// See [`OPTIMISE`].
pub static OPTIMISED: Object = object(
    "optimise",
    "a goal to optimise",
    &[
        required(
            "goal",
            Shape::Text(&text::GOAL),
            "\"signup\"",
            "The goal, as pages report it. It gets a guard if `guards` has none for it.",
        ),
        optional(
            "every",
            Shape::Text(&text::DURATION),
            "\"1d\"",
            "\"6h\"",
            "A period lasts so long at least, from \"10m\" to \"30d\".",
        ),
    ],
    "In periods: each gives a version the share of visitors that is the probability that it is the better one for the goal, 1% at least, and the canary is promoted when it has the rest.",
);

pub const ON_NEW_VERSION: Field = optional(
    "on_new_version",
    Shape::Word(&ON_NEW_VERSIONS),
    "\"replace\"",
    "\"queue\"",
    "What happens to this rollout when a config with another canary comes while it runs.",
);

static ON_NEW_VERSIONS: [Word; 3] = [
    word("replace", "It is aborted, and the new one starts."),
    word("queue", "The new config waits until it is over."),
    word("refuse", "The new config is refused until it is over."),
];
