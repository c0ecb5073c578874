//! The script of a service worker: which version's it is, and how a version without one gets rid of another's.
//!
//! A worker that answers pages from its cache keeps them from the edge: the visitor's cookie still names the version it
//! was made for, whatever the plan says by now. What such a browser does ask for, past its HTTP cache, is the worker's
//! script. So that one request is assigned afresh, as the page was that the edge did not see. Where the visitor's
//! version has a file of that name, they get it, and the cookie says so before the new worker fetches its pages.
//! Where it has none, they get a worker that takes itself out of the browser, and the next page is asked for here again.

use super::instruction::Personal;
use super::instruction::{Attempt, Instruction, Kind};
use super::navigate;
use super::serving;
use super::target::{Wanted, attempt};
use super::{Question, Seen, answer};
use crate::assign::{Assignment, Why};
use crate::headers;
use crate::plan::Version;
use crate::visitor::{Keys, cookie};

/// Takes over from the worker before it at once, keeps no requests and ends its registration. Pages that are open stay
/// as they are, and caches too: they are the site's, and may hold what a visitor wrote. One line, because the text of
/// an instruction is made of lines.
const LEAVES: &str = "addEventListener(\"install\",()=>skipWaiting());\
                      addEventListener(\"activate\",event=>event.waitUntil(registration.unregister()));";

/// The instruction for a request with `Sec-Fetch-Dest: serviceworker`.
pub fn instruct(seen: &Seen<'_>, keys: Option<&Keys>) -> Instruction {
    let (assignment, cookies) = match keys {
        None => (navigate::stable(seen, Why::Off), Personal::default()),
        Some(keys) => match navigate::previewed(seen, keys) {
            Some(version) => (Assignment::undrawn(version, Why::Preview), Personal::default()),
            None => again(seen, keys),
        },
    };
    match seen.site.version(assignment.version) {
        Some(version) => {
            let attempts = attempts(seen, assignment, version);
            Instruction::Carry(serving::carry(seen, assignment, version, attempts, false, false, cookies))
        }
        None => Instruction::Answer(answer::bad_address()),
    }
}

/// The assignment a known visitor's next page would get, without enrolling them in anything.
fn again(seen: &Seen<'_>, keys: &Keys) -> (Assignment, Personal) {
    let name = headers::cookie_name(seen.site, seen.address.secure, "");
    match cookie::read(seen.request.cookies, name, &seen.site.name, keys).filter(|_| seen.consents()) {
        Some(read) => navigate::draw(seen, keys, name, Some(&read), &read.visitor.id, None, &Question::of_its_page(seen)),
        None => (navigate::of_a_stranger(seen, keys), Personal::default()),
    }
}

/// The version's own script, or the one that leaves; never another version's.
fn attempts(seen: &Seen<'_>, assignment: Assignment, version: &Version) -> Vec<Attempt> {
    let path = &*seen.path.decoded;
    let own = |wanted: &Wanted<'_>| attempt(seen, version, assignment.why, wanted, false);
    match version.listed {
        true if seen.site.files.find(path).in_version(assignment.version) => vec![own(&Wanted::File(path, 0))],
        true => vec![leaves(version, assignment.why)],
        false => vec![own(&Wanted::AsSent), leaves(version, assignment.why)],
    }
}

fn leaves(version: &Version, why: Why) -> Attempt {
    Attempt {
        kind: Kind::Leaves,
        binding: String::new(),
        target: LEAVES.to_owned(),
        location_from: String::new(),
        location_to: String::new(),
        version: version.id.clone(),
        why: why.as_str(),
        status: 0,
        if_none_match: String::new(),
        forward: "",
    }
}
