//! How each kind of text in the file must be written, and what to say about text that is not.
//!
//! A spelling is a regular expression for editors (the schema) and the same in code for the checker, which needs no
//! regular expressions that way and can say more than "does not match". Tests hold the two together.

mod control;
mod visitors;

pub use control::{CLOCK, GOAL, GUARD, HOOK_URL, ORIGIN_GLOB, SECRET, TIMESTAMP, ZONE};
pub use visitors::{AREA, CITY, COLO, COUNTRY, LANGUAGE, REGION};

use super::shape::{Refusal, Spelling};

/// A name of a site, rule or rollout.
pub static NAME: Spelling = Spelling {
    name: "name",
    noun: "a name",
    rule: "letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 64",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    except: &[],
    longest: 64,
    matches: is_name,
    explain: |text| Some(explain_name(text)),
    example: "shop",
};

/// The id of a version where it is defined.
pub static VERSION: Spelling = Spelling {
    name: "version-id",
    noun: "a version id",
    rule: "letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 64; not `stable` or `canary`",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    except: &["stable", "canary"],
    longest: 64,
    matches: is_name,
    explain: |text| Some(explain_name(text)),
    example: "v1",
};

/// A share of visitors.
pub static WEIGHT: Spelling = Spelling {
    name: "weight",
    noun: "a weight",
    rule: "from \"0%\" to \"100%\", with at most two decimals",
    pattern: "^(100(\\.0{1,2})?|(0|[1-9][0-9]?)(\\.[0-9]{1,2})?)%$",
    except: &[],
    longest: 7,
    matches: |text| super::quantity::basis_points(text).is_some(),
    explain: super::quantity::explain_weight,
    example: "5%",
};

/// A share of something else than visitors: of a rate, of chance.
pub static SHARE: Spelling =
    Spelling { name: "share", noun: "a share", matches: WEIGHT.matches, explain: super::quantity::explain_share, ..WEIGHT };

/// A time in whole seconds or more.
pub static DURATION: Spelling = Spelling {
    name: "duration",
    noun: "a duration",
    rule: "a whole number and `s`, `m`, `h` or `d`",
    pattern: "^(0|[1-9][0-9]{0,8})(s|m|h|d)$",
    except: &[],
    longest: 10,
    matches: |text| super::quantity::milliseconds(text).is_some() && !text.ends_with("ms"),
    explain: super::quantity::explain_duration,
    example: "10m",
};

/// A time that may be below a second.
pub static TIMEOUT: Spelling = Spelling {
    name: "timeout",
    noun: "a timeout",
    rule: "a whole number and `ms` or `s`, from \"100ms\" to \"30s\"",
    pattern: "^(0|[1-9][0-9]{0,8})(ms|s)$",
    except: &[],
    longest: 11,
    matches: |text| super::quantity::milliseconds(text).is_some() && text.ends_with('s'),
    explain: super::quantity::explain_timeout,
    example: "3s",
};

/// The reserved prefix.
pub static PREFIX: Spelling = Spelling {
    name: "prefix",
    noun: "a path prefix",
    rule: "begins with `/`, does not end with it, and has only letters, digits, `.`, `_` and `-` in between, no `.` or `..` segment",
    pattern: "^(/([A-Za-z0-9_-]|\\.[A-Za-z0-9_-]|\\.\\.[A-Za-z0-9._-])[A-Za-z0-9._-]*)+$",
    except: &[],
    longest: 64,
    matches: |text| {
        let plain = |segment: &str| {
            !matches!(segment, "" | "." | "..") && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain))
    },
    explain: |text| match text {
        "" => None,
        "/" => Some(Refusal::new("would reserve every path").fix("write a path of its own, like `/_halftone`")),
        _ if !text.starts_with('/') => Some(Refusal::new("does not begin with `/`").fix(format!("write `/{text}`"))),
        _ if text.ends_with('/') => Some(Refusal::new("ends with `/`").fix(format!("write `{}`", text.trim_end_matches('/')))),
        _ => None,
    },
    example: "/_halftone",
};

