//! Who gets what: previews, navigations (which draw) and subresources (which never do).
//!
//! A navigation recognises or mints the visitor, assigns, and gives page and cookie in one answer. A subresource comes
//! from the version the last page came from; where that has no such file, from another version that does.

use super::instruction::{Attempt, Carry, Instruction, Office};
use super::resolve::{Resolved, resolve};
use super::target::{Wanted, attempt};
use super::{Question, Seen, answer, service_worker};
use crate::assign::{Assignment, Subject, Why, assign};
use crate::headers::{self, Life};
use crate::plan::{Bots, Found, Geo, Rollout, Site, Strategy, Version, WithoutConsent};
use crate::preview;
use crate::slot::VersionIndex;
use crate::strategy::sequential::{Drawn, Lease};
use crate::visitor::cookie::{self, Arm, Read};
use crate::visitor::keys::Verified;
use crate::visitor::{Kept, Keys, Ticket, Visitor, base64url, cookie_values, cookieless};

/// How many other versions are tried for a file whose whereabouts are not known.
const MOST_TRIES: usize = 3;

/// The instruction for a request of a site.
pub fn instruct(
    seen: &Seen<'_>,
    keys: Option<&Keys>,
    lease: &mut Lease,
    random: impl FnOnce() -> Option<[u8; 16]>,
) -> Instruction {
    if seen.is_worker() {
        return service_worker::instruct(seen, keys);
    }
    let navigation = seen.is_navigation();
    let Some(keys) = keys else {
        return serve(seen, stable(seen, Why::Off), navigation, Cookies::default());
    };
    if seen.address.query.contains(preview::PARAMETER)
        && let Some(answer) = preview_link(seen, keys)
    {
        return Instruction::Answer(answer);
    }
    if let Some(version) = previewed(seen, keys) {
        return serve(seen, Assignment { version, why: Why::Preview }, navigation, Cookies::default());
    }
    if navigation { navigate(seen, keys, lease, random) } else { subresource(seen, keys) }
}

pub(super) fn stable(seen: &Seen<'_>, why: Why) -> Assignment {
    Assignment { version: seen.site.stable, why }
}

/// The answer to a URL that carries a preview token, if it does.
fn preview_link(seen: &Seen<'_>, keys: &Keys) -> Option<super::Answer> {
    let (site, address) = (seen.site, seen.address);
    let is_ours = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| name == preview::PARAMETER);
    let token = address.query.split('&').find(is_ours)?.split_once('=')?.1;
    let rest: Vec<&str> = address.query.split('&').filter(|pair| !is_ours(pair)).collect();
    let clean = if rest.is_empty() { address.path.to_owned() } else { format!("{}?{}", address.path, rest.join("&")) };
    let name = headers::cookie_name(site, address.secure, preview::COOKIE_SUFFIX);
    if token == "off" {
        let over = headers::set_cookie(site, address.secure, &name, "", Life::Seconds(0));
        return Some(answer::redirect(303, clean, vec![over]));
    }
    let opened = preview::open(token, keys, &site.name, address.host, seen.now_s());
    Some(match opened.and_then(|version| site.find(version).ok_or(preview::Refused::Invalid)) {
        Ok(_) => answer::redirect(303, clean, vec![headers::set_cookie(site, address.secure, &name, token, Life::Session)]),
        Err(why) => answer::preview_refused(why),
    })
}

/// The version a valid preview cookie asks for.
pub(super) fn previewed(seen: &Seen<'_>, keys: &Keys) -> Option<VersionIndex> {
    let site = seen.site;
    if !seen.request.cookies.contains(preview::COOKIE_SUFFIX) {
        return None;
    }
    let name = headers::cookie_name(site, seen.address.secure, preview::COOKIE_SUFFIX);
    cookie_values(seen.request.cookies, &name).find_map(|token| {
        let version = preview::open(token, keys, &site.name, seen.address.host, seen.now_s()).ok()?;
        site.find(version)
    })
}

