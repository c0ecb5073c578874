//! One site: its options, and what its parts have to agree on.

use super::builds::Builds;
use super::contents;
use super::feedback;
use super::hosts::{Table, is_local};
use super::model::{Cookie, Site};
use super::policy;
use super::problem::Code;
use super::quantity;
use super::report::{Report, found, why};
use super::rollout;
use super::rules;
use super::shape::Spelling;
use super::spelling;
use super::tree::Node;
use super::version::{self, Names};
use super::webhooks;
use crate::glob::Glob;
use crate::plan::{Bots, SameSite, WithoutConsent};

/// What of the rest of the file, and of the world, a site is checked against.
pub struct Surroundings<'a> {
    pub table: &'a Table,
    pub admin_host: Option<&'a str>,
    /// `None` if it is misspelled.
    pub prefix: Option<&'a str>,
    pub builds: &'a Builds,
}

/// The days of the longest cookie browsers keep (RFC 6265bis).
const COOKIE_RANGE: (&str, &str) = ("1h", "400d");

/// Half a year: longer than any rollout.
const USUAL_MAX_AGE_S: u32 = 180 * 86_400;

/// Reads a site.
pub fn read(name: &str, node: &Node<'_>, hosts: Vec<String>, around: &Surroundings<'_>, report: &mut Report<'_>) -> Option<Site> {
    let names = Names::of(node.get("versions"));
    let versions = version::read_all(node.get("versions"), around, report);
    version::check_zones(node.get("versions"), &hosts, report);
    let stable = node.get("stable").and_then(|stable| names.find(stable, report));
    let rollout = node.get("rollout").map(|rollout| rollout::read(rollout, &names, stable, report));
    let canary = node.get("rollout").and_then(|rollout| names.quietly(rollout.get("canary")?.text()?));
    let cookie = cookie(node.get("cookie"), &hosts, report);
    let own_cookies = cookie.as_ref().map(|cookie| cookie.name.as_str());
    let consent = node.get("consent").map(|node| consent(node, own_cookies, report));
    let without_consent = word(node.get("without_consent"), WithoutConsent::Stable, |text| match text {
        "stable" => Some(WithoutConsent::Stable),
        "cookieless" => Some(WithoutConsent::Cookieless),
        _ => None,
    });
    if let Some(without) = node.get("without_consent").filter(|_| node.get("consent").is_none()) {
        let words =
            why("no consent is asked here, so nobody is without").fix("add \"consent\": \"cookie:NAME=VALUE\", or take this out");
        report.add(Code::NoEffect, without, words);
    }
    let bots = word(node.get("bots"), Bots::SplitUncounted, |text| match text {
        "stable" => Some(Bots::Stable),
        "split" => Some(Bots::Split),
        "split-uncounted" => Some(Bots::SplitUncounted),
        _ => None,
    });
    let rules =
        rules::read(node, &rules::Splits { names: &names, stable, canary, has_rollout: rollout.is_some(), own_cookies }, report);
    if let Some(rollout) = node.get("rollout") {
        policy::check_feedback(rollout, node.get("feedback"), report);
    }
    let feedback = feedback::read(node.get("feedback"), report);
    let webhooks = webhooks::read(node.get("webhooks"), report);
    let allow_origins = webhooks::origins(node.get("allow_origins"), report);
    let hashed = hashed(node.get("cache").and_then(|cache| cache.get("hashed")), report);
    contents::check(node, around, hashed.as_ref().and_then(|globs| globs.as_deref()), report);
    Some(Site {
        name: name.to_owned(),
        hosts,
        versions: versions?,
        stable: stable?,
        rollout: match rollout {
            None => None,
            Some(rollout) => Some(rollout?),
        },
        rules: rules?,
        bots: bots?,
        consent: match consent {
            None => None,
            Some(consent) => Some(consent?),
        },
        without_consent: without_consent?,
        cookie: cookie?,
        hashed: hashed?,
        feedback: feedback?,
        webhooks: webhooks?,
        allow_origins: allow_origins?,
        response_header: match node.get("response_header") {
            None => true,
            Some(flag) => flag.flag()?,
        },
    })
}

/// A word, or what is meant when it is left out.
pub fn word<T>(node: Option<&Node<'_>>, otherwise: T, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    match node {
        None => Some(otherwise),
        Some(node) => parse(node.text()?),
    }
}

/// A duration in seconds within a range, or what is meant when it is left out.
pub fn seconds(node: Option<&Node<'_>>, otherwise: u32, range: (&str, &str), report: &mut Report<'_>) -> Option<u32> {
    match node {
        None => Some(otherwise),
        Some(node) => u32::try_from(in_range(node, &spelling::DURATION, range, report)? / 1000).ok(),
    }
}