/// A host or wildcard of a site.
pub static HOSTS: Spelling = Spelling {
    name: "host-pattern",
    noun: "a hostname",
    rule: "names of letters, digits and `-` with dots between, `*.` in front for all names below; no scheme, port or path",
    pattern: "^((\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*|\\[[0-9A-Fa-f:.]+\\])$",
    except: &[],
    longest: 253,
    matches: |text| super::hosts::is_host(text.strip_prefix("*.").filter(|rest| !rest.starts_with('[')).unwrap_or(text)),
    explain: super::hosts::explain,
    example: "shop.example",
};

/// A host without wildcards.
pub static HOST: Spelling = Spelling {
    name: "host",
    noun: "a hostname",
    rule: "names of letters, digits and `-` with dots between; no wildcard, scheme, port or path",
    pattern: "^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*|\\[[0-9A-Fa-f:.]+\\])$",
    except: &[],
    longest: 253,
    matches: super::hosts::is_host,
    explain: super::hosts::explain_single,
    example: "admin.shop.example",
};

/// The base name of the visitor cookie.
pub static COOKIE: Spelling = Spelling {
    name: "cookie-base-name",
    noun: "a name for our cookie",
    rule: "letters, digits, `_` and `-`, at most 40",
    pattern: "^[A-Za-z0-9_-]+$",
    except: &[],
    longest: 40,
    matches: |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
    explain: |_| None,
    example: "halftone",
};

/// A name of a header or of somebody's cookie: a token of RFC 9110.
pub static TOKEN: Spelling = Spelling {
    name: "token",
    noun: "a name of a header or cookie",
    rule: "letters, digits and !#$%&'*+-.^_`|~, at most 128",
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    except: &[],
    longest: 128,
    matches: is_token,
    explain: |text| {
        let tidy = text.trim().trim_end_matches([':', '=', ' ']).replace(' ', "-");
        is_token(&tidy).then(|| Refusal::new("has a character that no such name has").fix(format!("write `{tidy}`")))
    },
    example: "X-Country",
};

/// A name of a query parameter.
pub static PARAMETER: Spelling = Spelling {
    name: "parameter",
    noun: "a name of a query parameter",
    rule: "any text without control characters",
    pattern: "^[^\\x00-\\x1f\\x7f]+$",
    except: &[],
    longest: 128,
    matches: is_plain,
    explain: |text| Some(explain_plain(text)),
    example: "show",
};

/// Where a version's files are served from.
pub static ORIGIN: Spelling = Spelling {
    name: "origin",
    noun: "an origin",
    rule: "`assets:FOLDER`, `https://host/base`, `zone`, `zone:/base`, `r2:BINDING/prefix` or `service:BINDING/base`",
    pattern: "^(assets:[^\\x00-\\x20\\x7f]+|https?://[^\\x00-\\x20\\x7f]+|zone(:/[^\\x00-\\x20\\x7f]*)?|(r2|service):[A-Z][A-Z0-9_]*(/[^\\x00-\\x20\\x7f]*)?)$",
    except: &[],
    longest: 1024,
    matches: super::origin::looks_right,
    explain: super::origin::explain,
    example: "assets:v1",
};

/// A local folder.
pub static FOLDER: Spelling = Spelling {
    name: "folder",
    noun: "a folder",
    rule: "a path relative to the config file, with `/` between names",
    pattern: "^[^\\x00-\\x1f\\x7f/\\\\][^\\x00-\\x1f\\x7f\\\\]*$",
    except: &[],
    longest: 512,
    matches: |text| is_plain(text) && !text.starts_with('/') && !text.contains('\\'),
    explain: |text| {
        if text.contains('\\') {
            return Some(Refusal::new("has a backslash").fix(format!("write `{}`", text.replace('\\', "/"))));
        }
        let relative = text.trim_start_matches('/');
        text.starts_with('/').then(|| {
            Refusal::new("is absolute, and would be wrong on every other machine")
                .fix(format!("write it relative to the config file, like `{relative}`"))
        })
    },
    example: "dist/v2",
};

/// A pattern on a value.
pub static GLOB: Spelling = Spelling {
    name: "glob",
    noun: "a pattern",
    rule: "text in which `*` stands for any characters and `?` for one",
    pattern: "^[^\\x00-\\x1f\\x7f]+$",
    except: &[],
    longest: crate::glob::LONGEST,
    matches: is_plain,
    explain: |text| Some(explain_plain(text)),
    example: "beta*",
};