/// A visitor while they are assigned.
struct Draft<'a> {
    key: &'a str,
    arm: Option<Arm>,
    served: Option<VersionIndex>,
    ticket: Option<Ticket>,
    rollout: u32,
    now_s: u64,
    /// `None` for visitors who keep no cookie: they are never enrolled.
    lease: Option<&'a mut Lease>,
    asks: bool,
}

impl Subject for Draft<'_> {
    fn key(&self) -> &str {
        self.key
    }
    fn arm(&self) -> Option<Arm> {
        self.arm
    }
    fn served(&self) -> Option<VersionIndex> {
        self.served
    }
    fn ticket(&mut self) -> Option<u64> {
        if let Some(number) = self.ticket.and_then(|ticket| ticket.valid_number(self.now_s)) {
            return Some(number);
        }
        self.ticket = None;
        match self.lease.as_mut()?.draw(self.rollout, self.now_s) {
            Drawn::Number(number) => {
                self.ticket = Some(Ticket::Provisional { number, issued_s: self.now_s });
                Some(number)
            }
            Drawn::Ask => {
                self.asks = true;
                None
            }
            Drawn::Wait => None,
        }
    }
}

/// What goes back beside the page.
#[derive(Default)]
pub(super) struct Cookies {
    set: String,
    set_confirmed: String,
    office: Option<Office>,
}

fn navigate(seen: &Seen<'_>, keys: &Keys, lease: &mut Lease, random: impl FnOnce() -> Option<[u8; 16]>) -> Instruction {
    let site = seen.site;
    let name = headers::cookie_name(site, seen.address.secure, "");
    let read = cookie::read(seen.request.cookies, &name, &site.name, keys);
    let failed = |assignment: Assignment| fallen_back(seen, assignment);
    if !seen.consents() {
        let assignment = match site.without_consent {
            WithoutConsent::Stable => stable(seen, Why::Consent),
            WithoutConsent::Cookieless => without_cookie(seen, keys, &Question::of(seen, seen.geo)),
        };
        let over = if read.is_some() {
            headers::set_cookie(site, seen.address.secure, &name, "", Life::Seconds(0))
        } else {
            String::new()
        };
        return serve(seen, failed(assignment), true, Cookies { set: over, ..Cookies::default() });
    }
    // Whoever brings our cookie back is no crawler, so only the others are looked up.
    if read.is_none() && seen.bots.matches(seen.request.user_agent) {
        let assignment = if site.bots == Bots::Stable {
            stable(seen, Why::Bot)
        } else {
            without_cookie(seen, keys, &Question::of(seen, seen.geo))
        };
        return serve(seen, failed(assignment), true, Cookies::default());
    }
    let Some(id) = read.as_ref().map(|read| read.visitor.id.clone()).or_else(|| random().map(|bytes| base64url::encode(&bytes)))
    else {
        return serve(seen, stable(seen, Why::Off), true, Cookies::default());
    };
    let (assignment, cookies) = draw(seen, keys, &name, read.as_ref(), &id, Some(lease), &Question::of(seen, seen.geo));
    serve(seen, assignment, true, cookies)
}

