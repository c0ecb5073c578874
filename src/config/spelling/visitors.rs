//! Texts that rules and areas know visitors by: where they are, and what they read.

use super::{explain_plain, is_plain};
use crate::config::shape::{Refusal, Spelling};

/// A part of the world in the geographic strategy.
pub static AREA: Spelling = Spelling {
    name: "area",
    noun: "an area",
    rule: "a country `NZ`, a region `US-CA`, `EU`, `continent:OC`, a data centre `colo:AKL`, `elsewhere` or `unknown`",
    pattern: "^([A-Z]{2}|T1|[A-Z]{2}-[A-Z0-9]{1,3}|continent:[A-Z]{2}|colo:[A-Z]{3}|elsewhere|unknown)$",
    except: &[],
    longest: 16,
    matches: |text| crate::config::area::parse(text).is_some(),
    explain: crate::config::area::explain_area,
    example: "NZ",
};

/// A country or group of countries in a condition.
pub static COUNTRY: Spelling = Spelling {
    name: "country",
    noun: "a country",
    rule: "two capital letters of ISO 3166-1 (`NZ`), `EU`, `continent:OC` or `unknown`",
    pattern: "^([A-Z]{2}|T1|continent:[A-Z]{2}|unknown)$",
    except: &[],
    longest: 16,
    matches: crate::config::area::is_country_like,
    explain: crate::config::area::explain_country,
    example: "NZ",
};

/// A region in a condition.
pub static REGION: Spelling = Spelling {
    name: "region",
    noun: "a region",
    rule: "a country and its subdivision of ISO 3166-2, like `US-CA`",
    pattern: "^[A-Z]{2}-[A-Z0-9]{1,3}$",
    except: &[],
    longest: 16,
    matches: crate::config::area::is_region_like,
    explain: crate::config::area::explain_region,
    example: "US-CA",
};

/// A data centre in a condition.
pub static COLO: Spelling = Spelling {
    name: "colo",
    noun: "a data centre",
    rule: "three capital letters, as in `AKL`",
    pattern: "^[A-Z]{3}$",
    except: &[],
    longest: 16,
    matches: crate::config::area::is_colo_like,
    explain: crate::config::area::explain_colo,
    example: "AKL",
};

/// A city.
pub static CITY: Spelling = Spelling {
    name: "city",
    noun: "a city",
    rule: "its name as the network gives it, in any case",
    pattern: "^[^\\x00-\\x1f\\x7f]+$",
    except: &[],
    longest: 128,
    matches: is_plain,
    explain: |text| Some(explain_plain(text)),
    example: "Auckland",
};

/// A language range.
pub static LANGUAGE: Spelling = Spelling {
    name: "language",
    noun: "a language",
    rule: "a language tag like `de` or `pt-BR`",
    pattern: "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
    except: &[],
    longest: 64,
    matches: is_language,
    explain: |text| {
        let tag = text.replace('_', "-");
        let tag = tag.split('.').next().unwrap_or_default();
        (tag != text && is_language(tag)).then(|| Refusal::new("is a locale, not a language tag").fix(format!("write `{tag}`")))
    },
    example: "pt-BR",
};

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
