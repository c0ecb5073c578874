//! The instruction that serves an assignment: which origins are asked for which file, in which order, and what goes back with it.
//!
//! Who gets what was decided before; where a version has no such file, another one is asked that does.

use std::borrow::Cow;

use super::feedback::Telling;
use super::instruction::{Attempt, Carry, Instruction, Personal, Standing};
use super::resolve::{Resolved, resolve};
use super::target::{Wanted, attempt};
use super::{Seen, answer};
use crate::assign::{Assignment, Why};
use crate::headers;
use crate::plan::{Found, Site, Version};
use crate::slot::VersionIndex;

/// How many other versions are tried for a file whose whereabouts are not known.
const MOST_TRIES: usize = 3;

impl Personal {
    /// No cookie, only what is told and noted.
    pub(super) fn telling(telling: Telling) -> Self {
        Self { telling, ..Self::default() }
    }
}

/// The instruction that serves an assignment to nobody but who asks now.
pub(super) fn serve(seen: &Seen<'_>, assignment: Assignment, navigation: bool, personal: Personal) -> Instruction {
    serve_standing(seen, assignment, navigation, personal, None)
}

/// The instruction that serves an assignment, and what counts of who asks; in short, where the entry knows the rest.
pub(super) fn serve_standing(
    seen: &Seen<'_>,
    assignment: Assignment,
    navigation: bool,
    personal: Personal,
    stands: Option<Standing>,
) -> Instruction {
    if let Some(standing) = stands.filter(|standing| standing.is_among(seen.request.known)) {
        return Instruction::Known(standing, personal);
    }
    let Some(version) = seen.site.version(assignment.version) else {
        return Instruction::Answer(answer::bad_address());
    };
    let found = seen.site.files.find(&seen.path.decoded);
    let public = !navigation
        && seen.reads()
        && assignment.why != Why::Preview
        && !found.is_contested()
        && headers::is_hashed(seen.site, &seen.path.decoded);
    let attempts = match attempts(seen, assignment, version, found, navigation, public) {
        Ok(attempts) => attempts,
        Err(path) => return Instruction::Answer(redirected(seen, &path, personal)),
    };
    let carry = carry(seen, assignment, version, attempts, navigation, public, personal);
    Instruction::Carry(Carry { stands, ..carry })
}

/// What is carried out, given the tries.
pub(super) fn carry(
    seen: &Seen<'_>,
    assignment: Assignment,
    version: &Version,
    mut attempts: Vec<Attempt>,
    navigation: bool,
    public: bool,
    personal: Personal,
) -> Carry {
    let tells = personal.telling.is_told;
    let marked = tells && told_copies(seen, &mut attempts);
    let is_preview = assignment.why == Why::Preview;
    let cache_control = match () {
        () if is_preview => headers::PREVIEW,
        () if public => headers::IMMUTABLE,
        () if seen.reads() => headers::PRIVATE,
        () => "",
    };
    Carry {
        guarded: navigation
            && seen.reads()
            && !is_preview
            && assignment.version != seen.site.stable
            && seen.request.failed.is_empty(),
        timeout_ms: version.timeout_ms,
        preview: is_preview,
        announce: seen.site.response_header,
        navigation,
        revision: seen.site.revision,
        own_cookie: seen.site.cookie.clone(),
        personal,
        vary: if public { Cow::default() } else { headers::vary(seen.needs.headers.iter().map(String::as_str)) },
        cache_control,
        inject: tells && seen.site.feedback.inject,
        reports: tells && seen.site.feedback.reports,
        marked,
        stands: None,
        attempts,
    }
}

/// Asks the origins about copies that were told to report; gives whether the browser has such. What is no page (a
/// picture opened by itself) has only plain ones.
fn told_copies(seen: &Seen<'_>, attempts: &mut [Attempt]) -> bool {
    let mut marked = false;
    for attempt in attempts {
        let told = headers::validators_for(&attempt.version, headers::Copy::Told, seen.request.if_none_match);
        if !told.is_empty() {
            marked = true;
            attempt.if_none_match = told;
        } else if crate::route::looks_like_a_page(&seen.path.decoded) {
            attempt.if_none_match.clear();
        }
    }
    marked
}

/// A redirect within the site that keeps the query and the draw.
fn redirected(seen: &Seen<'_>, path: &str, personal: Personal) -> super::Answer {
    let mut location = String::new();
    crate::route::push_encoded(path, &mut location);
    if !seen.address.query.is_empty() {
        location.push('?');
        location.push_str(seen.address.query);
    }
    let set = if personal.set_cookie.is_empty() { Vec::new() } else { vec![personal.set_cookie] };
    answer::redirect(307, location, set)
}

/// The tries, best first; or the address the page really has.
fn attempts(
    seen: &Seen<'_>,
    assignment: Assignment,
    version: &Version,
    found: Found,
    navigation: bool,
    public: bool,
) -> Result<Vec<Attempt>, String> {
    let (site, path) = (seen.site, &*seen.path.decoded);
    let own = |wanted: &Wanted<'_>| attempt(seen, version, assignment.why, wanted, public);
    if !seen.reads() {
        return Ok(vec![own(&Wanted::AsSent)]);
    }
    if !version.listed {
        let mut attempts = vec![own(&Wanted::AsSent)];
        if !navigation {
            attempts.extend(elsewhere(seen, assignment, found, path, public));
        }
        return Ok(attempts);
    }
    match resolve(&site.files, assignment.version, version.not_found, path, navigation) {
        Resolved::File(file) => Ok(vec![own(&Wanted::File(&file, 0))]),
        Resolved::Elsewhere(path) => Err(path),
        Resolved::Missing(page) => {
            let mut attempts = if navigation { Vec::new() } else { elsewhere(seen, assignment, found, path, public) };
            match page {
                Some(page) => attempts.push(own(&Wanted::File(&page, 404))),
                None => attempts.push(own(&Wanted::AsSent)),
            }
            Ok(attempts)
        }
    }
}

/// Other versions that have a file, or may have it: known holders first, stable before the canary before the rest.
fn elsewhere(seen: &Seen<'_>, assignment: Assignment, found: Found, path: &str, public: bool) -> Vec<Attempt> {
    let site = seen.site;
    let others = || in_order(site).filter(|&other| other != assignment.version);
    let of = |index: VersionIndex, wanted: &Wanted<'_>| Some(attempt(seen, site.version(index)?, Why::Skew, wanted, public));
    if let Some(holder) = found.first_of(others()) {
        return of(holder, &Wanted::File(path, 0)).into_iter().collect();
    }
    let unknown = others().filter(|&other| site.version(other).is_some_and(|version| !version.listed));
    unknown.take(MOST_TRIES).filter_map(|other| of(other, &Wanted::AsSent)).collect()
}

/// All versions: stable, then the canary, then the others as the config lists them.
fn in_order(site: &Site) -> impl Iterator<Item = VersionIndex> + '_ {
    let canary = site.rollout.as_ref().map(|rollout| rollout.canary).filter(|&canary| canary != site.stable);
    let first = [Some(site.stable), canary];
    let rest = (0..site.versions.len()).map(|at| VersionIndex(at as u8)).filter(move |&index| !first.contains(&Some(index)));
    first.into_iter().flatten().chain(rest)
}