/// The assignment of a visitor, and what it makes of their cookie. The question is asked with the geography they keep.
pub(super) fn draw(
    seen: &Seen<'_>,
    keys: &Keys,
    name: &str,
    read: Option<&Read>,
    id: &str,
    lease: Option<&mut Lease>,
    question: &Question<'_>,
) -> (Assignment, Cookies) {
    let site = seen.site;
    let rollout = site.rollout.as_ref().map_or(0, Rollout::tag);
    let mut kept = kept_facts(seen, read, rollout);
    let geo = if kept.placed {
        Geo { country: &kept.country, region: &kept.region, city: &kept.city, colo: &kept.colo }
    } else {
        seen.geo
    };
    let mut draft = Draft {
        key: id,
        arm: kept.arm,
        served: read.and_then(|read| site.find(&read.visitor.served)),
        ticket: kept.ticket,
        rollout,
        now_s: seen.now_s(),
        lease,
        asks: false,
    };
    let assignment = assign(site, &question.with(geo), &mut draft);
    let (ticket, asks) = (draft.ticket, draft.asks);
    if kept.arm.is_none() && site.rollout.as_ref().is_some_and(fixes_arms) {
        // A rule's visitor has not been drawn yet and is no resident either: the arm is drawn when the rollout decides.
        kept.arm = match assignment.why {
            Why::Canary => Some(Arm::Canary),
            Why::Stable => Some(Arm::Stable),
            _ => None,
        };
    }
    let assignment = fallen_back(seen, assignment);
    kept.ticket = ticket;
    let cookies = cookies(
        seen,
        keys,
        name,
        read,
        Visitor {
            id: id.to_owned(),
            first_seen_s: read.map_or(seen.now_s(), |read| read.visitor.first_seen_s),
            written_s: seen.now_s(),
            served: site.version(assignment.version).map(|version| version.id.clone()).unwrap_or_default(),
            rollout,
            kept,
        },
        asks,
    );
    (assignment, cookies)
}

/// Whether a newcomer's arm is fixed by their first draw. Under the sequential strategy the ticket says all there is.
fn fixes_arms(rollout: &Rollout) -> bool {
    rollout.newcomers_only && !matches!(rollout.strategy, Strategy::Sequential(_))
}

/// Stable, where the version drawn has already failed to answer this request.
fn fallen_back(seen: &Seen<'_>, assignment: Assignment) -> Assignment {
    let failed = seen.request.failed;
    let is_failed = !failed.is_empty() && seen.site.version(assignment.version).is_some_and(|version| version.id == failed);
    if is_failed { stable(seen, Why::Fallback) } else { assignment }
}

/// The facts that hold for this visitor in this rollout: those of the cookie, or, at their first contact, today's.
fn kept_facts(seen: &Seen<'_>, read: Option<&Read>, rollout: u32) -> Kept {
    let Some(running) = &seen.site.rollout else { return Kept::default() };
    if let Some(read) = read.filter(|read| read.visitor.rollout == rollout) {
        let mut kept = read.visitor.kept.clone();
        if !kept.placed && seen.site.needs_geo() {
            place(&mut kept, &seen.geo);
        }
        return kept;
    }
    let mut kept = Kept::default();
    if seen.site.needs_geo() {
        place(&mut kept, &seen.geo);
    }
    kept.arm = (read.is_some() && running.newcomers_only).then_some(Arm::Resident);
    kept
}

fn place(kept: &mut Kept, geo: &Geo<'_>) {
    kept.placed = true;
    for (field, value) in
        [(&mut kept.country, geo.country), (&mut kept.region, geo.region), (&mut kept.city, geo.city), (&mut kept.colo, geo.colo)]
    {
        cookie::shorten_into(value, field);
    }
}

/// The version of a visitor who keeps no cookie: by a slot that holds for one day and one network.
fn without_cookie(seen: &Seen<'_>, keys: &Keys, question: &Question<'_>) -> Assignment {
    let day = seen.now_s() / 86_400;
    let key = cookieless::key(keys, &seen.site.name, day, seen.request.address, seen.request.user_agent);
    let mut draft =
        Draft { key: &key, arm: None, served: None, ticket: None, rollout: 0, now_s: seen.now_s(), lease: None, asks: false };
    assign(seen.site, question, &mut draft)
}

