//! The objects of `halftone.json`, key by key: the data behind checker, schema and reference.

use super::shape::{Field, Map, Object, Shape, Word};
use super::spelling as text;

mod calendar;
mod feedback;
mod policy;
mod rollout;
mod rule;
mod webhook;

use calendar::{FREEZE, WINDOW};
use feedback::FEEDBACK;
use policy::{GUARD, OPTIMISED, PACED};
use rollout::{GEOGRAPHIC_STEP, RANDOM_STEP, ROLLOUT, SEQUENTIAL_STEP};
pub use rule::CONTINENTS;
use rule::{CONDITION, RULE};
use webhook::WEBHOOK;

/// Sites, rules and the like that one file may hold; far more than anybody has, few enough to check in no time.
pub const MOST_SITES: usize = 100;
/// See [`crate::plan::FileIndex`]: one bit for each version.
pub const MOST_VERSIONS: usize = 63;
pub const MOST_RULES: usize = 1_000;
pub const MOST_STEPS: usize = crate::rollout::fits::MOST_STEPS;
pub const MOST_GUARDS: usize = crate::rollout::fits::MOST_GUARDS;
pub const MOST_HOSTS: usize = 1_000;
pub const MOST_ALTERNATIVES: usize = 500;
pub const MOST_AREAS: usize = 500;
pub const MOST_WEBHOOKS: usize = 10;
pub const MOST_ALLOWED: usize = 50;