/// A pattern on a path.
pub static PATHS: Spelling = Spelling {
    name: "path-glob",
    noun: "a path pattern",
    rule: "begins with `/` or `*`; `*` stands for anything within a segment, `**` across segments, `?` for one character",
    pattern: "^[/*][^\\x00-\\x1f\\x7f]*$",
    except: &[],
    longest: crate::glob::LONGEST,
    matches: |text| is_plain(text) && text.starts_with(['/', '*']),
    explain: |text| {
        let fix = format!("write `/{text}`, or `**/{text}` for any folder");
        (is_plain(text) && !text.contains("://"))
            .then(|| Refusal::new("does not begin with `/` or `*`, so no path matches it").fix(fix))
    },
    example: "/checkout/**",
};

/// A pattern on hostnames in a rule.
pub static HOST_GLOB: Spelling = Spelling {
    name: "host-glob",
    noun: "a hostname pattern",
    rule: "a hostname in which `*` stands for any characters; no scheme, port or path",
    pattern: "^[A-Za-z0-9._*?\\[\\]:-]+$",
    except: &[],
    longest: 253,
    matches: |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._*?[]:-".contains(&b)),
    explain: super::hosts::explain,
    example: "*.shop.example",
};

/// The cookie that says yes.
pub static CONSENT: Spelling = Spelling {
    name: "consent",
    noun: "a consent cookie",
    rule: "`cookie:NAME=PATTERN`",
    pattern: "^cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]+=[^\\x00-\\x1f\\x7f]+$",
    except: &[],
    longest: 400,
    matches: |text| {
        let parts = text.strip_prefix("cookie:").and_then(|rest| rest.split_once('='));
        parts.is_some_and(|(name, glob)| is_token(name) && is_plain(glob))
    },
    explain: |text| match text.strip_prefix("cookie:") {
        None if text.contains('=') => Some(Refusal::new("does not begin with `cookie:`").fix(format!("write `cookie:{text}`"))),
        Some(rest) if !rest.contains('=') => Some(
            Refusal::new("names a cookie, but not the value that says yes")
                .fix(format!("write `{text}=yes`, or `{text}=*` for any value")),
        ),
        _ => None,
    },
    example: "cookie:consent=yes*",
};

/// Any text.
pub static ANYTHING: Spelling = Spelling {
    name: "text",
    noun: "text",
    rule: "any text",
    pattern: "^",
    except: &[],
    longest: 1024,
    matches: |_| true,
    explain: |_| None,
    example: "./halftone.schema.json",
};

/// Every spelling.
pub static ALL: &[&Spelling] = &[
    &NAME,
    &VERSION,
    &WEIGHT,
    &SHARE,
    &DURATION,
    &TIMEOUT,
    &PREFIX,
    &HOSTS,
    &HOST,
    &COOKIE,
    &TOKEN,
    &PARAMETER,
    &ORIGIN,
    &FOLDER,
    &GLOB,
    &PATHS,
    &HOST_GLOB,
    &CONSENT,
    &AREA,
    &COUNTRY,
    &REGION,
    &COLO,
    &CITY,
    &LANGUAGE,
    &GUARD,
    &GOAL,
    &HOOK_URL,
    &SECRET,
    &ORIGIN_GLOB,
    &TIMESTAMP,
    &CLOCK,
    &ZONE,
    &ANYTHING,
];

/// Printing, without white space.
fn is_solid(text: &str) -> bool {
    !text.chars().any(|c| c <= ' ' || c == '\x7f')
}

/// Letters, digits, `.`, `_`, `-`, the first a letter or digit.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn explain_name(text: &str) -> Refusal {
    if text.is_empty() {
        return Refusal::new("is empty").fix("write a name, like `v1`");
    }
    let tame: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    let tame = tame.trim_matches(['-', '.', '_']);
    let refusal = Refusal::new("is not a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit");
    if is_name(tame) { refusal.fix(format!("write `{tame}`")) } else { refusal }
}

/// A token of RFC 9110.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|b| b.is_ascii_control())
}

fn explain_plain(text: &str) -> Refusal {
    if text.is_empty() {
        return Refusal::new("is empty, and matches nothing").fix("write `*` for anything");
    }
    Refusal::new("has a control character").fix("take it out")
}
