//! The body of `POST in`: any bytes give beacons or say why not, and what comes out keeps its bounds.

use halftone::beacon::token;
use halftone::beacon::wire::{Event, MOST_BEACONS, MOST_NAME_CHARS, MOST_TEXT_CHARS, parse};

/// A request's body.
pub fn run(data: &[u8]) {
    let beacons = match parse(data) {
        Ok(beacons) => beacons,
        Err(fault) => {
            assert!(matches!(fault.status(), 400 | 413) && !fault.code().is_empty());
            assert!(!fault.message().contains('\n'), "{}", fault.message());
            return;
        }
    };
    assert!(beacons.len() <= MOST_BEACONS);
    // Nothing that ends a word or a line is in what a note may hold.
    let is_name = |name: &str| (1..=MOST_NAME_CHARS).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    for beacon in beacons.into_iter().flatten() {
        assert!((1..=token::LONGEST).contains(&beacon.token.len()) && beacon.token.bytes().all(|byte| byte.is_ascii_graphic()));
        match beacon.event {
            Event::Error { message, source, .. } => {
                for text in [message, source] {
                    assert!(text.chars().count() <= MOST_TEXT_CHARS && !text.contains(char::is_control), "{text:?}");
                }
            }
            Event::Vital { value, id, .. } => assert!(value.is_finite() && value >= 0.0 && is_name(&id)),
            Event::Late { fcp, lcp } => assert!(fcp || lcp),
            Event::Goal { name } => assert!(is_name(&name)),
            Event::Alive { .. }
            | Event::Hidden
            | Event::Activated
            | Event::Worker
            | Event::Soft
            | Event::Ask
            | Event::Untested => {}
        }
    }
}
