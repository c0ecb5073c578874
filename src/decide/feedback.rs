//! What a page is told to report, and what is noted of it: beside the decision, never part of it.
//!
//! While a rollout runs, a document navigation gets a page token and leaves a note for the object that keeps its
//! visitor's rows; whoever can not be tested is noted by class alone. A later request with the cookie of somebody new
//! proves that the cookie is kept. With no rollout running, nothing of this happens.

use super::{Seen, push_number};
use crate::assign::{Assignment, By, Why};
use crate::beacon::draw::{self, Draw};
use crate::beacon::row;
use crate::beacon::token::{self, Class, Page};
use crate::plan::Rollout;
use crate::scan::holds;
use crate::visitor::Keys;
use crate::visitor::cookie::Read;

/// How long after their first page a visitor's cookie is news, seconds.
const NEWS_S: u64 = 60;

/// What goes with a page, empty where nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telling {
    /// Whether the page is one that is told to report; a `HEAD` is answered as its `GET` would be, without a token.
    pub is_told: bool,
    /// Whether the version drawn failed and another answers.
    pub is_failover: bool,
    /// The page token.
    pub token: String,
    /// What the object is told, one line.
    pub note: String,
    /// Which object: its jurisdiction or `-`, its name (site, rollout, shard), and for how many days it keeps its rows.
    pub intake: String,
}

/// The draw this page belongs to, given the last one in the visitor's cookie.
pub(crate) fn draw_of(seen: &Seen<'_>, assignment: &Assignment, last: Option<Draw>, is_fixed: bool) -> Option<Draw> {
    let rollout = seen.site.rollout.as_ref()?;
    draw::draw(seen.site, rollout, assignment, last, is_fixed)
}

/// What a visitor's page reports. `drawn` is what was assigned, `served` what they get.
pub(crate) fn of_visitor(
    seen: &Seen<'_>,
    keys: &Keys,
    id: &str,
    read: Option<&Read<'_>>,
    drawn: &Assignment,
    served: &Assignment,
    draw: Option<Draw>,
) -> Telling {
    let Some(rollout) = counting(seen) else { return Telling::default() };
    if seen.request.privacy_control.trim() == "1" {
        return of_class(seen, Class::OptedOut, served, "");
    }
    if !token::is_sampled(id, seen.site.feedback.sample) {
        return Telling::default();
    }
    let name = |assignment: &Assignment| seen.site.version(assignment.version).map(|version| version.id.clone());
    let page = Page {
        time_ms: seen.request.now_ms,
        visitor: id.to_owned(),
        rollout: rollout.tag(),
        class: match draw {
            _ if served.why == Why::Fallback => Class::Failover,
            Some(_) => Class::Drawn,
            None => Class::Apart,
        },
        is_proven: read.is_some(),
        is_first: read.is_none(),
        is_speculative: holds(seen.request.purpose, "prefetch") || holds(seen.request.purpose, "prerender"),
        drawn: name(drawn).unwrap_or_default(),
        served: name(served).unwrap_or_default(),
        arm: draw.map(|draw| draw.arm),
        step: draw.map_or(rollout.step, |draw| draw.step),
        odds: draw.map(|draw| draw.odds).unwrap_or_default(),
        place: draw::place(seen.site, rollout, drawn.by),
    };
    if seen.request.method != "GET" {
        return Telling { is_told: true, ..Telling::default() };
    }
    let network = token::network(keys, &seen.site.name, page.rollout, seen.request.address);
    Telling {
        is_told: true,
        is_failover: page.class == Class::Failover,
        // A page nobody has asked for yet is noted when it says that it is looked at.
        note: match () {
            () if page.is_speculative => String::new(),
            () if can_read_tokens(seen) => row::note(&page, &network),
            () => format!("{} untested", row::note(&page, &network)),
        },
        intake: intake(seen, rollout, id),
        token: page.sign(&seen.site.name, keys),
    }
}

/// What is noted of a page whose visitor is not tested and sends nothing.
pub(crate) fn of_class(seen: &Seen<'_>, class: Class, served: &Assignment, spread: &str) -> Telling {
    let Some(rollout) = counting(seen) else { return Telling::default() };
    let version = seen.site.version(served.version).map_or("", |version| version.id.as_str());
    let place = draw::place(seen.site, rollout, By::Nothing);
    if seen.request.method != "GET" {
        return Telling::default();
    }
    Telling {
        note: row::count_note(class, version, rollout.step, &place),
        intake: intake(seen, rollout, spread),
        ..Telling::default()
    }
}

/// What a subresource proves: that a visitor who came a moment ago keeps their cookie.
pub(crate) fn of_proof(seen: &Seen<'_>, read: Option<&Read<'_>>) -> Telling {
    let Some((read, rollout)) = read.zip(seen.site.rollout.as_ref().filter(|_| seen.site.feedback.on)) else {
        return Telling::default();
    };
    let visitor = &read.visitor;
    if visitor.kept.draw.is_none() || seen.now_s().saturating_sub(visitor.first_seen_s) > NEWS_S || !is_news(seen, &visitor.id) {
        return Telling::default();
    }
    Telling { note: row::proof_note(&visitor.id), intake: intake(seen, rollout, &visitor.id), ..Telling::default() }
}

/// Browsers show a page its `Server-Timing` over https, and on this machine.
fn can_read_tokens(seen: &Seen<'_>) -> bool {
    let host = seen.address.host;
    seen.address.secure || host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}

/// Whether this isolate has not passed it on yet: a page asks for dozens of files.
fn is_news(seen: &Seen<'_>, visitor: &str) -> bool {
    let Ok(mut told) = seen.told.try_borrow_mut() else { return false };
    let hash = crate::slot::Murmur3::hash(5, visitor.as_bytes());
    let places = told.len();
    let Some(place) = told.get_mut(hash as usize % places.max(1)) else { return true };
    std::mem::replace(place, hash) != hash
}

/// The rollout, if this is a page that is counted: a document, asked for by a browser that says so.
fn counting<'a>(seen: &Seen<'a>) -> Option<&'a Rollout> {
    let rollout = seen.site.rollout.as_ref().filter(|_| seen.site.feedback.on)?;
    let is_page = seen.request.dest == "document" || (seen.request.dest == "empty" && seen.is_navigation());
    (is_page && seen.reads()).then_some(rollout)
}

/// The name of the object that keeps a visitor's rows in this rollout, behind its jurisdiction.
fn intake(seen: &Seen<'_>, rollout: &Rollout, visitor: &str) -> String {
    intake_name(seen.site, rollout.tag(), visitor)
}

/// See [`Telling::intake`].
#[must_use]
pub fn intake_name(site: &crate::plan::Site, rollout: u32, visitor: &str) -> String {
    let feedback = &site.feedback;
    let mut name = String::with_capacity(48);
    name.push_str(feedback.place());
    name.push(' ');
    name.push_str(&site.name);
    let shard = u64::from(token::shard(visitor, feedback.shards));
    for number in [u64::from(rollout), shard, u64::from(feedback.retention_days)] {
        name.push(' ');
        push_number(number, &mut name);
    }
    name
}
