//! Who gets what: previews, navigations (which draw) and subresources (which never do).
//!
//! A navigation recognises or mints the visitor, assigns, and gives page and cookie in one answer. A subresource comes
//! from the version the last page came from; where that has no such file, from another version that does.

use super::feedback::{self, Telling};
use super::instruction::{Instruction, Office, Personal, Standing};
use super::serving::{serve, serve_standing};
use super::{Question, Seen, answer, service_worker};
use crate::assign::{Assignment, Subject, Why, assign};
use crate::beacon::token::Class;
use crate::headers::{self, Life};
use crate::plan::{Bots, Geo, Rollout, Strategy, WithoutConsent};
use crate::preview;
use crate::scan::holds;
use crate::slot::VersionIndex;
use crate::strategy::sequential::{Drawn, Lease};
use crate::visitor::cookie::{self, Arm, Read};
use crate::visitor::keys::Verified;
use crate::visitor::{CookieName, Kept, Keys, Ticket, Visitor, base64url, cookie_values, cookieless};

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
        return serve(seen, stable(seen, Why::Off), navigation, Personal::default());
    };
    if holds(seen.address.query, preview::PARAMETER)
        && let Some(answer) = preview_link(seen, keys)
    {
        return Instruction::Answer(answer);
    }
    if let Some(version) = previewed(seen, keys) {
        let assignment = Assignment::undrawn(version, Why::Preview);
        return serve(seen, assignment, navigation, Personal::telling(feedback::of_class(seen, Class::Preview, &assignment, "")));
    }
    if navigation { navigate(seen, keys, lease, random) } else { subresource(seen, keys) }
}

pub(super) fn stable(seen: &Seen<'_>, why: Why) -> Assignment {
    Assignment::undrawn(seen.site.stable, why)
}

/// The answer to a URL that carries a preview token, if it does.
fn preview_link(seen: &Seen<'_>, keys: &Keys) -> Option<super::Answer> {
    let (site, address) = (seen.site, seen.address);
    let is_ours = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| name == preview::PARAMETER);
    let token = address.query.split('&').find(is_ours)?.split_once('=')?.1;
    let mut clean = address.path.to_owned();
    for (at, pair) in address.query.split('&').filter(|pair| !is_ours(pair)).enumerate() {
        clean.push(if at == 0 { '?' } else { '&' });
        clean.push_str(pair);
    }
    let name = headers::cookie_name(site, address.secure, preview::COOKIE_SUFFIX);
    if token == "off" {
        let over = headers::set_cookie(site, address.secure, name, "", Life::Seconds(0));
        return Some(answer::redirect(303, clean, vec![over]));
    }
    let opened = preview::open(token, keys, &site.name, address.host, seen.now_s());
    Some(match opened.and_then(|version| site.find_free(version).ok_or(preview::Refused::Invalid)) {
        Ok(_) => answer::redirect(303, clean, vec![headers::set_cookie(site, address.secure, name, token, Life::Session)]),
        Err(why) => answer::preview_refused(why),
    })
}

