//! A rule and its condition.

use super::{MOST_ALTERNATIVES, MOST_VERSIONS, object, optional, required, word};
use crate::config::shape::{Field, Map, Object, Shape, Spelling, Word};
use crate::config::spelling as text;

/// A rule.
pub static RULE: Object = Object {
    name: "rule",
    noun: "a rule",
    doc: "Who gets something else than the rollout says: either one version (`serve`) or a split of their own.",
    fields: &[
        required(
            "name",
            Shape::Text(&text::NAME),
            "\"staff\"",
            "Names the rule, once in its site. Another name draws its split anew.",
        ),
        required("when", Shape::Object(&CONDITION), "{ \"country\": \"NZ\" }", "Who it is for; `{}` is everyone."),
        optional(
            "serve",
            Shape::Text(&text::NAME),
            "(there is a `split` instead)",
            "\"canary\"",
            "The version they get: its id, `stable` or `canary`.",
        ),
        optional(
            "split",
            Shape::Map(&SPLIT),
            "(there is a `serve` instead)",
            "{ \"v2\": \"50%\" }",
            "Shares by version id, `stable` or `canary`. What is missing to 100% is the stable version's.",
        ),
    ],
    one_of: &["serve", "split"],
    mark: None,
};

static SPLIT: Map =
    Map { noun: "shares by version", keys: &text::NAME, values: Shape::Text(&text::WEIGHT), least: 1, most: MOST_VERSIONS };

const fn one_or_more(of: &'static Shape) -> Shape {
    Shape::OneOrMore { of, most: MOST_ALTERNATIVES }
}

static A_CONDITION: Shape = Shape::Object(&CONDITION);
static A_GLOB: Shape = Shape::Text(&text::GLOB);

const fn parts(key: &'static str, doc: &'static str) -> Field {
    let shape = Shape::List { of: &A_CONDITION, least: 1, most: MOST_ALTERNATIVES };
    optional(key, shape, "(not asked)", "[{ \"country\": \"NZ\" }, { \"device\": \"mobile\" }]", doc)
}

const fn asks(key: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Field {
    optional(key, shape, "(not asked)", example, doc)
}

/// A condition.
pub static CONDITION: Object = object(
    "condition",
    "a condition",
    &[
        asks(
            "country",
            one_or_more(&Shape::Text(&text::COUNTRY)),
            "[\"NZ\", \"continent:EU\"]",
            "The visitor's country is one of these; also `EU`, continents and `unknown`.",
        ),
        asks("region", one_or_more(&Shape::Text(&text::REGION)), "\"US-CA\"", "The visitor's region is one of these."),
        asks(
            "continent",
            one_or_more(&Shape::Word(&CONTINENTS)),
            "\"OC\"",
            "The visitor's country is on one of these continents.",
        ),
        asks("eu", Shape::Flag, "true", "Whether the visitor's country is one of the European Union's."),
        asks("city", one_or_more(&Shape::Text(&text::CITY)), "\"Auckland\"", "The visitor's city is one of these, in any case."),
        asks(
            "colo",
            one_or_more(&Shape::Text(&text::COLO)),
            "\"AKL\"",
            "The network's data centre that answers is one of these.",
        ),
        asks(
            "path",
            one_or_more(&Shape::Text(&text::PATHS)),
            "\"/checkout/**\"",
            "The path, percent-decoded and without query, matches one of these patterns.",
        ),
        asks(
            "host",
            one_or_more(&Shape::Text(&text::HOST_GLOB)),
            "\"beta.shop.example\"",
            "The hostname matches one of these patterns.",
        ),
        asks(
            "query",
            Shape::Map(&QUERY),
            "{ \"show\": \"beta*\" }",
            "Each of these query parameters is there with a value that matches.",
        ),
        asks(
            "header",
            Shape::Map(&HEADER),
            "{ \"X-Beta\": \"1\" }",
            "Each of these request headers is there with a value that matches. Answers then vary by them.",
        ),
        asks("cookie", Shape::Map(&COOKIES), "{ \"staff\": \"*\" }", "Each of these cookies is there with a value that matches."),
        asks(
            "language",
            one_or_more(&Shape::Text(&text::LANGUAGE)),
            "[\"de\", \"pt-BR\"]",
            "The visitor's most preferred language is one of these; `de` takes `de-AT` too.",
        ),
        asks("device", one_or_more(&Shape::Word(&DEVICES)), "\"mobile\"", "The class of device that the user agent names."),
        asks("bot", Shape::Flag, "false", "Whether the user agent is a listed bot."),
        parts("all", "Every one of these conditions holds."),
        parts("any", "At least one of these conditions holds."),
        asks("not", Shape::Object(&CONDITION), "{ \"country\": \"NZ\" }", "This condition does not hold."),
    ],
    "Who a rule is for. All keys must hold; `{}` is everyone. Conditions nest at most eight deep.",
);

static QUERY: Map = patterns("patterns by query parameter", &text::PARAMETER);
static HEADER: Map = patterns("patterns by header", &text::TOKEN);
static COOKIES: Map = patterns("patterns by cookie", &text::TOKEN);

const fn patterns(noun: &'static str, keys: &'static Spelling) -> Map {
    Map { noun, keys, values: one_or_more(&A_GLOB), least: 1, most: MOST_ALTERNATIVES }
}

/// The continents as the territory data groups countries.
pub static CONTINENTS: [Word; 7] = [
    word("AF", "Africa."),
    word("AN", "Antarctica."),
    word("AS", "Asia."),
    word("EU", "Europe, with the countries outside of the European Union."),
    word("NA", "North America, Central America and the Caribbean."),
    word("OC", "Australia, New Zealand and the Pacific islands."),
    word("SA", "South America."),
];

static DEVICES: [Word; 3] = [
    word("mobile", "Phones."),
    word("tablet", "Tablets; those that say they are desktops count as such."),
    word("desktop", "Everything else."),
];