/// A duration in milliseconds; reports one outside of the range.
pub fn in_range(node: &Node<'_>, spelling: &Spelling, (least, most): (&str, &str), report: &mut Report<'_>) -> Option<u64> {
    let ms = quantity::milliseconds(node.text().filter(|text| spelling.fits(text))?)?;
    if ms < quantity::milliseconds(least)? || ms > quantity::milliseconds(most)? {
        let words = found(node.shown(), format!("is not from \"{least}\" to \"{most}\""));
        report.add(Code::OutOfRange, node, words);
        return None;
    }
    Some(ms)
}

/// A glob; reports one that is too long in bytes, which a shape can not see.
pub fn glob(node: &Node<'_>, report: &mut Report<'_>) -> Option<Glob> {
    let text = node.text().filter(|text| spelling::GLOB.fits(text))?;
    Glob::new(text).map_err(|why| report.add(Code::OutOfRange, node, found(text, format!("can not be used: {why}")))).ok()
}

fn cookie(node: Option<&Node<'_>>, hosts: &[String], report: &mut Report<'_>) -> Option<Cookie> {
    let name = node.and_then(|node| node.get("name"));
    let name = match name {
        None => Some("halftone".to_owned()),
        Some(name) => name.text().filter(|text| spelling::COOKIE.fits(text)).map(str::to_owned).filter(|text| {
            let bare = ["__host-", "__secure-"].iter().find_map(|prefix| {
                let head = text.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix))?;
                text.get(head.len()..)
            });
            if let Some(bare) = bare {
                let words = found(
                    text.as_str(),
                    "has a prefix that browsers treat specially; `__Host-` is put in front on https by itself",
                );
                let fix = if bare.is_empty() { "choose a name".to_owned() } else { format!("write `{bare}`") };
                report.add(Code::BadValue, name, words.fix(fix));
            }
            bare.is_none()
        }),
    };
    let max_age_s = seconds(node.and_then(|node| node.get("max_age")), USUAL_MAX_AGE_S, COOKIE_RANGE, report);
    let same_site_node = node.and_then(|node| node.get("same_site"));
    let same_site = word(same_site_node, SameSite::Lax, |text| match text {
        "lax" => Some(SameSite::Lax),
        "strict" => Some(SameSite::Strict),
        "none" => Some(SameSite::None),
        _ => None,
    });
    let local = hosts.iter().find(|host| is_local(host));
    if let (Some(SameSite::None), Some(local), Some(node)) = (same_site, local, same_site_node) {
        let words =
            found("none", format!("needs https, which `{local}` hardly has; over plain http the cookie is sent as `lax`"));
        report.add(Code::LocalOnly, node, words);
    }
    Some(Cookie { name: name?, max_age_s: max_age_s?, same_site: same_site? })
}

/// Whether a cookie of this name is Halftone's own, given the base name.
pub fn is_own_cookie(name: &str, base: &str) -> bool {
    name.strip_prefix("__Host-")
        .unwrap_or(name)
        .strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || rest == crate::preview::COOKIE_SUFFIX)
}

fn consent(node: &Node<'_>, own: Option<&str>, report: &mut Report<'_>) -> Option<(String, Glob)> {
    let text = node.text().filter(|text| spelling::CONSENT.fits(text))?;
    let (name, pattern) = text.strip_prefix("cookie:")?.split_once('=')?;
    if let Some(base) = own.filter(|base| is_own_cookie(name, base)) {
        let words = found(name, format!("is Halftone's own cookie here (`{base}`), which is set only after consent"));
        report.add(Code::CookieClash, node, words.fix("name the cookie that your consent banner sets"));
        return None;
    }
    let glob =
        Glob::new(pattern).map_err(|why| report.add(Code::OutOfRange, node, found(pattern, format!("can not be used: {why}"))));
    Some((name.to_owned(), glob.ok()?))
}

/// `Some(None)` finds hashed names out by their look.
#[expect(clippy::option_option, reason = "the outer says whether it could be read, the inner is the model's")]
fn hashed(node: Option<&Node<'_>>, report: &mut Report<'_>) -> Option<Option<Vec<Glob>>> {
    match node {
        None => Some(None),
        Some(node) if node.text().is_some() => (node.text() == Some("auto")).then_some(None),
        Some(node) => {
            let globs: Vec<Option<Glob>> = node.items().iter().map(|item| glob(item, report)).collect();
            globs.into_iter().collect::<Option<Vec<_>>>().map(Some)
        }
    }
}