/// The version a valid preview cookie asks for.
pub(super) fn previewed(seen: &Seen<'_>, keys: &Keys) -> Option<VersionIndex> {
    let site = seen.site;
    if !holds(seen.request.cookies, preview::COOKIE_SUFFIX) {
        return None;
    }
    let name = headers::cookie_name(site, seen.address.secure, preview::COOKIE_SUFFIX);
    cookie_values(seen.request.cookies, name).find_map(|token| {
        let version = preview::open(token, keys, &site.name, seen.address.host, seen.now_s()).ok()?;
        site.find_free(version)
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

fn navigate(seen: &Seen<'_>, keys: &Keys, lease: &mut Lease, random: impl FnOnce() -> Option<[u8; 16]>) -> Instruction {
    let site = seen.site;
    let name = headers::cookie_name(site, seen.address.secure, "");
    let read = cookie::read(seen.request.cookies, name, &site.name, keys);
    if seen.request.is_brief && !knows_enough(seen, read.as_ref()) {
        return Instruction::More;
    }
    let failed = |assignment: Assignment| fallen_back(seen, assignment);
    if !seen.consents() {
        let assignment = match site.without_consent {
            WithoutConsent::Stable => stable(seen, Why::Consent),
            WithoutConsent::Cookieless => without_cookie(seen, keys, &Question::of(seen, seen.geo)),
        };
        let over = if read.is_some() {
            headers::set_cookie(site, seen.address.secure, name, "", Life::Seconds(0))
        } else {
            String::new()
        };
        let served = failed(assignment);
        let class = if site.without_consent == WithoutConsent::Stable { Class::OptedOut } else { Class::Cookieless };
        let telling = feedback::of_class(seen, class, &served, seen.request.address);
        return serve(seen, served, true, Personal { set_cookie: over, telling, ..Personal::default() });
    }
    // Whoever brings our cookie back is no crawler, so only the others are looked up; and nobody where bots count like everybody.
    if read.is_none() && site.bots != Bots::Split && seen.bots.matches(seen.request.user_agent) {
        let assignment = if site.bots == Bots::Stable {
            stable(seen, Why::Bot)
        } else {
            without_cookie(seen, keys, &Question::of(seen, seen.geo))
        };
        let served = failed(assignment);
        let telling = feedback::of_class(seen, Class::Bot, &served, seen.request.address);
        return serve(seen, served, true, Personal::telling(telling));
    }
    let minted = if read.is_none() { random().map(|bytes| base64url::encode(&bytes)) } else { None };
    let Some(id) = read.as_ref().map(|read| &*read.visitor.id).or(minted.as_deref()) else {
        return serve(seen, stable(seen, Why::Off), true, Personal::default());
    };
    let (assignment, personal) = draw(seen, keys, name, read.as_ref(), id, Some(lease), &Question::of(seen, seen.geo));
    let stands = is_whole(seen) && seen.request.dest == "document";
    let standing = Standing::of(assignment, personal.telling.is_told);
    serve_standing(seen, assignment, true, personal, stands.then_some(standing))
}

/// Whether a whole is asked for that nobody could give before.
fn is_whole(seen: &Seen<'_>) -> bool {
    let request = seen.request;
    request.method == "GET" && request.if_none_match.is_empty() && request.failed.is_empty()
}

/// Whether the cookie holds all that was left out of the request.
fn knows_enough(seen: &Seen<'_>, read: Option<&Read<'_>>) -> bool {
    let in_this_rollout =
        |read: &Read<'_>| seen.site.rollout.as_ref().is_some_and(|rollout| rollout.tag() == read.visitor.rollout);
    read.is_some_and(|read| in_this_rollout(read) && (read.visitor.kept.placed || !seen.site.needs_geo()))
}

/// The assignment of a visitor, and what it makes of their cookie. The question is asked with the geography they keep.
pub(super) fn draw(
    seen: &Seen<'_>,
    keys: &Keys,
    name: CookieName<'_>,
    read: Option<&Read<'_>>,
    id: &str,
    lease: Option<&mut Lease>,
    question: &Question<'_>,
) -> (Assignment, Personal) {
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
    let is_fixed = site.rollout.as_ref().is_some_and(fixes_arms);
    let draw = feedback::draw_of(seen, &assignment, kept.draw, is_fixed);
    kept.draw = draw.or(kept.draw);
    let drawn = assignment;
    let assignment = fallen_back(seen, drawn);
    kept.ticket = ticket;
    let telling = feedback::of_visitor(seen, keys, id, read, &drawn, &assignment, draw);
    let personal = personal(
        seen,
        keys,
        name,
        read,
        Visitor {
            id: id.into(),
            first_seen_s: read.map_or(seen.now_s(), |read| read.visitor.first_seen_s),
            written_s: seen.now_s(),
            served: site.version(assignment.version).map(|version| version.id.as_str()).unwrap_or_default().into(),
            rollout,
            kept,
        },
        asks,
    );
    (assignment, Personal { telling, ..personal })
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
fn kept_facts<'a>(seen: &Seen<'a>, read: Option<&Read<'a>>, rollout: u32) -> Kept<'a> {
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

fn place<'a>(kept: &mut Kept<'a>, geo: &Geo<'a>) {
    kept.placed = true;
    for (field, value) in
        [(&mut kept.country, geo.country), (&mut kept.region, geo.region), (&mut kept.city, geo.city), (&mut kept.colo, geo.colo)]
    {
        *field = cookie::shortened(value).into();
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
fn personal(
    seen: &Seen<'_>,
    keys: &Keys,
    name: CookieName<'_>,
    read: Option<&Read<'_>>,
    mut visitor: Visitor<'_>,
    asks: bool,
) -> Personal {
    let site = seen.site;
    let write = |visitor: &Visitor<'_>| {
        let value = cookie::write(visitor, &site.name, keys);
        headers::set_cookie(site, seen.address.secure, name, &value, Life::Seconds(site.max_age_s))
    };
    let mut out = Personal::default();
    let changed = read.is_none_or(|read| {
        let due = seen.now_s().saturating_sub(read.visitor.written_s) > u64::from(site.max_age_s) / 2;
        !read.visitor.is_as(&visitor) || due || read.signed == Verified::Outdated
    });
    if changed {
        out.set_cookie = write(&visitor);
    }
    let Some(rollout) = &site.rollout else { return out };
    let Strategy::Sequential(enrolment) = &rollout.strategy else { return out };
    let office = || format!("{} {}", site.name, rollout.salt);
    let came_back = read.filter(|read| read.visitor.rollout == visitor.rollout).and_then(|read| read.visitor.kept.ticket);
    match visitor.kept.ticket {
        Some(Ticket::Provisional { number, issued_s }) if came_back == visitor.kept.ticket => {
            visitor.kept.ticket = Some(Ticket::Confirmed { number });
            out.set_cookie_confirmed = write(&visitor);
            out.office = Some(Office::Confirm { name: office(), number, issued_s });
        }
        _ if asks => out.office = Some(Office::Lease { name: office(), rollout: visitor.rollout, first: enrolment.first }),
        _ => {}
    }
    out
}

/// A request that does not draw: last served version, or stable; then whoever has the file.
fn subresource(seen: &Seen<'_>, keys: &Keys) -> Instruction {
    let name = headers::cookie_name(seen.site, seen.address.secure, "");
    let read = cookie::read(seen.request.cookies, name, &seen.site.name, keys);
    let assignment = of_page(seen, keys, read.as_ref());
    let telling = feedback::of_proof(seen, read.as_ref());
    // It is all that counts of who asks, if there is nothing to note of the visitor and no preview that ends some time.
    let is_plain = telling.note.is_empty() && !holds(seen.request.cookies, preview::COOKIE_SUFFIX);
    let is_theirs = read.is_some() && assignment.why == Why::Page;
    let stands = (is_theirs && is_plain && is_whole(seen)).then(|| Standing::of(assignment, false));
    serve_standing(seen, assignment, false, Personal::telling(telling), stands)
}

/// The version of the page that a request belongs to.
fn of_page(seen: &Seen<'_>, keys: &Keys, read: Option<&Read<'_>>) -> Assignment {
    let served = read.and_then(|read| seen.site.find(&read.visitor.served));
    served.map_or_else(|| of_a_stranger(seen, keys), |version| Assignment::undrawn(version, Why::Page))
}

/// What a request for one of our own files proves of who asks.
pub fn proof(seen: &Seen<'_>, keys: Option<&Keys>) -> Telling {
    let name = headers::cookie_name(seen.site, seen.address.secure, "");
    let read = keys.and_then(|keys| cookie::read(seen.request.cookies, name, &seen.site.name, keys));
    feedback::of_proof(seen, read.as_ref())
}

/// The version of the page that asks for something of ours; nothing is drawn for it.
#[cfg(any(feature = "control", not(target_arch = "wasm32")))]
pub fn page(seen: &Seen<'_>, keys: Option<&Keys>) -> Assignment {
    let Some(keys) = keys else { return stable(seen, Why::Off) };
    if let Some(version) = previewed(seen, keys) {
        return Assignment::undrawn(version, Why::Preview);
    }
    let name = headers::cookie_name(seen.site, seen.address.secure, "");
    of_page(seen, keys, cookie::read(seen.request.cookies, name, &seen.site.name, keys).as_ref())
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
    refuses || (seen.site.bots == Bots::SplitUncounted && seen.bots.matches(seen.request.user_agent))
}
