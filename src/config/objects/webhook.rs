//! Who is told of decisions: the options of a webhook.

use super::{object, optional, required, word};
use crate::config::shape::{Object, Shape, Word};
use crate::config::spelling as text;

/// See `SITE`.
pub static WEBHOOK: Object = object(
    "webhook",
    "a webhook",
    &[
        required(
            "url",
            Shape::Text(&text::HOOK_URL),
            "\"https://hooks.example/halftone\"",
            "Where decisions are posted to. Only https; plain http on this machine alone. Slack's addresses are secrets: write `secret:HOOK_NAME` and put the address into that secret.",
        ),
        optional(
            "events",
            Shape::List { of: &Shape::Word(&EVENTS), least: 1, most: EVENTS.len() },
            "(all)",
            "[\"roll_back\", \"promote\", \"hold\"]",
            "Which decisions are told.",
        ),
        optional("format", Shape::Word(&FORMATS), "\"json\"", "\"slack\"", "In which form."),
        optional(
            "secret",
            Shape::Text(&text::SECRET),
            "(not signed)",
            "\"HOOK_SECRET\"",
            "Name of the Worker's secret that signs the messages: `npx wrangler secret put HOOK_SECRET`. The secret itself is never in this file.",
        ),
    ],
    "An address that is told of decisions: at least once each, in their order.",
);

static FORMATS: [Word; 2] = [
    word("json", "The decision as data, in the form of the Standard Webhooks specification."),
    word("slack", "One sentence, for Slack's incoming webhooks and what is compatible with them."),
];

static EVENTS: [Word; 15] = [
    word("start", "A config came into force; a rollout may have begun."),
    word("refuse", "A config was not taken."),
    word("queue", "A config waits for the end of the rollout."),
    word("advance", "The next step."),
    word("hold", "It stands until its cause is gone."),
    word("resume", "What held it is gone."),
    word("pause", "A person stopped it."),
    word("approve", "A person agreed that a step is left."),
    word("promote", "The canary is stable."),
    word("roll_back", "The canary is withdrawn."),
    word("abort", "It ended without a verdict."),
    word("clear", "A version is out of quarantine."),
    word("off", "Switched off."),
    word("on", "Switched on."),
    word("restore", "An earlier revision is in force again."),
];
