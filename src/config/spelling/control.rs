//! Texts that say what moves a rollout, when, and who is told: guards and goals, times, addresses and secrets.

use super::is_solid;
use crate::config::shape::{Refusal, Spelling};

/// A guard of a rollout.
pub static GUARD: Spelling = Spelling {
    name: "guard-name",
    noun: "a guard's name",
    rule: "`missing`, `errors`, `origin_failure`, `poor_lcp`, `poor_inp`, `poor_cls`, `slow_fcp`, `slow_ttfb`, or `goal.` and a goal's name",
    pattern: "^(missing|errors|origin_failure|poor_lcp|poor_inp|poor_cls|slow_fcp|slow_ttfb|goal\\.[a-z0-9][a-z0-9_-]{0,39})$",
    except: &[],
    longest: 45,
    matches: crate::config::policy::is_name,
    explain: |text| Some(crate::config::policy::explain(text)),
    example: "goal.signup",
};

/// A goal, as pages report it.
pub static GOAL: Spelling = Spelling {
    name: "goal-name",
    noun: "a goal's name",
    rule: "small letters, digits, `_` and `-`, beginning with a letter or digit, at most 40",
    pattern: "^[a-z0-9][a-z0-9_-]{0,39}$",
    except: &[],
    longest: 40,
    matches: crate::config::policy::is_goal,
    explain: |_| None,
    example: "signup",
};

/// An address that is told of decisions.
pub static HOOK_URL: Spelling = Spelling {
    name: "webhook-url",
    noun: "a webhook's address",
    rule: "`https://host/path` without a user name, or `secret:HOOK_NAME` where the address is itself a secret",
    pattern: "^(https?://[^\\x00-\\x20\\x7f@/?#]+([/?][^\\x00-\\x20\\x7f#]*)?|secret:HOOK_[A-Z0-9_]+)$",
    except: &[],
    longest: 1024,
    matches: is_hook_url,
    explain: |_| None,
    example: "https://hooks.example/halftone",
};

/// The name of a secret of the Worker.
pub static SECRET: Spelling = Spelling {
    name: "secret-name",
    noun: "the name of a secret",
    rule: "capital letters, digits and `_`, beginning with `HOOK_`; never the secret itself",
    pattern: "^HOOK_[A-Z0-9_]+$",
    except: &[],
    longest: 64,
    matches: is_secret,
    explain: |_| None,
    example: "HOOK_SECRET",
};

/// A pattern on origins.
pub static ORIGIN_GLOB: Spelling = Spelling {
    name: "origin-glob",
    noun: "a pattern on origins",
    rule: "`https://host/base/` or `r2:BINDING/prefix/`, in which `*` stands for any characters but `/`; it ends with `/`",
    pattern: "^(https://[^\\x00-\\x20\\x7f@?#%/]+/|r2:[A-Z][A-Z0-9_]*/)([^\\x00-\\x20\\x7f@?#%]*/)?$",
    except: &[],
    longest: crate::glob::LONGEST,
    matches: is_origin_glob,
    explain: |text| {
        let closed = format!("{text}/");
        is_origin_glob(&closed).then(|| Refusal::new("does not end with `/`").fix(format!("write `{closed}`")))
    },
    example: "https://*.pages.example/",
};

/// A moment.
pub static TIMESTAMP: Spelling = Spelling {
    name: "timestamp",
    noun: "a time",
    rule: "a date, `T`, a time to the minute or second, and `Z` or an offset from UTC",
    pattern: "^2[0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
    except: &[],
    longest: 25,
    matches: crate::config::calendar::is_timestamp,
    explain: crate::config::calendar::explain,
    example: "2026-12-01T09:00Z",
};

/// A time of the day.
pub static CLOCK: Spelling = Spelling {
    name: "clock",
    noun: "a time of the day",
    rule: "from \"00:00\" to \"23:59\"",
    pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    except: &[],
    longest: 5,
    matches: crate::config::calendar::is_clock,
    explain: |_| None,
    example: "09:00",
};

/// What a clock is ahead of UTC.
pub static ZONE: Spelling = Spelling {
    name: "zone",
    noun: "an offset from UTC",
    rule: "`UTC`, or `+` or `-` and hours and minutes",
    pattern: "^(UTC|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
    except: &[],
    longest: 6,
    matches: crate::config::calendar::is_zone,
    explain: |_| None,
    example: "+13:00",
};

fn is_secret(text: &str) -> bool {
    let rest = text.strip_prefix("HOOK_").unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn is_hook_url(text: &str) -> bool {
    if let Some(name) = text.strip_prefix("secret:") {
        return is_secret(name);
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    !host.is_empty() && !host.contains('@') && is_solid(rest) && !rest.contains('#')
}

fn is_origin_glob(text: &str) -> bool {
    if !is_solid(text) || text.contains(['@', '?', '#', '%']) || !text.ends_with('/') {
        return false;
    }
    if let Some(rest) = text.strip_prefix("https://") {
        return !rest.starts_with('/');
    }
    let binding = text.strip_prefix("r2:").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    binding.starts_with(|c: char| c.is_ascii_uppercase())
        && binding.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