const fn required(key: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Field {
    Field { key, shape, required: true, doc, default: None, example }
}

const fn optional(key: &'static str, shape: Shape, default: &'static str, example: &'static str, doc: &'static str) -> Field {
    Field { key, shape, required: false, doc, default: Some(default), example }
}

const fn object(name: &'static str, noun: &'static str, fields: &'static [Field], doc: &'static str) -> Object {
    Object { name, noun, doc, fields, one_of: &[], mark: None }
}

const fn word(text: &'static str, doc: &'static str) -> Word {
    Word { text, doc }
}

/// The file.
pub static CONFIG: Object = object(
    "config",
    "the config",
    &[
        optional(
            "$schema",
            Shape::Text(&text::ANYTHING),
            "(none)",
            "\"./halftone.schema.json\"",
            "Where editors find the schema; not read otherwise.",
        ),
        optional(
            "prefix",
            Shape::Text(&text::PREFIX),
            "\"/_halftone\"",
            "\"/_gray\"",
            "Path under which Halftone's own addresses live on every site. No build may have files there.",
        ),
        optional(
            "admin",
            Shape::Object(&ADMIN),
            "(no admin surface)",
            "{ \"host\": \"halftone.example.workers.dev\" }",
            "The admin surface.",
        ),
        optional(
            "geo_headers",
            Shape::Object(&GEO_HEADERS),
            "(none: the network's own geography counts)",
            "{ \"country\": \"CF-IPCountry\" }",
            "Request headers that are believed about where a visitor is. Whoever can reach the Worker can send them: for local demos, and behind a proxy that sets them.",
        ),
        required("sites", Shape::Map(&SITES), "{ \"shop\": { … } }", "The sites by name."),
    ],
    "A `halftone.json`.",
);

/// The sites.
pub static SITES: Map =
    Map { noun: "the sites by name", keys: &text::NAME, values: Shape::Object(&SITE), least: 1, most: MOST_SITES };

static ADMIN: Object = object(
    "admin",
    "the admin surface",
    &[required(
        "host",
        Shape::Text(&text::HOST),
        "\"halftone.example.workers.dev\"",
        "The one hostname that answers for administration and serves no site. On a site's own hostname, scripts of a build under trial could use it.",
    )],
    "Where the site is administered.",
);

static GEO_HEADERS: Object = object(
    "geo_headers",
    "the believed geo headers",
    &[
        optional(
            "country",
            Shape::Text(&text::TOKEN),
            "(not read from a header)",
            "\"CF-IPCountry\"",
            "Header with the country, two letters of ISO 3166-1.",
        ),
        optional(
            "region",
            Shape::Text(&text::TOKEN),
            "(not read from a header)",
            "\"CF-Region-Code\"",
            "Header with the subdivision of ISO 3166-2, without the country.",
        ),
        optional("city", Shape::Text(&text::TOKEN), "(not read from a header)", "\"CF-IPCity\"", "Header with the city's name."),
        optional(
            "colo",
            Shape::Text(&text::TOKEN),
            "(not read from a header)",
            "\"X-Colo\"",
            "Header with the data centre, three letters.",
        ),
    ],
    "Which request header is believed for which fact. Headers not named here are never believed.",
);

static SITE: Object = object(
    "site",
    "a site",
    &[
        optional(
            "hosts",
            Shape::List { of: &Shape::Text(&text::HOSTS), least: 0, most: MOST_HOSTS },
            "[]",
            "[\"shop.example\", \"*.shop.example\"]",
            "Hostnames of the site, without port. Without any, the site answers for every host that no other site names.",
        ),
        optional(
            "default",
            Shape::Flag,
            "(true for the only site, or the only one without hosts)",
            "true",
            "Whether this site answers for hosts that no site names. Exactly one does.",
        ),
        required(
            "versions",
            Shape::Map(&VERSIONS),
            "{ \"v1\": \"assets:v1\" }",
            "The builds by id, each as its origin or as an object.",
        ),
        required(
            "stable",
            Shape::Text(&text::NAME),
            "\"v1\"",
            "The version trusted now: what everybody gets whom nothing else decides for, and what answers when anything fails.",
        ),
        optional("rollout", Shape::Object(&ROLLOUT), "(none)", "{ \"canary\": \"v2\" }", "The trial of another version."),
        optional(
            "rules",
            Shape::List { of: &Shape::Object(&RULE), least: 0, most: MOST_RULES },
            "[]",
            "[{ \"name\": \"staff\", \"when\": { \"cookie\": { \"staff\": \"*\" } }, \"serve\": \"canary\" }]",
            "Who gets something else than the rollout says. The first rule that holds decides.",
        ),
        optional("bots", Shape::Word(&BOTS), "\"split-uncounted\"", "\"stable\"", "What listed bots get."),
        optional(
            "consent",
            Shape::Text(&text::CONSENT),
            "(no consent is asked)",
            "\"cookie:consent=yes*\"",
            "The cookie that says a visitor agreed to be recognised. Without it, or with a Global Privacy Control signal, no cookie is set and nothing is stored.",
        ),
        optional(
            "without_consent",
            Shape::Word(&WITHOUT_CONSENT),
            "\"stable\"",
            "\"cookieless\"",
            "What visitors get who did not consent.",
        ),
        optional("cookie", Shape::Object(&COOKIE), "{}", "{ \"max_age\": \"30d\" }", "The visitor cookie."),
        optional("cache", Shape::Object(&CACHE), "{}", "{ \"hashed\": [\"/assets/**\"] }", "What browsers and caches may keep."),
        optional(
            "feedback",
            Shape::Object(&FEEDBACK),
            "{}",
            "{ \"on_recall\": \"reload\" }",
            "What pages report back while a rollout runs.",
        ),
        optional(
            "response_header",
            Shape::Flag,
            "true",
            "false",
            "Whether answers say in a `halftone` header which version they are and why.",
        ),
        optional(
            "webhooks",
            Shape::List { of: &Shape::Object(&WEBHOOK), least: 0, most: MOST_WEBHOOKS },
            "[]",
            "[{ \"url\": \"https://hooks.example/halftone\", \"secret\": \"HOOK_SECRET\" }]",
            "Who is told of decisions.",
        ),
        optional(
            "allow_origins",
            Shape::List { of: &Shape::Text(&text::ORIGIN_GLOB), least: 0, most: MOST_ALLOWED },
            "[]",
            "[\"https://*.shop.pages.example/\", \"r2:BUILDS/shop/*/\"]",
            "Origins from which `halftone publish` may bring versions that no deploy listed. What is not named here needs a deploy. An address is compared as a whole, with a `/` at its end; `*` stands for anything but `/`.",
        ),
    ],
    "One site: its hosts, its builds, and who gets which.",
);

/// The versions of a site.
pub static VERSIONS: Map = Map {
    noun: "the versions by id",
    keys: &text::VERSION,
    values: Shape::Either(&[Shape::Text(&text::ORIGIN), Shape::Object(&VERSION)]),
    least: 1,
    most: MOST_VERSIONS,
};

static VERSION: Object = object(
    "version",
    "a version",
    &[
        required("origin", Shape::Text(&text::ORIGIN), "\"https://abc.pages.example/base\"", "Where its files are served from."),
        optional(
            "forward",
            Shape::List { of: &Shape::Word(&FORWARD), least: 0, most: 2 },
            "[]",
            "[\"cookie\"]",
            "What of a visitor's request a `url` origin sees besides what it needs. Halftone's own cookies are never sent.",
        ),
        optional(
            "timeout",
            Shape::Text(&text::TIMEOUT),
            "\"3s\"",
            "\"800ms\"",
            "How long this version may take to send headers while it is the canary; after that the visitor gets stable. From \"100ms\" to \"30s\".",
        ),
        optional("not_found", Shape::Word(&NOT_FOUND), "\"page\"", "\"spa\"", "What a path without a file gets."),
        optional(
            "files",
            Shape::Text(&text::FOLDER),
            "(not known)",
            "\"dist/v2\"",
            "Local folder with the same files, relative to the config file, read when the plan is made: with it the edge knows what the origin holds and need not try. For `url`, `r2` and `service` origins.",
        ),
    ],
    "One immutable build. An origin alone is short for an object with only that.",
);

static FORWARD: [Word; 2] =
    [word("cookie", "The `Cookie` header, less Halftone's own."), word("authorization", "The `Authorization` header.")];

static NOT_FOUND: [Word; 2] = [
    word("page", "The nearest `404.html` of the same version, with status 404."),
    word("spa", "`/index.html` with status 200 for navigations: single-page applications."),
];

static BOTS: [Word; 3] = [
    word("stable", "Always the stable version."),
    word("split", "A slot like everybody, and counted like everybody."),
    word("split-uncounted", "A slot like everybody, but tallied apart."),
];

static WITHOUT_CONSENT: [Word; 2] = [
    word("stable", "The stable version."),
    word("cookieless", "A slot from a daily hash of network and browser; nothing is stored."),
];

static COOKIE: Object = object(
    "cookie",
    "the cookie's options",
    &[
        optional(
            "name",
            Shape::Text(&text::COOKIE),
            "\"halftone\"",
            "\"build\"",
            "Its name; on https `__Host-` stands in front.",
        ),
        optional(
            "max_age",
            Shape::Text(&text::DURATION),
            "\"180d\"",
            "\"30d\"",
            "How long a visitor is recognised, from \"1h\" to \"400d\", the longest that browsers keep. Renewed while they keep coming.",
        ),
        optional("same_site", Shape::Word(&SAME_SITE), "\"lax\"", "\"none\"", "Its `SameSite`."),
    ],
    "The visitor cookie.",
);

static SAME_SITE: [Word; 3] = [
    word("lax", "Sent on the site's own requests and on links to it."),
    word("strict", "Sent on the site's own requests only: who comes by a link is taken for new."),
    word(
        "none",
        "Sent everywhere, so that the site keeps its version inside iframes of others. Browsers take it over https only.",
    ),
];

static CACHE: Object = object(
    "cache",
    "the cache options",
    &[optional(
        "hashed",
        Shape::Either(&[Shape::Word(&HASHED), Shape::List { of: &Shape::Text(&text::PATHS), least: 0, most: MOST_ALTERNATIVES }]),
        "\"auto\"",
        "[\"/assets/**\"]",
        "Which paths name their content, and so may be kept for a year by anybody: `auto`, or path patterns.",
    )],
    "What browsers and caches may keep. Everything that is not content-hashed is checked again each time.",
);

static HASHED: [Word; 1] = [word("auto", "Told from the file name: eight or more characters that look like a hash.")];

/// Every object, in the order of the reference.
pub static ALL: &[&Object] = &[
    &CONFIG,
    &SITE,
    &VERSION,
    &ROLLOUT,
    &RANDOM_STEP,
    &SEQUENTIAL_STEP,
    &GEOGRAPHIC_STEP,
    &GUARD,
    &PACED,
    &OPTIMISED,
    &WINDOW,
    &FREEZE,
    &RULE,
    &CONDITION,
    &COOKIE,
    &CACHE,
    &FEEDBACK,
    &WEBHOOK,
    &ADMIN,
    &GEO_HEADERS,
];