/// The cookie, if anything in it changed, and what the ticket office is asked.
fn cookies(seen: &Seen<'_>, keys: &Keys, name: &str, read: Option<&Read>, mut visitor: Visitor, asks: bool) -> Cookies {
    let site = seen.site;
    let write = |visitor: &Visitor| {
        let value = cookie::write(visitor, &site.name, keys);
        headers::set_cookie(site, seen.address.secure, name, &value, Life::Seconds(site.max_age_s))
    };
    let mut out = Cookies::default();
    let changed = read.is_none_or(|read| {
        let due = seen.now_s().saturating_sub(read.visitor.written_s) > u64::from(site.max_age_s) / 2;
        let same = Visitor { written_s: visitor.written_s, ..read.visitor.clone() } == visitor;
        !same || due || read.signed == Verified::Outdated
    });
    if changed {
        out.set = write(&visitor);
    }
    let Some(rollout) = &site.rollout else { return out };
    let Strategy::Sequential(enrolment) = &rollout.strategy else { return out };
    let office = || format!("{} {}", site.name, rollout.salt);
    let came_back = read.filter(|read| read.visitor.rollout == visitor.rollout).and_then(|read| read.visitor.kept.ticket);
    match visitor.kept.ticket {
        Some(Ticket::Provisional { number, issued_s }) if came_back == visitor.kept.ticket => {
            visitor.kept.ticket = Some(Ticket::Confirmed { number });
            out.set_confirmed = write(&visitor);
            out.office = Some(Office::Confirm { name: office(), number, issued_s });
        }
        _ if asks => out.office = Some(Office::Lease { name: office(), rollout: visitor.rollout, first: enrolment.first }),
        _ => {}
    }
    out
}

/// A request that does not draw: last served version, or stable; then whoever has the file.
fn subresource(seen: &Seen<'_>, keys: &Keys) -> Instruction {
    let site = seen.site;
    let name = headers::cookie_name(site, seen.address.secure, "");
    let read = cookie::read(seen.request.cookies, &name, &site.name, keys);
    let served = read.as_ref().and_then(|read| site.find(&read.visitor.served));
    let assignment = served.map_or_else(|| of_a_stranger(seen, keys), |version| Assignment { version, why: Why::Page });
    serve(seen, assignment, false, Cookies::default())
}

/// Whoever keeps no cookie by choice or kind gets the version their page came from by the same daily hash.
pub(super) fn of_a_stranger(seen: &Seen<'_>, keys: &Keys) -> Assignment {
    if keeps_no_cookie(seen) {
        Assignment { why: Why::Page, ..without_cookie(seen, keys, &Question::of_its_page(seen)) }
    } else {
        stable(seen, Why::Stable)
    }
}

fn keeps_no_cookie(seen: &Seen<'_>) -> bool {
    let refuses = !seen.consents() && seen.site.without_consent == WithoutConsent::Cookieless;
    refuses || (seen.site.bots != Bots::Stable && seen.bots.matches(seen.request.user_agent))
}

/// The instruction that serves an assignment.
fn serve(seen: &Seen<'_>, assignment: Assignment, navigation: bool, cookies: Cookies) -> Instruction {
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
        Err(path) => return Instruction::Answer(redirected(seen, &path, cookies)),
    };
    Instruction::Carry(carry(seen, assignment, version, attempts, navigation, public, cookies))
}

/// What is carried out, given the tries.
pub(super) fn carry(
    seen: &Seen<'_>,
    assignment: Assignment,
    version: &Version,
    attempts: Vec<Attempt>,
    navigation: bool,
    public: bool,
    cookies: Cookies,
) -> Carry {
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
        revision: seen.plan.revision,
        own_cookie: seen.site.cookie.clone(),
        set_cookie: cookies.set,
        set_cookie_confirmed: cookies.set_confirmed,
        office: cookies.office,
        vary: if public { String::new() } else { headers::vary(seen.needs.headers.iter().map(String::as_str)) },
        cache_control: cache_control.to_owned(),
        attempts,
    }
}

/// A redirect within the site that keeps the query and the draw.
fn redirected(seen: &Seen<'_>, path: &str, cookies: Cookies) -> super::Answer {
    let mut location = String::new();
    crate::route::push_encoded(path, &mut location);
    if !seen.address.query.is_empty() {
        location.push('?');
        location.push_str(seen.address.query);
    }
    let set = if cookies.set.is_empty() { Vec::new() } else { vec![cookies.set] };
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
